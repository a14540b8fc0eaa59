"""A kind knows itself: one frozen class per kind, from which everything else about it follows.

A feed, a schedule, a network is a frozen dataclass whose fields say what they may hold:
``tau: Annotated[float, key("Memory time.", unit="sweeps", ge=1)] = 10.0``. The same declaration
checks a call in Python and a table in TOML, in the same words; the JSON schema, ``describe``,
``help()``, the dashboard's controls, the tables in docs/ and ``sociophysics kinds`` are read from
it. Registries hold the kinds by name, ours and those of installed packages.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
from abc import ABCMeta
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import ArgsKwargs, PydanticCustomError, core_schema

from sociophysics.errors import InputError
from sociophysics.kind_keys import Control, Key, documented, keys_of
from sociophysics.kind_sentences import refusal
from sociophysics.registries import Registry, knowing

__all__ = [
    "COUPLINGS",
    "ESTIMATORS",
    "FEEDS",
    "FIELDS",
    "INTERVENTIONS",
    "LARGEST",
    "NETWORKS",
    "REGISTRIES",
    "RULES",
    "SCHEDULES",
    "Control",
    "Key",
    "Kind",
    "Kinds",
    "Noise",
    "Number",
    "OneOf",
    "Probability",
    "Slots",
    "Strength",
    "Text",
    "Unbounded",
    "build",
    "in_table",
    "key",
    "keys_of",
    "knowing",
    "read_inf",
]

LARGEST = 1e100  # far from physics; squares of sums of such numbers are still finite


def key(sentence: str, *, unit: str = "", **limits: Any) -> Any:
    """Return what a kind says about one of its keys, to stand in ``Annotated[type, key(...)]``.

    Parameters
    ----------
    sentence : str
        What the key is, for somebody who has not read the equations.
    unit : str
        Its unit; left out for pure numbers.
    **limits
        ``ge``, ``gt``, ``le``, ``lt``, ``min_length`` and what else pydantic's ``Field`` takes.

    Examples
    --------
    >>> key("Memory time.", unit="sweeps", ge=1).description
    'Memory time.'
    """
    more: dict[str, Any] = {"json_schema_extra": {"unit": unit}} if unit else {}
    return Field(description=sentence, **more, **limits)


def read_inf(value: Any, info: ValidationInfo) -> Any:
    """Return infinity where the canonical form, which is JSON and has none, says "inf".

    Parameters
    ----------
    value
        Of a key.
    info : ValidationInfo
        pydantic's; its context says whether the table is in canonical form.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> read_inf("inf", SimpleNamespace(context={"canonical": True}))
    inf
    """
    return math.inf if value == "inf" and (info.context or {}).get("canonical") else value


def in_table(info: ValidationInfo) -> bool:
    """Return whether a key stands in a table, which holds less than Python can give."""
    return bool((info.context or {}).get("table"))


def _unbounded(value: Any, rest: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    infinite = isinstance(value, float) and math.isinf(value)
    return value if infinite and not in_table(info) else rest(value)


def _noise(value: Any, info: ValidationInfo) -> Any:
    value = read_inf(value, info)
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("it is nan; it must be a number >= 0, or inf")
    if isinstance(value, float) and LARGEST < value < math.inf:
        raise ValueError(f"it is {value!r}; it must be a number from 0 to {LARGEST:g}, or inf")
    return value


def _slots(value: Any, info: ValidationInfo) -> Any:
    value = read_inf(value, info)
    if not isinstance(value, float):
        return value
    # A swept list that holds inf is a list of floats.
    return None if value == math.inf else int(value) if value.is_integer() else value


Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Unbounded = Annotated[Number, WrapValidator(_unbounded)]
Noise = Annotated[float, Field(ge=0, allow_inf_nan=True), BeforeValidator(_noise)]
Text = Annotated[str, Field(min_length=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Slots = Annotated[
    Annotated[int, Field(ge=1)] | None,
    BeforeValidator(_slots),
    WithJsonSchema({"type": "integer", "minimum": 1}),
]
Strength = Annotated[
    Number,
    key("Field of a feed that shows one stance only.", unit="couplings"),
    Control("Strength", -2.0, 5.0, 0.05),
]


class _KindType(ABCMeta):
    """Checks what a kind is made of whenever it is made, and refuses it in one sentence."""

    def __call__(cls, *args: Any, **keys: Any) -> Any:
        lacks = sorted(cls.__abstractmethods__)
        if lacks:
            raise InputError(
                f"{cls.__name__} lacks {', '.join(lacks)}; define "
                f"{'it' if len(lacks) == 1 else 'them'} in the class."
            )
        if getattr(cls, "learns", False) or "__dataclass_fields__" not in _maker(cls).__dict__:
            return super().__call__(*args, **keys)
        try:
            return build(cls, args, keys)
        except ValidationError as error:
            raise refusal(error, cls, args, keys) from None

    @property
    def __signature__(cls) -> inspect.Signature:
        """The keys, as ``help()`` and editors show them."""
        own = inspect.signature(_maker(cls).__dict__["__init__"])
        return own.replace(parameters=list(own.parameters.values())[1:], return_annotation=cls)


def _maker(cls: type[Any]) -> type[Any]:
    """Return the class whose ``__init__`` this one has: a dataclass, or one with its own."""
    return next(each for each in cls.__mro__ if "__init__" in each.__dict__)


class Kind(metaclass=_KindType):
    """What all kinds have in common; a subclass is a frozen dataclass.

    Attributes
    ----------
    kind : str
        Its name in scenario files.
    registry : Kinds
        Where it belongs; its base class says so.
    equation : str
        What it does, as a formula.
    words : str
        What it does, in one plain sentence; by default the first line of the docstring.
    physics : str
        What it is to a physicist, in a few words.
    learns : bool
        Whether an instance is given its keys as they are and changes later, as scikit-learn asks of
        estimators: they are checked when it learns, and its dataclass is not frozen.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False
    )
    kind: ClassVar[str] = ""
    registry: ClassVar[Kinds]
    equation: ClassVar[str] = ""
    words: ClassVar[str] = ""
    physics: ClassVar[str] = ""
    learns: ClassVar[bool] = False

    @classmethod
    def label(cls) -> str:
        """Return its name and what it does, as a form lists it: "Random: posts of everybody"."""
        name = cls.kind.replace("_", "-").capitalize()
        said = cls.words.rstrip(".")
        return f"{name}: {said[:1].lower()}{said[1:]}" if said else name

    @classmethod
    def key_names(cls) -> list[str]:
        """Return the names of its keys, in their order."""
        known: Any = cls
        return [field.name for field in dataclasses.fields(known)]

    def table(self) -> dict[str, Any]:
        """Return the kind and its keys as a scenario's table holds them.

        Examples
        --------
        >>> from sociophysics.influences.feeds import Memory
        >>> Memory(tau=5).table()
        {'kind': 'memory', 'strength': 0.5, 'tau': 5.0}
        """
        return {"kind": self.kind, **{key: _table(getattr(self, key)) for key in self.key_names()}}

    def said(self) -> str:
        """Return the kind and its keys as a sentence says them.

        Examples
        --------
        >>> from sociophysics.influences.feeds import Memory
        >>> Memory(tau=5).said()
        'memory (strength = 0.5, tau = 5.0)'
        """
        given = {key: getattr(self, key) for key in self.key_names()}
        keys = ", ".join(f"{k} = {_said(v)}" for k, v in given.items() if v is not None)
        return f"{self.kind} ({keys})" if self.kind and keys else self.kind or keys


def _said(value: Any) -> str:
    if isinstance(value, Kind):
        return value.said()
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value)) if len(value) <= 20 else f"{len(value)} values"
    return str(value)


def _table(value: Any) -> Any:
    if isinstance(value, Kind):
        return value.table()
    if isinstance(value, Mapping):
        return {name: _table(each) for name, each in value.items()}
    return [_table(each) for each in value] if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    """Return numpy's numbers as Python's: a truth value stays one, and is no number."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value


def build(
    cls: type[Any], args: tuple[Any, ...], keys: Mapping[str, Any], context: Any = None
) -> Any:
    """Return an instance of a kind, every key checked.

    Parameters
    ----------
    cls : type
        A kind.
    args, keys
        As they are given when it is called.
    context : mapping, optional
        pydantic's: ``table``, ``canonical``.

    Raises
    ------
    ValidationError
        pydantic's report, for the caller to put in words.

    Examples
    --------
    >>> build(FEEDS["memory"], (0.5,), {"tau": 3})
    Memory(strength=0.5, tau=3.0)
    """
    given = ArgsKwargs(
        tuple(map(_plain, args)), {name: _plain(value) for name, value in keys.items()}
    )
    made = object.__new__(cls)
    return adapter(cls).validator.validate_python(given, self_instance=made, context=context)


def adapter(cls: type[Any]) -> TypeAdapter[Any]:
    """Return what checks the keys of a class; it is made when it is first needed."""
    made: TypeAdapter[Any] | None = cls.__dict__.get("_adapter")
    if made is None:
        made = TypeAdapter(cls)
        cls._adapter = made
    return made


class OneOf:
    """In ``Annotated[base, OneOf(registry)]``: a table whose ``kind`` is in a registry.

    The registry is read when a table is validated, so that kinds registered later count as well.
    Where it is ``optional``, Python may give None.
    """

    def __init__(self, registry: Kinds, *, optional: bool = False) -> None:
        self.registry, self.optional = registry, optional

    def read(self, value: Any, info: ValidationInfo) -> Any:
        """Return the kind that a table states; a kind that is made already is taken as it is."""
        if isinstance(value, Kind) and value.registry is self.registry:
            return value
        if value is None and self.optional and not in_table(info):
            return None
        if not isinstance(value, Mapping) or "kind" not in value:
            raise PydanticCustomError("kind_missing", "it has no kind")
        keys = dict(value)
        cls = self.registry.get(keys.pop("kind")) if isinstance(value["kind"], str) else None
        if cls is None:
            raise PydanticCustomError("kind_unknown", "it is no kind")
        if cls.kind in self.registry.disputed:
            raise PydanticCustomError("kind_disputed", "two want this kind")
        return build(cls, (), keys, {**(info.context or {}), "table": True})

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(_table),
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: Any
    ) -> dict[str, Any]:
        # The place keeps apart what bears one name in two registries.
        kinds: dict[Any, Any] = {
            name: {**adapter(cls).core_schema, "ref": f"{cls.__module__}.{cls.__qualname__}"}
            for name, cls in self.registry.items()
        }
        union: dict[str, Any] = handler(core_schema.tagged_union_schema(kinds, "kind"))
        for name, place in union["discriminator"]["mapping"].items():
            cls, table = self.registry[name], handler.resolve_ref_schema({"$ref": place})
            kind = {"const": name, "title": "Kind", "type": "string"}
            table["properties"] = {"kind": kind, **table.get("properties", {})}
            required = [each for each in table.get("required", ()) if each != "kind"]
            table |= {"required": ["kind", *required], "description": cls.words}
        return union


def _owner(cls: type[Any]) -> type[Any]:
    """Return the class among a kind's bases that says where all of them belong."""
    return next(each for each in cls.__mro__ if "registry" in each.__dict__)


def summary(cls: type[Any]) -> str:
    """Return the first line of a class's docstring."""
    return (inspect.cleandoc(cls.__doc__ or "").splitlines() or [""])[0]


class Kinds(Registry[type[Any]]):
    """A registry of kinds: frozen dataclasses below the base class that names this registry."""

    def register(self, kind: type[Any], *, into: dict[str, Any] | None = None) -> type[Any]:
        """Add a kind under its own name, and return it: a decorator.

        Parameters
        ----------
        kind : type
        into : dict, optional
            Kinds that are passed, as ``registries.knowing`` holds them.

        Raises
        ------
        InputError
            It is no class of this registry, lacks something, or its name is taken.

        Examples
        --------
        >>> FEEDS.register(int)
        Traceback (most recent call last):
            ...
        sociophysics.errors.InputError: int is no feed; give a subclass of the base class Feed.
        """
        name = getattr(kind, "__name__", repr(kind))
        if not isinstance(kind, _KindType) or getattr(kind, "registry", None) is not self:
            raise InputError(f"{name} is no {self.word}; give a subclass of {self.base}.")
        settings = kind.__dict__.get("__dataclass_params__")
        if settings is None or not (settings.frozen or kind.learns):
            raise InputError(
                f"the {self.word} {name} is not frozen; decorate it with "
                "@dataclass(frozen=True), below the decorator that registers it."
            )
        lacks = sorted(kind.__abstractmethods__)
        if lacks:
            raise InputError(
                f"the {self.word} {name} lacks {', '.join(lacks)}; define "
                f"{'it' if len(lacks) == 1 else 'them'} in the class."
            )
        if not kind.words:
            kind.words = summary(kind)
        self.add(kind.kind, kind, into)
        kind.__doc__ = documented(kind)
        return kind

    def made(self, table: Mapping[str, Any]) -> Any:
        """Return the kind that a table states, as a scenario's table would.

        Raises
        ------
        InputError
            No such kind, or a key that it does not have or that is out of its range.

        Examples
        --------
        >>> FEEDS.made({"kind": "memory", "tau": 4})
        Memory(strength=0.5, tau=4.0)
        """
        keys = dict(table)
        cls = self.find(keys.pop("kind", None))
        try:
            return build(cls, (), keys, {"table": True})
        except ValidationError as error:
            raise refusal(error, cls, (), keys) from None

    @property
    def base(self) -> str:
        """What its classes stand on, in words."""
        for known in self._kinds.values():
            return f"the base class {_owner(known).__name__}"
        return f"the base class {self.word.title().rstrip('s')}"


FEEDS = Kinds("feed", "sociophysics.influences.feeds", group="sociophysics.feeds")
NETWORKS = Kinds("network", "sociophysics.society.network_kinds", group="sociophysics.networks")
COUPLINGS = Kinds(
    "couplings", "sociophysics.society.coupling_kinds", group="sociophysics.couplings"
)
SCHEDULES = Kinds("schedule", "sociophysics.influences.schedules")
RULES = Kinds("rule", "sociophysics.influences.rules", group="sociophysics.rules")
FIELDS = Kinds("field", "sociophysics.influences.fields", group="sociophysics.fields")
INTERVENTIONS = Kinds(
    "intervention", "sociophysics.influences.interventions", group="sociophysics.interventions"
)
ESTIMATORS = Kinds(
    "estimator", "sociophysics.inference.estimators", group="sociophysics.estimators"
)
REGISTRIES: dict[str, Kinds] = {
    "network": NETWORKS,
    "couplings": COUPLINGS,
    "field": FIELDS,
    "feed": FEEDS,
    "intervention": INTERVENTIONS,
    "schedule": SCHEDULES,
    "rule": RULES,
    "estimator": ESTIMATORS,
}
