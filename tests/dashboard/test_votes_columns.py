"""How a brought file of votes is read: asked where it does not say, shown before it is fitted."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from dashboards.roll_calls.fitting import Order
from dashboards.roll_calls.source import Source, facts_of
from dashboards.upload import UploadedFile
from sociophysics.__main__ import main
from sociophysics.live.votes_looked_at import looked_at_votes
from tests.dashboard.test_everybody import violations

RNG = np.random.default_rng(3)
SIDES = np.where(np.arange(8) < 4, 1, -1)
LEVELS = np.where(RNG.random((40, 8)) < 0.8, SIDES, -SIDES)
LEVELS[RNG.random((40, 8)) < 0.1] = 0
PEOPLE = [f"M{k}" for k in range(8)]


def turned() -> str:
    """Return roll calls in rows, members in columns, with 1, 0 and -1, which says nothing."""
    rows = "".join(f"r{k}\t" + "\t".join(map(str, row)) + "\n" for k, row in enumerate(LEVELS))
    return "rollcall\t" + "\t".join(PEOPLE) + "\n" + rows


def one_by_one() -> str:
    """Return one vote in a row, by words."""
    words = {1: "Yes", -1: "No", 0: "Absent"}
    return "rollcall,member,vote\n" + "".join(
        f"r{k},{PEOPLE[i]},{words[int(LEVELS[k, i])]}\n" for k in range(40) for i in range(8)
    )


def members() -> str:
    """Return members in rows, with a year before the votes that could be one."""
    rows = "".join(
        f"{PEOPLE[i]},A,{1 if i % 2 else 2}," + ",".join(str(2 - (v > 0)) if v else "" for v in col)
        + "\n"
        for i, col in enumerate(LEVELS.T)
    )  # fmt: skip
    return "name,party,ward," + ",".join(f"r{k}" for k in range(40)) + "\n" + rows


@pytest.mark.parametrize(
    ("text", "suffix", "codes", "first", "layout"),
    [
        (turned(), "tsv", "1=yea,-1=nay,0=missing", "", "roll calls in rows, members in columns"),
        (one_by_one(), "csv", "", "", "one vote in a row"),
        (members(), "csv", "1=yea,2=nay", "r0", "members in rows"),
    ],
)
def test_every_layout_is_read_the_same(
    tmp_path: Path, text: str, suffix: str, codes: str, first: str, layout: str
) -> None:
    path = tmp_path / f"votes.{suffix}"
    path.write_text(text)
    looked = looked_at_votes(path, codes=codes, first_vote=first)
    assert (looked.layout, looked.problem) == (layout, "")
    words = {1: "yea", -1: "nay", 0: "missing"}
    assert [row[2:] for row in looked.head] == [
        tuple(words[int(LEVELS[k, i])] for k in range(8)) for i in range(8)
    ]
    source = Source("upload", UploadedFile(path.name, path, 1), codes=codes, first_vote=first)
    assert facts_of(source).members == 8


def test_what_was_asked_is_in_the_command_and_in_the_name_of_the_fit(tmp_path: Path) -> None:
    path = tmp_path / "votes.tsv"
    path.write_text(turned())
    file = UploadedFile("votes.tsv", path, 1)
    plain = Order(Source("upload", file))
    asked = Order(Source("upload", file, codes="1=yea,-1=nay,0=missing", first_vote=""))
    assert plain.name != asked.name
    words = asked.words(str(tmp_path / "out"))
    assert main([*words, "--quiet"]) in (0, None)
    assert (tmp_path / "out" / "report.html").is_file()
    strange = Order(Source("upload", file, codes="--quick", first_vote="--out=/tmp/x"))
    assert "--codes=--quick" in shlex.split(strange.command())
    assert "--first-vote=--out=/tmp/x" in shlex.split(strange.command())


def test_a_file_that_does_not_say_its_codes_is_asked_about(
    page: Page, server: str, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(server + "/roll-calls?chamber=upload")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "turned.tsv", "mimeType": "text/plain", "buffer": turned().encode()}
    )
    expect(page.get_by_role("alert")).to_contain_text("turned.tsv holds 1, 0 and -1 as votes")
    expect(page.get_by_text("Understood as: roll calls in rows, members in colu")).to_be_visible()
    fit = page.get_by_role("button", name="Fit", exact=True)
    expect(fit).to_be_disabled()
    for code, word in (("1", "yea"), ("-1", "nay"), ("0", "missing")):
        page.get_by_label(f"{code} means", exact=True).select_option(word)
    table = page.get_by_role("table", name="First votes")
    expect(table.get_by_role("row")).to_have_count(9)
    expect(page.get_by_text("8 members (no party 8); ")).to_be_visible()
    expect(fit).to_be_enabled()
    expect(page).to_have_url(
        server + "/roll-calls?chamber=upload&codes=1%3Dyea%2C-1%3Dnay%2C0%3Dmissing"
    )
    shoot(page, "votes-columns")
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("input[type=file]").first.set_input_files(
        {"name": "long.csv", "mimeType": "text/csv", "buffer": one_by_one().encode()}
    )
    expect(page.get_by_text("Understood as: one vote in a row.")).to_be_attached()
    expect(page).to_have_url(server + "/roll-calls?chamber=upload")
