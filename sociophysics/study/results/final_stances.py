"""Who stood where at the end of a run: users by name, and the ties they quarrel on.

A run keeps what its observables measured, not the stances of all users. They follow from seed,
settings and replica, and so they are computed again when somebody asks, one case at a time; the
observables of the last frame are compared with the run's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.scenario import Settings
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import ties

if TYPE_CHECKING:
    from sociophysics.study.results.run import Run

__all__ = ["final_users", "final_walls"]


class Ended(NamedTuple):
    """Some replicas of one case at their last frame."""

    system: tuple[SpinSystem, ...]  # one, or one per replica
    spins: NDArray[np.int8]  # (replicas, n)
    replicas: tuple[int, ...]


def final_users(
    run: Run, design: str | None, at: Mapping[str, Any] | None, replicas: Sequence[int] | None
) -> pd.DataFrame:
    """Return what ``Run.users`` does."""
    ended = _ended(run, design, at, replicas)
    first = ended.system[0]
    names = pd.Index(list(first.labels), name="user", tupleize_cols=False)
    if any(list(each.labels) != list(first.labels) for each in ended.system):
        raise InputError(
            "the replicas have users of other names, since each has a society of its own; ask for "
            "one replica: run.users(replicas=[0])."
        )
    table = first.nodes.set_axis(names).copy()
    for replica, row in zip(ended.replicas, ended.spins, strict=True):
        table[f"stance_{replica}"] = row
    table["mean_stance"] = ended.spins.mean(axis=0)
    return table


def final_walls(
    run: Run, design: str | None, at: Mapping[str, Any] | None, replica: int
) -> pd.DataFrame:
    """Return what ``Run.walls`` does."""
    ended = _ended(run, design, at, [replica])
    system, spins = ended.system[0], ended.spins[0]
    known = ties(system)
    wrong = known.coupling * spins[known.source] * spins[known.target] < 0
    order = np.argsort(-np.abs(known.coupling[wrong]), kind="stable")
    one, other = known.source[wrong][order], known.target[wrong][order]
    labels = list(system.labels)
    return pd.DataFrame(
        {
            "user": pd.Series([labels[i] for i in one], dtype=object),
            "other": pd.Series([labels[j] for j in other], dtype=object),
            "stance": spins[one],
            "stance_of_other": spins[other],
            "coupling": known.coupling[wrong][order],
        }
    )


def _ended(
    run: Run, design: str | None, at: Mapping[str, Any] | None, replicas: Sequence[int] | None
) -> Ended:
    """Return the last frame of one design at one point, computed again."""
    from sociophysics.dynamics.frames import observe
    from sociophysics.scenario import build

    settings, name, point = _case(run, design, at)
    count = int(run.manifest["replicas"])
    numbers = tuple(range(count)) if replicas is None else tuple(replicas)
    if not numbers or not all(type(r) is int and 0 <= r < count for r in numbers):
        raise InputError(f"replicas is {list(numbers)!r}; the run has 0 to {count - 1}.")
    _check_inputs(run)
    groups = [(r,) for r in numbers] if build.varies(settings) else [numbers]
    systems: list[SpinSystem] = []
    spins = []
    for group in groups:
        *_, last = build.case_frames(settings, group)
        found = observe(last, settings.observe.names)
        _check_same(run, name, point, group, found)
        systems += last.systems
        spins.append(last.spins)
    return Ended(tuple(systems), np.concatenate(spins), numbers)


def _case(
    run: Run, design: str | None, at: Mapping[str, Any] | None
) -> tuple[Settings, str, dict[str, Any]]:
    name = run.designs[0] if design is None else design
    if name not in run.designs:
        raise InputError(f"design is {design!r}; {did_you_mean(str(design), run.designs)}")
    unknown = [key for key in at or {} if key not in run.swept]
    if unknown:
        raise InputError(f"{unknown[0]!r} was not swept; {did_you_mean(unknown[0], run.swept)}")
    wanted = {**run.declared, **(at or {})}
    for case in run.scenario.cases():
        if case.design == name and all(case.point[key] == wanted.get(key) for key in run.swept):
            return case.settings, name, dict(case.point)
    lacking = [key for key in run.swept if key not in wanted]
    raise InputError(
        f"the run has no point {wanted!r}; give a swept value of "
        f"{', '.join(map(str, lacking or run.swept))} in `at`."
    )


def _check_inputs(run: Run) -> None:
    from sociophysics.study.blocks import fingerprints

    kept = run.manifest.get("inputs", {})
    for path, digest in fingerprints(run.scenario).items():
        if kept.get(path) != digest:
            raise InputError(
                f"{path} holds something else than when the run was made, so nobody knows who "
                "stood where; put the file back, or run anew."
            )


def _check_same(
    run: Run,
    design: str,
    point: Mapping[str, Any],
    replicas: Sequence[int],
    found: Mapping[str, NDArray[np.float64]],
) -> None:
    """Raise unless the last frame is the run's: other code, or another machine's rounding."""
    table = run.table[run.table["design"] == design]
    for key, value in point.items():
        table = table[table[key] == value]
    last = table.groupby("replica").tail(1).set_index("replica")
    for name, values in found.items():
        kept = last.loc[list(replicas), name].to_numpy(dtype=np.float64)
        if not np.allclose(kept, values, rtol=1e-9, atol=1e-12, equal_nan=True):
            raise InputError(
                f"computed again, {name} ends at {values[0]:.6g} where the run has {kept[0]:.6g}: "
                "it was made by other code; repeat it with that, or run anew."
            )
