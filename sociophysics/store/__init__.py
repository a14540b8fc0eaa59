"""Where a run is kept: a folder or an object store, in which a file is whole or not there."""

from __future__ import annotations

import re
from pathlib import Path

from sociophysics.errors import InputError
from sociophysics.machine import given_path
from sociophysics.store.archives import read_arrays
from sociophysics.store.folder import (
    Folder,
    replace_file,
    require_file,
    write_parquet,
    write_table,
    write_text,
)
from sociophysics.store.manifest import (
    MANIFEST,
    STUDIES,
    check_shape,
    damaged,
    format_of,
    json_form,
    parsed_json,
    read_json,
    refuse_newer,
)
from sociophysics.store.protocol import LOG, Fill, Store
from sociophysics.store.steps import Steps, keeping, step, steps

__all__ = [
    "LOG",
    "MANIFEST",
    "STUDIES",
    "Fill",
    "Folder",
    "Place",
    "Steps",
    "Store",
    "check_shape",
    "damaged",
    "folder_of",
    "format_of",
    "is_url",
    "json_form",
    "keeping",
    "open_store",
    "parsed_json",
    "place_of",
    "read_arrays",
    "read_json",
    "refuse_newer",
    "replace_file",
    "require_file",
    "step",
    "steps",
    "write_parquet",
    "write_table",
    "write_text",
]

Place = str | Path

# "s3:/bucket" and "s3:bucket": a slash short of an address, and hardly meant as a folder.
NEAR_MISS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/(?!/)|(s3|gs|gcs|az|abfs|https?|memory):(?!//)")


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
    """Return a folder as a Path with ``~`` expanded, an address as the text that it is.

    Raises
    ------
    InputError
        The address names no place, or lacks a slash.
    """
    text = where if isinstance(where, str) else str(given_path(where, "the folder"))
    if not is_url(text):
        return _folder(text.removeprefix("file://"))
    kind, _, rest = text.partition("://")
    if not kind or not rest.strip("/"):
        raise InputError(f"{where} names no place; give an address such as s3://bucket/run.")
    return text.rstrip("/")


def folder_of(where: Place) -> Path:
    """Return a place that has to be a folder of this machine.

    Raises
    ------
    InputError
        It is an address, or nearly one.

    Examples
    --------
    >>> folder_of("runs/one").name
    'one'
    """
    place = place_of(where)
    if isinstance(place, Path):
        return place
    raise InputError(f"{where} is an address, and here a folder is needed; choose another --out.")


def _folder(text: str) -> Path:
    """Return a folder's path, with ``~`` for the home folder."""
    near = NEAR_MISS.match(text)
    if near:
        kind = text.partition(":")[0]
        rest = ("/" if kind == "file" else "") + text[len(kind) + 1 :].strip("/")
        raise InputError(
            f"{text} is neither a folder nor an address; write {kind}://{rest} for an address, or "
            f"./{text} for a folder of that name."
        )
    try:
        return given_path(text, "the folder").expanduser()
    except RuntimeError:
        raise InputError(
            f"the home folder in {text} is not known; give the folder's whole path."
        ) from None


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
