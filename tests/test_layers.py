"""The order in which modules may know each other, and where big packages enter."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sociophysics"

LAYERS = [
    {"addresses", "errors", "datasets", "words"},
    {"arguments", "evidence", "kind_keys", "kind_sentences", "machine", "registries"}
    | {"sources", "streams"},
    {"kinds", "others_code", "processes"},
    {"engine", "statistics", "store"},
    {"society"},
    {"influences", "observables", "rollcall", "theory"},
    {"dynamics", "inference"},
    {"mesa_model", "scenario"},
    {"study"},
    {"experiments"},
    {"report"},
    {"live", "runs"},
    {"cli"},
    {"__main__"},
]
LEVEL = {unit: level for level, units in enumerate(LAYERS) for unit in units}
WIDGETS = {"anywidget", "dashboards", "ipyvuetify", "ipywidgets", "reacton", "solara", "traitlets"}
ENTRY = {
    "numba": "engine",
    "llvmlite": "engine",
    "mesa": "mesa_model",
    "dask": "study",
    "distributed": "study",
    "fsspec": "store",
}


def unit_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Return the modules a file imports when it is loaded or used; type checking apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


FILES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py" or path.parent != PACKAGE
]


def own_units(path: Path) -> set[str]:
    units = set()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "sociophysics" and len(parts) > 1 and parts[1] in LEVEL:
            units.add(parts[1])
    return units


def test_every_module_has_a_layer() -> None:
    assert {unit_of(path) for path in FILES} == set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    unit = unit_of(path)
    for other in own_units(path) - {unit}:
        assert LEVEL[other] < LEVEL[unit], f"{unit} must not import {other}"


def test_units_are_acyclic() -> None:
    graph: dict[str, set[str]] = {unit: set() for unit in LEVEL}
    for path in FILES:
        graph[unit_of(path)] |= own_units(path) - {unit_of(path)}
    while graph:
        leaves = {unit for unit, needs in graph.items() if not needs & graph.keys()}
        assert leaves, f"import cycle among {sorted(graph)}"
        graph = {unit: needs for unit, needs in graph.items() if unit not in leaves}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_big_packages_enter_through_one_place(path: Path) -> None:
    for name in imports(path):
        top = name.split(".")[0]
        assert top not in WIDGETS, f"{top} belongs to dashboards/"
        if top in ENTRY:
            assert unit_of(path) == ENTRY[top], f"{top} may only be imported by {ENTRY[top]}"
        assert top not in ("pickle", "cloudpickle", "shelve"), "no pickle"


def test_oracle_shares_no_code_with_what_it_judges() -> None:
    for path in FILES:
        if unit_of(path) == "theory":
            assert not own_units(path) & {"engine", "dynamics", "influences"}


def test_experiments_do_not_know_the_report_even_for_types() -> None:
    for path in FILES:
        if unit_of(path) == "experiments":
            assert "sociophysics.report" not in path.read_text(encoding="utf-8"), path


def test_importing_the_package_loads_no_interface() -> None:
    code = (
        "import sys, sociophysics, sociophysics.dynamics, sociophysics.study\n"
        "big = {'mesa', 'solara', 'dask', 'distributed', 'fsspec'} & set(sys.modules)\n"
        "assert not big, big"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_reading_a_scenario_loads_no_compiler_and_draws_nothing() -> None:
    """What a person waits for before anything is computed."""
    code = (
        "import sys, sociophysics as sp\n"
        "sp.run, sp.Scenario.from_toml(sp.scenario.text.CROWD).cases()\n"
        "big = {'numba', 'matplotlib.figure', 'scipy.stats', 'scipy.optimize'} & set(sys.modules)\n"
        "assert not big, big"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_imported_is_there(path: Path) -> None:
    """Packages that load their names late hide a wrong one from the type checker."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sociophysics"):
            module = importlib.import_module(str(node.module))
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
