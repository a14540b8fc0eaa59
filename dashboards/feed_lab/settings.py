"""What can be set in the Feed lab, and which settings belong to which kind of network or feed."""

from __future__ import annotations

import sociophysics as sp

from ..address import Choice, Flag, Kind, Number, Text

__all__ = [
    "BUNDLED_CAMPS",
    "BUNDLED_COUNTS",
    "DIRECTIONS",
    "FEEDS",
    "FEED_KEYS",
    "KEYS",
    "LONGEST_ACTS",
    "NETWORKS",
    "NETWORK_KEYS",
    "OBSERVABLES",
    "OF_CAMPS",
    "SETTINGS",
    "SIDES",
    "TABS",
    "camp_attribute",
]

SIDES = ("a", "b")  # left and right; the left one is the reference


def _generated(kind: str) -> str:
    return f"{sp.kinds.NETWORKS[kind].label()} (generated)"


COUPLINGS = ("uniform", "camps", "random_sign", "edge")
GENERATED = ("lattice", "random_regular", "barabasi_albert", "watts_strogatz")
NETWORKS = {
    "planted_partition": _generated("planted_partition"),
    "polblogs": "Political blogs, 2004",
    "polbooks": "Books on politics",
    "karate": "Karate club",
    **{kind: _generated(kind) for kind in GENERATED},
    "upload": "Your own file",
}
# Settings that a kind of network has; the bundled ones have none.
NETWORK_KEYS: dict[str, tuple[str, ...]] = {
    "planted_partition": ("n", "communities", "k_in", "k_out"),
    "lattice": ("side", "periodic"),
    "random_regular": ("n", "degree"),
    "barabasi_albert": ("n", "newcomer_ties"),
    "watts_strogatz": ("n", "degree", "shortcuts"),
    "upload": ("camp", "directed", "source", "target", "weight", "symmetrize"),
}
DIRECTIONS = {
    "": "Not looked at: a tie is a tie",
    "mean": "The mean of both directions",
    "sum": "The sum of both directions",
    "mutual": "Only ties that go both ways",
}
BUNDLED_CAMPS = {"polblogs": "value", "polbooks": "value", "karate": "club"}
BUNDLED_COUNTS = {"polblogs": 2, "polbooks": 3, "karate": 2}

# One control per key: a feed that is made of others (a list of arms) is put into a file.
OFFERED = {
    kind: cls
    for kind, cls in sp.kinds.FEEDS.items()
    if not any(key.holds == "list" for key in sp.kinds.keys_of(cls))
}
FEEDS = {kind: cls.label() for kind, cls in OFFERED.items()}
FEED_KEYS: dict[str, tuple[str, ...]] = {
    kind: tuple(key.name for key in sp.kinds.keys_of(cls)) for kind, cls in OFFERED.items()
}


def _of_camps() -> frozenset[str]:
    """Return the kinds of feeds that, with the keys they have when left out, need camps."""
    pair, found = sp.SpinSystem.from_edges([0], [1]), set()
    for kind, cls in OFFERED.items():
        keys = sp.kinds.keys_of(cls)
        if kind == "none" or any(key.required for key in keys):
            continue
        try:
            cls().candidates(pair, None)
        except sp.InputError:
            found.add(kind)
    return frozenset(found)


OF_CAMPS = _of_camps()
FAR = 10.0  # where a slider ends whose key has no limit, in units of its default


def _declared() -> dict[str, list[sp.kinds.Key]]:
    """Return the keys of all kinds of feeds by name: one setting serves all that have it."""
    found: dict[str, list[sp.kinds.Key]] = {}
    for cls in OFFERED.values():
        for key in sp.kinds.keys_of(cls):
            found.setdefault(key.name, []).append(key)
    return found


KEYS = _declared()


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
TABS = {
    "acts": "Do something",
    "users": "Users",
    "chambers": "Echo chambers",
    "feeds": "What feeds show",
    "post": "A post",
    "measure": "Measure",
    "share": "Keep and share",
}
LONGEST_ACTS = 3000  # characters of planned interventions that a link can hold


def _setting(keys: list[sp.kinds.Key]) -> Kind:
    """Return what asks for a key, as its declaration says; a number left out is 0."""
    first = keys[0]
    if first.choices:
        called = first.control.choices if first.control else {}
        allowed = dict.fromkeys(choice for key in keys for choice in key.choices)
        names = {choice: called.get(choice, str(choice)) for choice in allowed}
        return Choice(first.default or next(iter(names)), names)
    if first.holds == "true or false":
        return Flag(bool(first.default))
    if first.holds == "text":
        return Text(first.default or "", 200)
    default = first.default or 0
    reach = FAR * max(1.0, abs(default))
    low, high, step = (first.control or (None, None, None, None))[1:4]
    if low is None:
        low = first.limits.get("ge", first.limits.get("gt", -reach))
    if high is None:
        high = first.limits.get("le", first.limits.get("lt", reach))
    low, high = max(low, -reach), min(high, max(reach, low + reach))
    if first.holds == "whole number":
        return Number(int(default), low=int(low), high=int(high), integer=True)
    return Number(float(default), low=low, high=high, step=step or (high - low) / 100)


def _feed(side: str, kind: str) -> dict[str, Kind]:
    asked = {f"{side}_{name}": _setting(keys) for name, keys in KEYS.items()}
    return {f"{side}_feed": Choice(kind, FEEDS), **asked}


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
    "source": Text("", longest=60),
    "target": Text("", longest=60),
    "weight": Text("", longest=60),
    "symmetrize": Choice("", DIRECTIONS),
    "couplings": Choice(
        "uniform",
        {kind: sp.kinds.COUPLINGS[kind].label() for kind in COUPLINGS},
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
    "apart": Number(0.0, low=-2.0, high=2.0, step=0.05),
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
    "run": Flag(True),
    "color": Text("stance", longest=80),
    "size": Text("ties", longest=80),
    "names": Flag(True),
    "hulls": Flag(True),
    "tab": Choice("acts", TABS),
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
