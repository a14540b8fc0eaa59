"""The intervention ``turn``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sociophysics.interventions import Change, Intervention

from sociophysics import SpinSystem
from sociophysics.kinds import Probability, key


@dataclass(frozen=True)
class Turn(Intervention):
    """Some users turn against most of those they follow, and stay there for a while.

    Users who follow as many of one stance as of the other, or nobody, keep their stance.
    """

    share: Annotated[Probability, key("Share of the users, each drawn by itself.")] = 0.1
    hold: Annotated[int, key("Sweeps for which they keep the stance.", unit="sweeps", ge=0)] = 0
    kind: ClassVar[str] = "turn"
    words: ClassVar[str] = "Some users turn against most of those they follow."
    equation: ClassVar[str] = "s_i = -sign(sum over followed j of s_j) for a share of the users."
    physics: ClassVar[str] = "a local quench against the neighbours' field"

    def change(
        self,
        system: SpinSystem,
        spins: NDArray[np.int8],
        camps: Any,
        rng: np.random.Generator,
    ) -> Change:
        """Return the stances of one replica after it, and who keeps theirs."""
        ties = system.J.copy()
        ties.data = np.ones_like(ties.data)
        against = -np.sign(ties @ spins.astype(np.float64))
        turned = (rng.random(system.n) < self.share) & (against != 0)
        after = np.where(turned, against, spins).astype(np.int8)
        users = np.flatnonzero(turned)
        return Change(after, held=users, hold=self.hold, detail={"users": users.size})
