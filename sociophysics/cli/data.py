"""``sociophysics data``: what comes with the package, and what can be fetched."""

from __future__ import annotations

from typing import Annotated

import typer

from sociophysics.errors import InputError, did_you_mean

__all__ = ["app"]

VOTEVIEW = "voteview"

app = typer.Typer(
    help="Bundled data, and data to fetch.", rich_markup_mode=None, no_args_is_help=False
)


@app.command("list")
def listed() -> None:
    """List bundled networks and chambers, and what can be fetched."""
    from sociophysics.rollcall.chambers import CHAMBERS
    from sociophysics.society import networks

    typer.echo("networks (bundled)")
    for name, row in networks.available().iterrows():
        size = f"{row['users']} users, {row['ties']} ties, camp = {row['camp']}"
        typer.echo(f"  {name:<18}{size:<44}{row['about']}")
    typer.echo("roll calls (bundled)")
    for name, chamber in CHAMBERS.items():
        typer.echo(f"  {name:<18}{chamber.source}")
    typer.echo("roll calls (fetched)")
    typer.echo(
        f"  {VOTEVIEW + ' S117':<18}any chamber and Congress from Voteview: H1 to S119, HSall"
    )


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="A name of `data list`, or voteview.")],
    chamber: Annotated[
        str | None, typer.Argument(help="With voteview: chamber and Congress, S117.")
    ] = None,
) -> None:
    """Make data available, and print where it is."""
    if name == VOTEVIEW:
        from sociophysics.rollcall import fetch_voteview

        if chamber is None:
            raise InputError(
                "voteview is given without a chamber; add chamber and Congress, as in "
                "`sociophysics data fetch voteview S117`."
            )
        for path in fetch_voteview(chamber):
            typer.echo(path)
        return
    if chamber is not None:
        raise InputError(f"{chamber!r} is given after {name!r}; only voteview takes a chamber.")
    for file in _bundled(name):
        typer.echo(file)


def _bundled(name: str) -> list[str]:
    from sociophysics.datasets import bundled_file
    from sociophysics.rollcall.chambers import CHAMBERS
    from sociophysics.society import networks

    if name in networks.available().index:
        return [str(bundled_file(f"{name}.{part}.csv")) for part in ("edges", "nodes")]
    if name in CHAMBERS:
        files = (CHAMBERS[name].votes, CHAMBERS[name].rollcalls)
        return [str(bundled_file(file)) for file in files if file is not None]
    known = [*networks.available().index, *CHAMBERS, VOTEVIEW]
    raise InputError(f"{name!r} is not known; {did_you_mean(name, known)}")
