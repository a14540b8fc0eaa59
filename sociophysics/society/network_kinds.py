"""The kinds of networks: who is tied to whom, as a scenario's table or a call names it.

Generators, files and bundled data are entered only when a graph is asked for.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from sociophysics.errors import InputError
from sociophysics.kind_keys import Control
from sociophysics.kinds import NETWORKS, Kind, Kinds, Probability, Text, key

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "BarabasiAlbert",
    "Bundled",
    "Complete",
    "Configuration",
    "ErdosRenyi",
    "File",
    "Generated",
    "Lattice",
    "Network",
    "NoNetwork",
    "OwnShares",
    "PlantedPartition",
    "RandomRegular",
    "WattsStrogatz",
]

Size = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Users = Annotated[int, key("Number of users.", unit="users", ge=1), Control("Users")]
Directed = Annotated[
    bool,
    key("Keep who listens to whom instead of mutual ties."),
    Control("Ties have a direction"),
]


@dataclass(frozen=True, kw_only=True)
class Network(Kind):
    """What all kinds of networks have in common."""

    registry: ClassVar[Kinds] = NETWORKS

    camp: Annotated[Text, key("Node attribute that holds each user's camp.")] = "camp"

    @abstractmethod
    def graph(self, *, seed: int, replica: int | None = None) -> nx.Graph:
        """Return the network: a simple graph whose nodes are the users.

        Parameters
        ----------
        seed : int
            For the kinds that draw ties.
        replica : int, optional
            A network of its own for each replica; left out: one network for the seed.

        Raises
        ------
        InputError
            It cannot be read or drawn.
        """


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class NoNetwork(Network):
    """No network: the users and ties come with fitted couplings."""

    kind: ClassVar[str] = "none"

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "No network"

    def graph(self, *, seed: int, replica: int | None = None) -> nx.Graph:
        """Refuse: there are no users."""
        raise InputError("network.kind is 'none', which has no users; give another kind.")


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class Bundled(Network):
    """A real network that comes with the package."""

    name: Annotated[Text, key("Its name: `sociophysics data list` lists them.")]
    directed: Directed = False
    kind: ClassVar[str] = "bundled"

    def graph(self, *, seed: int, replica: int | None = None) -> nx.Graph:
        """Return its largest component."""
        from sociophysics.society import networks

        return networks.load(self.name, directed=self.directed)


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class File(Network):
    """A network read from a file."""

    path: Annotated[
        Text,
        key(
            "Edge list (CSV, TSV, Parquet), GraphML, GEXF or JSON node-link file; or, for very "
            "large networks with couplings of kind edge, the folder of "
            "SpinSystem.from_edge_file's memory_map."
        ),
    ]
    nodes: Annotated[Text | None, key("Table of users beside an edge list.")] = None
    coupling: Annotated[
        Text | None,
        key(
            "Column or edge attribute with the ties' weights; left out: `coupling`, if there is "
            "one."
        ),
    ] = None
    directed: Directed = False
    source: Annotated[
        Text | None,
        key("Column of who listens, in an edge list; left out: `source`, `src` or `from`."),
    ] = None
    target: Annotated[
        Text | None, key("Column of who is listened to; left out: `target`, `dst` or `to`.")
    ] = None
    weight: Annotated[Text | None, key("Another word for `coupling`.")] = None
    symmetrize: Annotated[
        Literal["mean", "sum", "mutual"] | None,
        key(
            "How two directions make one mutual tie: the mean or sum of their couplings, an "
            "absent one being 0, or only pairs tied both ways."
        ),
    ] = None
    kind: ClassVar[str] = "file"

    def graph(self, *, seed: int, replica: int | None = None) -> nx.Graph:
        """Return the network in the file."""
        from sociophysics.society import networks

        return networks.read(
            self.path,
            nodes=self.nodes,
            coupling=self.coupling,
            directed=self.directed,
            source=self.source,
            target=self.target,
            weight=self.weight,
            symmetrize=self.symmetrize,
        )


@dataclass(frozen=True, kw_only=True)
class Generated(Network):
    """A network that is made from a few numbers, with nodes ``0..n-1``."""

    @classmethod
    def own_keys(cls) -> tuple[str, ...]:
        """Return the names of what it is made from."""
        return tuple(name for name in cls.key_names() if name != "camp")

    def graph(self, *, seed: int, replica: int | None = None) -> nx.Graph:
        """Return the generated network, the same for the same seed and replica."""
        from sociophysics.society import networks

        keys = {name: getattr(self, name) for name in self.own_keys()}
        return networks.build(self.kind, seed=seed, replica=replica, **keys)


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class Lattice(Generated):
    """A square grid in any number of dimensions, its users numbered row by row.

    Examples
    --------
    >>> Lattice(shape=[3, 4], periodic=False).graph(seed=1).size()
    17
    """

    shape: Annotated[
        tuple[Size, ...],
        key("Users along each side; 3 or more where opposite borders are tied.", unit="users"),
        Field(strict=False, min_length=1),
        Control("Side"),
    ]
    periodic: Annotated[
        bool, key("Tie opposite borders to each other."), Control("Opposite borders are neighbors")
    ] = True
    kind: ClassVar[str] = "lattice"
    words: ClassVar[str] = "A square grid in any number of dimensions."

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "Neighborhood grid"


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class Complete(Generated):
    """Everyone is tied to everyone."""

    n: Users
    kind: ClassVar[str] = "complete"


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class ErdosRenyi(Generated):
    """Ties between pairs drawn independently."""

    n: Users
    mean_degree: Annotated[
        float,
        key("Mean number of ties per user; at most n - 1.", unit="ties", ge=0),
        Control("Ties per user"),
    ]
    kind: ClassVar[str] = "erdos_renyi"
    equation: ClassVar[str] = "p = mean_degree / (n - 1) for each pair."


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class RandomRegular(Generated):
    """A random network in which all users have the same number of ties."""

    n: Users
    degree: Annotated[
        Count, key("Ties of each user; n times degree is even.", unit="ties"),
        Control("Ties per user"),
    ]  # fmt: skip
    kind: ClassVar[str] = "random_regular"

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "Equal numbers of ties"


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class BarabasiAlbert(Generated):
    """Growth by preferential attachment."""

    n: Users
    m: Annotated[
        int,
        key("Ties that each newcomer makes, to the well tied first.", unit="ties", ge=1),
        Control("Ties of a newcomer"),
    ]
    kind: ClassVar[str] = "barabasi_albert"

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "Hubs and newcomers"


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class WattsStrogatz(Generated):
    """A ring with shortcuts."""

    n: Users
    k: Annotated[
        Count, key("Ring neighbours of each user; even.", unit="ties"), Control("Ties per user")
    ]
    p: Annotated[
        Probability,
        key("Probability that a tie becomes a shortcut."),
        Control("Share of shortcuts", 0.0, 1.0, 0.01),
    ]
    kind: ClassVar[str] = "watts_strogatz"

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "Small world"


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class PlantedPartition(Generated):
    """Equal communities, more densely tied inside than across."""

    n: Users
    communities: Annotated[
        int,
        key("Number of communities; their numbers become the camps.", ge=1),
        Control("Communities", 1, 8, 1),
    ] = 2
    k_in: Annotated[
        float,
        key("Mean ties to one's own community.", unit="ties", ge=0),
        Control("Ties inside", 0.0, 40.0, 0.5),
    ]
    k_out: Annotated[
        float,
        key("Mean ties to all others together.", unit="ties", ge=0),
        Control("Ties outside", 0.0, 40.0, 0.5),
    ]
    kind: ClassVar[str] = "planted_partition"

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "Communities"


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class Configuration(Generated):
    """A random network with given numbers of ties, uniform among the simple ones."""

    degrees: Annotated[
        tuple[Count, ...],
        key("Ties of each user.", unit="ties"),
        Field(strict=False, min_length=1),
    ]
    kind: ClassVar[str] = "configuration"
    words: ClassVar[str] = "A random network with given numbers of ties."


@NETWORKS.register
@dataclass(frozen=True, kw_only=True)
class OwnShares(Generated):
    """Two equal camps, and users without one, who differ in how much they keep to their own camp.

    Examples
    --------
    >>> kind = OwnShares(n=100, degree=10, own_share=0.6, own_spread=0.2, no_camp=0.3)
    >>> kind.graph(seed=1).size()
    500
    """

    n: Users
    degree: Annotated[
        Count, key("Ties of each user; one without a camp may have one less.", unit="ties"),
        Control("Ties per user"),
    ]  # fmt: skip
    no_camp: Annotated[
        Probability,
        key("Share of the users who have no camp."),
        Control("Users without a camp", 0.0, 1.0, 0.01),
    ] = 0.0
    own_share: Annotated[
        Probability,
        key("Mean over the camps' users of the share of ties that stay in the own camp."),
        Control("Ties inside", 0.0, 1.0, 0.01),
    ]
    own_spread: Annotated[
        float,
        key("Its standard deviation over users, who follow a Beta law.", ge=0, le=0.5),
        Control("Spread over users", 0.0, 0.5, 0.01),
    ] = 0.0
    cross_share: Annotated[
        Probability,
        key("Mean of the other camp's share of the ties that leave the own one; the rest go to "
            "users without a camp."),
        Control("Other camp's part of the rest", 0.0, 1.0, 0.01),
    ] = 0.5  # fmt: skip
    cross_spread: Annotated[
        float,
        key("Its standard deviation over users, who follow a Beta law.", ge=0, le=0.5),
        Control("Its spread", 0.0, 0.5, 0.01),
    ] = 0.0
    kind: ClassVar[str] = "own_shares"
    words: ClassVar[str] = "Two camps whose users differ in how much they keep to their own."
    equation: ClassVar[str] = (
        "own ties of i = degree x_i, x ~ Beta(mean own_share, sd own_spread); of the others "
        "c_i to the other camp, c ~ Beta(mean cross_share, sd cross_spread), if some have no camp."
    )

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "Two uneven camps"
