"""Who may ask: this server's own pages, under the names it was given, and nobody's headers count.

A page served on this machine can be addressed by every web site that is open in the same browser,
by another name made to point here. So requests that come from another site's page or name another
host are refused, and the pages themselves may ask no other host for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from .asgi import App, Message, Receive, Scope, Send, headers, refuse
from .limits import BROWSER

__all__ = ["LOOPBACK", "allowed_hosts", "closed"]

HEADERS = {
    # Vue compiles its templates in the browser, and widgets are modules made from their text.
    "content-security-policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; "
        "frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("0.0.0.0", "::", "")
# What a visitor could say about where the pages are; the settings alone say it.
DROPPED = (
    b"script-name", b"x-script-name", b"x-forwarded-host", b"x-forwarded-prefix",
    b"x-forwarded-port", b"forwarded",
)  # fmt: skip


def allowed_hosts(host: str, names: Iterable[str]) -> frozenset[str]:
    """Return the host names under which a server on ``host`` may be asked.

    Examples
    --------
    >>> sorted(allowed_hosts("0.0.0.0", ["Lab.example"]))
    ['127.0.0.1', '::1', 'lab.example', 'localhost']
    """
    own = () if host in EVERYWHERE else (host.lower(),)
    return frozenset((*LOOPBACK, *own, *(name.lower() for name in names)))


def closed(app: App, *, hosts: frozenset[str], root: str = "", public: bool = False) -> App:
    """Return the application behind a check of who asks, with headers that keep pages at home.

    Parameters
    ----------
    app : callable
        An ASGI application.
    hosts : frozenset of str
        Names under which it may be asked, see ``allowed_hosts``.
    root : str
        The path under which a proxy shows the pages; the proxy may leave it in or take it off.
    public : bool
        Others than this machine reach it and no password is asked, so that it does not tell what
        the server does.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                own = [_short_lived(*header) for header in message.get("headers", [])]
                message["headers"] = [*own, *extra]
            await send(message)

        asked = headers(scope)
        if not _named_so(asked, hosts) or not _same_site(asked):
            text = (
                "This dashboard answers only its own pages, under the host names it was started "
                "with (--allow-host).\n"
            )
            await refuse(scope, receive, with_headers, status=403, text=text)
            return
        inner = {**scope, "root_path": "", "path": _below(scope["path"], root)}
        inner.pop("raw_path", None)
        inner["headers"] = [each for each in scope["headers"] if each[0].lower() not in DROPPED]
        if public and inner["path"] == "/resourcez":
            text = "What this server does is told to this machine only, or behind a password.\n"
            await refuse(scope, receive, with_headers, status=403, text=text)
            return
        await app(inner, receive, with_headers)

    return guarded


def _named_so(asked: dict[str, str], hosts: frozenset[str]) -> bool:
    """Whether the host is one of ours: another name was made to point here by somebody."""
    host = asked.get("host", "")
    if re.search(r"[@/?#\\]", host):  # an address around the name, which no browser sends
        return False
    try:
        return urlsplit(f"//{host}").hostname in hosts
    except ValueError:
        return False


def _same_site(asked: dict[str, str]) -> bool:
    """Whether the page that asks came from this server; other programs send no origin."""
    origin = asked.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == asked.get("host", "")
    except ValueError:  # brackets of no address
        return False


def _below(path: str, root: str) -> str:
    """Return a path without the root under which a proxy shows it.

    Examples
    --------
    >>> _below("/lab/runs", "/lab"), _below("/lab", "/lab"), _below("/labour", "/lab")
    ('/runs', '/', '/labour')
    """
    if root and (path == root or path.startswith(root + "/")):
        return path[len(root) :] or "/"
    return path


def _short_lived(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Return a header of Solara's; its cookie of a browser ends with the browser, not in 2038."""
    if name.lower() != b"set-cookie" or not value.startswith(BROWSER.encode()):
        return name, value
    text = re.sub(rb";\s*(expires|max-age)=[^;]*", b"", value, flags=re.IGNORECASE)
    return name, re.sub(rb"(?i)samesite=none", b"SameSite=Lax", text)
