"""What the Feed lab costs without a browser: ``python -m benchmarks.live_pictures``.

Per size, both sides with 8 replicas, in time of the processor: a sweep; a sweep that is shown
(sweep, observing now and then, stances as bits); the first picture; how soon Pause and Stop are
answered; and how the memory of the process grows from visit to visit.
"""

from __future__ import annotations

import argparse
import threading
import time
from typing import Any

import psutil

from benchmarks.host import load, machine
from dashboards.feed_lab.moments import Lab, Moment, show
from dashboards.feed_lab.scenario import scenario_of
from dashboards.feed_lab.settings import SETTINGS
from dashboards.network_view import stance_traits
from dashboards.work import Job, Stage
from sociophysics.live.live_run import LiveRun

SIZES = (1_222, 10_000, 100_000)
REPLICAS = 8
LONG = 600.0  # seconds that nothing takes
SETTLED = 40  # sweeps after which observing has found its share


def scenario(users: int) -> Any:
    values = {name: kind.default for name, kind in SETTINGS.items()}
    return scenario_of({**values, "n": users, "replicas": REPLICAS, "sweeps": 20_000})


def of_a_sweep(users: int, seconds: float) -> float:
    """Return the processor time of a sweep of both sides, alone."""
    live = LiveRun(scenario(users), REPLICAS)
    live.step(observed=False)
    begun, first = time.process_time(), live.sweep
    while time.process_time() - begun < seconds:
        live.step(observed=False)
    spent = (time.process_time() - begun) / (live.sweep - first)
    live.close()
    return spent


class Watched:
    """A job whose frames are packed for a browser, as the page packs them."""

    def __init__(self, users: int) -> None:
        self.job, self.frames, self.bytes = Job(threading.Event()), 0, 0
        self.first = threading.Event()
        self.begun = time.process_time()
        self.job.watch(self._look)
        self.job.start(show(Lab(pace=0.0), scenario(users)))

    def _look(self) -> None:
        moment: Moment | None = self.job.frame
        if moment is None:
            return
        self.frames += 1
        for side in moment.sides:
            self.bytes += len(stance_traits(side.drawn, side.spins, side.name)["stances"])
        self.first.set()

    @property
    def sweep(self) -> int:
        """Where the run stands."""
        moment: Moment = self.job.frame
        return moment.sweep


def shown(users: int, seconds: float) -> dict[str, float]:
    """Return what a run on the screen costs, and how soon it obeys."""
    watched = Watched(users)
    assert watched.first.wait(LONG)
    found = {"first picture s": time.process_time() - watched.begun}
    while watched.sweep < SETTLED:
        time.sleep(0.01)
    clock, begun, sweep = time.perf_counter(), time.process_time(), watched.sweep
    frames = watched.frames
    # A busy machine does few sweeps a second, of which one may have been observed.
    while time.process_time() - begun < seconds or watched.sweep - sweep < SETTLED:
        time.sleep(0.01)
    sweeps, seconds = watched.sweep - sweep, time.perf_counter() - clock
    found["ms per shown sweep"] = 1e3 * (time.process_time() - begun) / sweeps
    found["pictures per s"] = (watched.frames - frames) / seconds
    found["pause ms"] = _answered(watched.job, watched.job.pause, Stage.PAUSED)
    watched.job.resume()
    found["stop ms"] = _answered(watched.job, watched.job.cancel, Stage.CANCELLED)
    return found


def _answered(job: Job, act: Any, stage: str) -> float:
    """Return the milliseconds of processor time until no sweep is done anymore."""
    begun = time.process_time()
    act()
    assert job.stage == stage
    before, quiet = -1.0, 0
    spent = begun
    while quiet < 5:
        time.sleep(0.02)
        now = time.process_time()
        quiet = quiet + 1 if now - before < 0.004 else 0
        spent = now if quiet == 0 else spent
        before = now
    return 1e3 * (spent - begun)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--visits", type=int, default=5)
    chosen = parser.parse_args()
    print(machine()["machine"], "; load", load())
    for users in chosen.users:
        alone = 1e3 * of_a_sweep(users, chosen.seconds / 2)
        found = shown(users, chosen.seconds)
        told = ", ".join(f"{name} {value:.3g}" for name, value in found.items())
        print(f"{users:,} users: ms per sweep {alone:.3g}, {told}; "
              f"ratio {found['ms per shown sweep'] / alone:.2f}")  # fmt: skip
    memory = []
    for _ in range(chosen.visits):
        watched = Watched(chosen.users[-1])
        assert watched.first.wait(LONG)
        watched.job.forget()
        time.sleep(1.0)
        memory.append(psutil.Process().memory_info().rss / 2**20)
    print("MiB after each visit:", ", ".join(f"{each:.0f}" for each in memory))


if __name__ == "__main__":
    main()
