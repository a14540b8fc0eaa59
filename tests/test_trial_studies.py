"""A trial is a study: it goes on, is repeated, meets what is published, and refuses."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import sociophysics as sp
from sociophysics.cli.application import app
from sociophysics.errors import Cancelled
from sociophysics.experiments.compatible_values import answer, explored, ranges
from sociophysics.experiments.trial_inversion import read_published, with_key
from tests.test_trials import CAMPS, camps, complete, row

# --- a study as others are ------------------------------------------------------------------------


def tables(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.glob("*.*") if path.suffix != ".jsonl"}


def test_a_trial_is_a_study_that_goes_on_bit_for_bit(tmp_path: Path) -> None:
    scenario, stop = camps(outcome=["own_side"]), threading.Event()

    def cut(done: int, total: int, updates: float) -> None:
        if done >= 1:
            stop.set()

    with pytest.raises(Cancelled):
        sp.experiments.trial(
            scenario, out=tmp_path / "cut", workers=1, progress=cut, cancel=stop, microdata=True
        )
    assert 0 < len(list((tmp_path / "cut" / "parts").glob("*.npz"))) < 3
    whole = sp.experiments.trial(scenario, out=tmp_path / "whole", workers=1, microdata=True)
    sp.experiments.trial(scenario, out=tmp_path / "cut", workers=1, microdata=True)
    assert tables(tmp_path / "cut") == tables(tmp_path / "whole")
    study = sp.open(tmp_path / "whole")
    assert study.command == "trial"
    assert set(study.tables) == {"effects", "estimators", "replicas", "series", "trial"}
    pd.testing.assert_frame_equal(study.tables["effects"], whole.effects)
    users = study.tables["trial"]
    assert users.columns.tolist() == ["replica", "share", "user", "treated", "own_side"]
    assert len(users) == 3 * 4 * 120
    by_hand = users[users["share"] == 0.5].groupby(["replica", "treated"])["own_side"].mean()
    none = users[users["share"] == 0.0].set_index(["replica", "user"])["own_side"]
    half = users[users["share"] == 0.5].set_index(["replica", "user"])
    gain = half["own_side"] - none.loc[half.index]
    direct = gain[half["treated"]].mean() - gain[~half["treated"]].mean()
    assert abs(direct - row(whole, "direct", 0.5)["value"]) < 1e-12
    assert by_hand.shape == (6,)


def test_the_command_answers_continues_and_is_repeated(tmp_path: Path) -> None:
    file = tmp_path / "camps.toml"
    file.write_text(CAMPS)
    place = tmp_path / "out"
    asked = ["trial", str(file), "--out", str(place), "--workers", "1", "--replicas", "3"]
    asked += ["--published", "d = 0.00, se = 0.5", "--values", "0.2,0.4"]
    first = CliRunner().invoke(app, asked)
    assert first.exit_code == 0, first.output
    assert first.stdout.splitlines()[0].startswith("A published direct effect of 0 SD")
    assert "direct, 25 %" in first.output
    kept = tables(place)
    assert {"effects.csv", "estimators.csv", "inversion.csv", "report.html"} <= set(kept)
    again = CliRunner().invoke(app, asked)
    assert again.exit_code == 0
    assert tables(place) == kept
    repeated = CliRunner().invoke(app, ["repeat", str(place), "--workers", "1"])
    assert repeated.exit_code == 0, repeated.output
    effects = pd.read_csv(place / "effects.csv")
    assert effects.columns.tolist() == [
        "share", "outcome", "estimand", "value", "low", "high", "value_sd", "low_sd", "high_sd",
        "replicas",
    ]  # fmt: skip
    estimators = pd.read_csv(place / "estimators.csv").columns.tolist()
    assert estimators[:8] == [
        "share", "estimator", "value", "truth", "bias", "coverage", "power", "smallest_effect",
    ]  # fmt: skip
    inversion = pd.read_csv(place / "inversion.csv")
    assert inversion.columns[:4].tolist() == ["key", "d", "total", "compatible"]
    assert inversion["compatible"].all()
    assert not inversion["lowest"].any()
    page = kept["report.html"].decode()
    assert page.count("<figure") == 6
    assert page.index("A published direct effect") < page.index("treated move by")


# --- inversion ------------------------------------------------------------------------------------


SMALL = (0.1, 0.03)


def inverted(values: list[float]) -> pd.DataFrame:
    found = sp.experiments.trial(
        complete(), workers=1, replicas=16, published="d = 0.1, se = 0.03",
        along="trial.treatment.field", values=values,
    )  # fmt: skip
    assert found.inversion is not None
    return found.inversion


def test_a_published_effect_bounds_the_field_and_the_total_wherever_the_scan_begins() -> None:
    """One sentence for one question: what is compatible does not hang on the values given."""
    few, many = inverted([0.0, 1.5]), inverted([0.0, 0.07, 0.2, 0.7, 1.1, 1.5])
    assert few.iloc[0][["d", "total"]].tolist() == [0.0, 0.0]
    assert few["compatible"].iloc[[0, -1]].tolist() == [False, False]
    (one,), (other,) = ranges(few, SMALL), ranges(many, SMALL)
    assert one[:2] == pytest.approx(other[:2], abs=1.5 / 64)
    assert one[2:4] == pytest.approx(other[2:4], abs=0.04)
    # The values that were tried alone say less than what lies between them may be.
    kept = few[few["compatible"]]
    assert not few["lowest"].any()  # a field may be negative, where the treatment is the other way
    assert one.low < kept["key"].min()
    assert one.high > kept["key"].max()
    assert one.least < kept["total"].min()
    assert one.most > kept["total"].max()


def of_line(slope: float, noise: float = 0.0) -> Callable[[float], dict[str, float] | None]:
    """Direct effect ``slope x`` and total three times it, with intervals as wide as the noise."""

    def measure(x: float) -> dict[str, float] | None:
        d = slope * x
        own = {"d": d, "d_low": d - noise, "d_high": d + noise}
        return own | {"total": 3 * d, "total_low": 3 * d - noise, "total_high": 3 * d + noise}

    return measure


@pytest.mark.parametrize("values", [[0.0, 1.0], [0.0, 0.013, 1.0], [0.0, 0.5, 0.9, 1.0]])
def test_the_ends_of_what_is_compatible_are_those_of_the_curve(values: list[float]) -> None:
    table = explored(values, of_line(1.0), (0.5, 0.01))
    (found,) = ranges(table, (0.5, 0.01))
    assert found[:2] == pytest.approx((0.4804, 0.5196), abs=2e-4)
    assert found[2:4] == pytest.approx((1.4412, 1.5588), abs=6e-4)
    assert not found.open_low
    assert not found.open_high
    said = answer(table.assign(along="feed.strength"), (0.5, 0.01))
    assert "from 0.48 to 0.52; everybody's treatment would then move the mean by 1.441 to" in said


def test_the_error_of_the_simulation_is_counted() -> None:
    table = explored([0.0, 1.0], of_line(1.0, noise=0.1), (0.0, 0.05))
    (found,) = ranges(table, (0.0, 0.05))
    assert found.high == pytest.approx(math.hypot(0.1, 1.96 * 0.05), abs=1e-3)
    assert found.most == pytest.approx(3 * found.high + 0.1, abs=1e-6)


def test_what_goes_on_beyond_the_scan_and_what_never_fits_is_said() -> None:
    said = {
        d: answer(explored([0.1, 0.5], of_line(1.0), (d, 0.01)).assign(along="x"), (d, 0.01))
        for d in (0.1, 0.5, 0.9)
    }
    assert "from 0.1 or less to 0.12;" in said[0.1]
    assert "from 0.48 to 0.5 or more;" in said[0.5]
    assert (
        "no value of x between 0.1 and 0.5: the nearest is 0.5, where it is 0.500 SD" in said[0.9]
    )


def test_a_key_that_can_go_lower_is_said_to_be_open_there() -> None:
    table = explored([0.0, 1.0], of_line(1.0), (0.0, 0.1)).assign(along="x")
    assert "from 0 or less to 0.196" in answer(table, (0.0, 0.1))
    assert "from 0 to 0.196" in answer(table.assign(lowest=True), (0.0, 0.1))


def test_a_step_over_what_was_published_is_a_range_of_its_own() -> None:
    """A society that tips: no value shows the published effect, but it lies between two."""
    jump = of_line(1.0)
    table = explored([0.0, 1.0], lambda x: jump(x + (x > 0.3)), (0.8, 0.01))
    (found,) = ranges(table, (0.8, 0.01))
    assert found.passed
    assert found.low <= 0.3 <= found.high
    assert found.high - found.low <= 1 / 64 + 1e-9
    assert "is passed in one step" in answer(table.assign(along="x"), (0.8, 0.01))


def test_keys_of_whole_numbers_are_scanned_in_whole_numbers() -> None:
    line = of_line(0.1)
    table = explored([1.0, 20.0], lambda x: line(x) if x == round(x) else None, (1.0, 0.12))
    assert (table["key"] == table["key"].round()).all()
    (found,) = ranges(table, (1.0, 0.12))
    assert found[:2] == pytest.approx((7.65, 12.35), abs=0.01)


def test_where_the_effect_has_no_interval_nothing_is_excluded() -> None:
    line = of_line(1.0)

    def measure(x: float) -> dict[str, float] | None:
        return {**(line(x) or {}), **({"d_low": math.nan, "d_high": math.nan} if x == 1 else {})}

    table = explored([0.0, 1.0], measure, (0.0, 0.05))
    assert table.set_index("key")["compatible"].loc[1.0]
    assert "no interval, so that nothing is excluded there" in answer(
        table.assign(along="x"), (0.0, 0.05)
    )


def test_the_strength_that_is_scanned_is_that_of_both_feeds() -> None:
    changed = with_key(camps(), "feed.strength", 0.9, None).canonical()
    assert changed["feed"]["strength"] == 0.9
    assert changed["trial"]["treatment"]["feed"]["strength"] == 0.9
    other = with_key(complete(), "trial.treatment.field", 0.7, None).canonical()
    assert other["trial"]["treatment"]["field"] == 0.7
    hot = with_key(complete(), "dynamics.temperature", 3.0, None).canonical()
    assert hot["dynamics"]["temperature"] == 3.0
    with pytest.raises(sp.InputError, match=r"has no key trial\.tratment"):
        with_key(complete(), "trial.tratment.field", 0.7, None)


@pytest.mark.parametrize("text", ["", "d = 0", "d = 0, se = 0", "d = x, se = 1", "d=1,se=-1"])
def test_what_is_published_must_say_both_numbers(text: str) -> None:
    with pytest.raises(sp.InputError, match="standard error above 0"):
        read_published(text)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"share": [0.0]}, "must lie between 0 and 1"),
        ({"share": [1.0]}, "must lie between 0 and 1"),
        ({"share": [0.5, 1.5]}, "must lie between 0 and 1"),
        ({"share": [0.5, 0.25]}, "in ascending order"),
        ({"share": []}, "at least one"),
        ({"until": 20}, "it must be after trial.at = 20"),
        ({"until": 10}, "it must be after trial.at = 20"),
        ({"unit": "house"}, "allowed: user, cluster, attribute NAME"),
        ({"outcome": ["own_sid"]}, "did you mean own_side"),
        ({"treatment": {}}, "exactly one"),
        ({"treatment": {"field": 0.1, "hold": 1}}, "exactly one"),
        ({"treatment": {"feed": {"kind": "chronologic"}}}, "did you mean chronological"),
        ({"treatment": {"feeed": {"kind": "none"}}}, "did you mean feed"),
        ({"shares": [0.5]}, "did you mean share"),
        ({"at": -1}, "must be >= 0"),
    ],
)
def test_a_trial_that_says_what_is_not_allowed_is_refused(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(sp.InputError, match=said) as caught:
        camps(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"at": 60}, "trial.at is 60; it must be below dynamics.sweeps = 60"),
        ({"until": 70}, "trial.until is 70; it must be below dynamics.sweeps"),
        ({"settle": 40}, "leaves no frame"),
        (
            {"treatment": {"feed": {"kind": "popularity", "strength": 0.4, "alpha": 1.0}}},
            "what users without it",
        ),
        ({"treatment": {"field": 0.0}}, "what users without it have"),
        ({"treatment": {"temperature": 1.0}}, "what users without it have"),
        (
            {"unit": "attribute age"},
            "trial.unit is 'attribute age', but no user has that attribute",
        ),
        ({"share": [0.5, 0.999]}, "holds 0.999, of which 120 of 120 users are treated"),
        ({"unit": "attribute camp", "share": [0.9]}, "nobody is left to compare with"),
    ],
)
def test_a_trial_that_this_society_cannot_have_is_refused(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(sp.InputError, match=said):
        sp.experiments.trial(camps(**changes), workers=1)


def test_a_trial_needs_a_table_camps_for_sides_clusters_of_several_and_two_societies() -> None:
    with pytest.raises(sp.InputError, match=r"\[trial\] is missing"):
        sp.experiments.trial(complete(**{"trial": None}), workers=1)
    sided = {"at": 5, "treatment": {"field": 0.1}, "outcome": ["own_side"]}
    with pytest.raises(sp.InputError, match="the users have no two camps"):
        sp.experiments.trial(complete(trial=sided), workers=1)
    for sided["outcome"] in (["exposure_own_camp"], ["exposure_no_camp"]):
        with pytest.raises(sp.InputError, match="the users have no two camps"):
            sp.experiments.trial(complete(trial=sided), workers=1)
    by_cluster = {"at": 5, "treatment": {"field": 0.1}, "unit": "cluster"}
    with pytest.raises(sp.InputError, match="cluster"):
        sp.experiments.trial(complete(trial=by_cluster), workers=1)
    with pytest.raises(sp.InputError, match="replicas is 1"):
        sp.experiments.trial(complete(), replicas=1, workers=1)
    act = {"interventions": [{"kind": "heat", "at": 90, "temperature": 3.0}]}
    with pytest.raises(sp.InputError, match="an intervention at sweep 90"):
        sp.experiments.trial(complete(**act), workers=1)
    stopped = {"dynamics.stop_when": "abs(magnetization) > 0.9"}
    with pytest.raises(sp.InputError, match="stop_when"):
        sp.experiments.trial(complete(**stopped), workers=1)
