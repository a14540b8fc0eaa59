"""Camps: the groups users belong to, as codes that observables, couplings and feeds understand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from sociophysics.spins import SpinSystem

__all__ = ["assign", "camp_codes", "of"]

NONE = -1


def camp_codes(
    values: Sequence[Any] | NDArray[Any] | pd.Series,
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Return the camp of each user as a code ``0..C-1``, and the names of the camps.

    Camps are numbered in the sorted order of the values. A missing value (None, NaN) or the number
    -1 means no camp and has code -1, except that values which are exactly -1 and +1 are two
    camps: -1 is camp 0 and +1 is camp 1.

    Parameters
    ----------
    values : sequence of length n
        One attribute value per user: numbers, texts or truth values.

    Returns
    -------
    codes : int array, shape (n,)
    names : tuple of length C
        The attribute value of each camp.

    Raises
    ------
    InputError
        Values that have no common order, such as numbers and texts.

    Examples
    --------
    >>> camp_codes(["right", "left", None, "right"])
    (array([ 1,  0, -1,  1]), ('left', 'right'))
    >>> camp_codes([-1, 1, 1])
    (array([0, 1, 1]), (-1, 1))
    >>> camp_codes([-1, 0, 1])
    (array([-1,  0,  1]), (0, 1))
    """
    listed = values.tolist() if isinstance(values, np.ndarray | pd.Series) else list(values)
    try:
        present = {value for value in listed if not _missing(value)}
        if present != {-1, 1}:
            present.discard(NONE)
        names = tuple(sorted(present))
    except TypeError:
        raise InputError(
            "the camp attribute mixes values that have no common order (numbers and texts, or "
            "lists); give every user one number or one text."
        ) from None
    code = {name: c for c, name in enumerate(names)}
    codes = [NONE if _missing(value) else code.get(value, NONE) for value in listed]
    return np.array(codes, dtype=np.int64), names


def of(system: SpinSystem, attribute: str = "camp") -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Return ``camp_codes`` of a node attribute of ``system``.

    Raises
    ------
    InputError
        No user has the attribute.

    Examples
    --------
    >>> import sociophysics.networks as networks, sociophysics.couplings as couplings
    >>> system = couplings.uniform(networks.load("karate"))
    >>> codes, names = of(system, "club")
    >>> names, codes[:3]
    (('Mr. Hi', 'Officer'), array([0, 0, 0]))
    """
    if attribute not in system.nodes.columns:
        columns = [str(name) for name in system.nodes.columns]
        none = "users have no attributes here: give a node table, or use nothing that needs camps."
        hint = did_you_mean(attribute, columns) if columns else none
        raise InputError(f"no user has the camp attribute {attribute!r}; {hint}")
    return camp_codes(system.nodes[attribute])


def assign(system: SpinSystem, attribute: str = "camp") -> tuple[SpinSystem, tuple[Any, ...]]:
    """Return a copy of ``system`` whose column ``nodes["camp"]`` holds the codes, and the names.

    Raises
    ------
    InputError
        No user has the attribute.

    Examples
    --------
    >>> import sociophysics.networks as networks, sociophysics.couplings as couplings
    >>> system, names = assign(couplings.uniform(networks.load("karate")), "club")
    >>> system.nodes["camp"].value_counts().to_list()
    [17, 17]
    """
    codes, names = of(system, attribute)
    nodes = system.nodes.assign(camp=codes)
    return type(system)(system.J, system.h, system.labels, nodes), names


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value
