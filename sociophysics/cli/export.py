"""``sociophysics export``: a society in one HTML file, for a paper's readers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sociophysics.cli.options import ScenarioFile

__all__ = ["export"]

Page = Annotated[
    Path,
    typer.Option(
        "--html",
        help="File to write; an earlier page of this kind is replaced.",
        show_default=False,
    ),
]
Design = Annotated[
    str | None, typer.Option(help="Design that the page begins with; the first by default.")
]


def export(scenario: ScenarioFile, html: Page, design: Design = None) -> None:
    """Write a society as one HTML page whose reader changes feed, strength and temperature."""
    from sociophysics.live.exported_page import export as written
    from sociophysics.scenario import Scenario

    place = written(Scenario.load(scenario), html, design=design)
    typer.echo(f"{place} ({place.stat().st_size / 1e3:.0f} kB)")
