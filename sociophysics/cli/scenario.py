"""``sociophysics scenario``, ``describe`` and ``schema``: bundled scenarios, and any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sociophysics.cli.options import ScenarioFile

__all__ = ["app", "describe", "schema"]


BundledName = Annotated[str, typer.Argument(help="A name of `scenario list`.", show_default=False)]

app = typer.Typer(
    help="Scenarios that come with the package: list, show, copy.",
    rich_markup_mode=None,
    no_args_is_help=False,
)


def describe(scenario: ScenarioFile) -> None:
    """Print a description of a scenario after the ODD protocol, in Markdown."""
    from sociophysics.report import describe as odd
    from sociophysics.scenario import Scenario

    typer.echo(odd.describe(Scenario.load(scenario)))


def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    from sociophysics.scenario import scenario_schema

    typer.echo(json.dumps(scenario_schema(), indent=2))


@app.command("list")
def listed() -> None:
    """List the bundled scenarios, each with its question."""
    from sociophysics.datasets import bundled_scenarios
    from sociophysics.scenario import text

    files = bundled_scenarios()
    width = max(map(len, files)) + 2
    for name, path in files.items():
        question = str(text.parse(text.read(path), file=name).get("question", ""))
        typer.echo(f"{name:<{width}}{' '.join(question.split())}")
    typer.echo("run one: sociophysics run NAME; change one: sociophysics scenario copy NAME")


@app.command("show")
def show(name: BundledName) -> None:
    """Print a bundled scenario's file."""
    typer.echo(_file(name).read_text(encoding="utf-8"), nl=False)


@app.command("copy")
def copy(
    name: BundledName,
    to: Annotated[
        Path | None, typer.Argument(help="File or folder; NAME.toml here by default.")
    ] = None,
) -> None:
    """Copy a bundled scenario, to change it; no file is overwritten."""
    from sociophysics.errors import InputError

    source = _file(name)
    place = Path(source.name) if to is None else to / source.name if to.is_dir() else to
    try:
        with place.open("x", encoding="utf-8", newline="") as copied:
            copied.write(source.read_text(encoding="utf-8"))
    except FileExistsError:
        raise InputError(
            f"{place} exists, and nothing is overwritten; give another name: "
            f"`sociophysics scenario copy {name} OTHER.toml`."
        ) from None
    except FileNotFoundError:
        raise InputError(
            f"{place} cannot be written, because its folder does not exist; make the folder first."
        ) from None
    typer.echo(place)


def _file(name: str) -> Path:
    from sociophysics.datasets import bundled_scenarios
    from sociophysics.errors import InputError, did_you_mean

    files = bundled_scenarios()
    if (stem := name.removesuffix(".toml")) in files:
        return files[stem]
    raise InputError(f"{name!r} is not a bundled scenario; {did_you_mean(name, list(files))}")
