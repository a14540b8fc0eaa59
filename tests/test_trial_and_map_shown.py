"""A trial and a chamber's ideal points as a screen shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.inference.chamber.ideal_point_tables import scale
from sociophysics.live.ideal_point_map import read_map
from sociophysics.live.trial_tables_shown import read_trial
from sociophysics.rollcall import Votes

PUSH = """
seed = 1
network = { kind = "complete", n = 24 }
couplings = { kind = "uniform", value = 0.02 }
dynamics = { temperature = 2.0, sweeps = 24 }
trial = { at = 8, share = [0.25, 0.5], treatment = { field = 0.6 } }
sweep = { replicas = 4 }
"""


def test_a_trial_is_read_from_its_folder_as_it_was_found(tmp_path: Path) -> None:
    scenario = sp.Scenario.from_toml(PUSH)
    found = sp.experiments.trial(
        scenario, published="d = 0.0, se = 0.01", along="trial.treatment.field",
        values=[0.01, 3.0], out=tmp_path / "t", workers=1,
    )  # fmt: skip
    shown = read_trial(tmp_path / "t")
    assert shown.outcomes == ["stance"]
    rows = shown.rows("stance")
    assert len(rows) == len(found.effects)
    assert {who for _, who, _, _ in rows} == {"25 %", "50 %", "one user", "everybody"}
    total = found.effects.set_index(["estimand", "share"]).loc[("total", 1.0)]
    assert f"{total['value']:.4f}" in next(v for name, _, v, _ in rows if name[:5] == "Total")
    lines = shown.lines("stance")
    assert [line.name for line in lines][1:3] == ["controls, 25 % treated", "the treated 25 %"]
    # Before the treatment begins all arms are one society.
    before = np.asarray(lines[0].x) <= 8
    assert np.array_equal(np.asarray(lines[0].mean)[before], np.asarray(lines[3].mean)[before])
    said = shown.excluded((0.0, 0.01))
    assert said.endswith("to 3.")
    assert "It excludes 0." in said
    assert len(shown.inverted()) == 2


def test_a_folder_without_a_trial_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(sp.InputError, match="holds no finished trial"):
        read_trial(tmp_path)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Votes]:
    """Return a folder with the tables of ideal points, and the votes they are of."""
    rng = np.random.default_rng(3)
    place = np.linspace(-1, 1, 9)
    lean = place + rng.normal(0, 0.4, (40, 9)) > rng.uniform(-0.6, 0.6, (40, 1))
    votes = Votes(np.where(lean, 1, -1).astype(np.int8))
    found = scale(votes, dimensions=2)
    folder = tmp_path_factory.mktemp("fit")
    for name, table in (
        ("ideal_points", found.points),
        ("cutting_lines", found.lines),
        ("classification_errors", found.errors),
    ):
        table.to_csv(folder / f"{name}.csv", index=False)
    calls = votes.rollcalls.assign(
        yeas=(votes.matrix > 0).sum(axis=1), nays=(votes.matrix < 0).sum(axis=1)
    )
    calls.to_csv(folder / "rollcalls.csv", index=False)
    return folder, votes


def test_whom_a_line_misses_is_on_the_other_side_of_it(fitted: tuple[Path, Votes]) -> None:
    folder, votes = fitted
    ids = [str(each) for each in votes.members["id"]]
    drawn = read_map(folder, ids)
    assert drawn is not None
    assert drawn.dimensions == 2
    where = drawn.places.set_index("id")[["x", "y"]]
    told = 0
    for row in drawn.rollcalls.to_dict("records"):
        turn = np.radians(row["angle"])
        normal = np.array([np.sin(turn), -np.cos(turn)]) * row["yea_side"]
        if abs(np.sin(turn)) < 1e-6:
            continue
        away = (where.to_numpy() - [row["midpoint_1"], row["midpoint_2"]]) @ normal
        votes_of = votes.matrix[votes.rollcalls["id"].astype(str).tolist().index(row["rollcall"])]
        wrong = {ids[k] for k in np.flatnonzero(away * votes_of < 0)}
        missed = set(drawn.missed(row["rollcall"])["id"].astype(str))
        assert wrong == missed
        assert len(missed) == row["errors"]
        told += len(missed)
    assert told > 10
    worst = drawn.ranked("missed")
    assert worst["errors"].is_monotonic_decreasing


def test_the_map_names_the_chosen_and_marks_the_missed(fitted: tuple[Path, Votes]) -> None:
    folder, votes = fitted
    ids = [str(each) for each in votes.members["id"]]
    drawn = read_map(folder, ids)
    assert drawn is not None
    names = [f"<{each}>" for each in ids]
    call = str(drawn.ranked("missed")["rollcall"].iloc[0])
    side = np.array([0] * 4 + [1] * 5)
    svg = drawn.svg(side, names, 2, call)
    missed = len(drawn.missed(call))
    assert missed > 0
    assert svg.count("#a3102a") == missed
    assert svg.count("<path d='M") - 1 == 5  # and the axes
    assert f"&lt;{ids[2]}&gt;" in svg
    assert f"{missed}: " in drawn.sentence(call, dict(zip(ids, names, strict=True)))
    assert drawn.svg(side, names, 2, "").count("#a3102a") == 0


def test_a_map_of_other_members_is_refused_and_an_old_fit_has_none(
    fitted: tuple[Path, Votes], tmp_path: Path
) -> None:
    assert read_map(tmp_path, ["1"]) is None
    with pytest.raises(sp.InputError, match="of other members"):
        read_map(fitted[0], ["nobody"])
