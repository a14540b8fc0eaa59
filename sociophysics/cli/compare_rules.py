"""``sociophysics compare-rules``: which rule tells later waves best, and does any beat habit."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sociophysics.cli.options import Quiet, quieted
from sociophysics.errors import InputError
from sociophysics.words import measured

__all__ = ["answer", "compare_rules"]

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="TOML with [data], or PLACE/NAME: NAME.edges.csv, NAME.nodes.csv, NAME.stances.csv.",
        show_default=False,
    ),
]
Directed = Annotated[bool, typer.Option("--directed", help="The source of a tie listens.")]
Coupling = Annotated[str | None, typer.Option(help="Column of the ties' weights; none by default.")]
Camps = Annotated[str | None, typer.Option(help="Column of the users with their camp.")]
LeaveOut = Annotated[str | None, typer.Option(help="Column of users who are not scored: 1.")]
Out = Annotated[
    str | None,
    typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-compare-rules by default."),
]


def compare_rules(
    data: Data,
    directed: Directed = False,
    coupling: Coupling = None,
    camps: Camps = None,
    leave_out: LeaveOut = None,
    out: Out = None,
    quiet: Quiet = False,
) -> None:
    """Score heat bath, voter, majority, q-voter, threshold and plain habits on held-out waves."""
    from sociophysics.store import open_store, studies

    keys = {"directed": directed or None, "coupling": coupling, "camp": camps}
    given = {key: value for key, value in keys.items() if value is not None}
    if Path(data).suffix.lower() == ".toml":
        if given:
            raise InputError(
                "a file says itself where its ties are; put --directed, --coupling and --camps "
                "into network of its [data]."
            )
        tables, folder = _tables(data)
    else:
        tables, folder = _panel(data, given), Path(data).absolute().parent
    place = str(Path("runs") / f"{Path(data).stem}-compare-rules") if out is None else out
    studies.read_manifest(open_store(place), "compare-rules")
    words = ["sociophysics", "compare-rules", data, *(["--directed"] if directed else [])]
    for option, value in (
        ("--coupling", coupling), ("--camps", camps), ("--leave-out", leave_out)
    ):  # fmt: skip
        words += [] if value is None else [option, value]
    where = {"folder": str(folder), "name": Path(data).stem, "shown": shlex.join(words)}
    with quieted(quiet):
        answer({"data": tables, "leave_out": leave_out}, where, place)


def _tables(file: str) -> tuple[dict[str, Any], Path]:
    from sociophysics.scenario import text as toml

    tables = toml.parse(toml.read(file), file=file)
    if not isinstance(tables.get("data"), dict):
        raise InputError(f"{file}: [data] is missing; add this table.")
    known = ("network", "stances", "camp")
    data = {key: value for key, value in tables["data"].items() if key in known}
    return data, Path(file).absolute().parent


def _panel(data: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of a panel in three files.

    Raises
    ------
    InputError
        One of them is not there.
    """
    name = Path(data).name
    for end in ("edges", "nodes", "stances"):
        if not Path(f"{data}.{end}.csv").is_file():
            raise InputError(
                f"{data}.{end}.csv does not exist; give a TOML file with [data], or PLACE/NAME of "
                "NAME.edges.csv, NAME.nodes.csv and NAME.stances.csv."
            )
    network = {"path": f"{name}.edges.csv", "nodes": f"{name}.nodes.csv", **keys}
    return {"network": network, "stances": f"{name}.stances.csv"}


def answer(asked: Mapping[str, Any], given: Mapping[str, Any], place: str) -> None:
    """Compare rules on the data, and write and print what was found."""
    from sociophysics.inference.stances import rival_rules
    from sociophysics.report import rivals_page
    from sociophysics.store import open_store, studies, write_table, write_text

    folder, data = Path(given["folder"]), asked["data"]
    network = data.get("network")
    named = [network.get(key) for key in ("path", "nodes")] if isinstance(network, dict) else []
    inputs = {}
    for path in [*named, data.get("stances")]:
        file = None if path is None else folder / str(path)
        if file is not None and file.is_file():
            inputs[str(path)] = hashlib.sha256(file.read_bytes()).hexdigest()
    whole = {"data": data, "leave_out": asked["leave_out"]}
    manifest = studies.make_manifest("compare-rules", asked=whole, inputs=inputs)
    store = open_store(place)
    title = f"Update rules on {given['name']}"
    with studies.claimed(store, "compare-rules", manifest, given):
        found = rival_rules.compare_rules(data, leave_out=asked["leave_out"], folder=folder)
        write_table(store, "rules", found.rules)
        write_table(store, "regressions", found.regressions)
        page = rivals_page.render(
            found, title=title, command=given["shown"], society=_society(data, folder)
        )
        write_text(store, "report.html", page)
    typer.echo(f"{title}: {found.fitted} pairs fitted, {found.pairs} scored, nats per pair")
    for row in found.rules.to_dict("records"):
        between = measured(row["difference"], row["low"], row["high"], "+.4f")
        reference = row["rule"] == rival_rules.REFERENCE
        typer.echo(
            f"  {row['rule']:<23}{row['log_score']:>9.4f}  {'reference' if reference else between}"
        )
    for note in found.notes:
        typer.echo(f"note: {note}")
    typer.echo(f"table: {os.path.join(store.place, 'rules.csv')}")
    typer.echo(f"report: {os.path.join(store.place, 'report.html')}")


def _society(data: dict[str, Any], folder: Path) -> list[str]:
    """Return the card of a panel: its users and ties, and whose stances are known."""
    from sociophysics.inference.calibration.panel_files import read_panel
    from sociophysics.society import couplings
    from sociophysics.study.society_card import card

    source = read_panel(data, folder)
    known = float((source.stances != 0).mean())
    said = card(couplings.uniform(source.graphs[0])).sentences()
    return [*said, f"{len(source.stances)} waves; {known:.1%} of the stances are known"]
