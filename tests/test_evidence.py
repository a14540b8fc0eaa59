"""The table of published field effects: what it holds, and how it says what it is sure of."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli.application import main
from sociophysics.evidence import COLUMNS, SOURCES, USES, table


def test_every_row_says_where_it_is_from_and_what_it_may_be_used_for() -> None:
    rows = sp.evidence.table()
    assert tuple(rows.columns) == COLUMNS
    assert len(rows) > 100
    assert set(rows["use"]) == set(USES)
    assert set(rows["source"]) == set(SOURCES)
    assert (rows[["study", "platform", "n", "quantity", "unit"]] != "").all(axis=None)
    assert rows["year"].between(2010, 2030).all()
    assert not rows.duplicated(["study", "quantity", "unit"]).any()


def test_intervals_hold_their_value() -> None:
    rows = table()
    known = rows[rows["low"].notna() & rows["value"].notna()]
    assert len(known) >= 14
    bound = known["quantity"].str.contains("equivalence bound")
    inside = (known["low"] <= known["value"]) & (known["value"] <= known["high"])
    assert inside[~bound].all()
    assert (rows["low"].notna() == rows["high"].notna()).all()


def test_numbers_that_the_pages_speak_of_are_there() -> None:
    like_minded = table("nyhan", contains="median user")
    assert like_minded["value"].tolist() == [0.504, 0.147]
    assert set(like_minded["source"]) == {"recalled"}
    milli = table("milli", contains="partisanship").iloc[0]
    assert (milli["value"], milli["low"], milli["high"]) == (0.2439, 0.1794, 0.307)


def test_a_treatments_effect_is_never_offered_for_calibration() -> None:
    rows = table(use="calibration")
    treated = rows["quantity"].str.contains("treat|algorithm ON|polarization|attitude", regex=True)
    assert not treated.any(), rows[treated]["quantity"].tolist()


def test_the_command_prints_all_and_says_what_was_recalled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["evidence", "levy"]) == 0
    shown = capsys.readouterr().out
    assert "Levy, 2021 (doi 10.1257/aer.20191777)" in shown
    assert "1 recalled, not read" in shown
    assert main(["evidence", "--csv", "--use", "validation"]) == 0
    read = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert tuple(read.columns) == COLUMNS
    assert np.isfinite(read["value"]).sum() > 40


@pytest.mark.parametrize(
    ("arguments", "part"),
    [(["nobody"], "no study is called"), (["--use", "fit"], "use is 'fit'")],
)
def test_what_is_not_there_is_one_sentence(
    arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evidence", *arguments]) == 2
    told = capsys.readouterr().err
    assert part in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("kind", ["popularity", "personalized", "engagement"])
def test_a_ranker_takes_off_what_the_published_measurement_says(kind: str) -> None:
    """Two camps mixed like Facebook's friends: ranking takes 5 to 8 % off disagreeing posts."""
    scenario = sp.Scenario.from_toml("""
seed = 1
network = {kind = "planted_partition", n = 2000, communities = 2, k_in = 15.48, k_out = 4.52}
couplings = {kind = "uniform", normalize = "degree"}
field = {kind = "camps", values = [0.4, -0.4]}
dynamics = {temperature = 1.2, sweeps = 80, burn_in = 20, start = "camps"}
observe = {every = 4, names = ["exposure_agreement", "cross_ties"]}
feed = {kind = "chronological"}
""")
    tables = [
        sp.run(scenario.replace({"feed": {"kind": each}}), workers=1).table.query("sweep >= 20")
        for each in ("chronological", kind)
    ]
    off = [1 - table["exposure_agreement"].mean() for table in tables]
    assert 0.05 <= 1 - off[1] / off[0] <= 0.08
    assert tables[0]["cross_ties"].iloc[0] == pytest.approx(0.226, abs=0.01)


PAGE = Path(sp.__file__).parents[1] / "docs" / "evidence.md"


def predictions() -> Any:
    path = PAGE.parents[1] / "examples" / "evidence" / "predictions.py"
    spec = importlib.util.spec_from_file_location("predictions", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_a_prediction_or_a_reason_for_every_study() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split("## What the model predicts")[1].split())
    for study in sp.evidence.table()["study"].unique():
        name = study.split(",")[0].split(" et al")[0]
        assert name in page, study
    assert "MISS" in page


def test_a_row_of_the_page_is_what_the_script_finds() -> None:
    module = predictions()
    levy = next(study for study in module.STUDIES if study.name.startswith("Levy"))
    (row,) = list(module.lines((levy,)))[2:]
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.validate
def test_the_table_of_the_page_is_what_the_script_prints() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "\n".join(predictions().lines()) in text
