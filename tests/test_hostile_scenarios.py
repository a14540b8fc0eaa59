"""Thousands of scenario files that are nearly right: each is accepted or refused in a sentence."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.report.describe import describe
from sociophysics.scenario import Scenario, canonical_json
from sociophysics.scenario import text as toml
from sociophysics.study import plan
from sociophysics.study.blocks import users_of
from tests.scenario_mutants import bases, mutant

LONGEST = 2_000  # characters of a sentence that lists what is allowed
SECONDS = 5.0  # of work that one file may take


def read(text: str) -> Scenario | None:
    """Return the scenario of a text that passes every look at it, None if it is refused."""
    start, scenario, sentence = time.process_time(), None, ""
    try:
        scenario = Scenario.from_toml(text, name="mutant")
        describe(scenario)
        plan(scenario)
        json_form = json.loads(canonical_json(scenario.canonical()))
        assert Scenario.from_canonical(json_form) == scenario
    except InputError as error:
        scenario, sentence = None, str(error)
    assert time.process_time() - start < SECONDS
    assert len(sentence) < LONGEST
    assert (scenario is None) == bool(sentence)
    return scenario


def test_a_thousand_mutants_are_scenarios_or_one_sentence() -> None:
    stock = bases()
    found = [read(mutant(random.Random(seed), stock)) for seed in range(1000)]
    accepted = sum(each is not None for each in found)
    assert 50 < accepted < 500


def test_what_mutants_are_made_of_is_accepted() -> None:
    stock = bases()
    assert all(read(toml.write(tables)) for tables in stock)
    text = "".join(map(toml.write, stock))
    for table in ("trial", "follow", "posterior", "rule", "arms", "claims"):
        assert f"{table} =" in text or f"{table}]" in text


def run_small(scenario: Scenario, out: Path) -> bool:
    """Run a scenario that is small enough, and return whether it was."""
    parts = plan(scenario)
    users = [users_of(part.settings) or 100 for part in parts]
    work = sum(n * part.settings.dynamics.sweeps for n, part in zip(users, parts, strict=True))
    if len(parts) > 40 or max(users) > 500 or work > 100_000:
        return False
    sentence = ""
    try:
        sp.run(scenario, out, workers=1)
    except InputError as error:
        sentence = str(error)
    assert len(sentence) < LONGEST
    return True


def accepted_mutants(seeds: range, out: Path, most: int) -> int:
    stock = [each for each in bases() if each["couplings"]["kind"] != "fitted"]
    done = 0
    for seed in seeds:
        scenario = read(mutant(random.Random(seed), stock))
        if scenario is not None and done < most:
            done += run_small(scenario, out / str(seed))
    return done


def test_what_is_accepted_runs_or_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sociophysics.report.page.render", lambda run: "a report")
    assert accepted_mutants(range(5000, 5400), tmp_path, most=10) == 10


@pytest.mark.validate
def test_ten_thousand_mutants_are_scenarios_or_one_sentence(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Keys, types, values and bytes of scenarios changed; what is accepted is run, with report."""
    stock = bases()
    found = [read(mutant(random.Random(seed), stock)) for seed in range(10_000, 20_000)]
    record_property("mutants", len(found))
    record_property("accepted", sum(each is not None for each in found))
    record_property("run", accepted_mutants(range(20_000, 21_200), tmp_path, most=60))


TEXT = """
seed = 1
[network]
kind = "complete"
n = 9
[couplings]
kind = "uniform"
[dynamics]
temperature = 1.0
sweeps = 4
[[interventions]]
kind = "nucleate"
at = 1
hold = 2
[sweep]
replicas = 2
"""
REFUSED = {
    "seed of 4000 digits": ("seed = 1", f"seed = {'9' * 4000}", "seed is about 1e"),
    "seed of 5000 digits": ("seed = 1", f"seed = {'9' * 5000}", "thousands of digits"),
    "hexadecimal": ("seed = 1", f"seed = 0x{'f' * 5000}", "seed is about 1e"),
    "sweeps": ("sweeps = 4", f"sweeps = {2**63}", "dynamics.sweeps is about 1e"),
    "sweeps of 4000 digits": ("sweeps = 4", f"sweeps = {'1' * 4000}", "dynamics.sweeps is about"),
    "hold": ("hold = 2", f"hold = {2**64}", "interventions.0.hold is about 1e19"),
    "at": ("at = 1", f"at = -{2**70}", "interventions.0.at is about -1e2"),
    "replicas": ("replicas = 2", f"replicas = {10**30}", "sweep.replicas is about 1e"),
    "a swept count": ("[sweep]", f'[sweep]\n"network.n" = [9, {10**40}]', "network.n.1 is about"),
    "an extreme noise": ("temperature = 1.0", "temperature = 1e308", "from 0 to 1e+100, or inf"),
    "nested lists": ("n = 9", f"n = {'[' * 2000}", "nested"),
    "nested tables": ("n = 9", f"n = {'{a=' * 100}1{'}' * 100}", "nested"),
    "steps without end": (
        "[sweep]",
        '[sweep]\n"dynamics.temperature" = {start = 0, stop = 1e100, step = 5e-324}',
        "at most 100000 are allowed",
    ),
    "a key of 10000 letters": ("n = 9", f"{'k' * 10_000} = 9", "is not a key of"),
    "a key with blanks": ("n = 9", f'"{"k " * 5_000}" = 9', "is not a key of"),
    "a title with NUL": (
        "seed = 1",
        'seed = 1\ntitle = "a\\u0000b"',
        "title holds the character NUL",
    ),
    "a path with NUL": ('kind = "complete"\nn = 9', 'path = "a\\u0000b"', "network.path holds"),
    "a text of a megabyte": ("n = 9", f'n = "{"a b " * 250_000}"', "it must be a whole number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_numbers_and_texts_beyond_reason_are_one_short_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    old, new, words = REFUSED[case]
    assert old in TEXT
    (tmp_path / "s.toml").write_text(TEXT.replace(old, new))
    start = time.process_time()
    assert main(["run", str(tmp_path / "s.toml"), "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1
    assert len(said) < 800
    assert time.process_time() - start < SECONDS
    assert not (tmp_path / "run").exists()


def test_seeds_of_any_hash_are_allowed() -> None:
    assert Scenario.from_toml(TEXT.replace("seed = 1", f"seed = {2**128}")).seed == 2**128


def test_a_file_without_an_end_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    if not Path("/dev/zero").exists():
        return
    assert main(["describe", "/dev/zero"]) == 2
    assert "has more than 16 MB" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["{", "{0}", '{"a": 1', "%s", "$x_{", "[b]", "<b>"])
def test_a_design_may_have_any_name(tmp_path: Path, name: str) -> None:
    """A name that begins like JSON once broke the report, after everything had been computed."""
    tables = {"designs": [{"name": "none"}, {"name": name, "feed": {"kind": "random"}}]}
    sp.run(Scenario.from_toml(TEXT).replace(tables), tmp_path / "run", workers=1)
    assert (tmp_path / "run" / "report.html").exists()


def test_ties_too_rare_to_draw_are_none() -> None:
    """A chance below the resolution of 1 - p has the logarithm 0, which was divided by."""
    keys = {"n": 20, "communities": 2, "k_in": 4.0}
    graph = sp.networks.build("planted_partition", seed=3, **keys, k_out=1e-16)
    assert not any((u < 10) != (v < 10) for u, v in graph.edges())
    for degree in (1e-16, 5e-324):
        assert sp.networks.build("erdos_renyi", seed=3, n=20, mean_degree=degree).size() == 0


def test_a_long_list_of_users_is_checked_in_a_moment() -> None:
    users = list(range(100_000))
    start = time.process_time()
    text = TEXT.replace("hold = 2", f"hold = 2\nwho = {[*users, 7]}")
    with pytest.raises(InputError, match="names the user 7 twice"):
        Scenario.from_toml(text)
    assert time.process_time() - start < SECONDS
