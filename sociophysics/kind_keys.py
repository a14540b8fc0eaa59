"""What a kind's keys may hold, in words: for ``help()``, docs, the command line, dashboards."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

__all__ = [
    "Control",
    "Key",
    "documented",
    "keys_of",
    "listing",
    "listing_of_class",
    "with_tables",
]

HOLDS = {float: "number", int: "whole number", str: "text", bool: "true or false"}
FAR = 1e99  # limits beyond this keep squares finite and tell nobody anything
BLOCK = re.compile(r"(<!-- kinds of (\w+):.*?-->).*?(<!-- end of kinds -->)", re.DOTALL)
SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


class Control(NamedTuple):
    """How a form asks for a key: its name in plain words, and where a slider ends."""

    label: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: Mapping[str, str] = types.MappingProxyType({})  # what each allowed word is called


class Key(NamedTuple):
    """One key of a kind, as its declaration has it."""

    name: str
    holds: str  # number, whole number, text, true or false, list, table
    allowed: str  # its range or its words; "" for any
    unit: str
    default: Any  # None where it is left out or required
    required: bool
    sentence: str
    choices: tuple[Any, ...]
    limits: Mapping[str, float]  # ge, gt, le, lt
    control: Control | None


def keys_of(cls: type[Any]) -> list[Key]:
    """Return the keys of a kind, in their order.

    Examples
    --------
    >>> from sociophysics.kinds import FEEDS
    >>> strength, tau = keys_of(FEEDS["memory"])
    >>> tau.holds, tau.allowed, tau.unit, tau.default, tau.sentence
    ('number', '>= 1', 'sweeps', 10.0, 'Memory time.')
    """
    hints = get_type_hints(cls, include_extras=True)
    return [_key(field, hints[field.name]) for field in dataclasses.fields(cls)]


def _key(field: dataclasses.Field[Any], hint: Any) -> Key:
    about = FieldInfo.from_annotation(hint)
    inner, metadata = about.annotation, list(about.metadata)
    while get_origin(inner) in (Union, types.UnionType, Annotated):
        if get_origin(inner) is Annotated:
            below = FieldInfo.from_annotation(inner)  # type: ignore[arg-type]
            inner, metadata = below.annotation, [*metadata, *below.metadata]
        else:
            inner = next(each for each in get_args(inner) if each is not type(None))
    choices = get_args(inner) if get_origin(inner) is Literal else ()
    limits = {
        name: getattr(each, name) for each in metadata for name in SIGNS if hasattr(each, name)
    }
    extra = about.json_schema_extra if isinstance(about.json_schema_extra, dict) else {}
    required = field.default is dataclasses.MISSING and (
        field.default_factory is dataclasses.MISSING
    )
    return Key(
        field.name,
        _holds(inner, choices),
        ", ".join(map(str, choices)) or _range(limits),
        str(extra.get("unit", "")),
        None if field.default is dataclasses.MISSING else field.default,
        required,
        about.description or "",
        choices,
        limits,
        next((each for each in metadata if isinstance(each, Control)), None),
    )


def _holds(inner: Any, choices: tuple[Any, ...]) -> str:
    if choices:
        return "text" if isinstance(choices[0], str) else "whole number"
    origin = get_origin(inner) or inner
    if hasattr(origin, "registry"):
        return "table"
    return HOLDS.get(origin, {tuple: "list", Sequence: "list", dict: "table"}.get(origin, "value"))


def _range(limits: Mapping[str, float]) -> str:
    near = {name: limit for name, limit in limits.items() if abs(limit) < FAR}
    if near.keys() == {"ge", "le"}:
        return f"{near['ge']:g} to {near['le']:g}"
    return " and ".join(f"{SIGNS[name]} {limit:g}" for name, limit in near.items())


def documented(cls: type[Any]) -> str:
    """Return the docstring of a kind with all its keys, before attributes and examples.

    Examples
    --------
    >>> from sociophysics.kinds import FEEDS
    >>> documented(FEEDS["editorial"]).splitlines()[4]
    'strength : number, default 0.5, couplings'
    """
    text = inspect.cleandoc(cls.__doc__ or "")
    keys = keys_of(cls)
    if "Parameters\n----------" in text or not keys:
        return text
    lines = ["Parameters", "----------"]
    for each in keys:
        default = "" if each.required else f"default {each.default!r}"
        about = ", ".join(filter(None, (each.holds, each.allowed, default, each.unit)))
        lines += [f"{each.name} : {about}", f"    {each.sentence}"]
    before, *rest = re.split(r"^(?=(?:Attributes|Examples)\n--)", text, maxsplit=1, flags=re.M)
    blocks = (before.rstrip(), "\n".join(lines), "".join(rest).rstrip())
    return "\n\n".join(filter(None, blocks))


def listing(cls: type[Any]) -> dict[str, Any]:
    """Return everything a kind declares, as JSON holds it.

    Examples
    --------
    >>> from sociophysics.kinds import FEEDS
    >>> listing(FEEDS["editorial"])["keys"][0]["default"]
    0.5
    """
    keys = [
        {
            "name": each.name,
            "holds": each.holds,
            "allowed": each.allowed,
            "unit": each.unit,
            "default": each.default,
            "required": each.required,
            "sentence": each.sentence,
        }
        for each in keys_of(cls)
    ]
    return {"words": cls.words, "equation": cls.equation, "physics": cls.physics, "keys": keys}


def listing_of_class(cls: type[Any]) -> dict[str, Any]:
    """Return what a class says of itself in its signature and docstring, as ``listing`` does.

    Examples
    --------
    >>> from sociophysics.inference import PartyLine
    >>> listing_of_class(PartyLine)["words"].endswith(".")
    True
    """
    text = inspect.cleandoc(cls.__doc__ or "")
    said: dict[str, tuple[str, str]] = {}
    for base in reversed(cls.__mro__):
        said |= _parameters(inspect.cleandoc(base.__doc__ or ""))
    keys = []
    for name, parameter in inspect.signature(cls).parameters.items():
        holds, body = said.get(name, ("", ""))
        required = parameter.default is inspect.Parameter.empty
        about = {"name": name, "holds": holds, "allowed": "", "unit": ""}
        default = None if required else _json_default(parameter.default)
        sentence = " ".join(body.split())
        keys.append({**about, "default": default, "required": required, "sentence": sentence})
    return {
        "words": text.splitlines()[0] if text else "",
        "equation": "",
        "physics": "",
        "keys": keys,
    }


def _parameters(text: str) -> dict[str, tuple[str, str]]:
    """Return what a docstring says each parameter holds and is."""
    found = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", text, re.M | re.S)
    entries = re.findall(
        r"^(\w[\w, ]*?)(?: : ([^\n]*))?\n((?:[ ]+[^\n]*\n|\n)*)",
        f"{found[1]}\n" if found else "",
        re.M,
    )
    return {name: (holds, body) for names, holds, body in entries for name in names.split(", ")}


def _json_default(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str | type(None)) else repr(value)


def _markdown(kinds: Mapping[str, type[Any]]) -> str:
    """Return a registry's kinds as a table."""
    rows = ["| `kind` | what it does | keys | in physics terms |", "|---|---|---|---|"]
    for kind, cls in kinds.items():
        keys = ", ".join(
            f"`{each.name}`" if each.required or each.default is None
            else f"`{each.name}` = {each.default}"
            for each in keys_of(cls)
        )  # fmt: skip
        does = f"{cls.words} `{cls.equation}`" if cls.equation else cls.words
        rows.append(f"| `{kind}` | {does} | {keys} | {cls.physics} |")
    return "\n".join(rows)


def with_tables(text: str, registries: Mapping[str, Mapping[str, type[Any]]]) -> str:
    """Return a page of docs/ whose tables of kinds are those of the declarations.

    A table stands between two comments, of which the first names the registry.

    Examples
    --------
    >>> page = "<!-- kinds of feed: made -->old<!-- end of kinds -->"
    >>> with_tables(page, {"feed": {}}).splitlines()[1]
    '| `kind` | what it does | keys | in physics terms |'
    """

    def table(match: re.Match[str]) -> str:
        return f"{match[1]}\n{_markdown(registries[match[2]])}\n{match[3]}"

    return BLOCK.sub(table, text)
