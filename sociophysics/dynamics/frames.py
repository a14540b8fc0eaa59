"""Frames: what a trajectory yields, one moment of all replicas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics.state import State
from sociophysics.errors import InputError
from sociophysics.observables import evaluate
from sociophysics.observables.exposure import ExposureCounts
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["Frame", "ReplicaExposure", "SelectedExposure", "observe"]


class ReplicaExposure:
    """Exposure of all replicas, joined from the groups of replicas that were refreshed together."""

    def __init__(
        self, replicas: int, parts: Sequence[tuple[NDArray[np.int64], ExposureCounts]]
    ) -> None:
        self._replicas = replicas
        self._parts = tuple(parts)

    def _join(self, name: str) -> NDArray[np.float64]:
        values = np.full(self._replicas, np.nan)
        for rows, exposure in self._parts:
            values[rows] = getattr(exposure, name)
        return values

    def of_users(self, name: str) -> NDArray[np.float64]:
        """Return shares of every reader's posts, as ``Exposure`` names them, (replicas, n)."""
        found = [(rows, getattr(exposure, name)) for rows, exposure in self._parts]
        values = np.full((self._replicas, found[0][1].shape[1]), np.nan)
        for rows, own in found:
            values[rows] = own
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


class Frame:
    """One moment of all replicas; observables are functions of it. Frozen.

    Attributes
    ----------
    sweep : int
        Sweeps done so far; 0 is the start.
    spins : int8 array, shape (replicas, n)
    system : SpinSystem
        Shared by all replicas; after a rewiring every replica has its own, in ``systems``.
    camps : int array, shape (n,), or None
    temperature : float
        That acted in this sweep (frame 0: that will act in sweep 1).
    field : array, shape (n,)
        External field that acted, in units of the couplings.
    phi : array, shape (replicas, n)
        The feed's field that acted; zeros without a feed. Frame 0 holds what the feed would show
        then; interventions at sweep 0 act after it.
    exposure : ReplicaExposure or None
        What the feed showed; None if it showed no posts.
    rng : tuple of Generator
        One stream per replica and sweep, for observables that draw.
    replicas : tuple of int
        Number of each replica, as its random streams know it.
    stopped : int array, shape (replicas,)
        Sweep at which a replica was stopped, -1 while it runs.
    events : tuple of dict
        What interventions did since the last frame: sweep, kind, replica, and details.
    systems : tuple of SpinSystem
        One for all replicas, or one each after a rewiring.
    """

    def __init__(
        self,
        sweep: int,
        spins: NDArray[np.int8],
        system: SpinSystem | tuple[SpinSystem, ...],
        camps: NDArray[np.int64] | None = None,
        temperature: float = 1.0,
        field: NDArray[np.float64] | None = None,
        phi: NDArray[np.float64] | None = None,
        exposure: ExposureCounts | None = None,
        rng: tuple[np.random.Generator, ...] | None = None,
        *,
        replicas: tuple[int, ...] | None = None,
        stopped: NDArray[np.int64] | None = None,
        events: tuple[dict[str, Any], ...] = (),
        seed: int = 0,
        state: Callable[[], State] | None = None,
    ) -> None:
        count = len(spins)
        self.sweep, self.spins, self.camps, self.temperature = sweep, spins, camps, temperature
        self.systems = system if isinstance(system, tuple) else (system,)
        self.field = self.systems[0].h if field is None else field
        self.phi = np.zeros(spins.shape) if phi is None else phi
        self.exposure = exposure
        self.replicas = tuple(range(count)) if replicas is None else replicas
        self.stopped = np.full(count, -1) if stopped is None else stopped
        self.events, self._seed, self._state = events, seed, state
        if rng is not None:
            self.__dict__["rng"] = rng
        self._frozen = True

    def __setattr__(self, name: str, value: object) -> None:
        if getattr(self, "_frozen", False):
            raise AttributeError(f"a Frame is frozen: {name} cannot be changed")
        super().__setattr__(name, value)

    @cached_property
    def rng(self) -> tuple[np.random.Generator, ...]:
        """One stream per replica and sweep, for observables that draw."""
        return tuple(generator(self._seed, "observables", r, self.sweep) for r in self.replicas)

    def state(self) -> State:
        """Return all that the trajectory needs to go on from here.

        It is taken before the interventions of this sweep act, and only while the trajectory
        waits at this frame. ``trajectory(..., resume=state)`` yields the frames after this one,
        bit for bit as if nothing had been interrupted.

        Raises
        ------
        InputError
            The trajectory has gone on, or the frame is not from one.
        """
        if self._state is None:
            raise InputError(
                "this frame was not yielded by a trajectory; take the state of one that was."
            )
        return self._state()

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
            yield Frame(
                self.sweep,
                self.spins[r : r + 1],
                self.systems[r if len(self.systems) > 1 else 0],
                self.camps,
                self.temperature,
                self.field,
                self.phi[r : r + 1],
                None if self.exposure is None else SelectedExposure(self.exposure, [r]),
                replicas=(replica,),
                stopped=self.stopped[r : r + 1],
                seed=self._seed,
            )


class SelectedExposure:
    """Exposure of some of the replicas of another exposure."""

    def __init__(self, exposure: ExposureCounts, rows: Any) -> None:
        self._exposure, self._rows = exposure, rows

    @property
    def agreement(self) -> NDArray[np.float64]:
        """Share of shown posts that agree with the reader; (replicas,)."""
        values: NDArray[np.float64] = self._exposure.agreement[self._rows]
        return values

    @property
    def out_group(self) -> NDArray[np.float64]:
        """Share of shown posts from another camp; (replicas,)."""
        values: NDArray[np.float64] = self._exposure.out_group[self._rows]
        return values

    @property
    def attention_gini(self) -> NDArray[np.float64]:
        """Gini coefficient of the attention users receive; (replicas,)."""
        values: NDArray[np.float64] = self._exposure.attention_gini[self._rows]
        return values


@asks
def observe(frame: Frame, names: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """Return the named observables of a frame, each (replicas,), also after a rewiring.

    Parameters
    ----------
    frame : Frame
        After a rewiring of single replicas it holds one system per replica.
    names : iterable of str
        Of ``sociophysics.observables.REGISTRY``.

    Raises
    ------
    InputError
        An unknown name, or an observable that this system has no value of.

    Examples
    --------
    >>> from sociophysics.dynamics import trajectory
    >>> from sociophysics.society.spins import SpinSystem
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> first = next(trajectory(pair, temperature=1.0, sweeps=1, seed=1, start="up", replicas=2))
    >>> observe(first, ["magnetization", "edge_agreement"])
    {'magnetization': array([1., 1.]), 'edge_agreement': array([1., 1.])}
    """
    wanted = list(names)
    if len(frame.systems) == 1:
        return evaluate(frame, wanted)
    singles = [evaluate(single, wanted) for single in frame.split()]
    return {name: np.concatenate([single[name] for single in singles]) for name in wanted}
