"""The few words of the ASGI protocol that the guards in front of the pages speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

__all__ = ["App", "Message", "Receive", "Scope", "Send", "address", "cookie", "headers", "refuse"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def headers(scope: Scope) -> dict[str, str]:
    """Return the headers of a request by their names in lower case.

    Examples
    --------
    >>> headers({"headers": [(b"host", b"127.0.0.1:8765")]})
    {'host': '127.0.0.1:8765'}
    """
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def cookie(scope: Scope, name: str) -> str:
    """Return the value of a cookie, "" without one.

    Examples
    --------
    >>> cookie({"headers": [(b"cookie", b"a=1; b=2")]}, "b")
    '2'
    """
    try:
        jar = SimpleCookie(headers(scope).get("cookie", ""))
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def address(scope: Scope) -> str:
    """Return the address that a request came from.

    Examples
    --------
    >>> address({"client": ("127.0.0.1", 50000)})
    '127.0.0.1'
    """
    client = scope.get("client")
    return str(client[0]) if client else ""


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    status: int,
    text: str,
    kind: str = "text/plain; charset=utf-8",
    more: Mapping[str, str] | None = None,
) -> None:
    """Answer instead of the application: a short text, or the end of a socket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    body = text.encode()
    own = {"content-type": kind, "content-length": str(len(body)), "cache-control": "no-store"}
    named = [(name.encode(), value.encode()) for name, value in {**own, **(more or {})}.items()]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": body})
