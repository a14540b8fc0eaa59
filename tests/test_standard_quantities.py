"""The quantities political scientists quote, against values worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from sociophysics import inference, rollcall
from sociophysics.cli.application import main
from sociophysics.errors import InputError
from sociophysics.inference import IdealPoints
from sociophysics.inference.chamber.ideal_point_tables import fit_by_rollcall, fitted_probability
from sociophysics.rollcall import Votes

MEMBERS = pd.DataFrame(
    {"id": list("abcdefg"), "name": list("abcdefg"), "party": ["D", "D", "D", "R", "R", "R", ""]}
)
#          a   b   c   d   e   f   g
VOTES = Votes(
    [
        [1, 1, 1, -1, -1, -1, 1],  # every party of one mind, opposed
        [1, 1, -1, -1, -1, 1, -1],  # two to one on both sides, opposed
        [1, 1, 0, 1, 1, -1, -1],  # D whole, R two to one, the same side
        [1, -1, 0, -1, -1, 0, 1],  # D tied: no majority to oppose
        [1, 1, 1, 1, 1, 1, 1],  # unanimous
    ],
    MEMBERS,
)


def test_rice_indices_by_hand() -> None:
    table = rollcall.rice_index(VOTES)
    rice = table.pivot(index="rollcall", columns="party", values="rice")
    np.testing.assert_allclose(rice["D"], [1, 1 / 3, 1, 0, 1])
    np.testing.assert_allclose(rice["R"], [1, 1 / 3, 1 / 3, 1, 1])
    assert table.loc[0].tolist() == [0, "D", 3, 0, 1.0]
    absent = VOTES.replace(matrix=np.where(VOTES.party == "R", 0, VOTES.matrix), partial=True)
    assert rollcall.rice_index(absent).query("party == 'R'")["rice"].isna().all()


def test_cohesion_and_likeness_by_hand() -> None:
    table = rollcall.cohesion(VOTES).set_index("party")
    assert table.loc["D", "cohesion"] == pytest.approx((1 + 1 / 3 + 1 + 0 + 1) / 5)
    assert table.loc["R", "cohesion"] == pytest.approx((1 + 1 / 3 + 1 / 3 + 1 + 1) / 5)
    # a and b were loyal on both unity votes, c on one; d and e on both, f on one
    assert table["unity"].tolist() == pytest.approx([5 / 6, 5 / 6])
    like = rollcall.likeness(VOTES).loc[0]
    shares = [(1, 0), (2 / 3, 1 / 3), (1, 2 / 3), (1 / 2, 0), (1, 1)]
    assert like["likeness"] == pytest.approx(np.mean([1 - abs(p - q) for p, q in shares]))
    assert like["opposed"] == pytest.approx(2 / 5)
    assert like["rollcalls"] == 5


def test_party_unity_votes_and_scores_by_hand() -> None:
    found = rollcall.party_unity(VOTES)
    assert found.parties == ("D", "R")
    assert found.rollcalls.tolist() == [True, True, False, False, False]
    np.testing.assert_array_equal(found.scores, [1, 1, 0.5, 1, 1, 0.5, np.nan])
    with pytest.raises(InputError, match="no member is of party 'X'; allowed: D, R"):
        rollcall.party_unity(VOTES, ("D", "X"))
    with pytest.raises(InputError, match="party unity is of two parties"):
        rollcall.party_unity(Votes(VOTES.matrix))


def test_agreement_scores_by_hand() -> None:
    scores = rollcall.agreement_scores(VOTES)
    assert scores[0].tolist() == pytest.approx([1, 4 / 5, 2 / 3, 2 / 5, 2 / 5, 2 / 4, 3 / 5])
    np.testing.assert_array_equal(scores, scores.T)
    never = Votes([[1, 0, 1], [0, 1, -1], [0, -1, 1]])
    assert np.isnan(rollcall.agreement_scores(never)[0, 1])


def test_flipping_roll_calls_changes_none_of_them() -> None:
    sign = np.array([1, -1, 1, -1, 1])[:, None]
    turned = VOTES.replace(matrix=VOTES.matrix * sign)
    np.testing.assert_allclose(
        rollcall.rice_index(VOTES)["rice"], rollcall.rice_index(turned)["rice"]
    )
    pd.testing.assert_frame_equal(rollcall.likeness(VOTES), rollcall.likeness(turned))
    np.testing.assert_array_equal(
        rollcall.party_unity(VOTES).scores, rollcall.party_unity(turned).scores
    )
    np.testing.assert_array_equal(
        rollcall.agreement_scores(VOTES), rollcall.agreement_scores(turned)
    )


def plane(rollcalls: int = 300, members: int = 60) -> tuple[Votes, np.ndarray, np.ndarray]:
    """Votes in two dimensions, with the points and the angle of every cutting line."""
    rng = np.random.default_rng(5)
    points = rng.normal(size=(members, 2)) * [1.0, 0.6]
    angle = rng.uniform(0, np.pi, rollcalls)
    normal = np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    logit = 6 * (normal @ points.T + rng.normal(size=(rollcalls, 1)) * 0.3)
    matrix = np.where(rng.random(logit.shape) < 1 / (1 + np.exp(-logit)), 1, -1)
    return Votes(matrix, partial=True).contested(), points, np.degrees(angle)


def test_a_cutting_line_is_where_both_sides_are_as_likely() -> None:
    votes, _, _ = plane(80, 30)
    model = IdealPoints(2, 1.0).fit(votes)
    table = inference.cutting_lines(model, votes)
    middle = table[["midpoint_1", "midpoint_2"]].to_numpy()
    slope = model.discrimination_
    np.testing.assert_allclose(model.intercept_ + (slope * middle).sum(axis=1), 0, atol=1e-9)
    # along the line nothing changes
    angle = np.radians(table["angle"].to_numpy())
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    np.testing.assert_allclose((slope * along).sum(axis=1), 0, atol=1e-9)
    assert table["angle"].between(0, 180).all()
    assert (table["yea_side"] == np.sign(slope[:, 0])).all()
    turned = votes.replace(matrix=-votes.matrix)
    again = inference.cutting_lines(IdealPoints(2, 1.0).fit(turned), turned)
    gap = np.abs(again["angle"] - table["angle"])
    assert np.minimum(gap, 180 - gap).max() < 1


def test_angles_of_known_cutting_lines() -> None:
    model = IdealPoints(2, 1.0).fit(plane(20, 10)[0])
    votes = Votes(np.where(np.random.default_rng(0).random((4, 10)) < 0.5, 1, -1))
    model.intercept_ = np.array([0.0, 1.0, 0.0, 0.0])
    model.discrimination_ = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, -1.0], [0.0, 0.0]])
    table = inference.cutting_lines(model, votes)
    np.testing.assert_allclose(table["angle"], [90, 0, 45, np.nan])
    np.testing.assert_allclose(table["midpoint_2"], [0, -0.5, 0, np.nan])


def test_planted_angles_are_recovered_up_to_the_axes() -> None:
    votes, points, angle = plane()
    model = IdealPoints(2).fit(votes)
    # the axes may be turned and stretched: map the planted normals through the fitted points
    kept = votes.rollcalls["id"].to_numpy(dtype=int)
    fitted, *_ = np.linalg.lstsq(model.points_, points - points.mean(axis=0), rcond=None)
    radians = np.radians(angle[kept])
    normal = np.stack([np.sin(radians), -np.cos(radians)], axis=1) @ fitted.T
    expected = np.degrees(np.arctan2(normal[:, 0], -normal[:, 1])) % 180
    gap = np.abs(inference.cutting_lines(model, votes)["angle"] - expected)
    assert np.median(np.minimum(gap, 180 - gap)) < 6


def test_errors_apre_and_gmp_are_those_of_the_definitions() -> None:
    votes, _, _ = plane(60, 20)
    found = inference.scale(votes, dimensions=3)
    assert found.fits["dimensions"].tolist() == [1, 2, 3]
    assert found.fits["errors"].is_monotonic_decreasing
    for d, model in enumerate(found.models, start=1):
        chance = fitted_probability(model)
        wrong = ((chance > 0.5) != (votes.matrix > 0)) & votes.observed
        fit = found.fits.set_index("dimensions").loc[d]
        minority = np.minimum((votes.matrix > 0).sum(axis=1), (votes.matrix < 0).sum(axis=1))
        assert fit["errors"] == wrong.sum()
        assert fit["apre"] == pytest.approx(1 - wrong.sum() / minority.sum())
        recorded = np.where(votes.matrix > 0, chance, 1 - chance)[votes.observed]
        assert fit["gmp"] == pytest.approx(np.exp(np.log(recorded).mean()))
        lines = found.lines[found.lines["dimensions"] == d]
        np.testing.assert_array_equal(lines["errors"], wrong.sum(axis=1))
        np.testing.assert_allclose(lines["pre"], 1 - wrong.sum(axis=1) / minority)
        listed = found.errors[found.errors["dimensions"] == d]
        row, column = np.nonzero(wrong)
        ids = votes.rollcalls["id"].to_numpy()[row], votes.members["id"].to_numpy()[column]
        assert set(zip(listed["rollcall"], listed["id"], strict=True)) == set(
            zip(*ids, strict=True)
        )
        assert listed["probability"].is_monotonic_increasing


def test_a_roll_call_of_half_errors() -> None:
    table = fit_by_rollcall(Votes([[1, 1, -1, -1]]), np.full((1, 4), 0.5))
    assert table.loc[0].tolist() == [2, 2, 0.0, 0.5]


def test_validity_within_parties_is_told_from_that_between_them() -> None:
    rng = np.random.default_rng(0)
    party = np.repeat(["D", "R"], 40).astype(object)
    far = np.where(party == "D", -5.0, 5.0)
    table = inference.validity(far + rng.normal(size=80), far + rng.normal(size=80), party)
    by = table.set_index("among")["correlation"]
    assert by["all"] > 0.9
    assert np.abs(by[["D", "R"]]).max() < 0.4  # independent within: sd .16


def test_an_anchor_and_dimensions_reach_the_files(tmp_path) -> None:
    votes, _, _ = plane(60, 14)
    frame = pd.DataFrame(votes.matrix.T, columns=[f"v{k}" for k in range(votes.n_rollcalls)])
    frame.insert(0, "party", np.where(np.arange(14) < 6, "A", "B"))
    frame.insert(0, "name", [f"member {k}" for k in range(14)])
    frame.insert(0, "id", range(100, 114))
    frame.to_csv(tmp_path / "votes.csv", index=False)
    command = ["fit", str(tmp_path / "votes.csv"), "--quick", "--quiet", "--out"]

    def points(name: str, *options: str) -> pd.DataFrame:
        assert main([*command, str(tmp_path / name), *options]) == 0
        return pd.read_csv(tmp_path / name / "ideal_points.csv")

    one = points("one", "--anchor", "101", "--dimensions", "1", "--minority", "0.2")
    assert one["dimensions"].unique().tolist() == [1]
    assert one.set_index("id").loc[101, "point"] > one["point"].mean()
    assert (pd.read_csv(tmp_path / "one" / "rollcalls.csv")["minority"] >= 0.2).all()
    other = points("two", "--anchor", "A")
    assert sorted(other["dimensions"].unique()) == [1, 2]
    first = other[(other["dimensions"] == 1) & (other["party"] == "A")]
    assert first["point"].mean() > 0
    notes = (tmp_path / "two" / "notes.txt").read_text()
    assert "the positive side of the first dimension is that of A\n" in notes
    asked = json.loads((tmp_path / "one" / "manifest.json").read_text())["asked"]
    assert (asked["anchor"], asked["dimensions"], asked["minority"]) == ("101", 1, 0.2)
    for name in ("dimensions", "cutting_lines", "classification_errors", "parties", "likeness"):
        assert (tmp_path / "two" / f"{name}.csv").is_file()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--dimensions", "4"], "--dimensions is 4; allowed: 1, 2 or 3."),
        (["--minority", "0.6"], "--minority is 0.6; a share from 0 to 0.5 is allowed."),
        (["--minority", "nan"], "--minority is nan; a share from 0 to 0.5 is allowed."),
        (["--anchor", "NOBODY"], "anchor 'NOBODY' is no member's id or name and no party"),
    ],
)
def test_options_that_cannot_be_are_one_sentence(tmp_path, capsys, options, sentence) -> None:
    place = str(tmp_path / "out")
    assert main(["fit", "scotus_rehnquist", "--quick", "--out", place, *options]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_the_report_names_the_votes_off_the_pattern_and_who_crossed(tmp_path) -> None:
    from sociophysics.inference import fit_chamber
    from sociophysics.report.chamber_page import render
    from sociophysics.report.chamber_rollcalls import off_pattern

    rng = np.random.default_rng(0)
    party = np.repeat(["D", "R"], 6)
    line = rng.choice([-1, 1], (60, 1)) * np.where(party == "D", 1, -1)
    line[7, [0, 1, 8, 9]] *= -1  # one roll call across the parties
    line[::5, 3] *= -1
    names = [f"NAME{chr(65 + k)}" for k in range(12)]
    members = pd.DataFrame({"id": names, "name": names, "party": party})
    calls = pd.DataFrame({"id": range(60), "vote_desc": [f"On bill {k}" for k in range(60)]})
    fit = fit_chamber(Votes(line, members, calls), tmp_path, quick=True, dimensions=1)
    first = off_pattern(fit).iloc[0]
    assert (first["rollcall"], first["about"], first["errors"]) == (7, "On bill 7", 4)
    crossed = {name.split(" (")[0] for name in first["crossed"].split(", ")}
    assert crossed == {"Namea", "Nameb", "Namei", "Namej"}
    page = render(fit, "town")
    assert "Which votes break the pattern" in page
    assert "On bill 7" in page
