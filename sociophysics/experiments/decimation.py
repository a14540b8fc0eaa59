r"""Users summed out of a society exactly, so that those who stay are distributed as they were.

A user with one or two ties can be summed out of the Boltzmann distribution without changing that
of the others. With ``K = J/T``, ``H = h/T`` and ``F(a, b) = ln 2 cosh(K_1 a + K_2 b + H)``,

.. math::
    K' = \tfrac14 (F_{++} + F_{--} - F_{+-} - F_{-+}), \qquad
    H'_a = \tfrac14 (F_{++} + F_{+-} - F_{-+} - F_{--}),

which without a field is ``tanh K' = tanh K_1 tanh K_2``, and for one tie ``tanh H' = tanh K tanh
H``. Users with three ties or more would leave behind interactions of three and more users.

References
----------
M. E. Fisher, Phys. Rev. 113, 969 (1959), on decorated lattices.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Hashable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem

__all__ = ["Decimation", "decimate"]


class Decimation(NamedTuple):
    """A society from which users were summed out.

    ``kept`` holds the old numbers of the users of ``system``; ``log_factor`` is what the sum over
    the removed users adds to the logarithm of the partition function.
    """

    system: SpinSystem
    kept: NDArray[np.int64]
    log_factor: float


@asks
def decimate(
    system: SpinSystem, *, temperature: float, keep: Collection[Hashable] = ()
) -> Decimation:
    """Sum out users with at most two ties, until none is left; exact for those who stay.

    Parameters
    ----------
    system : SpinSystem
        With mutual couplings.
    temperature : float
        Above 0; the couplings that replace a user depend on it.
    keep : collection of labels
        Users who stay whatever ties they have.

    Returns
    -------
    Decimation
        At the same temperature the users who are kept have the marginal distribution they had.

    Raises
    ------
    InputError
        Couplings that are not mutual, a temperature that is not positive and finite, or a label
        that no user has.

    Examples
    --------
    A user between two others; the two that stay are tied by ``artanh(tanh .7 tanh(-.4))``:

    >>> chain = SpinSystem.from_edges([0, 1], [1, 2], [0.7, -0.4])
    >>> small = decimate(chain, temperature=1.0, keep=[0, 2])
    >>> small.kept.tolist(), round(float(small.system.J.toarray()[0, 1]), 6)
    ([0, 2], -0.233798)
    """
    if not system.is_symmetric:
        raise InputError(
            "users can be summed out where all ties are mutual, and these are directed; make them "
            'mutual first, as with [network] symmetrize = "mean".'
        )
    if not (isinstance(temperature, int | float) and 0 < temperature < math.inf):
        raise InputError(f"temperature is {temperature!r}; it must be a finite number above 0.")
    places = {label: place for place, label in enumerate(system.labels)}
    unknown = [label for label in keep if label not in places]
    if unknown:
        raise InputError(f"keep holds {unknown[0]!r}; no user has that label.")
    chain = _Elimination(system, float(temperature))
    chain.run({places[label] for label in keep})
    return chain.result(system)


class _Elimination:
    """Ties as dictionaries, from which users are taken one after the other."""

    def __init__(self, system: SpinSystem, temperature: float) -> None:
        self.temperature = temperature
        self.ties: list[dict[int, float]] = [{} for _ in range(system.n)]
        entries = system.J.tocoo()
        for i, j, value in zip(
            entries.row.tolist(), entries.col.tolist(), entries.data.tolist(), strict=True
        ):
            if value:
                self.ties[i][j] = value / temperature
        self.field = (system.h / temperature).tolist()
        self.removed = np.zeros(system.n, dtype=bool)
        self.log_factor = 0.0

    def run(self, keep: set[int]) -> None:
        waiting = deque(user for user, ties in enumerate(self.ties) if len(ties) <= 2)
        left = len(self.ties)
        while waiting:
            user = waiting.popleft()
            # Somebody stays, so that there is a society.
            if self.removed[user] or user in keep or len(self.ties[user]) > 2 or left == 1:
                continue
            waiting.extend(self._remove(user))
            left -= 1

    def _remove(self, user: int) -> list[int]:
        """Sum one user out and return those who were tied to it."""
        others = list(self.ties[user])
        pulls = [self.ties[user][other] for other in others] + [0.0, 0.0]
        first, second, own = pulls[0], pulls[1], self.field[user]
        f = {(a, b): _log_two_cosh(first * a + second * b + own) for a in (1, -1) for b in (1, -1)}
        self.log_factor += sum(f.values()) / 4
        fields = (
            (f[1, 1] + f[1, -1] - f[-1, 1] - f[-1, -1]) / 4,
            (f[1, 1] + f[-1, 1] - f[1, -1] - f[-1, -1]) / 4,
        )
        for other, field in zip(others, fields, strict=False):
            self.field[other] += field
            del self.ties[other][user]
        if len(others) == 2:
            a, b = others
            coupling = (f[1, 1] + f[-1, -1] - f[1, -1] - f[-1, 1]) / 4
            total = self.ties[a].get(b, 0.0) + coupling
            self.ties[a][b] = self.ties[b][a] = total
        self.ties[user] = {}
        self.removed[user] = True
        return others

    def result(self, system: SpinSystem) -> Decimation:
        kept = np.flatnonzero(~self.removed)
        number = np.full(system.n, -1)
        number[kept] = np.arange(kept.size)
        rows, columns, values = [], [], []
        for user in kept.tolist():
            for other, value in self.ties[user].items():
                rows.append(number[user])
                columns.append(number[other])
                values.append(value * self.temperature)
        shape = (kept.size, kept.size)
        J = sparse.csr_array((values, (rows, columns)), shape=shape, dtype=np.float64)
        h = np.array([self.field[user] * self.temperature for user in kept.tolist()])
        labels = [system.labels[user] for user in kept.tolist()]
        nodes = system.nodes.iloc[kept]
        return Decimation(SpinSystem(J, h, labels, nodes), kept, self.log_factor)


def _log_two_cosh(x: float) -> float:
    return abs(x) + math.log1p(math.exp(-2 * abs(x)))
