"""Numbers that a seed decides, kept in a table: ``make numbers`` writes it anew.

Of every bundled scenario each design at its first swept point, one replica, some frames on; of
searches, loops, diagrams, trials, fits and of what a network shows by itself, one small case. A
line of the table that changes belongs under "Numbers change" in CHANGELOG.md, with the reason.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

import sociophysics as sp
from sociophysics import observables
from sociophysics.scenario import build

TABLE = Path(__file__).parent / "seeded_numbers.csv"
SCENARIOS = {
    path.stem: path for path in sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))
}
FRAMES = 4  # the start and three more
CROWD = """seed = 4
network = {kind = "lattice", shape = [8, 8]}
couplings = {kind = "uniform"}
dynamics = {temperature = 2.2, sweeps = 60, burn_in = 20}
observe = {every = 2, names = ["magnetization"]}
sweep = {replicas = 2}
"""
IN_FIELD = CROWD + 'field = {kind = "uniform", value = 0.0}\n'

Numbers = dict[str, float]


def of_scenario(path: Path) -> Numbers:
    """Return the observables of every design a few frames after the start."""
    found: Numbers = {}
    seen: set[str] = set()
    for case in sp.Scenario.load(path).cases():
        if case.design in seen:
            continue
        seen.add(case.design)
        names = case.settings.observe.names
        with closing(build.case_frames(case.settings, [0])) as frames:
            frame = list(itertools.islice(frames, FRAMES))[-1]
            for name, value in observables.evaluate(frame, names).items():
                found[f"{case.design}: {name}"] = float(np.mean(value))
    return found


def of_table(table: pd.DataFrame) -> Numbers:
    """Return the mean of every column of numbers, and the number of rows."""
    numbers = table.select_dtypes("number").drop(columns=["seconds"], errors="ignore")
    return {"rows": float(len(table))} | {
        str(name): float(column.astype(float).mean()) for name, column in numbers.items()
    }


def of_results(text: str) -> Numbers:
    """Return the comparison of a run of these settings."""
    run = sp.run(sp.Scenario.from_toml(text), workers=1)
    return of_table(run.compare("magnetization"))


def of_search() -> Numbers:
    """Return where a small lattice loses its order."""
    found = sp.experiments.locate(sp.Scenario.from_toml(CROWD), values=SCAN, workers=1)
    return of_table(found.table)


def of_loop() -> Numbers:
    """Return the areas of a loop in the field of a cold lattice."""
    crowd = sp.Scenario.from_toml(IN_FIELD.replace("2.2", "1.5"))
    area, table = sp.experiments.hysteresis(crowd, "field.value", [-1.0, 0.0, 1.0], workers=1)
    return of_table(table) | {"area": float(area)}


def of_diagram() -> Numbers:
    """Return a phase diagram of four points."""
    axes = {"dynamics.temperature": [1.5, 3.0], "field.value": [0.0, 0.2]}
    found = sp.experiments.phase_diagram(sp.Scenario.from_toml(IN_FIELD), axes, workers=1)
    return of_table(found.table)


def of_trial() -> Numbers:
    """Return the effects of a trial on half of a lattice."""
    text = CROWD + "trial = {at = 20, share = [0.5], treatment = {field = 0.5}}\n"
    return of_table(sp.experiments.trial(sp.Scenario.from_toml(text), workers=1).effects)


def of_network() -> Numbers:
    """Return what a network shows by itself."""
    graph = sp.networks.load("karate")
    system = sp.couplings.uniform(graph)
    return of_table(sp.experiments.structure(system, system.nodes["club"], draws=10, seed=1))


def of_fits() -> Numbers:
    """Return the couplings and held-out scores of models of a court."""
    votes = sp.rollcall.chambers.load("scotus_rehnquist")
    found: Numbers = {}
    for model in (sp.inference.PseudoLikelihood(l2=0.1), sp.inference.MeanField()):
        system = model.fit(votes).system_
        name = type(model).__name__
        found |= {f"{name} J[0, {k}]": float(system.J[0, k]) for k in range(1, 4)}
    points = sp.inference.IdealPoints(dimensions=1, prior=2.4).fit(votes).points_
    return found | {f"IdealPoints {k}": float(points[k, 0]) for k in range(3)}


SCAN = [1.6, 2.0, 2.4, 2.8, 3.2]
STUDIES: dict[str, Callable[[], Numbers]] = {
    "run": lambda: of_results(CROWD + DESIGNS),
    "search": of_search,
    "loop": of_loop,
    "diagram": of_diagram,
    "trial": of_trial,
    "network": of_network,
    "fits": of_fits,
}
DESIGNS = """[[designs]]
name = "none"
[[designs]]
name = "chronological"
feed = {kind = "chronological", strength = 0.5}
"""


def computed(what: str) -> Numbers:
    """Return the numbers of a scenario or a study."""
    return STUDIES[what]() if what in STUDIES else of_scenario(SCENARIOS[what])


def kept() -> dict[str, Numbers]:
    """Return the numbers that the table holds, by scenario or study."""
    found: dict[str, Numbers] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["what"], {})[row["number"]] = float(row["value"])
    return found


def main() -> None:
    """Write the table."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["what", "number", "value"])
        for what in [*SCENARIOS, *STUDIES]:
            rows.writerows([what, name, f"{x:.12g}"] for name, x in computed(what).items())


if __name__ == "__main__":
    main()
