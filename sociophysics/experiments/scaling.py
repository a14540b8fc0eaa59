"""Sizes of avalanches: their distribution, and the exponent of a power law through them."""

from __future__ import annotations

import importlib
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.words import number_of

__all__ = ["Exponent", "exponent", "size_distribution"]

STEEPNESS = [1.0, 10.0]  # of power laws that are fitted
EDGE = 1e-3  # an exponent this near the ends of that range is none
FEWEST = 10  # avalanches
# From here on the error holds where the range is chosen as well: 80 % of 95 at 50 avalanches, 90 at
# 200, 97 at 1,000 (docs/statistics.md). The choice is a part of the error that it does not hold.
CHOSEN = 1000


class Exponent(NamedTuple):
    """Exponent of ``P(S) ~ S^-exponent``, its standard error, and the sizes it was fitted to."""

    exponent: float
    error: float
    """NaN, not determined, where ``smallest`` is chosen among fewer than 1,000 avalanches."""
    smallest: float
    largest: float
    avalanches: int
    """How many lie in that range."""
    against_exponential: float
    """Log-likelihood ratio per avalanche against an exponential law; positive: power law better."""


def exponent(
    sizes: ArrayLike, *, smallest: float | None = None, largest: float | None = None
) -> Exponent:
    """Return the exponent of a discrete power law by maximum likelihood (package ``powerlaw``).

    Parameters
    ----------
    sizes : int array
        Sizes or durations, pooled over samples.
    smallest, largest : float, optional
        Range of the fit; ``smallest`` is chosen by the Kolmogorov distance if left out, and the
        error is then not determined (NaN) from fewer than 1,000 sizes.

    Raises
    ------
    InputError
        ``powerlaw`` is not installed; sizes that are not whole numbers >= 1; fewer than 10 sizes in
        the range, all equal there, or without a power law between the exponents 1 and 10.

    References
    ----------
    A. Clauset, C. R. Shalizi, M. E. J. Newman, SIAM Rev. 51, 661 (2009); J. Alstott, E. Bullmore,
    D. Plenz, PLoS ONE 9, e85777 (2014).
    """
    values = _whole_sizes(sizes)
    low, high = _range(smallest, largest)
    within = values[(values >= low) & (values <= high)]
    if within.size < FEWEST:
        lie = "lies" if within.size == 1 else "lie"
        raise InputError(
            f"{number_of(within.size, 'avalanche')} {lie} between {low:g} and {high:g}; an "
            f"exponent needs at least {FEWEST}: widen the range or pool more samples."
        )
    if within.min() == within.max():
        raise InputError(
            f"all {within.size} avalanches between {low:g} and {high:g} have the size "
            f"{within[0]}; an exponent needs sizes that differ: widen the range or pool more "
            "samples."
        )
    alpha, ratio, start = _fitted(values, smallest, largest)
    inside = within[within >= start]
    if inside.size < FEWEST or not STEEPNESS[0] + EDGE < alpha < STEEPNESS[1] - EDGE:
        raise InputError(
            f"no power law with an exponent between {STEEPNESS[0]:g} and {STEEPNESS[1]:g} fits "
            f"the {inside.size} avalanches from {start:g} on; give another smallest and largest, "
            "or pool more samples."
        )
    error = (alpha - 1) / np.sqrt(inside.size)
    return Exponent(
        alpha,
        np.nan if smallest is None and within.size < CHOSEN else float(error),
        start,
        float(largest if largest is not None else values.max()),
        int(inside.size),
        ratio / int(inside.size),
    )


def _whole_sizes(sizes: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(sizes)
    good = given.size == 0 or (
        given.dtype.kind in "iuf" and bool(np.all((given >= 1) & (given < 2**60)))
    )
    if given.ndim != 1 or not good or np.any(given != np.floor(given) if given.size else False):
        raise InputError(
            "sizes must be whole numbers >= 1, one per avalanche; leave out those that moved "
            "nobody, and what is missing."
        )
    return given.astype(np.int64)


def _range(smallest: float | None, largest: float | None) -> tuple[float, float]:
    low, high = (1.0 if smallest is None else smallest), (np.inf if largest is None else largest)
    if not 1 <= low < high:
        raise InputError(
            f"the range of the fit is {low} to {high}; smallest must be 1 or more, and largest "
            "above it."
        )
    return float(low), float(high)


def _fitted(
    values: NDArray[np.int64], smallest: float | None, largest: float | None
) -> tuple[float, float, float]:
    """Return the exponent, the log-likelihood ratio and the smallest size of powerlaw's fit."""
    powerlaw = _powerlaw()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of its own internals
        try:
            # The package's own range ends at an exponent of 3.
            fit: Any = powerlaw.Fit(
                values,
                discrete=True,
                xmin=smallest,
                xmax=largest,
                estimate_discrete=False,
                parameter_ranges={"alpha": STEEPNESS},
                verbose=False,
            )
            alpha = float(fit.power_law.alpha)
            ratio, _ = fit.distribution_compare("power_law", "exponential")
        except (ValueError, IndexError, ZeroDivisionError, FloatingPointError) as error:
            raise InputError(
                f"the package powerlaw cannot fit these {values.size} avalanches "
                f"({' '.join(str(error).split())[:120].rstrip('.')}); give smallest, or pool more "
                "samples."
            ) from None
    return alpha, float(ratio), float(fit.xmin)


def size_distribution(sizes: ArrayLike, *, per_decade: int = 5) -> pd.DataFrame:
    """Return the distribution of sizes in logarithmic bins, ``P(S)`` per unit of size.

    Columns ``size`` (geometric middle of a bin), ``density``, ``count``; empty bins are left out.

    Examples
    --------
    >>> size_distribution([1, 1, 1, 1, 10], per_decade=1)["count"].tolist()
    [4, 1]
    """
    values = _whole_sizes(sizes)
    if values.size == 0 or not (isinstance(per_decade, int) and per_decade >= 1):
        raise InputError(
            f"a distribution of {values.size} sizes in {per_decade!r} bins per decade is asked "
            "for; give one size or more, and a whole number of bins."
        )
    decades = np.log10(values.max()) + 2 / per_decade
    edges = np.unique(np.ceil(10 ** np.arange(0, decades, 1 / per_decade)).astype(np.int64))
    counts, _ = np.histogram(values, np.append(edges, edges[-1] + 1) - 0.5)
    width, top = np.diff(edges), edges[1:] - 1
    table = pd.DataFrame(
        {
            "size": np.sqrt(edges[:-1] * top.astype(float)),
            "density": counts[:-1] / width / values.size,
            "count": counts[:-1],
        }
    )
    return table[table["count"] > 0].reset_index(drop=True)


def _powerlaw() -> Any:
    try:
        return importlib.import_module("powerlaw")
    except ImportError:
        raise InputError(
            "the package powerlaw is not installed, and exponents are fitted with it; run "
            "pip install 'sociophysics[cascades]'."
        ) from None
