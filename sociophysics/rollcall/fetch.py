"""A chamber's Voteview files, downloaded into the user's cache folder and checked first."""

from __future__ import annotations

import errno
import logging
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pandas as pd

from sociophysics.errors import FULL, InputError, quoted, told
from sociophysics.rollcall.vote_tables import FilePath, header, read_table, require_columns
from sociophysics.rollcall.voteview import (
    MEMBER_COLUMNS,
    ROLLCALL_COLUMNS,
    VOTE_COLUMNS,
    whole_numbers,
)

__all__ = ["VOTEVIEW", "VoteviewFiles", "fetch_voteview"]

VOTEVIEW = "https://voteview.com/static/data/out"
DISK = (*FULL, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)
TIMEOUT = 60.0  # seconds without an answer
COLUMNS = {"votes": VOTE_COLUMNS, "members": MEMBER_COLUMNS, "rollcalls": ROLLCALL_COLUMNS}
CHAMBERS = {"H": {"House"}, "S": {"Senate"}, "HS": {"House", "Senate"}}


class VoteviewFiles(NamedTuple):
    """Paths of the three files that `read_voteview` reads."""

    votes: Path
    members: Path
    rollcalls: Path


def fetch_voteview(
    chamber: str, *, cache: FilePath | None = None, base_url: str = VOTEVIEW
) -> VoteviewFiles:
    """Return the paths of a chamber's files, downloading them if they are not in the cache.

    Nothing enters the cache before all three files are complete and belong together, so what is
    there works offline.

    Parameters
    ----------
    chamber : str
        Chamber and Congress, such as ``"S117"``, ``"H95"`` or ``"HSall"``.
    cache : path, optional
        Folder of the cache; the user's cache folder if left out.
    base_url : str
        Address under which the site keeps ``members/``, ``votes/`` and ``rollcalls/``.

    Raises
    ------
    InputError
        A name that is none, no connection, or an answer that is wrong or truncated.

    Examples
    --------
    What the cache holds needs no network:

    >>> with TemporaryDirectory() as folder:
    ...     for kind in VoteviewFiles._fields:
    ...         _ = (Path(folder) / f"S117_{kind}.csv").write_text("")
    ...     fetch_voteview("S117", cache=folder).votes.name
    'S117_votes.csv'
    """
    code = _code(chamber)
    folder = _cache_folder(cache)
    kept = VoteviewFiles(*(folder / f"{code}_{kind}.csv" for kind in VoteviewFiles._fields))
    if all(path.is_file() for path in kept):
        return kept
    try:
        # The folder is tried before anything is downloaded.
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=f".{code}-") as scratch:
            _fetch(code, base_url, Path(scratch), kept)
    except OSError as error:
        raise InputError(told(error, folder, kept="nothing half is kept")) from None
    return kept


def _fetch(code: str, base_url: str, scratch: Path, kept: VoteviewFiles) -> None:
    """Download into a scratch folder, and put the files in place once they fit together."""
    new = VoteviewFiles(
        *(
            _download(f"{base_url.rstrip('/')}/{kind}/{path.name}", scratch / path.name)
            for kind, path in zip(VoteviewFiles._fields, kept, strict=True)
        )
    )
    _check(code, new, base_url)
    for source, target in zip(new, kept, strict=True):
        os.replace(source, target)


def _code(chamber: str) -> str:
    match = re.fullmatch(r"(HS|H|S)(\d{1,3}|all)", chamber) if isinstance(chamber, str) else None
    if match is None:
        raise InputError(
            f"{quoted(chamber)} is not a chamber; allowed: H, S or HS with the number of the "
            "Congress, or all, such as S117."
        )
    return match[1] + (match[2] if match[2] == "all" else match[2].zfill(3))


def _cache_folder(cache: FilePath | None) -> Path:
    if cache is not None:
        return Path(cache)
    import pooch

    return Path(pooch.os_cache("sociophysics")) / "voteview"


def _download(url: str, target: Path) -> Path:
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        pooch.retrieve(
            url,
            known_hash=None,
            fname=target.name,
            path=target.parent,
            downloader=_stream,
        )
    except requests.HTTPError as error:
        raise InputError(
            f"{url} could not be fetched ({error}); check the chamber and the Congress."
        ) from None
    except OSError as error:  # those of requests are of this kind, too
        if error.errno in DISK:
            raise
        raise InputError(
            f"{url} could not be downloaded ({_reason(error)}); check the connection and try "
            "again, or give the files you have to `sociophysics fit`."
        ) from None
    return target


def _stream(url: str, output_file: str, _: object) -> None:
    import requests

    # pooch's own downloader leaves the connection open when an answer breaks off
    with (
        requests.get(url, stream=True, timeout=TIMEOUT) as answer,
        Path(output_file).open("wb") as file,
    ):
        answer.raise_for_status()
        for chunk in answer.iter_content(1 << 16):
            file.write(chunk)


def _reason(error: Exception) -> str:
    text = str(error)
    if "IncompleteRead" in text:
        return "the answer was truncated"
    return type(error).__name__


def _check(code: str, files: VoteviewFiles, base_url: str) -> None:
    tables = {}
    for kind, path in files._asdict().items():
        tables[kind] = _checked_table(path, COLUMNS[kind], f"{base_url}: {path.name}")
    letters = code.rstrip("0123456789al")
    for kind in ("votes", "rollcalls"):
        wrong = set(tables[kind]["chamber"]) - CHAMBERS[letters]
        if not code.endswith("all"):
            wrong |= {f"Congress {c}" for c in tables[kind]["congress"] if c != int(code[-3:])}
        if wrong:
            raise InputError(
                f"{code}_{kind}.csv from {base_url} holds votes of {', '.join(sorted(wrong))} "
                f"instead of {code}; nothing was kept: check the address."
            )
    key = list(ROLLCALL_COLUMNS)
    votes = pd.MultiIndex.from_frame(tables["votes"][key].drop_duplicates())
    listed = pd.MultiIndex.from_frame(tables["rollcalls"][key])
    lost = listed.difference(votes)
    if len(lost):
        raise InputError(
            f"{code}_votes.csv from {base_url} lacks {len(lost)} of {len(listed)} roll calls, so "
            "it is truncated; nothing was kept: try again."
        )


def _checked_table(path: Path, columns: tuple[str, ...], name: str) -> pd.DataFrame:
    start = path.read_bytes()[:512].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise InputError(
            f"{name} is a web page instead of a CSV file; nothing was kept: check the address."
        )
    try:
        require_columns(path.name, header(path), columns)
        table = read_table(path, columns)
        for column in {"congress", "rollnumber"} & set(columns):
            table[column] = whole_numbers(path, table[column], column)
    except InputError as error:
        text = str(error).replace(str(path), path.name)
        raise InputError(f"{name} is not usable, nothing was kept: {text}") from None
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        complete = file.read() == b"\n"
    if not complete:
        raise InputError(f"{name} ends within a line, so it is truncated; try again.")
    return table
