"""Running a scenario: its parts, its table, its comparison and its report."""

from __future__ import annotations

import functools
import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from sociophysics.arguments import asks
from sociophysics.errors import Cancelled
from sociophysics.kinds import knowing
from sociophysics.machine import checked_workers
from sociophysics.others_code import code_of_others
from sociophysics.scenario import Scenario, declared_values, expand, with_declared
from sociophysics.store import Place, Store, open_store, place_of, write_parquet
from sociophysics.study import run_manifest as run_folder
from sociophysics.study import tasks
from sociophysics.study.blocks import Part, fingerprints, plan, registering_modules
from sociophysics.study.session import SLOW, Progress, Session, finished, users_in
from sociophysics.study.shelf import join_events, join_tables, listing

if TYPE_CHECKING:
    from sociophysics.study.results import Run

__all__ = ["Cancelled", "run", "run_with", "write_results"]

_log = logging.getLogger(__name__)


@asks
def run(
    scenario: Scenario,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    p_values: bool = False,
) -> Run:
    """Run a scenario: all designs, at all points of the sweep, in all replicas.

    A swept key also takes the value that the scenario's own tables declare for it: there the
    answer stands.

    Parameters
    ----------
    scenario : Scenario
    out : path, optional
        Folder for parts, table, comparison and report, or an address of fsspec such as
        ``s3://bucket/run``. A run that was interrupted continues there, and one with more
        replicas, listed values or designs extends it. Left out, nothing is written.
    workers : int, optional
        Processes. 1 works in this process, and so does a run inside a ``multiprocessing.Pool``,
        whose processes may have none of their own. Left out, this process works as long as
        starting others would cost more than it saves, then one per processor that it may use
        does. No number depends on it.
    executor : Executor, optional
        Any ``concurrent.futures`` executor instead, such as ``client.get_executor()`` of a
        dask client; it is not shut down. Its workers must see ``out``.
    progress : callable or bool, optional
        True shows a bar. A callable is called with finished parts, all parts, and updates done in
        this session, about twice a second; what it raises ends the run.
    cancel : threading.Event, optional
        Once it is set, from any thread, the run ends: within a second if it is simulated in
        worker processes, after the frame at work if in this one. Finished parts are kept.
    p_values : bool
        Fill the column ``p_holm`` of ``comparison.csv``.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        Something in the scenario cannot be run, or the folder is another run's or full.
    Cancelled
        ``cancel`` was set.

    Examples
    --------
    >>> from sociophysics.scenario import Scenario
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 6}
    ... couplings = {kind = "uniform", value = 0.1}
    ... dynamics = {temperature = 0.0, sweeps = 4, start = "up"}
    ... observe = {every = 2, names = ["magnetization"]}
    ... ''')
    >>> run(scenario, workers=1).table["magnetization"].tolist()
    [1.0, 1.0, 1.0]
    """
    declared = declared_values(scenario.canonical(), scenario.sweep.axes)
    with knowing(*scenario.registries):
        return run_with(
            scenario,
            out=out,
            workers=workers,
            executor=executor,
            progress=progress,
            cancel=cancel,
            simulate=tasks.simulate_case,
            rehearse=tasks.rehearse_case,
            facts=functools.partial(society_facts, declared=declared),
            p_values=p_values,
        )


def society_facts(
    parts: Sequence[Part], declared: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what the manifest says of the society: kernel, users, camps, starts, notes.

    They are those of the first case; users who start at random although the start gives stances
    are counted for every start of any case. The card is that of the first design at the point
    that the scenario declares.
    """
    from sociophysics.scenario import build as cases
    from sociophysics.scenario.membership import membership

    first = parts[0].settings
    system, _ = cases.build_system(first, 0)
    sizes = {tasks.users_of(part.settings) for part in parts}
    starts = dict.fromkeys(part.settings.dynamics.start for part in parts)
    found = membership(first, starts=tuple(starts))
    camps = found.camps or {}
    return {
        "kernel": cases.kernel_name(system, first),
        "users": system.n if len(sizes) == 1 else None,
        "camps": list(camps),
        "camp_sizes": list(camps.values()),
        "without_camp": found.without_camp,
        "drawn_starts": found.drawn_starts,
        "notes": list(found.notes),
        "society": _card(parts, declared or {}),
    }


def _card(parts: Sequence[Part], declared: Mapping[str, Any]) -> dict[str, Any]:
    from sociophysics.study.society_card import card_of

    there = (
        part
        for part in parts
        if part.design == parts[0].design
        and all(part.point.get(key) == value for key, value in declared.items())
    )
    found = card_of(next(there, parts[0]).settings)._asdict()
    critical = found["critical"]
    # JSON knows no infinity.
    finite = {
        key: found[key] if found[key] != math.inf else None for key in ("temperature", "pull")
    }
    return {**found, **finite, "critical": None if critical is None else list(critical)}


def run_with(
    scenario: Scenario,
    *,
    out: Place | None,
    workers: int | None,
    executor: Executor | None,
    progress: Progress | None,
    cancel: threading.Event | None,
    simulate: tasks.Simulate,
    rehearse: tasks.Rehearse,
    facts: Callable[[Sequence[Part]], dict[str, Any]],
    p_values: bool = False,
) -> Run:
    """Do what ``run`` does, with any simulation of a part."""
    from sociophysics.study.results import Run

    checked_workers(workers)
    scenario = with_declared(scenario)
    store = None if out is None else open_store(out)
    if store is not None:
        run_folder.check_same_code(store)
    cases = expand(scenario, resolve=False)
    inputs = fingerprints(scenario, cases=cases)
    parts = plan(scenario, inputs=inputs, cases=cases)
    del cases
    if len(parts) >= SLOW:
        _log.info("%s: %d parts planned", scenario.source, len(parts))
    missing = _missing(parts, store)
    with tasks.naming(parts[0]):
        users = users_in(parts[0])
    # Processes import what simulates while this one looks at what they will simulate.
    starting = tasks.processes_ahead(
        missing, simulate, users=users, workers=workers, executor=executor
    )
    del missing
    with starting as ahead:
        with tasks.naming(parts[0]):
            about = facts(parts)
        if others := registering_modules(parts):
            about = {**about, "plugins": code_of_others(others)}
        manifest = run_folder.make_manifest(scenario, inputs=inputs, facts=about)
        if store is not None:
            run_folder.check_continues(store, manifest)
        session = Session(store, parts, simulate, progress, manifest.get("users"), cancel)
        session.rehearse(rehearse)
        with session.full_disk_told(), run_folder.claim(store) as log:
            if store is not None:
                # Another run may have written here until now; from here on nobody else can.
                manifest = run_folder.check_continues(store, manifest)
                run_folder.write_manifest(store, manifest)
                folder = scenario.folder
                given = {"folder": None if folder is None else str(folder), "p_values": p_values}
                log.write("given", given=given)
            session.compute(log, workers=workers, executor=executor, ahead=ahead)
            # Parts have settings and data rows: tables are made of the latter alone.
            listed, data = listing(scenario, parts), session.take()
            del parts
            table, events = join_tables(scenario, listed, data), join_events(scenario, listed, data)
            del data, listed
            result = Run(
                table=table,
                manifest=manifest,
                scenario=scenario,
                directory=None if out is None else place_of(out),
                events=events,
            )
            if store is not None:
                write_results(store, result, p_values=p_values)
            log.write("end")
    return result


def _missing(parts: Sequence[Part], store: Store | None) -> list[Part]:
    there = finished(store)
    return [part for part in parts if part.name not in there]


def write_results(store: Store, run: Run, *, p_values: bool = False) -> None:
    """Write the table, the events, the comparison and the report of a run."""
    from sociophysics.report import page

    write_parquet(store, "results.parquet", run.table)
    write_parquet(store, "events.parquet", run.events)
    comparison = run.compare_all(p_values=p_values).to_csv(index=False).encode()
    store.write("comparison.csv", lambda file: file.write(comparison))
    report = page.render(run).encode()
    store.write("report.html", lambda file: file.write(report))
