"""What a screen shows of a society can be had without a screen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sociophysics as sp

TOML = """
seed = 7
network = {kind = "bundled", name = "karate", camp = "club"}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 0.6, sweeps = 12, start = "camps"}
observe = {names = ["camp_polarization"]}
[[designs]]
name = "no feed"
[[designs]]
name = "feed"
feed = {kind = "chronological", strength = 0.5}
"""

WITHOUT_WIDGETS = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"solara", "ipywidgets", "ipyvuetify", "reacton", "anywidget",
                                      "traitlets", "dashboards"}:
            raise ImportError(name)

sys.meta_path.insert(0, Refuse())
import sociophysics as sp

live = sp.live.LiveRun(sp.Scenario.from_toml(sys.argv[1]), 2)
live.step()
print(live.sweep, len(sp.live.live_lines(live, "camp_polarization")))
"""


def test_a_live_run_needs_no_widget() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_WIDGETS, TOML], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "2"]


def test_what_was_done_to_a_live_run_is_repeated_by_its_scenario() -> None:
    live = sp.live.LiveRun(sp.Scenario.from_toml(TOML), 3)
    for _ in range(4):
        live.step()
    live.intervene({"kind": "heat", "temperature": 2.0}, ["feed"])
    for _ in range(4):
        live.step()
    assert sp.run(live.so_far(), workers=1).table.equals(live.table())
    plain = sp.Scenario.from_toml(TOML).replace({"dynamics.sweeps": 8, "sweep.replicas": 3,
                                                 "observe.every": 1})  # fmt: skip
    assert not sp.run(plain, workers=1).table.equals(live.table())


def test_lines_of_a_live_run_are_means_of_its_replicas() -> None:
    live = sp.live.LiveRun(sp.Scenario.from_toml(TOML), 3)
    for _ in range(5):
        live.step()
    for line in sp.live.live_lines(live, "camp_polarization"):
        assert np.allclose(line.mean, live.series(line.name, "camp_polarization").mean(axis=1))
    assert [line.index for line in sp.live.live_lines(live, "camp_polarization", until=2)] == [0, 1]


def test_users_have_the_same_place_every_time_and_ties_keep_it() -> None:
    graph = sp.networks.load("karate")
    system = sp.couplings.uniform(graph)
    drawn = sp.live.picture(system)
    assert drawn == sp.live.picture(system)
    assert drawn.ties == graph.number_of_edges()
    places = np.frombuffer(drawn.positions, dtype=np.float32).reshape(-1, 2)
    assert places.shape == (system.n, 2)
    assert np.abs(places).max() <= 1.0


def test_runs_on_disk_are_listed_and_drawn(tmp_path: Path) -> None:
    scenario = sp.Scenario.from_toml(TOML).replace({"sweep.replicas": 2})
    sp.run(scenario, out=tmp_path / "one", workers=1)
    (entry,) = sp.live.list_runs(tmp_path)
    assert (entry.name, entry.state) == ("one", "finished")
    view = sp.live.look_at([sp.live.open_run(entry)], sp.live.Look())
    assert [line.name for line in view.panels[0].series] == ["no feed", "feed"]


def test_long_work_tells_its_watcher_and_ends_when_that_says_so() -> None:
    shown = sp.Scenario.from_toml(TOML)
    seeded = sp.live.cascade_scenario(
        shown, who="random", share=0.1, stance=1, hold=2, settle=4, sweeps=4, replicas=2
    )
    told: list[float | None] = []

    class Watcher:
        def check(self) -> None:
            if len(told) == 1:
                raise KeyboardInterrupt

        def publish(
            self, frame: object = None, *, progress: float | None = None, message: str | None = None
        ) -> None:
            told.append(progress)

    with pytest.raises(KeyboardInterrupt):
        sp.live.spread_post(seeded, Watcher())
    assert told == [0.0]


def test_what_was_taken_back_was_never_done() -> None:
    live, plain = (sp.live.LiveRun(sp.Scenario.from_toml(TOML), 3) for _ in range(2))
    for each in (live, plain):
        for _ in range(4):
            each.step()
    live.intervene({"kind": "heat", "temperature": 2.0}, ["feed"])
    for _ in range(3):
        live.step()
    live.intervene({"kind": "rewire", "share": 0.5, "toward": "random"})
    for _ in range(2):
        live.step()
    assert (live.undoable, live.sweep) == (2, 9)
    live.undo()
    assert (live.undoable, live.sweep) == (1, 7)
    assert len(live.scenario.canonical()["designs"][1]["interventions"]) == 1
    live.undo()
    assert (live.undoable, live.sweep) == (0, 4)
    for _ in range(8):
        live.step()
        plain.step()
    assert live.table().equals(plain.table())
    assert live.so_far().canonical() == plain.so_far().canonical()
    with pytest.raises(sp.InputError, match="nothing was done"):
        live.undo()


def test_the_newest_acts_alone_can_be_taken_back() -> None:
    live = sp.live.LiveRun(sp.Scenario.from_toml(TOML), 1)
    for level in range(1, 11):
        live.intervene({"kind": "heat", "temperature": float(level)})
        live.step()
    assert live.undoable == 8
    for _ in range(8):
        live.undo()
    acts = live.scenario.canonical()["designs"][0]["interventions"]
    assert [act["temperature"] for act in acts] == [1.0, 2.0]
    assert live.sweep == 2


def test_it_is_known_of_which_sweep_numbers_are() -> None:
    live = sp.live.LiveRun(sp.Scenario.from_toml(TOML), 1)
    live.step()
    live.step(observed=False)
    live.step(observed=False)
    assert [live.observed(sweep) for sweep in (0, 1, 2, 3)] == [0, 1, 1, 1]
    live.note()
    assert live.observed(3) == 3
