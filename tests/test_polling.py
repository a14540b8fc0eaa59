"""What polls tell: closed forms of ordered lattices, independent users, camps; and refusals."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.experiments import polling

LATTICE = """
seed = 1
network = {{kind = "lattice", shape = [{side}, {side}]}}
couplings = {{kind = "uniform"}}
dynamics = {{temperature = {temperature}, sweeps = {sweeps}, burn_in = 100, start = "up"}}
observe = {{every = 10, names = ["energy"]}}
sweep = {{replicas = 16}}
"""
CAMPS = """
seed = 2
network = {kind = "planted_partition", n = 60, communities = 2, k_in = 12, k_out = 2}
couplings = {kind = "camps", within = 0.1, across = -0.2}
dynamics = {temperature = 0.5, sweeps = 60, burn_in = 20, start = "camps"}
observe = {every = 4, names = ["energy"]}
sweep = {replicas = 8}
"""


def h2(p: float) -> float:
    return float(-p * np.log2(p) - (1 - p) * np.log2(1 - p))


def told_by(k: int, m: float) -> float:
    """Return the information of k stances that are independent given the sign."""
    from scipy.stats import binom

    up = binom.pmf(np.arange(k + 1), k, (1 + m) / 2)
    both = np.stack([up, up[::-1]]) / 2
    marginal = both.sum(axis=0)
    return 1 - float(sum(m * h2(p) for m, p in zip(marginal, both[0] / marginal, strict=True)))


def bits(found: Any, choice: str, size: int, target: str) -> float:
    rows = found.table.query(f"choice == '{choice}' and size == {size} and target == '{target}'")
    return float(rows["information"].iloc[0])


def test_the_closed_form_has_the_known_values() -> None:
    found = [round(told_by(k, 0.9113), 3) for k in (1, 2, 3, 5)]
    assert found == [0.738, 0.895, 0.965, 0.995]


def test_far_users_of_an_ordered_lattice_tell_its_sign() -> None:
    text = LATTICE.format(side=32, temperature=2.0, sweeps=1500)
    found = polling(sp.Scenario.from_toml(text), [1, 2, 3, 5], choices=["random"], workers=1)
    for size in (1, 2, 3, 5):
        assert abs(bits(found, "random", size, "majority") - told_by(size, 0.9113)) < 0.02
        assert abs(bits(found, "random", size, "rest") - told_by(size, 0.9113)) < 0.02
    assert abs(bits(found, "far pair", 1, "another user") - 0.5813) < 0.02
    assert found.enough["size"].tolist() == [3.0, 3.0]


def test_above_the_transition_a_few_users_tell_themselves_only() -> None:
    text = LATTICE.format(side=16, temperature=3.0, sweeps=400)
    found = polling(sp.Scenario.from_toml(text), [1, 3], workers=1)
    assert bits(found, "far pair", 1, "another user") < 0.01
    assert bits(found, "random", 3, "rest") < 0.1
    assert found.enough["size"].isna().all()


def test_independent_users_tell_what_their_share_of_the_sum_does() -> None:
    """One of three free users: the majority is its own with probability 3/4."""
    text = LATTICE.format(side=3, temperature=1.0, sweeps=2100)
    free = sp.Scenario.from_toml(
        text.replace('kind = "uniform"', 'kind = "uniform", value = 0.0').replace("[3, 3]", "[3]")
    )
    found = polling(free, [1], choices=["random", "greedy"], workers=1)
    assert abs(bits(found, "random", 1, "majority") - (1 - h2(0.75))) < 0.02
    assert abs(bits(found, "greedy", 1, "majority") - (1 - h2(0.75))) < 0.02
    assert bits(found, "random", 1, "rest") < 0.005


def test_opposed_camps_are_told_apart_by_who_answers() -> None:
    found = polling(sp.Scenario.from_toml(CAMPS), [1, 3], choices=["random", "degree"], workers=1)
    assert bits(found, "random", 1, "camp 0") > 0.95
    assert bits(found, "random", 1, "camp 1") > 0.95
    assert len(found.asked["degree"]) == 3
    assert "mirror image" in found.note
    redrawn = sp.Scenario.from_toml(
        CAMPS.replace("replicas = 8", 'replicas = 8, redraw = ["network"]')
    )
    again = polling(redrawn, [1], choices=["random"], workers=1)
    assert "not redrawn" in again.note
    assert bits(again, "random", 1, "camp 0") == bits(found, "random", 1, "camp 0")


def test_a_sweep_shows_how_it_collapses_and_a_study_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = LATTICE.format(side=8, temperature=1.5, sweeps=150)
    sweep = '[sweep]\nreplicas = 4\n"dynamics.temperature" = [1.5, 6.0]\n'
    Path("s.toml").write_text(text.replace("sweep = {replicas = 16}", sweep))
    command = ["poll", "s.toml", "--sizes", "1,3", "--workers", "1", "--out", "out"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert re.search(r"dynamics.temperature = 1.5, random, majority: [13] users?", said)
    assert "dynamics.temperature = 6.0, random, majority: none of these" in said
    assert main(["repeat", "out", "--workers", "1"]) == 0
    assert len(sp.open("out").tables["polls"]) == 26
    for bad, words in ((["--sizes", "x"], "--sizes is 'x'"), (["--choices", "all"], "'all'")):
        assert main(["poll", "s.toml", *bad, "--out", "other"]) == 2
        assert words in capsys.readouterr().err


def test_a_poll_of_too_many_or_too_few_frames_costs_nothing(tmp_path: Path) -> None:
    stops = CAMPS.replace('start = "camps"', 'start = "camps", stop_when = "magnetization > 0.9"')
    slow = CAMPS.replace("every = 4", "every = 20")
    for text, sizes in ((CAMPS, [61]), (slow, [1]), (stops, [1])):
        with pytest.raises(InputError):
            polling(sp.Scenario.from_toml(text), sizes, workers=1, out=tmp_path / "poll")
        assert not (tmp_path / "poll").exists()


@pytest.mark.parametrize(
    ("sizes", "keys", "said"),
    [
        ([0], {}, "sizes holds 0"),
        ([], {}, "sizes is empty"),
        ([1000], {}, "the society has 60 users"),
        ([1], {"replicas": 3}, "replicas is 3"),
        ([1], {"design": "none"}, "'none' is not a design"),
    ],
)
def test_what_cannot_be_polled_is_one_sentence(
    sizes: list[int], keys: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        polling(sp.Scenario.from_toml(CAMPS), sizes, workers=1, **keys)
