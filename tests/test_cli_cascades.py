"""``sociophysics cascades``: what it prints, writes and refuses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.experiments import cascade_designs
from sociophysics.scenario import Scenario

SCENARIO = """
title = "A small cascade"
seed = 7
[network]
kind = "watts_strogatz"
n = 60
k = 6
p = 0.1
[couplings]
kind = "uniform"
normalize = "degree"
[dynamics]
temperature = 0.6
sweeps = 30
start = "down"
[[interventions]]
at = 5
kind = "nucleate"
who = "degree"
share = 0.2
[[designs]]
name = "no feed"
feed = { kind = "none" }
[[designs]]
name = "random"
feed = { kind = "random", strength = 0.5 }
[sweep]
replicas = 4
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.toml").write_text(SCENARIO)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_table_is_that_of_cascade_designs(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cascades", "small.toml"]) == 0
    said = capsys.readouterr().out
    written = pd.read_csv(place / "runs" / "small-cascades" / "cascades.csv")
    expected = cascade_designs(Scenario.load(place / "small.toml"))
    pd.testing.assert_frame_equal(written, expected)
    assert said.startswith("A small cascade; 4 replicas")
    row = expected.set_index(["design", "measure"]).loc[("random", "reach")]
    (line,) = [each for each in said.splitlines() if each.startswith("random ")]
    assert line.split()[1:3] == [f"{row['mean']:.3g}", f"{row['difference']:+.2g}"]
    assert "nan" not in said


def test_more_replicas_extend_a_study_and_fewer_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["cascades", "small.toml", "--workers", "1", "--quiet", "--out"]
    assert main([*ask, "grown", "--replicas", "2"]) == 0
    kept = {path: path.stat().st_mtime_ns for path in (place / "grown" / "parts").iterdir()}
    assert len(kept) == 4
    assert main([*ask, "grown"]) == 0
    assert main([*ask, "whole"]) == 0
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    for name in ("cascades.csv", "report.html", "manifest.json"):
        assert (place / "grown" / name).read_bytes() == (place / "whole" / name).read_bytes()
    capsys.readouterr()
    assert main([*ask, "grown", "--replicas", "3"]) == 2
    assert "asked.replicas (4, now 3) differs" in capsys.readouterr().err
    # What Python keeps is the same study, and goes on from what the command kept.
    table = cascade_designs(Scenario.load(place / "small.toml"), out=place / "grown", workers=1)
    pd.testing.assert_frame_equal(table, pd.read_csv(place / "grown" / "cascades.csv"))
    opened = sp.open(place / "whole")
    assert opened.command == "cascades"
    page = (place / "whole" / "report.html").read_text(encoding="utf-8")
    assert "random: the seeds reach" in page
    assert "<svg" in page or "data:image/svg" in page


def test_every_swept_point_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "swept.toml").write_text(SCENARIO + '"dynamics.temperature" = [0.5, 0.7]\n')
    assert main(["cascades", "swept.toml", "--replicas", "2", "--out", "c"]) == 0
    said = capsys.readouterr().out
    assert "dynamics.temperature = 0.5" in said
    assert "dynamics.temperature = 0.7" in said
    assert set(pd.read_csv(place / "c" / "cascades.csv")["dynamics.temperature"]) == {
        *(0.5, 0.6, 0.7)
    }
    # Society and answer are those at the declared point, which joins the swept ones.
    page = (place / "c" / "report.html").read_text(encoding="utf-8")
    assert "T = 0.6 is" in page
    assert "T = 0.5 is" not in page
    assert page.index("dynamics.temperature = 0.6") < page.index("At every other swept point")
    assert page.index("dynamics.temperature = 0.5") > page.index("At every other swept point")


@pytest.mark.parametrize(
    ("change", "arguments", "sentence"),
    [
        ({"nucleate": "heat", 'who = "degree"\nshare = 0.2': "temperature = 1.0"}, [], "nucleate"),
        ({}, ["--replicas", "1"], "needs 2 or more"),
        ({}, ["--out", "small.toml"], "is a file"),
    ],
)
def test_bad_input_is_one_sentence(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    arguments: list[str],
    sentence: str,
) -> None:
    text = SCENARIO
    for old, new in change.items():
        text = text.replace(old, new)
    (place / "small.toml").write_text(text)
    assert main(["cascades", "small.toml", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1
