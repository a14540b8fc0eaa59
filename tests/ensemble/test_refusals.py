"""What a run refuses, and says in one sentence, before anything is written."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario, Settings
from sociophysics.store import Folder
from sociophysics.study import run_manifest as run_folder
from sociophysics.study import status
from tests.ensemble.small_run import (
    TEXT,
    assert_same_run,
    contents,
    inodes,
)
from tests.ensemble_stub import run_stub

REFUSED = {
    "seed": ({"seed": 8}, r"seed \(7, now 8\) differs"),
    "coupling": ({"couplings.value": 2.0}, r"couplings.value \(1.0, now 2.0\) differs"),
    "fewer replicas": ({"sweep.replicas": 6}, r"sweep.replicas \(7, now 6\)"),
    "a value less": ({"sweep.feed.strength": [0.5]}, r"sweep.feed.strength \(without 0.25\)"),
    "a key more": ({"sweep.network.n": [10]}, "the swept keys"),
    "redraw": ({"sweep.redraw": ["network"]}, "sweep.redraw"),
    "a design changed": ({"designs.memory.feed.tau": 5}, "design 'memory'"),
    "a design less": (
        {"designs": [{"name": "memory", "feed": {"kind": "memory", "strength": 0.5}}]},
        "design 'no feed' differs",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_any_other_change_is_refused(scenario: Scenario, finished: Path, case: str) -> None:
    changes, sentence = REFUSED[case]
    before = contents(finished)
    with pytest.raises(InputError, match=f"{sentence}.*choose another --out"):
        run_stub(scenario.replace(changes), finished)
    assert contents(finished) == before


def test_only_the_numbers_count(scenario: Scenario, undisturbed: Path, finished: Path) -> None:
    before = inodes(finished)
    copy = Scenario.from_toml(TEXT, name="a copy").replace({"title": "said better"})
    again = run_stub(copy, finished)
    assert inodes(finished) == before
    assert again.manifest["name"] == "small"
    assert again.manifest["scenario"]["title"] == "said better"
    run_stub(scenario, finished)
    assert_same_run(finished, undisturbed)


def test_a_changed_version_is_refused(scenario: Scenario, finished: Path) -> None:
    manifest = json.loads((finished / "manifest.json").read_text())
    manifest["versions"]["numpy"] = "1.0"
    (finished / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="version of numpy"):
        run_stub(scenario, finished)


def test_a_changed_input_file_is_refused(tmp_path: Path) -> None:
    text = TEXT.replace('kind = "complete"\nn = 10', 'kind = "file"\npath = "./ties.csv"')
    (tmp_path / "small.toml").write_text(text)
    with pytest.raises(InputError, match=r"network.path is './ties.csv'.*No such file"):
        run_stub(Scenario.load(tmp_path / "small.toml"), tmp_path / "run")
    (tmp_path / "ties.csv").write_text("source,target\n1,2\n")
    scenario = Scenario.load(tmp_path / "small.toml")
    run_stub(scenario, tmp_path / "run")
    assert status(tmp_path / "run") == (18, 18)
    (tmp_path / "ties.csv").write_text("source,target\n1,3\n")
    with pytest.raises(InputError, match=r"the content of ./ties.csv differs"):
        run_stub(scenario, tmp_path / "run")


@pytest.mark.parametrize("content", ["file", "folder", "manifest", "broken manifest"])
def test_somebody_elses_folder_is_refused(scenario: Scenario, tmp_path: Path, content: str) -> None:
    out = tmp_path / "run"
    if content == "file":
        out.write_text("mine")
    else:
        out.mkdir()
        text = {"folder": "mine", "manifest": "{}", "broken manifest": "{"}[content]
        (out / ("notes.txt" if content == "folder" else "manifest.json")).write_text(text)
    before = contents(tmp_path)
    with pytest.raises(InputError, match="choose another --out"):
        run_stub(scenario, out)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["log.jsonl", "parts"])
def test_files_that_only_look_like_a_run_are_refused(
    scenario: Scenario, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "run"
    mine = out / name if name == "log.jsonl" else out / name / "photo.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_text('{"my": "log"}\n')
    with pytest.raises(InputError, match=f"holds '{name}' and no run; choose another --out"):
        run_stub(scenario, out)
    assert contents(out) == {str(mine): b'{"my": "log"}\n'}


def test_of_two_runs_into_one_folder_the_later_is_refused(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    real = run_folder.claim
    finished: dict[str, bytes] = {}

    def late(store: Folder | None) -> Any:
        # Another run starts and ends between this one's checks and its lock.
        monkeypatch.setattr(run_folder, "claim", real)
        run_stub(scenario, out)
        finished.update(contents(out))
        return real(store)

    monkeypatch.setattr(run_folder, "claim", late)
    with pytest.raises(InputError, match=r"seed .* differs; choose another --out"):
        run_stub(scenario.replace({"seed": 8}), out)
    assert finished
    assert contents(out) == finished


def test_a_folder_in_which_nothing_is_finished_is_let(
    scenario: Scenario, undisturbed: Path, tmp_path: Path, orders: Path
) -> None:
    out = tmp_path / "run"
    (orders / "bad input").touch()
    with pytest.raises(InputError, match="no users"):
        run_stub(scenario.replace({"seed": 8}), out)
    assert (out / "manifest.json").exists()
    (orders / "bad input").unlink()
    run_stub(scenario, out)
    assert_same_run(out, undisturbed)


@pytest.mark.parametrize("kept", ["parts", "results.parquet", "report.html"])
def test_a_folder_in_which_something_is_finished_is_not(
    scenario: Scenario, finished: Path, kept: str
) -> None:
    for path in sorted(finished.rglob("*"), reverse=True):
        if path.is_file() and kept not in path.parts and path.name != "manifest.json":
            path.unlink()
    with pytest.raises(InputError, match=r"seed .* differs"):
        run_stub(scenario.replace({"seed": 8}), finished)


def test_a_folder_in_use_is_refused(scenario: Scenario, tmp_path: Path) -> None:
    with (
        run_folder.claim(Folder(tmp_path / "run")),
        pytest.raises(InputError, match="another run is writing"),
    ):
        run_stub(scenario, tmp_path / "run")


def test_status_of_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run"):
        status(tmp_path / "nowhere")


@pytest.mark.parametrize("workers", [0, -1, 1.5, True])
def test_bad_worker_counts(scenario: Scenario, workers: int) -> None:
    with pytest.raises(InputError, match="workers is"):
        run_stub(scenario, None, workers=workers)


def test_a_table_too_large_is_refused_first(scenario: Scenario) -> None:
    huge = scenario.replace({"dynamics.sweeps": 10**12, "observe.every": 1})
    with pytest.raises(InputError, match="the table of 24 parts needs about"):
        run_stub(huge, None)


def test_a_plan_too_large_is_refused_before_it_is_made(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sociophysics.machine.available_memory", lambda: 2**33)
    start = time.perf_counter()
    with pytest.raises(InputError, match="the table of 24000000 parts needs about"):
        run_stub(scenario.replace({"sweep.replicas": 10**7}), None)
    assert time.perf_counter() - start < 2.0


# With the real simulation


CAMPS = 'kind = "planted_partition"\nn = 10\ncommunities = 1\nk_in = 3\nk_out = 0'
LATE = {
    "start": ("sweeps = 6", 'sweeps = 6\nstart = "zzz"', "start is 'zzz'"),
    "no camps": ('"energy"', '"camp_polarization"', "camp_polarization needs camps"),
    "a pool": ('kind = "memory"', 'kind = "in_group"', "pool 'camp' needs camps"),
    "a camp": (
        "[sweep]",
        '[[interventions]]\nkind = "nucleate"\nat = 3\nwho = "camp:7"\n[sweep]',
        "no camps; name a node attribute",
    ),
    "a user": (
        "[sweep]",
        '[[interventions]]\nkind = "nucleate"\nat = 3\nwho = ["bob"]\n[sweep]',
        "'bob', who is not in the network",
    ),
    "a bridge": (
        "[sweep]",
        '[[interventions]]\nkind = "rewire"\nat = 3\ntoward = "bridge"\n[sweep]',
        "the users have no camps; name a node attribute",
    ),
    "a field": ("[observe]", '[field]\nkind = "camps"\nvalues = [1]\n[observe]', "values holds 1"),
    "an attribute": ("[observe]", '[field]\nkind = "attribute"\nname = "x"\n[observe]', "'x'"),
    "couplings": ('kind = "uniform"', 'kind = "camps"', "no attributes here: give a node table"),
}


@pytest.mark.parametrize("case", LATE)
def test_what_only_the_society_shows_is_refused_before_anything_is_written(
    tmp_path: Path, case: str
) -> None:
    old, new, words = LATE[case]
    assert old in TEXT
    scenario = Scenario.from_toml(TEXT.replace(old, new), name="small")
    with pytest.raises(InputError, match=words) as error:
        sp.run(scenario, tmp_path / "run", workers=1)
    assert str(error.value).startswith("small, design ")
    assert not (tmp_path / "run").exists()


def test_one_camp_is_refused_for_a_polarization(tmp_path: Path) -> None:
    text = TEXT.replace('kind = "complete"\nn = 10', CAMPS).replace("energy", "camp_polarization")
    with pytest.raises(InputError, match="exactly two camps, but 1 is present"):
        sp.run(Scenario.from_toml(text), tmp_path / "run", workers=1)
    assert not (tmp_path / "run").exists()


def test_only_unfinished_cases_are_rehearsed_each_society_in_a_row(
    scenario: Scenario, tmp_path: Path
) -> None:
    seen: list[Settings] = []

    def rehearse(settings: Settings, replicas: Sequence[int]) -> None:
        seen.append(settings)

    swept = scenario.replace({"sweep.network.n": [10, 12]})
    run_stub(swept, tmp_path / "run", rehearse=rehearse)
    sizes = [settings.network.n for settings in seen]
    assert sizes == sorted(sizes)
    assert len({settings.hash for settings in seen}) == len(seen) == 2 * 9
    seen.clear()
    run_stub(swept.replace({"sweep.network.n": [10, 12, 14]}), tmp_path / "run", rehearse=rehearse)
    assert {settings.network.n for settings in seen} == {14}
