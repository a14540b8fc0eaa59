"""The text of a page as a browser first gets it: its language, and leave to enlarge it."""

from __future__ import annotations

from typing import Any

from .asgi import App, Message, Receive, Scope, Send

__all__ = ["for_everybody", "readable"]

LANGUAGE = (b"<html>", b'<html lang="en">')
# The bar above all pages while the server is at work has no name, and no place among the parts.
BUSY = (b"<v-progress-linear ", b'<v-progress-linear aria-hidden="true" ')
# Solara's own page forbids to enlarge it with two fingers, which people with weak eyes need.
ZOOM = (b", maximum-scale=1, user-scalable=no, minimal-ui", b"")


def for_everybody(text: bytes) -> bytes:
    """Return a page that says its language and may be enlarged.

    Examples
    --------
    >>> for_everybody(b"<!doctype html><html><body>")
    b'<!doctype html><html lang="en"><body>'
    """
    for old, new in (LANGUAGE, ZOOM, BUSY):
        text = text.replace(old, new, 1)
    return text


def readable(app: App) -> App:
    """Return the application with the text of its pages mended; all else passes as it is."""

    async def mended(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/static/", "/jupyter/", "/_")):
            await app(scope, receive, send)
            return
        # Compressed, the text could not be read here; it is a few kilobytes.
        plain = [each for each in scope["headers"] if each[0].lower() != b"accept-encoding"]
        await app({**scope, "headers": plain}, receive, _Mender(send).take)

    return mended


class _Mender:
    """Holds back what is a page until all of it is there."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.head: Message | None = None
        self.parts: list[bytes] = []

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self.head = message
        elif self.head is None or message["type"] != "http.response.body":
            await self.send(message)
        else:
            self.parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._whole()

    async def _whole(self) -> None:
        assert self.head is not None
        head, body = dict(self.head), for_everybody(b"".join(self.parts))
        own: list[tuple[bytes, bytes]] = [
            each for each in head["headers"] if each[0].lower() != b"content-length"
        ]
        head["headers"] = [*own, (b"content-length", str(len(body)).encode())]
        await self.send(head)
        await self.send({"type": "http.response.body", "body": body})


def _is_html(message: Any) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in message.get("headers", [])
    )
