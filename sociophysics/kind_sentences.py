"""What is said of a value that a kind refuses: one sentence, the same for Python and for files."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sociophysics.errors import InputError, did_you_mean

__all__ = ["MISSING", "TAGS", "UNKNOWN_KEY", "fault", "first_fault", "refusal"]

UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
MISSING = ("missing", "missing_argument", "missing_keyword_only_argument")
# What pydantic calls the alternatives that a value has, which are no part of the file.
TAGS = ("a number", "a schedule", "a list", "a table of camps")
EXPECTED = {
    "float_type": "it must be a number",
    "int_type": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "bool_type": "it must be true or false",
    "string_type": "it must be text",
    "string_too_short": "it must not be empty",
    "tuple_type": "it must be a list",
    "finite_number": "it must be a finite number",
    "model_type": "it must be a table",
    "model_attributes_type": "it must be a table",
    "dict_type": "it must be a table",
    "too_short": "it must hold at least one entry",
    "kind_missing": "it must be one that is made by its class, or a table with a kind",
}
BOUNDS = {
    "greater_than_equal": (">=", "ge"),
    "greater_than": (">", "gt"),
    "less_than_equal": ("<=", "le"),
    "less_than": ("<", "lt"),
}


def first_fault(error: ValidationError) -> ErrorDetails:
    """Return what to say first: a misspelt key comes before the key that it leaves missing."""
    details = error.errors(include_url=False)
    return min(details, key=lambda each: each["type"] not in UNKNOWN_KEY)


def fault(error: ErrorDetails, where: str, got: object) -> str:
    """Return the sentence on a value, without its full stop where it ends in a question.

    Parameters
    ----------
    error : ErrorDetails
        pydantic's report on it.
    where : str
        Where it stands, as the user writes it.
    got : object
        The value.
    """
    kind = error["type"]
    context: dict[str, Any] = error.get("ctx") or {}
    if kind == "value_error":
        return f"{where}: {context['error']}" if where else str(context["error"])
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'|(-?\d+)", str(context["expected"]))
        return f"{where} is {got!r}; {did_you_mean(str(got), [a or b for a, b in names])}"
    if kind in BOUNDS:
        sign, bound = BOUNDS[kind]
        end = context[bound]
        told = f"{end:,}" if isinstance(end, int) else f"{end:g}"
        return f"{where} is {got!r}; it must be {sign} {told}"
    return f"{where} is {got!r}; {EXPECTED.get(kind, error['msg'])}"


def refusal(
    error: ValidationError, cls: type[Any], args: tuple[Any, ...], keys: Mapping[str, Any]
) -> InputError:
    """Return the error of somebody who made a kind in Python.

    Parameters
    ----------
    error : ValidationError
        pydantic's report.
    cls : type
        The kind.
    args, keys
        What was given.
    """
    names = [field.name for field in dataclasses.fields(cls)]
    placed = [field.name for field in dataclasses.fields(cls) if not field.kw_only]
    first = first_fault(error)
    kind, word = getattr(cls, "kind", "") or cls.__name__, cls.registry.word
    if first["type"] == "unexpected_positional_argument":
        listed = ", ".join(names) or "none"
        return InputError(
            f"{len(args)} values are given to {cls.__name__}, which has the keys {listed}; give "
            f"{'one value for each at most' if names else 'it none'}."
        )
    path = [
        placed[step] if place == 0 and isinstance(step, int) else step
        for place, step in enumerate(first["loc"])
        if step not in TAGS
    ]
    last = str(path[-1]) if path else ""
    where = word + "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    if first["type"] in UNKNOWN_KEY:
        said = f"{where} is not a key of kind {kind!r}; {did_you_mean(last, names)}"
    elif first["type"] in MISSING:
        said = f"{where} is missing; kind {kind!r} needs the key {last}"
    elif first["type"] == "multiple_argument_values":
        said = f"{where} is given twice; give it once"
    else:
        said = fault(first, where if path else f"the {word} {kind}", first["input"])
    return InputError(said if said[-1] in ".?" else f"{said}.")
