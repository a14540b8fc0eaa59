"""Statistics of recorded series and of replicas: how well a number is known.

A trajectory's frames are correlated, so they count for fewer than they are (`tau`,
`effective_sample_size`, `blocked_error`); replicas are independent, so their spread is an honest
error (`standard_error`, `mean_interval`, `paired_difference`, `share_interval`,
`share_difference`, `bootstrap_interval`, `pseudo_values`). Each says what it does with outcomes
that are skewed, have two states or are all equal; docs/statistics.md has how often each interval
holds, simulated. `detect_transition` says where any outputs change along a control. Time is the
last axis of every series, and a NaN in the input gives NaN, never a warning.
"""

from sociophysics.statistics.intervals import (
    Interval,
    ShareDifference,
    ShareInterval,
    mean_difference,
    mean_interval,
    share_difference,
    share_interval,
    standard_error,
    t_interval,
)
from sociophysics.statistics.pairs import Drift, PairedDifference, drift, holm, paired_difference
from sociophysics.statistics.resampling import bootstrap_interval
from sociophysics.statistics.series import (
    TwoStates,
    binder,
    blocked_error,
    effective_sample_size,
    pseudo_values,
    susceptibility,
    susceptibility_abs,
    tau,
    two_states,
)
from sociophysics.statistics.transitions import Transition, detect_transition

__all__ = [
    "Drift",
    "Interval",
    "PairedDifference",
    "ShareDifference",
    "ShareInterval",
    "Transition",
    "TwoStates",
    "binder",
    "blocked_error",
    "bootstrap_interval",
    "detect_transition",
    "drift",
    "effective_sample_size",
    "holm",
    "mean_difference",
    "mean_interval",
    "paired_difference",
    "pseudo_values",
    "share_difference",
    "share_interval",
    "standard_error",
    "susceptibility",
    "susceptibility_abs",
    "t_interval",
    "tau",
    "two_states",
]
