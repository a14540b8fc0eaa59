"""The kinds of feeds that theory knows: what each is made of, and the keys it declares.

A kind's keys, their defaults and what they may hold are read from its declaration. What it does
with them is written out in :mod:`sociophysics.theory.feed_definitions`, apart from the feeds that
are judged by it, so a kind that is not written there is an error and never another feed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sociophysics.errors import InputError, did_you_mean
from sociophysics.kinds import FEEDS

__all__ = ["KINDS", "POOLS", "feed_keys"]

POOLS = ("followed", "all", "camp", "followed_camp", "mix", "bridge")
RANKED: dict[str, Any] = {
    "alpha": 0.0,
    "gamma": 0.0,
    "slots": None,
    "weight": "coupling",
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
