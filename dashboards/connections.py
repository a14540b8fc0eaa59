"""How long a request may take to arrive, and how many connections one address may hold.

A browser sends a request whole. Who sends a header or a byte of a form now and then, or opens
connections and says nothing, would hold them for ever: nothing above this sees them.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["SLOWEST", "connections"]

SLOWEST = 10.0  # seconds in which a request is there, header and body
ARRIVING = (h11.IDLE, h11.SEND_BODY)
HEAD = "HTTP/1.1 {}\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: {}\r\n\r\n"


class _Bounded(H11Protocol):
    """Uvicorn's own protocol, which ends what is late or too many; sockets of tabs leave it."""

    held: Counter[str]
    most: int
    slowest: float
    _late: asyncio.TimerHandle | None = None
    _counted = ""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        who = str((transport.get_extra_info("peername") or ("",))[0])
        if self.held[who] >= self.most:
            self._end("429 Too Many Requests", "This address holds too many connections.\n")
            return
        self.held[who] += 1
        self._counted = who
        self._watch()

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            super().data_received(data)
            self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._leave()  # from here on the limits of tabs count it
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Give a request that is still arriving its time; one that is there needs none."""
        if self._counted and self.conn.their_state in ARRIVING:
            if self._late is None:
                self._late = self.loop.call_later(self.slowest, self._too_late)
        elif self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self._end("408 Request Timeout", "The request did not arrive in time.\n")
        else:
            self.transport.close()

    def _end(self, status: str, text: str) -> None:
        self.transport.write((HEAD.format(status, len(text)) + text).encode())
        self.transport.close()

    def _leave(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if self._counted:
            self.held[self._counted] -= 1
            if self.held[self._counted] <= 0:
                del self.held[self._counted]
            self._counted = ""


def connections(most: int, slowest: float = SLOWEST) -> type[H11Protocol]:
    """Return the protocol of a server whose visitors hold at most so many connections each.

    Parameters
    ----------
    most : int
        Connections of one address at a time, sockets of tabs not counted.
    slowest : float
        Seconds in which a request is there.

    Examples
    --------
    >>> connections(most=256).most
    256
    """
    return type("Bounded", (_Bounded,), {"held": Counter(), "most": most, "slowest": slowest})
