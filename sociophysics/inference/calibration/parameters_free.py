"""The parameters that are free: their priors, and the coordinates in which answers are smooth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from sociophysics.errors import InputError, did_you_mean

__all__ = ["PACE", "TEMPERATURE", "Priors", "priors_of"]

Floats = NDArray[np.float64]
TEMPERATURE, PACE = "dynamics.temperature", "sweeps_per_wave"
KEYS = ("low", "high", "shape")
# What pulls: only its ratio to the temperature counts.
SCALED = ("feed.strength", "field.", "couplings.")
MOST = 6  # parameters that a few hundred simulations can follow


@dataclass(frozen=True, eq=False)
class Priors:
    """Uniform priors of the free parameters.

    Attributes
    ----------
    names : tuple of str
        Dotted keys, and perhaps ``sweeps_per_wave``.
    low, high : arrays, shape (parameters,)
    shapes : tuple
        What a parameter multiplies to give its key's list, or None.
    """

    names: tuple[str, ...]
    low: Floats
    high: Floats
    shapes: tuple[tuple[float, ...] | None, ...]

    @property
    def middle(self) -> Floats:
        """The middle of the box."""
        return np.asarray((self.low + self.high) / 2)

    def value(self, k: int, number: float) -> Any:
        """Return what a scenario's key is set to."""
        shape = self.shapes[k]
        return float(number) if shape is None else [float(number * each) for each in shape]

    def box(self, count: int, rng: np.random.Generator) -> Floats:
        """Return points spread evenly over the box, shape (count, parameters)."""
        sobol = qmc.Sobol(len(self.names), scramble=True, rng=rng)
        points = sobol.random_base2(math.ceil(math.log2(count)))[:count]
        return np.asarray(self.low + points * (self.high - self.low))

    def inside(self, theta: Floats) -> NDArray[np.bool_]:
        """Return which points lie in the box, shape (points,)."""
        return np.asarray(((theta >= self.low) & (theta <= self.high)).all(axis=1))

    def smooth(self, theta: Floats) -> Floats:
        """Return coordinates in which summaries are smooth: fields over T, 1/T, log of the pace."""
        moved = np.array(theta, dtype=np.float64)
        hot = self.names.index(TEMPERATURE) if TEMPERATURE in self.names else None
        for k, name in enumerate(self.names):
            if name == PACE:
                moved[:, k] = np.log(theta[:, k])
            elif hot is not None and k != hot and name.startswith(SCALED):
                moved[:, k] = theta[:, k] / theta[:, hot]
        if hot is not None:
            moved[:, hot] = 1 / theta[:, hot]
        return moved

    def rough(self, moved: Floats) -> Floats:
        """Return the parameters at some smooth coordinates, NaN where there are none."""
        theta = np.array(moved, dtype=np.float64)
        hot = self.names.index(TEMPERATURE) if TEMPERATURE in self.names else None
        if hot is not None:
            with np.errstate(divide="ignore"):
                theta[:, hot] = np.where(moved[:, hot] > 0, 1 / moved[:, hot], np.nan)
        for k, name in enumerate(self.names):
            if name == PACE:
                theta[:, k] = np.exp(np.minimum(moved[:, k], 100.0))
            elif hot is not None and k != hot and name.startswith(SCALED):
                theta[:, k] = moved[:, k] * theta[:, hot]
        return theta

    def weight(self, theta: Floats) -> Floats:
        """Return the log density of the prior in smooth coordinates, up to a constant."""
        total = np.zeros(len(theta))
        hot = self.names.index(TEMPERATURE) if TEMPERATURE in self.names else None
        for k, name in enumerate(self.names):
            if name == PACE:
                total += np.log(theta[:, k])
            elif hot is not None and k != hot and name.startswith(SCALED):
                total += np.log(theta[:, hot])
        return total if hot is None else total + 2 * np.log(theta[:, hot])


def priors_of(free: Mapping[str, Any], known: Sequence[str]) -> Priors:
    """Return the priors in a table ``[free]``.

    Parameters
    ----------
    free : mapping
        From dotted keys, or ``sweeps_per_wave``, to ``low``, ``high``, perhaps ``shape``.
    known : sequence of str
        Keys that the model has.

    Raises
    ------
    InputError
        No key, too many, one that the model lacks, or bounds that are none.

    Examples
    --------
    >>> priors_of({"dynamics.temperature": {"low": 0.5, "high": 5.0}}, ["dynamics.temperature"]).low
    array([0.5])
    """
    if not free or len(free) > MOST:
        raise InputError(f"[free] holds {len(free)} keys; give one to {MOST}.")
    shapes: list[tuple[float, ...] | None] = []
    bounds = []
    for name, prior in free.items():
        if name.startswith("network."):
            raise InputError(f"[free] names {name}, but the ties are data; leave it out.")
        if name.startswith("couplings.") and name not in known:
            told = [key for key in known if key.startswith("couplings.")]
            raise InputError(
                f"[free] names {name}, which no stances tell of these couplings; "
                f"{'free ' + ' or '.join(told) if told else 'free dynamics.temperature instead'}."
            )
        if name != PACE and name not in known:
            raise InputError(
                f"[free] names {name}, which the model does not have; "
                f"{did_you_mean(name, [*known, PACE])}"
            )
        if not isinstance(prior, Mapping) or not {"low", "high"} <= set(prior) <= set(KEYS):
            raise InputError(f"[free] {name} is {prior!r}; give {{ low = ..., high = ... }}.")
        bounds.append(_bounds(name, prior["low"], prior["high"]))
        shapes.append(_shape(name, prior.get("shape")))
    low, high = np.array(bounds).T
    return Priors(tuple(free), low, high, tuple(shapes))


def _bounds(name: str, low: object, high: object) -> tuple[float, float]:
    for each in (low, high):
        if isinstance(each, bool) or not isinstance(each, int | float) or not math.isfinite(each):
            raise InputError(f"[free] {name} has the bound {each!r}; give a finite number.")
    first, last = float(low), float(high)  # type: ignore[arg-type]
    if not first < last:
        raise InputError(
            f"[free] {name} has low = {first:g} and high = {last:g}; low must be below high."
        )
    if name in (TEMPERATURE, PACE) and first <= 0:
        raise InputError(f"[free] {name} has low = {first:g}; it must be above 0.")
    return first, last


def _shape(name: str, shape: object) -> tuple[float, ...] | None:
    if shape is None:
        return None
    listed = list(shape) if isinstance(shape, list | tuple) else []
    if not listed or any(isinstance(x, bool) or not isinstance(x, int | float) for x in listed):
        raise InputError(f"[free] {name} has shape {shape!r}; give a list of numbers.")
    return tuple(float(x) for x in listed)
