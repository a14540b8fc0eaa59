"""Whether a change sharpens with the size of the society, as a transition does.

The same kind of society is built at two small sizes, ``n`` and about ``4 n``, and run from random
stances until it is in equilibrium. With a symmetry to break, the larger society must be more
ordered on one side (Binder's cumulant) and less on the other (mean square); on a ring it is less
ordered everywhere. Without (a field acts), the peak of ``n var(m)`` must grow with size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.experiments.resizing import resized
from sociophysics.experiments.reweighting import jackknife
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system
from sociophysics.study.measure import Work, measure, varied

__all__ = ["Sharpening", "sharpening"]

Floats = NDArray[np.float64]
SIDES = {1: ((64, 256),), 2: ((8, 16), (16, 32)), 3: ((4, 8),)}
GRAPHS = ((64, 256), (256, 1024))
DENSE = ((32, 128),)  # everyone is tied to everyone: as much work as ten times the users
REPLICAS = 24
FRAMES = 40
SIGNIFICANT = 3.0  # standard errors
MATERIAL = 0.0005  # of the cumulant, which lies between 0 and 2/3
SMALLER = 0.6  # <m^2> of four times as many users; a quarter far from order, a half on the way
GROWTH = 1.25  # of the peak of n var(m); it stays the same where correlations are short


class Sharpening(NamedTuple):
    """Whether the change sharpens, and between which numbers of users this was seen."""

    sharpens: bool
    users: tuple[int, int]


def sharpening(
    scenario: Scenario,
    along: str,
    values: Sequence[Any],
    *,
    design: str | None = None,
    work: Work | None = None,
) -> Sharpening | None:
    """Return whether a change along a key sharpens with size, None of a network of one size.

    Parameters
    ----------
    values : sequence of float
        Around the change.
    """
    settings = varied(scenario, design=design, axes={along: list(values[:1])}).cases()[0].settings
    names = ["magnetization", "camp_polarization"] if _two_camps(settings) else ["magnetization"]
    found = None
    # Where small societies do not tell, larger ones are asked.
    for swept, users in _sizes(scenario, settings, along, values, design):
        tables = [
            _measured(each, names, n, work or Work()) for each, n in zip(swept, users, strict=True)
        ]
        small, large = ([_cube(table, along, name) for name in names] for table in tables)
        tests = [_sharper(a, b, users) for a, b in zip(small, large, strict=True)]
        found = Sharpening(any(tests), users)
        if found.sharpens:
            break
    return found


def _sizes(
    scenario: Scenario, settings: Settings, along: str, values: Sequence[Any], design: str | None
) -> Iterator[tuple[list[Scenario], tuple[int, int]]]:
    """Yield the scenario at two sizes that can be built, and their users."""
    shape = getattr(settings.network, "shape", None)
    fixed = shape is None and not hasattr(settings.network, "n")
    if fixed or along.startswith("network.n") or along.startswith("network.shape"):
        return
    pairs = GRAPHS if shape is None else SIDES.get(len(shape), ((3, 4),))
    if settings.network.kind == "complete":
        pairs = DENSE
    for pair in pairs:
        try:
            swept = [
                varied(
                    resized(scenario, size, design, whole_pull=True),
                    design=design,
                    replicas=REPLICAS,
                    axes={along: list(values)},
                )
                for size in pair
            ]
            users = [
                build_system(case.settings, 0 if case.settings.redraw else None)[0].n
                for case in (each.cases()[-1] for each in swept)
            ]
        except InputError:
            continue
        yield swept, (users[0], users[1])


def _two_camps(settings: Settings) -> bool:
    _, camps = build_system(settings, 0 if settings.redraw else None)
    return camps is not None and np.unique(camps[camps >= 0]).size == 2


def _measured(scenario: Scenario, names: list[str], users: int, work: Work) -> pd.DataFrame:
    burn_in = int(8 * users**0.75)
    every = max(1, burn_in // FRAMES)
    keys = {
        "dynamics.sweeps": burn_in + every * FRAMES,
        "dynamics.burn_in": burn_in,
        "dynamics.start": "random",
        "dynamics.stop_when": "none",
        "observe": {"every": every, "names": names},
    }
    table = measure(scenario.replace(keys), work)
    return table[table["sweep"] > burn_in]


def _cube(table: pd.DataFrame, along: str, name: str) -> Floats:
    """Return the frames, shape (values, replicas, frames)."""
    wide = table.pivot_table(index=[along, "replica"], columns="sweep", values=name)
    values = wide.index.get_level_values(0).nunique()
    cube: Floats = wide.to_numpy(np.float64).reshape(values, -1, wide.shape[1])
    return cube


def _sharper(small: Floats, large: Floats, users: tuple[int, int]) -> bool:
    if any(_leans(each) for each in (small, large)):
        return _grows(small, large, users)
    apart = np.array([_difference(a, b) for a, b in zip(small, large, strict=True)])
    material = np.abs(apart[:, 0]) > MATERIAL
    more = material & (apart[:, 0] > SIGNIFICANT * apart[:, 1])
    # Far from order cumulants are noisy; the mean square of the stances is not.
    less = ~more & np.array([_shrinks(a, b) for a, b in zip(small, large, strict=True)])
    if not (more.any() and less.any()):
        return False
    # All that is more ordered lies on one side of all that is less.
    above, below = np.flatnonzero(more), np.flatnonzero(less)
    return bool(above.max() < below.min() or below.max() < above.min())


def _shrinks(small: Floats, large: Floats) -> bool:
    """Return whether ``<m^2>`` is smaller by half in the larger society, beyond its error."""
    seconds = [(each**2).mean(axis=-1) for each in (small, large)]
    if not (seconds[0].any() and seconds[1].any()):
        return False
    ratio = seconds[1].mean() / seconds[0].mean()
    errors = [each.std(ddof=1) / np.sqrt(each.size) / each.mean() for each in seconds]
    return bool(ratio * (1 + SIGNIFICANT * np.hypot(*errors)) < SMALLER)


def _leans(cube: Floats) -> bool:
    """Return whether the mean is not 0 somewhere, so that no symmetry is there to be broken."""
    means = cube.mean(axis=-1)
    error = means.std(axis=1, ddof=1) / np.sqrt(means.shape[1])
    return bool((np.abs(means.mean(axis=1)) > 5 * np.maximum(error, 1e-3)).any())


def _difference(small: Floats, large: Floats) -> tuple[float, float]:
    """Return by how much the larger society's cumulant exceeds the smaller one's, and the error."""
    found = []
    variance = 0.0
    for cube in (small, large):
        second, fourth = (cube**2).mean(axis=-1), (cube**4).mean(axis=-1)
        rest = (second.sum() - second, fourth.sum() - fourth)
        variance += jackknife(_cumulant(rest[0], rest[1], second.size - 1))
        found.append(float(_cumulant(second.sum(), fourth.sum(), second.size)))
    return found[1] - found[0], float(np.sqrt(variance))


def _cumulant(second: Any, fourth: Any, count: int) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(1 - count * fourth / (3 * second**2))


def _grows(small: Floats, large: Floats, users: tuple[int, int]) -> bool:
    """Return whether the peak of ``n var(m)`` grows with size, beyond its error."""
    peaks, variance = [], 0.0
    for cube, n in zip((small, large), users, strict=True):
        first, second = cube.mean(axis=-1), (cube**2).mean(axis=-1)
        k = int(np.argmax(second.mean(axis=1) - first.mean(axis=1) ** 2))
        a, b, count = first[k], second[k], first.shape[1]
        whole = b.mean() - a.mean() ** 2
        rest = (b.sum() - b) / (count - 1) - ((a.sum() - a) / (count - 1)) ** 2
        variance += jackknife(rest) / max(whole, 1e-300) ** 2
        peaks.append(n * whole)
    return bool(np.log(peaks[1] / peaks[0]) - SIGNIFICANT * np.sqrt(variance) > np.log(GROWTH))
