"""Chambers that the data could as well have given, so that outcomes carry the fit's uncertainty.

Roll calls are drawn with replacement, the pseudolikelihood is fitted to them, and its couplings,
divided by the refinement's temperature ``T*``, are refined to the drawn moments in a few steps. In
the 109th Senate a hundred steps leave a mismatch of the pair moments of .04, as large as the
moments' own bootstrap deviation, at a slope of .97 to 1.01. To shift the refined couplings by the
pseudolikelihood's change alone would not do: it disorders the chamber (slopes .71 to .86).
"""

from __future__ import annotations

import numpy as np

from sociophysics import streams
from sociophysics.inference.chamber.saved import Draws
from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
from sociophysics.inference.estimators.mean_field_couplings import moments
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.rollcall.votes import Votes

__all__ = ["bootstrap_draws", "refined"]

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
    shape = (draws, *generative.coupling_.shape)
    chambers, pulls = np.empty(shape), np.empty(shape[:2])
    for draw in range(draws):
        rng = streams.generator(fit.seed, "bootstrap", draw)
        chosen = matrix[rng.integers(len(matrix), size=len(matrix))]
        again = BoltzmannRefinement(
            fields=generative.fields, steps=STEPS, replicas=REPLICAS, seed=fit.seed
        )
        start = PseudoLikelihood(fit.l2_, fit.fields)
        start.coupling_, start.field_ = couplings[draw], fields[draw]
        again.start_, again.temperature_ = start, generative.temperature_
        again.blocs_, again.n_features_in_ = generative.blocs_, generative.n_features_in_
        again._refine(chosen, moments(chosen), again._groups())
        chambers[draw], pulls[draw] = again.coupling_, again.field_
    return {"pseudolikelihood": (couplings, fields), "boltzmann": (chambers, pulls)}
