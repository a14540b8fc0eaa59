"""Two to twelve societies beside each other: one legend, the same scale, each beside the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import reacton.core
import solara
import traitlets
from numpy.typing import NDArray

from sociophysics.live.network_picture import NetworkPicture

from . import palette
from .markup import tag
from .work import Job

__all__ = ["Multiples", "MultiplesLegend", "moment_traits"]

COLORS = {
    "up": palette.UP, "down": palette.DOWN, "down_edge": palette.DOWN_EDGE, "tie": palette.TIE,
    "ink": palette.INK, "muted": "#98a2b3", "line": "#0072b2", "rule": palette.GRID,
}  # fmt: skip
LOWEST, HIGHEST = 0.0, 1.0  # that a scale of courses holds at least


class MultiplesWidget(anywidget.AnyWidget):
    """Draws on canvases; arrays travel as bytes, stances as bits."""

    _esm = Path(__file__).parent / "multiples.js"
    names: traitlets.List[str] = traitlets.List().tag(sync=True)
    positions = traitlets.Bytes(b"").tag(sync=True)  # float32 (n, 2) in [-1, 1]
    ties = traitlets.Bytes(b"").tag(sync=True)  # uint32 (m, 2)
    users = traitlets.Int(0).tag(sync=True)
    observable = traitlets.Unicode("").tag(sync=True)
    steps = traitlets.Int(1).tag(sync=True)
    stances = traitlets.Bytes(b"").tag(sync=True)  # bits, each society's in whole bytes
    shown = traitlets.Bytes(b"").tag(sync=True)  # bits as of stances; whom a panel is about
    courses = traitlets.Bytes(b"").tag(sync=True)  # float32 (societies, steps)
    now = traitlets.Int(0).tag(sync=True)
    sweep = traitlets.Int(0).tag(sync=True)
    range: traitlets.List[float] = traitlets.List([LOWEST, HIGHEST]).tag(sync=True)
    colors = traitlets.Dict(COLORS).tag(sync=True)


def moment_traits(
    stances: NDArray[np.int8], courses: NDArray[np.float32], now: int, sweep: int
) -> dict[str, Any]:
    r"""Return what changes from frame to frame: traits of the widget.

    Parameters
    ----------
    stances : int8 array (societies, n)
    courses : float32 array (societies, steps)
        NaN where nothing is known yet.
    now, sweep : int
        The step that is shown, and its sweep.

    Examples
    --------
    >>> traits = moment_traits(np.array([[1, -1]], np.int8), np.zeros((1, 1), np.float32), 0, 0)
    >>> traits["stances"], traits["range"]
    (b'\x80', [0.0, 1.0])
    """
    known = courses[np.isfinite(courses)]
    low, high = float(known.min(initial=LOWEST)), float(known.max(initial=HIGHEST))
    return {
        "stances": np.packbits(stances > 0, axis=1).tobytes(),
        "courses": courses.astype(np.float32).tobytes(),
        "now": now,
        "sweep": sweep,
        "range": [low, high],
    }


@solara.component
def Multiples(
    names: Sequence[str],
    drawn: NetworkPicture,
    observable: str,
    steps: int,
    job: Job,
    traits: Callable[[Any], dict[str, Any]],
    shown: NDArray[np.bool_] | None = None,
) -> None:
    """Draw societies beside each other, frame by frame, past the render.

    Parameters
    ----------
    names : sequence of str
        The first is the reference.
    drawn : NetworkPicture
    observable : str
        What the courses hold, as a person reads it.
    steps : int
        Of a whole course.
    job : Job
        Whose frames are shown.
    traits : callable
        From a frame to values of traits.
    shown : bool array (societies, n), optional
        Whom each is about; everybody, if left out.
    """
    about = b"" if shown is None else np.packbits(shown, axis=1).tobytes()
    element = MultiplesWidget.element(
        names=list(names), positions=drawn.positions, ties=drawn.ends, users=drawn.users,
        observable=observable, steps=steps, shown=about,
    )  # fmt: skip
    rendering = reacton.core.get_render_context()

    def follow() -> Callable[[], None]:
        widget = solara.get_widget(element)

        def look() -> None:
            if job.frame is None:
                return
            with widget.hold_sync():
                for name, value in traits(job.frame).items():
                    setattr(widget, name, value)

        look()
        return job.watch(look, rendering)

    solara.use_effect(follow, [job, drawn, tuple(names)])


@solara.component
def MultiplesLegend(reference: str, observable: str, *, several: bool) -> None:
    """Say once what discs and lines mean."""
    items = [
        tag("span", tag("i", css="sp-key-up"), "for (+1)", css="sp-key"),
        tag("span", tag("i", css="sp-key-down"), "against (−1)", css="sp-key"),
        tag("span", tag("i", css="sp-key-line"), f"{observable} over time", css="sp-key"),
    ]
    if several:
        items.append(
            tag("span", tag("i", css="sp-key-line sp-key-reference"), f"{reference}, to compare",
                css="sp-key")
        )  # fmt: skip
    tag("div", *items, css="sp-keys")
