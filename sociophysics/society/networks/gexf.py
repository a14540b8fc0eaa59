"""GEXF, the format of Gephi: one static graph with attributes, weights and labels."""

from __future__ import annotations

from typing import Any, NamedTuple

from sociophysics.errors import InputError
from sociophysics.society.networks.contents import Arc, Contents, malformed, typed
from sociophysics.society.networks.xml_walk import local, walk

__all__ = ["read_gexf"]

DRAWN = "positions, colours and sizes (viz) are left out"
TIMES = (
    *("start", "end", "startopen", "endopen"),
    *("timestamp", "timestamps", "interval", "intervals", "spells"),
)
GROUPS = ("nodes", "edges", "pid", "parents")
DRAWING = ("color", "position", "size", "shape", "thickness")


class _Attribute(NamedTuple):
    title: str
    kind: str
    default: str | None


def read_gexf(name: str, content: bytes) -> Contents:
    """Return what a GEXF file of version 1.1 to 1.3 holds.

    Raises
    ------
    InputError
        No or more than one graph, a network over time, groups of users, elements or attributes
        that are not understood, a value that is not of its type, or a user who is listed twice.
    """
    found = Contents(name)
    declared: dict[str, dict[str, _Attribute]] = {"node": {}, "edge": {}}
    graphs, kind = 0, "undirected"
    for started, element, above in walk(content, name, "gexf"):
        tag, parent = local(element.tag), above[-1] if above else ""
        if started:
            graphs += tag == "graph" and parent == "gexf"
            if graphs > 1:
                raise InputError(
                    f"{name} holds more than one graph; save each as a file of its own."
                )
            if tag == "graph":
                kind = _kind(element.get("defaultedgetype") or "undirected", name)
                found.directed = kind != "undirected"
            elif tag == "node" and above[:-1].count("node"):
                raise _grouped(name)
            elif parent == "graph" and tag not in ("attributes", "nodes", "edges"):
                raise InputError(
                    f"{name} holds the element {tag[:60]!r}, which is not understood; remove it."
                )
            continue
        if tag == "attributes" and parent == "graph":
            _declare(name, element, declared)
        elif tag == "node" and parent == "nodes":
            label = _required(name, element, "id")
            data = _data(found, element, declared["node"], f"the user {label!r}")
            found.add_user(label, data)
            element.clear()
        elif tag == "edge" and parent == "edges":
            _add_edge(found, element, declared["edge"], kind)
            element.clear()
    if not graphs:
        raise malformed(name, "it holds no graph")
    return found


def _add_edge(
    found: Contents, element: Any, declared: dict[str, _Attribute], by_default: str
) -> None:
    name = found.name
    ends = _required(name, element, "source"), _required(name, element, "target")
    data = _data(found, element, declared, f"the tie {ends!r}")
    if (weight := element.get("weight")) is not None:
        value = typed(weight, "float", f"the weight of the tie {ends!r}", name)
        if value is not None and data.setdefault("weight", value) != value:
            raise InputError(f"{name}: the tie {ends!r} has two weights; remove one.")
    one_way = _kind(element.get("type") or by_default, name) == "directed"
    found.directed |= one_way
    found.ties.append(Arc(*ends, data, one_way))


def _kind(value: str, name: str) -> str:
    kind = value.strip().lower()
    if kind not in ("directed", "undirected", "mutual"):
        raise malformed(name, f"an edge is of the type {value[:60]!r}")
    return kind


def _required(name: str, element: Any, key: str) -> str:
    value = (element.get(key) or "").strip()
    if not value:
        raise malformed(name, f"a {local(element.tag)} has no {key}")
    return str(value)


def _declare(name: str, element: Any, declared: dict[str, dict[str, _Attribute]]) -> None:
    scope = element.get("class", "node")
    if scope not in declared:
        raise malformed(name, f"attributes are of the class {scope[:60]!r}")
    for part in element:
        if local(part.tag) != "attribute":
            continue
        key = _required(name, part, "id")
        default = next((each for each in part if local(each.tag) == "default"), None)
        title = (part.get("title") or key).strip()
        known = declared[scope]
        if key in known or title in {each.title for each in known.values()}:
            raise InputError(
                f"{name} declares the attribute {title!r} twice for {scope}; rename one."
            )
        text = None if default is None else default.text
        known[key] = _Attribute(title, part.get("type", "string"), text)


def _data(
    found: Contents, element: Any, declared: dict[str, _Attribute], who: str
) -> dict[str, Any]:
    """Return the attributes of a node or an edge, with the defaults of those it lacks."""
    name = found.name
    _refuse_times(name, element, who)
    if any(key in element.attrib for key in ("pid", "parents")):
        raise _grouped(name)
    data: dict[str, Any] = {}
    given: set[str] = set()
    for part in element:
        tag = local(part.tag)
        if tag in TIMES or tag == "spell":
            raise _over_time(name, who, tag)
        if tag in GROUPS:
            raise _grouped(name)
        if tag in DRAWING:
            found.note(DRAWN)
        elif tag != "attvalues":
            raise InputError(
                f"{name}: {who} holds the element {tag[:60]!r}, which is not understood; remove it."
            )
        else:
            for each in part:
                _add_value(name, each, declared, who, data, given)
    for key, attribute in declared.items():
        if key not in given and attribute.default is not None:
            what = f"the default of {attribute.title}"
            value = typed(attribute.default, attribute.kind, what, name)
            if value is not None:
                data[attribute.title] = value
    label = (element.get("label") or "").strip()
    if label:
        data.setdefault("label", label)
    return data


def _add_value(
    name: str,
    element: Any,
    declared: dict[str, _Attribute],
    who: str,
    data: dict[str, Any],
    given: set[str],
) -> None:
    _refuse_times(name, element, who)
    key = (element.get("for") or element.get("id") or "").strip()
    if key not in declared:
        raise InputError(
            f"{name}: {who} has a value of the attribute {key[:60]!r}, which is not declared; "
            "declare it, or remove the value."
        )
    attribute = declared[key]
    if key in given:
        raise InputError(f"{name}: {who} has {attribute.title!r} twice; remove one.")
    given.add(key)
    what = f"the {attribute.title} of {who}"
    value = typed(element.get("value"), attribute.kind, what, name)
    if value is not None:
        data[attribute.title] = value


def _refuse_times(name: str, element: Any, who: str) -> None:
    for key in element.attrib:
        if local(key) in TIMES:
            raise _over_time(name, who, local(key))


def _over_time(name: str, who: str, what: str) -> InputError:
    return InputError(
        f"{name} holds a network over time ({who} has the {what} of a stay); a network here is of "
        "one moment: save it as a static graph."
    )


def _grouped(name: str) -> InputError:
    return InputError(
        f"{name} holds groups, users inside other users; ungroup it, so that all nodes and edges "
        "stand in one graph."
    )
