"""What a scenario's values may be: kinds, strict numbers, schedules, lists to sweep over."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationInfo,
    WithJsonSchema,
)

from sociophysics.influences import feeds, fields, interventions
from sociophysics.influences.schedules import Temperature
from sociophysics.kinds import (
    COUPLINGS,
    FEEDS,
    FIELDS,
    INTERVENTIONS,
    LARGEST,
    NETWORKS,
    OneOf,
    Text,
    read_inf,
)
from sociophysics.society import coupling_kinds, network_kinds

__all__ = [
    "LARGEST",
    "Axis",
    "Couplings",
    "ExternalField",
    "Feed",
    "Intervention",
    "Network",
    "Table",
    "Temperature",
    "Text",
    "Values",
]

MAX_AXIS = 100_000


class Table(BaseModel):
    """One table of a scenario file: frozen, strict about types, closed to unknown keys."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


Network = Annotated[network_kinds.Network, OneOf(NETWORKS)]
Couplings = Annotated[coupling_kinds.Coupling, OneOf(COUPLINGS)]
ExternalField = Annotated[fields.ExternalField, OneOf(FIELDS)]
Feed = Annotated[feeds.Feed, OneOf(FEEDS)]
Intervention = Annotated[interventions.Intervention, OneOf(INTERVENTIONS)]


def _stepped(start: Any, stop: Any, step: Any) -> list[float | int]:
    """Return start, start + step, ... up to and with stop, in decimal arithmetic.

    Examples
    --------
    >>> _stepped(0.3, 0.6, 0.1)
    [0.3, 0.4, 0.5, 0.6]
    """
    for key, value in (("start", start), ("stop", stop), ("step", step)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"its {key} is {value!r}; it must be a number")
        if not math.isfinite(value):
            raise ValueError(f"its {key} is {value}; it must be finite")
    if step == 0 or (stop - start) * step < 0:
        side = "above" if stop >= start else "below"
        raise ValueError(f"a step of {step} never leads from {start} to {stop}; give one {side} 0")
    first, last, by = (Decimal(str(value)) for value in (start, stop, step))
    count = int((last - first) / by) + 1
    if count > MAX_AXIS:
        raise ValueError(f"it has {count} values; at most {MAX_AXIS} are allowed")
    whole = all(isinstance(value, int) for value in (start, stop, step))
    values = (first + index * by for index in range(count))
    return [int(value) if whole else float(value) for value in values]


def _axis(value: Any, info: ValidationInfo) -> tuple[bool | int | float | str, ...]:
    if isinstance(value, dict):
        if len(value) == 1 and "step" not in value:
            raise ValueError(
                "a swept key is one quoted word with its dots, as in "
                '"dynamics.temperature" = [0.5, 0.7]'
            )
        if set(value) != {"start", "stop", "step"}:
            raise ValueError(f"it has the keys {sorted(value)}; allowed: start, stop and step")
        value = _stepped(value["start"], value["stop"], value["step"])
    if not isinstance(value, list | tuple):
        raise ValueError(f"it is {value!r}; allowed: a list, or start, stop and step")
    if not value:
        raise ValueError("it is an empty list; give at least one value")
    read = [read_inf(each, info) for each in value]
    kinds = {type(each) for each in read}
    if not (kinds <= {int, float} or kinds == {str} or kinds == {bool}):
        raise ValueError(f"it is {read!r}; allowed: all numbers, all texts or all true / false")
    if any(isinstance(each, float) and math.isnan(each) for each in read):
        raise ValueError("it holds nan; give numbers")
    if float in kinds:
        read = [float(each) for each in read]
    if len(set(read)) < len(read):
        raise ValueError(f"it is {read!r}; list each value once")
    return tuple(read)


_SCALARS = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "boolean"}]}
_STEPS = {
    "type": "object",
    "properties": {key: {"type": "number"} for key in ("start", "stop", "step")},
    "required": ["start", "stop", "step"],
    "additionalProperties": False,
}

Values = tuple[bool | int | float | str, ...]
Axis = Annotated[
    Any,
    BeforeValidator(_axis),
    WithJsonSchema({"anyOf": [{"type": "array", "items": _SCALARS, "minItems": 1}, _STEPS]}),
]
