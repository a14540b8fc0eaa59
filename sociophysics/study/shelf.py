"""Finished parts in memory, in a few large arrays whatever their number, and a run's tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sociophysics.scenario import Scenario
from sociophysics.study.blocks import Part
from sociophysics.study.parts import Columns, PartColumns, PartData

__all__ = ["Listing", "Shelf", "join_events", "join_tables", "listing"]

Scalar = bool | int | float | str
TOGETHER = 1024  # parts whose rows become one array: a table of its own costs 10 kB


class Shelf(MutableMapping[str, PartData]):
    """The data of parts by name: what they hold, without a table for each.

    Examples
    --------
    >>> shelf = Shelf()
    >>> shelf["a"] = PartData(pd.DataFrame({"replica": [0, 0], "sweep": [0, 1]}), [])
    >>> len(shelf), shelf["a"].table["sweep"].tolist()
    (1, [0, 1])
    """

    def __init__(self) -> None:
        self._arrays: list[Columns] = []
        self._places: dict[str, tuple[int, int, int]] = {}  # array, first and last row
        self._events: dict[str, list[dict[str, Any]]] = {}
        self._new: dict[str, Columns] = {}

    def __len__(self) -> int:
        return len(self._places) + len(self._new)

    def __iter__(self) -> Iterator[str]:
        yield from (*self._places, *self._new)

    def __contains__(self, name: object) -> bool:
        return name in self._places or name in self._new

    def __getitem__(self, name: str) -> PartData:
        if name in self._new:
            return PartData(pd.DataFrame(self._new[name]), self.events(name))
        which, first, last = self._places[name]
        rows = {key: column[first:last] for key, column in self._arrays[which].items()}
        return PartData(pd.DataFrame(rows), self.events(name))

    def __setitem__(self, name: str, data: PartData) -> None:
        columns = {key: data.table[key].to_numpy() for key in data.table.columns}
        self.put(name, PartColumns(columns, data.events))

    def put(self, name: str, data: PartColumns) -> None:
        """Take in a part as it is read."""
        self._places.pop(name, None)
        self._new[name] = data.columns
        self._keep_events(name, data.events)
        if len(self._new) >= TOGETHER:
            self._settle()

    def __delitem__(self, name: str) -> None:
        if self._new.pop(name, None) is None:
            del self._places[name]
        self._events.pop(name, None)

    def add(
        self,
        names: Sequence[str],
        lengths: Sequence[int],
        columns: Columns,
        events: Sequence[list[dict[str, Any]]],
    ) -> None:
        """Take in parts whose rows follow each other in one array per column."""
        ends = np.cumsum(lengths).tolist()
        for name, length, end, own in zip(names, lengths, ends, events, strict=True):
            self._new.pop(name, None)
            self._places[name] = (len(self._arrays), end - length, end)
            self._keep_events(name, own)
        self._arrays.append(columns)

    def _keep_events(self, name: str, events: list[dict[str, Any]]) -> None:
        self._events.pop(name, None)
        if events:
            self._events[name] = events

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return what acted in a part."""
        return self._events.get(name, [])

    def rows(self, name: str) -> int:
        """Return the number of rows of a part."""
        if name in self._new:
            return self._length(self._new[name])
        _, first, last = self._places[name]
        return last - first

    @staticmethod
    def _length(columns: Columns) -> int:
        return len(next(iter(columns.values())))

    def _settle(self) -> None:
        """Put the tables of new parts together."""
        if not self._new:
            return
        tables, self._new = self._new, {}
        names = list(tables)
        lengths = [self._length(table) for table in tables.values()]
        joined = {
            column: np.concatenate([table[column] for table in tables.values()])
            for column in next(iter(tables.values()))
        }
        self.add(names, lengths, joined, [self.events(name) for name in names])

    def joined(self, names: Sequence[str]) -> Columns:
        """Return the columns of some parts, one after the other in the order of the names."""
        self._settle()
        stretches = self._stretches(names)
        keys = list(self._arrays[stretches[0][0]])
        return {
            key: np.concatenate([self._arrays[which][key][a:b] for which, a, b in stretches])
            for key in keys
        }

    def _stretches(self, names: Sequence[str]) -> list[tuple[int, int, int]]:
        """Return where the rows of parts lie, as few stretches of an array as there are."""
        found: list[tuple[int, int, int]] = []
        here, first, last = self._places[names[0]]
        for name in names[1:]:
            which, start, end = self._places[name]
            if which != here or start != last:
                found.append((here, first, last))
                here, first = which, start
            last = end
        found.append((here, first, last))
        return found


class Listing(NamedTuple):
    """What tables say of parts, column by column: without their settings."""

    names: list[str]
    replicas: list[tuple[int, ...]]
    keys: dict[str, list[Scalar]]  # design and swept keys


def listing(scenario: Scenario, parts: Sequence[Part]) -> Listing:
    """Return what tables say of parts, so that these can go before there are tables."""
    keys: dict[str, list[Scalar]] = {"design": [part.design for part in parts]}
    keys |= {key: [part.point[key] for part in parts] for key in scenario.sweep.axes}
    return Listing([part.name for part in parts], [part.replicas for part in parts], keys)


def join_tables(scenario: Scenario, parts: Sequence[Part] | Listing, data: Shelf) -> pd.DataFrame:
    """Return the table of a run: design, swept keys, replica, sweep, observables.

    Rows are in the order of the file's designs, then of the swept values, replicas, sweeps.
    """
    listed = parts if isinstance(parts, Listing) else listing(scenario, parts)
    # Without a copy: of millions of rows there is the shelf's and this one, and no third.
    table = pd.DataFrame(data.joined(listed.names), copy=False)
    for place, (name, column) in enumerate(_keys(scenario, listed, data).items()):
        table.insert(place, name, column)
    return table


def _keys(scenario: Scenario, listed: Listing, data: Shelf) -> dict[str, pd.Series]:
    lengths = [data.rows(name) for name in listed.names]
    columns = {"design": pd.Series(listed.keys["design"], dtype="str")}
    for key, values in scenario.sweep.axes.items():
        kind = "str" if isinstance(values[0], str) else type(values[0]).__name__
        dtype = {"int": "int64", "float": "float64"}.get(kind, kind)
        columns[key] = pd.Series(listed.keys[key], dtype=dtype)
    return {name: each.repeat(lengths).reset_index(drop=True) for name, each in columns.items()}


def join_events(scenario: Scenario, parts: Sequence[Part] | Listing, data: Shelf) -> pd.DataFrame:
    """Return what acted when: design, swept keys, replica, sweep, event, and details as JSON."""
    listed = parts if isinstance(parts, Listing) else listing(scenario, parts)
    told = ("replica", "sweep", "event", "details")
    columns: dict[str, list[Any]] = {name: [] for name in (*listed.keys, *told)}
    same: dict[tuple[tuple[int, ...], int], list[tuple[Any, ...]]] = {}
    for place, (name, replicas) in enumerate(zip(listed.names, listed.replicas, strict=True)):
        events = data.events(name)
        if not events:
            continue
        # The shelf keeps equal events once: one list has one answer.
        rows = same.get((replicas, id(events)))
        if rows is None:
            same[replicas, id(events)] = rows = _events(replicas, events)
        for key, values in listed.keys.items():
            columns[key] += [values[place]] * len(rows)
        for key, column in zip(told, zip(*rows, strict=True), strict=False):
            columns[key] += column
    if not columns["event"]:
        return pd.DataFrame([], columns=list(columns))
    return pd.DataFrame(columns)


def _events(
    replicas: Sequence[int], events: Sequence[Mapping[str, Any]]
) -> list[tuple[int, int, str, str]]:
    """Return one row per event and replica, whichever way the replicas were grouped."""
    rows: dict[tuple[int, int, str, str], None] = {}
    for event in events:
        rest = {k: v for k, v in event.items() if k not in ("replica", "sweep", "kind")}
        details = json.dumps(rest, sort_keys=True, default=np.generic.item)
        replica = event["replica"]
        for each in replicas if replica is None else (int(replica),):
            rows[each, int(event["sweep"]), str(event["kind"]), details] = None
    # Stable: events of one sweep stay in the order in which they acted.
    return sorted(rows, key=lambda row: row[:2])
