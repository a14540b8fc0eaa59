"""Frames: what a trajectory yields, one moment of all replicas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as with_default
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.feeds import Exposure
from sociophysics.observables import evaluate
from sociophysics.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["Frame", "ReplicaExposure", "observe"]


class ReplicaExposure:
    """Exposure of all replicas, joined from the groups of replicas that were refreshed together."""

    def __init__(self, replicas: int, parts: Sequence[tuple[NDArray[np.int64], Exposure]]) -> None:
        self._replicas = replicas
        self._parts = tuple(parts)

    def _join(self, name: str) -> NDArray[np.float64]:
        values = np.full(self._replicas, np.nan)
        for rows, exposure in self._parts:
            values[rows] = getattr(exposure, name)
        return values

    @property
    def agreement(self) -> NDArray[np.float64]:
        """Share of shown posts that agree with the reader; (replicas,)."""
        return self._join("agreement")

    @property
    def out_group(self) -> NDArray[np.float64]:
        """Share of shown posts from another camp; (replicas,)."""
        return self._join("out_group")

    @property
    def attention_gini(self) -> NDArray[np.float64]:
        """Gini coefficient of the attention users receive; (replicas,)."""
        return self._join("attention_gini")


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """One moment of all replicas; observables are functions of it.

    Attributes
    ----------
    sweep : int
        Sweeps done so far; 0 is the start.
    spins : int8 array, shape (replicas, n)
    systems : tuple of SpinSystem
        One for all replicas, or one each after a rewiring.
    camps : int array, shape (n,), or None
    temperature : float
        That acted in this sweep (frame 0: that will act in sweep 1).
    field : array, shape (n,)
        External field that acted, in units of the couplings.
    phi : array, shape (replicas, n)
        The feed's field that acted; zeros without a feed.
    exposure : ReplicaExposure or None
        What the feed showed; None if it showed no posts.
    replicas : tuple of int
        Number of each replica, as its random streams know it.
    stopped : int array, shape (replicas,)
        Sweep at which a replica was stopped, -1 while it runs.
    events : tuple of dict
        What interventions did since the last frame: sweep, kind, replica, and details.
    seed : int
        From which ``rng`` is derived.
    """

    sweep: int
    spins: NDArray[np.int8]
    systems: tuple[SpinSystem, ...]
    camps: NDArray[np.int64] | None
    temperature: float
    field: NDArray[np.float64]
    phi: NDArray[np.float64]
    exposure: ReplicaExposure | None
    replicas: tuple[int, ...] = (0,)
    stopped: NDArray[np.int64] = with_default(default_factory=lambda: np.full(1, -1))
    events: tuple[dict[str, Any], ...] = ()
    seed: int = 0

    @cached_property
    def rng(self) -> tuple[np.random.Generator, ...]:
        """One stream per replica and sweep, for observables that draw."""
        return tuple(generator(self.seed, "observables", r, self.sweep) for r in self.replicas)

    @property
    def system(self) -> SpinSystem:
        """The system that all replicas share.

        Raises
        ------
        InputError
            After a rewiring, every replica has a network of its own.
        """
        if len(self.systems) > 1:
            raise InputError(
                "the replicas of this frame have different networks since a rewiring; go through "
                "frame.split()."
            )
        return self.systems[0]

    def split(self) -> Iterator[Frame]:
        """Yield frames of one replica each, with that replica's own system."""
        for r, replica in enumerate(self.replicas):
            exposure = None
            if self.exposure is not None:
                exposure = _SingleExposure(self.exposure, r)
            yield Frame(
                sweep=self.sweep,
                spins=self.spins[r : r + 1],
                systems=(self.systems[r if len(self.systems) > 1 else 0],),
                camps=self.camps,
                temperature=self.temperature,
                field=self.field,
                phi=self.phi[r : r + 1],
                exposure=exposure,
                replicas=(replica,),
                stopped=self.stopped[r : r + 1],
                seed=self.seed,
            )


class _SingleExposure(ReplicaExposure):
    """One replica of a joined exposure."""

    def __init__(self, joined: ReplicaExposure, row: int) -> None:
        super().__init__(1, ())
        self._joined, self._row = joined, row

    def _join(self, name: str) -> NDArray[np.float64]:
        return self._joined._join(name)[self._row : self._row + 1]


def observe(frame: Frame, names: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """Return the named observables of a frame, each (replicas,), also after a rewiring."""
    wanted = list(names)
    if len(frame.systems) == 1:
        return evaluate(frame, wanted)
    singles = [evaluate(single, wanted) for single in frame.split()]
    return {name: np.concatenate([single[name] for single in singles]) for name in wanted}
