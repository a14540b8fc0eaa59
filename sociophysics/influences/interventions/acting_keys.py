"""The keys that interventions share: on whom, which share, until when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from sociophysics.influences.choosing import check_who
from sociophysics.kinds import in_table

__all__ = [
    "PART",
    "UNTIL",
    "WHOM",
    "HoldFor",
    "Share",
    "Until",
    "Who",
    "check_end",
    "check_users_and_end",
]


def _who(value: Any, info: ValidationInfo) -> str | tuple[Any, ...]:
    if isinstance(value, str) and value:
        check_who(value)
        return value
    users = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else None
    if users is None or not all(map(_is_label, users)) or (in_table(info) and not _plain(users)):
        raise ValueError(
            f"it is {value!r}; allowed: random, degree, camp:K with the camp's number or name K, "
            "attribute:NAME>=40, cluster, or a list of users"
        )
    twice = next((user for user, times in Counter(users).items() if times > 1), None)
    if twice is not None:
        raise ValueError(f"it names the user {twice!r} twice; list each user once")
    return users


def _is_label(user: Any) -> bool:
    return isinstance(user, Hashable) and not isinstance(user, bool)


def _plain(users: tuple[Any, ...]) -> bool:
    return len(users) > 0 and all(isinstance(user, int | str) for user in users)


def _hold(value: Any) -> int | str:
    if value == "forever" or (type(value) is int and value >= 0):
        held: int | str = value
        return held
    raise ValueError(f"it is {value!r}; allowed: a whole number of sweeps >= 0, or forever")


_USERS = {"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1}
_TIMES = [{"type": "integer", "minimum": 0}, {"const": "forever"}]
Who = Annotated[
    str | Sequence[Any],
    PlainValidator(_who),
    WithJsonSchema({"anyOf": [{"type": "string"}, _USERS]}),
]
HoldFor = Annotated[int | str, PlainValidator(_hold), WithJsonSchema({"anyOf": _TIMES})]
Until = Annotated[
    Annotated[int, Field(ge=1)] | None, WithJsonSchema({"type": "integer", "minimum": 1})
]
Share = Annotated[
    Annotated[float, Field(ge=0, le=1)] | None,
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]


WHOM = (
    "On whom it acts, everybody if left out: random, degree, camp:K, attribute:NAME>=40, cluster, "
    "or a list of users."
)
PART = "Share of the users so described, or of the clusters; all of them if left out."
UNTIL = "Ends after this sweep: what it changed goes back. Left out: it stays."


def check_users_and_end(act: Any) -> None:
    """Raise unless share goes with who, and the end comes after the beginning."""
    if not isinstance(act.who, str) and act.who is not None and act.share not in (None, 1.0):
        raise ValueError(
            f"share is {act.share}, but who is a list of users, all of whom are set; leave share "
            "out"
        )
    check_end(act)


def check_end(act: Any) -> None:
    """Raise unless the end comes after the beginning."""
    if act.until is not None and act.until <= act.at:
        raise ValueError(f"until is {act.until}; it must be above at, which is {act.at}")
