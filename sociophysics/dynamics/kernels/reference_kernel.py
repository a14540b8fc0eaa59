"""The reference kernel: the definition of the dynamics, run as it reads."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import Answer, SweepTask
from sociophysics.engine.reference import sweep_reference
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["Reference"]


class Reference:
    """The readable heat bath (``engine.reference``), on numpy's stream; slow, for comparison.

    Another rule is applied as it is written, draw by draw.
    """

    @staticmethod
    def refusal(task: SweepTask) -> str | None:
        """Return why this kernel cannot do a task, None if it can."""
        if task.scheme != "random-sequential":
            return f"scheme is {task.scheme!r}; the reference kernel is random-sequential only"
        if task.own_rates:
            return "users differ in activity or stubbornness; the reference kernel sets all anew"
        return None

    @staticmethod
    def encode(
        system: SpinSystem, bound: float, coldest: float = np.inf, answer: Answer | None = None
    ) -> tuple[SpinSystem, Answer | None]:
        """Return the system itself, and how its users answer."""
        return system, answer

    def __init__(
        self,
        encoded: tuple[SpinSystem, Answer | None],
        spins: NDArray[np.int8],
        seed: int,
        replicas: tuple[int, ...],
        scheme: str = "random-sequential",
    ) -> None:
        self.system, self.answer = encoded
        self._spins = spins.copy()
        self._field = np.tile(self.system.h, (len(replicas), 1))
        self._seed, self._replicas = seed, replicas

    def sweep(self, first: int, sweeps: int, temperature: Any, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``, each on a stream of its own."""
        J = self.system.J
        noise = np.array(np.broadcast_to(temperature, self._spins.shape), np.float64)
        for r, replica in enumerate(self._replicas):
            for sweep in range(first + 1, first + sweeps + 1):
                rng = generator(self._seed, "dynamics", replica, sweep)
                if self.answer is not None:
                    self._sweep_by_rule(r, self.answer, held[r], rng)
                    continue
                sweep_reference(
                    self._spins[r],
                    J.indptr,
                    J.indices,
                    J.data,
                    self._field[r],
                    noise[r],
                    held[r],
                    rng,
                    self.system.n,
                )

    def _sweep_by_rule(
        self, r: int, answer: Answer, held: NDArray[np.uint8], rng: np.random.Generator
    ) -> None:
        """Do one sweep of a replica under a rule: a drawn user flips with probability g(y)."""
        J, spins, field = self.system.J, self._spins[r], self._field[r]
        for i in rng.integers(0, spins.size, spins.size):
            ties = slice(J.indptr[i], J.indptr[i + 1])
            local = field[i] + J.data[ties] @ spins[J.indices[ties]]
            y = spins[i] * local / answer.largest[i] if answer.largest[i] > 0.0 else 0.0
            if rng.random() < answer.rule.flip_probability(y) and not (held.size and held[i]):
                spins[i] = -spins[i]

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Set the external field (n,) and the feed field (replicas, n) of what follows."""
        self._field[:] = field if phi is None else field + phi

    def spins(self) -> NDArray[np.int8]:
        """Return the stances, shape (replicas, n)."""
        return self._spins.copy()

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return nothing: draws are functions of the sweep."""
        return {}

    def recall(self, remembered: dict[str, NDArray[Any]]) -> None:
        """Do nothing, as there is nothing to recall."""

    def only(self, keep: NDArray[np.bool_]) -> Reference:
        """Return a kernel that goes on with the replicas marked in ``keep``."""
        part = copy(self)
        part._spins, part._field = self._spins[keep], self._field[keep]
        part._replicas = tuple(
            replica for replica, kept in zip(self._replicas, keep, strict=True) if kept
        )
        return part
