"""``sociophysics check``: the facts of a society and where it stands, before it is run."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from typer.testing import CliRunner

import sociophysics as sp
from sociophysics.cli.application import app, main
from sociophysics.report.page import render
from sociophysics.scenario.build import build_system
from sociophysics.society.networks.symmetrize import symmetrized
from sociophysics.study.first_look import standing, structure
from sociophysics.study.society_card import card, tried

TEXT = """
seed = 3
[network]
kind = "planted_partition"
n = 400
communities = 2
k_in = 8
k_out = {out}
[couplings]
kind = "uniform"
value = {value}
normalize = "{normalize}"
[dynamics]
temperature = {temperature}
sweeps = 60
start = "{start}"
{feed}
"""


def scenario(
    temperature: float,
    start: str = "random",
    value: float = 1.0,
    normalize: str = "degree",
    out: float = 2.0,
    feed: str = "",
) -> sp.Scenario:
    keys = {"temperature": temperature, "start": start, "value": value, "normalize": normalize}
    return sp.Scenario.from_toml(TEXT.format(out=out, feed=feed, **keys))


@pytest.mark.parametrize(
    ("society", "state"),
    [
        (scenario(0.05, "camps"), "frozen"),
        (scenario(0.4, "up"), "ordered"),
        (scenario(0.3, "camps", out=0.5), "split"),
        (scenario(3.0), "mixed"),
        (scenario(0.85), "critical"),
    ],
    ids=["frozen", "ordered", "split", "mixed", "critical"],
)
def test_a_society_is_told_by_its_state(society: sp.Scenario, state: str) -> None:
    assert standing(society.cases()[0].settings).state == state


def test_a_frozen_society_is_told_that_no_feed_moves_it() -> None:
    heavy = scenario(0.8, "camps", value=5.0, normalize="none")
    (sentence,) = standing(heavy.cases()[0].settings).warnings()
    assert sentence.startswith("frozen: no feed can make a difference here")
    warm = scenario(3.0)
    assert standing(warm.cases()[0].settings).warnings() == []


@pytest.mark.parametrize("temperature", [1.2e-308, 1e-307, 5e-324])
def test_a_pull_whose_sum_no_float_holds_has_a_mean(temperature: float) -> None:
    """Twenty sweeps of a pull of 8e307 add up to more than a float: each is one all the same."""
    cold = scenario(temperature, "up", normalize="none", out=0.0).cases()[0].settings
    degree = float(build_system(cold, 0)[0].J.sum(axis=1).mean())
    assert tried(cold).pull == pytest.approx(degree / temperature)


def test_relaxation_is_that_of_the_mean_field_above_its_transition() -> None:
    text = TEXT.format(
        out=2, feed="", temperature=2.0, start="random", value=1 / 399, normalize="none"
    )
    lines = [line for line in text.splitlines() if not line.startswith(("communities", "k_"))]
    complete = "\n".join(lines).replace("planted_partition", "complete")
    found = standing(sp.Scenario.from_toml(complete).cases()[0].settings)
    # T / (T - T_c (1 - m^2)) with T_c = 1 and hardly any mean stance.
    assert found.card.critical is not None
    assert found.card.critical.value == pytest.approx(1.0)
    assert found.relaxation == pytest.approx(2 / (2 - (1 - found.magnetization**2)))
    assert 1.9 < found.relaxation <= 2.0


def test_a_feed_is_compared_with_the_ties() -> None:
    feed = '[feed]\nkind = "editorial"\nstrength = 30.0'
    found = standing(scenario(1.0, feed=feed).cases()[0].settings)
    assert found.feed > 10
    assert any("the feed alone" in sentence for sentence in found.warnings())


def test_the_structure_counts_components_and_users_without_a_tie() -> None:
    graph = nx.Graph([("a", "b", {"coupling": -2.0}), ("b", "c", {"coupling": 0.5})])
    graph.add_edge("d", "e", coupling=1.0)
    graph.add_node("f")
    found = structure(sp.SpinSystem.from_networkx(graph))
    assert found == (0.5, -2.0, 3, 3, 1)


def test_the_command_prints_the_card_and_ends_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cold.toml"
    path.write_text(
        TEXT.format(out=2, feed="", temperature=0.8, start="camps", value=5.0, normalize="none")
    )
    assert main(["check", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "400 users" in shown
    assert "all couplings are 5" in shown
    assert "warning: base: frozen: no feed can make a difference here" in shown


def test_the_command_reads_a_network_and_counts_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ties.csv").write_text("source,target,coupling\na,b,1\nb,c,-20\nc,d,1\n")
    (tmp_path / "users.csv").write_text("id,party\na,left\nb,right\nc,\nd,right\n")
    arguments = ["check", str(tmp_path / "ties.csv"), "--nodes", str(tmp_path / "users.csv")]
    assert main([*arguments, "--camps", "party", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["card"]["users"] == 4
    assert found["card"]["antagonistic"] == 1
    assert found["membership"]["camps"] == {"left": 1, "right": 2}
    assert found["membership"]["without_camp"] == 1
    assert found["structure"]["strongest"] == -20
    assert any("20-fold" in sentence for sentence in found["warnings"])


def test_json_holds_no_number_that_json_has_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hot.toml"
    path.write_text(
        TEXT.format(out=2, feed="", temperature="inf", start="random", value=1.0, normalize="none")
    )
    assert main(["check", str(path), "--json"]) == 0

    def refuse(word: str) -> float:
        raise AssertionError(word)

    found = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert found["standing"][0]["state"] == "mixed"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nowhere.toml"], "nowhere.toml"),
        (["nothing"], "neither a file nor a bundled network"),
        (["x.toml", "--camps", "party"], "a scenario says itself where its users are"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(
    arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *arguments]) == 2
    told = capsys.readouterr().err
    assert part in told
    assert told.count("\n") == 1


def test_every_bundled_scenario_has_a_card() -> None:
    folder = Path(__file__).parent.parent / "scenarios"
    small = sp.Scenario.load(folder / "consensus_transition.toml")
    found = standing(small.cases()[0].settings)
    assert np.isfinite(found.pull)


def frozen_file(folder: Path) -> Path:
    path = folder / "cold.toml"
    text = TEXT.format(out=2, feed="", temperature=0.8, start="camps", value=5.0, normalize="none")
    feed = '[[designs]]\nname = "none"\n[[designs]]\nname = "news"\n'
    news = 'feed = {kind = "editorial", strength = 60.0}\n[sweep]\nreplicas = 2\n'
    path.write_text(text + feed + news)
    return path


def test_a_run_of_equal_numbers_is_announced_before_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = frozen_file(tmp_path), tmp_path / "out"
    assert main(["run", str(path), "--out", str(out), "--workers", "1"]) == 0
    told = capsys.readouterr().err
    assert "warning: none: frozen: no feed can make a difference here" in told
    page = (out / "report.html").read_text()
    assert page.index("no feed can make a difference here") < page.index("<h2>Answer")
    assert main(["run", str(path), "--out", str(out), "--workers", "1", "--quiet"]) == 0
    assert "frozen" not in capsys.readouterr().err
    warm = sp.run(scenario(3.0).replace({"sweep.replicas": 2}), workers=1)
    assert "no feed can make a difference" not in render(warm)


def test_the_card_stands_first_in_a_description_and_is_data(tmp_path: Path) -> None:
    loaded = sp.Scenario.load(frozen_file(tmp_path))
    found = sp.study.card_of_scenario(loaded)
    assert found.standing[0]["state"] == "frozen"
    assert json.loads(json.dumps(found.plain()))["card"]["users"] == 400
    told = sp.describe.describe(loaded)
    assert told.index("no feed can make a difference here") < told.index("## 1. Purpose")
    for sentence in found.facts:
        assert f"- {sentence}." in told


def test_every_report_of_a_society_opens_with_its_card(tmp_path: Path) -> None:
    (tmp_path / "ties.csv").write_text("source,target\na,b\nb,c\nc,d\nd,a\na,c\n")
    place = str(tmp_path / "inspected")
    asked = ["inspect", str(tmp_path / "ties.csv"), "--draws", "2", "--workers", "1"]
    assert main([*asked, "--out", place]) == 0
    pages = [(tmp_path / "inspected" / "report.html").read_text()]
    panel = Path(__file__).parent.parent / "examples" / "panel"
    rules = ["compare-rules", str(next(panel.glob("*.toml"))), "--out", str(tmp_path / "rules")]
    assert main(rules) == 0
    pages.append((tmp_path / "rules" / "report.html").read_text())
    for page in pages:
        assert page.index("The society") < page.index("<h2", page.index("The society"))
        assert "mutual ties" in page[: page.index("<section")]


def test_ties_whose_two_directions_cancel_are_counted() -> None:
    pairs = nx.DiGraph()
    pairs.add_edge(0, 1, coupling=1.0)
    pairs.add_edge(1, 0, coupling=-1.0)
    pairs.add_edge(1, 2, coupling=-1.0)
    pairs.add_edge(2, 1, coupling=-1.0)
    mutual = symmetrized(pairs, "mean")
    said = card(sp.SpinSystem.from_networkx(mutual)).sentences()[0]
    assert said == "3 users, 2 mutual ties, 1 of them antagonistic, 1 of weight 0"
    none = sp.SpinSystem.from_edges([0], [1], [0.0])
    assert card(none).sentences()[0] == "2 users, 1 mutual tie, 1 of weight 0"


def test_what_cannot_be_run_is_said_before_it_is_run(tmp_path: Path) -> None:
    """An arm and an act for a camp that is not there were "not tried", and failed when run."""
    text = (
        'seed = 1\nnetwork = {kind = "bundled", name = "karate", camp = "club"}\n'
        'couplings = {kind = "uniform"}\ndynamics = {temperature = 1.0, sweeps = 4}\n'
    )
    act = 'interventions = [{kind = "tilt", at = 2, field = 0.5, who = "camp:Officers"}]\n'
    arms = '[{share = 0.5, who = "camp:Officers", feed = {kind = "random", strength = 0.1}}]'
    for changed in (act, f'feed = {{kind = "mixture", arms = {arms}}}\n'):
        (tmp_path / "s.toml").write_text(text + changed)
        found = CliRunner().invoke(app, ["check", str(tmp_path / "s.toml")])
        assert found.exit_code == 0
        assert "base: it cannot be run: who is 'camp:Officers', but no user is in that camp" in (
            " ".join(found.stdout.split())
        )
