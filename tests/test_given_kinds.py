"""What is no Scenario, society, votes, run or feed is one sentence wherever one is asked for."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.addresses import PLACES
from sociophysics.arguments import HOW

NOTHING: tuple[Any, ...] = ([], {})
WRONG: list[Any] = [
    "polarization",
    "",
    "\ud800",
    "x" * 5000,
    b"votes",
    None,
    3,
    2.5,
    True,
    *NOTHING,
]
WRONG += [["a"], {"a": 1}, Path("votes.csv"), object(), np.zeros(3), pd.DataFrame({"a": ["b"]})]
# What the loop makes and calls at each sweep, and what runs make; they have asked at their doors.
OURS = re.compile(r"influences\.(feeds|interventions)\S* \w+\.\w+$|frames Frame$|run Run$")


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for place in [*PLACES, ""]:
        module = importlib.import_module(f"sociophysics.{place}".rstrip("."))
        for name in getattr(module, "__all__", ()):
            found = getattr(module, name)
            if inspect.isfunction(found):
                yield f"{found.__module__} {name}", found
            elif inspect.isclass(found):
                yield from methods(found)


def methods(cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield how one is made, unless as a record of what is given, and what it does."""
    if not is_dataclass(cls) and "__init__" in vars(cls):
        yield f"{cls.__module__} {cls.__name__}", cls
    for name in (name for name in vars(cls) if name[0] != "_"):
        bound = getattr(cls, name)
        if inspect.isfunction(bound) or inspect.ismethod(bound):
            yield f"{cls.__module__} {cls.__name__}.{name}", bound


def asked(function: Callable[..., Any]) -> dict[str, str]:
    """Return the arguments that are annotated with a kind, and their annotations."""
    named = re.compile(rf"\b({'|'.join(HOW)})\b(?!\()")
    parameters = inspect.signature(function).parameters.values()
    found = {one.name: str(one.annotation) for one in parameters}
    return {
        name: annotation
        for name, annotation in found.items()
        if named.search(annotation) and "Callable" not in annotation and name != "self"
    }


EVERY = {
    f"{name}({argument})": (function, argument, annotation)
    for name, function in functions()
    for argument, annotation in asked(function).items()
    if not OURS.search(name)
}


SYSTEM = sp.couplings.uniform(sp.networks.load("karate"))
SCENARIO = sp.Scenario.from_toml(sp.scenario.text.CROWD)
VOTES = sp.rollcall.Votes(
    np.where(np.arange(32).reshape(8, 4) % 7 < 3, 1, -1),
    pd.DataFrame({"id": list("abcd"), "name": list("abcd"), "party": list("DDRR")}),
)


QUICK = {
    "BoltzmannRefinement": {"steps": 5, "replicas": 10},
    "HiddenIssues": {"issues": 1, "ridge": 0.1, "starts": 1, "max_iter": 5},
}


@lru_cache
def made(where: str) -> Any:
    """Return an estimator that is fitted, so that nothing but the votes can be refused."""
    return getattr(sp.inference, where)(**QUICK.get(where, {})).fit(VOTES)


def right(annotation: str) -> Any:
    """Return what may be given for an annotation, so that another argument is the wrong one."""
    if "SpinSystem" in annotation:
        return SYSTEM
    if "Scenario" in annotation:
        return SCENARIO
    return VOTES if "Votes" in annotation else None


def refused(function: Callable[..., Any], **arguments: Any) -> None:
    with pytest.raises(sp.InputError) as caught:
        function(**arguments)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 700
    sentence.encode("utf-8", "backslashreplace")


@pytest.mark.parametrize("where", EVERY)
def test_what_is_of_another_kind_is_one_sentence(where: str) -> None:
    function, argument, annotation = EVERY[where]
    parameters = inspect.signature(function).parameters.values()
    given = {
        one.name: right(str(one.annotation))
        for one in parameters
        if one.default is one.empty and one.kind is not one.VAR_KEYWORD
    }
    if "self" in given:
        given["self"] = made(where.rpartition(".")[0].rpartition(" ")[2])
    for wrong in WRONG:
        # None at all is an answer where a kind or several may be left out.
        if (wrong is None and "None" in annotation) or (
            any(wrong is one for one in NOTHING) and "[" in annotation
        ):
            continue
        if not (isinstance(wrong, str) and annotation.startswith("str |")):
            refused(function, **given | {argument: wrong})
