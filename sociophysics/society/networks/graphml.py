"""GraphML: one graph of nodes and edges with typed attributes and their defaults."""

from __future__ import annotations

from typing import Any, NamedTuple

from sociophysics.errors import InputError
from sociophysics.society.networks.contents import Arc, Contents, malformed, typed
from sociophysics.society.networks.xml_walk import local, walk

__all__ = ["read_graphml"]

DRAWN = "what yEd draws is left out, but for labels"
INSIDE_GRAPH = {"node", "edge", "data", "desc", "locator"}


class _Key(NamedTuple):
    name: str
    kind: str
    scope: str
    default: str | None
    drawn: bool


def read_graphml(name: str, content: bytes) -> Contents:
    """Return what a GraphML file holds.

    Raises
    ------
    InputError
        No or more than one graph, graphs inside nodes, hyperedges, elements that are not
        GraphML's, attributes that are not declared, a value that is not of its type, or a user who
        is listed twice.
    """
    found = Contents(name)
    keys: dict[str, _Key] = {}
    graphs: list[str] = []
    by_default = False
    for started, element, above in walk(content, name, "graphml"):
        tag, parent = local(element.tag), above[-1] if above else ""
        if started:
            if tag == "graph":
                _check_graph(name, element, above, graphs)
                by_default = _directed(element.get("edgedefault", "undirected"), name)
                found.directed = by_default
            elif parent == "graph" and tag not in INSIDE_GRAPH:
                raise _not_understood(name, tag, element)
            continue
        if tag == "key" and parent == "graphml":
            _add_key(name, element, keys)
        elif tag == "node" and parent == "graph":
            label = _attribute(name, element, "id")
            data = _attributes(found, element, keys, ("node", "all"), f"the user {label!r}")
            found.add_user(label, data)
        elif tag == "edge" and parent == "graph":
            ends = _attribute(name, element, "source"), _attribute(name, element, "target")
            data = _attributes(found, element, keys, ("edge", "all"), f"the tie {ends!r}")
            own = element.get("directed")
            one_way = by_default if own is None else typed(own, "boolean", "directed", name) is True
            found.directed |= one_way
            found.ties.append(Arc(*ends, data, one_way))
        if parent == "graph":
            element.clear()
    if not graphs:
        raise malformed(name, "it holds no graph")
    return found


def _check_graph(name: str, element: Any, above: tuple[str, ...], graphs: list[str]) -> None:
    if above != ("graphml",):
        inside = above[-1] if above else ""
        raise InputError(
            f"{name} holds a graph inside a {inside}, that is a group of users with ties of its "
            "own; ungroup it, so that all nodes and edges stand in one graph."
        )
    graphs.append(element.get("id") or f"number {len(graphs) + 1}")
    if len(graphs) > 1:
        raise InputError(
            f"{name} holds more than one graph ({graphs[0]}, {graphs[1]}); save each as a file of "
            "its own."
        )


def _not_understood(name: str, tag: str, element: Any) -> InputError:
    if tag == "hyperedge":
        return InputError(
            f"{name} holds a hyperedge, a tie of more than two users; a network here has ties of "
            "two: replace it by ties of pairs."
        )
    return InputError(f"{name} holds the element {tag[:60]!r}, which GraphML has not; remove it.")


def _directed(value: str, name: str) -> bool:
    if value.strip().lower() not in ("directed", "undirected"):
        raise malformed(name, f"edgedefault is {value[:60]!r}, neither directed nor undirected")
    return value.strip().lower() == "directed"


def _attribute(name: str, element: Any, key: str) -> str:
    value = (element.get(key) or "").strip()
    if not value:
        raise malformed(name, f"a {local(element.tag)} has no {key}")
    return str(value)


def _add_key(name: str, element: Any, keys: dict[str, _Key]) -> None:
    key = _attribute(name, element, "id")
    default = next((part for part in element if local(part.tag) == "default"), None)
    new = _Key(
        name=(element.get("attr.name") or element.get("yfiles.type") or key).strip(),
        kind=element.get("attr.type", "string"),
        scope=element.get("for", "all"),
        default=None if default is None else default.text,
        drawn=element.get("yfiles.type") is not None,
    )
    if key in keys:
        raise InputError(f"{name} declares the attribute key {key!r} twice; remove one.")
    for other in keys.values():
        shared = other.scope == new.scope or "all" in (other.scope, new.scope)
        if other.name == new.name and shared and not new.drawn:
            raise InputError(
                f"{name} declares the attribute {new.name!r} twice for {new.scope}; rename one."
            )
    keys[key] = new


def _attributes(
    found: Contents, element: Any, keys: dict[str, _Key], scopes: tuple[str, ...], who: str
) -> dict[str, Any]:
    """Return the attributes of a node or an edge, with the defaults of those it lacks."""
    data: dict[str, Any] = {}
    given: set[str] = set()
    for part in element:
        tag = local(part.tag)
        if tag == "data":
            key = keys.get((part.get("key") or "").strip())
            if key is None:
                raise InputError(
                    f"{found.name}: {who} has data of the key {part.get('key')!r}, which is not "
                    "declared; declare it, or remove the data."
                )
            if key.name in given and not key.drawn:
                raise InputError(f"{found.name}: {who} has {key.name!r} twice; remove one.")
            given.add(key.name)
            if key.drawn or len(part):
                found.note(DRAWN)
                _add_label(data, part)
                continue
            value = typed(part.text, key.kind, f"the {key.name} of {who}", found.name)
            if value is not None:
                data[key.name] = value
        elif tag not in ("desc", "port"):
            raise _not_understood(found.name, tag, part)
    for key in keys.values():
        if key.default is not None and key.scope in scopes and key.name not in given:
            value = typed(key.default, key.kind, f"the default of {key.name}", found.name)
            if value is not None:
                data[key.name] = value
    return data


def _add_label(data: dict[str, Any], part: Any) -> None:
    """Take the label out of what yEd draws, which is where people write the users' names."""
    for each in part.iter():
        if local(each.tag) in ("NodeLabel", "EdgeLabel") and (each.text or "").strip():
            data.setdefault("label", each.text.strip())
