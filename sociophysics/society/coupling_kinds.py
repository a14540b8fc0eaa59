"""The kinds of couplings: how strongly users are tied, as a scenario's table or a call names it."""

from __future__ import annotations

from abc import abstractmethod
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
    "CampCouplings",
    "Coupling",
    "EdgeCouplings",
    "Fitted",
    "Gaussian",
    "RandomSign",
    "UniformCouplings",
]


ALONE = (
    "couplings of kind 'fitted' come with their own users and take no network; leave the network "
    "out."
)


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
