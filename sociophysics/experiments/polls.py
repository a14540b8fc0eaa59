r"""Poll a few, know all: what some users' stances tell about the majority, the rest and the camps.

.. math:: I(k) = H(M) - H(M \mid n_+),

in bits, with ``M`` the sign of a majority and ``n_+`` how many of k polled users are for it (camp
by camp where there are camps). In an ordered society every stance is a noisy copy of the one sign,
and a handful of users, however far apart, tell it; in a disordered one nobody does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from sociophysics.arguments import asks
from sociophysics.errors import InputError, did_you_mean
from sociophysics.influences.feeds import acting
from sociophysics.machine import require_memory
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system, camp_names, case_frames
from sociophysics.statistics import Interval, mean_interval, pseudo_values
from sociophysics.statistics.information import entropy, mutual_information
from sociophysics.store import Place, json_form, steps
from sociophysics.store.steps import Arrays
from sociophysics.streams import generator
from sociophysics.study.asked import asked_of
from sociophysics.study.blocks import identities
from sociophysics.study.measure import Progress, Work, keeping_steps, reseeded, varied

__all__ = ["CHOICES", "SIZES", "Polls", "polling"]

CHOICES = ("random", "degree", "greedy")
SIZES = (1, 3, 10, 30, 100)
TOGETHER = 16  # replicas of one step
FEWEST_REPLICAS, FEWEST_FRAMES = 4, 4
CANDIDATES = 200  # among whom a greedy search chooses
LARGEST_GREEDY = 30
LEVELS = 10  # steps in which shares are told apart; an even number
PAIRS = 20
MOSTLY = 0.6  # of what there is to know: errors are rare beyond

ENOUGH = 0.9  # of what there is to know


class Polls(NamedTuple):
    """What polls tell, and how many users are enough.

    ``table`` has one row per choice of users, size and target: ``information`` in bits with its
    95 % interval and its ``share`` of what there is to know, the entropy of the target. Targets
    are the majority of all, of the rest (those not asked) and of each camp; ``far pair`` is what
    one user's stance tells about that of the user farthest away. ``enough`` is the smallest size
    that tells nine tenths; NaN if none of those asked does, or if there is nothing to know (a
    target that is always on one side; its share is NaN in ``table``). ``asked`` holds the labels of
    users by choice, in their order, ``camps`` the names of camps 0, 1, ...
    """

    table: pd.DataFrame
    enough: pd.DataFrame
    asked: dict[str, list[Any]]
    note: str
    camps: tuple[Any, ...] = ()


@asks
def polling(
    scenario: Scenario,
    sizes: Sequence[int] = SIZES,
    *,
    choices: Sequence[str] = CHOICES,
    design: str | None = None,
    replicas: int | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> Polls:
    """Return how much polls of k users tell about everybody, at every value of the sweep.

    Frames after ``burn_in`` count; what the scenario redraws for each replica is drawn once.
    Without field, feed and interventions the law at rest has no preferred side, and each frame
    counts with its mirror image.

    Parameters
    ----------
    scenario : Scenario
    sizes : sequence of int
        Numbers of users that are asked.
    choices : sequence of str
        random: others in every frame. degree: those with most ties. greedy: one after the other
        who adds most, chosen in half of the replicas and judged in the others (up to 30 users).
    design : str, optional
        Name of the design; the first by default.
    replicas : int, optional
        Those of the scenario by default, ten if it has one.
    out : path, or address such as ``s3://bucket/poll``, optional
        Makes it a study that goes on and is opened by ``sp.open``.
    workers, executor, progress, cancel
        As for ``sp.run``.
    seed : int, optional
        Instead of the scenario's.

    Raises
    ------
    InputError
        Sizes that are no whole numbers from 1 to n, unknown choices, fewer than four replicas or
        frames, or a swept key that changes who the users are.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 40}
    ... couplings = {kind = "uniform", value = 0.025}
    ... dynamics = {temperature = 0.5, sweeps = 60, burn_in = 20, start = "up"}
    ... sweep = {replicas = 8}
    ... ''')
    >>> found = polling(scenario, [1, 3], choices=["random"], workers=1)
    >>> row = found.table.query("size == 3 and target == 'majority'").iloc[0]
    >>> bool(row["information"] > 0.9)
    True
    """
    scenario = reseeded(scenario, seed)
    sizes = _sizes(sizes)
    for name in choices:
        if name not in CHOICES:
            raise InputError(f"{name!r} is no choice of users; {did_you_mean(name, CHOICES)}")
    axes = {key: list(values) for key, values in scenario.sweep.axes.items()}
    # The users of one society are asked: nothing is redrawn between replicas.
    whole = varied(scenario, design=design, replicas=replicas, axes=axes)
    whole = whole.replace({"sweep.redraw": []})
    number = whole.sweep.replicas
    if number < FEWEST_REPLICAS:
        raise InputError(
            f"replicas is {number}; a poll is judged by how replicas differ: give "
            f"{FEWEST_REPLICAS} or more."
        )
    cases = whole.cases()
    blocks = [list(range(k, min(k + TOGETHER, number))) for k in range(0, number, TOGETHER)]
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    asked = {"sizes": sizes, "choices": list(choices), "design": design, "replicas": replicas}
    parts = []
    with asked_of(scenario, "poll", asked, out) as tables:
        with keeping_steps(work, total=len(cases) * len(blocks)):
            for case in cases:
                society = _Society(case.settings, blocks, sizes)
                parts.append(_asked(society, dict(case.point), sizes, choices))
        names = camp_names(cases[0].settings, society.system) if society.camps is not None else ()
        found = Polls(
            pd.concat([each.table for each in parts], ignore_index=True),
            pd.concat([each.enough for each in parts], ignore_index=True),
            parts[-1].asked,
            "; ".join(filter(None, [parts[-1].note, _redrawn(scenario)])),
            tuple(names),
        )
        tables |= {"polls": found.table, "enough": found.enough}
    return found


def _redrawn(scenario: Scenario) -> str:
    return "one society is polled, not redrawn for each replica" if scenario.sweep.redraw else ""


def _sizes(given: Sequence[int]) -> list[int]:
    for size in given:
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise InputError(f"sizes holds {size!r}; give whole numbers >= 1.")
    if not len(given):
        raise InputError("sizes is empty; give how many users are asked.")
    return sorted({int(size) for size in given})


def _block(tables: Mapping[str, Any], replicas: Sequence[int]) -> Arrays:
    """Return packed stances of frames after burn-in, shape (replicas, frames, bytes)."""
    settings = Settings.model_validate(tables)
    kept = [
        np.packbits(frame.spins > 0, axis=1)
        for frame in case_frames(settings, replicas)
        if frame.sweep > settings.dynamics.burn_in
    ]
    return {
        "stances": np.stack(kept, axis=1) if kept else np.zeros((len(replicas), 0, 1), np.uint8)
    }


class _Society:
    """Frames of one case, and what is known of its users."""

    def __init__(
        self, settings: Settings, blocks: Sequence[Sequence[int]], sizes: Sequence[int]
    ) -> None:
        if settings.dynamics.stop_when != "none":
            raise InputError(
                f"dynamics.stop_when is {settings.dynamics.stop_when!r}; a poll compares replicas "
                "at the same sweeps: leave it out."
            )
        self.system, codes = build_system(settings, None)
        frames = (settings.dynamics.sweeps - settings.dynamics.burn_in) // settings.observe.every
        if max(sizes) > self.system.n:
            raise InputError(f"sizes holds {max(sizes)}; the society has {self.system.n} users.")
        if frames < FEWEST_FRAMES:
            raise InputError(
                f"{frames} frames come after burn_in; a poll needs {FEWEST_FRAMES} or more: raise "
                "dynamics.sweeps or lower observe.every."
            )
        total = sum(map(len, blocks)) * frames
        require_memory(6.0 * total * self.system.n, what="the frames", fix="raise observe.every")
        found = steps(
            "poll", _block, [json_form(settings.canonical())], [list(each) for each in blocks],
            known=identities([settings]),
        )  # fmt: skip
        packed = np.concatenate([each["stances"] for each in found])
        bits = np.unpackbits(packed, axis=2, count=self.system.n)
        self.stances = (2 * bits.astype(np.int8) - 1).astype(np.int8)
        self.seed = settings.seed
        here = np.unique(codes[codes >= 0]) if codes is not None else np.zeros(0)
        self.camps = codes if here.size > 1 else None
        field = next(case_frames(settings, [0])).field
        self.mirrored = (
            not field.any() and acting(settings.feed) is None and not settings.interventions
        )

    def targets(self, chosen: NDArray[np.int64]) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Yield the sign of each majority, 0 at a tie, shape (replicas, frames).

        ``chosen`` holds who was asked in each frame.
        """
        total = self.stances.sum(axis=2, dtype=np.int64)
        asked = np.take_along_axis(self.stances, chosen, axis=2).sum(axis=2, dtype=np.int64)
        yield "majority", np.sign(total)
        yield "rest", np.sign(total - asked)
        if self.camps is not None:
            for camp in np.unique(self.camps[self.camps >= 0]):
                own = self.stances[..., self.camps == camp].sum(axis=2, dtype=np.int64)
                yield f"camp {int(camp)}", np.sign(own)

    def answers(
        self, chosen: NDArray[np.int64], target: str = "majority"
    ) -> tuple[NDArray[np.int64], int]:
        """Return the outcome of a poll in each frame, a number, and how many outcomes there are.

        It is the share of those asked who are for it; for a camp, that among its own and that
        among the others. Mirror images are counted from the end.
        """
        given = np.take_along_axis(self.stances, chosen, axis=2) > 0
        if self.camps is None or not target.startswith("camp "):
            exact = min(chosen.shape[2], 2 * LEVELS)
            return np.rint(given.mean(axis=2) * exact).astype(np.int64), exact + 1
        own = self.camps[chosen] == int(target.removeprefix("camp "))
        inside, outside = (_shares(given, who) for who in (own, ~own))
        return inside * (LEVELS + 1) + outside, (LEVELS + 1) ** 2


def _shares(given: NDArray[np.bool_], who: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the share of some who are for it, in tenths; the middle if nobody is asked."""
    number = who.sum(axis=2)
    share = np.where(number > 0, (given & who).sum(axis=2) / np.maximum(number, 1), 0.5)
    # Halves go to the even neighbour: among 0 to 10 mirror images stay mirror images.
    return np.asarray(np.rint(share * LEVELS), dtype=np.int64)


def _asked(
    society: _Society, point: dict[str, Any], sizes: Sequence[int], choices: Sequence[str]
) -> Polls:
    """Return the polls of one case."""
    n = society.system.n
    rows, asked = [_far_pair(society)], {}
    for choice in choices:
        order, judged = _order(society, choice, max(sizes))
        if choice != "random":
            asked[choice] = [society.system.labels[i] for i in order]
        for size in sizes:
            if choice != "random" and size > len(order):
                continue
            chosen = _chosen(society, order, size, choice)
            for target, sign in society.targets(chosen):
                if target == "rest" and size == n:
                    continue
                told = society.answers(chosen, target)
                found = _information(*told, sign, society.mirrored, judged)
                rows.append({"choice": choice, "size": size, "target": target, **found})
    table = pd.DataFrame(rows)
    polls = table[table["choice"] != "far pair"]
    enough = pd.DataFrame(
        [
            {"choice": choice, "target": target,
             "size": float(part.loc[part["share"] >= ENOUGH, "size"].min())}
            for (choice, target), part in polls.groupby(["choice", "target"], sort=False)
        ]
    )  # fmt: skip
    for position, (key, value) in enumerate(point.items()):
        table.insert(position, key, value)
        enough.insert(position, key, value)
    note = "each frame counts with its mirror image" if society.mirrored else ""
    return Polls(table, enough, asked, note)


def _order(
    society: _Society, choice: str, most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Return whom to ask, first things first, and the replicas that judge it, None for all."""
    degree = np.diff(society.system.stored.indptr)
    by_degree = np.argsort(-degree, kind="stable")
    if choice == "degree":
        return by_degree[:most], None
    if choice == "random":
        return by_degree, None
    rng = generator(society.seed, "observables")
    half = max(1, CANDIDATES // 2)
    others = rng.permutation(by_degree[half:])[: CANDIDATES - half]
    return _greedy(society, np.concatenate([by_degree[:half], others]), most), np.arange(
        1, society.stances.shape[0], 2
    )


def _greedy(society: _Society, candidates: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return users, each the one that adds most to what is known of the majority of all."""
    seen = society.stances[::2].reshape(-1, society.system.n)
    sign = np.sign(seen.sum(axis=1, dtype=np.int64))
    if society.mirrored:
        seen, sign = np.concatenate([seen, -seen]), np.concatenate([sign, -sign])
    seen, sign = seen[sign != 0], sign[sign != 0] > 0
    plus = (seen[:, candidates] > 0).astype(np.int64)
    total, chosen, left = np.zeros(len(plus), np.int64), [], np.ones(candidates.size, bool)
    for k in range(min(most, LARGEST_GREEDY, candidates.size)):
        code = 2 * (total[:, np.newaxis] + plus) + sign[:, np.newaxis]
        flat = code + 2 * (k + 2) * np.arange(candidates.size)
        counts = np.bincount(flat.ravel(), minlength=2 * (k + 2) * candidates.size)
        told = mutual_information(counts.reshape(candidates.size, k + 2, 2))
        best = int(np.argmax(np.where(left, told, -1.0)))
        chosen.append(int(candidates[best]))
        left[best] = False
        total += plus[:, best]
    return np.array(chosen, dtype=np.int64)


def _chosen(
    society: _Society, order: NDArray[np.int64], size: int, choice: str
) -> NDArray[np.int64]:
    """Return who is asked in each frame, shape (replicas, frames, size)."""
    replicas, frames, n = society.stances.shape
    if choice != "random":
        return np.broadcast_to(order[:size], (replicas, frames, size))
    rng = generator(society.seed, "observables", sweep=size)
    drawn = [rng.choice(n, size, replace=False) for _ in range(replicas * frames)]
    return np.array(drawn, dtype=np.int64).reshape(replicas, frames, size)


def _information(
    code: NDArray[np.int64],
    many: int,
    sign: NDArray[np.int64],
    mirrored: bool,
    judged: NDArray[np.int64] | None = None,
) -> dict[str, float]:
    """Return what outcomes tell about a sign, by the jackknife over replicas."""
    rows = np.arange(len(code)) if judged is None else judged
    counts = np.zeros((rows.size, many, 2))
    for k, row in enumerate(rows):
        clear = sign[row] != 0
        pair = 2 * code[row, clear] + (sign[row, clear] > 0)
        counts[k] = np.bincount(pair, minlength=2 * many).reshape(many, 2)
    if mirrored:
        counts = (counts + counts[:, ::-1, ::-1]) / 2
    free = float(entropy(counts.sum(axis=(0, 1)))) if counts.any() else 0.0
    if not free > 0:  # always the same side: nothing to know
        return {"information": 0.0, "low": 0.0, "high": 0.0, "share": np.nan}

    def told(flat: NDArray[np.float64]) -> NDArray[np.float64]:
        return mutual_information(flat.reshape(*flat.shape[:-1], many, 2))

    value, low, high = _bits(counts.reshape(rows.size, -1), told, free)
    return {"information": value, "low": low, "high": high, "share": value / free}


def _bits(
    counts: NDArray[np.float64],
    told: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    free: float,
) -> Interval:
    """Return bits over replicas, between 0 and ``free``, the bits of the sign itself.

    Bits grow as the square of what tells them, so that those of a poll that tells little are
    skewed, and their roots are not: the interval holds that of either. One whose bits are no more
    than three times the bias that the jackknife takes off may tell nothing. Of a poll that is
    nearly always right few replicas see an error, and below ten of them nothing is determined.
    """
    values = pseudo_values(counts, told)
    value, low, high = mean_interval(values)
    roots = pseudo_values(counts, lambda q: np.sqrt(np.maximum(told(q), 0.0)))
    _, root_low, root_high = mean_interval(roots)
    bias = float(told(counts.mean(axis=0))) - value
    known = np.isfinite([low, root_low]).all() and (len(counts) >= 10 or value <= MOSTLY * free)
    kept = float(np.clip(value, 0.0, free))
    if not known:
        return Interval(kept, np.nan, np.nan)
    low = min(low, max(root_low, 0.0) ** 2) if value >= 3 * bias else 0.0
    high = max(high, max(root_high, 0.0) ** 2)
    return Interval(kept, float(np.clip(low, 0.0, free)), float(np.clip(high, 0.0, free)))


def _far_pair(society: _Society) -> dict[str, Any]:
    """Return what one stance tells about that of the user farthest away, over some pairs."""
    rng, found = generator(society.seed, "observables"), []
    for i in rng.choice(society.system.n, min(PAIRS, society.system.n), replace=False).tolist():
        apart = dijkstra(society.system.J != 0, directed=False, unweighted=True, indices=i)
        apart[~np.isfinite(apart)] = -1
        j = int(rng.choice(np.flatnonzero(apart == apart.max())))
        if j != i:
            code = (society.stances[..., i] > 0).astype(np.int64)
            sign = society.stances[..., j].astype(np.int64)
            found.append(_information(code, 2, sign, society.mirrored)["information"])
    value, low, high = mean_interval(np.array(found)) if found else (np.nan,) * 3
    row = {"choice": "far pair", "size": 1, "target": "another user"}
    return {**row, "information": value, "low": low, "high": high, "share": np.nan}
