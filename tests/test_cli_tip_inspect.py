"""``sociophysics tip`` and ``sociophysics inspect``: what they print, write and refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.experiments import structure
from sociophysics.observables.polarization import against_null, modularity
from sociophysics.society.camps import of
from sociophysics.society.spins import SpinSystem

SCENARIO = """
title = "A small <society>"
question = "Where does consensus melt?"
seed = 7
[network]
kind = "complete"
n = 60
[couplings]
kind = "uniform"
value = 0.016666
[dynamics]
temperature = 1.0
sweeps = 60
burn_in = 30
start = "up"
[observe]
every = 2
[sweep]
replicas = 8
"""
VALUES = "0.4:1.8:0.2"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.toml").write_text(SCENARIO)
    ties = "source,target,coupling\na,b,1\nb,c,1\na,c,1\nc,d,-1\nd,e,1\ne,f,1\nd,f,1\nb,e,-1\n"
    (tmp_path / "signed.csv").write_text(ties + "a,f,1\n")
    (tmp_path / "users.csv").write_text("id,side\na,x\nb,x\nc,x\nd,y\ne,y\nf,y\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if " parts, " not in line]
    assert len(lines) == 1, said.err
    assert lines[0].startswith("sociophysics: ")
    return lines[0]


def test_tip_prints_what_it_found_and_how(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["tip", "small.toml", "--values", VALUES, "--workers", "1", "--sizes", "30,60"]
    assert main([*command, "--loop"]) == 0
    said = capsys.readouterr().out
    for words in (
        "tipping point along dynamics.temperature: ",
        "how: largest distance",
        "kind: continuous",
        "p of the nulls",
        "susceptibility peaks at",
        "Binder crossing: ",
        "loop of abs_magnetization: area",
        "theory: critical temperature (cavity)",
        f"report: {Path('runs', 'small-tip', 'report.html')}",
    ):
        assert words in said
    folder = place / "runs" / "small-tip"
    written = {each.name for each in folder.iterdir()}
    assert written == {
        "binder.csv", "binder.parquet", "log.jsonl", "loop.csv", "loop.parquet", "manifest.json",
        "parts", "report.html", "table.csv", "table.parquet",
    }  # fmt: skip
    table = pd.read_csv(folder / "table.csv")
    pd.testing.assert_frame_equal(table, pd.read_parquet(folder / "table.parquet"))
    value = float(said.split("temperature: ")[1].split(" ")[0])
    assert 0.6 < value < 1.2
    page = (folder / "report.html").read_text()
    assert "A small &lt;society&gt;" in page
    assert page.count("<figure>") == 3
    assert "http" not in page.replace("http://www.w3.org", "")
    before = {each: each.read_bytes() for each in (folder / "report.html", folder / "table.csv")}
    assert main([*command, "--loop"]) == 0
    again = capsys.readouterr()
    assert again.out == said
    assert "finished before" in again.err
    assert all(each.read_bytes() == old for each, old in before.items())


def test_tip_refuses_what_it_could_not_finish_before_it_computes(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("something was computed")

    monkeypatch.setattr("sociophysics.experiments.tipping.search", never)
    acts = SCENARIO + '[[interventions]]\nkind = "heat"\nat = 5\ntemperature = 2.0\n'
    (place / "acts.toml").write_text(acts)
    line = refused(capsys, "tip", "acts.toml", "--values", VALUES, "--loop")
    assert "the scenario has interventions; remove them" in line
    karate = '[network]\nkind = "bundled"\nname = "karate"\n'
    given = SCENARIO.replace('[network]\nkind = "complete"\nn = 60\n', karate)
    (place / "given.toml").write_text(given)
    line = refused(capsys, "tip", "given.toml", "--values", VALUES, "--sizes", "auto")
    assert "a pseudo-critical point but no infinite society" in line
    line = refused(capsys, "tip", "small.toml", "--values", VALUES, "--sizes", "auto")
    assert "everyone's total coupling grows with size" in line
    assert not (place / "runs").exists()


def test_a_changed_search_of_the_same_name_and_seed_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["tip", "small.toml", "--values", "4,5,6,7", "--workers", "1"]
    assert main(command) == 0
    page = (place / "runs" / "small-tip" / "report.html").read_bytes()
    capsys.readouterr()
    for more, named in (
        (["--replicas", "5"], "asked.replicas"),
        (["--observable", "magnetization"], "asked.observable"),
        (["--along", "couplings.value", "--values", "1,2,3,4"], "asked.along"),
    ):
        line = refused(capsys, *command, *more)
        assert "holds a search for a tipping point that is not this one" in line
        assert named in line
    (place / "small.toml").write_text(SCENARIO.replace("burn_in = 30", "burn_in = 20"))
    line = refused(capsys, *command)
    assert "asked.scenario.dynamics.burn_in (30, now 20) differs" in line
    assert (place / "runs" / "small-tip" / "report.html").read_bytes() == page
    # Words are no part of a study.
    (place / "small.toml").write_text(SCENARIO.replace("Where does", "At which temperature does"))
    assert main(command) == 0


def test_tip_says_when_there_is_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tip", "small.toml", "--values", "4,5,6,7,8", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("no transition found along dynamics.temperature: ")
    assert "nan" not in said
    assert "No transition found" in (place / "runs" / "small-tip" / "report.html").read_text()


def test_tip_refuses_bad_input(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "a,b,c or start:stop:step" in refused(capsys, "tip", "small.toml", "--values", "1-2")
    assert "whole numbers" in refused(capsys, "tip", "small.toml", "--sizes", "big")
    line = refused(capsys, "tip", "small.toml", "--along", "feed.strength")
    assert "no values are given for feed.strength" in line
    line = refused(
        capsys, "tip", "small.toml", "--along", "dynamics.temperatur", "--values", VALUES
    )
    assert "did you mean" in line
    assert "does not exist" in refused(capsys, "tip", "none.toml")
    (place / "other").mkdir()
    (place / "other" / "diary.txt").write_text("mine")
    line = refused(capsys, "tip", "small.toml", "--values", VALUES, "--out", "other")
    assert "holds 'diary.txt' and no tip" in line
    (place / "other.toml").write_text(SCENARIO.replace("seed = 7", "seed = 8"))
    assert main(["tip", "small.toml", "--values", "4,5,6,7", "--workers", "1", "--out", "o"]) == 0
    capsys.readouterr()
    line = refused(capsys, "tip", "other.toml", "--values", "4,5,6,7", "--out", "o")
    assert "asked.scenario.seed (7, now 8) differs" in line


def test_tip_rehearses_and_names_the_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "small.toml").write_text(SCENARIO.replace('start = "up"', 'start = "zzz"'))
    line = refused(capsys, "tip", "small.toml", "--values", VALUES, "--workers", "1")
    assert "small.toml" in line
    assert "start is 'zzz'" in line
    assert not (place / "runs").exists()
    (place / "small.toml").write_text(SCENARIO)
    line = refused(capsys, "tip", "small.toml", "--values", VALUES, "--scheduler", "nonsense")
    assert "HOST:PORT" in line
    assert not (place / "runs").exists()


def test_inspect_prints_the_reference_values(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", "karate", "--draws", "20"]) == 0
    said = capsys.readouterr().out
    for number in ("0.7175", "0.3582", "0.8810"):
        assert number in said
    rows = pd.read_csv(place / "runs" / "karate-inspect" / "structure.csv")
    values = rows.set_index("measure")["value"]
    assert values["users in Mr. Hi"] == 17
    assert values["ties"] == 78
    page = (place / "runs" / "karate-inspect" / "report.html").read_text()
    assert page.count("<figure>") == 2
    assert "sociophysics inspect karate --draws 20 --seed 0" in page
    # How robust the club is against targeting: linear response of belief propagation at 1.5 T_c.
    assert values["gain of the best 1 % of users over random ones"] == pytest.approx(
        1.9588, abs=1e-4
    )
    assert values["share of users with half of the influence"] == pytest.approx(12 / 34)
    assert "Robustness against targeting" in page


def test_polblogs_to_four_digits() -> None:
    system = sp.couplings.uniform(sp.networks.load("polblogs"))
    codes, names = of(system, "value")
    rows = structure(system, codes, names=names, draws=3).set_index("measure")
    exact = {"assortativity": 0.8113, "modularity": 0.4052, "random-walk controversy": 0.5082}
    for name, value in exact.items():
        assert round(float(rows.loc[name, "value"]), 4) == value
        assert rows.loc[name, "z"] > 10
    normalized = rows.loc["ferromagnet, couplings normalized by degree", "value"]
    own = sp.couplings.uniform(sp.networks.load("polblogs"), normalize="degree")
    from sociophysics.theory.cavity import critical_temperature

    assert normalized == pytest.approx(critical_temperature(own), rel=1e-9)


def test_the_null_is_that_of_against_null() -> None:
    system = sp.couplings.uniform(sp.networks.load("karate"))
    codes, _ = of(system, "club")
    row = structure(system, codes, draws=10, seed=4).set_index("measure").loc["modularity"]
    expected = against_null(modularity, system, codes, draws=10, seed=4)
    assert tuple(row[["value", "mean", "sd", "z", "p"]]) == pytest.approx(tuple(expected))


def test_inspect_a_signed_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["inspect", "signed.csv", "--nodes", "users.csv", "--camps", "side", "--draws", "20"]
    assert main([*command, "--out", "s"]) == 0
    capsys.readouterr()
    rows = pd.read_csv(place / "s" / "structure.csv").set_index("measure")
    assert rows.loc["share of antagonistic ties", "value"] == pytest.approx(2 / 9)
    # The friendly tie a-f across the two hostile blocs is the one that cannot be satisfied.
    assert rows.loc["frustration index", "value"] == 1
    assert rows.loc["frustration index", "note"] == "proven optimal"
    assert rows.loc["balanced triads", "value"] == 1
    assert np.isfinite(rows.loc["signed modularity", "value"])
    assert np.isnan(rows.loc["random-walk controversy", "value"])
    assert "no meaning on antagonistic ties" in rows.loc["random-walk controversy", "note"]


def test_what_is_undefined_says_so() -> None:
    two = SpinSystem.from_edges([0, 1, 3, 4], [1, 2, 4, 5])
    rows = structure(two, [0, 0, 0, 1, 1, 1], draws=0).set_index("measure")
    assert "connected" in rows.loc["random-walk controversy", "note"]
    assert rows.loc["components", "value"] == 2
    assert rows["z"].isna().all()
    alone = structure(two, [0] * 6, draws=0).set_index("measure")
    assert "two camps" in alone.loc["random-walk controversy", "note"]
    assert "no ferromagnet transition" in rows.loc["ferromagnet", "note"]
    without = structure(two, draws=0)
    assert not (without["group"] == "camps").any()
    one_way = structure(SpinSystem.from_edges([0, 1], [1, 2], directed=True), draws=0)
    assert not one_way["measure"].isin(["frustration index", "balanced triads"]).any()
    with pytest.raises(InputError, match="draws is 1"):
        structure(two, draws=1)


def test_inspect_keeps_the_largest_component(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "two.csv").write_text("source,target\na,b\nb,c\na,c\nx,y\n")
    assert main(["inspect", "two.csv", "--largest", "--draws", "0", "--out", "l"]) == 0
    rows = pd.read_csv(place / "l" / "structure.csv").set_index("measure")
    assert rows.loc["users", "value"] == 3
    capsys.readouterr()


def test_inspect_refuses_bad_input(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "neither a file nor a bundled network" in refused(capsys, "inspect", "karat")
    assert "does not exist" in refused(capsys, "inspect", "none.csv")
    assert "no user has the camp attribute" in refused(capsys, "inspect", "karate", "--camps", "z")
    line = refused(capsys, "inspect", "karate", "--nodes", "users.csv")
    assert "bundled network" in line
    (place / "run").mkdir()
    (place / "run" / "manifest.json").write_text("{}")
    line = refused(capsys, "inspect", "karate", "--out", "run")
    assert "is not the manifest of an inspection" in line
