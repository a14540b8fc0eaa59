"""The network on the screen: users by stance, walls between them, users to choose.

The browser gets places and ties once, then one bit per user and frame: whether a tie is a wall is
found there from the stances at its ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    "ground": "#ffffff",
}


# Groups of users; the same in network_view.js.
HUES = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00",
    "#8c6d1f", "#5b6472", "#7f3c8d", "#b8a800", "#3b5b92", "#a3102a",
)  # fmt: skip


class NetworkWidget(anywidget.AnyWidget):
    """Draws with WebGL 2; arrays travel as bytes."""

    _esm = Path(__file__).parent / "network_view.js"
    positions = traitlets.Bytes(b"").tag(sync=True)  # float32 (n, 2) in [-1, 1]
    ties = traitlets.Bytes(b"").tag(sync=True)  # uint32 (m, 2)
    signs = traitlets.Bytes(b"").tag(sync=True)  # int8 (m,), sign of the coupling
    stances = traitlets.Bytes(b"").tag(sync=True)  # one bit per user, the first the lowest: up
    tint = traitlets.Bytes(b"").tag(sync=True)  # uint8 (n,), a group or a rank; 255: not known
    tint_names: traitlets.List[str] = traitlets.List().tag(sync=True)  # of groups; none: ranks
    weights = traitlets.Bytes(b"").tag(sync=True)  # uint8 (n,), how large a user is drawn
    hulls: traitlets.List[list[Any]] = traitlets.List().tag(sync=True)  # [name, stance, x, y, ...]
    hubs: traitlets.List[int] = traitlets.List().tag(sync=True)  # users called by name
    marked = traitlets.Bytes(b"").tag(sync=True)  # uint32, users that the page points out
    selected = traitlets.List(traitlets.Int()).tag(sync=True)
    labels = traitlets.Unicode("").tag(sync=True)  # one user per line
    summary = traitlets.Unicode("").tag(sync=True)
    colors = traitlets.Dict(COLORS).tag(sync=True)
    height = traitlets.Int(420).tag(sync=True)  # 0: what the style says
    heading = traitlets.Unicode("").tag(sync=True)
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
    heading: str = "",
    height: int = 420,
    looks: Mapping[str, Any] | None = None,
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
    heading : str
        Above the picture.
    height : int
        In pixels; 0 leaves it to the style of the page.
    looks : mapping, optional
        Traits of the widget that say how users look: ``tint``, ``weights``, ``hubs``.
    """

    def choose(users: list[int]) -> None:
        if on_selected is not None:
            on_selected([i for i in users if 0 <= i < drawn.users])

    NetworkWidget.element(
        positions=drawn.positions, ties=drawn.ends, signs=drawn.signs, labels=drawn.labels,
        **({} if spins is None else stance_traits(drawn, spins, title)),
        marked=np.asarray(list(marked), dtype=np.uint32).tobytes(),
        selected=[int(i) for i in selected], on_selected=choose, height=height,
        selectable=on_selected is not None, heading=heading,
        **(looks or {}),
    )  # fmt: skip


def stance_traits(drawn: NetworkPicture, spins: NDArray[np.int8], title: str) -> dict[str, Any]:
    """Return what changes of a drawn network from frame to frame: traits of its widget."""
    up = int(np.count_nonzero(spins > 0))
    return {
        "stances": np.packbits(spins > 0, bitorder="little").tobytes(),
        "summary": f"{title}: {drawn.users:,} users, {up:,} for and {drawn.users - up:,} against, "
        f"{drawn.ties:,} ties.",
    }


@solara.component
def Legend(
    drawn: NetworkPicture | None = None, groups: Sequence[str] = (), ranks: bool = False
) -> None:
    """Say what discs, rings, hues and lines mean, and how many ties are left out of the picture.

    Parameters
    ----------
    drawn : NetworkPicture, optional
    groups : sequence of str
        What hues stand for, where they do not stand for stances.
    ranks : bool
        Whether light and dark stand for few and many.
    """
    hued = bool(groups) or ranks
    css = " sp-key-plain" if hued else ""
    items = [
        tag("span", tag("i", css=f"sp-key-up{css}"), "for (+1)", css="sp-key"),
        tag("span", tag("i", css=f"sp-key-down{css}"), "against (−1)", css="sp-key"),
        *(
            tag("span", tag("i", style=f"background: {HUES[k % len(HUES)]}"), name, css="sp-key")
            for k, name in enumerate(groups)
        ),
        *([tag("span", tag("i", css="sp-key-ramp"), "few to many", css="sp-key")] if ranks else []),
        tag("span", tag("i", css="sp-key-wall"), "wall: ties under tension", css="sp-key"),
        tag("span", tag("i", css="sp-key-tie"), "other ties", css="sp-key"),
    ]
    if drawn is not None and drawn.drawn_ties < drawn.ties:
        items.append(
            tag("span", f"{drawn.drawn_ties:,} of {drawn.ties:,} ties drawn", css="sp-key")
        )
    tag("div", *items, css="sp-keys")
