"""The physics of a fitted chamber: what it generates, its landscape, its order, who is pivotal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics import streams
from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.chamber.criticality import (
    MOST_MEMBERS,
    NULLS,
    MultiInformation,
    multi_information,
    null_votes,
    specific_heat,
)
from sociophysics.inference.chamber.landscape import (
    energy_minima,
    frustrated_triangles,
    pivotal_members,
)
from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
from sociophysics.inference.estimators.tempering import temper
from sociophysics.inference.judging.posterior_predictive import generative_checks
from sociophysics.rollcall.votes import Votes
from sociophysics.society.spins import SpinSystem
from sociophysics.store import step
from sociophysics.store.steps import Arrays

__all__ = ["ChamberPhysics", "chamber_physics"]

SAMPLES = 8000
QUENCHES = 2000
STANCES = "stances"
SURE = 0.95  # probability of a coupling's sign


@dataclass(frozen=True, eq=False, kw_only=True)
class ChamberPhysics:
    """What a fitted chamber does; what needs a fit that generates is None without one.

    ``estimator`` is the fit that all of it belongs to. ``samples`` int8 (draws, members) are
    simulated roll calls at temperature 1. ``frustrated`` is the share of ``triangles`` with a
    negative product of couplings, ``sure_...`` the same among couplings whose sign is at least
    95 % sure. ``heat`` holds the specific heat of the ``votes`` and of
    the nulls ``shuffled`` and ``blocs``.
    """

    estimator: str
    system: SpinSystem
    minima: pd.DataFrame
    minima_stances: NDArray[np.int8]
    frustrated: float
    triangles: int
    sure_frustrated: float = float("nan")
    sure_triangles: int = 0
    samples: NDArray[np.int8] | None = None
    checks: pd.DataFrame | None = None
    pivotal: pd.DataFrame | None = None
    heat: pd.DataFrame | None = None
    information: tuple[MultiInformation, ...] = ()


def chamber_physics(
    votes: Votes,
    system: SpinSystem,
    generative: BoltzmannRefinement | None,
    *,
    sign_probability: NDArray[np.float64] | None = None,
    whole: Votes | None = None,
    seed: int = 0,
) -> ChamberPhysics:
    """Return the physics of a fitted chamber.

    Parameters
    ----------
    votes : Votes
        Those the chamber was fitted to.
    system : SpinSystem
        The fit that predicts; used for the landscape where there is none that generates.
    generative : BoltzmannRefinement, optional
        The fit that generates; nulls are fitted with its parameters.
    sign_probability : array, shape (n, n), optional
        How sure the signs of the couplings are.
    whole : Votes, optional
        With unanimous roll calls, for the multi-information of at most 12 members.
    seed : int
    """
    fitted = system if generative is None else generative.system_
    minima, stances = _minima(fitted, seed)
    share, triangles = frustrated_triangles(fitted)
    if generative is None:
        return ChamberPhysics(
            estimator="pseudolikelihood",
            system=fitted,
            minima=minima,
            minima_stances=stances,
            frustrated=share,
            triangles=triangles,
        )
    samples = _samples(fitted, seed)
    sure = (float("nan"), 0)
    if sign_probability is not None:
        sure = frustrated_triangles(fitted, sign_probability >= SURE)
    return ChamberPhysics(
        estimator="boltzmann",
        system=fitted,
        minima=minima,
        minima_stances=stances,
        frustrated=share,
        triangles=triangles,
        sure_frustrated=sure[0],
        sure_triangles=sure[1],
        samples=samples,
        checks=_checks(votes, samples, symmetric=not fitted.h.any(), seed=seed),
        pivotal=pivotal_members(fitted, samples),
        heat=_heat(votes, generative, seed),
        information=_information(votes if whole is None else whole),
    )


def _minima(system: SpinSystem, seed: int) -> tuple[pd.DataFrame, NDArray[np.int8]]:
    def compute(draft: object) -> Arrays:
        table, stances = energy_minima(system, quenches=QUENCHES, seed=seed)
        return {name: table[name].to_numpy() for name in table} | {STANCES: stances}

    found = step("minima of energy", [system.J.toarray(), system.h, QUENCHES, seed], compute)
    stances = found.pop(STANCES)
    return pd.DataFrame(found), stances


def _samples(system: SpinSystem, seed: int) -> NDArray[np.int8]:
    coupling = system.J.toarray()

    def compute(draft: object) -> Arrays:
        side, everyone = party_blocs(coupling), np.arange(system.n)
        groups = [everyone, *(everyone[side == bloc] for bloc in (0, 1) if (side == bloc).any())]
        found = temper(coupling, system.h, draws=SAMPLES, blocs=groups, seed=seed)
        return {"spins": found.spins[0]}

    return step("simulated roll calls", [coupling, system.h, SAMPLES, seed], compute)["spins"]


def _checks(votes: Votes, samples: NDArray[np.int8], *, symmetric: bool, seed: int) -> pd.DataFrame:
    """Return the generative checks; without fields, of roll calls with a random side as +1.

    Such a model has both sides of each roll call with equal chance and no three-body moments.
    """
    if not symmetric:
        return generative_checks(votes, samples, seed=seed)
    sign = streams.generator(seed, "null").choice([-1, 1], (votes.n_rollcalls, 1))
    turned = votes.replace(matrix=votes.matrix * sign, partial=True)
    table = generative_checks(turned, samples, seed=seed)
    return table.drop(columns=[name for name in table if name.startswith("three_body")])


def _heat(votes: Votes, generative: BoltzmannRefinement, seed: int) -> pd.DataFrame:
    curves = [_curve(generative.system_, seed).assign(source="votes")]
    parameters = generative.get_params(deep=False)
    for kind in NULLS:
        null = BoltzmannRefinement(**parameters).fit(null_votes(votes, kind, seed=seed))
        curves.append(_curve(null.system_, seed).assign(source=kind))
    return pd.concat(curves, ignore_index=True)


def _curve(system: SpinSystem, seed: int) -> pd.DataFrame:
    def compute(draft: object) -> Arrays:
        table = specific_heat(system, seed=seed)
        return {name: table[name].to_numpy() for name in table}

    return pd.DataFrame(step("specific heat", [system.J.toarray(), system.h, seed], compute))


def _information(votes: Votes) -> tuple[MultiInformation, ...]:
    complete = int((votes.matrix != 0).all(axis=1).sum())
    if votes.n_members > MOST_MEMBERS or complete < 2:
        return ()
    codings = (True,) if votes.polarity == "arbitrary" else (False, True)
    return tuple(_bits(votes, symmetric) for symmetric in codings)


def _bits(votes: Votes, symmetric: bool) -> MultiInformation:
    def compute(draft: object) -> Arrays:
        found = multi_information(votes, symmetric=symmetric)
        return {name: np.array(value) for name, value in found._asdict().items()}

    found = step("multi-information", [votes.matrix, symmetric], compute)
    return MultiInformation(**{name: value.item() for name, value in found.items()})
