"""Who belongs to which camp: the reading and checking that all camp measures share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.camps import camp_codes
from sociophysics.errors import InputError
from sociophysics.spins import SpinSystem

__all__ = ["camps_of", "two_sides"]


def camps_of(system: SpinSystem, camps: ArrayLike | None, measure: str) -> NDArray[np.int64]:
    """Return the camp of each user, shape (n,): 0, 1, ... and -1 for none.

    Camps that are left out are read from ``system.nodes["camp"]``. An array that holds exactly
    the values -1 and +1 is read as two camps, -1 being camp 0 and +1 camp 1; other values than
    whole numbers are numbered in sorted order.

    Raises
    ------
    InputError
        No camps, or not one value per user.

    Examples
    --------
    >>> camps_of(SpinSystem([[0, 1], [1, 0]]), [-1, 1], "a measure")
    array([0, 1])
    """
    if camps is None:
        if "camp" not in system.nodes:
            raise InputError(
                f"{measure} needs camps, and the users have no attribute 'camp'; give camps as an "
                "integer array (n,), -1 for none."
            )
        camps = system.nodes["camp"].to_numpy()
    values = np.asarray(camps)
    if values.shape != (system.n,):
        raise InputError(f"camps have shape {values.shape}; allowed: ({system.n},), one per user.")
    if values.dtype.kind not in "iu" or values.min(initial=0) < -1:
        return camp_codes(values)[0]
    if values.size and values.min() == -1 and values.max() == 1 and not np.any(values == 0):
        return (values.astype(np.int64) + 1) // 2
    return values.astype(np.int64)


def two_sides(
    system: SpinSystem, camps: ArrayLike | None, measure: str, otherwise: str = ""
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the users of the first and of the second camp as masks, shape (n,) each.

    Raises
    ------
    InputError
        Other than exactly two camps; ``otherwise`` ends the sentence.
    """
    numbers = camps_of(system, camps, measure)
    present = np.unique(numbers[numbers >= 0])
    if present.size != 2:
        raise InputError(
            f"{measure} needs exactly two camps, but {present.size} "
            f"{'is' if present.size == 1 else 'are'} present{otherwise or '; choose two of them'}."
        )
    return numbers == present[0], numbers == present[1]
