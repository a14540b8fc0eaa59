"""A command killed at any moment goes on: the same bytes of tables, and nothing done twice.

What a killed process leaves behind changes where something is flushed to the disk, so that a kill
there stands for all moments before it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sociophysics.cli import main
from tests.test_study_folders import SCENARIO

VOTES = "id,name,party,state," + ",".join(f"v{k}" for k in range(12)) + "\n"
for member in range(5):
    cast = (1 if (5 * k + k * k) % 5 > (member if k % 3 else 4 - member) else -1 for k in range(12))
    VOTES += f"{member},M{member},{'DR'[member > 2]},XX,{','.join(map(str, cast))}\n"
TURNED = SCENARIO.partition("[[interventions]]")[0] + "[sweep]\nreplicas = 5\n"
COMMANDS = {
    "tip": ["tip", "turned.toml", "--values", "0.4,1,2,4,6,8", "--loop"],
    "fit": ["fit", "votes.csv", "--quick"],
    "inspect": ["inspect", "karate", "--draws", "6", "--time-limit", "1"],
    "cascades": ["cascades", "small.toml", "--replicas", "6"],
}
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
    files = {"votes.csv": VOTES, "small.toml": SCENARIO, "turned.toml": TURNED}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(command: str, out: str) -> list[str]:
    return [*COMMANDS[command], "--workers", "1", "--quiet", "--out", out]


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
    assert len(finished(place / "whole")) > 4
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


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_killed_on_the_way_goes_on(
    place: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = flushes(place, command, monkeypatch)
    kept = killed(place, command, total // 2)
    assert 0 < kept < len(finished(place / "whole"))


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
