r"""Reweighting: what a sample at one temperature says about the temperatures around it.

A state of energy ``E`` sampled at ``1/T_0`` counts at ``1/T`` with the weight [1]_

.. math:: w = \exp(-(1/T - 1/T_0) E).

References
----------
.. [1] A. M. Ferrenberg, R. H. Swendsen, Phys. Rev. Lett. 61, 2635 (1988).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.experiments.samples import Sample

__all__ = ["ReweightedCurve", "common", "cross", "curve", "halves", "jackknife", "reach", "root"]

Floats = NDArray[np.float64]
FARTHEST = 1.5  # standard deviations of the energy between the two temperatures
STEPS = 41
FEWEST_NETWORKS = 16  # of which moments are regressed on numbers of ties


class ReweightedCurve(NamedTuple):
    """Binder's cumulant over temperatures, and the same without each word in turn."""

    value: Floats  # (temperatures,)
    without: Floats  # (words, temperatures)


def reach(sample: Sample) -> tuple[float, float]:
    """Return the temperatures between which a sample can be reweighted."""
    spread = sample.energy.std(axis=(1, 2)).mean() if sample.redrawn else sample.energy.std()
    beta, width = 1 / sample.temperature, FARTHEST / max(float(spread), 1e-300)
    low = 1 / (beta + width)
    return low, 1 / (beta - width) if width < beta / 2 else 2 * sample.temperature


def curve(sample: Sample, temperatures: Floats) -> ReweightedCurve:
    """Return ``U4 = 1 - <m^4>/(3 <m^2>^2)`` at these temperatures.

    Moments are pooled over all words; where each word has a network of its own, every network
    counts the same: ``[<m^4>]/(3 [<m^2>]^2)``. A network with more ties turns at a higher
    temperature, which is most of the noise; where it is known how many are expected, moments are
    taken to that number by their regression over words (control variates).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> free = Sample(size=1, users=1, temperature=1.0, m=rng.normal(size=(4, 64, 99)),
    ...               energy=np.zeros((4, 64, 99)), redrawn=False)
    >>> bool(abs(curve(free, np.array([1.0])).value[0]) < 0.02)
    True
    """
    second, fourth = sample.m**2, sample.m**4
    axes = (1, 2) if sample.redrawn else None
    middle = sample.energy.mean(axis=axes, keepdims=True)
    sums = np.empty((3, len(sample.m), temperatures.size))
    for k, temperature in enumerate(temperatures):
        weight = np.exp(-(1 / temperature - 1 / sample.temperature) * (sample.energy - middle))
        for row, values in enumerate((weight, weight * second, weight * fourth)):
            sums[row, :, k] = values.sum(axis=(1, 2))
    if sample.redrawn:
        sums = sums / sums[0]
        if sample.degrees is not None and len(sample.m) >= FEWEST_NETWORKS:
            sums -= _by_chance(sums, sample.degrees)
    rest = sums.sum(axis=1)[:, np.newaxis] - sums
    return ReweightedCurve(_cumulant(sums.sum(axis=1)), _cumulant(rest))


def _by_chance(sums: Floats, degrees: Floats) -> Floats:
    """Return what of each word's moments its number of ties explains."""
    inputs = np.column_stack([np.ones(len(degrees)), degrees])
    slopes = np.linalg.pinv(inputs)[1:]
    explained: Floats = np.einsum("wd,dv,kvt->kwt", degrees, slopes, sums)
    return explained


def _cumulant(sums: Floats) -> Floats:
    weight, second, fourth = sums
    result: Floats = 1 - fourth * weight / (3 * second**2)
    return result


def cross(small: Sample, large: Sample) -> float:
    """Return where the larger society's cumulant falls below the smaller one's; NaN if nowhere."""
    temperatures = common(small, large)
    if not temperatures.size:
        return np.nan
    return root(temperatures, curve(large, temperatures).value - curve(small, temperatures).value)


def common(small: Sample, large: Sample) -> Floats:
    """Return temperatures to which both samples can be reweighted; empty if there are none."""
    ranges = np.array([reach(small), reach(large)])
    low, high = ranges[:, 0].max(), ranges[:, 1].min()
    return np.linspace(low, high, STEPS) if low < high else np.empty(0)


def root(temperatures: Floats, difference: Floats) -> float:
    """Return where a difference falls through zero, on a line through its neighbours."""
    falls = np.flatnonzero((difference[:-1] > 0) & (difference[1:] <= 0))
    if not falls.size:
        return np.nan
    # Far from the sampled temperatures noise makes crossings of its own.
    k = falls[np.argmin(np.abs(falls - temperatures.size / 2))]
    share = difference[k] / (difference[k] - difference[k + 1])
    return float(temperatures[k] + share * (temperatures[k + 1] - temperatures[k]))


def halves(sample: Sample) -> tuple[Sample, Sample]:
    """Return the first and the second half of a sample's frames."""
    middle = sample.m.shape[-1] // 2
    parts = (slice(None, middle), slice(middle, None))
    first, second = (
        replace(sample, m=sample.m[..., part], energy=sample.energy[..., part]) for part in parts
    )
    return first, second


def jackknife(drawn: Floats) -> float:
    """Return the variance of a number from its values without each of independent parts."""
    return float((drawn.size - 1) / drawn.size * ((drawn - drawn.mean()) ** 2).sum())
