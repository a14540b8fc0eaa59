"""Parameters of a society from data: a panel, a trial, a snapshot, or targets.

Which way is taken follows from the data and is told: waves are followed from one to the next
(*panel*), with a treated group the feed is told apart from peers (*trial*), observables with their
errors are met by simulations of the whole scenario (*summaries*), and one wave gives an
association (*snapshot*).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.errors import InputError, did_you_mean
from sociophysics.experiments.calibration_model import model_of
from sociophysics.experiments.calibration_posterior import (
    Calibration,
    how_many_steps,
    solved,
)
from sociophysics.experiments.calibration_problem import Question, problem_of
from sociophysics.inference.calibration.panel_files import read_panel
from sociophysics.scenario import text as toml
from sociophysics.store import Place, open_store, write_table
from sociophysics.store.studies import claimed, make_manifest
from sociophysics.streams import check_seed
from sociophysics.study.measure import Progress, Work, keeping_steps

__all__ = ["Calibration", "Question", "calibrate", "read_question"]

TOP = ("data", "model", "free", "targets", "seed")
FILES = ("path", "nodes")


def read_question(path: str | Path) -> Question:
    """Return what the TOML file of a calibration asks.

    Raises
    ------
    InputError
        No such file, no TOML, or tables that a calibration does not have.
    """
    tables = toml.parse(toml.read(path), file=str(path))
    unknown = next((key for key in tables if key not in TOP), None)
    if unknown is not None:
        raise InputError(f"{path}: {unknown} is not a table of a calibration; "
                         f"{did_you_mean(unknown, TOP)}")  # fmt: skip
    for name in ("data", "model", "free"):
        if not isinstance(tables.get(name, {}), dict):
            raise InputError(f"{path}: {name} is no table; write [{name}].")
    for name in ("data", "free"):
        if not tables.get(name):
            raise InputError(f"{path}: [{name}] is missing; add this table.")
    return Question(
        tables["data"], tables.get("model", {}), tables["free"], tables.get("targets", {}),
        Path(path).parent.resolve(), check_seed(tables.get("seed", 0)),
    )  # fmt: skip


def calibrate(
    data: Mapping[str, Any] | Question | str | Path,
    model: Mapping[str, Any] | None = None,
    free: Mapping[str, Any] | None = None,
    targets: Mapping[str, Any] | None = None,
    *,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int = 0,
) -> Calibration:
    r"""Return the parameters of a society that data tell, and which they do not tell.

    Waves are simulated from one to the next, so gaps may be of any length; summaries of the
    simulations are emulated, and the synthetic likelihood is sampled within uniform priors.

    Parameters
    ----------
    data : mapping, Question, or path of a TOML file
        ``network`` and ``stances`` as in a file's ``[data]``; or ``system`` (a SpinSystem),
        ``stances`` (waves, n) of +1, -1 and 0 for unknown, perhaps ``times``, ``treated`` (n,)
        and ``shown`` (waves, n).
    model : mapping
        A scenario's tables ``couplings``, ``field``, ``feed``, ``dynamics``.
    free : mapping
        From dotted keys to ``low``, ``high``, perhaps ``shape``; and ``sweeps_per_wave``.
    targets : mapping, optional
        Observables with ``value`` and ``sd``.
    seed : int
        Of every simulation.
    out : path or str, optional
        Folder of this study; data must then lie in files.
    workers, executor, progress, cancel
        As in ``sp.experiments.hysteresis``.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        Data, model or priors that are not understood; one wave where two are needed; targets that
        no parameters reach.

    Examples
    --------
    >>> from sociophysics import SpinSystem
    >>> ring = SpinSystem.from_edges(range(60), [(i + 1) % 60 for i in range(60)])
    >>> waves = np.where(np.random.default_rng(1).random((4, 60)) < 0.5, 1, -1)
    >>> prior = {"dynamics.temperature": {"low": 0.5, "high": 8.0}}
    >>> found = calibrate({"system": ring, "stances": waves}, {}, prior, workers=1)
    >>> found.way, len(found.draws)
    ('panel', 4000)
    """
    if isinstance(data, str | Path):
        asked = read_question(data)
    elif isinstance(data, Question):
        asked = data
    else:
        asked = Question(dict(data), dict(model or {}), dict(free or {}), dict(targets or {}))
        asked = asked._replace(seed=check_seed(seed))
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    if out is None:
        return answered(asked, work)
    if "system" in asked.data:
        raise InputError("out is given, but the data are arrays; a study needs them in files.")
    store = open_store(out)
    given = {"folder": None if asked.folder is None else str(asked.folder), "python": True}
    with claimed(store, "calibrate", manifest_of(asked), given):
        found = answered(asked, work)
        for name, table in tables_of(found).items():
            write_table(store, name, table)
    return found


def tables_of(found: Calibration) -> dict[str, pd.DataFrame]:
    """Return the tables of a study by name."""
    tables = {"posterior": found.draws, "summary": found.summary, "checks": found.checks}
    return tables | {"combinations": found.combinations}


def manifest_of(asked: Question) -> dict[str, Any]:
    """Return the manifest of a calibration: the question, and the digests of its files.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    question: dict[str, Any] = {"data": asked.data, "model": asked.model, "free": asked.free}
    question |= {"targets": asked.targets, "seed": asked.seed}
    inputs = {}
    network = asked.data.get("network")
    network = network if isinstance(network, Mapping) else {}
    named = [network.get(key) for key in FILES]
    for path in [*named, asked.data.get("stances"), asked.data.get("exposure")]:
        place = None if path is None else _found(str(path), asked.folder)
        if place is not None:
            inputs[str(path)] = hashlib.sha256(place.read_bytes()).hexdigest()
    return make_manifest("calibrate", asked=question, inputs=inputs)


def _found(path: str, folder: Path | None) -> Path | None:
    places = [Path(path)] if folder is None else [folder / path, Path(path)]
    return next((place for place in places if place.is_file()), None)


def answered(asked: Question, work: Work) -> Calibration:
    """Return the answer to a question, by whom ``work`` says."""
    source = None if "system" in asked.data else read_panel(asked.data, asked.folder)
    stances = asked.data.get("stances") if source is None else source.stances
    waves = 0 if stances is None else len(np.atleast_2d(np.asarray(stances)))
    if waves == 0 and not asked.targets:
        raise InputError("neither [data] stances nor [targets] are given; give one.")
    if asked.targets and source is None:
        raise InputError("targets need the network in a file; give data = {'network': ...}.")
    network = None
    if source is not None:
        network = {"kind": "file", **asked.data["network"]}
    model = model_of(
        asked.model,
        asked.free,
        network=network if asked.targets else None,
        camp="camp" if source is None else source.camp,
        folder=asked.folder,
        graphs=() if source is None else source.graphs,
    )
    if waves == 1 and not asked.targets:
        from sociophysics.experiments.snapshot_way import from_snapshot

        return from_snapshot(model, asked.data, source, asked.seed)
    problem = problem_of(asked, model, source, waves)
    with keeping_steps(work, total=how_many_steps()):
        return solved(problem, asked.seed)
