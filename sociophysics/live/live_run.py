"""A live run: designs of one scenario side by side, sweep by sweep, on the same random streams.

An intervention at the press of a button is written into the scenario at the present sweep, and
every side goes on from its state. So at any moment the scenario says all that happened, and the
command line repeats it bit for bit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import Frame, State, observe
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario
from sociophysics.scenario.build import case_frames, varies

__all__ = ["MOST_UNDONE", "LiveRun", "LiveSide"]

MOST_UNDONE = 8  # acts that can be taken back, the newest ones


@dataclass(frozen=True)
class _Before:
    """A live run as it was before something was done to it."""

    scenario: Scenario
    sweep: int
    observed: int
    sides: tuple[tuple[Frame, State, Any], ...]


@dataclass
class LiveSide:
    """One design of a live run.

    Attributes
    ----------
    name : str
    settings : Settings
        Of its case, interventions so far included.
    frame : Frame
        The newest one; its trajectory waits there.
    """

    name: str
    settings: Any
    frames: Generator[Frame, None, None]
    frame: Frame

    def close(self) -> None:
        """Let the trajectory go."""
        self.frames.close()


class LiveRun:
    r"""Designs of one scenario that are moved together and can be disturbed on the way.

    Parameters
    ----------
    scenario : Scenario
        Without swept keys; ``dynamics.sweeps`` is where the run ends.
    replicas : int
        Replicas 0, 1, ... of every side; 1 where each replica has its own society.

    Raises
    ------
    InputError
        A scenario with swept keys, or one that cannot be run.

    Examples
    --------
    A society at rest is heated after two sweeps; the scenario of what happened says so:

    >>> import sociophysics as sp
    >>> scenario = sp.Scenario.from_toml(
    ...     'seed = 7\nnetwork = {kind = "complete", n = 20}\n'
    ...     'couplings = {kind = "uniform", normalize = "degree"}\n'
    ...     'dynamics = {temperature = 0.0, sweeps = 9, start = "up"}\n'
    ...     'observe = {names = ["magnetization"]}'
    ... )
    >>> live = sp.live.LiveRun(scenario, replicas=2)
    >>> live.step(), live.step()
    (None, None)
    >>> live.intervene({"kind": "heat", "temperature": float("inf")})
    >>> live.step()
    >>> live.so_far().canonical()["interventions"][0]["at"], int(live.table()["sweep"].max())
    (2, 3)
    >>> sp.run(live.so_far(), workers=1).table.equals(live.table())
    True
    """

    @asks
    def __init__(self, scenario: Scenario, replicas: int) -> None:
        if scenario.sweep.axes:
            key = next(iter(scenario.sweep.axes))
            raise InputError(
                f"the scenario sweeps over {key!r}, and a live run shows one value; choose the "
                "value in the scenario, or use the page of tipping points."
            )
        cases = scenario.replace({"observe.every": 1}).cases()
        if any(varies(case.settings) for case in cases):
            replicas = 1
        self.begun = scenario.hash
        self.numbers = tuple(range(replicas))
        self.scenario = scenario.replace({"observe.every": 1, "sweep.replicas": replicas})
        self.names = list(self.scenario.observe.names)
        self.sweep = 0
        self._rows: dict[str, list[NDArray[np.float64]]] = {}
        self._at: list[int] = []  # sweeps that were observed
        self._undo: list[_Before] = []
        self.sides = [self._side(case) for case in cases]
        self.note()

    @property
    def last(self) -> int:
        """The sweep at which the run ends."""
        return max(int(side.settings.dynamics.sweeps) for side in self.sides)

    @property
    def done(self) -> bool:
        """Whether there is no sweep left, or every replica has stopped."""
        stopped = all((side.frame.stopped >= 0).all() for side in self.sides)
        return self.sweep >= self.last or stopped

    def step(self, *, observed: bool = True) -> None:
        """Do one sweep on every side; a side whose replicas have all stopped stands still.

        Observing can take longer than the sweep: who only looks at the stances leaves it out, and
        calls ``note`` now and then. It changes nothing in the run.
        """
        for side in self.sides:
            side.frame = next(side.frames, side.frame)
        self.sweep += 1
        if observed:
            self.note()

    def note(self) -> None:
        """Observe the present sweep, unless that was done."""
        if self._at and self._at[-1] == self.sweep:
            return
        for side in self.sides:
            values = observe(side.frame, self.names)
            row = np.array([values[name] for name in self.names], dtype=np.float64)
            self._rows.setdefault(side.name, []).append(row)
        # Last, since other threads read up to here.
        self._at.append(self.sweep)

    def intervene(self, table: Mapping[str, Any], designs: Iterable[str] | None = None) -> None:
        """Let something happen now: an entry of ``[[interventions]]`` without its ``at``.

        Parameters
        ----------
        table : mapping
            Such as ``{"kind": "heat", "temperature": 2.0}``.
        designs : iterable of str, optional
            Where it happens; on every side if left out.

        Raises
        ------
        InputError
            What a scenario file refuses; the run is as before.
        """
        chosen = {side.name for side in self.sides} if designs is None else set(designs)
        acts = {
            side.name: [
                *side.settings.canonical()["interventions"],
                *([{**table, "at": self.sweep}] if side.name in chosen else []),
            ]
            for side in self.sides
        }
        if self.scenario.designs:
            designs_now = self.scenario.canonical()["designs"]
            for design in designs_now:
                design["interventions"] = acts[design["name"]]
            changed = self.scenario.replace({"designs": designs_now})
        else:
            changed = self.scenario.replace({"interventions": acts["base"]})
        before = _Before(
            self.scenario,
            self.sweep,
            len(self._at),
            tuple((side.frame, side.frame.state(), side.settings) for side in self.sides),
        )
        self._go_on(changed)
        self._undo = [*self._undo, before][-MOST_UNDONE:]

    @property
    def undoable(self) -> int:
        """How many acts can be taken back, one after the other."""
        return len(self._undo)

    def undo(self) -> None:
        r"""Take the last ``intervene`` back: the run stands where it stood before, bit for bit.

        What was seen since is forgotten, and the run goes on from there as if nothing had been
        done.

        Raises
        ------
        InputError
            Nothing was done, or it lies too far back.

        Examples
        --------
        >>> import sociophysics as sp
        >>> live = sp.live.LiveRun(sp.Scenario.from_toml(
        ...     'seed = 7\nnetwork = {kind = "complete", n = 20}\ncouplings = {kind = "uniform"}\n'
        ...     'dynamics = {temperature = 0.0, sweeps = 9, start = "up"}'), replicas=1)
        >>> live.intervene({"kind": "heat", "temperature": float("inf")})
        >>> live.step(), live.undo(), live.sweep
        (None, None, 0)
        >>> live.step(), float(live.series("base", "magnetization")[-1, 0])
        (None, 1.0)
        """
        if not self._undo:
            raise InputError("nothing was done to this run that can be taken back.")
        before = self._undo[-1]
        begun = [
            case_frames(settings, self.numbers, resume=state) for _, state, settings in before.sides
        ]
        self._undo = self._undo[:-1]
        for side, frames, (frame, _, settings) in zip(self.sides, begun, before.sides, strict=True):
            side.close()
            side.frames, side.settings, side.frame = frames, settings, frame
        self.scenario, self.sweep = before.scenario, before.sweep
        # New lists, the sweeps first: a reader in another thread never looks beyond its rows.
        self._at = self._at[: before.observed]
        self._rows = {name: rows[: before.observed] for name, rows in self._rows.items()}

    def extend(self, sweeps: int) -> None:
        """Move the end of the run; a ramp or loop is stretched from here on, so prefer constants.

        Raises
        ------
        InputError
            A sweep that is already past.
        """
        self._go_on(self.scenario.replace({"dynamics.sweeps": sweeps}))

    def so_far(self) -> Scenario:
        """Return the scenario of what was seen: it ends at the present sweep.

        What was pressed at this very sweep has not acted yet, and is left out.
        """
        sweeps = max(self.sweep, 1)
        tables = self.scenario.canonical()
        for place in (tables, *tables["designs"]):
            if place.get("interventions"):
                place["interventions"] = [a for a in place["interventions"] if a["at"] < sweeps]
        changed = self.scenario.replace(
            {key: tables[key] for key in ("interventions", "designs") if tables[key]}
        )
        return changed.replace({"dynamics.sweeps": sweeps, "dynamics.burn_in": 0})

    def table(self) -> pd.DataFrame:
        """Return what was observed, as ``results.parquet`` holds it for this scenario."""
        parts, at = [], np.array(self._at)
        for side in self.sides:
            cube = np.stack(self._rows[side.name])  # (sweeps, names, replicas)
            sweep = np.tile(at, len(self.numbers))
            stopped = np.repeat(side.frame.stopped, len(cube))
            rows = pd.DataFrame(
                {
                    "design": side.name,
                    "replica": np.repeat(self.numbers, len(cube)),
                    "sweep": sweep,
                    **{name: cube[:, k, :].T.ravel() for k, name in enumerate(self.names)},
                }
            )
            parts.append(rows[(stopped < 0) | (sweep <= stopped)])
        return pd.concat(parts, ignore_index=True)

    def series(self, design: str, name: str) -> NDArray[np.float64]:
        """Return one observable of one side so far, shape (observed sweeps, replicas)."""
        k = self.names.index(name)
        return np.stack([row[k] for row in self._rows[design]])

    def course(
        self, design: str, name: str, *, until: int, points: int = 400
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return sweeps and one observable there, evenly thinned: (points,), (points, replicas).

        It may be called while another thread moves the run on, or takes something back.
        """
        k, rows, at = self.names.index(name), self._rows[design], self._at
        last = bisect_right(at, until) - 1
        kept = np.unique(np.linspace(0, last, min(points, last + 1)).astype(np.int64))
        return np.array([at[i] for i in kept]), np.stack([rows[i][k] for i in kept])

    def now(self, design: str, name: str, sweep: int) -> NDArray[np.float64]:
        """Return one observable of one side where it was last observed, shape (replicas,)."""
        rows = self._rows[design]
        row: NDArray[np.float64] = rows[bisect_right(self._at, sweep) - 1][self.names.index(name)]
        return row

    def observed(self, sweep: int) -> int:
        """Return the last observed sweep up to this one: what ``now`` returns is of then."""
        at = self._at
        return at[bisect_right(at, sweep) - 1]

    def close(self) -> None:
        """Let all trajectories go."""
        for side in self.sides:
            side.close()

    def _side(self, case: Any) -> LiveSide:
        frames = case_frames(case.settings, self.numbers)
        return LiveSide(case.design, case.settings, frames, next(frames))

    def _go_on(self, changed: Scenario) -> None:
        """Replace every side's trajectory by one that goes on from its state."""
        settings = {case.design: case.settings for case in changed.cases()}
        begun = {}
        for side in self.sides:
            state = side.frame.state()
            begun[side.name] = case_frames(settings[side.name], self.numbers, resume=state)
        for side in self.sides:
            side.close()
            side.frames, side.settings = begun[side.name], settings[side.name]
        self.scenario = changed
