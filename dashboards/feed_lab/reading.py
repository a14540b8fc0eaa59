"""From a scenario file back to the page's settings, with a sentence on what it cannot show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sociophysics as sp

from .settings import FEEDS, NETWORK_KEYS, NETWORKS, SETTINGS, SIDES

__all__ = ["compact", "values_of"]

LIMIT = "open it on the command line instead: sociophysics run FILE"


def values_of(scenario: sp.Scenario) -> tuple[dict[str, Any], list[str]]:
    r"""Return the settings that show a scenario, and a sentence for each thing left out.

    Of more than two designs the first two are taken; of one design both sides get the same.

    Raises
    ------
    InputError
        A society that this page has no settings for.

    Examples
    --------
    >>> text = 'seed = 3\nnetwork = {kind = "bundled", name = "karate", camp = "club"}\n'
    >>> text += 'couplings = {kind = "uniform"}\ndynamics = {temperature = 1.0, sweeps = 50}'
    >>> values, notes = values_of(sp.Scenario.from_toml(text))
    >>> values["network"], values["temperature"], notes
    ('karate', 1.0, ['The file has one design; both sides show it: change one of them.'])
    """
    tables = scenario.canonical()
    notes: list[str] = []
    values = {name: kind.default for name, kind in SETTINGS.items()}
    designs = _designs(tables, notes)
    values |= _network(tables, notes)
    values |= _couplings(tables)
    values |= _process(tables, notes)
    acts: list[dict[str, Any]] = []
    for side, design in zip(SIDES, designs, strict=True):
        values |= _feed(design.get("feed", tables["feed"]), side)
        for act in design.get("interventions", tables["interventions"]):
            acts.append({**act, "side": side})
    values["acts"] = compact(acts)
    first = tables["observe"]["names"][0]
    if first in getattr(SETTINGS["upper"], "options", {}) and first != values["lower"]:
        values["upper"] = first
    return {name: _checked(name, value) for name, value in values.items()}, notes


def _designs(tables: Mapping[str, Any], notes: list[str]) -> list[dict[str, Any]]:
    designs: list[dict[str, Any]] = tables["designs"]
    if tables["sweep"]["redraw"]:
        notes.append("Each replica of the file has a society of its own; here all share one.")
    swept = [key for key in tables["sweep"] if "." in key]
    if swept:
        notes.append(f"The file sweeps over {', '.join(swept)}; here its plain value is used.")
    for design in designs[:2]:
        for key in ("network", "couplings", "field", "dynamics"):
            if key in design:
                raise sp.InputError(
                    f"design {design['name']!r} has a table [{key}] of its own, and here both "
                    f"sides live in one society; {LIMIT}."
                )
    if len(designs) < 2:
        notes.append("The file has one design; both sides show it: change one of them.")
        return [*(designs or [{}]), *(designs or [{}])]
    if len(designs) > 2:
        rest = ", ".join(design["name"] for design in designs[2:])
        notes.append(
            f"The file has {len(designs)} designs; the first two are shown, these are not: {rest}."
        )
    return designs[:2]


def _network(tables: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    network: dict[str, Any] = dict(tables["network"])
    kind, camp = network.pop("kind"), network.pop("camp")
    if kind == "bundled" and network["name"] in NETWORKS and not network["directed"]:
        return {"network": network["name"]}
    if kind == "file":
        notes.append(f"The network is the file {network['path']}: upload it under Network.")
        columns = {key: network.get(key) or "" for key in ("source", "target", "symmetrize")}
        weight = network.get("weight") or network.get("coupling") or ""
        return {
            "network": "upload",
            "camp": camp,
            "directed": network["directed"],
            "weight": weight,
            **columns,
        }
    if kind == "lattice":
        shape = network["shape"]
        if len(shape) == 2 and shape[0] == shape[1]:
            return {"network": kind, "side": shape[0], "periodic": network["periodic"]}
    elif kind in NETWORK_KEYS:
        renamed = {"m": "newcomer_ties", "p": "shortcuts", "k": "degree"}
        return {"network": kind, **{str(renamed.get(key, key)): v for key, v in network.items()}}
    raise sp.InputError(f"the network of kind {kind!r} in the file has no settings here; {LIMIT}.")


def _couplings(tables: Mapping[str, Any]) -> dict[str, Any]:
    couplings = dict(tables["couplings"])
    kind = couplings.pop("kind")
    if kind not in getattr(SETTINGS["couplings"], "options", {}):
        raise sp.InputError(f"couplings of kind {kind!r} have no settings here; {LIMIT}.")
    return {"couplings": kind, **couplings}


def _process(tables: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    dynamics, field = tables["dynamics"], tables["field"]
    if not isinstance(dynamics["temperature"], int | float):
        raise sp.InputError(f"dynamics.temperature is a schedule, here it is a number; {LIMIT}.")
    push, apart = _pushes(field)
    if dynamics["stop_when"] != "none":
        notes.append("The file stops replicas early (stop_when); here they all go on.")
    sweeps, burn_in = dynamics["sweeps"], dynamics["burn_in"]
    # A file with settling time is for measuring; one without was watched.
    replicas = tables["sweep"]["replicas"]
    told = (
        {"measured": max(replicas, 2), "settled": round(burn_in / sweeps, 4)}
        if burn_in
        else {"replicas": min(replicas, 50)}
    )
    return {
        "seed": tables["seed"],
        "temperature": float(dynamics["temperature"]),
        "start": dynamics["start"],
        "sweeps": sweeps,
        **told,
        "field": push,
        "apart": apart,
    }


def _pushes(field: Mapping[str, Any]) -> tuple[float, float]:
    """Return the push on everybody and the push of two camps apart."""
    levels = [field.get("value", 0.0)]
    if field["kind"] == "camps" and isinstance(field["values"], list | tuple):
        levels = list(field["values"])
    plain = all(isinstance(level, int | float) for level in levels)
    if field["kind"] not in ("none", "uniform", "camps") or not plain or len(levels) > 2:
        raise sp.InputError(f"[field] is no one or two numbers, as they are here; {LIMIT}.")
    first, last = float(levels[0]), float(levels[-1])
    return (first + last) / 2, (first - last) / 2


def _feed(table: Mapping[str, Any], side: str) -> dict[str, Any]:
    kind = table["kind"]
    if kind not in FEEDS:
        raise sp.InputError(f"a feed of kind {kind!r} has no settings here; {LIMIT}.")
    own = {f"{side}_{key}": value for key, value in table.items() if key != "kind"}
    own[f"{side}_slots"] = table.get("slots") or 0
    return {f"{side}_feed": kind, **own}


def compact(acts: list[dict[str, Any]]) -> str:
    """Return interventions as text for the settings; what both sides have is written once."""
    once: list[dict[str, Any]] = []
    for act in acts:
        if act["side"] == SIDES[1]:
            twin = {**act, "side": SIDES[0]}
            if twin in once:
                once[once.index(twin)] = {key: v for key, v in act.items() if key != "side"}
                continue
        once.append(act)
    return json.dumps(once, separators=(",", ":"), ensure_ascii=False) if once else ""


def _checked(name: str, value: Any) -> Any:
    """Return a value within the limits of its setting."""
    kind = SETTINGS[name]
    text = kind.write(value)
    try:
        return kind.read(name, text)
    except sp.InputError as error:
        sentence = str(error).replace(" in the link", " in the file").rsplit(";", 1)[0]
        raise sp.InputError(f"{sentence}; {LIMIT}.") from None
