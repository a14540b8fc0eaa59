"""Long check: tabs that come and go leave nothing behind."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.conftest import get, processes_of

CYCLES = 50
SOAK = 300.0  # seconds


@pytest.mark.validate
def test_fifty_tabs_leave_memory_flat(
    new_page: Callable[..., Page],
    gallery: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Open, run, and close 50 tabs: the server's memory and threads stay what they were."""
    port = int(gallery.rsplit(":", 1)[1])
    server = next(
        process
        for process in psutil.Process().children(recursive=True)
        if f"{port}" in process.cmdline()
    )
    memory, threads = [], []
    for _ in range(CYCLES):
        page = new_page()
        page.goto(gallery + "/?n=500")
        page.get_by_role("button", name="Run").click()
        expect(page.locator(".sp-network-canvas")).to_be_visible()
        page.close(run_before_unload=True)
        deadline = time.monotonic() + 20
        while json.loads(get(gallery + "/resourcez")[1])["kernels"]["total"]:
            assert time.monotonic() < deadline, "a closed tab goes on"
            time.sleep(0.1)
        memory.append(server.memory_info().rss / 1e6)
        threads.append(server.num_threads())
    # The first ten fill caches (compiled kernels, places of the network); after that a tab that
    # were kept would cost 4 MB, the price of an open one.
    growth = (memory[-1] - memory[9]) / (CYCLES - 10)
    record_property("memory at the end, MB", memory[-1])
    record_property("growth per tab, MB", growth)
    record_property("threads after 10 and 50 tabs", f"{threads[9]}, {threads[-1]}")
    assert growth < 1.0
    assert threads[-1] <= threads[9] + 3


@pytest.mark.validate
def test_five_minutes_of_visits_leave_memory_flat(
    browser: Browser,
    server: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Open and leave the pages for five minutes: memory and tabs stay what they were."""
    process = processes_of(server)[-1]
    paths = ("/", "/feed-lab", "/tipping-points", "/roll-calls", "/runs")
    memory: list[float] = []
    end = time.monotonic() + SOAK
    while time.monotonic() < end:
        context = browser.new_context()
        page = context.new_page()
        page.goto(server + paths[len(memory) % len(paths)])
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.close(run_before_unload=True)
        context.close()
        memory.append(process.memory_info().rss / 1e6)
    deadline = time.monotonic() + 60
    while json.loads(get(server + "/resourcez")[1])["kernels"]["total"]:
        assert time.monotonic() < deadline, "a tab outlives its visitor by a minute"
        time.sleep(0.5)
    # The first fifth fills caches.
    first = memory[len(memory) // 5]
    record_property("visits", len(memory))
    record_property("memory after a fifth and at the end, MB", f"{first:.0f}, {memory[-1]:.0f}")
    assert len(memory) > 50
    assert memory[-1] - first < 0.25 * (len(memory) - len(memory) // 5) + 20
