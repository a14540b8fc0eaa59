"""A cluster of dask.distributed as an executor: checked before use, found again when lost."""

from __future__ import annotations

import contextlib
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from importlib.metadata import version
from typing import Any

from sociophysics.errors import InputError
from sociophysics.sources import short, source_digest
from sociophysics.store.manifest import DECISIVE, decisive_versions

__all__ = ["Cluster", "adopting", "check", "connect"]

ANSWER_SECONDS = 5.0
RETURN_SECONDS = 60.0  # how long a scheduler that went away is waited for
IDLE_SECONDS = 120.0  # how long a scheduler may be without workers
LOOK_SECONDS = 2.0
LOST_SECONDS = 30.0  # how long tasks are awaited of workers that have none
WIRE = ("dask", "distributed")
ADDRESS = re.compile(r"(\w+://)?[^/\s]+:\d+")


@contextlib.contextmanager
def connect(address: str) -> Iterator[Cluster]:
    """Give the executor of the scheduler at an address such as ``tcp://host:8786``.

    Tasks are sent as text (settings and replicas as JSON), next to the name of the function of
    this package that reads it. Who can reach a scheduler can make it execute anything: use it in
    a network of your own, or with ``tls://`` and dask's configuration of certificates.

    Raises
    ------
    InputError
        dask is not installed; nothing answers; versions differ from those here.
    """
    cluster = Cluster(address)
    try:
        yield cluster
    finally:
        cluster.close()


class Cluster(Executor):
    """Submits to a scheduler, and connects again to one that was restarted."""

    def __init__(self, address: str, client: Any = None) -> None:
        self.address = address
        self._own = client is None
        self._client = _connected(address) if client is None else client
        _check_versions(self._client, address)
        self._executor = self._client.get_executor(pure=False)
        self._awaited: set[Future[Any]] = set()
        self._slots = 1
        self._began()

    def _began(self) -> None:
        """Count the times of being without workers, and without work, from now."""
        self._looked, self._seen = 0.0, time.monotonic()
        self._worked = self._seen

    @property
    def slots(self) -> int:
        """Threads of all workers, as they were a moment ago."""
        self._look()
        return max(self._slots, 1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call, to a scheduler that has come back if need be."""
        if self._client.status != "running":
            self._return()
        future: Future[Any] = Future()
        inner = self._executor.submit(fn, *args, **kwargs)
        self._awaited.add(future)
        future.add_done_callback(self._awaited.discard)
        inner.add_done_callback(lambda ended: _hand_over(ended, future, self.address))
        future.add_done_callback(lambda ended: inner.cancel() if ended.cancelled() else None)
        return future

    def check(self) -> None:
        """Raise if the scheduler is gone, or has been without workers for too long.

        Raises
        ------
        BrokenExecutor
            It does not answer, or knows nothing of tasks that were sent while it went away;
            submitting again waits for it.
        InputError
            It has no workers.
        """
        if self._client.status != "running":
            raise BrokenExecutor(f"the scheduler at {self.address} went away")
        self._look()
        if self._slots:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > IDLE_SECONDS:
            raise InputError(
                f"the scheduler at {self.address} has had no workers for {IDLE_SECONDS:.0f} s; "
                "start some (`dask worker ADDRESS`) and run the same again: finished parts are "
                "kept."
            )
        if time.monotonic() - self._worked > LOST_SECONDS:
            self._began()
            raise BrokenExecutor(f"the scheduler at {self.address} has lost tasks")

    def _look(self) -> None:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        client, limit = self._client, ANSWER_SECONDS
        # A scheduler that goes away just now is noticed by its client's status; it may take the
        # client's way to it along, or never answer what it has been asked.
        with contextlib.suppress(OSError, TimeoutError, KeyError, AttributeError):
            threads = client.sync(client.scheduler.ncores, workers=None, callback_timeout=limit)
            self._slots = sum(threads.values())
            tasks = client.sync(client.scheduler.processing, workers=None, callback_timeout=limit)
            if not (self._awaited and self._slots) or any(tasks.values()):
                self._worked = time.monotonic()
        self._looked = time.monotonic()

    def _return(self) -> None:
        """Connect again, waiting a while for the scheduler."""
        security = self._client.security
        if self._own:
            self._leave()
        deadline = time.monotonic() + RETURN_SECONDS
        while True:
            try:
                self._client, self._own = _connected(self.address, security), True
                break
            except InputError:
                if time.monotonic() > deadline:
                    raise InputError(
                        f"the scheduler at {self.address} has been gone for "
                        f"{RETURN_SECONDS:.0f} s; finished parts are kept: start it and run the "
                        "same again to continue."
                    ) from None
                time.sleep(0.5)
        self._executor = self._client.get_executor(pure=False)
        self._began()

    def close(self) -> None:
        """Leave the scheduler, if it was not somebody else who connected to it."""
        if self._own:
            self._leave()

    def _leave(self) -> None:
        # A scheduler that is gone, or busy, does not say goodbye.
        with contextlib.suppress(OSError, TimeoutError):
            self._client.close(timeout=2)


def _hand_over(ended: Future[Any], future: Future[Any], address: str) -> None:
    """Pass on how a task ended; what dask says of its own workers is a broken executor."""
    if not future.set_running_or_notify_cancel():
        return
    if ended.cancelled():
        future.set_exception(BrokenExecutor(f"the scheduler at {address} went away"))
        return
    error = ended.exception()
    if error is None:
        future.set_result(ended.result())
    elif isinstance(error, ModuleNotFoundError):
        future.set_exception(
            InputError(
                f"a worker of {address} lacks a module ({error}); install sociophysics, and what "
                "registers your observables, on all workers."
            )
        )
    elif type(error).__module__.startswith("distributed"):
        future.set_exception(BrokenExecutor(_sentence(error)))
    else:
        future.set_exception(error)


def _sentence(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return "workers died again and again on the same task"
    return " ".join(str(error).split()) or type(error).__name__


def _connected(address: str, security: Any = None) -> Any:
    try:
        from distributed import Client
        from distributed.versions import VersionMismatchWarning
    except ImportError:
        raise InputError(
            "a scheduler needs dask.distributed, which is not installed; install "
            "sociophysics[cluster], or leave --scheduler out."
        ) from None
    if not ADDRESS.fullmatch(address):
        raise InputError(
            f"the scheduler's address is {address!r}; give PROTOCOL://HOST:PORT, as in "
            "tcp://localhost:8786."
        )
    try:
        with warnings.catch_warnings():
            # Said below, of the packages that matter, and as an error.
            warnings.simplefilter("ignore", VersionMismatchWarning)
            make: Any = Client
            return make(address, timeout=ANSWER_SECONDS, security=security, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise InputError(
            f"no scheduler of dask answers at {address} ({_first_line(error)}); start one, of "
            f"the version here ({version('distributed')}), or leave --scheduler out."
        ) from None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _check_versions(client: Any, address: str) -> None:
    """Refuse a scheduler of another dask, and workers that would compute other numbers."""
    found = _answered(lambda: client.get_versions(packages=DECISIVE), address)
    wire = {name: version(name) for name in WIRE}
    _compare(found["scheduler"]["packages"], wire, f"the scheduler at {address}")
    for worker, about in found["workers"].items():
        _compare(about["packages"], wire | decisive_versions(), f"the worker {worker}")
    for worker, digest in _answered(lambda: _digests(client), address).items():
        if digest != source_digest():
            raise InputError(
                f"the worker {worker} has other code of sociophysics (sources {short(digest)}, "
                f"here {short(source_digest())}); install the same there."
            )


def _answered(ask: Callable[[], Any], address: str) -> Any:
    """Return what a scheduler and its workers answer; one that hangs never does."""
    answer: Future[Any] = Future()

    def wait() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # whatever it is, it is the caller's
            answer.set_exception(error)

    threading.Thread(target=wait, daemon=True).start()
    try:
        return answer.result(timeout=IDLE_SECONDS)
    except TimeoutError:
        raise InputError(
            f"the scheduler at {address} or one of its workers has not answered for "
            f"{IDLE_SECONDS:.0f} s; restart what hangs and run the same again."
        ) from None


def _digests(client: Any) -> dict[str, str]:
    """Return the digest of each worker's sources; versions before there was one have none."""
    found = client.run(source_digest, on_error="return")
    return {
        worker: digest if isinstance(digest, str) else "unknown" for worker, digest in found.items()
    }


def _compare(there: Mapping[str, str | None], here: Mapping[str, str], who: str) -> None:
    for name, wanted in here.items():
        if there.get(name) != wanted:
            has = f"has {name} {there[name]}" if there.get(name) else f"lacks {name}"
            raise InputError(f"{who} {has}, here it is {wanted}; install the same versions there.")


@contextlib.contextmanager
def adopting(executor: Executor | None) -> Iterator[Executor | None]:
    """Give an executor, that of a dask client as a ``Cluster`` for as long as it is used."""
    client = getattr(executor, "_client", None)
    if client is None or not type(executor).__module__.startswith("distributed"):
        yield executor
        return
    adopted = Cluster(client.scheduler.address, client)
    try:
        yield adopted
    finally:
        adopted.close()


def check(executor: Executor) -> None:
    """Raise what ``Cluster.check`` does, if it is one."""
    if isinstance(executor, Cluster):
        executor.check()
