"""Users known by a name, an integer or a text, and their numbers in order of appearance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.machine import require_memory
from sociophysics.society.edge_files.edge_columns import Batch

__all__ = ["LARGEST", "NamedTies", "Names", "named", "numbered"]

LARGEST = 2**31 - 2  # user number that still leaves the number of users an int32
HASH_BYTES = 40  # per known name beside the name itself, while names are looked up
# Longer digit strings are identifiers rather than numbers, and "007" is not the user 7.
INTEGER = "^(0|-?[1-9][0-9]{0,17})$"


class NamedTies(NamedTuple):
    """Some ties by user numbers."""

    ends: NDArray[np.int32]  # (m, 2): source, target
    coupling: NDArray[np.float64] | None


def numbered(batches: Iterable[Batch], n: int | None) -> Iterator[NamedTies]:
    """Yield the ties of a file whose ids are user numbers.

    Raises
    ------
    InputError
        A number below 0, or of ``n`` or beyond what 32 bits hold.
    """
    largest = LARGEST if n is None else n - 1
    for batch in batches:
        ends = np.empty((len(batch.source), 2), np.int32)
        for side, column in enumerate((batch.source, batch.target)):
            values = column.to_numpy()
            bad = (values < 0) | (values > largest)
            if bad.any():
                k = int(np.argmax(bad))
                end = "source" if side == 0 else "target"
                raise InputError(
                    f"the {end} in row {batch.first + k} is {values[k]}; user numbers run from 0 "
                    f"to {largest}: correct it, raise n, or give ids='names'."
                )
            ends[:, side] = values
        yield NamedTies(ends, batch.coupling)


class Names:
    """The distinct names met so far, in order of appearance."""

    def __init__(self) -> None:
        self._known: pa.Array | None = None

    def __len__(self) -> int:
        return 0 if self._known is None else len(self._known)

    def numbers(self, ids: pa.Array) -> NDArray[np.int32]:
        """Return the number of each name; new ones are appended.

        Raises
        ------
        InputError
            More names than memory holds.
        """
        known = ids.slice(0, 0) if self._known is None else self._known
        need = 2 * known.nbytes + 2 * ids.nbytes + HASH_BYTES * (len(known) + len(ids))
        require_memory(
            need,
            what=f"a dictionary of more than {len(known)} names",
            fix="number the users 0 to n - 1 in the file",
        )
        found = pc.index_in(ids, value_set=known)
        unknown = found.is_null()
        fresh = ids.filter(unknown)
        if len(fresh):
            added = fresh.unique()
            if len(known) + len(added) > LARGEST:
                raise InputError(
                    f"the file names more than {LARGEST} users, beyond 32-bit numbers; split it."
                )
            number = pc.add(pc.index_in(fresh, value_set=added), pa.scalar(len(known), pa.int32()))
            found = pc.replace_with_mask(found, unknown, number)
            self._known = pa.concat_arrays([known, added])
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int32)

    def index(self, *, typed: bool) -> pd.Index:
        """Return the names as a pandas index; texts of integers are integers in an untyped file."""
        names = pa.array([], pa.int64()) if self._known is None else self._known
        if pa.types.is_large_string(names.type) and not typed:
            whole = pc.match_substring_regex(names, INTEGER)
            if pc.all(whole).as_py():
                names = names.cast(pa.int64())
        return pd.Index(names.to_pandas(), tupleize_cols=False, name="user")


def named(batches: Iterable[Batch], names: Names) -> Iterator[NamedTies]:
    """Yield the ties of a file whose ids are names, and collect these in ``names``."""
    stream = iter(batches)
    while some := list(islice(stream, 1)):
        # A look-up rebuilds the table of all known names: with as many ids at a time as there
        # are names, the whole costs a constant per tie.
        rows = len(some[0].source)
        while 2 * rows < len(names) and (more := next(stream, None)) is not None:
            some.append(more)
            rows += len(more.source)
        ids = pa.concat_arrays([batch.source for batch in some] + [batch.target for batch in some])
        turns = np.arange(2 * rows).reshape(2, rows).T.ravel()  # source, target, source, ...
        ends = names.numbers(ids.take(pa.array(turns))).reshape(rows, 2)
        weights = [batch.coupling for batch in some if batch.coupling is not None]
        yield NamedTies(ends, np.concatenate(weights) if weights else None)
