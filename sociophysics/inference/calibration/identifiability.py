"""What the draws say, and what they cannot: intervals, verdicts, partners, combinations."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.inference.calibration.emulator import Explored
from sociophysics.inference.calibration.parameters_free import PACE, TEMPERATURE, Priors

__all__ = ["IDENTIFIED", "NOT_IDENTIFIED", "WEAK", "combinations", "flatness", "summary_of"]

Floats = NDArray[np.float64]
IDENTIFIED, WEAK, NOT_IDENTIFIED = "identified", "weak", "not identified"
UNINFORMED = 0.7  # of the prior's width that is left: the data say nothing
LITTLE = 0.35
TRADES = 0.5  # correlation from which a parameter has a partner


class Flatness(NamedTuple):
    """Why a parameter is not told: the conditioning of the scaled information.

    ``alone`` is, by parameter, its standard error over that with all others known.
    """

    condition: float
    alone: Floats


def flatness(posterior: Explored) -> Flatness:
    """Return how nearly the parameters cancel each other at the middle of the posterior.

    Notes
    -----
    With I the information of the emulated likelihood, the condition number is that of
    ``D^-1/2 I D^-1/2``, D its diagonal; above 100, or where the others make an error more than
    five times larger, two parameters do nearly the same.
    """
    priors = posterior.emulator.priors
    jacobian = posterior.emulator.jacobian(priors.smooth(posterior.draws).mean(axis=0))
    information = jacobian.T @ jacobian
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    scaled = information / np.outer(size, size)
    values = np.linalg.eigvalsh(scaled)
    inverse = np.linalg.pinv(scaled, rcond=1e-12)
    return Flatness(
        float(values[-1] / max(values[0], 1e-300)), np.sqrt(np.maximum(np.diag(inverse), 1.0))
    )


def summary_of(
    priors: Priors,
    draws: Floats,
    *,
    best: Floats | None = None,
    profile: Floats | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return one row per parameter: its interval, and whether the data tell it.

    Parameters
    ----------
    priors : Priors
    draws : array, shape (draws, parameters)
    best, profile : arrays, shapes (parameters,) and (2, parameters), optional
        What fits best, and its 95 % interval: no prior but its bounds has pulled at them.
    confidence : float

    Returns
    -------
    DataFrame
        ``parameter, mean, sd, low, high, width_ratio, verdict, partner``, then ``best, best_low,
        best_high``. ``width_ratio`` is the
        spread of the posterior over that of the prior; above 0.7 the parameter is not identified,
        and mean and sd are left blank, since they are the prior's. ``partner`` is the parameter
        it trades with, if there is one.
    """
    tails = (1 - confidence) / 2
    low, high = np.quantile(draws, [tails, 1 - tails], axis=0)
    ratio = draws.std(axis=0) / ((priors.high - priors.low) / np.sqrt(12))
    verdict = np.where(
        ratio > UNINFORMED, NOT_IDENTIFIED, np.where(ratio > LITTLE, WEAK, IDENTIFIED)
    )
    told, nothing = verdict != NOT_IDENTIFIED, np.full(ratio.size, np.nan)
    return pd.DataFrame(
        {
            "parameter": list(priors.names),
            "mean": np.where(told, draws.mean(axis=0), np.nan),
            "sd": np.where(told, draws.std(axis=0), np.nan),
            "low": low,
            "high": high,
            "width_ratio": ratio,
            "verdict": verdict,
            "partner": partners(priors, draws),
            "best": np.where(told, nothing if best is None else best, np.nan),
            "best_low": nothing if profile is None else profile[0],
            "best_high": nothing if profile is None else profile[1],
        }
    )


def partners(priors: Priors, draws: Floats) -> list[str]:
    """Return by parameter the name of the one it trades with, "" where there is none."""
    if len(priors.names) < 2:
        return [""] * len(priors.names)
    alike: Floats = np.array(np.corrcoef(priors.smooth(draws), rowvar=False), np.float64)
    np.fill_diagonal(alike, 0.0)
    best = np.abs(alike).argmax(axis=0)
    return [priors.names[j] if abs(alike[k, j]) > TRADES else "" for k, j in enumerate(best)]


def combinations(
    priors: Priors,
    draws: Floats,
    *,
    unit: tuple[str, float] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return what is told although its parts may not be: ratios to T, sums, the unit of time.

    Parameters
    ----------
    priors : Priors
    draws : array, shape (draws, parameters)
    unit : tuple, optional
        What time is counted in, such as "day", and how many of it ``sweeps_per_wave`` is for.
    confidence : float

    Returns
    -------
    DataFrame
        ``quantity, mean, sd, low, high, width_ratio, verdict``, the last two as in ``summary_of``.
        Two parameters that trade give the sum of both over T that the data tell best.
    """
    tails = (1 - confidence) / 2
    before = priors.box(len(draws), np.random.default_rng(0))
    pair = partners(priors, draws)
    rows = []
    for name, of in _quantities(priors, draws, pair, unit).items():
        values = of(draws)
        ratio = float(values.std() / of(before).std())
        rows.append(
            {
                "quantity": name,
                "mean": values.mean(),
                "sd": values.std(),
                "low": np.quantile(values, tails),
                "high": np.quantile(values, 1 - tails),
                "width_ratio": ratio,
                "verdict": str(_verdicts(np.array([ratio]))[0]),
            }
        )
    columns = ["quantity", "mean", "sd", "low", "high", "width_ratio", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _quantities(
    priors: Priors, draws: Floats, pair: list[str], unit: tuple[str, float] | None
) -> dict[str, Callable[[Floats], Floats]]:
    names = list(priors.names)
    found: dict[str, Callable[[Floats], Floats]] = {}
    if TEMPERATURE in names:
        hot = names.index(TEMPERATURE)
        scaled = [k for k, name in enumerate(names) if name.startswith(("feed.strength", "field."))]
        found[f"1 / {TEMPERATURE}"] = _smooth(priors, np.eye(len(names))[hot])
        for k in scaled:
            found[f"{names[k]} / {TEMPERATURE}"] = _smooth(priors, np.eye(len(names))[k])
        for k in scaled:
            other = names.index(pair[k]) if pair[k] else k
            if other not in (*scaled, hot) or (other == k or (other in scaled and other < k)):
                continue
            spread = np.cov(priors.smooth(draws)[:, [other, k]], rowvar=False)
            factor = -spread[0, 1] / spread[1, 1]
            weights = np.eye(len(names))[other] + factor * np.eye(len(names))[k]
            first = "1" if other == hot else names[other]
            label = f"({first} {factor:+.2f} {names[k]}) / {TEMPERATURE}"
            found[label] = _smooth(priors, weights)
    if PACE in names and unit is not None:
        pace, (word, length) = names.index(PACE), unit
        found[f"sweeps per {word}"] = lambda theta: theta[:, pace] / length
    return found


def _smooth(priors: Priors, weights: Floats) -> Callable[[Floats], Floats]:
    return lambda theta: np.asarray(priors.smooth(theta) @ weights)


def _verdicts(ratio: Floats) -> NDArray[np.str_]:
    sure = np.where(ratio > LITTLE, WEAK, IDENTIFIED)
    return np.where(ratio > UNINFORMED, NOT_IDENTIFIED, sure)
