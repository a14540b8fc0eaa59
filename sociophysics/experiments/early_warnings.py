"""Early warnings: a society that is about to tip recovers more slowly and fluctuates more.

Fluctuations also grow where nothing will tip: among independent users whose mean stances change,
and on a ring, which orders ever farther and never altogether. Against the first, trends are
compared with those of independent users with the same mean stances; against the second, the society
is built at two small sizes and must sharpen with size, within the range or as far again beyond.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ttest_1samp

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.experiments.independence import independent_frames
from sociophysics.experiments.kinds_of_change import without_transition
from sociophysics.experiments.sharpening import sharpening
from sociophysics.scenario import Scenario
from sociophysics.statistics import mean_interval, tau
from sociophysics.store import Place
from sociophysics.streams import generator
from sociophysics.study.expected import TEMPERATURE
from sociophysics.study.measure import (
    Progress,
    Work,
    along_values,
    measure,
    reseeded,
    society,
    varied,
)

__all__ = ["INDICATORS", "EarlyWarning", "early_warning"]

Floats = NDArray[np.float64]
INDICATORS = ("variance", "lag1", "tau")
STANCES: dict[str, Callable[[Floats], Floats]] = {
    "magnetization": np.asarray,
    "abs_magnetization": np.abs,
}
ALPHA = 0.05
DRAWS = 199
FEWEST_VALUES = 4
FEWEST_FRAMES = 20


class EarlyWarning(NamedTuple):
    """Trends of the indicators along the approach, and the indicators themselves."""

    trend: pd.DataFrame
    table: pd.DataFrame
    warned: bool
    """Whether one of the trends is more than a society without a transition shows, at 5 %."""
    note: str
    """What speaks for or against a transition."""


@asks
def early_warning(
    scenario: Scenario,
    along: str = "dynamics.temperature",
    values: Sequence[float] | None = None,
    *,
    design: str | None = None,
    observable: str | None = None,
    replicas: int | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> EarlyWarning:
    """Return whether fluctuations grow and slow down as a key approaches a tipping point.

    Of each replica's series after burn-in: the variance, the autocorrelation at lag 1 (one
    recorded frame), and the integrated autocorrelation time in sweeps. The trend is Kendall's
    rank correlation of the indicator with the order of the values, one per replica. ``p`` is the
    chance that independent users with the same mean stances, alike or as unlike as the
    fluctuations allow, show as large a mean trend (199 simulated societies); it is 1 where the
    society does not sharpen with size, so that there is no transition to be warned of. Warned is
    who has ``p <= 0.05/3`` in one of the three: societies of independent users and rings are then
    warned of in at most one case in twenty.

    Parameters
    ----------
    scenario : Scenario
    along : str
        Dotted key of a number.
    values : sequence of float, optional
        At least four, in the order of the approach (the tipping point last, or beyond); left
        out, the scenario's own sweep.
    design : str, optional
        Name of one of the scenario's designs; the first by default.
    observable : str, optional
        By default the distance of the camps if there are camps, else ``abs_magnetization``.
    replicas : int, optional
        Left out, the scenario's, or 10 if it asks for one.
    out : path or str, optional
        Folder, or address of an object store, that keeps finished parts.
    workers, executor, progress, cancel
        As for ``sp.run``.
    seed : int, optional
        Instead of the scenario's.

    Returns
    -------
    EarlyWarning
        ``(trend, table, warned, note)``; ``trend`` has one row per indicator: kendall, low, high
        (95 %), p.

    Raises
    ------
    InputError
        Too few values, or fewer than 20 frames after burn-in.

    References
    ----------
    M. Scheffer et al., Nature 461, 53 (2009); V. Dakos et al., PLoS ONE 7, e41010 (2012).

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 100}
    ... couplings = {kind = "uniform", value = 0.01}
    ... dynamics = {temperature = 1.0, sweeps = 200, burn_in = 20}
    ... ''')
    >>> found = early_warning(scenario, values=[3.0, 2.2, 1.6, 1.2], observable="magnetization")
    >>> bool(found.trend.set_index("indicator").loc["variance", "kendall"] > 0.5), found.warned
    (True, True)
    """
    scenario = reseeded(scenario, seed)
    ascending = along_values(scenario, along, values, least=FEWEST_VALUES)
    given = ascending if values is None else [float(each) for each in values]
    axes = {along: ascending}
    base = varied(scenario, design=design, axes=axes).cases()[0].settings
    users, several = society(base)
    name = observable or ("abs_camp_polarization" if several else "abs_magnetization")
    names = list(dict.fromkeys([name, "magnetization"]))
    swept = varied(scenario, design=design, observables=names, replicas=replicas, axes=axes)
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    table = measure(swept, work)
    dynamics = swept.cases()[0].settings.dynamics
    kept = table[table["sweep"] >= dynamics.burn_in]
    every = scenario.observe.every
    series = _series(kept, name, along, given)
    # Replica r draws the same noise at every value, which would make trends steadier than chance:
    # trends run over replica r at the first value, r + 1 at the second, and so on.
    series = np.stack([np.roll(each, -k, axis=0) for k, each in enumerate(series)])
    found = _indicators(series, every=every)
    null = None
    if name in STANCES:
        stances = _series(kept, "magnetization", along, given)
        null = _null(stances, STANCES[name], users, every, generator(scenario.seed, "null"))
    whether, note = _transition(scenario, along, given, design, work)
    trend = _trend(found, null, whether)
    warned = bool((trend["p"] <= ALPHA / len(INDICATORS)).any())
    return EarlyWarning(trend, _table(found, given, along), warned, note)


def _null(
    stances: Floats,
    form: Callable[[Floats], Floats],
    users: int,
    every: int,
    rng: np.random.Generator,
) -> list[Floats]:
    """Return the indicators of independent users with the same mean stances, in batches of draws.

    Users who differ fluctuate less than the same number of users alike, ``n var(m) = 1 -
    mean(m_i^2)``, and any share of it may be theirs: where the society fluctuates less, so does
    the null. Only fluctuations that independent users cannot have are left to warn.
    """
    means = stances.mean(axis=(1, 2))
    drawn = independent_frames(means, users, every, stances.shape[1:], rng)
    alike = np.maximum((1 - means**2) / users, 1e-300)
    share = np.minimum(stances.var(axis=(1, 2)) / alike, 1.0)[:, np.newaxis, np.newaxis]
    middle = means[:, np.newaxis, np.newaxis]
    return [
        _indicators(form(middle + np.sqrt(share) * (each - middle)), every=every)
        for each in drawn(DRAWS)
    ]


def _transition(
    scenario: Scenario, along: str, given: Sequence[float], design: str | None, work: Work
) -> tuple[bool, str]:
    """Return whether the society may have a transition in the range or beyond, and why."""
    for values in (_beyond(given), list(given)):
        try:
            found = sharpening(scenario, along, sorted(values), design=design, work=work)
        except InputError:
            continue  # values beyond the range need not be allowed
        break
    else:
        found = None
    if found is None:
        settings = varied(scenario, design=design, axes={along: list(given)}).cases()[0].settings
        if along == TEMPERATURE and without_transition(settings):
            return False, "theory (cavity) has no transition for these ties"
        return True, "one network cannot show whether it sharpens with size; trends alone decide"
    low, high = found.users
    verb = "sharpens" if found.sharpens else "does not sharpen"
    return found.sharpens, f"the society {verb} between {low} and {high} users"


def _beyond(given: Sequence[float]) -> list[float]:
    """Return the values and four more, as far again in the direction of the approach.

    Examples
    --------
    >>> [round(each, 3) for each in _beyond([4.0, 2.0, 1.0])]
    [4.0, 2.0, 1.0, 0.707, 0.5, 0.354, 0.25]
    >>> _beyond([0.0, 1.0, 2.0])[3:]
    [2.5, 3.0, 3.5, 4.0]
    """
    first, last = given[0], given[-1]
    shares = np.arange(1, 5) / 4
    falls = first > last > 0  # and may not fall below 0
    more = last * (last / first) ** shares if falls else last + (last - first) * shares
    return [*given, *(float(each) for each in np.round(more, 9))]


def _series(table: pd.DataFrame, name: str, along: str, given: Sequence[float]) -> Floats:
    """Return the series, shape (values, replicas, frames)."""
    cube = table.pivot_table(index=[along, "replica"], columns="sweep", values=name)
    if cube.shape[1] < FEWEST_FRAMES or cube.isna().to_numpy().any():
        raise InputError(
            f"early warnings need {FEWEST_FRAMES} frames of every replica after burn-in, but some "
            f"have fewer ({cube.shape[1]} are recorded); raise dynamics.sweeps, record more often, "
            "and leave stop_when out."
        )
    return np.stack([cube.loc[value].to_numpy(dtype=np.float64) for value in given])


def _indicators(series: Floats, *, every: int) -> Floats:
    """Return the indicators of every series, shape (indicators, ..., values, replicas)."""
    centered = series - series.mean(axis=-1, keepdims=True)
    variance = (centered**2).mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        lag = (centered[..., 1:] * centered[..., :-1]).mean(axis=-1) / variance
    return np.stack([variance, lag, np.asarray(tau(series, every=every))])


def _ranks(values: Floats) -> Floats:
    """Return Kendall's rank correlation with the order, over the second last axis.

    Examples
    --------
    >>> _ranks(np.array([[1.0], [3.0], [2.0]])).round(3)
    array([0.333])
    """
    count = values.shape[-2]
    first, second = np.triu_indices(count, 1)
    signs = np.sign(values[..., second, :] - values[..., first, :])
    ties = np.maximum((signs != 0).sum(axis=-2), 1)
    # tau-b: pairs that are equal count for nothing, on the one side where there are any.
    result: Floats = np.nansum(signs, axis=-2) / np.sqrt(ties * first.size)
    return result


def _trend(found: Floats, null: Sequence[Floats] | None, whether: bool) -> pd.DataFrame:
    rows = []
    for k, name in enumerate(INDICATORS):
        ranks = _ranks(found[k])
        band = mean_interval(ranks)
        if not whether:
            p = 1.0
        elif null is None:
            p = float(ttest_1samp(ranks, 0.0, alternative="greater").pvalue)
            if np.ptp(ranks) == 0:  # no spread to test with: the sign test is exact
                p = 2.0**-ranks.size if ranks[0] > 0 else 1.0
        else:
            drawn = np.concatenate([_ranks(each[k]).mean(axis=-1) for each in null])
            p = (1 + int((drawn >= ranks.mean()).sum())) / (1 + drawn.size)
        low, high = band.low, band.high
        rows.append({"indicator": name, "kendall": band.mean, "low": low, "high": high, "p": p})
    return pd.DataFrame(rows)


def _table(found: Floats, given: Sequence[float], along: str) -> pd.DataFrame:
    rows = []
    for k, value in enumerate(given):
        row = {along: value}
        for name, values in zip(INDICATORS, found, strict=True):
            band = mean_interval(values[k])
            row |= {name: band.mean, f"{name}_low": band.low, f"{name}_high": band.high}
        rows.append(row)
    return pd.DataFrame(rows)
