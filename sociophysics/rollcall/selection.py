"""Which roll calls and members are kept, and the sentence that says what was dropped.

Each function returns a mask, or a pair of masks, with the note for the votes' record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.words import number_of

__all__ = ["chamber", "contested", "dated", "matching", "present"]

Mask = NDArray[np.bool_]


def minority_share(matrix: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the share of the smaller side of each roll call, shape (roll calls,).

    Examples
    --------
    >>> minority_share(np.array([[1, -1, 1, 1], [1, 0, 0, 0]], np.int8))
    array([0.25, 0.  ])
    """
    yea, cast = (matrix > 0).sum(axis=1), (matrix != 0).sum(axis=1)
    share: NDArray[np.float64] = np.minimum(yea, cast - yea) / np.maximum(cast, 1)
    return share


def contested(matrix: NDArray[np.int8], minority: float) -> tuple[Mask, str]:
    """Mark the roll calls whose minority share is at least ``minority`` and above zero."""
    if not 0 <= minority <= 0.5:
        raise InputError(f"minority is {minority}; a share from 0 to 0.5 is allowed.")
    share = minority_share(matrix)
    # the tolerance keeps a minority of exactly 1 in 40 at 0.025
    keep = (share >= minority - 1e-12) & (share > 0)
    if not keep.any():
        raise InputError(
            f"none of the {len(matrix)} roll calls has a minority of at least {minority:.1%} (the "
            f"largest is {share.max():.1%}); unanimous votes say nothing about who agrees with "
            "whom: lower minority or add roll calls."
        )
    dropped = int((~keep).sum())
    note = f"{dropped} of {len(matrix)} roll calls dropped: minority below {minority:.1%}"
    return keep, note if dropped else ""


def present(matrix: NDArray[np.int8], names: pd.Series[Any], minimum: float) -> tuple[Mask, str]:
    """Mark the members who voted on at least the share ``minimum`` of the roll calls."""
    if not 0 <= minimum <= 1:
        raise InputError(f"the minimum presence is {minimum}; a share from 0 to 1 is allowed.")
    share = (matrix != 0).mean(axis=0)
    keep = (share >= minimum - 1e-12) & (share > 0)
    if not keep.any():
        raise InputError(
            f"none of the {len(names)} members voted on {minimum:.0%} of the roll calls (the "
            f"most present on {share.max():.1%}); lower the minimum presence."
        )
    gone = names[~keep].astype(str)
    listed = ", ".join(gone[:8]) + (", ..." if len(gone) > 8 else "")
    note = (
        f"{len(gone)} of {len(names)} members dropped: present on less than {minimum:.0%} of the "
        f"roll calls ({listed})"
    )
    return keep, note if len(gone) else ""


def dated(rollcalls: pd.DataFrame, start: str | None, stop: str | None) -> tuple[Mask, str]:
    """Mark the roll calls dated within ``[start, stop]``; all of the last day belongs to it.

    Dates are those of the place: an offset from universal time is left out. Roll calls whose date
    cannot be read are not marked, and counted in the note.
    """
    dates = _dates(rollcalls)
    first, last = _date(start, dates.min()), _date(stop, dates.max())
    keep = ((dates >= first) & (dates <= last)).to_numpy()
    lost = int(dates.isna().sum())
    if not keep.any():
        raise InputError(
            f"no roll call is dated from {first.date()} to {last.date()}; the dates run from "
            f"{dates.min().date()} to {dates.max().date()}."
        )
    unread = f"; {lost} whose date cannot be read are left out" if lost else ""
    kept = number_of(keep.sum(), "roll call")
    return keep, f"{kept} from {first.date()} to {last.date()} kept{unread}"


def matching(rollcalls: pd.DataFrame, column: str, wanted: Sequence[Any]) -> tuple[Mask, str]:
    """Mark the roll calls whose ``column`` holds one of the wanted values."""
    values = _column(rollcalls, column, "roll calls")
    keep = values.isin(list(wanted)).to_numpy()
    listed = ", ".join(map(str, wanted))
    if not keep.any():
        there = ", ".join(str(value) for value in values.dropna().unique()[:10])
        raise InputError(f"no roll call has {column} {listed}; there are: {there}.")
    return keep, f"{number_of(keep.sum(), 'roll call')} of {column} {listed} kept"


def chamber(rollcalls: pd.DataFrame, members: pd.DataFrame, name: str) -> tuple[Mask, Mask, str]:
    """Mark the roll calls and the members of the chamber ``name``."""
    seats = _column(members, "chamber", "members").astype(str)
    floors = _column(rollcalls, "chamber", "roll calls").astype(str)
    rows, columns = (floors == name).to_numpy(), (seats == name).to_numpy()
    if not (rows.any() and columns.any()):
        raise InputError(f"no votes of chamber {name!r}; {did_you_mean(name, set(floors))}")
    return rows, columns, f"chamber {name} kept"


def _column(table: pd.DataFrame, column: str, noun: str) -> pd.Series[Any]:
    if column not in table:
        raise InputError(
            f"the table of {noun} has no column {column!r}; "
            f"{did_you_mean(column, table.columns.astype(str))}"
        )
    return table[column]


def _dates(rollcalls: pd.DataFrame) -> pd.Series[Any]:
    column = _column(rollcalls, "date", "roll calls")
    dates = column.map(_day)
    if dates.isna().all():
        raise InputError("the column date of the roll calls holds no date such as 2005-01-31.")
    return dates


def _day(value: Any) -> pd.Timestamp:
    """Return the day of a date or time as its own place counts it, NaT where it is none."""
    if isinstance(value, str):
        value = pd.to_datetime(value.strip(), errors="coerce", format="ISO8601")
    try:
        time = pd.Timestamp(value)
    except (TypeError, ValueError):
        return pd.NaT
    return time if time is pd.NaT else time.tz_localize(None).normalize()


def _date(text: str | None, default: pd.Timestamp) -> pd.Timestamp:
    if text is None:
        return default
    day = _day(text)
    if day is pd.NaT:
        raise InputError(f"{str(text)[:80]!r} is not a date; write it as 2005-01-31.")
    return day
