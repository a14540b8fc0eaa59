"""Kernels that keep every user's local field up to date, flip by flip.

``Integer`` is ``FixedPoint`` for couplings of one magnitude and no field: the same draws, the same
decisions, the same numbers, from half the memory a tie.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import Answer, SweepTask
from sociophysics.dynamics.kernels.rule_encoding import RuleCouplings, RuleTies
from sociophysics.engine import fixed_point, glauber, integer_sweeps
from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import key

__all__ = ["FixedPointKernel", "Integer"]

NO_FEED = np.zeros((0, 0))
ALWAYS = np.zeros(0, np.uint64)
MOST_LEVELS = 4096  # tables of thresholds, 16 kB each
LARGEST_REACH = 2**20  # listened-to users beyond which the table of thresholds is out of proportion
LARGEST_TABLE = 2**18  # words of a rule's table: beyond, it costs more than wider words do


class OfWords:
    """What kernels share whose stances are bits of the words that hold the fields."""

    state: NDArray[Any]  # (replicas, n)

    def spins(self) -> NDArray[np.int8]:
        """Return the stances, shape (replicas, n)."""
        spins = np.empty(self.state.shape, np.int8)
        fixed_point.read_spins(self.state, spins)
        return spins

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return nothing: draws are functions of the sweep."""
        return {}

    def recall(self, remembered: dict[str, NDArray[Any]]) -> None:
        """Do nothing, as there is nothing to recall."""


class FixedPointKernel(OfWords):
    """Incremental local fields in fixed point (``engine.glauber``).

    Parameters
    ----------
    couplings : Couplings
        Encoded once per system and shared by all groups of replicas.
    spins : int8 array, shape (replicas, n)
    seed, replicas
        Key of the dynamics stream of each replica.
    scheme : str
    """

    @staticmethod
    def refusal(task: SweepTask) -> str | None:
        """Return why this kernel cannot do a task, None if it can."""
        if task.rule is not None and task.scheme == "kawasaki":
            return f"scheme is 'kawasaki', whose swaps know the heat bath and no {task.rule.kind}"
        if task.own_noise and task.scheme != "random-sequential":
            return f"scheme is {task.scheme!r}; users' own temperatures are random-sequential only"
        return None

    @staticmethod
    def encode(
        system: SpinSystem,
        bound: float,
        coldest: float = np.inf,
        answer: Answer | None = None,
    ) -> fixed_point.Couplings | RuleCouplings:
        """Return the couplings in fixed point, for the largest other field and lowest noise."""
        if answer is not None:
            return RuleCouplings.of(system, answer)
        return fixed_point.encode_couplings(
            system.stored, bound, symmetric=system.is_symmetric, coldest=coldest
        )

    def __init__(
        self,
        couplings: fixed_point.Couplings | RuleCouplings,
        spins: NDArray[np.int8],
        seed: int,
        replicas: tuple[int, ...],
        scheme: str,
    ) -> None:
        self.rule: RuleCouplings | None = None
        if isinstance(couplings, RuleCouplings):
            self.rule, couplings = couplings, couplings.couplings
        self.couplings, self.scheme = couplings, scheme
        self.keys = np.array([key(seed, "dynamics", r) for r in replicas], dtype=np.uint64)
        self.state = fixed_point.encode_state(spins, np.zeros(spins.shape[1]), couplings)
        self.applied = np.zeros(spins.shape, self.state.dtype)
        self.flipped = np.zeros(len(replicas), np.int64)
        self.answers = ALWAYS  # how often in 2^32 each user who is drawn is set anew
        self._thresholds: tuple[float, fixed_point.Thresholds] | None = None
        self._own: tuple[NDArray[np.float64], tuple[NDArray[Any], ...], NDArray[Any]] | None = None
        if scheme == "kawasaki":
            degree = np.diff(couplings.indptr)
            self._tails = np.repeat(np.arange(degree.size, dtype=np.int32), degree)

    def sweep(self, first: int, sweeps: int, temperature: Any, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``; users marked in ``held`` never flip."""
        if self.answers.size and not isinstance(temperature, np.ndarray):
            temperature = self._of_all(temperature)
        if isinstance(temperature, np.ndarray):
            self._sweep_own(first, sweeps, temperature, held)
            return
        c = self.couplings
        if self.rule is not None:
            if self._thresholds is None:
                self._thresholds = 0.0, fixed_point.rule_thresholds(self.rule.curve, c)
        elif self._thresholds is None or self._thresholds[0] != temperature:
            self._thresholds = (temperature, fixed_point.thresholds(temperature, c))
        rest = (*self._thresholds[1], held, self.keys, first, sweeps, self.flipped)
        if self.scheme == "kawasaki":
            glauber.sweep_kawasaki(self.state, c.indptr, c.rows, self._tails, *rest)
        elif self.scheme == "sequential":
            glauber.sweep_sequential(self.state, c.indptr, c.rows, *rest)
        elif self.state[:1].nbytes + c.rows.nbytes <= glauber.CACHED_BYTES:
            glauber.sweep_cached(self.state, c.indptr, c.rows, *rest)
        else:
            glauber.sweep_prefetched(self.state, c.indptr, c.rows, *rest)

    def _sweep_own(
        self, first: int, sweeps: int, temperature: NDArray[np.float64], held: NDArray[np.uint8]
    ) -> None:
        """Do the same sweeps where each user has a temperature, (replicas, n)."""
        if self._own is None or self._own[0] is not temperature:
            levels, level = np.unique(temperature, return_inverse=True)
            if levels.size > MOST_LEVELS:
                raise InputError(
                    f"users have {levels.size} different temperatures; at most {MOST_LEVELS} are "
                    "possible: round them."
                )
            each = [fixed_point.thresholds(float(level), self.couplings) for level in levels]
            stacked = tuple(
                np.array(part) for part in zip(*(bounds[:3] for bounds in each), strict=True)
            )
            self._own = (
                temperature,
                stacked,
                level.reshape(temperature.shape).astype(np.uint16),
            )
        c, (_, bounds, level) = self.couplings, self._own
        glauber.sweep_own(
            self.state, c.indptr, c.rows, *bounds, level, self.answers, held, self.keys, first,
            sweeps, self.flipped,
        )  # fmt: skip

    def _of_all(self, temperature: float) -> NDArray[np.float64]:
        """Return one temperature for all users, the same array while it lasts."""
        own = None if self._own is None else self._own[0]
        if own is not None and own.size and (own == temperature).all():
            return own
        return np.full(self.state.shape, temperature)

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Set the external field (n,) and the feed field (replicas, n) of what follows."""
        feed = NO_FEED if phi is None else phi
        if self.rule is not None:
            field = field / self.rule.largest
            feed = NO_FEED if phi is None else phi / self.rule.largest
        fixed_point.change_field(self.state, self.applied, field, feed, self.couplings.scale)

    def only(self, keep: NDArray[np.bool_]) -> FixedPointKernel:
        """Return a kernel that goes on with the replicas marked in ``keep``."""
        part = copy(self)
        part.keys, part.flipped = self.keys[keep], self.flipped[keep]
        part.state, part.applied = self.state[keep], self.applied[keep]
        return part

    def recomputed_state(self) -> NDArray[Any]:
        """Return the words computed anew from the stances: equal to ``state`` bit for bit."""
        field = self.applied / self.couplings.scale
        return fixed_point.encode_state(self.spins(), field, self.couplings)


class Integer(OfWords):
    """Integer local fields of couplings +-c (``engine.integer_sweeps``); no field, no feed.

    Parameters
    ----------
    ties : IntegerTies or RuleTies
        Encoded once per system and shared by all groups of replicas.
    spins : int8 array, shape (replicas, n)
    seed, replicas
        Key of the dynamics stream of each replica.
    """

    @staticmethod
    def refusal(task: SweepTask) -> str | None:
        """Return why this kernel cannot do a task, None if it can."""
        stored = task.system.stored
        if task.scheme != "random-sequential":
            return f"scheme is {task.scheme!r}; the integer kernel is random-sequential only"
        if task.has_field:
            return "an external field acts, or is to act; the integer kernel has none"
        if task.has_feed:
            return "a feed acts, or is to act; the integer kernel has none"
        if task.own_noise:
            return "users have temperatures of their own; the integer kernel has one for all"
        if integer_sweeps.common_size(stored.indptr, stored.data) == 0.0:
            return "the couplings are not all c or -c with one c > 0; the integer kernel needs that"
        if integer_sweeps.reach(stored.indptr) > LARGEST_REACH:
            return f"somebody listens to more than {LARGEST_REACH} users, the integer kernel's most"
        if task.rule is not None:
            degrees = integer_sweeps.listened_to(stored.indptr)
            if int((4 * degrees + 2).sum()) > LARGEST_TABLE:
                return "users listen to too many different numbers of others for its table of rules"
        if task.system.n >= integer_sweeps.USERS:
            return (
                f"there are {integer_sweeps.USERS} users or more, too many for the integer kernel"
            )
        return None

    @staticmethod
    def encode(
        system: SpinSystem,
        bound: float,
        coldest: float = np.inf,
        answer: Answer | None = None,
    ) -> integer_sweeps.IntegerTies | RuleTies:
        """Return the packed ties, and under a rule its thresholds."""
        J = system.stored
        ties = integer_sweeps.encode_ties(
            J.indptr, J.indices, J.data, symmetric=system.is_symmetric
        )
        return ties if answer is None else RuleTies.of(ties, J.indptr, answer)

    def __init__(
        self,
        ties: integer_sweeps.IntegerTies | RuleTies,
        spins: NDArray[np.int8],
        seed: int,
        replicas: tuple[int, ...],
        scheme: str = "random-sequential",
    ) -> None:
        self.rule: integer_sweeps.Cuts | None = None
        if isinstance(ties, RuleTies):
            ties, self.rule = ties
        self.ties = ties
        self.keys = np.array([key(seed, "dynamics", r) for r in replicas], dtype=np.uint64)
        self.state = integer_sweeps.encode_words(spins, ties)
        self.flipped = np.zeros(len(replicas), np.int64)
        self._cuts: tuple[float, integer_sweeps.Cuts] | None = None

    def sweep(self, first: int, sweeps: int, temperature: float, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``; users marked in ``held`` never flip."""
        if self.rule is not None:
            self._cuts = (temperature, self.rule)
        elif self._cuts is None or self._cuts[0] != temperature:
            self._cuts = (temperature, integer_sweeps.cuts(temperature, self.ties))
        ties = self.ties
        size = self.state[:1].nbytes + ties.indptr.nbytes + ties.ends.nbytes
        cached = size <= glauber.CACHED_BYTES
        move = (
            integer_sweeps.sweep_integer_cached
            if cached
            else integer_sweeps.sweep_integer_prefetched
        )
        move(
            self.state, ties.indptr, ties.ends, *self._cuts[1],
            held, self.keys, first, sweeps, self.flipped,
        )  # fmt: skip

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Accept that there is no field: the kernel is chosen only where there never is one."""
        if np.any(field) or (phi is not None and np.any(phi)):
            raise RuntimeError("a field reached the integer kernel")

    def only(self, keep: NDArray[np.bool_]) -> Integer:
        """Return a kernel that goes on with the replicas marked in ``keep``."""
        part = copy(self)
        part.keys, part.flipped = self.keys[keep], self.flipped[keep]
        part.state = self.state[keep]
        return part

    def recomputed_state(self) -> NDArray[Any]:
        """Return the words computed anew from the stances: equal to ``state`` bit for bit."""
        return integer_sweeps.encode_words(self.spins(), self.ties)
