"""The kinds of couplings: how strongly users are tied, as a scenario's table or a call names it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from sociophysics.errors import InputError
from sociophysics.kind_keys import Control
from sociophysics.kinds import COUPLINGS, Kind, Kinds, Number, Probability, Text, key

if TYPE_CHECKING:
    import networkx as nx

    from sociophysics.society.spins import SpinSystem

__all__ = [
    "ALONE",
    "Bethe",
    "CampCouplings",
    "Coupling",
    "EdgeCouplings",
    "EdwardsAnderson",
    "Fitted",
    "Gaussian",
    "Hopfield",
    "Layered",
    "Mattis",
    "RandomSign",
    "SherringtonKirkpatrick",
    "UniformCouplings",
]


ALONE = (
    "couplings of kind 'fitted' come with their own users and take no network; leave the network "
    "out."
)


def _hint(columns: Mapping[Any, Any]) -> str:
    return " or ".join(f"coupling = {str(name)!r}" for name in columns)


def _member(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise ValueError(f"it is {value!r}; allowed: the id or the name of a member")
    return value


Member = Annotated[int | str, BeforeValidator(_member)]
Normalize = Annotated[
    Literal["none", "degree"],
    key("degree: J_ij / sqrt(k_i k_j), directed J_ij / k_i, with k_i = sum_j |J_ij|."),
    Control(
        "Divide by numbers of ties",
        choices={"degree": "Yes: by numbers of ties", "none": "No: every tie as it is"},
    ),
]


@dataclass(frozen=True)
class Coupling(Kind):
    """What all kinds of couplings have in common."""

    registry: ClassVar[Kinds] = COUPLINGS

    @abstractmethod
    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the spin system of a graph with these couplings.

        Parameters
        ----------
        graph : networkx.Graph or DiGraph
        seed : int
            For the kinds that draw couplings.
        replica : int, optional
            Couplings of its own for each replica; left out: one draw for the seed.
        camp : str
            Node attribute that holds each user's camp.

        Raises
        ------
        InputError
            The graph does not have what the couplings are made from.
        """


@COUPLINGS.register
@dataclass(frozen=True)
class UniformCouplings(Coupling):
    """The same coupling on every tie.

    Examples
    --------
    >>> import networkx as nx
    >>> UniformCouplings(0.5).system(nx.path_graph(2), seed=1).J.toarray()
    array([[0. , 0.5],
           [0.5, 0. ]])
    """

    value: Annotated[
        Number,
        key("The coupling; above 0 agreement, below 0 antagonism.", unit="couplings"),
        Control("Coupling", -3.0, 3.0, 0.05),
    ] = 1.0
    normalize: Normalize = "none"
    kind: ClassVar[str] = "uniform"
    equation: ClassVar[str] = "J_ij = value on every tie."

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "The same on every tie"

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import couplings

        return couplings.uniform(graph, self.value, self.normalize)


@COUPLINGS.register
@dataclass(frozen=True)
class CampCouplings(Coupling):
    """One coupling within camps, another across."""

    within: Annotated[
        Number,
        key("Coupling of ties within a camp.", unit="couplings"),
        Control("Within camps", -3.0, 3.0, 0.05),
    ] = 1.0
    across: Annotated[
        Number,
        key("Coupling of ties across camps.", unit="couplings"),
        Control("Across camps", -3.0, 3.0, 0.05),
    ] = -0.3
    normalize: Normalize = "none"
    kind: ClassVar[str] = "camps"
    equation: ClassVar[str] = (
        "J_ij = within for two users of one camp, across for users of different camps."
    )

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "Within and across camps"

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import couplings

        return couplings.camps(graph, camp, self.within, self.across, self.normalize)


@COUPLINGS.register
@dataclass(frozen=True)
class EdgeCouplings(Coupling):
    """The weights of the network's ties."""

    normalize: Normalize = "none"
    kind: ClassVar[str] = "edge"
    equation: ClassVar[str] = "J_ij = the weight of the tie."

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "The weights in the file"

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import couplings

        first = next(iter(graph.edges(data=True)), None)
        if first is not None and "coupling" not in first[2]:
            fix = "take kind 'uniform', or a file with a column coupling"
            if first[2]:
                fix = f"say which column of the file they are in [network], as {_hint(first[2])}"
            raise InputError(
                "couplings of kind 'edge' are the weights of the ties, and the ties of this "
                f"network have none; {fix}."
            )
        return couplings.edge(graph, normalize=self.normalize)


@COUPLINGS.register
@dataclass(frozen=True)
class RandomSign(Coupling):
    """Couplings +1, a random share of them -1."""

    share: Annotated[
        Probability,
        key("Probability that a tie is antagonistic (-1)."),
        Control("Share of foes", 0.0, 1.0, 0.05),
    ] = 0.5
    normalize: Normalize = "none"
    kind: ClassVar[str] = "random_sign"
    equation: ClassVar[str] = "J_ij = -1 with probability share, else +1."
    physics: ClassVar[str] = "the +-J spin glass"

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "Friends and foes at random"

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import couplings

        return couplings.random_sign(
            graph, self.share, seed=seed, replica=replica, normalize=self.normalize
        )


@COUPLINGS.register
@dataclass(frozen=True)
class Gaussian(Coupling):
    """Normally distributed couplings."""

    mean: Annotated[Number, key("Their mean.", unit="couplings")] = 0.0
    sd: Annotated[Number, key("Their standard deviation.", unit="couplings", ge=0)] = 1.0
    normalize: Normalize = "none"
    kind: ClassVar[str] = "gaussian"
    equation: ClassVar[str] = "J_ij ~ Normal(mean, sd^2), one draw per tie."
    physics: ClassVar[str] = "the Gaussian spin glass"

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import couplings

        return couplings.gaussian(
            graph, self.mean, self.sd, seed=seed, replica=replica, normalize=self.normalize
        )


@COUPLINGS.register
@dataclass(frozen=True)
class Fitted(Coupling):
    """Couplings and fields fitted to roll-call votes; [network] is left out."""

    path: Annotated[
        Text,
        key(
            "Folder or system.npz of `sociophysics fit`, a file of votes, or a bundled chamber's "
            "name."
        ),
    ]
    estimator: Annotated[
        Literal["boltzmann", "pseudolikelihood"],
        key(
            "How they are fitted: boltzmann generates, pseudolikelihood predicts and is "
            "over-ordered."
        ),
    ] = "boltzmann"
    exchange: Annotated[
        Number, key("Factor on the couplings between members of different camps.")
    ] = 1.0
    remove: Annotated[
        tuple[Member, ...],
        key("Members whose seats are empty, by id or name."),
        Field(strict=False),
    ] = ()
    replace: Annotated[
        dict[str, Member],
        key("Member to the member whose couplings, field and camp the seat gets."),
    ] = field(default_factory=dict)
    draw: Annotated[
        Literal["point", "bootstrap"],
        key("bootstrap: replica r has the couplings fitted to resampling r of the roll calls."),
    ] = "point"
    kind: ClassVar[str] = "fitted"
    equation: ClassVar[str] = (
        "J and h are fitted to roll-call votes, P(s) ~ exp(sum_ij J_ij s_i s_j / 2 + sum_i h_i "
        "s_i), so T = 1 is the fit's own temperature. Couplings are conditional associations, not "
        "influence. Camps are parties. The estimator boltzmann has the pair moments of the votes; "
        "pseudolikelihood predicts better and is over-ordered when simulated. With draw = "
        "bootstrap replica r has the couplings fitted to the r-th resampling of the roll calls."
    )

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Refuse: they come with their own users."""
        raise InputError(ALONE)


@COUPLINGS.register
@dataclass(frozen=True)
class SherringtonKirkpatrick(Coupling):
    """Everybody likes or dislikes everybody, by chance; on a complete network.

    Examples
    --------
    >>> import networkx as nx
    >>> system = SherringtonKirkpatrick().system(nx.complete_graph(400), seed=1)
    >>> bool(abs(400 * (system.J.data**2).mean() - 1) < 0.02)
    True
    """

    mean: Annotated[Number, key("n times the mean coupling.", unit="couplings")] = 0.0
    sd: Annotated[Number, key("Root of n times their variance.", unit="couplings", ge=0)] = 1.0
    mutual: Annotated[bool, key("Draw one coupling per pair, not one for each direction.")] = True
    kind: ClassVar[str] = "sherrington_kirkpatrick"
    equation: ClassVar[str] = "J_ij ~ Normal(mean / n, sd^2 / n) for every pair."
    physics: ClassVar[str] = "the Sherrington-Kirkpatrick model; glass below T = sd"

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import glasses

        return glasses.sherrington_kirkpatrick(
            graph, self.mean, self.sd, mutual=self.mutual, seed=seed, replica=replica
        )


@COUPLINGS.register
@dataclass(frozen=True)
class EdwardsAnderson(Coupling):
    """Friends and foes by chance on the ties of any network, each tie by itself.

    Examples
    --------
    >>> import networkx as nx
    >>> system = EdwardsAnderson(share=1.0).system(nx.path_graph(2), seed=1)
    >>> system.J.toarray()
    array([[ 0., -1.],
           [-1.,  0.]])
    """

    distribution: Annotated[
        Literal["bimodal", "gaussian"], key("bimodal: +-1; gaussian: Normal(0, 1).")
    ] = "bimodal"
    share: Annotated[Probability, key("Probability of a negative coupling, of bimodal ones.")] = 0.5
    kind: ClassVar[str] = "edwards_anderson"
    equation: ClassVar[str] = (
        "J_ij = -1 with probability share, else +1, each tie by itself; or J_ij ~ Normal(0, 1)."
    )
    physics: ClassVar[str] = (
        "the Edwards-Anderson model; no glass above T = 0 in the plane; Nishimori line "
        "exp(-2/T) = share / (1 - share)"
    )

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import glasses

        return glasses.edwards_anderson(
            graph, self.distribution, self.share, seed=seed, replica=replica
        )


@COUPLINGS.register
@dataclass(frozen=True)
class Bethe(Coupling):
    """Friends and foes by chance where everybody has the same number of ties.

    Examples
    --------
    >>> import networkx as nx
    >>> Bethe(share=0.0).system(nx.cycle_graph(5), seed=1).J.sum()
    np.float64(10.0)
    """

    share: Annotated[Probability, key("Probability of a negative coupling.")] = 0.5
    kind: ClassVar[str] = "bethe"
    equation: ClassVar[str] = "J_ij = -1 with probability share, else +1; z ties for everybody."
    physics: ClassVar[str] = (
        "the +-J glass of the Bethe lattice; at share 1/2 below (z - 1) tanh^2(1/T) = 1"
    )

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import glasses

        return glasses.bethe(graph, self.share, seed=seed, replica=replica)


@COUPLINGS.register
@dataclass(frozen=True)
class Mattis(Coupling):
    """Two hidden sides: friends within, foes across, and nothing frustrated.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.path_graph(3)
    >>> nx.set_node_attributes(graph, {0: 1, 1: -1, 2: -1}, "side")
    >>> Mattis(attribute="side").system(graph, seed=1).J.data
    array([-1., -1.,  1.,  1.])
    """

    value: Annotated[Number, key("Strength of every tie.", unit="couplings")] = 1.0
    attribute: Annotated[
        Text | None, key("Node attribute, 1 or -1, that holds the sides; drawn by default.")
    ] = None
    kind: ClassVar[str] = "mattis"
    equation: ClassVar[str] = "J_ij = value xi_i xi_j with xi_i = +-1, the side of user i."
    physics: ClassVar[str] = "the Mattis model, a ferromagnet seen in a mirror that some users hold"

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import glasses

        return glasses.mattis(graph, self.value, self.attribute, seed=seed, replica=replica)


@COUPLINGS.register
@dataclass(frozen=True)
class Hopfield(Coupling):
    """A society that remembers: couplings that make given or random patterns of stances stable.

    Examples
    --------
    >>> import networkx as nx
    >>> system = Hopfield(given=[[1, 1, -1]]).system(nx.complete_graph(3), seed=1)
    >>> (3 * system.J.toarray()).round().astype(int).tolist()
    [[0, 1, -1], [1, 0, -1], [-1, -1, 0]]
    """

    patterns: Annotated[
        int,
        key("Number of random patterns, the first of them consensus; where none are given.", ge=1),
    ] = 1
    given: Annotated[
        tuple[Annotated[tuple[int, ...], Field(strict=False)], ...],
        key("Patterns, each one stance, 1 or -1, per user."),
        Field(strict=False),
    ] = ()
    kind: ClassVar[str] = "hopfield"
    equation: ClassVar[str] = (
        "J_ij = sum_mu xi_i^mu xi_j^mu / n on a complete network, else / the mean number of ties."
    )
    physics: ClassVar[str] = "the Hopfield model; retrieval up to 0.138 n patterns at T = 0"

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import glasses

        return glasses.hopfield(graph, self.patterns, self.given, seed=seed, replica=replica)


@COUPLINGS.register
@dataclass(frozen=True)
class Layered(Coupling):
    """Layers of users who only hear the layers before and after theirs; on a complete network.

    Examples
    --------
    >>> import networkx as nx
    >>> Layered(layers=2).system(nx.complete_graph(4), seed=1).J.nnz
    8
    """

    layers: Annotated[int, key("Number of layers of consecutive users.", ge=2)] = 2
    variance: Annotated[Number, key("Users per layer times the variance.", ge=0)] = 1.0
    kind: ClassVar[str] = "layered"
    equation: ClassVar[str] = (
        "J_ij ~ Normal(0, variance / users per layer) for users of neighbouring layers, else 0."
    )
    physics: ClassVar[str] = (
        "a multilayer Sherrington-Kirkpatrick model, as a network of neurons at its start; glass "
        "below sqrt(2 variance cos(pi / (layers + 1)))"
    )

    def system(
        self, graph: nx.Graph, *, seed: int, replica: int | None = None, camp: str = "camp"
    ) -> SpinSystem:
        """Return the system."""
        from sociophysics.society import glasses

        return glasses.layered(graph, self.layers, self.variance, seed=seed, replica=replica)
