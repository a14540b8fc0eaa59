r"""The feeds' definitions, written out plainly for a few users: what the fast feeds must equal.

A feed is a pool (who may be shown), a ranker and slots. With ``q_o`` the share of the pool's
weight on stance ``o``, a post of stance ``o`` weighs ``q_o^alpha exp(gamma s_i o)``. A shown post
is therefore +1 with probability
``p = q_+^(1+alpha) e^(gamma s_i) / (q_+^(1+alpha) e^(gamma s_i) + q_-^(1+alpha) e^(-gamma s_i))``
and ``phi_i = strength (2p - 1)``, or, with k slots, ``strength (2K - k)/k`` where
``K ~ Binomial(k, p)``. An empty pool gives 0.

``followed`` means ``J_ij > 0``, weighed by ``J_ij`` unless ``weight = "uniform"``; the same holds
within ``followed_camp`` and on the followed sides of ``bridge`` and outrage. Of more than two
camps, ``mix`` and outrage take the others together as the other side.

Users without a camp (-1) are posts like any other in the pools ``all`` and ``followed`` and for
trending. They are on no side: nobody is shown them by ``camp``, ``followed_camp``, ``mix``,
``bridge`` or outrage. They themselves have neither an own nor an other camp, so these feeds give
them 0; only ``bridge``, which takes no side, shows them the mean over the camps.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from sociophysics.errors import InputError
from sociophysics.theory.markov import FieldLaw
from sociophysics.theory.premises import KINDS, POOLS, feed_keys

__all__ = [
    "KINDS",
    "POOLS",
    "changed_couplings",
    "expected_field",
    "feed_keys",
    "next_memory",
    "pool_shares",
    "shown_plus",
    "slots_law",
]

POOL_KEYS = ("pool", "weight", "factor", "epsilon", "scope")
NEEDS_CAMPS = ("camp", "followed_camp", "mix", "bridge")


def expected_field(
    kind: str,
    J: ArrayLike,
    spins: ArrayLike,
    camps: ArrayLike | None = None,
    memory: ArrayLike | None = None,
    **keys: Any,
) -> NDArray[np.float64]:
    """Return ``phi_i``, shape (n,), the mean over what the slots show; from one state.

    Parameters
    ----------
    kind : str
        A kind of feed; ``amplifier`` and ``animosity`` act on couplings and give zeros here.
    J : array, shape (n, n)
    spins : int array, shape (n,)
    camps : int array, shape (n,), optional
        ``0..C-1``, -1 for none.
    memory : array, shape (n,)
        The remembered stance ``e_i``, for kind ``memory``.
    **keys
        The kind's own keys, such as ``strength`` or ``pool``.

    Raises
    ------
    InputError
        An unknown kind or key, or camps missing where the kind reads them.

    Examples
    --------
    >>> J = [[0, 2, 1], [2, 0, 0], [1, 0, 0]]
    >>> expected_field("chronological", J, [1, 1, -1], strength=0.6).round(6)
    array([0.2, 0.6, 0.6])
    """
    values = feed_keys(kind, keys)
    s = np.asarray(spins, dtype=float)
    strength = values.get("strength", 0.0)
    if kind in ("none", "amplifier", "animosity"):
        return np.zeros(s.size)
    if kind == "trending":
        return np.full(s.size, strength * s.mean())
    if kind == "self_echo":
        return np.asarray(strength * s)
    if kind == "counter":
        return np.asarray(-strength * s)
    if kind == "editorial":
        return np.full(s.size, float(strength))
    if kind == "memory":
        if memory is None:
            raise InputError("memory is None; kind 'memory' needs the remembered stances e (n,).")
        return np.asarray(strength * np.asarray(memory, dtype=float))
    if kind == "outrage":
        return _outrage(np.asarray(J, dtype=float), s, camps, values)
    p = shown_plus(kind, J, spins, camps, **keys)
    return np.where(np.isnan(p), 0.0, strength * (2 * p - 1))


def shown_plus(
    kind: str, J: ArrayLike, spins: ArrayLike, camps: ArrayLike | None = None, **keys: Any
) -> NDArray[np.float64]:
    """Return the probability that a post shown to user i is +1, shape (n,); NaN: no posts at all.

    Parameters
    ----------
    kind : str
        A kind of feed.
    J : array, shape (n, n)
    spins : int array, shape (n,)
    camps : int array, shape (n,), optional
        ``0..C-1``, -1 for none.
    **keys
        The kind's own keys.

    Raises
    ------
    InputError
        As ``expected_field``.

    Examples
    --------
    >>> shown_plus("random", np.zeros((3, 3)), [1, 1, -1])
    array([0.5, 0.5, 1. ])
    """
    values = feed_keys(kind, keys)
    s = np.asarray(spins)
    if kind == "trending":
        return np.full(s.size, (1 + s.mean()) / 2)
    if "pool" not in values:
        return np.full(s.size, np.nan)
    shares = pool_shares(J, camps, **{name: values[name] for name in POOL_KEYS})
    p = np.full(s.size, np.nan)
    for i in range(s.size):
        plus, minus = shares[i, s > 0].sum(), shares[i, s < 0].sum()
        if plus + minus > 0:
            up = plus ** (1 + values["alpha"]) * np.exp(values["gamma"] * s[i])
            down = minus ** (1 + values["alpha"]) * np.exp(-values["gamma"] * s[i])
            p[i] = up / (up + down)
    return p


def pool_shares(
    J: ArrayLike,
    camps: ArrayLike | None = None,
    *,
    pool: str,
    weight: str = "coupling",
    factor: float = 1.0,
    epsilon: float = 0.3,
    scope: str = "all",
) -> NDArray[np.float64]:
    """Return each post's share of each user's pool, shape (n, n): rows sum to 1, or 0 if empty.

    Parameters
    ----------
    J : array, shape (n, n)
    camps : int array, shape (n,), optional
        ``0..C-1``, -1 for none.
    pool : str
        Who may be shown, a name of ``POOLS``.
    weight : {"coupling", "uniform"}
        How the followed are weighed.
    factor : float
        Weight of the followed users of the own camp, times the above.
    epsilon : float
        Share of the other camps in the pool ``mix``.
    scope : {"all", "followed"}
        Whose posts the pool ``bridge`` takes.

    Raises
    ------
    InputError
        Camps missing where the pool reads them, or not one per user.

    Examples
    --------
    >>> pool_shares(np.zeros((3, 3)), [0, 0, 1], pool="mix", epsilon=0.3).round(6)
    array([[0. , 0.7, 0.3],
           [0.7, 0. , 0.3],
           [0.5, 0.5, 0. ]])
    """
    couplings = np.asarray(J, dtype=float)
    n = len(couplings)
    camp = _camp_labels(camps, n, required=pool in NEEDS_CAMPS or factor != 1)
    shares = np.zeros((n, n))
    for i in range(n):
        anyone = _weights(couplings, i, "all", weight)
        followed = _weights(couplings, i, "followed", weight)
        own = (camp == camp[i]) & (camp[i] >= 0)
        sides: list[tuple[float, NDArray[np.float64]]]
        if pool == "mix":
            other = (camp >= 0) & ~own & bool(camp[i] >= 0)
            sides = [(1 - epsilon, anyone * own), (epsilon, anyone * other)]
        elif pool == "bridge":
            base = anyone if scope == "all" else followed
            sides = [(1.0, base * (camp == c)) for c in np.unique(camp[camp >= 0])]
        else:
            base = followed if pool.startswith("followed") else anyone
            weighed = base * np.where(own, factor, 1.0)
            sides = [(1.0, base * own if pool.endswith("camp") else weighed)]
        present = [(part, posts / posts.sum()) for part, posts in sides if posts.sum() > 0]
        if len(present) == 1:
            shares[i] = present[0][1]
        elif present:
            total = sum(part for part, _ in present)
            shares[i] = np.sum([part / total * posts for part, posts in present], axis=0)
    return shares


def slots_law(strength: float, shown: ArrayLike, slots: int) -> FieldLaw:
    """Return the law of the field vector when each user draws ``slots`` posts independently.

    Parameters
    ----------
    strength : float
        Largest size of the field.
    shown : array, shape (n,)
        Probability of +1 per post, NaN for users who are shown nothing.
    slots : int
        Posts that each user is shown.

    Examples
    --------
    >>> law = slots_law(1.0, [0.25, np.nan], 1)
    >>> law.probabilities
    array([0.75, 0.25])
    >>> law.phi
    array([[-1.,  0.],
           [ 1.,  0.]])
    """
    count = np.arange(slots + 1)
    choices: list[list[tuple[float, float]]] = []
    for p in np.asarray(shown, dtype=float):
        chances = [1.0] if np.isnan(p) else binom.pmf(count, slots, p)
        fields = [0.0] if np.isnan(p) else strength * (2 * count - slots) / slots
        choices.append([(c, f) for c, f in zip(chances, fields, strict=True) if c > 0])
    outcomes = list(product(*choices))
    return FieldLaw(
        np.array([np.prod([c for c, _ in outcome]) for outcome in outcomes], dtype=float),
        np.array([[f for _, f in outcome] for outcome in outcomes], dtype=float),
    )


def next_memory(memory: ArrayLike, spins: ArrayLike, tau: float) -> NDArray[np.float64]:
    """Return the remembered stance after a sweep, ``e + (s - e)/tau``, shape (n,).

    Parameters
    ----------
    memory : array, shape (n,)
        The remembered stance ``e``.
    spins : int array, shape (n,)
    tau : float
        Sweeps over which a stance is forgotten.

    Examples
    --------
    >>> next_memory([0.0, 1.0], [1, -1], 4.0)
    array([0.25, 0.5 ])
    """
    e = np.asarray(memory, dtype=float)
    return np.asarray(e + (np.asarray(spins) - e) / tau)


def changed_couplings(kind: str, J: ArrayLike, **keys: Any) -> NDArray[np.float64]:
    """Return the couplings under a feed that acts on them: ``amplifier`` or ``animosity``.

    Parameters
    ----------
    kind : str
        A kind of feed; others than the two leave the couplings as they are.
    J : array, shape (n, n)
    **keys
        The kind's own keys.

    Raises
    ------
    InputError
        An unknown kind or key.

    Examples
    --------
    >>> changed_couplings("animosity", [[0, -1], [-1, 0]], delta=0.25)
    array([[ 0.  , -0.75],
           [-0.75,  0.  ]])
    """
    values = feed_keys(kind, keys)
    couplings = np.array(J, dtype=float)
    if kind == "amplifier":
        return np.asarray(couplings * (1 + values["strength"]))
    if kind == "animosity":
        return np.where(couplings < 0, (1 - values["delta"]) * couplings, couplings)
    return np.asarray(couplings)


def _weights(J: NDArray[np.float64], i: int, who: str, weight: str) -> NDArray[np.float64]:
    if who == "all":
        posts = np.ones(len(J))
    else:
        posts = np.maximum(J[i], 0) if weight == "coupling" else (J[i] > 0).astype(float)
    posts[i] = 0.0
    return np.asarray(posts, dtype=float)


def _outrage(
    J: NDArray[np.float64], s: NDArray[np.float64], camps: ArrayLike | None, keys: dict[str, Any]
) -> NDArray[np.float64]:
    camp = _camp_labels(camps, s.size, required=True)
    phi = np.zeros(s.size)
    for i in np.flatnonzero(camp >= 0).tolist():
        base = _weights(J, i, keys["scope"], keys["weight"])
        for sign, side in ((1, camp == camp[i]), (-1, (camp >= 0) & (camp != camp[i]))):
            posts = base * side
            if posts.sum() > 0:
                phi[i] += sign * keys["strength"] * (posts @ s) / posts.sum() / 2
    return phi


def _camp_labels(camps: ArrayLike | None, n: int, *, required: bool) -> NDArray[np.int64]:
    if camps is None:
        if required:
            raise InputError("camps is None; this feed needs a camp label per user, -1 for none.")
        return np.full(n, -1)
    labels = np.asarray(camps, dtype=np.int64)
    if labels.shape != (n,):
        raise InputError(f"camps has shape {labels.shape}; allowed: ({n},).")
    # An array of exactly -1 and +1 names two camps: it holds stances, not labels.
    return (labels > 0).astype(np.int64) if set(labels.tolist()) == {-1, 1} else labels
