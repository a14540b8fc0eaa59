"""Graph files: GraphML, GEXF and JSON node-link, read element by element.

What a file holds is what is read; what is not understood is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException

from sociophysics.errors import InputError
from sociophysics.society.networks.contents import Contents, malformed
from sociophysics.society.networks.gexf import read_gexf
from sociophysics.society.networks.graphml import read_graphml
from sociophysics.society.networks.node_link import read_node_link
from sociophysics.society.networks.simple import Tie, User, require_graph_memory
from sociophysics.society.user_labels import integers_if_all

__all__ = ["FORMATS", "read_graph"]

READERS: dict[str, Callable[[str, bytes], Contents]] = {
    ".graphml": read_graphml,
    ".gexf": read_gexf,
    ".json": read_node_link,
}
FORMATS = tuple(READERS)


def read_graph(
    file: tuple[str, bytes], *, directed: bool = False
) -> tuple[Iterable[User], list[Tie], bool, list[str]]:
    """Return the users, the ties, whether ties have directions, and what is left out.

    Entities of XML are refused; XML labels that are all integers become integers, and the ties'
    own identifiers are left out.

    Parameters
    ----------
    file : (file name, content)
    directed : bool
        True: a tie without direction, in a file where others have one, counts both ways.

    Raises
    ------
    InputError
        A malformed or unsafe file, something in it that is not understood, or a tie that names a
        user the file does not list.

    Examples
    --------
    >>> content = b'{"nodes": [{"id": 1}, {"id": 2}], "edges": [{"source": 1, "target": 2}]}'
    >>> users, ties, has_directions, notes = read_graph(("g.json", content))
    >>> list(users), ties, has_directions, notes
    ([(1, {}), (2, {})], [(1, 2, {})], False, [])
    """
    name, content = file
    suffix = "." + name.lower().rpartition(".")[2]
    try:
        found = READERS[suffix](name, content)
    except DefusedXmlException:
        raise InputError(
            f"{name} declares XML entities, which can exhaust memory or read other files; remove "
            "its DOCTYPE."
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 text (byte {error.start} cannot be decoded); save it as UTF-8."
        ) from None
    except (ParseError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise malformed(name, f"{type(error).__name__}: {error}") from None
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise malformed(name, f"{type(error).__name__}: {error}") from None
    require_graph_memory(len(found.users), len(found.ties), fix="give a smaller network")
    ends = (end for tie in found.ties for end in tie[:2])
    named = list(dict.fromkeys([*found.users, *ends]))
    label = {each: each for each in named} if suffix == ".json" else integers_if_all(named)
    _check_ends(found, label)
    ties: list[Tie] = []
    for source, target, data, one_way in found.ties:
        ties.append((label[source], label[target], data))
        if directed and found.directed and not one_way and source != target:
            ties.append((label[target], label[source], dict(data)))
    users = ((label[user], data) for user, data in found.users.items())
    return users, ties, found.directed, found.notes


def _check_ends(found: Contents, label: dict[Any, Any]) -> None:
    for tie in found.ties:
        for end in tie[:2]:
            if end not in found.users:
                raise InputError(
                    f"{found.name}: the tie ({label[tie.source]!r}, {label[tie.target]!r}) names "
                    f"the user {label[end]!r}, who is not among its nodes; add the user or remove "
                    "the tie."
                )
