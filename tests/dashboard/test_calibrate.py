"""The Calibrate page in a browser: what it shows is what the command line writes."""

from __future__ import annotations

import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

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
