"""The detector of changes in samples: silent where nothing changes, right where something does."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.statistics import detect_transition
from tests.laws import ALPHA

ROOT = Path(__file__).parent.parent
STEPS = np.repeat(np.arange(9.0), 50)


def elsewhere(name: str) -> Any:
    """Return a module of docs/elsewhere, which is no part of the package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "elsewhere" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def square(side: int) -> sp.SpinSystem:
    place = np.arange(side**2).reshape(side, side)
    ends = np.concatenate([np.roll(place, -1, axis).ravel() for axis in (0, 1)])
    return sp.SpinSystem.from_edges(np.tile(place.ravel(), 2), ends)


def lattice_energies(side: int, *, frames: int) -> pd.DataFrame:
    system, rows = square(side), []
    for temperature in np.arange(1.6, 3.001, 0.05).round(3).tolist():
        run = sp.trajectory(
            system, temperature=temperature, sweeps=200 + 30 * frames, replicas=64, start="up",
            every=10, seed=round(1000 * temperature), kernel="bit-sliced",
        )  # fmt: skip
        kept = [f.spins for f in run if f.sweep > 200 and (f.sweep - 200) % 30 == 0]
        rows += [
            pd.DataFrame(
                {"T": temperature, "energy": system.energy(s) / system.n, "lane": range(64)}
            )
            for s in kept
        ]
    return pd.concat(rows, ignore_index=True)


@pytest.mark.parametrize("side", [16, pytest.param(24, marks=pytest.mark.validate),
                                  pytest.param(32, marks=pytest.mark.validate)])  # fmt: skip
def test_energies_of_a_square_lattice_change_where_its_heat_capacity_peaks(
    side: int, record_property: Any
) -> None:
    data = lattice_energies(side, frames=12)
    found = detect_transition(data, along="T", observables="energy")
    record_property("place", found.value)
    assert found.found
    assert abs(found.value - 2.275) < 0.06
    assert found.interval[0] <= 2.275 <= found.interval[1]
    assert abs(found.peaks["linear"] - 2.275) < 0.06
    apart = detect_transition(data, along="T", observables="energy", units="lane", power=False)
    assert apart.found
    shuffled = data.assign(energy=np.random.default_rng(1).permutation(data["energy"]))
    assert not detect_transition(shuffled, along="T", observables="energy", power=False).found


def test_without_a_change_the_shuffle_rejects_at_its_level() -> None:
    studies = 100
    rng = np.random.default_rng(5)
    rejected = sum(
        detect_transition(
            pd.DataFrame({"T": STEPS, "a": rng.normal(size=450), "b": rng.integers(3, size=450)}),
            along="T", draws=39, seed=k, power=False,
        ).p_null <= 0.05
        for k in range(studies)
    )  # fmt: skip
    assert stats.binomtest(rejected, studies, 0.05).pvalue > ALPHA


def test_correlated_rows_reject_too_often_unless_they_are_units() -> None:
    rng = np.random.default_rng(6)
    free = kept = 0
    for k in range(16):
        own = np.repeat(rng.normal(size=90), 20)  # ten units at each of nine values
        data = pd.DataFrame(
            {"T": np.repeat(np.arange(9.0), 200), "x": own, "who": np.arange(1800) // 20}
        )
        free += (
            detect_transition(
                data, along="T", observables="x", draws=39, seed=k, power=False
            ).p_null
            < 0.05
        )
        kept += (
            detect_transition(
                data, along="T", observables="x", units="who", draws=39, seed=k
            ).p_null
            <= 0.05
        )
    assert free > 13
    assert kept < 5


def test_an_even_drift_has_no_place_and_a_step_has() -> None:
    noise = np.random.default_rng(3).normal(size=450)
    drift = detect_transition(pd.DataFrame({"T": STEPS, "x": noise + 0.5 * STEPS}), along="T")
    assert (drift.found, drift.value) == (False, None)
    assert drift.p_null < 0.05 < drift.p_drift
    step = detect_transition(pd.DataFrame({"T": STEPS, "x": noise + (STEPS > 4.5)}), along="T")
    assert step.found
    assert step.between == (4.0, 5.0)
    assert abs(step.value - 4.5) < 0.25


def test_a_change_at_an_end_is_not_placed() -> None:
    noise = np.random.default_rng(4).normal(size=450)
    found = detect_transition(pd.DataFrame({"T": STEPS, "x": noise + 4 * (STEPS > 7.5)}), along="T")
    assert not found.found
    assert "at an end of the range" in found.note


def test_the_power_is_what_simulated_changes_show() -> None:
    rng = np.random.default_rng(8)
    quiet = pd.DataFrame({"T": STEPS, "x": rng.integers(2, size=450)})
    share = detect_transition(quiet, along="T").smallest
    assert share in (0.1, 0.15)
    seen = 0
    for k in range(30):
        changed = (STEPS > 3.5) & (rng.random(450) < share)
        data = pd.DataFrame({"T": STEPS, "x": np.where(changed, 2, rng.integers(2, size=450))})
        seen += detect_transition(data, along="T", draws=39, seed=k, power=False).p_null <= 0.05
    assert seen >= 20  # of 30, at a power of 80 % or more


def test_the_finnish_windows_break_on_the_day_of_the_invasion() -> None:
    data = pd.read_csv(ROOT / "data" / "finnish_nato_windows.csv")
    camp = {name: data["stance"].where(data["camp"] == name) for name in "ABC"}
    keys: dict[str, Any] = {"along": "window", "counts": "users"}
    found = detect_transition(data.assign(**camp), observables=list("ABC"), **keys)
    assert found.found
    assert (found.observable, found.value) == ("B", "2022-02-24")
    assert found.interval == ("2022-02-10", "2022-02-24")
    split = detect_transition(data, observables="stance", by="camp", power=False, **keys)
    assert (split.observable, split.value) == ("stance of B", "2022-02-24")
    everybody = detect_transition(data, observables="stance", power=False, **keys)
    assert everybody.value == "2022-02-10"  # who talks has changed already
    dated = data.assign(window=pd.to_datetime(data["window"]), **camp)
    assert detect_transition(dated, observables="B", **keys).value == pd.Timestamp("2022-02-24")


def test_words_out_of_many_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    words = [f"w{rng.integers(100) + 50 * (k > 4.5)}" for k in STEPS]
    found = detect_transition(pd.DataFrame({"T": STEPS, "word": words}), along="T", power=False)
    assert found.found
    assert found.between == (4.0, 5.0)


def test_rows_that_stand_for_many_are_those_many_rows() -> None:
    rows = pd.DataFrame(
        {"T": np.repeat(range(5), 2), "x": [0, 1] * 5, "n": [9, 1, 8, 2, 1, 9, 2, 8, 1, 9]}
    )
    long = rows.loc[rows.index.repeat(rows["n"]), ["T", "x"]]
    short = detect_transition(rows, along="T", observables="x", counts="n")
    pd.testing.assert_frame_equal(short.table, detect_transition(long, along="T").table)


def test_texts_of_a_markov_chain_change_where_they_tell_most_about_the_temperature() -> None:
    model = elsewhere("markov_text")
    data = model.measured(np.arange(0.5, 1.61, 0.05).round(2))
    found = detect_transition(data, along="temperature", observables="recited")
    assert found.found
    assert abs(found.value - model.peak_temperature(10_000, np.log(9_999))) < 0.05


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"along": "t"}, "'t' is no column"),
        ({"observables": ["x", "z"]}, "'z' is no column"),
        ({"measure": "kl"}, "measure is 'kl'"),
        ({"window": 0}, "window is 0"),
        ({"level": 0.001}, "draws must be"),
        ({"units": "x", "counts": "x"}, "both given"),
        ({"along": "x"}, "2 different values"),
        ({"counts": "half"}, "whole numbers"),
        ({"along": "endless"}, "infinite"),
        ({"window": 4}, "it is at most 3"),
        ({"observables": "turned"}, "complex"),
        ({"along": "mixed"}, "mixes numbers and texts"),
    ],
)
def test_what_cannot_be_searched_is_one_sentence(change: dict[str, Any], said: str) -> None:
    data = pd.DataFrame({"T": STEPS, "x": (STEPS > 4).astype(int), "half": 0.5})
    data["turned"] = data["x"] * 1j
    data["endless"] = data["T"].replace(8.0, np.inf)
    data["mixed"] = data["T"].astype(object).replace(8.0, "eight")
    with pytest.raises(InputError, match=said):
        detect_transition(data, **({"along": "T", "observables": ["x"]} | change))
    twice = pd.concat([data, data["x"]], axis=1)
    with pytest.raises(InputError, match="2 columns are named 'x'"):
        detect_transition(twice, along="T", observables="x")
    with pytest.raises(InputError, match="has 4 samples at T = 8"):
        detect_transition(data.iloc[:404], along="T", observables="x")


def test_the_command_writes_a_study_that_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(2).normal(size=450)
    pd.DataFrame({"T": STEPS, "x": noise + 2 * (STEPS > 4.5)}).to_csv("s.csv", index=False)
    assert main(["detect", "s.csv", "--along", "T", "--out", "out"]) == 0
    said = capsys.readouterr().out
    assert "x changes along T at 4.5" in said
    assert "p of the nulls: shuffled 0.005" in said
    assert "450 samples at 9 values of T, 0 to 8" in said
    blank = pd.DataFrame({"T": STEPS, "x": noise}).mask(np.arange(450)[:, np.newaxis] < [2, 3])
    blank.to_csv("blank.csv", index=False)
    assert main(["detect", "blank.csv", "--along", "T", "--out", "gaps"]) == 0
    counted = ["2 samples have no T and are left out", "3 of x are blank"]
    assert counted[0] in capsys.readouterr().out
    assert all(each in Path("gaps/report.html").read_text() for each in counted)
    opened = sp.open("out")
    assert opened.tables["table"]["jensen_shannon"].max() > 0.3
    assert main(["repeat", "out"]) == 0
    assert main(["detect", "s.csv", "--along", "T", "--out", "out", "--seed", "1"]) == 2
    assert "seed (0, now 1) differs" in capsys.readouterr().err
    for arguments, words in (
        (["none.csv", "--along", "T"], "none.csv"),
        (["s.csv", "--along", "U"], "'U' is no column"),
        (["s.csv", "--along", "T", "--window", "0"], "window is 0"),
    ):
        assert main(["detect", *arguments, "--out", "other"]) == 2
        assert words in capsys.readouterr().err
        assert not Path("other").exists()
