"""The network on the screen: users by stance, walls between them, users to choose.

The browser gets places and ties once, then one byte per user and frame: whether a tie is a wall is
found on the graphics card from the stances at its ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import solara
import traitlets
from numpy.typing import NDArray

from sociophysics.live.network_picture import NetworkPicture

from . import palette
from .markup import tag

__all__ = ["Legend", "NetworkView", "stance_traits"]


COLORS = {
    "up": palette.UP,
    "down": palette.DOWN,
    "down_edge": palette.DOWN_EDGE,
    "wall": palette.WALL,
    "tie": palette.TIE,
    "ink": palette.INK,
}


class NetworkWidget(anywidget.AnyWidget):
    """Draws with WebGL 2; arrays travel as bytes."""

    _esm = Path(__file__).parent / "network_view.js"
    positions = traitlets.Bytes(b"").tag(sync=True)  # float32 (n, 2) in [-1, 1]
    ties = traitlets.Bytes(b"").tag(sync=True)  # uint32 (m, 2)
    signs = traitlets.Bytes(b"").tag(sync=True)  # int8 (m,), sign of the coupling
    spins = traitlets.Bytes(b"").tag(sync=True)  # int8 (n,)
    marked = traitlets.Bytes(b"").tag(sync=True)  # uint32, users that the page points out
    selected = traitlets.List(traitlets.Int()).tag(sync=True)
    labels = traitlets.Unicode("").tag(sync=True)  # one user per line
    summary = traitlets.Unicode("").tag(sync=True)
    colors = traitlets.Dict(COLORS).tag(sync=True)
    height = traitlets.Int(420).tag(sync=True)
    size = traitlets.Float(0.0).tag(sync=True)  # of a user in pixels; 0: by their number
    selectable = traitlets.Bool(True).tag(sync=True)


@solara.component
def NetworkView(
    drawn: NetworkPicture,
    spins: NDArray[np.int8] | None,
    *,
    selected: Sequence[int] = (),
    on_selected: Callable[[list[int]], None] | None = None,
    marked: Sequence[int] = (),
    title: str = "Network",
    height: int = 420,
) -> None:
    """Draw the network with these stances. Put it in a component that reads the frame, no more.

    Parameters
    ----------
    drawn : NetworkPicture
    spins : int8 array (n,), or None
        None: ``stance_traits`` are written to the widget frame by frame, past the render.
    selected, on_selected
        Users chosen by the reader (click, Shift and drag); without ``on_selected`` none can be.
    marked : sequence of int
        Users that the page points out, such as the largest echo chamber.
    title : str
        For screen readers, with the counts.
    """

    def choose(users: list[int]) -> None:
        if on_selected is not None:
            on_selected([i for i in users if 0 <= i < drawn.users])

    NetworkWidget.element(
        positions=drawn.positions, ties=drawn.ends, signs=drawn.signs, labels=drawn.labels,
        **({} if spins is None else stance_traits(drawn, spins, title)),
        marked=np.asarray(list(marked), dtype=np.uint32).tobytes(),
        selected=[int(i) for i in selected], on_selected=choose, height=height,
        selectable=on_selected is not None,
    )  # fmt: skip


def stance_traits(drawn: NetworkPicture, spins: NDArray[np.int8], title: str) -> dict[str, Any]:
    """Return what changes of a drawn network from frame to frame: traits of its widget."""
    up = int(np.count_nonzero(spins > 0))
    return {
        "spins": np.ascontiguousarray(spins, dtype=np.int8).tobytes(),
        "summary": f"{title}: {drawn.users:,} users, {up:,} for and {drawn.users - up:,} against, "
        f"{drawn.ties:,} ties.",
    }


@solara.component
def Legend(drawn: NetworkPicture | None = None) -> None:
    """Say what discs, rings and lines mean, and how many ties are left out of the picture."""
    items = [
        tag("span", tag("i", css="sp-key-up"), "for (+1)", css="sp-key"),
        tag("span", tag("i", css="sp-key-down"), "against (−1)", css="sp-key"),
        tag("span", tag("i", css="sp-key-wall"), "wall: a tie under tension", css="sp-key"),
        tag("span", tag("i", css="sp-key-tie"), "other tie", css="sp-key"),
    ]
    if drawn is not None and drawn.drawn_ties < drawn.ties:
        items.append(
            tag("span", f"{drawn.drawn_ties:,} of {drawn.ties:,} ties drawn", css="sp-key")
        )
    tag("div", *items, css="sp-keys")
