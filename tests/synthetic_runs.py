"""Runs with made-up numbers, for tests of what is done with a table."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.scenario import Scenario, canonical_json
from sociophysics.study.results import Run


class FakeScenario:
    """The part of a scenario that results and reports read."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self.seed = document.get("seed", 1)
        self.title = document.get("title", "")
        self.question = document.get("question", "")
        self.hash = "0" * 64
        self.claims = ()

    def canonical(self) -> dict[str, Any]:
        return self._document


def scenario_run(text: str, value: Any, *, users: int = 100, events: Any = None) -> Run:
    """A run of a real scenario whose rows hold ``value(observable, case, replica, sweeps)``."""
    scenario = Scenario.from_toml(text, name="synthetic")
    parts = []
    for case, replica in product(scenario.cases(), range(scenario.sweep.replicas)):
        observe = case.settings.observe
        sweeps = np.arange(0, case.settings.dynamics.sweeps + 1, observe.every)
        start = {"design": case.design, **case.point, "replica": replica, "sweep": sweeps}
        values = {name: value(name, case, replica, sweeps) for name in observe.names}
        parts.append(pd.DataFrame(start | values))
    manifest = {
        "name": "synthetic",
        "hash": scenario.hash,
        "scenario": json.loads(canonical_json(scenario.canonical())),
        "order": list(scenario.sweep.axes),
        "seed": scenario.seed,
        "kernel": "fixed-point",
        "users": users,
        "versions": {"numpy": np.__version__},
    }
    table = pd.concat(parts, ignore_index=True)
    return Run(table=table, manifest=manifest, scenario=scenario, events=events)


def make_run(
    value: Any,
    *,
    designs: tuple[str, ...] = ("none", "feed"),
    sweep: dict[str, list[Any]] | None = None,
    replicas: int = 4,
    sweeps: range = range(0, 50, 10),
    dynamics: dict[str, Any] | None = None,
    observables: tuple[str, ...] = ("magnetization",),
    **document: Any,
) -> Run:
    """A run whose rows hold ``value(observable, design, point, replica, sweeps array)``."""
    swept = sweep or {}
    cells = list(product(designs, *swept.values(), range(replicas)))
    frames = len(sweeps)
    columns = {"design": np.repeat([cell[0] for cell in cells], frames)}
    for k, key in enumerate(swept):
        columns[key] = np.repeat([cell[1 + k] for cell in cells], frames)
    columns["replica"] = np.repeat([cell[-1] for cell in cells], frames)
    columns["sweep"] = np.tile(sweeps, len(cells))
    for name in observables:
        columns[name] = np.concatenate(
            [
                value(name, design, dict(zip(swept, point, strict=True)), r, np.asarray(sweeps))
                for design, *point, r in cells
            ]
        )
    document = {
        "seed": 1,
        "dynamics": {"temperature": 1.0, "burn_in": 20} | (dynamics or {}),
        "designs": [{"name": name} for name in designs],
    } | document
    return Run(
        table=pd.DataFrame(columns),
        manifest={"users": 100},
        scenario=FakeScenario(document),
    )
