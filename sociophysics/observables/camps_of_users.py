"""Who belongs to which camp: the reading and checking that all camp measures share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.society import camps as camp_attributes
from sociophysics.society.alignment import by_label
from sociophysics.society.spins import SpinSystem

__all__ = ["camps_and_names", "camps_of", "two_sides"]


def camps_of(system: SpinSystem, camps: ArrayLike | None, measure: str) -> NDArray[np.int64]:
    """Return the camp of each user, shape (n,): 0, 1, ... in sorted order, and -1 for none.

    Camps that are left out are read from the column ``camp`` of ``system.nodes``, where only a
    blank is none. In camps that are given, None, NaN, a blank and the number -1 are none, except
    that an array which holds exactly -1 and +1 is read as two camps. Camps indexed by user, as a
    pandas Series, are put in the order of the labels.

    Parameters
    ----------
    system : SpinSystem
    camps : array, shape (n,), or None
        None: the column ``camp`` of ``system.nodes``.
    measure : str
        What messages call the asker.

    Raises
    ------
    InputError
        No camps, not one value per user, or as ``sociophysics.society.camps.camp_codes``.

    Examples
    --------
    >>> pair = SpinSystem([[0, 1], [1, 0]])
    >>> camps_of(pair, [-1, 1], "a measure"), camps_of(pair, [7, 5], "a measure")
    (array([0, 1]), array([1, 0]))
    """
    return camps_and_names(system, camps, measure)[0]


def camps_and_names(
    system: SpinSystem, camps: ArrayLike | None, measure: str
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Return the camp of each user as ``camps_of``, and what each camp is called.

    Parameters
    ----------
    system : SpinSystem
    camps : array, shape (n,), or None
        As for ``camps_of``.
    measure : str
        What messages call the asker.

    Raises
    ------
    InputError
        As ``camps_of``.

    Examples
    --------
    >>> pair = SpinSystem([[0, 1], [1, 0]])
    >>> camps_and_names(pair, ["right", "left"], "a measure")
    (array([1, 0]), ('left', 'right'))
    """
    if camps is None:
        if "camp" not in system.nodes:
            raise InputError(
                f"{measure} needs camps, and the users have no attribute 'camp'; give camps as an "
                "integer array (n,), -1 for none."
            )
        return camp_attributes.of(system)
    values = np.asarray(by_label(camps, system.labels, "camps"))
    if values.shape != (system.n,):
        raise InputError(f"camps have shape {values.shape}; allowed: ({system.n},), one per user.")
    if values.dtype.kind in "iu" and values.size and _are_codes(values):
        return values.astype(np.int64), tuple(range(int(values.max()) + 1))
    return camp_attributes.camp_codes(values)


def _are_codes(values: NDArray[Any]) -> bool:
    """Return whether integers are codes already: every number from 0 to the largest, and -1."""
    low, high = int(values.min()), int(values.max())
    if low < -1 or not 0 <= high < values.size:
        return False
    return bool(np.bincount(values[values >= 0] if low < 0 else values).all())


def two_sides(
    system: SpinSystem, camps: ArrayLike | None, measure: str, otherwise: str = ""
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the users of the first and of the second camp as masks, shape (n,) each.

    Parameters
    ----------
    system : SpinSystem
    camps : array, shape (n,), or None
        As for ``camps_of``.
    measure : str
        What messages call the asker.
    otherwise : str
        What messages advise.

    Raises
    ------
    InputError
        Other than exactly two camps; ``otherwise`` ends the sentence.

    Examples
    --------
    >>> two_sides(SpinSystem([[0, 1], [1, 0]]), [0, 1], "a measure")
    (array([ True, False]), array([False,  True]))
    """
    numbers = camps_of(system, camps, measure)
    present = np.unique(numbers[numbers >= 0])
    if present.size != 2:
        raise InputError(
            f"{measure} needs exactly two camps, but {present.size} "
            f"{'is' if present.size == 1 else 'are'} present{otherwise or '; choose two of them'}."
        )
    return numbers == present[0], numbers == present[1]
