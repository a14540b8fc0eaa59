"""Going from flip to flip: the same law as attempt by attempt, and no number of who looks on."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import sociophysics as sp
from sociophysics.dynamics.kernels import rejection_free_kernel as switching
from sociophysics.dynamics.kernels.incremental_kernel import FixedPointKernel
from sociophysics.dynamics.kernels.rejection_free_kernel import READY, Adaptive, RejectionFree
from sociophysics.engine import rate_bins
from sociophysics.engine import rejection_free as engine
from sociophysics.errors import InputError
from sociophysics.influences import feeds
from sociophysics.influences.interventions import Heat, Nucleate
from sociophysics.theory import exact, markov
from sociophysics.theory.stance_patterns import all_states, state_number
from tests.laws import ALPHA, assert_law, assert_mean, assert_uniform

REPLICAS = 20_000
SWEEPS = 4
NOBODY = np.zeros((REPLICAS, 0), np.uint8)


def gaussian_system(n: int = 5, seed: int = 3) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    h = rng.normal(0.0, 0.4, n)
    return sp.SpinSystem.from_edges(i, j, rng.normal(0.2, 0.8, i.size), n=n, h=h)


def signed_system(n: int = 6, seed: int = 8) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    keep = rng.random(i.size) < 0.7
    i, j = i[keep], j[keep]
    return sp.SpinSystem.from_edges(i, j, rng.choice([-1.0, 1.0], i.size), n=n)


def directed_system(n: int = 5, seed: int = 5) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    J = rng.normal(0, 1, (n, n)) * (rng.random((n, n)) < 0.6)
    np.fill_diagonal(J, 0)
    return sp.SpinSystem(J, h=rng.normal(0, 0.3, n))


def lattice(side: int) -> sp.SpinSystem:
    i = np.arange(side * side)
    x, y = i // side, i % side
    right, above = (x + 1) % side * side + y, x * side + (y + 1) % side
    return sp.SpinSystem.from_edges(np.r_[i, i], np.r_[right, above], n=i.size)


SYSTEMS = {
    "weights and fields": gaussian_system(),
    "unit signs": signed_system(),
    "directed": directed_system(),
}


def first_spins(n: int) -> np.ndarray:
    return np.where(np.arange(n) % 3 == 0, 1, -1).astype(np.int8)


def mover(
    system: sp.SpinSystem,
    *,
    replicas: int = REPLICAS,
    always: bool = True,
    seed: int = 11,
    start: np.ndarray | None = None,
    words: type[FixedPointKernel] | None = None,
) -> RejectionFree:
    spins = first_spins(system.n) if start is None else start
    kind = RejectionFree if always else Adaptive
    encoded = (words or kind).encode(system, 2.0 if np.any(system.h) else 0.0)
    rows = np.broadcast_to(spins, (replicas, system.n)).copy()
    kernel = kind(encoded, rows, seed, tuple(range(replicas)))
    kernel.change_field(system.h, None)
    return kernel


def counts_of(spins: np.ndarray) -> np.ndarray:
    return np.bincount(state_number(spins), minlength=2 ** spins.shape[1])


def law_after(system: sp.SpinSystem, temperature: float, attempts: int) -> np.ndarray:
    matrix = markov.transition_matrix(system, temperature=temperature)
    return markov.distribution_after(matrix, first_spins(system.n), attempts)


def assert_sorted(kernel: RejectionFree) -> None:
    """Fail unless every user stands in the bin of the own rate, and where ``place`` says."""
    rates, n = kernel.rates, kernel.inner.state.shape[1]
    count = rates.bounds.size
    anew = kernel.members.copy(), kernel.place.copy(), kernel.ends.copy()
    rows = np.flatnonzero(kernel.sorted == READY)
    assert rows.size
    held = np.zeros((kernel.free.size, 0), np.uint8)
    rate_bins.fill_bins(
        kernel.inner.state, held, rates.bins, rates.shift, count, rows, *anew, False
    )
    assert (kernel.ends[rows, :count] == anew[2][rows, :count]).all()
    for r in rows:
        ends = kernel.ends[r, : count - 1]
        old = np.split(kernel.members[r], ends)
        new = np.split(anew[0][r], ends)
        assert all(set(a) == set(b) for a, b in zip(old, new, strict=True))
        assert (kernel.members[r, kernel.place[r]] == np.arange(n)).all()


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.5, np.inf])
def test_finite_time_law(name: str, temperature: float) -> None:
    system = SYSTEMS[name]
    kernel = mover(system)
    kernel.sweep(0, SWEEPS, temperature, NOBODY)
    law = law_after(system, temperature, SWEEPS * system.n)
    assert_law(counts_of(kernel.spins()), law)
    states = all_states(system.n).astype(float)
    energy = (states * (states @ system.J.toarray().T)).sum(axis=1)
    mean = law @ energy
    measured = energy[state_number(kernel.spins())]
    if temperature > 0.0:  # at T = 0 all may end in states of one energy, as the law above says
        assert_mean(measured, mean, law @ energy**2 - mean**2)
    assert (kernel.recomputed_state() == kernel.inner.state).all()
    part = kernel.only(np.arange(REPLICAS) < 50)
    if part.clock[:, engine.EVENT].any():
        assert_sorted(part)


def flip_times(kernel: RejectionFree, temperature: float, attempts: int) -> np.ndarray:
    """Return when and who first flipped, ``attempts * n`` for nobody, attempt by attempt."""
    first = kernel.spins()
    found = np.full(REPLICAS, attempts * first.shape[1])
    kernel.sweep(0, 0, temperature, NOBODY)
    for t in range(attempts):
        one_attempt(kernel, temperature)
        spins = kernel.spins()
        new = (found == attempts * first.shape[1]) & (spins != first).any(axis=1)
        found[new] = t * first.shape[1] + (spins[new] != first[new]).argmax(axis=1)
    return found


def one_attempt(
    kernel: RejectionFree,
    temperature: float,
    rates: rate_bins.Rates | None = None,
    which: np.ndarray | None = None,
) -> None:
    kernel._notice(temperature, NOBODY)
    kernel._sort(0, NOBODY)
    inner, words = kernel.inner, kernel.words
    rows = np.arange(kernel.free.size) if which is None else which
    engine.sweep_events(
        inner.state,
        words.indptr,
        words.rows,
        words.packed,
        *(rates or kernel.rates),
        NOBODY,
        inner.keys,
        rows,
        kernel.members,
        kernel.place,
        kernel.ends,
        kernel.clock,
        1,
        inner.flipped,
    )


@pytest.mark.parametrize(("name", "temperature"), [("weights and fields", 0.7), ("unit signs", 2)])
def test_waiting_times_are_geometric_and_users_drawn_by_rate(name: str, temperature: float) -> None:
    system, attempts = SYSTEMS[name], 12
    spins = first_spins(system.n)
    f = system.J @ spins + system.h
    p = 1.0 / (1.0 + np.exp(2.0 * spins * f / temperature)) / system.n
    law = np.append(np.outer((1.0 - p.sum()) ** np.arange(attempts), p).ravel(), 0.0)
    law[-1] = 1.0 - law.sum()
    found = flip_times(mover(system), temperature, attempts)
    assert_law(np.bincount(found, minlength=law.size), law)


def test_rare_flips_come_after_exponential_waits() -> None:
    # One tie at low temperature: W/n = 1e-15, so a thousand million million attempts are passed.
    pair = sp.SpinSystem.from_edges([0], [1])
    temperature = 2.0 / np.log(1e15)
    kernel = mover(pair, replicas=2_000, start=np.ones(2, np.int8))
    held = np.zeros((2_000, 0), np.uint8)
    kernel.sweep(0, 1, temperature, held)
    assert not kernel.flipped.any()
    kernel.sweep(1, 5 * 10**14, temperature, held)
    assert_mean((kernel.flipped > 0).astype(float), 1 - np.exp(-1.0), np.exp(-1) * (1 - np.exp(-1)))


def test_waits_of_every_size() -> None:
    u = (np.arange(4_000) + 0.5) / 4_000
    for chance in (1.0, 0.5, 1e-3, 1e-12):
        waits = np.array([engine.waiting(x, chance) for x in u])
        assert waits.min() >= 1
        if chance == 1.0:
            assert (waits == 1).all()
        elif chance > 1e-6:
            # Exact quantiles of the geometric law: P(wait > k) = (1 - chance)^k.
            for k in np.unique(waits)[:20]:
                assert abs(np.mean(waits > k) - (1.0 - chance) ** k) <= 1.0 / u.size
        else:
            assert_uniform(-np.expm1(-chance * waits))
    assert engine.waiting(0.5, 0.0) == engine.NEVER
    assert engine.waiting(0.5, 1e-30) == engine.NEVER


@pytest.mark.parametrize("unit", [0.3, 1.0, 7.0, 2.0**27, 3e15])
def test_bounds_are_above_the_rates_of_their_bins_and_nearly_so(unit: float) -> None:
    rates = rate_bins.rates(unit, 2**62)
    fields = np.unique(np.round(unit * np.linspace(-3, 90, 4_001)).astype(np.int64))
    cells = np.clip(fields >> rates.shift, -1, rates.bins.size - 2) + 1
    b = rates.bins[cells]
    p = stats.logistic.sf(fields / unit)
    assert (p <= rates.bounds[b] * (1 + 1e-12)).all()
    assert np.allclose(p[rates.exact[b] == 1], rates.bounds[b][rates.exact[b] == 1], rtol=1e-12)
    # Where flips are frequent, no more than half of a bin's candidates are lost, and one cell.
    often = (p > 0.2) & (fields >= 0)
    assert (p[often] >= 0.49 * rates.bounds[b][often]).all()
    assert rates.bounds[-1] == 0.0
    assert (np.diff(rates.bounds) <= 0).all()


def test_where_a_run_is_cut_changes_nothing() -> None:
    system = lattice(12)
    whole = mover(system, replicas=20, start=np.ones(144, np.int8))
    held = np.zeros((20, 0), np.uint8)
    whole.sweep(0, 60, 1.4, held)
    cut = mover(system, replicas=20, start=np.ones(144, np.int8))
    done = 0
    for sweeps in (1, 1, 7, 20, 3, 28):
        cut.sweep(done, sweeps, 1.4, held)
        cut.change_field(system.h, None)  # the same field once more is no change
        done += sweeps
    assert (whole.spins() == cut.spins()).all()
    assert (whole.clock == cut.clock).all()
    assert whole.flipped.min() > 20


@pytest.mark.parametrize("with_field", [True, False])
@pytest.mark.parametrize("always", [True, False])
def test_what_is_remembered_is_enough_to_go_on(always: bool, with_field: bool) -> None:
    system = lattice(16)
    field = np.linspace(-0.2, 0.2, 256) * with_field
    held = np.zeros((6, 256), np.uint8)
    held[2:4, :30] = 1

    kind = RejectionFree if always else Adaptive
    encoded = kind.encode(system, 0.2 if with_field else 0.0)

    def fresh(spins: np.ndarray) -> RejectionFree:
        return kind(encoded, spins, 3, tuple(range(6)))

    straight = fresh(np.ones((6, 256), np.int8))
    straight.change_field(field, None)
    done = 0
    for until in (100, 300, 512, 1100):
        straight.sweep(done, until - done, 1.0, held)
        saved = straight.remembered()
        again = fresh(straight.spins())
        again.recall(saved)
        again.change_field(field, None)
        more = straight.only(np.ones(6, bool))
        for kernel in (more, again):
            kernel.sweep(until, 1200, 1.0, held)
        assert (more.spins() == again.spins()).all()
        assert (more.clock == again.clock).all()
        done = until
    assert straight.free.all()


def test_a_replica_alone_does_as_among_others() -> None:
    system = lattice(16)
    together = mover(system, replicas=6, always=False, start=np.ones(256, np.int8))
    one = together.only(np.arange(6) == 4)
    together.sweep(0, 1200, 1.1, np.zeros((6, 0), np.uint8))
    one.sweep(0, 1200, 1.1, np.zeros((1, 0), np.uint8))
    assert together.free.any()
    assert (together.spins()[4] == one.spins()[0]).all()


def test_flips_decide_at_fixed_sweeps() -> None:
    system = lattice(32)
    kernel = mover(
        system, words=FixedPointKernel, replicas=2, always=False, start=np.ones(1024, np.int8)
    )
    nobody = np.zeros((2, 0), np.uint8)
    w = kernel.window
    assert w == 128
    kernel.sweep(0, w - 1, 1.0, nobody)
    assert not kernel.free.any()
    kernel.sweep(w - 1, 1, 1.0, nobody)
    assert kernel.free.all()
    kernel.sweep(w, w, 5.0, nobody)  # a temperature at which half of the attempts flip
    assert not kernel.free.any()
    kernel.sweep(2 * w, 58 * w, 0.6, nobody)
    assert kernel.free.all()
    # A field that changes every sweep would have the bins filled every sweep.
    for k in range(w):
        kernel.change_field(np.full(1024, 0.001 * k), None)
        kernel.sweep(60 * w + k, 1, 0.6, nobody)
    assert not kernel.free.any()


def test_switching_by_flips_keeps_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switching, "window", lambda n: 1)
    monkeypatch.setattr(switching, "LOW", 0.21)
    monkeypatch.setattr(switching, "HIGH", 0.39)
    system = SYSTEMS["weights and fields"]
    kernel = mover(system, always=False)
    seen = set()
    for k in range(SWEEPS):
        kernel.sweep(k, 1, 1.3, NOBODY)
        seen |= set(np.unique(kernel.free))
    assert seen == {False, True}
    assert_law(counts_of(kernel.spins()), law_after(system, 1.3, SWEEPS * system.n))


def test_temperature_and_field_may_change() -> None:
    system = SYSTEMS["weights and fields"]
    kernel = mover(system)
    kernel.sweep(0, 1, 0.6, NOBODY)
    kernel.sweep(1, 1, 2.0, NOBODY)
    other = np.array([0.7, -0.7, 0.0, 0.4, -0.2])
    kernel.change_field(other, None)
    kernel.sweep(2, 1, 2.0, NOBODY)
    law = law_after(system, 0.6, system.n)
    for fields in (system.h, other):
        matrix = markov.transition_matrix(sp.SpinSystem(system.J, fields), temperature=2.0)
        law = law @ np.linalg.matrix_power(matrix, system.n)
    assert_law(counts_of(kernel.spins()), law)


def test_held_users_never_flip_and_the_others_do_not_notice() -> None:
    system = SYSTEMS["weights and fields"]
    held = np.zeros((REPLICAS, system.n), np.uint8)
    held[:, [0, 3]] = 1
    kernel = mover(system)
    kernel.sweep(0, 2, 1.3, held)
    matrix = markov.transition_matrix(system, temperature=1.3)
    frozen = matrix.copy()
    number = np.arange(matrix.shape[0])
    for user in (0, 3):
        one = state_number(np.where(np.arange(system.n) == user, 1, -1)[None].astype(np.int8))[0]
        frozen[number, number] += frozen[number, number ^ one]
        frozen[number, number ^ one] = 0.0
    law = markov.distribution_after(frozen, first_spins(system.n), 2 * system.n)
    assert_law(counts_of(kernel.spins()), law)
    kernel.sweep(2, 1, 1.3, NOBODY)  # and then they are let go
    law = law @ np.linalg.matrix_power(matrix, system.n)
    assert_law(counts_of(kernel.spins()), law)


def test_nothing_costs_nothing_once_nobody_can_flip() -> None:
    system = lattice(30)
    kernel = mover(system, replicas=3, start=np.ones(900, np.int8))
    nobody = np.zeros((3, 0), np.uint8)
    kernel.sweep(0, 1, 0.0, nobody)
    begin = time.thread_time()
    kernel.sweep(1, 10**15, 0.0, nobody)
    assert time.thread_time() - begin < 1.0
    assert (kernel.spins() == 1).all()
    assert not kernel.flipped.any()


@pytest.mark.parametrize("kernel", ["adaptive", "rejection-free"])
def test_threads_frames_and_replicas_change_no_number(kernel: str) -> None:
    def last(**keys: object) -> np.ndarray:
        given = {"replicas": 5, "every": 700, "threads": 1, **keys}
        *_, frame = sp.trajectory(
            lattice(16), temperature=1.1, sweeps=1_400, seed=2, start="up", kernel=kernel, **given
        )
        return frame.spins

    alone = last()
    assert (last(threads=2) == alone).all()
    assert (last(every=37) == alone).all()
    assert (last(replicas=[3, 1]) == alone[[3, 1]]).all()
    assert (last(stop=lambda frame: np.arange(5) == 4)[:4] == alone[:4]).all()


def test_a_replica_that_a_feed_shows_nothing_does_as_among_others() -> None:
    """On a ring of four, all may see one stance of each kind, which is a feed of zero."""
    keys = {"temperature": 0.8, "sweeps": 60, "seed": 5, "kernel": "rejection-free"}
    keys |= {"feed": feeds.Chronological(strength=0.5), "start": np.array([1, 1, -1, -1], np.int8)}
    ring = sp.SpinSystem.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    among = [frame.spins.copy() for frame in sp.trajectory(ring, replicas=20, threads=1, **keys)]
    for r in range(20):
        alone = [frame.spins[0].copy() for frame in sp.trajectory(ring, replicas=[r], **keys)]
        assert all((a[r] == b).all() for a, b in zip(among, alone, strict=True))


@pytest.mark.parametrize("unit", [5e-324, 1e-310, 1e-300, 1e300])
def test_bins_at_the_ends_of_what_numbers_hold(unit: float) -> None:
    found = rate_bins.rates(unit, 10)
    assert np.isfinite(found.bounds).all()
    assert found.bounds[:2].tolist() == [1.0, 0.5]
    assert found.bounds[-1] == 0.0


def test_saved_states_go_on_bit_for_bit() -> None:
    keys = {"sweeps": 1_300, "seed": 5, "replicas": 3, "every": 100, "kernel": "adaptive"}
    acts = [Nucleate(at=400, who=[1, 2, 3], stance=-1, hold=300), Heat(at=900, temperature=1.0)]
    keys |= {"temperature": 1.1, "start": "up", "interventions": acts}
    spins, states = {}, {}
    for frame in sp.trajectory(lattice(16), **keys):
        spins[frame.sweep], states[frame.sweep] = frame.spins.copy(), frame.state()
    assert any("members" in state.remembered for state in states.values())
    for sweep in (300, 400, 600, 1_000):
        for frame in sp.trajectory(lattice(16), resume=states[sweep], threads=2, **keys):
            assert (frame.spins == spins[frame.sweep]).all()


def test_digests_are_words_of_64_bits_and_fields_may_have_the_highest() -> None:
    """A Python int above 2^63 is taken for a C long by numpy on Python 3.12 and newer."""
    system = sp.SpinSystem.from_edges([0, 1, 2], [1, 2, 3])
    fields = np.random.default_rng(1).random((64, 4))
    digests = [switching._digest(field) for field in fields]
    assert {type(digest) for digest in digests} == {np.uint64}
    high = next(k for k, digest in enumerate(digests) if digest >= 2**63)
    kernel = Adaptive(Adaptive.encode(system, 1.0), np.ones((2, 4), np.int8), 1, (0, 1))
    phi = np.array([[0.0] * 4, [0.5] * 4])
    kernel.change_field(fields[high], phi)
    assert kernel.field.dtype == np.uint64
    assert kernel.field.tolist() == [int(digests[high]), 0]


def test_no_integer_beyond_a_c_long_stands_bare_in_the_package() -> None:
    package = Path(sp.__file__).parent
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        typed = {
            id(argument)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("U64", "np.uint64")
            for argument in node.args
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and type(node.value) is int:
                assert abs(node.value) < 2**63 or id(node) in typed, f"{path}:{node.lineno}"


def test_feeds_leave_the_adaptive_kernel_from_attempt_to_attempt() -> None:
    def last(kernel: str) -> np.ndarray:
        *_, frame = sp.trajectory(
            lattice(16),
            temperature=1.0,
            sweeps=600,
            seed=2,
            replicas=2,
            start="up",
            every=600,
            feed=feeds.Random(strength=0.5),
            kernel=kernel,
        )
        return frame.spins

    assert (last("adaptive") == last("fixed-point")).all()


def test_other_orders_are_refused() -> None:
    with pytest.raises(InputError, match="random-sequential only"):
        sp.trajectory(
            lattice(4), temperature=1.0, sweeps=1, seed=1, scheme="kawasaki", kernel="adaptive"
        )


def moments(spins: np.ndarray, pairs: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([spins, spins[:, pairs[0]] * spins[:, pairs[1]]], axis=1)


def boltzmann_start(
    system: sp.SpinSystem, temperature: float
) -> tuple[exact.Boltzmann, np.ndarray]:
    law = exact.boltzmann(system, temperature=temperature)
    rng = np.random.default_rng(5)
    drawn = rng.choice(law.probabilities.size, REPLICAS, p=law.probabilities)
    return law, law.states[drawn].astype(np.int8)


def test_equilibrium_is_kept_user_by_user_and_pair_by_pair() -> None:
    system = gaussian_system(8, 21)
    law, start = boltzmann_start(system, 1.0)
    kernel = mover(system, start=start)
    kernel.sweep(0, 80, 1.0, NOBODY)
    assert np.median(kernel.flipped) > 8
    pairs = np.triu_indices(8, 1)
    expected = law.probabilities @ moments(law.states.astype(float), pairs)
    measured = moments(kernel.spins().astype(float), pairs).mean(axis=0)
    z = (measured - expected) / np.sqrt((1 - expected**2) / REPLICAS)
    # 36 moments at once: the level of the largest is shared among them.
    assert 2 * stats.norm.sf(np.abs(z).max()) >= ALPHA / z.size


@pytest.mark.validate
def test_low_temperature_energy_by_enumeration(record_property: Callable) -> None:
    """Going from flip to flip keeps the law of cold enumerable societies over 5000 sweeps."""
    for seed, temperature in ((31, 0.8), (32, 0.5), (33, 0.35)):
        system = gaussian_system(10, seed)
        law, start = boltzmann_start(system, temperature)
        kernel = mover(system, start=start)
        kernel.sweep(0, 5_000, temperature, NOBODY)
        record_property(f"flips per attempt at T = {temperature}", kernel.flipped.mean() / 50_000)
        energy = system.energy(law.states)
        mean = float(law.probabilities @ energy)
        variance = float(law.probabilities @ energy**2 - mean**2)
        measured = system.energy(kernel.spins())
        record_property(f"mean energy at T = {temperature}", f"{measured.mean():.5f} ({mean:.5f})")
        assert_mean(measured, mean, variance)
        expected = np.zeros(2**10)
        expected[state_number(law.states)] = law.probabilities
        assert_law(counts_of(kernel.spins()), expected)


def test_a_feed_of_strength_zero_is_none_where_flips_are_rare() -> None:
    graph = sp.networks.build("random_regular", seed=3, n=2000, degree=6)
    system = sp.couplings.uniform(graph)
    keys = {"temperature": 1.8, "sweeps": 400, "seed": 4, "start": "up", "every": 50}
    plain = list(sp.trajectory(system, **keys))
    silent = list(sp.trajectory(system, feed=feeds.Chronological(strength=0.0), **keys))
    walked = list(sp.trajectory(system, kernel="integer", **keys))
    assert [f.spins.tobytes() for f in plain] == [f.spins.tobytes() for f in silent]
    assert plain[-1].spins.tobytes() != walked[-1].spins.tobytes()  # it did go from flip to flip
