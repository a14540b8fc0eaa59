"""One look at runs: which observable, along what, at which point; all that is shown of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sociophysics.errors import InputError
from sociophysics.live.opened_runs import Opened
from sociophysics.live.run_lines import (
    TIME,
    Point,
    Series,
    axes_of,
    courses,
    curves,
    point_in,
    point_text,
)
from sociophysics.study.results import Run, at, headline, melting_or_none, outcome

__all__ = ["Look", "Panel", "View", "look_at"]


@dataclass(frozen=True)
class Look:
    """What a person asked to see; empty: what tells most."""

    observable: str = ""
    along: str = ""
    at: str = ""


@dataclass(frozen=True, eq=False)
class Panel:
    """What is shown of one run."""

    opened: Opened
    series: list[Series]
    rows: pd.DataFrame
    melting: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class View:
    """Everything a page shows: the same observable along the same axis for each run.

    ``order`` are the names of all designs, whose place gives their color; ``points`` the swept
    points by their text in the address.
    """

    look: Look
    observable: str
    along: str
    point: Point
    panels: list[Panel]
    order: list[str]
    observables: list[str]
    axes: list[str]
    points: dict[str, Point] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def partial(self) -> bool:
        """Whether parts of a run are still missing."""
        return any(panel.opened.partial for panel in self.panels)


def look_at(runs: Sequence[Opened], look: Look) -> View:
    """Return what is shown of one run, or of several beside each other.

    Parameters
    ----------
    runs : sequence of Opened
        Swept over the same keys.
    look : Look
        What a person asked to see.

    Raises
    ------
    InputError
        Runs were not swept over the same keys, or have no observable in common.
    """
    first = runs[0].run
    _check_keys(runs)
    notes: list[str] = []
    observables = _common(runs)
    observable = look.observable
    if observable not in observables:
        if observable:
            notes.append(f"{observable} was not recorded here; another observable is shown.")
        best = headline(first) if first.observables else observables[0]
        observable = best if best in observables else observables[0]
    axes = [
        axis for axis in axes_of(first, observable)
        if all(axis in axes_of(one.run, observable) for one in runs)
    ]  # fmt: skip
    if not axes:
        raise InputError(
            f"{observable} has one value per replica here, and nothing was swept; choose another "
            "observable."
        )
    along = look.along if look.along in axes else axes[0]
    point = point_in(first, look.at)
    if point is None:
        if look.at:
            notes.append("The point in the link was not swept here; the declared one is shown.")
        point = _telling(runs, observable)
    order = list(dict.fromkeys(name for one in runs for name in _designs(one.run)))
    panels = [_panel(one, observable, along, point, order) for one in runs]
    every = [first.grid.point(k) for k in range(len(first.grid.points))]
    return View(
        look=look, observable=observable, along=along, point=point, panels=panels, order=order,
        observables=observables, axes=axes,
        points={point_text(each): each for each in every} if first.swept else {}, notes=notes,
    )  # fmt: skip


def _telling(runs: Sequence[Opened], observable: str) -> Point:
    """Return the point that a run declares, or, of several runs, at which these differ most."""
    first = runs[0].run
    if len(runs) == 1 or not first.swept:
        return dict(first.declared)
    means = [
        outcome(one.run.compare(observable)).set_index(["design", *first.swept])["mean"]
        for one in runs
    ]
    sizes = [(other - means[0]).abs() for other in means[1:]]
    mean = pd.concat(sizes).dropna().groupby(level=first.swept, sort=False).mean()
    if mean.empty:
        return first.grid.point(0)
    best = mean.index[int(mean.to_numpy().argmax())]
    values = best if isinstance(best, tuple) else (best,)
    return dict(zip(first.swept, values, strict=True))


def _check_keys(runs: Sequence[Opened]) -> None:
    first = runs[0]
    for other in runs[1:]:
        if set(other.run.swept) != set(first.run.swept):
            raise InputError(
                "These runs were swept over different keys "
                f"({first.entry.name}: {_listed(first.run.swept)}; {other.entry.name}: "
                f"{_listed(other.run.swept)}); choose runs that were swept over the same."
            )


def _common(runs: Sequence[Opened]) -> list[str]:
    """Return the observables and statistics that all runs have, in the first one's order."""
    every = [[*one.run.observables, *one.run.statistics] for one in runs]
    common = [name for name in every[0] if all(name in names for names in every)]
    if not common:
        raise InputError(
            f"{runs[0].entry.name} and {runs[-1].entry.name} recorded no observable in common; "
            "choose other runs."
            if len(runs) > 1
            else f"{runs[0].entry.name} recorded no observable; add names to [observe] and rerun."
        )
    return common


def _designs(run: Run) -> list[str]:
    """Return the designs of a scenario, those whose parts are still missing included."""
    named = [design.name for design in run.scenario.designs or ()]
    return named if set(run.designs) <= set(named) else run.designs


def _panel(
    opened: Opened, observable: str, along: str, point: Point, order: Sequence[str]
) -> Panel:
    run = opened.run
    there = point_in(run, point_text({key: point[key] for key in run.swept}))
    if along == TIME:
        series = courses(run, observable, point=point, order=order)
    else:
        series = curves(run, observable, along=along, point=point, order=order)
    rows = pd.DataFrame()
    if there is not None:
        rows = outcome(at(run, observable, there))
    return Panel(opened, series, rows, None if opened.partial else _melting(run))


def _melting(run: Run) -> pd.DataFrame | None:
    melting: Any = melting_or_none(run) if run.observables else None
    return None if melting is None else pd.DataFrame(melting)


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(keys) or "nothing"
