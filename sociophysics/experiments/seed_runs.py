"""Runs of a society in which seeds are set: who wins, and when; each seeding is a step."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.dynamics import trajectory
from sociophysics.dynamics.frames import Frame
from sociophysics.dynamics.state import fingerprint
from sociophysics.errors import InputError
from sociophysics.influences.feeds import Feed
from sociophysics.influences.interventions import Nucleate
from sociophysics.society.spins import SpinSystem
from sociophysics.store import open_store, steps, write_table
from sociophysics.store.steps import Arrays
from sociophysics.store.studies import claimed, make_manifest
from sociophysics.study.measure import Work, keeping_steps

__all__ = ["Seeded", "outcomes", "study_of"]


class Seeded(NamedTuple):
    """A society and its conditions, to be seeded in one way or another; as in ``trajectory``."""

    system: SpinSystem
    temperature: float
    sweeps: int
    seed: int
    replicas: int
    field: ArrayLike | float | None
    feed: Feed | None
    camps: ArrayLike | None
    start: str | ArrayLike
    won: float
    lost: float | None

    def known(self) -> dict[str, Any]:
        """Return all that runs depend on, as a manifest holds it; arrays by their sha256."""
        given = {name: _plain(value) for name, value in self._asdict().items() if name != "system"}
        return {**given, "system": fingerprint(self.system)}

    def run(self, act: Nucleate) -> Arrays:
        """Return for each replica 1 won, -1 lost, 0 undecided, and the sweep at which it ended."""
        won, lost = self.won, self.lost
        outcome = np.zeros(self.replicas, np.int64)
        ends = np.full(self.replicas, self.sweeps)

        def decided(frame: Frame) -> NDArray[np.bool_]:
            if frame.sweep > 0:  # frame 0 shows the stances before the seeds are set
                m = act.stance * frame.spins.mean(axis=1)
                over = m >= won
                gone = m <= lost if lost is not None else np.zeros_like(over)
                new = (over | gone) & (outcome == 0)
                outcome[new] = np.where(over, 1, -1)[new]
                ends[new] = frame.sweep
            done: NDArray[np.bool_] = outcome != 0
            return done

        keys = self._asdict()
        for name in ("won", "lost"):
            del keys[name]
        for _ in trajectory(keys.pop("system"), interventions=[act], stop=decided, **keys):
            pass
        return {"outcome": outcome, "ends": ends}


def _plain(value: Any) -> Any:
    if isinstance(value, Feed):
        return value.table()
    if value is None or isinstance(value, str | int | float):
        return value
    array = np.ascontiguousarray(value)
    return hashlib.sha256(
        f"{array.dtype.str} {array.shape} ".encode() + array.tobytes()
    ).hexdigest()


@contextlib.contextmanager
def study_of(
    question: str, asked: Mapping[str, Any], seeded: Seeded, work: Work, *, total: int
) -> Iterator[Callable[[str, Any], None]]:
    """Hold the place of ``work`` for a question on seeds, and keep each seeding as a step.

    Yields a function that writes a table into it; without a place it does nothing.

    Raises
    ------
    InputError
        Thresholds that cannot be, or a place that is another study's or not writable.
    Cancelled
        ``work.cancel`` was set.
    """
    won, lost = seeded.won, seeded.lost
    if not -1 < won <= 1 or (lost is not None and not -1 <= lost < won):
        raise InputError(
            f"won is {won} and lost {lost}; allowed: -1 <= lost < won <= 1, lost may be left out."
        )
    with contextlib.ExitStack() as stack:
        store = None if work.folder is None else open_store(work.folder)
        if store is not None:
            whole = {"question": question, **asked, **seeded.known()}
            manifest = make_manifest("seeds", asked=whole, inputs={})
            stack.enter_context(claimed(store, "seeds", manifest, {"python": True}))

        def write(name: str, table: Any) -> None:
            if store is not None:
                write_table(store, name, table)

        with keeping_steps(work, total=total):
            yield write


def outcomes(seeded: Seeded, seedings: Sequence[Mapping[str, Any]]) -> list[Arrays]:
    """Return ``Seeded.run`` of every seeding, the keys of a ``Nucleate``, each a step."""
    return steps("seeds", _outcome, [seeded], [dict(each) for each in seedings],
                 known=[seeded.known()])  # fmt: skip


def _outcome(seeded: Seeded, seeding: Mapping[str, Any]) -> Arrays:
    return seeded.run(Nucleate(at=0, **seeding))
