"""Sessions save themselves in the browser: after a reload, days later, and never more than that."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.dashboard.test_everybody import violations

KEY = "sociophysics sessions "


def feed_lab(page: Page, server: str, more: str = "") -> None:
    page.goto(f"{server}/feed-lab?n=60{more}&run=0")
    expect(page.get_by_role("heading", level=1)).to_have_text("Feed lab")
    page.wait_for_function(f"(localStorage.getItem({KEY!r}) || '').includes('n=60')")


def go_to(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_after_a_reload_every_page_is_as_it_was(page: Page, server: str) -> None:
    feed_lab(page, server)
    go_to(page, "Trials")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Trials")
    go_to(page, "Feed lab")
    expect(page).to_have_url(re.compile(r"/feed-lab\?n=60&run=0"))


def test_the_last_session_is_offered_and_forgotten(
    page: Page, server: str, shoot: Callable[[Page, str], None]
) -> None:
    feed_lab(page, server, "&color=%3Cb%3Ebold%3C/b%3E")
    later = page.context.new_page()
    later.goto(server)
    offer = later.get_by_role("region", name="Your last session")
    expect(offer).to_contain_text("Feed lab")
    assert violations(later) == []
    offer.get_by_role("button", name="Go on with it").click()
    expect(later).to_have_url(re.compile(r"/feed-lab\?.*n=60"))
    expect(later.get_by_role("heading", level=1)).to_have_text("Feed lab")
    opener = later.get_by_role("button", name="Sessions")
    third = page.context.new_page()
    third.goto(server + "/runs")
    third.get_by_role("button", name="Sessions").press("Enter")
    saved = third.get_by_role("region", name="Saved sessions")
    # Text of a link is text here as well.
    expect(saved).to_contain_text("color <b>bold</b>")
    assert saved.locator("b").count() == 0
    assert violations(third) == []
    shoot(third, "sessions")
    saved.get_by_role("button", name=re.compile("^Forget the session of")).click()
    expect(saved).to_contain_text("No earlier session is saved yet.")
    third.keyboard.press("Escape")
    expect(saved).to_be_hidden()
    expect(third.get_by_role("button", name="Sessions")).to_be_focused()
    expect(opener).to_be_visible()
    third.set_viewport_size({"width": 320, "height": 640})
    third.get_by_role("button", name="Sessions").click()
    assert third.evaluate("document.documentElement.scrollWidth") <= 320


def test_what_others_put_into_the_browser_is_left_out(page: Page, server: str) -> None:
    page.goto(server)
    good = {"id": "a", "when": 1, "here": "/runs", "pages": {"/runs": "?run=a"}}
    bad: list[object] = [
        7, None, {"id": "b"}, {**good, "id": "c", "pages": {"/runs": "//evil.example"}},
        {**good, "id": "d", "here": "//evil.example", "pages": {"/x": "?a=1", "/runs": "?run=d"}},
    ]  # fmt: skip
    for text in (json.dumps([good, *bad]), "no JSON", json.dumps({"a": 1})):
        page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, text])
        fresh = page.context.new_page()
        fresh.goto(server)
        fresh.get_by_role("button", name="Sessions").click()
        rows = fresh.get_by_role("region", name="Saved sessions").get_by_role("listitem")
        expect(rows).to_have_count(2 if text.startswith("[") else 0)
        if text.startswith("["):
            rows.nth(1).get_by_role("button", name=re.compile("^Go on")).click()
            expect(fresh).to_have_url(f"{server}/")
        fresh.close()


def test_a_browser_that_keeps_nothing_is_told_so(page: Page, server: str) -> None:
    page.add_init_script(
        "const put = Storage.prototype.setItem; Storage.prototype.setItem = function (key, text) {"
        " if (key.startsWith('sociophysics')) throw new Error('full'); put.call(this, key, text); }"
    )
    page.goto(server + "/feed-lab?n=60&run=0")
    expect(page.get_by_role("heading", level=1)).to_have_text("Feed lab")
    page.get_by_role("button", name="Sessions").click()
    expect(page.get_by_text("lets the page keep nothing")).to_be_visible()


def test_many_sessions_do_not_fill_the_browser(page: Page, server: str) -> None:
    long = "?acts=" + "x" * 7900
    many = [
        {"id": str(k), "when": k, "here": "/feed-lab",
         "pages": dict.fromkeys(("/feed-lab", "/tipping-points", "/trials", "/runs"), long)}
        for k in range(8)
    ]  # fmt: skip
    page.goto(server)
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, json.dumps(many)])
    feed_lab(page, server)
    kept = json.loads(page.evaluate("key => localStorage.getItem(key)", KEY))
    assert len(json.dumps(kept)) <= 201_000
    assert "n=60" in json.dumps(kept[0])
