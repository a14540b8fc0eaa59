"""From votes to a folder of results: the fit, its errors, its predictions, its tables."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sociophysics.arguments import asks
from sociophysics.errors import Cancelled, InputError
from sociophysics.inference.chamber.chamber_tables import (
    couplings_table,
    members_table,
    party_tables,
    rollcalls_table,
)
from sociophysics.inference.chamber.draws import bootstrap_draws, refined
from sociophysics.inference.chamber.ideal_point_tables import Scaling, scale, validity
from sociophysics.inference.chamber.member_ranks import pivotal_draws
from sociophysics.inference.chamber.party_measures import by_rollcalls
from sociophysics.inference.chamber.physics import ChamberPhysics, chamber_physics
from sociophysics.inference.chamber.saved import Draws, save_systems
from sociophysics.inference.chamber.sign_calibration import calibrated, sign_calibration
from sociophysics.inference.chamber.stages import STAGES
from sociophysics.inference.chamber.what_if import votes_digest
from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
from sociophysics.inference.estimators.ideal_points import IdealPoints
from sociophysics.inference.estimators.parameters import Estimator, tables_of
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.estimators.stability import StabilitySelection
from sociophysics.inference.estimators.stack import Stack
from sociophysics.inference.estimators.uncertainty import LARGEST, StandardErrors
from sociophysics.inference.judging.evaluation import Model
from sociophysics.inference.judging.holdout import MINORITY, split
from sociophysics.inference.judging.paired import Verdicts, compare
from sociophysics.inference.judging.reliability import calibration
from sociophysics.kinds import ESTIMATORS
from sociophysics.others_code import code_of_others
from sociophysics.processes import step_workers
from sociophysics.rollcall.votes import Votes
from sociophysics.society.spins import SpinSystem
from sociophysics.sources import source_digest
from sociophysics.store import (
    Folder,
    Place,
    Steps,
    Store,
    keeping,
    open_store,
    studies,
    write_table,
)
from sociophysics.words import html_card

__all__ = [
    "ChamberFit",
    "How",
    "fit_chamber",
    "fit_into",
    "fit_manifest",
    "kept_steps",
    "prepared",
]

Progress = Callable[[str, int, int], None]

SEEDS = 5  # hidden cells are drawn so many times
DRAWS = 50
PAIRS = (
    ("PseudoLikelihood", "IdealPoints"),
    ("Stack", "IdealPoints"),
    ("Stack", "PseudoLikelihood"),
    ("IdealPoints", "party"),
)
LEAST_PRESENCE = 0.1  # members with fewer votes share too few roll calls with the others


@dataclass(frozen=True, eq=False, kw_only=True)
class ChamberFit:
    """A fitted chamber: the votes used, the estimators, their tables, and the files written.

    ``errors``, ``stability`` and ``generative`` are None where ``quick`` leaves them out.
    """

    votes: Votes
    couplings_fit: PseudoLikelihood
    scaling: Scaling
    errors: StandardErrors | None
    stability: StabilitySelection | None
    generative: BoltzmannRefinement | None
    physics: ChamberPhysics
    judged: Verdicts
    calibration: pd.DataFrame
    couplings: pd.DataFrame
    members: pd.DataFrame
    rollcalls: pd.DataFrame
    party_tables: dict[str, pd.DataFrame]
    by_rollcalls: pd.DataFrame
    systems: dict[str, SpinSystem] = field(default_factory=dict)
    draws: dict[str, Draws] = field(default_factory=dict)
    files: dict[str, Path | str] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        rows = {
            "members": f"{self.votes.n_members:,}",
            "roll calls": f"{self.votes.n_rollcalls:,}",
            "+1 means": self.votes.polarity,
            "files": ", ".join(self.files),
        }
        return html_card("ChamberFit", rows) + str(self.evaluation.to_html(index=False))

    @property
    def ideal_points(self) -> IdealPoints:
        """Ideal points on one dimension."""
        return self.scaling.models[0]

    @property
    def validity(self) -> pd.DataFrame:
        """Correlations with DW-NOMINATE, among all members and within parties; empty without it."""
        known = self.members.get("nominate_dim1", pd.Series(np.nan, self.members.index))
        points = self.members["ideal_point"].to_numpy()
        return validity(points, known.to_numpy(), self.votes.party)

    @property
    def evaluation(self) -> pd.DataFrame:
        """Scores on held-out votes, one row per model."""
        return self.judged.evaluation

    @property
    def comparison(self) -> pd.DataFrame:
        """Paired differences of these scores with their intervals."""
        return self.judged.comparison


@asks
def fit_chamber(
    votes: Votes,
    out: Place,
    *,
    name: str = "votes",
    quick: bool = False,
    test: str = "cells",
    dimensions: int = 2,
    anchor: Any = None,
    minority: float = MINORITY,
    estimators: Sequence[Estimator | Mapping[str, Any]] = (),
    seed: int = 0,
    workers: int | None = None,
    executor: Executor | Callable[[], Executor] | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> ChamberFit:
    """Fit a chamber, write its tables into a folder and return them.

    The files are ``evaluation.csv``, ``comparison.csv`` (paired differences of the scores),
    ``couplings.csv``, ``members.csv``, ``rollcalls.csv``; of ideal points ``ideal_points.csv``,
    ``dimensions.csv``, ``cutting_lines.csv``, ``classification_errors.csv`` and, beside
    DW-NOMINATE, ``validity.csv``; of parties ``parties.csv``, ``likeness.csv`` and
    ``party_votes.csv``, over all roll calls; ``by_rollcalls.csv``, how sums over couplings depend
    on the number of roll calls; ``system.npz``; and ``notes.txt``, what was dropped
    and how +1 is coded. Every table has the column ``polarity``, which says what +1
    means. Members have fields where +1 has a meaning (votes coded by experts or by majority), in
    the fit that predicts and the one that generates.

    Parameters
    ----------
    votes : Votes
        Unanimous roll calls and members present on less than a tenth of the rest are left out.
    out : path, or address such as ``s3://bucket/fit``
        Folder, made if it is not there. What takes time is kept in its ``parts`` step by step: a
        fit that was killed goes on where it was. It holds this fit alone: another's folder, or one
        with other files, is refused before anything is fitted.
    name : str
        What the votes are called, in the manifest.
    quick : bool
        The fit that predicts, ideal points and one test on held-out cells: without standard
        errors, stability selection, the Boltzmann refinement and what simulates it, whatever
        ``test`` is.
    test : {"cells", "rollcalls"}
        Which votes the models are tested on; cells are hidden five times, once if ``quick``.
    dimensions : int
        Ideal points are given in 1 to so many dimensions, at most 3.
    anchor : optional
        Who stands on the positive side of the first dimension, as ``IdealPoints`` takes it.
    minority : float
        Least share of the smaller side of a roll call that is fitted; tests are on roll calls of
        at least 2.5 %.
    estimators : sequence of estimators, or of tables such as ``{"kind": "mean_field"}``
        Tested on the same hidden votes as well: more rows of ``evaluation.csv``.
    seed : int
    workers : int, optional
        Processes that do folds and bootstrap draws, and nothing is asked of them where there is
        little to do; 1 works in this one. Left out, up to one per usable processor. No number
        depends on it.
    executor : Executor, or function that gives one, optional
        Any ``concurrent.futures`` executor instead.
    progress : function (stage, done, stages), optional
        Called before each stage and at the end.
    cancel : threading.Event, optional
        Once it is set the fit ends; steps that are done are kept.

    Raises
    ------
    InputError
        Votes that cannot be fitted, or a folder that is another's, held by another process or
        cannot be written; what is finished stays in it.
    Cancelled
        ``cancel`` was set.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from sociophysics.rollcall import as_votes
    >>> votes = as_votes(np.where(np.random.default_rng(0).random((40, 6)) < 0.5, 1, -1))
    >>> with TemporaryDirectory() as folder:
    ...     fit = fit_chamber(votes, folder, quick=True)
    ...     (Path(folder) / "system.npz").is_file(), fit.votes.n_members
    (True, 6)
    """
    store, tested = open_store(out), tables_of(estimators)
    how = How(quick, test, dimensions, anchor, minority, seed, tested)
    manifest = fit_manifest({name: votes}, how)
    with (
        studies.claimed(store, "fit", manifest, {"python": True}),
        step_workers(workers, executor) as hands,
    ):
        return fit_into(
            store, votes, how, workers=workers, executor=hands, progress=progress, cancel=cancel
        )


class How(NamedTuple):
    """What ``fit_chamber`` is asked for."""

    quick: bool
    test: str
    dimensions: int
    anchor: Any
    minority: float
    seed: int
    estimators: tuple[dict[str, Any], ...] = ()  # tested as well, by their tables


def fit_manifest(chambers: Mapping[str, Votes], how: How) -> dict[str, Any]:
    """Return the manifest of a fit to chambers, by what they are called."""
    inputs = {name: votes_digest(each) for name, each in chambers.items()}
    asked = {"votes": list(chambers), **how._asdict()}
    if not isinstance(how.anchor, str | int | None):
        asked["anchor"] = np.asarray(how.anchor).tolist()
    # Only where some are asked for: studies without are those of before.
    asked["estimators"] = list(how.estimators)
    if not how.estimators:
        del asked["estimators"]
    manifest = studies.make_manifest("fit", asked=asked, inputs=inputs)
    modules = {ESTIMATORS[each["kind"]].__module__ for each in how.estimators}
    others = sorted(each for each in modules if each.partition(".")[0] != "sociophysics")
    return manifest | ({"plugins": code_of_others(others)} if others else {})


def fit_into(
    store: Store,
    votes: Votes,
    how: How,
    *,
    workers: int | None,
    executor: Executor | Callable[[], Executor] | None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> ChamberFit:
    """Do what ``fit_chamber`` does in a place that the caller holds."""
    tell = _teller(progress)
    with kept_steps(store, executor=executor, workers=workers, cancel=cancel):
        result = _fitted(votes, tell, how)
        _write(result, store)
    tell("done")
    return result


@contextlib.contextmanager
def kept_steps(
    store: Store,
    *,
    executor: Executor | Callable[[], Executor] | None,
    workers: int | None,
    cancel: threading.Event | None = None,
) -> Iterator[None]:
    """Let the steps of a fit be kept in a store, until ``cancel`` is set."""

    def check() -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"the fit was cancelled; finished steps are kept in {store.place}")

    code = source_digest()
    with keeping(Steps(store, code=code, executor=executor, workers=workers, check=check)):
        yield


def _fitted(votes: Votes, tell: Callable[[str], None], how: How) -> ChamberFit:
    data, quick, seed = prepared(votes, how.minority), how.quick, how.seed
    fields = data.polarity != "arbitrary"
    tell("couplings")
    fit = PseudoLikelihood(fields=fields, seed=seed).fit(data)
    tell("ideal points")
    scaling = scale(data, dimensions=how.dimensions, anchor=how.anchor, seed=seed)
    ideal = scaling.models[0]
    tell("standard errors")
    errors = None if quick else _errors(fit, data.n_members)
    tell("stability")
    stability = None if quick else StabilitySelection(fields=fields, seed=seed).fit(data)
    tell("Boltzmann refinement")
    generative = None if quick else refined(data, fit)
    tell("bootstrap")
    draws = {} if quick or generative is None else bootstrap_draws(data, fit, generative, DRAWS)
    if errors is not None and generative is not None:
        temperature = generative.temperature_
        found = sign_calibration(data, fit, errors, temperature=temperature, seed=seed)
        errors = calibrated(errors, found)
    tell("physics")
    physics = chamber_physics(
        data,
        fit.system_,
        generative,
        sign_probability=None if errors is None else errors.sign_probability,
        whole=votes,
        seed=seed,
    )
    tell("evaluation")
    kind = "cells" if quick else how.test
    judged = _evaluation(data, kind, seed, quick=quick, others=how.estimators)
    reliable = calibration(data, [_couplings(fields, seed), IdealPoints(1)], test=kind, seed=seed)
    tell("tables")
    systems = {"pseudolikelihood": fit.system_}
    if generative is not None:
        systems["boltzmann"] = generative.system_
    return ChamberFit(
        votes=data,
        couplings_fit=fit,
        scaling=scaling,
        errors=errors,
        stability=stability,
        generative=generative,
        physics=physics,
        judged=judged,
        calibration=reliable,
        couplings=couplings_table(
            data, fit, errors, None if stability is None else stability.probability_
        ),
        members=members_table(
            data,
            fit,
            ideal,
            physics.pivotal,
            whole=votes,
            draws=draws["pseudolikelihood"][0] if draws else None,
            pivotal_draws=pivotal_draws(draws["boltzmann"], seed) if draws else None,
        ),
        rollcalls=rollcalls_table(data, fit, ideal),
        party_tables=party_tables(votes),
        by_rollcalls=pd.DataFrame() if quick else by_rollcalls(data, fit.l2_, seed=seed),
        systems=systems,
        draws=draws,
    )


def prepared(votes: Votes, minority: float = MINORITY) -> Votes:
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
    return votes.contested(minority).present(LEAST_PRESENCE)


def _teller(progress: Progress | None) -> Callable[[str], None]:
    def tell(stage: str) -> None:
        if progress is not None:
            done = STAGES.index(stage) if stage in STAGES else len(STAGES)
            progress(stage, done, len(STAGES))

    return tell


def _couplings(fields: bool, seed: int) -> PseudoLikelihood:
    return PseudoLikelihood(fields=fields, seed=seed)


def _evaluation(
    votes: Votes, test: str, seed: int, *, quick: bool, others: Sequence[Mapping[str, Any]] = ()
) -> Verdicts:
    fields = votes.polarity != "arbitrary"
    couplings = _couplings(fields, seed)
    # the dimension of ideal points is chosen on training votes, as all penalties are
    models: list[Model] = [couplings, Stack(couplings, seed=seed), IdealPoints(None, seed=seed)]
    models += [ESTIMATORS.made(each) for each in others]
    seeds = range(seed, seed + (1 if quick else SEEDS))
    judged = compare(votes, models, PAIRS, test=test, seeds=seeds)
    table = judged.evaluation
    table.insert(2, "seed", seed)
    table.insert(3, "n_cells", int(split(votes, test=test, seed=seed).cells.sum()))
    return judged


def _errors(fit: PseudoLikelihood, members: int) -> StandardErrors:
    return fit.standard_errors("sandwich" if members <= LARGEST else "bootstrap")


def _write(result: ChamberFit, store: Store) -> None:
    for name, table in _tables(result).items():
        write_table(store, name, table.assign(polarity=result.votes.polarity))
        result.files[name] = _place(store, f"{name}.csv")
    saved = partial(
        save_systems,
        systems=result.systems,
        polarity=result.votes.polarity,
        draws=result.draws,
        notes=result.votes.notes,
    )
    store.write("system.npz", saved)
    lines = [f"polarity: {result.votes.polarity}", *result.votes.notes, *_fit_notes(result)]
    text = "".join(f"{line}\n" for line in lines)
    store.write("notes.txt", lambda file: file.write(text.encode()))
    result.files["system"] = _place(store, "system.npz")
    result.files["notes"] = _place(store, "notes.txt")


def _tables(result: ChamberFit) -> dict[str, pd.DataFrame]:
    """Return the tables by the names of their files; without rows none is written."""
    own = (
        "evaluation",
        "comparison",
        "couplings",
        "members",
        "rollcalls",
        "validity",
        "by_rollcalls",
    )
    scaling = result.scaling
    tables = {name: getattr(result, name) for name in own}
    tables |= {
        "ideal_points": scaling.points,
        "dimensions": scaling.fits,
        "cutting_lines": scaling.lines,
        "classification_errors": scaling.errors,
    }
    return {name: table for name, table in (tables | result.party_tables).items() if len(table)}


def _place(store: Store, name: str) -> Path | str:
    return store.path / name if isinstance(store, Folder) else f"{store.place}/{name}"


def _fit_notes(result: ChamberFit) -> list[str]:
    notes = [
        f"couplings: l2 = {result.couplings_fit.l2_:.3g}",
        f"ideal points: the positive side of the first dimension is that of "
        f"{result.ideal_points.anchor_}",
    ]
    if result.errors is not None:
        notes.append(f"errors: {result.errors.note}")
    if result.stability is not None and result.stability.stopped_:
        found = result.stability
        notes.append(
            f"stability: {found.stopped_} of {found.half_samples + 1} l1 fits stopped after "
            f"{found.max_iter} steps, before they were done"
        )
    return notes
