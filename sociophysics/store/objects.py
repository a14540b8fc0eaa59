"""A run in an object store: a put is whole or not there, a lease keeps other runs out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sociophysics.errors import InputError
from sociophysics.machine import process_alive
from sociophysics.store.protocol import LOG, Fill

__all__ = ["ObjectStore"]

LEASE = ".lease"
LEASE_SECONDS = 60.0
LOG_SECONDS = 30.0
AT_ONCE = 32  # reads in flight: hides the latency, bounds the memory


class ObjectStore:
    """A place that fsspec knows, such as ``s3://bucket/run``.

    Credentials come from the environment of each process, as fsspec's file systems find them.

    Raises
    ------
    InputError
        fsspec, or its part for this kind of address, is not installed.
    """

    def __init__(self, url: str) -> None:
        self.place = self.address = url
        try:
            from fsspec.core import url_to_fs

            # Another machine may have written since: what was listed before is not kept.
            self._files, self._root = url_to_fs(url, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise InputError(
                f"{url} cannot be opened ({_short(error)}); install sociophysics[cluster], or "
                "choose a folder for --out."
            ) from None
        if "memory" in self._files.protocol:
            raise InputError(
                f"{url} is in the memory of this process, and what is finished would go with it; "
                "choose a folder, or an address such as s3://bucket/run."
            )

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else str(self._root)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Make one sentence of what a file system raises; each has exceptions of its own."""
        try:
            yield
        except (FileNotFoundError, FileExistsError, InputError):
            raise
        except Exception as error:
            raise InputError(
                f"{self.place} cannot be {what} ({_short(error)}); check its address, your access "
                "and the network: finished parts are kept, run the same again to continue."
            ) from error

    def read(self, name: str) -> bytes:
        """Return an object's bytes."""
        with self._told("read"):
            data: bytes = self._files.cat_file(self._path(name))
            return data

    def size(self, name: str) -> int:
        """Return how many bytes an object has."""
        with self._told("read"):
            return int(self._files.size(self._path(name)) or 0)

    def read_many(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """Yield every name with its bytes, None if it is not there; several are read at once."""
        for first in range(0, len(names), AT_ONCE):
            asked = {self._path(name): name for name in names[first : first + AT_ONCE]}
            with self._told("read"):
                found = self._files.cat(list(asked), on_error="return")
            for path, name in asked.items():
                data = found.get(path, FileNotFoundError())
                if isinstance(data, Exception) and not isinstance(data, FileNotFoundError):
                    with self._told("read"):
                        raise data
                yield name, None if isinstance(data, Exception) else data

    def write(self, name: str, fill: Fill) -> None:
        """Put an object."""
        buffer = io.BytesIO()
        fill(buffer)
        self._put(name, buffer.getvalue())

    def _put(self, name: str, data: bytes, **options: str) -> None:
        with self._told("written to"):
            try:
                self._files.pipe_file(self._path(name), data, **options)
            except FileNotFoundError as error:
                raise InputError(
                    f"{self.place} cannot be written to ({_short(error)}); make the bucket first, "
                    "or choose another --out."
                ) from None

    def names(self, folder: str = "") -> set[str]:
        """Return the names of objects and folders directly in a folder."""
        root = self._path(folder)
        with self._told("listed"):
            try:
                found = self._files.ls(root, detail=False)
            except FileNotFoundError:
                return set()
        inside = (str(each).rstrip("/") for each in found)
        return {path.removeprefix(f"{root}/") for path in inside if path.startswith(f"{root}/")}

    def stamps(self, folder: str) -> dict[str, str]:
        """Return size and version of each object in a folder, as far as the store tells them."""
        with self._told("listed"):
            try:
                found = self._files.ls(self._path(folder), detail=True)
            except FileNotFoundError:
                return {}
        keys = ("size", "ETag", "LastModified", "mtime", "created")
        return {
            str(each["name"]).rpartition("/")[2]: " ".join(str(each.get(key)) for key in keys)
            for each in found
        }

    def move(self, name: str, new: str) -> None:
        """Give an object another name."""
        data = self.read(name)
        self.write(new, lambda file: file.write(data))
        self.remove(name)

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""
        with self._told("written to"), contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    @contextlib.contextmanager
    def claim(self) -> Iterator[Callable[[str], None]]:
        """Hold a lease that is renewed until the run ends, and keep the log.

        An object cannot be appended to: the log is written now and then, and as a whole. A lease
        that was not renewed for a minute is taken over, as is one of a process of this machine
        that is gone.

        Raises
        ------
        InputError
            Another run holds the lease.
        """
        lease = _Lease(self)
        lease.take()
        log = _Log(self)
        ended = threading.Event()
        keeper = threading.Thread(target=_keep, args=(lease, log, ended), daemon=True)
        keeper.start()

        def append(text: str) -> None:
            if lease.lost:
                raise InputError(
                    f"another run has taken over {self.place}, because this one was not heard of "
                    f"for {LEASE_SECONDS:.0f} s; finished parts are kept."
                )
            log.append(text)

        try:
            yield append
        finally:
            ended.set()
            keeper.join()
            with contextlib.suppress(InputError):
                log.save()
                lease.release()


class _Lease:
    """The object that says whose the store is."""

    def __init__(self, store: ObjectStore) -> None:
        self.store, self.owner, self.lost = store, uuid.uuid4().hex, False

    def take(self) -> None:
        """Write the lease where there is none, or none that is alive."""
        try:
            self.write(mode="create")
            return
        except FileExistsError:
            holder = self.holder()
        if holder is not None and not _is_over(holder):
            raise InputError(
                f"another run is writing to {self.store.place} (on {holder.get('host')}), or was "
                f"killed within the last {LEASE_SECONDS:.0f} s; wait for it, or choose another "
                "--out."
            )
        self.store.remove(LEASE)
        try:
            self.write(mode="create")
        except FileExistsError:
            raise InputError(f"another run has just taken {self.store.place}.") from None

    def write(self, **options: str) -> None:
        about = {"owner": self.owner, "host": platform.node(), "pid": os.getpid()}
        until = time.time() + LEASE_SECONDS
        self.store._put(LEASE, json.dumps({**about, "until": until}).encode(), **options)

    def holder(self) -> dict[str, Any] | None:
        try:
            about = json.loads(self.store.read(LEASE))
        except (FileNotFoundError, ValueError, RecursionError):
            return None
        return about if isinstance(about, dict) else None

    def renew(self) -> None:
        holder = self.holder()
        if holder is not None and holder.get("owner") != self.owner:
            self.lost = True
        else:
            self.write()

    def release(self) -> None:
        holder = self.holder()
        if holder is not None and holder.get("owner") == self.owner:
            self.store.remove(LEASE)


class _Log:
    """What was logged before, and what this run adds."""

    def __init__(self, store: ObjectStore) -> None:
        self.store, self.lock, self.changed = store, threading.Lock(), False
        try:
            self.text = [store.read(LOG).decode()]
        except FileNotFoundError:
            self.text = []

    def append(self, text: str) -> None:
        with self.lock:
            self.text.append(text)
            self.changed = True

    def save(self) -> None:
        with self.lock:
            self.text = ["".join(self.text)]
            whole, changed, self.changed = self.text[0], self.changed, False
        if changed:
            self.store.write(LOG, lambda file: file.write(whole.encode()))


def _keep(lease: _Lease, log: _Log, ended: threading.Event) -> None:
    """Renew the lease, and save the log, until the run has ended."""
    saved = time.monotonic()
    while not ended.wait(LEASE_SECONDS / 4):
        # One renewal may fail, with the network; three in a row and the lease runs out.
        with contextlib.suppress(InputError):
            lease.renew()
            if time.monotonic() - saved >= LOG_SECONDS:
                log.save()
                saved = time.monotonic()


def _is_over(holder: dict[str, Any]) -> bool:
    until, pid = holder.get("until"), holder.get("pid")
    if not isinstance(until, int | float) or time.time() > until:
        return True
    if holder.get("host") != platform.node() or not isinstance(pid, int):
        return False
    return not process_alive(pid)


def _short(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
