"""The pulse behind a series of counts: fitted by simulation, with the last part held out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from sociophysics.arguments import asks
from sociophysics.errors import InputError, did_you_mean
from sociophysics.experiments.inversion import inverted, root
from sociophysics.experiments.trend import check_counts, life_cycle, outbreaks, side_by_side
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["PulseFit", "fit_pulse"]

Array = NDArray[np.float64]
FREE = ("height", "decay", "active")
COUNTED = 25  # draws of counts for each course of the band


class PulseFit(NamedTuple):
    """A pulse fitted to a series of counts.

    ``table``: ``estimate``, ``low``, ``high`` of each free parameter and of ``scale`` (counts per
    talking user). ``course``: time, observed, fitted, low, high (95 % of single courses),
    held_out. ``error`` is the root mean square error of the held-out part, ``naive_error`` that of
    the better of two forecasts without a model (the last value stays; it decays exponentially);
    ``covered`` the share of held-out counts inside low..high; NaN where nothing was held out.
    """

    table: pd.DataFrame
    course: pd.DataFrame
    onset: int
    error: float
    naive_error: float
    covered: float


@asks
def fit_pulse(
    system: SpinSystem,
    counts: ArrayLike,
    *,
    temperature: float,
    seed: int,
    onset: int | None = None,
    start: Mapping[str, float] | None = None,
    free: Sequence[str] = ("height", "decay"),
    quiet: float = 0.5,
    hold_out: float = 0.3,
    replicas: int = 32,
    confidence: float = 0.95,
) -> PulseFit:
    """Return the pulse whose simulated course fits a series of counts best.

    One step of the series is one sweep. A first guess is the least distance of
    ``2 sqrt(count + 3/8)`` to the mean simulated course, by Nelder and Mead; from there single
    courses, each with active users of its own, are simulated where they are plausible
    (`inversion`). The estimate is where the series is least unlikely among them, the method of
    simulated moments [1]_ with a weight for noise, counting and who is active; intervals hold all
    values that a test calibrated by 300 fresh courses does not refuse. An end that is NaN was not
    found within a factor of twenty: the series does not limit the parameter on that side. Counts
    that scatter more than simulated ones widen intervals. They hold for this onset.

    Parameters
    ----------
    system : SpinSystem
    counts : array, shape (steps,)
        Not negative.
    temperature, seed, replicas
        As in ``outbreaks``, which simulates the course.
    onset : int, optional
        Step of the event; tried over the steps before the outbreak if left out.
    start : mapping, optional
        First guess, or value where not free, of ``height``, ``decay``, ``active``.
    free : sequence of str
        Which of them are fitted; ``scale``, counts per talking user, always is. A weak pulse
        determines only the product of height, active and scale: then free fewer, or fix more.
    quiet : float
        Field that keeps silence.
    hold_out : float
        Share of the steps, the last ones, that the fit does not see.
    confidence : float
        Of the intervals, between 0 and 1.

    Raises
    ------
    InputError
        Counts that are negative, too few or all zero, or a parameter that is unknown.

    References
    ----------
    .. [1] D. McFadden, Econometrica 57, 995 (1989).

    Examples
    --------
    >>> from sociophysics.experiments.trend import outbreaks
    >>> alone = SpinSystem(np.zeros((60, 60)))
    >>> keys = dict(temperature=1.0, seed=1, onset=3, replicas=4)
    >>> counts = outbreaks(alone, height=3.0, decay=4.0, sweeps=14, **keys)[0]
    >>> fit = fit_pulse(alone, counts, free=["height"], start={"decay": 4.0}, **keys)
    >>> type(fit).__name__
    'PulseFit'
    """
    y = check_counts(counts)
    unknown = [name for name in (*free, *(start or {})) if name not in FREE]
    if unknown or not free:
        name = unknown[0] if unknown else ""
        raise InputError(f"{name!r} is not a parameter of the pulse; {did_you_mean(name, FREE)}")
    if not 0 <= hold_out < 1 or y.size - round(hold_out * y.size) < len(free) + 3 or y.max() == 0:
        raise InputError(
            f"the series has {y.size} counts, largest {y.max():g}, and {hold_out} is held out; "
            f"{len(free)} parameters need at least {len(free) + 3} counts to fit, not all zero."
        )
    seen = y.size - round(hold_out * y.size)
    values = {"height": 2.0, "decay": 5.0, "active": 0.3, **(start or {})}
    model = _Model(system, y, seen, tuple(free), values, quiet, temperature, seed, replicas)
    cycle = life_cycle(y[:seen])
    first = seen // 2 if math.isnan(cycle.outbreak) else int(cycle.outbreak)
    onsets = [onset] if onset is not None else [k for k in range(first - 3, first + 1) if k >= 0]
    x, chosen = model.best(onsets)
    return _report(model, x, chosen, confidence)


class _Model:
    """The simulated course of a pulse against a series, by the logarithms of its parameters."""

    def __init__(
        self,
        system: SpinSystem,
        counts: Array,
        seen: int,
        free: tuple[str, ...],
        values: Mapping[str, float],
        quiet: float,
        temperature: float,
        seed: int,
        replicas: int,
    ) -> None:
        self.system, self.counts, self.seen, self.free = system, counts, seen, free
        self.values, self.seed, self.replicas = dict(values), seed, replicas
        self.fixed: dict[str, Any] = {"quiet": quiet, "temperature": temperature}

    def parameters(self, x: Array) -> dict[str, float]:
        """Return height, decay and active; ``active`` stays below 1."""
        fitted = zip(self.free, np.exp(x).tolist(), strict=True)
        found = {**self.values, **dict(fitted)}
        found["active"] = min(found["active"], 1.0)
        return found

    def talking(self, x: Array, onset: int) -> Array:
        """Return the simulated numbers of talking users, shape (replicas, steps)."""
        return self._simulated(x, onset, self.seed, self.replicas)

    def courses(self, theta: Array, onset: int, rng: np.random.Generator) -> Array:
        """Return one course at each place, shape (places, steps); all choose their own users."""
        found = side_by_side(
            self.system, [self.parameters(x) for x in theta],
            onset=onset, sweeps=self.counts.size - 1, seed=int(rng.integers(2**31)), **self.fixed,
        )  # fmt: skip
        return found.astype(np.float64)

    def _simulated(self, x: Array, onset: int, seed: int, replicas: int) -> Array:
        found = outbreaks(
            self.system, onset=onset, sweeps=self.counts.size - 1, seed=seed, replicas=replicas,
            **{**self.fixed, **self.parameters(x)},
        )  # fmt: skip
        return found.astype(np.float64)

    def scale(self, mean: Array) -> float:
        """Return the counts per talking user: the Poisson likelihood's, a ratio of sums."""
        return float(self.counts[: self.seen].sum() / max(mean[: self.seen].sum(), 1e-9))

    def distance(self, x: Array, onset: int) -> float:
        """Return the sum of squared differences of roots over the steps seen."""
        if np.abs(x).max() > 10:
            return 1e12
        mean = self.talking(x, onset).mean(axis=0)
        gap = root(self.counts) - root(self.scale(mean) * mean)
        return float((gap[: self.seen] ** 2).sum())

    def best(self, onsets: Sequence[int]) -> tuple[Array, int]:
        """Return the best logarithms and onset found by a search at each onset."""
        start = np.log([self.values[name] for name in self.free])
        found: list[tuple[float, int, Array]] = []
        for onset in onsets:
            near = self._search(start, onset, 0.5, 40 if len(onsets) > 1 else 60)
            found.append((float(near.fun), onset, np.asarray(near.x)))
        _, onset, x = min(found, key=lambda entry: entry[0])
        return x, onset

    def _search(self, start: Array, onset: int, size: float, most: int) -> Any:
        simplex = np.vstack([start, start + size * np.eye(start.size)])
        options = {"initial_simplex": simplex, "maxfev": most, "xatol": 3e-3, "fatol": 1e-3}
        return minimize(self.distance, start, (onset,), method="Nelder-Mead", options=options)


def _report(model: _Model, x: Array, onset: int, confidence: float) -> PulseFit:
    seen, y, names = model.seen, model.counts, [*model.free, "scale"]
    rng = generator(model.seed, "bootstrap")
    guess = np.append(x, math.log(model.scale(model.talking(x, onset).mean(axis=0))))
    most = np.array([0.0 if name == "active" else np.inf for name in model.free])
    found = inverted(
        lambda theta: model.courses(theta, onset, rng)[:, :seen],
        y[:seen], guess, rng=rng, most=most, confidence=confidence,
    )  # fmt: skip
    table = pd.DataFrame(
        {name: np.exp(getattr(found, name)) for name in ("estimate", "low", "high")},
        index=pd.Index(names, name="parameter"),
    )
    if "active" in model.free and math.isnan(table.at["active", "high"]):
        table.loc["active", "high"] = 1.0  # a share's own limit, if the series has none
    best = np.tile(found.estimate[:-1], (model.replicas, 1))
    expected = math.exp(found.estimate[-1]) * model.courses(best, onset, rng)
    drawn = rng.poisson(np.repeat(expected, COUNTED, axis=0))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    held = np.arange(y.size) >= seen
    course = pd.DataFrame(
        {"time": np.arange(y.size), "observed": y, "fitted": expected.mean(axis=0), "low": low,
         "high": high, "held_out": held}
    )  # fmt: skip
    if not held.any():
        return PulseFit(table, course, onset, math.nan, math.nan, math.nan)
    error = float(np.sqrt(np.mean((y - expected.mean(axis=0))[held] ** 2)))
    covered = float(((y >= low) & (y <= high))[held].mean())
    return PulseFit(table, course, onset, error, _naive(y, seen), covered)


def _naive(y: Array, seen: int) -> float:
    """Return the error of the better of two forecasts without a model."""
    ahead = np.arange(1, y.size - seen + 1)
    stays = np.full(ahead.size, y[seen - 1])
    last = y[max(seen - 5, int(y[:seen].argmax())) : seen]
    rate = 0.0
    if last.size > 1:
        rate = min(float(np.polyfit(np.arange(last.size), np.log(last + 0.5), 1)[0]), 0.0)
    fades = y[seen - 1] * np.exp(rate * ahead)
    return min(float(np.sqrt(np.mean((y[seen:] - guess) ** 2))) for guess in (stays, fades))
