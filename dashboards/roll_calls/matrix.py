"""The couplings of all pairs as colored cells, members by bloc and ideal point."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anywidget
import numpy as np
import solara
import traitlets

from sociophysics.live.fitted_chamber import FittedChamber

from .. import palette
from ..glossary import Term, shown
from ..markup import tag

__all__ = ["CouplingMatrix", "bloc_sentence", "color_limit"]

POSITIVE, NEGATIVE = palette.LINES[1][0], palette.LINES[2][0]
COLORS = {
    "positive": POSITIVE,
    "negative": NEGATIVE,
    "up": palette.UP,
    "down": palette.DOWN,
    "ink": palette.INK,
    "mark": palette.WALL,
    "rule": palette.GRID,
}


class MatrixWidget(anywidget.AnyWidget):
    """Draws on a canvas; couplings travel as float32 bytes."""

    _esm = Path(__file__).parent / "matrix.js"
    values = traitlets.Bytes(b"").tag(sync=True)  # float32 (n, n), in the order shown
    names = traitlets.Unicode("").tag(sync=True)  # one member per line
    camps = traitlets.Bytes(b"").tag(sync=True)  # uint8 (n,), 0 for the first camp
    edge = traitlets.Int(0).tag(sync=True)  # members of the first bloc
    limit = traitlets.Float(1.0).tag(sync=True)  # coupling of the fullest color
    chosen = traitlets.Int(-1).tag(sync=True)
    largest = traitlets.Int(560).tag(sync=True)  # pixels
    colors = traitlets.Dict(COLORS).tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)


def color_limit(fitted: FittedChamber) -> float:
    """Return the coupling from which on cells have the fullest color: all but 1 in 200 are below.

    Single strong pairs would leave the rest pale.
    """
    pairs = np.abs(fitted.coupling[np.triu_indices(fitted.n, 1)])
    return float(np.quantile(pairs, 0.995)) or 1.0


def bloc_sentence(fitted: FittedChamber) -> str:
    """Return the mean couplings inside and across the blocs, in one sentence."""
    bloc = fitted.members["bloc"].to_numpy()
    i, j = np.triu_indices(fitted.n, 1)
    values, inside = fitted.coupling[i, j], bloc[i] == bloc[j]
    if inside.all():
        return f"No two blocs: the mean coupling of all pairs is {shown(float(values.mean()), 2)}."
    pull, push = float(values[inside].mean()), float(values[~inside].mean())
    signed = f"+{shown(pull, 2)}" if pull > 0 else shown(pull, 2)
    return (
        f"Inside the blocs the mean coupling is {signed}, between them "
        f"{'+' if push > 0 else ''}{shown(push, 2)} (point estimates)."
    )


@solara.component
def CouplingMatrix(fitted: FittedChamber, chosen: int, on_chosen: Callable[[int], None]) -> None:
    """Show the couplings of all pairs; a click chooses the member of the row."""
    order = fitted.order
    position = int(np.flatnonzero(order == chosen)[0])
    names = [" ".join(fitted.names[i].split())[:60] for i in order]
    edge = int((fitted.members["bloc"] == 0).sum())
    limit = color_limit(fitted)
    MatrixWidget.element(
        values=fitted.coupling[np.ix_(order, order)].astype(np.float32).tobytes(),
        names="\n".join(names), camps=fitted.side[order].astype(np.uint8).tobytes(),
        edge=edge, limit=limit, chosen=position,
        on_chosen=lambda row: on_chosen(int(order[row])) if 0 <= row < fitted.n else None,
        summary=f"Couplings of {fitted.n} members, the bloc of {edge} first.",
    )  # fmt: skip
    tag(
        "div",
        tag("span", f"−{shown(limit)}"),
        tag("i", css="sp-rc-scale", style=f"background: linear-gradient(90deg, {NEGATIVE}, "
            f"#fff 50%, {POSITIVE})"),
        tag("span", f"+{shown(limit)} or more"),
        Term("coupling"),
        css="sp-keys sp-rc-scale-row",
    )  # fmt: skip
