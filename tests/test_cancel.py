"""A run that is stopped ends at once, keeps what is finished, and leaves no process behind."""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import sociophysics as sp
from sociophysics.scenario import Scenario
from sociophysics.study import Cancelled, status

# One part takes minutes, one frame some milliseconds.
LONG = """
seed = 3
[network]
kind = "complete"
n = 200
[couplings]
kind = "uniform"
[dynamics]
temperature = 0.8
sweeps = 10_000_000
[observe]
every = 1_000
names = ["magnetization"]
[sweep]
replicas = 10
"""


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    # Compiling a kernel, once after an installation, takes seconds that nothing can interrupt; the
    # one for rare flips is reached after a thousand sweeps of this society.
    sp.run(Scenario.from_toml(LONG).replace({"dynamics.sweeps": 5000}), workers=1)


class InThread(threading.Thread):
    """A run in a thread that is not the main one, as a dashboard starts it."""

    def __init__(self, out: Path, workers: int, progress: Any = None) -> None:
        super().__init__()
        self.begun, self.stop, self.error = threading.Event(), threading.Event(), None
        self.out, self.workers, self.told = out, workers, progress

    def progress(self, finished: int, total: int, updates: float) -> None:
        self.begun.set()
        if self.told is not None:
            self.told()

    def run(self) -> None:
        self.scenario = Scenario.from_toml(LONG, name="long")
        try:
            sp.run(
                self.scenario,
                self.out,
                workers=self.workers,
                progress=self.progress,
                cancel=self.stop,
            )
        except BaseException as error:
            self.error = error


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_in_a_thread_is_cancelled_within_a_second(tmp_path: Path, workers: int) -> None:
    thread = InThread(tmp_path / "run", workers)
    thread.start()
    assert thread.begun.wait(60)
    if workers == 2:
        deadline = time.monotonic() + 60
        while len(multiprocessing.active_children()) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(multiprocessing.active_children()) == 2
    time.sleep(0.5)
    assert thread.is_alive()
    asked = time.monotonic()
    thread.stop.set()
    thread.join(30)
    took = time.monotonic() - asked
    assert not thread.is_alive()
    assert isinstance(thread.error, Cancelled)
    assert str(thread.error) == f"the run was cancelled; finished parts are kept in {thread.out}"
    assert multiprocessing.active_children() == []
    assert status(thread.out) == (0, 2)
    # The folder is free again, and short of a frame the clock allows for a busy machine.
    again = InThread(thread.out, 1)
    again.stop.set()
    again.start()
    again.join(30)
    assert isinstance(again.error, Cancelled)
    assert took < 3.0  # a second where nobody else works


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_is_told_while_a_part_is_at_work_and_may_raise(
    tmp_path: Path, workers: int
) -> None:
    calls: list[float] = []

    def told() -> None:
        calls.append(time.monotonic())
        if len(calls) > 3:
            raise RuntimeError("enough")

    thread = InThread(tmp_path / "run", workers, told)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert str(thread.error) == "enough"
    assert len(calls) == 4
    assert multiprocessing.active_children() == []


def test_cancelled_before_it_begins(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        sp.run(Scenario.from_toml(LONG), tmp_path / "run", workers=1, cancel=stop)
    assert not (tmp_path / "run").exists()
