"""What is asked: a society, one or two keys, how often; and how the command line asks the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sociophysics as sp

from ..society_in_use import in_their_names
from .keys import grid_of, keys_of, known, suggested
from .settings import BUNDLED
from .sources import base_of, chosen, loaded

__all__ = ["ORDER", "Plan", "Question", "plan_of", "question_of"]

ORDER = ("abs_camp_polarization", "abs_magnetization")
MOST_OF_TWO = 9  # values of each key that are suggested for a picture over two

Ends = tuple[float, float, int]


@dataclass(frozen=True)
class Question:
    """What the settings ask, before anything is computed.

    Attributes
    ----------
    base : Scenario
        The society, with the length of runs that is asked for.
    changed : bool
        Whether that differs from the scenario's file.
    along, second : str
        Keys; ``second`` is "" in a search along one.
    ends, ends2 : (low, high, points) or None
        The person's own range; None: the suggested one.
    observable : str
        A name, "own" or "auto".
    """

    source: str
    base: sp.Scenario
    changed: bool
    design: str
    along: str
    second: str
    ends: Ends | None
    ends2: Ends | None
    observable: str
    replicas: int
    loop: bool

    @property
    def identity(self) -> tuple[Any, ...]:
        """What a result has to agree with, to be the answer to these settings."""
        return (self.base.hash, self.design, self.along, self.second, self.ends, self.ends2,
                self.observable, self.replicas, self.loop)  # fmt: skip


def question_of(values: Mapping[str, Any], uploaded: sp.Scenario | None) -> Question:
    """Return what the settings ask.

    Raises
    ------
    InputError
        No scenario, a design or key that it lacks, or ends in the wrong order.
    """
    base = base_of(values, uploaded)
    settings = chosen(base, values["design"])
    keys = keys_of(settings)
    along, second = values["along"] or suggested(base, keys), values["second"]
    for key in filter(None, (along, second)):
        if key not in keys:
            raise sp.InputError(
                f"this society has no number called {key!r}; choose one of {', '.join(keys)}."
            )
    if along == second:
        raise sp.InputError(f"both keys are {known(along).name}; choose two different ones.")
    return Question(
        source=values["source"],
        base=base,
        changed=base != loaded(values["source"], uploaded),
        design=values["design"],
        along=along,
        second=second,
        ends=_ends(values, "", along),
        ends2=_ends(values, "2", second) if second else None,
        observable=values["observable"],
        replicas=int(values["replicas"]),
        loop=bool(values["loop"]) and not second,
    )


def _ends(values: Mapping[str, Any], suffix: str, key: str) -> Ends | None:
    if values[f"range{suffix}"] == "auto":
        return None
    low, high = values[f"low{suffix}"], values[f"high{suffix}"]
    if not low < high:
        raise sp.InputError(
            f"{known(key).name} goes from {low:g} to {high:g}; give a start below the end."
        )
    return low, high, int(values[f"points{suffix}"])


@dataclass(frozen=True)
class Plan:
    """A question with its values and order parameters: what is simulated, and its command.

    Attributes
    ----------
    grid, grid2 : list of float
        Values of the keys.
    names : tuple of str
        Observables that are recorded; the first one is shown while it runs.
    swept : Scenario
        What runs first: the grid; its parts are what the search goes on from.
    users : int
    """

    question: Question
    settings: sp.scenario.Settings
    grid: list[float]
    grid2: list[float]
    names: tuple[str, ...]
    swept: sp.Scenario
    users: int

    @property
    def asked(self) -> str | None:
        """The observable that a search is told to use; None lets it choose."""
        return self.names[0] if len(self.names) == 1 else None

    @property
    def burn_in(self) -> int:
        """Sweeps that are left out of averages."""
        return int(self.settings.dynamics.burn_in)

    @property
    def folder(self) -> str:
        """Name of the folder that keeps the parts: the same question, the same folder."""
        stem = "".join(sign if sign.isalnum() else "-" for sign in self.question.base.name.lower())
        return f"tip-{stem.strip('-')[:40] or 'scenario'}-{self.swept.hash[:8]}"

    @property
    def file(self) -> str:
        """Name of the scenario file of the command."""
        question = self.question
        if question.source in BUNDLED and not question.changed and not question.second:
            return f"scenarios/{question.source}.toml"
        return f"{self.folder.rsplit('-', 1)[0]}.toml"

    @property
    def text(self) -> str:
        """The scenario of the command, as TOML."""
        text: str = (self.swept if self.question.second else self.question.base).to_toml()
        return in_their_names(text)

    @property
    def command(self) -> str:
        """What reproduces the page's numbers on the command line."""
        question = self.question
        if question.second:
            return f"sociophysics run {self.file}"
        words = ["sociophysics", "tip", self.file, "--along", question.along]
        words += ["--values", ",".join(str(value) for value in self.grid)]
        words += ["--design", question.design] if question.design else []
        words += ["--observable", self.names[0]] if self.asked else []
        words += ["--replicas", str(question.replicas), *(["--loop"] if question.loop else [])]
        return shlex.join(words)


def plan_of(question: Question) -> Plan:
    """Return the plan of a question; it looks at the network, which takes a moment.

    Raises
    ------
    InputError
        What the scenario refuses at one of the values.
    """
    base, design = question.base, question.design
    settings = chosen(base, design)
    users, camps = sp.study.measure.society(settings)
    names = _names(question, camps)
    most = MOST_OF_TWO if question.second else 41
    grid = grid_of(base, settings, question.along, question.ends, most=most)
    grid2: list[float] = []
    axes = {question.along: grid}
    if question.second:
        grid2 = grid_of(base, settings, question.second, question.ends2, most=most)
        axes[question.second] = grid2
    least = 2 if question.second else 4
    for key, values in axes.items():
        if len(values) < least:
            raise sp.InputError(
                f"{known(key).name} takes {len(values)} different values; a "
                f"{'picture' if question.second else 'search'} needs at least {least}: widen the "
                "range or add points."
            )
    swept = sp.study.measure.varied(
        base,
        design=design or None,
        observables=names,
        replicas=question.replicas,
        axes=axes,
    )
    return Plan(question, settings, grid, grid2, names, swept, users)


def _names(question: Question, camps: bool) -> tuple[str, ...]:
    if question.observable == "auto" and camps and not question.second:
        return ORDER
    if question.observable in ("own", "auto"):
        return ORDER[:1] if camps else ORDER[1:]
    if question.observable == "abs_camp_polarization" and not camps:
        raise sp.InputError(
            "this society has no camps, so they have no distance; look at agreement overall."
        )
    return (question.observable,)
