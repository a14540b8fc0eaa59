"""Compiled kernels on disk, kept apart by everything that goes into them.

numba names an entry after one file's text; but kernels take in functions and constants of other
files, and old numbers would stay after a change. Here the folder's name is a hash of all sources
of the engine and of what compiles them, and an entry's name one of its signature and processor.
An entry that is not as it was written is a miss, and so is every entry where nothing can be kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache as kept
from functools import partial
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
import platformdirs
from numba.core import config
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    _CacheLocator,
)

from sociophysics.sources import source_digest, source_files

__all__ = ["kernel_folder", "njit"]

# Settings of numba that change what it compiles.
SETTINGS = ("OPT", "BOUNDSCHECK", "DISABLE_INTEL_SVML", "LOOP_VECTORIZE", "SLP_VECTORIZE")
FOLDER = re.compile(r"[0-9a-f]{40}")
SECONDS_KEPT = 30 * 86_400  # after its last use
FOLDERS_KEPT = 20  # of other versions, each below a megabyte
DIGEST_BYTES = 32


def njit(function: Any = None, /, *, cache: bool = False, **options: Any) -> Any:
    """Compile a function as ``numba.njit`` does; ``cache`` keeps it in ``kernel_folder()``.

    Examples
    --------
    >>> half = njit(nogil=True)(lambda x: x / 2)
    >>> half(3.0)
    1.5
    """
    if function is None:
        return partial(njit, cache=cache, **options)
    dispatcher = numba.njit(**options)(function)
    folder = kernel_folder() if cache else None
    if folder is not None and hasattr(dispatcher, "_cache"):
        dispatcher._cache = _KernelCache(function, folder)
    return dispatcher


@kept
def kernel_folder() -> Path | None:
    """Return the folder of the kernels of these sources, None if nothing can be written.

    It lies in ``NUMBA_CACHE_DIR`` if that is set, else in the user's cache folder, else in a
    folder for temporary files that belongs to this user alone.
    """
    name = _key()
    for parent in _places():
        try:
            fresh = not (parent / name).is_dir()
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (parent / name).mkdir(mode=0o700, exist_ok=True)
            if not (_safe(parent) and _safe(parent / name)):
                continue
            tempfile.TemporaryFile(dir=parent / name).close()
        except (OSError, ValueError):
            continue
        with contextlib.suppress(OSError):
            os.utime(parent / name)
        if fresh:
            _prune(parent, name)
        return parent / name
    return None


def _key() -> str:
    """Return the hash of the engine's sources and of what compiles them."""
    about = [source_digest("engine"), sys.implementation.cache_tag, np.__version__]
    about += [numba.__version__, llvmlite.__version__]
    about += [f"{name}={getattr(config, name, None)}" for name in SETTINGS]
    return hashlib.sha256("\n".join(map(str, about)).encode()).hexdigest()[:40]


def _places() -> Iterator[Path]:
    if config.CACHE_DIR:
        yield Path(config.CACHE_DIR) / "sociophysics-kernels"
    with contextlib.suppress(RuntimeError):
        yield Path(platformdirs.user_cache_dir("sociophysics")) / "kernels"
    user = os.getuid() if hasattr(os, "getuid") else "user"
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir()) / f"sociophysics-kernels-{user}"


def _safe(folder: Path) -> bool:
    """Return whether nobody else can have put an entry there: what is loaded is executed."""
    if not hasattr(os, "getuid"):
        return True
    found = folder.lstat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


def _prune(parent: Path, name: str) -> None:
    """Remove the kernels of other sources that were not used for long, or are too many."""
    used: list[tuple[float, Path]] = []
    for folder in parent.iterdir():
        if folder.name != name and FOLDER.fullmatch(folder.name):
            with contextlib.suppress(OSError):
                used.append((folder.stat().st_mtime, folder))
    used.sort(reverse=True)
    for place, (when, folder) in enumerate(used):
        if place >= FOLDERS_KEPT or when < time.time() - SECONDS_KEPT:
            shutil.rmtree(folder, ignore_errors=True)


def _stamps() -> tuple[tuple[str, int, int], ...]:
    """Return when the engine's files were last written, and their sizes."""
    found = [(path, path.stat()) for path in source_files("engine")]
    return tuple((path.name, about.st_mtime_ns, about.st_size) for path, about in found)


IMPORTED = _stamps()


class _Locator(_CacheLocator):
    """Tells numba where a function's entries are; their names say what they were made of."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._py_file = function.__code__.co_filename
        self._line, self._folder = function.__code__.co_firstlineno, folder

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return self._folder.name

    def get_disambiguator(self) -> str:
        return str(self._line)


class _Form(CompileResultCacheImpl):
    """How numba packs a compiled function."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._lineno = function.__code__.co_firstlineno
        self._locator = _Locator(function, folder)
        name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"
        self._filename_base = self.get_filename_base(name, getattr(sys, "abiflags", ""))


class _Entries(IndexDataCacheFile):
    """One file per signature and processor, with its digest at the end; no index."""

    def _file(self, key: Any) -> str:
        return self._data_name(hashlib.sha256(repr(key).encode()).hexdigest()[:16])

    def _data_name(self, number: str) -> str:
        return f"{self._index_name.removesuffix('.nbi')}.{number}.nbc"

    def load(self, key: Any) -> Any:
        """Return what was saved, None if it is not there, or not as it was written."""
        try:
            whole = Path(self._data_path(self._file(key))).read_bytes()
        except OSError:
            return None
        body, digest = whole[:-DIGEST_BYTES], whole[-DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            return None
        # The reader stops where the entry ends, before the digest.
        return self._load_data(self._file(key))

    def save(self, key: Any, data: Any) -> None:
        """Write an entry under a temporary name, and rename it."""
        self._save_data(self._file(key), data)

    def flush(self) -> None:
        """Forget nothing: there is no index."""

    def _dump(self, obj: Any) -> bytes:
        body: bytes = super()._dump(obj)
        return body + hashlib.sha256(body).digest()


class _KernelCache(FunctionCache):
    """numba's cache of one function, in a folder of ours."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._name, self._py_func = repr(function), function
        self._impl = _Form(function, folder)
        self._cache_path = str(folder)
        self._cache_file = _Entries(self._cache_path, self._impl.filename_base, folder.name)
        self.enable()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        # Whatever is wrong with an entry, the function can be compiled.
        with contextlib.suppress(Exception):
            if _stamps() == IMPORTED:
                return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        # Sources that changed since they were imported have another folder than this one.
        with contextlib.suppress(OSError):
            if _stamps() == IMPORTED:
                super().save_overload(sig, data)
