r"""Where the distribution of measured outputs changes along a control, whatever changes.

At each step between two neighbouring values of the control the histograms of ``window`` values on
either side, ``P`` and ``Q``, are compared by Jensen-Shannon divergence (or total variation, or the
linear dissimilarity) [1]_. For a society in equilibrium at temperature ``T`` the divergence
of near neighbours is proportional to the Fisher information ``var(E)/T^4``: it peaks where the heat
capacity does. Two nulls stand beside it: outputs shuffled over the whole range (nothing changes)
and an even drift (it changes as much at every step).

References
----------
.. [1] J. Arnold, F. Schaefer, Phys. Rev. X 12, 031044 (2022); J. Arnold et al., arXiv:2405.17088.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.statistics.distances import DISTANCES, smooth_top
from sociophysics.statistics.histograms import Counted, Grouped, Histograms, codes_of
from sociophysics.statistics.resampling import check_draws
from sociophysics.streams import check_seed, generator

__all__ = ["Transition", "detect_transition"]

Floats = NDArray[np.float64]
FEWEST_VALUES = 4
FEWEST_DRAWS = 5
WIDEST = 3  # default of values on either side
STANDS_OUT = 1.25  # times the mean distance: less is nobody's transition, however well measured
TRIALS, SHUFFLES = 40, 39  # simulated changes per size, for the power, and the nulls of each
CHANGES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
POWER = 0.8


class Transition(NamedTuple):
    """Where outputs change along a control, and whether they do."""

    found: bool
    """Whether a change was found that neither null explains, inside the range."""
    value: Any
    """Where: for numbers the top of the peak, else the first value of the new side; None if none
    was found."""
    between: tuple[Any, Any]
    """The neighbouring values between which outputs change most, found or not."""
    interval: tuple[Any, Any]
    """Values between which the change lies in 95 % of bootstrap draws."""
    observable: str
    """The output that changes most."""
    distance: float
    """Its distance there, 0 (equal) to 1 (disjoint)."""
    p_null: float
    """Share of shuffles of the outputs over the range that show as much."""
    p_drift: float
    """Share of noise around an even drift that stands out as much from the mean distance."""
    smallest: float
    """Smallest share of outputs that would be found in 80 % of studies like this one, if they
    changed in the middle of the range; NaN if none would, or if it was not asked."""
    peaks: dict[str, Any]
    """Where each measure has its peak."""
    table: pd.DataFrame
    """One row per output and step: ``left``, ``right``, the three distances, what the shuffle
    shows on average (``null``)."""
    note: str
    """How it was found, or why not."""


@dataclass(frozen=True, eq=False)
class _Steps:
    """The steps between values, and how many values each side of one has."""

    values: list[Any]
    width: NDArray[np.int64]

    @property
    def middles(self) -> Floats:
        """Return where the steps are, on the control's own scale if it has one."""
        at = np.asarray(self.values if self.numeric else range(len(self.values)), float)
        return np.asarray((at[1:] + at[:-1]) / 2)

    @property
    def numeric(self) -> bool:
        """Return whether the control has a scale."""
        return all(isinstance(v, int | float) for v in self.values)

    def sides(self, histograms: Floats) -> tuple[Floats, Floats]:
        """Return the mean histograms left and right of each step, shape (..., steps, bins)."""
        zero = np.zeros_like(histograms[..., :1, :])
        sums = np.concatenate([zero, histograms.cumsum(axis=-2)], axis=-2)
        at, width = np.arange(1, len(self.values)), self.width[:, np.newaxis]
        left = (sums[..., at, :] - sums[..., at - self.width, :]) / width
        right = (sums[..., at + self.width, :] - sums[..., at, :]) / width
        return left, right

    def place(self, height: Floats) -> Any:
        """Return where a height over the steps has its top."""
        return (
            smooth_top(self.middles, height) if self.numeric else self.values[self.top(height) + 1]
        )

    def top(self, height: Floats) -> int:
        """Return the step in which a height has its top."""
        if not self.numeric:
            return int(np.argmax(height))
        inner = np.asarray(self.values[1:-1], dtype=float)
        return int(np.searchsorted(inner, smooth_top(self.middles, height)))


def detect_transition(
    table: pd.DataFrame,
    *,
    along: str,
    observables: Sequence[str] | str | None = None,
    by: str | None = None,
    units: str | None = None,
    counts: str | None = None,
    measure: str = "jensen_shannon",
    window: int | None = None,
    level: float = 0.05,
    draws: int = 199,
    power: bool = True,
    seed: int = 0,
) -> Transition:
    """Return where the distribution of outputs changes along a control, or that it does not.

    Parameters
    ----------
    table : DataFrame
        One row per sample: the control and what was measured.
    along : str
        Column of the control: numbers, or anything that sorts into its order, such as dates.
    observables : column or list of columns, optional
        Outputs, numbers or categories; all other columns by default. Missing entries are left out.
        With several, the nulls count that the one that changes most was picked.
    by : str, optional
        Column of groups, such as camps: each output is looked at in each group by itself, so that a
        change of one is not hidden by who else is there.
    units : str, optional
        Column of who was measured: rows of one unit at one value are correlated (frames of a run)
        and count as one draw together.
    counts : str, optional
        Column of how many samples a row stands for.
    measure : {"jensen_shannon", "total_variation", "linear"}
        Which distance decides; the table has all three.
    window : int, optional
        Values on either side of a step that are compared; fewer near the ends. 3, or a third of
        a short range; at most half of it.
    level : float
        A change is found if each null shows as much with at most this probability.
    draws : int
        Shuffles, and bootstrap draws.
    power : bool
        Simulate which change would be found; it takes most of the time.
    seed : int

    Raises
    ------
    InputError
        A column that is not there, fewer than four values of the control, fewer than five samples
        at one of them, or options out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> step = np.repeat(np.arange(8.0), 60)
    >>> data = pd.DataFrame({"T": step, "m": rng.normal(size=480) + 2 * (step > 4.5)})
    >>> found = detect_transition(data, along="T", observables="m")
    >>> found.found, found.between
    (True, (4.0, 5.0))
    """
    apart = (units, counts, by)
    names = _checked(table, along, observables, apart, measure, window, level, draws)
    if by is not None:
        table, names = _split(table, names, by)
    values = _values(table[along])
    if len(values) < FEWEST_VALUES:
        raise InputError(
            f"{along} has {len(values)} different values; a change along it can be placed among "
            f"{FEWEST_VALUES} or more."
        )
    most = (len(values) - 2) // 2  # so that three steps have whole windows
    if window is not None and window > most:
        raise InputError(
            f"window is {window}; with {len(values)} values of {along} it is at most {most}."
        )
    widest = window if window is not None else min(WIDEST, (len(values) - 1) // 3)
    at = np.arange(1, len(values))
    steps = _Steps(values, np.minimum(np.minimum(at, len(values) - at), widest))
    known = {name: _draws_of(table, along, name, values, units, counts, widest) for name in names}
    check_draws(draws, numbers=max(each.histograms().size for each in known.values()))
    check_seed(seed)
    found = _judged(steps, known, measure, level, draws, seed)
    if not power:
        return found
    rng = generator(seed, "independents")
    return found._replace(smallest=_smallest(steps, known[found.observable], measure, level, rng))


def _checked(
    table: pd.DataFrame,
    along: str,
    observables: Sequence[str] | str | None,
    apart: tuple[str | None, ...],
    measure: str,
    window: int | None,
    level: float,
    draws: int,
) -> list[str]:
    """Return the outputs, or raise for what cannot be asked."""
    columns = [name for name in table.columns if isinstance(name, str)]
    given = [name for name in apart if name is not None]
    if observables is None:
        names = [name for name in columns if name not in (along, *given)]
    else:
        names = [observables] if isinstance(observables, str) else list(observables)
    for name in (along, *given, *names):
        if name not in columns:
            raise InputError(f"{name!r} is no column; {did_you_mean(name, columns)}")
        if columns.count(name) > 1:
            raise InputError(f"{columns.count(name)} columns are named {name!r}; rename them.")
        if table[name].dtype.kind == "c":
            raise InputError(f"{name} holds complex numbers; give their size, or parts.")
    if not names:
        raise InputError(f"there is no column beside {along}; give observables.")
    if apart[0] is not None and apart[1] is not None:
        raise InputError("units and counts are both given; rows that stand for many have no units.")
    if measure not in DISTANCES:
        raise InputError(f"measure is {measure!r}; {did_you_mean(measure, DISTANCES)}")
    if window is not None and (isinstance(window, bool) or window < 1):
        raise InputError(f"window is {window}; it must be a whole number >= 1.")
    if not 0 < level < 1 or draws < 1 / level - 1:
        raise InputError(
            f"level is {level} and draws {draws}; the level lies between 0 and 1, and draws must "
            "be 1/level - 1 or more."
        )
    return names


def _split(table: pd.DataFrame, names: list[str], by: str) -> tuple[pd.DataFrame, list[str]]:
    """Return a table with a column for each output in each group."""
    groups = table[by].dropna().drop_duplicates().tolist()
    split = {f"{name} of {group}": table[name].where(table[by] == group)
             for name in names for group in groups}  # fmt: skip
    return table.assign(**split), list(split)


def _values(control: pd.Series) -> list[Any]:
    """Return the values of the control in their order."""
    try:
        values: list[Any] = control.dropna().drop_duplicates().sort_values().tolist()
    except TypeError:
        raise InputError(
            f"{control.name} mixes numbers and texts, which have no order; give one of them."
        ) from None
    if any(isinstance(value, float) and math.isinf(value) for value in values):
        raise InputError(f"{control.name} holds an infinite value; leave it out.")
    return values


def _draws_of(
    table: pd.DataFrame,
    along: str,
    name: str,
    values: list[Any],
    units: str | None,
    counts: str | None,
    widest: int,
) -> Histograms:
    """Return the draws of one output at every value."""
    rows = table[table[name].notna() & table[along].notna()]
    at = pd.Index(values).get_indexer(rows[along])
    if units is not None:
        keys = pd.MultiIndex.from_arrays([at, rows[units].to_numpy()])
        order, owners = pd.factorize(keys, sort=True)
        number = np.bincount([k for k, _ in owners], minlength=len(values))
    elif counts is not None:
        weight = rows[counts].to_numpy()
        whole = np.issubdtype(weight.dtype, np.number) and np.isfinite(weight.astype(float)).all()
        if not whole or (weight < 0).any() or (weight != np.round(weight)).any():
            raise InputError(f"{counts} holds something else than whole numbers >= 0.")
        number = np.bincount(at, weight, minlength=len(values)).astype(np.int64)
    else:
        number = np.bincount(at, minlength=len(values))
    if number.min() < FEWEST_DRAWS:
        few = values[int(np.argmin(number))]
        raise InputError(
            f"{name} has {int(number.min())} samples at {along} = {few}; a detector needs "
            f"{FEWEST_DRAWS} or more at every value: merge values, or leave this one out."
        )
    codes = codes_of(rows[name], draws=int(number.min()) * widest)
    bins = int(codes.max()) + 1
    if units is None:
        weight = None if counts is None else rows[counts].to_numpy(dtype=float)
        flat = np.bincount(at * bins + codes, weight, minlength=len(values) * bins)
        return Counted(np.rint(flat).astype(np.int64).reshape(-1, bins))
    flat = np.bincount(order * bins + codes, minlength=len(owners) * bins).astype(float)
    shapes = flat.reshape(-1, bins)
    return Grouped(shapes / shapes.sum(axis=1, keepdims=True), number)


def _judged(
    steps: _Steps, known: dict[str, Histograms], measure: str, level: float, draws: int, seed: int
) -> Transition:
    rng, compare = generator(seed, "null"), DISTANCES[measure]
    height, excess, null, rows = {}, {}, {}, []
    for name, samples in known.items():
        sides = steps.sides(samples.histograms())
        shuffled = compare(*steps.sides(samples.shuffled(draws, rng)))
        base = shuffled.mean(axis=0)
        height[name] = compare(*sides)
        excess[name], null[name] = height[name] - base, (shuffled - base).max(axis=1)
        rows.append(_rows(steps, name, sides, base))
    best = max(excess, key=lambda name: float(excess[name].max()))
    strongest = np.max(list(null.values()), axis=0)
    top = steps.top(excess[best])
    p_null = _share(strongest >= excess[best].max() - 1e-12)
    again = compare(*steps.sides(known[best].again(draws, generator(seed, "bootstrap"))))
    p_drift = _drift(steps, excess[best], again, top)
    note = _doubt(steps, p_null, p_drift, level, top)
    tops = np.sort([steps.top(excess[best] + each) for each in again - again.mean(axis=0)])
    low, high = (int(tops[round(q * (draws - 1))]) for q in (0.025, 0.975))
    table = pd.concat(rows, ignore_index=True)
    own = table[table["observable"] == best]
    return Transition(
        found=not note,
        value=None if note else steps.place(excess[best]),
        between=(steps.values[top], steps.values[top + 1]),
        interval=(steps.values[min(low, top)], steps.values[max(high, top) + 1]),
        observable=best,
        distance=float(height[best][top]),
        p_null=p_null,
        p_drift=p_drift,
        smallest=math.nan,
        peaks={each: steps.place(own[each].to_numpy()) for each in DISTANCES},
        table=table,
        note=note or f"largest distance of the two sides ({measure.replace('_', ' ')})",
    )


def _rows(steps: _Steps, name: str, sides: tuple[Floats, Floats], base: Floats) -> pd.DataFrame:
    distances = {each: function(*sides) for each, function in DISTANCES.items()}
    ends = {"left": steps.values[:-1], "right": steps.values[1:]}
    return pd.DataFrame({"observable": name, **ends, **distances, "null": base})


def _share(as_much: NDArray[np.bool_]) -> float:
    return (1 + int(as_much.sum())) / (1 + as_much.size)


def _drift(steps: _Steps, height: Floats, again: Floats, top: int) -> float:
    """Return the chance that noise around equal distances stands out as the top does.

    Only steps with whole windows are compared: near the ends fewer values lie further in.
    """
    whole = steps.width == steps.width.max()
    whole[top] = True
    seen, noise = height[whole], (again - again.mean(axis=0))[:, whole]
    if seen.size < 2 or seen.max() < STANDS_OUT * seen.mean():
        return 1.0
    return _share(noise.max(axis=1) - noise.mean(axis=1) >= seen.max() - seen.mean())


def _doubt(steps: _Steps, p_null: float, p_drift: float, level: float, top: int) -> str:
    """Return why there is no transition, nothing if there is one."""
    if p_null > level:
        return "outputs shuffled over the range differ as much"
    if p_drift > level:
        return "the change is as even as a drift over the range"
    if top in (0, steps.width.size - 1):
        return "the largest change lies at an end of the range; widen it"
    return ""


def _smallest(
    steps: _Steps, samples: Histograms, measure: str, level: float, rng: np.random.Generator
) -> float:
    """Return the smallest of ``CHANGES`` that would mostly be found, by bisection."""
    low, high = 0, len(CHANGES)
    while low < high:
        middle = (low + high) // 2
        if _seen(steps, samples, CHANGES[middle], measure, level, rng) >= POWER:
            high = middle
        else:
            low = middle + 1
    return CHANGES[low] if low < len(CHANGES) else math.nan


def _seen(
    steps: _Steps,
    samples: Histograms,
    share: float,
    measure: str,
    level: float,
    rng: np.random.Generator,
) -> float:
    """Return how often a change of this share in the middle exceeds what its shuffles show."""
    number, compare = samples.number, DISTANCES[measure]
    law = np.tile(
        np.append(np.average(samples.histograms(), axis=0, weights=number), 0.0), (number.size, 1)
    )
    changed = slice(len(steps.values) // 2, None)
    law[changed] *= 1 - share
    law[changed, -1] = share  # an output that was never seen before
    law /= law.sum(axis=1, keepdims=True)
    seen = 0
    for counts in rng.multinomial(number, law, size=(TRIALS, number.size)):
        changes = Counted(counts)
        null = compare(*steps.sides(changes.shuffled(SHUFFLES, rng)))
        base = null.mean(axis=0)
        bar = float(np.quantile((null - base).max(axis=1), 1 - level, method="higher"))
        height = compare(*steps.sides(changes.histograms())) - base
        seen += float(height.max()) > bar
    return seen / TRIALS
