"""From the page's settings to a scenario, and from a scenario file back to settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sociophysics as sp

from .settings import FEED_KEYS, FEEDS, NETWORK_KEYS, SIDES, camp_attribute
from .society import Reading, Uploaded, camp_count, observed

__all__ = ["design_names", "feed_table", "measured_scenario", "planned_acts", "scenario_of"]

# Where the page's name of a key is not the file's.
RENAMED = {"newcomer_ties": "m", "shortcuts": "p"}


def scenario_of(values: Mapping[str, Any], uploaded: Uploaded | None = None) -> sp.Scenario:
    """Return the scenario that the settings describe, one design per side, the left one first.

    Parameters
    ----------
    values : mapping
        Of ``SETTINGS``.
    uploaded : Uploaded, optional
        Where the network is a person's own; the scenario points at our copy of it.

    Raises
    ------
    InputError
        Settings that do not go together, such as a feed that needs camps without any.

    Examples
    --------
    >>> from dashboards.feed_lab.settings import SETTINGS
    >>> scenario = scenario_of({name: kind.default for name, kind in SETTINGS.items()})
    >>> [design.name for design in scenario.designs], scenario.network.n
    (['no feed', 'engagement'], 500)
    """
    camps = camp_count(values, uploaded)
    start = values["start"]
    designs = []
    for side, name in zip(SIDES, design_names(values), strict=True):
        design: dict[str, Any] = {"name": name, "feed": feed_table(values, side)}
        acts = [
            {key: part for key, part in act.items() if key != "side"}
            for act in planned_acts(values)
            if act.get("side", side) == side
        ]
        designs.append({**design, **({"interventions": acts} if acts else {})})
    left, right = (design["name"] for design in designs)
    tables: dict[str, Any] = {
        "title": f"{right[:1].upper()}{right[1:]} against {left}",
        "question": f"What does {right} do to this network, compared with {left}?",
        "seed": int(values["seed"]),
        "network": _network(values, uploaded),
        "couplings": _couplings(values),
        "field": _field(values, camps),
        "dynamics": {
            "temperature": values["temperature"],
            "sweeps": int(values["sweeps"]),
            "start": "random" if start == "camps" and camps < 2 else start,
        },
        "observe": {"every": 1, "names": observed(values, uploaded)},
        "designs": designs,
        "sweep": {"replicas": int(values["replicas"])},
    }
    return sp.Scenario.from_canonical(tables, name="feed-lab")


def measured_scenario(shown: sp.Scenario, values: Mapping[str, Any]) -> sp.Scenario:
    """Return the scenario that is measured: more replicas, the first sweeps left out of means."""
    sweeps = shown.canonical()["dynamics"]["sweeps"]
    return shown.replace(
        {
            "dynamics.burn_in": min(int(values["settled"] * sweeps), sweeps - 1),
            "observe.every": max(1, sweeps // 50),
            "sweep.replicas": int(values["measured"]),
        }
    )


def feed_table(values: Mapping[str, Any], side: str) -> dict[str, Any]:
    """Return the ``[feed]`` table of a side, with the keys that its kind has.

    Examples
    --------
    >>> feed_table({"a_feed": "memory", "a_strength": 0.5, "a_tau": 4.0}, "a")
    {'kind': 'memory', 'strength': 0.5, 'tau': 4.0}
    """
    kind = values[f"{side}_feed"]
    table = {"kind": kind}
    for key in FEED_KEYS[kind]:
        value = values[f"{side}_{key}"]
        if key == "slots":
            if value:
                table[key] = int(value)
        elif key == "pool" and kind == "in_group":
            table[key] = value if value in ("camp", "followed_camp") else "camp"
        else:
            table[key] = value
    return table


def design_names(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the two sides are called: their kinds, and where they differ if those agree.

    Examples
    --------
    >>> both = {"a_feed": "trending", "b_feed": "trending", "a_strength": 0.5, "b_strength": 1.0}
    >>> design_names(both)
    ('trending, strength 0.5', 'trending, strength 1')
    """
    tables = [feed_table(values, side) for side in SIDES]
    names = [FEEDS[table["kind"]].split(":")[0].lower() for table in tables]
    if names[0] == names[1]:
        differing = [key for key in FEED_KEYS[tables[0]["kind"]]
                     if tables[0].get(key) != tables[1].get(key)]  # fmt: skip
        if not differing:
            return f"{names[0]} (left)", f"{names[1]} (right)"
        names = [
            ", ".join([name, *(f"{key} {_short(table.get(key, 'all'))}" for key in differing)])
            for name, table in zip(names, tables, strict=True)
        ]
    return names[0], names[1]


def planned_acts(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the interventions that the settings hold: entries of a file, with a ``side`` or both.

    Raises
    ------
    InputError
        The text is no list of tables.
    """
    try:
        acts = json.loads(values["acts"]) if values["acts"] else []
    except (ValueError, RecursionError):
        acts = None
    if not isinstance(acts, list) or not all(isinstance(act, dict) for act in acts):
        raise sp.InputError(
            "acts in the link is no list of interventions; take it out of the link, or press "
            "Forget them."
        )
    return acts


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _network(values: Mapping[str, Any], uploaded: Uploaded | None) -> dict[str, Any]:
    kind = values["network"]
    camp = camp_attribute(kind, values["camp"])
    table = {} if camp is None else {"camp": camp}
    if kind == "upload":
        if uploaded is None:
            raise sp.InputError(
                "your own file is chosen as the network, but there is none yet; upload one under "
                "Network."
            )
        if uploaded.problem:
            raise sp.InputError(uploaded.problem)
        reading = replace(Reading.of(values), weight=values["weight"] or uploaded.weight)
        table |= {"kind": "file", "path": str(uploaded.ties.path), **reading.keys()}
        if values["camp"] not in uploaded.camps:
            table["camp"] = "camp"
        return table if uploaded.users is None else {**table, "nodes": str(uploaded.users.path)}
    if kind not in NETWORK_KEYS:
        return {**table, "kind": "bundled", "name": kind}
    own = {key: values[key] for key in NETWORK_KEYS[kind]}
    if kind == "lattice":
        side = int(own.pop("side"))
        return {"kind": kind, "shape": [side, side], "periodic": own["periodic"]}
    if kind == "watts_strogatz":
        own["k"] = own.pop("degree")
    return {**table, "kind": kind, **{RENAMED.get(key, key): own[key] for key in own}}


def _field(values: Mapping[str, Any], camps: int) -> dict[str, Any]:
    push, apart = values["field"], values["apart"]
    if apart:
        if camps != 2:
            raise sp.InputError(
                f"camps are pushed apart where there are two, and here are {camps}; set their push "
                "to 0, or choose a network with two camps."
            )
        return {"kind": "camps", "values": [push + apart, push - apart]}
    return {"kind": "uniform", "value": push} if push else {"kind": "none"}


def _couplings(values: Mapping[str, Any]) -> dict[str, Any]:
    kind = values["couplings"]
    keys = {"uniform": ("value",), "camps": ("within", "across"), "random_sign": ("share",)}
    own = {key: values[key] for key in keys.get(kind, ())}
    return {"kind": kind, **own, "normalize": values["normalize"]}
