"""Get the packages to compare with into an environment of their own, ``.venv-peers``.

``python -m benchmarks.install`` installs each on its own, so that one that fails leaves the others;
why one is missing is written down for the table. graph-tool is Debian's, and runs under Debian's
Python; it is installed only where there is the right to.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv-peers"
PINS = Path(__file__).parent / "peers-constraints.txt"
MISSING = ENVIRONMENT / "missing.json"
FROM_PIP = {
    "dwave": ("dwave-samplers",),
    "openjij": ("openjij",),
    "mesa": ("mesa",),
    "peapods": ("peapods",),
    "thrml": ("thrml",),
    "ndlib": ("ndlib", "six", "scikit-learn"),  # two that its requirements forget
    "cnvm": ("cnvm",),
}
FROM_APT = "python3-graph-tool"
LIMIT = 600.0  # seconds for one package


def why_missing(package: str) -> str | None:
    """Return why a package could not be installed, if that is known."""
    if not MISSING.exists():
        return None
    reasons: dict[str, str] = json.loads(MISSING.read_text())
    return reasons.get(package)


def attempt(*command: str | Path) -> str | None:
    """Run a command and return why it failed, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return str(problem).splitlines()[0]
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.splitlines() if line.startswith(("ERROR", "E:"))]
    return (lines or done.stderr.splitlines() or [f"status {done.returncode}"])[-1][:200]


def graph_tool() -> str | None:
    """Install graph-tool from Debian's packages where that is possible."""
    python = "/usr/bin/python3"
    if attempt(python, "-c", "import graph_tool.dynamics") is None:
        return None
    if shutil.which("apt-get") is None:
        return "no apt-get"
    if os.geteuid() != 0:
        return f"no right to run apt-get install {FROM_APT}"
    attempt("apt-get", "update", "-qq")
    problem = attempt("apt-get", "install", "-y", "-qq", "--no-install-recommends", FROM_APT)
    return problem or attempt(python, "-c", "import graph_tool.dynamics")


def main() -> None:
    if not (ENVIRONMENT / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    pip = (ENVIRONMENT / "bin" / "python", "-m", "pip", "install", "--quiet")
    quiet = ("--disable-pip-version-check", "-c", PINS)
    reasons = {name: attempt(*pip, *quiet, *projects) for name, projects in FROM_PIP.items()}
    reasons["graph_tool"] = graph_tool()
    missing = {name: reason for name, reason in reasons.items() if reason}
    MISSING.write_text(json.dumps(missing, indent=1))
    for name, reason in missing.items():
        print(f"{name} is not installed: {reason}")


if __name__ == "__main__":
    main()
