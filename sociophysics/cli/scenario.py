"""``sociophysics describe`` and ``schema``: what a scenario says, and what it may say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["describe", "schema"]


ScenarioFile = Annotated[Path, typer.Argument(help="TOML file.", show_default=False)]


def describe(scenario: ScenarioFile) -> None:
    """Print a description of a scenario after the ODD protocol, in Markdown."""
    from sociophysics.report import describe as odd
    from sociophysics.scenario import Scenario

    typer.echo(odd.describe(Scenario.load(scenario)))


def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    from sociophysics.scenario import scenario_schema

    typer.echo(json.dumps(scenario_schema(), indent=2))
