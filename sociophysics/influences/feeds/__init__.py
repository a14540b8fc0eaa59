r"""Recommender feeds as fields.

A feed is pool x ranker x slots, refreshed once per sweep. Everybody publishes one post, the
current stance; the feed shows some posts to each user, and the mean stance shown, times the
strength, is a field on that user until the next refresh:

.. math::
    X_i = \tanh\big((1 + \alpha)\,\mathrm{artanh}\,M_i + \gamma s_i\big), \qquad
    \phi_i = \mathrm{strength} \cdot X_i ,

with the pool's mean stance :math:`M_i`, popularity :math:`\alpha > -1` and personalization
:math:`\gamma`. With ``k`` slots, :math:`\phi_i = \mathrm{strength}\,(2K - k)/k` where
:math:`K \sim \mathrm{Binomial}(k, (1 + X_i)/2)`. An empty pool gives zero. The feeds that are not
rankings (self-echo, memory, counter, editorial, amplifier, animosity, outrage) say so themselves.
"""

from __future__ import annotations

from sociophysics.influences.feeds.designs import (
    KINDS,
    Bridging,
    Chronological,
    Diversity,
    Engagement,
    InGroup,
    NoFeed,
    Outrage,
    Personalized,
    Popularity,
    Random,
    Trending,
    acting,
    make,
)
from sociophysics.influences.feeds.direct import (
    Amplifier,
    Animosity,
    Counter,
    Editorial,
    Memory,
    SelfEcho,
)
from sociophysics.influences.feeds.feed import Draws, Feed, FeedMemory, Pull, Shown
from sociophysics.influences.feeds.like_minded import LikeMinded
from sociophysics.influences.feeds.mixture import Mixture, MixtureArm
from sociophysics.influences.feeds.pools import Exposure
from sociophysics.kinds import FEEDS

__all__ = [
    "KINDS",
    "Amplifier",
    "Animosity",
    "Bridging",
    "Chronological",
    "Counter",
    "Diversity",
    "Draws",
    "Editorial",
    "Engagement",
    "Exposure",
    "Feed",
    "FeedMemory",
    "InGroup",
    "LikeMinded",
    "Memory",
    "Mixture",
    "MixtureArm",
    "NoFeed",
    "Outrage",
    "Personalized",
    "Popularity",
    "Pull",
    "Random",
    "SelfEcho",
    "Shown",
    "Trending",
    "acting",
    "make",
    "register",
]

register = FEEDS.register
