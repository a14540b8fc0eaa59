"""What visitors name or send runs nowhere: pages, dialogs and tables that are taken home."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from dashboards.spreadsheet import without_formulas
from tests.dashboard.conftest import PATIENCE
from tests.dashboard.test_robust import PLAIN, hostile_scenarios
from tests.dashboard.test_stories import MINE

SCRIPT = "<img src=x onerror='window.owned=1'>"
FORMULA = "=HYPERLINK(1)"


def parquet(**columns: object) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, compression="zstd", store_schema=False)
    return file.getvalue()


def hostile_panels() -> dict[str, bytes]:
    """Return files that are no stances of a panel, by the name under which they come."""
    rows = 200_000
    word = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), ["x" * 90_000])
    ones = np.ones(rows)
    return {
        "binary.csv": bytes(range(256)) * 40,
        "columns.csv": b"x,y\n1,2\n",
        "wide.csv": b"id,wave,stance" + b",c" * 200_000 + b"\n",
        "script.csv": f"id,wave,stance\n{SCRIPT},1,{SCRIPT}\n".encode(),
        "../../etc/passwd.csv": b"root:x:0:0\n",
        "bomb.parquet": parquet(id=word, wave=ones, stance=ones),
        "nested.parquet": parquet(id=[["a"]], wave=[[1]], stance=[{"a": 1}]),
        "half.parquet": parquet(id=["a"], wave=[1], stance=[1])[:-9],
        "names.parquet": parquet(**{SCRIPT: ["a"], "wave": [1], "stance": [1]}),
    }


def ran(page: Page) -> object:
    return page.evaluate("window.owned") or page.title() == "owned"


def told(page: Page, label: str, files: dict[str, bytes]) -> None:
    """Give each file, which one sentence must answer."""
    for name, content in files.items():
        where = page.get_by_label(label, exact=True)
        where.set_input_files({"name": name, "mimeType": PLAIN, "buffer": content})
        alert = page.get_by_role("alert").first
        expect(alert).to_be_visible()
        said = alert.inner_text().strip()
        assert "\n" not in said, said
        assert len(said) < 600, said
        assert "/tmp" not in said, said
        page.wait_for_timeout(200)
        assert not ran(page)


def test_hostile_panels_get_a_sentence_each(page: Page, server: str) -> None:
    page.goto(server + "/calibrate?data=upload&camp=region&pace=fixed&sweeps=1")
    ties = f"source,target\na,b\nb,{SCRIPT}\n".encode()
    for part, text in {"edges": ties, "users": f"id,{SCRIPT}\na,{SCRIPT}\n".encode()}.items():
        page.get_by_label(f"File of {part}").set_input_files(
            {"name": f"{part}.csv", "mimeType": PLAIN, "buffer": text}
        )
    told(page, "File of stances", hostile_panels())
    assert not ran(page)


def forgotten(page: Page, label: str) -> None:
    """Remove the file of an upload: what was said of it goes with it."""
    page.get_by_label(label, exact=True).locator(
        "xpath=ancestor::*[@class='sp-field']"
    ).get_by_role("button", name=re.compile("^Remove ")).click()
    expect(page.get_by_role("alert")).to_have_count(0)


TRIAL = f"""
title = {json.dumps(SCRIPT)}
question = {json.dumps(FORMULA)}
seed = 1
network = {{ kind = "planted_partition", n = 40, communities = 2, k_in = 6.0, k_out = 2.0 }}
couplings = {{ kind = "uniform" }}
dynamics = {{ temperature = 0.7, sweeps = 20, burn_in = 4, start = "camps" }}
observe = {{ every = 4, names = ["camp_polarization"] }}
[trial]
at = 4
share = [0.25]
treatment = {{ field = 0.5 }}
outcome = ["own_side"]
[sweep]
replicas = 2
"""


def hostile_trials() -> dict[str, bytes]:
    """Return TOML files that no trial from a browser can be read from."""
    outcome = TRIAL.replace('"own_side"', json.dumps(SCRIPT))
    file = TRIAL.replace(TRIAL.splitlines()[4], 'network = { kind = "file", path = "/etc/passwd" }')
    texts = {"outcome": outcome, "file": file}
    return {f"{SCRIPT}{name}.toml": text.encode() for name, text in texts.items()}


def test_hostile_trials_get_a_sentence_each_which_goes_with_the_file(
    page: Page, server: str
) -> None:
    page.goto(server + "/trials?society=upload&replicas=2")
    for name, content in hostile_trials().items():
        told(page, "Scenario with [trial]", {name: content})
        forgotten(page, "Scenario with [trial]")
    where = page.get_by_label("Scenario with [trial]", exact=True)
    where.set_input_files({"name": f"{SCRIPT}.toml", "mimeType": PLAIN, "buffer": TRIAL.encode()})
    expect(page.get_by_text("40 users", exact=False).first).to_be_visible()
    expect(page.get_by_role("button", name="Run the trial")).to_be_enabled()
    assert not ran(page)


def hostile_votes() -> dict[str, bytes]:
    """Return files that are no roll calls, by the name under which they come."""
    head = b"id,name,party,state"
    return {
        "wide.csv": head + b",c" * 200_000 + b"\n",
        "script.csv": head + f",{SCRIPT}\n1,{SCRIPT},{SCRIPT},{SCRIPT},{SCRIPT}\n".encode(),
        "half.csv": head + b",v\n1,\xed\xa0\x80,A,X,1\n",
    }


def test_hostile_votes_get_a_sentence_each_which_goes_with_the_file(
    page: Page, server: str
) -> None:
    page.goto(server + "/roll-calls?chamber=upload&replicas=4&sweeps=20")
    for name, content in hostile_votes().items():
        told(page, "Votes", {name: content})
        forgotten(page, "Votes")
    expect(page.get_by_text("Choose a file of votes.")).to_be_visible()
    text = f"id,name,party,state,{SCRIPT},b\n" + "".join(
        f"{SCRIPT}{k},{FORMULA},{SCRIPT}{k % 2},{SCRIPT},{1 - k % 2 * 2},1\n" for k in range(6)
    )
    page.get_by_label("Votes", exact=True).set_input_files(
        {"name": f"{SCRIPT}.csv", "mimeType": PLAIN, "buffer": text.encode()}
    )
    expect(page.get_by_text("6 members (")).to_contain_text(SCRIPT)
    expect(page.get_by_role("button", name="Fit", exact=True)).to_be_enabled()
    assert not ran(page)


def test_hostile_stories_get_a_sentence_each_and_run_no_script(page: Page, server: str) -> None:
    page.goto(server)
    page.get_by_text("Run a scenario file of your own").click()
    few = ("binary.toml", "deep.toml", "huge.toml")
    told(page, "Scenario file", {name: hostile_scenarios()[name] for name in few})
    page.goto(server)
    page.get_by_text("Run a scenario file of your own").click()
    named = MINE.replace("A club", SCRIPT).replace("own camp", SCRIPT).replace("keeps", SCRIPT)
    page.get_by_label("Or paste its text").fill(named)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Play it").click()
    expect(page.get_by_role("img", name=re.compile(re.escape(SCRIPT)))).to_have_count(1)
    assert not ran(page)


def test_columns_camps_and_users_of_a_network_run_no_script(
    page: Page, server: str, tmp_path: Path
) -> None:
    page.goto(server + "/feed-lab?network=upload&run=0")
    head, other = f"{SCRIPT}1", f"{SCRIPT}2"
    ties = f'"{head}","{other}"\n' + "".join(f'"{SCRIPT}{k}",u{k}\n' for k in range(6))
    names = [*(f"{SCRIPT}{k}" for k in range(6)), *(f"u{k}" for k in range(6))]
    users = f"id,{SCRIPT}\n" + "".join(f"{name},{SCRIPT}{k % 2}\n" for k, name in enumerate(names))
    for label, text in {"Network file": ties, "Users and camps (with an edge list)": users}.items():
        where = page.get_by_label(label)
        where.set_input_files({"name": f"{SCRIPT}.csv", "mimeType": PLAIN, "buffer": text.encode()})
    expect(page.get_by_role("alert").filter(has_text="has no column source").first).to_be_visible()
    for label, column in {"Who listens": head, "Who is listened to": other}.items():
        page.get_by_label(label, exact=True).select_option(column)
    expect(page.get_by_text("12 users, 6 ties")).to_be_visible()
    assert not ran(page)


TABLES = {
    b"a,b\n1,-2\n": None,
    b"a,b\n-1e-3,-.5\n-inf,+4\n": None,
    b"a\n=1\n": b"a\n'=1\n",
    b"-2+3\n": b"'-2+3\n",
    b'@x,"=a""b"\n': b'\'@x,"\'=a""b"\n',
    b'"a,=b",c\n': None,
    b'"a\n=b",c\r\n': None,
    b"\t=1,2\n": b"'\t=1,2\n",
    b'"\r=1",2\n': b'"\'\r=1",2\n',
    b"x," + b"a" * 200_000 + b"\n=1,2\n": b"x," + b"a" * 200_000 + b"\n'=1,2\n",
}


@pytest.mark.parametrize("given", TABLES)
def test_a_table_that_is_taken_home_holds_no_formula(given: bytes) -> None:
    assert without_formulas(given) == (TABLES[given] or given)


def test_a_large_table_of_numbers_is_taken_home_as_it_is() -> None:
    table = pd.DataFrame(np.random.default_rng(1).normal(size=(20_000, 5))).to_csv().encode()
    assert without_formulas(table) is table


def test_names_of_series_are_no_formulas_in_a_table_of_a_chart(
    page: Page, server: str, tmp_path: Path, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(server)
    page.get_by_text("Run a scenario file of your own").click()
    page.get_by_label("Or paste its text").fill(MINE.replace("own camp", FORMULA))
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Play it").click()
    page.get_by_role("button", name="Run", exact=True).click()
    button = page.get_by_role("button", name=re.compile("CSV")).first
    expect(button).to_be_visible(timeout=4 * PATIENCE)
    with page.expect_download() as file:
        button.click()
    file.value.save_as(tmp_path / "chart.csv")
    text = (tmp_path / "chart.csv").read_text()
    assert f"'{FORMULA}" in text
    assert f"\n{FORMULA}" not in text
