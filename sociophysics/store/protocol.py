"""What a run needs of the place where it is kept: files that are whole or not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

__all__ = ["LOG", "Fill", "Store"]

Fill = Callable[[BinaryIO], object]
LOG = "log.jsonl"


class Store(Protocol):
    """Files of one run, under names such as ``parts/NAME.parquet``.

    Attributes
    ----------
    place : str
        As messages name it.
    address : str
        With which another process, or another machine, opens the same store.
    """

    place: str
    address: str

    def read(self, name: str) -> bytes:
        """Return a file's bytes; FileNotFoundError if it is not there."""

    def size(self, name: str) -> int:
        """Return how many bytes a file has; FileNotFoundError if it is not there."""

    def read_many(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """Yield every name with its bytes, None if it is not there."""

    def write(self, name: str, fill: Fill) -> None:
        """Let ``fill(file)`` write a file; readers find the old one or the new one."""

    def names(self, folder: str = "") -> set[str]:
        """Return what lies directly in a folder, nothing if it does not exist."""

    def stamps(self, folder: str) -> dict[str, str]:
        """Return, by name, what changes whenever a file in a folder is written again."""

    def move(self, name: str, new: str) -> None:
        """Give a file another name."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def claim(self) -> AbstractContextManager[Callable[[str], None]]:
        """Keep other runs out, and give the function that adds text to the log."""
