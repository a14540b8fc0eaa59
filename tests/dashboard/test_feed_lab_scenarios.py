"""Settings, scenarios and files of the Feed lab, without a browser."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from dashboards.address import Choice, Number
from dashboards.feed_lab.chambers import camp_mix
from dashboards.feed_lab.measure import run_name
from dashboards.feed_lab.moments import Lab, Moment, show
from dashboards.feed_lab.reading import values_of
from dashboards.feed_lab.repeat import file_text
from dashboards.feed_lab.scenario import design_names, measured_scenario, scenario_of
from dashboards.feed_lab.sentences import effect_sentence, seen
from dashboards.feed_lab.settings import FEED_KEYS, FEEDS, NETWORKS, SETTINGS
from dashboards.feed_lab.society import (
    UNWEIGHTED,
    Reading,
    Uploaded,
    camp_count,
    observed,
    understood,
)
from dashboards.upload import UploadedFile
from dashboards.work import Cancelled, Job
from sociophysics.live.live_run import LiveRun
from sociophysics.live.post_spread import cascade_scenario, spread_post

DEFAULTS: dict[str, Any] = {name: kind.default for name, kind in SETTINGS.items()}
SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"


def values(**changes: Any) -> dict[str, Any]:
    return {**DEFAULTS, **changes}


@pytest.mark.parametrize("network", [name for name in NETWORKS if name != "upload"])
@pytest.mark.parametrize("kind", FEEDS)
def test_settings_become_toml_and_settings_again(network: str, kind: str) -> None:
    given = values(network=network, b_feed=kind, a_feed="memory", a_tau=4.0, temperature=1.15,
                   couplings="camps", across=-0.6, field=0.1, seed=7, sweeps=77)  # fmt: skip
    for key in FEED_KEYS[kind]:
        limits = SETTINGS[f"b_{key}"]
        if isinstance(limits, Number):
            given[f"b_{key}"] = int(limits.high) if limits.integer else limits.high / 2
        elif isinstance(limits, Choice):
            given[f"b_{key}"] = list(limits.options)[-1]
    scenario = scenario_of(given)
    back, notes = values_of(sp.Scenario.from_toml(scenario.to_toml()))
    assert notes == []
    assert scenario_of(back) == scenario
    changed = {name for name in given if given[name] != back[name]}
    # Without two camps there is another first observable, without any a start at random: the file
    # says what was done.
    camps = camp_count(given, None)
    assert changed == {0: {"start"}, 2: set(), 3: {"upper"}}[camps]


def test_interventions_of_a_run_come_back_from_its_file() -> None:
    live = LiveRun(scenario_of(values(n=60, sweeps=20)), replicas=2)
    heat = {"kind": "heat", "temperature": 2.0}
    for sweep in range(8):
        if sweep == 3:
            live.intervene(heat)
        if sweep == 5:
            live.intervene({"kind": "feed", "feed": {"kind": "none"}}, [live.sides[1].name])
        live.step()
    live.intervene(heat)  # has not acted yet, so it is no part of what was seen
    back, _ = values_of(sp.Scenario.from_toml(live.so_far().to_toml()))
    again = scenario_of(back)
    assert [len(design.interventions or ()) for design in again.designs] == [1, 2]
    assert back["acts"].count("heat") == 1
    shown = live.table()
    repeated = sp.run(again, workers=1).table.reset_index(drop=True)
    pd.testing.assert_frame_equal(shown.reset_index(drop=True), repeated, check_exact=True)


def test_scenario_files_open_or_say_why_not() -> None:
    found, notes = values_of(sp.Scenario.load(SCENARIOS / "feed_designs.toml"))
    assert any("12 designs; the first two are shown" in note for note in notes)
    assert [design.name for design in scenario_of(found).designs] == ["no feed", "chronological"]
    with pytest.raises(sp.InputError, match="both sides live in one society"):
        values_of(sp.Scenario.load(SCENARIOS / "friendly_camps.toml"))
    with pytest.raises(sp.InputError, match=r"n is 200000 in the file; allowed: .*command line"):
        values_of(scenario_of(values()).replace({"network.n": 200_000}))


@pytest.mark.parametrize(
    "acts", ["[1]", "{}", "nonsense", "[" * 100_000, "9" * 5000], ids=lambda acts: acts[:9]
)
def test_acts_that_are_none_are_one_sentence(acts: str) -> None:
    with pytest.raises(sp.InputError, match="no list of interventions"):
        scenario_of(values(acts=acts))


def test_sides_have_names_of_their_own() -> None:
    assert design_names(values(a_feed="engagement")) == ("engagement (left)", "engagement (right)")
    names = design_names(values(a_feed="engagement", b_slots=5))
    assert names == ("engagement, slots all", "engagement, slots 5")
    assert seen(3, [(names[0], {"abs_magnetization": 0.9}), ("no feed", {})]).startswith("At sweep")


def test_observables_are_those_that_the_society_has() -> None:
    for network in NETWORKS:
        if network != "upload":
            given = values(network=network, n=50, side=6, sweeps=10, normalize="none")
            live = LiveRun(scenario_of(given), replicas=1)
            live.step()
            assert live.names == observed(given, None)


def test_what_is_measured_has_the_same_name_with_more_replicas() -> None:
    shown = scenario_of(values(n=60))
    few, many = (measured_scenario(shown, values(measured=k)) for k in (20, 40))
    other = measured_scenario(scenario_of(values(n=60, seed=2)), values())
    assert run_name(few) == run_name(many) != run_name(other)
    assert few.dynamics is not None
    assert few.dynamics.burn_in == 100
    sentence = effect_sentence("a", "b", "Agreement", -0.2, -0.3, -0.1, 20)
    assert sentence.endswith("smaller with a than with b by 0.2 (95 %: 0.1 to 0.3; 20 replicas).")
    assert "no difference" in effect_sentence("a", "b", "Agreement", 0.0, -0.1, 0.1, 20)


def test_own_networks_keep_their_names_and_outlive_the_tab(tmp_path: Path) -> None:
    ties, users = tmp_path / "upload-1.csv", tmp_path / "upload-2.csv"
    ties.write_text("source,target,coupling\n0,1,1\n1,2,-1\n")
    users.write_text("id,side\n0,l\n1,l\n2,r\n")
    found = understood(UploadedFile("mine.csv", ties, 1), UploadedFile("who.csv", users, 1))
    assert (found.n, found.m, dict(found.camps), found.weighted) == (3, 2, {"side": 2}, True)
    given = values(network="upload", camp="side", couplings="edge", sweeps=10)
    scenario = scenario_of(given, found)
    text = file_text(scenario, found)
    assert 'path = "mine.csv"' in text
    assert str(tmp_path) not in text
    path, nodes = found.kept_in(tmp_path / "kept")
    assert Path(path).read_text() == ties.read_text()
    assert nodes is not None
    kept = scenario.replace({"network.path": path, "network.nodes": nodes})
    one, other = (sp.run(each, workers=1).table for each in (scenario, kept))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    ties.write_text("nothing\n")
    assert "mine.csv has no column source" in understood(found.ties, None).problem
    with pytest.raises(sp.InputError, match="has no column source"):
        scenario_of(given, understood(found.ties, None))
    with pytest.raises(sp.InputError, match="upload one under Network"):
        scenario_of(given, None)


def uploaded_file(tmp_path: Path, name: str, text: str) -> UploadedFile:
    place = tmp_path / f"upload-{name}"
    place.write_text(text, encoding="utf-8")
    return UploadedFile(name, place, len(text))


@pytest.mark.parametrize("column", ["coupling", "weight", "Weight", "sign"])
def test_a_column_of_weights_or_signs_is_used_and_said(tmp_path: Path, column: str) -> None:
    text = f"source,target,{column}\n0,1,1\n1,2,-1\n2,3,-1\n"
    found = understood(uploaded_file(tmp_path, "mine.csv", text), None)
    assert found.ties_told().startswith(f"2 of 3 ties are hostile (column {column})")
    scenario = scenario_of(values(network="upload", couplings="edge", normalize="none"), found)
    system, _ = sp.cases.build_system(sp.scenario.expand(scenario)[0].settings, 0)
    assert sorted(system.J.data.tolist()) == [-1.0] * 4 + [1.0] * 2


def test_ties_without_a_column_of_weights_count_as_friendly(tmp_path: Path) -> None:
    found = understood(uploaded_file(tmp_path, "mine.csv", "source,target\n0,1\n1,2\n"), None)
    assert (found.weighted, found.hostile) == (False, 0)
    assert "all count as friendly" in found.ties_told()
    text = "source,target,sign\n0,1,1\n1,2,-1\n"
    asked = Reading(weight=UNWEIGHTED)
    assert not understood(uploaded_file(tmp_path, "other.csv", text), None, asked).weighted


def test_columns_of_other_names_are_asked_for_and_then_read(tmp_path: Path) -> None:
    text = "follower,followed,n\na,b,2\nb,a,4\nb,c,-1\n"
    file = uploaded_file(tmp_path, "follows.csv", text)
    found = understood(file, None)
    assert found.columns == ("follower", "followed", "n")
    assert "has no column source" in found.problem
    chosen = {"source": "follower", "target": "followed", "weight": "n", "symmetrize": "mean"}
    again = understood(file, None, Reading(**chosen))
    assert (again.problem, again.n, again.m, again.hostile) == ("", 3, 2, 1)
    given = values(network="upload", couplings="edge", normalize="none", **chosen)
    system, _ = sp.cases.build_system(sp.scenario.expand(scenario_of(given, again))[0].settings, 0)
    assert sorted(system.J.data.tolist()) == [-0.5, -0.5, 3.0, 3.0]


def test_users_without_a_camp_are_counted_and_their_column_offered(tmp_path: Path) -> None:
    ties = uploaded_file(tmp_path, "mine.csv", "source,target\n0,1\n1,2\n2,3\n")
    users = uploaded_file(tmp_path, "who.csv", "id,side,rare\n0,l,x\n1,,\n2,r,\n3,l,\n")
    found = understood(ties, users)
    assert (dict(found.camps), dict(found.unknown)) == ({"side": 2}, {"side": 1})


def test_cascades_are_those_of_the_command_line() -> None:
    shown = scenario_of(values(n=60, field=0.05, acts='[{"at":3,"kind":"heat","temperature":2}]'))
    seeded = cascade_scenario(shown, who=[0, 1, 2], share=0.1, stance=-1, hold=5, settle=10,
                              sweeps=20, replicas=3)  # fmt: skip
    found = spread_post(seeded, FakeJob())
    pd.testing.assert_frame_equal(found.compared, sp.experiments.cascade_designs(seeded))
    assert found.others == 57
    large = seeded.replace({"sweep.replicas": 10**6})
    with pytest.raises(sp.InputError, match="fewer replicas"):
        spread_post(large, FakeJob())


def test_camps_of_a_chamber_are_counted() -> None:
    camps = np.array([0, 1, -1, 1])
    assert camp_mix(np.array([1, 2, 3]), camps, ("l", "r")) == "r 2, none 1"
    assert camp_mix(np.array([1]), None, ()) == ""


class FakeJob(Job):
    """A job without a page: it keeps every frame, and ends at the end of the run."""

    def __init__(self) -> None:
        super().__init__(threading.Event())
        self.seen: list[Moment] = []
        self.script: list[Any] = []

    def publish(self, frame: Any = None, **_: Any) -> None:
        if frame is not None:
            self.seen.append(frame)

    def check(self, idle: Any = lambda: None) -> None:
        if self.seen and self.seen[-1].done:
            if not self.script:
                raise Cancelled
            self.script.pop(0)()
            idle()


def test_what_is_pressed_at_the_end_lengthens_the_run_and_refusals_are_told() -> None:
    lab, job = Lab(more=15, pace=0.0), FakeJob()
    job.script = [
        lambda: lab.ask({"kind": "rewire", "share": 0.5, "toward": "random"}, None),
        lambda: lab.ask({"kind": "heat", "temperature": -1.0}, None),
    ]
    with pytest.raises(Cancelled):
        show(lab, scenario_of(values(n=60, sweeps=10, replicas=2)))(job)
    assert [m.sweep for m in job.seen if m.done] == [10, 25, 40]
    assert [m.notice for m in job.seen if m.sweep == 20] == [""]
    assert "-1" in job.seen[-1].notice
    assert [each.table["kind"] for each in lab.done if each.table] == ["rewire"]
    first, last = job.seen[0], job.seen[-1]
    # After a rewiring everybody stays in place, and other ties are drawn.
    assert last.sides[0].drawn.positions == first.sides[0].drawn.positions
    assert last.sides[0].drawn.ends != first.sides[0].drawn.ends
    assert last.values("no feed", "magnetization").shape == (2,)


def test_no_more_is_offered_to_be_undone_than_a_live_run_takes_back() -> None:
    lab = Lab()
    for level in range(12):
        lab.ask({"kind": "heat", "temperature": float(level)}, None, before={"temperature": level})
    befores = [lab.undo() for _ in range(9)]
    assert befores == [{"temperature": level} for level in range(11, 3, -1)] + [None]


@pytest.mark.parametrize(("move", "singles", "left"), [(3, 6, 6), (10, 0, 0), (3, 5, 8)])
def test_a_move_of_several_settings_is_taken_back_whole_or_not_at_all(
    move: int, singles: int, left: int
) -> None:
    lab, before = Lab(), {"temperature": 0.0}
    for level in range(move):
        lab.ask({"kind": "heat", "temperature": float(level)}, None, before=before)
    for level in range(singles):
        lab.ask({"kind": "heat", "temperature": float(level)}, None, before={"temperature": level})
    assert len(lab.done) == left
    befores = [lab.undo() for _ in range(singles)]
    assert befores == [{"temperature": level} for level in range(singles - 1, -1, -1)]
    assert (lab.undo() is None) == (left == singles)


def test_uploaded_is_a_plain_value() -> None:
    file = UploadedFile("a.csv", Path("a.csv"), 1)
    assert Uploaded(file, None, 1, 0, {}, weighted=False).in_its_name("a.csv") == "a.csv"
