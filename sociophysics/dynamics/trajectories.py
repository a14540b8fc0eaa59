"""Trajectories: the one loop that moves stances, and the table of what was measured on the way."""

from __future__ import annotations

import operator
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics.conditions import Conditions, Field, field_terms, first_stances
from sociophysics.dynamics.frames import Frame, observe
from sociophysics.dynamics.kernels.kernel_choice import choose_kernel, task_of
from sociophysics.dynamics.loop import StopRule, SweepLoop
from sociophysics.dynamics.resume import check_resumes, replay
from sociophysics.dynamics.some_users import SomeUsers
from sociophysics.dynamics.state import State
from sociophysics.errors import InputError
from sociophysics.influences import schedules
from sociophysics.influences.feeds import Feed, acting
from sociophysics.influences.interventions import (
    Intervention,
    check_endings,
    check_intervention,
)
from sociophysics.influences.schedules import Schedule
from sociophysics.machine import require_memory, usable_cpus
from sociophysics.observables import as_names, check_names
from sociophysics.society.alignment import by_label
from sociophysics.society.camps import camps_and_names
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import check_seed

if TYPE_CHECKING:
    from sociophysics.influences.rules import Rule

__all__ = ["Frame", "simulate", "tabulate", "trajectory"]

BYTES_PER_STANCE = 20.0  # word, applied field, stances of the kernel and of a frame
BYTES_PER_LANE = 4.0  # a bit of a word instead of the word and its field
BYTES_PER_SHOWN = 40.0  # of the feed: field, what was shown, their copies


@asks
def trajectory(
    system: SpinSystem,
    *,
    temperature: float | Schedule | None = None,
    sweeps: int,
    seed: int,
    replicas: int | Sequence[int] = 1,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    field: Field = None,
    interventions: Iterable[Intervention] = (),
    start: str | ArrayLike = "random",
    every: int = 1,
    scheme: str = "random-sequential",
    kernel: str = "auto",
    stop: StopRule | None = None,
    threads: int | None = None,
    resume: State | None = None,
    rule: Rule | None = None,
) -> Generator[Frame, None, None]:
    r"""Yield frames of replicas of a system under heat-bath dynamics.

    One sweep is ``n`` single-user updates, each of which sets ``s_i`` to +1 with probability
    ``1 / (1 + exp(-2 f_i / T))``, else to -1, in the local field
    ``f_i = sum_j J_ij s_j + h_i(t) + phi_i(t, s)``; the feed's ``phi`` is refreshed once per sweep.

    Parameters
    ----------
    system : SpinSystem
    temperature : number or schedule
        Social temperature in units of the couplings; 0 and ``inf`` are legal. Needed under the heat
        bath; other rules have none and do not use it.
    sweeps, every : int
        Frames come at 0, ``every``, 2 ``every``, ..., and at the last sweep.
    replicas : int or sequence of int
        How many independent replicas, or the numbers of particular ones.
    camps : array, shape (n,), optional
        One value per user, numbered in sorted order; None, a blank and the number -1 are none.
        ``system.nodes["camp"]`` if left out and there, in which only a blank is none.
    field : number, array (n,), schedule, or sequence of ``schedules.Patterned``, optional
        External field added to ``system.h``; patterned fields add up.
    start : str or int8 array, shape (n,) or (replicas, n)
        ``random``, ``up``, ``down``, ``camps`` (camp 0 up, camp 1 down, others random), or the
        name of a node attribute that holds +1 and -1; users without either start at random.
    scheme, kernel : str
        ``random-sequential``, ``sequential`` or ``kawasaki`` (swaps of unlike neighbours); and
        ``auto`` (= ``adaptive`` for random-sequential), ``integer`` (couplings +-c, no field, no
        feed), ``bit-sliced`` (the same, 64 replicas at once that share the order of users),
        ``side-by-side`` (32 replicas at once that share it, under any field and feed),
        ``fixed-point``, ``rejection-free`` or ``reference``.
    stop : function of a frame, optional
        Returns a bool array (replicas,), whom to stop there; asked after every sweep, whatever
        ``every`` is. The run ends when all have stopped.
    threads : int, optional
        Threads that share the replicas; all usable cores if left out. It changes no number.
    resume : State, optional
        What ``frame.state()`` returned, or ``State.load``: go on from there, with the frames
        after it. The other arguments are those of the run; ``sweeps`` counts from its start, and
        interventions at the state's sweep or later may be added.
    seed : int
        Of every stream; replica r has the same in each run with it.
    feed : Feed, optional
        A design of ``sociophysics.feeds``.
    interventions : iterable of Intervention
        What happens on the way, as ``sociophysics.interventions`` has it.
    rule : Rule, optional
        One of ``sociophysics.rules``: how a drawn user answers to what pulls, instead of the heat
        bath.

    Raises
    ------
    InputError
        At the call, before the first frame.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> frames = trajectory(pair, temperature=0.0, sweeps=3, seed=1, start="up")
    >>> [float(frame.spins.mean()) for frame in frames]
    [1.0, 1.0, 1.0, 1.0]
    """
    _check_dynamics(system, scheme, stop)
    feed = acting(feed)
    workers = usable_cpus() if threads is None else threads
    _at_least_one(sweeps=sweeps, every=every, threads=workers)
    bytes_each = BYTES_PER_LANE if kernel == "bit-sliced" else BYTES_PER_STANCE
    if feed is not None:
        bytes_each += BYTES_PER_SHOWN
    numbers = _replica_numbers(replicas, system.n, bytes_each)
    codes, names = _camps(system, camps)
    acts = tuple(_ready(act, sweeps, system, codes, names) for act in interventions)
    acts = tuple(act.allotted(system, codes, check_seed(seed)) for act in acts)
    feed = None if feed is None else feed.allotted(system, codes, check_seed(seed))
    field = _in_order(field, system)
    values, patterns = field_terms(field, system.n, sweeps)
    if rule is not None:
        rule = _other_rule(rule, acts)
    if temperature is None:
        if rule is None:
            raise InputError("temperature is missing; give a number >= 0 or a schedule.")
        temperature = 1.0  # which nobody asks for
    temperatures = schedules.values(temperature, sweeps, name="temperature", lowest=0.0)
    if acts:
        check_endings(acts)
    conditions = Conditions(
        temperature=temperatures,
        field=values,
        pattern=patterns,
        feed=feed,
        camps=codes,
        seed=check_seed(seed),
        scheme=scheme,
        kernel=choose_kernel(kernel, task_of(system, scheme, field, feed, acts, rule)),
        rule=rule,
        some=SomeUsers(system, codes, check_seed(seed), numbers, acts) if acts else None,
        coldest=min([temperatures.min(), *(act.coldest for act in acts)]),
    )
    if resume is None:
        spins = first_stances(start, system, codes, seed, numbers)
    else:
        check_resumes(resume, system, conditions, numbers, sweeps)
        replay(conditions, acts, resume.sweep, sweeps)
        spins = resume.spins
    loop = SweepLoop(system, conditions, spins, numbers, workers, resume)
    return loop.frames(sweeps, every, acts, stop)


@asks
def simulate(
    system: SpinSystem,
    *,
    temperature: float | Schedule | None = None,
    sweeps: int,
    seed: int,
    observe: Sequence[str | Callable[..., Any]] = ("magnetization",),
    burn_in: int = 0,
    replicas: int | Sequence[int] = 1,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    field: Field = None,
    interventions: Iterable[Intervention] = (),
    start: str | ArrayLike = "random",
    every: int = 1,
    scheme: str = "random-sequential",
    kernel: str = "auto",
    stop: StopRule | None = None,
    threads: int | None = None,
    resume: State | None = None,
    rule: Rule | None = None,
) -> pd.DataFrame:
    """Return a table of observables along a trajectory.

    Parameters
    ----------
    observe : sequence of str or functions of a frame
        Names in ``sociophysics.observables.REGISTRY``, one column each; a function is registered
        under its name.
    burn_in : int
        Frames with ``sweep < burn_in`` are left out.
    system, temperature, sweeps, seed, replicas, feed, camps, field, interventions, start, every, \
scheme, kernel, stop, threads, resume, rule
        As in ``trajectory``.

    Returns
    -------
    DataFrame
        Columns ``replica``, ``sweep``, then the observables; rows by replica, then sweep.

    Raises
    ------
    InputError
        An unknown observable, or what ``trajectory`` refuses.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> simulate(pair, temperature=0.0, sweeps=2, seed=1, start="up", every=2)
       replica  sweep  magnetization
    0        0      0            1.0
    1        0      2            1.0
    """
    if isinstance(observe, str):
        raise InputError(f"observe is the text {observe!r}; give a list of names: [{observe!r}].")
    names = as_names(observe)
    check_names(names)
    if not 0 <= burn_in <= sweeps:
        raise InputError(f"burn_in is {burn_in}; allowed: 0 to sweeps = {sweeps}.")
    frames = trajectory(
        system,
        temperature=temperature,
        sweeps=sweeps,
        seed=seed,
        replicas=replicas,
        feed=feed,
        camps=camps,
        field=field,
        interventions=interventions,
        start=start,
        every=every,
        scheme=scheme,
        kernel=kernel,
        stop=stop,
        threads=threads,
        resume=resume,
        rule=rule,
    )
    return tabulate((frame for frame in frames if frame.sweep >= burn_in), names)


@asks
def tabulate(frames: Iterable[Frame], names: Sequence[str]) -> pd.DataFrame:
    """Return the tidy table of some frames; a replica's rows end where it was stopped.

    The last row of a stopped replica is the first frame due at or after its stop, and holds its
    stances at the stop.

    Parameters
    ----------
    frames : iterable of Frame
        All with the same replicas.
    names : sequence of str

    Returns
    -------
    DataFrame
        Columns ``replica``, ``sweep``, then the observables; rows by replica, then sweep.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> frames = trajectory(pair, temperature=0.0, sweeps=1, seed=1, start="up", replicas=2)
    >>> tabulate(frames, ["magnetization"])
       replica  sweep  magnetization
    0        0      0            1.0
    1        0      1            1.0
    2        1      0            1.0
    3        1      1            1.0
    """
    sweeps, alive, rows = [], [], []
    numbers: tuple[int, ...] = ()
    previous = -1
    for frame in frames:
        measured = observe(frame, names)
        numbers = frame.replicas
        sweeps.append(frame.sweep)
        alive.append((frame.stopped < 0) | (frame.stopped > previous))
        previous = frame.sweep
        rows.append(np.array([measured[name] for name in names], dtype=np.float64))
    if not rows:
        return pd.DataFrame(columns=["replica", "sweep", *names])
    cube = np.stack(rows, axis=2)  # (names, replicas, frames)
    keep = np.stack(alive, axis=1).ravel()
    table = pd.DataFrame(
        {
            "replica": np.repeat(np.asarray(numbers, np.int64), len(sweeps)),
            "sweep": np.tile(np.asarray(sweeps, np.int64), len(numbers)),
            **{name: cube[k].ravel() for k, name in enumerate(names)},
        }
    )
    return table[keep].reset_index(drop=True)


def _camps(
    system: SpinSystem, camps: ArrayLike | None
) -> tuple[NDArray[np.int64] | None, tuple[Any, ...]]:
    if camps is None and "camp" not in system.nodes:
        return None, ()
    return camps_and_names(system, camps, "the trajectory")


def _in_order(field: Field, system: SpinSystem) -> Field:
    """Return a field whose values, or patterns, follow the users' order."""
    if isinstance(field, list | tuple):
        return [
            replace(term, pattern=by_label(term.pattern, system.nodes.index, "a field's pattern"))
            if isinstance(term, schedules.Patterned)
            else term
            for term in field
        ]
    ordered: Field = by_label(field, system.nodes.index, "field")
    return ordered


def _ready(
    act: Any,
    sweeps: int,
    system: SpinSystem,
    codes: NDArray[np.int64] | None,
    names: tuple[Any, ...],
) -> Intervention:
    """Return an intervention that has been checked, with camps and fields as the system has them.

    Raises
    ------
    InputError
        As ``check_intervention``.
    """
    ready = act.ready(system, names) if isinstance(act, Intervention) else act
    check_intervention(ready, sweeps, system, codes)
    return ready


def _at_least_one(**values: Any) -> None:
    for name, value in values.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < 1:
            raise InputError(f"{name} is {value!r}; it must be an integer >= 1.")


def _replica_numbers(given: Any, n: int, bytes_each: float) -> tuple[int, ...]:
    single = isinstance(given, int | np.integer)
    if single:
        _at_least_one(replicas=given)
    elif not isinstance(given, Sequence | np.ndarray) or isinstance(given, str):
        raise InputError(f"replicas is {given!r}; give an integer >= 1, or their numbers.")
    count = int(given) if single else len(given)
    require_memory(
        count * n * bytes_each,
        what=f"{count} replicas of {n} users",
        fix="ask for fewer replicas",
    )
    return tuple(range(count)) if single else _distinct(given)


def _distinct(replicas: Any) -> tuple[int, ...]:
    try:
        numbers = tuple(operator.index(r) for r in replicas)
    except TypeError:
        numbers = ()
    if not numbers or min(numbers) < 0 or len(set(numbers)) < len(numbers):
        raise InputError(f"replicas is {replicas!r}; give different integers >= 0, at least one.")
    return numbers


def _other_rule(rule: Any, acts: tuple[Intervention, ...]) -> Rule | None:
    """Return a rule other than the heat bath, which goes with what else is asked for, or None."""
    from sociophysics.influences.rules import acting as acting_rule

    found = acting_rule(rule)
    if found is not None and any(act.coldest < np.inf for act in acts):
        raise InputError(
            f"an intervention changes the temperature, but the rule {found.kind} has none: leave "
            "the intervention out."
        )
    if found is not None and any("field" in act.brings and not act.for_all for act in acts):
        raise InputError(
            f"an intervention changes the field of some users, but the rule {found.kind} answers "
            "to all that can pull at each, the same in all replicas: let it act on everybody."
        )
    return found


def _check_dynamics(system: SpinSystem, scheme: str, stop: StopRule | None) -> None:
    if system.n == 0:
        raise InputError("the network has no users; a trajectory needs at least one.")
    if scheme == "kawasaki" and not system.is_symmetric:
        raise InputError(
            "scheme is 'kawasaki', but the couplings are directed; swaps need an energy: use an "
            "undirected network or random-sequential."
        )
    if stop is not None and not callable(stop):
        raise InputError(
            f"stop is {stop!r}; give a function of a frame that returns which replicas stop."
        )
