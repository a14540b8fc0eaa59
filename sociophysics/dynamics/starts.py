"""The stances that a trajectory starts from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.society.missing import present
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["STARTS", "first_stances", "fixed_stances"]

STARTS = ("random", "up", "down", "camps")


def first_stances(
    start: str | ArrayLike,
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    seed: int,
    replicas: tuple[int, ...],
) -> NDArray[np.int8]:
    """Return the stances at sweep 0, shape (replicas, n).

    Parameters
    ----------
    start : str or array
        As for ``trajectory``: a name in ``STARTS``, a node attribute, or the stances.
    camps : int array, shape (n,), or None
    replicas : tuple of int
        Numbers of the replicas; what is random is drawn from a stream of each.

    Users to whom the start gives no stance (a blank in the attribute, no camp or a third one)
    start at random, anew in each replica; ``fixed_stances`` says who they are.

    Raises
    ------
    InputError
        An unknown name, an attribute with other values than +1 and -1 or none at all, camps that
        are missing, or stances of another shape.

    Examples
    --------
    >>> first_stances("camps", SpinSystem([[0, 1], [1, 0]]), np.array([1, 0]), 1, (0,))
    array([[-1,  1]], dtype=int8)
    """
    shape = (len(replicas), system.n)
    if not isinstance(start, str):
        given = system.check_spins(start)
        if given.ndim == 2 and given.shape[0] != shape[0]:
            raise InputError(
                f"start has {given.shape[0]} rows for {shape[0]} replicas; give one row each."
            )
        return np.broadcast_to(given, shape).copy()
    if start in ("up", "down"):
        return np.full(shape, 1 if start == "up" else -1, np.int8)
    fixed = fixed_stances(start, system, camps)
    spins = np.empty(shape, np.int8)
    for row, replica in enumerate(replicas):
        coins = 2 * generator(seed, "start", replica).integers(0, 2, system.n, dtype=np.int8) - 1
        spins[row] = np.where(fixed == 0, coins, fixed)
    return spins


def fixed_stances(
    start: str, system: SpinSystem, camps: NDArray[np.int64] | None
) -> NDArray[np.int8]:
    """Return the stances that a start by name gives, shape (n,), 0 where each replica draws one.

    Raises
    ------
    InputError
        As ``first_stances``.

    Examples
    --------
    >>> fixed_stances("camps", SpinSystem(np.zeros((3, 3))), np.array([1, -1, 0]))
    array([-1,  0,  1], dtype=int8)
    """
    fixed = np.zeros(system.n, np.int8)
    if start in ("up", "down"):
        fixed[:] = 1 if start == "up" else -1
    elif start == "camps":
        if camps is None:
            raise InputError(
                "start is 'camps', but the users have no camps; name a node attribute in [network] "
                "camp, or pass camps."
            )
        fixed[camps == 0], fixed[camps == 1] = 1, -1
    elif start != "random":
        fixed = _attribute_stances(start, system)
    return fixed


def _attribute_stances(name: str, system: SpinSystem) -> NDArray[np.int8]:
    """Return the stances that a node attribute holds, 0 where a user has none."""
    if name not in system.nodes:
        raise InputError(
            f"start is {name!r}; {did_you_mean(name, [*STARTS, *map(str, system.nodes.columns)])}"
        )
    values = pd.Series([present(value) for value in system.nodes[name].tolist()], dtype=object)
    column = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    given = values.notna().to_numpy()
    if not given.any():
        raise InputError(
            f"start is the node attribute {name!r}, in which nobody has a stance; give stances as "
            "+1 / -1, or start = 'random'."
        )
    wrong = given & ~np.isin(column, (-1.0, 1.0))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise InputError(
            f"start is the node attribute {name!r}, which holds other values than +1 and -1 "
            f"({str(values.iloc[k])[:60]!r} of the user {system.labels[k]!r}); give stances "
            "as +1 / -1, blank for a start at random, or use camps."
        )
    return np.where(given, np.nan_to_num(column), 0).astype(np.int8)
