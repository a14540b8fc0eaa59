"""Societies that are in memory, as a scenario names them: a file called by what is in it.

A graph, a system or a table of ties is written once, under the sha256 of its contents, into the
folder for cached data (``SOCIOPHYSICS_NETWORKS`` names another one). The scenario says
``path = "given:SHA256.json"`` wherever it is: its contents are its identity, workers read it, and a
run can be repeated as long as the file is there.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import platformdirs

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.store import replace_file

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["given_tables", "is_given", "place_of_given"]

FOLDER = "SOCIOPHYSICS_NETWORKS"
NAMED = re.compile(r"given:([0-9a-f]{64}\.(?:json|parquet))")
FIELD = "field"  # the node attribute that holds a system's own external field
ALLOWED = "give a networkx graph, a SpinSystem, or a DataFrame with columns source and target"


def is_given(value: Any) -> bool:
    """Return whether a value is a society that is in memory, and no table of a scenario.

    Examples
    --------
    >>> is_given(SpinSystem.from_edges([0], [1])), is_given({"kind": "complete", "n": 3})
    (True, False)
    """
    if isinstance(value, SpinSystem | pd.DataFrame):
        return True
    return hasattr(value, "nodes") and hasattr(value, "edges") and hasattr(value, "is_directed")


def place_of_given(path: str) -> Path | None:
    """Return the file that a path such as ``given:SHA256.json`` names; None for other paths.

    Raises
    ------
    InputError
        It is not on this machine.

    Examples
    --------
    >>> place_of_given("friends.csv") is None
    True
    """
    named = NAMED.fullmatch(path)
    if named is None:
        return None
    file = _folder() / named[1]
    if not file.is_file():
        raise InputError(
            f"network.path is {path[:20]!r}..., a network that was in memory and is not kept in "
            f"{file.parent}; give it again by scenario.replace(network=...)."
        )
    return file


def given_tables(value: Any, tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of a scenario that a society in memory replaces.

    Parameters
    ----------
    value : Graph, SpinSystem or DataFrame
        A graph or a table of ties replaces ``[network]``. A system brings couplings, and an
        external field where it has one, too.
    tables : mapping
        The scenario's tables so far; the name of the camps' attribute is kept.

    Raises
    ------
    InputError
        Users whose names are neither texts nor numbers, or attributes that a file cannot keep;
        a field beside a system's own.

    Examples
    --------
    >>> import networkx as nx
    >>> given_tables(nx.Graph(), {})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: the graph has no users; give a networkx graph, ...
    """
    found: dict[str, Any] = {}
    before = tables.get("network") or {}
    camp = {"camp": before["camp"]} if before.get("camp") else {}
    if isinstance(value, pd.DataFrame):
        path, directed = _kept(_parquet(value), "parquet"), False
    elif isinstance(value, SpinSystem):
        graph = value.to_networkx()
        path, directed = _kept(_node_link(graph), "json"), graph.is_directed()
        found["couplings"] = {"kind": "edge"}
        found |= _own_field(value, tables)
    else:
        if value.is_multigraph():
            raise InputError(
                "the graph may hold several ties of one pair; give a Graph or DiGraph, whose ties "
                "are one per pair."
            )
        path, directed = _kept(_node_link(value), "json"), value.is_directed()
    table = {"kind": "file", "path": path, **camp}
    return {**found, "network": {**table, "directed": True} if directed else table}


def _own_field(system: SpinSystem, tables: Mapping[str, Any]) -> dict[str, Any]:
    if not system.h.any():
        return {}
    there = (tables.get("field") or {}).get("kind", "none")
    if there not in ("none", "attribute"):
        raise InputError(
            f"the system has an external field of its own, and so has the scenario (kind {there}); "
            "leave one out."
        )
    return {"field": {"kind": "attribute", "name": FIELD}}


def _folder() -> Path:
    folder = os.environ.get(FOLDER)
    place = Path(folder) if folder else Path(platformdirs.user_cache_dir("sociophysics"))
    return (place / "networks").resolve()


def _kept(content: bytes, suffix: str) -> str:
    """Return what a scenario calls this content, which is written to a file if it is not there."""
    name = f"{hashlib.sha256(content).hexdigest()}.{suffix}"
    file = _folder() / name
    if not file.exists():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file, lambda opened: opened.write(content))
        except OSError as error:
            raise InputError(
                f"the network cannot be kept in {file.parent} ({error.strerror}), where workers "
                f"would find it; set {FOLDER} to a folder that can be written."
            ) from None
    return f"given:{name}"


def _parquet(ties: pd.DataFrame) -> bytes:
    if ties.empty:
        raise InputError(f"the table of ties is empty; {ALLOWED}.")
    buffer = io.BytesIO()
    try:
        ties.to_parquet(buffer, index=False)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"the table of ties cannot be kept in a file ({str(error)[:120]}); give columns of "
            "numbers or texts."
        ) from None
    return buffer.getvalue()


def _node_link(graph: nx.Graph) -> bytes:
    """Return a graph as node-link JSON, the same bytes for the same users and ties."""
    nodes = [{**_plain(node, keys), "id": _label(node)} for node, keys in graph.nodes(data=True)]
    ties = [
        {**_plain((source, target), keys), "source": _label(source), "target": _label(target)}
        for source, target, keys in graph.edges(data=True)
    ]
    if not nodes:
        raise InputError(f"the graph has no users; {ALLOWED}.")
    about = {"directed": graph.is_directed(), "nodes": nodes, "edges": ties}
    return json.dumps(about, allow_nan=False, separators=(",", ":")).encode()


def _label(node: Any) -> Any:
    label = node.item() if isinstance(node, np.generic) else node
    if isinstance(label, tuple):
        return [_label(part) for part in label]
    if isinstance(label, bool) or not isinstance(label, str | int | float):
        raise InputError(
            f"the user {str(node)[:60]!r} is a {type(node).__name__}; users of a network in memory "
            "are called by texts or numbers: relabel the graph's nodes."
        )
    return label


def _plain(of: Any, attributes: Mapping[Any, Any]) -> dict[str, Any]:
    found = {}
    for name, given in attributes.items():
        value = given.item() if isinstance(given, np.generic) else given
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue  # a blank, as in a table
        if not isinstance(value, str | bool | int | float) or value in (math.inf, -math.inf):
            raise InputError(
                f"the attribute {str(name)[:60]!r} of {str(of)[:60]} is {str(given)[:60]!r}, "
                "which a network file does not keep; give texts, truth values or finite numbers."
            )
        found[str(name)] = value
    return found
