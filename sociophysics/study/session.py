"""One attempt to finish a run: what is there, what is to do, what came of it."""

from __future__ import annotations

import contextlib
import logging
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing

from sociophysics.errors import FULL, Cancelled, InputError
from sociophysics.store import Store
from sociophysics.study import cluster, ledger, tasks
from sociophysics.study import run_manifest as run_folder
from sociophysics.study.blocks import Part, society
from sociophysics.study.parts import (
    CorruptPart,
    file_of,
    merged,
    read_columns,
    write_part,
)
from sociophysics.study.shelf import Shelf

__all__ = ["Cancelled", "Progress", "Report", "Session", "finished", "reporter", "users_in"]

Report = Callable[[int, int, float], None]
Progress = Report | bool
SECONDS_BETWEEN_REPORTS = 0.5
SLOW = 20_000  # finished parts from which on to read them is said before it begins
LEDGER_SHARE = 0.05  # of the time of a run, at most, for writing what a resumed one reads
_log = logging.getLogger(__name__)
UNSEEN = "parts that were reported as finished are not there: do all workers see {}?"


def finished(store: Store | None) -> set[str]:
    """Return the names of the parts that are in a store, damaged ones included."""
    names = set() if store is None else store.names("parts")
    return {name.removesuffix(".parquet") for name in names if name.endswith(".parquet")}


def reporter(progress: Progress | None) -> Report | None:
    """Return who is told how far the work is: a bar for True, nobody for False and None.

    Parameters
    ----------
    progress : callable or bool, optional
        A callable is returned as it is.
    """
    if not isinstance(progress, bool):
        return progress
    return _bar() if progress else None


def _bar() -> Report:
    """Return a bar in the notebook, or on the terminal's standard error, of parts that are done."""
    from tqdm.auto import tqdm

    bar = tqdm(unit="part", leave=True)

    def report(done: int, total: int, _: float) -> None:
        # Experiments find out as they go how many parts they need.
        bar.total = total
        bar.n = done
        bar.refresh()

    return report


class Session:
    """One attempt to finish a run: which parts are there, which are still to do.

    Parameters
    ----------
    store : Store or None
        Where parts are kept, if anywhere.
    parts : sequence of Part
    simulate : callable
        What returns the table and the events of a part.
    progress : callable or bool, optional
        Told about twice a second how far the run is.
    users : int, optional
        Users of the society, where the settings do not say.
    cancel : threading.Event, optional
        Ends the run when it is set.
    """

    def __init__(
        self,
        store: Store | None,
        parts: Sequence[Part],
        simulate: tasks.Simulate,
        progress: Progress | None = None,
        users: int | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        self.store = store
        self.parts = {part.name: part for part in parts}
        self.names = frozenset(self.parts)
        self.data = Shelf()
        self._read = 0  # parts read one by one since the ledger was written
        self._unread: list[Part] = []  # written since
        self._ledger_due = 0.0
        self.missing: list[Part] = []
        self.simulate, self.users, self.cancel = simulate, users, cancel
        self.progress = reporter(progress)
        self.updates, self.finished, self._reported = 0.0, 0, time.monotonic()

    def rehearse(self, rehearse: tasks.Rehearse) -> None:
        """Try the beginning of every case that is not finished, before anything is written."""
        there = finished(self.store)
        parts = [part for part in self.parts.values() if part.name not in there]
        first = {part.identity: part for part in reversed(parts)}
        # Cases of one society in a row, so that each is built once.
        for part in sorted(reversed(first.values()), key=society):
            self.check_cancelled()
            with tasks.naming(part):
                rehearse(part.settings, part.replicas)

    def compute(
        self,
        log: run_folder.Log,
        *,
        workers: int | None,
        executor: Executor | None,
        ahead: Executor | None = None,
    ) -> Shelf:
        """Return the data of all parts, after simulating those that are missing."""
        if executor is None:
            return self._compute(log, workers, None, ahead)
        with cluster.adopting(executor) as found:
            return self._compute(log, workers, found, None)

    def _compute(
        self,
        log: run_folder.Log,
        workers: int | None,
        executor: Executor | None,
        ahead: Executor | None,
    ) -> Shelf:
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
                # Once broken they do not come back: the next attempt starts its own.
                begun, ahead = ahead, None
                self.follow(log, workers, executor, begun)
                why = "parts were damaged as they were written"
                if self.store is not None and finished(self.store).isdisjoint(self.parts):
                    why = UNSEEN.format(self.store.place)
            except tasks.WorkersDied as error:
                why = str(error)
            self.load(log)
            if not self.missing:
                break
            failures = failures + 1 if len(self.data) == before else 1
            log.write("retry", why=why, finished=len(self.data), attempt=failures)
            if failures > tasks.RETRIES:
                place = None if self.store is None else self.store.place
                raise tasks.gave_up(why, failures, place)
        log.write("computed", seconds=round(time.perf_counter() - started, 3))
        return self.data

    def follow(
        self,
        log: run_folder.Log,
        workers: int | None,
        executor: Executor | None,
        ahead: Executor | None,
    ) -> None:
        """Take in finished tasks, log and report them."""
        self.finished = len(self.data)
        if self.users is None:
            self.users = users_in(self.missing[0])
        asked = {part.name: part for part in self.missing}
        place = None if self.store is None else self.store.address
        work = tasks.bundle(self.missing, folder=place, simulate=self.simulate, users=self.users)
        ended = tasks.execute(
            work, workers=workers, executor=executor, check=self.check, ahead=ahead
        )
        # Closed at once when something is raised here, so that no worker runs on.
        with closing(ended) as batches:
            for batch in batches:
                for done in batch:
                    self.updates += tasks.updates_of(asked[done.name], users=self.users)
                    if done.data is not None:
                        self.data[done.name] = done.data
                    else:
                        self._unread.append(asked[done.name])
                    log.write("part", part=done.name, seconds=done.seconds, worker=done.worker)
                self.report(min(self.finished + len(batch), len(self.parts)))
                self.keep_up(log)

    def keep_up(self, log: run_folder.Log) -> None:
        """Read what was written and renew the ledger, so that a killed run resumes in seconds."""
        start = time.monotonic()
        if len(self._unread) < ledger.WORTH or start < self._ledger_due:
            return
        self.read(self._unread, log)
        self.write_ledger()
        took = time.monotonic() - start
        self._ledger_due = start + took / LEDGER_SHARE

    def take(self) -> Shelf:
        """Return the data and keep neither it nor parts, so that they go when the caller's do."""
        data, self.data, self.parts = self.data, Shelf(), {}
        return data

    def report(self, finished: int) -> None:
        """Tell the caller how far the run is."""
        self.finished, self._reported = finished, time.monotonic()
        if self.progress is not None:
            self.progress(finished, len(self.parts), self.updates)

    def check(self) -> None:
        """Give the caller a chance to stop the run, whatever it is waiting for."""
        self.check_cancelled()
        if time.monotonic() - self._reported >= SECONDS_BETWEEN_REPORTS:
            self.report(self.finished)

    def check_cancelled(self) -> None:
        """Raise if the caller has asked the run to end."""
        if self.cancel is not None and self.cancel.is_set():
            kept = "" if self.store is None else f"; finished parts are kept in {self.store.place}"
            raise Cancelled(f"the run was cancelled{kept}")

    def load(self, log: run_folder.Log) -> None:
        """Read the parts that are stored, and list what is missing."""
        there = finished(self.store)
        if not self.data:
            self.read_ledger(there)
        stored = [part for part in self.parts.values() if part.name in there]
        if len(stored) >= SLOW and not self.data:
            _log.info("reading %d finished parts", len(stored))
        self.read(stored, log)
        pieces = there - self.parts.keys()
        self.missing = []
        for name, part in self.parts.items():
            if name not in self.data:
                self.missing += self.assemble(part, pieces, log)
        self.write_ledger()

    def write_ledger(self) -> None:
        """Renew the ledger if many parts were read one by one since it was written."""
        self._unread.clear()
        if self._read >= ledger.WORTH and self.store is not None:
            ledger.write_ledger(self.store, self.data, self._stamps())
            self._read = 0

    def read_ledger(self, there: set[str]) -> None:
        """Take in the parts that an earlier session has read, and that have not changed since."""
        wanted = there & self.parts.keys()
        if self.store is None or len(wanted) < ledger.WORTH:
            return
        if ledger.LEDGER not in self.store.names():
            return  # to ask for the stamps of all parts takes a while
        if len(wanted) >= SLOW:
            _log.info("reading the ledger of %d finished parts", len(wanted))
        names = next(iter(self.parts.values())).settings.observe.names
        self.data = ledger.read_ledger(
            self.store, wanted, self._stamps(), ["replica", "sweep", *names]
        )

    def _stamps(self) -> dict[str, str]:
        if self.store is None:
            return {}
        found = self.store.stamps("parts")
        return {name.removesuffix(".parquet"): stamp for name, stamp in found.items()}

    def read(self, parts: Sequence[Part], log: run_folder.Log) -> None:
        """Take in parts from the store; set damaged ones aside."""
        wanted = [part for part in parts if part.name not in self.data]
        if self.store is None or not wanted:
            return
        for part, found in read_columns(self.store, wanted):
            self.finished = max(self.finished, len(self.data))
            if isinstance(found, CorruptPart):
                aside = f"{part.name}.corrupt"
                self.store.move(file_of(part.name), f"parts/{aside}")
                log.write("corrupt part", part=part.name, why=str(found), kept_as=aside)
            elif found is not None:
                self.data.put(part.name, found)
                self._read += 1
            self.check()

    def assemble(self, part: Part, there: set[str], log: run_folder.Log) -> list[Part]:
        """Make a block out of pieces that earlier runs left; return what is missing of it."""
        if self.store is None or not there:
            return [part]
        found, missing = part.split(there)
        self.read(found, log)
        pieces = [self.data.pop(piece.name, None) for piece in found]
        good = [data for data in pieces if data is not None]
        if len(good) < len(found):
            lost = {p.name for p, data in zip(found, pieces, strict=True) if data is None}
            return self.assemble(part, there - lost, log)
        if missing:
            return missing
        self.data[part.name] = merged(good)
        write_part(self.store, part, self.data[part.name])
        # Only now that the block is safe: no replica is ever lost, nor counted twice.
        for name in {piece.name for piece in part.pieces()} & there:
            self.store.remove(file_of(name))
        log.write("filled up part", part=part.name, replicas=[list(p.replicas) for p in found])
        return []

    @contextlib.contextmanager
    def full_disk_told(self) -> Iterator[None]:
        """Make one sentence of a full disk."""
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                raise
            kept = len(finished(self.store) & self.names)
            where = "a disk" if self.store is None else f"the disk of {self.store.place}"
            raise InputError(
                f"no space is left on {where}; {kept} of {len(self.names)} parts are finished and "
                "kept: free some space and run the same again."
            ) from error


def users_in(part: Part) -> int:
    """Return how many users a part has, where its settings do not say: of the society itself."""
    from sociophysics.scenario.build import build_system

    named = tasks.users_of(part.settings)
    # Built already when the scenario was looked at, and kept.
    return build_system(part.settings, part.replicas[0])[0].n if named is None else named
