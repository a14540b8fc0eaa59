"""``sociophysics evidence``: what field studies of feeds have found."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

__all__ = ["evidence"]

Study = Annotated[str | None, typer.Argument(help="Part of a study's name.", show_default=False)]
Use = Annotated[str | None, typer.Option(help="calibration or validation.")]
Source = Annotated[str | None, typer.Option(help="read or recalled.")]
Contains = Annotated[str | None, typer.Option(help="Part of the quantity.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")]


def evidence(
    study: Study = None,
    use: Use = None,
    source: Source = None,
    contains: Contains = None,
    csv: AsCsv = False,
) -> None:
    """Print published quantities of feeds in the field, with intervals, DOI and their use."""
    from sociophysics.evidence import table

    rows = table(study, use=use, source=source, contains=contains)
    if csv:
        rows.to_csv(sys.stdout, index=False)
        return
    for (name, year, doi), part in rows.groupby(["study", "year", "doi"], sort=False):
        typer.echo(f"\n{name}, {year}{f' (doi {doi})' if doi else ''}")
        for row in part.itertuples():
            number = f"{row.value:g}" if row.value == row.value else "-"
            if row.low == row.low:
                number += f" [{row.low:g}, {row.high:g}]"
            mark = " (recalled)" if row.source == "recalled" else ""
            note = f"; {row.note}" if row.note else ""
            typer.echo(f"  {number:>24} {row.unit:<18} {row.quantity}{mark}{note}")
    count = int((rows["source"] == "recalled").sum())
    typer.echo(
        f"\n{len(rows)} quantities; {count} recalled, not read: check those before printing them."
    )
