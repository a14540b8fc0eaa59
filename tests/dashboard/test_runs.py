"""The Runs page in a browser: list, open, compare, continue, take away, survive."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import sociophysics as sp
from tests.dashboard.conftest import free_port, processes_of, serving
from tests.dashboard.run_folders import SWEPT, finish, interrupt, parts, scenario

Shoot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def runs(runs_folder: Path) -> Path:
    """Return the server's folder of runs, with some in it."""
    finish(runs_folder, scenario("weak", title="Weak feeds"))
    finish(runs_folder, scenario("strong", title="Strong feeds", seed=2, strength=1.5))
    finish(runs_folder, scenario("plain", title="No sweep", swept=""))
    interrupt(runs_folder, scenario("half", title="Interrupted", replicas=12), after=2)
    (runs_folder / "broken").mkdir(exist_ok=True)
    (runs_folder / "broken" / "manifest.json").write_text('{"format": "socio')
    return runs_folder


def test_a_run_of_the_command_line_opens(
    page: Page, server: str, runs: Path, shoot: Shoot, tmp_path: Path
) -> None:
    page.goto(server + "/runs")
    row = page.get_by_role("row").filter(has_text="Weak feeds")
    expect(row).to_contain_text("finished")
    expect(row).to_contain_text("noise (3 values)")
    shoot(page, "runs-list")
    page.get_by_role("button", name="Weak feeds").click()
    expect(page.get_by_role("img", name="Distance between camps in weak")).to_be_visible()
    expect(page.get_by_text(re.compile("differs most: distance between camps is"))).to_be_visible()
    expect(page.get_by_role("table", name="Camps melt at")).to_be_visible()
    expect(page).to_have_url(server + "/runs?run=weak")
    shoot(page, "runs-finished")
    with page.expect_download() as table:
        page.get_by_role("button", name="Table (Parquet)").click()
    table.value.save_as(tmp_path / "table.parquet")
    wanted = (runs / "weak" / "results.parquet").read_bytes()
    assert (tmp_path / "table.parquet").read_bytes() == wanted
    with page.expect_download() as figure:
        page.get_by_role("button", name="Figure (PNG)").click()
    assert figure.value.suggested_filename == "weak-camp_polarization.png"
    with page.expect_download() as report:
        page.get_by_role("button", name="Report (HTML)").click()
    report.value.save_as(tmp_path / "report.html")
    assert "<html" in (tmp_path / "report.html").read_text()


def test_a_link_reproduces_a_view(page: Page, server: str, runs: Path) -> None:
    page.goto(server + "/runs?run=weak")
    page.get_by_label("Observable", exact=True).select_option("edge_agreement")
    page.get_by_label("Compared at: noise", exact=True).select_option("1.1")
    expect(page.get_by_role("heading", name="Designs compared at noise 1.1")).to_be_visible()
    page.get_by_label("Along", exact=True).select_option("time")
    expect(page.get_by_role("img", name="Ties in agreement")).to_be_visible()
    link = server + "/runs?run=weak&observable=edge_agreement&along=time&at=%5B1.1%5D"
    expect(page).to_have_url(link)
    page.goto(server)
    expect(page.get_by_role("heading", level=1)).to_have_text("Scenarios")
    page.goto(link)
    expect(page.get_by_role("img", name="Ties in agreement")).to_be_visible()
    expect(page.get_by_label("Compared at: noise", exact=True)).to_have_value("[1.1]")


def test_runs_are_compared_side_by_side(page: Page, server: str, runs: Path, shoot: Shoot) -> None:
    page.goto(server + "/runs")
    page.get_by_role("checkbox", name="Compare strong").press("Enter")
    page.get_by_role("checkbox", name="Compare weak").click()
    page.get_by_role("button", name="Compare 2 runs").click()
    expect(page.get_by_role("table", name="Distance between camps by run")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Distance between camps in"))).to_have_count(2)
    differing = page.get_by_role("table", name="Settings that differ")
    expect(differing).to_contain_text("designs.own camp only.feed.strength")
    shoot(page, "runs-side-by-side")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("table", name="Camps melt at")).to_be_visible()
    page.get_by_label("Compare with", exact=True).select_option("plain")
    expect(page.get_by_role("alert")).to_contain_text("swept over different keys")
    page.get_by_role("button", name="All runs").click()
    expect(page.get_by_role("button", name="Compare 2 runs")).to_be_visible()


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("../../../etc/passwd", "There is no run '../../../etc/passwd'"),
        ("broken", "broken/manifest.json is not readable JSON"),
    ],
)
def test_what_is_not_there_or_damaged_is_a_sentence(
    page: Page, server: str, runs: Path, shoot: Shoot, link: str, sentence: str
) -> None:
    page.goto(server + f"/runs?run={link}")
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    shoot(page, "runs-failed")


def test_an_unfinished_run_is_continued_and_stopped(
    page: Page, server: str, runs: Path, shoot: Shoot
) -> None:
    slow = scenario("slow", title="Slow", sweeps=40_000, replicas=60)
    before = interrupt(runs, slow, after=1)
    page.goto(server + "/runs?run=slow")
    expect(page.get_by_text("Another program may be at work")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(
        page.get_by_role("progressbar", name=re.compile("starting|parts finished"))
    ).to_be_visible()
    shoot(page, "runs-running")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped. Finished parts are kept")).to_be_visible()
    shoot(page, "runs-cancelled")
    assert before <= parts(runs / "slow")
    page.goto(server + "/runs?run=half")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Finished: all parts are there")).to_be_visible()
    expect(page.get_by_role("table", name="Camps melt at")).to_be_visible()


def test_a_killed_server_loses_nothing_that_was_finished(
    new_page: Callable[..., Page], tmp_path: Path, shoot: Shoot
) -> None:
    """An empty folder first; then a server dies within a run, and the next one finishes it."""
    folder = tmp_path / "runs"
    words = ["-m", "sociophysics", "dashboard", "--runs", str(folder)]
    what = scenario("killed", title="Killed", sweeps=400, replicas=8, swept=SWEPT)
    # A page whose server is killed has reason to complain.
    page = new_page(expected=("WebSocket", "ERR_", "Failed to load", "console:"))
    with serving(words, free_port(), tmp_path / "one.txt") as server:
        page.goto(server + "/runs")
        expect(page.get_by_role("button", name="Run the example")).to_be_visible()
        shoot(page, "runs-empty")
        before = interrupt(folder, what, after=2)
        page.goto(server + "/runs?run=killed")
        page.get_by_role("button", name="Continue").click()
        deadline = time.monotonic() + 60
        while len(parts(folder / "killed")) < len(before) + 3:
            assert time.monotonic() < deadline, "nothing is computed"
            time.sleep(0.02)
        kill(server)
    survived = {name: part.read_bytes() for name, part in stored(folder / "killed")}
    assert len(survived) >= len(before) + 3
    assert sp.study.status(folder / "killed").total > len(survived)
    page.context.close()
    with serving(words, free_port(), tmp_path / "two.txt") as server:
        page = new_page()
        page.goto(server + "/runs?run=killed")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("Finished: all parts are there")).to_be_visible()
        page.context.close()
    after = dict(stored(folder / "killed"))
    assert all(after[name].read_bytes() == content for name, content in survived.items())
    undisturbed = tmp_path / "undisturbed"
    finish(undisturbed, what)
    for name in ("results.parquet", "comparison.csv", "manifest.json"):
        wanted = (undisturbed / "killed" / name).read_bytes()
        assert (folder / "killed" / name).read_bytes() == wanted


def kill(server: str) -> None:
    """End a server as a crash would: no chance to tidy up."""
    for process in processes_of(server):
        process.kill()
        process.wait(10)


def stored(folder: Path) -> list[tuple[str, Path]]:
    return [(path.name, path) for path in (folder / "parts").glob("*.parquet")]
