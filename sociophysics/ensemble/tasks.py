"""Doing the missing parts through an executor, whatever happens to its workers."""

from __future__ import annotations

import contextlib
import importlib
import math
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from sociophysics.ensemble.blocks import Part
from sociophysics.ensemble.parts import PartData, write_part
from sociophysics.errors import InputError
from sociophysics.scenario import Settings

__all__ = [
    "Done",
    "Rehearse",
    "Simulate",
    "Task",
    "WorkersDied",
    "bundle",
    "execute",
    "rehearse_case",
    "simulate_case",
    "work",
]

Simulate = Callable[[Settings, Sequence[int]], tuple[pd.DataFrame, list[dict[str, Any]]]]
Rehearse = Callable[[Settings, Sequence[int]], None]

UPDATES_PER_TASK = 20_000_000
PARTS_PER_TASK = 16
UNKNOWN_USERS = 1_000
RETRIES = 3


class WorkersDied(Exception):
    """Worker processes ended without an exception: killed, or out of memory."""


class Task(NamedTuple):
    """Parts that one worker does in a row, to roughly a second of work."""

    parts: tuple[Part, ...]
    folder: str | None
    simulate: Simulate
    modules: tuple[str, ...]


class Done(NamedTuple):
    """A finished part: its data if nothing is written, and who took how long."""

    name: str
    seconds: float
    worker: int
    data: PartData | None


def simulate_case(
    settings: Settings, replicas: Sequence[int]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the table and the events of one case, for these replicas."""
    from sociophysics import cases

    # Imported where it runs: the parent of a process pool never needs the engine.
    result: tuple[pd.DataFrame, list[dict[str, Any]]] = cases.simulate_case(settings, replicas)
    return result


def rehearse_case(settings: Settings, replicas: Sequence[int]) -> None:
    """Build what a case needs and measure its first frame, without moving a stance.

    Raises
    ------
    InputError
        What ``simulate_case`` would refuse.
    """
    from sociophysics import cases
    from sociophysics.dynamics.frames import observe

    with closing(cases.case_frames(settings, replicas)) as frames:
        observe(next(frames), settings.observe.names)


def users_of(settings: Settings) -> int | None:
    """Return the number of users that the settings name, None where only the network knows."""
    network = settings.network
    if hasattr(network, "shape"):
        return math.prod(network.shape)
    if hasattr(network, "degrees"):
        return len(network.degrees)
    users: int | None = getattr(network, "n", None)
    return users


def updates_of(part: Part, *, users: int | None = None) -> float:
    """Return how many single-spin updates a part takes, with ``users`` if it does not say."""
    users = users_of(part.settings) or users or UNKNOWN_USERS
    return float(users) * part.settings.dynamics.sweeps * len(part.replicas)


def bundle(parts: Sequence[Part], *, folder: Path | None, simulate: Simulate) -> list[Task]:
    """Return the parts as tasks of roughly a second, in order; no number depends on them."""
    groups: list[list[Part]] = []
    updates = math.inf
    for part in parts:
        if updates >= UPDATES_PER_TASK or len(groups[-1]) == PARTS_PER_TASK:
            groups.append([])
            updates = 0.0
        groups[-1].append(part)
        updates += updates_of(part)
    where = None if folder is None else str(folder)
    modules = registering_modules(parts)
    return [Task(tuple(group), where, simulate, modules) for group in groups]


def registering_modules(parts: Sequence[Part]) -> tuple[str, ...]:
    """Return the modules outside this package whose import registers observables of the parts."""
    from sociophysics.observables import REGISTRY

    names = {name for part in parts for name in part.settings.observe.names}
    modules = {REGISTRY[name].__module__ for name in names}
    return tuple(sorted(each for each in modules if each.partition(".")[0] != "sociophysics"))


def work(task: Task) -> list[Done]:
    """Simulate the parts of a task, and write each before the next begins."""
    for module in task.modules:
        if module != "__main__":
            importlib.import_module(module)
    done = []
    for part in task.parts:
        start = time.perf_counter()
        with naming(part):
            data = PartData(*task.simulate(part.settings, part.replicas))
        if task.folder is not None:
            write_part(Path(task.folder), part, data)
        seconds = time.perf_counter() - start
        kept = data if task.folder is None else None
        done.append(Done(part.name, seconds, os.getpid(), kept))
    return done


@contextlib.contextmanager
def naming(part: Part) -> Iterator[None]:
    """Name the scenario's file, the design and the swept values in what is refused inside."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{part.source}: {error}") from None


def execute(
    tasks: Sequence[Task], *, workers: int, executor: Executor | None
) -> Generator[list[Done], None, None]:
    """Yield what each task did, as tasks finish.

    Parameters
    ----------
    tasks : sequence of Task
    workers : int
        Processes; 1 works in this one. Not used with an executor.
    executor : Executor, optional
        Any executor of ``concurrent.futures`` form; it is left open.

    Raises
    ------
    WorkersDied
        A process pool of ours broke; what was written before is on disk.
    """
    if executor is not None:
        yield from _collect(executor, tasks)
    elif workers == 1 or len(tasks) <= 1:
        for task in tasks:
            yield work(task)
    else:
        yield from _in_processes(tasks, min(workers, len(tasks)))


def _in_processes(tasks: Sequence[Task], workers: int) -> Generator[list[Done], None, None]:
    if tasks[0].simulate is simulate_case:
        _compile(tasks)
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
    )
    try:
        yield from _collect(pool, tasks)
    except BrokenProcessPool as error:
        raise WorkersDied(str(error)) from error
    except BaseException:
        # On Ctrl-C a part may have minutes to go; what counts is on disk already.
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _compile(tasks: Sequence[Task]) -> None:
    """Do one sweep per kind of feed here, so that workers read compiled kernels from the disk."""
    kinds = {part.settings.feed.kind: part for task in tasks for part in task.parts}
    for part in kinds.values():
        settings = part.settings
        dynamics = settings.dynamics.model_copy(update={"sweeps": 1, "burn_in": 0})
        observe = settings.observe.model_copy(update={"every": 1})
        short = {"dynamics": dynamics, "observe": observe, "interventions": ()}
        simulate_case(settings.model_copy(update=short), part.replicas[:1])


def _collect(executor: Executor, tasks: Sequence[Task]) -> Generator[list[Done], None, None]:
    futures: list[Future[list[Done]]] = []
    try:
        # Observables of the script itself need it in the workers: then it has to have a guard.
        keep = any("__main__" in task.modules for task in tasks)
        with contextlib.nullcontext() if keep else _main_hidden():
            futures.extend(executor.submit(work, task) for task in tasks)
        for future in as_completed(futures):
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


@contextlib.contextmanager
def _main_hidden() -> Iterator[None]:
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


def _start_worker() -> None:
    """Let the parent alone answer Ctrl-C, and end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    # A killed parent cannot end its workers, and they would wait for tasks for ever.
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def gave_up(why: str, attempts: int, folder: Path | None) -> InputError:
    """Return the error for a run that made no progress in several attempts."""
    kept = f"; finished parts are kept in {folder}" if folder is not None else ""
    return InputError(
        f"the run made no progress in {attempts} attempts ({why.rstrip('.')}), most likely for "
        f"want of memory{kept}: run again with fewer workers or a smaller network."
    )
