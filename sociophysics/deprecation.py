"""Spellings of before: they work for this version, and each says how it is spelled now."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sociophysics.errors import InputError

__all__ = ["by_keyword", "keys_by_keyword", "renamed", "warn"]

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")


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
