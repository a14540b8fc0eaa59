"""What the oracles know of update rules: their flip probabilities, written out once more.

As everywhere in ``theory``, this shares no code with what it judges, and an unknown kind is an
error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean

__all__ = ["KINDS", "rule_flips"]

KINDS = ("voter", "majority", "q_voter", "threshold")
TIE = 1e-9  # of the pull


def rule_flips(rule: Mapping[str, Any], pull: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the flip probability of a rule at aligned pulls ``s f / F``.

    Parameters
    ----------
    rule : mapping
        ``kind`` and all its keys, as ``rule.table()`` has them.
    pull : array

    Raises
    ------
    InputError
        A kind without a written definition.

    Examples
    --------
    >>> rule_flips({"kind": "majority", "noise": 0.25}, np.array([-0.5, 0.0, 0.5]))
    array([0.75, 0.5 , 0.25])
    """
    keys = dict(rule)
    kind = keys.pop("kind")
    if kind == "voter":
        mean = keys["noise"] * 0.5 + (1 - keys["noise"]) * (0.5 - 0.5 * pull)
    elif kind == "majority":
        mean = np.full(pull.shape, 0.5)
        mean[pull > TIE], mean[pull < -TIE] = keys["noise"], 1 - keys["noise"]
    elif kind == "q_voter":
        against = 0.5 - 0.5 * pull
        mean = 0.5 * keys["independence"] + (1 - keys["independence"]) * against ** keys["q"]
    elif kind == "threshold":
        mean = np.where(0.5 - 0.5 * pull > keys["theta"] + 0.5 * TIE, 1.0, 0.0)
    else:
        raise InputError(
            f"{kind!r} is not a rule that theory has a definition of; {did_you_mean(kind, KINDS)}"
        )
    flips: NDArray[np.float64] = np.clip(mean, 0.0, 1.0)
    return flips
