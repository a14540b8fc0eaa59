"""Tipping points: a sweep in the background, what is found, and the same by command."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

import sociophysics as sp
from dashboards.tipping_points.question import Question, plan_of, question_of
from dashboards.tipping_points.search import Picture, look
from dashboards.tipping_points.settings import SETTINGS
from dashboards.tipping_points.sources import read_scenario
from dashboards.tipping_points.toolbar import sentences
from dashboards.upload import UploadedFile
from dashboards.work import Job, Stage
from sociophysics.cli import main
from sociophysics.live.theory_curves import theory_of
from sociophysics.study.expected import expected
from sociophysics.study.society_card import card_of
from tests.test_expected import SOCIETIES, scenario_of

SMALL = """
title = "A small society"
question = "How much noise does consensus survive?"
seed = 7
network = {kind = "complete", n = 60}
couplings = {kind = "uniform", value = 0.016666}
dynamics = {temperature = 1.0, sweeps = 60, burn_in = 30, start = "up"}
observe = {every = 3, names = ["abs_magnetization"]}
"""
OWN = "range=own&low=0.4&high=1.6&points=7&replicas=10"


def values_of(**changes: Any) -> dict[str, Any]:
    return {name: kind.default for name, kind in SETTINGS.items()} | changes


def small(text: str = SMALL, **changes: Any) -> Question:
    chosen = {"source": "upload", "range": "own", "low": 0.4, "high": 1.8, "points": 7,
              "replicas": 10} | changes  # fmt: skip
    return question_of(values_of(**chosen), sp.Scenario.from_toml(text, name="small"))


def axes(picture: Picture) -> tuple[list[float], list[float]]:
    return picture.plan.grid, picture.plan.grid2


def finished(question: Question) -> Picture:
    job = Job(threading.Event())
    ended = threading.Event()
    job.start(lambda job: _noted(question, job, ended))
    assert ended.wait(60)
    deadline = time.monotonic() + 10
    while job.busy and time.monotonic() < deadline:
        time.sleep(0.01)
    assert job.stage == Stage.DONE, job.message
    assert isinstance(job.result, Picture)
    return job.result


def _noted(question: Question, job: Job, ended: threading.Event) -> Any:
    try:
        return look(question)(job)
    finally:
        ended.set()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runs"
    monkeypatch.setenv("SOCIOPHYSICS_RUNS", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def test_page_and_command_agree_bit_for_bit(runs: Path, tmp_path: Path) -> None:
    picture = finished(small())
    plan = picture.plan
    assert picture.found.found
    assert 0.8 < picture.found.point.mean < 1.2  # the complete graph's transition is at 1
    (tmp_path / plan.file).write_text(plan.text)
    words = plan.command.split()
    assert words[:2] == ["sociophysics", "tip"]
    assert main([*words[1:], "--out", str(tmp_path / "tip"), "--workers", "1"]) == 0
    table = pd.read_csv(tmp_path / "tip" / "table.csv")
    pd.testing.assert_frame_equal(table, picture.found.table, check_exact=True)
    loop = pd.read_csv(tmp_path / "tip" / "loop.csv")
    pd.testing.assert_frame_equal(loop, picture.loop.table, check_exact=True)
    # The sweep itself is a run like any other, finished, and its report is there.
    # Seven values and the one that the file declares, two parts each.
    assert sp.study.status(picture.folder) == (16, 16)
    assert (picture.folder / "report.html").is_file()
    said = sentences(picture)
    assert re.match(r"This society tips at noise T \S+ \(95 %: ", said[0])
    assert "Turned back down" in said[1]


def test_two_settings_make_a_run_that_the_command_line_repeats(runs: Path) -> None:
    picture = finished(
        small(second="couplings.value", range2="own", low2=0.005, high2=0.03, points2=3, points=4)
    )
    assert picture.grid is not None
    assert picture.grid.shape == (3, 4)
    table = sp.run(sp.Scenario.from_toml(picture.plan.text), workers=1).table
    kept = table[table["sweep"] >= 30]
    # A run has the values that its file declares as well.
    for key, shown in zip(("dynamics.temperature", "couplings.value"), axes(picture), strict=True):
        kept = kept[kept[key].isin(shown)]
    means = kept.groupby(["couplings.value", "dynamics.temperature"])["abs_magnetization"].mean()
    np.testing.assert_allclose(picture.grid.ravel(), means.to_numpy(), rtol=1e-12)
    assert picture.grid[2, 0] > 0.9  # strong ties, little noise
    assert picture.grid[0, 3] < 0.3
    assert picture.plan.command == f"sociophysics run {picture.plan.file}"


def test_no_transition_is_a_legal_answer(runs: Path) -> None:
    picture = finished(small(low=2.5, high=4.0, points=5, loop=False))
    assert not picture.found.found
    assert sentences(picture)[0].startswith("No transition found along noise T: ")


def test_keys_that_cannot_be_turned_leave_the_rest_of_the_answer(runs: Path) -> None:
    text = SMALL.replace("start", 'stop_when = "abs(magnetization) > 0.999", start')
    question = small(text, along="couplings.value", low=0.005, high=0.04, points=6)
    picture = finished(question)
    assert picture.loop is None
    assert "stop_when" in picture.no_loop
    assert picture.found is not None


def test_a_stop_ends_the_work_and_the_next_run_goes_on(runs: Path) -> None:
    long = small(replicas=200, length="4")
    job, ended, landed = Job(threading.Event()), threading.Event(), threading.Event()

    def work(job: Job) -> Any:
        publish = job.publish

        def seen(frame: Any = None, **more: Any) -> None:
            if frame is not None and frame.points is not None:
                landed.set()
            publish(frame, **more)

        job.publish = seen  # type: ignore[method-assign]
        return _noted(long, job, ended)

    job.start(work)
    assert landed.wait(60)
    job.cancel()
    assert ended.wait(5)  # all of it would take minutes
    assert job.stage == Stage.CANCELLED
    done, total = sp.study.status(runs / plan_of(long).folder)
    assert 0 < done < total


def test_theory_is_there_or_says_why_not() -> None:
    question = question_of(values_of(), None)
    plan = plan_of(question)

    def at(value: float) -> Any:
        swept = question.base.replace({"sweep": {"replicas": 2, "feed.strength": [value]}})
        return swept.cases()[0].settings

    theory = theory_of(at, question.along, plan.grid, "abs_camp_polarization")
    assert [round(value, 1) for _, value in theory.numbers] == [1.1, 0.0]
    apart = next(curve for curve in theory.curves if "apart" in curve.name)
    # The branch solves m = tanh((within - across + strength) m / T) for this feed.
    assert 0.98 < apart.y[-1] < 1
    fitted = question_of(values_of(source="whip"), None)
    settings = fitted.base.cases()[0].settings
    none = theory_of(lambda _: settings, "field.value", [0.0, 0.1], "magnetization")
    assert not none.numbers
    assert "fit" in none.sentence


def test_every_bundled_scenario_can_be_asked() -> None:
    for source in SETTINGS["source"].options:  # type: ignore[attr-defined]
        if source not in ("upload", "calibrated"):  # what a person brings to a tab
            question = question_of(values_of(source=source), None)
            assert question.along
            assert not question.base.interventions


def test_an_uploaded_scenario_cannot_reach_files(tmp_path: Path) -> None:
    path = tmp_path / "upload-1.toml"
    path.write_text(SMALL.replace('kind = "complete", n = 60', 'kind = "file", path = "/etc/x"'))
    with pytest.raises(sp.InputError, match="names a file"):
        read_scenario(UploadedFile("mine.toml", path, 10))
    path.write_text(SMALL + 'posterior = {path = "/etc/x"}\n')
    with pytest.raises(sp.InputError, match=r"posterior\.path names a file"):
        read_scenario(UploadedFile("mine.toml", path, 10))


def test_refusals_are_sentences() -> None:
    with pytest.raises(sp.InputError, match="no number called"):
        question_of(values_of(along="feed.nothing"), None)
    with pytest.raises(sp.InputError, match="two different"):
        question_of(values_of(second="feed.strength"), None)
    with pytest.raises(sp.InputError, match="below the end"):
        question_of(values_of(range="own", low=1.0, high=1.0), None)
    with pytest.raises(sp.InputError, match="upload one"):
        question_of(values_of(source="upload"), None)


def open_page(page: Page, server: str, query: str = "") -> None:
    page.goto(f"{server}/tipping-points{query}")
    expect(page.get_by_role("heading", name="Tipping points")).to_be_visible()


def bring(page: Page, text: str, name: str = "mine.toml") -> None:
    page.locator("input[type=file]").set_input_files(
        files=[{"name": name, "mimeType": "application/toml", "buffer": text.encode()}]
    )


Shoot = Callable[[Page, str], None]


def test_one_press_finds_the_tipping_point_and_the_way_back(
    page: Page, server: str, shoot: Shoot
) -> None:
    open_page(page, server, "?replicas=5&length=1")
    shoot(page, "tipping_points_empty")
    expect(page.get_by_text("Does it come back where it left?")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".sp-tip-seen").first).to_contain_text("So far, at")
    expect(page.locator(".sp-tip-seen").first).to_contain_text("This society tips at")
    expect(page.get_by_text("Area of the loop")).to_be_visible()
    expect(page.locator(".sp-tip-seen").nth(1)).to_contain_text("what happened before decides")
    expect(page.get_by_label("Command")).to_contain_text("sociophysics tip tip-outrage.toml")
    expect(page.get_by_role("img", name=re.compile("simulated ends at"))).to_be_visible()
    shoot(page, "tipping_points")
    page.get_by_label("Replicas", exact=True).fill("6")
    page.get_by_label("Replicas", exact=True).press("Enter")
    expect(page.get_by_text("The settings have changed")).to_be_visible()


def test_a_link_makes_the_map_and_stop_stops(page: Page, server: str, shoot: Shoot) -> None:
    query = "?second=dynamics.temperature&range2=own&low2=0.5&high2=1.0&points2=3"
    query += "&range=own&points=4&replicas=5&length=0.25"
    open_page(page, server, query)
    expect(page.get_by_label("Number of values").first).to_have_value("4")
    expect(page).to_have_url(re.compile(re.escape("points2=3")))
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-known='12']")).to_be_visible()
    expect(page.get_by_label("Command")).to_contain_text("sociophysics run")
    page.locator("[data-known='12']").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".sp-chart-tip")).to_contain_text("Distance between camps: ")
    shoot(page, "tipping_points_map")
    page.get_by_label("Replicas", exact=True).fill("200")
    page.get_by_label("Replicas", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("replicas=200"))
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".sp-tip-seen").first).to_contain_text("So far, at")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("The finished parts are kept")).to_be_visible(timeout=2000)
    shoot(page, "tipping_points_stopped")


def test_an_own_scenario_and_what_is_refused(page: Page, server: str, shoot: Shoot) -> None:
    open_page(page, server, f"?source=upload&second=nonsense&{OWN}&points2=99")
    expect(page.get_by_text("points2 is 99 in the link")).to_be_visible()
    expect(page.get_by_text("there is none yet")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    bring(page, SMALL.replace('"complete"', '"complet"'))
    expect(page.get_by_text("did you mean complete?")).to_be_visible()
    shoot(page, "tipping_points_refused")
    bring(page, SMALL)
    expect(page.get_by_text("How much noise does consensus survive?")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".sp-tip-seen").first).to_contain_text("tips at noise T")
    # What the link asked of a scenario that was still to come.
    expect(page.get_by_label("Command")).to_contain_text("--values 0.4,0.6,")
    expect(page.get_by_label("Command")).to_contain_text("sociophysics tip tip-mine.toml")


@pytest.mark.parametrize("name", SOCIETIES)
def test_the_page_has_the_number_that_report_tip_and_card_print(name: str) -> None:
    network, couplings, *_ = SOCIETIES[name]
    scenario = scenario_of(network, couplings)

    def at(temperature: float) -> Any:
        return scenario.replace({"dynamics.temperature": temperature}).cases()[0].settings

    shown = theory_of(at, "dynamics.temperature", [1.0], "abs_magnetization").numbers
    assert shown[0] == card_of(at(1.0), trial=False).critical
    assert shown == expected(at(1.0), "dynamics.temperature")
