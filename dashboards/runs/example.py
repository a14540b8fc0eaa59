"""A run for those who have none yet: four feeds in the karate club, done in some seconds."""

from __future__ import annotations

from pathlib import Path

import sociophysics as sp
from sociophysics.live.listed_runs import ListedRun

__all__ = ["example"]

NAME = "example-karate-feeds"
TEXT = """
title = "Example: feeds in the karate club"
question = "Two camps of friends: which feeds keep them apart as people become noisier?"
seed = 2026
network = { kind = "bundled", name = "karate", camp = "club" }
couplings = { kind = "uniform", value = 1.0, normalize = "degree" }

[dynamics]
temperature = 0.5
sweeps = 200
burn_in = 100
start = "camps"

[observe]
every = 10
names = ["camp_polarization", "edge_agreement", "local_agreement"]

[[designs]]
name = "no feed"
feed = { kind = "none" }

[[designs]]
name = "engagement"
feed = { kind = "engagement", strength = 0.8, alpha = 1.0, gamma = 1.0, pool = "followed" }

[[designs]]
name = "bridging"
feed = { kind = "bridging", strength = 0.8 }

[[designs]]
name = "own camp only"
feed = { kind = "in_group", strength = 0.8 }

[sweep]
replicas = 16
"dynamics.temperature" = { start = 0.2, stop = 1.4, step = 0.3 }
"""


def example(root: Path) -> tuple[ListedRun, sp.Scenario]:
    """Return the row of the example in a folder of runs, and its scenario."""
    scenario = sp.Scenario.from_toml(TEXT, name=NAME)
    return ListedRun(NAME, root / NAME, users=34), scenario
