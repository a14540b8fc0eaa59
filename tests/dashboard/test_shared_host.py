"""What visitors of a shared host may do: with a password and without, all of it on loopback."""

from __future__ import annotations

import http.client
import http.cookiejar
import http.server
import json
import re
import socket
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sociophysics.cli import main
from tests.dashboard.conftest import free_port, get, serving

PASSWORD = "SOCIOPHYSICS_DASHBOARD_PASSWORD"
SCRIPT = '"><script>document.title="owned"</script>'
LIMITS = {
    "SOLARA_KERNEL_MAX_PER_SESSION": "4",
    "SOCIOPHYSICS_TABS_PER_ADDRESS": "8",
    "SOLARA_KERNEL_MAX_COUNT": "10",
    "SOLARA_KERNEL_CULL_TIMEOUT": "2s",
    "SOCIOPHYSICS_CONNECTIONS_PER_ADDRESS": "40",
}


HEADER = {"msg_type": "kernel_info_request", "msg_id": "1", "username": "", "session": "s",
          "date": "", "version": "5.3"}  # fmt: skip
QUESTION = {
    "header": HEADER, "parent_header": {}, "metadata": {}, "content": {}, "channel": "shell",
    "buffers": [],
}  # fmt: skip


def words(folder: Path, *more: str) -> list[str]:
    return ["-m", "sociophysics", "dashboard", "--runs", str(folder), *more]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a dashboard with a password."""
    folder = tmp_path_factory.mktemp("locked")
    with serving(words(folder), free_port(), folder / "log.txt", **{PASSWORD: "pass"}) as address:
        yield address


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a dashboard for few tabs, on every address of this machine."""
    folder = tmp_path_factory.mktemp("small")
    with serving(
        words(folder, "--host", "0.0.0.0", "--allow-host", "lab.example"),
        free_port(), folder / "log.txt", **LIMITS,
    ) as address:  # fmt: skip
        yield address


def sent(address: str, path: str, *, method: str = "GET", body: str = "", **headers: str) -> Any:
    """Return the answer to one request, with exactly these headers; no redirect is followed."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body:
        named["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body=body or None, headers=named)
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def give(address: str, password: str, **headers: str) -> Any:
    body = urllib.parse.urlencode({"password": password, "wanted": "/runs?run=a b"})
    return sent(address, "/login", method="POST", body=body, **headers)


@contextmanager
def tab(
    address: str, cookie: str, *, name: str = "", source: str = "127.0.0.1", more: str = ""
) -> Iterator[ClientConnection]:
    """Open a socket as a tab does."""
    host, port = address.removeprefix("http://").split(":")
    path = f"/jupyter/api/kernels/{name or uuid4()}/channels?session_id={uuid4()}"
    raw = socket.create_connection((host, int(port)), timeout=10, source_address=(source, 0))
    headers = {"Cookie": f"solara-session-id={cookie}{more}"} if cookie else {}
    with connect(f"ws://{host}:{port}{path}", sock=raw, additional_headers=headers) as opened:
        yield opened


def kernels(address: str) -> int:
    return int(json.loads(get(address + "/resourcez")[1])["kernels"]["total"])


@contextmanager
def several(address: str, count: int, cookie: Callable[[int], str], source: str) -> Iterator[int]:
    """Open sockets of as many tabs, and give how many were let in; they talk, so they stay."""
    with ExitStack() as stack:
        opened = 0
        for k in range(count):
            with suppress(InvalidStatus):
                socket_of_tab = stack.enter_context(tab(address, cookie(k), source=source))
                socket_of_tab.send(json.dumps(QUESTION))
                opened += 1
        yield opened


@pytest.mark.parametrize("name", ["x_script_name", "script_name", "x_forwarded_prefix"])
def test_no_visitor_says_where_the_pages_are(small: str, name: str) -> None:
    """The first request's header became the root path of everybody, partly unescaped."""
    first = sent(small, "/", **{name: f"/{SCRIPT}"})
    assert first.status == 200
    assert "owned" not in first.text
    after = sent(small, "/")
    assert "owned" not in after.text
    assert '"rootPath": ""' in after.text or 'rootPath = ""' in after.text


OTHERS = [
    "evil.example",
    "evil.example:80",
    "",
    "[",
    "lab.example.evil",
    "lab.example@evil.example",
]
OTHERS += ["lab.example@evil.example", "evil.example@lab.example"]
OTHERS += ["lab.example#evil.example", "lab.example/x", "lab.example?x"]


@pytest.mark.parametrize("host", OTHERS)
def test_other_host_names_are_refused_without_a_password(small: str, host: str) -> None:
    assert sent(small, "/", Host=host).status == 403
    assert sent(small, "/", Host="lab.example").status == 200
    assert sent(small, "/", Host="LAB.example:8765").status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "http://[::1", "http://]", "http://lab.example:1"]
)
def test_other_origins_are_refused_whatever_they_are(small: str, origin: str) -> None:
    assert sent(small, "/", Origin=origin).status == 403


def test_other_host_names_are_refused_with_a_password(locked: str) -> None:
    assert sent(locked, "/", Host="evil.example").status == 403
    assert give(locked, "pass", Host="evil.example").status == 403


def test_what_the_server_does_is_told_to_few(small: str, locked: str, server: str) -> None:
    assert sent(small, "/resourcez").status == 403
    assert sent(locked, "/resourcez").status == 401
    assert sent(server, "/resourcez").status == 200
    word = give(locked, "pass").getheader("set-cookie").split(";")[0]
    assert sent(locked, "/resourcez", Cookie=word).status == 200


def test_without_the_password_there_is_no_socket_no_widget_and_no_file(locked: str) -> None:
    word = give(locked, "pass").getheader("set-cookie").split(";")[0]
    before = json.loads(sent(locked, "/resourcez", Cookie=word).text)["kernels"]["total"]
    for _ in range(10):
        with pytest.raises(InvalidStatus), tab(locked, str(uuid4())):
            pass
        with pytest.raises(InvalidStatus), tab(locked, "a", more="; sociophysics-login=guessed"):
            pass
    after = json.loads(sent(locked, "/resourcez", Cookie=word).text)["kernels"]["total"]
    assert after == before
    for path in ("/static/main.js", "/jupyter/nbextensions/x.js", "/_solara/cdn/x", "/readyz"):
        assert sent(locked, path).status == 401
    assert sent(locked, "/_solara/api/close/x?session_id=y", method="POST").status == 401
    assert "solara" not in sent(locked, "/runs").text.lower()
    with tab(locked, "a", more=f"; {word}") as ours:
        ours.ping()


def test_the_cookie_ends_with_the_browser_and_is_secure_over_https(locked: str) -> None:
    plain = give(locked, "pass")
    assert plain.status == 303
    assert plain.getheader("location") == "/runs?run=a%20b"
    said = plain.getheader("set-cookie").lower()
    assert "httponly" in said
    assert "samesite=lax" in said
    assert "expires" not in said
    assert "max-age" not in said
    assert "secure" not in said
    assert (
        "secure" in give(locked, "pass", X_Forwarded_Proto="https").getheader("set-cookie").lower()
    )
    solara = sent(locked, "/", Cookie=plain.getheader("set-cookie").split(";")[0])
    cookie = solara.getheader("set-cookie").lower()
    assert cookie.startswith("solara-session-id")
    assert "expires" not in cookie
    assert "max-age" not in cookie


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example",
                                    "/a\r\nset-cookie: x=1", ""])  # fmt: skip
def test_the_way_after_the_password_stays_here(locked: str, wanted: str) -> None:
    body = urllib.parse.urlencode({"password": "pass", "wanted": wanted})
    answer = sent(locked, "/login", method="POST", body=body)
    assert answer.status == 303
    assert answer.getheader("location") == "/"
    assert "x=1" not in answer.getheader("set-cookie")


def test_wrong_passwords_cost_only_the_one_who_guesses(locked: str) -> None:
    """Each wrong password held up everybody for a second."""
    with ThreadPoolExecutor(30) as guessers:
        start = time.monotonic()
        guesses = [guessers.submit(give, locked, f"guess {k}") for k in range(30)]
        time.sleep(0.3)
        began = time.monotonic()
        assert give(locked, "pass").status == 303
        assert time.monotonic() - began < 0.8
        for guess in guesses:
            assert "not the password" in guess.result().text
        # Together they are no faster than ten a second.
        assert time.monotonic() - start > 2.0


def test_long_forms_are_not_read(locked: str) -> None:
    body = urllib.parse.urlencode({"password": "pass", "wanted": "/" + "a" * 100_000})
    assert sent(locked, "/login", method="POST", body=body).status == 200


def test_a_form_of_very_many_fields_is_no_error_of_the_server(locked: str) -> None:
    answer = sent(locked, "/login", method="POST", body="a&" * 2_000)
    assert answer.status == 200
    assert "Password" in answer.text


def test_tabs_are_counted_by_browser_by_address_and_in_all(small: str) -> None:
    """One cookie opened 100 kernels, and 208 were alive for ten minutes."""
    with several(small, 12, lambda k: "one", "127.0.0.1") as of_one_browser:
        assert of_one_browser == 4
        refused = sent(small, "/", Cookie="solara-session-id=one")
        assert refused.status == 429
        assert "4 tabs" in refused.text
        with several(small, 12, lambda k: f"other-{k}", "127.0.0.1") as of_one_address:
            assert of_one_browser + of_one_address == 8
            with several(small, 12, lambda k: f"third-{k}", "127.0.0.2") as of_all:
                assert of_one_browser + of_one_address + of_all == 10
    deadline = time.monotonic() + 10
    while sent(small, "/", Cookie="solara-session-id=one").status != 200:
        assert time.monotonic() < deadline, "kernels of nobody stay"
        time.sleep(0.2)


def test_sockets_without_a_cookie_or_with_odd_names_are_refused(small: str) -> None:
    with pytest.raises(InvalidStatus), tab(small, ""):
        pass
    for name in ("a%20b", "x" * 65, "..", "a%00"):
        with pytest.raises(InvalidStatus), tab(small, "cookie", name=name):
            pass


def test_a_tab_is_one_browsers_and_has_few_sockets(small: str) -> None:
    name = str(uuid4())
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(tab(small, "mine", name=name))
        with pytest.raises(InvalidStatus), tab(small, "mine", name=name):
            pass
        with pytest.raises(InvalidStatus), tab(small, "theirs", name=name):
            pass
        path = f"/_solara/api/close/{name}?session_id=x"
        assert sent(small, path, method="POST", Cookie="solara-session-id=theirs").status == 403


def test_a_socket_that_says_nothing_is_ended(server: str) -> None:
    before = kernels(server)
    deadline = time.monotonic() + 15
    with suppress(ConnectionClosed), tab(server, str(uuid4())) as silent:
        while time.monotonic() < deadline:
            silent.recv(timeout=15)
    assert time.monotonic() < deadline, "it stays"
    assert kernels(server) <= before + 1


HEAD = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n"
BEGINNINGS = {
    "nothing": b"",
    "half of a line": b"GET / HT",
    "a header now and then": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    "a byte of a form now and then": HEAD + b"Content-Type: text/plain\r\n\r\npassword=",
    "a second request": b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + HEAD,
}


def test_a_request_that_is_late_holds_no_connection(locked: str) -> None:
    host, port = locked.removeprefix("http://").split(":")
    start = time.monotonic()
    with ExitStack() as stack:
        opened = {}
        for name, beginning in BEGINNINGS.items():
            opened[name] = stack.enter_context(socket.create_connection((host, int(port))))
            opened[name].sendall(beginning)
        while opened and time.monotonic() < start + 20:
            time.sleep(0.5)
            for name, each in [*opened.items()]:
                each.setblocking(False)
                with suppress(BlockingIOError, ConnectionResetError, BrokenPipeError):
                    if each.recv(1 << 16):
                        continue
                    del opened[name]
                    continue
                if name != "nothing" and name in opened:
                    with suppress(OSError):  # one byte more, to seem alive
                        each.send(b"X-a: b\r\n" if "header" in name else b"x")
    assert not opened
    assert time.monotonic() - start > 5, "a slow line has its time"
    assert sent(locked, "/").status == 200


def test_one_address_holds_few_connections_and_others_are_served(small: str) -> None:
    host, port = small.removeprefix("http://").split(":")
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(
                socket.create_connection((host, int(port)), source_address=("127.0.0.7", 0))
            )
        more = stack.enter_context(
            socket.create_connection((host, int(port)), 10, source_address=("127.0.0.7", 0))
        )
        assert more.recv(1000).startswith(b"HTTP/1.1 429")
        assert sent(small, "/readyz").status == 200
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        again = socket.create_connection((host, int(port)), 10, source_address=("127.0.0.7", 0))
        with again:
            again.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            if again.recv(1000).startswith(b"HTTP/1.1 200"):
                break
    else:
        raise AssertionError("what was closed is still counted")


class Proxy(http.server.BaseHTTPRequestHandler):
    """Shows a server under /lab, as small proxies do; with ``keeps`` it leaves /lab in the path."""

    protocol_version = "HTTP/1.1"
    target, keeps = ("127.0.0.1", 0), False

    def do_GET(self) -> None:
        if self.path != "/lab" and not self.path.startswith("/lab/"):
            self.send_error(404)
            return
        path = self.path if self.keeps else self.path.removeprefix("/lab") or "/"
        lines = [f"{self.command} {path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.headers.get("Upgrade") is None:
            lines = [line for line in lines if not line.lower().startswith("connection:")]
            lines.append("Connection: close")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with socket.create_connection(self.target, timeout=60) as inner:
            inner.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            back = threading.Thread(target=self._pump, args=(inner, self.connection))
            back.start()
            if self.headers.get("Upgrade") is not None:
                self._pump(self.connection, inner)
            back.join()
        self.close_connection = True

    do_POST = do_GET

    @staticmethod
    def _pump(source: socket.socket, drain: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                drain.sendall(piece)
        with suppress(OSError):
            drain.shutdown(socket.SHUT_WR)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def proxy(address: str, *, keeps: bool) -> Iterator[str]:
    host, port = address.removeprefix("http://").split(":")
    handler = type("Handler", (Proxy,), {"target": (host, int(port)), "keeps": keeps})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as outer:
        outer.daemon_threads = True
        threading.Thread(target=outer.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{outer.server_port}"
        outer.shutdown()


@pytest.mark.parametrize("keeps", [False, True], ids=["takes the path off", "leaves the path in"])
def test_pages_navigation_and_reload_work_below_a_path(
    new_page: Callable[..., Page], tmp_path: Path, keeps: bool
) -> None:
    more = ("--root-path", "/lab")
    secret = {PASSWORD: "pass"}
    with (
        serving(words(tmp_path, *more), free_port(), tmp_path / "log.txt", **secret) as server,
        proxy(server, keeps=keeps) as outer,
    ):
        page: Page = new_page()
        page.goto(outer + "/lab/tipping-points")
        page.get_by_label("Password").fill("pass")
        page.get_by_role("button", name="Open the dashboard").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Tipping points")
        assert page.url == outer + "/lab/tipping-points"
        runs = page.get_by_role("navigation").get_by_role("link", name="Runs")
        expect(runs).to_have_attribute("href", "/lab/runs")
        runs.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
        expect(page).to_have_url(re.compile(re.escape(outer) + r"/lab/runs"))
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
        page.goto(outer + "/lab/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Scenarios")
        page.context.close()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--root-path", "lab", "begins with /"), ("--root-path", '/"><b>', "such as /lab"),
     ("--allow-host", "https://x", "without https://"), ("--allow-host", "a b", "host name")],
)  # fmt: skip
def test_odd_settings_are_one_sentence(
    capsys: pytest.CaptureFixture[str], option: str, value: str, said: str
) -> None:
    assert main(["dashboard", option, value]) == 2
    heard = capsys.readouterr().err.strip()
    assert "\n" not in heard
    assert said in heard
