"""What a worker does: parts in a row, each simulated and written before the next begins."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import pandas as pd
from pydantic import ValidationError

from sociophysics.errors import InputError
from sociophysics.others_code import Code, code_of_others
from sociophysics.scenario import Settings
from sociophysics.sources import short, source_digest
from sociophysics.store import json_form, open_store
from sociophysics.store.manifest import decisive_versions
from sociophysics.study.blocks import Part
from sociophysics.study.parts import PartData, write_part

__all__ = [
    "Check",
    "Done",
    "Rehearse",
    "Simulate",
    "Task",
    "naming",
    "rehearse_case",
    "simulate_case",
    "wake",
    "work",
    "work_text",
]

Simulate = Callable[[Settings, Sequence[int]], tuple[pd.DataFrame, list[dict[str, Any]]]]
Rehearse = Callable[[Settings, Sequence[int]], None]
Check = Callable[[], None]

KNOWN_TO_ALL = (
    "install it as a plugin, register it when a module that workers can import is loaded, or ask "
    "for workers = 1"
)


class Task(NamedTuple):
    """Parts that one worker does in a row, to seconds of work."""

    parts: tuple[Part, ...]
    store: str | None
    simulate: Simulate
    modules: tuple[str, ...]

    def text(self) -> str:
        """Return the task as JSON: settings, each once, and the replicas asked of them.

        Numbers, names and paths only: what a worker is sent holds nothing to execute.
        """
        places: dict[str, int] = {}
        cases: list[tuple[str, str, Any]] = []
        for part in self.parts:
            if part.identity not in places:
                places[part.identity] = len(cases)
                settings = json_form(part.settings.canonical())
                cases.append((part.identity, part.source, settings))
        listed = [[places[part.identity], list(part.replicas)] for part in self.parts]
        about: dict[str, Any] = {
            "store": self.store,
            "modules": self.modules,
            "versions": decisive_versions(),
        }
        about["code"] = source_digest()
        about["plugins"] = code_of_others(self.modules)
        about["observables"] = _functions(self.parts)
        return json.dumps({**about, "cases": cases, "parts": listed}, allow_nan=False)

    @classmethod
    def from_text(cls, text: str, simulate: Simulate) -> Task:
        """Return the task that a text stands for.

        Raises
        ------
        InputError
            It was written by other code, or with other versions of what numbers come from.
        """
        about = json.loads(text)
        here = decisive_versions()
        for name, there in about["versions"].items():
            if here[name] != there:
                raise InputError(
                    f"the worker on {platform.node()} has {name} {here[name]}, this run {there}; "
                    "install the same versions on all workers."
                )
        if about["code"] != source_digest():
            raise InputError(
                f"the worker on {platform.node()} has other code of sociophysics (sources "
                f"{short(source_digest())}, this run {short(about['code'])}); install the same on "
                "all workers."
            )
        # What a caller registers is known before settings may name it.
        _import_others(about["modules"], about["plugins"])
        _register(about["observables"])
        cases = [
            Part("", {}, _settings(settings), (), identity, source)
            for identity, source, settings in about["cases"]
        ]
        parts = tuple(cases[case].of(replicas) for case, replicas in about["parts"])
        return cls(parts, about["store"], simulate, tuple(about["modules"]))


def wake() -> None:
    """Import what simulates and look at its sources, in a process that has nothing to do yet."""
    from sociophysics.scenario import build  # noqa: F401

    source_digest()


def _functions(parts: Sequence[Part]) -> dict[str, tuple[str, str]]:
    """Return module and name of the observables of others, for workers to find them by."""
    from sociophysics.observables import OBSERVABLES

    named = {name: OBSERVABLES[name] for part in parts for name in part.settings.observe.names}
    return {
        name: (each.__module__, getattr(each, "__qualname__", name))
        for name, each in named.items()
        if each.__module__.partition(".")[0] != "sociophysics"
    }


def _register(functions: Mapping[str, Sequence[str]]) -> None:
    """Register the observables that importing their modules has not; whoever lacks one says so."""
    from sociophysics.observables import OBSERVABLES

    for name, (module, place) in functions.items():
        found: Any = sys.modules.get(module)
        for step in place.split("."):
            found = getattr(found, step, None)
        if callable(found) and name not in OBSERVABLES:
            OBSERVABLES.register(found, name=name)


def _import_others(modules: Sequence[str], code: Code) -> None:
    """Import the modules that register what parts name, the same code as in the parent."""
    for module in modules:
        if module == "__main__":
            continue
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise InputError(
                f"the worker on {platform.node()} cannot import {module} ({error}), which "
                f"registers a kind of this run; {KNOWN_TO_ALL}."
            ) from None
    importable = [module for module in modules if module != "__main__"]
    for name, here in code_of_others(importable).items():
        if here != code[name]:
            raise InputError(
                f"the worker on {platform.node()} has other code of {name} (version "
                f"{here['version']}, this run {code[name]['version']}); install the same on all "
                "workers."
            )


def _settings(canonical: object) -> Settings:
    try:
        return Settings.model_validate(canonical)
    except ValidationError as error:
        lacks = str(error.errors(include_url=False)[0]["msg"]).rstrip(".")
        raise InputError(
            f"a worker process does not know a kind that this run names ({lacks}): what a "
            f"notebook, or a function, registers is known to that process alone; {KNOWN_TO_ALL}."
        ) from None


class Done(NamedTuple):
    """A finished part: its data if nothing is written, and who took how long."""

    name: str
    seconds: float
    worker: int
    data: PartData | None


def simulate_case(
    settings: Settings, replicas: Sequence[int], *, check: Check | None = None
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the table and the events of one case, for these replicas.

    ``check`` is called before every frame, and what it raises ends the simulation.
    """
    from sociophysics.scenario import build as cases

    # Imported where it runs: the parent of a process pool never needs the engine.
    result: tuple[pd.DataFrame, list[dict[str, Any]]] = cases.simulate_case(
        settings, replicas, check=check
    )
    return result


def rehearse_case(settings: Settings, replicas: Sequence[int]) -> None:
    """Build what a case needs and measure its first frame, without moving a stance.

    Raises
    ------
    InputError
        What ``simulate_case`` would refuse.
    """
    from sociophysics.dynamics.frames import observe
    from sociophysics.scenario import build as cases

    with closing(cases.case_frames(settings, replicas)) as frames:
        observe(next(frames), settings.observe.names)


def work_text(text: str, simulate: Simulate) -> list[Done]:
    """Do a task that came as text."""
    return work(Task.from_text(text, simulate))


def work(task: Task) -> list[Done]:
    """Simulate the parts of a task, and write each before the next begins."""
    store = None if task.store is None else open_store(task.store)
    done = []
    for part in task.parts:
        start = time.perf_counter()
        with naming(part):
            data = PartData(*task.simulate(part.settings, part.replicas))
        if store is not None:
            write_part(store, part, data)
        seconds = time.perf_counter() - start
        done.append(Done(part.name, seconds, os.getpid(), data if store is None else None))
    return done


@contextlib.contextmanager
def naming(part: Part) -> Iterator[None]:
    """Name the scenario's file, the design and the swept values in what is refused inside."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{part.source}: {error}") from None
