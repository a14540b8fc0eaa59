"""Networks from files of the usual kinds."""

from __future__ import annotations

from pathlib import Path

import networkx as nx

from sociophysics.errors import InputError
from sociophysics.machine import given_path, require_memory
from sociophysics.society.networks.edge_lists import TABLES, Ends, edge_list
from sociophysics.society.networks.markup import FORMATS, read_graph
from sociophysics.society.networks.simple import simple_graph
from sociophysics.society.networks.symmetrize import check_way, symmetrized

__all__ = ["read"]

MEMORY_PER_FILE_BYTE = 20  # parsed text or XML beside the graph; ties are counted again later


def read(
    path: str | Path,
    *,
    nodes: str | Path | None = None,
    coupling: str | None = None,
    directed: bool = False,
    source: str | None = None,
    target: str | None = None,
    weight: str | None = None,
    symmetrize: str | None = None,
) -> nx.Graph:
    r"""Return the network in a file as a simple graph; the suffix says what kind of file it is.

    ``.csv``, ``.tsv``, ``.parquet``: an edge list with columns ``source`` and ``target`` (or
    ``src``, ``dst``; or ``from``, ``to``; upper or lower case) and any others, which become edge
    attributes. ``.graphml``, ``.gexf`` (one static graph), ``.json`` (node-link). Text files are
    UTF-8. Labels that are all written as integers become integers, other labels stay text;
    Parquet and JSON labels keep their types. Blanks around names and values are no part of them. A
    cell that is empty, NA, NaN or null is missing, and the user or tie is then without that
    attribute. What is left out is told in ``graph.graph["notes"]``.

    Repeated ties with equal attributes count once and self-loops are dropped; ``graph.graph``
    holds how many as ``repeated_ties`` and ``self_loops``, and under ``unused_tie_columns`` the
    names of numeric tie columns that are not the coupling, if any, so that outputs can say so.

    Parameters
    ----------
    path : str or Path
    nodes : str or Path, optional
        Node table (``.csv``, ``.tsv`` or ``.parquet``) of an edge list: column ``id`` and
        attributes. Users in no tie are kept, and a tie of an unlisted user is an error.
    coupling : str, optional
        Edge attribute that holds the coupling of every tie; ``"coupling"`` if left out and
        there. It must hold finite numbers, and is also stored as ``"coupling"``.
    directed : bool
        True: a DiGraph in which the source of a tie listens to its target.
    source, target : str, optional
        Columns of the two users of a tie in an edge list, such as follower and followed.
    weight : str, optional
        Another word for ``coupling``.
    symmetrize : {"mean", "sum", "mutual"}, optional
        How the two directions of a pair make one undirected tie: the mean or the sum of their
        couplings, an absent one being 0, or the pairs tied both ways alone. Left out, directions
        are not looked at, and two that differ are an error.

    Raises
    ------
    InputError
        A file that is missing, malformed, not UTF-8, of unknown kind or larger than memory, or
        that holds what is not understood; a column that is missing or doubled; an unknown user; a
        coupling that is not a finite number; a tie that repeats with other attributes; directions
        asked of an undirected file, or asked and symmetrized; no users.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "friends.csv"
    >>> _ = file.write_text("source,target,coupling\nann,bob,-1.0\nbob,eve,0.5\n")
    >>> read(file).edges(data="coupling")
    EdgeDataView([('ann', 'bob', -1.0), ('bob', 'eve', 0.5)])
    """
    path = given_path(path, "the network")
    if coupling is not None and weight is not None and coupling != weight:
        raise InputError(
            f"coupling is {coupling!r} and weight is {weight!r}, which are two words for the same; "
            "give one."
        )
    coupling = coupling if weight is None else weight
    if symmetrize is not None:
        check_way(symmetrize)
        if directed:
            raise InputError(
                f"symmetrize is {symmetrize!r}, but directed is true and keeps the directions; "
                "leave one out."
            )
    arcs = directed or symmetrize is not None
    content = _content(path, (*TABLES, *FORMATS))
    if path.suffix.lower() in TABLES:
        table = Path(nodes) if nodes is not None else None
        node_content = None if table is None else (table.name, _content(table, TABLES))
        users, ties, notes = edge_list(
            (path.name, content), node_content, coupling=coupling, ends=Ends(source, target)
        )
    else:
        if nodes is not None:
            raise InputError(
                f"nodes is {str(nodes)!r}, but {path.name} holds its own users; a node table goes "
                f"with an edge list ({', '.join(TABLES)}): leave nodes out."
            )
        if source is not None or target is not None:
            raise InputError(
                f"source and target name columns of an edge list ({', '.join(TABLES)}), and "
                f"{path.name} has none; leave them out."
            )
        users, ties, has_directions, notes = read_graph((path.name, content), directed=arcs)
        if arcs and not has_directions:
            what = "directed is true" if directed else f"symmetrize is {symmetrize!r}"
            raise InputError(
                f"{what}, but the ties in {path.name} have no direction; leave it out."
            )
        if has_directions and not arcs:
            said = (
                f"{path.name} has ties with a direction, read as mutual; directed = true keeps it"
            )
            notes = [*notes, said]
    graph = simple_graph(users, ties, directed=arcs, coupling=coupling, name=path.name)
    if notes:
        graph.graph["notes"] = notes
    return (
        graph
        if symmetrize is None
        else symmetrized(graph, symmetrize, coupling=coupling or "coupling")
    )


def _content(path: Path, suffixes: tuple[str, ...]) -> bytes:
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the path of a file ({', '.join(suffixes)}).")
    if path.suffix.lower() not in suffixes:
        raise InputError(
            f"{path.name} has the suffix {path.suffix!r}; allowed: {', '.join(suffixes)}: convert "
            "or rename the file."
        )
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is no ordinary file; give the path of one.")
    try:
        require_memory(
            MEMORY_PER_FILE_BYTE * path.stat().st_size,
            what=f"reading {path.name}",
            fix="stream an edge list with SpinSystem.from_edge_file, or give fewer ties",
        )
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; check the path.") from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); give a readable file."
        ) from None
