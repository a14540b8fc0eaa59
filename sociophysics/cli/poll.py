"""``sociophysics poll``: what a few users' stances tell about everybody's."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.cli.options import (
    Design,
    Quiet,
    Replicas,
    ScenarioFile,
    Scheduler,
    Seed,
    Workers,
    count_of,
    quieted,
    workers_of,
)
from sociophysics.errors import InputError
from sociophysics.words import number_of

if TYPE_CHECKING:
    from sociophysics.experiments.polls import Polls

__all__ = ["poll"]

Sizes = Annotated[str, typer.Option(help="How many users are asked, as 1,3,10.")]
Choices = Annotated[str, typer.Option(help="Who is asked: random, degree, greedy.")]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-poll by default.")
]


def poll(
    scenario: ScenarioFile,
    sizes: Sizes = "1,3,10,30",
    choices: Choices = "random,degree,greedy",
    design: Design = None,
    replicas: Replicas = None,
    out: Out = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Say how many users one has to ask to know the majority, the rest and each camp.

    Running again into the same folder continues where it was stopped.
    """
    from sociophysics.cli.progress import follow
    from sociophysics.experiments import polling
    from sociophysics.scenario import Scenario
    from sociophysics.store import open_store, studies

    loaded = Scenario.load(scenario)
    try:
        numbers = [int(each) for each in sizes.split(",")]
    except ValueError:
        raise InputError(f"--sizes is {sizes!r}; give whole numbers, as in 1,3,10.") from None
    place = str(Path("runs") / f"{Path(scenario).stem}-poll") if out is None else out
    studies.read_manifest(open_store(place), "poll")
    count = count_of(workers)
    with quieted(quiet), workers_of(scheduler) as executor:
        with follow(loaded.title or loaded.name) as progress:
            keys: dict[str, Any] = {"workers": count, "executor": executor, "progress": progress}
            found = polling(
                loaded, numbers, choices=choices.split(","), design=design, replicas=replicas,
                out=place, seed=seed, **keys,
            )  # fmt: skip
        typer.echo("\n".join(_lines(found)))
        typer.echo(f"table: {os.path.join(open_store(place).place, 'polls.csv')}")


def _lines(found: Polls) -> list[str]:
    """Return what polls tell, one line per choice, size and target."""
    lines = ["what a poll tells, in bits and as a share of what there is to know (95 %)"]
    first = found.table.columns.get_loc("choice")
    swept = list(found.table.columns[:first])
    names = {f"camp {code}": f"camp {name}" for code, name in enumerate(found.camps)}
    settled = set()
    for row in found.table.to_dict("records"):
        point = "".join(f"{key} = {row[key]}, " for key in swept)
        target = names.get(row["target"], row["target"])
        if math.isnan(row["share"]) and row["target"] != "another user":
            settled.add((point, target))
            continue
        share = "" if math.isnan(row["share"]) else f", {100 * row['share']:.0f} %"
        lines.append(
            f"  {point}{row['choice']}, {row['size']} asked: {target} "
            f"{row['information']:.3f} {_interval(row['low'], row['high'])}{share}"
        )
    lines += [
        f"  {point}{target}: on the same side in all samples, so there is nothing to know"
        for point, target in sorted(settled)
    ]
    enough = []
    for row in found.enough.to_dict("records"):
        point = "".join(f"{key} = {row[key]}, " for key in swept)
        target = names.get(row["target"], row["target"])
        if (point, target) not in settled:
            none = math.isnan(row["size"])
            size = "none of these" if none else number_of(round(row["size"]), "user")
            enough.append(f"  {point}{row['choice']}, {target}: {size}")
    if enough:
        lines += ["smallest poll that tells nine tenths", *enough]
    return [*lines, *([f"note: {found.note}"] if found.note else [])]


def _interval(low: float, high: float) -> str:
    """Return an interval in brackets.

    Examples
    --------
    >>> _interval(0.5, 0.75), _interval(math.nan, math.nan)
    ('[0.500, 0.750]', '[not determined]')
    """
    return "[not determined]" if math.isnan(low) else f"[{low:.3f}, {high:.3f}]"
