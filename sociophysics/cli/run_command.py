"""``sociophysics run``: a scenario from its file to its report."""

from __future__ import annotations

import contextlib
import logging
import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sociophysics.scenario import Scenario

__all__ = ["Scheduler", "run", "workers_of"]


ScenarioFile = Annotated[Path, typer.Argument(help="TOML file.", show_default=False)]
Out = Annotated[
    str | None,
    typer.Option(help="Folder of the run, or s3://BUCKET/NAME; runs/NAME by default."),
]
Workers = Annotated[
    int | None, typer.Option(help="Processes; all processors by default. No number depends on it.")
]
Replicas = Annotated[int | None, typer.Option(help="Replicas, instead of the file's.")]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Address of a dask scheduler, as tcp://HOST:8786; its workers do the work."),
]
PValues = Annotated[
    bool, typer.Option("--p-values", help="Also p-values, corrected by Holm for all comparisons.")
]


def run(
    scenario: ScenarioFile,
    out: Out = None,
    workers: Workers = None,
    replicas: Replicas = None,
    scheduler: Scheduler = None,
    p_values: PValues = False,
) -> None:
    """Run a scenario, and print how its designs compare.

    The answer stands at the point that the file's own tables declare.

    Running again into the same folder continues; more replicas or more listed values extend it.
    """
    from sociophysics.scenario import Scenario

    loaded = Scenario.load(scenario)
    if replicas is not None:
        loaded = loaded.replace({"sweep.replicas": replicas})
    place = str(Path("runs") / scenario.stem) if out is None else out
    options = {
        "--out": out,
        "--workers": workers,
        "--replicas": replicas,
        "--scheduler": scheduler,
    }
    words = [str(word) for item in options.items() if item[1] is not None for word in item]
    words += ["--p-values"] if p_values else []
    again = shlex.join(["sociophysics", "run", str(scenario), *words])
    with workers_of(scheduler) as executor:
        _run(loaded, place, workers, executor, again, p_values)


@contextlib.contextmanager
def workers_of(scheduler: str | None) -> Iterator[Executor | None]:
    """Give the executor of a scheduler's workers, None for processes of this machine."""
    if scheduler is None:
        yield None
        return
    from sociophysics.study import cluster

    # What matters of it is said in a sentence of ours.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with cluster.connect(scheduler) as executor:
        yield executor


def _run(
    scenario: Scenario,
    place: str,
    workers: int | None,
    executor: Executor | None,
    again: str,
    p_values: bool,
) -> None:
    from sociophysics import runs
    from sociophysics.cli.printed_summary import show
    from sociophysics.cli.progress import follow

    try:
        with follow(scenario.title or scenario.name) as progress:
            result = runs.run(
                scenario,
                out=place,
                workers=workers,
                executor=executor,
                progress=progress,
                p_values=p_values,
            )
    except KeyboardInterrupt:
        print(
            f"\nsociophysics: interrupted; finished parts are kept in {place}. "
            f"To continue: {again}",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    show(result, p_values=p_values)
