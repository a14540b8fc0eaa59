"""A number over two settings as shaded cells, with the line where it passes a level."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anywidget
import numpy as np
import solara
import traitlets
from numpy.typing import NDArray

from ..palette import INK, UP

__all__ = ["HeatMap"]


class HeatMapWidget(anywidget.AnyWidget):
    """Draws SVG; the grid travels as float64 bytes, row by row."""

    _esm = Path(__file__).parent / "heat_map.js"
    data = traitlets.Bytes(b"").tag(sync=True)
    x: traitlets.List[float] = traitlets.List().tag(sync=True)
    y: traitlets.List[float] = traitlets.List().tag(sync=True)
    x_title = traitlets.Unicode("").tag(sync=True)
    y_title = traitlets.Unicode("").tag(sync=True)
    z_title = traitlets.Unicode("").tag(sync=True)
    level = traitlets.Float(0.5).tag(sync=True)
    dark = traitlets.Unicode(UP).tag(sync=True)
    ink = traitlets.Unicode(INK).tag(sync=True)
    height = traitlets.Int(440).tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)


@solara.component
def HeatMap(
    grid: NDArray[np.float64],
    *,
    x: Sequence[float],
    y: Sequence[float],
    x_title: str,
    y_title: str,
    z_title: str,
    level: float = 0.5,
    height: int = 440,
    summary: str = "",
) -> None:
    """Shade a grid of numbers from 0 to 1, light to dark; each shows on hover and by arrow keys.

    Parameters
    ----------
    grid : array (y, x)
        NaN is not known yet.
    level : float
        Where a line is drawn between cells above and below.
    """
    HeatMapWidget.element(
        data=np.ascontiguousarray(grid, dtype=np.float64).tobytes(), x=[float(each) for each in x],
        y=[float(each) for each in y], x_title=x_title, y_title=y_title, z_title=z_title,
        level=level, height=height, summary=summary,
    )  # fmt: skip
