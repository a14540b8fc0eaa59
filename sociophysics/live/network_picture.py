"""A network ready to be drawn: who is where, and which ties are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.live.user_places import placement
from sociophysics.society.spins import SpinSystem

__all__ = ["NetworkPicture", "picture", "with_ties"]

MOST_TIES = 60_000  # drawn; more are a gray sheet on any screen, and slow on a small one
MOST_LABELS = 20_000  # users whose names travel to the browser; others are called by number


@dataclass(frozen=True)
class NetworkPicture:
    """A network ready to be drawn; made once by ``picture``, and off the render thread."""

    users: int
    ties: int
    drawn_ties: int
    positions: bytes
    ends: bytes
    signs: bytes
    labels: str


@asks
def picture(system: SpinSystem, camps: NDArray[np.int64] | None = None) -> NetworkPicture:
    """Return the places of all users and the ties to draw; call it in a job, it can take seconds.

    Of more than ``MOST_TIES`` ties an even sample is drawn. Equal networks get equal pictures.

    Parameters
    ----------
    system : SpinSystem
    camps : int array (n,), optional
        With exactly two camps, camp 0 goes to the left and camp 1 to the right.

    Examples
    --------
    >>> picture(SpinSystem.from_edges([0, 1], [1, 2])).users
    3
    """
    ends, signs = _ties(system)
    places = placement(ends, system.n, camps=camps, labels=system.labels)
    labels = "\n".join(_one_line(name) for name in _names(system)[:MOST_LABELS])
    return NetworkPicture(
        users=system.n, positions=places.tobytes(), labels=labels, **_drawn(ends, signs)
    )  # fmt: skip


def with_ties(drawn: NetworkPicture, system: SpinSystem) -> NetworkPicture:
    """Return a picture with the ties of a system whose users stay where they are drawn."""
    return replace(drawn, **_drawn(*_ties(system)))


def _names(system: SpinSystem) -> Sequence[Any]:
    """Return what users are called: by their column ``label`` where there is one."""
    if "label" not in system.nodes.columns:
        return system.labels
    called = system.nodes["label"].tolist()
    return [
        label if name is None or name != name or name == "" else name
        for name, label in zip(called, system.labels, strict=True)
    ]


def _ties(system: SpinSystem) -> tuple[NDArray[np.uint32], NDArray[np.int8]]:
    """Return the ends of each tie, once, and the sign of its coupling."""
    coupling = system.J.tocoo()
    once = coupling.row < coupling.col
    if not system.is_symmetric:
        # A directed tie that has no way back would be lost with the upper half alone.
        low, high = np.minimum(coupling.row, coupling.col), np.maximum(coupling.row, coupling.col)
        first = np.unique(low.astype(np.int64) * system.n + high, return_index=True)[1]
        once = np.zeros(len(coupling.row), dtype=bool)
        once[first] = True
    ends = np.column_stack([coupling.row[once], coupling.col[once]]).astype(np.uint32)
    return ends, np.sign(coupling.data[once]).astype(np.int8)


def _drawn(ends: NDArray[np.uint32], signs: NDArray[np.int8]) -> dict[str, Any]:
    """Return the fields of a picture for its ties, sampled evenly where they are too many."""
    total = len(ends)
    if total > MOST_TIES:
        kept = np.linspace(0, total - 1, MOST_TIES).astype(np.int64)
        ends, signs = ends[kept], signs[kept]
    return {
        "ties": total, "drawn_ties": len(ends), "ends": ends.tobytes(), "signs": signs.tobytes()
    }  # fmt: skip


def _one_line(label: Any) -> str:
    return " ".join(str(label).split())[:60]
