"""Phase diagrams: an order parameter over two keys of a scenario."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple

import pandas as pd

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario
from sociophysics.store import Place
from sociophysics.study.asked import asked_of
from sociophysics.study.measure import (
    Progress,
    Work,
    along_values,
    measure,
    reseeded,
    society,
    varied,
)

__all__ = ["PhaseDiagram", "diagram", "phase_diagram"]


class PhaseDiagram(NamedTuple):
    """An order parameter over two keys: long table, the same as a grid, and its name."""

    table: pd.DataFrame
    grid: pd.DataFrame
    observable: str

    @property
    def picture(self) -> bytes:
        """The grid as SVG; now ``sp.report.tipping_figures.picture(grid, observable)``."""
        import sociophysics as sp

        warnings.warn(
            "PhaseDiagram.picture is now sp.report.tipping_figures.picture(grid, observable).",
            DeprecationWarning,
            stacklevel=3,
        )
        drawn: bytes = sp.report.tipping_figures.picture(self.grid, self.observable)
        return drawn


@asks
def phase_diagram(
    scenario: Scenario,
    axes: Mapping[str, Sequence[float]],
    *,
    observable: str | None = None,
    design: str | None = None,
    replicas: int | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> PhaseDiagram:
    """Return the mean of an order parameter over a grid of two keys.

    Parameters
    ----------
    scenario : Scenario
    axes : mapping
        Two dotted keys and their values, the horizontal axis first.
    observable : str, optional
        By default the distance of the camps if there are camps, else ``abs_magnetization``.
    design : str, optional
        Name of one of the scenario's designs; the first by default.
    replicas : int, optional
        Left out, the scenario's, or 10 if it asks for one.
    out : path or str, optional
        Folder, or address of an object store, that becomes this study's: its parts are kept, and
        ``sp.open`` finds its tables.
    workers, executor, progress, cancel
        As for ``sp.run``.
    seed : int, optional
        Instead of the scenario's.

    Returns
    -------
    PhaseDiagram
        ``table``: one row per point with mean and sd over replicas; ``grid``: the means, rows are
        the second key; ``observable``: its name.

    Raises
    ------
    InputError
        Other than two keys, or what the scenario refuses.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 40}
    ... couplings = {kind = "uniform", value = 0.025}
    ... dynamics = {temperature = 1.0, sweeps = 20, burn_in = 10, start = "up"}
    ... ''')
    >>> keys = {"dynamics.temperature": [0.4, 2.0], "couplings.value": [0.0125, 0.025]}
    >>> phase_diagram(scenario, keys, replicas=2).grid.shape
    (2, 2)
    """
    _two(axes)
    scenario = reseeded(scenario, seed)
    given = {key: along_values(scenario, key, values, least=2) for key, values in axes.items()}
    question: dict[str, Any] = {
        "axes": [list(axis) for axis in given.items()],
        "observable": observable,
    }
    question |= {"design": design, "replicas": replicas}
    with asked_of(scenario, "phases", question, out) as tables:
        found = diagram(
            scenario,
            axes,
            observable=observable,
            design=design,
            replicas=replicas,
            out=out,
            workers=workers,
            executor=executor,
            progress=progress,
            cancel=cancel,
        )
        tables["phases"] = found.table
    return found


def diagram(
    scenario: Scenario,
    axes: Mapping[str, Sequence[float]],
    *,
    observable: str | None = None,
    design: str | None = None,
    replicas: int | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> PhaseDiagram:
    """Do what ``phase_diagram`` does with parts in a folder that is another study's.

    The parts of a run of the same grid are found there and not simulated again.
    """
    _two(axes)
    given = {key: along_values(scenario, key, values, least=2) for key, values in axes.items()}
    base = varied(scenario, design=design, axes=given).cases()[0].settings
    own = "abs_camp_polarization" if society(base)[1] else "abs_magnetization"
    name = observable or own
    swept = varied(scenario, design=design, observables=[name], replicas=replicas, axes=given)
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    points = _points(measure(swept, work), swept, name, list(given))
    horizontal, vertical = given
    return PhaseDiagram(
        points, points.pivot(index=vertical, columns=horizontal, values="mean"), name
    )


def _two(axes: Mapping[str, Sequence[float]]) -> None:
    if len(axes) != 2:
        raise InputError(f"a phase diagram has two keys, but {len(axes)} are given; give two.")


def _points(table: pd.DataFrame, swept: Scenario, name: str, keys: list[str]) -> pd.DataFrame:
    """Return mean and sd over replicas of what is left after settling, one row per point."""
    kept = table[table["sweep"] >= swept.cases()[0].settings.dynamics.burn_in]
    replica = kept.groupby([*keys, "replica"])[name].mean()
    points = replica.groupby(keys).agg(["count", "mean", "std"])
    points.columns = ["replicas", "mean", "sd"]
    return points.reset_index()
