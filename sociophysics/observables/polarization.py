"""Polarization that is more than one number of the stances: along ties, over time, with nulls.

For stances +-1 the variance of opinion is ``1 - m^2``, so a measure of polarization must be
structural: between camps, across ties, or of opinions averaged over time. A score of a partition
that was found by a search, and any score on a network with hubs, is to be read next to
``against_null``.
"""

from __future__ import annotations

from sociophysics.observables.communities import (
    Communities,
    assortativity,
    modularity,
    signed_communities,
    signed_modularity,
)
from sociophysics.observables.controversy import (
    adaptive_random_walk_controversy,
    boundary_polarization,
    dipole_polarization,
    random_walk_controversy,
)
from sociophysics.observables.nulls import AgainstNull, against_null, permuted
from sociophysics.observables.opinions import (
    Expressed,
    bimodality,
    esteban_ray,
    friedkin_johnsen,
)
from sociophysics.observables.order import abs_camp_polarization, camp_polarization
from sociophysics.observables.rewiring import rewired

__all__ = [
    "AgainstNull",
    "Communities",
    "Expressed",
    "abs_camp_polarization",
    "adaptive_random_walk_controversy",
    "against_null",
    "assortativity",
    "bimodality",
    "boundary_polarization",
    "camp_polarization",
    "dipole_polarization",
    "esteban_ray",
    "friedkin_johnsen",
    "modularity",
    "permuted",
    "random_walk_controversy",
    "rewired",
    "signed_communities",
    "signed_modularity",
]
