"""Calibrations: the law of what is simulated, recovery, refusals, and the study they make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.engine.attempts import attempt
from sociophysics.errors import InputError
from sociophysics.experiments import calibration_posterior
from sociophysics.inference.calibration.panel_summaries import Summaries
from sociophysics.inference.calibration.panel_waves import WavePanel, panel_of
from sociophysics.inference.calibration.wave_to_wave import Conduct, simulate_waves
from sociophysics.influences import feeds
from sociophysics.streams import key
from sociophysics.theory.markov import transition_matrix
from tests.laws import ALPHA, assert_law, law_p_value
from tests.test_calibration_coverage import planted, society

FREE = {
    "dynamics.temperature": {"low": 0.8, "high": 5.0},
    "field.values": {"low": 0.0, "high": 0.6, "shape": [1, -1]},
    "feed.strength": {"low": 0.0, "high": 1.5},
}
CAMPS = {"kind": "camps", "values": [0.1, -0.1]}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration_posterior, "EACH", 240)


def ends_after(system: sp.SpinSystem, temperature: float, attempts: int, count: int) -> np.ndarray:
    """Return how often each state is met after some attempts from all up."""
    spins = np.ones((count, system.n), np.int8)
    keys = np.array([key(5, "calibration", k) for k in range(count)])
    J = system.J
    attempt(
        spins, J.indptr, J.indices, J.data, np.tile(system.h, (count, 1)),
        np.full(count, temperature), np.zeros(system.n, np.bool_), keys,
        np.zeros(count, np.int64), np.full(count, attempts),
    )  # fmt: skip
    return np.bincount((spins > 0) @ (1 << np.arange(system.n)), minlength=1 << system.n)


def test_attempts_follow_the_exact_markov_matrix() -> None:
    J = np.array([[0, 1.0, 0], [0.5, 0, -0.7], [0.3, 0, 0]])
    system = sp.SpinSystem(J, h=[0.2, 0.0, -0.4])
    law = np.linalg.matrix_power(transition_matrix(system, temperature=1.3), 4)[-1]
    counts = ends_after(system, 1.3, 4, 8_000)
    assert_law(counts, law)
    colder = np.linalg.matrix_power(transition_matrix(system, temperature=0.9), 4)[-1]
    assert law_p_value(counts, colder) < ALPHA


def test_a_step_starts_where_the_wave_before_was_and_ends_after_its_gap() -> None:
    system = sp.SpinSystem(np.array([[0, 1.0], [1.0, 0]]))
    waves = np.array([[1, 1], [-1, -1], [1, -1]])
    panel = panel_of(waves, [system], times=[0.0, 1.0, 4.0])  # gaps 1/2 and 3/2 of a unit
    ends = simulate_waves(panel, [Conduct(1.5, np.zeros(2), None, 2.0)] * 4_000, seed=1)
    P = transition_matrix(system, temperature=1.5)
    for step, (start, attempts) in enumerate([(3, 2), (0, 6)]):
        counts = np.bincount((ends[:, step] > 0) @ [1, 2], minlength=4)
        assert_law(counts, np.linalg.matrix_power(P, attempts)[start])


def test_one_refresh_serves_trials_that_differ_in_strength() -> None:
    system, side = society(60)
    codes = (side < 0).astype(np.int64)
    waves = np.where(np.random.default_rng(1).random((3, 60)) < 0.5, 1, -1)
    panel = panel_of(waves, [system])
    feed = feeds.Engagement
    trials = [Conduct(1.2, 0.1 * side, feed(strength=s), 2.0) for s in (0.2, 0.9)]
    both = simulate_waves(panel, trials, seed=3, camps=codes)
    for k, trial in enumerate(trials):
        alone = simulate_waves(panel, [trial], seed=3, first=k, camps=codes)
        np.testing.assert_array_equal(both[k], alone[0])


def test_a_feed_is_not_shown_to_untreated_users() -> None:
    system = sp.SpinSystem(np.zeros((40, 40)) + np.eye(40, k=1) * 1e-9)
    treated = np.arange(40) < 20
    waves = np.ones((2, 40))
    waves[1, 0] = -1
    panel = panel_of(waves, [system], treated=treated)
    editorial = feeds.Editorial(strength=-50.0)
    ends = simulate_waves(panel, [Conduct(1.0, np.full(40, 5.0), editorial, 5.0)], seed=1)[0, 0]
    assert (ends[~treated] == 1).all()
    assert (ends[treated] == -1).mean() > 0.9


def answer(waves: np.ndarray, free: dict, feed: dict | None = None, **more: object):
    system, _ = society()
    model = {"field": CAMPS} | ({} if feed is None else {"feed": feed})
    data = {"system": system, "stances": waves, **more}
    return sp.inference.calibrate(data, model, free, workers=1, seed=1)


@pytest.mark.parametrize("gap", [1.0, 5.0])
def test_a_planted_society_is_recovered_at_ordinary_gaps(gap: float) -> None:
    system, side = society()
    truth = {"dynamics.temperature": 1.667, "field.values": 0.2}
    waves = planted(system, Conduct(1.667, 0.2 * side, None, gap), waves=16, seed=4)
    free = {name: FREE[name] for name in truth}
    found = answer(waves, {**free, "sweeps_per_wave": gap})
    assert found.way == "panel"
    rows = found.summary.set_index("parameter")
    for name, value in truth.items():
        # 4,000 draws: the truth lies beyond all of them once in thousands of panels.
        assert found.draws[name].min() < value < found.draws[name].max()
        assert rows.loc[name, "verdict"] != "not identified"
        assert abs(rows.loc[name, "best"] - value) < 4 * rows.loc[name, "sd"]
    # One wave taken for one sweep makes contagion too small, and its note says so.
    short = sp.inference.fit_panel(system, waves, {"side": side})
    told = found.combinations.set_index("quantity").loc["1 / dynamics.temperature"]
    assert short.table.loc["contagion", "estimate"] < told["mean"]
    assert "calibrate" in short.note
    if gap > 1:
        assert short.table.loc["contagion", "high"] < 1 / 1.667


def test_at_short_gaps_the_panel_way_and_fit_panel_agree() -> None:
    system, side = society()
    waves = planted(system, Conduct(1.667, 0.2 * side, None, 0.2), waves=40, seed=9)
    short = sp.inference.fit_panel(system, waves, {"side": side}).table
    free = {name: FREE[name] for name in ("dynamics.temperature", "field.values")}
    found = answer(waves, {**free, "sweeps_per_wave": {"low": 0.05, "high": 1.0}})
    told = found.combinations.set_index("quantity")
    for name, same in (("1 / dynamics.temperature", "contagion"),
                       ("field.values / dynamics.temperature", "side")):  # fmt: skip
        apart = told.loc[name, "mean"] - short.loc[same, "estimate"]
        assert abs(apart) < 2 * max(told.loc[name, "sd"], short.loc[same, "error"])
    pace = found.summary.set_index("parameter").loc["sweeps_per_wave"]
    # 1 - exp(-pace) is the share who reconsider.
    assert 1 - np.exp(-pace["low"]) < 1 - np.exp(-0.2) < 1 - np.exp(-pace["high"])


def test_unknown_stances_unequal_gaps_and_directed_ties_do_not_mislead() -> None:
    rng = np.random.default_rng(3)
    arcs = (rng.random((200, 200)) < 10 / 200) & ~np.eye(200, dtype=bool)
    system = sp.SpinSystem(arcs / np.maximum(arcs.sum(axis=1, keepdims=True), 1))
    blank = np.zeros((12, 200), np.int8)
    blank[0] = np.where(rng.random(200) < 0.5, 1, -1)
    gaps = np.r_[20.0, np.tile([1.0, 3.0, 2.0], 4)[:10]]
    source = WavePanel(stances=blank, gaps=gaps, systems=(system,))
    waves = simulate_waves(source, [Conduct(0.8, np.full(200, 0.1), None, 1.0)], seed=8)[0]
    waves = np.where(rng.random(waves.shape) < 0.25, 0, waves)
    times = np.r_[0.0, np.cumsum(gaps[1:])]
    free = {
        "dynamics.temperature": {"low": 0.4, "high": 3.0},
        "field.value": {"low": -0.5, "high": 0.5},
        "sweeps_per_wave": float(gaps[1:].mean()),
    }
    data = {"system": system, "stances": waves, "times": times}
    model = {"field": {"kind": "uniform", "value": 0.0}}
    found = sp.inference.calibrate(data, model, free, workers=1)
    rows = found.summary.set_index("parameter")
    assert rows.loc["dynamics.temperature", "low"] < 0.8 < rows.loc["dynamics.temperature", "high"]
    assert rows.loc["field.value", "low"] < 0.1 < rows.loc["field.value", "high"]
    assert any("unknown" in note for note in found.notes)


PLANTED = {
    "peers or a feed of followees": ("chronological", CAMPS, 1.667, 0.2, 5.0, "feed.strength"),
    "the news or a feed of everybody": (
        "trending", {"kind": "uniform", "value": 0.1}, 1.667, None, 1.0, "field.value",
    ),
    "a feed of everybody where nobody leads": (
        "trending", {"kind": "none"}, 3.0, 0.0, 1.0, "feed.strength",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PLANTED)
def test_what_the_data_cannot_tell_is_refused(case: str) -> None:
    kind, field, temperature, push, gap, refused = PLANTED[case]
    system, side = society()
    feed = (feeds.Chronological if kind == "chronological" else feeds.Trending)(strength=0.5)
    pull = np.full(200, 0.1) if push is None else push * side
    waves = planted(system, Conduct(temperature, pull, feed, gap), waves=8, seed=2)
    free: dict = {key: FREE[key] for key in ("dynamics.temperature", "feed.strength")}
    if field["kind"] == "camps":
        free["field.values"] = FREE["field.values"]
    if field["kind"] == "uniform":
        free["field.value"] = {"low": 0.0, "high": 0.6}
    data = {"system": system, "stances": waves}
    model = {"field": field, "feed": {"kind": kind, "strength": 0.5}}
    found = sp.inference.calibrate(data, model, {**free, "sweeps_per_wave": gap}, workers=1, seed=1)
    row = found.summary.set_index("parameter").loc[refused]
    assert row["verdict"] == "not identified"
    assert np.isnan(row["mean"])
    if case != "a feed of everybody where nobody leads":
        assert row["partner"] in free


def test_treated_and_control_users_tell_the_feed_from_peers() -> None:
    system, side = society()
    chronological = feeds.Chronological(strength=1.0)
    treated = np.random.default_rng(5).random(200) < 0.5
    conduct = Conduct(1.667, 0.2 * side, chronological, 2.0)
    blank = np.zeros((21, 200), np.int8)
    blank[0] = np.where(side > 0, 1, -1)
    gaps = np.r_[15.0, np.ones(19)]
    panel = WavePanel(stances=blank, gaps=gaps, systems=(system,), treated=treated)
    waves = simulate_waves(panel, [conduct], seed=6)[0]
    feed = {"kind": "chronological", "strength": 0.5}
    free = {**FREE, "sweeps_per_wave": 2.0}
    found = answer(waves, free, feed, treated=treated)
    assert found.way == "trial"
    row = found.combinations.set_index("quantity").loc["feed.strength / dynamics.temperature"]
    assert row["low"] < 0.6 < row["high"]
    assert row["verdict"] != "not identified"
    assert row["low"] > 0


def test_a_log_of_what_was_shown_stands_for_the_feed() -> None:
    system, side = society()
    rng = np.random.default_rng(7)
    shown = rng.uniform(-1, 1, (12, 200))
    state = np.where(rng.random(200) < 0.5, 1, -1).astype(np.int8)
    waves = [state]
    for k in range(11):
        two = panel_of([waves[-1], np.where(np.arange(200) == 0, -waves[-1], waves[-1])], [system],
                       shown=shown[k:][:1])  # fmt: skip
        waves.append(simulate_waves(two, [Conduct(1.5, 0 * side, None, 2.0, 0.9)], seed=k)[0, 0])
    free = {
        "dynamics.temperature": FREE["dynamics.temperature"],
        "feed.strength": {"low": 0.0, "high": 2.0},
        "sweeps_per_wave": 2.0,
    }
    model = {"feed": {"kind": "chronological", "strength": 0.5}}
    data = {"system": system, "stances": np.array(waves), "shown": shown}
    found = sp.inference.calibrate(data, model, free, workers=1)
    rows = found.summary.set_index("parameter")
    assert rows.loc["feed.strength", "low"] < 0.9 < rows.loc["feed.strength", "high"]
    assert rows.loc["feed.strength", "verdict"] == "identified"


def test_one_wave_is_an_association_and_agrees_with_fit_snapshot() -> None:
    graph = sp.networks.load("polblogs")
    system = sp.couplings.uniform(graph, normalize="degree")
    stances = np.where(system.nodes["value"].to_numpy() == 1, 1, -1)
    free = {"dynamics.temperature": {"low": 0.05, "high": 2.0}}
    model = {"field": {"kind": "uniform", "value": 0.0}}
    found = sp.inference.calibrate(
        {"system": system, "stances": stances}, model,
        {**free, "field.value": {"low": -1.0, "high": 1.0}},
    )  # fmt: skip
    fit = sp.inference.fit_snapshot(system, stances)
    row = found.summary.set_index("parameter").loc["dynamics.temperature"]
    assert found.way == "snapshot"
    assert "association" in found.notes[0]
    assert row["mean"] == pytest.approx(fit.temperature, rel=0.1)
    assert row["low"] == pytest.approx(fit.interval[0], rel=0.1)
    assert row["high"] == pytest.approx(fit.interval[1], rel=0.15)


def test_summaries_of_data_and_of_simulations_are_made_alike() -> None:
    system, _ = society(60)
    waves = np.where(np.random.default_rng(1).random((4, 60)) < 0.5, 1, -1)
    waves[1, :20] = 0
    panel = panel_of(waves, [system])
    summaries = Summaries(panel, {"all": np.ones(60)}, feeds.Popularity(strength=0.5, alpha=1.0))
    assert summaries.observed().shape == (3, len(summaries.names))
    # What is unknown does not count, whatever a simulation has there.
    other = waves[1:].copy().astype(np.int8)
    other[0, :20] = 1
    np.testing.assert_allclose(summaries.of(other[np.newaxis])[0], summaries.observed())


def write_panel(folder: Path, *, waves: int = 5) -> dict[str, np.ndarray]:
    system, side = society(120)
    data = planted(system, Conduct(1.5, 0.2 * side, None, 2.0), waves=waves, seed=11)
    J = system.J.tocoo()
    once = J.row < J.col
    ties = pd.DataFrame({"source": J.row[once], "target": J.col[once]})
    ties.to_csv(folder / "edges.csv", index=False)
    users = pd.DataFrame({"id": range(120), "party": np.where(side > 0, "a", "b")})
    users["z"] = (np.arange(120) % 2).astype(int)
    users.to_csv(folder / "users.csv", index=False)
    days = pd.date_range("2026-01-01", periods=waves, freq="10D").strftime("%Y-%m-%d")
    rows = [
        {"id": i, "wave": k + 1, "stance": data[k, i], "date": days[k]}
        for k in range(waves)
        for i in range(120)
    ]
    pd.DataFrame(rows).to_csv(folder / "stances.csv", index=False)
    return {"waves": data}


FILE = """
[data]
network = { path = "edges.csv", nodes = "users.csv", camp = "party" }
stances = "stances.csv"
[model]
couplings = { kind = "uniform", normalize = "degree" }
field = { kind = "camps", values = [0.1, -0.1] }
[free]
"dynamics.temperature" = { low = 0.5, high = 5.0 }
"field.values" = { low = 0.0, high = 0.6, shape = [1, -1] }
sweeps_per_wave = { low = 0.5, high = 6.0 }
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_panel(tmp_path)
    (tmp_path / "vote.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_makes_a_study_that_is_opened_continued_and_repeated(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "vote.toml", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "dynamics.temperature" in said
    assert "sweeps per day" in said
    folder = place / "runs" / "vote-calibrate"
    study = sp.open(folder)
    summary = study.tables["summary"]
    assert list(summary.columns[:8]) == [
        "parameter", "mean", "sd", "low", "high", "width_ratio", "verdict", "partner",
    ]  # fmt: skip
    draws = pd.read_parquet(folder / "posterior.parquet")
    assert list(draws.columns) == summary["parameter"].tolist()
    page = (folder / "report.html").read_text()
    assert "not identified" in page
    assert page.count("<figure>") == 2
    parts = len(list((folder / "parts").iterdir()))
    before = (folder / "summary.csv").read_bytes()
    assert main(["calibrate", "vote.toml", "--workers", "1", "--quiet"]) == 0
    assert (folder / "summary.csv").read_bytes() == before
    assert len(list((folder / "parts").iterdir())) == parts
    assert main(["repeat", str(folder), "--workers", "1"]) == 0
    assert "the same" in capsys.readouterr().out
    (place / "vote.toml").write_text(FILE.replace("high = 5.0", "high = 4.0"))
    assert main(["calibrate", "vote.toml", "--workers", "1"]) == 2
    assert "not this one" in capsys.readouterr().err


def text_of(place: Path, name: str, old: str, new: str) -> None:
    path = place / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


BAD = {
    "waves out of order": ("stances.csv", "0,2,", "0,0.5,", "out of order"),
    "dates out of order": ("stances.csv", "0,2,1,2026-01-11", "0,2,1,2025-01-11", "out of order"),
    "a user who appears later": ("stances.csv", "\n5,3,", "\n500,3,", "'500' appears at wave 3"),
    "a user twice": ("stances.csv", "\n1,2,", "\n0,2,", "two rows for wave 2"),
    "a stance that is none": ("stances.csv", "0,1,1,", "0,1,0.5,", "'0.5'"),
    "a wave that is none": ("stances.csv", "0,1,1,", "0,first,1,", "'first'"),
    "a column that is not there": ("stances.csv", "stance", "opinion", "no column stance"),
    "a prior below the legal range": (
        "vote.toml", "{ low = 0.5, high = 5.0 }", "{ low = -1.0, high = 5.0 }", ">= 0",
    ),
    "a prior upside down": (
        "vote.toml", "{ low = 0.5, high = 5.0 }", "{ low = 5.0, high = 0.5 }", "below high",
    ),
    "a prior without an end": (
        "vote.toml", "{ low = 0.5, high = 5.0 }", "{ low = 0.5, high = inf }", "finite",
    ),
    "a key that the model lacks": ("vote.toml", '"field.values"', '"field.vals"', "mean values"),
    "couplings that are free": (
        "vote.toml", '"field.values"', '"couplings.value"', "divides their common size out",
    ),
    "couplings that are drawn": (
        "vote.toml", '"field.values"', '"couplings.share"', "which no stances tell",
    ),
    "ties that are free": ("vote.toml", '"field.values"', '"network.n"', "the ties are data"),
    "a pace of zero": (
        "vote.toml", "{ low = 0.5, high = 6.0 }", "0.0", "sweeps_per_wave is 0.0",
    ),
    "a table that is none": ("vote.toml", "[free]", "[fee]", "fee is not a table"),
    "a network that is not there": ("vote.toml", "edges.csv", "ties.csv", "does not exist"),
    "a model with a network": (
        "vote.toml", "[free]", 'network = { kind = "complete", n = 9 }\n[free]', "[data]",
    ),
    "a target that is no observable": (
        "vote.toml", "[free]", "[targets]\nmean = { value = 1.0, sd = 0.1 }\n[free]", "mean",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(
    case: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, old, new, expected = BAD[case]
    if "," in old and name == "stances.csv" and "{" not in old:
        stances = (place / name).read_text()
        for sign in ("1", "-1"):  # the planted stance of this user, whatever it is
            if old not in stances:
                old, new = old.replace(",1,", f",{sign},"), new.replace(",1,", f",{sign},")
    text_of(place, name, old, new)
    assert main(["calibrate", "vote.toml", "--workers", "1"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    assert expected in said.err
    assert not (place / "runs" / "vote-calibrate" / "summary.csv").exists()


def test_one_wave_is_refused_where_two_are_needed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pd.read_csv(place / "stances.csv")
    rows[rows["wave"] == 1].to_csv(place / "stances.csv", index=False)
    assert main(["calibrate", "vote.toml", "--workers", "1"]) == 2
    assert "two are needed" in capsys.readouterr().err


def write_camps(folder: Path, couplings: Any, *, waves: int = 12) -> dict[str, Any]:
    """Write a panel of two camps that these couplings have moved, and return its ``data``."""
    graph = sp.networks.build("planted_partition", seed=3, n=200, communities=2, k_in=6, k_out=6)
    system = couplings.system(graph, seed=1)
    feed = feeds.Editorial(strength=0.0)
    data = planted(system, Conduct(1.0, np.zeros(200), feed, 1.0), waves=waves, seed=12)
    pd.DataFrame(graph.edges, columns=["source", "target"]).to_csv(folder / "ties.csv", index=False)
    users = pd.DataFrame({"id": list(graph.nodes), "camp": system.nodes["camp"].to_numpy()})
    users.to_csv(folder / "users.csv", index=False)
    index = pd.MultiIndex.from_product([range(1, waves + 1), graph.nodes], names=["wave", "id"])
    pd.DataFrame({"stance": data.ravel()}, index=index).to_csv(folder / "stances.csv")
    network = {"path": str(folder / "ties.csv"), "nodes": str(folder / "users.csv")}
    return {"network": network, "stances": str(folder / "stances.csv")}


def test_couplings_within_and_across_camps_are_told_in_units_of_the_temperature(
    tmp_path: Path,
) -> None:
    truth = {"couplings.within": 0.12, "couplings.across": -0.08}
    data = write_camps(tmp_path, sp.kinds.COUPLINGS["camps"](within=0.12, across=-0.08))
    model = {
        "couplings": {"kind": "camps", "within": 0.1, "across": 0.0},
        "dynamics": {"temperature": 1.0},
    }
    free = {
        "couplings.within": {"low": 0.0, "high": 0.3},
        "couplings.across": {"low": -0.3, "high": 0.3},
    }
    found = sp.inference.calibrate(data, model, free, workers=1, seed=1)
    rows = found.summary.set_index("parameter")
    for name, value in truth.items():
        assert found.draws[name].min() < value < found.draws[name].max()
        assert rows.loc[name, "verdict"] != "not identified"
        assert abs(rows.loc[name, "mean"] - value) < 4 * rows.loc[name, "sd"]
    # Taken for all alike they come out between the two.
    assert rows.loc["couplings.across", "high"] < rows.loc["couplings.within", "low"]


@pytest.mark.parametrize(
    ("couplings", "names", "said"),
    [
        ({"kind": "uniform"}, ["value", "T"], "ratios only; leave one of them out"),
        ({"kind": "camps"}, ["within", "across", "T"], "ratios only; leave one of them out"),
        (
            {"kind": "camps", "normalize": "degree"}, ["within", "across"],
            "divides their common size out; leave one of them out",
        ),
        ({"kind": "gaussian"}, ["mean"], "no stances tell of these couplings"),
    ],
)  # fmt: skip
def test_couplings_that_are_told_only_in_ratio_are_refused(
    couplings: dict[str, Any], names: list[str], said: str, place: Path
) -> None:
    free = {
        "dynamics.temperature" if name == "T" else f"couplings.{name}": {"low": 0.1, "high": 1.0}
        for name in names
    }
    network = {"path": "edges.csv", "nodes": "users.csv", "camp": "party"}
    data = {"network": network, "stances": "stances.csv"}
    with pytest.raises(InputError, match=said):
        sp.inference.calibrate(data, {"couplings": couplings}, free, workers=1)


def test_couplings_of_a_system_that_is_given_are_refused() -> None:
    system, _ = society(60)
    waves = np.where(np.random.default_rng(1).random((4, 60)) < 0.5, 1, -1)
    free = {"couplings.value": {"low": 0.1, "high": 1.0}}
    model = {"couplings": {"kind": "uniform", "normalize": "none"}}
    with pytest.raises(InputError, match="give the network in a file"):
        sp.inference.calibrate({"system": system, "stances": waves}, model, free, workers=1)


TARGETS = """
[data]
network = { path = "edges.csv", nodes = "users.csv", camp = "party" }
[model]
couplings = { kind = "uniform", normalize = "degree" }
dynamics = { sweeps = 20, burn_in = 10, start = "camps" }
field = { kind = "camps", values = [0.2, -0.2] }
observe = { every = 10 }
[free]
"dynamics.temperature" = { low = 0.5, high = 5.0 }
[targets]
"""


def test_targets_are_met_and_those_that_cannot_be_are_told(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "meet.toml").write_text(TARGETS + "edge_agreement = { value = 0.65, sd = 0.01 }\n")
    assert main(["calibrate", "meet.toml", "--workers", "1"]) == 0
    study = sp.open(place / "runs" / "meet-calibrate")
    row = study.tables["summary"].iloc[0]
    assert row["verdict"] == "identified"
    checks = study.tables["checks"].iloc[0]
    assert checks["low"] < 0.65 < checks["high"]
    (place / "miss.toml").write_text(TARGETS + "edge_agreement = { value = 0.2, sd = 0.01 }\n")
    capsys.readouterr()
    assert main(["calibrate", "miss.toml", "--workers", "1"]) == 2
    said = capsys.readouterr().err.strip()
    assert "the nearest is" in said.splitlines()[-1]


def test_targets_of_a_model_that_does_not_say_for_how_long_are_of_a_whole_run(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # From random stances one sweep leaves the camps at most .3 apart, a whole run as far as one.
    silent = TARGETS.replace('dynamics = { sweeps = 20, burn_in = 10, start = "camps" }\n', "")
    silent = silent.replace("values = [0.2, -0.2]", "values = [0.4, -0.4]")
    (place / "long.toml").write_text(silent + "camp_polarization = { value = 0.6, sd = 0.02 }\n")
    assert main(["calibrate", "long.toml", "--workers", "1"]) == 0, capsys.readouterr().err
    checks = sp.open(place / "runs" / "long-calibrate").tables["checks"].iloc[0]
    assert checks["low"] < 0.6 < checks["high"]


def test_a_panel_in_memory_is_not_kept() -> None:
    system, _ = society(60)
    with pytest.raises(InputError, match="in files"):
        sp.inference.calibrate(
            {"system": system, "stances": np.ones((2, 60))}, {}, FREE, out="runs/x"
        )


def test_the_page_begins_with_the_society(place: Path) -> None:
    from sociophysics.report import calibration_page

    system, _ = society(60)
    waves = np.where(np.random.default_rng(1).random((3, 60)) < 0.5, 1, -1)
    free = {"dynamics.temperature": FREE["dynamics.temperature"]}
    found = sp.inference.calibrate({"system": system, "stances": waves}, {}, free, workers=1)
    page = calibration_page.render(found, title="t", command="c")
    first = page[page.index("The society") : page.index("<h2>Answer")]
    assert "60 users, " in first
    assert "camps of 30, 30 users" in page


def test_what_a_wave_counts_is_said_where_gaps_are_not_equal(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.read_csv("stances.csv").drop(columns="date")
    # The second wave was asked twice as long after the first as the third after the second.
    table["wave"] = table["wave"].map({1: 1, 2: 3, 3: 4, 4: 6, 5: 9})
    table.to_csv("stances.csv", index=False)
    assert main(["calibrate", "vote.toml", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "note: sweeps_per_wave counts the mean gap between waves, 2 of their numbers;" in said
    found = sp.open(place / "runs" / "vote-calibrate").tables
    pace = found["summary"].set_index("parameter").loc["sweeps_per_wave", "mean"]
    told = found["combinations"].set_index("quantity").loc["sweeps per wave's number", "mean"]
    assert told == pytest.approx(pace / 2)
