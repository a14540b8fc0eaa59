"""Small runs on disk, for the tests of the Runs page."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import sociophysics as sp

SWEPT = '"dynamics.temperature" = [0.3, 0.7, 1.1]'
TEXT = """
title = "{title}"
question = "Which feed keeps the camps apart?"
seed = {seed}
network = {{ kind = "bundled", name = "karate", camp = "club" }}
couplings = {{ kind = "uniform", value = 1.0, normalize = "degree" }}
dynamics = {{ temperature = 0.7, sweeps = {sweeps}, burn_in = 10, start = "camps" }}
observe = {{ every = 10, names = ["camp_polarization", "edge_agreement"] }}

[[designs]]
name = "no feed"
feed = {{ kind = "none" }}

[[designs]]
name = "own camp only"
feed = {{ kind = "in_group", strength = {strength} }}

[sweep]
replicas = {replicas}
{swept}
"""


def scenario(
    name: str,
    *,
    title: str = "A small run",
    seed: int = 1,
    strength: float = 0.5,
    sweeps: int = 40,
    replicas: int = 6,
    swept: str = SWEPT,
) -> sp.Scenario:
    """Return a scenario of two designs in the karate club."""
    text = TEXT.format(
        title=title, seed=seed, strength=strength, sweeps=sweeps, replicas=replicas, swept=swept
    )
    return sp.Scenario.from_toml(text, name=name)


def finish(root: Path, what: sp.Scenario) -> sp.Run:
    """Run it to its end."""
    return sp.run(what, out=root / what.name, workers=1)


def interrupt(root: Path, what: sp.Scenario, after: int) -> set[str]:
    """Run it until some parts are finished; return their names."""
    stop = threading.Event()

    def look(finished: int, total: int, updates: float) -> None:
        if finished >= after:
            stop.set()

    with contextlib.suppress(sp.study.Cancelled):
        sp.run(what, out=root / what.name, workers=1, progress=look, cancel=stop)
    return parts(root / what.name)


def parts(folder: Path) -> set[str]:
    """Return the names of the finished parts of a run."""
    return {path.name for path in (folder / "parts").glob("*.parquet")}
