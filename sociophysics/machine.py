"""What this machine has: processors, memory, processes; every answer on every system.

Linux tells all of it, macOS and Windows a part; what is not told falls back to a safe guess.
"""

from __future__ import annotations

import errno
import math
import os
import platform
import sys
from pathlib import Path

from sociophysics.errors import InputError, quoted

__all__ = [
    "available_memory",
    "checked_workers",
    "given_path",
    "process_alive",
    "processor",
    "require_memory",
    "usable_cpus",
    "worth_processes",
]

# Two processes take 2 to 6 s to start and to import what they need.
STARTING = 3.0  # processor seconds that are done here in any case: what starting costs
PAYS = 6.0  # processor seconds still to go from which on it pays

CPU_MAX = "/sys/fs/cgroup/cpu.max"
MEMORY_MAX, MEMORY_USED = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"


def usable_cpus() -> int:
    """Return the processors this process may use: its affinity, and the limit of its cgroup.

    A limit of one and a half processors counts as two.

    Examples
    --------
    >>> usable_cpus() >= 1
    True
    """
    try:
        count = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        count = os.cpu_count() or 1
    quota, _, period = (_lines(CPU_MAX) or [""])[0].partition(" ")
    if quota.isdigit() and period.isdigit() and int(period) > 0:
        count = min(count, math.ceil(int(quota) / int(period)))
    return max(count, 1)


def checked_workers(workers: int | None, name: str = "workers") -> int | None:
    """Return a number of processes as it was given; None is as many as pay.

    Raises
    ------
    InputError
        It is not a whole number, or less than one.

    Examples
    --------
    >>> checked_workers(2), checked_workers(None)
    (2, None)
    """
    given = isinstance(workers, int) and not isinstance(workers, bool) and workers >= 1
    if workers is not None and not given:
        raise InputError(f"{name} is {workers!r}; it must be a whole number >= 1.")
    return workers


def worth_processes(spent: float, left: float) -> bool:
    """Return whether processes that start now pay, where nobody said how many shall work.

    This process goes on until it has worked as long as starting others takes, so that a wrong guess
    of what is left costs at most that.

    Parameters
    ----------
    spent, left : float
        Seconds of a processor: worked here, and still to go by the pace so far.

    Examples
    --------
    >>> worth_processes(1.0, 100.0), worth_processes(4.0, 2.0), worth_processes(4.0, 100.0)
    (False, False, True)
    """
    return spent > STARTING and left > PAYS


def available_memory() -> int:
    """Return the bytes this process can still allocate; a cgroup limit counts where there is one.

    Where the system does not say how much memory it has, nothing is too large.

    Examples
    --------
    >>> available_memory() > 0
    True
    """
    try:
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        free = -1
    if free <= 0:
        free = sys.maxsize
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) * 1024
    limit, used = _lines(MEMORY_MAX), _lines(MEMORY_USED)
    if limit and used and limit[0].isdigit():
        free = min(free, max(int(limit[0]) - int(used[0]), 0))
    return free


def process_alive(pid: int) -> bool:
    """Return whether a process of this machine may still run: False only if it surely does not.

    Examples
    --------
    >>> import os
    >>> process_alive(os.getpid())
    True
    """
    # On Windows a signal 0 is Ctrl-C: asking would end the process.
    if os.name == "nt" or not hasattr(os, "kill"):
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def processor() -> str:
    """Return the name of the processor, as far as the system tells it.

    Examples
    --------
    >>> processor() != ""
    True
    """
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split("\n")
    except (OSError, UnicodeDecodeError):
        return []


def given_path(given: object, what: str = "the file") -> Path:
    """Return the path that a user gave, which need not exist.

    Raises
    ------
    InputError
        It is no text and no ``pathlib.Path``, holds NUL or half of a character, or is longer than
        any path of this machine.

    Examples
    --------
    >>> given_path("mine.toml").suffix
    '.toml'
    >>> given_path(None, "the scenario")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: the scenario is given as None; give its path as text or as a \
pathlib.Path.
    """
    advice = "give its path as text or as a pathlib.Path."
    try:
        path = Path(given)  # type: ignore[arg-type]
        os.lstat(path)
    except TypeError:
        raise InputError(f"{what} is given as {quoted(given)}; {advice}") from None
    except ValueError:
        raise InputError(
            f"{what} is given as {quoted(str(given))}, with NUL or half a character in it; {advice}"
        ) from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(
                f"{what} is given as {quoted(str(given))}, which is too long for a path; {advice}"
            ) from None
    return path


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
