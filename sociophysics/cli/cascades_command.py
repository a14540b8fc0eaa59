"""``sociophysics cascades``: what the seeding of a scenario causes under each of its designs."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sociophysics.cli.options import (
    Quiet,
    Replicas,
    Scheduler,
    Seed,
    Workers,
    count_of,
    quieted,
    seeded,
    workers_of,
)
from sociophysics.errors import InputError
from sociophysics.words import number_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from sociophysics.scenario import Scenario

__all__ = ["answer", "cascades"]

SHOWN = ("reach", "R", "virality")

ScenarioFile = Annotated[
    Path, typer.Argument(help="TOML file with one nucleate intervention.", show_default=False)
]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-cascades by default.")
]


def cascades(
    scenario: ScenarioFile,
    out: Out = None,
    replicas: Replicas = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Compare reach, R and virality of a seeded cascade between the designs of a scenario.

    Two copies of the society under the same noise, with and without the seeds: who differs was
    reached. Designs are paired by replica with the first one. Running again into the same folder
    continues where it was stopped; with more replicas it computes those alone.
    """
    from sociophysics.scenario import Scenario

    loaded = seeded(Scenario.load(scenario), seed)
    place = str(Path("runs") / f"{scenario.stem}-cascades") if out is None else out
    number = loaded.sweep.replicas if replicas is None else replicas
    count = count_of(workers)
    with quieted(quiet), workers_of(scheduler) as executor:
        answer(loaded, number, place, count, executor)


def answer(
    scenario: Scenario, replicas: int, place: str, workers: int | None, executor: Executor | None
) -> None:
    """Compare the cascades of a scenario, and write and print what was found."""
    from sociophysics.cli.progress import follow
    from sociophysics.experiments.cascade_scenarios import GROWS, compared, with_replicas
    from sociophysics.report import cascades_page
    from sociophysics.store import open_store, studies, write_table, write_text
    from sociophysics.study.asked import manifest_of, where
    from sociophysics.study.measure import Work
    from sociophysics.study.results.summary import unseen_text

    if replicas < 2:
        raise InputError(
            f"replicas is {replicas}; a comparison of designs needs 2 or more: give --replicas."
        )
    store = open_store(place)
    studies.read_manifest(store, "cascades")
    scenario = with_replicas(scenario, replicas)
    manifest = manifest_of(scenario, "cascades", {"replicas": replicas})
    title = scenario.title or scenario.name
    with studies.claimed(store, "cascades", manifest, where(scenario), grows=GROWS):
        with follow(title) as progress:
            work = Work(folder=place, workers=workers, executor=executor, progress=progress)
            table = compared(scenario, work)
        write_table(store, "cascades", table)
        page = cascades_page.render(scenario, table, replicas=replicas)
        write_text(store, "report.html", page)
    _show(table, f"{title}; {number_of(replicas, 'replica')}")
    typer.echo(f"note: intervals hold what was seen; {unseen_text(replicas)}")
    typer.echo(f"table: {os.path.join(store.place, 'cascades.csv')}")
    typer.echo(f"report: {os.path.join(store.place, 'report.html')}")


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
