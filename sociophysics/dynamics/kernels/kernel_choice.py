"""Which compiled kernel moves the replicas, behind one interface.

``kernel = "auto"`` depends on the scheme, and under a rule other than the heat bath on couplings
and fields, as the words of ``adaptive`` do; never on replicas, workers, cadence or timing. All
kernels follow the same law; ``integer`` and ``fixed-point`` give the same numbers, and so does
``adaptive`` until flips are rare.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import Answer, SweepTask, task_of
from sociophysics.dynamics.kernels.bit_sliced_kernel import BitSliced, whole_words
from sociophysics.dynamics.kernels.incremental_kernel import FixedPointKernel, Integer
from sociophysics.dynamics.kernels.reference_kernel import Reference
from sociophysics.dynamics.kernels.rejection_free_kernel import Adaptive, RejectionFree
from sociophysics.dynamics.kernels.side_by_side_kernel import SideBySide
from sociophysics.errors import InputError, did_you_mean
from sociophysics.registries import Registry
from sociophysics.society.spins import SpinSystem

__all__ = [
    "REGISTRY",
    "SCHEMES",
    "FixedPointKernel",
    "Integer",
    "Kernel",
    "Kernels",
    "Reference",
    "SweepTask",
    "choose_kernel",
    "task_of",
    "thread_groups",
]

SCHEMES = ("random-sequential", "sequential", "kawasaki")


class Kernel(Protocol):
    """What moves a group of replicas that share their couplings."""

    @staticmethod
    def refusal(task: SweepTask) -> str | None:
        """Return why this kernel cannot do a task, in words that end a sentence; None if it can."""

    @staticmethod
    def encode(
        system: SpinSystem, bound: float, coldest: float = np.inf, answer: Answer | None = None
    ) -> Any:
        """Return what replicas share: for the largest other field, the lowest temperature.

        ``answer`` is how users answer to what pulls, None for the heat bath.
        """

    def __init__(
        self,
        encoded: Any,
        spins: NDArray[np.int8],
        seed: int,
        replicas: tuple[int, ...],
        scheme: str,
    ) -> None: ...

    def sweep(self, first: int, sweeps: int, temperature: Any, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``; users marked in ``held`` never flip.

        ``temperature`` is a number, or (replicas, n) where ``task.own_noise`` was not refused.
        """

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Set the external field (n,) and the feed field (replicas, n) of what follows."""

    def spins(self) -> NDArray[np.int8]:
        """Return the stances, shape (replicas, n)."""

    def only(self, keep: NDArray[np.bool_]) -> Kernel:
        """Return a kernel that goes on with the replicas marked in ``keep``."""

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return what it carries besides stances and fields; first axis replicas."""

    def recall(self, remembered: dict[str, NDArray[Any]]) -> None:
        """Go on with what ``remembered`` returned."""


class Kernels(Registry[type[Kernel]]):
    """Kernels by name, ours and those of installed packages; ``auto`` chooses among ours alone."""

    def register(
        self, kind: type[Kernel], *, name: str = "", into: dict[str, type[Kernel]] | None = None
    ) -> type[Kernel]:
        """Add a kernel under its name, and return it; usable as a decorator.

        Parameters
        ----------
        kind : type
            A class with everything that ``Kernel`` names.
        name : str, optional
            By default its attribute ``name``.

        Raises
        ------
        InputError
            It lacks something, or its name is no name or is taken.

        Examples
        --------
        >>> REGISTRY.register(int)
        Traceback (most recent call last):
            ...
        sociophysics.errors.InputError: the kernel int lacks change_field, encode, only, recall, \
refusal, remembered, spins, sweep; define them in the class.
        """
        wanted = {each for each in vars(Kernel) if each[0] != "_"}
        lacks = sorted(each for each in wanted if not callable(getattr(kind, each, None)))
        if lacks:
            raise InputError(
                f"the kernel {getattr(kind, '__name__', kind)} lacks {', '.join(lacks)}; define "
                f"{'it' if len(lacks) == 1 else 'them'} in the class."
            )
        self.add(name or getattr(kind, "name", ""), kind)
        return kind


OURS: dict[str, type[Kernel]] = {
    "integer": Integer,
    "fixed-point": FixedPointKernel,
    "adaptive": Adaptive,
    "rejection-free": RejectionFree,
    "bit-sliced": BitSliced,
    "side-by-side": SideBySide,
    "reference": Reference,
}
AUTOMATIC = ("adaptive", "integer", "fixed-point")  # the first that can: never another's
REGISTRY = Kernels("kernel", group="sociophysics.kernels", kinds=OURS)


def choose_kernel(kernel: str, task: SweepTask) -> str:
    """Return the name of the kernel that ``auto`` stands for, after checking both names.

    Raises
    ------
    InputError
        An unknown kernel or scheme, or a task the kernel cannot do.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> choose_kernel("auto", task_of(pair, "random-sequential"))
    'adaptive'
    >>> choose_kernel("auto", task_of(pair, "sequential"))
    'fixed-point'
    """
    if kernel != "auto" and kernel not in REGISTRY:
        raise InputError(f"kernel is {kernel!r}; {did_you_mean(kernel, ('auto', *REGISTRY))}"
                         f"{REGISTRY.failure_of(str(kernel))}")  # fmt: skip
    if kernel in REGISTRY.disputed:
        raise InputError(f"kernel is {kernel!r}, which two want: {REGISTRY.disputed[kernel]}")
    if task.scheme not in SCHEMES:
        raise InputError(f"scheme is {task.scheme!r}; {did_you_mean(task.scheme, SCHEMES)}")
    if kernel == "auto":
        # Where ties move in every sweep, nobody goes from flip to flip, and couplings differ.
        names = AUTOMATIC[-1:] if task.follows else AUTOMATIC
        able = [name for name in names if REGISTRY[name].refusal(task) is None]
        if able:
            return able[0]
        reason = REGISTRY[AUTOMATIC[-1]].refusal(task)
        raise InputError(f"no kernel can do this: {reason}: use random-sequential.")
    refusal = REGISTRY[kernel].refusal(task)
    if refusal:
        raise InputError(f"kernel is {kernel!r}, but {refusal}: use auto.")
    return kernel


def thread_groups(kernel: str, replicas: Sequence[int], threads: int) -> list[NDArray[np.int64]]:
    """Return the positions of the replicas that each thread moves; it changes no number.

    Examples
    --------
    >>> [rows.tolist() for rows in thread_groups("integer", [0, 1, 2], 2)]
    [[0, 1], [2]]
    """
    if kernel == "bit-sliced":
        return whole_words(replicas, threads)
    shares = max(min(threads, len(replicas)), 1)
    return np.array_split(np.arange(len(replicas)), shares)
