"""Notes on runs and saved comparisons: the browser's own, shown as text, never sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.run_folders import finish, scenario
from tests.dashboard.test_everybody import violations

NOTES = "sociophysics notes "


@pytest.fixture(scope="module")
def runs(runs_folder: Path) -> Path:
    """Return the server's folder of runs, with two in it."""
    finish(runs_folder, scenario("mild", title="Mild feeds"))
    finish(runs_folder, scenario("hard", title="Hard feeds", seed=2, strength=1.5))
    return runs_folder


def test_notes_on_a_run_are_kept_in_the_browser_alone(
    page: Page, server: str, runs: Path, tmp_path: Path, shoot: Callable[[Page, str], None]
) -> None:
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda text: sent.append(str(text))))
    page.goto(server + "/runs?run=mild")
    notes = page.get_by_label("Notes on this run")
    notes.fill("<img src=x onerror=alert(1)> odd at noise 0.7\nsecond line")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(notes).to_have_value(re.compile("odd at noise 0.7"))
    shoot(page, "run-notes")
    assert violations(page) == []
    page.get_by_role("button", name="← All runs").click()
    expect(page.get_by_role("heading", name="Your notes")).to_be_visible()
    # Text is text.
    expect(page.get_by_text("<img src=x onerror=alert(1)> odd at noise 0.7")).to_be_visible()
    assert page.locator(".sp-notes img").count() == 0
    assert violations(page) == []
    with page.expect_download() as file:
        page.get_by_role("button", name="Take all notes along (1)").click()
    file.value.save_as(tmp_path / "notes.md")
    assert "## mild\n\n<img" in (tmp_path / "notes.md").read_text()
    page.get_by_role("button", name="Open mild").click()
    expect(notes).to_have_value(re.compile("second line"))
    notes.fill("")
    page.get_by_role("button", name="← All runs").click()
    expect(page.get_by_role("heading", name="Your notes")).to_have_count(0)
    assert sent
    assert not any("odd at noise" in each for each in sent)


def test_notes_say_when_they_are_full_and_strange_ones_are_left_out(
    page: Page, server: str, runs: Path
) -> None:
    page.goto(server + "/runs")
    many = [{"run": f"r{k}", "text": "x" * 4000} for k in range(99)]
    strange = [7, {"run": 3, "text": "a"}, {"run": "b", "text": "y" * 5000}]
    page.evaluate(
        "([key, text]) => localStorage.setItem(key, text)", [NOTES, json.dumps(many + strange)]
    )
    page.goto(server + "/runs?run=hard")
    page.get_by_label("Notes on this run").fill("z" * 4000)
    expect(page.get_by_text("Not saved: the notes are full")).to_be_visible()
    kept = json.loads(page.evaluate("key => localStorage.getItem(key)", NOTES))
    assert len(kept) == len(many) + len(strange)


def test_two_saved_comparisons_stand_side_by_side(
    new_page: Callable[..., Page], server: str, runs: Path, shoot: Callable[[Page, str], None]
) -> None:
    page = new_page(width=1440, height=1000)
    page.goto(server + "/runs?run=mild&beside=hard")
    saved = page.get_by_role("list").filter(has=page.get_by_role("button", name=re.compile("^Op")))
    name = page.get_by_label("Save this one as")
    name.fill("Both <b>feeds</b>")
    name.press("Enter")
    expect(page.get_by_text("Saved as Both <b>feeds</b>.")).to_be_visible()
    page.get_by_label("Observable", exact=True).select_option("edge_agreement")
    expect(page).to_have_url(re.compile("observable=edge_agreement"))
    name.fill("Agreement")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(saved.get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Show Both <b>feeds</b> beside this one").click()
    expect(page.get_by_role("heading", name="Both <b>feeds</b>")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Ties in agreement.* in mild"))).to_be_visible()
    expect(page.get_by_role("img", name="Distance between camps in hard")).to_be_visible()
    assert violations(page) == []
    shoot(page, "two-comparisons")
    link = page.url
    again = page.context.new_page()
    again.goto(link)
    expect(again.get_by_role("img", name="Distance between camps in hard")).to_be_visible()
    again.close()
    page.get_by_role("button", name="Change sides").click()
    expect(page.get_by_label("Observable", exact=True)).to_have_value("camp_polarization")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("img", name=re.compile("^Ties in agreement.* in mild"))).to_have_count(
        0
    )
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("button", name="← All runs").click()
    expect(page.get_by_label("Find", exact=True)).to_be_visible()
    page.get_by_role("button", name="Open Agreement").click()
    expect(page.get_by_role("img", name=re.compile("^Ties in agreement.* in mild"))).to_be_visible()


def test_a_comparison_beside_that_is_gone_is_told(page: Page, server: str, runs: Path) -> None:
    page.goto(server + "/runs?run=mild&against=%3Frun%3Dgone%26x%3D1")
    expect(page.get_by_text("There is no run 'gone'")).to_be_visible()
    expect(page.get_by_text("This page has no setting x")).to_be_visible()
    expect(page.get_by_role("img", name="Distance between camps in mild")).to_be_visible()
