"""Heat-bath dynamics of replicas: trajectories, frames, and the table measured along the way.

``trajectories`` holds the two public functions; ``conditions`` what acts from outside, ``starts``
the first stances, ``kernels`` the choice of compiled code, ``walkers`` groups of replicas, ``loop``
the way from event to event, ``frames`` what is yielded, ``state`` and
``snapshots`` what is needed to go on from a frame, ``rewiring`` new ends for ties.
"""

from __future__ import annotations

from sociophysics.dynamics.frames import Frame, observe
from sociophysics.dynamics.state import State
from sociophysics.dynamics.trajectories import simulate, tabulate, trajectory

__all__ = ["Frame", "State", "observe", "simulate", "tabulate", "trajectory"]
