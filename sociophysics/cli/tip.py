"""``sociophysics tip``: where a society tips along one key of its scenario."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from sociophysics.cli.run import Scheduler, workers_of
from sociophysics.errors import InputError
from sociophysics.machine import usable_cpus

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sociophysics.experiments.binder import Crossing
    from sociophysics.experiments.loops import Loop
    from sociophysics.experiments.tipping import Search
    from sociophysics.scenario import Scenario
    from sociophysics.store import Store

__all__ = ["tip"]

FORMAT = "sociophysics tip 1"
MANIFEST = "manifest.json"

ScenarioFile = Annotated[Path, typer.Argument(help="TOML file.", show_default=False)]
Along = Annotated[str, typer.Option(help="Dotted key of a number, such as feed.strength.")]
Values = Annotated[
    str | None,
    typer.Option(
        help="a,b,c or start:stop:step; by default the scenario's sweep, or for the temperature "
        "half to one and a half times what theory expects."
    ),
]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-tip by default.")
]
Design = Annotated[str | None, typer.Option(help="Name of a design; the first by default.")]
Observable = Annotated[str | None, typer.Option(help="Order parameter, between 0 and 1.")]
Replicas = Annotated[int | None, typer.Option(help="Replicas, instead of the file's.")]
Sizes = Annotated[
    str | None, typer.Option(help="a,b: also the Binder crossing of networks of these sizes.")
]
WithLoop = Annotated[
    bool, typer.Option("--loop", help="Also turn the key up and down again: hysteresis.")
]
Workers = Annotated[
    int | None, typer.Option(help="Processes; all processors by default. No number depends on it.")
]


def tip(
    scenario: ScenarioFile,
    along: Along = "dynamics.temperature",
    values: Values = None,
    out: Out = None,
    design: Design = None,
    observable: Observable = None,
    replicas: Replicas = None,
    sizes: Sizes = None,
    with_loop: WithLoop = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Locate the tipping point along a key, with an interval, and say how it was found.

    Running again into the same folder continues where an interrupted search stopped.
    """
    from sociophysics.scenario import Scenario
    from sociophysics.store import open_store

    loaded = Scenario.load(scenario)
    if values is not None:
        loaded = loaded.replace({f"sweep.{along}": _parsed(values)})
    store = open_store(Path("runs") / f"{scenario.stem}-tip" if out is None else out)
    count = usable_cpus() if workers is None else workers
    if count < 1:
        raise InputError(f"--workers is {workers}; it must be a whole number >= 1.")
    asked = {
        "along": along,
        "design": design,
        "observable": observable,
        "replicas": replicas,
        "sizes": None if sizes is None else _sizes(sizes),
    }
    _rehearse(loaded, design)
    with ExitStack() as stack:
        executor = stack.enter_context(workers_of(scheduler))
        _claim(store, loaded, stack)
        found, crossing, loop = _measured(loaded, asked, with_loop, store.place, count, executor)
        _write(store, loaded, found, crossing, loop)
    _show(found, crossing, loop, store.place)


def _rehearse(scenario: Scenario, design: str | None) -> None:
    """Refuse what cannot be run before anything is written."""
    from sociophysics.ensemble import plan, tasks
    from sociophysics.experiments.measure import varied

    part = plan(varied(scenario, design=design, replicas=1))[0]
    with tasks.naming(part):
        tasks.rehearse_case(part.settings, part.replicas)


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _parsed(text: str) -> Any:
    """Return the axis that ``a,b,c`` or ``start:stop:step`` stands for.

    Examples
    --------
    >>> _parsed("1:2:0.5"), _parsed("0.5,1")
    ({'start': 1, 'stop': 2, 'step': 0.5}, [0.5, 1])
    """
    try:
        if ":" in text:
            start, stop, step = (_number(each) for each in text.split(":"))
            return {"start": start, "stop": stop, "step": step}
        return [_number(each) for each in text.split(",")]
    except ValueError:
        raise InputError(
            f"--values is {text!r}; give a,b,c or start:stop:step, as in 0.5:1.5:0.1."
        ) from None


def _sizes(text: str) -> list[int]:
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise InputError(f"--sizes is {text!r}; give whole numbers, as in 250,1000.") from None


def _claim(store: Store, scenario: Scenario, stack: ExitStack) -> None:
    """Take the place for this search, or refuse one that holds something else."""
    from sociophysics.ensemble.folder import claim
    from sociophysics.ensemble.provenance import check_code, provenance
    from sociophysics.scenario import json_form

    there = store.names()
    old = _manifest(store) if MANIFEST in there else None
    if old is not None and (old.get("seed") != scenario.seed or old.get("name") != scenario.name):
        raise InputError(f"{store.place} holds a search in another scenario; choose another --out.")
    if old is None and not there <= {"parts", "log.jsonl", ".lease"}:
        raise InputError(f"{store.place} holds {min(there)!r} and no search; choose another --out.")
    if old is not None and store.names("parts"):
        check_code(old, store.place, "a search for a tipping point")
    stack.enter_context(claim(store))
    manifest = {
        "format": FORMAT,
        "name": scenario.name,
        "seed": scenario.seed,
        "scenario": json_form(scenario.canonical()),
        **provenance(),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    store.write(MANIFEST, lambda file: file.write(text.encode()))


def _manifest(store: Store) -> dict[str, Any]:
    try:
        manifest = json.loads(store.read(MANIFEST))
    except (OSError, ValueError):
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(
            f"{store.place}/{MANIFEST} is not the manifest of a search; choose another --out."
        )
    return manifest


def _measured(
    scenario: Scenario,
    asked: dict[str, Any],
    with_loop: bool,
    place: str,
    workers: int,
    executor: Executor | None,
) -> tuple[Search, Crossing | None, Loop | None]:
    from sociophysics.cli.progress import follow
    from sociophysics.experiments.binder import binder_crossing
    from sociophysics.experiments.loops import loop
    from sociophysics.experiments.tipping import search

    along, design, replicas = asked["along"], asked["design"], asked["replicas"]
    common: dict[str, Any] = {"design": design, "replicas": replicas, "out": place}
    with follow(scenario.title or scenario.name) as progress:
        common |= {"workers": workers, "executor": executor, "progress": progress}
        found = search(scenario, along, observable=asked["observable"], **common)
        grid = found.grid
        crossing = looped = None
        if asked["sizes"] is not None:
            crossing = binder_crossing(
                scenario, along, grid, sizes=asked["sizes"], observable=found.observable, **common
            )
        if with_loop:
            looped = loop(scenario, along, grid, observable=asked["observable"], **common)
    return found, crossing, looped


def _write(
    store: Store,
    scenario: Scenario,
    found: Search,
    crossing: Crossing | None,
    loop: Loop | None,
) -> None:
    from sociophysics.report import tip_page

    tables = {"table": found.table}
    if crossing is not None:
        tables["binder"] = crossing.table
    if loop is not None:
        tables["loop"] = loop.table
    pages = {f"{name}.csv": table.to_csv(index=False) for name, table in tables.items()}
    pages["report.html"] = tip_page.render(scenario, found, crossing, loop)
    for name, text in pages.items():
        data = text.encode()
        store.write(name, partial(_put, data))
    store.write("table.parquet", lambda file: found.table.to_parquet(file, index=False))


def _put(data: bytes, file: BinaryIO) -> None:
    file.write(data)


def _interval(value: float, low: float, high: float) -> str:
    if math.isnan(low) or math.isnan(high):
        return f"{value:.4g}"
    return f"{value:.4g} [{low:.4g}, {high:.4g}]"


def _show(found: Search, crossing: Crossing | None, loop: Loop | None, place: str) -> None:
    typer.echo("\n".join(_lines(found, crossing, loop)))
    typer.echo(f"table: {os.path.join(place, 'table.csv')}")
    typer.echo(f"report: {os.path.join(place, 'report.html')}")


def _lines(found: Search, crossing: Crossing | None, loop: Loop | None) -> Sequence[str]:
    """Return what was found, how, and what theory says, one line each."""
    size = f"{found.users} users, {found.replicas} replicas"
    if found.found:
        lines = [f"tipping point along {found.along}: {_interval(*found.point)}"]
    else:
        lines = [f"no transition found along {found.along}: {found.note}"]
    if found.found:
        lines.append(f"  how: {found.note}; {found.observable}, {size}")
    lines.append(f"  p of the null (values shuffled along the key): {found.p_null:.3f}")
    if not math.isnan(found.susceptibility.mean):
        lines.append(f"  susceptibility peaks at {_interval(*found.susceptibility)}")
    if crossing is not None:
        text = (
            "none" if math.isnan(crossing.value) else _interval(crossing.value, *crossing.interval)
        )
        lines.append(f"  Binder crossing of the two largest sizes: {text}")
    if loop is not None:
        lines.append(f"  loop of {loop.observable}: area {_interval(*loop.area)}")
        lines.append(f"  switches at {_interval(*loop.on)} up, {_interval(*loop.off)} down")
    lines += [f"  theory: {each.text} {each.value:.4g}" for each in found.theory]
    return lines
