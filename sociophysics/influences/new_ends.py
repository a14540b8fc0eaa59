"""New ends for a share of the ties: what the intervention ``Rewire`` does to a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.influences.choosing import how_many
from sociophysics.society.spins import SpinSystem

if TYPE_CHECKING:
    from sociophysics.influences.interventions import Rewire

__all__ = ["rewired"]

ROUNDS = 200  # of proposals before a tie that finds no new end is left where it is


def rewired(
    rewire: Rewire,
    system: SpinSystem,
    spins: NDArray[np.int8],
    camps: NDArray[np.int64] | None,
    rng: np.random.Generator,
    users: NDArray[np.bool_] | None = None,
) -> tuple[SpinSystem, int]:
    """Return the system with new ends for a share of its ties, and how many were moved.

    A tie (directed: a user's listening) keeps its first end and its coupling and gets a new
    second end that satisfies ``toward``; no self-loops, no repeated ties. With ``keep_degrees``
    two ties (a, b), (c, d) become (a, d), (c, b), if ``toward`` holds for the new pairs. A tie
    for which no end is found in many proposals stays, so the number moved can be smaller.

    Parameters
    ----------
    spins : int8 array, shape (n,)
        Stances at the moment of rewiring, for ``toward = "similar"``.
    users : bool array, shape (n,), optional
        Whose ties may move: all of them, or the share; anybody's if left out.

    Raises
    ------
    InputError
        ``toward = "bridge"`` without camps.
    """
    if rewire.toward == "bridge" and camps is None:
        raise InputError("rewire goes toward 'bridge', but the users have no camps.")
    symmetric = system.is_symmetric
    ties = system.J.tocoo()
    keep = ties.row < ties.col if symmetric else np.ones(ties.nnz, bool)
    source, target = ties.row[keep].astype(np.int64), ties.col[keep].astype(np.int64)
    coupling = ties.data[keep]
    if users is None:
        chosen = rng.permutation(source.size)[: how_many(rewire.share, source.size)]
    else:
        theirs = np.flatnonzero(users[source] | (users[target] & symmetric))
        share = 1.0 if rewire.whole else rewire.share
        chosen = rng.permutation(theirs)[: how_many(share, theirs.size)]
    if symmetric:  # which end stays is a fair coin
        swap = rng.random(chosen.size) < 0.5
        some = chosen[swap]
        source[some], target[some] = target[some].copy(), source[some].copy()
        if users is not None:  # of a tie of one of them it is that user who stays
            some = chosen[users[target[chosen]] & ~users[source[chosen]]]
            source[some], target[some] = target[some].copy(), source[some].copy()
    taken = {_tie(a, b, symmetric) for a, b in zip(source.tolist(), target.tolist(), strict=True)}
    want = _wanted(rewire.toward, spins, camps)
    move = _swap_ends if rewire.keep_degrees else _new_ends
    moved = move(chosen, source, target, taken, want, symmetric, system.n, rng)
    n = system.n
    if symmetric:
        source, target = np.concatenate([source, target]), np.concatenate([target, source])
        coupling = np.concatenate([coupling, coupling])
    J = sparse.csr_array((coupling, (source, target)), shape=(n, n))
    return SpinSystem(J, system.h, system.labels, system.nodes), moved


def _tie(a: int, b: int, symmetric: bool) -> tuple[int, int]:
    return (a, b) if not symmetric or a < b else (b, a)


def _wanted(toward: str, spins: NDArray[np.int8], camps: NDArray[np.int64] | None) -> Any:
    if toward == "similar":
        return lambda a, b: spins[a] == spins[b]
    if toward == "bridge" and camps is not None:
        return lambda a, b: camps[a] >= 0 and camps[b] >= 0 and camps[a] != camps[b]
    return lambda a, b: True


def _new_ends(
    chosen: NDArray[np.int64],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    taken: set[tuple[int, int]],
    want: Any,
    symmetric: bool,
    n: int,
    rng: np.random.Generator,
) -> int:
    moved = 0
    for k in chosen.tolist():
        a, old = int(source[k]), int(target[k])
        for b in rng.integers(0, n, ROUNDS).tolist():
            if b != a and want(a, b) and _tie(a, b, symmetric) not in taken:
                taken.remove(_tie(a, old, symmetric))
                taken.add(_tie(a, b, symmetric))
                target[k] = b
                moved += 1
                break
    return moved


def _swap_ends(
    chosen: NDArray[np.int64],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    taken: set[tuple[int, int]],
    want: Any,
    symmetric: bool,
    n: int,
    rng: np.random.Generator,
) -> int:
    moved = 0
    done: set[int] = set()
    for k in chosen.tolist():
        if k in done:
            continue
        a, b = int(source[k]), int(target[k])
        for other in rng.choice(chosen, ROUNDS).tolist():
            c, d = int(source[other]), int(target[other])
            if other in done or len({a, b, c, d}) < 4 or not (want(a, d) and want(c, b)):
                continue
            first, second = _tie(a, d, symmetric), _tie(c, b, symmetric)
            if first in taken or second in taken:
                continue
            taken -= {_tie(a, b, symmetric), _tie(c, d, symmetric)}
            taken |= {first, second}
            target[k], target[other] = d, b
            done |= {k, other}
            moved += 2
            break
    return moved
