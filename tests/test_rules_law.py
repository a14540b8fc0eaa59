"""Rival rules move stances by their exact law, and show what is known of them."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from scipy import stats

import sociophysics as sp
from sociophysics.dynamics.kernels.kernel_choice import choose_kernel, task_of
from sociophysics.theory import markov
from sociophysics.theory.stance_patterns import state_number
from tests.laws import assert_law, assert_mean, law_p_value
from tests.test_engine_law import START, SYSTEMS

RULES = {
    "voter": sp.rules.Voter(noise=0.1),
    "majority": sp.rules.MajorityVote(noise=0.2),
    "q_voter": sp.rules.QVoter(q=3, independence=0.2),
    "threshold": sp.rules.Threshold(theta=0.4),
}
FEED = sp.feeds.Chronological(strength=0.7)
SIGNS = sp.SpinSystem(0.8 * SYSTEMS["directed"].J.sign())  # users of different degrees
PAIRED = sp.SpinSystem.from_edges(
    [0, 0, 0, 0, 1, 2], [1, 2, 3, 4, 2, 3], [0.1, 0.2, 0.3, 0.4, 1, 1]
)


def ended(system: sp.SpinSystem, rule: Any, replicas: int = 20_000, **keys: Any) -> np.ndarray:
    keys = {"sweeps": 3, "every": 3, "seed": 5, "start": START.get(system.n, "up"), **keys}
    *_, last = sp.trajectory(system, rule=rule, replicas=replicas, **keys)
    spins: np.ndarray = last.spins
    return spins


def counted(spins: np.ndarray) -> np.ndarray:
    return np.bincount(state_number(spins), minlength=2 ** spins.shape[1])


# --- exact laws -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    ("system", "kernel"),
    [
        *((each, kernel) for each in ("weights and fields", "paired") for kernel in (
            "fixed-point", "reference"
        )),
        ("signs", "integer"),
        ("unit signs", "integer"),
    ],
)  # fmt: skip
def test_every_kernel_follows_the_exact_law_of_a_rule(name: str, system: str, kernel: str) -> None:
    society = {**SYSTEMS, "signs": SIGNS, "paired": PAIRED}[system]
    rule = RULES[name]
    spins = ended(society, rule, 1500 if kernel == "reference" else 20_000, kernel=kernel)
    matrix = markov.transition_matrix(society, rule=rule.table())
    law = markov.distribution_after(matrix, START[society.n], 3 * society.n)
    assert_law(counted(spins), law)


@pytest.mark.parametrize("name", RULES)
def test_a_feed_and_the_sequential_order_go_with_every_rule(name: str) -> None:
    society, rule = SYSTEMS["weights and fields"], RULES[name]
    weights = np.maximum(society.J.toarray(), 0.0)
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    matrix = markov.sweep_matrix_with_feed(
        society, refresh=lambda s: 0.7 * (shares @ s), rule=rule.table(), others=0.7
    )
    fed, spins = markov.distribution_after(matrix, START[5], 3), ended(society, rule, feed=FEED)
    assert_law(counted(spins), fed)
    if name == "voter":  # a feed whose bound is left out of what can pull is noticed
        other = markov.sweep_matrix_with_feed(
            society, refresh=lambda s: 0.7 * (shares @ s), rule=rule.table(), others=1.0
        )
        assert law_p_value(counted(spins), markov.distribution_after(other, START[5], 3)) < 1e-4
    matrix = markov.sequential_sweep_matrix(society, rule=rule.table())
    law = markov.distribution_after(matrix, START[5], 3)
    assert_law(counted(ended(society, rule, scheme="sequential")), law)


def test_the_law_of_a_rule_refuses_another() -> None:
    society = SYSTEMS["weights and fields"]
    spins = ended(society, sp.rules.Voter(noise=0.1))
    for wrong in (
        sp.rules.Voter(noise=0.13), sp.rules.QVoter(q=2, independence=0.1),
        sp.rules.MajorityVote(noise=0.2),
    ):  # fmt: skip
        matrix = markov.transition_matrix(society, rule=wrong.table())
        law = markov.distribution_after(matrix, START[5], 3 * 5)
        assert law_p_value(counted(spins), law) < 1e-4


def test_a_tie_of_weights_that_rounding_hides_is_a_tie() -> None:
    """0.1 + 0.2 against 0.3: one user, pulled by three who are held."""
    society = sp.SpinSystem(
        np.array([[0, 0.1, 0.2, 0.3], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    )
    held = sp.interventions.Nucleate(at=0, who=[1, 2], stance=1, hold="forever")
    other = sp.interventions.Nucleate(at=0, who=[3], stance=-1, hold="forever")
    spins = ended(
        society, sp.rules.MajorityVote(), 4000, start="up", interventions=(held, other), sweeps=30
    )
    assert stats.binomtest(int((spins[:, 0] > 0).sum()), 4000).pvalue > 1e-4


def test_consensus_is_for_ever_where_no_noise_ends_it() -> None:
    graph = nx.barabasi_albert_graph(200, 3, seed=2)
    society = sp.couplings.uniform(graph, 1.0, normalize="degree")
    for rule in (sp.rules.Voter(), sp.rules.QVoter(q=2), sp.rules.MajorityVote()):
        *_, last = sp.trajectory(
            society, rule=rule, sweeps=20_000, every=20_000, seed=1, start="up", replicas=2
        )
        assert (last.spins == 1).all()


def test_integer_and_fixed_point_words_give_the_same_numbers() -> None:
    society = sp.SpinSystem.from_networkx(
        nx.barabasi_albert_graph(300, 3, seed=1), default_coupling=0.7
    )
    for rule in RULES.values():
        both = [
            sp.simulate(society, rule=rule, sweeps=40, seed=3, replicas=3, kernel=kernel)
            for kernel in ("integer", "fixed-point")
        ]
        assert both[0].equals(both[1])


def test_what_pulls_counts_the_largest_field_of_the_schedule_and_the_feed_that_acts() -> None:
    """A free user under a field of 1 that can be 3: the pull is a third of what can pull."""
    lone = sp.SpinSystem(np.zeros((1, 1)))
    ramp = sp.schedules.Pulse(at=9, width=1, height=3.0)
    rule = sp.rules.Voter()
    *_, last = sp.trajectory(
        lone,
        rule=rule,
        sweeps=1,
        seed=1,
        replicas=20_000,
        start="down",
        field=[sp.schedules.Patterned(np.ones(1), 1.0)],
    )
    assert (last.spins == 1).all()
    fields = [
        sp.schedules.Patterned(np.ones(1), 1.0),
        sp.schedules.Patterned(np.ones(1), sp.schedules.Pulse(at=9, width=1, height=2.0)),
    ]
    *_, last = sp.trajectory(
        lone, rule=rule, sweeps=12, every=1, seed=1, replicas=20_000, start="down", field=fields
    )
    assert ramp.height == 3.0
    assert stats.binomtest(int((last.spins > 0).sum()), 20_000, 2 / 3).pvalue > 1e-4


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"kernel": "adaptive"}, "rule is 'voter'; waits between flips are those of the heat bath"),
        ({"kernel": "rejection-free"}, "waits between flips are those of the heat bath"),
        ({"kernel": "bit-sliced"}, "the bit-sliced kernel knows the heat bath only"),
        ({"scheme": "kawasaki"}, "swaps know the heat bath and no voter"),
        ({"interventions": [sp.interventions.Heat(1, 2.0)]}, "changes the temperature, but"),
        ({"rule": "voter"}, "one of sociophysics.rules, such"),
    ],
)
def test_what_a_rule_does_not_go_with_is_one_sentence(keys: dict[str, Any], said: str) -> None:
    pair = sp.SpinSystem.from_edges([0], [1])
    with pytest.raises(sp.InputError, match=said):
        sp.trajectory(pair, **{"rule": sp.rules.Voter(), "sweeps": 3, "seed": 1, **keys})


def test_the_heat_bath_needs_its_temperature_and_is_the_rule_that_is_left_out() -> None:
    pair = sp.SpinSystem.from_edges([0, 1], [1, 2])
    with pytest.raises(sp.InputError, match="temperature is missing"):
        sp.trajectory(pair, sweeps=3, seed=1)
    both = [
        sp.simulate(pair, temperature=1.0, sweeps=9, seed=1, rule=rule)
        for rule in (None, sp.rules.HeatBath())
    ]
    assert both[0].equals(both[1])
    task = task_of(pair, "random-sequential", rule=sp.rules.Voter())
    assert choose_kernel("auto", task) == "integer"


@pytest.mark.parametrize(
    ("g", "said"),
    [
        (lambda y: (1 + y) / 2, "flips more often where more pulls towards the own stance"),
        (lambda y: 1.5 - y, "returns no probabilities"),
        (lambda y: np.where(y < 0.2, 0.9, 0.1), "name its jumps in the property jumps"),
    ],
)
def test_a_rule_of_somebody_else_that_is_none_is_refused(g: Any, said: str) -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Own(sp.rules.Rule):
        def flip_probability(self, y: Any, ratio: Any = 1.0) -> Any:
            return g(np.asarray(y))

    society = SYSTEMS["weights and fields"]
    with pytest.raises(sp.InputError, match=said):
        list(sp.trajectory(society, rule=Own(), sweeps=2, seed=1))


# --- known results --------------------------------------------------------------------------------


def complete(n: int) -> sp.SpinSystem:
    return sp.SpinSystem((np.ones((n, n)) - np.eye(n)) / n)


@pytest.mark.parametrize(("q", "expected"), [(2, 0.52223297), (3, 0.52223297), (5, 0.69853421)])
def test_the_q_voter_orders_on_the_complete_graph_as_its_theory_says(
    q: int, expected: float
) -> None:
    """m at 0.8 p_c, p_c = (q - 1)/(q - 1 + 2^(q - 1)) (Nyczka, Sznajd-Weron & Cislo 2012)."""
    critical = (q - 1) / (q - 1 + 2 ** (q - 1))
    rule = sp.rules.QVoter(q=q, independence=0.8 * critical)
    table = sp.simulate(
        complete(1000), rule=rule, sweeps=400, burn_in=100, every=4, start="up", seed=1, replicas=4
    )
    # 1/sqrt(n) is 0.03, over independent frames of four replicas a few thousandths remain.
    assert abs(table["magnetization"].mean() - expected) < 0.012


def test_the_q_voter_jumps_from_q_6_on_and_not_before() -> None:
    found = {}
    for q in (3, 6):
        critical = (q - 1) / (q - 1 + 2 ** (q - 1))
        rule = sp.rules.QVoter(q=q, independence=1.05 * critical)
        for start in ("up", "random"):
            table = sp.simulate(
                complete(1000), rule=rule, sweeps=160, burn_in=80, seed=1, replicas=4, start=start
            )
            found[q, start] = table["magnetization"].abs().mean()
    # q = 6: order at .6795 and disorder side by side; q = 3: one state.
    assert abs(found[6, "up"] - 0.6795) < 0.03
    assert found[6, "random"] < 0.15
    assert abs(found[3, "up"] - found[3, "random"]) < 0.1


@pytest.mark.parametrize(
    ("n", "noise", "shape"), [(20, 0.02, "U"), (20, 2 / 21, "flat"), (20, 0.4, "hump")]
)
def test_the_noisy_voter_has_kirmans_beta_binomial_law(n: int, noise: float, shape: str) -> None:
    """P(k) = C(n, k) B(k + a, n - k + a)/B(a, a), a = eps (n - 1)/(2 (1 - eps))."""
    a = noise * (n - 1) / (2 * (1 - noise))
    law = stats.betabinom(n, a, a).pmf(np.arange(n + 1))
    middle = law[n // 2] - law[0]
    assert {"U": middle < 0, "flat": abs(middle) < 1e-12, "hump": middle > 0}[shape]
    sweeps = int(12 / noise)  # relaxation takes 1/noise sweeps
    *_, last = sp.trajectory(
        complete(n), rule=sp.rules.Voter(noise=noise), sweeps=sweeps, every=sweeps, seed=7,
        replicas=4000,
    )  # fmt: skip
    ups = (last.spins > 0).sum(axis=1)
    assert_law(np.bincount(ups, minlength=n + 1), law)


def test_the_voter_conserves_the_mean_weighted_by_what_can_pull() -> None:
    """Sood & Redner 2005; the plain mean is not conserved on a network of unequal degrees."""
    graph = nx.barabasi_albert_graph(60, 2, seed=4)
    society = sp.SpinSystem.from_networkx(graph, default_coupling=1.0)
    pull = np.asarray(society.J.sum(axis=1)).ravel()
    start = np.where(pull >= np.sort(pull)[-10], 1, -1).astype(np.int8)
    *_, last = sp.trajectory(
        society, rule=sp.rules.Voter(), sweeps=40, every=40, seed=3, replicas=8000, start=start
    )
    weighted = last.spins @ pull / pull.sum()
    assert_mean(weighted, float(start @ pull / pull.sum()), float(weighted.var()))
    plain = last.spins.mean(axis=1)
    assert abs(plain.mean() - start.mean()) > 10 * plain.std() / np.sqrt(plain.size)


def binder(shape: int, noise: float, sweeps: int) -> float:
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(shape, shape, periodic=True))
    society = sp.SpinSystem.from_networkx(graph, default_coupling=1.0)
    table = sp.simulate(
        society, rule=sp.rules.MajorityVote(noise=noise), sweeps=sweeps, burn_in=sweeps // 10,
        every=5, seed=2, replicas=24, start="up",
    )  # fmt: skip
    m = table["magnetization"].to_numpy()
    return float(1 - (m**4).mean() / (3 * (m**2).mean() ** 2))


def test_the_majority_vote_has_its_noise_threshold_on_the_square_lattice() -> None:
    """Binder cumulants of two sizes change their order at 0.075 (de Oliveira 1992)."""
    assert binder(16, 0.060, 1500) > binder(8, 0.060, 1500)
    assert binder(16, 0.090, 1500) < binder(8, 0.090, 1500)


@pytest.mark.validate
def test_the_noise_threshold_of_the_majority_vote_is_0_075(record_property: Any) -> None:
    noises = np.array([0.068, 0.072, 0.076, 0.080])
    small, large = (np.array([binder(size, q, 40_000) for q in noises]) for size in (8, 20))
    slope, offset = np.polyfit(noises, large - small, 1)
    crossing = -offset / slope
    record_property("majority-vote noise threshold, square lattice", round(float(crossing), 4))
    assert abs(crossing - 0.075) < 0.002
