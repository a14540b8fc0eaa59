"""What the machine has, on systems that tell less than Linux; places that are nearly places."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import sociophysics as sp
from sociophysics import machine, runs
from sociophysics.errors import InputError
from sociophysics.store import folder_of, open_store
from sociophysics.study import tasks

SMALL = """
seed = 3
network = {kind = "lattice", shape = [6, 6]}
couplings = {kind = "uniform"}
dynamics = {temperature = 2.0, sweeps = 4}
feed = {kind = "chronological", strength = 0.5}
observe = {every = 2, names = ["energy"]}
sweep = {replicas = 12}
"""
LINUX_ONLY = ("sched_getaffinity", "sysconf", "kill")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delete what macOS or Windows lack."""
    for name in LINUX_ONLY:
        monkeypatch.delattr(os, name)
    for name in ("CPU_MAX", "MEMORY_MAX", "MEMORY_USED"):
        monkeypatch.setattr(machine, name, "/no such file")


def test_a_machine_that_tells_nothing_still_runs_a_scenario(
    elsewhere: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_lines", lambda path: [])
    assert machine.usable_cpus() == (os.cpu_count() or 1)
    assert machine.available_memory() == sys.maxsize
    assert machine.process_alive(1)
    machine.require_memory(1e15, what="anything", fix="nothing")
    run = sp.run(sp.Scenario.from_toml(SMALL), tmp_path / "run")
    assert len(run.table) == 36


def test_memory_is_known_where_only_sysconf_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_lines", lambda path: [])
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}.__getitem__)
    assert machine.available_memory() == 4_096_000


@pytest.mark.parametrize(
    ("text", "count"), [("max 100000", 8), ("150000 100000", 2), ("20000 100000", 1), ("", 8)]
)
def test_processors_end_where_the_cgroup_does(
    text: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(text, encoding="ascii")
    monkeypatch.setattr(machine, "CPU_MAX", str(tmp_path / "cpu.max"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    assert machine.usable_cpus() == count


def test_a_process_is_alive_until_it_is_waited_for() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert machine.process_alive(process.pid)
    process.communicate(b"\n")
    assert not machine.process_alive(process.pid)


SWEPT = {"sweep.dynamics.temperature": [1 + k / 8 for k in range(6)]}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many processes were started each time; threads do their work here."""
    counts: list[int] = []

    @contextlib.contextmanager
    def threads(workers: int) -> Iterator[Executor]:
        counts.append(workers)
        with ThreadPoolExecutor(1) as pool:
            yield pool

    monkeypatch.setattr(tasks, "worker_processes", threads)
    monkeypatch.setattr(tasks, "usable_cpus", lambda: 3)
    return counts


def test_little_work_starts_no_process_unless_a_number_is_asked_for(started: list[int]) -> None:
    scenario = sp.Scenario.from_toml(SMALL).replace(SWEPT)
    alone = sp.run(scenario).table
    assert started == []
    assert sp.run(scenario, workers=2).table.equals(alone)
    assert started == [2]


def test_much_work_starts_one_process_per_processor(
    started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = sp.Scenario.from_toml(SMALL).replace(SWEPT)
    alone = sp.run(scenario, workers=1).table
    monkeypatch.setattr(tasks, "SHORT", 1.0)
    assert sp.run(scenario).table.equals(alone)
    assert started == [3]
    monkeypatch.setattr(tasks, "usable_cpus", lambda: 1)
    assert sp.run(scenario).table.equals(alone)
    assert started == [3]


def test_work_that_turns_out_long_goes_on_in_processes(
    started: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scenario = sp.Scenario.from_toml(SMALL).replace(SWEPT)
    alone = sp.run(scenario, workers=1).table
    monkeypatch.setattr(machine, "STARTING", 0.0)
    monkeypatch.setattr(machine, "PAYS", 0.0)
    assert sp.run(scenario, tmp_path / "run").table.equals(alone)
    assert started == [3]
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    parts = [line for line in map(json.loads, lines) if line["event"] == "part"]
    # One part here, by which the pace is known, and each of the others once: three blocks of
    # replicas at six values and the declared one.
    assert len({each["part"] for each in parts}) == len(parts) == 7 * 3


def test_processes_start_while_a_society_is_looked_at_and_none_for_what_is_finished(
    started: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before: list[int] = []
    facts = runs.society_facts

    def look(parts: Any, declared: Any = None) -> dict[str, Any]:
        before.append(len(started))
        return facts(parts, declared)

    monkeypatch.setattr(runs, "society_facts", look)
    scenario = sp.Scenario.from_toml(SMALL)
    for _ in range(2):
        sp.run(scenario, tmp_path / "run", workers=2)
    assert (before, started) == ([1, 1], [2])


def _energies(workers: int) -> float:
    scenario = sp.Scenario.from_toml(SMALL).replace(SWEPT)
    return float(sp.run(scenario, workers=workers).table["energy"].sum())


def test_a_run_inside_a_pool_works_in_that_process() -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        assert pool.map(_energies, [2]) == [_energies(1)]


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert folder_of("~/runs") == tmp_path / "runs"
    assert folder_of(Path("~/runs")) == tmp_path / "runs"
    sp.run(sp.Scenario.from_toml(SMALL), "~/here")
    assert sp.Run.open("~/here").table.equals(sp.Run.open(tmp_path / "here").table)


@pytest.mark.parametrize(
    ("where", "address"),
    [
        ("s3:/typo", "s3://typo"),
        (Path("s3://bucket/run"), "s3://bucket/run"),
        ("gs:bucket/run", "gs://bucket/run"),
        ("file:/var/run", "file:///var/run"),
    ],
)
def test_an_address_short_of_a_slash_is_refused(where: str | Path, address: str) -> None:
    with pytest.raises(InputError, match=f"neither a folder nor an address; write {address} for"):
        open_store(where)


@pytest.mark.parametrize("where", ["runs/one", "C:/runs/one", "a:b", "./s3:/typo"])
def test_other_colons_are_part_of_a_name(where: str) -> None:
    assert folder_of(where) == Path(where)


def test_a_command_that_needs_a_folder_says_so() -> None:
    with pytest.raises(InputError, match="is an address, and here a folder is needed"):
        folder_of("s3://bucket/run")
