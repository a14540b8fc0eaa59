"""Work that somebody watches: it asks whether to stop, and shows what it has so far."""

from __future__ import annotations

from typing import Any, Protocol

__all__ = ["UNWATCHED", "Watch"]


class Watch(Protocol):
    """What long work calls on its way: a job of the dashboard, a bar in a notebook, or nobody."""

    def check(self) -> None:
        """Raise to end the work; called every half second at least."""

    def publish(
        self, frame: Any = None, *, progress: float | None = None, message: str | None = None
    ) -> None:
        """Take the newest result, the share that is done, and what is being done."""


class _Nobody:
    def check(self) -> None:
        """Never end the work."""

    def publish(
        self, frame: Any = None, *, progress: float | None = None, message: str | None = None
    ) -> None:
        """Let it pass."""


UNWATCHED: Watch = _Nobody()
