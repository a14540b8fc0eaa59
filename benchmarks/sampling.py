"""Check that every entry samples the law it claims, on a few users solved exactly."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import law
from benchmarks.store import Record, Store
from benchmarks.workers import PACKAGES, Failed, Worker

SHORT, SHORT_RUNS = 2, 10_000  # sweeps at which the law is far from equilibrium, and runs
LONG, LONG_RUNS = 60, 2_000
LIMIT = 120.0
SEED = 20


def check_all(store: Store, packages: tuple[str, ...] = PACKAGES) -> None:
    """Add a record per entry and small society, and one per package for its version."""
    for package in packages:
        if store.has("packages", package=package):
            continue
        try:
            with Worker(package) as worker:
                for entry, facts in worker.entries.items():
                    check(store, worker, entry, facts)
                names = list(worker.entries)
                versions = worker.versions
            store.add("packages", package=package, versions=versions, entries=names, problem=None)
        except Failed as problem:
            store.add("packages", package=package, versions="", entries=[], problem=str(problem))


def check(store: Store, worker: Worker, entry: str, facts: Record) -> None:
    """Add the records of one entry."""
    common = {"package": worker.package, "entry": entry, **facts}
    if facts["model"]:
        store.add("law", system="", problem=f"another model: {facts['model']}", **common)
        return
    names = ["signs", "weights"] if facts["weights"] else ["signs"]
    for name in names if worker.package != "peapods" else ["torus"]:
        try:
            found = verdict(worker, entry, law.small(name))
            store.add("law", system=name, problem=None, **common, **found)
        except Failed as problem:
            store.add("law", system=name, problem=str(problem), **common)


def verdict(worker: Worker, entry: str, system: law.Small) -> Record:
    """Return p-value of the law two sweeps after +1, and deviations after sixty."""
    facts = worker.entries[entry]
    order, rule = facts["order"], facts["rule"]
    with tempfile.TemporaryDirectory() as folder:
        worker.ask(LIMIT, ask="load", entry=entry, graph=str(system.write(Path(folder))))
        long, path = _runs(worker, entry, system, LONG, LONG_RUNS, folder)
        equilibrium = system.equilibrium()
        exact = float(equilibrium @ system.energies)
        if "energies" in long:
            z = law.energy_z(long["energies"], system, equilibrium)
            return _summary(exact, float(long["energies"].mean()), z, [law.normal_p(z)])
        short, _ = _runs(worker, entry, system, SHORT, SHORT_RUNS, folder)
    after = law.law_after(system, order=order, rule=rule, sweeps=SHORT, path=path)
    later = law.law_after(system, order=order, rule=rule, sweeps=LONG, path=path)
    p = law.chi_squared(short["stances"], after)
    energies = system.energies[law.number(long["stances"])]
    z = law.energy_z(energies, system, equilibrium)
    users = law.users_z(long["stances"], system, later)
    p_values = [p, law.normal_p(z), law.normal_p(users, tries=len(system.h))]
    found = _summary(exact, float(energies.mean()), z, p_values)
    return found | {"law_p": p, "users_z": users}


def _summary(exact: float, energy: float, z: float, p_values: list[float]) -> Record:
    return {"exact": exact, "found": energy, "energy_z": z, "holds": law.judge(p_values)}


def _runs(
    worker: Worker, entry: str, system: law.Small, sweeps: int, runs: int, folder: str
) -> tuple[dict[str, Any], list[int]]:
    out = Path(folder) / "runs.npz"
    answer = worker.ask(
        LIMIT,
        ask="runs",
        entry=entry,
        temperature=system.temperature,
        sweeps=sweeps,
        runs=runs,
        seed=SEED,
        out=str(out),
    )
    with np.load(out) as stored:
        return dict(stored), answer["path"]
