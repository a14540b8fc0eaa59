"""The server: Solara's own application, closed to everything but the browser it is meant for.

Run as ``python -m dashboards.serve``; ``sociophysics dashboard`` does that. A page served on this
machine can be addressed by every web site that is open in the same browser, so requests that come
from another site's page are refused, and the pages themselves may ask no other host for anything.
"""

from __future__ import annotations

import argparse
import os
import threading
import warnings
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import sociophysics as sp

__all__ = ["ENVIRONMENT", "closed", "main"]

# Set before solara is imported, which reads its settings once. Nobody is counted, nobody is asked
# for a newer version, files that are not installed are not fetched from anywhere, and state is
# never pickled.
ENVIRONMENT = {
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_ASSETS_PROXY": "True",
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:0/",
    "SOLARA_SESSION_HTTP_ONLY": "True",
    "SOLARA_STATE_BACKEND": "",
    "SOLARA_STATE_ALLOW_PICKLE": "False",
    "SOLARA_THEME_TITLE": "sociophysics",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_LOADER": "plain",
}
# What an administrator may set otherwise. A closed tab is forgotten at once, a lost connection
# after ten minutes instead of a day.
LIMITS = {
    "SOLARA_KERNEL_CULL_TIMEOUT": "10m",
    "SOLARA_KERNEL_MAX_PER_SESSION": "20",
    "SOLARA_KERNEL_MAX_COUNT": "100",
}
HEADERS = {
    # Vue compiles its templates in the browser, and widgets are modules made from their text.
    "content-security-policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; "
        "frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Solara's advice on https, which a page on this machine does not need, and its remark on a
# component of Mesa's.
QUIET = ("Cookies with samesite=none", ".*ComponentsView: `use_state` found")
LARGEST_MESSAGE = 16 * 2**20  # bytes of one websocket message; uploads come in pieces of 2 MiB

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def closed(app: App, *, loopback: bool) -> App:
    """Return the application behind a check of who asks, with headers that keep pages at home.

    ``loopback``: it serves this machine only, so that any other host name is somebody's trick.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        if not _same_site(scope, loopback):
            await _refuse(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await app(scope, receive, with_headers)

    return guarded


def _same_site(scope: Scope, loopback: bool) -> bool:
    """Whether the page that asks came from this server; other programs send no origin."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host", "")
    if loopback and urlsplit(f"//{host}").hostname not in LOOPBACK:
        # Another site's name, made to point at this machine.
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == host


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    body = b"This dashboard answers only its own pages.\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="sociophysics dashboard")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--app", default=f"{__package__}.app", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    os.environ.update({**LIMITS, **os.environ, **ENVIRONMENT})
    os.environ["SOLARA_APP"] = chosen.app
    for message in QUIET:
        warnings.filterwarnings("ignore", message=message)
    # Deferred: they read the settings above.
    import uvicorn
    from solara.server.starlette import app

    threading.Thread(target=_warm_up, daemon=True).start()
    uvicorn.run(
        closed(app, loopback=chosen.host in LOOPBACK),
        host=chosen.host,
        port=chosen.port,
        log_level="error",
        ws_max_size=LARGEST_MESSAGE,
        timeout_graceful_shutdown=2,
    )


def _warm_up() -> None:
    """Load the compiled kernels while the first page opens: the first run then starts at once."""
    system = sp.SpinSystem.from_edges([0, 1], [1, 2], n=3)
    sp.simulate(system, temperature=1.0, sweeps=1, seed=0, feed=sp.feeds.Chronological())


if __name__ == "__main__":
    main()
