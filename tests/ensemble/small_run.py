"""A small run, and what is compared of two."""

from __future__ import annotations

import json
from pathlib import Path

import sociophysics as sp

TEXT = """
seed = 7
[network]
kind = "complete"
n = 10
[couplings]
kind = "uniform"
[dynamics]
temperature = 0.7
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

OUTPUTS = ("results.parquet", "events.parquet", "comparison.csv", "manifest.json")


def fake_report(run: sp.Run) -> str:
    return "a report"


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
