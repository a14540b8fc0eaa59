"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from sociophysics.machine import processor, usable_cpus

PACKAGES = ("sociophysics", "numpy", "scipy", "numba", "networkx")


def machine() -> dict[str, str]:
    """Return the machine and the versions."""
    model, memory = processor(), Path("/proc/meminfo")
    if memory.exists():
        total = int(memory.read_text().split()[1]) / 2**20
        model = f"{model}, {total:.0f} GiB of memory"
    return {
        "machine": f"{usable_cpus()} cores of {model}",
        "versions": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "python": platform.python_version(),
    }


def load() -> str:
    """Return the load averages over 1, 5 and 15 minutes."""
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())
