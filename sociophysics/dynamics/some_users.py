"""What interventions set for some users only: temperatures and fields of their own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.influences.choosing import select
from sociophysics.influences.interventions import Intervention
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["SomeUsers"]


class _Set(NamedTuple):
    """What some users were given."""

    users: NDArray[np.bool_]  # (replicas, n)
    value: float | NDArray[np.float64]


class SomeUsers:
    """Users whom interventions chose, in each replica, and what they were given.

    They are chosen in the network that the run began with, by a stream of the intervention and
    the replica, so that a run that goes on from a state chooses the same.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), or None
    seed : int
    replicas : tuple of int
        Their numbers.
    acts : tuple of Intervention
        All of the run.
    """

    def __init__(
        self,
        system: SpinSystem,
        camps: NDArray[np.int64] | None,
        seed: int,
        replicas: tuple[int, ...],
        acts: tuple[Intervention, ...] = (),
    ) -> None:
        self._society = system, camps
        self._seed, self._replicas, self._acts = seed, replicas, acts
        self._heated: list[_Set] = []
        self._tilted: list[_Set] = []
        self._own: NDArray[np.float64] | None = None
        self.answers: NDArray[np.uint64] | None = None
        self.version = 0

    def clear(self) -> None:
        """Forget what anybody was given."""
        self._heated, self._tilted = [], []
        self._own = self.answers = None
        self.version += 1

    def differ(
        self, temperatures: NDArray[np.float64] | None, rates: NDArray[np.float64] | None
    ) -> None:
        """Give users temperatures of their own, NaN for none, and rates of being set anew.

        Parameters
        ----------
        temperatures, rates : array, shape (n,), or None
            Rates are between 0 and 1 of those of other users.
        """
        self._own = None if temperatures is None else np.asarray(temperatures, np.float64)
        if rates is not None:
            self.answers = np.round(np.asarray(rates) * 2.0**32).astype(np.uint64)
        self.version += 1

    def heat(self, users: NDArray[np.bool_], temperature: float) -> None:
        """Give some users, (replicas, n), a temperature."""
        self._heated.append(_Set(users, temperature))
        self.version += 1

    def tilt(self, users: NDArray[np.bool_], field: float | NDArray[np.float64]) -> None:
        """Give some users, (replicas, n), a field."""
        self._tilted.append(_Set(users, field))
        self.version += 1

    def heat_all(self) -> None:
        """Forget temperatures that another one for everybody replaces."""
        self._heated, self._own = [], None
        self.version += 1

    def tilt_all(self) -> None:
        """Forget fields that another one for everybody replaces."""
        self._tilted = []
        self.version += 1

    def chosen(self, act: Intervention) -> NDArray[np.bool_]:
        """Return on whom an intervention acts, shape (replicas, n)."""
        system, camps = self._society
        order = self._order(act)
        return np.array(
            [
                select(system, camps, act.among, act.part, self._stream(act, order, replica))
                for replica in self._replicas
            ]
        )

    def chosen_once(self, act: Intervention) -> NDArray[np.bool_]:
        """Return on whom an intervention acts that treats all replicas alike, shape (n,)."""
        system, camps = self._society
        return select(system, camps, act.among, act.part, self._stream(act, self._order(act)))

    def noise(self, base: float, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Return the temperature of each user of some replicas, None where all have the same."""
        if self._own is None and not any(given.users[rows].any() for given in self._heated):
            return None
        noise = np.full((rows.size, self._society[0].n), base)
        if self._own is not None:
            noise = np.where(np.isnan(self._own), noise, self._own)
        for given in self._heated:
            noise[given.users[rows]] = given.value
        return noise

    def field(
        self, base: NDArray[np.float64], h: NDArray[np.float64], rows: NDArray[np.int64]
    ) -> NDArray[np.float64] | None:
        """Return the field on each user of some replicas, None where replicas do not differ."""
        if not self._tilted:
            return None
        field = np.tile(base, (rows.size, 1))
        for given in self._tilted:
            field = np.where(given.users[rows], h + given.value, field)
        return field

    def largest_tilt(self) -> float:
        """Return the largest absolute field that anybody was given."""
        return max((float(np.abs(given.value).max()) for given in self._tilted), default=0.0)

    def _order(self, act: Intervention) -> int:
        """Return how many interventions of its kind and moment come before it."""
        same = [each for each in self._acts if (each.kind, each.at) == (act.kind, act.at)]
        return next((k for k, each in enumerate(same) if each is act), 0)

    def _stream(self, act: Any, order: int, replica: int | None = None) -> np.random.Generator:
        return generator(self._seed, "interventions", replica, act.at, of=f"{act.kind} {order}")
