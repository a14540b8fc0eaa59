"""What can be set in the Feed lab, and which settings belong to which kind of network or feed."""

from __future__ import annotations

import dataclasses

import sociophysics as sp

from ..address import Choice, Flag, Kind, Number, Text

__all__ = [
    "BUNDLED_CAMPS",
    "BUNDLED_COUNTS",
    "FEEDS",
    "FEED_KEYS",
    "LONGEST_ACTS",
    "NETWORKS",
    "NETWORK_KEYS",
    "OBSERVABLES",
    "SETTINGS",
    "SIDES",
    "camp_attribute",
]

SIDES = ("a", "b")  # left and right; the left one is the reference

NETWORKS = {
    "planted_partition": "Communities (generated)",
    "polblogs": "Political blogs, 2004",
    "polbooks": "Books on politics",
    "karate": "Karate club",
    "lattice": "Neighborhood grid (generated)",
    "random_regular": "Equal numbers of ties (generated)",
    "barabasi_albert": "Hubs and newcomers (generated)",
    "watts_strogatz": "Small world (generated)",
    "upload": "Your own file",
}
# Settings that a kind of network has; the bundled ones have none.
NETWORK_KEYS: dict[str, tuple[str, ...]] = {
    "planted_partition": ("n", "communities", "k_in", "k_out"),
    "lattice": ("side", "periodic"),
    "random_regular": ("n", "degree"),
    "barabasi_albert": ("n", "newcomer_ties"),
    "watts_strogatz": ("n", "degree", "shortcuts"),
    "upload": ("camp", "directed"),
}
BUNDLED_CAMPS = {"polblogs": "value", "polbooks": "value", "karate": "club"}
BUNDLED_COUNTS = {"polblogs": 2, "polbooks": 3, "karate": 2}

FEEDS = {
    "none": "No feed",
    "engagement": "Engagement: popular and agreeable first",
    "chronological": "Chronological: all I follow",
    "popularity": "Popularity: what most say",
    "personalized": "Personalized: what agrees with me",
    "in_group": "In-group: my own camp",
    "diversity": "Diversity: a share from other camps",
    "bridging": "Bridging: all camps weigh the same",
    "random": "Random: anybody's posts",
    "trending": "Trending: the mean of everybody",
    "outrage": "Outrage: against the other camp",
    "self_echo": "Self-echo: my own stance",
    "memory": "Memory: my own past",
    "counter": "Counter: the opposite of me",
    "editorial": "Editorial: one line for all",
    "amplifier": "Amplifier: ties pull harder",
    "animosity": "Animosity: fights ranked down",
}
# The keys of each kind, as a scenario file has them.
FEED_KEYS: dict[str, tuple[str, ...]] = {"none": ()} | {
    kind: tuple(field.name for field in dataclasses.fields(design))
    for kind, design in sp.feeds.KINDS.items()
}

POOLS = {
    "followed": "Users one follows",
    "all": "Everybody",
    "camp": "One's own camp",
    "followed_camp": "Followed users of one's camp",
}
OBSERVABLES = {
    "camp_polarization": "Distance between camps",
    "abs_camp_polarization": "Distance between camps, unsigned",
    "magnetization": "Mean stance",
    "abs_magnetization": "Agreement overall",
    "edge_agreement": "Ties in agreement",
    "unsatisfied_fraction": "Ties under tension",
    "local_agreement": "Agreement with neighbors",
    "energy": "Tension per user",
    "exposure_agreement": "Posts one agrees with",
    "exposure_out_group": "Posts from the other camp",
    "attention_gini": "Inequality of attention",
}
LONGEST_ACTS = 3000  # characters of planned interventions that a link can hold


def _feed(side: str, kind: str) -> dict[str, Kind]:
    return {
        f"{side}_feed": Choice(kind, FEEDS),
        f"{side}_strength": Number(0.5, low=-2.0, high=5.0, step=0.05),
        f"{side}_slots": Number(0, low=0, high=100, integer=True),
        f"{side}_alpha": Number(1.0, low=-0.95, high=5.0, step=0.05),
        f"{side}_gamma": Number(1.0, low=-5.0, high=5.0, step=0.1),
        f"{side}_pool": Choice("followed", POOLS),
        f"{side}_scope": Choice("all", {"all": "Everybody", "followed": "Users one follows"}),
        f"{side}_weight": Choice(
            "coupling", {"coupling": "By how strong the tie is", "uniform": "All the same"}
        ),
        f"{side}_epsilon": Number(0.3, low=0.0, high=1.0, step=0.05),
        f"{side}_tau": Number(10.0, low=1.0, high=200.0, step=1.0),
        f"{side}_delta": Number(0.5, low=0.0, high=1.0, step=0.05),
    }


SETTINGS: dict[str, Kind] = {
    **_feed("a", "none"),
    **_feed("b", "engagement"),
    "network": Choice("planted_partition", NETWORKS),
    "n": Number(500, low=20, high=100_000, integer=True, log=True),
    "communities": Number(2, low=1, high=8, integer=True),
    "k_in": Number(8.0, low=0.0, high=40.0, step=0.5),
    "k_out": Number(1.0, low=0.0, high=40.0, step=0.5),
    "side": Number(24, low=3, high=300, integer=True),
    "periodic": Flag(True),
    "degree": Number(6, low=2, high=40, integer=True),
    "newcomer_ties": Number(3, low=1, high=20, integer=True),
    "shortcuts": Number(0.1, low=0.0, high=1.0, step=0.01),
    "camp": Text("camp", longest=60),
    "directed": Flag(False),
    "couplings": Choice(
        "uniform",
        {
            "uniform": "The same on every tie",
            "camps": "Within and across camps",
            "random_sign": "Friends and foes at random",
            "edge": "The weights in the file",
        },
    ),
    "value": Number(1.0, low=-3.0, high=3.0, step=0.05),
    "within": Number(1.0, low=-3.0, high=3.0, step=0.05),
    "across": Number(-0.3, low=-3.0, high=3.0, step=0.05),
    "share": Number(0.2, low=0.0, high=1.0, step=0.05),
    "normalize": Choice(
        "degree", {"degree": "Yes: by numbers of ties", "none": "No: every tie as it is"}
    ),
    "temperature": Number(0.8, low=0.0, high=5.0, step=0.05),
    "field": Number(0.0, low=-2.0, high=2.0, step=0.05),
    "start": Choice(
        "camps",
        {
            "camps": "Each camp united",
            "random": "At random",
            "up": "All for",
            "down": "All against",
        },
    ),
    "seed": Number(1, low=0, high=2_147_483_647, integer=True),
    "sweeps": Number(200, low=1, high=20_000, integer=True, log=True),
    "replicas": Number(8, low=1, high=50, integer=True),
    "pace": Choice(
        "watch",
        {"slow": "5 sweeps a second", "watch": "20 sweeps a second", "fast": "As fast as it goes"},
    ),
    "upper": Choice("camp_polarization", OBSERVABLES),
    "lower": Choice("edge_agreement", OBSERVABLES),
    "measured": Number(24, low=2, high=1000, integer=True, log=True),
    "settled": Number(0.5, low=0.0, high=0.9, step=0.05),
    "acts": Text("", longest=LONGEST_ACTS),
}  # fmt: skip


def camp_attribute(network: str, camp: str) -> str | None:
    """Return the attribute that holds the camps of a kind of network, None where it has none.

    Examples
    --------
    >>> camp_attribute("karate", ""), camp_attribute("lattice", ""), camp_attribute("upload", "x")
    ('club', None, 'x')
    """
    if network == "upload":
        return camp or None
    return BUNDLED_CAMPS.get(network, "camp" if network == "planted_partition" else None)
