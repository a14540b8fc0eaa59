"""``sociophysics trial``: what an A/B test of some users sees, and what everybody would."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.cli.options import (
    Quiet,
    Replicas,
    ScenarioFile,
    Scheduler,
    Seed,
    Workers,
    count_of,
    quieted,
    seeded,
    workers_of,
)
from sociophysics.errors import InputError
from sociophysics.words import measured, number_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sociophysics.experiments.field_trial import Trial
    from sociophysics.scenario import Scenario

__all__ = ["answer", "trial"]

Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-trial by default.")
]
Design = Annotated[str | None, typer.Option(help="Design that is the control; the first.")]
Published = Annotated[
    str | None,
    typer.Option(help='A published trial, as "d = 0.00, se = 0.015", in SD: what goes with it?'),
]
Along = Annotated[str, typer.Option(help="Key that is scanned for a published trial.")]
Values = Annotated[
    str | None,
    typer.Option(help="Where the scan begins: a,b,c or start:stop:step; 0 to twice the file's."),
]
Microdata = Annotated[
    bool, typer.Option("--microdata", help="Keep every user's outcome: trial.parquet.")
]


def trial(
    scenario: ScenarioFile,
    out: Out = None,
    design: Design = None,
    replicas: Replicas = None,
    published: Published = None,
    along: Along = "feed.strength",
    values: Values = None,
    microdata: Microdata = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Treat some users of a society as [trial] says: direct, indirect and total effects.

    Running again into the same folder continues where it was stopped.
    """
    from sociophysics.scenario import Scenario

    loaded = seeded(Scenario.load(scenario), seed)
    place = str(Path("runs") / f"{Path(scenario).stem}-trial") if out is None else out
    asked = {
        "design": design,
        "replicas": replicas,
        "published": published,
        "along": along,
        "values": None if values is None else _listed(values),
        "microdata": microdata,
    }
    count = count_of(workers)
    with quieted(quiet), workers_of(scheduler) as executor:
        answer(loaded, asked, place, count, executor)


def answer(
    scenario: Scenario,
    asked: dict[str, Any],
    place: str,
    workers: int | None,
    executor: Executor | None,
) -> None:
    """Do the trial, and write and print what was found."""
    from sociophysics.cli.progress import follow
    from sociophysics.experiments import field_trial, trial_inversion
    from sociophysics.report import trial_page
    from sociophysics.store import open_store, studies, write_table, write_text
    from sociophysics.study.asked import manifest_of, where
    from sociophysics.study.measure import Work

    store = open_store(place)
    studies.read_manifest(store, "trial")
    if asked["published"] is not None:
        trial_inversion.read_published(asked["published"])
    field_trial.prepared(scenario, design=asked["design"], replicas=asked["replicas"])
    manifest = manifest_of(scenario, "trial", asked)
    with studies.claimed(store, "trial", manifest, where(scenario)):
        with follow(scenario.title or scenario.name) as progress:
            work = Work(folder=store.address, workers=workers, executor=executor, progress=progress)
            found = field_trial.measured(scenario, asked, work)
        for name, table in field_trial.tables_of(found).items():
            write_table(store, name, table)
        write_text(store, "report.html", trial_page.render(scenario, found))
    typer.echo("\n".join(_lines(found)))
    typer.echo(f"table: {os.path.join(store.place, 'effects.csv')}")
    typer.echo(f"report: {os.path.join(store.place, 'report.html')}")


def _listed(text: str) -> list[float]:
    from sociophysics.scenario.values import MAX_AXIS

    try:
        if ":" in text:
            start, stop, step = (float(each) for each in text.split(":"))
            count = math.floor((stop - start) / step + 1e-9) + 1
            if count > MAX_AXIS:
                raise InputError(
                    f"--values is {text[:60]!r}, which is {count:,} values; at most {MAX_AXIS:,} "
                    "are allowed: give a larger step."
                )
            return [round(start + k * step, 12) for k in range(count)]
        return [float(each) for each in text.split(",")]
    except InputError:
        raise
    except (ValueError, ZeroDivisionError, OverflowError):
        raise InputError(
            f"--values is {text[:60]!r}; give a,b,c or start:stop:step, as in 0:1:0.1."
        ) from None


def _lines(found: Trial) -> list[str]:
    """Return what was found, one line each."""
    from sociophysics.experiments.compatible_values import answer as said_of

    lines = []
    if found.inversion is not None and found.published is not None:
        lines.append(said_of(found.inversion, found.published))
    if found.drawn:
        lines.append(found.drawn)
    for name in found.outcomes:
        counted, users = found.counted[name], number_of(found.users, "user")
        size = users if counted == found.users else f"{counted:,} of {users}"
        societies = number_of(found.replicas, "replica")
        lines.append(f"{name} ({size}, {societies}; 95 % intervals)")
        rows = found.effects[found.effects["outcome"] == name]
        lines += [_line(row, _same(found, row)) for row in rows.to_dict("records")]
        own = found.estimators[found.estimators["outcome"] == name]
        for row in own[own["determined"] > 0].to_dict("records"):
            lines.append(
                f"  one trial, {100 * row['share']:g} % treated, {row['estimator']}: "
                f"{row['value']:.4f} of {row['truth']:.4f}; its interval holds the total in "
                f"{100 * row['coverage']:.0f} % of societies"
            )
    if found.after is not None:
        for row in found.after[found.after["share"] == 1.0].to_dict("records"):
            lines.append(
                f"  after its end, {row['outcome']}: "
                f"{measured(row['remains'], row['low'], row['high'], '.4f')} of "
                f"{row['at_end']:.4f} remains"
            )
    return lines


def _same(found: Trial, row: dict[str, Any]) -> bool:
    """Return whether an effect other than none is the same in all societies, but for rounding."""
    if row["estimand"] == "multiplier" or not row["value"]:
        return False
    table = found.table
    of_estimand = (table["share"] == row["share"]) & (table["estimand"] == row["estimand"])
    own = table.loc[of_estimand & (table["outcome"] == row["outcome"]), "value"]
    return bool(own.max() - own.min() <= 1e-12 * abs(row["value"]))


def _line(row: dict[str, Any], same: bool) -> str:
    share, estimand = row["share"], row["estimand"]
    who = {0.0: "one user", 1.0: "everybody"}.get(share, f"{100 * share:g} %")
    text = measured(row["value"], row["low"], row["high"], ".4f")
    if same:
        text = f"{row['value']:.4f} in all {row['replicas']} societies"
    if not (math.isnan(row["low"]) or math.isnan(row["value_sd"])):
        text += f" = {row['value_sd']:.3f} SD"
    return f"  {estimand}, {who}: {text}"
