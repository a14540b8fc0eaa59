"""Every feed against its definition written out plainly, its exact identities, and its exposure."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sociophysics as sp
from sociophysics.influences import feeds
from sociophysics.theory import feed_definitions as oracle
from tests.laws import ALPHA, assert_mean, same_law_p_value

EXACT = 1e-12
DRAWS = feeds.Draws(np.array([[7, 9]], np.uint64), 1)
POOLS = ("followed", "all", "camp", "followed_camp")
WEIGHTS = ("coupling", "uniform")
SCOPES = ("all", "followed")
ALPHAS = (-0.99, -0.5, 0.0, 1.0, 2.5, 50.0)
GAMMAS = (-500.0, -20.0, -0.8, 0.0, 0.8, 20.0, 500.0)


def random_couplings(n: int, seed: int, *, directed: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    J = rng.normal(0.2, 1.0, (n, n)) * (rng.random((n, n)) < 0.5)
    np.fill_diagonal(J, 0.0)
    return J if directed else np.triu(J) + np.triu(J).T


def with_isolated(J: np.ndarray, user: int) -> np.ndarray:
    J = J.copy()
    J[user] = J[:, user] = 0.0
    return J


def only_enemies(J: np.ndarray, user: int) -> np.ndarray:
    J = J.copy()
    J[user] = -np.abs(J[user])
    return J


# Couplings and camps: two, three, a camp of one, users without a camp, nobody at all in some pools.
WORLDS: dict[str, tuple[np.ndarray, list[int]]] = {
    "undirected, two camps": (random_couplings(8, 1, directed=False), [0, 0, 0, 1, 1, 1, 0, 1]),
    "directed, some in no camp": (
        random_couplings(8, 2, directed=True),
        [0, 1, -1, 0, 1, -1, 0, 1],
    ),
    "three camps, one of one user": (
        only_enemies(random_couplings(9, 3, directed=True), 4),
        [0, 1, 2, 0, 1, 0, -1, 1, 1],
    ),
    "an isolated user": (
        with_isolated(random_couplings(7, 4, directed=False), 3),
        [0, 1] * 3 + [0],
    ),
    "one camp, sparse codes": (random_couplings(6, 5, directed=False), [5, 5, 5, 5, -1, 5]),
    "nobody in a camp": (random_couplings(5, 6, directed=False), [-1] * 5),
    "only enemies": (-np.abs(random_couplings(6, 7, directed=False)), [0, 0, 1, 1, 0, 1]),
    "alone": (np.zeros((1, 1)), [0]),
}


def states(camps: np.ndarray, seed: int = 1, count: int = 3) -> np.ndarray:
    """Random stances, both unanimous ones, and camps that are unanimous against each other."""
    rng = np.random.default_rng(seed)
    n = camps.size
    fixed = [np.ones(n), -np.ones(n), np.where(camps == 0, 1, -1)]
    return np.array([*(rng.choice([-1, 1], n) for _ in range(count)), *fixed], dtype=np.int8)


def options(**values: tuple[object, ...]) -> list[dict[str, object]]:
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


OPTIONS: dict[str, list[dict[str, object]]] = {
    "chronological": options(weight=WEIGHTS),
    "random": [{}],
    "trending": [{}],
    "popularity": options(alpha=ALPHAS, pool=POOLS, weight=WEIGHTS),
    "personalized": options(gamma=GAMMAS, pool=POOLS, weight=WEIGHTS),
    "engagement": options(
        alpha=(-0.99, 50.0), gamma=(-20.0, 0.8, 500.0), pool=POOLS, weight=WEIGHTS
    ),
    "in_group": options(pool=("camp", "followed_camp"), weight=WEIGHTS),
    "like_minded": options(factor=(0.0, 0.49, 1.0, 3.0), weight=WEIGHTS),
    "self_echo": [{}],
    "memory": options(tau=(1.0, 2.5, 10.0)),
    "diversity": options(epsilon=(0.0, 0.3, 1.0)),
    "bridging": options(scope=SCOPES, weight=WEIGHTS),
    "counter": [{}],
    "outrage": options(scope=SCOPES, weight=WEIGHTS),
    "editorial": [{}],
    "amplifier": [{}],
    "animosity": options(delta=(0.0, 0.5, 1.0)),
}
WITH_SLOTS = [kind for kind in OPTIONS if hasattr(feeds.KINDS[kind], "slots")]
WITH_STRENGTH = [kind for kind in OPTIONS if kind != "animosity"]


def shown(feed: feeds.Feed, world: str, spins: np.ndarray) -> np.ndarray:
    J, camps = WORLDS[world]
    draws = feeds.Draws(np.repeat(DRAWS.keys, len(spins), axis=0), DRAWS.sweep)
    return feed.refresh(sp.SpinSystem(J), spins, np.array(camps), None, draws)[0]


def test_every_kind_is_covered() -> None:
    # A feed without a written definition has a test of its own.
    assert set(OPTIONS) == set(oracle.KINDS) - {"none"} <= set(feeds.KINDS)
    assert feeds.make("none") is None


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", OPTIONS)
def test_field_is_the_definition(kind: str, world: str) -> None:
    J, camps = WORLDS[world]
    spins = states(np.array(camps))
    for number, keys in enumerate(OPTIONS[kind]):
        strength = {} if kind == "animosity" else {"strength": (0.5, -0.7)[number % 2]}
        phi = shown(feeds.make(kind, **strength, **keys), world, spins)
        for s, got in zip(spins, phi, strict=True):
            want = oracle.expected_field(kind, J, s, camps, s, **strength, **keys)
            np.testing.assert_allclose(got, want, rtol=0, atol=EXACT, err_msg=f"{kind} {keys} {s}")


@pytest.mark.parametrize("kind", ["random", "chronological", "popularity", "personalized"])
def test_feeds_that_name_no_camps_need_none(kind: str) -> None:
    J, _ = WORLDS["directed, some in no camp"]
    spins = states(np.zeros(len(J)))[:1]
    phi, exposure = feeds.make(kind).refresh(sp.SpinSystem(J), spins, None, None, DRAWS)
    np.testing.assert_allclose(phi[0], oracle.expected_field(kind, J, spins[0]), rtol=0, atol=EXACT)
    assert exposure is not None
    assert np.isnan(exposure.out_group).all()


@pytest.mark.parametrize("alpha", [-1 + 1e-9, 0.0, 50.0, 2000.0, 1e9, 1e300])
@pytest.mark.parametrize("gamma", [-1e9, -500.0, -299.0, 0.0, 299.0, 500.0, 2000.0, 1e300])
def test_extreme_rankers_follow_the_logarithms(alpha: float, gamma: float) -> None:
    world = "undirected, two camps"
    J, camps = WORLDS[world]
    spins = states(np.array(camps))
    phi = shown(feeds.Engagement(strength=1.0, alpha=alpha, gamma=gamma), world, spins)
    shares = oracle.pool_shares(J, camps, pool="followed")
    plus, minus = shares @ (spins.T > 0), shares @ (spins.T < 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        odds = (1 + alpha) * (np.log(plus) - np.log(minus)) / 2
        want = np.where(plus + minus > 0, np.tanh(odds + gamma * spins.T), 0.0).T
    np.testing.assert_allclose(phi, want, rtol=0, atol=EXACT)


def test_odds_beyond_powers_are_kept() -> None:
    # The pool's odds to the power 400 underflow, and personalization still outweighs them.
    J = np.zeros((3, 3))
    J[0, 1:] = 1.0, 9.0
    spins = np.array([[1, 1, -1]], np.int8)
    half_odds = 400 * np.log(9.0) / 2
    for more in (-1.0, 0.0, 1.0):
        feed = feeds.Engagement(strength=1.0, alpha=399.0, gamma=half_odds + more)
        phi = feed.refresh(sp.SpinSystem(J), spins, None, None, DRAWS)[0]
        np.testing.assert_allclose(phi[0, 0], np.tanh(more), atol=EXACT * half_odds)


@pytest.mark.parametrize("tie", [1e-3, 1e-9, 1e-13])
def test_a_weak_tie_is_not_unanimity(tie: float) -> None:
    J = np.zeros((3, 3))
    J[0, 1:] = 1.0, tie
    spins = np.array([[-1, 1, -1]], np.int8)
    feed = feeds.Personalized(strength=1.0, gamma=20.0)
    phi = feed.refresh(sp.SpinSystem(J), spins, None, None, DRAWS)[0]
    want = oracle.expected_field("personalized", J, spins[0], strength=1.0, gamma=20.0)
    np.testing.assert_allclose(phi[0], want, rtol=0, atol=EXACT)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("slots", [None, 3])
def test_unanimous_pools_stay_unanimous(pool: str, slots: int | None) -> None:
    """Also where the reader is personalized the other way: there is no other post to show."""
    J = np.abs(WORLDS["undirected, two camps"][0])
    system, camps = sp.SpinSystem(J), np.array([0, 0, 0, 1, 1, 1, 0, 1])
    spins = 2 * np.eye(camps.size, dtype=np.int8) - 1  # reader r is alone against all others
    draws = feeds.Draws(np.repeat(DRAWS.keys, camps.size, axis=0), 1)
    for alpha, gamma in product(ALPHAS, GAMMAS):
        feed = feeds.Engagement(strength=1.0, alpha=alpha, gamma=gamma, pool=pool, slots=slots)
        for stance in (1, -1):
            phi = feed.refresh(system, stance * spins, camps, None, draws)[0]
            assert (phi.diagonal() == -stance).all(), (alpha, gamma)


@pytest.mark.parametrize("kind", WITH_SLOTS)
@pytest.mark.parametrize("world", WORLDS)
def test_slots_show_whole_posts(kind: str, world: str) -> None:
    spins = states(np.array(WORLDS[world][1]))
    expected = shown(feeds.make(kind, strength=1.0), world, spins)
    for slots in (1, 4):
        phi = shown(feeds.make(kind, strength=1.0, slots=slots), world, spins)
        posts = (phi + 1) * slots / 2
        pool_empty = np.isnan(posts_shown(kind, world, spins))
        assert (phi[pool_empty] == 0).all()
        assert (posts[~pool_empty] == np.rint(posts[~pool_empty])).all()
        sure = np.abs(expected) == 1.0
        assert (phi[sure] == expected[sure]).all()


def posts_shown(kind: str, world: str, spins: np.ndarray, **keys: object) -> np.ndarray:
    J, camps = WORLDS[world]
    return np.array([oracle.shown_plus(kind, J, s, camps, **keys) for s in spins])


def test_one_slot_of_the_own_camp_is_plus_or_minus_strength() -> None:
    spins = states(np.array(WORLDS["undirected, two camps"][1]))
    phi = shown(feeds.InGroup(strength=0.5, slots=1), "undirected, two camps", spins)
    assert set(np.unique(phi)) <= {-0.5, 0.5}


# --- trajectories ---------------------------------------------------------------------------------

SYSTEM = sp.SpinSystem(random_couplings(12, 11, directed=False))
CAMPS = np.array([0, 1] * 5 + [-1, 0])


def run(feed: feeds.Feed | None, system: sp.SpinSystem = SYSTEM, **keys: object) -> list[sp.Frame]:
    given: dict[str, object] = {"temperature": 1.1, "sweeps": 12, "seed": 3, "replicas": 4} | keys
    return list(sp.trajectory(system, feed=feed, camps=CAMPS, **given))


def assert_same(left: list[sp.Frame], right: list[sp.Frame]) -> None:
    for a, b in zip(left, right, strict=True):
        assert (a.spins == b.spins).all()


@pytest.mark.parametrize("kind", WITH_STRENGTH)
def test_no_strength_is_no_feed(kind: str) -> None:
    assert_same(run(feeds.make(kind, strength=0.0)), run(None))


@pytest.mark.parametrize("kind", WITH_SLOTS)
def test_no_strength_with_slots_is_no_feed(kind: str) -> None:
    assert_same(run(feeds.make(kind, strength=0.0, slots=2)), run(None))


def test_no_delta_is_no_feed() -> None:
    assert_same(run(feeds.Animosity(delta=0.0)), run(None))


@pytest.mark.parametrize("tau", [1.0, 1])
def test_memory_of_one_sweep_is_self_echo(tau: float) -> None:
    left, right = run(feeds.Memory(strength=0.8, tau=tau)), run(feeds.SelfEcho(strength=0.8))
    assert_same(left, right)
    for a, b in zip(left, right, strict=True):
        assert (a.phi == b.phi).all()


@pytest.mark.parametrize("strength", [0.5, -0.3])
def test_editorial_is_a_uniform_field(strength: float) -> None:
    assert_same(run(feeds.Editorial(strength=strength)), run(None, field=strength))


@pytest.mark.parametrize("strength", [1.0, 3.0, -0.5])
def test_amplifier_is_a_lower_temperature(strength: float) -> None:
    amplified = run(feeds.Amplifier(strength=strength))
    assert_same(amplified, run(None, temperature=1.1 / (1 + strength)))


@pytest.mark.parametrize("keys", [{"kind": "amplifier", "strength": 0.5}, {"kind": "animosity"}])
def test_feeds_that_act_on_couplings_change_them_exactly(keys: dict[str, object]) -> None:
    keys = dict(keys)
    kind = str(keys.pop("kind"))
    h = np.linspace(-1, 1, SYSTEM.n)
    system = sp.SpinSystem(SYSTEM.J, h, nodes=None)
    changed = feeds.make(kind, **keys).couplings(system)
    want = oracle.changed_couplings(kind, SYSTEM.J.toarray(), **keys)
    assert (changed.J.toarray() == want).all()
    assert (changed.h == h).all()
    frames = run(feeds.make(kind, **keys), system)
    assert_same(frames, run(None, sp.SpinSystem(want, h)))
    assert not any(frame.phi.any() or frame.exposure for frame in frames)


def test_different_feeds_run_differently() -> None:
    """The identities above would hold as well if no feed acted at all."""
    none = run(None)[-1].spins
    for kind in OPTIONS:
        assert (run(feeds.make(kind))[-1].spins != none).any(), kind


@pytest.mark.parametrize("kind", WITH_STRENGTH)
def test_field_that_acted_is_that_of_the_stances_before_the_sweep(kind: str) -> None:
    """Frame t carries the field that acted in sweep t; frame 0 that of sweep 1."""
    frames = run(feeds.make(kind))
    J = SYSTEM.J.toarray()
    memory = frames[0].spins.astype(float)
    for t, frame in enumerate(frames):
        before = frames[max(t - 1, 0)].spins
        if t > 1:
            memory = oracle.next_memory(memory, before, 10.0)
        for s, e, got in zip(before, memory, frame.phi, strict=True):
            want = oracle.expected_field(kind, J, s, CAMPS, e)
            np.testing.assert_allclose(got, want, rtol=0, atol=EXACT)


@pytest.mark.parametrize("feed", [feeds.Random(slots=3), feeds.Memory(), feeds.Personalized()])
def test_replicas_cadence_and_threads_change_no_number(feed: feeds.Feed) -> None:
    alone = run(feed, replicas=[2], every=12, threads=1)[-1]
    together = run(feed, replicas=5, threads=2)[-1]
    assert (alone.spins[0] == together.spins[2]).all()
    assert (alone.phi[0] == together.phi[2]).all()
    if alone.exposure is not None and together.exposure is not None:
        assert alone.exposure.agreement[0] == together.exposure.agreement[2]


# --- symmetries -----------------------------------------------------------------------------------


@st.composite
def societies(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 8))
    entry = st.sampled_from([-1.5, -1.0, 0.0, 0.0, 0.3, 1.0, 2.0])
    J = np.array(draw(st.lists(entry, min_size=n * n, max_size=n * n))).reshape(n, n)
    np.fill_diagonal(J, 0.0)
    spins = draw(st.lists(st.sampled_from([-1, 1]), min_size=n, max_size=n))
    camps = draw(st.lists(st.integers(-1, 2), min_size=n, max_size=n))
    return J, np.array([spins], np.int8), np.array(camps, np.int64)


@st.composite
def designs(draw: st.DrawFn) -> feeds.Feed:
    kind = draw(st.sampled_from(sorted(OPTIONS)))
    return feeds.make(kind, **draw(st.sampled_from(OPTIONS[kind])))


@given(societies(), designs())
@settings(derandomize=True, deadline=None)
def test_opposite_stances_cause_the_opposite_field(
    society: tuple[np.ndarray, np.ndarray, np.ndarray], feed: feeds.Feed
) -> None:
    J, spins, camps = society
    system = sp.SpinSystem(J)
    phi, exposure = feed.refresh(system, spins, camps, None, DRAWS)
    opposite, mirrored = feed.refresh(system, -spins, camps, None, DRAWS)
    sign = 1 if feed.kind == "editorial" else -1
    assert (opposite == sign * phi).all()
    assert np.isfinite(phi).all()
    assert (np.abs(phi) <= feed.bound + EXACT).all()
    if exposure is not None and mirrored is not None:
        for name in ("agreement", "out_group", "attention_gini"):
            np.testing.assert_allclose(
                getattr(exposure, name), getattr(mirrored, name), rtol=0, atol=EXACT
            )


@given(societies(), designs(), st.randoms(use_true_random=False))
@settings(derandomize=True, deadline=None)
def test_order_of_users_does_not_matter(
    society: tuple[np.ndarray, np.ndarray, np.ndarray], feed: feeds.Feed, random: object
) -> None:
    J, spins, camps = society
    order = np.array(random.sample(range(len(J)), len(J)))
    phi = feed.refresh(sp.SpinSystem(J), spins, camps, None, DRAWS)[0]
    moved = sp.SpinSystem(J[np.ix_(order, order)])
    got = feed.refresh(moved, spins[:, order], camps[order], None, DRAWS)[0]
    np.testing.assert_allclose(got, phi[:, order], rtol=0, atol=EXACT)


def last_stances(
    feed: feeds.Feed, system: sp.SpinSystem, start: np.ndarray, seed: int
) -> np.ndarray:
    keys = {"start": start, "replicas": 1500, "seed": seed, "sweeps": 5, "every": 5}
    return run(feed, system, **keys)[-1].spins


@pytest.mark.parametrize("kind", [kind for kind in OPTIONS if kind != "editorial"])
def test_the_opposite_start_runs_the_opposite_way(kind: str) -> None:
    """In law: a draw sets a stance, and knows up from down."""
    h = np.linspace(-0.5, 1.0, SYSTEM.n)
    start = np.where(np.arange(SYSTEM.n) % 3 == 0, 1, -1)
    feed = feeds.make(kind)
    up = last_stances(feed, sp.SpinSystem(SYSTEM.J, h), start, 3)
    down = last_stances(feed, sp.SpinSystem(SYSTEM.J, -h), -start, 4)
    assert same_law_p_value(up, -down) >= ALPHA
    assert same_law_p_value(up, down) < ALPHA


@pytest.mark.parametrize("kind", ["self_echo", "counter", "memory", "amplifier"])
def test_gauge_invariance_of_feeds_of_the_own_stance(kind: str) -> None:
    """``s_i -> e_i s_i``, ``J_ij -> e_i e_j J_ij``: these feeds see no difference."""
    e = np.where(np.arange(SYSTEM.n) % 4 < 2, 1, -1)
    start = np.where(np.arange(SYSTEM.n) % 3 == 0, 1, -1)
    J = SYSTEM.J.toarray()
    plain = last_stances(feeds.make(kind), SYSTEM, start, 3)
    turned = last_stances(feeds.make(kind), sp.SpinSystem(e[:, None] * J * e), e * start, 4)
    assert same_law_p_value(plain, e * turned) >= ALPHA
    assert same_law_p_value(plain, turned) < ALPHA


TWO_PAIRS = sp.SpinSystem.from_edges([0, 2], [1, 3])
HALVES = np.array([0, 0, 1, 1])


@pytest.mark.parametrize("weight", ["coupling", "uniform"])
@pytest.mark.parametrize("uneven", [False, True])
def test_outrage_of_an_absent_side_counts_nothing(weight: str, uneven: bool) -> None:
    """Nobody follows the other camp: half of what the own camp says, and no more for that."""
    edges = ([0, 0, 2, 2], [1, 4, 3, 5], [1.0, 3.0, 1.0, 0.5]) if uneven else ([0, 2], [1, 3])
    n = 6 if uneven else 4
    system = sp.SpinSystem.from_edges(*edges, n=n)
    camps = np.array([0, 0, 1, 1, 0, 1][:n])
    spins = np.where(camps == 0, 1, -1).astype(np.int8)[np.newaxis]
    feed = feeds.Outrage(strength=1.0, scope="followed", weight=weight)
    phi = feed.refresh(system, spins, camps, None, DRAWS)[0][0]
    assert phi.tolist() == (0.5 * spins[0]).tolist()


def test_a_far_tie_changes_nobody_elses_outrage() -> None:
    far = sp.SpinSystem.from_edges([0, 2, 4], [1, 3, 5], n=6)
    camps = np.array([0, 0, 1, 1, 0, 1])
    feed = feeds.Outrage(strength=1.0, scope="followed")
    for spins in states(camps):
        near = feed.refresh(TWO_PAIRS, spins[np.newaxis, :4], HALVES, None, DRAWS)[0]
        both = feed.refresh(far, spins[np.newaxis], camps, None, DRAWS)[0]
        assert (both[:, :4] == near).all()


def test_like_minded_with_factor_1_is_chronological_to_the_bit_and_needs_camps() -> None:
    J, labels = WORLDS["directed, some in no camp"]
    spins = states(np.array(labels))
    same = [
        feeds.make(kind, strength=0.7, **keys).refresh(
            sp.SpinSystem(J), spins, np.array(labels), None, DRAWS
        )[0]
        for kind, keys in (("like_minded", {"factor": 1.0}), ("chronological", {}))
    ]
    assert same[0].tobytes() == same[1].tobytes()
    with pytest.raises(sp.InputError, match="the feed like_minded needs camps"):
        feeds.make("like_minded").refresh(sp.SpinSystem(J), spins, None, None, DRAWS)


# --- the bound -----------------------------------------------------------------------------------


class Loud(feeds.Feed):
    """A user's feed that exerts more than it says."""

    def __init__(self, field: object, bound: float = 0.5) -> None:
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "limit", bound)

    @property
    def bound(self) -> float:
        return self.limit

    def response(self, spins: np.ndarray, memory: object) -> np.ndarray:
        return np.full(spins.shape, self.field) if np.ndim(self.field) == 0 else self.field


LOUD = [
    (Loud(9.0), "the feed Loud exerts the field 9, but its bound is 0.5"),
    (Loud(-0.6), "the feed Loud exerts the field -0.6, but its bound is 0.5"),
    (Loud(np.nan), "the feed Loud returned a field that holds NaN"),
    (Loud(np.zeros(3)), r"the feed Loud returned a field of shape \(3,\)"),
    (Loud(0.1, np.inf), "the feed Loud has the bound inf"),
    (Loud(0.1, np.nan), "the feed Loud has the bound nan"),
    (Loud(0.1, -1.0), "the feed Loud has the bound -1"),
]


@pytest.mark.parametrize(("feed", "sentence"), LOUD, ids=[sentence for _, sentence in LOUD])
@pytest.mark.parametrize("kernel", ["auto", "reference"])
def test_a_field_beyond_the_bound_is_refused_in_a_sentence(
    feed: feeds.Feed, sentence: str, kernel: str
) -> None:
    with pytest.raises(sp.InputError, match=sentence):
        run(feed, kernel=kernel)


def test_a_field_at_its_bound_acts_as_in_the_reference() -> None:
    system = sp.SpinSystem(np.zeros((4, 4)))
    *_, last = sp.trajectory(
        system, temperature=0.1, sweeps=10, seed=1, feed=Loud(9.0, 9.0), replicas=3
    )
    assert (last.spins == 1).all()


# --- what is refused ------------------------------------------------------------------------------

REFUSED = {
    "nearest kind": ("chronologic", {}, "did you mean chronological"),
    "key of another kind": ("random", {"gamma": 1.0}, "feed.gamma is not a key of kind 'random'"),
    "misspelt key": ("random", {"strenght": 1.0}, "did you mean strength"),
    "key of no feed": (
        "none",
        {"strength": 1.0},
        "feed.strength is not a key of kind 'none'; none is allowed here",
    ),
    "slots without posts": ("self_echo", {"slots": 3}, "feed.slots is not a key"),
    "slots of outrage": ("outrage", {"slots": 3}, "feed.slots is not a key"),
    "strength of animosity": ("animosity", {"strength": 0.5}, "feed.strength is not a key"),
    "strength as text": ("random", {"strength": "big"}, "it must be a number"),
    "strength NaN": ("random", {"strength": np.nan}, "must be a finite number"),
    "strength infinite": ("editorial", {"strength": np.inf}, "must be a finite number"),
    "strength as truth value": ("random", {"strength": True}, "it must be a number"),
    "no slots": ("random", {"slots": 0}, "it must be >= 1"),
    "half a slot": ("random", {"slots": 2.5}, "it must be a whole number"),
    "slots as truth value": ("random", {"slots": True}, "it must be a whole number"),
    "alpha too low": ("popularity", {"alpha": -1.0}, "it must be > -1"),
    "epsilon": ("diversity", {"epsilon": 1.1}, "it must be <= 1"),
    "tau": ("memory", {"tau": 0.5}, "it must be >= 1"),
    "pool": ("popularity", {"pool": "folowed"}, "did you mean followed"),
    "pool without camps in it": ("in_group", {"pool": "all"}, "allowed: camp, followed_camp"),
    "weight": ("chronological", {"weight": "equal"}, "allowed: coupling, uniform"),
    "scope": ("bridging", {"scope": "everyone"}, "allowed: all, followed"),
    "delta": ("animosity", {"delta": np.nan}, "must be a finite number"),
    "delta above its range": (
        "animosity",
        {"delta": 3},
        "feed.delta is 3; it must be <= 1",
    ),
    "delta of numpy": ("animosity", {"delta": np.float64(-1)}, "-1.0; it must be >= 0"),
    "truth value of numpy": ("random", {"strength": np.bool_(True)}, "it must be a number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_values_are_refused_in_one_sentence(case: str) -> None:
    kind, keys, sentence = REFUSED[case]
    with pytest.raises(sp.InputError) as error:
        feeds.make(kind, **keys)
    message = str(error.value)
    assert sentence in message
    assert message.endswith((".", "?"))
    assert "\n" not in message


@pytest.mark.parametrize("kind", ["in_group", "diversity", "bridging", "outrage"])
def test_feeds_that_name_camps_need_them_before_the_first_frame(kind: str) -> None:
    with pytest.raises(sp.InputError, match="needs camps"):
        sp.trajectory(SYSTEM, temperature=1.0, sweeps=1, seed=1, feed=feeds.make(kind))


def test_refresh_takes_a_generator_for_its_slots() -> None:
    system = sp.SpinSystem.from_edges([0, 1, 2], [1, 2, 0])
    spins = np.array([[1, -1, 1]] * 4000, np.int8)
    feed = feeds.Random(strength=1.0, slots=1)
    phi, _ = feed.refresh(system, spins, None, None, np.random.default_rng(1))
    assert set(np.unique(phi)) == {-1.0, 1.0}
    again, _ = feed.refresh(system, spins, None, None, np.random.default_rng(1))
    np.testing.assert_array_equal(phi, again)
    # User 0 sees one post of +1 and one of -1: a fair coin in every replica.
    assert_mean(phi[:, 0], 0.0, 1.0)
