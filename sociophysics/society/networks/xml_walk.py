"""XML read element by element, in bounded depth, without entities."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from sociophysics.society.networks.contents import malformed

__all__ = ["local", "walk"]

DEEPEST = 200  # graph files have a handful of levels


def local(tag: Any) -> str:
    """Return the name of an element without its namespace.

    Examples
    --------
    >>> local("{http://graphml.graphdrawing.org/xmlns}node")
    'node'
    """
    return str(tag).rpartition("}")[2]


def walk(content: bytes, name: str, outermost: str) -> Iterator[tuple[bool, Any, tuple[str, ...]]]:
    """Yield every element at its start (True) and at its end (False), with the names above it.

    Raises
    ------
    InputError
        Another outermost element, or elements nested beyond any graph file.
    """
    # A deferred import: it loads an XML parser, and most runs read none.
    from defusedxml import ElementTree

    above: tuple[str, ...] = ()
    for event, element in ElementTree.iterparse(io.BytesIO(content), events=("start", "end")):
        if event == "start":
            if not above and local(element.tag) != outermost:
                raise malformed(
                    name, f"its outermost element is {local(element.tag)[:60]!r}, not {outermost}"
                )
            if len(above) >= DEEPEST:
                raise malformed(name, f"its elements are nested more than {DEEPEST} deep")
            yield True, element, above
            above = (*above, local(element.tag))
        else:
            above = above[:-1]
            yield False, element, above
