"""What the Feed lab runs is what the command line repeats."""

from __future__ import annotations

import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.live.live_run import LiveRun

SCENARIO = """
seed = 5
network = {kind = "planted_partition", n = 60, communities = 2, k_in = 6.0, k_out = 1.0}
couplings = {kind = "camps", within = 1.0, across = -0.3}
dynamics = {temperature = 2.0, sweeps = 30, start = "camps"STOP}
observe = {names = ["camp_polarization", "energy", "exposure_agreement"]}
[[designs]]
name = "no feed"
feed = {kind = "none"}
[[designs]]
name = "engagement, 3 slots"
feed = {kind = "engagement", strength = 0.8, slots = 3}
"""


def scenario(stop: str = "") -> sp.Scenario:
    return sp.Scenario.from_toml(SCENARIO.replace("STOP", stop))


def repeated(live: LiveRun) -> pd.DataFrame:
    text = live.so_far().to_toml()
    table = sp.run(sp.Scenario.from_toml(text), workers=1).table
    return table.reset_index(drop=True)


def seen(live: LiveRun) -> pd.DataFrame:
    return live.table().reset_index(drop=True)


def test_a_live_run_with_interventions_is_repeated_bit_for_bit() -> None:
    live = LiveRun(scenario(), replicas=4)
    for sweep in range(20):
        if sweep == 4:
            live.intervene({"kind": "heat", "temperature": 3.5})
            live.intervene({"kind": "nucleate", "who": [0, 1, 2, 40], "stance": -1, "hold": 3})
        if sweep == 9:
            live.intervene({"kind": "feed", "feed": {"kind": "none"}}, ["engagement, 3 slots"])
        if sweep == 12:
            live.intervene({"kind": "rewire", "share": 0.3, "toward": "similar"})
        if sweep == 15:
            live.intervene({"kind": "tilt", "field": 0.2})
        live.step()
    assert live.sweep == 20
    pd.testing.assert_frame_equal(seen(live), repeated(live), check_exact=True)
    assert len(live.so_far().designs[1].interventions or ()) == 5
    assert len(live.so_far().designs[0].interventions or ()) == 4


def test_a_run_that_is_not_disturbed_is_another_one() -> None:
    """Negative control of the comparison above."""
    live, calm = LiveRun(scenario(), replicas=2), LiveRun(scenario(), replicas=2)
    for _ in range(6):
        live.step()
        calm.step()
        if live.sweep == 3:
            live.intervene({"kind": "heat", "temperature": 6.0})
    assert seen(live)["energy"].iloc[:4].equals(seen(calm)["energy"].iloc[:4])
    assert not seen(live).equals(seen(calm))


def test_stopped_replicas_end_where_the_run_ends_them() -> None:
    live = LiveRun(scenario(', stop_when = "abs(camp_polarization) < 0.97"'), replicas=3)
    while not live.done:
        live.step()
    assert live.sweep < 30
    pd.testing.assert_frame_equal(seen(live), repeated(live), check_exact=True)


def test_a_run_can_be_extended_at_its_end() -> None:
    live = LiveRun(scenario(), replicas=1)
    while not live.done:
        live.step()
    live.extend(40)
    assert not live.done
    live.step()
    assert live.sweep == 31
    pd.testing.assert_frame_equal(seen(live), repeated(live), check_exact=True)


def test_what_is_refused_leaves_the_run_as_it_was() -> None:
    live = LiveRun(scenario(), replicas=1)
    live.step()
    for table in ({"kind": "heat", "temperature": -1.0}, {"kind": "cool"}):
        with pytest.raises(sp.InputError, match=r"[.?]$"):
            live.intervene(table)
    live.step()
    pd.testing.assert_frame_equal(seen(live), repeated(live), check_exact=True)
    with pytest.raises(sp.InputError, match="sweeps over"):
        LiveRun(scenario().replace({"sweep.dynamics.temperature": [1.0, 2.0]}), replicas=1)


def test_a_run_that_is_observed_now_and_then_is_the_same_run() -> None:
    every, rarely = LiveRun(scenario(), replicas=3), LiveRun(scenario(), replicas=3)
    for sweep in range(12):
        if sweep == 5:
            for live in (every, rarely):
                live.intervene({"kind": "heat", "temperature": 3.5})
        every.step()
        rarely.step(observed=sweep % 4 == 2)
    rarely.note()
    rarely.note()  # once is enough
    shown = seen(rarely)
    assert sorted(shown["sweep"].unique()) == [0, 3, 7, 11, 12]
    same = seen(every)[seen(every)["sweep"].isin(shown["sweep"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(shown, same, check_exact=True)
    at, values = rarely.course("no feed", "energy", until=10)
    assert at.tolist() == [0, 3, 7]
    assert (rarely.now("no feed", "energy", 10) == values[-1]).all()
    assert rarely.so_far().hash == every.so_far().hash
