"""Values that carry the users' names are put in the users' order, or refused; never by position."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.errors import InputError

__all__ = ["by_label", "is_default_index", "labelled_matrix"]

SHOWN = 60  # characters of a name in a sentence


def by_label(values: Any, labels: Sequence[Any] | pd.Index, what: str, *, axis: int = 0) -> Any:
    """Return a pandas object with one axis in the order of ``labels``; anything else as it is.

    An axis that holds the labels is sorted into their order. One that is just numbered 0..n-1, as
    pandas does where no names are given, is taken by position.

    Parameters
    ----------
    values : object
        Series or DataFrame, or an array, list, ... that has no names.
    labels : sequence or Index
        Names of the users, in the order wanted.
    what : str
        What the values are, for messages.
    axis : int
        Axis that the users are along.

    Raises
    ------
    InputError
        An axis that is neither the labels nor 0..n-1, or that could be both.

    Examples
    --------
    >>> by_label(pd.Series({"bob": 2.0, "ann": 1.0}), ("ann", "bob"), "h").tolist()
    [1.0, 2.0]
    >>> by_label(pd.Series([5, 6]), ("ann", "bob"), "h").tolist()
    [5, 6]
    """
    if not isinstance(values, pd.Series | pd.DataFrame):
        return values
    index = values.index if axis == 0 else values.columns
    if len(index) != len(labels):
        return values  # a wrong length has a sentence of its own
    wanted = labels if isinstance(labels, pd.Index) else pd.Index(labels, tupleize_cols=False)
    given = pd.Index(index.to_list(), tupleize_cols=False)
    if given.equals(wanted):
        return values
    numbered = is_default_index(index)
    order = _order(given.tolist(), wanted.tolist())
    if numbered and order is not None:
        raise InputError(
            f"{what} is numbered 0 to {len(index) - 1}, which are also the users' labels in "
            "another order; index it by the labels, as with set_axis(labels), if it follows theirs."
        )
    if numbered:
        return values
    if order is None:
        raise InputError(
            f"{what} is indexed by {_some(given.tolist())}, but the users are "
            f"{_some(wanted.tolist())}; index it by the labels (each once), or by 0 to n - 1 for "
            "the users' own order."
        )
    return values.iloc[order] if axis == 0 else values.iloc[:, order]


def labelled_matrix(
    J: pd.DataFrame, labels: Sequence[Any] | None
) -> tuple[pd.DataFrame, Sequence[Any] | None]:
    """Return a matrix of users by users with both axes in one order, and the users' labels.

    Raises
    ------
    InputError
        Rows and columns that do not name the same users, or others than ``labels``.

    Examples
    --------
    >>> J = pd.DataFrame([[1, 0], [0, 1]], index=["ann", "bob"], columns=["bob", "ann"])
    >>> matrix, labels = labelled_matrix(J, None)
    >>> matrix.to_numpy().tolist(), labels
    ([[0, 1], [1, 0]], ('ann', 'bob'))
    """
    if J.shape[0] != J.shape[1]:
        return J, labels  # which has a sentence of its own
    if labels is None and not (is_default_index(J.index) and is_default_index(J.columns)):
        labels = tuple(J.columns if is_default_index(J.index) else J.index)
    if labels is not None:
        J = by_label(by_label(J, labels, "the rows of J"), labels, "the columns of J", axis=1)
    return J, labels


def is_default_index(index: pd.Index) -> bool:
    """Return whether an index is 0..n-1, which says nothing about who is meant."""
    if isinstance(index, pd.RangeIndex):
        return bool(index.start == 0 and index.step == 1)
    return index.dtype.kind in "iu" and bool(np.array_equal(index, np.arange(len(index))))


def _order(given: list[Any], wanted: list[Any]) -> list[int] | None:
    """Return the place of each wanted name among the given ones, None if they are not the same."""
    place: dict[Hashable, int] = {name: k for k, name in enumerate(given)}
    if len(place) < len(given) or any(name not in place for name in wanted):
        return None
    return [place[name] for name in wanted]


def _some(names: list[Any]) -> str:
    texts = [repr(name) for name in names[:3]]
    shown = ", ".join(text if len(text) <= SHOWN else text[:SHOWN] + "..." for text in texts)
    return shown + (", ..." if len(names) > 3 else "")
