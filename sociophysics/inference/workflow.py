"""From votes to a folder of results: the fit, its errors, its predictions, its tables."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from sociophysics.errors import InputError
from sociophysics.inference.boltzmann import BoltzmannRefinement
from sociophysics.inference.evaluation import Model, evaluate
from sociophysics.inference.ideal_points import IdealPoints
from sociophysics.inference.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.saved import save_systems
from sociophysics.inference.stability import StabilitySelection
from sociophysics.inference.stack import Stack
from sociophysics.inference.tables import couplings_table, members_table, rollcalls_table
from sociophysics.inference.uncertainty import LARGEST, StandardErrors
from sociophysics.rollcall.votes import Votes
from sociophysics.spins import SpinSystem

__all__ = ["STAGES", "ChamberFit", "fit_chamber", "prepared"]

Progress = Callable[[str, int, int], None]

STAGES = (
    "couplings",
    "ideal points",
    "standard errors",
    "stability",
    "Boltzmann refinement",
    "evaluation",
    "tables",
)
LEAST_PRESENCE = 0.1  # members with fewer votes share too few roll calls with the others


@dataclass(frozen=True, eq=False, kw_only=True)
class ChamberFit:
    """A fitted chamber: the votes used, the estimators, their tables, and the files written.

    What ``quick`` leaves out is None.
    """

    votes: Votes
    couplings_fit: PseudoLikelihood
    ideal_points: IdealPoints
    errors: StandardErrors | None
    stability: StabilitySelection | None
    generative: BoltzmannRefinement | None
    evaluation: pd.DataFrame
    couplings: pd.DataFrame
    members: pd.DataFrame
    rollcalls: pd.DataFrame
    systems: dict[str, SpinSystem] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


def fit_chamber(
    votes: Votes,
    out: str | PathLike[str],
    *,
    quick: bool = False,
    test: str = "cells",
    seed: int = 0,
    progress: Progress | None = None,
) -> ChamberFit:
    """Fit a chamber, write its tables into a folder and return them.

    The files are ``evaluation.csv``, ``couplings.csv``, ``members.csv``, ``rollcalls.csv`` and
    ``system.npz``; every table has the column ``polarity``, which says what +1 means. Members
    have fields where +1 has a meaning (votes coded by experts or by majority).

    Parameters
    ----------
    votes : Votes
        Unanimous roll calls and members present on less than a tenth of the rest are left out.
    out : path
        Folder, made if it is not there.
    quick : bool
        The fit that predicts, ideal points and the test on held-out cells only: without standard
        errors, stability selection and the Boltzmann refinement, whatever ``test`` is.
    test : {"cells", "rollcalls"}
        Which votes the models are tested on.
    seed : int
    progress : function (stage, done, stages), optional
        Called before each stage and at the end.

    Raises
    ------
    InputError
        Votes that cannot be fitted, or a folder that cannot be written.
    """
    tell = progress or (lambda *_: None)
    folder = _folder(out)
    data = prepared(votes)
    fields = data.polarity != "arbitrary"
    tell(STAGES[0], 0, len(STAGES))
    fit = PseudoLikelihood(fields=fields, seed=seed).fit(data)
    tell(STAGES[1], 1, len(STAGES))
    ideal = IdealPoints(seed=seed).fit(data)
    tell(STAGES[2], 2, len(STAGES))
    errors = None if quick else _errors(fit, data.n_members)
    tell(STAGES[3], 3, len(STAGES))
    stability = None if quick else StabilitySelection(fields=fields, seed=seed).fit(data)
    tell(STAGES[4], 4, len(STAGES))
    generative = None if quick else BoltzmannRefinement(l2=fit.l2_, seed=seed).fit(data)
    tell(STAGES[5], 5, len(STAGES))
    evaluation = evaluate(data, _models(fields, seed), test="cells" if quick else test, seed=seed)
    tell(STAGES[6], 6, len(STAGES))
    probability = None if stability is None else stability.probability_
    systems = {"pseudolikelihood": fit.system_}
    if generative is not None:
        systems["boltzmann"] = generative.system_
    result = ChamberFit(
        votes=data,
        couplings_fit=fit,
        ideal_points=ideal,
        errors=errors,
        stability=stability,
        generative=generative,
        evaluation=evaluation,
        couplings=couplings_table(data, fit, errors, probability),
        members=members_table(data, fit, ideal),
        rollcalls=rollcalls_table(data, fit, ideal),
        systems=systems,
    )
    _write(result, folder)
    tell("done", len(STAGES), len(STAGES))
    return result


def prepared(votes: Votes) -> Votes:
    """Return contested roll calls and the members who voted on at least a tenth of them.

    Raises
    ------
    InputError
        Members of two chambers, who never vote on the same roll call.

    Examples
    --------
    >>> prepared(Votes([[1, -1], [1, 1], [-1, 1]])).n_rollcalls
    2
    """
    if "chamber" in votes.members and votes.members["chamber"].nunique() > 1:
        names = sorted(votes.members["chamber"].astype(str).unique())
        raise InputError(
            f"the votes are of {len(names)} chambers ({', '.join(names)}), whose members never "
            "vote on the same roll call; give the files of one, or choose it by "
            f"votes.chamber('{names[0]}')."
        )
    return votes.contested().present(LEAST_PRESENCE)


def _models(fields: bool, seed: int) -> list[Model]:
    couplings = PseudoLikelihood(fields=fields, seed=seed)
    return [couplings, Stack(couplings, seed=seed)]


def _errors(fit: PseudoLikelihood, members: int) -> StandardErrors:
    return fit.standard_errors("sandwich" if members <= LARGEST else "bootstrap")


def _folder(out: str | PathLike[str]) -> Path:
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{out} cannot be made a folder ({error.strerror}); choose another."
        ) from None
    return folder


def _write(result: ChamberFit, folder: Path) -> None:
    for name in ("evaluation", "couplings", "members", "rollcalls"):
        table: pd.DataFrame = getattr(result, name)
        labelled = table.assign(polarity=result.votes.polarity)
        result.files[name] = _replaced(
            folder / f"{name}.csv", partial(labelled.to_csv, index=False)
        )
    result.files["system"] = _replaced(
        folder / "system.npz",
        partial(save_systems, systems=result.systems, polarity=result.votes.polarity),
    )


def _replaced(path: Path, write: Callable[[Path], Any]) -> Path:
    # a fit that is stopped leaves whole files behind, old or new
    scratch = path.with_name(f".{path.stem}.part{path.suffix}")
    write(scratch)
    os.replace(scratch, path)
    return path
