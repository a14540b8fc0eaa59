"""Turn a validation error into one sentence: file, table, key, got, allowed, nearest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sociophysics.errors import InputError, did_you_mean
from sociophysics.influences.feeds import MixtureArm
from sociophysics.kind_sentences import MISSING, TAGS, UNKNOWN_KEY, fault, first_fault
from sociophysics.kinds import (
    COUPLINGS,
    FEEDS,
    FIELDS,
    INTERVENTIONS,
    NETWORKS,
    RULES,
    SCHEDULES,
    Kind,
    Kinds,
)
from sociophysics.registries import Registry
from sociophysics.scenario.claims import Claim
from sociophysics.scenario.settings import Dynamics, Follow, Observe, Posterior
from sociophysics.scenario.trial_table import Treatment, TrialTable
from sociophysics.scenario.values import Table

__all__ = ["explain", "keys_of", "table_model"]

Path = Sequence[str | int]

KINDS: dict[str, Mapping[str, type[Any]]] = {
    "network": NETWORKS,
    "couplings": COUPLINGS,
    "field": FIELDS,
    "feed": FEEDS,
    "interventions": INTERVENTIONS,
}
PLAIN: dict[str, type[Table]] = {
    "claims": Claim,
    "dynamics": Dynamics,
    "follow": Follow,
    "observe": Observe,
    "posterior": Posterior,
    "trial": TrialTable,
    "treatment": Treatment,
}
OF_ALL = ("claims", "observe", "posterior", "trial", "treatment")  # not in a design
LONGEST_KEY = 80  # characters of a key that a sentence repeats
NO_KIND = ("kind_missing", "union_tag_not_found")
UNKNOWN_KIND = ("kind_unknown", "kind_disputed", "union_tag_invalid")
SCHEDULED = ("temperature", "value", "values")


def _name(path: Path) -> str:
    names = [step for step in path if isinstance(step, str) and not step.isdigit()]
    return names[-1] if names else ""


def _kinds(path: Path) -> Mapping[str, type[Any]] | None:
    name = _name(path)
    if name in SCHEDULED:
        return SCHEDULES
    if name == "rule":
        return RULES
    # A tilt's own key is called field as well, and holds a number, never a table.
    return KINDS.get(name)


def table_model(path: Path, raw: object) -> type[Any] | None:
    """Return the model of the table ``raw`` found at ``path`` in a scenario, if there is one.

    Examples
    --------
    >>> table_model(["feed"], {"kind": "memory"}).__name__
    'Memory'
    """
    kinds = _kinds(path)
    if kinds is not None and isinstance(raw, Mapping):
        return kinds.get(str(raw.get("kind")))
    return MixtureArm if _name(path) == "arms" else PLAIN.get(_name(path))


def keys_of(path: Path, raw: object) -> list[str]:
    """Return the keys that the table ``raw`` at ``path`` may have."""
    model = table_model(path, raw)
    if model is None:
        return []
    if issubclass(model, Kind):
        return [*(["kind"] if model.kind else []), *model.key_names()]
    return list(model.model_fields)


def _walk(raw: object, location: Path) -> tuple[list[str | int], object, list[object]]:
    """Return the path in the file, the value there, and the tables on the way.

    pydantic's location also names the alternatives it chose (a kind, "a number"), which are no
    part of the file.
    """
    path: list[str | int] = []
    tables: list[object] = [raw]
    chosen = True
    for step in location:
        here = tables[-1]
        if step in TAGS:
            continue
        if not chosen and isinstance(here, Mapping) and step == here.get("kind"):
            chosen = True
            continue
        inside: object = None
        if isinstance(here, Mapping):
            inside = here.get(step)
        elif isinstance(here, Sequence) and not isinstance(here, str) and isinstance(step, int):
            inside = here[step] if step < len(here) else None
        path.append(step)
        tables.append(inside)
        # Where a registry chooses the kind, pydantic does not name it.
        kinds = _kinds(path)
        chosen = not isinstance(inside, Mapping) or kinds is None or isinstance(kinds, Kinds)
    return path, tables[-1], tables[:-1]


def _where(path: Path, raw: object) -> str:
    """Return the path as a user writes it, with a design's name in front."""
    prefix = ""
    if len(path) > 1 and path[0] == "designs" and isinstance(raw, Mapping):
        design = raw["designs"][path[1]]
        name = design.get("name") if isinstance(design, Mapping) else None
        prefix = f"design {name!r}: " if name else f"designs[{path[1]}]: "
        path = path[2:]
    text = ""
    for step in path:
        quoted = f'"{_short(step)}"' if isinstance(step, str) and "." in step else _short(step)
        text += f"[{step}]" if isinstance(step, int) else f".{quoted}" if text else quoted
    return prefix + text


def _short(step: str | int) -> str:
    """Return a key as a sentence names it: one that nobody meant is cut."""
    text = str(step)
    return text if len(text) <= LONGEST_KEY else f"{text[:LONGEST_KEY]}..."


def _table_name(path: Path, table: object) -> str:
    name = _name(path)
    if not name:
        return "the scenario"
    kind = table.get("kind") if isinstance(table, Mapping) else None
    bracket = f"[[{name}]]" if name in ("designs", "interventions", "claims") else f"[{name}]"
    if name in SCHEDULED:
        bracket = f"the schedule {name}"
    if name == "rule":
        bracket = "the rule of"
    return f"{bracket} kind {kind!r}" if kind and _kinds(path) is not None else bracket


def _unknown(where: str, path: Path, parents: list[object], top: Sequence[str]) -> str:
    inner = path[:-1]
    allowed: Sequence[str] = keys_of(inner, parents[-1])
    if not _name(inner):
        allowed = top
    elif _name(inner) == "designs":
        allowed = ["name", *(key for key in KINDS), *(key for key in PLAIN if key not in OF_ALL)]
    table = _table_name(inner, parents[-1])
    return f"{where} is not a key of {table}; {did_you_mean(str(path[-1]), allowed)}"


def _kind_sentence(error: ErrorDetails, where: str, path: Path, got: object) -> str:
    kinds = _kinds(path) or {}
    if error["type"] in NO_KIND:
        if not isinstance(got, Mapping):
            return f"{where} is {got!r}; it must be a table with a kind; {_allowed(kinds)}."
        return f"{where} has no kind; {_allowed(kinds)}."
    kind = str(got.get("kind")) if isinstance(got, Mapping) else str(got)
    if isinstance(kinds, Registry) and kind in kinds.disputed:
        return f"{where}.kind is {kind!r}, which two want: {kinds.disputed[kind]}"
    failed = kinds.failure_of(kind) if isinstance(kinds, Registry) else ""
    return f"{where}.kind is {kind!r}; {did_you_mean(kind, kinds)}{failed}"


def _allowed(names: Iterable[str]) -> str:
    return f"allowed: {', '.join(sorted(names))}"


def _sentence(error: ErrorDetails, raw: object, top: Sequence[str]) -> str:
    path, got, parents = _walk(raw, error["loc"])
    where, kind = _where(path, raw), error["type"]
    if kind in UNKNOWN_KEY:
        return _unknown(where, path, parents, top)
    if kind in NO_KIND or kind in UNKNOWN_KIND:
        return _kind_sentence(error, where, path, got)
    if kind in MISSING:
        if len(path) == 1 and path[0] in (*KINDS, "dynamics", "observe"):
            return f"[{path[0]}] is missing; add this table, or give it in every design."
        owner = _table_name(path[:-1], parents[-1])
        return f"{where} is missing; {owner} needs the key {path[-1]}."
    return fault(error, where, got)


def explain(error: ValidationError, raw: object, *, file: str, top: Sequence[str]) -> InputError:
    """Return the error a user gets: the file and one sentence on the first thing to correct.

    Parameters
    ----------
    error : ValidationError
        pydantic's report.
    raw : object
        What was validated.
    file : str
        Name of the scenario file, or what else to call the source.
    top : sequence of str
        The keys allowed outside all tables.
    """
    sentence = _sentence(first_fault(error), raw, top)
    return InputError(f"{file}: {sentence}" if sentence[-1] in ".?" else f"{file}: {sentence}.")
