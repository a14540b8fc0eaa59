"""Doing the missing parts as tasks of seconds, whatever happens to those who work on them.

A part is timed alone, then as many of its kind are bundled as make seconds of work.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import multiprocessing
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)

from sociophysics.errors import InputError
from sociophysics.machine import usable_cpus, worth_processes
from sociophysics.processes import main_hidden, worker_processes
from sociophysics.store import Place, open_store
from sociophysics.study import cluster
from sociophysics.study.blocks import Part, registering_modules, society, updates_of, users_of
from sociophysics.study.work import (
    Check,
    Done,
    Rehearse,
    Simulate,
    Task,
    naming,
    rehearse_case,
    simulate_case,
    wake,
    work,
    work_text,
)

__all__ = [
    "Bundles",
    "Done",
    "Rehearse",
    "Simulate",
    "WorkersDied",
    "bundle",
    "execute",
    "gave_up",
    "naming",
    "processes_ahead",
    "rehearse_case",
    "simulate_case",
    "updates_of",
    "users_of",
    "work",
]

SECONDS_PER_TASK = 2.0
PARTS_PER_TASK = 256
# What one process has done before, or soon after, a second one has started.
SHORT = 2e8
RETRIES = 3
TICK = 0.2  # seconds in which a request to stop is seen
AHEAD = 2  # tasks per worker that are handed out: one at work, one on its way


class WorkersDied(Exception):
    """Workers ended without an exception: killed, out of memory, or out of reach."""


class Bundles:
    """Parts still to be done, handed out as tasks of seconds; no number depends on them.

    Parts of one society follow each other, so that a worker that keeps what it built last builds
    each once: of every replica where each draws its own.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        store: str | None,
        simulate: Simulate,
        modules: tuple[str, ...],
        users: int | None = None,
    ) -> None:
        self.simulate, self.modules, self.store, self.users = simulate, modules, store, users
        self.parts = sorted(parts, key=society)
        self._queue = deque(self.parts)
        self._known = {part.name: part for part in parts}
        self._spent: dict[str, tuple[float, float]] = {}

    @property
    def left(self) -> list[Part]:
        """The parts that are not handed out yet."""
        return list(self._queue)

    @property
    def short(self) -> bool:
        """Whether this process can begin: it is done soon, or soon knows that it is not."""
        return sum(map(self._updates, self._queue)) < SHORT

    @property
    def seconds(self) -> float:
        """About how long the parts that are left take one process, by the pace so far."""
        pace = sum(seconds for seconds, _ in self._spent.values())
        pace /= sum(updates for _, updates in self._spent.values()) or 1.0
        known = ((self._seconds(part), part) for part in self._queue)
        return sum(pace * self._updates(part) if s is None else s for s, part in known)

    def main(self) -> contextlib.AbstractContextManager[None]:
        """Give a time in which processes start without the caller's script, where they can.

        Observables of the script itself need it in the workers: then it has to have a guard.
        """
        return contextlib.nullcontext() if "__main__" in self.modules else main_hidden()

    def take(self, workers: int) -> Task | None:
        """Return the next task, None when all are handed out.

        A task holds one part until a part of its kind has been timed, and never more than leaves
        something for the other workers.
        """
        most = min(PARTS_PER_TASK, max(1, len(self._queue) // (2 * workers)))
        taken: list[Part] = []
        seconds = 0.0
        while self._queue and len(taken) < most:
            needs = self._seconds(self._queue[0])
            if taken and (needs is None or seconds + needs > SECONDS_PER_TASK):
                break
            taken.append(self._queue.popleft())
            if needs is None:
                break
            seconds += needs
        return Task(tuple(taken), self.store, self.simulate, self.modules) if taken else None

    def note(self, done: Sequence[Done]) -> None:
        """Learn from finished parts how long others of their kind will take."""
        for each in done:
            part = self._known[each.name]
            seconds, updates = self._spent.get(_kind(part), (0.0, 0.0))
            self._spent[_kind(part)] = (seconds + each.seconds, updates + self._updates(part))

    def _seconds(self, part: Part) -> float | None:
        if _kind(part) not in self._spent:
            return None
        seconds, updates = self._spent[_kind(part)]
        return seconds / updates * self._updates(part)

    def _updates(self, part: Part) -> float:
        return updates_of(part, users=self.users)


def bundle(
    parts: Sequence[Part], *, folder: Place | None, simulate: Simulate, users: int | None = None
) -> Bundles:
    """Return the parts, to be handed out as tasks that write into the store of a run.

    Parameters
    ----------
    parts : sequence of Part
    folder : path or str, optional
        Where the run is, if it is kept.
    simulate : callable
    users : int, optional
        Of the society, where settings do not say.
    """
    store = None if folder is None else open_store(folder).address
    return Bundles(parts, store, simulate, registering_modules(parts), users)


@contextlib.contextmanager
def processes_ahead(
    parts: Sequence[Part],
    simulate: Simulate,
    *,
    users: int | None,
    workers: int | None,
    executor: Executor | None,
) -> Iterator[Executor | None]:
    """Start the processes that parts will need, while this one looks at what they simulate.

    A process takes two seconds until it simulates. None where no processes are started.

    Parameters
    ----------
    parts : sequence of Part
        Those still to be done.
    simulate : callable
    users : int, optional
        Of the society, where settings do not say.
    workers, executor
        As in `execute`.
    """
    count = min(processes_for(workers), len(parts))
    bundles = Bundles(parts, None, simulate, registering_modules(parts), users)
    alone = executor is not None or count <= 1 or (workers is None and bundles.short)
    main = None if alone else bundles.main()
    del bundles, parts  # they would be kept until the run ends
    if main is None:
        yield None
        return
    with worker_processes(count) as pool:
        with main:
            for _ in range(count):
                pool.submit(wake)
        yield pool


def processes_for(workers: int | None) -> int:
    """Return how many processes may work; 1: this one alone.

    Parameters
    ----------
    workers : int, optional
        Left out: one per processor.
    """
    # A daemonic process, such as one of a multiprocessing.Pool, may have no children.
    if multiprocessing.current_process().daemon:
        return 1
    return usable_cpus() if workers is None else workers


def execute(
    bundles: Bundles,
    *,
    workers: int | None,
    executor: Executor | None,
    check: Check | None = None,
    ahead: Executor | None = None,
) -> Generator[list[Done], None, None]:
    """Yield what each task did, as tasks finish.

    Parameters
    ----------
    bundles : Bundles
    workers : int, optional
        Processes; 1 works in this one. Left out, this one works as long as starting others would
        cost more than it saves, then one per processor does. Not used with an executor.
    executor : Executor, optional
        Any executor of ``concurrent.futures`` form; it is left open.
    check : callable, optional
        Called several times a second, in this process before every frame; what it raises ends
        all work.
    ahead : Executor, optional
        Processes that were started before (`processes_ahead`); they are ended with the work.

    Raises
    ------
    WorkersDied
        Processes of ours, or a cluster, broke; what was written before is kept.
    """
    checked = check or _go_on
    if executor is not None:
        with cluster.adopting(executor) as found:
            yield from _collect(found or executor, bundles, checked)
        return
    count = processes_for(workers)
    if ahead is None and (count == 1 or (workers is None and bundles.short)):
        yield from _here(bundles, checked, count == 1)
    if bundles.left:
        if bundles.simulate is simulate_case:
            _compile_kernels(bundles.left)
        own = worker_processes(min(count, len(bundles.left)))
        with own if ahead is None else contextlib.nullcontext(ahead) as pool:
            yield from _collect(pool, bundles, checked)
            pool.shutdown(wait=True)


def _here(bundles: Bundles, check: Check, alone: bool) -> Generator[list[Done], None, None]:
    """Do tasks in this process: all of them if alone, else until processes are worth it."""
    begun, worked = time.monotonic(), time.process_time()
    simulate = bundles.simulate
    if "check" in inspect.signature(simulate).parameters:
        keys: dict[str, Check] = {"check": check}
        simulate = functools.partial(simulate, **keys)
    while (task := bundles.take(len(bundles.parts))) is not None:
        check()
        done = work(task._replace(simulate=simulate))
        bundles.note(done)
        yield done
        spent = time.process_time() - worked
        # On a machine that is busy with others, starting takes longer as well.
        share = spent / max(time.monotonic() - begun, spent)
        if not alone and worth_processes(spent, bundles.seconds * share):
            return


def _collect(
    executor: Executor, bundles: Bundles, check: Check
) -> Generator[list[Done], None, None]:
    pending: set[Future[list[Done]]] = set()
    try:
        while True:
            slots = _slots(executor)
            with bundles.main():
                while len(pending) < AHEAD * slots and (task := bundles.take(slots)) is not None:
                    pending.add(executor.submit(work_text, task.text(), task.simulate))
            if not pending:
                return
            finished, pending = wait(pending, timeout=TICK, return_when=FIRST_COMPLETED)
            check()
            cluster.check(executor)
            for future in finished:
                done = future.result()
                bundles.note(done)
                yield done
    except (BrokenExecutor, CancelledError) as error:
        raise WorkersDied(str(error) or "the workers are gone") from error
    finally:
        for future in pending:
            future.cancel()


def _slots(executor: Executor) -> int:
    slots = getattr(executor, "slots", None) or getattr(executor, "_max_workers", None)
    return int(slots or usable_cpus())


def _go_on() -> None:
    """Never stop."""


def gave_up(why: str, attempts: int, place: Place | None) -> InputError:
    """Return the error for a run that made no progress in several attempts."""
    kept = f"; finished parts are kept in {place}" if place is not None else ""
    return InputError(
        f"the run made no progress in {attempts} attempts ({why.rstrip('.')}), most likely for "
        f"want of memory{kept}: run again with fewer workers or a smaller network."
    )


def _kind(part: Part) -> str:
    return f"{part.settings.feed.kind} {part.settings.network.kind}"


def _compile_kernels(parts: Sequence[Part]) -> None:
    """Do one sweep per kind of feed here, so that workers read compiled kernels from the disk.

    The kernel for rare flips too, which a run reaches later if at all.
    """
    from sociophysics.scenario.build import case_frames

    kinds = {part.settings.feed.kind: part for part in parts}
    for part in kinds.values():
        settings = part.settings
        dynamics = settings.dynamics.model_copy(update={"sweeps": 1, "burn_in": 0})
        observe = settings.observe.model_copy(update={"every": 1})
        short = settings.without_acts()
        short = short.model_copy(update={"dynamics": dynamics, "observe": observe})
        simulate_case(short, part.replicas[:1])
        if short.feed.kind == "none" and dynamics.kernel is None and dynamics.scheme is None:
            list(case_frames(short, part.replicas[:1], kernel="rejection-free"))
