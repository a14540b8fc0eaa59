"""From a scenario to its cases: every design at every point of the sweep.

The point that the file itself declares, by the values that stand in its tables, is one of them.
"""

from __future__ import annotations

import copy
import itertools
import logging
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sociophysics.arguments import asks
from sociophysics.datasets import bundled_file
from sociophysics.errors import InputError, did_you_mean
from sociophysics.kinds import knowing
from sociophysics.machine import require_memory
from sociophysics.rollcall.chambers import CHAMBERS
from sociophysics.scenario.document import Scenario
from sociophysics.scenario.posterior import check_draws, draws_file
from sociophysics.scenario.sentences import explain
from sociophysics.scenario.settings import Settings, plain
from sociophysics.scenario.values import Values
from sociophysics.scenario.variation import (
    SWEPT_TABLES,
    dotted_keys,
    put,
    set_key,
    steps_to,
    value_at,
)

__all__ = [
    "Case",
    "check",
    "declared_values",
    "expand",
    "files_of",
    "labelled",
    "looked_at",
    "resolved",
    "swept_to",
    "with_declared",
]

BYTES_PER_CASE = 8_000
SECONDS_BETWEEN_LINES = 1.0
LOOKS = 256  # cases looked at between looks at the clock
TEMPERATURE = "dynamics.temperature"
Scalar = bool | int | float | str
FILE_KEYS = (("network", "path"), ("network", "nodes"), ("couplings", "path"))

_log = logging.getLogger(__name__)
Each = TypeVar("Each")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Case:
    """One design at one point of the sweep."""

    design: str
    point: dict[str, bool | int | float | str]
    settings: Settings


def _bases(scenario: Scenario) -> list[tuple[str, dict[str, Any]]]:
    """Return each design's name and its tables, before anything is swept."""
    whole = scenario.canonical()
    base = {
        key: whole[key] for key in ("seed", "observe", "posterior", *SWEPT_TABLES) if key in whole
    }
    base["redraw"] = whole["sweep"]["redraw"]
    if not scenario.designs:
        return [("base", base)]
    named = []
    for design in scenario.designs:
        own = plain(design.model_dump())
        named.append((own.pop("name"), {**base, **own}))
    return named


@asks
def labelled(scenario: Scenario, design: str, point: Mapping[str, Any]) -> str:
    """Return the file, the design and the swept values of a case, as messages name them.

    Parameters
    ----------
    scenario : Scenario
    design : str
        Named where the scenario has designs.
    point : mapping
        Swept keys and their values.

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> scenario = Scenario.from_toml(CROWD, name="crowd.toml")
    >>> labelled(scenario, "base", {"network.n": 9}).partition(", ")[2]
    'swept to network.n = 9'
    """
    label = scenario.source
    if scenario.designs:
        label += f", design {design!r}"
    return label + swept_to(point)


def swept_to(point: Mapping[str, Any]) -> str:
    """Return the end of a label: the swept values, if any."""
    listed = ", ".join(f"{key} = {value!r}" for key, value in point.items())
    return f", swept to {listed}" if listed else ""


class _Swept:
    """A design at any point of the sweep; tables that no point changes are validated once."""

    def __init__(self, scenario: Scenario, design: str, tables: dict[str, Any]) -> None:
        self.scenario, self.design, self.tables = scenario, design, tables
        self.touched = {key.partition(".")[0] for key in scenario.sweep.axes}
        self._same: dict[str, Any] = {}
        # Which keys a table has depends on its kind: what is found once is found at every point.
        self._steady = not any(key.endswith(".kind") for key in scenario.sweep.axes)
        self._steps: dict[str, tuple[str | int, ...] | None] = {}
        self._given: dict[type[Any], set[str]] = {}

    def at(self, point: Mapping[str, Any], *, named: Mapping[str, Any] | None = None) -> Settings:
        """Return the settings at a point; a refusal names it, or ``named`` instead.

        Raises
        ------
        InputError
            What is swept there is not allowed.
        """
        tables = dict(self.tables)
        for name in self.touched & tables.keys():
            tables[name] = _copied(tables[name])
        for key, value in point.items():
            if key not in self._steps or not self._steady:
                self._steps[key] = steps_to(tables, key)
            if (steps := self._steps[key]) is not None:
                put(tables, steps, value)
        with knowing(*self.scenario.registries):
            try:
                settings = Settings.model_validate({**tables, **self._same})
            except ValidationError as error:
                label = labelled(self.scenario, self.design, point if named is None else named)
                raise explain(error, tables, file=label, top=list(Settings.model_fields)) from None
        if not self._same:
            steady = Settings.model_fields.keys() - self.touched
            self._same = {name: getattr(settings, name) for name in steady}
        for name in self.touched:
            if isinstance(table := getattr(settings, name, None), BaseModel):
                vars(settings)[name] = self._light(table)
        return self._light(settings)

    def _light(self, model: Model) -> Model:
        """Return the same model in a third of the memory: names of its keys are shared.

        Instances whose attributes are set in one order share the names of these in one table, in
        which a dict of each would have them anew; which of them were given is one set for all.
        """
        own = model.model_fields_set
        given = self._given.setdefault(type(model), own)
        light = object.__new__(type(model))
        for name, value in vars(model).items():
            object.__setattr__(light, name, value)
        object.__setattr__(light, "__pydantic_fields_set__", given if given == own else own)
        object.__setattr__(light, "__pydantic_extra__", None)
        object.__setattr__(light, "__pydantic_private__", None)
        return light


def _copied(table: Any) -> Any:
    """Return a copy of plain tables and lists."""
    if isinstance(table, dict):
        return {key: _copied(value) for key, value in table.items()}
    if isinstance(table, list):
        return [_copied(value) for value in table]
    return table


def check(scenario: Scenario) -> None:
    """Raise unless every design, and every swept value on its own, is allowed.

    Raises
    ------
    InputError
        One sentence on the first thing to correct.
    """
    for name, times in Counter(design.name for design in scenario.designs).items():
        if times > 1:
            raise InputError(
                f"{scenario.source}: the design name {name!r} is used {times} times; give each "
                "design its own name."
            )
    bases = _bases(scenario)
    axes = scenario.sweep.axes
    for key in axes:
        _check_axis(scenario, key, bases)
    first = {key: values[0] for key, values in axes.items()}
    for design, tables in bases:
        swept = _Swept(scenario, design, tables)
        swept.at(first)
        for key, values in axes.items():
            for value in looked_at(values[1:], scenario, what="values"):
                swept.at({**first, key: value}, named={key: value})


def _check_axis(scenario: Scenario, key: str, bases: list[tuple[str, dict[str, Any]]]) -> None:
    values = scenario.sweep.axes[key]
    reached = [tables for _, tables in bases if set_key(copy.deepcopy(tables), key, values[0])]
    if not reached:
        known = {each for _, tables in bases for each in dotted_keys(tables)}
        raise InputError(
            f"{scenario.source}: sweep over {key!r}, which no design has; "
            f"{did_you_mean(key, {'replicas', 'redraw', *known})}"
        )
    ruled = [((tables.get("dynamics") or {}).get("rule") or {}).get("kind") for tables in reached]
    if key.startswith(TEMPERATURE) and None not in ruled:
        raise InputError(
            f"{scenario.source}: sweep over {key!r}, which changes nothing, because the rule "
            f"{ruled[0]} has no temperature; leave it out."
        )
    places = [_heated_at_once(tables, scenario.sweep.axes) for tables in reached]
    if key.startswith(TEMPERATURE) and None not in places:
        raise InputError(
            f"{scenario.source}: sweep over {key!r}, which changes nothing, because a heat "
            "intervention sets the temperature before the first sweep; sweep over "
            f"'interventions.{places[0]}.temperature' instead, or leave the intervention out."
        )


def _heated_at_once(tables: Mapping[str, Any], axes: Mapping[str, Values]) -> int | None:
    """Return the place of an intervention that sets the temperature of the very first sweep."""
    for place, act in enumerate(tables.get("interventions", ())):
        lasting = not any(key in act for key in ("who", "share", "until"))
        at_once = act["at"] == 0 and f"interventions.{place}.at" not in axes
        if act["kind"] == "heat" and at_once and lasting:
            return place
    return None


@asks
def expand(scenario: Scenario, *, resolve: bool = True) -> list[Case]:
    """Return designs x sweep points in the order of the file; see ``Scenario.cases``.

    Without ``resolve`` paths stay as the file gives them.

    Parameters
    ----------
    scenario : Scenario
    resolve : bool
        Whether relative paths become those of the files they lead to; left as the file gives them
        if False.

    Raises
    ------
    InputError
        A case that is not allowed, or more cases than memory holds.

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> scenario = Scenario.from_toml(CROWD + 'sweep = {"dynamics.temperature" = [1.0, 2.0]}')
    >>> [case.point for case in expand(scenario)]
    [{'dynamics.temperature': 1.0}, {'dynamics.temperature': 2.0}]
    """
    axes = scenario.sweep.axes
    bases = _bases(scenario)
    count = len(bases) * math.prod(len(values) for values in axes.values())
    require_memory(
        count * BYTES_PER_CASE,
        what=f"{scenario.source}: a sweep of {count} cases",
        fix="sweep over fewer values",
    )
    points = _points(axes)
    cases = []
    for design, tables in bases:
        swept = _Swept(scenario, design, tables)
        for point in looked_at(points, scenario, what="cases"):
            settings = swept.at(point)
            if resolve:
                settings = resolved(settings, scenario.folder)
            cases.append(Case(design, dict(point), settings))
    if scenario.posterior is not None:
        posterior: Any = resolved(cases[0].settings, scenario.folder).posterior
        check_draws(posterior.path, replicas=scenario.sweep.replicas, swept=axes)
    return cases


@asks
def looked_at(each: Sequence[Each], scenario: Scenario, *, what: str) -> Iterator[Each]:
    """Yield each of many, and log how many were, once a second, where that takes so long.

    Parameters
    ----------
    each : sequence
    scenario : Scenario
        Whose file the line names.
    what : str
        The word for many.

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> list(looked_at([1, 2], Scenario.from_toml(CROWD), what="cases"))
    [1, 2]
    """
    due = time.monotonic() + SECONDS_BETWEEN_LINES
    for count, one in enumerate(each):
        if count % LOOKS == 0 and (now := time.monotonic()) >= due:
            due = now + SECONDS_BETWEEN_LINES
            _log.info("%s: %d of %d %s looked at", scenario.source, count, len(each), what)
        yield one


def _points(axes: dict[str, Values]) -> list[dict[str, Any]]:
    product = itertools.product(*axes.values())
    return [dict(zip(axes, combination, strict=True)) for combination in product]


def files_of(settings: Settings) -> dict[str, str]:
    """Return the paths that settings name, by their dotted keys."""
    found = {}
    for name, key in FILE_KEYS:
        path = vars(getattr(settings, name)).get(key)
        if path is not None:
            found[f"{name}.{key}"] = str(path)
    if settings.posterior is not None:
        found["posterior.path"] = settings.posterior.path
    return found


def resolved(settings: Settings, folder: Path | None) -> Settings:
    """Return settings whose relative paths lead to files in ``folder``, where these exist.

    The name of a bundled chamber leads to its file of votes, where no other file has that name.

    Parameters
    ----------
    settings : Settings
        One design at one point.
    folder : Path or None
        Where the scenario's file is.

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> scenario = Scenario.from_toml(CROWD)
    >>> settings = scenario.cases()[0].settings
    >>> resolved(settings, None) == settings  # it names no file
    True
    """
    for name, key in FILE_KEYS:
        table = getattr(settings, name)
        path = vars(table).get(key)
        place = None if path is None else _place(path, folder, bundled=name == "couplings")
        if place is not None:
            moved = replace(table, **{key: str(place)})
            settings = settings.model_copy(update={name: moved})
    if settings.posterior is not None:
        path = settings.posterior.path
        file = draws_file(_place(path, folder, bundled=False) or Path(path))
        moved = settings.posterior.model_copy(update={"path": str(file)})
        settings = settings.model_copy(update={"posterior": moved})
    return settings


def _place(path: str, folder: Path | None, *, bundled: bool) -> Path | None:
    if path.startswith("given:"):
        from sociophysics.scenario.given import place_of_given

        return place_of_given(path)
    if folder is not None and not Path(path).is_absolute() and (folder / path).exists():
        return folder / path
    if bundled and path in CHAMBERS and not Path(path).exists():
        return bundled_file(CHAMBERS[path].votes)
    return None


def declared_values(document: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Scalar]:
    """Return what the tables of a scenario say for keys that it may be swept over.

    The first design that has the key counts, with its own tables over the base's. A key that
    holds no single value (a schedule, or nothing) is left out.

    Parameters
    ----------
    document : mapping
        The canonical scenario.
    keys : iterable of str
        Dotted names.

    Examples
    --------
    >>> feeds = [{"name": "off", "feed": {"kind": "none"}}, {"name": "on", "feed": None}]
    >>> document = {"feed": {"kind": "memory", "strength": 0.5}, "designs": feeds}
    >>> declared_values(document, ["feed.strength", "dynamics.temperature"])
    {'feed.strength': 0.5}
    """
    base = {name: document[name] for name in SWEPT_TABLES if name in document}
    societies = [
        {**base, **{name: own for name, own in design.items() if own is not None}}
        for design in document.get("designs") or [{}]
    ]
    found: dict[str, Scalar] = {}
    for key in keys:
        values = (_value(tables, key) for tables in societies)
        value = next((each for each in values if isinstance(each, Scalar)), None)
        if value is not None:
            found[key] = value
    return found


@asks
def with_declared(scenario: Scenario) -> Scenario:
    """Return the scenario whose sweep also holds the values that its tables declare.

    An ascending or descending list stays one. A scenario is returned as it is where nothing is to
    be added, or where a declared value does not go with the other swept ones.
    """
    axes = scenario.sweep.axes
    declared = declared_values(scenario.canonical(), axes)
    changes: dict[str, Any] = {}
    for key, value in declared.items():
        texts = isinstance(axes[key][0], str)
        if value not in axes[key] and isinstance(value, str) == texts:
            changes[f"sweep.{key}"] = _placed(list(axes[key]), value)
    if not changes:
        return scenario
    try:
        whole = scenario.replace(changes)
        whole.cases()
    except InputError:
        return scenario
    return whole


def _value(tables: Mapping[str, Any], key: str) -> Any:
    here = value_at(tables, key)
    # Only fitted couplings may leave the temperature out: it is then the fit's own.
    left_out = here is None and key == TEMPERATURE and "dynamics" in tables
    return 1.0 if left_out else here


def _placed(values: list[Any], value: Any) -> list[Any]:
    added = [*values, value]
    if len(values) > 1 and values == sorted(values):
        return sorted(added)
    if len(values) > 1 and values == sorted(values, reverse=True):
        return sorted(added, reverse=True)
    return added
