"""``sociophysics run``: a scenario from its file to its report."""

from __future__ import annotations

import shlex
import sys
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sociophysics.cli.options import (
    Quiet,
    Replicas,
    ScenarioFile,
    Scheduler,
    Seed,
    Workers,
    quieted,
    seeded,
    workers_of,
)

if TYPE_CHECKING:
    from sociophysics.cli.progress import Report
    from sociophysics.scenario import Scenario

__all__ = ["run"]


Out = Annotated[
    str | None,
    typer.Option(help="Folder of the run, or s3://BUCKET/NAME; runs/NAME by default."),
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
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Run a scenario, and print how its designs compare.

    The answer stands at the point that the file's own tables declare.

    Running again into the same folder continues; more replicas or more listed values extend it.
    """
    from sociophysics.scenario import Scenario

    with quieted(quiet):  # of very many values it says how many were looked at
        loaded = seeded(Scenario.load(scenario), seed)
        if replicas is not None:
            loaded = loaded.replace({"sweep.replicas": replicas})
    place = str(Path("runs") / scenario.stem) if out is None else out
    options = {
        "--out": out,
        "--workers": workers,
        "--replicas": replicas,
        "--scheduler": scheduler,
        "--seed": seed,
    }
    words = [str(word) for item in options.items() if item[1] is not None for word in item]
    words += ["--p-values"] * p_values + ["--quiet"] * quiet
    again = shlex.join(["sociophysics", "run", str(scenario), *words])
    with workers_of(scheduler) as executor:
        _run(loaded, place, workers, executor, again, p_values, quiet)


def _warns_first(progress: Report, scenario: Scenario) -> Report:
    """Return a progress that first says which designs stand still.

    It is told for the first time when the folder is claimed and nothing is computed yet: whoever
    is refused hears only why, and nobody waits for a run of equal numbers unwarned.
    """
    warned = False

    def report(finished: int, total: int, updates: float) -> None:
        nonlocal warned
        if not warned and finished < total:
            from sociophysics.study.scenario_card import frozen_designs

            for sentence in frozen_designs(scenario):
                print(f"warning: {sentence}", file=sys.stderr)
        warned = True
        progress(finished, total, updates)

    return report


def _run(
    scenario: Scenario,
    place: str,
    workers: int | None,
    executor: Executor | None,
    again: str,
    p_values: bool,
    quiet: bool,
) -> None:
    from sociophysics import runs
    from sociophysics.cli.printed_summary import show
    from sociophysics.cli.progress import follow

    try:
        with quieted(quiet), follow(scenario.title or scenario.name) as progress:
            result = runs.run(
                scenario,
                out=place,
                workers=workers,
                executor=executor,
                progress=progress if quiet else _warns_first(progress, scenario),
                p_values=p_values,
            )
    except KeyboardInterrupt:
        print(
            f"\nsociophysics: interrupted; finished parts are kept in {place}. "
            f"To continue: {again}",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    if not quiet:
        show(result, p_values=p_values)
