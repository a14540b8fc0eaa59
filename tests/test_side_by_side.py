"""Replicas side by side over one order: numbers to the bit, exact laws of one and of two lanes.

Lanes of one block share the order of users, so a test that needs independent replicas takes one
lane, or one pair of lanes, of each of many blocks. Kernels that are wrong must be rejected.
"""

from __future__ import annotations

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.dynamics.kernels.side_by_side_kernel import SHARING, SideBySide
from sociophysics.engine import fixed_point
from sociophysics.engine.glauber import rises_between
from sociophysics.errors import InputError
from sociophysics.influences.interventions import Heat, Nucleate, Rewire, SwitchFeed, Tilt
from sociophysics.streams import key
from sociophysics.theory import markov
from sociophysics.theory.stance_patterns import all_states, state_number
from tests.laws import ALPHA, assert_law, law_p_value

BLOCKS = 3000
SWEEPS = 1  # early, where a shared order shows most
MASK = 2**64 - 1
LOW = 2**32 - 1


def society(n: int, seed: int, *, directed: bool = False) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    J = np.triu(rng.normal(0.0, 0.6, (n, n)) * (rng.random((n, n)) < 0.7), 1)
    J = J + (np.tril(rng.normal(0.0, 0.6, (n, n)), -1) if directed else J.T)
    return sp.SpinSystem(J, rng.normal(0.0, 0.4, n))


def kernel_of(
    system: sp.SpinSystem, start: np.ndarray, seed: int, replicas: tuple[int, ...]
) -> SideBySide:
    kernel = SideBySide(SideBySide.encode(system, 2.0), start, seed, replicas)
    kernel.change_field(system.h, None)
    return kernel


def hashed(word: int) -> int:
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return word ^ (word >> 31)


def stream(seed: int, purpose: str, number: int, draw: int) -> int:
    start, increment = (int(word) for word in key(seed, purpose, number))
    return hashed((start + draw * (hashed(increment) | 1)) & MASK)


def one_by_one(
    kernel: SideBySide,
    start: np.ndarray,
    field: np.ndarray,
    seed: int,
    replica: int,
    sweeps: int,
    temperature: float,
    held: frozenset[int] = frozenset(),
) -> np.ndarray:
    """Return a replica's stances as its docstrings define them, every draw decided exactly."""
    c, spins, n = kernel.couplings, start.astype(int), start.size
    fields = np.rint(field * c.scale).astype(int)
    reach = [
        [(int(c.rows[2 * p]), int(c.rows[2 * p + 1])) for p in range(c.indptr[j], c.indptr[j + 1])]
        for j in range(n)
    ]
    for j in range(n):
        for i, weight in reach[j]:
            fields[i] += weight * spins[j]
    for attempt in range(sweeps * n):
        i = ((stream(seed, "order", replica // SHARING, attempt + 1) >> 32) * n) >> 32
        pair, half = stream(seed, "lanes", replica, attempt // 2 + 1), attempt % 2
        draw = (hashed((pair + half) & MASK) & ~LOW) | ((pair >> (32 * half)) & LOW)
        # The further bits of v are a hash of the whole draw.
        up = rises_between(int(fields[i]), np.uint64(draw), c.scale * temperature / 2.0)
        if (1 if up else -1) != spins[i] and i not in held:
            spins[i] = -spins[i]
            for k, weight in reach[i]:
                fields[k] += 2 * weight * spins[i]
    return spins


@pytest.mark.parametrize("temperature", [0.0, 0.4, 1.0, np.inf])
@pytest.mark.parametrize("replicas", [(5,), tuple(range(20, 45)), (70, 3, 71, 40)])
def test_every_replica_is_what_the_definition_makes_of_it(
    temperature: float, replicas: tuple[int, ...]
) -> None:
    """An odd number of users, so that sweeps begin at both halves of a draw."""
    system = society(17, 3, directed=True)
    start = np.random.default_rng(1).choice(np.array([-1, 1], np.int8), (len(replicas), 17))
    kernel = kernel_of(system, start, 4, replicas)
    for first, sweeps in ((0, 1), (1, 2), (3, 24)):
        kernel.sweep(first, sweeps, temperature, np.zeros((len(replicas), 0), np.uint8))
    for row in {0, len(replicas) - 1}:
        known = one_by_one(kernel, start[row], system.h, 4, replicas[row], 27, temperature)
        assert kernel.spins()[row].tolist() == known.tolist()
    assert np.array_equal(kernel.words(), kernel.recomputed_state())


def test_held_users_and_words_of_64_bits() -> None:
    rng = np.random.default_rng(5)
    J = np.triu(rng.normal(0.0, 1.0, (12, 12)) * 10.0 ** rng.uniform(-5, 0, (12, 12)), 1)
    system = sp.SpinSystem(J + J.T, rng.normal(0.0, 1e-4, 12))
    start = rng.choice(np.array([-1, 1], np.int8), (9, 12))
    kernel = SideBySide(SideBySide.encode(system, 1e-3, 1e-7), start, 2, tuple(range(9)))
    assert kernel.couplings.rows.dtype == np.int64
    kernel.change_field(system.h, None)
    held = np.zeros((9, 12), np.uint8)
    held[4, [2, 7]] = 1
    kernel.sweep(0, 30, 1e-3, held)
    for row, who in ((4, frozenset({2, 7})), (3, frozenset())):
        known = one_by_one(kernel, start[row], system.h, 2, row, 30, 1e-3, who)
        assert kernel.spins()[row].tolist() == known.tolist()
    assert np.array_equal(kernel.words(), kernel.recomputed_state())


def test_asking_for_memory_ahead_changes_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    system = society(40, 8)
    start = np.ones((32, 40), np.int8)
    found = []
    for size in (0, 10**9):
        monkeypatch.setattr("sociophysics.dynamics.kernels.side_by_side_kernel.CACHED_BYTES", size)
        kernel = kernel_of(system, start, 1, tuple(range(32)))
        kernel.sweep(0, 50, 1.0, np.zeros((32, 0), np.uint8))
        found.append(kernel.words())
    assert np.array_equal(*found)


def pairs(
    system: sp.SpinSystem, start: np.ndarray, temperature: float, seed: int, *, wrong: str = ""
) -> np.ndarray:
    """Return stances (blocks, 2, n) after some sweeps of two lanes of each of many blocks."""
    numbers = [
        SHARING * b + lane for b in range(BLOCKS) for lane in ((3 * b) % 31, (3 * b) % 31 + 1)
    ]
    if wrong == "orders apart":
        numbers = [SHARING * each for each in range(2 * BLOCKS)]
    kernel = kernel_of(system, np.tile(start, (BLOCKS, 1)), seed, tuple(numbers))
    for block in kernel.blocks:
        if wrong == "same draws":
            block.keys[1] = block.keys[0]
    if wrong == "no field":
        kernel.change_field(np.zeros(system.n), None)
    if wrong == "warmer":
        temperature *= 1.2
    if wrong == "one user is never drawn":
        held = np.zeros((len(numbers), system.n), np.uint8)
        held[:, 0] = 1
    else:
        held = np.zeros((len(numbers), 0), np.uint8)
    kernel.sweep(0, SWEEPS, temperature, held)
    return kernel.spins().reshape(BLOCKS, 2, system.n)


def joint_law(system: sp.SpinSystem, start: np.ndarray, temperature: float) -> np.ndarray:
    """Return the law of two lanes: one user is drawn for both, who answers in each by itself."""
    n = system.n
    states = all_states(n)
    size = len(states)
    J = system.J.toarray()
    each = np.zeros((n, size, size))
    for i in range(n):
        for a, state in enumerate(states):
            up = 1.0 / (1.0 + np.exp(-2.0 * float(J[i] @ state + system.h[i]) / temperature))
            for stance, chance in ((1, up), (-1, 1.0 - up)):
                after = state.copy()
                after[i] = stance
                each[i, a, int(state_number(after[None])[0])] += chance
    law = np.zeros((size, size))
    law[tuple(int(state_number(row[None])[0]) for row in start)] = 1.0
    for _ in range(SWEEPS * n):
        law = sum(move.T @ law @ move for move in each) / n
    return law.reshape(-1)


SMALL = society(3, 12)
STARTS = np.array([[1, -1, 1], [1, 1, -1]], np.int8)


def counted(spins: np.ndarray) -> np.ndarray:
    numbers = state_number(spins.reshape(-1, spins.shape[2])).reshape(-1, 2)
    size = 2 ** spins.shape[2]
    return np.bincount(numbers[:, 0] * size + numbers[:, 1], minlength=size * size)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_two_lanes_of_a_block_follow_their_joint_law(temperature: float) -> None:
    found = counted(pairs(SMALL, STARTS, temperature, round(10 * temperature)))
    assert_law(found, joint_law(SMALL, STARTS, temperature))


@pytest.mark.parametrize(
    "wrong", ["same draws", "orders apart", "no field", "warmer", "one user is never drawn"]
)
def test_wrong_kernels_are_rejected(wrong: str) -> None:
    start = STARTS[[0, 0]] if wrong == "same draws" else STARTS
    found = counted(pairs(SMALL, start, 0.5, 77, wrong=wrong))
    assert law_p_value(found, joint_law(SMALL, start, 0.5)) < ALPHA


@pytest.mark.parametrize("directed", [False, True])
def test_one_lane_of_many_blocks_follows_the_finite_time_law(directed: bool) -> None:
    system = society(5, 6, directed=directed)
    start = np.array([1, -1, -1, 1, -1], np.int8)
    numbers = [SHARING * b + (37 * b) % SHARING for b in range(BLOCKS)]
    *_, last = sp.trajectory(
        system, temperature=0.7, sweeps=3, seed=5, replicas=numbers, start=start,
        kernel="side-by-side", every=3,
    )  # fmt: skip
    matrix = markov.transition_matrix(system, temperature=0.7)
    law = markov.distribution_after(matrix, start, 3 * system.n)
    assert_law(np.bincount(state_number(last.spins), minlength=32), law)


def run(replicas: object, **keys: object) -> sp.Frame:
    society = sp.SpinSystem.from_edges(range(60), [(i + 1) % 60 for i in range(60)])
    settings = {"temperature": 0.9, "sweeps": 9, "seed": 2, "every": 9, "kernel": "side-by-side"}
    camps = np.arange(60) % 2
    *_, last = sp.trajectory(society, replicas=replicas, camps=camps, **settings | keys)
    return last


ACTS = (
    Tilt(2, 0.3), Heat(3, 1.4), Nucleate(4, share=0.2, hold=2), SwitchFeed(5, feed=None),
)  # fmt: skip


@pytest.mark.parametrize("feed", [None, sp.feeds.Popularity(strength=0.5)])
def test_a_replica_does_not_depend_on_the_others_threads_or_stops(feed: object) -> None:
    """Feeds are refreshed and interventions act on each replica by itself."""
    acts = ACTS if feed is not None else ACTS[:3]
    keys = {"feed": feed, "interventions": acts}
    whole = run(70, **keys)
    for replicas, threads in (([64], 1), ([3, 40, 33], 1), (range(70), 3)):
        part = run(replicas, threads=threads, **keys)
        assert np.array_equal(part.spins, whole.spins[list(replicas)])
        assert np.array_equal(part.phi, whole.phi[list(replicas)])
    stopped = run(
        70, **keys, stop=lambda frame: (np.array(frame.replicas) % 3 == 0) & (frame.sweep == 4)
    )
    on = np.arange(70) % 3 != 0
    assert np.array_equal(stopped.spins[on], whole.spins[on])


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"scheme": "sequential"}, "random-sequential only"),
        ({"rule": sp.rules.Voter(), "temperature": None}, "knows the heat bath only"),
        ({"interventions": (Rewire(2),)}, "share their ties"),
    ],
)
def test_what_it_cannot_do_is_said(keys: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        run(2, **keys)


def test_fields_keep_their_room_in_lanes_that_are_nobodys() -> None:
    system = society(30, 2)
    kernel = kernel_of(system, np.ones((3, 30), np.int8), 1, (0, 1, 2))
    kernel.sweep(0, 40, 0.8, np.zeros((3, 0), np.uint8))
    block = kernel.blocks[0]
    assert block.lanes == 8
    spins = np.empty((8, 30), np.int8)
    fixed_point.read_spins(np.ascontiguousarray(block.by_user.T), spins)
    again = fixed_point.encode_state(
        spins, block.applied.T / kernel.couplings.scale, kernel.couplings
    )
    assert np.array_equal(again, block.by_user.T)


@pytest.mark.parametrize("kernel", ["side-by-side", "bit-sliced"])
def test_a_scenario_file_cannot_ask_for_replicas_that_depend_on_each_other(kernel: str) -> None:
    text = f"""
    seed = 1
    network = {{kind = "complete", n = 6}}
    couplings = {{kind = "uniform", value = 0.1}}
    dynamics = {{temperature = 1.0, sweeps = 4, kernel = "{kernel}"}}
    observe = {{every = 4, names = ["magnetization"]}}
    """
    with pytest.raises(InputError, match="intervals of a run take replicas for independent"):
        sp.Scenario.from_toml(text)


def test_replicas_of_one_order_are_one_cluster() -> None:
    """Where a feed of few posts starts everybody alike, an order shows; clusters hold it."""
    rng = np.random.default_rng(4)
    J = np.where(np.triu(rng.random((30, 30)) < 0.3, 1), 1.0, 0.0)
    system = sp.SpinSystem(J + J.T)
    start = rng.choice(np.array([-1, 1], np.int8), 30)
    *_, last = sp.trajectory(
        system, temperature=0.0, sweeps=1, seed=3, replicas=SHARING * 60, start=start,
        kernel="side-by-side",
    )  # fmt: skip
    up = last.spins.mean(axis=1)
    plain = sp.statistics.t_interval(up)
    held = sp.statistics.t_interval(up, cluster=np.array(last.replicas) // SHARING)
    assert held.high - held.low > 1.5 * (plain.high - plain.low)
