"""What was set when: the settings of a cell, and the windows over which it is averaged."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "MOST_WINDOWS",
    "Window",
    "burn_in",
    "constant_temperature",
    "designs_of",
    "setting",
    "tables_at",
    "windows",
    "windows_of",
]

Document = Mapping[str, Any]


def setting(document: Document, key: str, *, design: str, point: Mapping[str, Any]) -> Any:
    """Return the value of a dotted key in one design at one swept point, None if it has none.

    Parameters
    ----------
    document : mapping
        The canonical scenario.

    Examples
    --------
    >>> document = {"feed": {"strength": 1.0}, "designs": [{"name": "off", "feed": {}}]}
    >>> setting(document, "feed.strength", design="on", point={})
    1.0
    >>> setting(document, "feed.strength", design="off", point={}) is None
    True
    """
    if key in point:
        return point[key]
    table, _, name = key.partition(".")
    return (_table(document, table, design) or {}).get(name)


def designs_of(document: Document) -> list[str]:
    """Return the names of a scenario's designs; ``base`` where it lists none."""
    return [str(entry["name"]) for entry in document.get("designs") or ()] or ["base"]


def tables_at(document: Document, design: str, point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of one design at one swept point.

    Examples
    --------
    >>> document = {"interventions": [{"kind": "heat", "at": 5}]}
    >>> tables_at(document, "base", {"interventions.0.at": 7})["interventions"]
    [{'kind': 'heat', 'at': 7}]
    """
    names = ("network", "couplings", "field", "dynamics", "feed", "interventions")
    tables = {name: _table(document, name, design) for name in names}
    inside = {key: value for key, value in point.items() if key.startswith("interventions.")}
    if inside:
        from sociophysics.scenario.variation import set_key

        tables["interventions"] = copy.deepcopy(tables["interventions"])
        for key, value in inside.items():
            set_key(tables, key, value)
    return tables


def burn_in(document: Document, design: str, point: Mapping[str, Any]) -> int:
    """Return the first sweep that counts in averages."""
    return int(setting(document, "dynamics.burn_in", design=design, point=point) or 0)


def constant_temperature(document: Document, design: str, point: Mapping[str, Any]) -> float:
    """Return the temperature, NaN where it follows a schedule or an intervention changes it."""
    if any(act["kind"] == "heat" for act in _table(document, "interventions", design) or ()):
        return np.nan
    if setting(document, "dynamics.rule.kind", design=design, point=point) is not None:
        return np.nan  # such rules have none
    value = setting(document, "dynamics.temperature", design=design, point=point)
    if value is None:
        return 1.0  # only fitted couplings may leave it out: it is the fit's own
    return float(value) if isinstance(value, int | float | np.number) else np.nan


def _table(document: Document, name: str, design: str) -> Any:
    for entry in document.get("designs") or ():
        if entry["name"] == design and entry.get(name) is not None:
            return entry[name]
    return document.get(name)


MOST_WINDOWS = 60
# Parts of a schedule that moves all the time: as many as a table has columns for.
PARTS = 4
SCHEDULED = ("dynamics.temperature", "field.value", "field.values")
SYMBOLS = {"dynamics": "T", "field": "h"}


class Window(NamedTuple):
    """Frames of the sweeps ``first`` to ``last``, in which some designs move on purpose."""

    name: str
    first: int
    last: float
    driven: tuple[str, ...] = ()  # names of the designs that a schedule moves


def windows_of(document: Document) -> Callable[[Mapping[str, Any]], tuple[Window, ...]]:
    """Return `windows` of a point, computed once for all points that cannot differ in them."""
    known: dict[tuple[tuple[str, Any], ...], tuple[Window, ...]] = {}
    timed = ("interventions.", "dynamics.sweeps", "dynamics.burn_in",
             *(f"{key}." for key in SCHEDULED))  # fmt: skip

    def at(point: Mapping[str, Any]) -> tuple[Window, ...]:
        name = tuple(item for item in point.items() if item[0].startswith(timed))
        if name not in known:
            known[name] = windows(document, point)
        return known[name]

    return at


class _Edge(NamedTuple):
    """A sweep after which something else acts, and what."""

    at: int
    what: str


class _Leg(NamedTuple):
    """What a schedule does from one sweep on: which way, in which symbol, between which values."""

    way: str
    symbol: str
    values: str
    driven: bool


Legs = dict[int, _Leg]


class _Course(NamedTuple):
    """The legs of a schedule, and the designs that have it."""

    legs: Legs
    designs: tuple[str, ...]

    def at(self, sweep: int) -> _Leg:
        """Return the leg that a sweep is in."""
        return self.legs[max(start for start in self.legs if start <= sweep)]


def windows(document: Document, point: Mapping[str, Any]) -> tuple[Window, ...]:
    """Return the windows of a run at one swept point, in order of time.

    An act after sweep ``t`` of any design ends a window with the frame of ``t``; so do the turn of
    a loop and both ends of a pulse. A window counts from the burn-in on if that ends inside it,
    else with the second half of its sweeps, so that what an act began has time to settle. A ramp
    has four windows, equal parts of what it runs through from the burn-in on, an anneal as many
    down to where it stops and one from there, a loop one per leg. Without acts and schedules there
    is one window without a name.

    Parameters
    ----------
    document : mapping
        The canonical scenario.
    point : mapping
        Values of the swept keys.

    Examples
    --------
    >>> act = {"at": 50, "kind": "heat", "temperature": 2.0}
    >>> document = {"dynamics": {"sweeps": 200, "burn_in": 20}, "interventions": [act]}
    >>> [tuple(window) for window in windows(document, {})]
    [('before heat at 50', 20, 50, ()), ('after heat at 50', 125, 200, ())]
    >>> ramp = {"kind": "ramp", "start": 0.5, "stop": 1.5}
    >>> found = windows({"dynamics": {"sweeps": 200, "temperature": ramp}}, {})
    >>> found[0], found[-1].name
    (Window(name='T 0.5 to 0.75', first=0, last=50, driven=('base',)), 'T 1.25 to 1.5')
    """
    burn_in, sweeps, every = 0, 0.0, 1
    edges: dict[int, list[str]] = {}
    schedules: list[tuple[str, str, Any]] = []
    stepped: list[str] = []
    for design in designs_of(document):

        def said(key: str, design: str = design) -> Any:
            return setting(document, key, design=design, point=point)

        burn_in = max(burn_in, int(said("dynamics.burn_in") or 0))
        length = said("dynamics.sweeps")
        sweeps = max(sweeps, math.inf if length is None else float(length))
        every = int(said("observe.every") or 1)
        schedules += [(design, key, said(key)) for key in SCHEDULED]
        acts = tables_at(document, design, point).get("interventions") or ()
        stepped += [design] if acts else []
        for edge in _edges(acts):
            there = edges.setdefault(edge.at, [])
            if edge.what not in there:
                there.append(edge.what)
    # The same schedule in all designs, or in some of them, is one.
    owners: dict[tuple[tuple[int, _Leg], ...], list[str]] = {}
    for design, key, value in schedules:
        for found in _legs(key, value, burn_in, sweeps, every):
            owners.setdefault(tuple(found.items()), []).append(design)
    legs = [_Course(dict(each), tuple(names)) for each, names in owners.items()]
    return _between(edges, tuple(stepped), legs, burn_in, sweeps, every)


def _edges(acts: Iterable[Mapping[str, Any]]) -> list[_Edge]:
    found = []
    for act in acts:
        kind, at = str(act["kind"]), int(act["at"])
        found.append(_Edge(at, _described(act)))
        if isinstance(act.get("hold"), int) and act["hold"] > 0:
            found.append(_Edge(at + int(act["hold"]), f"release of {kind}"))
        if isinstance(act.get("until"), int):
            found.append(_Edge(int(act["until"]), f"{kind} ends"))
    return found


def _described(act: Mapping[str, Any]) -> str:
    kind = str(act["kind"])
    if kind != "feed":
        return kind
    feed = act["feed"]
    if feed["kind"] == "none":
        return "feed off"
    strength = feed.get("strength")
    return f"{feed['kind']} feed" + ("" if strength is None else f" {strength:g}")


def _legs(key: str, value: Any, burn_in: int, sweeps: float, every: int) -> list[Legs]:
    """Return the legs of every schedule in a value, by the sweep after which each begins."""
    if isinstance(value, list | tuple):
        return [legs for each in value for legs in _legs(key, each, burn_in, sweeps, every)]
    if not isinstance(value, Mapping) or not math.isfinite(sweeps):
        return []
    symbol, kind, end = SYMBOLS[key.split(".")[0]], value.get("kind"), int(sweeps)
    if kind == "ramp":
        return [_parts(symbol, value["start"], value["stop"], end, burn_in, every)]
    if kind == "anneal":
        return [_cooling(symbol, value, end, burn_in, every)]
    if kind == "loop":
        low, high, turn = value["low"], value["high"], math.ceil(end / 2)
        up = _Leg("up", symbol, f"{low:g} to {high:g}", driven=True)
        down = _Leg("down", symbol, f"{high:g} to {low:g}", driven=True)
        return [{0: up, turn: down}]
    if kind == "pulse":
        at, after = int(value["at"]), int(value["at"] + value["width"])
        names = {0: "before the pulse", at: "during the pulse", after: "after the pulse"}
        return [{s: _Leg(name, "", "", driven=False) for s, name in names.items() if s < end}]
    if kind is None:
        # By the camps' names.
        return _legs(key, list(value.values()), burn_in, sweeps, every)
    return []


def _parts(symbol: str, start: float, stop: float, sweeps: int, burn_in: int, every: int) -> Legs:
    """Return equal parts of a straight line, of one recorded frame or more each.

    They begin with the burn-in: what comes before counts in no mean.
    """
    count = max(1, min(PARTS, (sweeps - burn_in) // every))
    cuts = [burn_in + (sweeps - burn_in) * k // count for k in range(count + 1)]
    levels = [start + (stop - start) * cut / sweeps for cut in cuts]
    return _pieces(symbol, cuts, levels, driven=start != stop)


def _cooling(symbol: str, value: Mapping[str, Any], sweeps: int, burn_in: int, every: int) -> Legs:
    """Return parts of a geometric course that take equal times, and where it has stopped."""
    start, stop, factor = (float(value[name]) for name in ("start", "stop", "factor"))
    steps = math.log(stop / start) / math.log(factor) if 0 < stop < start else math.inf
    cooled = sweeps if stop < start and steps > sweeps else math.ceil(max(steps, 0.0))
    held = _Leg("", symbol, f"{stop:.3g}", driven=False)
    if stop == start or cooled <= burn_in:
        return {0: held}
    count = max(1, min(PARTS, (cooled - burn_in) // every))
    cuts = [burn_in + (cooled - burn_in) * k // count for k in range(count + 1)]
    levels = [max(start * factor**cut, stop) for cut in cuts]
    found = _pieces(symbol, cuts, levels, driven=True)
    return found if cooled >= sweeps else found | {cooled: held}


def _pieces(symbol: str, cuts: list[int], levels: list[float], *, driven: bool) -> Legs:
    """Return the legs between cuts; the first holds what comes before it as well."""
    pairs = [f"{a:.3g} to {b:.3g}" for a, b in itertools.pairwise(levels)]
    legs = [_Leg("", symbol, values, driven) for values in pairs]
    return dict(zip([0, *cuts[1:-1]], legs, strict=True))


def _between(
    edges: Mapping[int, list[str]],
    stepped: tuple[str, ...],
    courses: list[_Course],
    burn_in: int,
    sweeps: float,
    every: int,
) -> tuple[Window, ...]:
    turns = {at for each in courses for at in each.legs}
    cuts = sorted(at for at in {*edges, *turns} if 0 < at < sweeps)
    if not cuts and not courses:
        return (Window("", burn_in, sweeps),)
    if len(cuts) > MOST_WINDOWS:
        # A staircase of many steps is a ramp: its two halves are its legs.
        turn = cuts[len(cuts) // 2]
        halves = {0: "first half of the steps", turn: "second half"}
        legs = {at: _Leg(name, "", "", driven=True) for at, name in halves.items()}
        moved = dict.fromkeys((*stepped, *(name for each in courses for name in each.designs)))
        courses = [_Course(legs, tuple(moved))]
        cuts, edges = [turn], {}
    # Acts with no frame recorded in between cannot be told apart.
    kept, names = [0], {at: list(what) for at, what in edges.items()}
    for cut in cuts:
        if kept[-1] == 0 or cut // every > kept[-1] // every:
            kept.append(cut)
        else:
            names[cut] = names.pop(kept[-1], []) + names.get(cut, [])
            kept[-1] = cut
    found = []
    for start, end in zip(kept, [*kept[1:], sweeps], strict=True):
        acting = [each.at(start) for each in courses]
        moving = [each.designs for each, leg in zip(courses, acting, strict=True) if leg.driven]
        driven = tuple(dict.fromkeys(itertools.chain.from_iterable(moving)))
        first = _counted(start, end, burn_in, driven=bool(driven))
        last = end if math.isinf(end) else int(end)
        found.append(Window(_name(start, end, names, acting, sweeps), first, last, driven))
    return tuple(found)


def _counted(start: int, end: float, burn_in: int, *, driven: bool) -> int:
    """Return the first sweep that counts between two cuts."""
    first = 0 if start == 0 else start + 1
    if first <= burn_in <= end and (start == 0 or burn_in > start):
        return burn_in
    if driven or not math.isfinite(end):
        return first
    return math.ceil((start + end) / 2)


def _name(
    start: int, end: float, edges: Mapping[int, list[str]], acting: list[_Leg], sweeps: float
) -> str:
    if start in edges and start > 0:
        act = f"after {' and '.join(edges[start])} at {start}"
    elif end in edges and end < sweeps:
        act = f"before {' and '.join(edges[int(end)])} at {int(end)}"
    else:
        act = ""
    levels: dict[str, list[str]] = {}
    for leg in acting:
        if leg.symbol and leg.values not in levels.setdefault(leg.symbol, []):
            levels[leg.symbol].append(leg.values)
    # Of designs or camps that run through different values each is named.
    course = [f"{symbol} {' / '.join(values)}" for symbol, values in levels.items()]
    ways = list(dict.fromkeys(leg.way for leg in acting if leg.way))
    return "; ".join(part for part in (", ".join([*ways, *course]), act) if part)
