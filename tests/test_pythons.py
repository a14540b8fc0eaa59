"""Which Pythons the laws and feeds are tried on: those that are there and run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / ".ci" / "pythons.py"
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def found(path: Path) -> tuple[list[str], str]:
    environment = {"PATH": str(path), "PYENV_ROOT": str(path / "pyenv")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines(), done.stderr


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_machine_with_one_python_is_enough(tmp_path: Path) -> None:
    assert found(tmp_path) == ([], f"Pythons besides {HERE}: none\n")


def test_only_pythons_that_run_and_are_new_enough_count(tmp_path: Path) -> None:
    program(tmp_path / "python3.12", "exit 127")  # a shim of pyenv without that version
    program(tmp_path / "python3.14", "echo 3 14 True cpython /opt/python3.14")
    program(tmp_path / "python3.15", "echo 3 15 False cpython /opt/alpha")
    program(tmp_path / "pyenv" / "versions" / "3.9" / "bin" / "python3",
            "echo 3 9 True cpython /opt/old")  # fmt: skip
    program(tmp_path / "pyenv" / "versions" / "own" / "bin" / "python3",
            "echo 3 19 True cpython '/home/my own/python3'")  # fmt: skip
    lines, said = found(tmp_path)
    assert lines == ["3.14 /opt/python3.14", "3.19 /home/my own/python3"]
    assert said == f"Pythons besides {HERE}: 3.14, 3.19\n"
