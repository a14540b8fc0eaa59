"""Say that something will not fit into memory before any of it is allocated."""

from __future__ import annotations

import os

from sociophysics.errors import InputError

__all__ = ["available_memory", "require_memory"]


def available_memory() -> int:
    """Return the bytes this process can still allocate; a cgroup limit counts where there is one.

    Examples
    --------
    >>> available_memory() > 0
    True
    """
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) * 1024
    limit, used = _lines("/sys/fs/cgroup/memory.max"), _lines("/sys/fs/cgroup/memory.current")
    if limit and used and limit[0].isdigit():
        free = min(free, max(int(limit[0]) - int(used[0]), 0))
    return free


def require_memory(need: float, *, what: str, fix: str) -> None:
    """Raise if ``need`` bytes for ``what`` exceed the memory that is available.

    Raises
    ------
    InputError
        With both figures in gigabytes and the given ``fix``.

    Examples
    --------
    >>> require_memory(1e18, what="a network of 1e17 ties", fix="lower n")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: a network of 1e17 ties needs about 1e+09 GB ...
    """
    have = available_memory()
    if need > have:
        raise InputError(
            f"{what} needs about {need / 1e9:.3g} GB of memory and {have / 1e9:.3g} GB are "
            f"available; {fix}."
        )


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split("\n")
    except OSError:
        return []
