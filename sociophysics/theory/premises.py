"""What the oracles take: the feeds they know with the keys of each, and what they refuse.

A kind's keys, their defaults and what they may hold are read from its declaration. What it does
with them is written out in :mod:`sociophysics.theory.feed_definitions`, apart from the feeds that
are judged by it, so a kind that is not written there is an error and never another feed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.kinds import FEEDS
from sociophysics.society.alignment import by_label
from sociophysics.society.spins import SpinSystem

__all__ = [
    "KINDS",
    "POOLS",
    "check_field",
    "check_positive",
    "check_size",
    "check_symmetric",
    "check_temperature",
    "feed_keys",
]


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


POOLS = ("followed", "all", "camp", "followed_camp", "mix", "bridge")
RANKED: dict[str, Any] = {
    "alpha": 0.0,
    "gamma": 0.0,
    "slots": None,
    "weight": "coupling",
    "factor": 1.0,
    "epsilon": 0.3,
    "scope": "all",
}
# What a kind is made of besides its own keys; only rankings have a pool, a ranker and slots.
KINDS: dict[str, dict[str, Any]] = {
    "none": {},
    "chronological": {**RANKED, "pool": "followed"},
    "random": {**RANKED, "pool": "all"},
    "trending": {},
    "popularity": RANKED,
    "personalized": RANKED,
    "engagement": RANKED,
    "in_group": RANKED,
    "like_minded": {**RANKED, "pool": "followed"},
    "self_echo": {},
    "memory": {},
    "diversity": {**RANKED, "pool": "mix"},
    "bridging": {**RANKED, "pool": "bridge"},
    "counter": {},
    "outrage": {},
    "editorial": {},
    "amplifier": {},
    "animosity": {},
}


def feed_keys(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every key of a feed kind, defaults filled in, and what else it is made of.

    Parameters
    ----------
    kind : str
        A kind of feed.
    given : mapping
        The keys that are not left at their defaults.

    Raises
    ------
    InputError
        A kind without a written definition, a key that the kind does not have, or a value that is
        not allowed.

    Examples
    --------
    >>> feed_keys("memory", {"tau": 5})
    {'strength': 0.5, 'tau': 5.0}
    """
    if kind not in KINDS:
        raise InputError(
            f"{kind!r} is not a kind of feed that theory has a definition of; "
            f"{did_you_mean(kind, KINDS)}"
        )
    pool = given.get("pool", POOLS[0])
    if pool not in POOLS:
        raise InputError(f"feed.pool is {pool!r}; {did_you_mean(str(pool), POOLS)}")
    declared = FEEDS.find(kind)(**{k: v for k, v in given.items() if k != "pool"})
    keys = {key: getattr(declared, key) for key in declared.key_names()}
    if "pool" in given:
        if "pool" not in keys:
            raise InputError(f"feed.pool is not a key of kind {kind!r}; leave it out.")
        keys["pool"] = pool
    return {**KINDS[kind], **keys}
