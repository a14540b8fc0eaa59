"""Running a scenario: its parts, its table, its comparison and its report."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sociophysics.ensemble import folder as run_folder
from sociophysics.ensemble import tasks
from sociophysics.ensemble.blocks import Part, fingerprints, plan
from sociophysics.ensemble.session import Progress, Session
from sociophysics.ensemble.tables import join_events, join_tables, write_results
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario

if TYPE_CHECKING:
    from sociophysics.results import Run

__all__ = ["Status", "run", "run_with", "status"]

FULL = (errno.ENOSPC, errno.EDQUOT)


class Status(NamedTuple):
    """How many parts of a run are on disk, and how many it has."""

    finished: int
    total: int


def status(directory: str | Path) -> Status:
    """Return how far the run in a folder is; files are counted, not read.

    Raises
    ------
    InputError
        The folder holds no run.
    """
    where = Path(directory)
    manifest = run_folder.read_manifest(where)
    if manifest is None:
        raise InputError(f"{where} holds no run; give the output folder of one.")
    scenario = Scenario.from_canonical(manifest["scenario"], name=manifest["name"])
    names = {part.name for part in plan(scenario, inputs=manifest["inputs"])}
    return Status(sum((where / "parts" / f"{n}.parquet").is_file() for n in names), len(names))


def run(
    scenario: Scenario,
    out: str | Path | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    *,
    progress: Progress | None = None,
) -> Run:
    """Run a scenario: all designs, at all points of the sweep, in all replicas.

    Parameters
    ----------
    scenario : Scenario
    out : path, optional
        Folder for parts, table, comparison and report. A run that was interrupted continues
        there, and one with more replicas, listed values or designs extends it. Left out, nothing
        is written.
    workers : int, optional
        Processes; all processors by default, 1 works in this process. No number depends on it.
    executor : Executor, optional
        Any ``concurrent.futures`` executor instead; it is not shut down. Its workers must see
        ``out``.
    progress : callable, optional
        Called with finished parts, all parts, and updates done in this session, now and then.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        Something in the scenario cannot be run, or the folder is another run's or full.
    """
    return run_with(
        scenario,
        out=None if out is None else Path(out),
        workers=workers,
        executor=executor,
        progress=progress,
        simulate=tasks.simulate_case,
        rehearse=tasks.rehearse_case,
        facts=society_facts,
    )


def society_facts(parts: Sequence[Part]) -> dict[str, Any]:
    """Return what the manifest says of the society: kernel, users and camps of the first case."""
    from sociophysics import camps, cases

    first = parts[0].settings
    system, codes = cases.build_system(first, 0)
    names = [] if codes is None else camps.of(system, first.network.camp)[1]
    sizes = {tasks.users_of(part.settings) for part in parts}
    return {
        "kernel": cases.kernel_name(first),
        "users": system.n if len(sizes) == 1 else None,
        "camps": [str(name) for name in names],
    }


def run_with(
    scenario: Scenario,
    *,
    out: Path | None,
    workers: int | None,
    executor: Executor | None,
    progress: Progress | None,
    simulate: tasks.Simulate,
    rehearse: tasks.Rehearse,
    facts: Callable[[Sequence[Part]], dict[str, Any]],
) -> Run:
    """Do what ``run`` does, with any simulation of a part."""
    from sociophysics.results import Run

    count = os.cpu_count() or 1 if workers is None else workers
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise InputError(f"workers is {workers!r}; it must be a whole number >= 1.")
    if out is not None:
        run_folder.read_manifest(out)
    inputs = fingerprints(scenario)
    parts = plan(scenario, inputs=inputs)
    with tasks.naming(parts[0]):
        about = facts(parts)
    manifest = run_folder.make_manifest(scenario, inputs=inputs, facts=about)
    if out is not None:
        run_folder.check_continues(out, manifest)
    _rehearse(parts, out, rehearse)
    session = Session(out, parts, simulate, progress, manifest.get("users"))
    try:
        with run_folder.claim(out) as log:
            if out is not None:
                # Another run may have written here until now; from here on nobody else can.
                manifest = run_folder.check_continues(out, manifest)
                run_folder.write_manifest(out, manifest)
            data = session.compute(log, workers=count, executor=executor)
            result = Run(
                table=join_tables(scenario, parts, data),
                manifest=manifest,
                scenario=scenario,
                directory=out,
                events=join_events(scenario, parts, data),
            )
            if out is not None:
                write_results(out, result)
            log.write("end")
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise session.disk_full() from error
    return result


def _rehearse(parts: Sequence[Part], out: Path | None, rehearse: tasks.Rehearse) -> None:
    """Try the beginning of every case that is not finished, before anything is written."""
    there = set() if out is None else {path.stem for path in (out / "parts").glob("*.parquet")}
    first = {part.identity: part for part in reversed(parts) if part.name not in there}
    # Cases of one society in a row, so that each is built once.
    for part in sorted(reversed(first.values()), key=_society):
        with tasks.naming(part):
            rehearse(part.settings, part.replicas)


def _society(part: Part) -> str:
    return part.settings.network.model_dump_json() + part.settings.couplings.model_dump_json()
