"""``sociophysics sensitivity``: which keys move an outcome, and if designs keep their order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

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
    workers_of,
)
from sociophysics.errors import InputError

__all__ = ["sensitivity"]

Keys = Annotated[
    list[str],
    typer.Option(
        help="KEY or KEY=LOW:HIGH, such as feed.strength=0:1; may be repeated. Without bounds: "
        "a fifth below and above the file's value.",
        show_default=False,
    ),
]
Method = Annotated[str, typer.Option(help="morris (which keys matter) or sobol (shares).")]
Samples = Annotated[int, typer.Option(help="Trajectories, or a power of two of base points.")]
Observable = Annotated[str | None, typer.Option(help="The file's first by default.")]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-sensitivity by default.")
]


def sensitivity(
    scenario: ScenarioFile,
    keys: Keys,
    method: Method = "morris",
    samples: Samples = 8,
    observable: Observable = None,
    replicas: Replicas = None,
    out: Out = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Vary keys all at once: whether the order of designs survives, and which keys matter.

    Running again into the same folder continues where it was stopped.
    """
    from sociophysics.cli.progress import follow
    from sociophysics.experiments import sensitivity as varied
    from sociophysics.scenario import Scenario

    loaded = Scenario.load(scenario)
    place = str(Path("runs") / f"{Path(scenario).stem}-sensitivity") if out is None else out
    asked = dict(map(_bounds, keys))
    title = loaded.title or loaded.name
    with quieted(quiet), workers_of(scheduler) as executor, follow(title) as progress:
        found = varied(
            loaded,
            asked,
            method=method,
            samples=samples,
            observable=observable,
            replicas=replicas,
            out=place,
            workers=count_of(workers),
            executor=executor,
            progress=progress,
            seed=seed,
        )
    if quiet:
        return
    typer.echo(found.sentence)
    typer.echo(found.indices.round(3).to_string(index=False))
    typer.echo(f"tables: {os.path.join(place, 'indices.csv')}, order.csv, points.csv")


def _bounds(text: str) -> tuple[str, tuple[float, float] | None]:
    """Return a key with its bounds, None where it has none.

    Examples
    --------
    >>> _bounds("feed.strength=0:1"), _bounds("feed.strength")
    (('feed.strength', (0.0, 1.0)), ('feed.strength', None))
    """
    key, equals, pair = text.partition("=")
    if not equals:
        return key, None
    try:
        low, high = (float(end) for end in pair.split(":"))
    except ValueError:
        raise InputError(f"--keys is {text!r}; give KEY or KEY=LOW:HIGH.") from None
    return key, (low, high)
