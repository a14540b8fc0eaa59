"""``sociophysics cascades``: what the seeding of a scenario causes under each of its designs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sociophysics.errors import InputError
from sociophysics.words import number_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cascades"]

SHOWN = ("reach", "R", "virality")

ScenarioFile = Annotated[
    Path, typer.Argument(help="TOML file with one nucleate intervention.", show_default=False)
]
Out = Annotated[Path | None, typer.Option(help="Folder; runs/NAME-cascades by default.")]
Replicas = Annotated[int | None, typer.Option(help="Replicas, instead of the file's.")]


def cascades(scenario: ScenarioFile, out: Out = None, replicas: Replicas = None) -> None:
    """Compare reach, R and virality of a seeded cascade between the designs of a scenario.

    Two copies of the society under the same noise, with and without the seeds: who differs was
    reached. Designs are paired by replica with the first one.
    """
    from sociophysics.experiments import cascade_designs
    from sociophysics.scenario import Scenario
    from sociophysics.store import folder_of, open_store
    from sociophysics.study import fingerprints, study
    from sociophysics.study.results.cells import unseen_text

    loaded = Scenario.load(scenario)
    number = loaded.sweep.replicas if replicas is None else replicas
    if number < 2:
        raise InputError(
            f"replicas is {number}; a comparison of designs needs 2 or more: give --replicas."
        )
    folder = Path("runs") / f"{scenario.stem}-cascades" if out is None else folder_of(out)
    store = open_store(folder)
    study.read_manifest(store, "cascades")
    asked = {"scenario": loaded.canonical(), "replicas": number}
    manifest = study.make_manifest("cascades", asked=asked, inputs=fingerprints(loaded))
    with study.claimed(store, "cascades", manifest):
        table = cascade_designs(loaded, replicas=number)
        text = table.to_csv(index=False)
        store.write("cascades.csv", lambda file: file.write(text.encode()))
    _show(table, f"{loaded.title or loaded.name}; {number_of(number, 'replica')}")
    typer.echo(f"note: intervals hold what was seen; {unseen_text(number)}")
    typer.echo(f"table: {folder / 'cascades.csv'}")


def _show(table: pd.DataFrame, title: str) -> None:
    """Print one block per swept point: a line per design, means and paired differences."""
    typer.echo(title)
    keys = list(table.columns[: table.columns.get_loc("design")])
    width = int(table["design"].str.len().max()) + 2
    points = table.groupby(keys, sort=False) if keys else [((), table)]
    for values, part in points:
        named = ", ".join(f"{key} = {value}" for key, value in zip(keys, values, strict=True))
        typer.echo(f"\n{named or 'difference to the first design, 95 % interval in brackets'}")
        typer.echo(" " * width + "".join(f"{name:<32}" for name in SHOWN).rstrip())
        rows = part.set_index(["design", "measure"])
        for design in part["design"].unique():
            cells = [_cell(rows.loc[(design, name)]) for name in SHOWN]
            typer.echo(f"{design:<{width}}" + "".join(f"{each:<32}" for each in cells).rstrip())


def _cell(row: pd.Series[float]) -> str:
    """Return a mean, and the difference to the first design with its interval."""
    if math.isnan(row["difference"]):
        return f"{row['mean']:.3g}"
    said = f"{row['mean']:.3g}  {row['difference']:+.2g}"
    if math.isnan(row["low"]):
        return f"{said} [not determined]"
    return f"{said} [{row['low']:+.2g}, {row['high']:+.2g}]"
