"""Any run in any pieces: threads, frames, subsets of replicas and saved states change no number.

Runs are drawn at random (couplings, field, feed, kernel, interventions, stops), so that
combinations nobody thought of are tried; every kernel meets each way of cutting.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.dynamics import loop
from sociophysics.dynamics.kernels import rejection_free_kernel as rejection_free
from sociophysics.errors import InputError
from sociophysics.influences import feeds
from sociophysics.influences.interventions import Heat, Nucleate, Rewire, SwitchFeed, Tilt

KERNELS = (
    "auto", "integer", "fixed-point", "rejection-free", "bit-sliced", "side-by-side", "reference",
)  # fmt: skip
FEEDS = (feeds.Chronological(0.7), feeds.Engagement(0.7, slots=2), feeds.Memory(0.9, tau=3.0))
TEMPERATURES = (0.0, 1e-300, 0.1, 0.6, 2.0, 1e300, np.inf)
NUMBERS = (0, 1, 5, 63, 64, 200)


class Case(NamedTuple):
    """A run drawn at random."""

    system: sp.SpinSystem
    keys: dict[str, Any]


def drawn_system(rng: np.random.Generator) -> sp.SpinSystem:
    n = int(rng.choice([1, 2, 5, 33, 64, 101]))
    J = np.where(rng.random((n, n)) < rng.choice([0.0, 0.03, 0.3]), 1.0, 0.0)
    J *= rng.choice([-0.8, 0.8], (n, n)) if rng.random() < 0.7 else rng.normal(size=(n, n))
    np.fill_diagonal(J, 0.0)
    return sp.SpinSystem(J if rng.random() < 0.4 else np.triu(J) + np.triu(J).T)


def drawn_acts(rng: np.random.Generator, sweeps: int, plain: bool) -> list[Any]:
    at, holds = rng.integers(0, sweeps, 6), (0, 4, "forever")
    acts = [
        Heat(int(at[0]), float(rng.choice(TEMPERATURES))),
        Nucleate(int(at[1]), share=0.3, hold=holds[int(rng.integers(3))]),
        Nucleate(int(at[2]), who="degree", share=0.2, stance=-1, hold=7),
        Rewire(int(at[3]), share=0.5, toward="similar"),
        Tilt(int(at[4]), 0.4),
        SwitchFeed(int(at[5]), FEEDS[int(rng.integers(3))]),
    ]
    return [act for act in acts[: 3 if plain else 6] if rng.random() < 0.3]


def drawn(kernel: str, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    sweeps = int(rng.choice([9, 40]))
    plain = kernel in ("integer", "bit-sliced")
    system = drawn_system(rng)
    keys: dict[str, Any] = {"seed": seed, "sweeps": sweeps, "kernel": kernel}
    keys["temperature"] = float(rng.choice(TEMPERATURES))
    keys["interventions"] = drawn_acts(rng, sweeps, plain)
    keys["replicas"] = rng.permutation(NUMBERS)[: int(rng.integers(1, 5))].tolist()
    if not plain and rng.random() < 0.3:
        keys["field"] = rng.normal(size=system.n)
    if not plain and rng.random() < 0.3:
        keys["feed"] = FEEDS[int(rng.integers(3))]
    if rng.random() < 0.4:
        keys["stop"] = stops_at(int(rng.integers(0, 7)))
    return Case(system, keys)


def stops_at(rest: int) -> Any:
    def stop(frame: sp.Frame) -> np.ndarray:
        total = frame.spins.astype(int).sum(axis=1) + frame.sweep + np.array(frame.replicas)
        return (total % 23 == rest) & (frame.sweep > 2)

    return stop


def record(case: Case, **keys: Any) -> dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    frames = sp.trajectory(case.system, **{**case.keys, **keys})
    return {f.sweep: (f.spins.copy(), f.phi.copy(), f.stopped.copy()) for f in frames}


def assert_part(whole: dict, part: dict, rows: np.ndarray) -> None:
    for sweep, values in part.items():
        for mine, all_of_them in zip(values, whole[min(sweep, max(whole))], strict=True):
            assert np.array_equal(mine, all_of_them[rows]), sweep


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads for the smallest work, and decisions about rare flips after a few sweeps."""
    monkeypatch.setattr(loop, "SMALL_TASK", 0)
    monkeypatch.setattr(rejection_free, "WINDOW_SWEEPS", 4)
    monkeypatch.setattr(rejection_free, "WINDOW_ATTEMPTS", 4)
    monkeypatch.setattr(rejection_free, "LOW", 0.1)
    monkeypatch.setattr(rejection_free, "HIGH", 0.2)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_run_in_any_pieces_is_the_whole(kernel: str, tmp_path: Path) -> None:
    compared = 0
    for seed in range(24):
        case, rng = drawn(kernel, seed), np.random.default_rng(seed + 1000)
        try:
            whole = record(case, threads=1)
        except InputError:
            continue  # a kernel that cannot do what was drawn
        numbers = case.keys["replicas"]
        everyone = np.arange(len(numbers))
        assert_part(whole, record(case, threads=3, every=int(rng.integers(2, 9))), everyone)
        some = rng.permutation(everyone)[: int(rng.integers(1, len(numbers) + 1))]
        assert_part(whole, record(case, replicas=[numbers[r] for r in some]), some)
        cut = int(rng.integers(0, max(whole) + 1))
        for frame in sp.trajectory(case.system, **case.keys, threads=2):
            if frame.sweep == cut:
                frame.state().save(tmp_path / "state.npz")
                break
        state = sp.State.load(tmp_path / "state.npz")
        assert_part(whole, record(case, threads=2, resume=state), everyone)
        compared += 1
    assert compared >= 10
