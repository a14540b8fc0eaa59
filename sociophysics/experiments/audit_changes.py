"""Changes of a case that no scenario file can state: other names, another order, other ties."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.dynamics import tabulate
from sociophysics.influences.interventions import Rewire
from sociophysics.influences.new_ends import rewired
from sociophysics.scenario import Settings
from sociophysics.scenario.build import case_frames, varies
from sociophysics.scenario.posterior import read_draws
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["MOVES", "OTHER_DRAWS", "draws_of", "simulate_moved"]

Camps = NDArray[np.int64] | None
RELABELLED, SEQUENTIAL, REWIRED = "relabelled users", "sequential updates", "rewired network"
OTHER_DRAWS = "other posterior draws"


def _fitted(settings: Settings) -> str:
    whole = settings.couplings.kind == "fitted" or settings.network.kind == "complete"
    return "everybody is tied to everybody, so that no tie can be moved" if whole else ""


def _own_order(settings: Settings) -> str:
    scheme = settings.dynamics.scheme
    return "" if scheme is None else f"dynamics.scheme is {scheme!r} already"


# Names of the changes, and why a case does not allow one.
MOVES: dict[str, Callable[[Settings], str]] = {
    RELABELLED: lambda settings: "",
    SEQUENTIAL: _own_order,
    REWIRED: _fitted,
}


def simulate_moved(
    settings: Settings,
    replicas: Sequence[int],
    *,
    move: str,
    check: Callable[[], None] | None = None,
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return what ``cases.simulate_case`` does, under one of ``MOVES``.

    Parameters
    ----------
    settings : Settings
        One design at one point.
    replicas : sequence of int
    move : str
        Name of a change, or ``OTHER_DRAWS``.
    check : callable, optional
        Called at every frame; what it raises ends the simulation.
    """
    tables = []
    # The later half of the draws, which the replicas as stated have not lived in.
    later = draws_of(settings) // 2 if move == OTHER_DRAWS else 0
    for group in [[r] for r in replicas] if varies(settings) else [list(replicas)]:

        def society(system: SpinSystem, camps: Camps) -> tuple[SpinSystem, Camps]:
            if move == RELABELLED:
                return relabelled(system, camps, settings.seed)
            return reconnected(system, camps, settings.seed) if move == REWIRED else (system, camps)

        scheme = "sequential" if move == SEQUENTIAL else None
        frames = []
        moved = [r + later for r in group]
        for frame in case_frames(settings, moved, scheme=scheme, change=society):
            if check is not None:
                check()
            frames.append(frame)
        table = tabulate(frames, list(settings.observe.names))
        tables.append(table.assign(replica=table["replica"] - later))
    return pd.concat(tables, ignore_index=True), []


def draws_of(settings: Settings) -> int:
    """Return how many draws of a posterior a case can live in; 0 without one.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    InputError
        Its file cannot be read.
    """
    return 0 if settings.posterior is None else len(read_draws(settings.posterior.path)[0])


def relabelled(system: SpinSystem, camps: Camps, seed: int) -> tuple[SpinSystem, Camps]:
    """Return the same society with its users in another order.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), or None
    seed : int
        Of the order.
    """
    order = generator(seed, "audit").permutation(system.n)
    labels = [system.labels[i] for i in order]
    moved = SpinSystem(system.J[order][:, order], system.h[order], labels, system.nodes.iloc[order])
    return moved, None if camps is None else camps[order]


def reconnected(system: SpinSystem, camps: Camps, seed: int) -> tuple[SpinSystem, Camps]:
    """Return the society with other ties, in which everybody has as many as before.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), or None
    seed : int
        Of the ties.
    """
    act = Rewire(at=0, share=1.0, toward="random", keep_degrees=True)
    stances = np.ones(system.n, np.int8)
    return rewired(act, system, stances, camps, generator(seed, "audit", 0))[0], camps
