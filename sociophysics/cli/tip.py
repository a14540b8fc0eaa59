"""``sociophysics tip``: where a society tips along one key of its scenario."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.cli.options import (
    Design,
    Quiet,
    Replicas,
    ScenarioFile,
    Scheduler,
    Seed,
    Workers,
    count_of,
    quieted,
    seeded,
    workers_of,
)
from sociophysics.errors import InputError
from sociophysics.words import measured, number_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sociophysics.experiments.binder import Crossing
    from sociophysics.experiments.loops import HysteresisLoop
    from sociophysics.experiments.tipping import Search
    from sociophysics.scenario import Scenario
    from sociophysics.store import Store

__all__ = ["answer", "tip"]

Along = Annotated[str, typer.Option(help="Dotted key of a number, such as feed.strength.")]
Values = Annotated[
    str | None,
    typer.Option(
        help="a,b,c or start:stop:step; by default the scenario's sweep, or for the temperature "
        "half to one and a half times what theory expects, and further while nothing changes "
        "inside."
    ),
]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-tip by default.")
]
Observable = Annotated[str | None, typer.Option(help="Order parameter, between 0 and 1.")]
Sizes = Annotated[
    str | None,
    typer.Option(
        help="a,b,c, or auto: also the Binder crossing of networks of these sizes; along "
        "temperature, without field and feed, the critical point of the infinite society."
    ),
]
WithLoop = Annotated[
    bool, typer.Option("--loop", help="Also turn the key up and down again: hysteresis.")
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
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Locate the tipping point along a key, with an interval, and say how it was found.

    Running again into the same folder continues where an interrupted search stopped.
    """
    from sociophysics.scenario import Scenario

    loaded = seeded(Scenario.load(scenario), seed)
    if values is not None:
        loaded = loaded.replace({f"sweep.{along}": _parsed(values)})
    place = str(Path("runs") / f"{scenario.stem}-tip") if out is None else out
    count = count_of(workers)
    asked = {
        "along": along,
        "design": design,
        "observable": observable,
        "replicas": replicas,
    }
    more = {"sizes": None if sizes is None else _sizes(sizes), "loop": with_loop}
    with quieted(quiet), workers_of(scheduler) as executor:
        answer(loaded, asked, more, place, count, executor)


def answer(
    scenario: Scenario,
    asked: dict[str, Any],
    more: dict[str, Any],
    place: str,
    workers: int | None,
    executor: Executor | None,
) -> None:
    """Search for the tipping point, and write and print what was found.

    ``more`` extends a search: a folder may be asked for it later, and its log says so.
    """
    from sociophysics.scenario.membership import of_scenario
    from sociophysics.store import open_store, studies
    from sociophysics.study.asked import manifest_of, where

    store = open_store(place)
    studies.read_manifest(store, "tip")
    _rehearse(scenario, asked, more)
    manifest = manifest_of(scenario, "tip", asked)
    members = of_scenario(scenario)
    with studies.claimed(store, "tip", manifest, {**where(scenario), "more": more}):
        found, crossing, loop = _measured(scenario, asked, more, store.address, workers, executor)
        _write(store, scenario, found, crossing, loop)
    for sentence in members.missing():
        typer.echo(f"note: {sentence}")
    _show(found, crossing, loop, store.place)


def _rehearse(scenario: Scenario, asked: dict[str, Any], more: dict[str, Any]) -> None:
    """Refuse what cannot be run before anything is computed or written."""
    from sociophysics.experiments import binder, loops
    from sociophysics.study import plan, tasks
    from sociophysics.study.measure import varied

    along, design = asked["along"], asked["design"]
    part = plan(varied(scenario, design=design, replicas=1))[0]
    with tasks.naming(part):
        tasks.rehearse_case(part.settings, part.replicas)
    if more["sizes"] is not None:
        binder.check(scenario, along, sizes=more["sizes"] or None, design=design)
    if more["loop"]:
        loops.check(scenario, along, design=design)


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
    """Return the sizes, none for those that are chosen by the kind of network."""
    if text == "auto":
        return []
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise InputError(
            f"--sizes is {text!r}; give whole numbers, as in 250,1000,4000, or auto."
        ) from None


def _measured(
    scenario: Scenario,
    asked: dict[str, Any],
    more: dict[str, Any],
    place: str,
    workers: int | None,
    executor: Executor | None,
) -> tuple[Search, Crossing | None, HysteresisLoop | None]:
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
        if more["sizes"] is not None:
            # Of camps that repel each other the distance is ordered, and has no reweighting.
            name = found.observable if asked["observable"] is not None else "abs_magnetization"
            crossing = binder_crossing(
                scenario, along, grid, sizes=more["sizes"] or None, observable=name, **common
            )
        if more["loop"]:
            looped = loop(scenario, along, grid, observable=asked["observable"], **common)
    return found, crossing, looped


def _write(
    store: Store,
    scenario: Scenario,
    found: Search,
    crossing: Crossing | None,
    loop: HysteresisLoop | None,
) -> None:
    from sociophysics.report import tip_page
    from sociophysics.store import write_table, write_text

    tables = {"table": found.table}
    if crossing is not None:
        tables["binder"] = crossing.table
    if loop is not None:
        tables["loop"] = loop.table
    for name, table in tables.items():
        write_table(store, name, table)
    write_text(store, "report.html", tip_page.render(scenario, found, crossing, loop))


def _interval(value: float, low: float, high: float) -> str:
    return measured(value, low, high, ".4g")


def _show(
    found: Search, crossing: Crossing | None, loop: HysteresisLoop | None, place: str
) -> None:
    typer.echo("\n".join(_lines(found, crossing, loop)))
    typer.echo(f"table: {os.path.join(place, 'table.csv')}")
    typer.echo(f"report: {os.path.join(place, 'report.html')}")


def _lines(found: Search, crossing: Crossing | None, loop: HysteresisLoop | None) -> Sequence[str]:
    """Return what was found, how, and what theory says, one line each."""
    size = f"{number_of(found.users, 'user')}, {number_of(found.replicas, 'replica')}"
    if found.found:
        lines = [f"tipping point along {found.along}: {_interval(*found.point)}"]
        lines.append(f"  kind: {found.sentence}")
        lines.append(f"  how: {found.note}; {found.observable}, {size}")
    else:
        lines = [f"no transition found along {found.along}: {found.note}"]
        lines.append(f"  kind: {found.kind}; {found.observable}, {size}")
    lines.append(f"  p of the nulls (values shuffled, independent users): {found.p_null:.3f}")
    if not math.isnan(found.susceptibility.mean):
        lines.append(f"  susceptibility peaks at {_interval(*found.susceptibility)}")
    if crossing is not None:
        text = (
            "none" if math.isnan(crossing.value) else _interval(crossing.value, *crossing.interval)
        )
        what = "infinite society" if crossing.infinite else "Binder crossing"
        lines.append(f"  {what}: {text} ({crossing.note})")
    if loop is not None:
        lines.append(f"  loop of {loop.observable}: area {_interval(*loop.area)}")
        lines.append(f"  switches at {_interval(*loop.on)} up, {_interval(*loop.off)} down")
    lines += [f"  theory: {each.text} {each.value:.4g}" for each in found.theory]
    return lines
