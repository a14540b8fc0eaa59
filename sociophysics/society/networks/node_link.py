"""JSON node-link data: lists of nodes and of edges (or links), as networkx and D3 write them."""

from __future__ import annotations

import json
from typing import Any

from sociophysics.errors import InputError
from sociophysics.society.missing import present
from sociophysics.society.networks.contents import Arc, Contents, malformed, unicode_text

__all__ = ["read_node_link"]

LONGEST = 60


def read_node_link(name: str, content: bytes) -> Contents:
    """Return what a JSON file of node-link data holds; labels keep their types.

    Raises
    ------
    InputError
        No node-link data, a node without or with a repeated id, an id that is no number or text,
        a text that is no Unicode, or a key that an object has twice.
    """
    try:
        data = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_distinct)
    except RecursionError:
        raise malformed(name, "RecursionError: it is nested too deeply") from None
    listed = [key for key in ("edges", "links") if isinstance(data, dict) and key in data]
    if not listed or "nodes" not in data:
        raise InputError(
            f"{name} is not node-link data; needed: an object with the lists nodes and edges (or "
            "links)."
        )
    if len(listed) > 1:
        raise InputError(f"{name} holds both edges and links; give one list of ties.")
    found = Contents(name, directed=data.get("directed") is True)
    for node in _objects(name, data["nodes"], "nodes"):
        if "id" not in node:
            raise malformed(name, "a node has no id")
        label = _label(name, node["id"])
        found.add_user(label, _values(name, node, ("id",)))
    for edge in _objects(name, data[listed[0]], listed[0]):
        if "source" not in edge or "target" not in edge:
            raise malformed(name, "an edge has no source or target")
        ends = _label(name, edge["source"]), _label(name, edge["target"])
        values = _values(name, edge, ("source", "target", "key"))
        found.ties.append(Arc(*ends, values, found.directed))
    return found


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in values if names.count(key) > 1)
        raise ValueError(f"an object has the key {twice[:LONGEST]!r} twice")
    return values


def _objects(name: str, values: Any, what: str) -> list[dict[str, Any]]:
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise malformed(name, f"{what} is not a list of objects")
    return values


def _label(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_label(name, each) for each in value)
    if isinstance(value, str):
        value = unicode_text(value, name)
        if value:
            return value
    finite = isinstance(value, float) and value == value and abs(value) != float("inf")
    if finite or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise malformed(name, f"a user is called {str(value)[:LONGEST]!r}, no number and no text")


def _values(name: str, item: dict[str, Any], but: tuple[str, ...]) -> dict[str, Any]:
    data = {}
    for key, value in item.items():
        if key in but:
            continue
        if isinstance(value, str):
            value = unicode_text(value, name)
        # A coupling that is NaN is kept, so that it is refused as such.
        value = present(value) if "id" in but or isinstance(value, str) else value
        if value is not None:
            data[unicode_text(key, name)] = value
    return data
