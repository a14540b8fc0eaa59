"""A simulation of parts that costs nothing and can be told to fail; used by tests.ensemble."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.errors import InputError
from sociophysics.runs import run_with
from sociophysics.scenario import Scenario, Settings
from sociophysics.study.blocks import Part
from sociophysics.study.work import simulate_case

ORDERS = "SOCIOPHYSICS_TEST_ORDERS"  # a folder; a file in it named as below is an order


FSYNC = os.fsync


def full(handle: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def obey(settings: Settings) -> None:
    """Do what the orders of a test say before a part is simulated."""
    orders = Path(os.environ.get(ORDERS, "/nonexistent"))
    with contextlib.suppress(FileNotFoundError):
        # Of two workers that see the order at once, one gets it.
        (orders / "kill once").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    if (orders / "kill at 0.9").exists() and settings.dynamics.temperature == 0.9:
        # Not before the other worker has finished something, however slow the machine is.
        deadline = time.monotonic() + 30
        while not any(orders.parent.glob("run/parts/*.parquet")) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    if (orders / "disk full").exists():
        os.fsync = full
    elif os.fsync is full:
        os.fsync = FSYNC
    if (orders / "bad input").exists():
        raise InputError("the network has no users; give it some.")
    if (orders / "defect").exists():
        raise ZeroDivisionError("a defect")
    if (orders / "slow").exists():
        time.sleep(0.02)


def simulate_truly(
    settings: Settings, replicas: Sequence[int]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Obey the orders, and let the engine simulate."""
    obey(settings)
    return simulate_case(settings, replicas)


def simulate(
    settings: Settings, replicas: Sequence[int]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    obey(settings)
    names = settings.observe.names
    sweeps = np.arange(0, settings.dynamics.sweeps + 1, settings.observe.every)
    tables = []
    for replica in replicas:
        rng = np.random.default_rng([int(settings.hash[:12], 16), replica])
        own = pd.DataFrame(rng.normal(size=(sweeps.size, len(names))), columns=list(names))
        own.insert(0, "sweep", sweeps)
        own.insert(0, "replica", replica)
        tables.append(own)
    return pd.concat(tables), [{"sweep": 1, "kind": "heat", "replica": None, "temperature": 2.0}]


def facts(parts: Sequence[Part]) -> dict[str, Any]:
    return {"kernel": "stub", "users": 10, "camps": []}


def rehearse(settings: Settings, replicas: Sequence[int]) -> None:
    """What never fails needs no rehearsal."""


def run_stub(scenario: Scenario, out: Path | str | None, **options: Any) -> Any:
    chosen: dict[str, Any] = {"workers": 1, "executor": None, "progress": None, "cancel": None}
    chosen |= {"simulate": simulate, "rehearse": rehearse, "facts": facts} | options
    return run_with(scenario, out=out, **chosen)


def skip_report() -> None:
    from sociophysics.report import page

    page.render = lambda run: "a report"


def main() -> None:
    skip_report()
    run_stub(Scenario.load(sys.argv[1]), Path(sys.argv[2]), workers=int(sys.argv[3]))
