"""Short parts of one shape, read without parsing the same Parquet a hundred thousand times.

A run writes its parts alike: of two files of one length only the numbers and what is said of them
differ. One is parsed; another whose remaining bytes are the same says the same of its columns.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Forms"]

MOST = 256  # forms kept: lengths differ by what a part's events say
WIDTH = 8  # bytes of a number
Columns = dict[str, NDArray[Any]]
Events = list[dict[str, Any]]


class _Form(NamedTuple):
    """Where numbers and text lie in files of one length, and all the other bytes."""

    names: tuple[str, ...]
    types: tuple[Any, ...]
    rows: int
    starts: tuple[int, ...]
    text: slice
    rest: tuple[tuple[int, int, bytes], ...]


class Forms:
    """The forms of the files read so far."""

    def __init__(self) -> None:
        self._forms: dict[int, _Form] = {}
        self.rows: set[Hashable] = set()
        self.events: dict[bytes, tuple[Events, str]] = {}

    def take_rows(self, rows: Hashable) -> None:
        """Note replicas and sweeps that were found to be right."""
        if len(self.rows) >= MOST:
            self.rows.clear()
        self.rows.add(rows)

    def take_events(self, written: bytes, events: Events, text: str) -> tuple[Events, str]:
        """Keep events as they are written, read, and written anew; return the latter two."""
        if len(self.events) >= MOST:
            self.events.clear()
        self.events[written] = events, text
        return events, text

    def read(self, data: bytes) -> tuple[Columns, bytes] | None:
        """Return the columns of a file and the text beside them; None if its form is not known."""
        form = self._forms.get(len(data))
        if form is None or any(data[first:last] != same for first, last, same in form.rest):
            return None
        each = zip(form.names, form.types, form.starts, strict=True)
        found = {name: np.frombuffer(data, kind, form.rows, start) for name, kind, start in each}
        return found, data[form.text]

    def learn(self, data: bytes, file: Any, columns: Columns, text: bytes) -> None:
        """Keep the form of a file that was parsed, if its numbers lie in it as they are.

        Parameters
        ----------
        data : bytes
        file : ParquetFile
            Parsed from them.
        columns : mapping
            What it says that the numbers are.
        text : bytes
            What is said of them.
        """
        rows, at = file.metadata.num_rows, data.find(text)
        plain = file.metadata.num_row_groups == 1 and rows > 0
        if not plain or not text or len(self._forms) >= MOST or data.find(text, at + 1) >= 0:
            return
        group = file.metadata.row_group(0)
        starts = [
            each.data_page_offset + each.total_compressed_size - WIDTH * rows
            for each in (group.column(k) for k in range(group.num_columns))
        ]
        for start, values in zip(starts, columns.values(), strict=True):
            if values.dtype.itemsize != WIDTH or data[start:][: WIDTH * rows] != values.tobytes():
                return
        holes = [(start, start + WIDTH * rows) for start in starts] + [(at, at + len(text))]
        self._forms[len(data)] = _Form(
            names=tuple(columns),
            types=tuple(values.dtype for values in columns.values()),
            rows=rows,
            starts=tuple(starts),
            text=slice(at, at + len(text)),
            rest=_between(data, sorted(holes)),
        )


def _between(data: bytes, holes: Sequence[tuple[int, int]]) -> tuple[tuple[int, int, bytes], ...]:
    """Return the stretches of bytes that are in no hole."""
    ends = [0, *(last for _, last in holes)]
    begins = [*(first for first, _ in holes), len(data)]
    pairs = zip(ends, begins, strict=True)
    return tuple((first, last, data[first:last]) for first, last in pairs)
