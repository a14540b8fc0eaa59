"""Independent random streams, each derived by hashing the seed, its purpose and the replica.

Nothing in the package reads a global random state. Replica ``r`` meets the same start, noise and
draws in every design and at every sweep point, and no stream depends on how many replicas,
workers or observations there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean

__all__ = ["PURPOSES", "check_seed", "generator", "key"]

PURPOSES = {
    "network": 1,
    "couplings": 2,
    "start": 3,
    "dynamics": 4,
    "feed": 5,
    "interventions": 6,
    "observables": 7,
    "fit": 8,
    "null": 9,
    "bootstrap": 10,
    "fields": 11,
    "adoption": 12,
    "independents": 13,
    "calibration": 14,
    "trial": 15,
    "audit": 16,
    "follows": 17,
    "order": 18,
    "lanes": 19,
}


def check_seed(seed: int) -> int:
    """Return ``seed`` as an int, or raise if it is not a non-negative integer.

    Raises
    ------
    InputError
        Anything else than an integer >= 0.

    Examples
    --------
    >>> check_seed(2026)
    2026
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed is {seed!r}; it must be an integer >= 0.")
    return int(seed)


def sequence(
    seed: int, purpose: str, replica: int | None = None, sweep: int | None = None, *, of: str = ""
) -> np.random.SeedSequence:
    """Return the hashed seed of one stream.

    ``replica=None`` is a stream shared by all replicas; a ``sweep`` gives one to that sweep alone,
    so that what is drawn there does not depend on what was drawn before; ``of`` gives one to what
    bears that name.

    Examples
    --------
    >>> sequence(1, "start", 0).generate_state(1) != sequence(1, "start", 1).generate_state(1)
    array([ True])
    """
    if purpose not in PURPOSES:
        raise InputError(f"{purpose!r} is not a stream; {did_you_mean(purpose, PURPOSES)}")
    words = (PURPOSES[purpose], *(int(w) for w in (replica, sweep) if w is not None))
    if of:
        words += tuple(of.encode())
    return np.random.SeedSequence(check_seed(seed), spawn_key=words)


def generator(
    seed: int, purpose: str, replica: int | None = None, sweep: int | None = None, *, of: str = ""
) -> np.random.Generator:
    """Return numpy's generator for one stream.

    Parameters
    ----------
    seed : int
    purpose : str
        What is drawn, a name of ``PURPOSES``: no two share a stream.
    replica : int, optional
        Left out, the stream is shared by all replicas.
    sweep : int, optional
        Gives the sweep a stream of its own.
    of : str, optional
        Gives what bears that name one.

    Examples
    --------
    >>> generator(1, "start", 0).random(2) == generator(1, "start", 0).random(2)
    array([ True,  True])
    """
    return np.random.Generator(np.random.PCG64(sequence(seed, purpose, replica, sweep, of=of)))


def key(seed: int, purpose: str, replica: int | None = None) -> NDArray[np.uint64]:
    """Return two 64-bit words, shape (2,), that key a compiled counter generator.

    Parameters
    ----------
    seed : int
    purpose : str
        What is drawn, a name of ``PURPOSES``.
    replica : int, optional
        Left out, the stream is shared by all replicas.

    Examples
    --------
    >>> key(1, "dynamics", 0).shape
    (2,)
    """
    return sequence(seed, purpose, replica).generate_state(2, np.uint64).astype(np.uint64)
