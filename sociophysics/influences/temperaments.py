r"""Users who differ: temperatures, activity and stubbornness of their own, from node attributes.

A user of activity :math:`a_i` who keeps to her stance with probability :math:`\sigma_i` is drawn
like all others and set anew with probability :math:`a_i (1 - \sigma_i)`:

.. math:: P = I + \sum_i \frac{a_i (1 - \sigma_i)}{n} (P_i - I),

:math:`P_i` the heat bath of user i at the temperature :math:`T_i`. Rates change how fast, and with
feeds what; without a feed and where nobody is held, the stationary law is that of the temperatures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.influences.interventions import Acting, MovesNobody
from sociophysics.society.spins import SpinSystem
from sociophysics.words import have

__all__ = ["Temperaments", "temperaments", "told"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Temperaments(MovesNobody):
    """From its sweep on users differ.

    Parameters
    ----------
    at : int
    temperatures : array, shape (n,), or None
        Social temperature of each user, NaN for that of the society.
    rates : array, shape (n,), or None
        With which part of all draws of a user she is set anew, 0 (never) to 1.
    """

    temperatures: Any = None
    rates: Any = None
    kind: ClassVar[str] = "temperaments"
    words: ClassVar[str] = "Users differ in temperature, activity and stubbornness."

    @property
    def needs(self) -> tuple[str, ...]:
        """Temperatures of their own, and rates where there are some."""
        return ("noise",) if self.rates is None else ("noise", "rates")

    @property
    def coldest(self) -> float:
        """The lowest temperature."""
        own = self.temperatures
        return np.inf if own is None or np.isnan(own).all() else float(np.nanmin(own))

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise unless there is one number for each user, in range."""
        given = (("temperatures", self.temperatures, np.inf), ("rates", self.rates, 1.0))
        for name, values, most in given:
            if values is None:
                continue
            found = np.asarray(values, np.float64)
            bad = (found < 0) | (found > most) | (np.isnan(found) & (name == "rates"))
            if found.shape != (system.n,) or bad.any():
                raise InputError(
                    f"{name} of Temperaments must hold a number for each of {system.n} users, "
                    f"from 0 to {most:g}."
                )

    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Let users differ from now on."""
        conditions.differ(self)


def temperaments(
    system: SpinSystem,
    *,
    temperature: str | None = None,
    activity: str | None = None,
    stubborn: str | None = None,
) -> Temperaments | None:
    """Return how users differ by their attributes, None where no column is named.

    Parameters
    ----------
    system : SpinSystem
    temperature : str, optional
        Column of social temperatures; a blank is the society's.
    activity : str, optional
        Column of rates of being drawn, 0 to 1 of that of others; a blank is 1.
    stubborn : str, optional
        Column of how often a user who is drawn keeps to her stance: 1 always, 0 or a blank never.

    Raises
    ------
    InputError
        No such column, or one that holds other things.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1]).with_attribute("firm", [1, 0])
    >>> temperaments(pair, stubborn="firm").rates
    [0.0, 1.0]
    """
    if temperature is activity is stubborn is None:
        return None
    own = None if temperature is None else _column(system, temperature, "own_temperature", np.inf)
    rates = None
    if activity is not None or stubborn is not None:
        rates = np.ones(system.n)
        if activity is not None:
            active = _column(system, activity, "activity", 1.0)
            rates = np.where(np.isnan(active), 1.0, active)
        if stubborn is not None:
            firm = _column(system, stubborn, "stubborn", 1.0)
            rates = rates * (1.0 - np.where(np.isnan(firm), 0.0, firm))
    return Temperaments(0, own, rates)


def told(
    system: SpinSystem,
    *,
    temperature: str | None = None,
    activity: str | None = None,
    stubborn: str | None = None,
) -> list[str]:
    """Return how users differ in words: the range of each column, and how many have no value.

    Parameters
    ----------
    system : SpinSystem
    temperature, activity, stubborn : str, optional
        Columns, as `temperaments` takes them.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1]).with_attribute("firm", [0.5, None])
    >>> told(pair, stubborn="firm")
    ["stubborn 'firm': 0.5; 1 of 2 users has no value and is not stubborn"]
    """
    given = (
        ("own_temperature", temperature, np.inf, "the society's temperature"),
        ("activity", activity, 1.0, "drawn as often as anybody"),
        ("stubborn", stubborn, 1.0, "not stubborn"),
    )
    said = []
    for key, name, most, without in given:
        if name is None:
            continue
        values = _column(system, name, key, most)
        known = values[~np.isnan(values)]
        ends = f"{known.min():g}" if known.size else "blank"
        if known.size and known.max() > known.min():
            ends += f" to {known.max():g}"
        sentence = f"{key} {name!r}: {ends}"
        if count := int(np.isnan(values).sum()):
            verb = "is" if count == 1 else "are"
            if key == "own_temperature":
                verb = "takes" if count == 1 else "take"
            sentence += (
                f"; {count:,} of {system.n:,} users {have(count)} no value and {verb} {without}"
            )
        elif key == "own_temperature":
            sentence += "; dynamics.temperature acts on nobody"
        said.append(sentence)
    return said


def _column(system: SpinSystem, name: str, key: str, most: float) -> Floats:
    """Return the numbers of a column, NaN for blanks."""
    if name not in system.nodes:
        columns = ", ".join(map(str, system.nodes.columns)) or "none"
        raise InputError(
            f"dynamics.{key} names {name[:60]!r}, which is no attribute of the users; there are: "
            f"{columns[:200]}."
        )
    given = system.nodes[name]
    blank = given.isna() | given.map(lambda each: isinstance(each, str) and not each.strip())
    values: Any = pd.to_numeric(given.where(~blank), errors="coerce").to_numpy(np.float64)
    bad = ~blank.to_numpy() & ~((values >= 0) & (values <= most))
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        hint = "a number >= 0" if np.isinf(most) else "from 0 to 1; divide by the largest"
        raise InputError(
            f"dynamics.{key} names {name[:60]!r}, which holds {str(given.iloc[k])[:60]!r} of the "
            f"user {str(system.labels[k])[:60]!r}; it must be {hint}, or blank."
        )
    numbers: Floats = values
    return numbers
