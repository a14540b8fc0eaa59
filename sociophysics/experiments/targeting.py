"""How robust a network is against targeting, read off its structure alone."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sociophysics.errors import InputError
from sociophysics.experiments.leverage import robustness
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.cavity import critical_temperature

__all__ = ["ABOVE", "SHARE", "Targeting", "targeting"]

ABOVE = 1.5  # critical temperatures: disordered, yet far from independent users
SHARE = 0.01  # of the users whom a campaign targets


class Targeting(NamedTuple):
    """What a campaign gains by choosing whom to push, in linear response at ``temperature``.

    ``chosen`` and ``connected`` are the gains of the best 1 % and of the 1 % with most ties over
    random users at the same small budget, ``half`` the share of users who carry half of the total
    response, ``concentration`` the Gini coefficient of responses; NaN where ``note`` says why.
    """

    temperature: float
    chosen: float
    connected: float
    half: float
    concentration: float
    note: str = ""


def targeting(system: SpinSystem) -> Targeting:
    """Return how far the mean stance depends on a few users: the same number serves both sides.

    At 1.5 times the critical temperature of the network, or at the mean total coupling of a user
    where there is no transition. Near 1, ``chosen`` says that there is no small group to buy or to
    guard.

    Raises
    ------
    InputError
        Directed ties.

    Examples
    --------
    >>> ring = SpinSystem.from_edges(range(6), [1, 2, 3, 4, 5, 0])
    >>> round(targeting(ring).chosen, 6), round(targeting(ring).half, 6)
    (1.0, 0.5)
    """
    users = max(1, round(SHARE * system.n))
    strength = np.asarray(abs(system.J).sum(axis=0), dtype=np.float64).ravel()
    critical = max(critical_temperature(system, phase=phase) for phase in ("ferromagnet", "glass"))
    temperature = ABOVE * critical or float(strength.mean()) if system.n else 0.0
    nothing = (math.nan,) * 4
    if temperature == 0:
        return Targeting(temperature, *nothing, "no ties")
    # Opinions of their own would move some users already; here the ties alone are asked.
    bare = SpinSystem(system.J)
    try:
        found = robustness(bare, temperature=temperature, users=users, start=0.0)
    except InputError as error:
        return Targeting(temperature, *nothing, str(error))
    position = np.argsort(-strength, kind="stable")[:users]
    worth = found.table.set_index("user")["response"]
    connected = float(worth.loc[position].mean() / worth.mean())
    return Targeting(temperature, found.advantage, connected, found.half, found.concentration)
