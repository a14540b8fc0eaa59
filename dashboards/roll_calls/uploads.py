"""The files of votes that a person brought to this tab."""

from __future__ import annotations

from collections.abc import Callable

import solara

from ..upload import UploadedFile
from .source import Source

__all__ = ["use_source"]

Files = dict[str, UploadedFile | None]


def use_source(
    chamber: str, codes: str = "", first_vote: str = ""
) -> tuple[Source | None, Callable[..., None]]:
    """Return where the votes come from, None while there are none, and what takes files. A hook."""
    files: solara.Reactive[Files] = solara.use_reactive({})

    def take(**given: UploadedFile | None) -> None:
        files.set({**files.peek(), **given})

    def make() -> Source | None:
        if chamber != "upload":
            return Source(chamber)
        if files.value.get("votes") is None:
            return None
        return Source("upload", codes=codes, first_vote=first_vote, **files.value)

    return solara.use_memo(make, [chamber, files.value, codes, first_vote]), take
