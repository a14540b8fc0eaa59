"""Figures that stand still, and things to take away."""

from __future__ import annotations

import base64
from collections.abc import Callable

import solara

from .markup import tag
from .spreadsheet import without_formulas

__all__ = ["Download", "StaticFigure"]


@solara.component
def StaticFigure(svg: str, alt: str) -> None:
    """Show an SVG, such as a figure of the report, as an image: nothing in it is ever run."""
    data = base64.b64encode(svg.encode()).decode()
    tag("img", css="sp-static", src=f"data:image/svg+xml;base64,{data}", alt=alt)


@solara.component
def Download(
    label: str, data: Callable[[], bytes], *, filename: str, mime: str = "application/octet-stream"
) -> None:
    """Offer a file; ``data`` is called when it is asked for. Of a CSV no cell is a formula."""

    def given() -> bytes:
        return without_formulas(data()) if mime == "text/csv" else data()

    with solara.FileDownload(given, filename=filename, mime_type=mime):
        solara.Button(label, icon_name="mdi-download", classes=["sp-button"])
