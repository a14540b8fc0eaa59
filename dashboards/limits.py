"""How many tabs one browser, one address and everybody together may have.

A tab is a kernel of Solara's, with threads and memory, made by the first socket that names it. So
it is counted before that socket reaches Solara, which counts for its state store only.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from .asgi import App, Message, Receive, Scope, Send, address, cookie, refuse

__all__ = ["BROWSER", "FIRST_WORD", "Tabs", "limited"]

BROWSER = "solara-session-id"  # the cookie in which Solara knows a browser
SOCKET = re.compile(r"/jupyter/api/kernels/([^/]+)/[^/]+")
END = re.compile(r"/_solara/api/close/([^/]+)")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
SOCKETS_PER_TAB = 3  # a page has one; while it connects again, two
FIRST_WORD = 10.0  # seconds in which a page that has connected asks for its content

Alive = Callable[[], Mapping[str, str]]


@dataclass
class Tabs:
    """Tabs by name, with the browser and the address that opened them.

    Parameters
    ----------
    alive : callable
        Returns the browser of every kernel that Solara keeps, by the tab's name.
    per_browser, per_address, together : int
        The largest numbers of tabs.

    Examples
    --------
    >>> tabs = Tabs(alive=dict, per_browser=1, per_address=2, together=3)
    >>> tabs.open("a", "firefox", "10.0.0.1"), tabs.open("b", "firefox", "10.0.0.1")
    ('', 'This browser has 1 tabs of the dashboard open, and more are not served; close one.')
    """

    alive: Alive
    per_browser: int = 20
    per_address: int = 50
    together: int = 100
    _sockets: Counter[str] = field(default_factory=Counter)
    _owners: dict[str, tuple[str, str]] = field(default_factory=dict)

    def refusal(self, browser: str, where: str) -> str:
        """Return why this browser gets no further tab, "" if it does."""
        self._forget()
        owners = list(self._owners.values())
        counts = (
            ("This browser has", sum(b == browser for b, _ in owners), self.per_browser),
            ("This address has", sum(a == where for _, a in owners), self.per_address),
            ("Everybody together has", len(owners), self.together),
        )
        for who, count, most in counts:
            if count >= most:
                return (
                    f"{who} {count} tabs of the dashboard open, and more are not served; close one."
                )
        return ""

    def open(self, tab: str, browser: str, where: str) -> str:
        """Count a socket of a tab; return why it is refused, "" if it is not."""
        self._forget()
        if tab in self._owners:
            if self._owners[tab][0] != browser:
                return "This tab belongs to another browser."
            if self._sockets[tab] >= SOCKETS_PER_TAB:
                return "This tab is connected already."
        else:
            refusal = self.refusal(browser, where)
            if refusal:
                return refusal
            self._owners[tab] = (browser, where)
        self._sockets[tab] += 1
        return ""

    def leave(self, tab: str) -> None:
        """Count a socket of a tab no more; the tab lasts as long as its kernel."""
        self._sockets[tab] -= 1
        if self._sockets[tab] <= 0:
            del self._sockets[tab]

    def owns(self, browser: str, tab: str) -> bool:
        """Whether this tab is this browser's."""
        return tab in self._owners and self._owners[tab][0] == browser

    def _forget(self) -> None:
        living = self.alive()
        for tab in [tab for tab in self._owners if tab not in living and not self._sockets[tab]]:
            del self._owners[tab]


def limited(app: App, tabs: Tabs) -> App:
    """Return the application behind a count of tabs and sockets."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        browser, where = cookie(scope, BROWSER), address(scope)
        if scope["type"] == "websocket":
            tab = _named(SOCKET, scope["path"])
            asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            if not tab or not browser or not NAME.fullmatch(asked.get("session_id", [""])[0]):
                await refuse(scope, receive, send, status=403, text="")
                return
            if tabs.open(tab, browser, where):
                await refuse(scope, receive, send, status=403, text="")
                return
            try:
                await app(scope, _with_a_first_word(receive, send), send)
            finally:
                tabs.leave(tab)
        elif scope["type"] == "http" and (tab := _named(END, scope["path"])):
            # A page that goes says so itself; nobody else can end it.
            if tabs.owns(browser, tab):
                await app(scope, receive, send)
            else:
                await refuse(scope, receive, send, status=403, text="Not a tab of this browser.\n")
        elif scope["type"] == "http" and _is_page(scope) and (why := tabs.refusal(browser, where)):
            await refuse(scope, receive, send, status=429, text=f"{why}\n")
        else:
            await app(scope, receive, send)

    return guarded


def _named(pattern: re.Pattern[str], path: str) -> str:
    found = pattern.fullmatch(path)
    return found[1] if found and NAME.fullmatch(found[1]) else ""


def _is_page(scope: Scope) -> bool:
    """Whether a tab will follow: the other addresses are of its parts."""
    return scope["method"] == "GET" and not scope["path"].startswith(
        ("/static/", "/jupyter/", "/_solara/", "/readyz", "/resourcez")
    )


def _with_a_first_word(receive: Receive, send: Send) -> Receive:
    """Return a ``receive`` that ends a socket which says nothing: a page asks for its content."""
    state = {"connected": False, "spoken": False}

    async def heard() -> Message:
        if not state["connected"] or state["spoken"]:
            state["connected"] = True
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), FIRST_WORD)
        except TimeoutError:
            await send({"type": "websocket.close", "code": 1008})
            message = {"type": "websocket.disconnect", "code": 1008}
        state["spoken"] = True
        return message

    return heard
