"""What a notebook shows of a thing, the bar of a run, and plots that can be changed."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from matplotlib.figure import Figure

import sociophysics as sp
from sociophysics.errors import InputError

SCENARIO = """
title = "<script>alert(1)</script>"
question = "Which & why?"
seed = 3
network = {kind = "planted_partition", n = 60, communities = 2, k_in = 6, k_out = 2}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 0.9, sweeps = 20, burn_in = 10, start = "camps"}
observe = {every = 2, names = ["magnetization", "camp_polarization"]}
sweep = {replicas = 4, "dynamics.temperature" = [0.5, 0.9, 2.0], "feed.strength" = [0.0, 0.5]}
feed = {kind = "popularity", strength = 0.5, alpha = 1.0}
[[designs]]
name = "engagement"
[[designs]]
name = "chronological"
feed = {kind = "chronological", strength = 0.5}
"""


@pytest.fixture(scope="module")
def run() -> sp.Run:
    return sp.run(sp.Scenario.from_toml(SCENARIO), workers=1)


def test_things_show_themselves_and_escape_what_users_wrote(run: sp.Run) -> None:
    for thing in (run, run.scenario):
        shown = thing._repr_html_()
        assert "&lt;script&gt;" in shown
        assert "<script>" not in shown
        assert "Which &amp; why?" in shown
    assert "<td>2 designs, 6 swept points, 4 replicas</td>" in run._repr_html_()


def test_a_system_shows_users_ties_and_signs() -> None:
    graph = nx.path_graph(3)
    nx.set_edge_attributes(graph, {(0, 1): 0.5, (1, 2): -2.0}, "coupling")
    shown = sp.SpinSystem.from_networkx(graph)._repr_html_()
    assert "4 (mutual), 2 of them antagonistic" in shown
    assert "0.5 to 2" in shown


def test_a_bar_counts_parts_and_changes_no_number(
    run: sp.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    again = sp.run(sp.Scenario.from_toml(SCENARIO), workers=1, progress=True)
    assert "12/12" in capsys.readouterr().err
    assert again.table.equals(run.table)
    sp.run(sp.Scenario.from_toml(SCENARIO), workers=1, progress=False)
    assert capsys.readouterr().err == ""


def test_a_plot_shows_the_means_that_the_comparison_has(run: sp.Run) -> None:
    axes = run.plot("camp_polarization", axes=Figure().subplots())
    table = run.compare("camp_polarization")
    for line, design in zip(axes.get_lines(), run.designs, strict=True):
        rows = table[(table["design"] == design) & (table["feed.strength"] == 0.5)]
        rows = rows.sort_values("dynamics.temperature")
        assert line.get_label() == design
        assert line.get_xdata().tolist() == [0.5, 0.9, 2.0]
        assert np.asarray(line.get_ydata()) == pytest.approx(rows["mean"].to_numpy(), abs=1e-12)


def test_a_plot_along_time_is_the_mean_over_replicas(run: sp.Run) -> None:
    at = {"dynamics.temperature": 2.0, "feed.strength": 0.0}
    axes = run.plot("magnetization", along="sweep", at=at, axes=Figure().subplots())
    keep = run.table["design"] == "engagement"
    for key, value in at.items():
        keep &= run.table[key] == value
    means = run.table[keep].groupby("sweep")["magnetization"].mean()
    line = axes.get_lines()[0]
    assert line.get_xdata().tolist() == means.index.tolist()
    assert np.asarray(line.get_ydata()) == pytest.approx(means.to_numpy(), abs=1e-12)


def test_bands_stay_within_the_range_of_what_is_shown(run: sp.Run) -> None:
    few = sp.Run(
        table=run.table[run.table["replica"] < 2].reset_index(drop=True),
        manifest={**run.manifest, "replicas": 2},
        scenario=run.scenario.replace({"sweep.replicas": 2}),
    )
    for along in (None, "sweep"):
        axes = few.plot("camp_polarization", along=along, axes=Figure().subplots())
        for band in axes.collections:
            for path in band.get_paths():
                assert np.nanmin(path.vertices[:, 1]) >= -1
                assert np.nanmax(path.vertices[:, 1]) <= 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"observable": "magnetisation"}, "did you mean magnetization"),
        ({"observable": "magnetization", "along": "feed.kind"}, "is not a swept number"),
        ({"observable": "magnetization", "at": {"feed.strength": 7.0}}, "is not in the run"),
        ({"observable": "magnetization", "at": {"seed": 7}}, "is not in the run"),
    ],
)
def test_what_cannot_be_plotted_is_one_sentence(
    run: sp.Run, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        run.plot(**arguments)
