"""Update rules against habits on later waves: public panels where they are, synthetic always."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.inference.calibration.panel_files import read_panel
from sociophysics.inference.stances.held_out_pairs import Pairs, pairs_of, regressed
from sociophysics.inference.stances.rival_rules import HABITS, REFERENCE, RULES, rivals_of
from sociophysics.influences import rules

PUBLIC = os.environ.get("SOCIOPHYSICS_PANELS", "")
OPTIONS: dict[str, dict] = {
    "finnish_nato": {"directed": True, "coupling": "weight"},
    "un_alignment": {"coupling": "weight"},
    "us_states": {},
    "br_farmers": {"directed": True},
    "med_innovations": {"directed": True},
    "epigames": {"coupling": "weight"},
    "s50_alcohol": {"directed": True},
    "s50_smoking": {},
    "knecht_delinquency": {"directed": True},
    "knecht_alcohol": {"directed": True},
}
EXAMPLE = Path(__file__).parent.parent / "examples" / "panel"


def planted(rule: rules.Rule, ratio: float = 1.0, *, users: int = 600, steps: int = 9) -> Pairs:
    """Return pairs in which six in ten users move as a rule says, on pulls that are drawn."""
    rng = np.random.default_rng(7)
    n = users * steps
    user, step = np.tile(np.arange(users), steps), np.repeat(np.arange(steps), users)
    before = np.where(rng.random(n) < 0.5, 1.0, -1.0)
    pull = rng.integers(-5, 6, n) / 5
    flip = 0.6 * rule.flip_probability(before * pull, ratio)
    after = np.where(rng.random(n) < flip, -before, before)
    camp = (user < users // 2).astype(np.int64)
    return Pairs(user, step, before, after, pull, np.zeros(n, np.bool_), camp, steps)


PLANTED = {
    "heat_bath": planted(rules.HeatBath(), 2.5),
    "voter": planted(rules.Voter(noise=0.1)),
    "majority": planted(rules.MajorityVote(noise=0.1)),
    "q_voter": planted(rules.QVoter(q=4, independence=0.1)),
    "threshold": planted(rules.Threshold(theta=0.6)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_rule_that_made_the_waves_is_not_beaten_by_another(name: str) -> None:
    found = rivals_of(PLANTED[name]).rules.set_index("rule")
    assert set(found.index) == {*HABITS, *RULES, "camp line"}
    best = found["log_score"].max()
    # The heat bath can imitate a voter, and a q-voter a heat bath: within 0.003 nats they are one.
    assert found.loc[name, "log_score"] > best - 0.003
    assert found.loc[name, "low"] > 0
    assert (found.loc[[*HABITS, "camp line"], "log_score"] < best).all()


def test_no_rule_beats_habit_where_there_is_habit_only() -> None:
    rng = np.random.default_rng(3)
    pairs = planted(rules.Voter(noise=1.0))
    rate = np.where(pairs.before > 0, 0.05, 0.2)
    after = np.where(rng.random(rate.size) < rate, -pairs.before, pairs.before)
    alone = Pairs(**{**vars(pairs), "after": after})
    found = rivals_of(alone)
    table = found.rules.set_index("rule")
    assert (table.loc[list(RULES), "low"] < 0).all()
    assert table.loc["persistence, one rate", "high"] < 0
    assert not any("add to persistence" in note for note in found.notes)
    worse = table.index[table.index.isin(RULES) & (table["high"] < 0)]
    assert worse.size
    assert any("worse" in note for note in found.notes)


def test_the_regression_recovers_what_was_planted_and_wave_effects_take_news_away() -> None:
    rng = np.random.default_rng(5)
    pairs = planted(rules.Voter(), users=1500)
    news = np.linspace(-1.5, 1.5, pairs.steps)[pairs.step]
    pull = pairs.pull + 0.3 * news
    odds = news + 1.0 * pairs.before + 0.8 * pull
    after = np.where(rng.random(odds.size) < 1 / (1 + np.exp(-odds)), 1.0, -1.0)
    told = Pairs(**{**vars(pairs), "pull": pull, "after": after})
    by_wave = regressed(told, by_wave=True).set_index("term")
    for name, truth in (("own", 1.0), ("neighbours", 0.8)):
        assert abs(by_wave.loc[name, "estimate"] - truth) < 4 * by_wave.loc[name, "error"]
    plain = regressed(told).set_index("term").loc["neighbours"]
    assert plain["estimate"] - 0.8 > 4 * plain["error"]


def test_who_never_leaves_is_not_asked_of_rules() -> None:
    pairs = planted(rules.Voter(noise=0.1))
    after = np.where(pairs.before > 0, 1.0, pairs.after)
    found = rivals_of(Pairs(**{**vars(pairs), "after": after}))
    assert any("leaves +1" in note for note in found.notes)
    table = found.rules.set_index("rule")
    assert table.loc["voter", "low"] > 0
    assert table.loc[REFERENCE, "difference"] == 0


@pytest.mark.parametrize("name", OPTIONS if PUBLIC else [])
def test_public_panels_have_their_reference_results(name: str) -> None:
    check_against_reference(Path(PUBLIC), name, OPTIONS[name])


def test_a_synthetic_panel_has_its_reference_results(tmp_path: Path) -> None:
    """The assertions of the public panels, against a plain count made here."""
    rng = np.random.default_rng(1)
    ids = [f"p{i}" for i in range(60)]
    pairs = [(i, j) for i in range(60) for j in rng.choice(60, 4, replace=False) if i != j]
    ties = pd.DataFrame(sorted(set(pairs)), columns=["source", "target"])
    A = np.zeros((60, 60))
    A[ties["source"], ties["target"]] = 1
    waves = [np.where(rng.random(60) < 0.5, 1, -1)]
    for _ in range(9):
        s = waves[-1]
        m = A @ s / np.maximum(A.sum(axis=1), 1)
        waves.append(np.where(rng.random(60) < 1 / (1 + np.exp(-(0.3 + s + m))), 1, -1))
    S = np.array(waves)
    name = "made"
    ties.replace(dict(enumerate(ids))).assign(weight=1).to_csv(
        tmp_path / f"{name}.edges.csv", index=False
    )
    pd.DataFrame({"id": ids}).to_csv(tmp_path / f"{name}.nodes.csv", index=False)
    rows = [{"id": ids[i], "wave": k + 1, "stance": S[k, i]} for k in range(10) for i in range(60)]
    pd.DataFrame(rows).to_csv(tmp_path / f"{name}.stances.csv", index=False)
    before, after = S[:6], S[1:7]  # six of nine steps are fitted
    up, down = (((before == s) & (after != s)).sum() + 0.5 for s in (-1, 1))
    up, down = up / ((before == -1).sum() + 1), down / ((before == 1).sum() + 1)
    late, then = S[6:9].ravel(), S[7:10].ravel()
    p = np.where(late > 0, 1 - down, up)
    x = np.column_stack([S[:-1].ravel(), (A @ S[:-1].T).T.ravel() / np.tile(A.sum(axis=1), 9),
                         np.ones(540)])  # fmt: skip
    y = (S[1:].ravel() > 0) * 1.0
    beta = np.zeros(3)
    for _ in range(30):
        q = 1 / (1 + np.exp(-x @ beta))
        beta += np.linalg.solve((x * (q * (1 - q))[:, None]).T @ x, x.T @ (y - q))
    reference = pd.DataFrame(
        [{"name": name, "pairs": 540, "test_pairs": 180, "logit_n": 540,
          "ls_flip2": np.log(np.where(then > 0, p, 1 - p)).mean(), "b_own": beta[0],
          "b_nb": beta[1]}]
    )  # fmt: skip
    reference.to_csv(tmp_path / "reference.csv", index=False)
    check_against_reference(tmp_path, name, {"directed": True})


def check_against_reference(folder: Path, name: str, options: dict) -> None:
    """Compare pairs, scores and regressions with those of ``reference.csv``."""
    row = pd.read_csv(folder / "reference.csv").set_index("name").loc[name]
    network = {"path": f"{name}.edges.csv", "nodes": f"{name}.nodes.csv", **options}
    source = read_panel({"network": network, "stances": f"{name}.stances.csv"}, folder)
    pairs = pairs_of(source, leave_out="pinned" if name == "un_alignment" else None)
    assert len(pairs.user) == row["pairs"]
    found = rivals_of(pairs)
    assert found.pairs == row["test_pairs"]
    scores = found.rules.set_index("rule")["log_score"]
    columns = {REFERENCE: "ls_flip2", "persistence, one rate": "ls_flip", "all alike": "ls_iid"}
    for rule, column in columns.items():
        if column in row:
            assert scores[rule] == pytest.approx(row[column], abs=1e-4)
    told = found.regressions.set_index(["waves", "term"])
    wanted = {("all alike", "own"): ("b_own", "se_own"),
              ("all alike", "neighbours"): ("b_nb", "se_nb"),
              ("one intercept each", "neighbours"): ("b_nb_wave", "se_nb_wave")}  # fmt: skip
    for key, (estimate, error) in wanted.items():
        if estimate in row and not np.isnan(row[estimate]):
            assert told.loc[key, "estimate"] == pytest.approx(row[estimate], abs=2e-3)
            if error in row:
                assert told.loc[key, "error"] == pytest.approx(row[error], rel=0.02, abs=2e-3)
    assert set(scores.index) >= {*HABITS, *RULES}


def test_the_command_makes_a_study_that_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compare-rules", str(EXAMPLE / "calibrate.toml")]) == 0
    assert "reference" in capsys.readouterr().out
    study = sp.open("runs/calibrate-compare-rules")
    assert list(study.tables["rules"].columns[:5]) == [
        "rule", "log_score", "difference", "low", "high",
    ]  # fmt: skip
    assert "camp line" in set(study.tables["rules"]["rule"])
    assert main(["repeat", "runs/calibrate-compare-rules"]) == 0


BAD = {
    "no such panel": (["no/panel"], "does not exist"),
    "ties told twice": ([str(EXAMPLE / "calibrate.toml"), "--directed"], "says itself"),
    "a column that is not there": (
        [str(EXAMPLE / "calibrate.toml"), "--leave-out", "nobody"], "not a column",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, expected = BAD[case]
    assert main(["compare-rules", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    assert expected in said.err
