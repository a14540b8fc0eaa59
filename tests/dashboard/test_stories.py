"""The first page in a browser: stories play, and any scenario file runs as the command runs it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sociophysics.__main__ import main
from sociophysics.datasets import bundled_scenarios
from tests.dashboard.conftest import PATIENCE

MINE = """
# Question: which feeds keep a club apart?
# Expected: the own camp's feed
# keeps it apart.
# Try: turn the noise up.
title = "A club"
question = "Which feeds keep the club apart?"
seed = 7
network = { kind = "bundled", name = "karate", camp = "club" }
couplings = { kind = "uniform", value = 1.0, normalize = "degree" }
dynamics = { temperature = 0.5, sweeps = 40, burn_in = 20, start = "camps" }
observe = { every = 10, names = ["camp_polarization"] }
sweep = { replicas = 4, "dynamics.temperature" = [0.5, 0.9] }

[[designs]]
name = "no feed"
feed = { kind = "none" }

[[designs]]
name = "own camp"
feed = { kind = "in_group", strength = 0.8 }

[[designs]]
name = "bridging"
feed = { kind = "bridging", strength = 0.8 }

[[claims]]
text = "the own camp's feed keeps the camps apart"
observable = "camp_polarization"
design = "own camp"
than = "no feed"
relation = ">"
"""


def test_any_scenario_file_plays_and_runs_as_the_command_line_runs_it(
    page: Page, server: str, runs_folder: Path, tmp_path: Path, shoot: Callable[[Page, str], None]
) -> None:
    file = tmp_path / "club.toml"
    file.write_text(MINE)
    page.goto(server)
    expect(page.get_by_role("heading", level=1)).to_have_text("Scenarios")
    page.get_by_text("Run a scenario file of your own").click()
    page.get_by_label("Scenario file").set_input_files(file)
    expect(page.get_by_text("34 users, 78 mutual ties, all friendly")).to_be_visible()
    page.get_by_role("button", name="Play it").click()
    expect(page.get_by_text("The own camp's feed keeps it apart.")).to_be_visible()
    playing = page.get_by_role("img", name=re.compile(r"^(no feed|own camp|bridging) at sweep"))
    expect(playing).to_have_count(3)
    page.get_by_role("button", name="Run", exact=True).click()
    verdicts = page.get_by_role("list", name="Claims and their verdicts")
    expect(verdicts).to_contain_text("holds", timeout=4 * PATIENCE)
    expect(page.get_by_role("img", name=re.compile("each beside no feed"))).to_be_visible()
    page.get_by_role("button", name="Show the report").click()
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
    shoot(page, "story")
    command = page.locator(".sp-story-command").text_content().split()
    folder = runs_folder / Path(command[-1]).name
    assert main([*command[1:-3], str(file), "--out", str(tmp_path / "own"), "--quiet"]) in (0, None)
    for name in ("manifest.json", "results.parquet", "comparison.csv", "report.html"):
        assert (folder / name).read_bytes() == (tmp_path / "own" / name).read_bytes(), name


def test_a_bundled_story_plays_at_one_press(
    page: Page, server: str, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(server)
    expect(page.get_by_role("list", name="Stories").get_by_role("listitem")).to_have_count(
        len(bundled_scenarios())
    )
    card = page.get_by_role("listitem").filter(has_text="Echo chambers by trapping")
    expect(card).to_contain_text(
        "● holds: camps that start united stay apart. 3 more claims: 3 hold"
    )
    shoot(page, "scenarios")
    page.get_by_role("button", name="Play: Echo chambers by trapping").click()
    kept = page.get_by_role("list", name="Verdicts that came along").get_by_role("listitem")
    expect(kept).to_have_count(4)
    expect(kept.first).to_contain_text("0.103 [0.0978, 0.108] from 0.6")
    expect(page).to_have_url(server + "/?story=friendly_camps")
    moved = page.get_by_role("img", name=re.compile(r"^start in consensus at sweep [1-9]"))
    expect(moved).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()


def test_a_scenario_that_names_a_file_is_refused_in_a_sentence(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(server)
    page.get_by_text("Run a scenario file of your own").click()
    bad = MINE.replace('kind = "bundled", name = "karate"', 'kind = "file", path = "/etc/passwd"')
    page.get_by_label("Or paste its text").fill(bad)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("alert")).to_contain_text("network.path names a file")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320


@pytest.mark.parametrize("link", ["/?n=60", "/feed-lab?n=60"])
def test_a_link_to_the_feed_lab_of_any_age_opens_it(page: Page, server: str, link: str) -> None:
    page.goto(server + link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Feed lab")
    expect(page).to_have_url(server + "/feed-lab?n=60")
