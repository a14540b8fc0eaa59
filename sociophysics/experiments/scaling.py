"""Sizes of avalanches: their distribution, and the exponent of a power law through them."""

from __future__ import annotations

import importlib
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sociophysics.errors import InputError

__all__ = ["Exponent", "exponent", "size_distribution"]

STEEPNESS = [1.0, 10.0]  # of power laws that are fitted


class Exponent(NamedTuple):
    """Exponent of ``P(S) ~ S^-exponent``, its standard error, and the sizes it was fitted to."""

    exponent: float
    error: float
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
        Range of the fit; ``smallest`` is chosen by the Kolmogorov distance if left out.

    Raises
    ------
    InputError
        ``powerlaw`` is not installed, or fewer than 10 sizes are in the range.

    References
    ----------
    A. Clauset, C. R. Shalizi, M. E. J. Newman, SIAM Rev. 51, 661 (2009); J. Alstott, E. Bullmore,
    D. Plenz, PLoS ONE 9, e85777 (2014).
    """
    values = np.asarray(sizes)
    low, high = smallest or 1, largest or np.inf
    if ((values >= low) & (values <= high)).sum() < 10:
        raise InputError(
            f"{((values >= low) & (values <= high)).sum()} avalanches lie between {low} and {high};"
            " an exponent needs at least 10: widen the range or pool more samples."
        )
    powerlaw = _powerlaw()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of its own internals
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
        law = fit.power_law
        ratio, _ = fit.distribution_compare("power_law", "exponential")
    inside = values[values >= fit.xmin]
    if largest is not None:
        inside = inside[inside <= largest]
    return Exponent(
        float(law.alpha),
        float((law.alpha - 1) / np.sqrt(inside.size)),
        float(fit.xmin),
        float(largest if largest is not None else values.max()),
        int(inside.size),
        float(ratio) / int(inside.size),
    )


def size_distribution(sizes: ArrayLike, *, per_decade: int = 5) -> pd.DataFrame:
    """Return the distribution of sizes in logarithmic bins, ``P(S)`` per unit of size.

    Columns ``size`` (geometric middle of a bin), ``density``, ``count``; empty bins are left out.

    Examples
    --------
    >>> size_distribution([1, 1, 1, 1, 10], per_decade=1)["count"].tolist()
    [4, 1]
    """
    values = np.asarray(sizes, dtype=np.int64)
    if values.size == 0 or values.min() < 1:
        raise InputError("sizes must be integers >= 1, at least one.")
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
