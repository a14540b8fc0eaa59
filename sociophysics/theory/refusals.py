"""What the oracles refuse, each in one sentence."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.society.alignment import by_label
from sociophysics.society.spins import SpinSystem

__all__ = ["check_field", "check_positive", "check_size", "check_symmetric", "check_temperature"]


def check_temperature(temperature: float) -> float:
    """Return ``temperature`` as a float; 0 and infinity are legal.

    Raises
    ------
    InputError
        A temperature that is negative or not a number.

    Examples
    --------
    >>> check_temperature(2)
    2.0
    """
    if not isinstance(temperature, int | float | np.integer | np.floating) or not temperature >= 0:
        raise InputError(f"temperature is {temperature!r}; it must be a number >= 0.")
    return float(temperature)


def check_positive(temperature: float, *, what: str) -> float:
    """Return ``temperature`` as a float if it is > 0, which ``what`` needs.

    Parameters
    ----------
    temperature : float
    what : str
        What needs it, as the sentence begins.

    Raises
    ------
    InputError
        A temperature that is not above 0.

    Examples
    --------
    >>> check_positive(0, what="belief propagation")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: temperature is 0.0; belief propagation needs one > 0.
    """
    value = check_temperature(temperature)
    if value == 0:
        raise InputError(f"temperature is {value}; {what} needs one > 0.")
    return value


def check_size(system: SpinSystem, *, most: int, what: str) -> None:
    """Raise if ``system`` has too many users for an exact method.

    Parameters
    ----------
    system : SpinSystem
    most : int
        Largest number of users.
    what : str
        The method.

    Raises
    ------
    InputError
        More users.

    Examples
    --------
    >>> check_size(SpinSystem([[0, 1], [1, 0]]), most=20, what="enumeration")
    """
    if system.n > most:
        raise InputError(
            f"the system has {system.n} users; {what} is exact and allows at most {most}: "
            "use a smaller system, or belief propagation."
        )


def check_symmetric(system: SpinSystem, *, what: str) -> None:
    """Raise if ``system`` is directed, so that it has no energy.

    Parameters
    ----------
    system : SpinSystem
    what : str
        What needs an energy.

    Raises
    ------
    InputError
        Directed couplings.

    Examples
    --------
    >>> check_symmetric(SpinSystem([[0, 1], [1, 0]]), what="enumeration")
    """
    if not system.is_symmetric:
        raise InputError(
            f"the couplings are directed (J_ij != J_ji); {what} needs an energy, so symmetric "
            "couplings: use an undirected network."
        )


def check_field(
    field: ArrayLike | None, n: int, *, name: str, labels: pd.Index | None = None
) -> NDArray[np.float64]:
    """Return a finite field of shape (n,); None is zero and a number acts on everyone.

    A pandas Series is put in the order of ``labels``, if they are given.

    Parameters
    ----------
    field : float, array of shape (n,), or None
    n : int
        Number of users.
    name : str
        What messages call it.
    labels : Index, optional
        The users' names, in whose order a Series is put.

    Raises
    ------
    InputError
        Another shape, others than the labels, or a value that is not finite.

    Examples
    --------
    >>> check_field(0.5, 2, name="phi")
    array([0.5, 0.5])
    """
    if labels is not None:
        field = by_label(field, labels, name)
    values = np.zeros(n) if field is None else np.asarray(field, dtype=float)
    if values.shape not in ((), (n,)):
        raise InputError(f"{name} has shape {values.shape}; allowed: a number or ({n},).")
    bad = values[~np.isfinite(values)] if values.ndim else values[()]
    if not np.isfinite(values).all():
        raise InputError(f"{name} holds {float(np.ravel(bad)[0])}; every value must be finite.")
    return np.array(np.broadcast_to(values, (n,)))


def inverse(temperature: float) -> float:
    """Return ``1 / T``, zero at infinite temperature.

    Examples
    --------
    >>> inverse(math.inf)
    0.0
    """
    return 0.0 if math.isinf(temperature) else 1.0 / temperature
