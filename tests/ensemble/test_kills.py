"""Parts survive whatever happens, and the table is the same whatever has happened."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sociophysics.errors import InputError
from sociophysics.scenario import Scenario
from sociophysics.store import Folder
from sociophysics.study import parts as run_parts
from sociophysics.study import plan, status, tasks
from tests.ensemble.small_run import (
    TEXT,
    assert_same_run,
    events,
    inodes,
)
from tests.ensemble_stub import run_stub, simulate

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
    monkeypatch.setattr(tasks, "PARTS_PER_TASK", 4)
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
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
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
    monkeypatch.setattr(tasks, "PARTS_PER_TASK", 2)

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


def test_what_a_killed_worker_left_half_written_is_gone_at_the_end(tmp_path: Path) -> None:
    store = Folder(tmp_path)
    (tmp_path / "parts").mkdir()
    with store.claim():
        left = [tmp_path / ".a.1.2.tmp", tmp_path / "parts" / ".b.parquet.1.2.tmp"]
        for path in left:
            path.write_bytes(b"half")
    assert not any(path.exists() for path in left)
