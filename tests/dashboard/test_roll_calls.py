"""Roll calls: what the page computes, and its main path in a browser."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

import sociophysics as sp
from dashboards.roll_calls import fitting
from dashboards.roll_calls.fitting import Order, finished_at, progress_of
from dashboards.roll_calls.landscape_view import landscape_svg
from dashboards.roll_calls.member import member_sentence, ties_of
from dashboards.roll_calls.prediction import best, prediction_sentence
from dashboards.roll_calls.settings import SETTINGS
from dashboards.roll_calls.source import Source, duration, facts_of, warnings
from dashboards.roll_calls.summary import found_with_party, summary_sentence
from dashboards.upload import UploadedFile
from dashboards.work import Cancelled
from sociophysics.live.chamber_changes import changes, scenario_of, simulate_change
from sociophysics.live.fitted_chamber import FittedChamber, read_fit
from sociophysics.live.resting_points import landscape_of
from sociophysics.live.strongest_ties import strongest
from tests.dashboard.test_attacks import SCRIPT

DEFAULTS: dict[str, Any] = {name: kind.default for name, kind in SETTINGS.items()}


class Here:
    """A job without a page: it counts, and can be told to stop."""

    def __init__(self, most: int = 10**9) -> None:
        self.asked, self.most = 0, most
        self.frames: list[Any] = []

    def check(self) -> None:
        self.asked += 1
        if self.asked > self.most:
            raise Cancelled

    def publish(self, frame: Any = None, **_: Any) -> None:
        if frame is not None:
            self.frames.append(frame)


def chamber_csv(members: int = 10, rollcalls: int = 60) -> str:
    """Return the votes of two parties that vote against each other, with 15 % of dissent."""
    rng = np.random.default_rng(0)
    side = np.where(np.arange(members) < members // 2, 1, -1)
    line = rng.choice([-1, 1], (rollcalls, 1)) * side
    votes = np.where(rng.random(line.shape) < 0.85, line, -line)
    head = ",".join(["id,name,party,state", *(f"v{k}" for k in range(rollcalls))])
    rows = [
        ",".join(
            [f"{i + 1},MEMBER {i + 1},{'A' if side[i] > 0 else 'B'},X", *map(str, votes[:, i])]
        )
        for i in range(members)
    ]
    return "\n".join([head, *rows]) + "\n"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> UploadedFile:
    """Return the votes as they arrive from a browser."""
    path = tmp_path_factory.mktemp("votes") / "upload-1.csv"
    path.write_text(chamber_csv(), encoding="utf-8")
    return UploadedFile("my votes.csv", path, path.stat().st_size)


@pytest.fixture(scope="module")
def fitted(file: UploadedFile, tmp_path_factory: pytest.TempPathFactory) -> FittedChamber:
    """Return a quick fit, read as the page reads it."""
    folder = tmp_path_factory.mktemp("fits") / "chamber-quick"
    sp.inference.fit_chamber(sp.rollcall.read_votes(file.path), folder, quick=True)
    return read_fit(folder, "my votes.csv")


def test_command_says_what_is_run_and_only_shows_names(file: UploadedFile) -> None:
    order = Order(Source("upload", votes=file), quick=True, seed=3)
    assert order.words("out")[1] == str(file.path)
    assert order.command() == (
        "sociophysics fit 'my votes.csv' --quick --seed 3 --out runs/chamber-quick-s3"
    )
    hostile = replace(file, name="a; rm -rf ~.csv")
    line = Order(Source("upload", votes=hostile)).command()
    assert "'a; rm -rf ~.csv'" in line
    assert "rm" not in Order(Source("upload", votes=hostile)).name
    full = Order(Source("senate109"), quick=False, test="rollcalls")
    assert full.words("o") == ["fit", "senate109", "--test", "rollcalls", "--out", "o"]


def test_folders_tell_fits_apart() -> None:
    names = [
        Order(Source("senate109"), quick=quick, test=test, seed=seed).name
        for quick, test, seed in itertools.product((True, False), ("cells", "rollcalls"), (0, 1))
    ]
    # A quick fit is the same whatever it is asked to be tested on.
    assert len(set(names)) == 6


def test_progress_rises_through_the_stages() -> None:
    from sociophysics.inference.chamber.stages import STAGES

    for quick in (True, False):
        lines = [f"{k} of {len(STAGES)}: {name} (3 s)" for k, name in enumerate(STAGES)]
        told = [progress_of(line, quick=quick) for line in lines]
        assert all(each is not None and "step" in each[1] for each in told)
        guessed = [line.replace("(3 s)", "(3 s, about 40 s left)") for line in lines]
        assert [progress_of(line, quick=quick) for line in guessed] == told
        if not quick:
            shares = [each[0] for each in told if each is not None]
            assert shares == sorted(shares)


def test_a_fit_that_was_stopped_is_not_offered(tmp_path: Path) -> None:
    assert finished_at(tmp_path) is None
    for name in fitting.FILES:
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert finished_at(tmp_path) is not None
    newer = time.time() + 10
    os.utime(tmp_path / "system.npz", (newer, newer))  # a newer fit, without its report yet
    assert finished_at(tmp_path) is None


def test_a_stop_ends_the_process(
    file: UploadedFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    real = subprocess.Popen

    def popen(*given: Any, **keys: Any) -> Any:
        started.append(real(*given, **keys))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    job: Any = Here(most=2)
    with pytest.raises(Cancelled):
        fitting.fit(job, Order(Source("upload", votes=file)), tmp_path)
    assert started[0].poll() is not None
    assert finished_at(tmp_path) is None


def test_what_a_fit_refuses_is_said_in_the_name_of_the_file(tmp_path: Path) -> None:
    copy = tmp_path / "upload-7.csv"
    copy.write_text("id,name,party,state,a\n1,x,D,ME,1\n2,y,R,ME,maybe\n", encoding="utf-8")
    source = Source("upload", votes=UploadedFile("council.csv", copy, 40))
    with pytest.raises(
        sp.InputError, match=r"council\.csv: member 2 has the vote 'maybe'"
    ) as caught:
        facts_of(source)
    assert "upload-7" not in str(caught.value)
    job: Any = Here()
    with pytest.raises(sp.InputError, match=r"council\.csv"):
        fitting.fit(job, Order(source), tmp_path / "out")


@pytest.mark.parametrize(
    "text",
    ["", "\0\0\0", "id,name\n1", "a" * 5000, "id,name,party,state,v\n" + "1,a,b,c,1\n" * 3,
     "id,name,party,state,v\n1,a,b,c,1\n2,b,b,c,1\n", "\ufeff{}",
     "id,name,party,state,v\n1,a,b,c,1e999"],
)  # fmt: skip
def test_hostile_votes_get_one_sentence(text: str, tmp_path: Path) -> None:
    copy = tmp_path / "upload-1.csv"
    copy.write_text(text, encoding="utf-8")
    with pytest.raises(sp.InputError) as caught:
        facts_of(Source("upload", votes=UploadedFile("bad.csv", copy, 1)))
    assert "\n" not in str(caught.value).strip()


def test_size_is_told_before_a_fit() -> None:
    senate = facts_of(Source("senate109"))
    assert (senate.members, senate.rollcalls, senate.held) == (101, 520, 645)
    assert not warnings(senate, quick=True)
    house = replace(senate, members=480, rollcalls=1200)
    assert any("114,960 pairs" in told for told in warnings(house, quick=False))
    assert any("Only 12" in told for told in warnings(replace(senate, rollcalls=12), quick=True))
    assert duration(house, quick=True) > 10 * duration(senate, quick=True)


def test_fit_is_read_as_it_was_written(fitted: FittedChamber) -> None:
    members = pd.read_csv(fitted.folder / "members.csv")
    assert fitted.quick
    assert fitted.side_names == ("A", "B")
    assert fitted.names[0] == "Member 1"
    assert np.allclose(np.abs(fitted.coupling).sum(axis=1), members["strength"])
    assert found_with_party(fitted) == 1.0
    assert summary_sentence(fitted).startswith("Two blocs found from votes alone put 100 %")
    assert fitted.place("3") == 2
    assert fitted.place("nobody") == int(members["bridging"].argmax())
    assert prediction_sentence(fitted.evaluation).count("%") == 4
    assert best(fitted.evaluation, "accuracy")


def test_ties_of_a_member_are_its_row(fitted: FittedChamber) -> None:
    ties = ties_of(fitted, 4)
    expected = np.delete(fitted.coupling[4], 4)
    assert np.allclose(sorted(ties["coupling"]), sorted(expected))
    friend = int(np.argmax(fitted.coupling[4]))
    assert f"goes most with {fitted.names[friend]}" in member_sentence(fitted, 4)


def test_strongest_ties_are_the_largest_of_all_pairs(fitted: FittedChamber) -> None:
    drawn = strongest(fitted.coupling, 1.0, fitted.names_once).J.toarray()
    sizes = np.sort(np.abs(fitted.coupling[np.triu_indices(fitted.n, 1)]))
    kept = np.sort(np.abs(drawn[np.triu_indices(fitted.n, 1)]))
    assert np.allclose(kept[-fitted.n :], sizes[-fitted.n :])
    assert np.count_nonzero(drawn) == 2 * fitted.n


def test_landscape_holds_the_minima_of_all_states(fitted: FittedChamber) -> None:
    found = landscape_of(fitted.system, fitted.members["bloc"].to_numpy(), lambda: None)
    states = np.array(list(itertools.product([-1, 1], repeat=fitted.n)), dtype=np.int8)
    pull = states * (states @ fitted.coupling)
    minima = states[(pull >= 0).all(axis=1)]
    energy = -(minima * (minima @ fitted.coupling)).sum(axis=1) / 2 / fitted.n
    assert found.symmetric
    assert found.table["energy"].iloc[0] == pytest.approx(energy.min())
    assert len(found.table) == len(minima) // 2
    assert found.table["basin"].sum() == pytest.approx(1.0)
    assert found.table["apart"].iloc[0] == pytest.approx(1.0)  # party against party
    assert landscape_svg(found).startswith("<svg")


def test_what_if_is_what_the_command_line_runs(fitted: FittedChamber) -> None:
    values = {**DEFAULTS, "replicas": 6, "sweeps": 200, "remove": "10", "exchange": 0.5}
    scenario = scenario_of(values, fitted, str(fitted.folder))
    job: Any = Here()
    outcome = simulate_change(scenario, ", ".join(changes(values, fitted)), job)
    assert outcome.sizes == (10, 9)
    assert outcome.changed.endswith("without Member 10")
    assert len(job.frames) > 10
    table = sp.run(sp.Scenario.from_toml(scenario.to_toml()), workers=1).table
    table = table[table["sweep"] >= 40]
    for name, (before, after) in outcome.means.items():
        means = table.groupby(["design", "replica"], sort=False)[name].mean()
        assert before.tolist() == pytest.approx(means["as it was"].tolist(), abs=1e-12)
        assert after.tolist() == pytest.approx(means["what if"].tolist(), abs=1e-12)
    for side in (0, 1):
        x, share, low, high = outcome.shares(side)
        assert share.sum() == pytest.approx(1.0)
        told = ~np.isnan(low)  # too few runs had such a number: no interval
        assert told.any()
        assert ((low <= share + 1e-12) & (share <= high + 1e-12))[told].all()
        assert x.max() == outcome.sizes[side]


def test_what_if_needs_a_change_and_pulls_where_it_says(fitted: FittedChamber) -> None:
    still = {**DEFAULTS, "whip_a": 0.0, "whip_b": 0.0}
    with pytest.raises(sp.InputError, match="nothing is changed"):
        scenario_of(still, fitted, "x")
    assert changes({**still, "remove": "no such member"}, fitted) == []
    values = {**still, "whip_a": 0.5, "whip_b": 0.5, "replicas": 20, "sweeps": 200}
    job: Any = Here()
    outcome = simulate_change(
        scenario_of(values, fitted, str(fitted.folder)), "two whips for yea", job
    )
    assert outcome.difference("passed").low > 0
    values |= {"whip_a": 0.0}
    changed = scenario_of(values, fitted, "x").canonical()["designs"][1]
    assert changed["field"] == {"kind": "camps", "values": [0.0, 0.5]}
    stopped: Any = Here(most=3)
    with pytest.raises(Cancelled):
        simulate_change(scenario_of(values, fitted, str(fitted.folder)), "a whip", stopped)


@pytest.fixture(scope="module")
def bundled_fit(runs_folder: Path) -> Path:
    """Return a fit of the court, as the command line leaves it in the folder of runs."""
    from sociophysics.report import html
    from sociophysics.report.chamber_page import render

    folder = runs_folder / "scotus_rehnquist-quick"
    found = sp.inference.fit_chamber(sp.rollcall.load("scotus_rehnquist"), folder, quick=True)
    html.save(render(found, "scotus_rehnquist"), folder / "report.html")
    return folder


def test_own_votes_from_file_to_what_if(
    page: Page, server: str, file: UploadedFile, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(server + "/roll-calls?chamber=upload&replicas=8&sweeps=200")
    shoot(page, "roll_calls_empty")
    fit = page.get_by_role("button", name="Fit", exact=True)
    expect(fit).to_be_disabled()
    votes = page.locator("input[type=file]").first
    votes.set_input_files(
        {
            "name": "bad.csv",
            "mimeType": "text/csv",
            "buffer": b"id,name,party,state,a\n1,<b>x,D,,1\n2,y,R,,maybe\n",
        }
    )
    expect(page.get_by_role("alert")).to_contain_text("bad.csv: member 2 has the vote 'maybe'")
    expect(fit).to_be_disabled()
    shoot(page, "roll_calls_failed")
    text = file.path.read_text(encoding="utf-8").replace("MEMBER 9", SCRIPT).replace("v7", SCRIPT)
    votes.set_input_files({"name": "council.csv", "mimeType": "text/csv", "buffer": text.encode()})
    expect(page.get_by_text("10 members (A 5, B 5); 60 contested of 60 roll calls")).to_be_visible()
    fit.click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.get_by_role("heading", name="council.csv: what the votes say")).to_be_visible()
    expect(page.get_by_text("Two blocs found from votes alone put 100 %")).to_be_visible()
    expect(page.get_by_text("sociophysics fit council.csv --quick --out")).to_be_visible()
    outcome = page.locator(".sp-rc-outcome")
    expect(outcome.get_by_text("8 pairs of replicas")).to_be_visible()
    page.get_by_label("Member", exact=True).select_option("7")
    expect(page.get_by_text("Member 7 goes most with")).to_be_visible()
    page.wait_for_url("**/roll-calls?*member=7*")
    page.get_by_label("Who leaves", exact=True).select_option("7")
    expect(outcome.get_by_text("without Member 7:")).to_be_visible()
    expect(page.get_by_text("proof of influence").first).to_be_visible()
    assert not page.evaluate("window.owned")


@pytest.mark.usefixtures("bundled_fit")
def test_a_link_opens_the_fit_that_is_on_disk(
    new_page: Callable[..., Page], server: str, shoot: Callable[[Page, str], None]
) -> None:
    link = server + "/roll-calls?chamber=scotus_rehnquist&member=6&ties=1.5&whip_b=0.3&replicas=8"
    for width in (1280, 1024):
        page = new_page(width=width)
        page.goto(link)
        page.get_by_role("button", name="Open it").click()
        expect(page.get_by_text("Souter goes most with")).to_be_visible()
        expect(page.get_by_text("a whip of +0.3 on R").first).to_be_visible()
        expect(page.get_by_label("Ties shown per member", exact=True)).to_have_value("1.5")
        expect(page.get_by_text("Own leaning")).to_be_visible()  # experts say what +1 means
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0
        matrix = page.locator(".sp-rc-matrix")
        matrix.focus()
        matrix.press("ArrowDown")
        matrix.press("ArrowDown")
        matrix.press("Enter")
        expect(page.get_by_text("Souter goes most with")).to_have_count(0)
        shoot(page, f"roll_calls_{width}")


def test_a_fit_stops_at_once(page: Page, server: str, shoot: Callable[[Page, str], None]) -> None:
    page.goto(server + "/roll-calls?fit=full&colour=red")
    expect(page.get_by_text("This page has no setting colour")).to_be_visible()
    expect(page.get_by_text("520 contested of 645 roll calls")).to_be_visible()
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("step 1 of 9")).to_be_visible()
    shoot(page, "roll_calls_running")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible(timeout=2000)
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    shoot(page, "roll_calls_stopped")
