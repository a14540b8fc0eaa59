"""Camps: the groups users belong to, as codes that observables, couplings and feeds understand.

Camps are numbered 0, 1, ... in the sorted order of their values, everywhere. Whoever has no value
(None, NaN, a blank or NA) belongs to none and has code -1. In an array given in Python the number
-1 means none as well; in a table of users, or a file, it is a value like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks, renamed
from sociophysics.errors import InputError, did_you_mean
from sociophysics.society.alignment import by_label
from sociophysics.society.missing import present

if TYPE_CHECKING:
    from sociophysics.society.spins import SpinSystem

__all__ = [
    "assign",
    "by_name",
    "camp_codes",
    "camps_and_names",
    "camps_of",
    "number",
    "of",
    "two_sides",
]

NONE = -1
BY_CAMP = "camp:"
SHOWN = 20  # camps that a sentence lists


def camp_codes(
    values: Sequence[Any] | NDArray[Any] | pd.Series, *, none: int | None = NONE
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Return the camp of each user as a code ``0..C-1``, and the names of the camps.

    Camps are numbered in the sorted order of the values, texts without the blanks around them. A
    value that is missing (None, NaN, blank or NA) or the number ``none`` means no camp and has
    code -1, except that numbers which are exactly -1 and +1 are two camps.

    Parameters
    ----------
    values : sequence of length n
        One attribute value per user: numbers, texts or truth values.
    none : int or None
        Number that means no camp; None: no number does, as in a table of users.

    Returns
    -------
    codes : int array, shape (n,)
    names : tuple of length C
        The attribute value of each camp.

    Raises
    ------
    InputError
        Values that have no common order, such as numbers and texts, the text "-1", or infinity.

    Examples
    --------
    >>> camp_codes(["right", "left", None, "right "])
    (array([ 1,  0, -1,  1]), ('left', 'right'))
    >>> camp_codes([-1, 1, 1])
    (array([0, 1, 1]), (-1, 1))
    >>> camp_codes([-1, 0, 1])
    (array([-1,  0,  1]), (0, 1))
    >>> camp_codes([-1, 0, 1], none=None)
    (array([0, 1, 2]), (-1, 0, 1))
    """
    if isinstance(values, np.ndarray | pd.Series) and isinstance(values.dtype, np.dtype):
        array = np.asarray(values)
        if array.dtype.kind in "iub" and array.ndim == 1:
            return _whole_codes(array, none)
    listed = values.tolist() if isinstance(values, np.ndarray | pd.Series) else values
    given = [present(value) for value in listed]
    _refuse_minus_one(given)
    if any(isinstance(value, float | np.floating) and np.isinf(value) for value in given):
        raise InputError(
            "the camp attribute holds an infinite number, which names no camp; give a finite one, "
            "or leave the value blank for a user without a camp."
        )
    try:
        found = set(given) - {None}
        if none is not None and found != {-1, 1}:
            found.discard(none)
        names = tuple(sorted(found))
        if all(isinstance(name, float) and name.is_integer() for name in names):
            # A blank makes a column of whole numbers one of floats; camp 0.0 is still camp 0.
            names = tuple(int(name) for name in names)
    except TypeError:
        raise InputError(
            "the camp attribute mixes values that have no common order (numbers and texts, or "
            "lists); give every user one number or one text."
        ) from None
    code = {name: c for c, name in enumerate(names)}
    return np.array([code.get(value, NONE) for value in given], dtype=np.int64), names


def _whole_codes(
    values: NDArray[Any], none: int | None
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    found, places = np.unique(values, return_inverse=True)
    codes = places.astype(np.int64)
    names = found.tolist()
    if none in names and names != [-1, 1]:
        missing = names.index(none)
        names.pop(missing)
        codes = np.where(codes == missing, NONE, codes - (codes > missing))
    return codes, tuple(names)


def _refuse_minus_one(values: Sequence[Any]) -> None:
    """Refuse the text "-1", which might be a camp or mean that there is none."""
    for text in {value for value in values if isinstance(value, str)}:
        if text.replace("\N{MINUS SIGN}", "-") in ("-1", "-1.0", "-1."):
            raise InputError(
                f"the camp attribute holds the text {text!r} among texts, which may mean a camp or "
                "none; leave the value blank for a user without a camp, or give the camp a name "
                "that is no number."
            )


class Camps(NamedTuple):
    """The camp of each user (n,), -1 for none, and the attribute's value of each camp."""

    codes: NDArray[np.int64]
    names: tuple[Any, ...]


class Assigned(NamedTuple):
    """A system whose users have their camps, and the attribute's value of each camp."""

    system: SpinSystem
    names: tuple[Any, ...]


@renamed(attribute="camp")
@asks
def of(system: SpinSystem, camp: str = "camp") -> Camps:
    """Return ``camp_codes`` of a node attribute of ``system``; only blanks mean no camp.

    Parameters
    ----------
    system : SpinSystem
    camp : str
        Name of the node attribute; one camp per value, numbered in sorted order.

    Raises
    ------
    InputError
        No user has the attribute, or as ``camp_codes``.

    Examples
    --------
    >>> from sociophysics.society import couplings, networks
    >>> system = couplings.uniform(networks.load("karate"))
    >>> codes, names = of(system, "club")
    >>> names, codes[:3]
    (('Mr. Hi', 'Officer'), array([0, 0, 0]))
    """
    if camp not in system.nodes.columns:
        columns = [str(name) for name in system.nodes.columns]
        none = "users have no attributes here: give a node table, or use nothing that needs camps."
        hint = did_you_mean(camp, columns) if columns else none
        raise InputError(f"no user has the camp attribute {camp!r}; {hint}")
    column = system.nodes[camp]
    try:
        codes, names = camp_codes(column, none=None)
    except InputError as error:
        sentence = str(error).replace("the camp attribute", f"the camp attribute {camp!r}", 1)
        raise InputError(sentence) from None
    if column.dtype.kind == "f" and (codes < 0).any() and all(float(x).is_integer() for x in names):
        names = tuple(map(int, names))  # whole numbers, until a gap made floats of them
    return Camps(codes, names)


@renamed(attribute="camp")
@asks
def assign(system: SpinSystem, camp: str = "camp") -> Assigned:
    """Return a copy of ``system`` whose column ``nodes["camp"]`` holds the codes, and the names.

    Users without a camp have no value there.

    Parameters
    ----------
    system : SpinSystem
    camp : str
        Name of the node attribute; one camp per value, numbered in sorted order.

    Raises
    ------
    InputError
        No user has the attribute.

    Examples
    --------
    >>> from sociophysics.society import couplings, networks
    >>> system, names = assign(couplings.uniform(networks.load("karate")), "club")
    >>> system.nodes["camp"].value_counts().to_list()
    [17, 17]
    """
    codes, names = of(system, camp)
    column = pd.Series(codes, system.nodes.index)
    if (codes < 0).any():
        column = column.astype("Int64").mask(codes < 0)
    nodes = system.nodes.assign(camp=column)
    return Assigned(type(system)(system.J, system.h, system.labels, nodes), names)


def number(who: Any, names: Sequence[Any]) -> Any:
    """Return ``"camp:NAME"`` as ``"camp:K"`` with the camp's number, anything else as it is.

    A name in quotes is a name even if it looks like a number.

    Parameters
    ----------
    who : object
        As an intervention has it.
    names : sequence
        Names of the camps in the order of their numbers.

    Raises
    ------
    InputError
        No camp of that name or number, or a word that is the number of one camp and the name of
        another.

    Examples
    --------
    >>> number("camp:right", ("left", "right")), number("camp:0", ("left", "right"))
    ('camp:1', 'camp:0')
    >>> number("camp:'5'", (5, 9)), number("random", (5, 9))
    ('camp:0', 'random')
    """
    if not isinstance(who, str) or not who.startswith(BY_CAMP) or not names:
        return who
    word = who[len(BY_CAMP) :].strip()
    quoted = len(word) > 2 and word[0] == word[-1] and word[0] in "'\""
    spelled = {_spelled(name): c for c, name in enumerate(names)}
    named = spelled.get(word[1:-1] if quoted else word)
    whole = word.isascii() and word.isdigit() and len(word) < 10
    numbered = int(word) if whole and int(word) < len(names) else None
    if named is None and numbered is None:
        each = list(spelled.items())[:SHOWN]
        listed = ", ".join(
            f"camp:{name}" if name == f"{c}" else f"camp:{name} (camp:{c})" for name, c in each
        )
        raise InputError(f"who is {who!r}, but no user is in that camp; allowed: {listed}.")
    if None not in (named, numbered) and named != numbered:
        raise InputError(
            f"who is {who!r}, the number of the camp {_spelled(names[numbered or 0])} and the name "
            f"of camp number {named}; write camp:'{_spelled(names[numbered or 0])}' or "
            f"camp:'{word}' for the camp of that name."
        )
    return f"{BY_CAMP}{numbered if named is None else named}"


def by_name(
    values: Mapping[str, Any] | Sequence[Any], names: Sequence[Any], what: str
) -> list[Any]:
    """Return values of camps in the order of the camps' numbers: as given, or by their names.

    Parameters
    ----------
    values : mapping or sequence
        One value per camp.
    names : sequence
        Names of the camps in the order of their numbers.
    what : str
        What the values are, for the error.

    Raises
    ------
    InputError
        A camp that there is none of, or one without a value.

    Examples
    --------
    >>> by_name({"right": 2, "left": 1}, ("left", "right"), "values")
    [1, 2]
    """
    if not isinstance(values, Mapping):
        return list(values)
    spelled = [_spelled(name) for name in names]
    for name in values:
        if name not in spelled:
            hint = did_you_mean(name, spelled[:SHOWN])
            raise InputError(f"{what} names the camp {name!r}, but no user is in it; {hint}")
    for name in spelled:
        if name not in values:
            raise InputError(f"{what} has no value for the camp {name!r}; give one per camp.")
    return [values[name] for name in spelled]


def _spelled(name: Any) -> str:
    whole = isinstance(name, float) and name.is_integer()
    return str(int(name)) if whole else str(name)


@asks
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
    >>> from sociophysics.society.spins import SpinSystem
    >>> pair = SpinSystem([[0, 1], [1, 0]])
    >>> camps_of(pair, [-1, 1], "a measure"), camps_of(pair, [7, 5], "a measure")
    (array([0, 1]), array([1, 0]))
    """
    return camps_and_names(system, camps, measure)[0]


@asks
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
    >>> from sociophysics.society.spins import SpinSystem
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
        return of(system)
    values = np.asarray(by_label(camps, system.labels, "camps"))
    if values.shape != (system.n,):
        raise InputError(f"camps have shape {values.shape}; allowed: ({system.n},), one per user.")
    if values.dtype.kind in "iu" and values.size and _are_codes(values):
        return values.astype(np.int64), tuple(range(int(values.max()) + 1))
    return camp_codes(values)


def _are_codes(values: NDArray[Any]) -> bool:
    """Return whether integers are codes already: every number from 0 to the largest, and -1."""
    low, high = int(values.min()), int(values.max())
    if low < -1 or not 0 <= high < values.size:
        return False
    return bool(np.bincount(values[values >= 0] if low < 0 else values).all())


@asks
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
    >>> from sociophysics.society.spins import SpinSystem
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
