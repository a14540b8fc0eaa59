"""What public functions are given: things of the kind they name, under names of before too.

A spelling of before works for this version and says how it is spelled now.
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, ParamSpec, TypeVar

from sociophysics.errors import InputError, quoted

__all__ = ["HOW", "asks", "by_keyword", "keys_by_keyword", "renamed", "warn"]

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")
# How one comes to a thing of a kind; by the names of classes, so that asking imports nothing.
HOW = {
    "ChamberFit": "inference.fit_chamber(votes)",
    "Feed": "one of sociophysics.feeds, such as feeds.Chronological(strength=0.5)",
    "FittedChamber": "live.read_fit(folder)",
    "Frame": "trajectory(system, ...), which yields them",
    "Graph": "networks.load(name), networks.read(path) or any networkx graph",
    "Rule": "one of sociophysics.rules, such as rules.Voter(noise=0.1)",
    "Run": "Run.open(folder) or run(scenario)",
    "Scenario": "Scenario.load(name or path) or Scenario.from_toml(text)",
    "SpinSystem": "SpinSystem.from_networkx(graph) or couplings.uniform(graph)",
    "State": "frame.state() or State.load(path)",
    "Votes": "rollcall.load(name), rollcall.open_votes(path) or rollcall.Votes(array)",
}
GROUPS = ("Iterable", "Mapping", "Sequence")
REPEATED = (str, bytes, int, float, os.PathLike, type(None))  # others are named by their type
NOT_GIVEN = object()


class _Asked(NamedTuple):
    """What one argument has to be."""

    place: int
    name: str
    kind: str  # of HOW
    optional: bool  # None is allowed as well
    group: str | None = None  # of GROUPS, where it holds several


def asks(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function, which now refuses what is not of the kinds that it is annotated with.

    Held are arguments annotated as one of ``HOW``, as that or None, or as a mapping or sequence of
    them; what else is allowed beside them is the function's own to check.

    Raises
    ------
    InputError
        From the decorated function, before it does anything.

    Examples
    --------
    >>> @asks
    ... def length(scenario: Scenario) -> int:
    ...     return 1
    >>> length("consensus")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: scenario of length() is the text 'consensus'; give a Scenario: \
Scenario.load(name or path) or Scenario.from_toml(text).
    """
    asked = [
        one
        for place, (name, parameter) in enumerate(inspect.signature(function).parameters.items())
        if (one := _asked(place, name, parameter.annotation)) is not None
    ]

    @functools.wraps(function)
    def call(*args: P.args, **keys: P.kwargs) -> R:
        for one in asked:
            value = args[one.place] if one.place < len(args) else keys.get(one.name, NOT_GIVEN)
            if value is not NOT_GIVEN:
                _check(value, one, function.__name__)
        return function(*args, **keys)

    return call


def _asked(place: int, name: str, annotation: object) -> _Asked | None:
    if not isinstance(annotation, str):
        return None
    group, tree = None, ast.parse(annotation, mode="eval").body
    if isinstance(tree, ast.Subscript) and ast.unparse(tree.value) in GROUPS:
        group, tree = ast.unparse(tree.value), tree.slice
        tree = tree.elts[-1] if isinstance(tree, ast.Tuple) else tree
    # Of nx.Graph the last name counts.
    words = {word.strip().rpartition(".")[2] for word in ast.unparse(tree).split("|")}
    kinds = words - {"None"}
    if len(kinds) != 1 or not kinds <= HOW.keys():
        return None
    return _Asked(place, name, kinds.pop(), "None" in words, group)


def _check(value: object, asked: _Asked, function: str) -> None:
    where = f"{asked.name} of {function}()"
    if asked.group is None:
        _check_one(value, asked, where)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            _check_one(each, asked, f"{where}, {quoted(name)},")
    elif asked.group == "Mapping" or isinstance(value, (str, bytes)):
        raise InputError(f"{where} is {_told(value)}; give one {asked.kind} by each name.")
    elif not isinstance(value, Iterable):
        raise InputError(f"{where} is {_told(value)}; give several: {HOW[asked.kind]}.")
    elif isinstance(value, (list, tuple)):  # what is yielded one by one is not used up here
        for each in value:
            _check_one(each, asked, where)


def _check_one(value: object, asked: _Asked, where: str) -> None:
    if value is None and asked.optional:
        return
    if all(each.__name__ != asked.kind for each in type(value).__mro__):
        none = ", or None" if asked.optional else ""
        raise InputError(
            f"{where} is {_told(value)}; give a {asked.kind}{none}: {HOW[asked.kind]}."
        )


def _told(value: object) -> str:
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    if isinstance(value, REPEATED):
        return quoted(value)
    return f"a {type(value).__name__}"


def warn(sentence: str, *, above: int = 1) -> None:
    """Warn that a spelling goes with the next version.

    Parameters
    ----------
    sentence : str
        What was written, and how it is written now.
    above : int
        How many callers up the line is that wrote it.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("attribute is now called camp.")
    >>> print(caught[0].message)
    attribute is now called camp.
    """
    warnings.warn(sentence, DeprecationWarning, stacklevel=2 + above)


def renamed(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that takes keywords under their former names too, and warns.

    Parameters
    ----------
    **names : str
        Former name = name now.

    Raises
    ------
    InputError
        From the decorated function, if one argument is given under both names.

    Examples
    --------
    >>> @renamed(rows="users")
    ... def count(users):
    ...     return users
    >>> count(users=3)
    3
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **keys: P.kwargs) -> R:
            for old, new in names.items():
                if old not in keys:
                    continue
                if new in keys:
                    raise InputError(f"{old} and {new} are both given; give {new} alone.")
                warn(f"{function.__name__}({old}=...) is now {function.__name__}({new}=...).")
                keys[new] = keys.pop(old)
            return function(*args, **keys)

        return call

    return decorate


def by_keyword(*names: str, after: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator of a method that takes ``names`` by position too, and warns.

    Parameters
    ----------
    *names : str
        The keywords that could be given by position, in their order.
    after : int
        How many arguments still can, the instance included.

    Examples
    --------
    >>> class Fit:
    ...     @by_keyword("seed", after=2)
    ...     def __init__(self, l2=None, *, seed=0):
    ...         self.seed = seed
    >>> Fit(0.1, seed=3).seed
    3
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **keys: P.kwargs) -> R:
            extra = args[after : after + len(names)]
            if not extra:
                return function(*args, **keys)
            owner = function.__qualname__.partition(".")[0]
            given = dict(zip(names, extra, strict=False))
            warn(f"{owner}: give {', '.join(given)} by keyword, as in {next(iter(given))}=...")
            both = sorted(set(given) & set(keys))
            if both or len(args) > after + len(names):
                return function(*args, **keys)  # Python's own words for too many
            kept: tuple[object, ...] = args[:after]
            return function(*kept, **keys, **given)  # type: ignore[arg-type]

        return call

    return decorate


def keys_by_keyword(*names: str, after: int) -> Callable[[type[C]], type[C]]:
    """Return a decorator of a dataclass whose ``names`` could be given by position.

    Parameters
    ----------
    *names, after
        As ``by_keyword``.

    Examples
    --------
    >>> from dataclasses import dataclass, field
    >>> @keys_by_keyword("seed", after=2)
    ... @dataclass
    ... class Fit:
    ...     l2: float = 0.1
    ...     seed: int = field(default=0, kw_only=True)
    >>> Fit(0.1, seed=3).seed
    3
    """

    def decorate(cls: type[C]) -> type[C]:
        type.__setattr__(cls, "__init__", by_keyword(*names, after=after)(cls.__init__))
        return cls

    return decorate
