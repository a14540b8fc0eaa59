"""The plan and the table of a run, who computes it, how it is extended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.scenario import Scenario, Settings
from sociophysics.study import plan, status
from tests.ensemble.small_run import (
    TEXT,
    assert_same_run,
    inodes,
)
from tests.ensemble_stub import run_stub, simulate

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
    table = run_stub(scenario.replace({"sweep.dynamics.temperature": [0.9, 0.7, 0.5]}), None).table
    assert table["design"].drop_duplicates().tolist() == ["no feed", "memory"]
    assert table["dynamics.temperature"].drop_duplicates().tolist() == [0.9, 0.7, 0.5]


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
        patch.setattr("sociophysics.study.session.merged", killed)
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


def test_manifest_holds_no_times(undisturbed: Path) -> None:
    manifest = json.loads((undisturbed / "manifest.json").read_text())
    assert set(manifest) == {
        "format", "name", "hash", "scenario", "order", "seed", "replicas", "block", "inputs",
        "code", "platform", "versions", "kernel", "users", "camps",
    }  # fmt: skip
    assert Scenario.from_canonical(manifest["scenario"], name="small").hash == manifest["hash"]


# With the real simulation


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
from sociophysics.study import tasks
tasks.PARTS_PER_TASK = 9
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
