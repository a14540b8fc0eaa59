"""A command of the command line in a process of its own: a stop ends it at once.

The page renders while it works, what it needed of memory is given back, and what the page shows is
what the command wrote into its folder.
"""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import sociophysics as sp

from .work import Job

__all__ = ["carry_out", "parts_told"]

TICK = 0.1  # seconds between two looks at the process
PARTS = re.compile(r"^(\d+) of (\d+) parts")

Told = Callable[[str], tuple[float, str] | None]


def parts_told(line: str) -> tuple[float, str] | None:
    """Return how far a command has come, from a line of its progress.

    Examples
    --------
    >>> parts_told("12 of 48 parts, 3.1 M updates/s, 4 s elapsed, about 12 s left")
    (0.25, '12 of 48 parts, 3.1 M updates/s, 4 s elapsed, about 12 s left')
    """
    found = PARTS.match(line)
    return None if found is None else (int(found[1]) / max(int(found[2]), 1), line)


def carry_out(
    job: Job,
    words: Sequence[str],
    *,
    told: Told = parts_told,
    said: Callable[[str], str] = str,
    ended: str = "ask for less of it",
    folder: Path | None = None,
) -> None:
    """Run ``sociophysics WORDS`` to its end, or end it when the job is stopped or the tab closed.

    Parameters
    ----------
    job : Job
        Whose work calls this.
    words : sequence of str
        After ``sociophysics``.
    told : callable
        From a line that it says to a share that is done and what is shown of it, or None.
    said : callable
        From what it refused to what a person reads, such as the file's own name.
    ended : str
        What helps where it was ended from outside.
    folder : path, optional
        Where it works, and what relative paths start from.

    Raises
    ------
    InputError
        What the command refused.
    """
    # Not in the folder of the study, which it takes only while it is empty or its own.
    number, name = tempfile.mkstemp(prefix="sociophysics-", suffix=".log")
    os.close(number)
    log = Path(name)
    try:
        code = _followed(job, words, log, told, folder)
        if code:
            raise _failure(code, said(_last_line(log).removeprefix("sociophysics: ")), ended)
    finally:
        log.unlink(missing_ok=True)


def _followed(job: Job, words: Sequence[str], log: Path, told: Told, folder: Path | None) -> int:
    job.publish(progress=0.0, message="starting")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sociophysics", *words], cwd=folder, env=_surroundings(folder),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output,
        )  # fmt: skip
    try:
        shown = ""
        while process.poll() is None:
            job.check()
            last = _last_line(log)
            if last != shown and (now := told(last)) is not None:
                shown = last
                job.publish(progress=now[0], message=now[1])
            time.sleep(TICK)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return process.returncode


def _surroundings(folder: Path | None) -> dict[str, str] | None:
    """Return the environment in which the package is found from another folder too.

    Nothing is imported from that folder: it holds a stranger's files.
    """
    if folder is None:
        return None
    places = [str(Path(inspect.getfile(sp)).parent.parent), os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(place for place in places if place)
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _failure(code: int, sentence: str, ended: str) -> Exception:
    if code == 2:
        return sp.InputError(sentence)
    if code < 0:
        return sp.InputError(
            f"it was ended from outside (signal {-code}), most likely for want of memory; close "
            f"other programs, or {ended}."
        )
    return RuntimeError(sentence)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line for line in reversed(lines) if line.strip()), "")
