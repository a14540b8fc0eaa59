"""The estimator ``as_last_time``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sociophysics.inference import Estimator
from sociophysics.kinds import key
from sociophysics.rollcall import as_votes


@dataclass(eq=False, repr=False)
class AsLastTime(Estimator):
    """Every member votes as on the roll call before, as far as it is known.

    Attributes
    ----------
    rate_ : array, shape (members,)
        Share of +1 in the votes it was fitted to: what is said where the last vote is not known.
    """

    weight: Annotated[
        float, key("Weight of the last vote against the member's own rate.", ge=0, le=1)
    ] = 0.5
    kind: ClassVar[str] = "as_last_time"
    words: ClassVar[str] = "Every member votes as on the roll call before."
    equation: ClassVar[str] = "P(+1) = weight [s_{t-1} = +1] + (1 - weight) rate."

    def fit(self, votes: Any, y: object = None) -> Self:
        """Count each member's votes and return the estimator."""
        matrix = as_votes(votes).matrix
        self.rate_: NDArray[np.float64] = (1 + (matrix > 0).sum(axis=0)) / (
            2 + (matrix != 0).sum(axis=0)
        )
        return self

    def predict_proba(self, votes: Any) -> NDArray[np.float64]:
        """Return P(+1 | the votes on the roll calls before), shape (roll calls, members)."""
        matrix = as_votes(votes).matrix
        rate = np.tile(self.rate_, (len(matrix), 1))
        last, found = matrix[:-1], rate.copy()
        mixed = self.weight * (last > 0) + (1 - self.weight) * rate[1:]
        found[1:] = np.where(last != 0, mixed, rate[1:])
        return found
