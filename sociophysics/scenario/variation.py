"""Setting one dotted key of a scenario's tables, and listing the keys there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sociophysics.errors import InputError, did_you_mean
from sociophysics.scenario.sentences import keys_of

__all__ = [
    "SWEPT_TABLES",
    "change",
    "dotted_keys",
    "in_memory",
    "put",
    "set_key",
    "steps_to",
    "value_at",
]

SWEPT_TABLES = ("network", "couplings", "field", "dynamics", "feed", "interventions", "follow")
TOP = (
    *SWEPT_TABLES,
    "title",
    "question",
    "seed",
    "observe",
    "posterior",
    "designs",
    "sweep",
    "trial",
    "claims",
)


def _step(here: Any, step: str) -> Any:
    """Return what ``step`` leads to, or None."""
    if isinstance(here, Mapping):
        return here.get(step)
    if isinstance(here, list | tuple) and (place := _place(step, len(here))) is not None:
        return here[place]
    return None


def _place(step: str, length: int) -> int | None:
    """Return which of so many items a step names, None if none."""
    plain = step.isascii() and step.isdigit() and len(step) < 10
    return int(step) if plain and int(step) < length else None


def value_at(tables: Mapping[str, Any], key: str) -> Any:
    """Return what the dotted ``key`` holds in ``tables``, None if there is nothing.

    Examples
    --------
    >>> value_at({"interventions": [{"at": 5}]}, "interventions.0.at"), value_at({}, "feed.tau")
    (5, None)
    """
    here: Any = tables
    for step in key.split("."):
        here = _step(here, step)
    return here


def set_key(tables: dict[str, Any], key: str, value: Any) -> bool:
    """Set the dotted ``key`` in ``tables`` if its kind has it, and return whether it has.

    Examples
    --------
    >>> tables = {"feed": {"kind": "memory"}}
    >>> set_key(tables, "feed.tau", 5.0), set_key(tables, "feed.slots", 3), tables
    (True, False, {'feed': {'kind': 'memory', 'tau': 5.0}})
    """
    steps = steps_to(tables, key)
    if steps is not None:
        put(tables, steps, value)
    return steps is not None


def steps_to(tables: Mapping[str, Any], key: str) -> tuple[str | int, ...] | None:
    """Return the names and places that lead to the dotted ``key``, None if its kind has it not.

    Examples
    --------
    >>> tables = {"interventions": [{"kind": "heat", "at": 5}]}
    >>> steps_to(tables, "interventions.0.at"), steps_to(tables, "interventions.0.tau")
    (('interventions', 0, 'at'), None)
    """
    *path, last = key.split(".")
    if not path or path[0] not in SWEPT_TABLES:
        return None
    here: Any = tables
    steps: list[str | int] = []
    for step in path:
        steps.append(step if isinstance(here, Mapping) else int(step))
        here = _step(here, step)
        if here is None:
            return None
    if isinstance(here, list) and (place := _place(last, len(here))) is not None:
        return (*steps, place)
    if not isinstance(here, dict) or last not in keys_of(path, here):
        return None
    return (*steps, last)


def put(tables: dict[str, Any], steps: Sequence[str | int], value: Any) -> None:
    """Set what ``steps_to`` found."""
    here: Any = tables
    for step in steps[:-1]:
        here = here[step]
    here[steps[-1]] = value


def dotted_keys(tables: Mapping[str, Any]) -> list[str]:
    """Return the dotted keys that ``tables`` could be swept over.

    Examples
    --------
    >>> dotted_keys({"feed": {"kind": "memory"}})
    ['feed.strength', 'feed.tau']
    """
    found: list[str] = []

    def visit(path: list[str], here: Any) -> None:
        if isinstance(here, Mapping):
            for key in keys_of(path, here):
                if key != "kind" and not isinstance(here.get(key), Mapping):
                    found.append(".".join([*path, key]))
                visit([*path, key], here.get(key))
        elif isinstance(here, list):
            for index, each in enumerate(here):
                visit([*path, str(index)], each)

    for name in SWEPT_TABLES:
        visit([name], tables.get(name))
    return found


def change(tables: dict[str, Any], key: str, value: Any, *, file: str) -> None:
    """Set the dotted ``key`` of a whole scenario's ``tables``, designs and sweep included.

    As in a sweep, a key of the base is also set in every design whose own table has it.

    Raises
    ------
    InputError
        The key leads nowhere, or no design has it.
    """
    value = _python(value)
    first, _, rest = key.partition(".")
    if first == "sweep" and rest:
        tables.setdefault("sweep", {})[rest] = value
    elif first == "designs" and rest:
        design, inner = _design(tables, rest, file=file)
        change_within(design, inner, value, key=key, file=file)
    elif not rest:
        if first not in TOP:
            raise InputError(
                f"{file}: {first} is not a key of the scenario; {did_you_mean(first, TOP)}"
            )
        tables[first] = value
    else:
        own = [each for each in tables.get("designs") or () if first in each]
        reached = [set_key(each, key, value) for each in own]
        if set_key(tables, key, value) or any(reached):
            return
        if own and len(own) == len(tables["designs"]):
            known = {each for tables in own for each in dotted_keys(tables)}
            raise InputError(f"{file}: no design has {key}; {did_you_mean(key, known)}")
        change_within(tables, key, value, key=key, file=file)


def in_memory(key: str, value: Any, tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be set: tables and names for societies and functions that are in memory.

    Examples
    --------
    >>> in_memory("feed.strength", 0.5, {})
    {'feed.strength': 0.5}
    """
    plain = isinstance(value, str | int | float | bool | Mapping)
    if key == "observe.names" and not plain:
        from sociophysics.observables import as_names

        return {key: list(as_names(value))}
    if key == "network" and not plain:
        from sociophysics.scenario.given import given_tables, is_given

        if is_given(value):
            return given_tables(value, tables)
    return {key: value}


def change_within(tables: dict[str, Any], inner: str, value: Any, *, key: str, file: str) -> None:
    """Set ``inner`` in ``tables``; what the table's kind lacks is left to validation to refuse."""
    *path, last = inner.split(".")
    here: Any = tables
    for depth, step in enumerate(path):
        after = _step(here, step)
        if after is None and depth == 0 and step in (*SWEPT_TABLES, "observe"):
            after = here.setdefault(step, {})
        if not isinstance(after, dict | list):
            inside = here if isinstance(here, Mapping) else map(str, range(len(here)))
            known = TOP if depth == 0 else tuple(inside)
            raise InputError(
                f"{file}: {key} leads nowhere at {step!r}; {did_you_mean(step, known)}"
            )
        here = after
    if isinstance(here, list):
        place = _place(last, len(here))
        if place is None:
            raise InputError(f"{file}: {key} leads nowhere; allowed: 0 to {len(here) - 1}.")
        here[place] = value
    else:
        here[last] = value


def _design(tables: Mapping[str, Any], rest: str, *, file: str) -> tuple[dict[str, Any], str]:
    designs: list[dict[str, Any]] = tables.get("designs") or []
    for index, design in enumerate(designs):
        for label in (str(design.get("name")), str(index)):
            if rest.startswith(f"{label}."):
                return design, rest[len(label) + 1 :]
    names = [str(design.get("name")) for design in designs]
    raise InputError(f"{file}: designs.{rest} names no design; {did_you_mean(rest, names)}")


def _python(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_python(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _python(each) for key, each in value.items()}
    return value
