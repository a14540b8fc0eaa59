"""Saving a trajectory and going on from it: the same numbers as without the pause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.influences.interventions import Heat, Nucleate, Rewire, SwitchFeed, Tilt


def two_camps(n: int = 40, seed: int = 4) -> sp.SpinSystem:
    graph = sp.networks.build(
        "planted_partition", seed=seed, n=n, communities=2, k_in=6.0, k_out=1.0
    )
    return sp.couplings.camps(graph, within=1.0, across=-0.4)


ACTS = (
    Heat(3, 2.5),
    Nucleate(4, who="random", share=0.2, stance=1, hold=5),
    Tilt(6, 0.3),
    SwitchFeed(8, sp.feeds.Engagement(strength=0.7)),
    Rewire(10, share=0.3, toward="similar", keep_degrees=False),
)
RUNS = {
    "plain": {},
    "loop of temperature and field": {
        "temperature": sp.schedules.Loop(low=0.5, high=3.0),
        "field": sp.schedules.Ramp(start=-1.0, stop=1.0),
    },
    "sampled feed": {"feed": sp.feeds.Engagement(strength=0.8, slots=3)},
    "feed that remembers": {"feed": sp.feeds.Memory(strength=0.9, tau=4.0)},
    "amplifier": {"feed": sp.feeds.Amplifier(strength=0.5)},
    "kawasaki": {"scheme": "kawasaki"},
    "sequential": {"scheme": "sequential"},
    "reference": {"kernel": "reference"},
    "interventions": {"interventions": ACTS},
    "remembering, then rewired": {
        "feed": sp.feeds.Memory(strength=0.9, tau=4.0),
        "interventions": ACTS[:2] + ACTS[4:],
    },
    "one replica, rewired": {"replicas": 1, "interventions": ACTS[4:]},
    "stopping": {"stop": lambda frame: frame.spins.mean(axis=1) > 0.3},
    "stopping under a feed": {
        "feed": sp.feeds.Chronological(strength=0.4),
        "stop": lambda frame: frame.spins.mean(axis=1) > 0.3,
    },
}
OBSERVED = ["magnetization", "energy", "exposure_agreement", "attention_gini"]


def recorded(frames: object) -> list[tuple[object, ...]]:
    rows = []
    for frame in frames:  # type: ignore[attr-defined]
        measured = sp.dynamics.observe(frame, OBSERVED)
        rows.append(
            (
                frame.sweep,
                frame.spins.tobytes(),
                frame.phi.tobytes(),
                frame.stopped.tobytes(),
                frame.temperature,
                frame.field.tobytes(),
                *(measured[name].tobytes() for name in OBSERVED),
            )
        )
    return rows


@pytest.mark.parametrize("cut", [0, 3, 4, 7, 9, 12, 16])
@pytest.mark.parametrize("name", RUNS)
def test_a_continued_run_is_the_uninterrupted_one(name: str, cut: int, tmp_path: Path) -> None:
    system = two_camps()
    keys = {"temperature": 1.4, "sweeps": 16, "seed": 9, "replicas": 3, **RUNS[name]}
    whole = recorded(sp.trajectory(system, threads=1, **keys))
    for frame in sp.trajectory(system, threads=2, **keys):
        if frame.sweep == cut:
            frame.state().save(tmp_path / "run.npz")
            break
    state = sp.State.load(tmp_path / "run.npz")
    rest = recorded(sp.trajectory(system, threads=2, resume=state, **keys))
    assert rest == [row for row in whole if row[0] > cut]
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_interventions_may_be_added_where_the_state_was_taken() -> None:
    system = two_camps()
    keys = {"temperature": 1.4, "sweeps": 12, "seed": 9, "replicas": 2}
    states = {f.sweep: f.state() for f in sp.trajectory(system, **keys)}
    acts = [Nucleate(5, who="camp:0", share=0.5, stance=-1), Heat(5, 0.5)]
    planned = recorded(sp.trajectory(system, interventions=acts, **keys))
    added = recorded(sp.trajectory(system, interventions=acts, resume=states[5], **keys))
    assert added == planned[6:]
    plain = recorded(sp.trajectory(system, **keys))
    assert added != plain[6:]


def test_a_state_that_lost_the_trace_is_noticed() -> None:
    """Negative control of the comparison above."""
    system = two_camps()
    keys = {"temperature": 1.4, "sweeps": 16, "seed": 9, **RUNS["feed that remembers"]}
    frames = sp.trajectory(system, **keys)
    state = next(frame.state() for frame in frames if frame.sweep == 6)
    state.trace[:] = state.spins
    whole = recorded(sp.trajectory(system, **keys))
    assert recorded(sp.trajectory(system, resume=state, **keys)) != whole[7:]


def test_a_frame_that_has_passed_has_no_state() -> None:
    frames = sp.trajectory(two_camps(), temperature=1.0, sweeps=3, seed=1)
    first = next(frames)
    next(frames)
    with pytest.raises(sp.InputError, match="gone on to sweep 1"):
        first.state()
    with pytest.raises(sp.InputError, match="not yielded by a trajectory"):
        sp.Frame(0, np.ones((1, 2), np.int8), sp.SpinSystem.from_edges([0], [1])).state()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seed": 2}, "seed 1, and seed is 2 now"),
        ({"replicas": 3}, "replicas"),
        ({"scheme": "sequential"}, "scheme"),
        ({"kernel": "reference"}, "kernel"),
        ({"sweeps": 2}, "sweeps is 2"),
        ({"resume": "run.npz"}, "State.load"),
    ],
)
def test_a_state_of_another_run_is_refused(change: dict[str, object], sentence: str) -> None:
    keys: dict[str, object] = {"temperature": 1.0, "sweeps": 4, "seed": 1}
    frames = sp.trajectory(two_camps(), **keys)
    state = next(frame.state() for frame in frames if frame.sweep == 3)
    with pytest.raises(sp.InputError, match=sentence):
        sp.trajectory(two_camps(), **{**keys, "resume": state, **change})
    with pytest.raises(sp.InputError, match="another network"):
        sp.trajectory(two_camps(seed=5), **keys, resume=state)


@pytest.mark.parametrize("damage", ["missing", "cut", "text", "foreign"])
def test_a_damaged_file_is_one_sentence(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    frames = sp.trajectory(two_camps(), temperature=1.0, sweeps=2, seed=1)
    if damage != "missing":
        next(frames).state().save(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif damage == "text":
        path.write_text("not a state")
    elif damage == "foreign":
        np.savez(path, header=np.array("{}"))
    with pytest.raises(sp.InputError, match=r"\.$"):
        sp.State.load(path)


def small_state() -> sp.State:
    keys = {"temperature": 0.05, "sweeps": 40, "seed": 1, "kernel": "rejection-free"}
    *_, last = ((f, f.state()) for f in sp.trajectory(two_camps(), **keys))
    return last[1]


def test_a_file_with_any_byte_changed_is_one_sentence_or_the_state(tmp_path: Path) -> None:
    path, rng, state = tmp_path / "state.npz", np.random.default_rng(1), small_state()
    state.save(path)
    whole, refused = path.read_bytes(), 0
    for place in rng.integers(0, len(whole), 300):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            loaded = sp.State.load(path)
        except sp.InputError:
            refused += 1
            continue
        assert (loaded.sweep, loaded.replicas) == (state.sweep, state.replicas)
        assert (loaded.spins == state.spins).all()
        assert loaded.remembered.keys() == state.remembered.keys()
        assert all((loaded.remembered[k] == state.remembered[k]).all() for k in state.remembered)
    assert refused > 100  # the rest hit what an archive does not use, such as dates


@pytest.mark.parametrize("name", ["spins", "held_until", "stopped", "shown", "trace"])
def test_arrays_that_do_not_fit_each_other_are_refused(name: str, tmp_path: Path) -> None:
    state = small_state()
    for array in (getattr(state, name)[:0], getattr(state, name).astype(np.float32)):
        replace(state, **{name: array}).save(tmp_path / "state.npz")
        with pytest.raises(sp.InputError, match="damaged"):
            sp.State.load(tmp_path / "state.npz")


def test_a_kernel_with_a_user_twice_in_its_bins_is_refused() -> None:
    """Compiled code follows these numbers without looking whether they are users."""
    state = small_state()
    state.remembered["members"][0, :2] = 10**6
    keys = {"temperature": 0.05, "sweeps": 41, "seed": 1, "kernel": "rejection-free"}
    with pytest.raises(sp.InputError, match="damaged"):
        sp.trajectory(two_camps(), resume=state, **keys)


def test_a_place_that_cannot_be_written_or_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(sp.InputError, match=r"cannot be written to .*No such file"):
        small_state().save(tmp_path / "missing" / "state.npz")
    with pytest.raises(sp.InputError, match="cannot be read"):
        sp.State.load(tmp_path)
