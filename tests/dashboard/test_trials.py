"""The Trials page in a browser: what it shows is what the command line writes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from sociophysics.__main__ import main
from tests.dashboard.conftest import PATIENCE
from tests.dashboard.test_everybody import violations


def test_a_trial_is_the_command_lines_and_is_turned_round(
    page: Page, server: str, runs_folder: Path, tmp_path: Path, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(server + "/trials?replicas=2&share=0.25&published=1&d=0.0&se=0.02")
    page.get_by_role("button", name="Run the trial").click()
    table = page.get_by_role("table", name="Effects on own_side")
    expect(table).to_contain_text("Total: if everybody were treated", timeout=4 * PATIENCE)
    expect(page.get_by_text("A published direct effect of 0 SD")).to_be_visible()
    shoot(page, "trials")
    words = shlex.split(page.locator(".sp-trial-command").inner_text())
    with page.expect_download() as file:
        page.get_by_role("button", name="trial.toml").click()
    file.value.save_as(tmp_path / "trial.toml")
    folder = runs_folder / Path(words[-1]).name
    again = [*words[1:2], str(tmp_path / "trial.toml"), *words[3:-1], str(tmp_path / "again")]
    assert main(again) in (0, None)
    for name in ("effects.csv", "series.csv", "inversion.csv", "report.html"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_a_society_of_ones_own_is_asked_for_in_a_sentence(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(server + "/trials?society=upload")
    expect(page.get_by_text("there is no scenario of your own yet")).to_be_visible()
    expect(page.get_by_role("button", name="Run the trial")).to_be_disabled()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_treated_and_the_untreated_move_apart(
    page: Page, server: str, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(server + "/trials?replicas=2&share=0.25")
    page.get_by_role("button", name="Play", exact=True).click()
    treated = page.get_by_role(
        "img",
        name=re.compile(r"^25 % treated: the treated at sweep [1-9]\d*: \d+ for, \d+ against"),
    )
    expect(treated).to_have_count(1)
    counted = re.findall(r"(\d+) for, (\d+) against", treated.get_attribute("aria-label") or "")
    assert sum(map(int, counted[0])) == 150
    expect(page.get_by_role("img", name=re.compile("^25 % treated: the untreated"))).to_have_count(
        1
    )
    expect(page.get_by_role("button", name="Play again")).to_be_visible()
    page.get_by_role("heading", name="Watch one society").scroll_into_view_if_needed()
    shoot(page, "trial-watched")
    assert violations(page) == []
    page.get_by_label("Societies", exact=True).fill("3")
    page.get_by_label("Societies", exact=True).press("Tab")
    expect(treated).to_have_count(0)
