"""Parts survive whatever happens, and the table is the same whatever has happened."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import sociophysics as sp
from sociophysics.ensemble import bundles, plan, status, tasks
from sociophysics.ensemble import folder as run_folder
from sociophysics.ensemble import parts as run_parts
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario, Settings
from sociophysics.store import Folder
from tests.ensemble_stub import ORDERS, run_stub, simulate

TEXT = """
seed = 7
[network]
kind = "complete"
n = 10
[couplings]
kind = "uniform"
[dynamics]
temperature = 0.8
sweeps = 6
[observe]
every = 2
names = ["magnetization", "energy"]
[[designs]]
name = "no feed"
[[designs]]
name = "memory"
feed = { kind = "memory", strength = 0.5 }
[sweep]
replicas = 7
"dynamics.temperature" = [0.5, 0.7, 0.9]
"feed.strength" = [0.25, 0.5]
"""


@pytest.fixture
def scenario() -> Scenario:
    return Scenario.from_toml(TEXT, name="small")


def fake_report(run: sp.Run) -> str:
    return "a report"


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sociophysics.report.page.render", fake_report)


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "orders"
    folder.mkdir()
    monkeypatch.setenv(ORDERS, str(folder))
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "undisturbed"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sociophysics.report.page.render", fake_report)
        run_stub(Scenario.from_toml(TEXT, name="small"), folder)
    return folder


@pytest.fixture
def finished(undisturbed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(undisturbed, tmp_path / "finished"))


OUTPUTS = ("results.parquet", "events.parquet", "comparison.csv", "manifest.json")


def assert_same_run(one: Path, other: Path) -> None:
    for name in OUTPUTS:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert {p.name for p in (one / "parts").glob("*")} == {
        p.name for p in (other / "parts").glob("*.parquet")
    }


def events(folder: Path) -> list[str]:
    return [json.loads(line)["event"] for line in (folder / "log.jsonl").read_text().splitlines()]


def inodes(folder: Path) -> dict[str, tuple[int, int]]:
    stats = {path.name: path.stat() for path in (folder / "parts").glob("*.parquet")}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# The plan and the table


def test_blocks_of_five_and_shared_parts(scenario: Scenario) -> None:
    parts = plan(scenario)
    assert [part.replicas for part in parts[:2]] == [(0, 1, 2, 3, 4), (5, 6)]
    assert len(parts) == 2 * 3 * 2 * 2
    # "no feed" has no strength: its two values are the same parts.
    assert len({part.name for part in parts}) == (1 + 2) * 3 * 2
    assert parts[0].name == parts[2].name


def test_part_names_depend_on_settings_only(scenario: Scenario) -> None:
    other = Scenario.from_toml(TEXT.replace("seed = 7", "seed = 8"))
    assert not {p.name for p in plan(scenario)} & {p.name for p in plan(other)}
    titled = scenario.replace({"title": "another title"})
    assert [p.name for p in plan(scenario)] == [p.name for p in plan(titled)]


def test_table_has_binding_columns_and_order(scenario: Scenario) -> None:
    table = run_stub(scenario, None).table
    keys = ["design", "dynamics.temperature", "feed.strength", "replica", "sweep"]
    assert list(table.columns) == [*keys, "magnetization", "energy"]
    assert len(table) == 2 * 3 * 2 * 7 * 4
    order = table[keys].copy()
    order["design"] = order["design"].map({"no feed": 0, "memory": 1})
    assert order.equals(order.sort_values(keys, ignore_index=True))
    free = table[table["design"] == "no feed"]
    low, high = (free[free["feed.strength"] == value] for value in (0.25, 0.5))
    assert low["energy"].tolist() == high["energy"].tolist()


def test_nothing_is_written_without_out(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = run_stub(scenario, None)
    assert run.directory is None
    assert list(tmp_path.iterdir()) == []


def test_listed_designs_keep_the_order_of_the_file(scenario: Scenario) -> None:
    table = run_stub(scenario.replace({"sweep.dynamics.temperature": [0.9, 0.5]}), None).table
    assert table["design"].drop_duplicates().tolist() == ["no feed", "memory"]
    assert table["dynamics.temperature"].drop_duplicates().tolist() == [0.9, 0.5]


def test_events_are_one_row_per_replica_whatever_the_blocks(scenario: Scenario) -> None:
    happened = run_stub(scenario, None).events
    assert list(happened.columns[-4:]) == ["replica", "sweep", "event", "details"]
    assert len(happened) == 2 * 3 * 2 * 7
    assert happened["details"].unique().tolist() == ['{"temperature": 2.0}']


# Workers and executors change no byte


@pytest.mark.parametrize("workers", [1, 2])
def test_same_bytes_for_any_worker_count(
    scenario: Scenario, undisturbed: Path, tmp_path: Path, workers: int
) -> None:
    run_stub(scenario, tmp_path / "again", workers=workers)
    assert_same_run(tmp_path / "again", undisturbed)
    assert status(tmp_path / "again") == (18, 18)


def test_any_executor(scenario: Scenario, undisturbed: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as executor:
        run_stub(scenario, tmp_path / "threads", executor=executor)
        in_memory = run_stub(scenario, None, executor=executor)
    assert_same_run(tmp_path / "threads", undisturbed)
    assert in_memory.table.equals(pd.read_parquet(undisturbed / "results.parquet"))


def test_progress_counts_parts_and_updates(scenario: Scenario, tmp_path: Path) -> None:
    seen: list[tuple[int, int, float]] = []
    run_stub(scenario, tmp_path / "run", progress=lambda *now: seen.append(now))
    assert seen[0] == (0, 18, 0.0)
    assert seen[-1] == (18, 18, 9 * 7 * 10 * 6)
    run_stub(scenario, tmp_path / "run", progress=lambda *now: seen.append(now))
    assert seen[-1] == (18, 18, 0.0)


# Killed at any moment


def test_a_killed_worker_costs_nothing(
    scenario: Scenario, undisturbed: Path, tmp_path: Path, orders: Path
) -> None:
    (orders / "kill once").touch()
    run_stub(scenario, tmp_path / "run", workers=2)
    assert_same_run(tmp_path / "run", undisturbed)
    assert events(tmp_path / "run").count("retry") == 1


def test_workers_that_always_die_are_given_up(
    scenario: Scenario, tmp_path: Path, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "RETRIES", 1)
    monkeypatch.setattr(bundles, "PARTS_PER_TASK", 4)
    (orders / "kill at 0.9").touch()
    with pytest.raises(InputError, match=r"no progress in 2 attempts .* finished parts are kept"):
        run_stub(scenario, tmp_path / "run", workers=2)
    assert 0 < status(tmp_path / "run").finished < 18


@pytest.mark.parametrize(("workers", "after"), [(1, 7), (2, 4)])
def test_a_killed_run_continues(
    scenario: Scenario, undisturbed: Path, tmp_path: Path, orders: Path, workers: int, after: int
) -> None:
    (orders / "slow").touch()
    file, out = tmp_path / "small.toml", tmp_path / "run"
    file.write_text(TEXT)
    start = "from tests.ensemble_stub import main; main()"
    command = [sys.executable, "-c", start, str(file), str(out), str(workers)]
    process = subprocess.Popen(command, cwd=Path(__file__).parent.parent)
    deadline = time.monotonic() + 60
    while len(inodes(out)) < after and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.1)  # workers end when they notice
    before = inodes(out)
    assert after <= len(before) < 18
    (orders / "slow").unlink()
    run_stub(Scenario.load(file), out)
    assert_same_run(out, undisturbed)
    assert before.items() <= inodes(out).items()


def test_a_run_killed_at_its_very_beginning_continues(
    scenario: Scenario, undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    (out / "parts").mkdir(parents=True)
    (out / "log.jsonl").touch()
    (out / ".manifest.json.1.1.tmp").write_text('{"form')
    run_stub(scenario, out)
    assert_same_run(out, undisturbed)


def test_a_part_with_any_bit_flipped_is_corrupt_or_the_same(
    scenario: Scenario, tmp_path: Path
) -> None:
    part = plan(scenario)[0]
    (tmp_path / "parts").mkdir()
    data = run_parts.PartData(*simulate(part.settings, range(5)))
    run_parts.write_part(Folder(tmp_path), part, data)
    path = tmp_path / "parts" / f"{part.name}.parquet"
    whole, right = path.read_bytes(), run_parts.read_part(Folder(tmp_path), part)
    assert right.events == [{"sweep": 1, "kind": "heat", "replica": None, "temperature": 2.0}]
    caught = 0
    places = range(0, len(whole), 5)
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            read = run_parts.read_part(Folder(tmp_path), part)
        except run_parts.CorruptPart:
            caught += 1
            continue
        assert read.table.equals(right.table)
        assert read.events == right.events
    assert caught > len(places) / 2


CHANGED = {
    "a value": lambda about: about["events"][0].update(temperature=3.0),
    "a kind": lambda about: about["events"][0].update(kind="beat"),
    "a key": lambda about: about["events"][0].pop("replica"),
    "one less": lambda about: about["events"].clear(),
    "no list": lambda about: about.update(events=None),
    "no digest": lambda about: about.pop("digest"),
}


@pytest.mark.parametrize("change", CHANGED)
def test_changed_events_make_a_part_corrupt(
    scenario: Scenario, tmp_path: Path, change: str
) -> None:
    part = plan(scenario)[0]
    (tmp_path / "parts").mkdir()
    data = run_parts.PartData(*simulate(part.settings, range(5)))
    run_parts.write_part(Folder(tmp_path), part, data)
    path = tmp_path / "parts" / f"{part.name}.parquet"
    arrow = pq.read_table(path)
    about = json.loads(arrow.schema.metadata[run_parts.METADATA])
    CHANGED[change](about)
    text = json.dumps(about).encode()
    pq.write_table(arrow.replace_schema_metadata({run_parts.METADATA: text}), path)
    with pytest.raises(run_parts.CorruptPart):
        run_parts.read_part(Folder(tmp_path), part)


def test_an_event_that_lacks_something_is_never_written(scenario: Scenario, tmp_path: Path) -> None:
    part = plan(scenario)[0]
    table, _ = simulate(part.settings, part.replicas)
    with pytest.raises(ValueError, match="an event of a part lacks one of"):
        run_parts.write_part(Folder(tmp_path), part, run_parts.PartData(table, [{"sweep": 1}]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "text", "swapped"])
def test_a_damaged_part_is_set_aside_and_done_again(
    scenario: Scenario, undisturbed: Path, finished: Path, damage: str
) -> None:
    out = finished
    (out / "results.parquet").unlink()
    victim, other = sorted((out / "parts").glob("*.parquet"))[:2]
    whole = victim.read_bytes()
    flipped = bytearray(whole)
    flipped[40] ^= 1
    victim.write_bytes(
        {
            "truncated": whole[: len(whole) // 2],
            "flipped": bytes(flipped),
            "empty": b"",
            "text": b"not a table",
            "swapped": other.read_bytes(),
        }[damage]
    )
    run_stub(scenario, out)
    aside = out / "parts" / f"{victim.stem}.corrupt"
    assert aside.exists()
    aside.unlink()
    assert events(out).count("corrupt part") == 1
    assert_same_run(out, undisturbed)


def test_a_full_disk_keeps_what_is_finished(
    scenario: Scenario, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(1000))
    real = os.fsync

    def full(handle: int) -> None:
        # A part flushes its file and its folder, as the manifest does before.
        if next(calls) >= 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(InputError, match=r"no space is left .* 5 of 18 parts are finished"):
            run_stub(scenario, out)
    assert not list(out.rglob(".*.tmp"))
    before = inodes(out)
    assert len(before) == 5
    run_stub(scenario, out)
    assert_same_run(out, undisturbed)
    assert before.items() <= inodes(out).items()


def test_ctrl_c_keeps_what_is_finished(
    scenario: Scenario,
    undisturbed: Path,
    tmp_path: Path,
    orders: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundles, "PARTS_PER_TASK", 2)

    def interrupt(done: int, total: int, updates: float) -> None:
        if done > 2:
            raise KeyboardInterrupt

    (orders / "slow").touch()
    with pytest.raises(KeyboardInterrupt):
        run_stub(scenario, tmp_path / "run", workers=2, progress=interrupt)
    assert multiprocessing.active_children() == []
    before = inodes(tmp_path / "run")
    assert 2 < len(before) < 18
    run_stub(scenario, tmp_path / "run")
    assert_same_run(tmp_path / "run", undisturbed)
    assert before.items() <= inodes(tmp_path / "run").items()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_part_stays_what_it_is(
    scenario: Scenario, tmp_path: Path, orders: Path, workers: int
) -> None:
    (orders / "bad input").touch()
    with pytest.raises(InputError, match="the network has no users"):
        run_stub(scenario, tmp_path / "run", workers=workers)
    (orders / "bad input").unlink()
    (orders / "defect").touch()
    with pytest.raises(ZeroDivisionError):
        run_stub(scenario, tmp_path / "run", workers=workers)


# Extending


EXTENSIONS = {
    "whole blocks": ({"sweep.replicas": 5}, {"sweep.replicas": 15}),
    "a block is filled up": ({"sweep.replicas": 7}, {"sweep.replicas": 10}),
    "a value in between": (
        {"sweep.dynamics.temperature": [0.5, 0.9]},
        {"sweep.dynamics.temperature": [0.5, 0.7, 0.9]},
    ),
    "a value in front": (
        {"sweep.feed.strength": [1]},
        {"sweep.feed.strength": {"start": 0.0, "stop": 1.0, "step": 0.5}},
    ),
    "a design": (
        {},
        {
            "designs": [
                {"name": "no feed"},
                {"name": "echo", "feed": {"kind": "self_echo"}},
                {"name": "memory", "feed": {"kind": "memory", "strength": 0.5}},
            ]
        },
    ),
}


@pytest.mark.parametrize("case", EXTENSIONS)
def test_extension_equals_a_fresh_run(scenario: Scenario, tmp_path: Path, case: str) -> None:
    small, large = (scenario.replace(changes) for changes in EXTENSIONS[case])
    out, fresh = tmp_path / "run", tmp_path / "fresh"
    run_stub(small, out)
    before = inodes(out)
    run_stub(large, out)
    run_stub(large, fresh)
    assert_same_run(out, fresh)
    kept = {name for name in before if (fresh / "parts" / name).exists()}
    assert {name: before[name] for name in kept}.items() <= inodes(out).items()
    expected = len(before) // 2 if case == "a block is filled up" else len(before)
    assert len(kept) == expected


class Counted:
    """The stub, and which replicas it was asked for."""

    def __init__(self) -> None:
        self.replicas: list[tuple[int, ...]] = []

    def __call__(self, settings: Settings, replicas: Sequence[int]) -> Any:
        self.replicas.append(tuple(replicas))
        return simulate(settings, replicas)


@pytest.mark.parametrize(
    ("steps", "asked"),
    [
        ([3, 7], {(3, 4), (5, 6)}),
        ([6, 7, 9], {(7, 8)}),
        ([3, 15], {(3, 4), (5, 6, 7, 8, 9), (10, 11, 12, 13, 14)}),
    ],
)
def test_more_replicas_simulate_the_missing_ones_only(
    scenario: Scenario, tmp_path: Path, steps: list[int], asked: set[tuple[int, ...]]
) -> None:
    out, fresh = tmp_path / "run", tmp_path / "fresh"
    for replicas in steps:
        counted = Counted()
        run_stub(scenario.replace({"sweep.replicas": replicas}), out, simulate=counted)
    assert set(counted.replicas) == asked
    assert len(counted.replicas) == 9 * len(asked)
    run_stub(scenario.replace({"sweep.replicas": steps[-1]}), fresh)
    assert_same_run(out, fresh)


@pytest.mark.parametrize("moment", ["not merged", "corrupt piece"])
def test_a_run_killed_while_it_fills_up_blocks_continues(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    out, fresh = tmp_path / "run", tmp_path / "fresh"
    few, more = (scenario.replace({"sweep.replicas": count}) for count in (3, 5))
    run_stub(few, out)

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("sociophysics.ensemble.session.merged", killed)
        with pytest.raises(KeyboardInterrupt):
            run_stub(more, out)
    assert len(inodes(out)) == 18
    if moment == "corrupt piece":
        piece = plan(few)[0]
        (out / "parts" / f"{piece.name}.parquet").write_bytes(b"")
    counted = Counted()
    run_stub(more, out, simulate=counted)
    assert counted.replicas == ([] if moment == "not merged" else [(0, 1, 2)])
    for aside in (out / "parts").glob("*.corrupt"):
        aside.unlink()
    run_stub(more, fresh)
    assert_same_run(out, fresh)


REFUSED = {
    "seed": ({"seed": 8}, r"seed \(7, now 8\) differs"),
    "coupling": ({"couplings.value": 2.0}, r"couplings.value \(1.0, now 2.0\) differs"),
    "fewer replicas": ({"sweep.replicas": 6}, r"sweep.replicas \(7, now 6\)"),
    "a value less": ({"sweep.feed.strength": [0.25]}, r"sweep.feed.strength \(without 0.5\)"),
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


def test_a_plan_too_large_is_refused_before_it_is_made(scenario: Scenario) -> None:
    start = time.perf_counter()
    with pytest.raises(InputError, match="the table of 2400000000 parts needs about"):
        run_stub(scenario.replace({"sweep.replicas": 10**9}), None)
    assert time.perf_counter() - start < 2.0


def test_manifest_holds_no_times(undisturbed: Path) -> None:
    manifest = json.loads((undisturbed / "manifest.json").read_text())
    assert set(manifest) == {
        "format", "name", "hash", "scenario", "order", "seed", "replicas", "block", "inputs",
        "versions", "kernel", "users", "camps",
    }  # fmt: skip
    assert Scenario.from_canonical(manifest["scenario"], name="small").hash == manifest["hash"]


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


def test_extended_events_are_those_of_a_fresh_run(tmp_path: Path) -> None:
    acts = """
[[interventions]]
kind = "nucleate"
at = 2
share = 0.3
hold = 1
[[interventions]]
kind = "heat"
at = 4
temperature = 2.0
[sweep]"""
    text = TEXT.replace("sweeps = 6", 'sweeps = 6\nstop_when = "abs(magnetization) > 0.9"')
    few = Scenario.from_toml(text.replace("[sweep]", acts).replace("replicas = 7", "replicas = 2"))
    more = few.replace({"sweep.replicas": 4})
    sp.run(few, tmp_path / "run", workers=1)
    sp.run(more, tmp_path / "run", workers=1)
    sp.run(more, tmp_path / "fresh", workers=1)
    assert_same_run(tmp_path / "run", tmp_path / "fresh")


def test_a_real_run(tmp_path: Path) -> None:
    scenario = Scenario.from_toml(TEXT.replace("replicas = 7", "replicas = 2"))
    one = sp.run(scenario, tmp_path / "one", workers=1)
    sp.run(scenario, tmp_path / "two", workers=2)
    assert_same_run(tmp_path / "one", tmp_path / "two")
    assert one.manifest["users"] == 10
    opened = sp.Run.open(tmp_path / "two")
    assert opened.scenario == scenario
    assert opened.compare("energy").equals(one.compare("energy"))


REGISTER = """
import numpy as np, sociophysics as sp
def third(frame):
    return np.full(len(frame.spins), 1 / 3)
sp.observables.REGISTRY["third"] = third
"""
SCRIPT = """
import pathlib, sociophysics as sp
from sociophysics.ensemble import bundles
bundles.PARTS_PER_TASK = 9
text = (pathlib.Path(__file__).parent / "small.toml").read_text()
if {guard}:
    run = sp.run(sp.Scenario.from_toml(text), workers=2)
    print(len(run.table), run.table["third"].unique().tolist())
"""


@pytest.mark.parametrize(
    ("first", "guard"), [("import mine", "True"), (REGISTER, "__name__ == '__main__'")]
)
def test_scripts_and_their_observables_reach_the_workers(
    tmp_path: Path, first: str, guard: str
) -> None:
    # Without a guard a spawned worker would run the script again; with one it has to import it,
    # if that is where an observable is registered.
    (tmp_path / "small.toml").write_text(TEXT.replace('"energy"', '"third"'))
    (tmp_path / "mine.py").write_text(REGISTER)
    (tmp_path / "script.py").write_text(first + SCRIPT.format(guard=guard))
    command = [sys.executable, str(tmp_path / "script.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"336 [{1 / 3}]\n", "")
