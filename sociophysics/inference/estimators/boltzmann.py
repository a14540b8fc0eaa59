"""Chambers that generate: couplings whose equilibrium has the moments of the votes.

Pseudolikelihood predicts well, but its fit of a legislature is over-ordered when simulated. The
refinement divides its couplings by the temperature ``T*`` at which the pair moments have the right
size, then follows the likelihood's gradient ``<s_i s_j>_data - <s_i s_j>_model`` with the model's
moments taken from chains that persist from step to step (Tieleman 2008). Starting from the
pseudolikelihood's own couplings, or with large steps, would collapse into one ordered state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from sociophysics import streams
from sociophysics.arguments import keys_by_keyword
from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.estimators.mean_field_couplings import VoteMoments, moments
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.estimators.tempering import LADDER, Chains, pack, temper
from sociophysics.inference.estimators.training import OfCouplings, system_of, training_votes
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.rollcall.votes import Votes
from sociophysics.store import step
from sociophysics.store.steps import Arrays, Draft

__all__ = ["BoltzmannRefinement", "PairFit", "pair_fit"]

Array = NDArray[np.float64]

SEARCH = (0.7, 0.85, 1.0, 1.1, 1.2, 1.3, 1.4, 1.55, 1.75, 2.0, 2.4, 3.0, 4.0)
OVERLAP = 10  # fewest common roll calls of a pair whose moment is matched
LEAST_RATE = 0.1  # of the first step, kept while parameters are averaged
TAIL = 0.4  # share of the steps that are averaged
WALKED = ("coupling", "field", "total", "field_total", "history")
KEPT_EVERY = 100  # steps after which a killed fit goes on


class PairFit(NamedTuple):
    """Agreement of pair moments: correlation, root mean square error, slope of model on data."""

    r: float
    rmse: float
    slope: float


@ESTIMATORS.register
@keys_by_keyword("fields", "l2", after=1)
@dataclass(eq=False, repr=False)
class BoltzmannRefinement(OfCouplings):
    """Couplings whose equilibrium at temperature 1 reproduces the moments of the votes.

    For simulation and what-if questions; for prediction use :class:`PseudoLikelihood`.

    Attributes
    ----------
    coupling_, field_, system_, n_features_in_
        As of :class:`PseudoLikelihood`.
    temperature_ : float
        ``T*``, at which the pseudolikelihood's couplings have pair moments of the right size.
    start_ : PseudoLikelihood
        The fit it started from.
    blocs_ : array, shape (n,)
        Bloc 0 or 1 of each member.
    history_ : array, shape (steps,)
        Root mean square mismatch of the pair moments of the chains.
    verified_ : PairFit
        Agreement of pair moments found by parallel tempering from random starts.

    Examples
    --------
    >>> votes = np.repeat([[1, 1, 1], [1, 1, -1], [-1, -1, -1], [-1, 1, 1]], 10, axis=0)
    >>> fit = BoltzmannRefinement(l2=0.1, steps=200, replicas=200, draws=2000).fit(votes)
    >>> fit.verified_.rmse < 0.1
    True
    """

    _: KW_ONLY
    l2: Annotated[
        float | None,
        key(
            "Penalty of the pseudolikelihood it starts from; by cross-validation if left out.",
            gt=0,
        ),
    ] = None
    fields: Annotated[
        bool,
        key(
            "Match the members' means too. Without, the model generates both sides of every roll "
            "call with equal chance, so that the number of yeas has no meaning."
        ),
    ] = True
    ridge: Annotated[
        float,
        key(
            "Pull of couplings to zero in units of a moment: the gradient is less ridge * J_ij.",
            ge=0,
        ),
    ] = 0.0
    steps: Annotated[int, key("Gradient steps.", ge=1)] = 1500
    replicas: Annotated[int, key("Chains.", ge=1)] = 1000
    rate: Annotated[
        float,
        key("First step; it falls linearly to a tenth, then parameters are averaged.", gt=0),
    ] = 0.02
    blocs: Annotated[
        Sequence[Any] | None,
        key(
            "Members that turn round as one in the bloc moves, as arrays of numbers; found from "
            "the couplings if left out."
        ),
    ] = None
    seed: Annotated[int, key("Seed of the chains.", ge=0)] = 0
    draws: Annotated[
        int,
        key("Samples of the independent parallel tempering that verifies the result.", ge=1),
    ] = 4000
    kind: ClassVar[str] = "boltzmann"
    words: ClassVar[str] = "Couplings whose equilibrium reproduces the moments of the votes."
    equation: ClassVar[str] = "dJ_ij = rate (<s_i s_j> of the votes - <s_i s_j> of the model)."
    physics: ClassVar[str] = "Boltzmann learning"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit couplings and return the estimator.

        Raises
        ------
        InputError
            Votes that are unanimous, too few, or not -1/0/+1; counts or rates not positive.
        """
        data = training_votes(votes)
        matrix = data.matrix.astype(np.float64)
        self.start_ = PseudoLikelihood(self.l2, self.fields, seed=self.seed).fit(data)
        self.n_features_in_ = matrix.shape[1]
        self.blocs_ = party_blocs(self.start_.coupling_)
        groups = self.groups()
        target = moments(matrix)
        begun = [matrix, self.start_.coupling_, self.start_.field_, groups, self.seed]
        size = step(
            "temperature of the right size",
            begun,
            lambda draft: {"temperature": np.array(self._right_size(target, groups))},
        )
        self.temperature_ = float(size["temperature"])
        given = [*begun, self.temperature_, self.fields, self.ridge]
        given += [self.steps, self.replicas, self.rate]
        refined = step(
            "refined couplings", given, lambda draft: self.refine(matrix, target, groups, draft)
        )
        self.coupling_, self.field_ = refined["coupling"], refined["field"]
        self.history_ = refined["history"]
        self.system_ = system_of(self.coupling_, self.field_, data)
        verified = step(
            "verified moments",
            [matrix, self.coupling_, self.field_, groups, self.seed, self.draws],
            lambda draft: {"fit": np.array(self._verified(target, groups))},
        )
        self.verified_ = PairFit(*verified["fit"].tolist())
        return self

    def _verified(self, target: VoteMoments, groups: list[NDArray[np.int64]]) -> PairFit:
        check = temper(
            self.coupling_,
            self.field_,
            temperatures=LADDER,
            draws=self.draws,
            blocs=groups,
            seed=self.seed + 1,
            ladders=8,
            thin=8,
        )
        return pair_fit(target, check.spins[0])

    def groups(self) -> list[NDArray[np.int64]]:
        """Return who turns round together: everyone, and each bloc."""
        everyone = np.arange(self.n_features_in_)
        if self.blocs is not None:
            return [everyone, *(np.asarray(bloc, dtype=np.int64) for bloc in self.blocs)]
        halves = [everyone[self.blocs_ == side] for side in (0, 1)]
        return [everyone, *(half for half in halves if 0 < len(half) < len(everyone))]

    def _right_size(self, target: VoteMoments, groups: list[NDArray[np.int64]]) -> float:
        """Return the temperature at which the slope of the pair moments falls through 1."""
        found = temper(
            self.start_.coupling_,
            self.start_.field_,
            temperatures=SEARCH,
            draws=1000,
            blocs=groups,
            seed=self.seed,
        )
        slope = np.array([pair_fit(target, spins).slope for spins in found.spins])
        below = np.flatnonzero(slope < 1)
        if not len(below):
            return SEARCH[-1]
        k = int(below[0])
        if k == 0:
            return SEARCH[0]
        share = (slope[k - 1] - 1) / (slope[k - 1] - slope[k])
        return float(SEARCH[k - 1] + share * (SEARCH[k] - SEARCH[k - 1]))

    def refine(
        self, matrix: Array, target: VoteMoments, groups: list[NDArray[np.int64]], draft: Draft
    ) -> Arrays:
        """Return couplings, fields and the history of mismatches, following the gradient.

        Chains and sums are left in the draft every hundred steps, from which it goes on.
        """
        walk = _Walk.start(self, matrix, draft)
        matched = target.overlap >= OVERLAP
        np.fill_diagonal(matched, False)
        packed = pack(groups)
        first_averaged = int((1 - TAIL) * self.steps)
        for turn in range(walk.step, self.steps):
            if turn > walk.step and turn % KEPT_EVERY == 0:
                draft.write(walk.arrays(turn))
            walk.chains.run(walk.coupling, walk.field, sweeps=1, blocs=packed)
            # single precision is exact for sums of +-1 and twice as fast
            spins = walk.chains.spins.astype(np.float32)
            pair = (spins.T @ spins).astype(np.float64) / self.replicas
            mismatch = np.where(matched, target.pair - pair, 0.0)
            walk.history[turn] = np.sqrt((mismatch[matched] ** 2).mean()) if matched.any() else 0
            rate = self.rate * max(LEAST_RATE, 1 - turn / max(first_averaged, 1))
            walk.coupling += rate * (mismatch - self.ridge * walk.coupling * matched)
            if self.fields:
                walk.field += rate * (target.mean - spins.mean(axis=0))
            if turn >= first_averaged:
                walk.total += walk.coupling
                walk.field_total += walk.field
        averaged = self.steps - first_averaged
        return {
            "coupling": walk.total / averaged,
            "field": walk.field_total / averaged,
            "history": walk.history,
        }

    def completed(self, matrix: Array) -> NDArray[np.int8]:
        """Return roll calls drawn from the data, missing votes drawn from the start's chances."""
        rng = streams.generator(self.seed, "start")
        chosen = matrix[rng.integers(len(matrix), size=self.replicas)]
        chance = expit(2 * (chosen @ self.start_.coupling_ + self.start_.field_))
        drawn = np.where(rng.random(chosen.shape) < chance, 1, -1)
        spins = np.where(chosen != 0, chosen, drawn)
        if not self.fields:
            spins = spins * np.where(rng.random((len(spins), 1)) < 0.5, 1, -1)
        completed: NDArray[np.int8] = spins.astype(np.int8)
        return completed


@dataclass(eq=False)
class _Walk:
    """A refinement under way: parameters, their sums and the chains, before step ``step``."""

    step: int
    coupling: Array
    field: Array
    total: Array
    field_total: Array
    history: Array
    chains: Chains

    @classmethod
    def start(cls, model: BoltzmannRefinement, matrix: Array, draft: Draft) -> _Walk:
        """Return the walk that the draft holds, or the first step of one."""
        coupling = model.start_.coupling_ / model.temperature_
        field = model.start_.field_ / model.temperature_
        spins = model.completed(matrix)
        chains = Chains.start(spins, np.ones(model.replicas), seed=model.seed, purpose="fit")
        walk = cls(
            0,
            coupling,
            field,
            np.zeros_like(coupling),
            np.zeros_like(field),
            np.zeros(model.steps),
            chains,
        )
        left = draft.read()
        if left is not None:
            walk.step = int(left["step"])
            for name in WALKED:
                getattr(walk, name)[:] = left[name]
            chains.spins[:], chains.counters[:] = left["spins"], left["counters"]
        return walk

    def arrays(self, step: int) -> Arrays:
        """Return all that changes from step to step; a chain's temperature and key do not."""
        found: Arrays = {name: getattr(self, name) for name in WALKED}
        found |= {"spins": self.chains.spins, "counters": self.chains.counters}
        return found | {"step": np.array(step)}


def pair_fit(target: VoteMoments, spins: NDArray[np.int8]) -> PairFit:
    """Return how the pair moments of samples, shape (draws, n), agree with those of the votes.

    Pairs with fewer than 10 common roll calls are left out.

    Examples
    --------
    >>> votes = np.array([[1, 1, -1], [1, 1, 1], [-1, 1, 1]] * 4, np.int8)
    >>> pair_fit(moments(votes), votes).rmse
    0.0
    """
    n = spins.shape[1]
    upper = np.triu_indices(n, 1)
    known = target.overlap[upper] >= OVERLAP
    floats = spins.astype(np.float32)
    model = (floats.T @ floats)[upper][known].astype(np.float64) / len(spins)
    data = target.pair[upper][known]
    rmse = float(np.sqrt(((model - data) ** 2).mean())) if len(data) else float("nan")
    if len(data) < 3 or np.ptp(data) == 0:
        return PairFit(float("nan"), rmse, float("nan"))
    covariance = np.cov(data, model)
    spread = np.sqrt(covariance[0, 0] * covariance[1, 1])
    r = float(covariance[0, 1] / spread) if spread > 0 else 0.0
    return PairFit(r, rmse, float(covariance[0, 1] / covariance[0, 0]))
