"""Kernels that must agree to the last bit, which one is chosen, and what their draws rest on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse

import sociophysics as sp
from sociophysics import streams
from sociophysics.dynamics.kernels.kernel_choice import (
    FixedPointKernel,
    Integer,
    choose_kernel,
    task_of,
)
from sociophysics.dynamics.kernels.rejection_free_kernel import Adaptive
from sociophysics.engine import counter, fixed_point, glauber
from sociophysics.engine import integer_sweeps as fields
from sociophysics.engine import integer_sweeps as sweeps
from sociophysics.errors import InputError
from sociophysics.influences import feeds
from sociophysics.influences.interventions import Heat, Nucleate, Rewire, SwitchFeed, Tilt
from sociophysics.influences.schedules import Ramp
from sociophysics.theory import exact, markov
from sociophysics.theory.stance_patterns import all_states, state_number
from tests.laws import ALPHA, assert_mean, law_p_value, mean_p_value

RANDOM = "random-sequential"
NOBODY = np.zeros((1, 0), np.uint8)
TEMPERATURES = [0.0, 0.02, 0.7, 2.8, 30.0, 1e9, np.inf]


def signed(n: int, degree: float, c: float = 1.0, *, directed: bool = False) -> sp.SpinSystem:
    rng = np.random.default_rng(n)
    linked = rng.random((n, n)) < degree / n
    linked &= ~np.eye(n, dtype=bool) if directed else np.triu(np.ones((n, n), bool), 1)
    i, j = np.nonzero(linked)
    return sp.SpinSystem.from_edges(i, j, c * rng.choice([-1.0, 1.0], i.size), n, directed=directed)


def star(leaves: int, c: float) -> sp.SpinSystem:
    signs = np.random.default_rng(1).choice([-c, c], leaves)
    return sp.SpinSystem.from_edges(np.zeros(leaves, int), np.arange(1, leaves + 1), signs)


SYSTEMS = {
    "signs": signed(80, 6.0),
    "0.3": signed(400, 9.0, 0.3),
    "1/sqrt(10)": signed(80, 6.0, 10**-0.5),
    "directed": signed(80, 6.0, 0.7, directed=True),
    "hub": star(3000, 0.1),
    "63 each": sp.SpinSystem(np.ones((64, 64)) - np.eye(64)),
    "64 each": sp.SpinSystem(np.eye(65) - np.ones((65, 65))),
    "large hub": star(20_000, 1.0),
}
WIDTHS = {"63 each": np.int8, "64 each": np.int16, "hub": np.int16, "large hub": np.int32}


def started(kind: Any, system: sp.SpinSystem, spins: np.ndarray, seed: int = 1) -> Any:
    return kind(kind.encode(system, 0.0), spins, seed, tuple(range(len(spins))), RANDOM)


def stances(n: int, replicas: int = 3) -> np.ndarray:
    return np.random.default_rng(n).choice(np.array([-1, 1], np.int8), (replicas, n))


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("cached_bytes", [0, 10**9])
def test_integer_and_fixed_point_words_agree_bit_for_bit(
    name: str, cached_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glauber, "CACHED_BYTES", cached_bytes)
    system = SYSTEMS[name]
    spins = stances(system.n)
    some = (np.random.default_rng(2).random(spins.shape) < 0.1).astype(np.uint8)
    integer, fixed = started(Integer, system, spins), started(FixedPointKernel, system, spins)
    for k, temperature in enumerate(TEMPERATURES):
        for first, count, held in ((0, 1, some), (1, 6, np.zeros((3, 0), np.uint8))):
            for kernel in (integer, fixed):
                kernel.sweep(7 * k + first, count, temperature, held)
            assert (integer.state & 1 == fixed.state & 1).all()
            assert (
                (integer.state >> 1).astype(np.int64) * integer.ties.step == fixed.state >> 1
            ).all()
            assert (integer.flipped == fixed.flipped).all()
    assert integer.flipped.min() > system.n
    assert integer.state.dtype == WIDTHS.get(name, np.int8)
    assert (integer.state == integer.recomputed_state()).all()
    assert (fixed.state == fixed.recomputed_state()).all()


@pytest.mark.parametrize("name", ["0.3", "directed"])
def test_sweeps_may_be_cut_anywhere(name: str) -> None:
    system = SYSTEMS[name]
    whole, pieces = (started(Integer, system, stances(system.n)) for _ in range(2))
    free = np.zeros((3, 0), np.uint8)
    whole.sweep(0, 12, 1.0, free)
    for first, count in ((0, 5), (5, 1), (6, 6)):
        pieces.sweep(first, count, 1.0, free)
    assert (whole.state == pieces.state).all()


def test_kernels_give_the_same_frames_through_interventions() -> None:
    system = SYSTEMS["0.3"]

    def frames(kernel: str, **keys: Any) -> list[sp.Frame]:
        return list(
            sp.trajectory(
                system,
                temperature=Ramp(0.2, 2.0),
                sweeps=12,
                seed=4,
                replicas=3,
                interventions=(Nucleate(at=2, hold=3), Heat(at=6, temperature=1.0), Rewire(at=8)),
                kernel=kernel,
                **keys,
            )
        )

    ours = frames("integer")
    for other in (
        frames("fixed-point"),
        frames("auto", threads=4, every=3),
        frames("integer", feed=feeds.Chronological(strength=0.0)),
    ):
        for frame in other:
            assert (frame.spins == ours[frame.sweep].spins).all()


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_change_no_number(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sociophysics.dynamics.loop.SMALL_TASK", 0)
    system = SYSTEMS["signs"]
    keys = {"temperature": 1.5, "sweeps": 30, "seed": 3, "replicas": 5, "kernel": "integer"}
    *_, one = sp.trajectory(system, **keys, threads=1)
    *_, several = sp.trajectory(system, **keys, threads=threads)
    assert (one.spins == several.spins).all()


def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (glauber, sweeps):
        for name in ("mix", "increment"):
            monkeypatch.setattr(module, name, getattr(counter, name).py_func)
        for name in ("rises_between", "flips", "spread"):
            compiled = getattr(module, name)
            monkeypatch.setattr(module, name, getattr(compiled, "py_func", compiled))
        monkeypatch.setattr(module, "prefetch", lambda array, index: None)


@pytest.mark.parametrize("name", ["sweep_integer_cached", "sweep_integer_prefetched"])
@pytest.mark.parametrize("temperature", [0.0, 1.1, np.inf])
def test_compiled_kernels_equal_their_python_source(
    name: str, temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = signed(12, 4.0)
    J = system.J
    ties = fields.encode_ties(J.indptr, J.indices, J.data, symmetric=True)
    held = np.zeros((2, 12), np.uint8)
    held[:, 3] = 1
    keys = np.random.default_rng(5).integers(0, 2**63, (2, 2)).astype(np.uint64)
    table = fields.cuts(temperature, ties)

    def run(sweep: Any) -> tuple[np.ndarray, np.ndarray]:
        words, flipped = fields.encode_words(stances(12, 2), ties), np.zeros(2, np.int64)
        sweep(words, ties.indptr, ties.ends, *table, held, keys, 3, 20, flipped)
        return words, flipped

    compiled = run(getattr(sweeps, name))
    interpreted(monkeypatch)
    with np.errstate(over="ignore"):  # words wrap around, as they must
        plain = run(getattr(sweeps, name).py_func)
    assert (compiled[0] == plain[0]).all()
    assert (compiled[1] == plain[1]).all()
    assert compiled[1].min() > 0


# --- the draw ----------------------------------------------------------------------------------


def draws_near_every_threshold(cut: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(6)
    near = (cut[::2, np.newaxis] + np.arange(-fields.OPEN - 3, 3)).ravel()
    near = near[(near >= 0) & (near < 2**32)]
    upper = rng.integers(0, 2**32, (40, 1), dtype=np.uint64) << np.uint64(32)
    return (near.astype(np.uint64) | upper).ravel()


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_table_leaves_to_the_exact_comparison_all_it_cannot_decide(temperature: float) -> None:
    J = star(12, 0.3).J
    ties = fields.encode_ties(J.indptr, J.indices, J.data, symmetric=True)
    table, couplings = fields.cuts(temperature, ties), fixed_point.encode_couplings(J, 0.0)
    bounds = fixed_point.thresholds(temperature, couplings)
    mix = np.vectorize(lambda z: int(counter.mix.py_func(np.uint64(z))), otypes=[np.uint64])
    with np.errstate(over="ignore"):
        draws = draws_near_every_threshold(table.cut)
        tails = mix(draws ^ glauber.TAIL)
    leading = (draws & glauber.LOW).astype(np.int64)
    # v as a pair of integers: the comparison here is with float128 logits, not with the code's.
    v = (leading.astype(np.longdouble) * 2**32 + (tails >> np.uint64(32)) + 0.5) / 2**64
    left = 1 - v
    disagree = 0
    for word in range(-2 * ties.reach, 2 * ties.reach + 2):
        zero = table.cut.size // 2 - 1
        beyond = leading - table.cut[word + zero]
        field = (word >> 1) * ties.step
        if 0.0 < temperature < np.inf:
            rises = field > np.longdouble(bounds.unit) * (np.log(v) - np.log(left))
        elif temperature == 0.0:
            rises = (v < 0.5) if field == 0 else np.full(v.shape, field > 0)
        else:
            rises = v < 0.5
        flips = rises != bool(word & 1)
        keeps = (beyond >= 0) & (beyond < 2**32)
        open_ = (beyond + fields.OPEN >= 0) & (beyond < 0)
        open_ |= (beyond >= 2**32) & (beyond < 2**32 + fields.OPEN)
        assert not flips[keeps].any()
        assert flips[~keeps & ~open_].all()
        for k in np.flatnonzero(open_)[:60]:
            code = glauber.rises_between(np.int64(field), draws[k], bounds.unit)
            disagree += bool(code) != bool(rises[k])
    assert disagree == 0


# --- laws --------------------------------------------------------------------------------------

STEPS, REPLICAS = 3, 40_000
SMALL = signed(10, 5.0)
FROM = np.where(np.arange(10) % 3 == 0, 1, -1).astype(np.int8)


def last_stances(
    change: Callable[[Any], None] = lambda kernel: None, temperature: float = 1.7
) -> np.ndarray:
    kernel = started(Integer, SMALL, np.tile(FROM, (REPLICAS, 1)), seed=21)
    held = np.zeros((REPLICAS, 0), np.uint8)
    kernel._cuts = (temperature, fields.cuts(temperature, kernel.ties))
    change(kernel)
    kernel.sweep(0, STEPS, temperature, getattr(kernel, "held", held))
    return kernel.spins()


@pytest.fixture(scope="module")
def small_law() -> np.ndarray:
    matrix = markov.transition_matrix(SMALL, temperature=1.7)
    return markov.distribution_after(matrix, FROM, STEPS * SMALL.n)


def smallest_p_value(spins: np.ndarray, law: np.ndarray) -> float:
    """Return the Bonferroni-corrected p-value of all stances, pairs of stances, and the law."""
    counts = np.bincount(state_number(spins), minlength=law.size)
    states = all_states(SMALL.n).astype(float)
    i, j = np.triu_indices(SMALL.n, 1)
    found = np.hstack([spins, spins[:, i] * spins[:, j]]).astype(float)
    mean = law @ np.hstack([states, states[:, i] * states[:, j]])
    p = [
        mean_p_value(values, m, 1 - m * m) for values, m in zip(found.T, mean.tolist(), strict=True)
    ]
    return min([*p, law_p_value(counts, law)]) * (len(p) + 1)


def test_every_stance_and_every_pair_follows_the_exact_law(small_law: np.ndarray) -> None:
    assert smallest_p_value(last_stances(), small_law) >= ALPHA


def test_pairs_reach_those_of_the_boltzmann_law() -> None:
    *_, last = sp.trajectory(
        SMALL, temperature=1.7, sweeps=60, seed=8, replicas=REPLICAS, every=60, kernel="integer"
    )
    law = exact.boltzmann(SMALL, temperature=1.7)
    by_number = np.zeros(2**SMALL.n)
    by_number[state_number(law.states)] = law.probabilities
    assert smallest_p_value(last.spins, by_number) >= ALPHA


def _changed(**parts: Any) -> Callable[[Any], None]:
    def change(kernel: Any) -> None:
        if "ends" in parts:
            kernel.ties = kernel.ties._replace(ends=parts["ends"](kernel.ties.ends))
        if "cut" in parts:
            cuts = kernel._cuts[1]
            kernel._cuts = (kernel._cuts[0], cuts._replace(cut=parts["cut"](cuts.cut)))
        if "held" in parts:
            kernel.held = np.tile(parts["held"], (REPLICAS, 1))

    return change


MUTANTS = {
    "sign of the packed couplings": _changed(ends=lambda ends: ends ^ np.uint32(1)),
    "signs forgotten": _changed(ends=lambda ends: ends & ~np.uint32(1)),
    "table off by one field": _changed(cut=lambda cut: np.roll(cut, 2)),
    "table off by one word": _changed(cut=lambda cut: np.roll(cut, 1)),
    "down 3 % too often": _changed(cut=lambda cut: cut - 2**27 * (np.arange(cut.size) & 1)),
    "frozen user": _changed(held=(np.arange(10) == 4).astype(np.uint8)),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_wrong_kernels_are_rejected(mutant: str, small_law: np.ndarray) -> None:
    assert smallest_p_value(last_stances(MUTANTS[mutant]), small_law) < ALPHA


@pytest.mark.parametrize("temperature", [2 * 1.7, 1.05 * 1.7])
def test_wrong_temperatures_are_rejected(temperature: float, small_law: np.ndarray) -> None:
    assert smallest_p_value(last_stances(temperature=temperature), small_law) < ALPHA


# --- stored fields -----------------------------------------------------------------------------


def weighted(n: int, degree: float) -> sp.SpinSystem:
    system = signed(n, degree)
    upper = sparse.triu(system.J, format="coo")
    weights = np.random.default_rng(7).normal(0.0, 1.0, upper.nnz)
    return sp.SpinSystem.from_edges(upper.row, upper.col, weights, n)


def check_stored_fields(kernel: Any, updates: int) -> int:
    n = kernel.state.shape[1]
    kernel.sweep(0, updates // n, 2.8, NOBODY)
    assert (kernel.state == kernel.recomputed_state()).all()
    return int(kernel.flipped[0])


@pytest.mark.parametrize("cached_bytes", [0, 10**9])
@pytest.mark.parametrize("kind", [Integer, FixedPointKernel])
def test_stored_fields_equal_the_recomputed_ones(
    kind: Any, cached_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glauber, "CACHED_BYTES", cached_bytes)
    system = signed(1000, 10.0) if kind is Integer else weighted(1000, 10.0)
    kernel = started(kind, system, np.ones((1, 1000), np.int8))
    assert check_stored_fields(kernel, 10**7) > 10**6


@pytest.mark.validate
@pytest.mark.parametrize("kind", [Integer, FixedPointKernel])
def test_stored_fields_equal_the_recomputed_ones_after_a_billion_updates(
    kind: Any, record_property: Callable[[str, object], None]
) -> None:
    """Local fields kept flip by flip equal those computed anew after 1e9 updates (real weights)."""
    system = signed(4000, 10.0) if kind is Integer else weighted(4000, 10.0)
    kernel = started(kind, system, np.ones((1, 4000), np.int8))
    flips = check_stored_fields(kernel, 10**9)
    record_property("updates", 10**9)
    record_property("flips", flips)
    assert flips > 10**8


# --- streams -----------------------------------------------------------------------------------


def test_replicas_are_uncorrelated() -> None:
    system = signed(400, 6.0)
    overlaps, hot = [], []
    for seed in range(100):
        for temperature, into in ((2.5, overlaps), (np.inf, hot)):
            *_, last = sp.trajectory(
                system, temperature=temperature, sweeps=40, seed=seed, replicas=8, every=40
            )
            s = last.spins.astype(float)
            into.extend((s[0::2] * s[1::2]).mean(axis=1))
    q, free = np.array(overlaps), np.array(hot)
    assert_mean(q, 0.0, q.var())
    # At infinite temperature the overlap is a mean of n fair coins.
    assert_mean(free, 0.0, 1 / 400)
    assert_mean(400 * free**2, 1.0, 2 - 2 / 400)


def test_a_shared_stream_would_be_seen() -> None:
    system = signed(400, 6.0)
    kernel = started(Integer, system, stances(400, 2))
    kernel.keys[1] = kernel.keys[0]
    kernel.sweep(0, 40, np.inf, np.zeros((2, 0), np.uint8))
    s = kernel.spins().astype(float)
    assert (stances(400, 2)[0] * stances(400, 2)[1].astype(float)).mean() < 0.5
    # Draws set stances, so equal draws make equal societies.
    assert (s[0] * s[1]).mean() == 1.0


def test_streams_of_related_seeds_and_replicas_do_not_overlap() -> None:
    constants = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, int(glauber.TAIL))
    seeds = {0, 1, 2, 3, 2**32, 2**63, *(k * c % 2**64 for c in constants for k in (1, 2, 3, 10))}
    words = [streams.key(s, purpose, r) for s in seeds for r in range(4) for purpose in
             ("dynamics", "feed")]  # fmt: skip
    steps = np.array([counter.increment(w[1]) for w in words], np.uint64)
    assert np.unique(steps).size == steps.size
    with np.errstate(over="ignore"):
        places = np.array([w[0] for w in words])[:, np.newaxis] + np.outer(
            steps, np.arange(1, 2001, dtype=np.uint64)
        )
        z = (places ^ (places >> np.uint64(30))) * np.uint64(constants[1])
        z = (z ^ (z >> np.uint64(27))) * np.uint64(constants[2])
        drawn = z ^ (z >> np.uint64(31))
    assert np.unique(drawn).size == drawn.size
    assert drawn[0, 0] == counter.mix(places[0, 0])


# --- choice ------------------------------------------------------------------------------------


def test_what_auto_stands_for() -> None:
    unit, mixed = SYSTEMS["0.3"], weighted(50, 5.0)
    pushed = sp.SpinSystem(unit.J, np.full(unit.n, 0.1))
    for keys, able in (
        ({}, True),
        ({"field": []}, True),
        ({"feed": feeds.Random(strength=0.0)}, True),
        ({"interventions": [Heat(1, 2.0), SwitchFeed(1, None), Nucleate(1), Rewire(1)]}, True),
        ({"field": 0.0}, False),
        ({"feed": feeds.Random(strength=0.5)}, False),
        ({"feed": feeds.Animosity(delta=0.5)}, False),
        ({"interventions": [Tilt(1, 0.1)]}, False),
        ({"interventions": [SwitchFeed(1, feeds.Random())]}, False),
    ):
        task = task_of(unit, RANDOM, **keys)
        assert choose_kernel("auto", task) == "adaptive"
        assert (Integer.refusal(task) is None) == able
    for system in (mixed, pushed, sp.SpinSystem(np.zeros((3, 3)))):
        assert Integer.refusal(task_of(system, RANDOM)) is not None
    assert choose_kernel("auto", task_of(unit, "sequential")) == "fixed-point"


def test_the_words_of_auto_depend_on_couplings_and_fields() -> None:
    unit, mixed = SYSTEMS["0.3"], weighted(50, 5.0)
    assert isinstance(Adaptive.encode(unit, 0.0), fields.IntegerTies)
    assert isinstance(Adaptive.encode(unit, 0.1), fixed_point.Couplings)
    assert isinstance(Adaptive.encode(mixed, 0.0), fixed_point.Couplings)


def test_hubs_too_large_for_a_table_of_thresholds_fall_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sociophysics.dynamics.kernels.incremental_kernel.LARGEST_REACH", 2999)
    assert isinstance(Adaptive.encode(SYSTEMS["hub"], 0.0), fixed_point.Couplings)
    with pytest.raises(InputError, match="more than 2999 users"):
        choose_kernel("integer", task_of(SYSTEMS["hub"], RANDOM))


SCENARIO = """
title = "t"
question = "q"
seed = 1
network = { kind = "random_regular", n = 60, degree = 4 }
couplings = { kind = "random_sign", share = 0.5 }
dynamics = { temperature = 1.0, sweeps = 4 }
observe = { every = 2, names = ["magnetization"] }
sweep = { replicas = 2 }
"""


def test_the_manifest_names_the_kernel() -> None:
    run = sp.run(sp.Scenario.from_toml(SCENARIO), workers=1)
    assert run.manifest["kernel"] == "adaptive"


@pytest.mark.parametrize(
    ("system", "keys", "words"),
    [
        (weighted(50, 5.0), {}, "not all c or -c"),
        (SYSTEMS["0.3"], {"field": 0.2}, "an external field acts"),
        (SYSTEMS["0.3"], {"feed": feeds.Random()}, "a feed acts"),
        (SYSTEMS["0.3"], {"interventions": [Tilt(1, 0.2)]}, "an external field acts"),
        (SYSTEMS["0.3"], {"scheme": "sequential"}, "random-sequential only"),
    ],
)
def test_integer_is_refused_in_one_sentence(
    system: sp.SpinSystem, keys: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=f"^kernel is 'integer', but .*{words}.*: use auto\\.$"):
        sp.trajectory(system, temperature=1.0, sweeps=2, seed=1, kernel="integer", **keys)


def test_a_field_in_the_integer_kernel_is_a_defect() -> None:
    kernel = started(Integer, SMALL, stances(10))
    kernel.change_field(np.zeros(10), np.zeros((3, 10)))
    with pytest.raises(RuntimeError, match="a field reached"):
        kernel.change_field(np.full(10, 0.1), None)


# --- encoding ----------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 7, 10**6])
@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize(
    "kinds", [(np.int64, np.int64, np.float64), (np.int32, np.int32, np.float64)]
)
def test_columns_are_those_of_scipy_whatever_the_pieces(
    chunk: int, name: str, kinds: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if chunk < 10 and SYSTEMS[name].n > 1000:
        chunk = 5000
    monkeypatch.setattr(fixed_point, "CHUNK", chunk)
    J = SYSTEMS[name].J
    arrays = (J.indptr, J.indices, J.data)
    parts = [np.asarray(array, kind) for array, kind in zip(arrays, kinds, strict=True)]
    transposed = sparse.csr_array(J.T)
    transposed.sort_indices()
    for symmetric in {False, SYSTEMS[name].is_symmetric}:
        ties = fields.encode_ties(*parts, symmetric=symmetric)
        assert (ties.indptr == transposed.indptr).all()
        assert (ties.ends >> 1 == transposed.indices).all()
        assert ((ties.ends & 1 == 1) == (transposed.data < 0)).all()
        assert ties.reach == np.diff(J.indptr).max()
        c = fixed_point.encode_couplings(J, 0.5, symmetric=symmetric)
        assert (c.rows[0::2] == transposed.indices).all()
        assert (c.rows[1::2] == np.rint(transposed.data * c.scale)).all()
    assert fields.common_size(*parts[::2]) == np.abs(J.data[0])


def test_encoding_reads_small_numbers_from_a_mapped_file(tmp_path: Path) -> None:
    J = SYSTEMS["signs"].J
    np.save(tmp_path / "data.npy", np.sign(J.data).astype(np.int8))
    mapped = np.load(tmp_path / "data.npy", mmap_mode="r")
    ours = fields.encode_ties(J.indptr, J.indices, mapped, symmetric=True)
    theirs = fields.encode_ties(J.indptr, J.indices, J.data, symmetric=True)
    assert (ours.ends == theirs.ends).all()
    assert ours[2:] == theirs[2:]


def test_memory_of_the_state_to_sweep() -> None:
    system = SYSTEMS["0.3"]
    ties = system.J.nnz // 2
    integer, fixed = (
        started(kind, system, stances(400, 1)) for kind in (Integer, FixedPointKernel)
    )
    assert integer.ties.ends.nbytes == 8 * ties
    assert integer.state.nbytes + integer.ties.indptr.nbytes <= 5 * 400 + 8
    assert fixed.couplings.rows.nbytes == 16 * ties
    words = fixed.state.nbytes + fixed.applied.nbytes + fixed.couplings.indptr.nbytes
    assert words <= 16 * 400 + 8


# --- the cache of compiled kernels -------------------------------------------------------------

PROGRAM = """
import numpy as np
from sociophysics.engine import integer_sweeps
ties = integer_sweeps.IntegerTies(
    np.array([0, 2, 4, 6], np.uint32), np.array([2, 4, 0, 4, 0, 2], np.uint32), 2, 2**28, 2.0**28
)
words = np.full((1, 3), 5, np.int32)  # a triangle of friends, all up: field 2, stance 1
integer_sweeps.sweep_integer_cached(
    words, ties.indptr, ties.ends, *integer_sweeps.cuts(2.0, ties), np.zeros((1, 0), np.uint8),
    np.array([[1, 2]], np.uint64), 0, 1000, np.zeros(1, np.int64),
)
print(words.tolist())
"""


def test_several_processes_may_fill_an_empty_cache_at_once(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    running = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]  # fmt: skip
    results = [(*process.communicate(), process.returncode) for process in running]
    assert [(error, code) for _, error, code in results] == [("", 0)] * 3
    assert len({out for out, _, _ in results}) == 1
    assert list(tmp_path.rglob("*.nbc"))
