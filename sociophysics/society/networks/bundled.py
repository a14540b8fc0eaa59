"""Real networks that come with the package; their provenance is in the data folder's README."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import networkx as nx
import pandas as pd

from sociophysics.datasets import bundled_file
from sociophysics.errors import InputError, did_you_mean, quoted
from sociophysics.society.networks.files import read

__all__ = ["available", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bundled:
    users: int
    ties: int
    directed: bool
    camp: str
    about: str
    citation: str


NETWORKS = {
    "karate": _Bundled(
        users=34,
        ties=78,
        directed=False,
        camp="club",
        about="friendships in a karate club that split in two",
        citation="Zachary, J. Anthropol. Res. 33, 452 (1977)",
    ),
    "polblogs": _Bundled(
        users=1222,
        ties=16714,
        directed=True,
        camp="value",
        about="hyperlinks between US political blogs, 2004; value 0 liberal, 1 conservative",
        citation="Adamic & Glance, Workshop on the Weblogging Ecosystem, WWW 2005",
    ),
    "polbooks": _Bundled(
        users=105,
        ties=441,
        directed=False,
        camp="value",
        about="books on US politics bought together; value l, c, n",
        citation="V. Krebs, unpublished; M. Newman's network data",
    ),
}


def available() -> pd.DataFrame:
    """Return the bundled networks: users, ties, directed, camp attribute, about, citation.

    ``users`` and ``ties`` count what ``load(name)`` returns: the largest component, undirected.

    Examples
    --------
    >>> print(available().loc["polblogs", "ties"], available().loc["polblogs", "camp"])
    16714 value
    """
    rows = {name: asdict(network) for name, network in NETWORKS.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("name")


def load(name: str, *, directed: bool = False) -> nx.Graph:
    """Return the largest component of a bundled network as a simple graph.

    Parameters
    ----------
    name : str
        One of ``available().index``.
    directed : bool
        True: a DiGraph in which the source of a link listens to its target (its largest weakly
        connected component); only where the data have directions.

    Raises
    ------
    InputError
        An unknown name, or directions asked of a network that has none.

    Examples
    --------
    >>> load("polblogs")
    <networkx.classes.graph.Graph object at ...>
    >>> load("polblogs").nodes[0]
    {'label': '100monkeystyping.com', 'value': 0.0, 'source': 'Blogarama'}
    """
    if not isinstance(name, str) or name not in NETWORKS:
        raise InputError(
            f"{quoted(name)} is not a bundled network; networks.read reads files; "
            f"{did_you_mean(str(name), NETWORKS)}"
        )
    if directed and not NETWORKS[name].directed:
        raise InputError(
            f"directed is true, but the ties of {name} have no direction; leave it out."
        )
    edges, nodes = bundled_file(f"{name}.edges.csv"), bundled_file(f"{name}.nodes.csv")
    graph = read(edges, nodes=nodes, directed=directed)
    components = nx.weakly_connected_components if directed else nx.connected_components
    largest = max(components(graph), key=len)
    graph.remove_nodes_from([node for node in graph if node not in largest])
    graph.graph["name"] = name
    return graph
