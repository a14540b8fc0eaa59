"""What visitors name or send runs nowhere: pages, dialogs and tables that are taken home."""

from __future__ import annotations

import io
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
        page.wait_for_timeout(500)
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
