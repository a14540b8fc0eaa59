"""Where a run is kept: a folder or an object store, in which a file is whole or not there."""

from __future__ import annotations

from pathlib import Path

from sociophysics.errors import InputError
from sociophysics.store.folder import Folder, replace_file
from sociophysics.store.protocol import LOG, Fill, Store

__all__ = [
    "LOG",
    "Fill",
    "Folder",
    "Place",
    "Store",
    "is_url",
    "open_store",
    "place_of",
    "replace_file",
]

Place = str | Path


def is_url(where: Place) -> bool:
    """Return whether a place is an address such as ``s3://bucket/run``, not a folder.

    Examples
    --------
    >>> is_url("s3://bucket/run"), is_url("runs/one"), is_url("file:///runs/one")
    (True, False, False)
    """
    text = str(where)
    return "://" in text and not text.startswith("file://")


def place_of(where: Place) -> Place:
    """Return a folder as a Path, an address as the text that it is.

    Raises
    ------
    InputError
        The address names no place.
    """
    text = str(where)
    if not is_url(where):
        return Path(text.removeprefix("file://"))
    kind, _, rest = text.partition("://")
    if not kind or not rest.strip("/"):
        raise InputError(f"{where} names no place; give an address such as s3://bucket/run.")
    return text.rstrip("/")


def open_store(where: Place) -> Store:
    """Return the store at a folder or an address; nothing is made or read yet.

    Raises
    ------
    InputError
        The address names no place, or is of no kind that is installed here.
    """
    place = place_of(where)
    if isinstance(place, Path):
        return Folder(place)
    from sociophysics.store.objects import ObjectStore

    return ObjectStore(place)
