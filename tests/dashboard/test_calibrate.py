"""The Calibrate page in a browser: what it shows is what the command line writes."""

from __future__ import annotations

import re
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import sociophysics as sp
from dashboards.feed_lab.living import acts_between, same_society
from dashboards.feed_lab.reading import values_of
from dashboards.feed_lab.scenario import scenario_of
from dashboards.feed_lab.settings import SETTINGS
from sociophysics.__main__ import main
from tests.dashboard.conftest import PATIENCE
from tests.dashboard.test_everybody import violations

N, WAVES = 24, 4


def panel() -> dict[str, str]:
    """Return a tiny panel: a ring in two camps, whose users follow neighbours and camp."""
    rng = np.random.default_rng(5)
    side = np.where(np.arange(N) < N // 2, 1, -1)
    stances = [side.copy()]
    for _ in range(WAVES - 1):
        last = stances[-1]
        pull = (np.roll(last, 1) + np.roll(last, -1)) / 2 + 0.2 * side
        stances.append(np.where(rng.random(N) < 1 / (1 + np.exp(-2 * pull / 1.5)), 1, -1))
    users = "".join(f"m{k},{'east' if side[k] > 0 else 'west'}\n" for k in range(N))
    edges = "".join(f"m{k},m{(k + 1) % N}\n" for k in range(N))
    rows = "".join(f"m{k},{w},{s[k]}\n" for w, s in enumerate(stances) for k in range(N))
    return {
        "edges": f"source,target\n{edges}",
        "users": f"id,region\n{users}",
        "stances": f"id,wave,stance\n{rows}",
    }


def test_a_calibration_is_the_command_lines_and_gives_the_society(
    page: Page, server: str, runs_folder: Path, tmp_path: Path, shoot: Callable[[Page, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    page.goto(server + "/calibrate?data=upload&camp=region&pace=fixed&sweeps=1")
    expect(page.get_by_text("there is no panel yet")).to_be_visible()
    expect(page.get_by_role("button", name="Calibrate", exact=True)).to_be_disabled()
    for part, text in panel().items():
        page.get_by_label(f"File of {part}").set_input_files(
            {"name": f"../../{part}.csv", "mimeType": "text/csv", "buffer": text.encode()}
        )
    expect(page.get_by_text("24 users, 24 ties, 4 waves, 100 % of the stances")).to_be_visible()
    page.get_by_role("button", name="Calibrate", exact=True).click()
    verdicts = page.get_by_role("list", name="Verdicts")
    expect(verdicts).to_contain_text("field.values", timeout=2 * PATIENCE)
    table = page.get_by_role("table", name="Parameters and their intervals")
    expect(table).to_contain_text("dynamics.temperature")
    page.get_by_role("button", name="Show the report").click()
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
    shoot(page, "calibrate")
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    words = shlex.split(page.locator(".sp-calibrate-command").inner_text())
    for name in ("calibrate.toml", "edges.csv", "users.csv", "stances.csv"):
        with page.expect_download() as file:
            page.get_by_role("button", name=name, exact=True).click()
        file.value.save_as(tmp_path / name)
    with page.expect_download() as file:
        page.get_by_role("button", name="Society (ZIP)").click()
    file.value.save_as(tmp_path / "society.zip")
    folder = runs_folder / Path(words[-1]).name
    monkeypatch.chdir(tmp_path)
    assert main([*words[1:-1], "again"]) in (0, None)
    names = ("manifest.json", "summary.csv", "combinations.csv", "checks.csv", "posterior.parquet")
    for name in (*names, "report.html"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    with zipfile.ZipFile(tmp_path / "society.zip") as archive:
        assert "posterior/posterior.parquet" in archive.namelist()
        assert archive.read("users.csv") == (tmp_path / "users.csv").read_bytes()


def calibrated(page: Page, server: str) -> None:
    page.goto(server + "/calibrate?data=upload&camp=region&pace=fixed&sweeps=1")
    for part, text in panel().items():
        page.get_by_label(f"File of {part}").set_input_files(
            {"name": f"{part}.csv", "mimeType": "text/csv", "buffer": text.encode()}
        )
    page.get_by_role("button", name="Calibrate", exact=True).click()
    expect(page.get_by_role("list", name="Verdicts")).to_be_visible(timeout=2 * PATIENCE)


def back(page: Page) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Calibrate").click()
    expect(page.get_by_role("list", name="Verdicts")).to_be_visible()


def test_the_calibrated_society_is_taken_up_by_every_page_of_societies(
    page: Page, server: str, tmp_path: Path, shoot: Callable[[Page, str], None]
) -> None:
    calibrated(page, server)
    shoot(page, "use-this-society")
    page.get_by_role("button", name="Open in the Feed lab").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Feed lab")
    expect(page.locator(".sp-network-canvas").first).to_have_attribute(
        "data-frames", re.compile(r"^[1-9]")
    )
    expect(page.get_by_text("edges.csv: 24 users, 24 ties.")).to_be_visible()
    apart = page.get_by_label("Push of the camps apart J", exact=True)
    assert float(apart.input_value()) != 0
    page.get_by_label("Camps", exact=True).select_option("region")
    back(page)
    page.get_by_role("button", name="Open in Tipping points").click()
    page.get_by_label("Length", exact=True).select_option("0.25")
    page.get_by_label("Replicas", exact=True).fill("2")
    page.get_by_label("Replicas", exact=True).press("Tab")
    page.get_by_role("button", name="Run", exact=True).click()
    command = page.get_by_label("Command")
    expect(command).to_contain_text("sociophysics tip tip-society.toml", timeout=4 * PATIENCE)
    assert violations(page) == []
    back(page)
    page.get_by_role("button", name="Open in Scenarios").click()
    playing = page.get_by_role("img", name=re.compile(r"at sweep [1-9]"))
    expect(playing).to_have_count(1)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("button", name="Show the report")).to_be_visible(timeout=4 * PATIENCE)
    back(page)
    page.get_by_role("button", name="Open in Trials").click()
    page.get_by_label("Societies", exact=True).fill("3")
    page.get_by_label("Societies", exact=True).press("Tab")
    page.get_by_role("button", name="Run the trial").click()
    expect(page.get_by_role("table", name="Effects on stance")).to_be_visible(timeout=4 * PATIENCE)
    with page.expect_download() as file:
        page.get_by_role("button", name="trial.toml").click()
    file.value.save_as(tmp_path / "trial.toml")
    text = (tmp_path / "trial.toml").read_text()
    assert 'path = "edges.csv"' in text
    assert "sociophysics-" not in text


@pytest.mark.parametrize(
    "path", ["/?story=calibrated", "/trials?society=calibrated",
             "/tipping-points?source=calibrated"]
)  # fmt: skip
def test_a_society_that_went_with_its_tab_is_told_in_a_sentence(
    page: Page, server: str, path: str
) -> None:
    page.goto(server + path)
    said = page.get_by_text(re.compile("no calibrated society is in use in this tab", re.I))
    expect(said.first).to_be_visible()


def test_the_feed_lab_pushes_camps_apart_as_the_file_does() -> None:
    fresh = {name: kind.default for name, kind in SETTINGS.items()}
    scenario = scenario_of({**fresh, "network": "karate", "field": 0.1, "apart": 0.3})
    assert scenario.canonical()["field"]["values"] == pytest.approx([0.4, -0.2])
    values, _ = values_of(scenario)
    assert (round(values["field"], 12), round(values["apart"], 12)) == (0.1, 0.3)
    with pytest.raises(sp.InputError, match="camps are pushed apart where there are two"):
        scenario_of({**fresh, "network": "polbooks", "apart": 0.3})
    own = scenario.replace({"network": {"kind": "file", "path": "ties.csv", "camp": "club"}})
    assert values_of(own)[0]["network"] == "upload"
    moved = {**fresh, "apart": 0.3, "field": 0.2}
    assert not same_society({**fresh, "apart": 0.3}, moved)
    assert acts_between({**fresh, "apart": 0.3}, moved, ("a", "b")) == []
