"""Settings that act on the living society, and the link that says what was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..address import write_address
from .reading import compact
from .scenario import design_names, feed_table
from .settings import KEYS, LONGEST_ACTS, SETTINGS, SIDES

__all__ = ["LIVING", "VIEWS", "acts_between", "link_of", "same_society"]

# What an intervention can change while the run goes on.
LIVING = frozenset(
    {"temperature", "field"} | {f"{side}_{key}" for side in SIDES for key in ("feed", *KEYS)}
)
# What changes nothing in the society.
VIEWS = frozenset(
    {"pace", "upper", "lower", "measured", "settled", "run", "tab", "color", "size", "names"}
    | {"hulls"}
)

Act = tuple[dict[str, Any], list[str] | None]


def acts_between(
    before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, str]
) -> list[Act]:
    """Return the interventions that turn a society of some settings into one of others.

    Parameters
    ----------
    before, after : mapping
        Of ``SETTINGS``; only what can be changed on the way is looked at.
    names : pair of str
        What the two sides of the run are called.

    Examples
    --------
    >>> before = {name: kind.default for name, kind in SETTINGS.items()}
    >>> acts_between(before, {**before, "temperature": 2.0}, ("no feed", "engagement"))
    [({'kind': 'heat', 'temperature': 2.0}, None)]
    """
    acts: list[Act] = []
    if before["temperature"] != after["temperature"]:
        acts.append(({"kind": "heat", "temperature": after["temperature"]}, None))
    if before["field"] != after["field"] and not (before["apart"] or after["apart"]):
        acts.append(({"kind": "tilt", "field": after["field"]}, None))
    for side, name in zip(SIDES, names, strict=True):
        feed = feed_table(after, side)
        if feed != feed_table(before, side):
            acts.append(({"kind": "feed", "feed": feed}, [name]))
    return acts


def same_society(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two settings differ at most in what acts while a run goes on.

    Examples
    --------
    >>> one = {name: kind.default for name, kind in SETTINGS.items()}
    >>> same_society(one, {**one, "temperature": 2.0}), same_society(one, {**one, "n": 60})
    (True, False)
    """
    # One tilt of all users cannot say two pushes.
    free = LIVING - ({"field"} if one["apart"] or other["apart"] else set()) | VIEWS
    return all(one[name] == other[name] for name in SETTINGS if name not in free)


def link_of(
    begun: Mapping[str, Any], values: Mapping[str, Any], designs: list[Mapping[str, Any]]
) -> str:
    """Return the query string that repeats a run: as it began, with all that was done since.

    Parameters
    ----------
    begun : mapping
        The settings as the run began.
    values : mapping
        The settings now; how the page is looked at is taken from them.
    designs : list of mapping
        Of the run's scenario, with their interventions; "" is returned where these are too many.
    """
    views = {name: values[name] for name in VIEWS}
    acts = [
        {**act, "side": side}
        for side, name in zip(SIDES, design_names(begun), strict=True)
        for design in designs
        if design["name"] == name
        for act in design.get("interventions") or ()
    ]
    text = compact(acts)
    if len(text) > LONGEST_ACTS:
        return ""
    return write_address(SETTINGS, {**begun, **views, "acts": text})
