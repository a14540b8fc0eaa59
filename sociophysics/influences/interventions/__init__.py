"""What happens at a given sweep: heat, tilt, nucleate, hold, rewire, another feed.

An intervention at sweep ``t`` acts after frame ``t`` and before sweep ``t + 1``. It brings other
conditions (``impose``), or it does something to each replica by itself (``change``); the
trajectory applies both. ``influences.choosing`` says to whom.
"""

from sociophysics.influences.interventions.intervention import (
    Acting,
    Change,
    Intervention,
    MovesNobody,
    OfConditions,
    check_endings,
    check_intervention,
)
from sociophysics.influences.interventions.of_conditions import Heat, SwitchFeed, Tilt
from sociophysics.influences.interventions.of_users import (
    SEEDS,
    KeepStance,
    Nucleate,
    Rewire,
    choose_users,
)
from sociophysics.kinds import INTERVENTIONS

__all__ = [
    "SEEDS",
    "Acting",
    "Change",
    "Heat",
    "Intervention",
    "KeepStance",
    "MovesNobody",
    "Nucleate",
    "OfConditions",
    "Rewire",
    "SwitchFeed",
    "Tilt",
    "check_endings",
    "check_intervention",
    "choose_users",
    "register",
]

register = INTERVENTIONS.register
