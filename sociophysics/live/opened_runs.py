"""Opening a run: finished from its table, unfinished from the parts that are there."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow
import pyarrow.parquet as pq

from sociophysics.errors import InputError
from sociophysics.live.listed_runs import ListedRun, sentence_of
from sociophysics.store import Folder, read_json, require_file
from sociophysics.study import partial_table, scenario_in
from sociophysics.study.results import Run

__all__ = ["OpenRuns", "Opened", "open_run"]

LARGEST = 1_000_000_000  # bytes of numbers that one page may hold
BYTES = 8  # of one number


@dataclass(frozen=True, eq=False)
class Opened:
    """A run with its numbers; ``partial`` while parts of it are missing."""

    entry: ListedRun
    run: Run
    partial: bool


class OpenRuns:
    """The runs that a tab has open; those that it does not look at any longer are dropped."""

    def __init__(self) -> None:
        self._open: dict[ListedRun, Opened] = {}

    def take(self, entries: list[ListedRun]) -> list[Opened]:
        """Return runs, read anew where they have changed.

        Raises
        ------
        InputError
            One of them cannot be opened.
        """
        self._open = {entry: self._open[entry] for entry in entries if entry in self._open}
        for entry in entries:
            if entry not in self._open:
                self._open[entry] = open_run(entry)
        return [self._open[entry] for entry in entries]


def open_run(entry: ListedRun) -> Opened:
    """Return a run with the numbers it has so far.

    Raises
    ------
    InputError
        It is damaged, too large for a page, or nothing of it is finished yet.
    """
    root = entry.path.parent
    if entry.kind == "damaged":
        raise InputError(entry.problem)
    if entry.kind != "run":
        raise InputError(f"{entry.name} has no table to compare; download its report.")
    try:
        _check_size(entry)
        # Parts know of an extension that the table does not have yet.
        if entry.whole and (entry.stamp[2] >= entry.stamp[0] or not entry.finished):
            return Opened(entry, Run.open(entry.path), partial=False)
        table = partial_table(entry.path)
        if table.empty:
            raise InputError(f"No part of {entry.name} is finished yet.")
        manifest = read_json(Folder(entry.path))
        run = Run(table=table, manifest=manifest, scenario=scenario_in(entry.path),
                     directory=entry.path)  # fmt: skip
        return Opened(entry, run, partial=not entry.whole)
    except InputError as error:
        raise InputError(sentence_of(error, root)) from None
    except (OSError, ValueError, KeyError, TypeError, MemoryError, pyarrow.ArrowException) as error:
        raise InputError(
            f"{entry.name} cannot be read ({type(error).__name__}); run the scenario into the "
            "same folder again to restore it."
        ) from None


def _check_size(entry: ListedRun) -> None:
    if entry.whole:
        require_file(entry.path / "results.parquet")
        declared = pq.read_metadata(entry.path / "results.parquet")
        size = declared.num_rows * declared.num_columns * BYTES
    else:
        size = sum(part.stat().st_size for part in (entry.path / "parts").glob("*.parquet"))
    if size > LARGEST:
        raise InputError(
            f"{entry.name} holds {size / 1e9:,.1f} GB of numbers, more than a page takes "
            f"({LARGEST / 1e9:g} GB); open it with sociophysics.Run.open in Python."
        )
