"""Graph files that networkx reads: GraphML, GEXF and JSON node-link."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Hashable, Iterable
from xml.etree.ElementTree import ParseError

import networkx as nx
from defusedxml.common import DefusedXmlException

from sociophysics.errors import InputError
from sociophysics.networks.simple import Tie, User, require_graph_memory
from sociophysics.networks.tables import INTEGER

__all__ = ["FORMATS", "read_graph"]

FORMATS = (".graphml", ".gexf", ".json")


def read_graph(
    file: tuple[str, bytes],
) -> tuple[Iterable[User], list[Tie], bool]:
    """Return the users, the ties, and whether the file's ties have directions.

    XML is first read by defusedxml, which refuses entities; XML labels that are all integers
    become integers, and the ties' own identifiers are left out.

    Parameters
    ----------
    file : (file name, content)

    Raises
    ------
    InputError
        A malformed or unsafe file, or a tie that names a user the file does not list.

    Examples
    --------
    >>> content = b'{"nodes": [{"id": 1}, {"id": 2}], "edges": [{"source": 1, "target": 2}]}'
    >>> users, ties, directed = read_graph(("g.json", content))
    >>> list(users), ties, directed
    ([(1, {}), (2, {})], [(1, 2, {})], False)
    """
    name, content = file
    reader = _node_link if name.lower().endswith(".json") else _xml
    try:
        graph, listed = reader(name, content)
    except DefusedXmlException:
        raise InputError(
            f"{name} declares XML entities, which can exhaust memory or read other files; remove "
            "its DOCTYPE."
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 text (byte {error.start} cannot be decoded); save it as UTF-8."
        ) from None
    except (
        *(ParseError, nx.NetworkXException, RecursionError),
        *(ValueError, KeyError, TypeError, AttributeError, IndexError),
    ) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{name} is malformed ({type(error).__name__}: {' '.join(str(error).split())}); "
            "correct the file."
        ) from None
    require_graph_memory(len(graph), graph.number_of_edges(), fix="give a smaller network")
    for u, v in graph.edges():
        if u not in listed or v not in listed:
            unknown = v if u in listed else u
            raise InputError(
                f"{name}: the tie ({u!r}, {v!r}) names the user {unknown!r}, who is not among its "
                "nodes; add the user or remove the tie."
            )
    return graph.nodes(data=True), list(graph.edges(data=True)), graph.is_directed()


def _xml(name: str, content: bytes) -> tuple[nx.Graph, set[Hashable]]:
    # A deferred import: it loads an XML parser, and most runs read none.
    from defusedxml import ElementTree

    root = ElementTree.fromstring(content)
    listed = {element.get("id") for element in root.iterfind(".//{*}node")}
    if name.lower().endswith(".graphml"):
        graph = nx.read_graphml(io.BytesIO(content), force_multigraph=True)
    else:
        graph = nx.read_gexf(io.BytesIO(content))
    for _, _, data in graph.edges(data=True):
        data.pop("id", None)
    if all(INTEGER.fullmatch(node) for node in graph):
        graph = nx.relabel_nodes(graph, {node: int(node) for node in graph})
        listed = {int(node) for node in listed if node is not None}
    return graph, listed


def _node_link(name: str, content: bytes) -> tuple[nx.Graph, set[Hashable]]:
    data = json.loads(content.decode("utf-8-sig"))
    edges = "edges" if isinstance(data, dict) and "edges" in data else "links"
    if not isinstance(data, dict) or "nodes" not in data or edges not in data:
        raise InputError(
            f"{name} is not node-link data; needed: an object with the lists nodes and edges (or "
            "links)."
        )
    listed = [tuple(i) if isinstance(i := node["id"], list) else i for node in data["nodes"]]
    if len(set(listed)) < len(listed):
        twice = Counter(listed).most_common(1)[0][0]
        raise InputError(f"{name} lists the user {twice!r} twice; each user is listed once.")
    # As a multigraph repeated ties survive the reading and are judged with all others.
    graph = nx.node_link_graph({**data, "multigraph": True}, edges=edges)
    return graph, set(listed)
