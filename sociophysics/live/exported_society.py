"""A society as the exported page holds it: network, feeds, scales and draws, in plain numbers.

Nothing is simulated here. Whatever depends on rounding (words' scales, thresholds' table, keys of
the draws, first stances) is made by the code that runs use, so that the page cannot differ in it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import field_terms, first_stances
from sociophysics.engine import fixed_point
from sociophysics.errors import InputError, did_you_mean, shortened
from sociophysics.influences.feeds import Feed, designs, direct
from sociophysics.influences.feeds.designs import acting
from sociophysics.live.exported_feeds import MOST_CASES, plan
from sociophysics.live.user_places import placement
from sociophysics.scenario import Scenario, Settings, build
from sociophysics.scenario import text as toml
from sociophysics.scenario.settings import plain
from sociophysics.scenario.variation import set_key, value_at
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import key

__all__ = ["MOST_USERS", "society"]

MOST_USERS = 5_000
REPLICAS = 8  # courses of chance that a reader may choose from
STEPS = 50  # of the temperature's slider
NARROW = np.dtype(np.int32)
OFFERED: tuple[type[Feed], ...] = (
    *(designs.NoFeed, designs.Chronological, designs.Popularity, designs.Engagement),
    *(designs.Personalized, designs.InGroup, designs.Diversity, designs.Bridging),
    *(designs.Random, designs.Outrage, direct.SelfEcho, direct.Counter),
    *(direct.Memory, direct.Editorial),
)


def society(scenario: Scenario, design: str | None = None) -> dict[str, Any]:
    """Return what the page is told of one design of a scenario, ready for JSON.

    Parameters
    ----------
    scenario : Scenario
    design : str, optional
        The first one by default. Feeds of the others are offered beside it.

    Raises
    ------
    InputError
        No such design, or something that the page's kernel does not do.

    Examples
    --------
    >>> from sociophysics.scenario import CROWD
    >>> scenario = Scenario.from_toml(CROWD)
    >>> told = society(scenario)
    >>> told["n"], told["options"][0]["name"], told["options"][0]["plan"]["way"]
    (6, 'No feed', 'none')
    """
    one = _alone(scenario, design)
    settings = one.cases()[0].settings
    _refuse(settings)
    # Where each replica has a society of its own, the page shows the first.
    replicas = 1 if settings.redraw else REPLICAS
    system, camps = build.build_system(settings, 0 if settings.redraw else None)
    if system.n > MOST_USERS:
        raise InputError(
            f"the network has {system.n} users; an exported page holds {MOST_USERS} at most: give "
            "a smaller one, or run the scenario."
        )
    blobs = _Blobs()
    options, left_out = _options(scenario, one, settings, system, camps)
    strengths = _strengths(options[0]["strength"])
    h, outside = _external(settings, system, camps)
    temperature: Any = settings.dynamics.temperature  # a number, or it was refused
    temperatures = _temperatures(float(temperature))
    scales = _scales(system, outside, strengths, temperatures[0])
    told = {
        "title": one.title or one.name, "question": one.question, "name": one.name,
        "n": system.n, "seed": settings.seed,
        "temperatures": temperatures,
        "temperature": temperatures.index(float(temperature)),
        "strengths": strengths, "strength": strengths.index(options[0]["strength"]),
        "scales": scales, "options": options, "left_out": left_out,
        "h": h if h.any() else None,
        "logit": fixed_point.LOGIT,
        "network": _columns(system),
        "places": _places(system, camps),
        "camps": None if camps is None else _camps(settings, system, camps),
        "starts": _starts(settings, system, camps, replicas),
        "keys": [_words(key(settings.seed, "dynamics", r)) for r in range(replicas)],
        "feed_keys": [_words(key(settings.seed, "feed", r)) for r in range(replicas)],
        "toml": _head(one),
    }  # fmt: skip
    return {**blobs.packed(told), "arrays": blobs.texts}


def _alone(scenario: Scenario, design: str | None) -> Scenario:
    """Return the scenario of one design at the point that its tables declare."""
    whole = scenario.canonical()
    for name in ("designs", "claims", "trial"):
        whole.pop(name, None)
    names = [each.name for each in scenario.designs]
    if design is not None and design not in names:
        raise InputError(f"design is {design!r}; {did_you_mean(design, names or ['none'])}")
    if names:
        chosen = scenario.designs[names.index(design) if design is not None else 0]
        own: dict[str, Any] = plain(chosen.model_dump())
        whole |= {name: table for name, table in own.items() if name != "name"}
    for dotted, values in scenario.sweep.axes.items():
        if value_at(whole, dotted) is None:
            set_key(whole, dotted, values[0])
    redraw = whole["sweep"]["redraw"]
    whole["sweep"] = {"replicas": 1, "redraw": redraw}
    return Scenario.from_canonical(whole, name=scenario.name, folder=scenario.folder)


def _refuse(settings: Settings) -> None:
    """Raise if the page's kernel cannot repeat what the settings ask for."""
    dynamics = settings.dynamics
    temperature = dynamics.temperature
    asked = {
        "interventions act in it": bool(settings.interventions),
        "its ties are followed anew ([follow])": settings.follow is not None,
        "each replica has parameters of its own ([posterior])": settings.posterior is not None,
        "each replica has a bootstrap of its own": getattr(settings.couplings, "draw", "point")
        == "bootstrap",
        f"its rule is {dynamics.rule and dynamics.rule.kind!r}": dynamics.rule is not None,
        f"its scheme is {dynamics.scheme!r}": dynamics.scheme is not None,
        "it stops at a condition (dynamics.stop_when)": dynamics.stop_when != "none",
        "its temperature follows a schedule": not isinstance(temperature, int | float),
        f"its temperature is {temperature}": temperature in (0, np.inf),
        f"its kernel is {dynamics.kernel!r}": dynamics.kernel not in (None, "fixed-point"),
    }
    for what, there in asked.items():
        if there:
            raise InputError(
                f"the scenario cannot be exported, because {what}; a page moves one society by the "
                "heat bath at a temperature above 0, and its reader acts: leave that out."
            )


def _options(
    scenario: Scenario,
    one: Scenario,
    settings: Settings,
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the feeds that a reader may choose, the scenario's own first, and what is left out."""
    own: list[tuple[str, Feed]] = [(settings.feed.label(), settings.feed)]
    own += [
        (each.name, each.feed)
        for each in scenario.designs
        if each.feed is not None and _only_feed(each)
    ]
    found: dict[str, dict[str, Any]] = {}
    left_out, room = [], MOST_CASES
    for place, (name, feed) in enumerate([*own, *((cls.label(), cls()) for cls in OFFERED)]):
        table: dict[str, Any] = plain(feed.table())
        strength = table.pop("strength", None)
        keys = toml.write(table).splitlines()
        text = ", ".join(keys)
        if text in found:
            if place < len(own):  # the design's own word for the feed that is there already
                found[text]["name"] = name
            continue
        try:
            told = plan(acting(feed), system, camps, room)
        except InputError as error:
            if place == 0:
                raise
            left_out.append(f"{name}. {shortened(str(error))}")
            continue
        room -= told["answers"].size if "answers" in told else 0
        found[text] = {
            "name": name, "toml": keys, "plan": told, "pulls": strength is not None,
            "strength": 0.5 if strength is None else float(strength),
        }  # fmt: skip
    return list(found.values()), left_out


def _only_feed(design: Any) -> bool:
    others = ("network", "couplings", "field", "dynamics", "interventions", "follow")
    return all(getattr(design, name) is None for name in others)


def _strengths(own: float) -> list[float]:
    """Return the places of the strength's slider, the scenario's own among them."""
    most = max(2.0, 2 * abs(own))
    step = 0.05 if most <= 2.0 else most / 40
    return sorted({own, *(round(k * step, 10) for k in range(round(most / step) + 1))})


def _temperatures(own: float) -> list[float]:
    """Return the places of the temperature's slider, the scenario's own among them.

    Examples
    --------
    >>> _temperatures(1.0)[:3], len(_temperatures(1.0))
    ([0.05, 0.1, 0.15], 50)
    """
    power = 10.0 ** np.floor(np.log10(own / 20))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= own / 20 * (1 - 1e-9))
    return sorted({own, *(float(f"{k * step:.12g}") for k in range(1, STEPS + 1))})


def _external(
    settings: Settings, system: SpinSystem, camps: NDArray[np.int64] | None
) -> tuple[NDArray[np.float64], float]:
    """Return the external field of each user, and the largest, as a trajectory finds them."""
    names = build.camp_names(settings, system) if settings.field.kind != "none" else ()
    terms: Any = settings.field.terms(system, camps, names)
    values, pattern = field_terms(terms, system.n, settings.dynamics.sweeps)
    if values.shape[1] != 1:
        raise InputError(
            "the scenario cannot be exported, because its field follows a schedule; give a field "
            "that stays."
        )
    largest = np.abs(values).max(axis=1, initial=0.0)
    bound = float((np.abs(system.h) + largest @ np.abs(pattern)).max(initial=0.0))
    return system.h + values[:, 0] @ pattern, bound


def _scales(
    system: SpinSystem, outside: float, strengths: list[float], coldest: float
) -> dict[str, Any]:
    """Return the unit of the words without a feed and at every strength.

    Raises
    ------
    InputError
        Words of 32 bits do not carry it, at the lowest temperature that the page offers.
    """
    J = system.stored
    scales = []
    for bound in (outside, *(outside + abs(strength) for strength in strengths)):
        width, scale = fixed_point.fixed_scale(J.indptr, J.data, bound, coldest)
        if width != NARROW:
            raise InputError(
                "the scenario cannot be exported, because its couplings, fields and temperature "
                "need words of 64 bits, and the page counts in 32: leave out ties and fields far "
                "weaker or stronger than the others, or raise the temperature."
            )
        scales.append(scale)
    return {"none": scales[0], "fed": scales[1:]}


def _columns(system: SpinSystem) -> dict[str, Any]:
    """Return who listens to each user, and how much: numbers of a list of couplings."""
    J = system.stored.tocsc()
    values, codes = np.unique(np.asarray(J.data, np.float64), return_inverse=True)
    narrow = np.uint8 if values.size <= 256 else np.uint16 if values.size <= 65_536 else np.int32
    return {
        "ends": J.indptr.astype(np.int32),
        "listeners": J.indices.astype(np.uint16),
        "values": values,
        "codes": codes.astype(narrow) if values.size > 1 else None,
    }


def _places(system: SpinSystem, camps: NDArray[np.int64] | None) -> NDArray[np.uint16]:
    ties = system.stored.tocoo()
    ends = np.sort(np.column_stack([ties.row, ties.col]), axis=1)
    ends = np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0).astype(np.uint32).reshape(-1, 2)
    places = placement(ends, system.n, camps=camps, labels=system.labels)
    return np.rint((places.astype(np.float64) + 1.0) * 32_767.5).astype(np.uint16).ravel()


def _camps(settings: Settings, system: SpinSystem, camps: NDArray[np.int64]) -> dict[str, Any]:
    names = [str(name)[:60] for name in build.camp_names(settings, system)]
    return {"of": camps.astype(np.int16), "names": names}


def _starts(
    settings: Settings, system: SpinSystem, camps: NDArray[np.int64] | None, replicas: int
) -> NDArray[np.uint8]:
    """Return the first stances of every replica, a bit each, replica after replica."""
    numbers = tuple(range(replicas))
    spins = first_stances(settings.dynamics.start, system, camps, settings.seed, numbers)
    return np.packbits(spins > 0, axis=1, bitorder="little").ravel()


def _words(pair: NDArray[np.uint64]) -> list[int]:
    """Return two words of 64 bits as four of 32, the lower half first."""
    return [int(half) for word in pair.tolist() for half in (word & 0xFFFFFFFF, word >> 32)]


def _head(one: Scenario) -> dict[str, Any]:
    """Return the parts of the file that a reader takes home which no control changes."""
    tables = one.canonical()
    steady = ("title", "question", "seed", "network", "couplings", "field")
    return {
        "head": toml.write({name: tables[name] for name in steady if name in tables}),
        "start": toml.write({"start": tables["dynamics"]["start"]}).strip(),
        "names": toml.write({"names": tables["observe"]["names"]}).strip(),
        "every": tables["observe"]["every"],
        "sweep": toml.write({"redraw": tables["sweep"]["redraw"]}).strip(),
    }


class _Blobs:
    """Arrays as base64 texts, equal ones once."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._known: dict[tuple[str, bytes], int] = {}

    def packed(self, value: Any) -> Any:
        """Return a value with every array replaced by its type and number."""
        if isinstance(value, Mapping):
            return {name: self.packed(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.packed(each) for each in value]
        if not isinstance(value, np.ndarray):
            return value
        kind = f"{value.dtype.kind}{value.dtype.itemsize}"
        data = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<")).tobytes()
        if (kind, data) not in self._known:
            self._known[kind, data] = len(self.texts)
            self.texts.append(base64.b64encode(data).decode("ascii"))
        return {"type": kind, "array": self._known[kind, data]}
