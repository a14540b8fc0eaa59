"""A panel: who holds which stance at which wave, and who listened to whom in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem

__all__ = ["Step", "WavePanel", "panel_of"]

Floats = NDArray[np.float64]
Stances = NDArray[np.int8]


@dataclass(frozen=True, eq=False, kw_only=True)
class WavePanel:
    """Waves of stances of one population.

    Attributes
    ----------
    stances : int8 array, shape (waves, n)
        +1, -1, and 0 where it is not known.
    gaps : array, shape (waves - 1,)
        Time from wave to wave in units of ``sweeps_per_wave``: 1 on average.
    systems : tuple of SpinSystem
        One, or one per wave: the ties of a wave hold until the next.
    days : float or None
        Length of the unit of time, where dates are known.
    shown : array, shape (waves - 1, n), or None
        Mean stance that each user was shown from a wave to the next.
    treated : bool array, shape (n,), or None
        Who has the feed at all; None: everybody.
    labels : tuple
        The waves as the data name them.
    unit : float
        What ``sweeps_per_wave`` counts: the mean gap, in days or in the numbers of the waves.
    """

    stances: Stances
    gaps: Floats
    systems: tuple[SpinSystem, ...]
    days: float | None = None
    shown: Floats | None = None
    treated: NDArray[np.bool_] | None = None
    labels: tuple[object, ...] = ()
    unit: float = 1.0

    @property
    def n(self) -> int:
        """How many users there are."""
        return int(self.stances.shape[1])

    def system(self, wave: int) -> SpinSystem:
        """Return who listens to whom after a wave."""
        return self.systems[wave if len(self.systems) > 1 else 0]

    def filled(self) -> Stances:
        """Return the stances with the last known one, or else the next, where one is missing.

        Only regressors of summaries are made of them, alike for data and simulations.
        """
        known = self.stances.copy()
        for k in range(1, len(known)):
            known[k] = np.where(known[k] == 0, known[k - 1], known[k])
        for k in range(len(known) - 2, -1, -1):
            known[k] = np.where(known[k] == 0, known[k + 1], known[k])
        return np.where(known == 0, 1, known).astype(np.int8)


class Step(NamedTuple):
    """From one wave to the next: who is known at both ends."""

    wave: int
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]


def panel_of(
    stances: ArrayLike,
    systems: Sequence[SpinSystem],
    *,
    times: Sequence[float] | None = None,
    labels: Sequence[object] = (),
    dated: bool = False,
    shown: Floats | None = None,
    treated: NDArray[np.bool_] | None = None,
) -> WavePanel:
    """Return a panel, checked.

    Parameters
    ----------
    stances : array, shape (waves, n)
        +1, -1; 0 or NaN for unknown.
    systems : sequence of SpinSystem
        One, or one per wave.
    times : sequence of float, optional
        When each wave was; one unit apart if left out.
    labels : sequence, optional
        What the waves are called.
    dated : bool
        Whether ``times`` are days.
    shown, treated : arrays, optional
        As in ``WavePanel``.

    Raises
    ------
    InputError
        Fewer than two waves, times out of order, other stances, nobody known at both ends of a
        step, nobody who ever changes.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0, 1], [1, 2])
    >>> panel_of([[1, 1, -1], [1, -1, 0]], [pair]).gaps
    array([1.])
    """
    given = np.nan_to_num(np.asarray(stances, dtype=np.float64))
    n = systems[0].n
    if given.ndim != 2 or given.shape[1] != n:
        raise InputError(f"stances have shape {given.shape}; give (waves, {n}).")
    if len(given) < 2:
        raise InputError(
            "the stances have one wave, and a panel needs two; one snapshot gives an association: "
            "sociophysics.inference.fit_snapshot."
        )
    if not np.isin(given, (-1, 0, 1)).all():
        raise InputError("stances must be 1 or -1, or 0 where they are not known.")
    when = np.arange(len(given), dtype=np.float64) if times is None else np.asarray(times, float)
    named = tuple(labels) or tuple(range(1, len(given) + 1))
    back = np.flatnonzero(np.diff(when) <= 0)
    if back.size:
        raise InputError(
            f"waves are out of order: wave {named[back[0] + 1]} is not later than wave "
            f"{named[back[0]]}; give waves in the order of time."
        )
    spins = given.astype(np.int8)
    both = (spins[1:] != 0) & (spins[:-1] != 0)
    if not both.any():
        raise InputError("no user's stance is known at two waves in a row; a panel needs some.")
    if not (both & (spins[1:] != spins[:-1])).any():
        raise InputError("nobody changes stance from wave to wave; a panel needs some who do.")
    gaps = np.diff(when)
    unit = float(gaps.mean())
    return WavePanel(
        stances=spins, gaps=gaps / unit, systems=tuple(systems), days=unit if dated else None,
        shown=shown, treated=treated, labels=named, unit=unit,
    )  # fmt: skip
