"""Stretches of a run that may share one mean: between acts, and on each leg of a schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sociophysics.study.results.settings import Document, designs_of, setting, tables_at

__all__ = ["MOST_WINDOWS", "Window", "windows", "windows_of"]

MOST_WINDOWS = 60
SCHEDULED = ("dynamics.temperature", "field.value", "field.values")
SYMBOLS = {"dynamics": "T", "field": "h"}


class Window(NamedTuple):
    """Frames of the sweeps ``first`` to ``last``; ``driven`` ones move on purpose."""

    name: str
    first: int
    last: float
    driven: bool


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


def windows(document: Document, point: Mapping[str, Any]) -> tuple[Window, ...]:
    """Return the windows of a run at one swept point, in order of time.

    An act after sweep ``t`` of any design ends a window with the frame of ``t``; so do the turn of
    a loop and both ends of a pulse. A window counts from the burn-in on if that ends inside it,
    else with the second half of its sweeps, so that what an act began has time to settle; a leg
    of a schedule counts whole. Without acts and schedules there is one window without a name.

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
    [('before heat at 50', 20, 50, False), ('after heat at 50', 125, 200, False)]
    """
    burn_in, sweeps, every = 0, 0.0, 1
    edges: dict[int, list[str]] = {}
    legs: dict[int, str] = {}
    for design in designs_of(document):

        def said(key: str, design: str = design) -> Any:
            return setting(document, key, design=design, point=point)

        burn_in = max(burn_in, int(said("dynamics.burn_in") or 0))
        length = said("dynamics.sweeps")
        sweeps = max(sweeps, math.inf if length is None else float(length))
        every = int(said("observe.every") or 1)
        for key in SCHEDULED:
            legs |= _legs(key, said(key), sweeps)
        acts = tables_at(document, design, point).get("interventions") or ()
        for edge in _edges(acts):
            there = edges.setdefault(edge.at, [])
            if edge.what not in there:
                there.append(edge.what)
    return _between(edges, legs, burn_in=burn_in, sweeps=sweeps, every=every)


def _edges(acts: Iterable[Mapping[str, Any]]) -> list[_Edge]:
    found = []
    for act in acts:
        kind, at = str(act["kind"]), int(act["at"])
        found.append(_Edge(at, _described(act)))
        if isinstance(act.get("hold"), int) and act["hold"] > 0:
            found.append(_Edge(at + int(act["hold"]), f"release of {kind}"))
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


def _legs(key: str, value: Any, sweeps: float) -> dict[int, str]:
    """Return the names of a schedule's legs by the sweep after which they begin."""
    if isinstance(value, list | tuple):
        found: dict[int, str] = {}
        for each in value:
            found |= _legs(key, each, sweeps)
        return found
    if not isinstance(value, Mapping) or not math.isfinite(sweeps):
        return {}
    symbol = SYMBOLS[key.split(".")[0]]
    kind = value.get("kind")
    if kind in ("ramp", "anneal"):
        way = "up" if value["stop"] > value["start"] else "down"
        return {0: f"{way}, {symbol} {value['start']:g} to {value['stop']:g}"}
    if kind == "loop":
        low, high = value["low"], value["high"]
        return {0: f"up, {symbol} {low:g} to {high:g}",
                math.ceil(sweeps / 2): f"down, {symbol} {high:g} to {low:g}"}  # fmt: skip
    if kind == "pulse":
        at, end = int(value["at"]), int(value["at"] + value["width"])
        names = {0: "before the pulse", at: "during the pulse", end: "after the pulse"}
        return {start: name for start, name in names.items() if start < sweeps}
    return {}


def _between(
    edges: Mapping[int, list[str]], legs: Mapping[int, str], *, burn_in: int, sweeps: float,
    every: int,
) -> tuple[Window, ...]:  # fmt: skip
    cuts = sorted(at for at in {*edges, *legs} if 0 < at < sweeps)
    if not cuts and not legs:
        return (Window("", burn_in, sweeps, driven=False),)
    if len(cuts) > MOST_WINDOWS:
        # A staircase of many steps is a ramp: its two halves are its legs.
        turn = cuts[len(cuts) // 2]
        cuts, legs, edges = [turn], {0: "first half of the steps", turn: "second half"}, {}
    driven = any(name.startswith(("up,", "down,", "first half")) for name in legs.values())
    # Acts with no frame recorded in between cannot be told apart.
    kept, names = [0], {at: list(what) for at, what in edges.items()}
    for cut in cuts:
        if kept[-1] == 0 or cut // every > kept[-1] // every:
            kept.append(cut)
        else:
            names[cut] = names.pop(kept[-1], []) + names.get(cut, [])
            kept[-1] = cut
    ends = [*kept[1:], sweeps]
    return tuple(
        Window(
            _name(start, end, names, legs, sweeps),
            _counted(start, end, burn_in, driven=driven),
            end if math.isinf(end) else int(end),
            driven,
        )
        for start, end in zip(kept, ends, strict=True)
    )


def _counted(start: int, end: float, burn_in: int, *, driven: bool) -> int:
    """Return the first sweep that counts between two cuts."""
    first = 0 if start == 0 else start + 1
    if first <= burn_in <= end and (start == 0 or burn_in > start):
        return burn_in
    if driven or not math.isfinite(end):
        return first
    return math.ceil((start + end) / 2)


def _name(
    start: int, end: float, edges: Mapping[int, list[str]], legs: Mapping[int, str], sweeps: float
) -> str:
    leg = next((legs[at] for at in sorted(legs, reverse=True) if at <= start), "")
    if start in edges and start > 0:
        act = f"after {' and '.join(edges[start])} at {start}"
    elif end in edges and end < sweeps:
        act = f"before {' and '.join(edges[int(end)])} at {int(end)}"
    else:
        act = ""
    return "; ".join(part for part in (leg, act) if part)
