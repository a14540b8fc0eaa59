"""What hostile files, links and habits may do to the dashboard: nothing."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import get, processes_of
from tests.dashboard.run_folders import interrupt, parts, scenario

CYCLES = 50
PLAIN = "text/plain"
BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<graphml><graph edgedefault="undirected"><node id="&d;"/></graph></graphml>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY p SYSTEM "file:///etc/passwd">]>
<graphml><graph edgedefault="undirected"><node id="&p;"/></graph></graphml>"""


def table(rows: int) -> bytes:
    """Return an edge table whose rows take no room: one value, repeated."""
    file = io.BytesIO()
    zeros = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array(["a"]))
    pq.write_table(pa.table({"source": zeros, "target": zeros}), file, compression="zstd")
    return file.getvalue()


def hostile_networks() -> dict[str, bytes]:
    """Return files that are no networks, by the name under which they come."""
    good = table(10)
    return {
        "binary.csv": bytes(range(256)) * 40,
        "zeros.csv": b"\0" * 10_000,
        "wide.csv": b"source,target\n" + b"a" * 5_000_000 + b"\n",
        "columns.csv": b"x,y\n1,2\n",
        "ragged.csv": b"source,target\na,b\na,b,c,d,e\n",
        "../../etc/passwd.csv": b"root:x:0:0\n",
        "..\\..\\windows\\system.csv": b"no,network\n1,2\n",
        "bomb.graphml": BOMB.encode(),
        "outside.graphml": OUTSIDE.encode(),
        "half.graphml": BOMB[:120].encode(),
        "deep.json": b"[" * 100_000,
        "truncated.parquet": good[: len(good) // 2],
        "magic.parquet": b"PAR2" + good[4:-4] + b"PAR2",
        # The last bytes say how long the footer is.
        "footer.parquet": good[:-8] + b"\xff\xff\xff\x7f" + b"PAR1",
        "empty.parquet": b"",
        "script.py": b"import os",
    }


def hostile_scenarios() -> dict[str, bytes]:
    """Return TOML files that no scenario can be read from."""
    return {
        "binary.toml": b"\xff\xfe\x00\x01",
        "broken.toml": b"seed = = 1",
        "deep.toml": b"a = " + b"[" * 50_000,
        "wide.toml": b"a = 1\n" * 50_000,
        "huge.toml": b'seed = 1\nnetwork = {kind = "planted_partition", n = 1e300}',
        "number.toml": b"seed = 1" + b"0" * 5_000,
        "../../etc/passwd.toml": b"root = 'x'",
    }


def give(where: Locator, name: str, content: bytes) -> None:
    where.set_input_files({"name": name, "mimeType": PLAIN, "buffer": content})


def refused(page: Page, where: Locator, files: dict[str, bytes]) -> None:
    """Give each file; each must be answered by one sentence about it, in short time."""
    for name, content in files.items():
        give(where, name, content)
        base = re.split(r"[\\/]", name)[-1]
        alert = page.get_by_role("alert").filter(has_text=base).first
        expect(alert).to_be_visible()
        said = alert.inner_text()
        assert "\n" not in said.strip(), said
        assert len(said) < 600, said
        assert "/tmp" not in said, said
        assert "defect" not in said, said


def test_hostile_networks_get_a_sentence_each(page: Page, gallery: str) -> None:
    page.goto(gallery + "/states")
    refused(page, page.get_by_label("Network file"), hostile_networks())
    # It lives, and takes a good one.
    give(page.get_by_label("Network file"), "friends.csv", b"source,target\na,b\nb,c\n")
    expect(page.locator(".network")).to_have_text("network: 3 users")


def test_tables_that_unpack_to_gigabytes_are_refused(page: Page, gallery: str) -> None:
    server = process_of(gallery)
    before = server.memory_info().rss
    content = table(20_000_000)
    assert len(content) < 20_000_000
    page.goto(gallery + "/states")
    give(page.get_by_label("Network file"), "large.parquet", content)
    expect(page.get_by_role("alert").filter(has_text="large.parquet").first).to_be_visible()
    assert server.memory_info().rss - before < 1e9


def test_hostile_scenarios_get_a_sentence_each(page: Page, server: str) -> None:
    page.goto(server + "/feed-lab?run=0&tab=share")
    refused(page, page.get_by_label("Scenario file"), hostile_scenarios())
    expect(page.get_by_role("heading", level=1)).to_have_text("Feed lab")


def test_browsers_have_settings_and_seeds_of_their_own(
    new_page: Callable[..., Page], server: str
) -> None:
    pages = [new_page() for _ in range(3)]
    for seed, page in enumerate(pages):
        page.goto(server + f"/?seed={70 + seed}&n={50 + seed}")
    for seed, page in enumerate(pages):
        expect(page.get_by_role("heading", level=1)).to_have_text("Feed lab")
        expect(page).to_have_url(re.compile(f"n={50 + seed}.*seed={70 + seed}"))
    pages[0].get_by_role("link", name="Runs").click()
    expect(pages[0].get_by_role("heading", level=1)).to_have_text("Runs")
    for page in pages[1:]:
        expect(page.get_by_role("heading", level=1)).to_have_text("Feed lab")


def test_it_listens_and_talks_to_this_machine_only(server: str) -> None:
    """HOST=0.0.0.0 is set where it was started; nobody is counted, nothing is fetched."""
    process = process_of(server)
    assert process.environ()["HOST"] == "0.0.0.0"
    for connection in process.net_connections(kind="inet"):
        assert connection.laddr.ip in ("127.0.0.1", "::1")
        assert not connection.raddr or connection.raddr.ip in ("127.0.0.1", "::1")
    assert "mixpanel" not in get(server)[1].lower()


def test_a_closed_tab_ends_a_run_and_its_threads(
    new_page: Callable[..., Page], server: str, runs_folder: Path
) -> None:
    what = scenario("left alone", title="Left alone", sweeps=20_000, replicas=80)
    interrupt(runs_folder, what, after=1)
    process = process_of(server)
    page = new_page()
    page.goto(server + "/runs?run=left%20alone")
    continue_ = page.get_by_role("button", name="Continue")
    expect(continue_).to_be_visible()
    threads = process.num_threads()
    continue_.click()
    expect(
        page.get_by_role("progressbar", name=re.compile("starting|parts finished"))
    ).to_be_visible()
    kernels = open_tabs(server)
    page.close(run_before_unload=True)
    until(lambda: open_tabs(server) < kernels, "the tab is still known")
    until(lambda: process.num_threads() <= threads, "its threads go on")
    until(lambda: not growing(runs_folder / what.name), "its run goes on")


@pytest.mark.validate
def test_fifty_visits_leave_memory_flat(
    new_page: Callable[..., Page],
    server: str,
    runs_folder: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Open, use and close 50 tabs of the real pages: memory and threads stay what they were."""
    what = scenario("visited", title="Visited")
    interrupt(runs_folder, what, after=6)
    process = process_of(server)
    memory, threads = [], []
    for cycle in range(CYCLES):
        page = new_page()
        if cycle % 2:
            page.goto(server + "/?n=200")
            page.get_by_role("button", name="Run", exact=True).click()
            expect(page.locator(".sp-network-canvas").first).to_be_visible()
        else:
            page.goto(server + "/runs?run=visited")
            expect(page.locator(".sp-chart svg")).to_be_visible()
        page.close(run_before_unload=True)
        until(lambda: open_tabs(server) == 0, "a closed tab goes on")
        page.context.close()
        memory.append(process.memory_info().rss / 1e6)
        threads.append(process.num_threads())
    # The first ten fill caches; after that a tab that were kept would cost 4 MB at least.
    growth = (memory[-1] - memory[9]) / (CYCLES - 10)
    record_property("memory after 10 and 50 visits, MB", f"{memory[9]:.0f}, {memory[-1]:.0f}")
    record_property("growth per visit, MB", round(growth, 3))
    record_property("threads after 10 and 50 visits", f"{threads[9]}, {threads[-1]}")
    assert growth < 1.0
    assert threads[-1] <= threads[9] + 3


def process_of(server: str) -> psutil.Process:
    # The command starts the server as a process of its own.
    return processes_of(server)[-1]


def open_tabs(server: str) -> int:
    return int(json.loads(get(server + "/resourcez")[1])["kernels"]["total"])


def growing(folder: Path) -> bool:
    before = parts(folder)
    time.sleep(1)
    return parts(folder) != before


def until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)
