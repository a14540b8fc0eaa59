"""``sociophysics inspect``: the structure of a network, every score with its null."""

from __future__ import annotations

import hashlib
import math
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.cli.options import (
    Quiet,
    Scheduler,
    Workers,
    count_of,
    quieted,
    whole_paths,
    workers_of,
)
from sociophysics.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from sociophysics.society.spins import SpinSystem
    from sociophysics.store import Store

__all__ = ["answer", "inspect", "loaded"]


Network = Annotated[str, typer.Argument(help="Bundled name, or file.", show_default=False)]
Camps = Annotated[
    str | None, typer.Option(help="Node attribute; `camp`, or a bundled network's own, by default.")
]
Nodes = Annotated[Path | None, typer.Option(help="Table of users beside an edge list.")]
Coupling = Annotated[
    str | None, typer.Option(help="Column of the ties' couplings; `coupling` by default.")
]
Source = Annotated[
    str | None, typer.Option(help="Column of who listens; source, src or from by default.")
]
Target = Annotated[
    str | None, typer.Option(help="Column of whom to; target, dst or to by default.")
]
Weight = Annotated[str | None, typer.Option(help="The same as --coupling.")]
Symmetrize = Annotated[
    str | None, typer.Option(help="mean, sum or mutual: what two directions of a tie become.")
]
Directed = Annotated[
    bool, typer.Option("--directed", help="Keep who listens to whom instead of mutual ties.")
]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-inspect by default.")
]
Draws = Annotated[int, typer.Option(help="Random networks of each null; 0: none.")]
Largest = Annotated[bool, typer.Option("--largest", help="Keep the largest component only.")]
Seed = Annotated[int, typer.Option(help="Of the nulls.")]
TimeLimit = Annotated[float, typer.Option(help="Seconds for the frustration index.")]


def inspect(
    network: Network,
    camps: Camps = None,
    nodes: Nodes = None,
    coupling: Coupling = None,
    source: Source = None,
    target: Target = None,
    weight: Weight = None,
    symmetrize: Symmetrize = None,
    directed: Directed = False,
    out: Out = None,
    draws: Draws = 100,
    largest: Largest = False,
    seed: Seed = 0,
    time_limit: TimeLimit = 10.0,
    workers: Workers = None,
    scheduler: Scheduler = None,
    quiet: Quiet = False,
) -> None:
    """Print and write a structural report of a network, every score with its null.

    Running again into the same folder continues where it was stopped.
    """
    from sociophysics.store import open_store, studies

    place = str(Path("runs") / f"{Path(network).stem}-inspect") if out is None else out
    studies.read_manifest(open_store(place), "inspect")
    given: dict[str, Any] = {
        "network": network,
        "camps": camps,
        "nodes": nodes,
        "coupling": coupling,
    }
    given |= {"source": source, "target": target, "weight": weight, "symmetrize": symmetrize}
    given |= {"directed": True} if directed else {}
    options: dict[str, Any] = {"draws": draws, "seed": seed, "time_limit": time_limit}
    count = count_of(workers)
    with quieted(quiet), workers_of(scheduler) as executor:
        answer(given, options, largest, place, count, executor)


def answer(
    given: Mapping[str, Any],
    options: dict[str, Any],
    largest: bool,
    place: str,
    workers: int | None,
    executor: Executor | None,
) -> None:
    """Inspect the network that is given, and write and print what was found."""
    from sociophysics.experiments.inspection import structure
    from sociophysics.scenario.membership import counted
    from sociophysics.society import camps as camp_attributes
    from sociophysics.society.ties import ties
    from sociophysics.store import open_store, studies
    from sociophysics.study.measure import Work, keeping_steps
    from sociophysics.study.society_card import card

    network, draws = given["network"], options["draws"]
    name = Path(network).stem
    more = {key: given.get(key) for key in ("source", "target", "weight", "symmetrize")}
    directed = bool(given.get("directed"))
    system, attribute, graph = loaded(
        network,
        given["camps"],
        given["nodes"],
        given["coupling"],
        largest,
        directed=directed,
        **more,
    )
    codes, names = (None, ()) if attribute is None else camp_attributes.of(system, attribute)
    shown = {f"--{key}": given[key] for key in ("camps", "nodes", "coupling")}
    shown |= {f"--{key}": value for key, value in more.items()}
    # A study that is repeated shows the command that it was first asked by.
    command = given.get("shown") or _command(
        network, shown | {"--draws": draws}, options["seed"], largest, directed
    )
    title = f"Structure of {name}" + (f", camps by {attribute}" if attribute else "")
    asked = {"network": name, "camps": attribute, "largest": largest, **options}
    asked |= {"directed": True} if directed else {}
    manifest = studies.make_manifest("inspect", asked=asked, inputs=_digests(system, codes, names))
    members = counted(attribute, codes, names, tuple(graph.get("notes", ())))
    said = members.sentences()
    manifest |= {"users": system.n, "camp_sizes": members.camps or {}}
    manifest |= {"without_camp": members.without_camp, "notes": list(members.notes)}
    where = {**given, **whole_paths({key: given[key] for key in ("network", "nodes")})}
    store = open_store(place)
    work = Work(folder=place, workers=workers, executor=executor)
    with studies.claimed(store, "inspect", manifest, {**where, "shown": command}):
        unused = list(graph.get("unused_tie_columns", ()))
        with keeping_steps(work, total=draws):
            rows = structure(system, codes, names=names, unused=unused, **options)
        page = {"title": title, "command": command, "draws": draws, "notes": said}
        page["society"] = card(system).sentences()
        _write(store, rows, ties(system).degree, page)
    _show(rows, title, draws, said)
    typer.echo(f"table: {os.path.join(store.place, 'structure.csv')}")
    typer.echo(f"report: {os.path.join(store.place, 'report.html')}")


def loaded(
    network: str,
    camps: str | None,
    nodes: Path | None,
    coupling: str | None,
    largest: bool,
    *,
    directed: bool = False,
    **more: Any,
) -> tuple[SpinSystem, str | None, dict[str, Any]]:
    """Return the system, the attribute that holds camps, and what the reading has to say."""
    from sociophysics.experiments.inspection import largest_component
    from sociophysics.society import couplings, networks

    bundled = networks.available()
    if network in bundled.index and not Path(network).exists():
        if any(value is not None for value in (nodes, coupling, *more.values())):
            raise InputError(
                f"{network} is a bundled network, which has its own users and no couplings; leave "
                "--nodes, --coupling and other columns out."
            )
        graph = networks.load(network, directed=directed)
        camps = camps or str(bundled.loc[network, "camp"])
    elif Path(network).suffix or Path(network).exists():
        graph = networks.read(network, nodes=nodes, coupling=coupling, directed=directed, **more)
    else:
        raise InputError(
            f"{network!r} is neither a file nor a bundled network; bundled: "
            f"{', '.join(bundled.index)}."
        )
    weighted = any("coupling" in data for _, _, data in graph.edges(data=True))
    system = couplings.edge(graph) if weighted else couplings.uniform(graph)
    if largest:
        kept = largest_component(system)
        graph = graph.subgraph([system.labels[i] for i in kept])
        system = couplings.edge(graph) if weighted else couplings.uniform(graph)
    if camps is None and "camp" in system.nodes.columns:
        camps = "camp"
    return system, camps, dict(graph.graph)


def _command(network: str, given: dict[str, Any], seed: int, largest: bool, directed: bool) -> str:
    """Return the command line that does the same again."""
    words = ["sociophysics", "inspect", network]
    for option, value in {**given, "--seed": seed}.items():
        words += [] if value is None else [option, str(value)]
    flags = [*(["--directed"] if directed else []), *(["--largest"] if largest else [])]
    return shlex.join([*words, *flags])


def _digests(system: SpinSystem, codes: Any, names: Sequence[object]) -> dict[str, str]:
    """Return the sha256 of what is inspected, whatever file it comes from."""
    from sociophysics.dynamics.state import fingerprint

    camps = "" if codes is None else f"{list(codes)} {[str(name) for name in names]}"
    return {"network": fingerprint(system), "camps": hashlib.sha256(camps.encode()).hexdigest()}


def _write(store: Store, rows: pd.DataFrame, degree: Any, keys: dict[str, Any]) -> None:
    from sociophysics.report import inspect_page
    from sociophysics.store import write_table, write_text

    write_table(store, "structure", rows)
    write_text(store, "report.html", inspect_page.render(rows, degree, **keys))


def _show(rows: pd.DataFrame, title: str, draws: int, said: list[str]) -> None:
    typer.echo(f"{title}; null: {draws} degree-preserving rewirings" if draws else title)
    if (rows["null"] == "signs").any():
        typer.echo(f"null of balance and frustration: {draws} permutations of signs on fixed ties")
    for sentence in said:
        typer.echo(f"note: {sentence}")
    columns = ("value", "mean", "sd", "z", "p")
    width = int(rows["measure"].str.len().max()) + 1
    for group, part in rows.groupby("group", sort=False):
        typer.echo(f"\n{group:<{width + 2}}" + "".join(f"{each:>11}" for each in columns))
        for row in part.to_dict("records"):
            cells = "".join(f"{_cell(row[each], each):>11}" for each in columns)
            note = f"  {row['note']}" if row["note"] else ""
            typer.echo(f"  {row['measure']:<{width}}{cells}{note}".rstrip())


def _cell(value: float, column: str) -> str:
    """Return a number as a cell of the table, empty where there is none.

    Examples
    --------
    >>> _cell(1222.0, "value"), _cell(0.50821, "value"), _cell(float("nan"), "z")
    ('1222', '0.5082', '')
    >>> _cell(1 / 101, "p")
    '0.0099'
    """
    if math.isnan(value):
        return ""
    if column == "z":
        return f"{value:.1f}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4f}"
