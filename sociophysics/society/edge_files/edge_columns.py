"""The columns of an edge file, batch by batch: Parquet, CSV and TSV in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from sociophysics.errors import InputError

__all__ = ["Batch", "Columns", "EdgeFile"]

SUFFIXES = (".parquet", ".csv", ".tsv")
BATCH_ROWS = 1 << 20
BATCH_ROWS_OF_NAMES = 1 << 17
CSV_BLOCK = 1 << 24  # bytes
LONGEST_NAME = 1_000  # bytes
PARQUET_BUFFER = 1 << 22  # bytes read ahead per column, instead of whole row groups


class Columns(NamedTuple):
    """Names of the columns that hold the ends of a tie and its coupling."""

    source: str
    target: str
    coupling: str | None


class Batch(NamedTuple):
    """Some ties in the order of the file."""

    first: int  # row of the file, from 1
    source: pa.Array
    target: pa.Array
    coupling: NDArray[np.float64] | None


class EdgeFile:
    """An edge list on disk, opened and its columns checked; nothing is read yet.

    Parameters
    ----------
    path : Path
    columns : Columns
    names : bool
        True: ids are names, integers or texts; False: user numbers.

    Raises
    ------
    InputError
        A file that is missing, malformed or of another kind; a column that is missing or holds
        neither integers nor, as names, texts.
    """

    def __init__(self, path: Path, columns: Columns, *, names: bool) -> None:
        self.path, self.columns, self.names = path, columns, names
        self.suffix = path.suffix.lower()
        self.typed = self.suffix == ".parquet"
        if self.suffix not in SUFFIXES:
            raise InputError(
                f"{path.name} has the suffix {path.suffix!r}; allowed: {', '.join(SUFFIXES)}: "
                "convert or rename the file."
            )
        if not path.is_file():
            what = "is a folder; give a file" if path.is_dir() else "does not exist; check the path"
            raise InputError(f"{path} {what}.")
        try:
            self.rows: int | None = None
            if self.typed:
                with pa.parquet.ParquetFile(path) as file:
                    self._check_columns(file.schema_arrow.names)
                    self._check_types(file.schema_arrow)
                    self.rows = file.metadata.num_rows
            else:
                with self._open_csv(pa.csv.ConvertOptions()) as reader:
                    self._check_columns(reader.schema.names)
        except (pa.ArrowException, OSError) as error:
            raise self._malformed(error) from None

    def batches(self) -> Iterator[Batch]:
        """Yield all ties, checked to have both ends and finite couplings.

        Raises
        ------
        InputError
            A malformed file, an end that is missing or no integer, a coupling that is missing,
            no number or not finite.
        """
        first = 1
        tables = self._parquet() if self.typed else self._csv()
        try:
            for table in tables:
                if table.num_rows:
                    yield self._batch(table, first)
                    first += table.num_rows
        except (pa.ArrowException, OSError) as error:
            raise self._malformed(error) from None

    def _parquet(self) -> Iterator[pa.RecordBatch]:
        # pre_buffer would fetch the whole file ahead. Texts come as numbers of the words that rows
        # share: a row group of few words may otherwise unpack to more than memory holds.
        with pa.parquet.ParquetFile(
            self.path,
            buffer_size=PARQUET_BUFFER,
            pre_buffer=False,
            read_dictionary=list(self.columns[:2]) if self.names else None,
        ) as file:
            rows = BATCH_ROWS_OF_NAMES if self.names else BATCH_ROWS
            yield from file.iter_batches(batch_size=rows, columns=self._wanted())

    def _csv(self) -> Iterator[pa.RecordBatch]:
        end = pa.string() if self.names else pa.int64()
        types = {self.columns.source: end, self.columns.target: end}
        if self.columns.coupling is not None:
            types[self.columns.coupling] = pa.float64()
        options = pa.csv.ConvertOptions(include_columns=self._wanted(), column_types=types)
        with self._open_csv(options) as reader:
            yield from reader

    def _open_csv(self, options: pa.csv.ConvertOptions) -> pa.csv.CSVStreamingReader:
        return pa.csv.open_csv(
            self.path,
            read_options=pa.csv.ReadOptions(block_size=CSV_BLOCK),
            parse_options=pa.csv.ParseOptions(delimiter="," if self.suffix == ".csv" else "\t"),
            convert_options=options,
        )

    def _wanted(self) -> list[str]:
        return [name for name in self.columns if name is not None]

    def _check_columns(self, there: list[str]) -> None:
        for role, name in zip(Columns._fields, self.columns, strict=True):
            if name is not None and there.count(name) != 1:
                times = "no column" if name not in there else "more than one column"
                raise InputError(
                    f"{self.path.name} has {times} {name!r} but the columns "
                    f"{', '.join(map(repr, there))}; name the right one as {role}."
                )
        if len(set(self._wanted())) < len(self._wanted()):
            raise InputError(
                f"source, target and coupling are {self._wanted()}; name a different column each."
            )

    def _check_types(self, schema: pa.Schema) -> None:
        ends = [_plain(schema.field(name).type) for name in self.columns[:2]]
        for name, kind in zip(self.columns[:2], ends, strict=True):
            if not pa.types.is_integer(kind) and not (self.names and _is_text(kind)):
                fix = (
                    "give ids='names'"
                    if _is_text(kind)
                    else "store user ids as integers" + " or texts" * self.names
                )
                raise InputError(
                    f"the column {name!r} of {self.path.name} holds {kind} values; users are "
                    f"{'integers or texts' if self.names else 'numbers 0 to n - 1'}: {fix}."
                )
        if _is_text(ends[0]) != _is_text(ends[1]):
            raise InputError(
                f"the columns {self.columns.source!r} and {self.columns.target!r} of "
                f"{self.path.name} hold {ends[0]} and {ends[1]} values; give both the same type."
            )
        if self.columns.coupling is not None:
            kind = schema.field(self.columns.coupling).type
            if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
                raise InputError(
                    f"the column {self.columns.coupling!r} of {self.path.name} holds {kind} "
                    "values; couplings are finite numbers: store them as numbers."
                )

    def _batch(self, table: pa.RecordBatch, first: int) -> Batch:
        ends = [self._end(table, name, first) for name in self.columns[:2]]
        return Batch(first, ends[0], ends[1], self._couplings(table, first))

    def _end(self, table: pa.RecordBatch, name: str, first: int) -> pa.Array:
        values = table.column(table.schema.get_field_index(name))
        kind = _plain(values.type)
        values = self._names(values, name) if _is_text(kind) else values.cast(pa.int64())
        empty = values.is_null()
        if _is_text(kind):
            empty = pc.or_kleene(empty, pc.equal(values, ""))
        if pc.any(empty).as_py():
            row = first + pc.index(empty, True).as_py()
            raise InputError(
                f"{self.path.name}: row {row} has no {name}; give one or remove the row."
            )
        return values

    def _names(self, values: pa.Array, column: str) -> pa.Array:
        """Return users' names without the blanks around them, as ``networks.read``."""
        words = values.dictionary if pa.types.is_dictionary(values.type) else values
        longest = pc.max(pc.binary_length(words)).as_py() or 0
        if longest > LONGEST_NAME:
            raise InputError(
                f"{self.path.name}: the column {column!r} holds a name of {longest:,} bytes; at "
                f"most {LONGEST_NAME:,} are read: number the users, or shorten their names."
            )
        words = pc.utf8_trim_whitespace(words.cast(pa.large_string()))
        if pa.types.is_dictionary(values.type):
            return words.take(values.indices)
        return words

    def _couplings(self, table: pa.RecordBatch, first: int) -> NDArray[np.float64] | None:
        if self.columns.coupling is None:
            return None
        column = table.column(table.schema.get_field_index(self.columns.coupling))
        # safe=False: an int64 beyond 2^53 is rounded, as numpy would
        values: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy(
            zero_copy_only=False
        )
        good = np.isfinite(values)
        if not good.all():
            k = int(np.argmin(good))
            got = f"is {values[k]}" if column[k].is_valid else "is missing"
            raise InputError(
                f"{self.path.name}: the {self.columns.coupling} in row {first + k} {got}; every "
                "tie needs a finite number there: correct it, or name another column."
            )
        return values

    def _malformed(self, error: Exception) -> InputError:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        hint = "; texts as ids need ids='names'" if "conversion error to int64" in reason else ""
        return InputError(f"{self.path.name} is malformed ({reason}){hint}; correct the file.")


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
