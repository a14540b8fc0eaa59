"""Whatever takes a path takes a pathlib.Path; what is no path or name is one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sociophysics as sp
from sociophysics.inference.chamber.saved import load_draws, load_system
from sociophysics.inference.chamber.what_if import system_file
from sociophysics.report import html
from sociophysics.rollcall.vote_tables import header
from sociophysics.society.networks.table_bounds import check_table

NEITHER: list[Any] = [b"votes.csv", None, 3, 2.5, ["votes.csv"], {}, object()]
NO_PATHS: list[Any] = ["\0", "a\0b.csv", "\ud800.csv", "x" * 5000, Path("x" * 5000)]
MISSING = [Path("nowhere"), Path("no/where.csv"), "nowhere"]
PATHS: dict[str, Callable[[Any], Any]] = {
    "Scenario.load": sp.Scenario.load,
    "networks.read": sp.networks.read,
    "SpinSystem.open": sp.SpinSystem.open,
    "SpinSystem.from_edge_file": sp.SpinSystem.from_edge_file,
    "State.load": sp.State.load,
    "Run.open": sp.Run.open,
    "open": sp.open,
    "query": lambda path: sp.study.query(path, "select 1"),
    "rollcall.open_votes": sp.rollcall.open_votes,
    "rollcall.read_votes": sp.rollcall.read_votes,
    "rollcall.read_ord": sp.rollcall.read_ord,
    "rollcall.read_voteview": lambda path: sp.rollcall.read_voteview(path, "members.csv"),
    "header": header,
    "chambers.chamber": sp.chambers.chamber,
    "chambers.system_file": system_file,
    "load_system": load_system,
    "load_draws": load_draws,
}
NAMES: dict[str, Callable[[Any], Any]] = {
    "rollcall.load": sp.rollcall.load,
    "networks.load": sp.networks.load,
    "rollcall.fetch_voteview": sp.rollcall.fetch_voteview,
    "Scenario.from_toml": sp.Scenario.from_toml,
    "stop_rule": sp.scenario.stop_rule,
}
WRITES: dict[str, Callable[[Any], Any]] = {
    "html.save": lambda path: html.save("<p>", path),
    "export": lambda path: sp.export(SCENARIO, path),
    "run": lambda path: sp.run(SCENARIO, out=path, workers=1),
}
SCENARIO = sp.Scenario.from_toml(sp.scenario.text.CROWD)


def refused(function: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(sp.InputError) as caught:
        function(value)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 700
    sentence.encode("utf-8", "backslashreplace")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", PATHS)
def test_what_is_no_path_or_leads_nowhere_is_one_sentence(name: str) -> None:
    for value in (*NEITHER, *NO_PATHS, *MISSING):
        refused(PATHS[name], value)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_name_is_one_sentence(name: str) -> None:
    for value in (*NEITHER, *NO_PATHS, *MISSING):
        refused(NAMES[name], value)


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_written_where_no_path_is_given(name: str, tmp_path: Path) -> None:
    # No folder at all is how a run is asked to write nothing.
    for value in (*NEITHER, *NO_PATHS):
        if not (name == "run" and value is None):
            refused(WRITES[name], value)
    assert list(tmp_path.iterdir()) == []


def test_a_path_is_as_good_as_its_text(tmp_path: Path) -> None:
    place = tmp_path / "crowd.toml"
    place.write_text(sp.scenario.text.CROWD)
    assert sp.Scenario.load(place) == sp.Scenario.load(str(place))
    assert check_table(Path("no.txt")) is None
    for value in NEITHER:
        refused(check_table, value)
    with pytest.raises(sp.InputError, match="open_votes reads files"):
        sp.rollcall.load(place)  # type: ignore[arg-type]
    with pytest.raises(sp.InputError, match="the word to explain"):
        sp.glossary.explain(place)  # type: ignore[arg-type]
