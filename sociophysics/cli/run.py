"""``sociophysics run``: a scenario from its file to its report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sociophysics.errors import InputError

if TYPE_CHECKING:
    from sociophysics.scenario import Scenario

__all__ = ["run"]


ScenarioFile = Annotated[Path, typer.Argument(help="TOML file.", show_default=False)]
Out = Annotated[Path | None, typer.Option(help="Folder of the run; runs/NAME by default.")]
Workers = Annotated[
    int | None, typer.Option(help="Processes; all processors by default. No number depends on it.")
]
Replicas = Annotated[int | None, typer.Option(help="Replicas, instead of the file's.")]
Scheduler = Annotated[str | None, typer.Option(help="Address of a cluster's scheduler.")]


def run(
    scenario: ScenarioFile,
    out: Out = None,
    workers: Workers = None,
    replicas: Replicas = None,
    scheduler: Scheduler = None,
) -> None:
    """Run a scenario, and print how its designs compare.

    Running again into the same folder continues; more replicas or more listed values extend it.
    """
    from sociophysics.scenario import Scenario

    if scheduler is not None:
        raise InputError(
            f"--scheduler is {scheduler!r}, but this version runs on this machine only; leave it "
            "out, or pass an executor of your cluster to sociophysics.run."
        )
    loaded = Scenario.load(scenario)
    if replicas is not None:
        loaded = loaded.replace({"sweep.replicas": replicas})
    folder = Path("runs") / scenario.stem if out is None else out
    again = _command(scenario, out=out, workers=workers, replicas=replicas)
    _run(loaded, folder, workers, again)


def _run(scenario: Scenario, folder: Path, workers: int | None, again: str) -> None:
    from sociophysics import ensemble
    from sociophysics.cli.progress import follow
    from sociophysics.cli.summary import show

    try:
        with follow(scenario.title or scenario.name) as progress:
            result = ensemble.run(scenario, out=folder, workers=workers, progress=progress)
    except KeyboardInterrupt:
        print(
            f"\nsociophysics: interrupted; finished parts are kept in {folder}. "
            f"To continue: {again}",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    show(result)


def _command(scenario: Path, *, out: Path | None, workers: int | None, replicas: int | None) -> str:
    options = {"--out": out, "--workers": workers, "--replicas": replicas}
    words = ["sociophysics", "run", str(scenario)]
    for name, value in options.items():
        if value is not None:
            words += [name, str(value)]
    return shlex.join(words)
