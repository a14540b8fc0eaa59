"""A study computed again is the same byte for byte, or what differs is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from tests.ensemble.small_run import contents
from tests.test_killed_commands import VOTES
from tests.test_study_folders import SCENARIO, TIES

TURNED = SCENARIO.partition("[[interventions]]")[0] + "[sweep]\nreplicas = 2\n"
COMMANDS = {
    "tip": ["tip", "turned.toml", "--values", "0.5,1,2,4", "--loop"],
    "fit": ["fit", "votes.csv", "--quick"],
    "run": ["run", "small.toml"],
    "cascades": ["cascades", "small.toml"],
    "inspect": ["inspect", "ties.csv", "--draws", "4"],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ties.csv").write_text(TIES)
    (tmp_path / "small.toml").write_text(SCENARIO)
    (tmp_path / "turned.toml").write_text(TURNED)
    (tmp_path / "votes.csv").write_text(VOTES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(command: str) -> None:
    assert main([*COMMANDS[command], "--workers", "1", "--quiet", "--out", "out"]) == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_byte_of_a_study_comes_again(
    place: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    made(command)
    assert capsys.readouterr().out == ""
    assert main(["repeat", "out", "--workers", "1"]) == 0
    assert "the same, every byte" in capsys.readouterr().out
    opened = sp.open("out")
    assert isinstance(opened, sp.Run) == (command == "run")
    if not isinstance(opened, sp.Run):
        assert opened.command == command
        assert all(len(table) for table in opened.tables.values())


@pytest.mark.parametrize("command", ["run", "cascades"])
def test_a_flipped_bit_in_a_part_is_found_and_named(
    place: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    made(command)
    part = sorted((place / "out" / "parts").iterdir())[0]
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    capsys.readouterr()
    for sample in ([], ["--sample", "1"]):
        assert main(["repeat", "out", "--workers", "1", *sample]) == 1
        assert part.name[:20] in capsys.readouterr().out


@pytest.mark.parametrize("same", [True, False])
def test_another_platform_is_said_to_be_the_only_other_difference(
    place: Path, capsys: pytest.CaptureFixture[str], same: bool
) -> None:
    made("cascades")
    manifest = json.loads((place / "out" / "manifest.json").read_text())
    (place / "out" / "manifest.json").write_text(json.dumps(manifest | {"platform": "Plan 9"}))
    if not same:
        (place / "out" / "cascades.csv").write_text("a,b\n")
    capsys.readouterr()
    assert main(["repeat", "out", "--workers", "1"]) == (0 if same else 1)
    said = capsys.readouterr().out
    if same:
        assert said == "out: the same, every byte; made on another platform\n"
    else:
        assert "1 files differ (cascades.csv); made on another platform, the only other" in said


def test_several_chambers_and_each_of_them_alone_come_again(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "others.csv").write_text(VOTES)
    words = ["fit", "votes.csv", "others.csv", "--quick", "--workers", "1", "--out", "trend"]
    assert main([*words, "--quiet"]) == 0
    capsys.readouterr()
    for folder in ("trend", "trend/others"):
        assert main(["repeat", folder, "--workers", "1"]) == 0
        assert f"{folder}: the same, every byte" in capsys.readouterr().out


def test_a_fit_from_python_is_not_repeated_but_the_command_goes_on_in_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sp.inference.fit_chamber(sp.rollcall.open_votes("votes.csv"), "out", quick=True)
    assert main(["repeat", "out", "--workers", "1"]) == 2
    assert "Python gave the votes" in capsys.readouterr().err
    kept = contents(place / "out" / "parts")
    made("fit")
    assert contents(place / "out" / "parts") == kept
    assert main(["repeat", "out", "--workers", "1"]) == 0


def test_what_cannot_be_repeated_is_refused_in_a_sentence(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made("inspect")
    (place / "ties.csv").write_text(TIES + "a,f\n")
    capsys.readouterr()
    assert main(["repeat", "out", "--workers", "1"]) == 2
    assert "cannot be repeated: inputs.network" in capsys.readouterr().err
    (place / "ties.csv").unlink()
    assert main(["repeat", "out", "--workers", "1"]) == 2
    manifest = json.loads((place / "out" / "manifest.json").read_text())
    (place / "out" / "manifest.json").write_text(json.dumps(manifest | {"code": "0" * 64}))
    capsys.readouterr()
    assert main(["repeat", "out", "--workers", "1"]) == 2
    assert "made by other code" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format": "sociophysics audit 7"}', "of a newer version"),
        ('{"format": "something"}', "is not the manifest of a study"),
        ("{", "is not readable JSON"),
        (None, "holds no study"),
    ],
)
def test_a_folder_that_is_no_study_is_one_sentence(
    place: Path, text: str | None, said: str
) -> None:
    (place / "out").mkdir()
    if text is not None:
        (place / "out" / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=said):
        sp.open("out")


def asked(kind: str, **keys: Any) -> Any:
    scenario = sp.Scenario.load("turned.toml")
    keys = {"out": "out", "replicas": 3, "workers": 1} | keys
    if kind == "loop":
        return sp.experiments.hysteresis(scenario, "couplings.value", [0.1, 0.2, 0.4], **keys)
    if kind == "phases":
        # Not in the order of the alphabet: the first key is the horizontal axis.
        axes = {"network.k": [2, 4], "dynamics.temperature": [0.5, 2.0]}
        return sp.experiments.phase_diagram(scenario, axes, **keys)
    return sp.experiments.locate(scenario, values=[0.5, 1.0, 2.0, 4.0], **keys)


ASKED = {"loop": "loop", "phases": "phases", "tip": "table"}


@pytest.mark.parametrize("kind", ASKED)
def test_what_python_asks_is_a_study_like_a_commands(
    place: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    found = asked(kind)
    pd.testing.assert_frame_equal(found.table, asked(kind, out=None).table)
    opened = sp.open("out")
    assert isinstance(opened, sp.study.opening.Study)
    assert opened.command == kind
    assert opened.question["replicas"] == 3
    assert list(opened.tables) == [ASKED[kind]]
    kept = {path.name: path.stat().st_mtime_ns for path in (place / "out" / "parts").iterdir()}
    asked(kind)
    assert kept == {p.name: p.stat().st_mtime_ns for p in (place / "out" / "parts").iterdir()}
    assert main(["repeat", "out", "--workers", "1"]) == 0
    assert "the same, every byte" in capsys.readouterr().out
    before = contents(place / "out")
    with pytest.raises(InputError, match=r"replicas \(3, now 4\) differs; choose another --out"):
        asked(kind, replicas=4)
    for other in set(ASKED) - {kind}:
        with pytest.raises(InputError, match=r"out holds a .*; choose another --out"):
            asked(other)
    assert contents(place / "out") == before


def test_the_command_goes_on_in_the_folder_of_a_search_from_python(place: Path) -> None:
    asked("tip", replicas=None)
    kept = {path.name: path.stat().st_mtime_ns for path in (place / "out" / "parts").iterdir()}
    line = ["tip", "turned.toml", "--values", "0.5,1.0,2.0,4.0", "--workers", "1", "--quiet"]
    assert main([*line, "--out", "out"]) == 0
    assert kept == {p.name: p.stat().st_mtime_ns for p in (place / "out" / "parts").iterdir()}
    assert (place / "out" / "report.html").exists()
    assert main(["repeat", "out", "--workers", "1", "--quiet"]) == 0
