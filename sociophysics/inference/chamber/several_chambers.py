"""Several chambers side by side: how coupled across parties, polarized, ordered, frustrated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics import streams
from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.chamber.chamber_tables import party_groups
from sociophysics.inference.chamber.dynamic_scores import bridged, dynamic_scores
from sociophysics.inference.chamber.party_measures import COUPLING_MEASURES, measures_at
from sociophysics.inference.chamber.workflow import (
    ChamberFit,
    How,
    fit_into,
    fit_manifest,
    kept_steps,
    prepared,
)
from sociophysics.inference.estimators.parameters import Estimator, tables_of
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.judging.holdout import MINORITY
from sociophysics.processes import step_workers
from sociophysics.rollcall.votes import Votes
from sociophysics.store import Place, Store, open_store, studies, write_table

__all__ = ["MEASURES", "fit_all_into", "fit_chambers", "trend"]

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

MEASURES = (
    "cross_party_coupling",
    "within_party_coupling",
    "polarization",
    "operating_temperature",
    "frustration",
)
QUICK_SCORES = {"drift": 0.2, "prior": 2.4}  # chosen on hidden votes otherwise
WIDTH = 2.25  # standard deviations of draws in a 95 % interval: 1.96 hold 86 to 93 %


@asks
def trend(
    chambers: Mapping[str, Votes],
    *,
    draws: int = 100,
    minority: float = MINORITY,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return one row per chamber with its measures and their 95 % intervals.

    * ``cross_party_coupling``, ``within_party_coupling``: n times the mean coupling between
      members of different parties, and of the same party: what a chamber of that kind exerts;
    * ``polarization``: mean over contested roll calls of ``|m_A - m_B| / 2``, with ``m`` the mean
      vote of each of the two largest parties;
    * ``operating_temperature``: ``1 / lambda_max(J)``, the temperature of the fit, 1, over the one
      at which naive mean-field theory has it order; below 1 is ordered;
    * ``frustration``: share of triangles whose three couplings have a negative product.

    Couplings of fewer roll calls are noisier, which changes all but polarization. So all chambers
    are compared at the number of contested roll calls of the one that has fewest, the column
    ``rollcalls_used``, and at one penalty ``l2``, the geometric mean of those that each would
    choose with so many: a chamber with more gives the mean over twenty random choices.

    Members of small parties count with the party of their bloc; without party labels the two blocs
    found from the couplings stand for parties. Intervals, the columns ``..._low`` and ``..._high``,
    are the value -+ 2.25 standard deviations over roll calls drawn with replacement. They are not
    quantiles, because roll calls drawn twice make couplings look stronger in every draw.

    Parameters
    ----------
    chambers : mapping from name to Votes
    draws : int
        Bootstrap samples; 0 leaves the intervals out.
    minority : float
        Least share of the smaller side of a roll call that is fitted.
    seed : int
        Of the bootstrap.
    progress : callable, optional
        Called with a chamber's name, the chambers done and all chambers.

    Raises
    ------
    InputError
        No chamber, or one draw.

    Examples
    --------
    >>> import numpy as np
    >>> from sociophysics.rollcall import as_votes
    >>> votes = as_votes(np.where(np.random.default_rng(0).random((40, 6)) < 0.5, 1, -1))
    >>> trend({"a": votes}, draws=0)["chamber"].tolist()
    ['a']
    """
    if draws < 0 or draws == 1 or not chambers:
        raise InputError(
            f"{len(chambers)} chambers and {draws} draws are given; give at least one chamber and "
            "draws 0 (no intervals) or at least 2."
        )
    tell = progress or (lambda *_: None)
    data = {name: prepared(votes, minority) for name, votes in chambers.items()}
    least = min(votes.n_rollcalls for votes in data.values())
    # noise in couplings is a matter of roll calls and penalty: both are the same for all chambers
    penalties = [_penalty(votes, least, seed) for votes in data.values()]
    l2 = float(np.exp(np.mean(np.log(penalties))))
    rows = []
    for count, (name, votes) in enumerate(data.items()):
        tell(name, count, len(chambers))
        measured = _measured(votes, least, l2, draws, seed)
        rows.append({"chamber": name, "polarity": votes.polarity} | measured)
    tell("done", len(chambers), len(chambers))
    return pd.DataFrame(rows)


@asks
def fit_chambers(
    chambers: Mapping[str, Votes],
    out: Place,
    *,
    quick: bool = False,
    test: str = "cells",
    dimensions: int = 2,
    anchor: Any = None,
    minority: float = MINORITY,
    estimators: Sequence[Estimator | Mapping[str, Any]] = (),
    seed: int = 0,
    workers: int | None = None,
    executor: Executor | Callable[[], Executor] | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    finished: Callable[[str, ChamberFit], object] | None = None,
) -> pd.DataFrame:
    """Fit each chamber into a folder of its name, write ``trend.csv`` beside them and return it.

    Where chambers share members with those before them, ``scores.csv`` has their
    ``dynamic_scores``, the chambers taken in the order given. With ``quick`` the trend has no
    intervals and the scores take a common drift. ``finished`` is called with the name and the fit
    of each chamber when it is done.

    Parameters
    ----------
    chambers : mapping from name to Votes
    out : path
        Folder that gets one folder per chamber.
    quick, test, dimensions, anchor, minority, estimators, seed, workers, executor, cancel
        As in ``fit_chamber``.
    progress : callable, optional
        Called with what is being done, the steps done and all steps.
    finished : callable, optional
        Called with the name and the fit of each chamber.

    Raises
    ------
    InputError
        As ``fit_chamber`` and ``trend``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from sociophysics.rollcall import as_votes
    >>> votes = as_votes(np.where(np.random.default_rng(0).random((40, 6)) < 0.5, 1, -1))
    >>> with TemporaryDirectory() as folder:
    ...     table = fit_chambers({"a": votes}, folder, quick=True)
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['a', 'log.jsonl', 'manifest.json', 'parts', 'trend.csv', 'trend.parquet']
    """
    store, tested = open_store(out), tables_of(estimators)
    how = How(quick, test, dimensions, anchor, minority, seed, tested)
    given = {name: {"python": True} for name in chambers}
    with (
        studies.claimed(store, "fit", fit_manifest(chambers, how), {"python": True}),
        step_workers(workers, executor) as hands,
    ):
        return fit_all_into(
            store, chambers, how, given, workers=workers, executor=hands,
            progress=progress, cancel=cancel, finished=finished,
        )  # fmt: skip


def fit_all_into(
    store: Store,
    chambers: Mapping[str, Votes],
    how: How,
    given: Mapping[str, Mapping[str, Any]],
    *,
    progress: Progress | None = None,
    finished: Callable[[str, ChamberFit], object] | None = None,
    **hands: Any,
) -> pd.DataFrame:
    """Do what ``fit_chambers`` does in a place that the caller holds.

    A chamber among others is the study that a fit of it alone is, and opened like it; ``given``
    says for its log where what it reads lies.
    """
    for name, votes in chambers.items():
        own = open_store(f"{store.place.rstrip('/')}/{name}")
        manifest = fit_manifest({name: votes}, how)
        with studies.claimed(own, "fit", manifest, given[name]):
            fitted = fit_into(own, votes, how, progress=progress, **hands)
            if finished is not None:
                finished(name, fitted)
    with kept_steps(store, **hands):
        keys: dict[str, Any] = {
            "draws": 0 if how.quick else 100,
            "minority": how.minority,
            "seed": how.seed,
        }
        table = trend(chambers, progress=progress, **keys)
        write_table(store, "trend", table)
        data = {name: prepared(votes, how.minority) for name, votes in chambers.items()}
        if bridged(data):
            given_keys = QUICK_SCORES if how.quick else {}
            scores = dynamic_scores(data, anchor=how.anchor, seed=how.seed, **given_keys)
            write_table(store, "scores", scores.table)
    return table


def _penalty(votes: Votes, count: int, seed: int) -> float:
    """Return the penalty that predicts best from so many roll calls, chosen at random."""
    rows = streams.generator(seed, "fit").permutation(votes.n_rollcalls)[:count]
    part = votes.select(rollcalls=np.sort(rows))
    return PseudoLikelihood(fields=votes.polarity != "arbitrary", seed=seed).fit(part).l2_


def _measured(votes: Votes, count: int, l2: float, draws: int, seed: int) -> dict[str, float]:
    measured: dict[str, float] = {
        "members": votes.n_members,
        "rollcalls": votes.n_rollcalls,
        "rollcalls_used": count,
        "l2": l2,
    }
    values, widths = measures_at(votes, count, l2, draws=draws, seed=seed)
    found = dict(zip(COUPLING_MEASURES, zip(values, widths, strict=True), strict=True))
    gaps = _gaps(votes)
    found["polarization"] = (_mean(gaps), WIDTH * _spread(gaps, draws, seed))
    for name in MEASURES:
        value, width = found[name]
        measured[name] = float(value)
        if draws:
            measured[f"{name}_low"] = float(value - width)
            measured[f"{name}_high"] = float(value + width)
    return measured


def _mean(gaps: Array) -> float:
    return float(np.nanmean(gaps)) if np.isfinite(gaps).any() else float("nan")


def _spread(gaps: Array, draws: int, seed: int) -> float:
    """Return the deviation of the mean gap over roll calls drawn with replacement."""
    if draws < 2:
        return float("nan")
    rngs = (streams.generator(seed, "bootstrap", draw) for draw in range(draws))
    return float(np.std([_mean(gaps[r.integers(len(gaps), size=len(gaps))]) for r in rngs], ddof=1))


def _gaps(votes: Votes) -> Array:
    """Return ``|m_A - m_B| / 2`` of the two largest parties on each roll call.

    Without party labels they are the blocs of the members' agreement.
    """
    party = votes.party
    if len(set(party) - {""}) < 2:
        seen = votes.matrix.astype(np.float64)
        party = party_groups(np.full(votes.n_members, "", object), party_blocs(seen.T @ seen))
    sizes = pd.Series(party[party != ""]).value_counts(sort=False)
    names = sorted(sizes.index, key=lambda name: (-sizes[name], str(name)))[:2]
    means = [np.full(votes.n_rollcalls, np.nan)] * (2 - len(names))
    for name in names:
        own = votes.matrix[:, party == name].astype(np.float64)
        cast = (own != 0).sum(axis=1)
        mean = np.full(len(own), np.nan)
        np.divide(own.sum(axis=1), cast, out=mean, where=cast > 0)
        means.append(mean)
    return np.asarray(np.abs(means[0] - means[1]) / 2)
