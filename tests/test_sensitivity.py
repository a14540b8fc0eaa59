"""A sensitivity analysis tells keys from chance, and whether the order of designs survives."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.experiments.sensitivities import _sampled, sobol_indices

BOUNDS = {"x": (-np.pi, np.pi), "y": (-np.pi, np.pi), "z": (-np.pi, np.pi)}
FIRST, TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)  # Ishigami's function, a = 7, b = .1

SCENARIO = """
seed = 5
network = {kind = "complete", n = 40}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 0.8, sweeps = 20, burn_in = 10, start = "up"}
observe = {every = 5, names = ["magnetization"]}
sweep = {replicas = 4, "dynamics.temperature" = [0.5, 0.8]}
[[designs]]
name = "none"
[[designs]]
name = "pushed"
field = {kind = "uniform", value = 0.2}
"""


def ishigami(noise: float, replicas: int, samples: int = 2048) -> np.ndarray:
    x = _sampled(BOUNDS, "sobol", samples, 1)
    value = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    rng = np.random.default_rng(2)
    return value[:, np.newaxis] + noise * rng.normal(size=(len(x), replicas))


def test_indices_of_ishigamis_function_are_the_known_ones() -> None:
    found = sobol_indices(ishigami(0.0, 2), BOUNDS)
    assert found["first"].to_numpy() == pytest.approx(FIRST, abs=0.02)
    assert found["total"].to_numpy() == pytest.approx(TOTAL, abs=0.02)
    assert found["noise"].tolist() == [0.0] * 3


def test_chance_is_taken_out_of_the_indices_and_said() -> None:
    """Noise of twice the function's variance (13.84) in each of four replicas: a third of all."""
    noise = np.sqrt(2 * 13.8446)
    found = sobol_indices(ishigami(noise, 4, 8192), BOUNDS)
    assert found["noise"].iloc[0] == pytest.approx(1 / 3, abs=0.02)
    assert found["first"].to_numpy() == pytest.approx(FIRST, abs=0.06)
    assert found["total"].to_numpy() == pytest.approx(TOTAL, abs=0.06)
    # The control: without taking it out, the key that interacts alone has twice its share.
    one = np.repeat(ishigami(noise, 4, 8192).mean(axis=1)[:, np.newaxis], 2, axis=1)
    assert sobol_indices(one, BOUNDS)["total"].iloc[2] > TOTAL[2] + 0.15


def test_a_key_that_does_nothing_has_no_effect_and_the_temperature_has_one() -> None:
    feed = 'feed = {kind = "chronological", strength = 0.0}'
    scenario = sp.Scenario.from_toml(SCENARIO.partition("[[designs]]")[0] + feed)
    keys = {"dynamics.temperature": (0.4, 2.0), "feed.strength": (0.0, 1e-9)}
    found = sp.experiments.sensitivity(scenario, keys, samples=6, workers=1)
    effect = found.indices.set_index("key")["mu_star"]
    assert effect["dynamics.temperature"] > 0.3
    assert effect["feed.strength"] < 0.1
    assert len(found.points) == 6 * 3


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_keys_that_change_no_bit_are_said(method: str) -> None:
    feed = 'feed = {kind = "popularity", strength = STRENGTH, alpha = 1.0}'
    text = SCENARIO.partition("[[designs]]")[0] + feed
    designs = '[[designs]]\nname = "shown"\n[[designs]]\nname = "none"\nfeed = {kind = "none"}'
    keys = {"feed.alpha": (0.1, 3.0)}
    warm = text.replace("STRENGTH", "0.9").replace("temperature = 0.8", "temperature = 2.0")
    two = sp.Scenario.from_toml(warm + "\n" + designs)
    found = sp.experiments.sensitivity(two, keys, method=method, samples=4, workers=1)
    assert found.sentence.endswith("In no bit did an outcome change with feed.alpha in none.")
    keys["dynamics.temperature"] = (0.5, 1.5)
    one = sp.Scenario.from_toml(text.replace("STRENGTH", "0.0"))
    found = sp.experiments.sensitivity(one, keys, method=method, samples=4, workers=1)
    assert found.sentence.endswith("In no bit did an outcome change with feed.alpha.")


def test_a_temperature_that_a_rule_has_not_is_refused() -> None:
    voters = SCENARIO.replace(', "dynamics.temperature" = [0.5, 0.8]', "")
    scenario = sp.Scenario.from_toml(voters).replace({"dynamics.rule": {"kind": "voter"}})
    with pytest.raises(InputError, match="because the rule voter has no temperature; leave it"):
        sp.experiments.sensitivity(scenario, {"dynamics.temperature": (0.5, 1.5)}, workers=1)


def test_an_order_that_survives_and_one_that_does_not_are_told_apart() -> None:
    scenario = sp.Scenario.from_toml(SCENARIO)
    warm = {"dynamics.temperature": (1.5, 2.5)}
    kept = sp.experiments.sensitivity(scenario, warm, samples=4, workers=1)
    assert kept.sentence.startswith("The order of designs survives")
    assert kept.order["lower"].item() > 0
    both = {"field.value": (-0.6, 0.6), "dynamics.temperature": (1.5, 2.0)}
    found = sp.experiments.sensitivity(scenario, both, samples=6, workers=1)
    assert found.sentence.startswith("The order of designs does not survive")


def test_where_no_pair_is_told_apart_no_order_survives() -> None:
    same = sp.Scenario.from_toml(SCENARIO.replace("value = 0.2", "value = 0.0"))
    found = sp.experiments.sensitivity(
        same, {"dynamics.temperature": (1.5, 2.5)}, samples=4, workers=1
    )
    assert not found.order[["higher", "lower"]].to_numpy().any()
    assert found.sentence.startswith("No order of the 2 designs is told: no pair differs")


@pytest.mark.parametrize("values", [[0.1, -0.1], {"0": 0.1, "1": -0.1}])
def test_a_list_or_a_table_has_no_number_to_vary(values: object) -> None:
    field = {"kind": "camps", "values": values}
    network = {"kind": "planted_partition", "n": 40, "communities": 2, "k_in": 6, "k_out": 2}
    scenario = sp.Scenario.from_toml(SCENARIO).replace(
        {"network": network, "designs": [{"name": "pushed", "field": field}]}
    )
    for keys in (["field.values"], {"field.values": (0.1, 0.5)}):
        with pytest.raises(InputError, match="not a key of the scenario with a number"):
            sp.experiments.sensitivity(scenario, keys, samples=2, workers=1)


def test_the_command_makes_a_study_that_is_continued_opened_and_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(SCENARIO, encoding="utf-8")
    words = ["sensitivity", "small.toml", "--keys", "dynamics.temperature=1.5:2.5"]
    words += ["--samples", "2", "--workers", "1"]
    assert main(words) == 0
    assert "order of designs" in capsys.readouterr().out.splitlines()[0]
    place = Path("runs/small-sensitivity")
    before = {path.name: path.read_bytes() for path in place.glob("*.csv")}
    next((place / "parts").iterdir()).unlink()
    (place / "indices.csv").unlink()
    assert main(words) == 0
    assert {path.name: path.read_bytes() for path in place.glob("*.csv")} == before
    assert set(sp.open(place).tables) >= {"indices", "order", "points"}
    assert main(["repeat", str(place), "--workers", "1"]) == 0


@pytest.mark.parametrize(
    ("keys", "more", "said"),
    [
        ([], {}, "no keys are given"),
        (["network.n"], {}, "not a key of the scenario with a number that can be divided"),
        (["dynamics.heat"], {}, "not a key of the scenario"),
        ({"dynamics.temperature": (2.0, 1.0)}, {}, "the lower first"),
        ({"dynamics.temperature": (-1.0, 1.0)}, {}, "must be >= 0"),
        (["dynamics.temperature"], {"method": "fast"}, "method is 'fast'"),
        (["dynamics.temperature"], {"method": "sobol", "samples": 6}, "powers of two"),
        (["dynamics.temperature"], {"samples": 1}, "samples is 1"),
        (["dynamics.temperature"], {"replicas": 1}, "at least 2"),
        (["dynamics.temperature"], {"observable": "energy"}, "is not observed"),
        (["dynamics.temperature"], {"samples": 10**6}, "runs are asked for"),
        (["dynamics.temperature"], {"method": "sobol", "samples": 2**40}, "runs are asked for"),
    ],
)
def test_what_cannot_be_varied_is_one_sentence(keys: object, more: dict, said: str) -> None:
    began = time.process_time()
    with pytest.raises(InputError, match=said):
        sp.experiments.sensitivity(sp.Scenario.from_toml(SCENARIO), keys, **more)
    assert time.process_time() - began < 5


def test_a_key_that_acts_on_nobody_is_refused(tmp_path: Path) -> None:
    """Half-widths of 0.0, or Sobol indices that are no numbers, said nothing of why."""
    ties = nx.complete_graph(12)
    nx.set_node_attributes(ties, 0.8, "own")
    given = sp.Scenario.from_toml(SCENARIO).replace(network=ties)
    given = given.replace({"dynamics.own_temperature": "own"})
    with pytest.raises(InputError, match="every user has a temperature of the column 'own'"):
        sp.experiments.sensitivity(given, ["dynamics.temperature"], workers=1)
    assert "acts on nobody" in "\n".join(sp.study.card_of_scenario(given).lines())
    draws = pd.DataFrame({"dynamics.temperature": np.linspace(0.5, 1.5, 8)})
    draws.to_parquet(tmp_path / "posterior.parquet")
    drawn = sp.Scenario.from_toml(SCENARIO).replace(
        {"posterior": {"path": str(tmp_path)}, "sweep": {"replicas": 4}}
    )
    with pytest.raises(InputError, match=r"posterior\.path draws dynamics\.temperature"):
        sp.experiments.sensitivity(drawn, ["dynamics.temperature"], workers=1)


def test_without_salib_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SALib.sample.morris", None)
    with pytest.raises(InputError, match=r"sociophysics\[sensitivity\]"):
        sp.experiments.sensitivity(sp.Scenario.from_toml(SCENARIO), ["dynamics.temperature"])
