"""Print the other Pythons >= 3.11 of this machine, one a line: version and executable."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys

LEAST = (3, 11)
ASK = (
    "import sys, sysconfig, venv, ensurepip; v = sys.version_info; "
    "print(v[0], v[1], v[3] == 'final' and not sysconfig.get_config_var('Py_GIL_DISABLED'), "
    "sys.implementation.name, sys.executable)"
)


def candidates() -> list[str]:
    """Return what is called like a Python on the path and among those of pyenv."""
    names = ["python3", *(f"python3.{minor}" for minor in range(LEAST[1], LEAST[1] + 10))]
    found = [path for name in names if (path := shutil.which(name))]
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    return found + sorted(glob.glob(os.path.join(root, "versions", "*", "bin", "python3")))


def found() -> dict[tuple[int, int], str]:
    """Return one executable of each version that runs; a shim of pyenv may not."""
    pythons: dict[tuple[int, int], str] = {}
    for path in candidates():
        try:
            done = subprocess.run([path, "-c", ASK], capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        words = done.stdout.split(maxsplit=4)
        if done.returncode == 0 and words[2:4] == ["True", "cpython"]:
            version = (int(words[0]), int(words[1]))
            if version >= LEAST:
                pythons.setdefault(version, words[4].strip())
    return pythons


if __name__ == "__main__":
    others = {version: path for version, path in found().items() if version != sys.version_info[:2]}
    names = ", ".join(f"{major}.{minor}" for major, minor in sorted(others)) or "none"
    print(f"Pythons besides {sys.version_info[0]}.{sys.version_info[1]}: {names}", file=sys.stderr)
    for (major, minor), path in sorted(others.items()):
        print(f"{major}.{minor} {path}")
