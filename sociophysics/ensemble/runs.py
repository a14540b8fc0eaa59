"""Running a scenario: its parts, its table, its comparison and its report."""

from __future__ import annotations

import errno
import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sociophysics.ensemble import folder as run_folder
from sociophysics.ensemble import tasks
from sociophysics.ensemble.parts import (
    CorruptPart,
    Part,
    PartData,
    fingerprints,
    plan,
    read_part,
)
from sociophysics.ensemble.tables import join_events, join_tables, write_results
from sociophysics.errors import InputError
from sociophysics.memory import require_memory
from sociophysics.scenario import Scenario

if TYPE_CHECKING:
    from sociophysics.results import Run

__all__ = ["Status", "run", "run_with", "status"]

Progress = Callable[[int, int, float], None]
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
    facts: Callable[[Sequence[Part]], dict[str, Any]],
) -> Run:
    """Do what ``run`` does, with any simulation of a part."""
    from sociophysics.results import Run

    count = os.cpu_count() or 1 if workers is None else workers
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise InputError(f"workers is {workers!r}; it must be a whole number >= 1.")
    old = None if out is None else run_folder.read_manifest(out)
    inputs = fingerprints(scenario)
    parts = plan(scenario, inputs=inputs)
    _require_memory(parts)
    manifest = run_folder.make_manifest(scenario, inputs=inputs, facts=facts(parts))
    if out is not None and old is not None:
        run_folder.check_continues(out, old, manifest)
    session = _Session(out, parts, simulate, progress, manifest.get("users"))
    try:
        with run_folder.claim(out) as log:
            if out is not None and old != manifest:
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
                session.drop_superseded(log)
            log.write("end")
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise session.disk_full() from error
    return result


def _require_memory(parts: Sequence[Part]) -> None:
    """Refuse a table that cannot fit, before anything is simulated."""
    cells = 0
    for part in parts:
        frames = part.settings.dynamics.sweeps // part.settings.observe.every + 1
        columns = 3 + len(part.point) + len(part.settings.observe.names)
        cells += frames * len(part.replicas) * columns
    require_memory(
        3.0 * 8 * cells,
        what=f"the table of {len(parts)} parts",
        fix="raise observe.every, or ask for fewer replicas or values",
    )


class _Session:
    """One attempt to finish a run: which parts are there, which are still to do."""

    def __init__(
        self,
        out: Path | None,
        parts: Sequence[Part],
        simulate: tasks.Simulate,
        progress: Progress | None,
        users: int | None,
    ) -> None:
        self.folder = None if out is None else out / "parts"
        self.parts = {part.name: part for part in parts}
        self.data: dict[str, PartData] = {}
        self.simulate, self.progress, self.users = simulate, progress, users
        self.updates = 0.0

    def compute(
        self, log: run_folder.Log, *, workers: int, executor: Executor | None
    ) -> dict[str, PartData]:
        """Return the data of all parts, after simulating those that are missing."""
        self.load(log)
        started, failures = time.perf_counter(), 0
        log.write(
            "start",
            host=platform.node(),
            workers=workers,
            executor=None if executor is None else type(executor).__name__,
            finished=len(self.data),
            total=len(self.parts),
        )
        self.report(len(self.data))
        while missing := [part for name, part in self.parts.items() if name not in self.data]:
            before = len(self.data)
            work = tasks.bundle(missing, folder=self.folder, simulate=self.simulate)
            try:
                self.follow(log, work, workers, executor)
                why = "parts were damaged as they were written"
            except tasks.WorkersDied as error:
                why = str(error)
            self.load(log)
            if all(name in self.data for name in self.parts):
                break
            failures = failures + 1 if len(self.data) == before else 1
            log.write("retry", why=why, finished=len(self.data), attempt=failures)
            if failures > tasks.RETRIES:
                raise tasks.gave_up(why, failures, self.folder)
        log.write("computed", seconds=round(time.perf_counter() - started, 3))
        return self.data

    def follow(
        self,
        log: run_folder.Log,
        work: Sequence[tasks.Task],
        workers: int,
        executor: Executor | None,
    ) -> None:
        """Take in finished tasks, log and report them."""
        finished = len(self.data)
        # Closed at once when something is raised here, so that no worker runs on.
        with closing(tasks.execute(work, workers=workers, executor=executor)) as batches:
            for batch in batches:
                for done in batch:
                    part = self.parts[done.name]
                    self.updates += tasks.updates_of(part, users=self.users)
                    if done.data is not None:
                        self.data[done.name] = done.data
                    log.write("part", part=done.name, seconds=done.seconds, worker=done.worker)
                finished += len(batch)
                self.report(finished)

    def report(self, finished: int) -> None:
        """Tell the caller how far the run is."""
        if self.progress is not None:
            self.progress(finished, len(self.parts), self.updates)

    def load(self, log: run_folder.Log) -> None:
        """Read the parts that are on disk; set a damaged one aside."""
        if self.folder is None:
            return
        for name, part in self.parts.items():
            if name in self.data:
                continue
            try:
                self.data[name] = read_part(self.folder, part)
            except FileNotFoundError:
                continue
            except CorruptPart as error:
                aside = self.folder / f"{name}.corrupt"
                os.replace(self.folder / f"{name}.parquet", aside)
                log.write("corrupt part", part=name, why=str(error), kept_as=aside.name)

    def drop_superseded(self, log: run_folder.Log) -> None:
        """Remove blocks of replicas that an extension has replaced by fuller ones."""
        if self.folder is None:
            return
        for path in self.folder.glob("*.parquet"):
            if path.stem not in self.parts:
                path.unlink()
                log.write("superseded part", part=path.stem)

    def disk_full(self) -> InputError:
        """Return the sentence for a full disk."""
        finished = 0
        if self.folder is not None and self.folder.is_dir():
            finished = sum((self.folder / f"{name}.parquet").is_file() for name in self.parts)
        where = "a disk" if self.folder is None else f"the disk of {self.folder.parent}"
        return InputError(
            f"no space is left on {where}; {finished} of {len(self.parts)} parts are finished and "
            "kept: free some space and run the same again."
        )
