"""``sociophysics fit``: from roll-call votes to a fitted chamber and its report."""

from __future__ import annotations

import contextlib
import math
import os
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.cli.options import (
    Quiet,
    Scheduler,
    Workers,
    count_of,
    quieted,
    whole_paths,
    workers_of,
)
from sociophysics.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd
    from rich.console import Console

    from sociophysics.inference.chamber.workflow import ChamberFit, How
    from sociophysics.rollcall import Votes
    from sociophysics.store import Store

__all__ = ["answer", "fit"]

Stage = Callable[[str, int, int], None]

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="VOTES",
        help="CSV, .ord or Voteview file, or a bundled chamber; several: a trend.",
        show_default=False,
    ),
]
Members = Annotated[
    Path | None, typer.Option(help="Voteview's members file; the one beside it by default.")
]
Rollcalls = Annotated[
    Path | None, typer.Option(help="Table of roll calls; Voteview's beside it by default.")
]
Codes = Annotated[
    str | None, typer.Option(help="What codes mean, such as 1=yea,0=nay,-1=missing (or abstain).")
]
FirstVote = Annotated[
    str | None, typer.Option(help="First column of votes; what stands before it is none.")
]
Chamber = Annotated[str | None, typer.Option(help="Which chamber of a file that holds several.")]
Polarity = Annotated[
    str | None, typer.Option(help="What +1 means: arbitrary (yea), expert, or majority.")
]
President = Annotated[bool, typer.Option("--keep-president", help="A President is a member too.")]
Switchers = Annotated[
    bool, typer.Option("--merge-switchers", help="One member, where a change of party made two.")
]
Test = Annotated[
    str, typer.Option(help="Which votes models are tested on: cells, or later rollcalls.")
]
Anchor = Annotated[
    str | None,
    typer.Option(help="Member or party on the positive side of the first dimension."),
]
Dimensions = Annotated[int, typer.Option(help="Ideal points in 1 to so many dimensions (1-3).")]
Minority = Annotated[
    float, typer.Option(help="Least share of the smaller side of a roll call, 0 to 0.5.")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Point fit and one test: no errors, no simulation.")
]
Tested = Annotated[
    list[str] | None,
    typer.Option(
        "--estimators",
        help="An estimator tested as well, such as mean_field or 'exact: l2 = 0.1'; several: "
        "give it again.",
    ),
]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-fit by default.")
]
Seed = Annotated[int, typer.Option(help="Of hidden votes, bootstrap and simulations.")]

PLAIN_WIDTH = 150
SHOWN = {"accuracy": "accuracy", "apre": "APRE", "gmp": "GMP", "ece": "ECE", "auc": "AUC"}


def fit(
    votes: Files,
    members: Members = None,
    rollcalls: Rollcalls = None,
    codes: Codes = None,
    first_vote: FirstVote = None,
    chamber: Chamber = None,
    polarity: Polarity = None,
    keep_president: President = False,
    merge_switchers: Switchers = False,
    test: Test = "cells",
    dimensions: Dimensions = 2,
    anchor: Anchor = None,
    minority: Minority = 0.025,
    quick: Quick = False,
    estimators: Tested = None,
    out: Out = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Fit couplings to roll-call votes, test them against ideal points, and write a report.

    Running again into the same folder continues where a killed fit stopped.
    """
    from sociophysics.inference.estimators.parameters import tables_of
    from sociophysics.inference.judging.holdout import TESTS
    from sociophysics.store import open_store, studies
    from sociophysics.streams import check_seed

    if test not in TESTS:
        raise InputError(f"--test is {test!r}; allowed: {', '.join(TESTS)}.")
    if not 1 <= dimensions <= 3:
        raise InputError(f"--dimensions is {dimensions}; allowed: 1, 2 or 3.")
    if not 0 <= minority <= 0.5:
        raise InputError(f"--minority is {minority}; a share from 0 to 0.5 is allowed.")
    check_seed(seed)
    count = count_of(workers)
    place = str(_default_folder([Path(each).stem for each in votes])) if out is None else out
    studies.read_manifest(open_store(place), "fit")
    how = {
        "codes": codes, "first_vote": first_vote, "chamber": chamber, "polarity": polarity,
        "keep_president": keep_president, "merge_switchers": merge_switchers,
    }  # fmt: skip
    given = {"votes": votes, "members": members, "rollcalls": rollcalls, "how": how}
    options: dict[str, Any] = {
        "quick": quick, "test": test, "dimensions": dimensions, "anchor": anchor,
        "minority": minority, "seed": seed,
        "estimators": tables_of([_stated(each) for each in estimators or ()]),
    }  # fmt: skip
    with quieted(quiet), workers_of(scheduler) as executor:
        answer(given, options, place, count, executor)


def _stated(text: str) -> dict[str, Any]:
    """Return the table that ``KIND`` or ``KIND: key = value, ...`` states."""
    kind, _, keys = text.partition(":")
    try:
        return {"kind": kind.strip(), **tomllib.loads(f"keys = {{{keys}}}")["keys"]}
    except (ValueError, RecursionError):  # a number of 5,000 digits, lists within lists
        raise InputError(
            f"--estimators is {text!r}; give a kind, or keys behind it as in "
            "'pseudolikelihood: l2 = 0.1, fields = true'."
        ) from None


def answer(
    given: Mapping[str, Any],
    options: dict[str, Any],
    place: str,
    workers: int | None,
    executor: Executor | None,
) -> None:
    """Fit the votes that are given, and write and print what was found."""
    from sociophysics.inference.chamber.workflow import How, fit_manifest
    from sociophysics.processes import step_workers
    from sociophysics.store import open_store, studies

    chambers = _opened(given["votes"], given["members"], given["rollcalls"], given["how"])
    files = {key: given[key] for key in ("votes", "members", "rollcalls")}
    where = {**whole_paths(files), "how": given["how"]}
    store, how = open_store(place), How(**options)
    with (
        studies.claimed(store, "fit", fit_manifest(chambers, how), where),
        step_workers(workers, executor) as hands,
    ):
        keys: dict[str, Any] = {"executor": hands, "workers": workers}
        if len(chambers) == 1:
            _fit_one(chambers, store, how, keys)
        else:
            alone = {
                name: where | {"votes": [path]}
                for name, path in zip(chambers, where["votes"], strict=True)
            }
            _fit_several(chambers, store, how, alone, keys)


def _opened(
    sources: list[str], members: Path | None, rollcalls: Path | None, how: dict[str, Any]
) -> dict[str, Votes]:
    """Return the votes by the name of their folder; what was understood is said on stderr."""
    from sociophysics.rollcall import open_votes

    if len(sources) > 1 and (members is not None or rollcalls is not None):
        raise InputError(
            f"--members or --rollcalls is given for {len(sources)} files of votes; leave it out "
            "and put Voteview's files of members beside those of votes."
        )
    opened: dict[str, Votes] = {}
    for source in sources:
        name = Path(source).stem
        if name in opened:
            raise InputError(
                f"two files of votes are called {name!r}, which names their folders; rename one."
            )
        opened[name] = open_votes(source, members=members, rollcalls=rollcalls, **how)
        for note in opened[name].notes:
            typer.echo(f"{name}: {note}", err=True)
    return opened


def _default_folder(names: list[str]) -> Path:
    return Path("runs") / (f"{names[0]}-fit" if len(names) == 1 else f"{names[0]}-trend")


def _fit_one(chambers: dict[str, Votes], store: Store, how: How, keys: dict[str, Any]) -> None:
    from sociophysics.inference.chamber.workflow import fit_into

    (name, votes), *_ = chambers.items()
    # what was kept from before took no time now and says nothing of what is left
    quick = None if store.names("parts") else how.quick
    with _stages(name, quick) as stage:
        fitted = fit_into(store, votes, how, progress=stage, **keys)
    place = store.place
    _write_report(fitted, name, place)
    _show(fitted.evaluation, f"{name}: held-out votes, test {fitted.evaluation['test'].iloc[0]}")
    first = os.path.join(place, "couplings.csv")
    typer.echo(f"tables: {first}, members.csv, rollcalls.csv, ideal_points.csv, ...")
    typer.echo(f"system: {os.path.join(place, 'system.npz')}")
    typer.echo(f"report: {os.path.join(place, 'report.html')}")


def _fit_several(
    chambers: dict[str, Votes],
    store: Store,
    how: How,
    alone: Mapping[str, Mapping[str, Any]],
    keys: dict[str, Any],
) -> None:
    from sociophysics.inference.chamber.several_chambers import fit_all_into

    place, names = store.place, ", ".join(chambers)

    def report(name: str, fitted: ChamberFit) -> None:
        _write_report(fitted, name, os.path.join(place, name))

    with _stages(names) as stage:
        trend = fit_all_into(store, chambers, how, alone, progress=stage, finished=report, **keys)
    _show_trend(trend)
    typer.echo(f"trend: {os.path.join(place, 'trend.csv')}")
    for name in chambers:
        typer.echo(f"report: {os.path.join(place, name, 'report.html')}")


def _write_report(fitted: ChamberFit, name: str, place: str) -> None:
    from sociophysics.report.chamber_page import render
    from sociophysics.store import open_store, write_text

    write_text(open_store(place), "report.html", render(fitted, name))


@contextlib.contextmanager
def _stages(title: str, quick: bool | None = None) -> Iterator[Stage]:
    """Yield the function that a fit tells which stage begins; what it says goes to stderr.

    ``quick`` says what kind of fit it is where the time that is left is to be said.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from sociophysics.inference.chamber.stages import seconds_left

    console, started = Console(stderr=True), time.monotonic()

    def left(stage: str) -> str:
        seconds = time.monotonic() - started
        rest = None if quick is None else seconds_left(stage, seconds, quick=quick)
        return "" if rest is None else f", about {rest:.0f} s left"

    if not console.is_terminal:

        def line(stage: str, done: int, total: int) -> None:
            seconds = time.monotonic() - started
            text = f"{done} of {total}: {stage} ({seconds:.0f} s{left(stage)})"
            console.out(text, highlight=False)

        yield line
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        task = progress.add_task(escape(title), total=None)

        def bar(stage: str, done: int, total: int) -> None:
            text = f"{escape(title)}: {escape(stage)}{left(stage)}"
            progress.update(task, description=text, completed=done, total=total)

        yield bar


def _show(evaluation: pd.DataFrame, title: str) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("model", no_wrap=True)
    for heading in SHOWN.values():
        table.add_column(Text(heading), justify="right")
    for row in evaluation.to_dict("records"):
        cells = [_with_sd(row[name], row.get(f"{name}_sd", math.nan)) for name in SHOWN]
        table.add_row(Text(str(row["model"])), *cells)
    console = _console()
    console.out(title, highlight=False)
    console.print(table)


def _with_sd(value: float, sd: float) -> str:
    text = "-" if math.isnan(value) else f"{value:.3f}"
    return text if math.isnan(sd) else f"{text} ({sd:.3f})"


def _show_trend(trend: pd.DataFrame) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from sociophysics.inference.chamber.several_chambers import MEASURES

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("chamber")
    for name in MEASURES:
        table.add_column(Text(name.replace("_", " ")), justify="right")
    for row in trend.to_dict("records"):
        cells = []
        for name in MEASURES:
            low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
            interval = "" if low is None else f" [{low:.3f}, {high:.3f}]"
            cells.append(f"{row[name]:.3f}{interval}")
        table.add_row(Text(str(row["chamber"])), *map(Text, cells))
    _console().print(table)


def _console() -> Console:
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)
