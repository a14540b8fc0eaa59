"""Several chambers side by side: how coupled across parties, polarized, ordered, frustrated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics import streams
from sociophysics.errors import InputError
from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.chamber.landscape import frustrated_triangles
from sociophysics.inference.chamber.workflow import (
    ChamberFit,
    How,
    fit_into,
    fit_manifest,
    kept_steps,
    prepared,
)
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.judging.holdout import MINORITY
from sociophysics.rollcall.votes import Votes
from sociophysics.society.spins import SpinSystem
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
WIDTH = 1.96  # standard deviations of a 95 % interval


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

    Without party labels the two blocs found from the couplings stand for parties. Intervals, the
    columns ``..._low`` and ``..._high``, are the value -+ 1.96 standard deviations over roll calls
    drawn with replacement, at the penalty ``l2`` of the fit. They are not quantiles, because roll
    calls drawn twice make couplings look stronger in every draw.

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
    rows = []
    for count, (name, votes) in enumerate(chambers.items()):
        tell(name, count, len(chambers))
        measured = _measured(prepared(votes, minority), draws, seed)
        rows.append({"chamber": name, "polarity": votes.polarity} | measured)
    tell("done", len(chambers), len(chambers))
    return pd.DataFrame(rows)


def fit_chambers(
    chambers: Mapping[str, Votes],
    out: Place,
    *,
    quick: bool = False,
    test: str = "cells",
    dimensions: int = 2,
    anchor: Any = None,
    minority: float = MINORITY,
    seed: int = 0,
    workers: int | None = None,
    executor: Executor | Callable[[], Executor] | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    finished: Callable[[str, ChamberFit], object] | None = None,
) -> pd.DataFrame:
    """Fit each chamber into a folder of its name, write ``trend.csv`` beside them and return it.

    With ``quick`` the trend has no intervals. ``finished`` is called with the name and the fit of
    each chamber when it is done.

    Parameters
    ----------
    chambers : mapping from name to Votes
    out : path
        Folder that gets one folder per chamber.
    quick, test, dimensions, anchor, minority, seed, workers, executor, cancel
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
    store, how = open_store(out), How(quick, test, dimensions, anchor, minority, seed)
    given = {name: {"python": True} for name in chambers}
    with studies.claimed(store, "fit", fit_manifest(chambers, how), {"python": True}):
        return fit_all_into(
            store, chambers, how, given, workers=workers, executor=executor,
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
    return table


def _measured(votes: Votes, draws: int, seed: int) -> dict[str, float]:
    fit = PseudoLikelihood(fields=votes.polarity != "arbitrary", seed=seed).fit(votes)
    party = _parties(votes, fit.coupling_)
    measured: dict[str, float] = {
        "members": votes.n_members,
        "rollcalls": votes.n_rollcalls,
        "l2": fit.l2_,
    }
    values = _measures(fit.coupling_, _gaps(votes, party), party)
    if draws:
        width = WIDTH * np.std(_samples(votes, fit, party, draws, seed), axis=0, ddof=1)
    for k, name in enumerate(MEASURES):
        measured[name] = values[k]
        if draws:
            measured[f"{name}_low"] = values[k] - float(width[k])
            measured[f"{name}_high"] = values[k] + float(width[k])
    return measured


def _samples(
    votes: Votes, fit: PseudoLikelihood, party: NDArray[np.int64], draws: int, seed: int
) -> list[list[float]]:
    couplings, _ = fit.bootstrap(draws)
    gaps = _gaps(votes, party)
    samples = []
    for draw, coupling in enumerate(couplings):
        rng = streams.generator(seed, "bootstrap", draw)
        samples.append(_measures(coupling, gaps[rng.integers(len(gaps), size=len(gaps))], party))
    return samples


def _measures(coupling: Array, gaps: Array, party: NDArray[np.int64]) -> list[float]:
    n = len(coupling)
    same = party[:, None] == party
    across, within = ~same, same & ~np.eye(n, dtype=bool)
    return [
        n * float(coupling[across].mean()) if across.any() else float("nan"),
        n * float(coupling[within].mean()) if within.any() else float("nan"),
        float(np.nanmean(gaps)) if np.isfinite(gaps).any() else float("nan"),
        1 / max(float(np.linalg.eigvalsh(coupling)[-1]), 1e-12),
        frustrated_triangles(SpinSystem(coupling))[0],
    ]


def _parties(votes: Votes, coupling: Array) -> NDArray[np.int64]:
    party = votes.party
    labels = pd.Series(party[party != ""]).value_counts()
    if len(labels) < 2:
        return party_blocs(coupling)
    codes = {name: code for code, name in enumerate(labels.index)}
    return np.array([codes.get(name, len(codes)) for name in party])


def _gaps(votes: Votes, party: NDArray[np.int64]) -> Array:
    """Return ``|m_A - m_B| / 2`` of the two largest parties on each roll call."""
    means = []
    for code in (0, 1):
        own = votes.matrix[:, party == code].astype(np.float64)
        cast = (own != 0).sum(axis=1)
        mean = np.full(len(own), np.nan)
        np.divide(own.sum(axis=1), cast, out=mean, where=cast > 0)
        means.append(mean)
    return np.asarray(np.abs(means[0] - means[1]) / 2)
