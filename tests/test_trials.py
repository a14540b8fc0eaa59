"""Trials inside a society: what is treated, what is found, and what is exactly nothing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli.trial import _lines
from sociophysics.experiments import trial_society
from sociophysics.experiments.trial_statistician import society_marks, treated_marks
from sociophysics.experiments.trial_tables import _interval
from sociophysics.inference.trial_effects import at_share_zero, fieller, trial_effects
from sociophysics.influences import feeds
from sociophysics.influences.interventions import Tilt
from sociophysics.theory.trial_oracles import complete_graph_trial

COMPLETE = """
seed = 5
network = {kind = "complete", n = N}
couplings = {kind = "uniform", value = 1.0, normalize = "degree"}
dynamics = {temperature = 2.0, sweeps = 200}
trial = {at = 20, settle = 40, share = [0.5], treatment = {field = 0.3}}
sweep = {replicas = 8}
"""
CAMPS = """
title = "Two camps"
seed = 7
[network]
kind = "planted_partition"
n = 120
communities = 2
k_in = 8
k_out = 2
[couplings]
kind = "uniform"
normalize = "degree"
[dynamics]
temperature = 1.0
sweeps = 60
start = "camps"
[observe]
every = 4
[feed]
kind = "popularity"
strength = 0.4
alpha = 1.0
[trial]
at = 20
share = [0.25, 0.5]
treatment = {feed = {kind = "chronological", strength = 0.4}}
outcome = ["own_side", "exposure_out_group"]
[sweep]
replicas = 3
"""


def complete(n: int = 60, **changes: Any) -> sp.Scenario:
    return sp.Scenario.from_toml(COMPLETE.replace("N}", f"{n}}}")).replace(changes)


def camps(**trial: Any) -> sp.Scenario:
    scenario = sp.Scenario.from_toml(CAMPS)
    return scenario.replace({"trial": {**scenario.canonical()["trial"], **trial}})


def row(found: Any, estimand: str, share: float, outcome: str | None = None) -> pd.Series:
    rows = found.effects
    rows = rows[(rows["estimand"] == estimand) & (rows["share"] == share)]
    return rows[rows["outcome"] == (outcome or found.outcomes[0])].iloc[0]


# --- against exact answers ------------------------------------------------------------------------


def assert_close(found: Any, known: Any, n: int, sweeps: float, T: float, share: float) -> None:
    """Fail if an effect is off by more than four theoretical standard errors."""
    replicas, M = found.replicas, T / (T - 1)
    single = math.sqrt(2 / (n * replicas * sweeps)) / math.sqrt(2 * share * (1 - share))
    errors = {"direct": 2 * single, "indirect": 2 * M * single, "total": 2 * M * single}
    for estimand, error in errors.items():
        value = row(found, estimand, 1.0 if estimand == "total" else share)["value"]
        assert abs(value - getattr(known, estimand)) < 4 * error, (estimand, value, known)


def run_complete(n: int, T: float, b: float, sweeps: int, replicas: int) -> tuple[Any, Any]:
    settle = int(20 * T / (T - 1))
    scenario = complete(
        n,
        **{
            "dynamics": {"temperature": T, "sweeps": 20 + settle + sweeps},
            "sweep.replicas": replicas,
            "trial": {"at": 20, "settle": settle, "share": [0.5], "treatment": {"field": b}},
        },
    )
    found = sp.experiments.trial(scenario, workers=1)
    return found, complete_graph_trial(n, temperature=T, tilt=b, share=0.5)


def test_a_tilted_share_of_a_complete_graph_does_what_the_double_sum_says() -> None:
    found, known = run_complete(200, 1.5, 0.2, 300, 8)
    assert_close(found, known, 200, 300, 1.5, 0.5)
    # Power: the answers of independent users and of the linear formula lie far outside.
    assert abs(row(found, "total", 1.0)["value"] - math.tanh(0.2 / 1.5)) > 0.1
    assert row(found, "multiplier", 1.0)["low"] > 1.5


@pytest.mark.validate
@pytest.mark.parametrize("T", [1.1, 1.2, 1.5, 2.0])
def test_two_thousand_tilted_users(T: float, record_property: Any) -> None:
    """Effects of b = .05 on half of 2,000 users against the exact double sum, four errors."""
    found, known = run_complete(2000, T, 0.05, 2000, 8)
    for estimand in ("direct", "indirect", "total"):
        value = row(found, estimand, 1.0 if estimand == "total" else 0.5)["value"]
        record_property(f"{estimand} (exact {getattr(known, estimand):.5f})", float(value))
    assert_close(found, known, 2000, 2000, T, 0.5)


SIX = {(0, 1): 0.8, (1, 2): 0.6, (0, 2): 0.7, (3, 4): 0.9, (4, 5): 0.5, (3, 5): 0.8,
       (2, 3): 0.3, (1, 4): -0.4}  # fmt: skip


def six(folder: Path, feed: str, treatment: str, sweeps: int) -> sp.Scenario:
    """Return six users of two camps, whose exact means are known for every treated set."""
    ties = "".join(f"{i},{j},{J}\n" for (i, j), J in SIX.items())
    (folder / "ties.csv").write_text("source,target,coupling\n" + ties)
    fields = (0.2, 0.1, 0.0, -0.1, -0.2, -0.3)
    users = "".join(f"{i},{'ab'[i // 3]},{h}\n" for i, h in enumerate(fields))
    (folder / "users.csv").write_text("id,camp,pull\n" + users)
    (folder / "six.toml").write_text(
        f"""
seed = 11
network = {{kind = "file", path = "ties.csv", nodes = "users.csv"}}
couplings = {{kind = "edge"}}
field = {{kind = "attribute", name = "pull"}}
dynamics = {{temperature = 1.3, sweeps = {sweeps}}}
feed = {feed}
trial = {{at = 1, settle = 40, share = [0.3333], treatment = {treatment},
         outcome = ["stance", "own_side"]}}
sweep = {{replicas = 12}}
""".replace(",\n         outcome", ", outcome")
    )
    return sp.Scenario.load(folder / "six.toml")


@pytest.mark.parametrize(
    ("feed", "treatment", "outcome", "known"),
    [
        # One of three is treated in each camp: the nine sets {i, j}, means by enumeration.
        ('{kind = "none"}', "{field = 0.4}", "stance", "tilt"),
        ('{kind = "chronological", strength = 0.8}',
         '{feed = {kind = "bridging", strength = 0.8}}', "own_side", "bridging"),
    ],
)  # fmt: skip
def test_six_users_do_what_enumeration_says(
    tmp_path: Path, feed: str, treatment: str, outcome: str, known: str
) -> None:
    from tests.test_trial_estimands import SIGN, bridging, chronological, means, nothing, tilted

    feeds_of = {"tilt": (nothing, tilted), "bridging": (chronological, bridging)}[known]
    sets = [frozenset({i, j}) for i in range(3) for j in range(3, 6)]
    sign = SIGN if outcome == "own_side" else np.ones(6)
    exact = trial_effects(
        np.array([sign * means(z, *feeds_of) for z in sets]),
        np.tile(sign * means(frozenset(), *feeds_of), (9, 1)),
        np.tile(sign * means(frozenset(range(6)), *feeds_of), (9, 1)),
        np.array([np.isin(np.arange(6), list(z)) for z in sets]),
    )
    found = sp.experiments.trial(six(tmp_path, feed, treatment, 300), workers=1)
    for estimand in ("direct", "indirect", "total"):
        rows = found.table[found.table["outcome"] == outcome]
        treated = rows["share"] == (1.0 if estimand == "total" else 0.3333)
        values = rows[treated & (rows["estimand"] == estimand)]
        error = values["value"].std() / math.sqrt(12)
        mean, wanted = values["value"].mean(), getattr(exact, estimand).mean()
        assert abs(mean - wanted) < 4.5 * error, (estimand, mean, wanted, error)
        assert error < 0.06


# --- how often intervals hold ---------------------------------------------------------------------


def covered(trials: int, replicas: int = 10, n: int = 24) -> dict[str, float]:
    """Return how often the intervals of the five estimands hold their exact values."""
    T, b, shares = 2.0, 0.4, (0.25, 0.5)
    J = (np.ones((n, n)) - np.eye(n)) / (n - 1)
    system = sp.SpinSystem(J)

    def outcome(treated: int) -> np.ndarray:
        acts = [Tilt(1, b * (np.arange(n) < treated))] if treated else []
        total = np.zeros((trials * replicas, n))
        for frame in sp.trajectory(
            system, temperature=T, sweeps=60, seed=3, replicas=trials * replicas, every=1,
            interventions=acts, kernel="fixed-point",
        ):  # fmt: skip
            if frame.sweep > 20:
                total += frame.spins
        return total / 40

    nobody, every = outcome(0), outcome(n)
    found, exact = {}, {}
    direct, known = [], []
    for share in shares:
        marks = np.arange(n) < round(share * n)
        effects = trial_effects(outcome(int(marks.sum())), nobody, every, marks)
        truth = complete_graph_trial(n, temperature=T, tilt=b, share=share)
        direct.append(effects.direct)
        known.append(truth.direct)
        for name in ("direct", "indirect", "overall"):
            found[f"{name} {share}"] = getattr(effects, name)
            exact[f"{name} {share}"] = getattr(truth, name)
    found["total"], exact["total"] = effects.total, truth.total
    alone = at_share_zero(shares, np.array(direct))
    ratio = truth.total / float(at_share_zero(shares, np.array(known)[:, None])[0])
    held: dict[str, list[bool]] = {}
    for k in range(trials):
        own = slice(k * replicas, (k + 1) * replicas)
        for name, values in found.items():
            interval = _interval(values[own], "stance")
            held.setdefault(name, []).append(interval.low <= exact[name] <= interval.high)
        interval = fieller(found["total"][own], alone[own])
        held.setdefault("multiplier", []).append(interval.low <= ratio <= interval.high)
    return {name: float(np.mean(values)) for name, values in held.items()}


def test_intervals_of_a_hundred_trials_hold() -> None:
    for name, share in covered(100).items():
        assert 0.88 <= share <= 0.99, (name, share)


@pytest.mark.validate
def test_intervals_of_a_thousand_trials_hold(record_property: Any) -> None:
    """Coverage of the five estimands' 95 % intervals over 1,000 trials of 10 societies."""
    found = covered(1000)
    for name, share in found.items():
        record_property(name, share)
    for name, share in found.items():
        assert 0.93 <= share <= 0.97, (name, share)


# --- who counts, and what is drawn ----------------------------------------------------------------


def two_cliques_and_some() -> nx.Graph:
    """Return two cliques of eight named users, four users without a tie, four without a side."""
    ties = nx.disjoint_union(nx.complete_graph(8), nx.complete_graph(8))
    ties.add_nodes_from(range(16, 20))
    sides = dict.fromkeys(range(8), "left") | dict.fromkeys(range(8, 16), "right")
    nx.set_node_attributes(ties, sides, "side")
    return nx.relabel_nodes(ties, {k: f"user {k}" for k in range(20)})


def of_cliques(**trial: Any) -> sp.Scenario:
    changes = {
        "network.camp": "side",
        "couplings": {"kind": "uniform", "value": 0.1},
        "trial": {"at": 20, "share": [0.5], "treatment": {"field": 0.4}, **trial},
        "sweep": {"replicas": 3},
    }
    return complete().replace(network=two_cliques_and_some()).replace(changes)


def test_users_without_an_outcome_are_not_counted_and_users_keep_their_names() -> None:
    found = sp.experiments.trial(
        of_cliques(outcome=["own_side", "stance"]), workers=1, microdata=True
    )
    assert found.counted == {"own_side": 16, "stance": 20}
    assert found.drawn == ""
    assert found.microdata is not None
    assert set(found.microdata["user"]) == {f"user {k}" for k in range(20)}


def test_what_is_drawn_as_a_whole_is_said_with_users_who_are_alone() -> None:
    found = sp.experiments.trial(of_cliques(unit="cluster"), workers=1)
    assert found.drawn == (
        "6 communities of 1 to 8 users are drawn as a whole, 4 of them a single user"
    )
    by_side = sp.experiments.trial(of_cliques(unit="attribute side"), workers=1)
    assert by_side.drawn == (
        "2 values of 'side' of 8 users are drawn as a whole; 4 users in none are treated "
        "only where everybody is"
    )


def test_no_difference_in_a_few_societies_is_no_proof_of_none() -> None:
    """Frozen societies do not answer a weak field; a treatment of strength 0 cannot act."""
    frozen = of_cliques(treatment={"field": 1e-6}).replace({"dynamics.temperature": 0.01})
    found = sp.experiments.trial(frozen, workers=1)
    rows = found.effects[found.effects["estimand"] != "multiplier"]
    assert (rows["value"] == 0).all()
    assert rows[["low", "high"]].isna().all(axis=None)


# --- exactly nothing, and exactly as before -------------------------------------------------------


@pytest.mark.parametrize(
    "treatment",
    [
        {"feed": {"kind": "engagement", "strength": 0.0}},
        {"feed": {"kind": "memory", "strength": 0}},
    ],
)
def test_a_treatment_of_strength_0_finds_nothing_in_every_bit(treatment: dict[str, Any]) -> None:
    scenario = camps(treatment=treatment, outcome=["own_side", "stance"]).replace(
        {"feed": {"kind": "none"}}
    )
    found = sp.experiments.trial(scenario, workers=1)
    assert (found.table["value"] == 0.0).all()
    rest = found.effects[found.effects["estimand"] != "multiplier"]
    assert (rest[["value", "low", "high", "value_sd"]] == 0.0).all(axis=None)
    assert found.effects[found.effects["estimand"] == "multiplier"]["value"].isna().all()


def society(scenario: sp.Scenario, replica: int = 0) -> Any:
    return trial_society.TrialSociety(scenario.cases()[0].settings, scenario.trial, replica)


ALONE = """
seed = 5
network = {kind = "random_regular", n = 100, degree = 4}
couplings = {kind = "uniform", value = 1e-9}
field = {kind = "uniform", value = 0.1}
dynamics = {temperature = 1.0, sweeps = 60, rule = RULE}
feed = {kind = "self_echo", strength = 0.05}
trial = {at = 20, settle = 10, share = [0.5], treatment = {feed = FEED}}
sweep = {replicas = 3}
"""
MIXED = """{kind = "mixture", arms = [{share = 0.3, feed = {kind = "editorial", strength = 0.3}},
{share = 0.7, feed = {kind = "counter", strength = 0.5}}]}""".replace(
    "\n", " "
)  # one line, as in-line tables must be


@pytest.mark.parametrize("feed", ['{kind = "self_echo", strength = 0.5}', MIXED])
@pytest.mark.parametrize(
    "rule",
    ['{kind = "heat_bath"}', '{kind = "voter", noise = 0.1}',
     '{kind = "q_voter", q = 2, independence = 0.1}'],
)  # fmt: skip
def test_users_who_are_not_treated_and_feel_nobody_are_not_changed(rule: str, feed: str) -> None:
    found = sp.experiments.trial(
        sp.Scenario.from_toml(ALONE.replace("RULE", rule).replace("FEED", feed)), workers=1
    )
    by_estimand = found.table.groupby("estimand")["value"]
    assert by_estimand.get_group("indirect").eq(0.0).all()
    assert by_estimand.get_group("direct").ne(0.0).any()


def test_a_trial_that_treats_nobody_is_the_society_itself() -> None:
    scenario = camps()
    own = society(scenario)
    state, field = own.state()
    nobody = own.run(state, np.zeros(120, bool), field)
    settings = scenario.cases()[0].settings
    frames = [
        f for f in trial_society.case_frames(settings, [0], kernel="fixed-point") if f.sweep > 20
    ]
    assert nobody["sweeps"].tolist() == [frame.sweep for frame in frames]
    expected = [np.nanmean(own.outcomes(frame)[0]) for frame in frames]
    np.testing.assert_array_equal(nobody["series"][0, :, 0], expected)


@pytest.mark.parametrize("kind", ["feed", "field", "hold"])
def test_after_its_end_what_a_treatment_changed_is_as_before(kind: str) -> None:
    treatment = {"feed": {"feed": {"kind": "engagement", "strength": 0.9}}, "field": {"field": 0.7},
                 "hold": {"hold": 1}}[kind]  # fmt: skip
    scenario = camps(until=40, treatment=treatment).replace(
        {"field": {"kind": "camps", "values": [0.3, -0.1]}, "observe.every": 1}
    )
    own = society(scenario)
    state, field = own.state()
    marks = np.arange(120) % 3 == 0
    control = feeds.Popularity(strength=0.4, alpha=1.0)
    before: Any = None
    stayed = np.ones(int(marks.sum()), bool)
    for frame in trial_society.case_frames(
        own.settings, [0], kernel="fixed-point", resume=state, more=own.acts(marks, field)
    ):
        if 20 < frame.sweep <= 40:
            stayed &= frame.spins[0][marks] == 1
        if frame.sweep > 41:
            np.testing.assert_array_equal(frame.field, field)
            phi, _ = control.refresh(
                own.system, before, own.camps, None, np.random.default_rng(0)
            )  # fmt: skip
            np.testing.assert_array_equal(frame.phi, phi)
        before = frame.spins
    assert stayed.all() == (kind == "hold")


def test_an_effect_that_is_not_told_from_none_has_no_half() -> None:
    trial = {"at": 5, "until": 15, "share": [0.5], "treatment": {"field": 1e-6}}
    found = sp.experiments.trial(complete(**{"dynamics.sweeps": 30, "trial": trial}), workers=1)
    assert found.after[["half_on", "half_off", "asymmetry"]].isna().all(axis=None)


def test_an_effect_that_is_the_same_in_all_societies_is_said_to_be() -> None:
    # Half of what nobody's feed shows is of the own camp, and all of what the treated are shown.
    trial = {"at": 5, "share": [0.5], "outcome": ["exposure_own_camp"],
             "treatment": {"feed": {"kind": "in_group", "strength": 0.3}}}  # fmt: skip
    scenario = camps().replace({"feed": {"kind": "bridging", "strength": 0.3}, "trial": trial})
    said = _lines(sp.experiments.trial(scenario, workers=1))
    assert next(line for line in said if "total" in line) == (
        "  total, everybody: 0.5000 in all 3 societies"
    )


def test_what_remains_is_followed_after_the_end() -> None:
    scenario = complete(
        200, **{"dynamics.temperature": 1.3, "dynamics.sweeps": 160,
                "trial": {"at": 20, "until": 80, "share": [0.5], "treatment": {"field": 0.5}}},
    )  # fmt: skip
    found = sp.experiments.trial(scenario, workers=1)
    after = found.after.set_index("share").loc[1.0]
    assert after["at_end"] > 0.4
    assert abs(after["remains"]) < 0.1  # a paramagnet forgets
    assert 0 < after["half_on"] < 20
    assert 0 < after["half_off"] < 20
    assert found.series["sweep"].max() == 160


# --- who is treated -------------------------------------------------------------------------------


def test_treated_sets_are_nested_over_shares_and_even_in_every_camp() -> None:
    found = sp.experiments.trial(camps(), workers=1)
    few, more = found.marks
    assert (more & few == few).all()
    for camp in (0, 1):
        own = found.camps == camp
        assert few[own].sum() == 15
        assert more[own].sum() == 30
    others = [society(camps(), r) for r in (0, 1)]
    drawn = [society_marks(each, 0.25) for each in others]
    np.testing.assert_array_equal(drawn[0], few)
    assert (drawn[0] != drawn[1]).any()


def some_without_camp(folder: Path, treatment: str) -> sp.Scenario:
    """Return five users, one of no camp: whom each hears, with weights, is in the file."""
    ties = "0,1,2\n0,2,1\n0,4,1\n1,3,3\n1,4,1\n2,3,1\n"
    (folder / "ties.csv").write_text("source,target,coupling\n" + ties)
    (folder / "users.csv").write_text("id,camp\n0,a\n1,a\n2,b\n3,b\n4,\n")
    (folder / "five.toml").write_text(
        f"""
seed = 3
network = {{kind = "file", path = "ties.csv", nodes = "users.csv"}}
couplings = {{kind = "edge"}}
dynamics = {{temperature = 2.0, sweeps = 12}}
feed = {{kind = "chronological", strength = 0.4}}
trial = {{at = 4, share = [0.5], treatment = {{feed = {treatment}}}, outcome = [
    "exposure_own_camp", "exposure_out_group", "exposure_no_camp"]}}
sweep = {{replicas = 2}}
"""
    )
    return sp.Scenario.load(folder / "five.toml")


def test_readers_are_shown_their_own_camp_the_other_and_nobodys_as_their_ties_weigh(
    tmp_path: Path,
) -> None:
    scenario = some_without_camp(tmp_path, '{kind = "like_minded", strength = 0.4, factor = 0.5}')
    trial = scenario.trial
    assert trial is not None
    society = trial_society.TrialSociety(scenario.cases()[0].settings, trial, 0)
    state, field = society.state()
    none = np.zeros(5, bool)
    own, other, nobody = society.run(state, none, field)["means"]
    np.testing.assert_allclose(own, [2 / 4, 2 / 6, 1 / 2, 1 / 4, np.nan], atol=1e-15)
    np.testing.assert_allclose(other, [1 / 4, 3 / 6, 1 / 2, 3 / 4, np.nan], atol=1e-15)
    np.testing.assert_allclose(nobody, [1 / 4, 1 / 6, 0, 0, np.nan], atol=1e-15)
    # Half the weight of the own camp, for users 0 and 2 alone.
    own, other, nobody = society.run(state, np.isin(np.arange(5), (0, 2)), field)["means"]
    np.testing.assert_allclose(own, [1 / 3, 2 / 6, 1 / 3, 1 / 4, np.nan], atol=1e-15)
    np.testing.assert_allclose(other, [1 / 3, 3 / 6, 2 / 3, 3 / 4, np.nan], atol=1e-15)
    np.testing.assert_allclose(nobody, [1 / 3, 1 / 6, 0, 0, np.nan], atol=1e-15)


def test_whole_clusters_and_whole_values_of_an_attribute_are_treated() -> None:
    scenario = camps(unit="attribute camp", outcome=["stance"])
    found = sp.experiments.trial(scenario, workers=1)
    assert {tuple(np.unique(found.camps[marks])) for marks in found.marks} <= {(0,), (1,)}
    by_community = camps(unit="cluster", outcome=["stance"], share=[0.5])
    marks = sp.experiments.trial(by_community, workers=1).marks[0]
    assert 0 < marks.sum() < 120


def test_users_are_drawn_at_random_within_camps() -> None:
    system = sp.SpinSystem(np.zeros((40, 40)))
    codes = np.repeat([0, 1, -1], [20, 15, 5])
    rng = np.random.default_rng(2)
    times = sum(treated_marks(system, codes, "user", 0.4, rng).astype(int) for _ in range(500))
    assert times[:20].sum() == 500 * 8
    assert times[20:35].sum() == 500 * 6
    assert times[35:].sum() == 500 * 2
    assert (np.abs(times - 200) < 5 * math.sqrt(500 * 0.24)).all()


def test_a_temperature_for_some_moves_these_alone_and_goes_back() -> None:
    """Users who listen to nobody: D = tanh(h/T') - tanh(h/T), and nothing remains after it."""
    scenario = sp.Scenario.from_toml(
        """
        seed = 4
        network = {kind = "complete", n = 120}
        couplings = {kind = "uniform", value = 1e-9}
        field = {kind = "uniform", value = 0.6}
        dynamics = {temperature = 1.0, sweeps = 220}
        trial = {at = 10, until = 160, settle = 10, share = [0.5], treatment = {temperature = 3.0}}
        sweep = {replicas = 6}
        """
    )
    found = sp.experiments.trial(scenario, workers=1)
    expected = math.tanh(0.2) - math.tanh(0.6)
    assert abs(row(found, "direct", 0.5)["value"] - expected) < 0.03
    assert row(found, "indirect", 0.5)["value"] == 0.0
    assert abs(row(found, "total", 1.0)["value"] - expected) < 0.03
    assert found.after is not None
    assert (found.after["remains"] == 0.0).all()
    assert (found.after["at_end"] < -0.1).all()
