"""The tables that say who is tied to whom, how strongly, and what else pulls at them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sociophysics.scenario.values import Level, Number, Probability, Table, Text

__all__ = ["COUPLINGS", "FIELDS", "NETWORKS", "Couplings", "FieldTable", "Network", "NoField"]

Users = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Normalize = Literal["none", "degree"]


def _member(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise ValueError(f"it is {value!r}; allowed: the id or the name of a member")
    return value


Member = Annotated[int | str, BeforeValidator(_member)]


class _Graph(Table):
    camp: Text = "camp"
    """Node attribute that holds each user's camp."""


class NoNetwork(_Graph):
    """No network: the users and ties come with fitted couplings."""

    kind: Literal["none"]


class Bundled(_Graph):
    """A real network that comes with the package."""

    kind: Literal["bundled"]
    name: Text
    """Its name: `sociophysics data list` lists them."""
    directed: bool = False
    """Keep who listens to whom instead of mutual ties."""


class File(_Graph):
    """A network read from a file."""

    kind: Literal["file"]
    path: Text
    """Edge list (CSV, TSV, Parquet), GraphML, GEXF or JSON node-link file; or, for very large
    networks with couplings of kind edge, the folder of SpinSystem.from_edge_file's memory_map."""
    nodes: Text | None = None
    """Table of users beside an edge list."""
    coupling: Text | None = None
    """Column or edge attribute with the ties' weights; left out: `coupling`, if there is one."""
    directed: bool = False
    """Keep who listens to whom instead of mutual ties."""
    source: Text | None = None
    """Column of who listens, in an edge list; left out: `source`, `src` or `from`."""
    target: Text | None = None
    """Column of who is listened to; left out: `target`, `dst` or `to`."""
    weight: Text | None = None
    """Another word for `coupling`."""
    symmetrize: Literal["mean", "sum", "mutual"] | None = None
    """How two directions make one mutual tie: the mean or sum of their couplings, an absent one
    being 0, or only pairs tied both ways."""


class Lattice(_Graph):
    """A square grid in any number of dimensions."""

    kind: Literal["lattice"]
    shape: Annotated[tuple[Users, ...], Field(strict=False, min_length=1)]
    """Users along each side."""
    periodic: bool = True
    """Tie opposite borders to each other."""


class Complete(_Graph):
    """Everyone is tied to everyone."""

    kind: Literal["complete"]
    n: Users
    """Number of users."""


class ErdosRenyi(_Graph):
    """Ties between pairs drawn independently."""

    kind: Literal["erdos_renyi"]
    n: Users
    """Number of users."""
    mean_degree: Annotated[float, Field(ge=0)]
    """Mean number of ties per user."""


class RandomRegular(_Graph):
    """A random network in which all users have the same number of ties."""

    kind: Literal["random_regular"]
    n: Users
    """Number of users."""
    degree: Count
    """Ties of each user."""


class BarabasiAlbert(_Graph):
    """Growth by preferential attachment."""

    kind: Literal["barabasi_albert"]
    n: Users
    """Number of users."""
    m: Annotated[int, Field(ge=1)]
    """Ties that each newcomer makes."""


class WattsStrogatz(_Graph):
    """A ring with shortcuts."""

    kind: Literal["watts_strogatz"]
    n: Users
    """Number of users."""
    k: Count
    """Ring neighbours of each user."""
    p: Probability
    """Probability that a tie becomes a shortcut."""


class PlantedPartition(_Graph):
    """Equal communities, more densely tied inside than across."""

    kind: Literal["planted_partition"]
    n: Users
    """Number of users."""
    communities: Annotated[int, Field(ge=1)] = 2
    """Number of communities; their numbers become the camps."""
    k_in: Annotated[float, Field(ge=0)]
    """Mean ties to one's own community."""
    k_out: Annotated[float, Field(ge=0)]
    """Mean ties to all others together."""


class Configuration(_Graph):
    """A random network with given numbers of ties."""

    kind: Literal["configuration"]
    degrees: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)]
    """Ties of each user."""


NETWORKS: dict[str, type[Table]] = {
    "none": NoNetwork,
    "bundled": Bundled,
    "file": File,
    "lattice": Lattice,
    "complete": Complete,
    "erdos_renyi": ErdosRenyi,
    "random_regular": RandomRegular,
    "barabasi_albert": BarabasiAlbert,
    "watts_strogatz": WattsStrogatz,
    "planted_partition": PlantedPartition,
    "configuration": Configuration,
}

Network = Annotated[
    NoNetwork
    | Bundled
    | File
    | Lattice
    | Complete
    | ErdosRenyi
    | RandomRegular
    | BarabasiAlbert
    | WattsStrogatz
    | PlantedPartition
    | Configuration,
    Field(discriminator="kind"),
]


class UniformCouplings(Table):
    """The same coupling on every tie."""

    kind: Literal["uniform"]
    value: Number = 1.0
    """The coupling; above 0 agreement, below 0 antagonism."""
    normalize: Normalize = "none"
    """degree: J_ij / sqrt(k_i k_j), directed J_ij / k_i, with k_i = sum_j |J_ij|."""


class CampCouplings(Table):
    """One coupling within camps, another across."""

    kind: Literal["camps"]
    within: Number = 1.0
    """Coupling of ties within a camp."""
    across: Number = -0.3
    """Coupling of ties across camps."""
    normalize: Normalize = "none"
    """degree: J_ij / sqrt(k_i k_j), directed J_ij / k_i, with k_i = sum_j |J_ij|."""


class EdgeCouplings(Table):
    """The weights of the network's ties."""

    kind: Literal["edge"]
    normalize: Normalize = "none"
    """degree: J_ij / sqrt(k_i k_j), directed J_ij / k_i, with k_i = sum_j |J_ij|."""


class RandomSign(Table):
    """Couplings +1, a random share of them -1."""

    kind: Literal["random_sign"]
    share: Probability = 0.5
    """Probability that a tie is antagonistic (-1)."""
    normalize: Normalize = "none"
    """degree: J_ij / sqrt(k_i k_j), directed J_ij / k_i, with k_i = sum_j |J_ij|."""


class Gaussian(Table):
    """Normally distributed couplings."""

    kind: Literal["gaussian"]
    mean: Number = 0.0
    """Their mean."""
    sd: Annotated[Number, Field(ge=0)] = 1.0
    """Their standard deviation."""
    normalize: Normalize = "none"
    """degree: J_ij / sqrt(k_i k_j), directed J_ij / k_i, with k_i = sum_j |J_ij|."""


class Fitted(Table):
    """Couplings and fields fitted to roll-call votes; [network] is left out."""

    kind: Literal["fitted"]
    path: Text
    """Folder or system.npz of `sociophysics fit`, a file of votes, or a bundled chamber's name."""
    estimator: Literal["boltzmann", "pseudolikelihood"] = "boltzmann"
    """How they are fitted: boltzmann generates, pseudolikelihood predicts and is over-ordered."""
    exchange: Number = 1.0
    """Factor on the couplings between members of different camps."""
    remove: Annotated[tuple[Member, ...], Field(strict=False)] = ()
    """Members whose seats are empty, by id or name."""
    replace: dict[str, Member] = Field(default_factory=dict)
    """Member to the member whose couplings, field and camp the seat gets."""
    draw: Literal["point", "bootstrap"] = "point"
    """bootstrap: replica r has the couplings fitted to resampling r of the roll calls."""


COUPLINGS: dict[str, type[Table]] = {
    "uniform": UniformCouplings,
    "camps": CampCouplings,
    "edge": EdgeCouplings,
    "random_sign": RandomSign,
    "gaussian": Gaussian,
    "fitted": Fitted,
}

Couplings = Annotated[
    UniformCouplings | CampCouplings | EdgeCouplings | RandomSign | Gaussian | Fitted,
    Field(discriminator="kind"),
]


class NoField(Table):
    """No external field."""

    kind: Literal["none"]


class UniformField(Table):
    """The same external field on everyone: media, events."""

    kind: Literal["uniform"]
    value: Level
    """The field, a number or a schedule."""


class CampField(Table):
    """One external field per camp."""

    kind: Literal["camps"]
    values: Annotated[tuple[Level, ...], Field(strict=False, min_length=1)]
    """Field on camp 0, 1, ...; numbers or schedules."""


class AttributeField(Table):
    """Each user's own external field, from the node table."""

    kind: Literal["attribute"]
    name: Text
    """Node attribute that holds it."""


FIELDS: dict[str, type[Table]] = {
    "none": NoField,
    "uniform": UniformField,
    "camps": CampField,
    "attribute": AttributeField,
}

FieldTable = Annotated[
    NoField | UniformField | CampField | AttributeField, Field(discriminator="kind")
]
