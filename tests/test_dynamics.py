"""Trajectories are deterministic: no thread, cadence, neighbour replica or kernel changes a number.

Laws are in ``test_engine_law``; what interventions do is in ``test_interventions``, starts and
stops are in ``test_starts_and_stops``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.dynamics.kernels import kernel_choice as kernels
from sociophysics.dynamics.kernels.kernel_choice import FixedPointKernel
from sociophysics.engine import counter, fixed_point, glauber
from sociophysics.errors import InputError
from sociophysics.influences import feeds
from sociophysics.influences.interventions import Heat, Nucleate, SwitchFeed, Tilt
from sociophysics.influences.schedules import Anneal, Hold, Loop, Patterned, Pulse, Ramp
from tests.laws import assert_mean

NOBODY = np.zeros((1, 0), np.uint8)
RICH: dict[str, Any] = {
    # Everything that could couple a replica to another, or to when it is looked at.
    "temperature": Ramp(0.4, 2.5),
    "field": [Patterned(np.linspace(-1, 1, 60), Pulse(at=4, width=6, height=0.7))],
    "feed": feeds.Engagement(strength=0.6, slots=3),
    "interventions": (
        Nucleate(at=5, share=0.2, stance=-1, hold=4),
        Tilt(at=9, field=0.3),
        SwitchFeed(at=11, feed=feeds.Memory(strength=0.5, tau=3.0)),
    ),
}


def society(
    n: int = 60, degree: float = 5.0, seed: int = 1, *, unit: bool = False
) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    keep = rng.random(i.size) < degree / n
    i, j = i[keep], j[keep]
    weight = rng.choice([-1.0, 1.0], i.size) if unit else rng.normal(0.3, 1.0, i.size)
    return sp.SpinSystem.from_edges(i, j, weight, n=n, h=rng.normal(0, 0.3, n))


def star(leaves: int, weights: np.ndarray | float = 1.0) -> sp.SpinSystem:
    hub = np.zeros(leaves, int)
    return sp.SpinSystem.from_edges(hub, np.arange(1, leaves + 1), weights)


def frames(system: sp.SpinSystem, **keys: Any) -> list[sp.Frame]:
    return list(sp.trajectory(system, **{"temperature": 1.2, "sweeps": 13, "seed": 9, **keys}))


def assert_same(first: list[sp.Frame], second: list[sp.Frame], rows: Any = slice(None)) -> None:
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert a.sweep == b.sweep
        assert a.temperature == b.temperature
        assert (a.field == b.field).all()
        assert (a.spins[rows] == b.spins).all()
        assert (a.phi[rows] == b.phi).all()


# --- determinism -------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [{}, RICH], ids=["plain", "everything"])
def test_same_seed_same_frames_and_another_seed_others(keys: dict[str, Any]) -> None:
    system = society()
    assert_same(frames(system, **keys), frames(system, **keys))
    other = frames(system, **keys, seed=10)
    assert (frames(system, **keys)[-1].spins != other[-1].spins).any()


@pytest.mark.parametrize("keys", [{}, RICH], ids=["plain", "everything"])
@pytest.mark.parametrize("kernel", ["fixed-point", "reference"])
def test_threads_change_no_number(
    keys: dict[str, Any], kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sociophysics.dynamics.loop.SMALL_TASK", 0)  # really use the threads
    system = society()
    one = frames(system, **keys, kernel=kernel, replicas=5, threads=1)
    for threads in (2, 4, 7):
        assert_same(one, frames(system, **keys, kernel=kernel, replicas=5, threads=threads))


@pytest.mark.parametrize("keys", [{}, RICH], ids=["plain", "everything"])
def test_a_replica_does_not_depend_on_the_others(keys: dict[str, Any]) -> None:
    system = society()
    many = frames(system, **keys, replicas=9)
    for rows in ([7], [0], [3, 1]):
        assert_same(many, frames(system, **keys, replicas=rows), rows)
    assert many[-1].replicas == tuple(range(9))
    assert frames(system, **keys, replicas=[7])[-1].replicas == (7,)


@pytest.mark.parametrize("keys", [{}, RICH], ids=["plain", "everything"])
@pytest.mark.parametrize("every", [3, 7, 13, 50])
def test_how_often_it_is_observed_changes_no_number(keys: dict[str, Any], every: int) -> None:
    system = society()
    all_frames = frames(system, **keys, replicas=2)
    due = [frame for frame in all_frames if frame.sweep % every == 0 or frame.sweep == 13]
    assert_same(due, frames(system, **keys, replicas=2, every=every))


@pytest.mark.parametrize("every", [1, 4, 12, 13, 20])
def test_frames_come_at_the_start_each_every_and_the_end(every: int) -> None:
    seen = [frame.sweep for frame in frames(society(), every=every)]
    assert seen == sorted({0, 13, *range(0, 14, every)})


def test_a_feed_of_strength_zero_is_no_feed() -> None:
    system = society()
    for feed in (feeds.Engagement(strength=0.0), feeds.Memory(strength=0.0)):
        assert_same(frames(system, replicas=2), frames(system, replicas=2, feed=feed))


def test_the_caller_may_keep_and_change_what_a_frame_holds() -> None:
    system = society()
    kept = [frame.spins.copy() for frame in frames(system, replicas=3)]
    stop = {"stop": lambda frame: np.array([frame.sweep == 4, False, False])}
    for frame, spins in zip(
        sp.trajectory(system, temperature=1.2, sweeps=13, seed=9, replicas=3, **stop),
        kept,
        strict=True,
    ):
        assert (frame.spins[1:] == spins[1:]).all()
        assert (frame.spins[0] == (spins if frame.sweep <= 4 else kept[4])[0]).all()
        frame.spins[:] = 1  # must reach neither the run nor later frames


# --- the compiled kernels ----------------------------------------------------------------------


def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernels' Python source run instead of its compiled form."""
    for name in ("mix", "increment"):
        monkeypatch.setattr(glauber, name, getattr(counter, name).py_func)
    for name in ("aligned", "flips", "rises_between", "spread"):
        monkeypatch.setattr(glauber, name, getattr(glauber, name).py_func)
    monkeypatch.setattr(glauber, "prefetch", lambda array, index: None)


SWEEPS = ("sweep_cached", "sweep_prefetched", "sweep_sequential", "sweep_kawasaki")


@pytest.mark.parametrize("name", SWEEPS)
@pytest.mark.parametrize("temperature", [0.0, 1.1, np.inf])
def test_compiled_kernels_equal_their_python_source(
    name: str, temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, rng = society(12), np.random.default_rng(2)
    couplings = fixed_point.encode_couplings(system.J, 1.0)
    spins = rng.choice(np.array([-1, 1], np.int8), (2, 12))
    state = fixed_point.encode_state(spins, system.h, couplings)
    tails = np.repeat(np.arange(12, dtype=np.int32), np.diff(couplings.indptr))
    held = np.zeros((2, 12), np.uint8)
    held[:, 3] = 1
    between = (tails,) if name == "sweep_kawasaki" else ()
    keys = rng.integers(0, 2**63, (2, 2)).astype(np.uint64)
    bounds = fixed_point.thresholds(temperature, couplings)

    def run(sweep: Any) -> tuple[np.ndarray, np.ndarray]:
        words, flipped = state.copy(), np.zeros(2, np.int64)
        sweep(
            words, couplings.indptr, couplings.rows, *between, *bounds, held, keys, 3, 20, flipped
        )
        return words, flipped

    compiled = run(getattr(glauber, name))
    interpreted(monkeypatch)
    with np.errstate(over="ignore"):  # words wrap around, as they must
        plain = run(getattr(glauber, name).py_func)
    assert (compiled[0] == plain[0]).all()
    assert (compiled[1] == plain[1]).all()
    assert compiled[1].min() > 0
    assert (compiled[0][:, 3] & 1 == state[:, 3] & 1).all()


@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("degree", [5.0, 60.0])
def test_cached_and_prefetched_and_wide_words_give_the_same_numbers(
    unit: bool, degree: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = society(400, degree, unit=unit)
    keys = {**RICH, "field": 0.2, "replicas": 2}
    cached = frames(system, **keys)
    monkeypatch.setattr(glauber, "CACHED_BYTES", 0)
    assert_same(cached, frames(system, **keys))
    # Words of 64 bits round the couplings elsewhere, so the numbers agree where they are exact.
    exact = sp.SpinSystem(system.J.sign(), np.zeros(400))
    narrow = frames(exact, replicas=2)
    monkeypatch.setattr(fixed_point, "_fine", lambda indptr, data, scale, *rest: scale > 2.0**40)
    assert fixed_point.encode_couplings(exact.J, 0.0).rows.dtype == np.int64
    assert_same(narrow, frames(exact, replicas=2))


@pytest.mark.parametrize("scheme", kernels.SCHEMES)
@pytest.mark.parametrize("every", [1, 5])
def test_stored_fields_equal_the_recomputed_ones_after_many_sweeps(
    scheme: str, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[FixedPointKernel] = []
    prepare = FixedPointKernel.__init__

    def remember(self: FixedPointKernel, *given: Any) -> None:
        prepare(self, *given)
        made.append(self)

    monkeypatch.setattr(FixedPointKernel, "__init__", remember)
    system = society(200, 8.0)
    keys = {**RICH, "field": Loop(-1.0, 1.0)}
    for frame in sp.trajectory(
        system, **keys, sweeps=300, seed=1, replicas=3, scheme=scheme, every=every
    ):
        running = made[-2:] if frame.sweep else []
        for kernel in running:
            assert (kernel.state == kernel.recomputed_state()).all()
    flipped = sum(int(kernel.flipped.sum()) for kernel in made)
    assert flipped > 1000


def test_stored_fields_are_the_local_fields_of_the_system() -> None:
    system = society(50, 8.0)
    couplings = fixed_point.encode_couplings(system.J, 2.0)
    kernel = FixedPointKernel(couplings, np.ones((1, 50), np.int8), 1, (0,), "random-sequential")
    kernel.change_field(system.h, None)
    kernel.sweep(0, 30, 2.0, NOBODY)
    stored = (kernel.state[0] >> 1) / couplings.scale
    assert np.allclose(stored, system.local_field(kernel.spins()[0]), atol=1e-6)


# --- hubs: int64 words -------------------------------------------------------------------------


def gaussian_star(leaves: int = 5000) -> sp.SpinSystem:
    return star(leaves, np.random.default_rng(4).normal(0.0, 1.0, leaves))


def test_hubs_take_wide_words_only_where_rounding_asks_for_them() -> None:
    width = fixed_point.encode_couplings
    assert width(star(5000).J, 0.0).rows.dtype == np.int32
    assert width(gaussian_star(20).J, 0.0).rows.dtype == np.int32
    rng = np.random.default_rng(4)
    uneven = star(5000, np.where(np.arange(5000) < 4000, 1.0, 1e-3 * rng.random(5000)))
    wide = width(uneven.J, 0.0)
    assert wide.rows.dtype == np.int64
    # What is stored for each leaf is its coupling to a part in 2^14, small ones included.
    stored = wide.rows[1::2][wide.rows[0::2] > 0] / wide.scale
    assert np.allclose(stored, uneven.J[[0], :].toarray().ravel()[1:], rtol=2.0**-14)


STARS = {
    "even": np.ones(5000),
    "gaussian": np.random.default_rng(4).normal(0.0, 1.0, 5000),
    "uneven": np.where(np.arange(5000) < 200, 1.0, 1e-3),
}


def held_at(stances: np.ndarray, users: np.ndarray) -> list[Nucleate]:
    return [
        Nucleate(at=0, who=users[stances[users] == s], stance=s, hold="forever") for s in (-1, 1)
    ]


@pytest.mark.parametrize("shape", STARS)
def test_a_hub_follows_its_exact_law(shape: str) -> None:
    """Held leaves keep the hub's field, in which its stance is a two-state chain."""
    system, sweeps, replicas = star(5000, STARS[shape]), 3, 1500
    start = np.random.default_rng(5).choice(np.array([-1, 1], np.int8), 5001)
    field = float(system.local_field(start)[0])
    *_, last = sp.trajectory(
        system,
        temperature=abs(field),
        sweeps=sweeps,
        seed=6,
        replicas=replicas,
        start=start,
        interventions=held_at(start, np.arange(1, 5001)),
        every=sweeps,
    )
    never = (1 - 1 / 5001) ** (sweeps * 5001)  # drawn
    mean = (1 - never) * np.tanh(np.sign(field)) + never * start[0]
    assert (last.spins[:, 1:] == start[1:]).all()
    assert_mean(last.spins[:, 0].astype(float), mean, 1 - mean**2)


@pytest.mark.parametrize("shape", STARS)
@pytest.mark.parametrize("temperature", [1e-3, 1.0])
def test_the_leaves_of_a_hub_follow_their_exact_law(shape: str, temperature: float) -> None:
    """Beside strong ties of the hub, weak ones must not be rounded away."""
    weights, sweeps = STARS[shape], 3
    start = np.ones(5001, np.int8)
    *_, last = sp.trajectory(
        star(5000, weights),
        temperature=temperature,
        sweeps=sweeps,
        seed=7,
        replicas=30,
        start=start,
        interventions=held_at(start, np.zeros(1, int)),
        every=sweeps,
    )
    never = (1 - 1 / 5001) ** (sweeps * 5001)
    mean = (1 - never) * np.tanh(weights / temperature) + never
    for leaves in (np.abs(weights) > 0.01, np.abs(weights) <= 0.01):
        if leaves.any():
            seen = last.spins[:, 1:][:, leaves].mean(axis=1)
            variance = (1 - mean[leaves] ** 2).sum() / leaves.sum() ** 2
            assert_mean(seen, float(mean[leaves].mean()), float(variance))


# --- schedules, fields, frames -----------------------------------------------------------------

SCHEDULES = [
    Hold(0.7),
    Ramp(0.5, 2.0),
    Loop(0.2, 1.5),
    Pulse(3, 2, 1.0, 0.5),
    Anneal(3.0, 0.5, 0.8),
]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_frames_tell_what_acted_in_their_sweep(schedule: Any) -> None:
    system = society(n=7)
    pattern = np.arange(7.0)
    for name in ("temperature", "field"):
        given = schedule if name == "temperature" else [Patterned(pattern, schedule)]
        for frame in frames(system, **{name: given}):
            value = schedule.values(13)[max(frame.sweep, 1) - 1]
            if name == "temperature":
                assert frame.temperature == value
            else:
                assert frame.field == pytest.approx(system.h + value * pattern, abs=1e-15)


def test_schedules_act_in_their_sweep() -> None:
    """At T = 0 free users follow the field once drawn; elsewhere a pulse of heat frees them."""
    n = 400
    free = sp.SpinSystem.from_edges([], [], n=n)
    pulse = Pulse(at=4, width=2, height=-2.0, base=1.0)
    mean = [frame.spins.mean() for frame in frames(free, temperature=0.0, field=pulse, start="up")]
    assert mean[:5] == [1.0] * 5
    # Sweeps 5 and 6 turn over who is drawn in them.
    assert mean[5] == pytest.approx(2 / np.e - 1, abs=0.2)
    assert mean[6] == pytest.approx(2 / np.e**2 - 1, abs=0.2)
    assert np.diff(mean[6:]).min() >= 0
    hot = Pulse(at=4, width=1, height=np.inf, base=0.0)
    bound = sp.SpinSystem.from_edges([], [], n=n, h=np.ones(n))
    mean = [frame.spins.mean() for frame in frames(bound, temperature=hot, start="up")]
    assert mean[:5] == [1.0] * 5
    assert mean[5] == pytest.approx(1 / np.e, abs=0.2)
    assert mean[6] > mean[5]


def test_a_field_per_user_equals_the_same_field_of_the_system() -> None:
    system, extra = society(), np.random.default_rng(3).normal(0, 1, 60)
    whole = sp.SpinSystem(system.J, system.h + extra)
    forms = (extra, extra.tolist(), tuple(extra), pd.Series(extra), [Patterned(extra, 1.0)])
    for field in forms:
        assert_same(frames(whole, replicas=2), frames(system, field=field, replicas=2))


def test_a_long_run_takes_no_memory_for_its_constants() -> None:
    system = society(n=5)
    run = sp.trajectory(system, temperature=1.0, field=0.1, sweeps=10**15, seed=1)
    assert [next(run).sweep for _ in range(3)] == [0, 1, 2]
    with pytest.raises(InputError, match="schedule of 1000000000000000 sweeps needs about"):
        sp.trajectory(system, temperature=Ramp(0, 1), sweeps=10**15, seed=1)


def test_one_user_alone() -> None:
    alone = sp.SpinSystem([[0.0]], h=[0.4])
    *_, last = sp.trajectory(alone, temperature=1.0, sweeps=3, seed=2, replicas=20_000, every=3)
    mean = np.tanh(0.4)
    assert_mean(last.spins[:, 0].astype(float), mean, 1 - mean**2)
    for scheme in kernels.SCHEMES:
        assert len(frames(alone, scheme=scheme)) == 14
    assert (frames(alone, temperature=0.0, start="down")[1].spins == 1).all()


# --- bad input ---------------------------------------------------------------------------------

NAN_LIST = [0.0] * 59 + [float("nan")]
BAD: list[tuple[dict[str, Any], str]] = [
    ({"temperature": -0.1}, "temperature is -0.1; it must be >= 0"),
    ({"temperature": float("nan")}, "temperature is nan"),
    ({"temperature": "hot"}, "temperature is 'hot'; give a number or a schedule"),
    ({"temperature": True}, "temperature is True"),
    ({"temperature": {"kind": "hold"}}, "give a number or a schedule"),
    ({"temperature": np.ones(13)}, "give a number or a schedule"),
    ({"temperature": Ramp(1.0, -1.0)}, "temperature is -0.1"),
    ({"sweeps": 0}, "sweeps is 0; it must be an integer >= 1"),
    ({"sweeps": 2.5}, "sweeps is 2.5"),
    ({"every": 0}, "every is 0"),
    ({"seed": -1}, "seed is -1"),
    ({"seed": 1.5}, "seed is 1.5"),
    ({"seed": None}, "seed is None"),
    ({"replicas": 0}, "replicas is 0"),
    ({"replicas": True}, "replicas is True"),
    ({"replicas": []}, "different integers >= 0, at least one"),
    ({"replicas": [1, 1]}, "different integers"),
    ({"replicas": [-1]}, "different integers"),
    ({"replicas": [0.5]}, "different integers"),
    ({"replicas": 2.5}, "give an integer >= 1"),
    ({"replicas": 10**12}, "ask for fewer replicas"),
    ({"threads": 0}, "threads is 0"),
    ({"kernel": "fixedpoint"}, "kernel is 'fixedpoint'; .* did you mean fixed-point"),
    ({"scheme": "squential"}, "did you mean sequential"),
    ({"kernel": "reference", "scheme": "sequential"}, "reference kernel is random-sequential only"),
    ({"camps": [0, 1]}, "camps have shape"),
    ({"field": [0.1, 0.2]}, r"field has shape \(2,\)"),
    ({"field": NAN_LIST}, "field holds NaN or infinity"),
    ({"field": float("inf")}, "field holds NaN or infinity"),
    ({"field": "north"}, "field is 'north'"),
    ({"field": ["a"] * 60}, "field does not hold numbers"),
    ({"field": [Patterned(np.ones(3), 1.0)]}, r"field has shape \(3,\)"),
    ({"feed": "chronological"}, "one of sociophysics.feeds, such"),
    ({"feed": feeds.InGroup()}, "camps"),
    ({"start": "upp"}, "start is 'upp'; .* did you mean up"),
    ({"start": "camps"}, "the users have no camps"),
    ({"start": np.zeros(60)}, "every stance must be"),
    ({"start": np.ones(59)}, "spins have shape"),
    ({"start": np.ones((2, 60))}, "start has 2 rows for 1 replicas"),
    ({"start": None}, "spins have shape"),
    ({"stop": "never"}, "give a function of a frame"),
    ({"interventions": [Heat(at=13, temperature=1.0)]}, "leaves it no sweep to act in"),
    ({"interventions": ["heat"]}, "is not an intervention"),
]


@pytest.mark.parametrize(("keys", "sentence"), BAD, ids=[str(keys)[:50] for keys, _ in BAD])
def test_bad_input_is_refused_at_the_call_in_one_sentence(
    keys: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        # Not one frame is asked for.
        sp.trajectory(society(), **{"temperature": 1.0, "sweeps": 13, "seed": 1, **keys})
    assert "\n" not in str(caught.value)


def test_more_bad_input() -> None:
    with pytest.raises(InputError, match="the network has no users"):
        frames(sp.SpinSystem(np.zeros((0, 0))))
    directed = sp.SpinSystem.from_edges([0], [1], directed=True, n=2)
    with pytest.raises(InputError, match="the couplings are directed; swaps need an energy"):
        frames(directed, scheme="kawasaki")
    nodes = pd.DataFrame({"value": np.arange(3)})
    with pytest.raises(InputError, match=r"holds other values than \+1 and -1"):
        frames(sp.SpinSystem(np.zeros((3, 3)), nodes=nodes), start="value")
    for answer in (True, np.array([1.0]), np.array([True, False])):
        with pytest.raises(InputError, match="stop returned"):
            frames(society(), stop=lambda frame, answer=answer: answer)
    with pytest.raises(InputError, match=r"not an observable.*did you mean magnetization"):
        sp.simulate(society(), temperature=1.0, sweeps=1, seed=1, observe=["magnetisation"])
    with pytest.raises(InputError, match="burn_in is 5; allowed: 0 to sweeps = 4"):
        sp.simulate(society(), temperature=1.0, sweeps=4, seed=1, burn_in=5)
    tiny_and_huge = sp.SpinSystem.from_edges([0, 0], [1, 2], [1e-30, 1.0])
    with pytest.raises(InputError, match="too many orders of magnitude"):
        frames(tiny_and_huge)
    with pytest.raises(InputError, match=r"other fields to 1e\+18, too many orders"):
        frames(sp.SpinSystem.from_edges([0], [1]), field=1e18)


# --- simulate ----------------------------------------------------------------------------------


def test_simulate_is_the_table_of_the_trajectory() -> None:
    system = society()
    names = ["magnetization", "energy"]
    table = sp.simulate(
        system,
        temperature=1.0,
        sweeps=8,
        seed=3,
        replicas=[2, 5],
        observe=names,
        every=3,
        burn_in=3,
    )
    assert list(table.columns) == ["replica", "sweep", *names]
    assert table[["replica", "sweep"]].to_numpy().tolist() == [
        [replica, sweep] for replica in (2, 5) for sweep in (3, 6, 8)
    ]
    run = sp.trajectory(system, temperature=1.0, sweeps=8, seed=3, replicas=[2, 5], every=3)
    *_, last = run
    rows = table[table["sweep"] == 8]
    assert rows["magnetization"].tolist() == last.spins.mean(axis=1).tolist()
    assert np.allclose(rows["energy"], system.energy(last.spins) / 60)
