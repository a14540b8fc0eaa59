"""Every extra does what it is for, or loads: at today's versions and at the lowest."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.errors import InputError

# What old versions of them warn of is theirs.
pytestmark = pytest.mark.filterwarnings("ignore")
SCENARIO = sp.Scenario.from_toml(
    """
seed = 1
network = {kind = "complete", n = 9}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 1.0, sweeps = 4}
sweep = {replicas = 2}
"""
)


def test_sql_answers_and_reads_nothing_else(tmp_path: Path) -> None:
    sp.run(SCENARIO, out=tmp_path / "run", workers=1)
    rows = sp.study.query(tmp_path / "run", "select count(*) as n from results")
    assert rows["n"].item() == 10
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for source in (f"read_csv('{tmp_path}/secret.csv')", f"glob('{tmp_path}/*')"):
        with pytest.raises(InputError, match="outside the study"):
            sp.study.query(tmp_path / "run", f"select * from {source}")
    with pytest.raises(InputError, match="not one SELECT"):
        sp.study.query(tmp_path / "run", "copy results to 'out.csv'")


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_sensitivity_has_indices(method: str) -> None:
    keys = {"dynamics.temperature": (0.5, 2.0)}
    found = sp.experiments.sensitivity(SCENARIO, keys, method=method, samples=2, workers=1)
    assert len(found.indices)


def test_communities_are_found() -> None:
    igraph, leidenalg = (importlib.import_module(name) for name in ("igraph", "leidenalg"))
    found = leidenalg.find_partition(
        igraph.Graph.Famous("Zachary"), leidenalg.ModularityVertexPartition
    )
    assert len(found) > 1


def test_an_exponent_is_fitted() -> None:
    powerlaw = importlib.import_module("powerlaw")
    found = powerlaw.Fit(np.repeat([1, 2, 3, 9], [90, 20, 8, 1]), discrete=True, verbose=False)
    assert found.power_law.alpha > 1


def test_excel_is_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": [1, 2], "v1": [1, -1]})
    table.to_excel(tmp_path / "votes.xlsx", index=False)
    pd.testing.assert_frame_equal(pd.read_excel(tmp_path / "votes.xlsx"), table)


@pytest.mark.parametrize(
    "module", ["distributed", "s3fs", "dashboards.app", "dashboards.serve", "dashboards.mesa_view"]
)
def test_the_cluster_and_the_dashboard_can_be_imported(module: str) -> None:
    assert importlib.import_module(module)
