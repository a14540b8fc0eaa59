"""``sociophysics calibrate``: parameters of a society from data, or that they cannot be known."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.cli.options import (
    Quiet,
    Scheduler,
    Seed,
    Workers,
    count_of,
    quieted,
    workers_of,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sociophysics.experiments.calibrating import Question

__all__ = ["answer", "asked_again", "calibrate"]

File = Annotated[str, typer.Argument(metavar="FILE", help="TOML: [data], [model], [free].")]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-calibrate by default.")
]


def calibrate(
    file: File,
    out: Out = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Fit temperature, fields and feed to waves of stances, or to targets, and say what is known.

    Running again into the same folder continues where it was stopped.
    """
    from sociophysics.experiments.calibrating import read_question
    from sociophysics.store import open_store, studies
    from sociophysics.streams import check_seed

    asked = read_question(file)
    if seed is not None:
        asked = asked._replace(seed=check_seed(seed))
    place = str(Path("runs") / f"{Path(file).stem}-calibrate") if out is None else out
    studies.read_manifest(open_store(place), "calibrate")
    count = count_of(workers)
    command = shlex.join(
        ["sociophysics", "calibrate", file, *([] if seed is None else ["--seed", str(seed)])]
    )
    shown = {"name": Path(file).stem, "command": command}
    with quieted(quiet), workers_of(scheduler) as executor:
        answer(asked, shown, place, count, executor)


def answer(
    asked: Question,
    shown: Mapping[str, str],
    place: str,
    workers: int | None,
    executor: Executor | None,
) -> None:
    """Calibrate what is asked, and write and print what was found."""
    from sociophysics.cli.progress import follow
    from sociophysics.experiments.calibrating import answered, manifest_of, tables_of
    from sociophysics.report import calibration_page
    from sociophysics.store import open_store, studies, write_table, write_text
    from sociophysics.study.measure import Work

    store = open_store(place)
    given: dict[str, Any] = {"folder": None if asked.folder is None else str(asked.folder)}
    title = f"Calibration of {shown['name']}"
    with (
        studies.claimed(store, "calibrate", manifest_of(asked), {**given, "shown": dict(shown)}),
        follow(title) as progress,
    ):
        work = Work(folder=place, workers=workers, executor=executor, progress=progress)
        found = answered(asked, work)
        for name, table in tables_of(found).items():
            write_table(store, name, table)
        page = calibration_page.render(found, title=title, command=shown["command"])
        write_text(store, "report.html", page)
    typer.echo(f"{title}, by {calibration_page.WAYS[found.way]}")
    for line in calibration_page.sentences(found):
        typer.echo(f"  {line}")
    for row in found.combinations.to_dict("records"):
        typer.echo(f"  {calibration_page.told(row)}")
    for note in found.notes:
        typer.echo(f"note: {note}")
    typer.echo(f"draws: {os.path.join(store.place, 'posterior.parquet')}")
    typer.echo(f"table: {os.path.join(store.place, 'summary.csv')}")
    typer.echo(f"report: {os.path.join(store.place, 'report.html')}")


def asked_again(
    asked: Mapping[str, Any],
    given: Mapping[str, Any],
    place: str,
    workers: int | None,
    executor: Executor | None,
) -> None:
    """Ask again what a manifest says."""
    from sociophysics.experiments.calibrating import Question
    from sociophysics.experiments.calibrating import calibrate as from_python

    folder = given.get("folder")
    question = Question(
        asked["data"], asked["model"], asked["free"], asked["targets"],
        None if folder is None else Path(folder), asked["seed"],
    )  # fmt: skip
    if given.get("python"):
        from_python(question, out=place, workers=workers, executor=executor)
        return
    answer(question, given["shown"], place, workers, executor)
