"""Observables by name: what a scenario, a table column or a report may ask for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.observables import exposure, order, sorting
from sociophysics.observables.exposure import Exposed
from sociophysics.registries import Registry

__all__ = ["DEFINITIONS", "OBSERVABLES", "REGISTRY", "as_names", "check_names", "evaluate"]


Observable = Callable[[Any], NDArray[np.float64]]


def _of_spins(plain: Callable[..., Any]) -> Observable:
    def observable(frame: Exposed) -> NDArray[np.float64]:
        values: NDArray[np.float64] = plain(frame.system, frame.spins)
        return values

    return observable


def _of_camps(plain: Callable[..., Any]) -> Observable:
    def observable(frame: Exposed) -> NDArray[np.float64]:
        values: NDArray[np.float64] = plain(frame.system, frame.spins, frame.camps)
        return values

    return observable


class Observables(Registry[Observable]):
    """Observables by name, ours and those of installed packages; each is a column of tables."""

    def register(
        self,
        kind: Observable,
        *,
        name: str = "",
        words: str = "",
        unit: str = "1",
        into: dict[str, Observable] | None = None,
    ) -> Observable:
        """Add a function of a frame under its name, and return it; usable as a decorator.

        Parameters
        ----------
        kind : callable
            ``f(frame) -> array (replicas,)``.
        name : str, optional
            Its column; by default the function's name.
        words : str, optional
            What it is, without a full stop; by default the first line of its docstring.
        unit : str
            "1" for pure numbers.

        Raises
        ------
        InputError
            It is no function, or its name is no name or is taken.

        Examples
        --------
        >>> def last_user(frame):
        ...     '''Stance of the last user.'''
        ...     return frame.spins[:, -1].astype(float)
        >>> made = OBSERVABLES.register(last_user)
        >>> DEFINITIONS["last_user"]
        ('Stance of the last user', '1')
        >>> OBSERVABLES.remove("last_user")
        """
        if not callable(kind) or isinstance(kind, type):
            raise InputError(f"{kind!r} is no observable; give a function of a frame.")
        name = name or getattr(kind, "__name__", "")
        self.add(name, kind)
        said = (inspect.getdoc(kind) or "").split("\n")[0].rstrip(".")
        DEFINITIONS[name] = (words or said or "registered by the user", unit)
        return kind

    def remove(self, name: str) -> None:
        """Take an observable out again."""
        super().remove(name)
        DEFINITIONS.pop(name, None)


REGISTRY: dict[str, Observable] = {
    "magnetization": _of_spins(order.magnetization),
    "abs_magnetization": _of_spins(order.abs_magnetization),
    "passed": _of_spins(order.passed),
    "energy": _of_spins(order.energy),
    "camp_polarization": _of_camps(order.camp_polarization),
    "abs_camp_polarization": _of_camps(order.abs_camp_polarization),
    "edge_agreement": _of_spins(order.edge_agreement),
    "unsatisfied_fraction": _of_spins(order.unsatisfied_fraction),
    "local_agreement": _of_spins(order.local_agreement),
    "cross_ties": _of_camps(sorting.cross_ties),
    "assortativity": _of_camps(sorting.sorting_of_ties),
    "exposure_agreement": exposure.exposure_agreement,
    "exposure_out_group": exposure.exposure_out_group,
    "attention_gini": exposure.attention_gini,
}

OBSERVABLES = Observables("observable", group="sociophysics.observables", kinds=REGISTRY)

DEFINITIONS: dict[str, tuple[str, str]] = {
    "magnetization": ("mean stance, signed", "1"),
    "abs_magnetization": ("absolute value of the mean stance", "1"),
    "passed": ("1 if more users hold +1 than -1, 1/2 at a tie, else 0", "1"),
    "energy": ("energy per user, -(1/2 s'Js + h's)/n, feeds left out", "J"),
    "camp_polarization": ("half the difference of the two camps' mean stances, signed", "1"),
    "abs_camp_polarization": (
        "distance of the camps' mean stances: half the absolute difference of two camps, standard "
        "deviation over its maximum for more",
        "1",
    ),
    "edge_agreement": ("share of ties whose ends hold equal stances", "share of ties"),
    "unsatisfied_fraction": (
        "share of ties against their coupling's sign (J s s < 0)",
        "share of ties",
    ),
    "local_agreement": (
        "mean of own stance times the mean stance of one's neighbours, users without any left out",
        "1",
    ),
    "cross_ties": ("share of ties that cross camps", "share of ties"),
    "assortativity": ("how much more ties stay inside camps than at random, 1 at most", "1"),
    "exposure_agreement": (
        "share of shown posts that hold the reader's stance; empty without a feed",
        "share of posts",
    ),
    "exposure_out_group": (
        "share of shown posts from another camp than the reader's; empty without a feed",
        "share of posts",
    ),
    "attention_gini": (
        "Gini coefficient of how often each user's post is shown; empty without a feed",
        "1",
    ),
}


def check_names(names: Iterable[str]) -> None:
    """Raise if one of ``names`` is not an observable.

    Raises
    ------
    InputError
        Lists the known names and the nearest one.
    """
    for name in names:
        if name not in OBSERVABLES:
            raise InputError(
                f"{name!r} is not an observable; {did_you_mean(str(name), REGISTRY)}"
                f"{OBSERVABLES.failure_of(str(name))}"
            )
        if name in OBSERVABLES.disputed:
            raise InputError(
                f"the observable {name!r} is wanted by two: {OBSERVABLES.disputed[name]}"
            )


def as_names(wanted: Iterable[str | Observable]) -> tuple[str, ...]:
    """Return observables by their names; functions among them are registered under theirs.

    A function that was defined anew, as in a notebook, takes the place of the one before.

    Parameters
    ----------
    wanted : iterable of str or functions of a frame

    Raises
    ------
    InputError
        A function without a name, or whose name another observable has.

    Examples
    --------
    >>> def first_user(frame):
    ...     return frame.spins[:, 0].astype(float)
    >>> as_names(["magnetization", first_user])
    ('magnetization', 'first_user')
    >>> OBSERVABLES.remove("first_user")
    """
    names = []
    for each in wanted:
        if not callable(each):
            names.append(each)
            continue
        name = getattr(each, "__name__", "")
        there = OBSERVABLES.get(name)
        if there is not None and there is not each and _origin(there) == _origin(each):
            OBSERVABLES.remove(name)
            there = None
        if there is not each:
            OBSERVABLES.register(each)
        names.append(name)
    return tuple(names)


def _origin(function: Observable) -> tuple[str, str]:
    return function.__module__, getattr(function, "__qualname__", "")


def evaluate(frame: Exposed, names: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """Return the named observables of one frame, each of shape (replicas,).

    Parameters
    ----------
    frame : Frame
        Whatever has the fields that the observables read.
    names : iterable of str
        Of ``REGISTRY``.

    Raises
    ------
    InputError
        An unknown name, or an observable that this system has no value of (an energy of directed
        couplings, a camp polarization without camps), or one that returns another shape.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from sociophysics.society.spins import SpinSystem
    >>> system = SpinSystem([[0, 1], [1, 0]])
    >>> frame = SimpleNamespace(system=system, spins=np.array([[1, 1], [1, -1]]), camps=[0, 1])
    >>> evaluate(frame, ["magnetization", "camp_polarization"])
    {'magnetization': array([1., 0.]), 'camp_polarization': array([0., 1.])}
    """
    wanted = list(names)
    check_names(wanted)
    return {name: _per_replica(name, REGISTRY[name](frame), frame) for name in wanted}


def _per_replica(name: str, values: Any, frame: Exposed) -> NDArray[np.float64]:
    if np.shape(values) != (len(frame.spins),):
        raise InputError(
            f"the observable {name} returned an array of shape {np.shape(values)}; it must return "
            f"one number per replica, shape ({len(frame.spins)},)."
        )
    checked: NDArray[np.float64] = values
    return checked
