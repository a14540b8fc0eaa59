"""What every page stands on: the server, the shell, settings in the address, work, files."""

from __future__ import annotations

import ast
import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sociophysics.cli import main
from tests.dashboard.conftest import ROOT, free_port, get, serving

PAGES = {
    "/": "Scenarios",
    "/feed-lab": "Feed lab",
    "/tipping-points": "Tipping points",
    "/trials": "Trials",
    "/calibrate": "Calibrate",
    "/roll-calls": "Roll calls",
    "/runs": "Runs",
}
SHARED = sorted((ROOT / "dashboards").rglob("*.py"))
BOMB = """<?xml version="1.0"?>
<!DOCTYPE bomb [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<graphml><graph edgedefault="undirected"><node id="&b;"/></graph></graphml>"""


@pytest.mark.parametrize("path", SHARED, ids=lambda path: str(path.relative_to(ROOT)))
def test_dashboards_know_the_public_names_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            # What a screen shows is public down to its modules; all else goes by ``sp``.
            module = (node.module or "").removeprefix("sociophysics.live.")
            assert not module.startswith("sociophysics"), "import sociophysics as sp"
            names = [module]
        for name in names:
            assert not name.startswith(("sociophysics.", "dashboards")), name
            assert name.split(".")[0] not in ("pickle", "shelve"), "no pickle"
            assert not name.startswith("mesa") or path.name == "mesa_view.py"


@pytest.mark.parametrize("path", PAGES)
def test_each_page_opens_at_home(
    page: Page, server: str, path: str, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(server + path)
    expect(page.get_by_role("heading", level=1)).to_have_text(PAGES[path])
    link = page.get_by_role("navigation").get_by_role("link", name=PAGES[path])
    expect(link).to_have_attribute("aria-current", "page")
    shoot(page, f"empty{path.replace('/', '-')}" if path != "/" else "empty-scenarios")


def test_the_keyboard_goes_from_page_to_page(page: Page, server: str) -> None:
    page.goto(server)
    expect(page.get_by_role("heading", level=1)).to_have_text("Scenarios")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Tab")
    # One stop for all pages; the arrow keys go between them.
    expect(page.get_by_role("link", name="Scenarios")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("link", name="Feed lab")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Feed lab")
    expect(page).to_have_url(server + "/feed-lab")


def test_it_serves_this_machine_only(server: str) -> None:
    port = int(server.rsplit(":", 1)[1])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}
    for address in others - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((address, port)) != 0


def test_pages_of_other_sites_are_refused(server: str) -> None:
    host = server.removeprefix("http://")
    assert get(server, {"Origin": server})[0] == 200
    assert get(server, {"Origin": "http://evil.example"})[0] == 403
    assert get(server, {"Host": "evil.example"})[0] == 403
    upgrade = (
        f"GET /jupyter/api/kernels/x/channels?session_id=y HTTP/1.1\r\nHost: {host}\r\n"
        "Origin: http://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    name, port = host.split(":")
    with socket.create_connection((name, int(port)), timeout=10) as connection:
        connection.sendall(upgrade.encode())
        assert b" 403 " in connection.recv(100)


@pytest.mark.parametrize(
    "path",
    ["/static/public/../pyproject.toml", "/static/assets/..%2f..%2fpyproject.toml",
     "/jupyter/nbextensions/..%2f..%2f..%2fetc/passwd", "/_solara/cdn/..%2f..%2f..%2fetc/passwd"],
)  # fmt: skip
def test_static_files_stay_in_their_folders(server: str, path: str) -> None:
    status, text = get(server + path)
    assert status == 404
    assert "root:" not in text
    assert "[project]" not in text


def test_a_taken_port_is_one_sentence(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    port = server.rsplit(":", 1)[1]
    assert main(["dashboard", "--port", port]) == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert "--port" in said


def test_a_missing_extra_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["dashboard"]) == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert "sociophysics[dashboard]" in said


def test_a_link_reproduces_the_settings(
    new_page: Callable[..., Page], gallery: str, shoot: Callable[[Page, str], None]
) -> None:
    page = new_page()
    page.goto(gallery)
    page.get_by_label("Users", exact=True).fill("250")
    page.get_by_label("Users", exact=True).press("Tab")
    page.get_by_label("Feed", exact=True).select_option("none")
    page.get_by_label("Same seeds on both sides").uncheck()
    page.get_by_label("Noise, slider").press("ArrowRight")
    page.get_by_label("Title", exact=True).fill("a & b = c?")
    page.get_by_label("Title", exact=True).press("Tab")
    link = "n=250&temperature=0.85&feed=none&paired=0&title=a+%26+b+%3D+c%3F"
    expect(page).to_have_url(f"{gallery}/?{link}")
    other = new_page(width=1024, height=768)
    other.goto(page.url)
    expect(other.get_by_label("Users", exact=True)).to_have_value("250")
    expect(other.get_by_label("Noise J")).to_have_value("0.85")
    expect(other.get_by_label("Feed", exact=True)).to_have_value("none")
    expect(other.get_by_label("Same seeds on both sides")).not_to_be_checked()
    expect(other.get_by_label("Title", exact=True)).to_have_value("a & b = c?")


def test_a_bad_link_gets_sentences_and_the_defaults(page: Page, gallery: str) -> None:
    page.goto(gallery + "/?n=3&feed=%3Cscript%3E&tmeperature=1&paired=0")
    expect(page.get_by_text("n is 3 in the link; allowed: a whole number")).to_be_visible()
    expect(page.get_by_text("feed is <script> in the link; allowed: none")).to_be_visible()
    expect(page.get_by_text("no setting tmeperature")).to_be_visible()
    expect(page.get_by_label("Users", exact=True)).to_have_value("1000")
    expect(page.get_by_label("Same seeds on both sides")).not_to_be_checked()
    expect(page).to_have_url(gallery + "/feed-lab?paired=0")


def test_typed_numbers_are_checked_at_once(page: Page, gallery: str) -> None:
    page.goto(gallery)
    page.get_by_label("Users", exact=True).fill("7")
    page.get_by_label("Users", exact=True).press("Tab")
    expect(page.get_by_text("A whole number from 50 to 100000, please.")).to_be_visible()
    assert page.url == gallery + "/"
    page.get_by_label("Users", exact=True).fill("10,000")
    page.get_by_label("Users", exact=True).press("Tab")
    expect(page.get_by_label("Users", exact=True)).to_have_value("10000")


def test_two_browsers_know_nothing_of_each_other(
    new_page: Callable[..., Page], gallery: str
) -> None:
    one, two = new_page(), new_page()
    one.goto(gallery + "/?n=100")
    two.goto(gallery + "/?n=200")
    one.get_by_role("button", name="Run").click()
    expect(one.locator(".sp-network-canvas")).to_be_visible()
    expect(two.get_by_text("Nothing has run yet")).to_be_visible()
    expect(two.locator(".stage")).to_have_text("stage idle")
    expect(two.get_by_label("Users", exact=True)).to_have_value("200")


def test_work_runs_pauses_steps_and_stops_within_a_second(
    page: Page, gallery: str, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(gallery + "/?n=500")
    page.get_by_role("button", name="Run").click()
    picture = page.get_by_role("img", name="Left: 500 users")
    expect(picture).to_be_visible()
    expect(page.get_by_role("img", name="Mean stance over sweep")).to_be_visible()
    expect(picture).to_have_attribute("data-frames", re.compile(r"^([3-9]|\d\d+)$"))
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".stage")).to_have_text("stage paused")
    page.wait_for_timeout(400)
    sweep = page.locator(".sweep").inner_text()
    page.get_by_role("button", name="Step").click()
    after = f"sweep {int(sweep.split()[1]) + 1}"
    expect(page.locator(".sweep")).to_have_text(after)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".sweep")).not_to_have_text(after)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".stage")).to_have_text("stage cancelled")
    page.wait_for_timeout(1000)
    last = page.locator(".sweep").inner_text()
    page.wait_for_timeout(500)
    assert page.locator(".sweep").inner_text() == last
    shoot(page, "gallery")


def test_users_are_chosen_by_click_and_by_box(page: Page, gallery: str) -> None:
    page.goto(gallery + "/?n=300")
    page.get_by_role("button", name="Run").click()
    picture = page.locator(".sp-network-canvas")
    expect(picture).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".stage")).to_have_text("stage paused")
    box = picture.bounding_box()
    assert box is not None
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    chosen = page.locator(".chosen")
    # The left half of the picture: most of camp 0, which has 150 users.
    expect(chosen).to_have_text(re.compile(r"chosen: 1[0-9]\d"))
    picture.press("Escape")
    expect(chosen).to_have_text("chosen: 0")


def test_a_failure_is_the_sentence_of_its_error(page: Page, gallery: str) -> None:
    page.goto(gallery + "/states")
    page.get_by_role("button", name="Fail").click()
    expect(page.get_by_role("alert").filter(has_text="it must be >= 0.")).to_have_count(2)


def test_files_arrive_and_bad_ones_get_a_sentence(page: Page, gallery: str, tmp_path: Path) -> None:
    page.goto(gallery + "/states")
    small = page.get_by_label("Text", exact=True)
    small.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(page.locator(".text")).to_contain_text("('notes.txt', 'hello'")
    name, _, path = ast.literal_eval(page.locator(".text").inner_text().removeprefix("text: "))
    assert name == "notes.txt"
    assert "notes" not in path
    assert Path(path).is_file()
    small.set_input_files({"name": "more.txt", "mimeType": "text/plain", "buffer": b"other"})
    expect(page.locator(".text")).to_contain_text("('more.txt', 'other'")
    assert not Path(path).exists(), "a replaced file stays"
    small.set_input_files({"name": "big.txt", "mimeType": "text/plain", "buffer": b"x" * 1001})
    expect(page.get_by_text("big.txt has 0.0 MB; the largest file")).to_be_visible()
    small.set_input_files({"name": "run.py", "mimeType": "text/plain", "buffer": b"x"})
    expect(page.get_by_text("run.py is no file of a kind read here: .txt.")).to_be_visible()
    small.set_input_files({"name": "bad.txt", "mimeType": "text/plain", "buffer": b"\xff"})
    expect(page.get_by_text("bad.txt cannot be read (UnicodeDecodeError")).to_be_visible()


def test_networks_arrive_with_their_camps(page: Page, gallery: str) -> None:
    page.goto(gallery + "/states")
    ties = page.get_by_label("Network file")
    users = page.get_by_label("Users and camps")

    def give(where: object, name: str, text: str) -> None:
        where.set_input_files(  # type: ignore[attr-defined]
            {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        )

    found = page.locator(".network")
    give(ties, "friends.csv", "source,target\na,b\nb,c\n")
    expect(found).to_have_text("network: 3 users")
    give(users, "camps.csv", "id,camp\na,0\nb,0\nc,1\nd,1\n")
    expect(found).to_have_text("network: 4 users")
    give(ties, "friends.csv", "from\na\n")
    expect(page.get_by_role("alert").filter(has_text="friends.csv").first).to_be_visible()
    give(ties, "bomb.graphml", BOMB)
    expect(page.get_by_text("bomb.graphml declares XML entities")).to_be_visible()
    give(ties, "../../evil.parquet", "no parquet")
    expect(page.get_by_role("alert").filter(has_text="evil.parquet").first).to_be_visible()


def test_a_closed_tab_ends_its_work_and_its_files(
    new_page: Callable[..., Page], gallery: str
) -> None:
    page = new_page()
    page.goto(gallery + "/states")
    folder = Path(page.locator(".folder").inner_text())
    assert folder.is_dir()
    page.goto(gallery + "/?n=500")
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".sp-network-canvas")).to_be_visible()
    kernels = json.loads(get(gallery + "/resourcez")[1])["kernels"]["total"]
    page.close(run_before_unload=True)

    def ended() -> bool:
        state = json.loads(get(gallery + "/resourcez")[1])
        return bool(state["kernels"]["total"] < kernels) and not folder.exists()

    deadline = time.monotonic() + 10
    while not ended():
        assert time.monotonic() < deadline, "the tab's work goes on"
        time.sleep(0.1)


def test_words_explain_themselves_to_pointer_and_keyboard(page: Page, gallery: str) -> None:
    page.goto(gallery)
    term = page.get_by_role("button", name="Ties in agreement")
    term.hover()
    expect(page.locator(".sp-tip.menuable__content__active")).to_contain_text("share of ties whose")
    page.mouse.move(0, 0)
    page.get_by_role("button", name="Hysteresis").focus()
    expect(
        page.locator(".sp-tip.menuable__content__active").filter(has_text="way back")
    ).to_be_visible()


def test_a_password_keeps_pages_and_their_parts_away(
    new_page: Callable[..., Page], tmp_path: Path
) -> None:
    words = ["-m", "sociophysics", "dashboard", "--runs", str(tmp_path)]
    secret = {"SOCIOPHYSICS_DASHBOARD_PASSWORD": "correct horse"}
    with serving(words, free_port(), tmp_path / "log.txt", **secret) as server:
        page = new_page()
        page.goto(server + "/runs")
        field = page.get_by_label("Password")
        expect(field).to_be_focused()
        field.fill("wrong horse")
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("not the password")
        expect(page.get_by_role("heading", name="Runs")).to_have_count(0)
        field.fill("correct horse")
        field.press("Enter")
        expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
        # The same browser is known now, another one is not.
        page.goto(server)
        expect(page.get_by_role("heading", name="Scenarios", level=1)).to_be_visible()
        other = new_page()
        other.goto(server)
        expect(other.get_by_label("Password")).to_be_visible()
        cookies = page.context.cookies()
        assert cookies
        assert all(cookie["httpOnly"] for cookie in cookies)
        # Before the server goes, which open pages would complain about.
        page.context.close()
        other.context.close()


def test_mesa_users_get_a_model_per_browser(new_page: Callable[..., Page], tmp_path: Path) -> None:
    words = ["-m", "dashboards.serve", "--app", "dashboards.mesa_view"]
    with serving(words, free_port(), tmp_path / "log.txt") as server:
        one, two = new_page(), new_page()
        one.goto(server)
        expect(one.get_by_text("Step: 0")).to_be_visible()
        one.get_by_role("button", name="Step").click()
        expect(one.get_by_text("Step: 1")).to_be_visible()
        two.goto(server)
        expect(two.get_by_text("Step: 0")).to_be_visible()
        one.context.close()
        two.context.close()
