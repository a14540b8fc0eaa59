"""Taking a state from a running loop, and setting a new loop up where a state was taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import Conditions
from sociophysics.dynamics.kernels.kernel_choice import thread_groups
from sociophysics.dynamics.state import State, fingerprint
from sociophysics.dynamics.walkers import TRACE, Walkers
from sociophysics.errors import InputError
from sociophysics.influences.interventions import Intervention
from sociophysics.society.spins import SpinSystem

if TYPE_CHECKING:
    from sociophysics.dynamics.loop import SweepLoop

__all__ = ["check_resumes", "replay", "restore", "take"]

SAME_NUMBERS = ("integer", "fixed-point")  # kernels that may take over from one another


BINS = "members"  # what kernels that go from flip to flip add once they have sorted their users


class LastShown(NamedTuple):
    """What a feed showed to stopped replicas, as numbers; each (replicas,)."""

    agreement: NDArray[np.float64]
    out_group: NDArray[np.float64]
    attention_gini: NDArray[np.float64]


def replay(
    conditions: Conditions,
    acts: Iterable[Intervention],
    sweep: int,
    sweeps: int,
    *,
    ended: bool = False,
) -> None:
    """Bring conditions to where earlier interventions had left them when a state was taken.

    Those that end with ``sweep`` still act, unless they have ``ended``.
    """
    begun = sorted((act for act in acts if act.at < sweep), key=lambda act: act.at)
    last = sweep if ended else sweep - 1
    conditions.restore([act for act in begun if act.ends is None or act.ends > last], sweeps)


def take(loop: SweepLoop) -> State:
    """Return the state of a loop that waits at a frame."""
    rows, n = len(loop.numbers), loop.original.n
    held = np.zeros((rows, n if any(g.held_until.size for g in loop.groups) else 0), np.int64)
    traces = [g.memory.arrays.get(TRACE) if g.memory else None for g in loop.groups]
    trace = np.zeros((rows, n if any(t is not None for t in traces) else 0))
    remembered: dict[str, NDArray[Any]] = {}
    for group, own in zip(loop.groups, traces, strict=True):
        if group.held_until.size:
            held[group.rows] = group.held_until
        if own is not None:
            trace[group.rows] = own
        for name, values in group.remembered().items():
            if name not in remembered:
                remembered[name] = np.zeros((rows, *values.shape[1:]), values.dtype)
            remembered[name][group.rows] = values
    shown = np.full((rows, 3), np.nan)
    for ended, exposure in loop.final_shown:
        for k, name in enumerate(LastShown._fields):
            shown[ended, k] = getattr(exposure, name)
    conditions = loop.conditions
    is_rewired = any(system is not loop.original for system in loop.systems)
    return State(
        sweep=loop.done,
        prepared=loop.prepared,
        seed=conditions.seed,
        replicas=loop.numbers,
        scheme=conditions.scheme,
        kernel=conditions.kernel,
        system=fingerprint(loop.original),
        spins=loop.spins().copy(),
        stopped=loop.stopped.copy(),
        held_until=held,
        trace=trace,
        phi=np.zeros((rows, 0)) if loop.final_phi is None else loop.final_phi.copy(),
        shown=shown,
        rewired=tuple(s.J for s in loop.systems) if is_rewired else (),
        remembered=remembered,
    )


def check_resumes(
    state: State, system: SpinSystem, conditions: Conditions, replicas: tuple[int, ...], sweeps: int
) -> None:
    """Raise unless a trajectory of these arguments can go on from the state.

    Raises
    ------
    InputError
        Names what differs.
    """
    if not isinstance(state, State):
        raise InputError(f"resume is {state!r}; give a state: frame.state() or State.load(path).")
    given = {
        "seed": (state.seed, conditions.seed),
        "replicas": (list(state.replicas), list(replicas)),
        "scheme": (state.scheme, conditions.scheme),
        "kernel": (_family(state.kernel), _family(conditions.kernel)),
    }
    for name, (before, now) in given.items():
        if before != now:
            raise InputError(
                f"the state was taken with {name} {before!r}, and {name} is {now!r} now; go on "
                "with the arguments of the run it comes from."
            )
    if state.system != fingerprint(system):
        raise InputError(
            "the state was taken from another network, other couplings or other fields; go on "
            "with the system of the run it comes from."
        )
    if sweeps < state.sweep:
        raise InputError(
            f"sweeps is {sweeps}, and the state is of sweep {state.sweep}; sweeps counts from the "
            "start of the run: give a larger number."
        )


def _family(kernel: str) -> str:
    return SAME_NUMBERS[-1] if kernel in SAME_NUMBERS else kernel


def restore(loop: SweepLoop, state: State) -> None:
    """Set a new loop up where the state was taken."""
    loop.done, loop.stopped = state.sweep, state.stopped.copy()
    running = np.flatnonzero(state.stopped < 0)
    if state.rewired:
        first = loop.original
        loop.systems = [SpinSystem(J, first.h, first.labels, first.nodes) for J in state.rewired]
        shares = [running[k : k + 1] for k in range(running.size)]
    else:
        numbers = [loop.numbers[r] for r in running]
        groups = thread_groups(loop.conditions.kernel, numbers, loop.threads)
        shares = [running[rows] for rows in groups]
    loop.groups = [
        Walkers(
            loop.systems[rows[0] if state.rewired else 0],
            state.spins[rows],
            rows,
            tuple(loop.numbers[r] for r in rows),
        )
        for rows in shares
        if rows.size
    ]
    for group in loop.groups:
        if state.held_until.size:
            group.held_until = state.held_until[group.rows]
    ended = np.flatnonzero(state.stopped >= 0)
    if ended.size:
        loop.final = state.spins.copy()
        if state.phi.size:
            loop.final_phi = state.phi.copy()
        if np.isfinite(state.shown).any():
            loop.final_shown = [(ended, LastShown(*state.shown[ended].T))]
    loop.prepare(state.prepared)
    for group in loop.groups:
        own = {name: values[group.rows] for name, values in state.remembered.items()}
        _check_remembered(own, group)
        group.recall(own, state.trace[group.rows])


def _check_remembered(own: dict[str, NDArray[Any]], group: Walkers) -> None:
    """Raise unless a kernel of this kind could have left these arrays."""
    fresh = {name: (each.dtype, each.shape) for name, each in group.remembered().items()}
    # The order of users in bins is kept only where a replica has bins.
    fresh[BINS] = (np.dtype(np.int32), group.spins.shape)
    found = {name: (each.dtype, each.shape) for name, each in own.items()}
    if fresh.keys() - {BINS} - found.keys() or any(fresh.get(k) != v for k, v in found.items()):
        raise InputError("the state is damaged: its kernel left other numbers; take another.")
