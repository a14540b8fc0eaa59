"""Worker processes on this machine: started without the caller's script, ended with the caller."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor

from sociophysics.errors import InputError
from sociophysics.machine import usable_cpus

__all__ = ["main_hidden", "step_workers", "worker_processes"]


@contextlib.contextmanager
def worker_processes(workers: int) -> Iterator[Executor]:
    """Give a pool of processes that are ended at once when something is raised."""
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
    )
    try:
        yield pool
    except BaseException:
        # When a run is stopped a part may have minutes to go; what counts is stored already.
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def main_hidden() -> Iterator[None]:
    """Keep new processes from running the caller's script again.

    A spawned process imports the main module of its parent. Nothing of ours lives there, and a
    script that calls ``run`` outside ``if __name__ == "__main__"`` would start itself for ever.
    """
    main = sys.modules["__main__"]
    hidden = {name: vars(main).pop(name) for name in ("__file__",) if name in vars(main)}
    spec, main.__spec__ = getattr(main, "__spec__", None), None
    try:
        yield
    finally:
        vars(main).update(hidden)
        main.__spec__ = spec


@contextlib.contextmanager
def step_workers(
    workers: int | None, executor: Executor | Callable[[], Executor] | None
) -> Iterator[Executor | Callable[[], Executor] | None]:
    """Give who computes the steps of a study: the executor, or processes started when asked for.

    Raises
    ------
    InputError
        A worker was killed.
    """
    count = usable_cpus() if workers is None else workers
    alone = count == 1 or multiprocessing.current_process().daemon
    with contextlib.ExitStack() as stack:
        pools: list[Executor] = []

        def start() -> Executor:
            if not pools:
                stack.enter_context(main_hidden())
                pools.append(stack.enter_context(worker_processes(count)))
            return pools[0]

        try:
            yield executor if executor is not None else None if alone else start
        except BrokenExecutor:
            raise InputError(
                "a worker was killed or ran out of memory; finished steps are kept: run the same "
                "again, with fewer --workers if memory is short."
            ) from None


def _start_worker() -> None:
    """Let the parent alone answer Ctrl-C, and end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The parent has told of plugins that do not load.
    warnings.filterwarnings("ignore", message="the plugin ")
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    # A killed parent cannot end its workers, and they would wait for tasks for ever.
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
