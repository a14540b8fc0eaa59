"""A server, a real browser, and pages that fail a test when they complain or look elsewhere."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent.parent
IMAGES = ROOT / "docs" / "images"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Software WebGL, and nothing that a browser would do in the background.
FLAGS = (
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000  # milliseconds; a busy machine is no reason to fail

expect.set_options(timeout=PATIENCE)


def find_browser() -> str:
    """Return the path of a chromium or chrome, installed with apt where that is allowed."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        for words in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
            subprocess.run(["apt-get", *words], check=False, capture_output=True)
        found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(
            "the dashboard tests need a chromium or chrome on the PATH; install one (apt-get "
            "install chromium), or run everything else with `make test-core`.",
            pytrace=False,
        )
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(address: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Return status and text of a request that is not a browser's."""
    request = urllib.request.Request(address, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextmanager
def serving(words: list[str], port: int, log: Path, **environment: str) -> Iterator[str]:
    """Run a server, and give its address once it answers."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *words, "--port", str(port)],
            cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONWARNINGS": "default", **environment},
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                get(address + "/readyz")
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, f"no answer in a minute: {log.read_text()}"
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def processes_of(server: str) -> list[psutil.Process]:
    """Return the processes that serve an address."""
    port, found = server.rsplit(":", 1)[1], []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if port in child.cmdline():
                found.append(child)
    return found


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of runs that the dashboard shows."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, runs_folder: Path) -> Iterator[str]:
    """Return the address of the dashboard, started as a person starts it."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    words = ["-m", "sociophysics", "dashboard", "--runs", str(runs_folder)]
    # HOST asks Solara to serve everyone, as some containers do; the command does not listen to it.
    with serving(words, free_port(), log, HOST="0.0.0.0", SOLARA_HOST="0.0.0.0") as address:
        yield address


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a page that holds every shared piece."""
    log = tmp_path_factory.mktemp("gallery") / "log.txt"
    words = ["-m", "dashboards.serve", "--app", "tests.dashboard.gallery"]
    with serving(words, free_port(), log) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return one browser for the session; every page gets a fresh profile in it."""
    path = find_browser()
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = [*FLAGS, *(["--no-sandbox"] if root else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a maker of pages, each like a browser of its own; what they complain of fails."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(*, width: int = 1280, height: int = 900, expected: tuple[str, ...] = ()) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()

        def complain(text: str) -> None:
            if not any(part in text for part in expected):
                complaints.append(text)

        def look(address: str) -> None:
            home = page.url.split("/")[2] if page.url.startswith("http") else ""
            own = address.startswith(("data:", "blob:", "about:"))
            if not own and not address.split("/")[2].startswith(("127.0.0.1:", home or "?")):
                complain(f"foreign request: {address}")

        page.on("console", lambda m: complain(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: complain(f"page error: {error}"))
        page.on("request", lambda request: look(request.url))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """Return a page 1280 pixels wide."""
    return new_page()


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Return a function that keeps a picture under docs/images, with ``pytest --images``."""

    def keep(page: Page, name: str) -> None:
        if request.config.getoption("--images"):
            IMAGES.mkdir(exist_ok=True)
            page.screenshot(path=IMAGES / f"{name}.png")

    return keep
