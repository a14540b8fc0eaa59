"""One attempt to finish a run: what is there, what is to do, what came of it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path

from sociophysics.ensemble import folder as run_folder
from sociophysics.ensemble import tasks
from sociophysics.ensemble.blocks import Part
from sociophysics.ensemble.parts import CorruptPart, PartData, merged, read_part, write_part
from sociophysics.errors import InputError

__all__ = ["Progress", "Session"]

Progress = Callable[[int, int, float], None]


class Session:
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
        self.missing: list[Part] = []
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
        while self.missing:
            before = len(self.data)
            try:
                self.follow(log, workers, executor)
                why = "parts were damaged as they were written"
            except tasks.WorkersDied as error:
                why = str(error)
            self.load(log)
            if not self.missing:
                break
            failures = failures + 1 if len(self.data) == before else 1
            log.write("retry", why=why, finished=len(self.data), attempt=failures)
            if failures > tasks.RETRIES:
                raise tasks.gave_up(why, failures, self.folder)
        log.write("computed", seconds=round(time.perf_counter() - started, 3))
        return self.data

    def follow(self, log: run_folder.Log, workers: int, executor: Executor | None) -> None:
        """Take in finished tasks, log and report them."""
        finished = len(self.data)
        asked = {part.name: part for part in self.missing}
        work = tasks.bundle(self.missing, folder=self.folder, simulate=self.simulate)
        # Closed at once when something is raised here, so that no worker runs on.
        with closing(tasks.execute(work, workers=workers, executor=executor)) as batches:
            for batch in batches:
                for done in batch:
                    self.updates += tasks.updates_of(asked[done.name], users=self.users)
                    if done.data is not None:
                        self.data[done.name] = done.data
                    log.write("part", part=done.name, seconds=done.seconds, worker=done.worker)
                finished += len(batch)
                self.report(min(finished, len(self.parts)))

    def report(self, finished: int) -> None:
        """Tell the caller how far the run is."""
        if self.progress is not None:
            self.progress(finished, len(self.parts), self.updates)

    def load(self, log: run_folder.Log) -> None:
        """Read the parts that are on disk, and list what is missing."""
        there: set[str] = set()
        if self.folder is not None:
            there = {path.stem for path in self.folder.glob("*.parquet")}
        pieces = there - self.parts.keys()
        self.missing = []
        for name, part in self.parts.items():
            if name not in self.data and name in there:
                self.read(part, log)
            if name not in self.data:
                self.missing += self.assemble(part, pieces, log)

    def read(self, part: Part, log: run_folder.Log) -> None:
        """Take in a part from the disk; set a damaged one aside."""
        if self.folder is None:
            return
        try:
            self.data[part.name] = read_part(self.folder, part)
        except FileNotFoundError:
            return
        except CorruptPart as error:
            aside = self.folder / f"{part.name}.corrupt"
            os.replace(self.folder / f"{part.name}.parquet", aside)
            log.write("corrupt part", part=part.name, why=str(error), kept_as=aside.name)

    def assemble(self, part: Part, there: set[str], log: run_folder.Log) -> list[Part]:
        """Make a block out of pieces that earlier runs left; return what is missing of it."""
        if self.folder is None or not there:
            return [part]
        found, missing = part.split(there)
        for piece in found:
            self.read(piece, log)
        pieces = [self.data.pop(piece.name, None) for piece in found]
        good = [data for data in pieces if data is not None]
        if len(good) < len(found):
            lost = {p.name for p, data in zip(found, pieces, strict=True) if data is None}
            return self.assemble(part, there - lost, log)
        if missing:
            return missing
        self.data[part.name] = merged(good)
        write_part(self.folder, part, self.data[part.name])
        # Only now that the block is safe: no replica is ever lost, nor counted twice.
        for name in {piece.name for piece in part.pieces()} & there:
            (self.folder / f"{name}.parquet").unlink(missing_ok=True)
        log.write("filled up part", part=part.name, replicas=[list(p.replicas) for p in found])
        return []

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
