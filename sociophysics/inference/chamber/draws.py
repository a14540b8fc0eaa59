"""Chambers that the data could as well have given, so that outcomes carry the fit's uncertainty.

Roll calls are drawn with replacement, the pseudolikelihood is fitted to them, and its couplings,
divided by the refinement's temperature ``T*``, are refined to the drawn moments in a few steps. In
the 109th Senate a hundred steps leave a mismatch of the pair moments of .04, as large as the
moments' own bootstrap deviation, at a slope of .97 to 1.01. To shift the refined couplings by the
pseudolikelihood's change alone would not do: it disorders the chamber (slopes .71 to .86).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics import streams
from sociophysics.inference.chamber.saved import Draws
from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
from sociophysics.inference.estimators.mean_field_couplings import moments
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.rollcall.votes import Votes
from sociophysics.store import steps
from sociophysics.store.steps import Arrays, Draft

__all__ = ["bootstrap_draws", "refined"]

Array = NDArray[np.float64]

STEPS = 100
REPLICAS = 400


def refined(votes: Votes, fit: PseudoLikelihood) -> BoltzmannRefinement:
    """Return the Boltzmann refinement of a fit, with fields where the fit has them.

    Without a meaning of +1, fields would only say that yea is more frequent than nay.
    """
    return BoltzmannRefinement(fields=fit.fields, l2=fit.l2_, seed=fit.seed).fit(votes)


def bootstrap_draws(
    votes: Votes, fit: PseudoLikelihood, generative: BoltzmannRefinement, draws: int
) -> dict[str, Draws]:
    """Return bootstrap draws of both fits, ``"pseudolikelihood"`` and ``"boltzmann"``.

    Draw ``r`` of both is of the same resampled roll calls.

    Parameters
    ----------
    votes : Votes
        Those both were fitted to.
    draws : int
        At least 1.
    """
    matrix = votes.matrix.astype(np.float64)
    couplings, fields = fit.bootstrap(draws)
    n = len(generative.coupling_)
    shared = [matrix, fit.seed, fit.l2_, fit.fields, generative.temperature_, generative.blocs_]
    items = [
        {"draw": draw, "coupling": couplings[draw], "field": fields[draw]} for draw in range(draws)
    ]
    found = steps("draw of refined couplings", _refined_draw, shared, items)
    chambers, pulls = np.zeros((draws, n, n)), np.empty((draws, n))
    i, j = np.triu_indices(n, 1)
    for draw, each in enumerate(found):
        chambers[draw, i, j] = chambers[draw, j, i] = each["pairs"]
        pulls[draw] = each["field"]
    return {"pseudolikelihood": (couplings, fields), "boltzmann": (chambers, pulls)}


def _refined_draw(
    matrix: Array,
    seed: int,
    l2: float,
    fields: bool,
    temperature: float,
    blocs: NDArray[np.int64],
    item: Mapping[str, Any],
) -> Arrays:
    """Return one draw's couplings i < j and fields, refined to the moments of its roll calls."""
    rng = streams.generator(seed, "bootstrap", item["draw"])
    chosen = matrix[rng.integers(len(matrix), size=len(matrix))]
    again = BoltzmannRefinement(fields=fields, steps=STEPS, replicas=REPLICAS, seed=seed)
    start = PseudoLikelihood(l2, fields)
    start.coupling_, start.field_ = item["coupling"], item["field"]
    again.start_, again.temperature_ = start, temperature
    again.blocs_, again.n_features_in_ = blocs, matrix.shape[1]
    found = again.refine(chosen, moments(chosen), again.groups(), Draft())
    return {"pairs": found["coupling"][np.triu_indices(len(blocs), 1)], "field": found["field"]}
