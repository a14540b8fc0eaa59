r"""How a drawn user answers to what pulls: update rules, the heat bath and its rivals.

Each is one flip probability ``g``, which never increases, of the aligned pull

.. math:: y = s_i f_i / F_i, \qquad F_i = \sum_j |J_ij| + \max_t |h_i(t)| + \text{feed's bound},

the part of all that can pull at user ``i`` that now pulls towards the own stance, less the part
against it: ``(1 - y)/2`` is the share of pull against the own stance. A user at whom nothing can
pull has ``y = 0``. Fields, feeds, signs and weights enter through ``f_i`` as they always do.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from sociophysics.errors import InputError
from sociophysics.kinds import RULES, Kind, Kinds, Probability, key

__all__ = [
    "TOLERANCE",
    "HeatBath",
    "MajorityVote",
    "QVoter",
    "Rule",
    "Threshold",
    "Voter",
    "acting",
    "register",
]

TOLERANCE = 1e-9  # of y: what is nearer to a jump of g stands at it
register = RULES.register


class Rule(Kind):
    """An update rule: whether a drawn user flips, given the aligned pull."""

    registry: ClassVar[Kinds] = RULES

    @abstractmethod
    def flip_probability(self, y: ArrayLike, ratio: ArrayLike = 1.0) -> NDArray[np.float64]:
        """Return the probability that a drawn user flips.

        Parameters
        ----------
        y : array
            Aligned pull, -1 (all that can pull pulls against the own stance) to 1.
        ratio : array
            ``F_i / T``, which only the heat bath asks for.
        """

    @property
    def jumps(self) -> tuple[float, ...]:
        """Where in y the probability jumps; what is within ``TOLERANCE`` stands there."""
        return ()

    @property
    def has_temperature(self) -> bool:
        """Whether the rule knows a temperature, and so an energy."""
        return False


def _against(y: ArrayLike) -> NDArray[np.float64]:
    """Return the share of pull against the own stance, ``u = (1 - y) / 2``."""
    share: NDArray[np.float64] = np.clip((1.0 - np.asarray(y, np.float64)) / 2.0, 0.0, 1.0)
    return share


@RULES.register
@dataclass(frozen=True)
class HeatBath(Rule):
    """Noise of a temperature: rarely against a strong pull, by a coin where nothing pulls.

    Examples
    --------
    >>> HeatBath().flip_probability([1.0, 0.0], ratio=2.0).round(6)
    array([0.017986, 0.5     ])
    """

    kind: ClassVar[str] = "heat_bath"
    equation: ClassVar[str] = "g = 1 / (1 + exp(2 y F_i / T)) = 1 / (1 + exp(2 s_i f_i / T))."
    physics: ClassVar[str] = "Glauber dynamics; equilibrium where the couplings are mutual"

    def flip_probability(self, y: ArrayLike, ratio: ArrayLike = 1.0) -> NDArray[np.float64]:
        """Return ``1 / (1 + exp(2 y ratio))``."""
        pull = np.asarray(y, np.float64) * np.asarray(ratio, np.float64)
        flips: NDArray[np.float64] = expit(-2.0 * pull)
        return flips

    @property
    def has_temperature(self) -> bool:
        """Whether the rule knows a temperature: it does."""
        return True


@RULES.register
@dataclass(frozen=True)
class Voter(Rule):
    """Copying: the stance of somebody who pulls, drawn by weight; with noise, sometimes a coin.

    Examples
    --------
    >>> Voter(noise=0.1).flip_probability([1.0, 0.0, -1.0]).round(6)
    array([0.05, 0.5 , 0.95])
    """

    noise: Annotated[Probability, key("How often a drawn user tosses a coin instead.")] = 0.0
    kind: ClassVar[str] = "voter"
    equation: ClassVar[str] = "g = (1 - noise) (1 - y)/2 + noise/2."
    physics: ClassVar[str] = "voter model; with noise Kirman's, the noisy voter"

    def flip_probability(self, y: ArrayLike, ratio: ArrayLike = 1.0) -> NDArray[np.float64]:
        """Return ``(1 - noise) (1 - y)/2 + noise/2``."""
        return (1.0 - self.noise) * _against(y) + self.noise / 2.0


@RULES.register
@dataclass(frozen=True)
class MajorityVote(Rule):
    """Siding with the stronger pull, against it with the probability of the noise; a tie is a coin.

    Examples
    --------
    >>> MajorityVote(noise=0.1).flip_probability([0.5, 0.0, -0.5])
    array([0.1, 0.5, 0.9])
    """

    noise: Annotated[
        float, key("How often a drawn user sides with the weaker pull.", ge=0, le=0.5)
    ] = 0.0
    kind: ClassVar[str] = "majority"
    equation: ClassVar[str] = (
        "g = noise, 1/2 or 1 - noise where y is above, within 1e-9 of, or below 0."
    )
    physics: ClassVar[str] = "majority-vote model with noise"

    def flip_probability(self, y: ArrayLike, ratio: ArrayLike = 1.0) -> NDArray[np.float64]:
        """Return ``noise``, 1/2 or ``1 - noise``."""
        side = np.asarray(y, np.float64)
        strict = np.where(side > 0.0, self.noise, 1.0 - self.noise)
        return np.where(np.abs(side) <= TOLERANCE, 0.5, strict)

    @property
    def jumps(self) -> tuple[float, ...]:
        """The tie."""
        return (0.0,)


@RULES.register
@dataclass(frozen=True)
class QVoter(Rule):
    """Giving in if q who pull, drawn by weight, are all against; sometimes a coin instead.

    The ``q`` are drawn with repetition; on sparse networks ``q`` different neighbours are another
    model.

    Examples
    --------
    >>> QVoter(q=2, independence=0.2).flip_probability([1.0, 0.0, -1.0]).round(6)
    array([0.1, 0.3, 0.9])
    """

    q: Annotated[int, key("How many must agree against the own stance.", ge=1, le=100)] = 2
    independence: Annotated[Probability, key("How often a drawn user tosses a coin instead.")] = 0.0
    kind: ClassVar[str] = "q_voter"
    equation: ClassVar[str] = "g = (1 - independence) ((1 - y)/2)^q + independence/2."
    physics: ClassVar[str] = "q-voter model with independence; discontinuous from q = 6 on"

    def flip_probability(self, y: ArrayLike, ratio: ArrayLike = 1.0) -> NDArray[np.float64]:
        """Return ``(1 - independence) u^q + independence/2`` with ``u = (1 - y)/2``."""
        flips: NDArray[np.float64] = (1.0 - self.independence) * _against(y) ** self.q
        return flips + self.independence / 2.0


@RULES.register
@dataclass(frozen=True)
class Threshold(Rule):
    """Flipping if and only if more than a given share of what pulls is against the own stance.

    Examples
    --------
    >>> Threshold(theta=0.5).flip_probability([0.5, 0.0, -0.5])
    array([0., 0., 1.])
    """

    theta: Annotated[Probability, key("Share of pull against the own stance that is borne.")] = 0.5
    kind: ClassVar[str] = "threshold"
    equation: ClassVar[str] = "g = 1 where (1 - y)/2 > theta, else 0."
    physics: ClassVar[str] = "linear threshold model; no noise"

    def flip_probability(self, y: ArrayLike, ratio: ArrayLike = 1.0) -> NDArray[np.float64]:
        """Return 1 where the share against exceeds ``theta``, else 0."""
        over = np.asarray(y, np.float64) < 1.0 - 2.0 * self.theta - TOLERANCE
        return over.astype(np.float64)

    @property
    def jumps(self) -> tuple[float, ...]:
        """Where the share against is ``theta``."""
        return (1.0 - 2.0 * self.theta,)


def acting(rule: Any) -> Rule | None:
    """Return a rule other than the heat bath, None for the heat bath or nothing.

    Raises
    ------
    InputError
        It is no rule.

    Examples
    --------
    >>> acting(HeatBath()), acting(None), acting(Voter())
    (None, None, Voter(noise=0.0))
    """
    if rule is not None and not isinstance(rule, Rule):
        raise InputError(
            f"rule is {rule!r}; give one of sociophysics.rules, such as rules.Voter(noise=0.1), or "
            "None for the heat bath."
        )
    return None if rule is None or rule.has_temperature else rule
