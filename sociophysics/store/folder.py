"""A run in a folder: files are renamed into place, and the log is locked."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sociophysics.errors import FULL, InputError
from sociophysics.store.protocol import LOG, Fill, Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Folder",
    "replace_file",
    "require_file",
    "write_parquet",
    "write_table",
    "write_text",
]


class Folder:
    """A folder on a disk that all workers see."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self.address = str(path.absolute())

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Make one sentence of what the system refuses; of a full disk who knows the work does."""
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise
        except OSError as error:
            if error.errno in FULL:
                error.filename = self.place  # should nobody who knows the work be there to say it
                raise
            raise InputError(
                f"{self.path} cannot be {what} ({error.strerror}); ask for access, or choose "
                "another --out: finished parts are kept."
            ) from None

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        with self._told("read"):
            # As text: a run reads a hundred thousand parts, and paths cost more than their bytes.
            path = os.path.join(self.path, name)
            require_file(path)
            with open(path, "rb", buffering=0) as file:
                return file.read()

    def size(self, name: str) -> int:
        """Return how many bytes a file has."""
        with self._told("read"):
            return (self.path / name).stat().st_size

    def read_many(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """Yield every name with its bytes, None if it is not there."""
        for name in names:
            try:
                yield name, self.read(name)
            except FileNotFoundError:
                yield name, None

    def write(self, name: str, fill: Fill) -> None:
        """Write a file under a temporary name, flush it to the disk, and rename it."""
        target = self.path / name
        with self._told("written to"):
            if target.parent != self.path and self.path.is_dir():
                target.parent.mkdir(exist_ok=True)
            replace_file(target, fill)

    def names(self, folder: str = "") -> set[str]:
        """Return the names of files and folders in a folder."""
        where = self.path / folder
        try:
            with self._told("read"), os.scandir(where) as entries:
                return {entry.name for entry in entries}
        except FileNotFoundError:
            return set()
        except NotADirectoryError:
            file = next((each for each in (where, *where.parents) if each.is_file()), where)
            raise InputError(f"{file} is a file, not a folder; choose another --out.") from None

    def stamps(self, folder: str) -> dict[str, str]:
        """Return what changes with each file in a folder: its size and time, by its name."""
        try:
            with self._told("read"), os.scandir(self.path / folder) as entries:
                found = [(entry.name, entry.stat()) for entry in entries if entry.is_file()]
        except FileNotFoundError:
            return {}
        return {name: f"{about.st_size} {about.st_mtime_ns}" for name, about in found}

    def move(self, name: str, new: str) -> None:
        """Rename a file."""
        os.replace(self.path / name, self.path / new)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.path / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def claim(self) -> Iterator[Callable[[str], None]]:
        """Make the folder, lock its log, and clear what is left half written, before and after.

        Raises
        ------
        InputError
            The folder cannot be made, or another run is writing to it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                require_file(self.path / LOG)
            file = (self.path / LOG).open("a", encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"{self.path} cannot be written to ({error.strerror}); choose another --out."
            ) from None
        with file:
            self._lock(file)
            self._clear()

            def append(text: str) -> None:
                file.write(text)
                file.flush()

            try:
                yield append
            finally:
                # A worker that was killed as it wrote is never heard of again.
                self._clear()

    def _clear(self) -> None:
        """Remove what nobody finishes writing any more."""
        for scratch in [*self.path.glob(".*.tmp"), *self.path.glob("parts/.*.tmp")]:
            scratch.unlink(missing_ok=True)

    def _lock(self, file: TextIO) -> None:
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"another run is writing to {self.path}; wait for it, or choose another --out."
            ) from None
        except OSError:
            # Some network file systems have no locks; parts are safe without.
            return


def require_file(path: str | os.PathLike[str]) -> None:
    """Raise if a path leads to a pipe, a device or a socket: reading from it might never end.

    Raises
    ------
    InputError
        It is none of a file and a folder.
    FileNotFoundError
        Nothing is there.
    """
    kind = os.stat(path).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise InputError(f"{path} is a pipe or a device, not a file; remove it or choose another.")


def replace_file(path: Path, fill: Fill) -> None:
    """Let ``fill(file)`` fill a temporary file, flush it to the disk, and rename it to ``path``.

    A reader finds the old file or the new one, never half of one.

    Parameters
    ----------
    path : Path
        The file to write or to replace.
    fill : callable
        Called with the temporary file, opened for bytes.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "table.csv"
    ...     replace_file(file, lambda open_file: open_file.write(b"a,b"))
    ...     file.read_text()
    'a,b'
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with scratch.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    # The rename itself must survive a power failure; not every system lets a folder be opened.
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


ROWS_PER_GROUP = 1 << 18


def write_text(store: Store, name: str, text: str) -> None:
    """Write a file of text.

    Parameters
    ----------
    store : Store
    name : str
        Of the file, with its ending.
    text : str

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as path:
    ...     write_text(Folder(Path(path)), "notes.txt", "two members left")
    ...     (Path(path) / "notes.txt").read_text()
    'two members left'
    """
    data = text.encode()
    store.write(name, lambda file: file.write(data))


def write_table(store: Store, name: str, table: pd.DataFrame) -> None:
    """Write ``NAME.csv`` and ``NAME.parquet``.

    A column of several types, such as members' ids that are numbers and names, is text in Parquet.

    Parameters
    ----------
    store : Store
    name : str
        Of both files, without ending.
    table : DataFrame

    Examples
    --------
    >>> import pandas as pd
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as path:
    ...     write_table(Folder(Path(path)), "members", pd.DataFrame({"id": [7, "x"]}))
    ...     sorted(file.name for file in Path(path).iterdir())
    ['members.csv', 'members.parquet']
    """
    write_text(store, f"{name}.csv", table.to_csv(index=False))
    mixed = [
        column
        for column in table
        if table[column].dtype == object and table[column].dropna().map(type).nunique() > 1
    ]
    texts = {column: table[column].astype(str).where(table[column].notna()) for column in mixed}
    write_parquet(store, f"{name}.parquet", table.assign(**texts) if texts else table)


def write_parquet(store: Store, name: str, table: pd.DataFrame) -> None:
    """Write a table as Parquet, group of rows by group of rows.

    Parameters
    ----------
    store : Store
    name : str
        Of the file, with its ending.
    table : DataFrame

    Examples
    --------
    >>> import pandas as pd
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as path:
    ...     write_parquet(Folder(Path(path)), "t.parquet", pd.DataFrame({"sweep": [0, 10]}))
    ...     pd.read_parquet(Path(path) / "t.parquet")["sweep"].to_list()
    [0, 10]
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.Table.from_pandas(table.iloc[:ROWS_PER_GROUP], preserve_index=False).schema
    # Without pandas' own metadata the bytes depend on the numbers alone.
    schema = schema.remove_metadata()

    def fill(file: Any) -> None:
        # Group by group: the whole table as Arrow has it would be one more copy.
        with pq.ParquetWriter(file, schema) as writer:
            for start in range(0, max(len(table), 1), ROWS_PER_GROUP):
                rows = table.iloc[start : start + ROWS_PER_GROUP]
                writer.write_table(pa.Table.from_pandas(rows, schema, preserve_index=False))

    store.write(name, fill)
