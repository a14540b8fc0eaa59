"""What kernels share under a rule other than the heat bath: couplings as parts of what can pull."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.engine.fixed_point import Couplings, encode_couplings
from sociophysics.engine.flip_curves import FlipCurve, curve_of
from sociophysics.engine.integer_sweeps import Cuts, IntegerTies, rule_cuts, shifts
from sociophysics.society.spins import SpinSystem

if TYPE_CHECKING:
    from sociophysics.dynamics.conditions import Answer
    from sociophysics.influences.rules import Rule

__all__ = ["RuleCouplings", "RuleTies"]

NARROW_TIES = 1000  # listened-to users up to which 32 bits are good enough for smooth rules


class RuleCouplings(NamedTuple):
    """Rows of ``J / F`` in fixed point, and how listeners answer."""

    couplings: Couplings
    curve: FlipCurve
    largest: NDArray[np.float64]  # (n,): F, in units of the couplings; 1 where nothing can pull

    @classmethod
    def of(cls, system: SpinSystem, answer: Answer) -> RuleCouplings:
        """Return the couplings of a system under a rule.

        Rules that jump take 64 bits, which tell a tie from what is near one. Of smooth rules in 32
        bits a pull that is all but whole by rounding counts as whole: who is surely not to flip
        does not.
        """
        rule, J = answer.rule, system.stored
        largest = np.where(answer.largest > 0.0, answer.largest, 1.0)
        ties = np.diff(J.indptr)
        most = int(ties.max(initial=0))
        parts = np.array(J.data, np.float64) / np.repeat(largest, ties)
        same = bool((largest == largest[:1]).all())
        couplings = encode_couplings(
            sparse.csr_array((parts, J.indices, J.indptr), shape=J.shape),
            float((1.0 - answer.of_ties / largest).max(initial=0.0)),
            symmetric=same and system.is_symmetric,
            wide=bool(rule.jumps) or most > NARROW_TIES,
        )
        # Half a unit of rounding for every tie, the field and the feed.
        return cls(couplings, _curve(rule, (most + 4) / couplings.scale), largest)


class RuleTies(NamedTuple):
    """Couplings +-c of one magnitude, and the thresholds of a rule by word."""

    ties: IntegerTies
    cuts: Cuts

    @classmethod
    def of(cls, ties: IntegerTies, indptr: NDArray[np.int64], answer: Answer) -> RuleTies:
        """Return the ties with words shifted to where the degree's part of the table is."""
        shift, degrees = shifts(indptr)
        ties = ties._replace(shift=shift, degrees=degrees)
        return cls(ties, rule_cuts(answer.rule.flip_probability, ties))


@lru_cache(maxsize=32)
def _curve(rule: Rule, rounding: float) -> FlipCurve:
    from sociophysics.influences.rules import TOLERANCE

    return curve_of(
        rule.flip_probability,
        rule.jumps,
        name=rule.kind,
        tolerance=TOLERANCE,
        ends=max(TOLERANCE, rounding),
    )
