"""``sociophysics audit``: whether a scenario's claims survive changes that should not matter."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from sociophysics.cli.options import (
    Quiet,
    Scheduler,
    Seed,
    Workers,
    count_of,
    quieted,
    seeded,
    workers_of,
)

__all__ = ["audit"]

ScenarioFile = Annotated[
    Path, typer.Argument(help="TOML file with claims, or a bundled name.", show_default=False)
]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-audit by default.")
]
Replicas = Annotated[int | None, typer.Option(help="Replicas, instead of the file's.")]
Only = Annotated[
    list[str] | None, typer.Option(help="Only this check, by its name; may be repeated.")
]


def audit(
    scenario: ScenarioFile,
    out: Out = None,
    only: Only = None,
    replicas: Replicas = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Ask whether the claims of a scenario are robust, shifted or reversed under changes.

    Other seeds, relabelled users, sequential updates, rival rules, twice the sweeps, twice the
    users, rewired networks of the same degrees, each number a fifth larger and smaller.
    """
    from sociophysics.cli.progress import follow
    from sociophysics.experiments import audit as audited
    from sociophysics.scenario import Scenario

    loaded = seeded(Scenario.load(scenario), seed)
    if replicas is not None:
        loaded = loaded.replace({"sweep.replicas": replicas})
    place = str(Path("runs") / f"{scenario.stem}-audit") if out is None else out
    title = loaded.title or loaded.name
    with quieted(quiet), workers_of(scheduler) as executor, follow(title) as progress:
        found = audited(
            loaded,
            only=only or None,
            out=place,
            workers=count_of(workers),
            executor=executor,
            progress=progress,
        )
    if quiet:
        return
    for row in found.claims.to_dict("records"):
        own = found.table[found.table["claim"] == row["text"]]
        counted = Counter(own["outcome"])
        said = ", ".join(f"{counted[word]} {word}" for word in dict.fromkeys(own["outcome"]))
        typer.echo(f"{row['verdict']}: {row['text']}: {said}")
        for each in own[own["outcome"].isin(["shifted", "reversed"])].to_dict("records"):
            typer.echo(
                f"    {each['outcome']} by {each['check']}: {each['number']:.3g} "
                f"[{each['low']:.3g}, {each['high']:.3g}]; again: {each['command']}"
            )
    for check, reason in (
        found.table[found.table["outcome"] == "not applicable"]
        .drop_duplicates("check")[["check", "reason"]]
        .itertuples(index=False)
    ):
        typer.echo(f"not applicable: {check}: {reason}")
    typer.echo(f"table: {os.path.join(place, 'audit.csv')}")
