"""What is drawn of a live run: one line per side over time, with the spread of its replicas."""

from __future__ import annotations

import numpy as np

from sociophysics.live.live_run import LiveRun
from sociophysics.live.run_lines import Series

__all__ = ["live_lines"]


def live_lines(live: LiveRun, name: str, *, until: int | None = None) -> list[Series]:
    r"""Return an observable of each side so far: the mean and the middle 80 % of the replicas.

    A feed that shows no posts has no values of what was shown; its line is all NaN.

    Parameters
    ----------
    live : LiveRun
    name : str
        One of ``live.names``.
    until : int, optional
        Last sweep to take; the present one by default.

    Examples
    --------
    >>> import sociophysics as sp
    >>> scenario = sp.Scenario.from_toml(
    ...     'seed = 7\nnetwork = {kind = "complete", n = 20}\n'
    ...     'couplings = {kind = "uniform", normalize = "degree"}\n'
    ...     'dynamics = {temperature = 0.0, sweeps = 9, start = "up"}\n'
    ...     'observe = {names = ["magnetization"]}'
    ... )
    >>> live = sp.live.LiveRun(scenario, replicas=2)
    >>> live.step()
    >>> [(line.name, line.mean.tolist()) for line in sp.live.live_lines(live, "magnetization")]
    [('base', [1.0, 1.0])]
    """
    lines = []
    for index, side in enumerate(live.sides):
        sweeps, values = live.course(side.name, name, until=live.sweep if until is None else until)
        known = np.isfinite(values).all(axis=1)
        mean, low, high = (np.full(len(sweeps), np.nan) for _ in range(3))
        if known.any():
            mean[known] = values[known].mean(axis=1)
            if values.shape[1] > 1:
                low[known], high[known] = np.quantile(values[known], [0.1, 0.9], axis=1)
        lines.append(Series(side.name, sweeps, mean, low, high, index=index))
    return lines
