"""How far a run is: a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["follow", "rate"]

Report = Callable[[int, int, float], None]
SECONDS_BETWEEN_LINES = 10.0


@contextlib.contextmanager
def follow(title: str) -> Iterator[Report]:
    """Yield the function that a run tells how far it is; what it says goes to stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("parts, {task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("elapsed,"),
        TimeRemainingColumn(elapsed_when_finished=False),
        TextColumn("left"),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        yield _bar(progress, escape(title))


def rate(updates: float, seconds: float) -> str:
    """Return the speed in millions of updates per second.

    Examples
    --------
    >>> rate(50e6, 2.0), rate(0.0, 1.0)
    ('25.0 M updates/s', 'starting')
    """
    return f"{updates / seconds / 1e6:.1f} M updates/s" if updates and seconds else "starting"


def _bar(progress: Progress, title: str) -> Report:
    started = time.monotonic()
    tasks: list[object] = []

    def report(finished: int, total: int, updates: float) -> None:
        speed = rate(updates, time.monotonic() - started)
        if not tasks:
            # Parts finished in an earlier session must not count as progress of this one.
            tasks.append(progress.add_task(title, total=total, completed=finished, rate=speed))
        progress.update(progress.task_ids[0], completed=finished, total=total, rate=speed)

    return report


def _lines(console: Console) -> Report:
    started = time.monotonic()
    said, first, last = -SECONDS_BETWEEN_LINES, -1, -1

    def report(finished: int, total: int, updates: float) -> None:
        nonlocal said, first, last
        now = time.monotonic() - started
        first = finished if first < 0 else first
        if now - said < SECONDS_BETWEEN_LINES and (finished < total or finished == last):
            return
        said, last = now, finished
        if first == total:
            console.out(f"all {total} parts were finished before", highlight=False)
            return
        here = finished - first
        left = f", about {now / here * (total - finished):.0f} s left" if here else ""
        text = f"{finished} of {total} parts, {rate(updates, now)}, {now:.0f} s elapsed{left}"
        console.out(text, highlight=False)

    return report
