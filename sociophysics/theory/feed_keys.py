"""The keys of each kind of feed and their defaults, as the theory reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sociophysics.errors import InputError, did_you_mean

__all__ = ["KINDS", "POOLS", "feed_keys"]

POOLS = ("followed", "all", "camp", "followed_camp", "mix", "bridge")
POOLED: dict[str, Any] = {
    "strength": 0.5,
    "slots": None,
    "pool": "followed",
    "alpha": 0.0,
    "gamma": 0.0,
    "weight": "coupling",
    "epsilon": 0.3,
    "scope": "all",
}
KINDS: dict[str, dict[str, Any]] = {
    "none": {},
    "chronological": POOLED,
    "random": {**POOLED, "pool": "all"},
    "trending": {"strength": 0.5},
    "popularity": {**POOLED, "alpha": 1.0},
    "personalized": {**POOLED, "gamma": 1.0},
    "engagement": {**POOLED, "alpha": 1.0, "gamma": 1.0},
    "in_group": {**POOLED, "pool": "camp"},
    "self_echo": {"strength": 0.5},
    "memory": {"strength": 0.5, "tau": 10.0},
    "diversity": {**POOLED, "pool": "mix"},
    "bridging": {**POOLED, "pool": "bridge"},
    "counter": {"strength": 0.5},
    "outrage": {"strength": 0.5, "scope": "all", "weight": "coupling"},
    "editorial": {"strength": 0.5},
    "amplifier": {"strength": 0.5},
    "animosity": {"delta": 0.5},
}
CHOICES = {"pool": POOLS, "weight": ("coupling", "uniform"), "scope": ("all", "followed")}
RANGES = {
    "alpha": (np.nextafter(-1.0, 0.0), np.inf),
    "epsilon": (0.0, 1.0),
    "slots": (1, np.inf),
    "tau": (1.0, np.inf),
}


def feed_keys(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every key of a feed kind, defaults filled in.

    Raises
    ------
    InputError
        An unknown kind, a key that the kind does not have, or a value that is not allowed.

    Examples
    --------
    >>> feed_keys("memory", {"tau": 5})
    {'strength': 0.5, 'tau': 5}
    """
    if kind not in KINDS:
        raise InputError(f"{kind!r} is not a kind of feed; {did_you_mean(kind, KINDS)}")
    for name in given:
        if name not in KINDS[kind]:
            raise InputError(
                f"{name} is not a key of feed kind {kind!r}; {did_you_mean(name, KINDS[kind])}"
            )
    keys = {**KINDS[kind], **given}
    for name, value in keys.items():
        if name in CHOICES and value not in CHOICES[name]:
            raise InputError(f"feed.{name} is {value!r}; {did_you_mean(value, CHOICES[name])}")
        if name in RANGES and value is not None and not RANGES[name][0] <= value <= RANGES[name][1]:
            low, high = RANGES[name]
            raise InputError(f"feed.{name} is {value}; allowed: {low} to {high}.")
    return keys
