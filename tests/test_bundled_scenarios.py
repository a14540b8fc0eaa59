"""The scenarios that come with the package are found by name, from any folder."""

from __future__ import annotations

from pathlib import Path

import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.datasets import bundled_scenarios
from sociophysics.live.stories import judged, stories

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_bundled_scenario_is_listed_with_its_question(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["scenario", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()[:-1]
    files = sorted((ROOT / "scenarios").glob("*.toml"))
    assert [line.split()[0] for line in lines] == [path.stem for path in files]
    assert all(line.rstrip().endswith("?") for line in lines)


@pytest.mark.parametrize("name", sorted(bundled_scenarios()))
def test_a_bundled_scenario_loads_by_name_as_from_its_file(name: str) -> None:
    by_name, by_path = sp.Scenario.load(name), sp.Scenario.load(ROOT / "scenarios" / f"{name}.toml")
    assert by_name.canonical() == by_path.canonical()
    assert by_name.name == name


def test_every_claim_of_a_bundled_scenario_has_the_verdict_of_its_run() -> None:
    """Else: python docs/site_verdicts.py."""
    for name, story in stories().items():
        scenario = sp.Scenario.load(name)
        assert [claim.text for claim in scenario.claims] == [known.text for known in story.judged]
        assert {known.hash for known in story.judged} == {scenario.hash}, name


def test_a_kept_verdict_is_that_of_a_run_today() -> None:
    today = judged(sp.run(sp.Scenario.load("consensus_transition"), workers=1).claims)
    for kept, now in zip(stories()["consensus_transition"].judged, today, strict=True):
        assert (kept.text, kept.verdict, kept.bound) == (now.text, now.verdict, now.bound)
        assert (kept.number, kept.low, kept.high) == pytest.approx(
            (now.number, now.low, now.high), rel=1e-5
        )


def test_a_copy_is_the_file_and_runs(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = bundled_scenarios()["whip"].read_text(encoding="utf-8")
    assert main(["scenario", "show", "whip"]) == 0
    assert capsys.readouterr().out == source
    assert main(["scenario", "copy", "whip"]) == 0
    assert (elsewhere / "whip.toml").read_text(encoding="utf-8") == source
    (elsewhere / "inside").mkdir()
    assert main(["scenario", "copy", "whip.toml", "inside"]) == 0
    loaded = sp.Scenario.load("inside/whip.toml")
    assert loaded.canonical() == sp.Scenario.load("whip").canonical()


def test_nothing_is_overwritten_by_a_copy(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "whip.toml").write_text("mine", encoding="utf-8")
    assert main(["scenario", "copy", "whip"]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert (elsewhere / "whip.toml").read_text(encoding="utf-8") == "mine"
    assert main(["scenario", "copy", "whip", "nowhere/x.toml"]) == 2
    assert "make the folder first" in capsys.readouterr().err


def test_a_file_of_ones_own_goes_before_the_bundled_scenario(elsewhere: Path) -> None:
    own = bundled_scenarios()["whip"].read_text(encoding="utf-8")
    (elsewhere / "feed_designs").write_text(own, encoding="utf-8")
    assert sp.Scenario.load("feed_designs").canonical() == sp.Scenario.load("whip").canonical()
    # A folder is no file of a scenario: `run whip --out whip` can be run twice.
    (elsewhere / "whip").mkdir()
    assert sp.Scenario.load("whip").name == "whip"


@pytest.mark.parametrize(
    "arguments", [["describe", "wihp"], ["scenario", "show", "wihp"], ["run", "wihp"]]
)
def test_a_misspelt_name_is_told_the_nearest(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "did you mean whip?" in capsys.readouterr().err


def test_a_society_is_checked_by_its_scenarios_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "consensus_transition", "--json"]) == 0
    assert '"society"' in capsys.readouterr().out
