"""Sixty-four replicas in a word: exact laws with one lane per word, and what lanes share.

Lanes of one word share the order of users, so a test that needs independent replicas takes one
lane of each of many words. Kernels that are wrong on purpose must be rejected.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, getcontext
from functools import cache

import networkx as nx
import numpy as np
import pytest
from scipy import stats

import sociophysics as sp
from sociophysics.dynamics.kernels.bit_sliced_kernel import BitSliced, encode_ties, whole_words
from sociophysics.engine.bit_sliced import APART
from sociophysics.engine.lanes import LANES, flip_table
from sociophysics.errors import InputError
from sociophysics.influences.interventions import Heat, Nucleate, Rewire, SwitchFeed, Tilt
from sociophysics.statistics import t_interval
from sociophysics.theory import markov
from sociophysics.theory.stance_patterns import all_states, state_number
from tests.laws import ALPHA, assert_law, assert_mean, law_p_value, mean_p_value

WORDS = 20_000
SWEEPS = 4
START = np.array([1, -1, -1, 1, -1, -1], np.int8)
FREE = np.zeros((WORDS, 0), np.uint8)
LOW = 2**64 - 1


def signs(n: int, share: float, seed: int, *, directed: bool = False) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    present = rng.random((n, n)) < share
    J = np.triu(present, 1) * rng.choice([-0.5, 0.5], (n, n))
    J = J + (np.tril(present, -1) * rng.choice([-0.5, 0.5], (n, n)) if directed else J.T)
    return sp.SpinSystem(J)


SYSTEMS = {"signed": signs(6, 0.7, 8), "directed": signs(6, 0.6, 5, directed=True)}


@cache
def one_lane_per_word() -> BitSliced:
    numbers = tuple(LANES * w + (37 * w) % LANES for w in range(WORDS))
    system = SYSTEMS["signed"]
    return BitSliced(encode_ties(system), np.tile(START, (WORDS, 1)), 11, numbers)


def one_lane(system: sp.SpinSystem) -> BitSliced:
    """Return the words at their start, with these couplings."""
    kernel = one_lane_per_word().only(np.ones(WORDS, bool))
    kernel.ties = encode_ties(system)
    return kernel


def moved(
    system: sp.SpinSystem, temperature: float, *, first: int, kernel: BitSliced | None = None
) -> np.ndarray:
    """Return the stances after sweeps ``first + 1 ...``, whose draws no other test uses."""
    kernel = kernel or one_lane(system)
    kernel.sweep(first, SWEEPS, temperature, FREE)
    return kernel.spins()


def exact_law(system: sp.SpinSystem, temperature: float) -> np.ndarray:
    matrix = markov.transition_matrix(system, temperature=temperature)
    return markov.distribution_after(matrix, START, SWEEPS * system.n)


def count_states(spins: np.ndarray) -> np.ndarray:
    return np.bincount(state_number(spins), minlength=2 ** spins.shape[1])


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("temperature", [0.0, 0.7, np.inf])
def test_law_of_one_lane_per_word(name: str, temperature: float) -> None:
    """The law after four sweeps, and every mean stance and pair of stances by enumeration."""
    system = SYSTEMS[name]
    first = 10 * (1 + [0.0, 0.7, np.inf].index(temperature))
    spins = moved(system, temperature, first=first).astype(float)
    law = exact_law(system, temperature)
    assert_law(count_states(spins), law)
    states = all_states(system.n).astype(float)
    i, j = np.triu_indices(system.n, 1)
    for seen, known in ((spins, states), (spins[:, i] * spins[:, j], states[:, i] * states[:, j])):
        for k in range(known.shape[1]):
            mean = float(law @ known[:, k])
            assert_mean(seen[:, k], mean, 1.0 - mean**2)


def test_law_through_the_trajectory() -> None:
    system = SYSTEMS["signed"]
    numbers = [LANES * w + w % LANES for w in range(4000)]
    *_, last = sp.trajectory(
        system,
        temperature=0.7,
        sweeps=SWEEPS,
        seed=5,
        replicas=numbers,
        start=START,
        kernel="bit-sliced",
        every=SWEEPS,
    )
    assert_law(count_states(last.spins), exact_law(system, 0.7))


def without_sign(kernel: BitSliced) -> None:
    kernel.ties = kernel.ties._replace(ends=kernel.ties.ends & ~np.uint32(1))


def with_table(position: tuple[int | slice, int]) -> Callable[[BitSliced], None]:
    """Return a fault: one leading bit of all probabilities, or the coin at field zero, is lost."""

    def fault(kernel: BitSliced) -> None:
        chance, leading = flip_table(0.7, kernel.ties.coupling, kernel.ties.degree)
        leading[position] = 0
        kernel._table = (0.7, (chance, leading))

    return fault


def held_lane(kernel: BitSliced) -> None:
    kernel.state[::4, 2] |= ~np.uint64(0)


FAULTS = {
    "sign of a coupling ignored": without_sign,
    "a biased lane": held_lane,
    "threshold off": with_table((slice(None), 2)),
    "coin lost": with_table((0, 0)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_kernels_are_rejected(fault: str) -> None:
    system = SYSTEMS["signed"]
    kernel = one_lane(system)
    FAULTS[fault](kernel)
    spins = moved(system, 0.7, first=60, kernel=kernel)
    assert law_p_value(count_states(spins), exact_law(system, 0.7)) < ALPHA


def test_coin_of_temperature_zero_is_missed_when_lost() -> None:
    system = SYSTEMS["signed"]
    kernel = one_lane(system)
    chance, leading = flip_table(0.0, 0.5, kernel.ties.degree)
    leading[0] = 0
    kernel._table = (0.0, (chance, leading))
    counts = count_states(moved(system, 0.0, first=60, kernel=kernel))
    law = exact_law(system, 0.0)
    assert counts[law == 0].any() or law_p_value(counts, law) < ALPHA


def test_transposed_couplings_and_a_temperature_off_by_5_percent_are_rejected() -> None:
    spins = moved(sp.SpinSystem(SYSTEMS["directed"].J.T), 0.7, first=70)
    assert law_p_value(count_states(spins), exact_law(SYSTEMS["directed"], 0.7)) < ALPHA
    system = SYSTEMS["signed"]
    law, known = exact_law(system, 0.7), system.energy(all_states(system.n))
    warmer = system.energy(moved(system, 0.7 * 1.05, first=80))
    assert mean_p_value(warmer, law @ known, law @ known**2 - (law @ known) ** 2) < ALPHA
    right = system.energy(moved(system, 0.7, first=90))
    assert_mean(right, law @ known, law @ known**2 - (law @ known) ** 2)


def pair_law(system: sp.SpinSystem, temperature: float, *, shared: bool) -> np.ndarray:
    """Return the exact law of two lanes that share the order of users, or do not."""
    n = system.n
    matrix = markov.transition_matrix(system, temperature=temperature)
    start = np.zeros(2**n)
    start[state_number(START[:n])] = 1.0
    if not shared:
        alone = start @ np.linalg.matrix_power(matrix, SWEEPS * n)
        return np.outer(alone, alone)
    states, one_user = all_states(n), []
    for i in range(n):
        flipped = states.copy()
        flipped[:, i] *= -1
        source, target = state_number(states), state_number(flipped)
        update = np.zeros_like(matrix)
        update[source, target] = n * matrix[source, target]
        one_user.append(update + np.diag(1.0 - update.sum(axis=1)))
    both = np.outer(start, start)
    for _ in range(SWEEPS * n):
        both = sum(update.T @ both @ update for update in one_user) / n
    return both


def test_two_lanes_share_the_order_and_nothing_else() -> None:
    """The joint law of two lanes of one word: one site for both, a draw for each."""
    system = sp.SpinSystem(SYSTEMS["signed"].J[:4, :4])
    numbers = tuple(LANES * w + lane for w in range(WORDS // 4) for lane in (3, 40))
    start = np.tile(START[:4], (len(numbers), 1))
    kernel = BitSliced(encode_ties(system), start, 12, numbers)
    kernel.sweep(0, SWEEPS, 0.7, np.zeros((len(numbers), 0), np.uint8))
    number = state_number(kernel.spins()).reshape(-1, 2)
    law = pair_law(system, 0.7, shared=True).ravel()
    assert_law(np.bincount(number @ [16, 1], minlength=256), law)
    reused = np.bincount(number[:, :1] @ [17], minlength=256)
    assert law_p_value(reused, law) < ALPHA
    apart = pair_law(system, 0.7, shared=False).ravel()
    assert law_p_value(np.bincount(number @ [16, 1], minlength=256), apart) < ALPHA


def test_bits_of_all_lanes_are_fair_and_uncorrelated() -> None:
    """At infinite temperature every visited user is 128 fair coins, over lanes and two words."""
    n = 20_000
    system = sp.SpinSystem.from_edges(np.arange(n), (np.arange(n) + 1) % n)
    numbers = tuple(range(2 * LANES))
    kernel = BitSliced(encode_ties(system), np.ones((2 * LANES, n), np.int8), 3, numbers)
    kernel.sweep(0, 40, np.inf, np.zeros((2 * LANES, 0), np.uint8))
    s = kernel.spins().astype(float)
    means = s.sum(axis=1) / np.sqrt(n)
    products = (s @ s.T / np.sqrt(n))[np.triu_indices(2 * LANES, 1)]
    neighbours = (s * np.roll(s, 1, axis=1)).sum(axis=1) / np.sqrt(n)
    z = np.concatenate([means, products, neighbours])
    assert stats.chi2.sf(z @ z, z.size) >= ALPHA
    assert stats.chi2.cdf(z @ z, z.size) >= ALPHA


def test_flip_table_is_exact() -> None:
    """Every entry is p(x) to the precision of a double, and 2^-64 below that."""
    getcontext().prec = 60
    for temperature, coupling in ((1.7, 1.0), (0.05, 0.3), (300.0, 2.0)):
        chance, leading = flip_table(temperature, coupling, 40)
        for x, stored in enumerate(chance.tolist()):
            power = Decimal(2) * Decimal(coupling) * x / Decimal(temperature)
            wanted = 2**64 / (1 + power.exp())
            assert abs(stored - wanted) <= 1 + wanted * Decimal(2) ** -49
        bits = (leading.astype(bool) * 2 ** np.arange(7, -1, -1)).sum(axis=1)
        assert (bits == chance[:32] >> np.uint64(56)).all()
    assert (flip_table(np.inf, 1.0, 9)[0] == 2**63).all()
    assert flip_table(0.0, 1.0, 9)[0].tolist() == [2**63] + 9 * [0]
    assert flip_table(1e-320, 1e300, 9)[0].tolist() == [2**63] + 9 * [0]


def test_probabilities_below_the_leading_bits() -> None:
    """One flip in 600: none of its eight leading bits is set, all is up to the lanes' own draws."""
    pair = sp.SpinSystem.from_edges([0], [1])
    temperature = 2.0 / np.log(599.0)
    law = markov.distribution_after(
        markov.transition_matrix(pair, temperature=temperature), [1, 1], 20 * pair.n
    )
    numbers = tuple(LANES * w + (11 * w) % LANES for w in range(WORDS // 4))
    start = np.ones((len(numbers), 2), np.int8)
    for right in (True, False):
        kernel = BitSliced(encode_ties(pair), start, 21, numbers)
        if not right:
            chance, leading = flip_table(temperature, 1.0, 1)
            chance[1] = 0
            kernel._table = (temperature, (chance, leading))
        kernel.sweep(0, 20, temperature, FREE[: len(numbers)])
        counts = count_states(kernel.spins())
        if right:
            assert_law(counts, law)
        else:
            assert law_p_value(counts, law) < ALPHA


def star_law(leaves: int, up: int, temperature: float, attempts: int) -> np.ndarray:
    """Return the law of (stance of the hub, leaves up), shape (2, leaves + 1): leaves are alike."""

    def rise(field: float) -> float:
        if temperature == 0.0:
            return float(np.heaviside(field, 0.5))
        return float(1.0 / (1.0 + np.exp(-2.0 * field / temperature)))

    law = np.zeros((2, leaves + 1))
    law[1, up] = 1.0
    n = leaves + 1
    k = np.arange(n)
    hub = np.array([rise(2 * u - leaves) for u in k])
    for _ in range(attempts):
        after = np.zeros_like(law)
        for stance in (0, 1):
            leaf = rise(2 * stance - 1)
            gain, loss = (leaves - k) * leaf / n, k * (1.0 - leaf) / n
            after[stance] += law[stance] * (1.0 - 1.0 / n - gain - loss)
            after[stance, 1:] += (law[stance] * gain)[:-1]
            after[stance, :-1] += (law[stance] * loss)[1:]
            after[1] += law[stance] * hub / n
            after[0] += law[stance] * (1.0 - hub) / n
        law = after
    return law


@pytest.mark.parametrize("leaves", [30, 31, 32, 64])
@pytest.mark.parametrize("temperature", [0.0, 6.0])
def test_law_of_a_star(leaves: int, temperature: float) -> None:
    """Hubs on either side of what five bit planes count, signs included, against the exact law."""
    rng = np.random.default_rng(leaves)
    sign = rng.choice([-1, 1], leaves)
    system = sp.SpinSystem.from_edges(np.zeros(leaves, int), np.arange(1, leaves + 1), sign)
    up = leaves // 2
    start = np.concatenate([[1], sign * np.where(np.arange(leaves) < up, 1, -1)]).astype(np.int8)
    words = WORDS // 2
    kernel = one_lane(system).only(np.arange(WORDS) < words)
    kernel.state = kernel._packed(np.tile(start, (words, 1)))
    kernel.sweep(200 + leaves, 1, temperature, FREE[:words])
    spins = kernel.spins() * np.concatenate([[1], sign])
    outcome = (spins[:, 0] > 0) * (leaves + 1) + (spins[:, 1:] > 0).sum(axis=1)
    law = star_law(leaves, up, temperature, leaves + 1).ravel()
    law[law < 1e-15] = 0.0
    assert_law(np.bincount(outcome, minlength=law.size), law / law.sum())


def mixed(word: int) -> int:
    """SplitMix64's hash in plain integers."""
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & LOW
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & LOW
    return word ^ (word >> 31)


def visited(kernel: BitSliced, n: int, first: int) -> list[int]:
    """Return the users that word 0 visits in sweep ``first + 1``."""
    start, step = (int(word) ^ int(APART) for word in kernel.keys[0])
    stride = 16 * (mixed(step) | 1)
    attempts = range(first * n, (first + 1) * n)
    return [((mixed((start + k * stride) & LOW) >> 32) * n) >> 32 for k in attempts]


def test_every_neighbour_of_a_hub_counts() -> None:
    """At T = 0 odd degrees meet no coin, so every lane is known once the order of users is."""
    n, first = 301, 3
    rng = np.random.default_rng(4)
    J = np.zeros((n, n))
    for i in range(n):
        degree = min(2 * rng.geometric(0.03) + 1, 299)
        others = rng.choice(np.delete(np.arange(n), i), degree, replace=False)
        J[i, others] = rng.choice([-1.0, 1.0], degree)
    spins = rng.choice(np.array([-1, 1], np.int8), (LANES, n))
    kernel = BitSliced(encode_ties(sp.SpinSystem(J)), spins, 9, tuple(range(LANES)))
    kernel.sweep(first, 1, 0.0, np.zeros((LANES, 0), np.uint8))
    wanted = spins.astype(float)
    for i in visited(kernel, n, first):
        wanted[:, i] = np.sign(wanted @ J[i])
    assert np.array_equal(kernel.spins(), wanted)


def test_energy_of_a_network_with_hubs() -> None:
    """Five sweeps of a Barabasi-Albert graph cost the energy that other kernels say."""
    graph = nx.barabasi_albert_graph(400, 5, seed=2)
    system = sp.couplings.random_sign(graph, share=0.5, seed=1)
    assert np.diff(system.J.indptr).max() > 64
    keys = {"temperature": 2.5, "sweeps": 5, "seed": 4, "start": "up", "every": 5}
    energy = {}
    for kernel, numbers in (("bit-sliced", range(0, 64 * 1500, 64)), ("fixed-point", 1500)):
        *_, last = sp.trajectory(system, replicas=numbers, kernel=kernel, **keys)
        energy[kernel] = system.energy(last.spins)
    assert stats.ttest_ind(*energy.values()).pvalue >= ALPHA
    *_, warmer = sp.trajectory(system, replicas=1500, **{**keys, "temperature": 2.6})
    assert stats.ttest_ind(energy["bit-sliced"], system.energy(warmer.spins)).pvalue < ALPHA


@pytest.mark.parametrize("temperature", [0.0, 3.0, np.inf])
def test_a_draw_sets_the_stance_whatever_it_was(temperature: float) -> None:
    """From all up and from all down, ordered for ever, and the same wherever noise alone draws."""
    system = sp.couplings.uniform(nx.barabasi_albert_graph(200, 6, seed=3))
    keys = {"temperature": temperature, "sweeps": 20, "seed": 8, "replicas": 70, "every": 1}
    runs = [sp.trajectory(system, start=s, kernel="bit-sliced", **keys) for s in ("up", "down")]
    for up, down in zip(*runs, strict=True):
        assert (up.spins >= down.spins).all()
    assert (up.spins == down.spins).all() == (temperature == np.inf)


def test_relabelled_stances_follow_the_same_law() -> None:
    system = SYSTEMS["signed"]
    sign = np.where(np.arange(system.n) % 2 == 0, 1, -1).astype(np.int8)
    J = system.J.multiply(sign[:, None]).multiply(sign[None, :])
    *_, last = sp.trajectory(
        sp.SpinSystem(J),
        temperature=0.7,
        sweeps=SWEEPS,
        seed=17,
        replicas=64 * np.arange(5000),
        start=sign * START,
        kernel="bit-sliced",
        every=SWEEPS,
    )
    assert_law(count_states(sign * last.spins), exact_law(system, 0.7))


RING = sp.SpinSystem.from_edges(np.arange(50), (np.arange(50) + 1) % 50, 0.5)


def frames(**keys: object) -> list[sp.Frame]:
    settings = {"temperature": 0.8, "sweeps": 6, "seed": 2, "kernel": "bit-sliced"} | keys
    return list(sp.trajectory(RING, **settings))


def test_numbers_depend_on_nothing_but_seed_replica_and_sweep() -> None:
    everything = frames(replicas=200, threads=1)[-1].spins
    chosen = [190, 3, 64, 130, 5]
    assert np.array_equal(frames(replicas=chosen)[-1].spins, everything[chosen])
    assert np.array_equal(frames(replicas=200, threads=3)[-1].spins, everything)
    assert np.array_equal(frames(replicas=200, every=6)[-1].spins, everything)
    assert np.array_equal(frames(replicas=200, sweeps=9)[6].spins, everything)
    assert not np.array_equal(frames(replicas=200, seed=3)[-1].spins, everything)
    assert len(np.unique(everything, axis=0)) == 200
    assert [rows.tolist() for rows in whole_words(chosen, 2)] == [[1, 2, 4], [0, 3]]


def test_blocks_of_a_long_run_do_not_matter() -> None:
    """Memory is asked for ahead of use, and nothing but time depends on where a call ends."""
    numbers = tuple(range(64))
    spins = np.ones((64, 50), np.int8)
    whole, parts = (BitSliced(encode_ties(RING), spins, 2, numbers) for _ in range(2))
    free = np.zeros((64, 0), np.uint8)
    whole.sweep(0, 7, 0.8, free)
    for first, sweeps in ((0, 1), (1, 0), (1, 4), (5, 2)):
        parts.sweep(first, sweeps, 0.8, free)
    assert np.array_equal(whole.state, parts.state)


def test_saved_runs_go_on_bit_for_bit() -> None:
    whole = frames(replicas=130)
    half = sp.trajectory(RING, temperature=0.8, sweeps=6, seed=2, replicas=130, kernel="bit-sliced")
    state = next(frame for frame in half if frame.sweep == 3).state()
    assert np.array_equal(frames(replicas=130, resume=state)[-1].spins, whole[-1].spins)


def test_stopped_replicas_leave_the_others_alone() -> None:
    whole = frames(replicas=200)
    out = np.arange(200) % 3 == 1

    def stop(frame: sp.Frame) -> np.ndarray:
        return out & (frame.sweep == 2) | (np.arange(200) < 128) & (frame.sweep == 4)

    last = frames(replicas=200, stop=stop)[-1]
    assert np.array_equal(last.spins[out], whole[2].spins[out])
    first = ~out & (np.arange(200) < 128)
    assert np.array_equal(last.spins[first], whole[4].spins[first])
    assert np.array_equal(last.spins[128:][~out[128:]], whole[6].spins[128:][~out[128:]])


def test_held_users_never_flip_and_only_they() -> None:
    """Each replica but the last holds a user of its own; noise alone moves all others alike."""
    held = np.zeros((70, 50), np.uint8)
    held[np.arange(69), np.arange(69) % 50] = 1
    start = np.ones((70, 50), np.int8)
    numbers = tuple(range(70))
    for temperature in (np.inf, 0.8):
        kernel, free = (BitSliced(encode_ties(RING), start, 6, numbers) for _ in range(2))
        kernel.sweep(0, 20, temperature, held)
        free.sweep(0, 20, temperature, np.zeros((70, 0), np.uint8))
        spins, other = kernel.spins(), free.spins()
        assert (spins[held > 0] == 1).all()
        assert (other[held > 0] == -1).any()
        assert np.array_equal(spins[69], other[69])
        # At infinite temperature nobody listens, so everybody else does what they did.
        assert np.array_equal(spins[held == 0], other[held == 0]) == np.isinf(temperature)


def test_interventions_act_on_lanes() -> None:
    acts = [Heat(at=2, temperature=np.inf), Nucleate(at=2, share=0.2, stance=-1, hold=3)]
    seen = frames(replicas=70, interventions=acts, temperature=0.0, start="up", sweeps=8)
    assert (seen[2].spins == 1).all()
    down = [(frame.spins == -1).sum(axis=1) for frame in seen]
    assert (down[3] >= 10).all()
    assert (down[8] > 10).mean() > 0.9
    assert len(np.unique(seen[5].spins, axis=0)) == 70


def test_zero_weights_and_absent_couplings() -> None:
    J = RING.J.tolil()
    J[0, 25] = 1.0
    padded = J.tocsr()
    padded[0, 25] = 0.0
    assert sp.SpinSystem(padded).J.nnz >= RING.J.nnz
    assert encode_ties(sp.SpinSystem(padded)).ends.tolist() == encode_ties(RING).ends.tolist()
    alone = sp.SpinSystem(np.zeros((3, 3)))
    *_, last = sp.trajectory(
        alone, temperature=0.0, sweeps=8, seed=1, replicas=640, kernel="bit-sliced", start="up"
    )
    assert 0.4 < (last.spins > 0).mean() < 0.6


BAD = {
    "the couplings run from 0.5 to 1": {
        "system": sp.SpinSystem.from_edges([0, 1], [1, 2], [1, 0.5])
    },
    "an external field acts": {"field": 0.1},
    "random-sequential only": {"scheme": "sequential"},
    "a feed acts": {"feed": sp.feeds.Chronological(strength=0.5)},
    "an external field acts, or is to act": {"interventions": [Tilt(at=1, field=0.1)]},
    "replicas are rewired apart": {"interventions": [Rewire(at=1)]},
    "a feed acts, or is to act": {
        "interventions": [SwitchFeed(at=1, feed=sp.feeds.Chronological(strength=0.5))]
    },
}


@pytest.mark.parametrize("sentence", BAD)
def test_what_it_cannot_do_is_refused_at_the_call(sentence: str) -> None:
    keys = {"system": RING, "temperature": 1.0, "sweeps": 3, "seed": 1} | BAD[sentence]
    with pytest.raises(InputError, match=sentence):
        sp.trajectory(keys.pop("system"), kernel="bit-sliced", **keys)


def test_feed_of_strength_zero_is_none() -> None:
    feed = sp.feeds.Chronological(strength=0.0)
    plain, fed = frames(replicas=5), frames(replicas=5, feed=feed)
    assert all(np.array_equal(a.spins, b.spins) for a, b in zip(plain, fed, strict=True))


def test_interval_over_clusters() -> None:
    """Words of correlated replicas: only the interval over clusters covers its 95 %."""
    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(12), 64)
    covered = {"cluster": 0, "alone": 0}
    for _ in range(400):
        values = rng.normal(size=12)[cluster] * 0.5 + rng.normal(size=cluster.size)
        for name, labels in (("cluster", cluster), ("alone", None)):
            interval = t_interval(values, cluster=labels)
            covered[name] += interval.low <= 0.0 <= interval.high
    assert stats.binomtest(covered["cluster"], 400, 0.95).pvalue >= ALPHA
    assert stats.binomtest(covered["alone"], 400, 0.95).pvalue < ALPHA
    means = values.reshape(12, 64).mean(axis=1)
    assert np.allclose(t_interval(values, cluster=cluster), t_interval(means))
    shuffled = rng.permutation(cluster.size)
    again = t_interval(values[shuffled], cluster=cluster[shuffled])
    assert np.allclose(again, t_interval(values, cluster=cluster))
    assert np.isnan(t_interval([1.0, 2.0], cluster=[4, 4]).low)
    with pytest.raises(InputError, match="one label per value"):
        t_interval([1.0, 2.0], cluster=[0, 1, 2])


def correlation_in_words(values: np.ndarray) -> float:
    """Return the intraclass correlation of values (words, 64), by the analysis of variance."""
    between = LANES * values.mean(axis=1).var(ddof=1)
    within = values.var(axis=1, ddof=1).mean()
    return float((between - within) / (between + (LANES - 1) * within))


@pytest.mark.validate
@pytest.mark.parametrize(
    ("temperature", "start", "least", "most"),
    [(2.269, "up", 0.0, 0.01), (0.0, "random", 0.0, 0.01), (0.0, "common", 0.1, 0.4)],
)
def test_correlation_of_replicas_in_a_word(
    temperature: float, start: str, least: float, most: float, record_property: Callable[..., None]
) -> None:
    """How alike the energies of one word's replicas are after 10 sweeps of a 32 x 32 lattice."""
    words, n = 200, 1024
    system = sp.couplings.uniform(nx.grid_2d_graph(32, 32, periodic=True))
    rng = np.random.default_rng(1)
    stances = np.ones((LANES * words, n), np.int8)
    if start != "up":
        shape = (LANES * words if start == "random" else 1, n)
        stances[:] = rng.choice(np.array([-1, 1], np.int8), shape)
    kernel = BitSliced(encode_ties(system), stances, 5, tuple(range(LANES * words)))
    kernel.sweep(0, 10, temperature, np.zeros((LANES * words, 0), np.uint8))
    rho = correlation_in_words(system.energy(kernel.spins()).reshape(words, LANES))
    error = float(np.sqrt(2.0 / (LANES * (LANES - 1) * words)))
    record_property("correlation", rho)
    record_property("standard error", error)
    record_property("independent replicas in a word", LANES / (1.0 + (LANES - 1) * max(rho, 0.0)))
    assert least - 4 * error <= rho <= most
