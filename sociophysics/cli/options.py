"""Options that the commands share, and what they stand for."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.machine import checked_workers

if TYPE_CHECKING:
    from sociophysics.scenario import Scenario

__all__ = [
    "Design",
    "Quiet",
    "Replicas",
    "ScenarioFile",
    "Scheduler",
    "Seed",
    "Workers",
    "count_of",
    "quieted",
    "seeded",
    "whole_paths",
    "workers_of",
]

Workers = Annotated[
    int | None,
    typer.Option(
        help="Processes; by default as many as pay, up to all processors. No number depends on it."
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Address of a dask scheduler, as tcp://HOST:8786; its workers do the work."),
]
ScenarioFile = Annotated[
    Path, typer.Argument(help="TOML file, or a bundled scenario's name.", show_default=False)
]
Design = Annotated[str | None, typer.Option(help="Name of a design; the first by default.")]
Replicas = Annotated[int | None, typer.Option(help="Replicas, instead of the file's.")]
Seed = Annotated[int | None, typer.Option(help="Seed, instead of the file's.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]


def count_of(workers: int | None) -> int | None:
    """Return the processes of ``--workers``, None for as many as pay.

    Raises
    ------
    InputError
        Fewer than one.
    """
    return checked_workers(workers, "--workers")


def seeded(scenario: Scenario, seed: int | None) -> Scenario:
    """Return a scenario with the seed of ``--seed``, its own if that is left out."""
    from sociophysics.streams import check_seed

    if seed is None:
        return scenario
    changes: dict[str, Any] = {"seed": check_seed(seed)}
    return scenario.replace(changes)


def whole_paths(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is given with whole paths for what exists, so that it is found from anywhere.

    Examples
    --------
    >>> whole_paths({"network": "karate", "nodes": None})
    {'network': 'karate', 'nodes': None}
    """
    return {key: _whole_path(value) for key, value in given.items()}


def _whole_path(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole_path(each) for each in value]
    if isinstance(value, str | Path):
        return str(Path(value).absolute()) if Path(value).exists() else str(value)
    return value


@contextlib.contextmanager
def quieted(quiet: bool) -> Iterator[None]:
    """Print nothing inside, if so asked; an error is printed after it has left."""
    if not quiet:
        yield
        return
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


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
