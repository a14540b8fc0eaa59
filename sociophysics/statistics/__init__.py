"""Statistics of recorded series and of replicas: how well a number is known.

A trajectory's frames are correlated, so they count for fewer than they are (`tau`,
`effective_sample_size`, `blocked_error`); replicas are independent, so their spread is an honest
error (`standard_error`, `t_interval`, `paired_difference`, `bootstrap_interval`). Time is the
last axis of every series, and a NaN in the input gives NaN, never a warning.
"""

from sociophysics.statistics.replicas import (
    Interval,
    PairedDifference,
    bootstrap_interval,
    holm,
    paired_difference,
    standard_error,
    t_interval,
)
from sociophysics.statistics.series import (
    binder,
    blocked_error,
    effective_sample_size,
    susceptibility,
    susceptibility_abs,
    tau,
)

__all__ = [
    "Interval",
    "PairedDifference",
    "binder",
    "blocked_error",
    "bootstrap_interval",
    "effective_sample_size",
    "holm",
    "paired_difference",
    "standard_error",
    "susceptibility",
    "susceptibility_abs",
    "t_interval",
    "tau",
]
