"""One rule for the folders of all commands: nobody's file is overwritten, no study by another."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.inference.chamber import several_chambers
from sociophysics.inference.chamber.workflow import How
from sociophysics.store import Folder, studies
from tests.ensemble.small_run import contents

TIES = "source,target\na,b\nb,c\na,c\nc,d\nd,e\ne,f\nd,f\n"
VOTES = "id,name,party,state,v1,v2,v3,v4\n" + "".join(
    f"{k},M{k},{'DR'[k % 2]},XX,{votes}\n"
    for k, votes in enumerate(["1,-1,1,1", "-1,1,1,-1", "1,-1,-1,1", "-1,1,-1,1", "1,1,1,-1"])
)
SCENARIO = """
seed = 7
[network]
kind = "watts_strogatz"
n = 20
k = 4
p = 0.1
[couplings]
kind = "uniform"
[dynamics]
temperature = 0.6
sweeps = 6
start = "down"
[[interventions]]
at = 2
kind = "nucleate"
share = 0.2
[sweep]
replicas = 2
"""
COMMANDS = {
    "inspect": ["inspect", "ties.csv", "--draws", "0"],
    "cascades": ["cascades", "small.toml"],
    "fit": ["fit", "votes.csv", "--quick"],
    "run": ["run", "small.toml", "--workers", "1"],
}
# The first three without the run, which has tests of its own.
FIT = "sociophysics.inference.chamber.workflow.fit_into"
OTHERS = ("inspect", "cascades", "fit")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ties.csv").write_text(TIES)
    (tmp_path / "votes.csv").write_text(VOTES)
    (tmp_path / "small.toml").write_text(SCENARIO)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(FIT, quick_fit)
    monkeypatch.setattr("sociophysics.cli.fit._write_report", lambda fitted, name, folder: folder)
    monkeypatch.setattr("sociophysics.cli.fit._show", lambda evaluation, title: None)
    return tmp_path


class Fitted:
    """What the command line reads of a fit."""

    evaluation = type("Table", (), {"__getitem__": lambda self, key: self, "iloc": ["cells"]})()


def quick_fit(store: Folder, votes: object, how: How, **options: object) -> Fitted:
    (store.path / "members.csv").write_text(f"a fit with seed {how.seed}")
    return Fitted()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 2
    said = capsys.readouterr()
    # What a fit says of how it read its votes is no error.
    lines = [line for line in said.err.splitlines() if not line.startswith("votes: ")]
    assert said.out == ""
    assert len(lines) == 1, said.err
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "name", ["members.csv", "structure.csv", "report.html", "cascades.csv", "notes.txt"]
)
def test_a_users_file_in_the_folder_is_never_replaced(
    place: Path, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    (place / "mine").mkdir()
    (place / "mine" / name).write_text("years of work")
    line = refused(capsys, *COMMANDS[command], "--out", "mine")
    assert f"mine holds '{name}' and no {command}; choose another --out" in line
    assert contents(place / "mine") == {str(place / "mine" / name): b"years of work"}


@pytest.mark.parametrize("command", OTHERS)
def test_a_study_has_a_manifest_and_a_log_and_can_be_written_again(
    place: Path, command: str
) -> None:
    assert main([*COMMANDS[command], "--out", "out"]) == 0
    manifest = json.loads((place / "out" / "manifest.json").read_text())
    assert manifest["format"] == f"sociophysics {command} 1"
    assert manifest["versions"]["numpy"]
    log = [json.loads(line) for line in (place / "out" / "log.jsonl").read_text().splitlines()]
    assert [line["event"] for line in log] == ["start", "end"]
    before = contents(place / "out")
    assert main([*COMMANDS[command], "--out", "out"]) == 0
    del before[str(place / "out" / "log.jsonl")]
    assert before.items() <= contents(place / "out").items()


CHANGED = {
    "another seed": ("inspect", ["--seed", "1"], None, r"asked.seed (0, now 1) differs"),
    "another null": ("inspect", ["--largest"], None, "asked.largest (False, now True) differs"),
    "another network": ("inspect", [], ("ties.csv", TIES + "a,f\n"), "inputs.network"),
    "another scenario of the same name and seed": (
        "cascades",
        [],
        ("small.toml", SCENARIO.replace("0.6", "0.7")),
        "asked.scenario.dynamics.temperature (0.6, now 0.7) differs",
    ),
    "another test": ("fit", ["--seed", "3"], None, "asked.seed (0, now 3) differs"),
    "a vote recoded": ("fit", [], ("votes.csv", VOTES.replace("1,-1,1,1", "1,-1,1,-1")), "inputs."),
    "another party": ("fit", [], ("votes.csv", VOTES.replace("M0,D", "M0,R")), "inputs.votes"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_changed_study_never_replaces_the_one_before(
    place: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    command, more, file, sentence = CHANGED[case]
    assert main([*COMMANDS[command], "--out", "out"]) == 0
    capsys.readouterr()
    before = contents(place / "out")
    if file is not None:
        (place / file[0]).write_text(file[1])
    line = refused(capsys, *COMMANDS[command], *more, "--out", "out")
    assert sentence in line
    assert line.endswith("choose another --out.")
    assert contents(place / "out") == before


def test_only_words_and_the_place_of_the_files_may_change(place: Path) -> None:
    assert main([*COMMANDS["cascades"], "--out", "out"]) == 0
    (place / "small.toml").write_text(f'title = "said better"\n{SCENARIO}')
    assert main([*COMMANDS["cascades"], "--out", "out"]) == 0


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("other", OTHERS)
def test_one_commands_study_is_refused_by_the_others(
    place: Path, capsys: pytest.CaptureFixture[str], command: str, other: str
) -> None:
    if command == other:
        return
    (place / "out").mkdir()
    manifest = studies.make_manifest(other, asked={}, inputs={})
    studies.write_manifest(Folder(place / "out"), manifest)
    line = refused(capsys, *COMMANDS[command], "--out", "out")
    assert f"out holds a{'n' if other == 'inspect' else ''} " in line
    assert "choose another --out" in line


@pytest.mark.parametrize("command", [*COMMANDS, "tip", "open", "status"])
@pytest.mark.parametrize("kind", ["run", "fit", "audit"])
def test_a_newer_versions_study_is_one_sentence_for_all(
    place: Path, capsys: pytest.CaptureFixture[str], command: str, kind: str
) -> None:
    (place / "out").mkdir()
    (place / "out" / "manifest.json").write_text(f'{{"format": "sociophysics {kind} 7"}}')
    expected = (
        f"out holds a study of a newer version ('sociophysics {kind} 7'); install the version that "
        "made it, or choose another --out."
    )
    if command in ("open", "status"):
        ask = sp.open if command == "open" else sp.study.status
        with pytest.raises(InputError) as error:
            ask("out")
        assert str(error.value) == expected
        return
    words = COMMANDS.get(command, ["tip", "small.toml", "--values", "1,2,3,4"])
    assert refused(capsys, *words, "--out", "out") == f"sociophysics: {expected}"
    assert len(list((place / "out").iterdir())) == 1


MOVED = {
    "cascades": lambda scenario, out: sp.experiments.cascade_designs(scenario, out=out),
    "a loop along rebuilt ties": lambda scenario, out: sp.experiments.hysteresis(
        scenario.replace({"interventions": []}),
        "couplings.value",
        [0.1, 0.2, 0.3],
        out=out,
        workers=1,
    ),
}


@pytest.mark.parametrize("experiment", MOVED)
def test_moved_files_change_no_parts_name(place: Path, experiment: str) -> None:
    kind = 'kind = "watts_strogatz"\nn = 20\nk = 4\np = 0.1'
    text = SCENARIO.replace(kind, 'kind = "file"\npath = "ties.csv"')
    found = []
    for name, ties in (("here", TIES), ("there", TIES), ("other", TIES + "a,f\n")):
        (place / name).mkdir()
        (place / name / "ties.csv").write_text(ties)
        (place / name / "small.toml").write_text(text)
        MOVED[experiment](sp.Scenario.load(place / name / "small.toml"), place / f"out {name}")
        found.append({path.name for path in (place / f"out {name}" / "parts").iterdir()})
    assert found[0] == found[1] != set()
    assert not found[0] & found[2]


def test_a_chamber_among_several_is_opened_like_one_fitted_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(several_chambers, "fit_into", quick_fit)
    monkeypatch.setattr(
        several_chambers, "trend", lambda *given, **options: pd.DataFrame({"a": [1]})
    )
    monkeypatch.setattr("sociophysics.cli.fit._show_trend", lambda trend: None)
    (place / "others.csv").write_text(VOTES)
    assert main(["fit", "votes.csv", "others.csv", "--quick", "--out", "trend"]) == 0
    assert main(["fit", "others.csv", "--quick", "--out", "alone"]) == 0
    opened = sp.open("trend/others")
    assert isinstance(opened, sp.study.opening.Study)
    assert opened.question.items() >= {"quick": True, "test": "cells", "seed": 0}.items()
    assert opened.question["votes"] == ["others"]
    assert opened.manifest == sp.open("alone").manifest


DEEP = "[" * 100_000
MANIFESTS = {
    "cut": '{"format": "socio',
    "deep": f'{{"a": {DEEP}',
    "deep and whole": '{"a": ' * 400 + "1" + "}" * 400,
    "a list": "[1]",
    "nothing": "",
    "a long number": f'{{"seed": {"9" * 5000}}}',
    "not text": "\ud800",
}


@pytest.mark.parametrize("damage", MANIFESTS)
def test_a_damaged_manifest_is_one_sentence_with_one_advice_for_all(
    place: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    (place / "out").mkdir()
    text = MANIFESTS[damage].encode("utf-8", "surrogatepass")
    (place / "out" / "manifest.json").write_bytes(text)
    (place / "out" / "results.parquet").write_text("anything")
    said = {refused(capsys, *words, "--out", "out") for words in COMMANDS.values()}
    with pytest.raises(InputError) as error:
        sp.Run.open("out")
    assert said == {f"sociophysics: {error.value}"}
    with pytest.raises(InputError) as error:
        sp.study.status("out")
    assert said == {f"sociophysics: {error.value}"}
    assert "choose another --out" in str(error.value)


def test_a_manifest_of_a_gigabyte_is_refused_before_it_is_read(place: Path) -> None:
    (place / "out").mkdir()
    with (place / "out" / "manifest.json").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(InputError, match="has 1073741824 bytes"):
        sp.Run.open("out")


def test_the_parts_under_a_damaged_manifest_serve_another_folder(place: Path) -> None:
    """What the sentence advises is true: copied parts are not computed again."""
    scenario = sp.Scenario.load("small.toml")
    sp.run(scenario, "out", workers=1)
    (place / "out" / "manifest.json").write_text("{")
    (place / "new").mkdir()
    (place / "out" / "parts").rename(place / "new" / "parts")
    sp.run(scenario, "new", workers=1)
    log = (place / "new" / "log.jsonl").read_text()
    assert '"part"' not in log
    assert (place / "new" / "results.parquet").exists()


PIPES = ["manifest.json", "results.parquet", "events.parquet", "log.jsonl"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("name", PIPES)
def test_a_pipe_in_a_run_folder_is_refused_and_never_waited_for(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main([*COMMANDS["run"], "--out", "out"]) == 0
    capsys.readouterr()
    (place / "out" / name).unlink()
    os.mkfifo(place / "out" / name)
    if name != "log.jsonl":
        with pytest.raises(InputError, match="is a pipe or a device, not a file"):
            sp.Run.open("out")
    if name in ("log.jsonl", "manifest.json"):
        line = refused(capsys, *COMMANDS["run"], "--out", "out")
        assert "is a pipe or a device" in line


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_among_the_files_of_a_scenario_is_refused_and_never_waited_for(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(place / "pipe.csv")
    kind = 'kind = "watts_strogatz"\nn = 20\nk = 4\np = 0.1'
    text = SCENARIO.replace(kind, 'kind = "file"\npath = "pipe.csv"')
    (place / "small.toml").write_text(text)
    assert "is a pipe or a device" in refused(capsys, *COMMANDS["run"], "--out", "out")


@pytest.mark.parametrize("command", OTHERS)
def test_a_folder_is_tried_before_the_work(
    place: Path, capsys: pytest.CaptureFixture[str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*given: object, **options: object) -> None:
        raise AssertionError("worked before the folder was tried")

    monkeypatch.setattr("sociophysics.experiments.cascade_designs", work)
    monkeypatch.setattr("sociophysics.experiments.inspection.structure", work)
    monkeypatch.setattr(FIT, work)
    real = os.fsync

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    line = refused(capsys, *COMMANDS[command], "--out", "out")
    assert "no space is left on the disk of out" in line
    monkeypatch.setattr(os, "fsync", real)
    (place / "file").write_text("")
    assert "file" in refused(capsys, *COMMANDS[command], "--out", "file/below")

    def denied(*given: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    line = refused(capsys, *COMMANDS[command], "--out", "elsewhere")
    assert "elsewhere cannot be written to (Permission denied)" in line


@pytest.mark.parametrize("command", OTHERS)
def test_a_disk_that_fills_up_is_one_sentence_and_keeps_the_old_tables(
    place: Path, capsys: pytest.CaptureFixture[str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))
    real = os.fsync

    def full(handle: int) -> None:
        # The manifest and its folder are flushed first.
        if next(calls) >= 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    def fit(store: Folder, *given: object, **options: object) -> None:
        store.write("members.csv", lambda file: file.write(b"half"))

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(FIT, fit)
    line = refused(capsys, *COMMANDS[command], "--out", "out")
    assert "no space is left on the disk of out; what is finished is kept" in line
    assert {path.name for path in (place / "out").iterdir()} == {"manifest.json", "log.jsonl"}


def test_a_disk_that_fills_up_after_the_study_is_named_by_its_folder(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reports are written when the study is closed; `audit` said "a disk"."""
    import sociophysics.store.folder as folder

    real = folder.replace_file

    def full(path: Path, fill: folder.Fill) -> None:
        if path.name == "report.html":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, fill)

    monkeypatch.setattr(folder, "replace_file", full)
    claims = '[[claims]]\ntext = "x"\nobservable = "magnetization"\nrelation = ">"\nvalue = 0\n'
    (place / "claims.toml").write_text(SCENARIO + claims)
    words = [["audit", "claims.toml", "--only", "seed 8", "--workers", "1"], COMMANDS["cascades"]]
    for command in words:
        line = refused(capsys, *command, "--quiet", "--out", command[0])
        assert f"no space is left on the disk of {command[0]}; what is finished is kept" in line


def test_what_is_refused_leaves_no_folder(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SCENARIO.replace('kind = "nucleate"\nshare = 0.2', 'kind = "heat"\ntemperature = 1.0')
    (place / "small.toml").write_text(text)
    assert "nucleate" in refused(capsys, *COMMANDS["cascades"], "--out", "out")
    assert not (place / "out").exists()


def test_what_the_system_refuses_anywhere_is_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(number: int) -> None:
        def fail(*given: object, **options: object) -> None:
            raise OSError(number, os.strerror(number), "a/file")

        monkeypatch.setattr("sociophysics.report.describe.describe", fail)

    for number in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EMFILE, errno.EIO):
        refuse(number)
        line = refused(capsys, "describe", "small.toml")
        assert "a/file" in line


LONG = {
    "a word": "x" * 10_000,
    "a text": "a b " * 2_500,
    "a list": [["q"] * 5_000],
    "numbers": [10**4_000],
    "a table": {"a": [1] * 5_000},
}


@pytest.mark.parametrize("kind", LONG)
def test_no_error_repeats_a_value_beyond_two_hundred_characters(kind: str) -> None:
    said = str(InputError(f"the user's value is {LONG[kind]!r}; it must be 'one' of these."))
    assert len(said) < 270
    assert said.startswith("the user's value is ")
    assert said.endswith("it must be 'one' of these.")


def test_a_short_sentence_is_left_as_it_is() -> None:
    text = "a's value (2 of 3) is 'b'; " + ", ".join(["camp"] * 100) + "."
    assert str(InputError(text)) == text


EDITED = {
    "no inputs": ("run", ["inputs"], None, "does not say what was read"),
    "inputs that are a text": ("cascades", ["inputs"], "x", "does not say what was read"),
    "no name": ("run", ["name"], None, "does not name the run"),
    "no scenario": ("run", ["scenario"], None, "does not say what was asked"),
    "a question that is a text": ("inspect", ["asked"], "x", "does not say what was asked"),
    "a format that is a list": ("run", ["format"], [1], "is not the manifest of a"),
    "a sweep that is a list": ("run", ["scenario", "sweep"], [1], "holds no valid scenario"),
    "no replicas": ("run", ["scenario", "sweep", "replicas"], None, ""),
    "replicas that are a text": ("run", ["scenario", "sweep", "replicas"], "x", ""),
    "designs that are a text": ("run", ["scenario", "designs"], "x", "holds no valid scenario"),
}


@pytest.mark.parametrize("case", EDITED)
def test_a_manifest_that_somebody_edited_is_damage_and_no_defect(
    place: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    command, keys, value, sentence = EDITED[case]
    assert main([*COMMANDS[command], "--out", "out"]) == 0
    capsys.readouterr()
    manifest = json.loads((place / "out" / "manifest.json").read_text())
    table = manifest
    for key in keys[:-1]:
        table = table[key]
    table.pop(keys[-1], None)
    if value is not None:
        table[keys[-1]] = value
    (place / "out" / "manifest.json").write_text(json.dumps(manifest))
    before = contents(place / "out")
    for arguments in ([*COMMANDS[command], "--out", "out"], ["repeat", "out", "--sample", "1"]):
        line = refused(capsys, *arguments)
        assert sentence in line or "holds no valid scenario" in line
        assert "defect" not in line
    assert contents(place / "out") == before


def test_a_question_that_somebody_edited_cannot_be_repeated(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMANDS["cascades"], "--out", "out"]) == 0
    capsys.readouterr()
    manifest = json.loads((place / "out" / "manifest.json").read_text())
    del manifest["asked"]["replicas"]
    (place / "out" / "manifest.json").write_text(json.dumps(manifest))
    line = refused(capsys, "repeat", "out")
    assert "out cannot be repeated: its manifest or log does not say what was asked" in line


def test_a_table_of_a_study_that_unpacks_to_more_than_memory_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([*COMMANDS["inspect"], "--out", "out"]) == 0
    name = "x" * 1_000_000
    pd.DataFrame({"name": [name] * 1_000}).to_parquet(place / "out" / "structure.parquet")
    monkeypatch.setattr("sociophysics.machine.available_memory", lambda: 100_000_000)
    with pytest.raises(InputError, match=r"structure\.parquet .*memory"):
        sp.open("out").tables["structure"]


SAMPLES = "version,x\n" + "".join(f"{k % 6},{k % 5}\n" for k in range(90))
AMPLIFIED = "source,target\n" + "".join(f"u{k % 12},t{k % 5}\n" for k in range(60))
BEYOND = {
    "shuffles": (["detect", "samples.csv", "--along", "version", "--draws", "9" * 12], "draws is"),
    "shuffles of memory": (
        ["detect", "samples.csv", "--along", "version", "--draws", "1000000"],
        "draws = 1,000,000 needs about",
    ),
    "bootstraps": (["axis", "amplified.csv", "--draws", "9" * 12], "draws is"),
    "fewer than none": (["axis", "amplified.csv", "--draws", "-1"], "draws is -1; allowed: 0 to"),
    "rewired networks": (["inspect", "ties.csv", "--draws", "9" * 12], "draws is"),
    "seconds that are none": (
        ["inspect", "ties.csv", "--draws", "0", "--time-limit", "nan"],
        "time_limit is nan, which is no number",
    ),
    "values that are none": (
        ["trial", "trial.toml", "--published", "d = 0, se = 0.1", "--values", "nan,1"],
        "values is [nan, 1.0], which is no number",
    ),
    "values without end": (
        ["trial", "trial.toml", "--published", "d = 0, se = 0.1", "--values", "0:1:1e-9"],
        "values; at most 100,000 are allowed",
    ),
    "lists in lists": (
        ["fit", "votes.csv", "--quick", "--estimators", "exact: l2 = " + "[" * 3000],
        "--estimators is 'exact: l2 = [[",
    ),
    "digits": (
        ["fit", "votes.csv", "--quick", "--estimators", "exact: l2 = " + "9" * 5000],
        "--estimators is 'exact: l2 = 99",
    ),
}


@pytest.mark.parametrize("case", BEYOND)
def test_numbers_beyond_reason_are_refused_before_anything_is_made(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    (place / "samples.csv").write_text(SAMPLES)
    (place / "amplified.csv").write_text(AMPLIFIED)
    treated = "[trial]\nat = 2\nshare = [0.5]\ntreatment = { temperature = 0.5 }\n"
    acts = '[[interventions]]\nat = 2\nkind = "nucleate"\nshare = 0.2\n'
    (place / "trial.toml").write_text(SCENARIO.replace(acts, treated))
    monkeypatch.setattr("sociophysics.machine.available_memory", lambda: 500_000_000)
    arguments, sentence = BEYOND[case]
    assert sentence in refused(capsys, *arguments, "--out", "out")
    assert not (place / "out").exists()


def test_samples_are_searched_after_their_folder_is_tried(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[object] = []
    monkeypatch.setattr(
        "sociophysics.statistics.detect_transition", lambda *a, **k: searched.append(a)
    )
    (place / "samples.csv").write_text(SAMPLES)
    (place / "file").write_text("mine")
    line = refused(capsys, "detect", "samples.csv", "--along", "version", "--out", "file/out")
    assert "file" in line
    assert not searched
