"""How often the sign of a coupling is right: chambers of the same size whose couplings are known.

An error of ``z`` standard errors says less than the normal law has it: most couplings are small, so
that a large estimate is a small coupling with a large error more often than the other way round.
Here the chance ``Phi(a z)`` that a sign is right, and the width of intervals, are measured in
simulated chambers with as many members and roll calls and the same absences. Their couplings are

    ``J = B / T* + lambda (J_fit - B)``

with ``B`` the means of the predicting fit within and between blocs, ``T*`` its temperature, and
``lambda`` such that couplings refitted to a simulated chamber spread as much, errors aside, as
those refitted to the recorded one (indirect inference; Gourieroux, Monfort & Renault 1993, J. Appl.
Econometrics 8, S85). Couplings that are themselves fitted to noise spread too much and would call
signs surer than they are. Two simulated chambers of equal couplings share these and not their
errors, so their covariance and their difference tell both apart.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_ndtr, ndtr

from sociophysics import streams
from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.estimators.objective import Fit, minimize_l2
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.estimators.tempering import temper
from sociophysics.inference.estimators.uncertainty import StandardErrors
from sociophysics.rollcall.votes import Votes
from sociophysics.store import step
from sociophysics.store.steps import Arrays

__all__ = ["SignCalibration", "calibrated", "sign_calibration"]

Array = NDArray[np.float64]

PAIRS = 1000  # pairs of members, over all simulated chambers, that the calibration rests on
ROUNDS = 2  # corrections of lambda
LARGEST_CORRECTION = 1.5  # of lambda in one round
NORMAL = 1.959964  # two-sided 95 % of the normal law
STRONG = 0.1  # the strongest tenth of couplings, told apart


class SignCalibration(NamedTuple):
    """What simulated chambers say of ``z``, an estimate over its standard error.

    ``slope`` is ``a`` in ``P(sign right) = Phi(a |z|)``; ``width`` holds 95 % of the errors, in
    standard errors; ``covered`` is how often 1.96 of them did, ``covered_strong`` the same among
    the strongest tenth of couplings.
    """

    slope: float
    width: float
    covered: float
    covered_strong: float
    chambers: int


def sign_calibration(
    votes: Votes,
    fit: PseudoLikelihood,
    errors: StandardErrors,
    *,
    temperature: float = 1.0,
    seed: int = 0,
) -> SignCalibration:
    """Return how far the errors of a fit can be relied on in a chamber of this size.

    Parameters
    ----------
    votes : Votes
        Those the chamber was fitted to.
    fit : PseudoLikelihood
    errors : StandardErrors
        Of the same fit.
    temperature : float
        ``T*``, at which the fit's pair moments are as steep as the votes'.
    seed : int

    Examples
    --------
    >>> votes = Votes(np.where(np.random.default_rng(0).random((80, 6)) < 0.5, 1, -1))
    >>> fit = PseudoLikelihood(1.0).fit(votes)
    >>> found = sign_calibration(votes, fit, fit.standard_errors())
    >>> bool(0 < found.slope < 1), found.chambers  # in noise signs are less sure than they look
    (True, 67)
    """
    given = [
        votes.matrix, fit.coupling_, fit.field_, fit.fields, errors.coupling, errors.error,
        errors.l2, temperature, seed,
    ]  # fmt: skip

    def compute(draft: object) -> Arrays:
        found = _measured(votes.matrix, fit, errors, temperature, seed)
        return {name: np.array(value) for name, value in found._asdict().items()}

    kept = step("calibration of signs", given, compute)
    return SignCalibration(**{name: value.item() for name, value in kept.items()})


def calibrated(errors: StandardErrors, found: SignCalibration) -> StandardErrors:
    """Return errors whose intervals and sign probabilities are those that simulations bear out."""
    z = np.divide(
        np.abs(errors.coupling), errors.error, out=np.zeros_like(errors.error),
        where=errors.error > 0,
    )  # fmt: skip
    width = max(found.width, NORMAL) * errors.error
    note = (
        f"{errors.note}; intervals of {max(found.width, NORMAL):.2f} errors and sign probabilities "
        f"are calibrated in simulated chambers of this size ({found.chambers}), where 1.96 errors "
        f"covered {100 * found.covered:.0f} % of couplings and {100 * found.covered_strong:.0f} % "
        "of the strongest tenth"
    )
    return dataclasses.replace(
        errors,
        sign_probability=ndtr(found.slope * z),
        low=errors.coupling - width,
        high=errors.coupling + width,
        note=note,
    )


def _measured(
    matrix: NDArray[np.int8],
    fit: PseudoLikelihood,
    errors: StandardErrors,
    temperature: float,
    seed: int,
) -> SignCalibration:
    pairs = np.triu_indices(len(fit.coupling_), 1)
    error, recorded = errors.error[pairs], errors.coupling[pairs]
    blocs = party_blocs(fit.coupling_)
    same = (blocs[:, None] == blocs)[pairs]
    means, rest = _centred(fit.coupling_[pairs], same)
    total = float((_centred(recorded, same)[1] ** 2).sum())
    beyond = max(total - float((error**2).sum()), 0.0)
    spread = np.sqrt(beyond / max(float((rest**2).sum()), 1e-12))
    field = fit.field_ / temperature
    few, chambers = (max(2, -(-size // len(error))) for size in (PAIRS // 2, PAIRS))

    def refitted(count: int, draw: int) -> tuple[Array, Array]:
        truth = means / temperature + spread * rest
        coupling = np.zeros_like(fit.coupling_)
        coupling[pairs] = truth
        coupling += coupling.T
        simulated = _simulated(matrix != 0, coupling, field, count, (seed, draw))
        start = Fit(coupling, field, 0)
        fits = [minimize_l2(each, errors.l2, fields=fit.fields, start=start) for each in simulated]
        return truth, np.stack([each.coupling[pairs] for each in fits])

    for draw in range(ROUNDS):
        reached = _shared(refitted(few, draw)[1], same)
        ratio = np.sqrt(beyond / reached) if reached > 0 else LARGEST_CORRECTION
        spread *= float(np.clip(ratio, 1 / LARGEST_CORRECTION, LARGEST_CORRECTION))
    truth, found = refitted(chambers, ROUNDS)
    # errors of simulated chambers, as large as theirs are and spread over pairs as recorded ones
    scale = np.sqrt(found.var(axis=0, ddof=1).mean() / max(float((error**2).mean()), 1e-300))
    return _summary(truth, found, error * scale)


def _summary(truth: Array, found: Array, error: Array) -> SignCalibration:
    known = error > 0
    z = np.abs(found[:, known] / error[known])
    right = np.sign(found[:, known]) == np.sign(truth[known])
    miss = np.abs(found - truth)[:, known] / error[known]
    strong = np.abs(truth[known]) >= np.quantile(np.abs(truth[known]), 1 - STRONG)

    def cost(slope: float) -> float:
        return -float(np.where(right, log_ndtr(slope * z), log_ndtr(-slope * z)).sum())

    slope = float(minimize_scalar(cost, bounds=(0.0, 1.0), method="bounded").x)
    return SignCalibration(
        slope=slope,
        width=float(np.quantile(miss, 0.95)),
        covered=float((miss <= NORMAL).mean()),
        covered_strong=float((miss <= NORMAL)[:, strong].mean()),
        chambers=len(found),
    )


def _centred(values: Array, same: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the means within and between blocs, one per pair, and what is left."""
    means = np.zeros_like(values)
    for kind in (same, ~same):
        if kind.any():
            means[kind] = values[kind].mean()
    return means, values - means


def _shared(found: Array, same: NDArray[np.bool_]) -> float:
    """Return the spread around the blocs' means that independent refits have in common."""
    rest = np.stack([_centred(each, same)[1] for each in found])
    own = float((rest**2).sum())
    count = len(found)
    return (float((rest.sum(axis=0) ** 2).sum()) - own) / (count * (count - 1))


def _simulated(
    observed: NDArray[np.bool_], coupling: Array, field: Array, count: int, seed: tuple[int, int]
) -> list[Array]:
    """Return simulated roll calls of several chambers, with the recorded absences."""
    rollcalls = len(observed)
    side = party_blocs(coupling)
    everyone = np.arange(len(field))
    groups = [everyone, *(everyone[side == bloc] for bloc in (0, 1) if (side == bloc).any())]
    draws = 2 * count * rollcalls
    drawn = temper(coupling, field, draws=draws, blocs=groups, seed=seed[0]).spins[0]
    rng = streams.generator(seed[0], "null", seed[1])
    rows = rng.permutation(len(drawn))[: count * rollcalls]
    return [
        np.where(observed, drawn[rows[k * rollcalls : (k + 1) * rollcalls]], 0).astype(np.float64)
        for k in range(count)
    ]
