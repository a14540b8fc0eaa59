"""Doing the missing parts through an executor, whatever happens to its workers."""

from __future__ import annotations

import contextlib
import functools
import inspect
import multiprocessing
import time
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
from sociophysics.machine import usable_cpus, worth_processes
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
    bundles: Bundles, *, workers: int | None, executor: Executor | None, check: Check | None = None
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
    count = usable_cpus() if workers is None else workers
    # A daemonic process, such as one of a multiprocessing.Pool, may have no children.
    alone = count == 1 or multiprocessing.current_process().daemon
    if alone or (workers is None and bundles.short):
        yield from _here(bundles, checked, alone)
    if bundles.left:
        if bundles.simulate is simulate_case:
            compile_kernels(bundles.left)
        with worker_processes(min(count, len(bundles.left))) as pool:
            yield from _collect(pool, bundles, checked)


def _here(bundles: Bundles, check: Check, alone: bool) -> Generator[list[Done], None, None]:
    """Do tasks in this process: all of them if alone, else until processes are worth it."""
    begun = time.monotonic()
    simulate = bundles.simulate
    if "check" in inspect.signature(simulate).parameters:
        keys: dict[str, Check] = {"check": check}
        simulate = functools.partial(simulate, **keys)
    while (task := bundles.take(len(bundles.parts))) is not None:
        check()
        done = work(task._replace(simulate=simulate))
        bundles.note(done)
        yield done
        if not alone and worth_processes(time.monotonic() - begun, bundles.seconds):
            return


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
