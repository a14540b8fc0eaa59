"""A scenario with a posterior: replica r lives in draw r, and says what it cannot do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.scenario.build import simulate_case

SCENARIO = """
seed = 3
[network]
kind = "planted_partition"
n = 60
k_in = 6
k_out = 2
[couplings]
kind = "uniform"
normalize = "degree"
[field]
kind = "camps"
values = [0.0, 0.0]
[dynamics]
temperature = 1.0
sweeps = 6
[observe]
every = 2
names = ["magnetization", "camp_polarization"]
[posterior]
path = "cal"
[[designs]]
name = "none"
[[designs]]
name = "chronological"
feed = { kind = "chronological", strength = 0.5 }
[sweep]
replicas = 4
"""
DRAWS = pd.DataFrame(
    {
        "dynamics.temperature": [0.5, 1.0, 2.0, 4.0],
        "field.values": [0.1, 0.2, 0.3, 0.4],
        "feed.strength": [0.0, 0.4, 0.8, 1.2],
        "sweeps_per_wave": [1.0, 2.0, 3.0, 4.0],
    }
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cal").mkdir()
    DRAWS.to_parquet(tmp_path / "cal" / "posterior.parquet")
    free = {"field.values": {"low": 0.0, "high": 1.0, "shape": [1, -1]}}
    (tmp_path / "cal" / "manifest.json").write_text(json.dumps({"asked": {"free": free}}))
    (tmp_path / "drawn.toml").write_text(SCENARIO)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_replica_lives_in_its_draw(place: Path) -> None:
    run = sp.run(sp.Scenario.load("drawn.toml"), workers=1)
    plain = SCENARIO.replace('[posterior]\npath = "cal"\n', "")
    for r, draw in DRAWS.iterrows():
        changes = {
            "dynamics.temperature": draw["dynamics.temperature"],
            "field.values": [draw["field.values"], -draw["field.values"]],
            "feed.strength": draw["feed.strength"],
        }
        for case in sp.Scenario.from_toml(plain).replace(changes).cases():
            alone, _ = simulate_case(case.settings, [r])
            mine = run.table[(run.table["design"] == case.design) & (run.table["replica"] == r)]
            for name in ("magnetization", "camp_polarization"):
                np.testing.assert_array_equal(mine[name].to_numpy(), alone[name].to_numpy())


def test_a_run_with_draws_is_continued_and_repeated_unless_they_change(place: Path) -> None:
    assert main(["run", "drawn.toml", "--workers", "1", "--quiet"]) == 0
    assert main(["repeat", "runs/drawn", "--workers", "1", "--quiet"]) == 0
    assert main(["run", "drawn.toml", "--workers", "1", "--quiet"]) == 0
    (DRAWS * 1.01).to_parquet(place / "cal" / "posterior.parquet")
    assert main(["run", "drawn.toml", "--workers", "1", "--quiet"]) == 2


BAD = {
    "more replicas than draws": ("replicas = 4", "replicas = 5", "4 draws"),
    "no calibration there": ('path = "cal"', 'path = "cals"', "calibrate"),
    "a key that is swept as well": (
        "replicas = 4", 'replicas = 4\n"feed.strength" = [1.0, 2.0]', "leave one of them out",
    ),
    "an unknown key": ('path = "cal"', 'file = "cal"', "posterior.file"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_drawn_is_one_sentence(
    case: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, expected = BAD[case]
    (place / "drawn.toml").write_text(SCENARIO.replace(old, new))
    assert main(["run", "drawn.toml", "--workers", "1"]) == 2
    said = capsys.readouterr()
    assert len(said.err.strip().splitlines()) == 1
    assert expected in said.err


def test_a_draw_that_the_scenario_does_not_allow_is_named(place: Path) -> None:
    table = DRAWS.assign(**{"dynamics.temperature": [0.5, -1.0, 2.0, 4.0]})
    table.to_parquet(place / "cal" / "posterior.parquet")
    case = sp.Scenario.load("drawn.toml").cases()[0]
    with pytest.raises(InputError, match="is not allowed here: dynamics"):
        simulate_case(case.settings, [1])
    with pytest.raises(InputError, match="replica 9 has no draw"):
        simulate_case(case.settings, [9])


def test_a_scenario_without_a_posterior_has_the_hash_that_it_had() -> None:
    plain = sp.Scenario.from_toml(SCENARIO.replace('[posterior]\npath = "cal"\n', ""))
    assert "posterior" not in plain.canonical()
