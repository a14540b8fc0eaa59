"""``sociophysics audit``: whether a scenario's claims survive changes that should not matter."""

from __future__ import annotations

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
from sociophysics.words import measured

if TYPE_CHECKING:
    from sociophysics.experiments.audits import Audit
    from sociophysics.scenario import Scenario

__all__ = ["audit", "write_report"]

ScenarioFile = Annotated[
    Path, typer.Argument(help="TOML file with claims, or a bundled name.", show_default=False)
]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-audit by default.")
]
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
    users, rewired networks of the same degrees, posterior draws where there are any, each number a
    fifth larger and smaller.
    """
    from sociophysics.cli.progress import follow
    from sociophysics.experiments import audit as audited
    from sociophysics.report import audit_page
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
    write_report(loaded, found, place)
    if quiet:
        return
    for sentence, claim in zip(audit_page.sentences(found), found.claims["text"], strict=True):
        typer.echo(sentence)
        own = found.table[found.table["claim"] == claim]
        for each in own[own["outcome"].isin(["shifted", "reversed"])].to_dict("records"):
            number = measured(each["number"], each["low"], each["high"], ".3g")
            typer.echo(
                f"    {each['outcome']} by {each['check']}: {number}; again: {each['command']}"
            )
    for check, reason in (
        found.table[found.table["outcome"] == "not applicable"]
        .drop_duplicates("check")[["check", "reason"]]
        .itertuples(index=False)
    ):
        typer.echo(f"not applicable: {check}: {reason}")
    typer.echo(f"table: {os.path.join(place, 'audit.csv')}")
    typer.echo(f"report: {os.path.join(place, 'report.html')}")


def write_report(scenario: Scenario, found: Audit, place: str) -> None:
    """Write the page of an audit into its folder."""
    from sociophysics.report import audit_page
    from sociophysics.store import open_store, write_text

    write_text(open_store(place), "report.html", audit_page.render(scenario, found))
