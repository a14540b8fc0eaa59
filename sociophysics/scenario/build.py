"""One design at one sweep point: from validated settings to a system, a feed and a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from sociophysics.arguments import asks
from sociophysics.dynamics import State, tabulate, trajectory
from sociophysics.dynamics.frames import Frame, observe
from sociophysics.dynamics.kernels.kernel_choice import choose_kernel, task_of
from sociophysics.errors import InputError
from sociophysics.influences.interventions import Intervention
from sociophysics.scenario import Settings, StopRule, posterior, stop_rule
from sociophysics.society import camps as camp_attributes
from sociophysics.society.coupling_kinds import Coupling, EdgeCouplings
from sociophysics.society.network_kinds import File, Network
from sociophysics.society.spins import SpinSystem

__all__ = [
    "build_system", "case_frames", "kernel_name", "simulate_case", "varies", "without_effect",
]  # fmt: skip

Change = Callable[
    [SpinSystem, NDArray[np.int64] | None], tuple[SpinSystem, NDArray[np.int64] | None]
]
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}


def simulate_case(
    settings: Settings,
    replicas: Sequence[int],
    *,
    threads: int = 1,
    check: Callable[[], None] | None = None,
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the table of some replicas of one case, and what interventions did to them.

    Parameters
    ----------
    settings : Settings
        One design at one sweep point.
    replicas : sequence of int
        Numbers of the replicas; a replica's rows do not depend on which others are asked for.
    threads : int
        Threads that share the replicas.
    check : callable, optional
        Called at every frame; what it raises ends the simulation.

    Returns
    -------
    table : DataFrame
        Columns ``replica``, ``sweep``, then the observables; rows by replica, then sweep.
    events : list of dict
        ``sweep``, ``kind``, ``replica`` (None: all), and details.

    Raises
    ------
    InputError
        A network, attribute or value that the settings name and cannot be used.

    Examples
    --------
    >>> from sociophysics.scenario import Scenario
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 6}
    ... couplings = {kind = "uniform", value = 0.1}
    ... dynamics = {temperature = 0.0, sweeps = 4, start = "up"}
    ... observe = {every = 4, names = ["magnetization"]}
    ... ''')
    >>> table, events = simulate_case(scenario.cases()[0].settings, [0, 3])
    >>> table["replica"].tolist(), events
    ([0, 0, 3, 3], [])
    """
    names = list(settings.observe.names)
    events: list[dict[str, Any]] = []
    tables = []
    groups = [[r] for r in replicas] if varies(settings) else [list(replicas)]
    for group in groups:
        frames = case_frames(settings, group, threads=threads)

        def logged(frames: Any = frames) -> Any:
            for frame in frames:
                if check is not None:
                    check()
                events.extend(frame.events)
                yield frame

        tables.append(tabulate(logged(), names))
    return pd.concat(tables, ignore_index=True), events


@asks
def case_frames(
    settings: Settings,
    replicas: Sequence[int],
    *,
    threads: int = 1,
    resume: State | None = None,
    kernel: str = "auto",
    more: Sequence[Intervention] = (),
    scheme: str | None = None,
    change: Change | None = None,
) -> Generator[Frame, None, None]:
    r"""Return the frames of one case, one after the other, as ``trajectory`` yields them.

    Where each replica has its own society, ask for one replica at a time.

    Parameters
    ----------
    settings : Settings
        One design at one sweep point: ``scenario.cases()[k].settings``.
    replicas : sequence of int
        Numbers of the replicas.
    threads : int
        Threads that share the replicas.
    resume : State, optional
        From ``frame.state()`` of the same case: go on after that frame. Interventions at its
        sweep or later may have been added.
    kernel : str
        As for ``trajectory``; ``auto`` is that of the settings, if they name one.
    more : sequence of Intervention
        Acts after those of the settings.
    scheme : str, optional
        As for ``trajectory``, instead of the settings' own.
    change : function of (system, camps), optional
        Returns the society that is moved instead, as an audit does.

    Raises
    ------
    InputError
        As ``simulate_case``.

    Examples
    --------
    >>> from sociophysics import Scenario
    >>> scenario = Scenario.from_toml(
    ...     'seed = 1\nnetwork = {kind = "complete", n = 9}\ncouplings = {kind = "uniform"}\n'
    ...     'dynamics = {temperature = 1, sweeps = 2}\nobserve = {every = 1, names = ["energy"]}'
    ... )
    >>> [frame.sweep for frame in case_frames(scenario.cases()[0].settings, [0])]
    [0, 1, 2]
    """
    replica = replicas[0] if varies(settings) else None
    settings = in_draw(settings, replicas[0])
    system, codes = build_system(settings, replica)
    if change is not None:
        system, codes = change(system, codes)
    named = settings.interventions or settings.field.kind != "none"
    named = named or settings.feed.kind == "mixture"
    names = camp_names(settings, system) if named else ()
    dynamics = settings.dynamics
    acts = [*(e.ready(system, names) for e in settings.interventions), *more]
    acts += _follows(settings, acts, replica)
    acts = [*_temperaments(settings, system), *acts]
    temperature: Any = dynamics.temperature  # only rules that have none go without one
    return trajectory(
        system,
        temperature=temperature,
        sweeps=dynamics.sweeps,
        seed=settings.seed,
        replicas=list(replicas),
        feed=settings.feed.named(names),
        camps=codes,
        field=settings.field.terms(system, codes, names),
        interventions=acts,
        start=dynamics.start,
        every=settings.observe.every,
        stop=_stop(stop_rule(dynamics.stop_when)),
        threads=threads,
        resume=resume,
        kernel=(dynamics.kernel or kernel) if kernel == "auto" else kernel,
        scheme=scheme or dynamics.scheme or "random-sequential",
        rule=dynamics.rule,
    )


def without_effect(settings: Settings, key: str) -> str:
    """Return why a key of a case acts on nobody, empty where it acts.

    Parameters
    ----------
    settings : Settings
    key : str
        Dotted, such as ``dynamics.temperature``.

    Raises
    ------
    InputError
        As ``build_system``.

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> without_effect(Scenario.from_toml(CROWD).cases()[0].settings, "dynamics.temperature")
    ''
    """
    if settings.posterior is not None and key in posterior.drawn_keys(settings.posterior.path):
        return f"posterior.path draws {key} for every replica"
    rule = settings.dynamics.rule
    if key == "dynamics.temperature" and rule is not None:  # None is the heat bath
        return f"the rule {rule.kind} has no temperature"
    column = settings.dynamics.own_columns["temperature"]
    if key == "dynamics.temperature" and column is not None:
        from sociophysics.influences.temperaments import temperaments

        system, _ = build_system(settings, 0 if varies(settings) else None)
        own = temperaments(system, temperature=column)
        if own is not None and not np.isnan(own.temperatures).any():
            return f"every user has a temperature of the column {column!r}"
    return ""


def _temperaments(settings: Settings, system: SpinSystem) -> list[Intervention]:
    """Return how users differ from the first sweep on."""
    columns = settings.dynamics.own_columns
    if not any(columns.values()):
        return []
    from sociophysics.influences.temperaments import temperaments

    found = temperaments(system, **columns)
    return [] if found is None else [found]


def _follows(
    settings: Settings, acts: Sequence[Intervention], replica: int | None
) -> list[Intervention]:
    """Return what [follow] does in every sweep."""
    if settings.follow is None:
        return []
    from sociophysics.scenario.follow_acts import follow_acts

    return follow_acts(settings, acts, lambda each: build_system(each, replica)[0])


def build_system(
    settings: Settings, replica: int | None
) -> tuple[SpinSystem, NDArray[np.int64] | None]:
    """Return the system of a case and the camp of each user, or None without camps.

    A network read or drawn before with the same settings is taken from memory. Users whose camp
    attribute is blank belong to no camp (-1); ``sociophysics.scenario.membership`` counts them.

    Parameters
    ----------
    settings : Settings
        One design at one point.
    replica : int or None
        Drawn for this replica where the settings redraw or a fit's bootstrap is asked for; else
        for all.

    Raises
    ------
    InputError
        A network that cannot be read or drawn, or a camp attribute that no user has.

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> scenario = Scenario.from_toml(CROWD)
    >>> system, camps = build_system(scenario.cases()[0].settings, None)
    >>> system.n, camps
    (6, None)
    """
    return society(settings, replica)[:2]


def society(
    settings: Settings, replica: int | None
) -> tuple[SpinSystem, NDArray[np.int64] | None, tuple[str, ...]]:
    """Return what ``build_system`` does, and what the reading of the network has to say.

    Raises
    ------
    InputError
        As ``build_system``.
    """
    redraw = settings.redraw
    if settings.couplings.kind == "fitted":
        return (*_fitted(settings, replica), ())
    return _built(
        settings.network,
        settings.couplings,
        _stamp(getattr(settings.network, "path", None), getattr(settings.network, "nodes", None)),
        settings.seed,
        replica if "network" in redraw else None,
        replica if "couplings" in redraw else None,
    )


def camp_names(settings: Settings, system: SpinSystem) -> tuple[Any, ...]:
    """Return what the camps of a case are called, in the order of their numbers."""
    attribute = settings.network.camp
    return camp_attributes.of(system, attribute)[1] if attribute in system.nodes else ()


def varies(settings: Settings) -> bool:
    """Return whether each replica has a society of its own."""
    drawn = getattr(settings.couplings, "draw", "point") == "bootstrap"
    return bool(settings.redraw) or drawn or settings.posterior is not None


def in_draw(settings: Settings, replica: int) -> Settings:
    """Return the settings of one replica: with ``[posterior]``, those of its draw.

    Raises
    ------
    InputError
        There is no draw for it, or one that is not allowed.
    """
    if settings.posterior is None:
        return settings
    path = settings.posterior.path
    tables = posterior.drawn_tables(settings.canonical(), path, replica)
    del tables["posterior"]
    try:
        return Settings.model_validate(tables, context={"canonical": True})
    except ValidationError as error:
        raise posterior.refused(error, path, replica) from None


def _fitted(settings: Settings, replica: int | None) -> tuple[SpinSystem, NDArray[np.int64] | None]:
    from sociophysics.inference.chamber import what_if as chambers

    keys = {name: getattr(settings.couplings, name) for name in settings.couplings.key_names()}
    system = chambers.chamber(keys.pop("path"), **keys, replica=replica)
    return system, camp_attributes.of(system, settings.network.camp)[0]


def _stamp(*paths: str | None) -> tuple[int, ...]:
    """Return when files were last written, so that a changed file is read again."""
    found = [os.stat(path) for path in paths if path and os.path.exists(path)]
    return tuple(stat.st_mtime_ns for stat in found)


@lru_cache(maxsize=16)
def _built(
    network: Network,
    table: Coupling,
    stamp: tuple[int, ...],
    seed: int,
    network_replica: int | None,
    couplings_replica: int | None,
) -> tuple[SpinSystem, NDArray[np.int64] | None, tuple[str, ...]]:
    attribute = network.camp
    if isinstance(network, File) and os.path.isdir(network.path):
        return _opened(network, table)
    graph = network.graph(seed=seed, replica=network_replica)
    if graph.number_of_nodes() == 0:
        raise InputError("the network has no users; give one with at least one user.")
    system = table.system(graph, seed=seed, replica=couplings_replica, camp=attribute)
    notes = (*graph.graph.get("notes", ()), *_unused(graph.graph.get("unused_tie_columns", ())))
    if attribute not in system.nodes and attribute == "camp":
        return system, None, notes
    return system, camp_attributes.of(system, attribute)[0], notes


def _unused(columns: Sequence[str]) -> list[str]:
    """Return that columns of numbers on ties are not used, if there are any."""
    if not columns:
        return []
    listed = ", ".join(map(repr, columns[:8])) + (", ..." if len(columns) > 8 else "")
    return [
        f"the ties' numbers in {listed} are not used; [network] coupling names the column that "
        "couplings of kind edge take"
    ]


def _opened(network: File, table: Coupling) -> tuple[SpinSystem, None, tuple[str, ...]]:
    """Return the system in a folder of ``SpinSystem.from_edge_file``, whose couplings are its own.

    Raises
    ------
    InputError
        No finished system there, or settings that would need the network as a graph.
    """
    keys = {"normalize": "none", **table.table()}
    given = {
        "network.nodes": network.nodes,
        "network.coupling": network.coupling,
        "network.directed": network.directed or None,
        "network.source": network.source,
        "network.target": network.target,
        "network.weight": network.weight,
        "network.symmetrize": network.symmetrize,
        "network.camp": None if network.camp == "camp" else network.camp,
        "couplings.kind": None if isinstance(table, EdgeCouplings) else table.kind,
        "couplings.normalize": None if keys["normalize"] == "none" else keys["normalize"],
    }
    for key, value in given.items():
        if value is not None:
            raise InputError(
                f"{key} is {value!r}, but network.path is a folder of SpinSystem.from_edge_file, "
                "which holds couplings and no attributes: leave it out, with couplings.kind = "
                "'edge', or give an edge list."
            )
    return SpinSystem.open(network.path), None, ()


def _stop(rule: StopRule | None) -> Callable[[Frame], NDArray[np.bool_]] | None:
    if rule is None:
        return None

    def reached(frame: Frame) -> NDArray[np.bool_]:
        value = observe(frame, [rule.name])[rule.name]
        result: NDArray[np.bool_] = COMPARE[rule.compare](
            np.abs(value) if rule.absolute else value, rule.bound
        )
        return result

    return reached


@asks
def kernel_name(system: SpinSystem, settings: Settings) -> str:
    """Return the kernel that moves a case: a matter of scheme and settings, never of workers.

    Parameters
    ----------
    system : SpinSystem
    settings : Settings
        Which may name one.

    Raises
    ------
    InputError
        The kernel that is named cannot move this society.

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> scenario = Scenario.from_toml(CROWD)
    >>> settings = scenario.cases()[0].settings
    >>> kernel_name(build_system(settings, None)[0], settings)
    'adaptive'
    """
    asked = settings.dynamics.kernel or "auto"
    scheme = settings.dynamics.scheme or "random-sequential"
    return choose_kernel(asked, task_of(system, scheme))
