"""``sociophysics axis``: stances from who amplifies whom, and whether there are two camps."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sociophysics.cli.options import Quiet, quieted

__all__ = ["answer", "axis"]

Edges = Annotated[
    str, typer.Argument(metavar="EDGES", help="CSV, TSV or Parquet.", show_default=False)
]
Source = Annotated[str, typer.Option(help="Column of who amplifies.")]
Target = Annotated[str, typer.Option(help="Column of whom.")]
Weight = Annotated[str | None, typer.Option(help="Column of how often; once by default.")]
Windows = Annotated[str | None, typer.Option(help="Column of windows in time.")]
Positive = Annotated[str | None, typer.Option(help="User or account on the positive side.")]
Least = Annotated[int, typer.Option(help="Fewest accounts of a user, and users of an account.")]
Draws = Annotated[int, typer.Option(help="Bootstraps over the accounts; 0: none.")]
Seed = Annotated[int, typer.Option(help="Of the bootstraps.")]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-axis by default.")
]


def axis(
    edges: Edges,
    source: Source = "source",
    target: Target = "target",
    weight: Weight = None,
    windows: Windows = None,
    positive: Positive = None,
    least: Least = 3,
    draws: Draws = 200,
    seed: Seed = 0,
    out: Out = None,
    quiet: Quiet = False,
) -> None:
    """Lay users along the axis that tells best whom they amplify, and test for two camps."""
    from sociophysics.store import open_store, studies
    from sociophysics.streams import check_seed

    check_seed(seed)
    asked: dict[str, Any] = {
        "source": source,
        "target": target,
        "weight": weight,
        "windows": windows,
    }
    asked |= {"positive": positive, "least": least, "draws": draws, "seed": seed}
    place = str(Path("runs") / f"{Path(edges).stem}-axis") if out is None else out
    studies.read_manifest(open_store(place), "axis")
    words = ["sociophysics", "axis", edges]
    for name, value in asked.items():
        words += [] if value is None else [f"--{name}", str(value)]
    given = {"file": str(Path(edges).absolute()), "shown": shlex.join(words)}
    with quieted(quiet):
        answer(asked, given, place)


def answer(asked: Mapping[str, Any], given: Mapping[str, Any], place: str) -> None:
    """Find the axis of the ties, and write and print what was found."""
    from sociophysics.inference.calibration.panel_files import read_rows
    from sociophysics.report import axis_page
    from sociophysics.society.networks import latent_axis
    from sociophysics.store import open_store, studies, write_table, write_text

    file = Path(given["file"])
    named = [asked[key] for key in ("source", "target", "weight", "windows")]
    columns = tuple(dict.fromkeys(name for name in named if name is not None))
    rows = read_rows(file, columns)
    inputs = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()}
    manifest = studies.make_manifest("axis", asked=asked, inputs=inputs)
    store = open_store(place)
    title = f"Who amplifies whom in {file.stem}"
    with studies.claimed(store, "axis", manifest, given):
        found = latent_axis(rows, **asked)
        tables = {"users": found.users, "influencers": found.influencers}
        for name, table in {**tables, "windows": found.windows}.items():
            write_table(store, name, table)
        page = axis_page.render(found, title=title, command=given["shown"])
        write_text(store, "report.html", page)
    typer.echo(title)
    for line in [*axis_page.data_lines(found), *axis_page.sentences(found)]:
        typer.echo(f"  {line}")
    if asked["windows"] is not None:
        for row in found.windows.to_dict("records"):
            typer.echo(
                f"  window {row['window']}: {row['users']} users, p = {row['p']:.3g}, agreement "
                f"{row['agreement']:.2f}"
            )
    typer.echo(f"users: {os.path.join(store.place, 'users.csv')}")
    typer.echo(f"report: {os.path.join(store.place, 'report.html')}")
