"""Theory beside simulation is written once: report, tip, card and dashboard say the same number."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from sociophysics.cli import application
from sociophysics.report import render
from sociophysics.report.describe import describe
from sociophysics.scenario import Scenario
from sociophysics.study.expected import expected
from sociophysics.study.society_card import card_of
from tests.synthetic_runs import scenario_run

ONSAGER = 2 / np.log(1 + np.sqrt(2))
TEXT = """
seed = 3
network = {{{network}}}
couplings = {{kind = "uniform", {couplings}}}
[dynamics]
temperature = {temperature}
sweeps = 4
[observe]
every = 2
names = ["abs_magnetization"]
[sweep]
replicas = 2
"dynamics.temperature" = [{low}, {temperature}, {between}, {high}]
"""
LATTICE, OPEN = (
    'kind = "lattice", shape = [8, 8]',
    'kind = "lattice", shape = [6, 9], periodic = false',
)
COMPLETE = 'kind = "complete", n = 40'
REGULAR = 'kind = "random_regular", n = 60, degree = 3'
POISSON = 'kind = "erdos_renyi", n = 80, mean_degree = 4'
CAMPS = 'kind = "planted_partition", n = 80, communities = 2, k_in = 6, k_out = 2'
GIVEN = 'kind = "bundled", name = "karate"'
SOCIETIES = {
    "a square lattice": (LATTICE, "value = 1.0", "Onsager", ONSAGER),
    "a lattice of couplings 2": (LATTICE, "value = 2.0", "Onsager", 2 * ONSAGER),
    "a lattice divided by degree": (LATTICE, 'normalize = "degree"', "Onsager", ONSAGER / 4),
    # Normalized, a coupling is 1/4 whatever it was before.
    "a lattice of 2, divided": (
        LATTICE,
        'value = 2.0, normalize = "degree"',
        "Onsager",
        ONSAGER / 4,
    ),
    "a lattice with a border": (OPEN, "value = 0.5", "Onsager", ONSAGER / 2),
    "a complete network": (COMPLETE, "value = 0.05", "exact", 39 * 0.05),
    "a complete network, divided": (COMPLETE, 'value = 0.3, normalize = "degree"', "exact", 1.0),
    "a regular graph": (REGULAR, "value = 1.0", "cavity", 2 / np.log(3)),
    "a regular graph of 0.5": (REGULAR, "value = 0.5", "cavity", 1 / np.log(3)),
    "a regular graph, divided": (REGULAR, 'value = 7, normalize = "degree"', "cavity", None),
    "a Poisson graph": (POISSON, "value = 1.0", "cavity", None),
    "a Poisson graph of 0.2": (POISSON, "value = 0.2", "cavity", None),
    "a Poisson graph, divided": (POISSON, 'value = 3, normalize = "degree"', "cavity", None),
    "two camps": (CAMPS, "value = 1.0", "cavity", None),
    "two camps, divided": (CAMPS, 'value = 2, normalize = "degree"', "cavity", None),
    "a given network": (GIVEN, "value = 0.3", "cavity", None),
    "a given network, divided": (GIVEN, 'normalize = "degree"', "cavity", None),
}


def scenario_of(network: str, couplings: str, middle: float = 1.0) -> Scenario:
    around = {"low": 0.5 * middle, "temperature": middle, "high": 2 * middle}
    return Scenario.from_toml(
        TEXT.format(network=network, couplings=couplings, between=1.5 * middle, **around)
    )


@pytest.mark.parametrize("name", SOCIETIES)
def test_report_tip_and_card_print_one_number(name: str, tmp_path: Path) -> None:
    network, couplings, theory, value = SOCIETIES[name]
    first = expected(scenario_of(network, couplings).cases()[0].settings)[0]
    assert theory in first.text
    if value is not None:
        assert first.value == pytest.approx(value, rel=1e-6)
    scenario = scenario_of(network, couplings, round(first.value, 3))
    printed = f"{first.value:.4g}"

    run = scenario_run(scenario.to_toml(), lambda *_: np.zeros(3))
    page = html.unescape(render(run))
    said = re.findall(r"<p>([^<>]*\([^<>]*\)): ([0-9.]+)\.</p>", page)
    assert said[0] == (first.text[0].upper() + first.text[1:], printed)

    file = tmp_path / "society.toml"
    file.write_text(scenario.to_toml())
    done = CliRunner().invoke(
        application.app, ["tip", str(file), "--out", str(tmp_path / "tip"), "--workers", "1"]
    )
    assert done.exit_code == 0, done.output
    line = next(each for each in done.output.splitlines() if "theory:" in each)
    assert line.strip() == f"theory: {first.text} {printed}"

    settings = scenario.cases()[0].settings
    assert card_of(settings, trial=False).critical == first
    assert first.end().startswith(f"{printed}, ")
    assert f"times {first.end()}" in describe(scenario)


def test_a_normalized_regular_graph_has_the_closed_form_whatever_its_coupling() -> None:
    scenario = scenario_of(REGULAR, 'value = 7, normalize = "degree"')
    [cavity] = expected(scenario.cases()[0].settings)
    assert cavity.value == pytest.approx(2 / np.log(3) / 3, rel=1e-6)


def test_two_camps_are_told_what_their_start_loses_first() -> None:
    scenario = scenario_of(CAMPS, "value = 1.0")
    mixed = [each.text for each in expected(scenario.cases()[0].settings)]
    apart = scenario.replace({"dynamics.start": "camps"}).cases()[0].settings
    split = [each.text for each in expected(apart)]
    assert [text.split(",")[0].split("(")[-1].rstrip(")") for text in mixed] == [
        "cavity",
        "mean field",
        "mean field",
    ]
    assert split == [mixed[2], *mixed[:2]]
    assert card_of(apart, trial=False).critical == expected(apart)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"field": {"kind": "uniform", "value": 0.1}},
        {"couplings": {"kind": "uniform", "value": -1.0}},
        {"feed": {"kind": "chronological", "strength": 0.5}},
    ],
)
def test_where_no_theory_covers_a_society_none_is_named(change: dict[str, Any]) -> None:
    scenario = scenario_of(LATTICE, "value = 1.0").replace(change)
    settings = scenario.cases()[0].settings
    assert expected(settings) == []
    assert card_of(settings, trial=False).critical is None
