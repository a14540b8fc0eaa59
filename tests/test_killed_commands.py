"""A command killed at any moment goes on: the same bytes of tables, and nothing done twice.

What a killed process leaves behind changes where something is flushed to the disk, so that a kill
there stands for all moments before it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sociophysics.cli import main
from tests.test_study_folders import SCENARIO

VOTES = "id,name,party,state," + ",".join(f"v{k}" for k in range(12)) + "\n"
for member in range(5):
    cast = (1 if (5 * k + k * k) % 5 > (member if k % 3 else 4 - member) else -1 for k in range(12))
    VOTES += f"{member},M{member},{'DR'[member > 2]},XX,{','.join(map(str, cast))}\n"
TURNED = SCENARIO.partition("[[interventions]]")[0] + "[sweep]\nreplicas = 5\n"
CAMPS = """seed = 11
network = {kind = "planted_partition", n = 24, k_in = 6, k_out = 2}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 0.6, sweeps = 24, burn_in = 4, start = "camps"}
observe = {every = 4, names = ["camp_polarization", "magnetization"]}
sweep = {replicas = 4}
designs = [{name = "none"}, {name = "feed", feed = {kind = "in_group", strength = 0.6}}]
"""
CLAIMED = (
    CAMPS
    + """
[[claims]]
text = "what is claimed"
observable = "camp_polarization"
design = "feed"
than = "none"
relation = ">"
"""
)
TREATED = (
    CAMPS.partition("designs")[0]
    + """
trial = {at = 4, settle = 4, share = [0.25, 0.5], treatment = {field = 0.4}, outcome = ["stance"]}
"""
)
CALIBRATED = """
[data]
network = {path = "panel.edges.csv"}
stances = "panel.stances.csv"
[model]
couplings = {kind = "uniform", normalize = "degree"}
[free]
"dynamics.temperature" = {low = 0.5, high = 5.0}
sweeps_per_wave = {low = 0.5, high = 6.0}
"""


def tables() -> dict[str, str]:
    """Return a panel of 40 users over six waves, samples along a control, and who likes whom."""
    rng = np.random.default_rng(1)
    ties = sorted({(i, int(j)) for i in range(40) for j in rng.integers(0, 40, 4) if i < j})
    stances = np.where(rng.random((6, 40)) < 0.6, 1, -1)
    told = [f"{i},{k + 1},{stances[k, i]}" for k in range(6) for i in range(40)]
    samples = [f"{k},{rng.normal() + (k > 5)}" for k in range(12) for _ in range(20)]
    likes = [f"u{i},x{a}" for i in range(40) for a in rng.choice(20, 6, False) if a % 2 == i % 2]
    return {
        "panel.edges.csv": "source,target\n" + "".join(f"{i},{j}\n" for i, j in ties),
        "panel.nodes.csv": "id\n" + "".join(f"{i}\n" for i in range(40)),
        "panel.stances.csv": "id,wave,stance\n" + "\n".join(told) + "\n",
        "samples.csv": "control,y\n" + "\n".join(samples) + "\n",
        "likes.csv": "source,target\n" + "\n".join(likes) + "\n",
    }


FILES = {"claimed.toml": CLAIMED, "camps.toml": CAMPS, "treated.toml": TREATED, **tables()}
FILES |= {"vote.toml": CALIBRATED}
COMMANDS = {
    "tip": ["tip", "turned.toml", "--values", "0.4,1,2,4,6,8", "--loop"],
    "fit": ["fit", "votes.csv", "--quick"],
    "inspect": ["inspect", "karate", "--draws", "6", "--time-limit", "1"],
    "cascades": ["cascades", "small.toml", "--replicas", "6"],
    "trial": ["trial", "treated.toml"],
    "calibrate": ["calibrate", "vote.toml"],
    "audit": ["audit", "claimed.toml", "--only", "rule voter", "--only", "twice the users"],
    "sensitivity": ["sensitivity", "camps.toml", "--keys", "dynamics.temperature=0.5:1"],
    "poll": ["poll", "camps.toml", "--sizes", "1,3"],
    "detect": ["detect", "samples.csv", "--along", "control", "--draws", "19"],
    "compare-rules": ["compare-rules", "panel"],
    "axis": ["axis", "likes.csv", "--draws", "5"],
}
COMMANDS["sensitivity"] += ["--samples", "3"]
ALONE = ("compare-rules", "detect", "axis")  # without workers
WHOLE = (*ALONE, "poll")  # in one piece, or none
# The n-th time that anything is flushed, the process is gone.
KILLED = """
import os, signal, sys
from sociophysics.cli import main
left, real = int(sys.argv[1]), os.fsync
def fsync(handle):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    real(handle)
os.fsync = fsync
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = FILES | {"votes.csv": VOTES, "small.toml": SCENARIO, "turned.toml": TURNED}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(command: str, out: str) -> list[str]:
    workers = [] if command in ALONE else ["--workers", "1"]
    return [*COMMANDS[command], *workers, "--quiet", "--out", out]


def results(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all that is written, times and hosts apart."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "log.jsonl"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def finished(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the finished parts, and which file each is: one computed again is another file."""
    parts = [path for path in (folder / "parts").glob("[0-9a-f]*") if path.suffix != ".draft"]
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in parts}


def flushes(place: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Do the command undisturbed, and return how often it flushed something."""
    import os

    count, real = [], os.fsync
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: (count.append(handle), real(handle)))
        assert main(words(command, "whole")) == 0
    assert len(finished(place / "whole")) > 3 or command in WHOLE
    return len(count)


def killed(place: Path, command: str, moment: int) -> int:
    """Kill the command at a moment, do it again, and return how many parts were kept."""
    out = f"broken{moment}"
    line = [sys.executable, "-c", KILLED, str(moment), *words(command, out)]
    assert subprocess.run(line, capture_output=True).returncode == -signal.SIGKILL
    before = finished(place / out)
    assert main(words(command, out)) == 0
    assert results(place / out) == results(place / "whole")
    assert before.items() <= finished(place / out).items()
    return len(before)


@pytest.mark.parametrize("command", [each for each in COMMANDS if each not in ALONE[1:]])
def test_a_command_killed_on_the_way_goes_on(
    place: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = flushes(place, command, monkeypatch)
    kept = killed(place, command, total // 3)
    assert 0 < kept < len(finished(place / "whole")) or command in WHOLE


@pytest.mark.validate
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_killed_at_thirty_moments_goes_on(
    place: Path, command: str, monkeypatch: pytest.MonkeyPatch, record_property: object
) -> None:
    total = flushes(place, command, monkeypatch)
    moments = sorted({1 + k * (total - 1) // 29 for k in range(30)})
    kept = [killed(place, command, moment) for moment in moments]
    assert kept == sorted(kept)
    record_property("moments", len(moments))  # type: ignore[operator]
    record_property("parts kept", kept)  # type: ignore[operator]
