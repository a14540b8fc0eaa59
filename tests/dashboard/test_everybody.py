"""Pages that everybody can use: axe-core, the keyboard, narrow screens, less motion, the dark."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

PAGES = ("/?run=0&n=60", "/tipping-points", "/trials", "/calibrate", "/roll-calls", "/runs")
TABS = ("acts", "users", "chambers", "feeds", "post", "measure", "share")
AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """Return what axe-core finds on a page: rule, and where."""
    # Solara's own bar of a page that is still opening is no part of ours.
    expect(page.locator(".v-progress-linear:not([aria-hidden])")).to_have_count(0)
    page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_on_any_page(
    new_page: Callable[..., Page], server: str, path: str, scheme: str
) -> None:
    page = new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(server + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if path.startswith("/?"):
        expect(page.locator(".sp-network-canvas")).to_have_count(2)
    assert violations(page) == []


def test_axe_finds_nothing_behind_the_tabs(page: Page, server: str) -> None:
    page.goto(f"{server}/?run=0&n=60&tab=users")
    page.get_by_label("Name or part of it").fill("12")
    page.get_by_label("Name or part of it").press("Tab")
    page.get_by_role("button", name="Show 12", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("^Together")).first).to_be_visible()
    for _ in TABS:
        assert violations(page) == []
        page.locator("[role=tab][aria-selected=true]").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(300)


def test_axe_would_find_something(page: Page, server: str) -> None:
    """Negative control: what was wrong before is seen."""
    page.goto(server + "/runs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate("document.documentElement.removeAttribute('lang')")
    page.evaluate("document.body.append(document.createElement('select'))")
    found = " ".join(violations(page))
    assert "html-has-lang" in found
    assert "select-name" in found


def test_run_is_within_five_tabs_and_the_link_past_the_header_lands_on_it(
    page: Page, server: str
) -> None:
    page.goto(f"{server}/?run=0&n=60")
    expect(page.locator(".sp-network-canvas")).to_have_count(2)
    run = page.get_by_role("button", name="Run", exact=True)
    for _ in range(5):
        page.keyboard.press("Tab")
        if run.evaluate("each => each === document.activeElement"):
            break
    expect(run).to_be_focused()
    page.reload()
    expect(page.locator(".sp-network-canvas")).to_have_count(2)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(run).to_be_focused()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_a_narrow_screen_and_it_can_be_enlarged(
    new_page: Callable[..., Page], server: str, path: str
) -> None:
    page = new_page(width=320, height=640)
    page.goto(server + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if path.startswith("/?"):
        expect(page.locator(".sp-network-canvas")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("document.documentElement.lang") == "en"
    viewport = page.locator("meta[name=viewport]").get_attribute("content") or ""
    assert "user-scalable" not in viewport
    assert "maximum-scale" not in viewport


def test_users_are_reached_by_keyboard(page: Page, server: str) -> None:
    page.goto(f"{server}/?run=0&n=60&tab=users")
    picture = page.locator(".sp-network-canvas").first
    expect(picture).to_have_attribute("data-frames", re.compile(r"^[1-9]"))
    picture.press("n")
    expect(page.locator(".sp-network-label").first).to_be_visible()
    picture.press("Enter")
    expect(page.get_by_role("row", name=re.compile("^Together")).first).to_be_visible()
    expect(page.get_by_text("No feed acts: this user hears only ties")).to_be_visible()
    expect(page.get_by_text("is shown says for, which pulls by strength")).to_be_visible()
