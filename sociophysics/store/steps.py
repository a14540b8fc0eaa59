"""Steps of a long computation, each kept as soon as it is done, found again by what it is of.

A step is a function of plain values that returns arrays. It is kept under the sha256 of the code,
of its name and of all it is computed from, so that whoever asks for the same gets the same: a study
that was killed goes on where it was, and no step is another's. Steps do not hold steps.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.machine import usable_cpus, worth_processes
from sociophysics.store.archives import read_archive
from sociophysics.store.protocol import Store

__all__ = ["Arrays", "Draft", "Steps", "keeping", "step", "steps", "unfinished"]

Arrays = dict[str, NDArray[Any]]
DIGEST = "digest"
TICK = 0.2  # seconds in which a request to stop is seen
AHEAD = 2  # steps per worker that are handed out


class Draft:
    """What an unfinished step leaves now and then, so that it need not begin anew."""

    def __init__(self, owner: Steps | None = None, name: str = "") -> None:
        self._owner, self._name = owner, name

    def read(self) -> Arrays | None:
        """Return what was left last, None if nothing was."""
        return None if self._owner is None else self._owner.found(self._name, "draft")

    def write(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Leave arrays, and give the caller a chance to stop."""
        if self._owner is None:
            return
        self._owner.put(self._name, arrays, "draft")
        self._owner.check()


class Steps:
    """Steps kept in a store, computed here or by workers.

    Parameters
    ----------
    store : Store or None
        Steps lie in its folder ``parts``; None keeps nothing.
    code : str
        Digest of the sources that compute them.
    executor : Executor, or function that gives one, optional
        Computes the items of ``steps`` where ``worth_processes``; this process by default.
    workers : int, optional
        How many steps the executor does at a time; one per usable processor by default.
    check : callable, optional
        Called between steps; what it raises ends the work.
    """

    def __init__(
        self,
        store: Store | None,
        *,
        code: str,
        executor: Executor | Callable[[], Executor] | None = None,
        workers: int | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        self.store, self.code, self.executor = store, code, executor
        self.workers = usable_cpus() if workers is None else workers
        self._check = check
        self.done = 0

    def check(self) -> None:
        """Give the caller a chance to stop."""
        if self._check is not None:
            self._check()

    def name(self, label: str, given: Sequence[Any]) -> str:
        """Return the sha256 of code, label and all that a step is given."""
        total = hashlib.sha256(f"{self.code}\0{label}\0".encode())
        _take(total, list(given))
        return total.hexdigest()

    def found(self, name: str, kind: str = "npz") -> Arrays | None:
        """Return a step that is there and whole; a damaged one is set aside."""
        if self.store is None:
            return None
        file = f"parts/{name}.{kind}"
        try:
            data = self.store.read(file)
        except FileNotFoundError:
            return None
        try:
            arrays = read_archive(io.BytesIO(data), file)
            digest = arrays.pop(DIGEST)
            if str(digest) == _digest(name, arrays):
                self.done += kind == "npz"
                return arrays
        except Exception:  # each layer of a damaged archive has exceptions of its own
            pass
        self.store.move(file, f"parts/{name}.corrupt")
        return None

    def put(self, name: str, arrays: Mapping[str, NDArray[Any]], kind: str = "npz") -> None:
        """Keep a step, or the draft of one."""
        if self.store is None:
            self.done += kind == "npz"
            return
        whole = {key: np.asarray(value) for key, value in arrays.items()}
        # The file goes through an archive of fixed dates: equal arrays are equal bytes.
        buffer = io.BytesIO()
        content: Mapping[str, Any] = {**whole, DIGEST: np.array(_digest(name, whole))}
        np.savez(buffer, **content)
        self.store.write(f"parts/{name}.{kind}", lambda file: file.write(buffer.getvalue()))
        if kind == "npz":
            self.done += 1
            with contextlib.suppress(FileNotFoundError):
                self.store.remove(f"parts/{name}.draft")

    def one(self, label: str, given: Sequence[Any], compute: Callable[[Draft], Arrays]) -> Arrays:
        """Return a step, computed here if it is not kept."""
        name = self.name(label, given) if self.store is not None else ""
        arrays = self.found(name)
        if arrays is None:
            self.check()
            arrays = compute(Draft(self, name))
            self.put(name, arrays)
        return arrays

    def many(
        self,
        label: str,
        function: Callable[..., Arrays],
        shared: Sequence[Any],
        items: Sequence[Any],
        known: Sequence[Any] | None = None,
    ) -> list[Arrays]:
        """Return ``function(*shared, item)`` of every item, each a step."""
        if self.store is None and self.executor is None:
            return [self._alone(function, shared, item) for item in items]
        under = shared if known is None else known
        names = [self.name(label, [*under, item]) for item in items]
        there = {name: self.found(name) for name in names}
        missing = [(n, item) for n, item in zip(names, items, strict=True) if there[n] is None]
        for name, arrays in self._computed(function, shared, dict(missing)):
            self.put(name, arrays)
            there[name] = arrays
        return [_known(there[name]) for name in names]

    def _alone(self, function: Callable[..., Arrays], shared: Sequence[Any], item: Any) -> Arrays:
        self.check()
        return function(*shared, item)

    def _computed(
        self, function: Callable[..., Arrays], shared: Sequence[Any], missing: Mapping[str, Any]
    ) -> Iterator[tuple[str, Arrays]]:
        queue = deque(missing.items())
        begun = time.process_time()
        while queue:
            spent, done = time.process_time() - begun, len(missing) - len(queue)
            left = spent / max(done, 1) * len(queue)
            if self.executor is not None and worth_processes(spent, left):
                break
            name, item = queue.popleft()
            yield name, self._alone(function, shared, item)
        if not queue or self.executor is None:
            return
        executor = self.executor() if callable(self.executor) else self.executor
        running: dict[Future[Arrays], str] = {}
        try:
            while queue or running:
                while queue and len(running) < AHEAD * self.workers:
                    name, item = queue.popleft()
                    running[executor.submit(function, *shared, item)] = name
                ended, _ = wait(running, timeout=TICK, return_when=FIRST_COMPLETED)
                self.check()
                for future in ended:
                    yield running.pop(future), future.result()
        finally:
            for future in running:
                future.cancel()


_here: ContextVar[Steps | None] = ContextVar("steps", default=None)


@contextlib.contextmanager
def keeping(kept: Steps) -> Iterator[Steps]:
    """Let every step asked for inside be one of these.

    Examples
    --------
    >>> with keeping(Steps(None, code="")):
    ...     step("square", [3], lambda draft: {"value": np.array(9)})["value"].item()
    9
    """
    token = _here.set(kept)
    try:
        yield kept
    finally:
        _here.reset(token)


def step(label: str, given: Sequence[Any], compute: Callable[[Draft], Arrays]) -> Arrays:
    """Return the arrays of a step: those kept, or those that ``compute(draft)`` returns.

    Parameters
    ----------
    label : str
        Which computation it is.
    given : sequence
        All that the arrays depend on, but for the code: arrays, numbers, texts, lists and mappings
        of them.
    compute : function of a Draft

    Examples
    --------
    >>> step("square", [3], lambda draft: {"value": np.array(9)})["value"].item()
    9
    """
    kept = _here.get()
    return compute(Draft()) if kept is None else kept.one(label, given, compute)


def steps(
    label: str,
    function: Callable[..., Arrays],
    shared: Sequence[Any],
    items: Sequence[Any],
    *,
    known: Sequence[Any] | None = None,
) -> list[Arrays]:
    """Return ``function(*shared, item)`` of every item, by workers where there are some.

    Parameters
    ----------
    label : str
        Which computation it is.
    function : function
        Of a module, so that another process finds it.
    shared : sequence
        What all items are given.
    items : sequence
        What each is given; one step each.
    known : sequence, optional
        What steps are kept under in place of ``shared``, where that says where files lie.

    Examples
    --------
    >>> squares = steps("power", lambda base, k: {"value": np.array(base**k)}, [3], [1, 2])
    >>> [int(each["value"]) for each in squares]
    [3, 9]
    """
    kept = _here.get() or Steps(None, code="")
    return kept.many(label, function, shared, items, known)


def unfinished(names: set[str]) -> set[str]:
    """Return those of the names in ``parts`` that are drafts, which no finished study has.

    Examples
    --------
    >>> unfinished({"ab.npz", "cd.draft"})
    {'cd.draft'}
    """
    return {name for name in names if name.endswith(".draft")}


def _known(arrays: Arrays | None) -> Arrays:
    if arrays is None:  # a step that was done is there
        raise AssertionError
    return arrays


def _digest(name: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    total = hashlib.sha256(name.encode())
    _take(total, {key: arrays[key] for key in sorted(arrays)})
    return total.hexdigest()


def _take(total: Any, value: Any) -> None:
    """Add a value to a hash, bit for bit and with its type.

    Raises
    ------
    TypeError
        A value of another kind, which is a defect.
    """
    if isinstance(value, np.ndarray) and value.dtype != object:
        total.update(f"array {value.dtype.str} {value.shape}".encode())
        total.update(np.ascontiguousarray(value).tobytes())
    elif value is None or isinstance(value, str | int | float | np.generic):
        plain = value.item() if isinstance(value, np.generic) else value
        text = plain.hex() if isinstance(plain, float) else repr(plain)
        total.update(f"{type(plain).__name__} {text}\0".encode())
    elif isinstance(value, Mapping):
        total.update(f"table {len(value)}".encode())
        for key, each in value.items():
            _take(total, key)
            _take(total, each)
    elif isinstance(value, list | tuple | range):
        total.update(f"list {len(value)}".encode())
        for each in value:
            _take(total, each)
    else:
        raise TypeError(f"a step cannot depend on a {type(value).__name__}")
