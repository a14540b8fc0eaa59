"""Doing the missing parts through an executor, whatever happens to its workers."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
from collections.abc import Generator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)

from sociophysics.errors import InputError
from sociophysics.machine import usable_cpus
from sociophysics.store import Place
from sociophysics.study import cluster
from sociophysics.study.bundles import Bundles, bundle, updates_of, users_of
from sociophysics.study.pool import compile_kernels, main_hidden, worker_processes
from sociophysics.study.work import (
    Check,
    Done,
    Rehearse,
    Simulate,
    naming,
    rehearse_case,
    simulate_case,
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
    "rehearse_case",
    "simulate_case",
    "updates_of",
    "users_of",
    "work",
]

RETRIES = 3
TICK = 0.2  # seconds in which a request to stop is seen
AHEAD = 2  # tasks per worker that are handed out: one at work, one on its way


class WorkersDied(Exception):
    """Workers ended without an exception: killed, out of memory, or out of reach."""


def execute(
    bundles: Bundles, *, workers: int, executor: Executor | None, check: Check | None = None
) -> Generator[list[Done], None, None]:
    """Yield what each task did, as tasks finish.

    Parameters
    ----------
    bundles : Bundles
    workers : int
        Processes; 1 works in this one. Not used with an executor.
    executor : Executor, optional
        Any executor of ``concurrent.futures`` form; it is left open.
    check : callable, optional
        Called several times a second, in this process before every frame; what it raises ends
        all work.

    Raises
    ------
    WorkersDied
        Processes of ours, or a cluster, broke; what was written before is kept.
    """
    checked = check or _go_on
    if executor is not None:
        with cluster.adopting(executor) as found:
            yield from _collect(found or executor, bundles, checked)
    elif workers == 1 or bundles.few or multiprocessing.current_process().daemon:
        # A daemonic process, such as one of a multiprocessing.Pool, may have no children.
        yield from _here(bundles, checked)
    else:
        if bundles.simulate is simulate_case:
            compile_kernels(bundles.parts)
        with worker_processes(min(workers, len(bundles.parts))) as pool:
            yield from _collect(pool, bundles, checked)


def _here(bundles: Bundles, check: Check) -> Generator[list[Done], None, None]:
    while (task := bundles.take(len(bundles.parts))) is not None:
        check()
        if task.simulate is simulate_case:
            task = task._replace(simulate=functools.partial(simulate_case, check=check))
        yield work(task)


def _collect(
    executor: Executor, bundles: Bundles, check: Check
) -> Generator[list[Done], None, None]:
    # Observables of the script itself need it in the workers: then it has to have a guard.
    keep = "__main__" in bundles.modules
    pending: set[Future[list[Done]]] = set()
    try:
        while True:
            slots = _slots(executor)
            with contextlib.nullcontext() if keep else main_hidden():
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
