r"""Which keys of a scenario move an outcome, and whether the order of its designs survives.

Keys are drawn within bounds, all at once, after the plan of Morris or of Saltelli (SALib), and
every design lives at every point in the same replicas. An outcome at a point is its mean over
replicas; what chance leaves of it, :math:`\sigma_w^2/R`, is taken out of its variance :math:`V`
before a key's share is: with :math:`V_k = V - \sigma_w^2/R`,

.. math:: S_i = \frac{1}{V_k}\, \mathrm{Var}\, E[Y | x_i], \qquad
          T_i = \frac{1}{V_k}\, E\, \mathrm{Var}[Y | x_{\sim i}] .
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError, did_you_mean
from sociophysics.scenario import Scenario
from sociophysics.scenario.build import without_effect
from sociophysics.scenario.variation import value_at
from sociophysics.statistics import paired_difference
from sociophysics.store import Place
from sociophysics.study import plan, tasks
from sociophysics.study.asked import asked_of
from sociophysics.study.measure import Progress, Work, computed, is_whole, reseeded
from sociophysics.study.results import Run
from sociophysics.study.results.comparison import signed
from sociophysics.study.shelf import join_tables

__all__ = ["METHODS", "Sensitivity", "sensitivity", "sobol_indices"]

Floats = NDArray[np.float64]
METHODS = ("morris", "sobol")
LEVELS = 4  # of Morris's grid
AROUND = 0.2  # of the file's value: bounds where none are given
MOST_RUNS = 2_000_000  # points times designs times replicas


class Sensitivity(NamedTuple):
    """What keys do to an outcome.

    ``sentence`` says whether the order of designs survives, and which keys act on nothing that was
    asked. ``indices`` has one row per design and
    key: for Morris ``mu_star`` (mean size of the elementary effects over the whole bounds, with
    ``mu_star_conf``) and ``sigma``; for Sobol ``first`` and ``total`` with their half-widths,
    ``first_conf`` and ``total_conf``; and ``noise``, the share of the variance between points that
    chance leaves. ``order`` has one row per pair of designs: at how many points the first lies
    higher, lower, or cannot be told from the second, by the 95 % interval of paired differences.
    ``points`` has the values of the keys and the mean outcome of every design.
    """

    sentence: str
    indices: pd.DataFrame
    order: pd.DataFrame
    points: pd.DataFrame


@asks
def sensitivity(
    scenario: Scenario,
    keys: Sequence[str] | Mapping[str, Sequence[float] | None],
    *,
    method: str = "morris",
    samples: int = 8,
    observable: str | None = None,
    replicas: int | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> Sensitivity:
    """Return how an outcome depends on keys of a scenario that are varied all at once.

    Parameters
    ----------
    scenario : Scenario
        Its sweep is left out: keys that are not varied have the values of its tables.
    keys : sequence of str, or mapping
        Dotted keys that hold numbers, with low and high; a fifth below and above the file's value
        where none are given.
    method : {"morris", "sobol"}
        Elementary effects, ``samples (k + 1)`` points, which keys matter at all; or shares of the
        variance, ``samples (k + 2)`` points, for few keys.
    samples : int
        Trajectories of Morris, or a power of two of Saltelli's base points.
    observable : str, optional
        The first of the scenario by default; averaged over the last window.
    replicas : int, optional
        Those of the scenario by default; at least two.
    out, workers, executor, progress, cancel, seed
        As in :func:`sociophysics.experiments.hysteresis`.

    Raises
    ------
    InputError
        Keys that are no numbers of the scenario, bounds that it refuses, or SALib (the extra
        ``sensitivity``) is missing.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 30}
    ... couplings = {kind = "uniform", normalize = "degree"}
    ... dynamics = {temperature = 0.5, sweeps = 20, burn_in = 10, start = "up"}
    ... sweep = {replicas = 2}
    ... ''')
    >>> found = sensitivity(scenario, {"dynamics.temperature": (0.2, 2.0)}, samples=4, workers=1)
    >>> found.indices["key"].tolist(), len(found.points)
    (['dynamics.temperature'], 8)
    """
    base = _without_sweep(reseeded(scenario, seed), replicas)
    bounds = _bounds(base, keys)
    name = observable or base.observe.names[0]
    if name not in base.observe.names:
        raise InputError(
            f"{name!r} is not observed by the scenario; {did_you_mean(name, base.observe.names)}"
        )
    base = base.replace({"observe.names": [name]})
    # Counted before the points are drawn: a million of them take a minute.
    designs = max(1, len(base.designs))
    if (runs := _points(bounds, method, samples) * designs * base.sweep.replicas) > MOST_RUNS:
        raise InputError(
            f"{runs:,} runs are asked for; at most {MOST_RUNS:,} are allowed: give fewer samples, "
            "replicas or keys."
        )
    places = _sampled(bounds, method, samples, base.seed)
    asked = {
        "keys": {key: list(pair) for key, pair in bounds.items()},
        "method": method,
        "samples": samples,
        "observable": name,
        "replicas": base.sweep.replicas,
    }
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    with asked_of(reseeded(scenario, seed), "sensitivity", asked, out) as kept:
        names, outcomes = _outcomes(base, list(bounds), places, name, work)
        found = _found(names, outcomes, name, bounds, places, method, base.seed)
        kept["indices"], kept["order"], kept["points"] = found.indices, found.order, found.points
    return found


def sobol_indices(
    outcomes: Floats, bounds: Mapping[str, Sequence[float]], *, seed: int = 0
) -> pd.DataFrame:
    """Return Sobol's indices of outcomes at Saltelli's points, chance taken out.

    Parameters
    ----------
    outcomes : array, shape (samples (k + 2), replicas)
        At the points of SALib's ``sample.sobol`` without second order.
    bounds : mapping
        From each of the k keys to low and high.
    seed : int
        Of the resampling behind the half-widths.

    Returns
    -------
    DataFrame
        Columns key, first, first_conf, total, total_conf, noise.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> flat = rng.normal(size=(16 * 3, 4))
    >>> bool(sobol_indices(flat, {"x": (0, 1)})["noise"].iloc[0] > 0.5)
    True
    """
    analyze = _salib("analyze.sobol")
    k, replicas = len(bounds), outcomes.shape[1]
    blocks = outcomes.reshape(-1, k + 2, replicas)
    # As SALib does, the variance is that of the two independent sets of points.
    apart = np.concatenate([blocks[:, 0], blocks[:, -1]])
    variance = float(apart.mean(axis=1).var())
    chance = float(apart.var(axis=1, ddof=1).mean()) / replicas if replicas > 1 else 0.0
    known = max(variance - chance, 0.0)
    if known == 0.0:
        nan = np.full(k, np.nan)
        return _indices(bounds, nan, nan, nan, nan, 1.0 if variance else np.nan)
    problem, means = _problem(bounds), outcomes.mean(axis=1)
    raw = analyze.analyze(problem, means, calc_second_order=False, seed=seed)
    scale = variance / known
    # Of the paired step along a key, chance is what differs between replicas.
    steps = blocks[:, [0], :] - blocks[:, 1:-1, :]
    left = steps.var(axis=2, ddof=1).mean(axis=0) / replicas / 2 if replicas > 1 else np.zeros(k)
    total = np.asarray(raw["ST"]) * scale - left / known
    return _indices(
        bounds,
        np.asarray(raw["S1"]) * scale,
        np.asarray(raw["S1_conf"]) * scale,
        total,
        np.asarray(raw["ST_conf"]) * scale,
        chance / variance,
    )


def _indices(
    bounds: Mapping[str, Any], first: Floats, low: Floats, total: Floats, high: Floats, noise: float
) -> pd.DataFrame:
    columns = {"key": list(bounds), "first": first, "first_conf": low}
    return pd.DataFrame({**columns, "total": total, "total_conf": high, "noise": noise})


def _salib(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(f"SALib.{name}")
    except ImportError:
        raise InputError(
            "a sensitivity analysis needs SALib, which is not installed; run: "
            "pip install 'sociophysics[sensitivity]'."
        ) from None


def _problem(bounds: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    return {
        "num_vars": len(bounds),
        "names": list(bounds),
        "bounds": [list(pair) for pair in bounds.values()],
    }


def _without_sweep(scenario: Scenario, replicas: int | None) -> Scenario:
    asked = scenario.sweep.replicas if replicas is None else replicas
    sweep = {"replicas": asked, "redraw": list(scenario.sweep.redraw)}
    if asked < 2:
        raise InputError(
            "a sensitivity analysis tells keys from chance by replicas, and one is asked for; give "
            "at least 2."
        )
    return scenario.replace({"sweep": sweep, "claims": []})


def _bounds(
    base: Scenario, keys: Sequence[str] | Mapping[str, Sequence[float] | None]
) -> dict[str, tuple[float, float]]:
    """Return low and high of every key, and refuse what cannot be varied between them."""
    given = dict(keys) if isinstance(keys, Mapping) else dict.fromkeys(keys)
    if not given:
        raise InputError("no keys are given; name at least one, such as dynamics.temperature.")
    found = {}
    for key, pair in given.items():
        values = [value_at(case.settings.canonical(), key) for case in base.cases()]
        # Of lists and tables, such as fields by camp, there is no number to divide.
        numbers = sorted(
            {v for v in values if isinstance(v, int | float) and not isinstance(v, bool)}
        )
        if not numbers or any(is_whole(case.settings, key) for case in base.cases()
                              if value_at(case.settings.canonical(), key) is not None):  # fmt: skip
            raise InputError(
                f"{key} is not a key of the scenario with a number that can be divided; name one "
                "such as dynamics.temperature or feed.strength."
            )
        if pair is None:
            if len(numbers) > 1 or numbers[0] == 0:
                raise InputError(
                    f"{key} is {' and '.join(f'{v:g}' for v in sorted(numbers))} in the scenario, "
                    f"which gives no bounds; give them: {key}=LOW:HIGH."
                )
            pair = sorted((numbers[0] * (1 - AROUND), numbers[0] * (1 + AROUND)))
        low, high = (float(end) for end in pair)
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise InputError(
                f"the bounds of {key} are {low:g} and {high:g}; give two numbers, the lower first."
            )
        reasons = [without_effect(case.settings, key) for case in base.cases()]
        if all(reasons):
            raise InputError(f"{key} acts on nobody, because {reasons[0]}; leave it out.")
        base.replace({key: low})
        base.replace({key: high})
        found[key] = (low, high)
    return found


def _points(bounds: Mapping[str, tuple[float, float]], method: str, samples: int) -> int:
    """Return how many points a method looks at."""
    if method not in METHODS:
        raise InputError(f"method is {method!r}; {did_you_mean(method, METHODS)}")
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 2:
        raise InputError(f"samples is {samples!r}; it must be a whole number >= 2.")
    if method == "sobol" and samples & (samples - 1):
        raise InputError(f"samples is {samples}; Sobol's points come in powers of two, as 64.")
    return samples * (len(bounds) + (1 if method == "morris" else 2))


def _sampled(
    bounds: Mapping[str, tuple[float, float]], method: str, samples: int, seed: int
) -> Floats:
    """Return the points, shape (points, keys)."""
    problem, small = _problem(bounds), seed % 2**32
    if method == "morris":
        sample = _salib("sample.morris").sample
        found = sample(problem, samples, num_levels=LEVELS, seed=small)
    else:
        sample = _salib("sample.sobol").sample
        found = sample(problem, samples, calc_second_order=False, seed=small)
    return np.asarray(found, dtype=np.float64)


def _outcomes(
    base: Scenario, keys: list[str], places: Floats, name: str, work: Work
) -> tuple[list[str], Floats]:
    """Return the designs and the outcomes, shape (points, designs, replicas)."""
    scenarios = [base.replace(dict(zip(keys, map(float, x), strict=True))) for x in places]
    parts = [plan(each) for each in scenarios]
    every = {part.name: part for some in parts for part in some}
    data = computed(list(every.values()), tasks.simulate_case, work, rehearse=tasks.rehearse_case)
    found = []
    designs: list[str] = []
    for each, some in zip(scenarios, parts, strict=True):
        run = Run(table=join_tables(each, some, data), manifest={}, scenario=each)
        designs = run.designs
        found.append(run.grid.values(name)[:, 0, :])
    return designs, np.array(found)


def _found(
    designs: list[str],
    outcomes: Floats,
    name: str,
    bounds: Mapping[str, tuple[float, float]],
    places: Floats,
    method: str,
    seed: int,
) -> Sensitivity:
    tables = []
    for d, design in enumerate(designs):
        values = outcomes[:, d, :]
        if method == "sobol":
            table = sobol_indices(values, bounds, seed=seed % 2**32)
        else:
            table = _morris(values, bounds, places, seed)
        table.insert(0, "design", design)
        tables.append(table)
    points = pd.DataFrame(places, columns=list(bounds))
    for d, design in enumerate(designs):
        points[design] = outcomes[:, d, :].mean(axis=1)
    order = _order(designs, outcomes, name)
    sentence = _sentence(designs, order, len(places))
    if idle := _idle(designs, outcomes, list(bounds), places):
        sentence += f" In no bit did an outcome change with {'; '.join(idle)}."
    return Sensitivity(sentence, pd.concat(tables, ignore_index=True), order, points)


def _idle(designs: list[str], outcomes: Floats, keys: list[str], places: Floats) -> list[str]:
    """Return which keys changed nothing in any society, and in which designs if not in all."""
    said = []
    for k, key in enumerate(keys):
        # Two points that differ in this key alone, one of which follows the other soon.
        others = np.delete(places, k, axis=1)
        pairs = [
            (a, b)
            for a in range(len(places))
            for b in range(a + 1, min(a + len(keys) + 2, len(places)))
            if places[a, k] != places[b, k] and (others[a] == others[b]).all()
        ]
        same = [
            design
            for d, design in enumerate(designs)
            if pairs and all(np.array_equal(outcomes[a, d], outcomes[b, d]) for a, b in pairs)
        ]
        if len(same) == len(designs):
            said.append(key)
        elif same:
            said.append(f"{key} in {', '.join(same)}")
    return said


def _morris(
    values: Floats, bounds: Mapping[str, tuple[float, float]], places: Floats, seed: int
) -> pd.DataFrame:
    analyze = _salib("analyze.morris").analyze
    means = values.mean(axis=1)
    raw = analyze(_problem(bounds), places, means, num_levels=LEVELS, seed=seed % 2**32)
    variance = float(means.var())
    chance = float(values.var(axis=1, ddof=1).mean()) / values.shape[1]
    noise = min(1.0, chance / variance) if variance else np.nan
    columns = {name: np.asarray(raw[name]) for name in ("mu_star", "mu_star_conf", "sigma")}
    return pd.DataFrame({"key": list(bounds), **columns, "noise": noise})


def _order(designs: list[str], outcomes: Floats, name: str) -> pd.DataFrame:
    """Return, for each pair of designs, at how many points which lies higher."""
    rows = []
    for a, b in combinations(range(len(designs)), 2):
        pairs = zip(outcomes[:, a, :], outcomes[:, b, :], strict=True)
        intervals = [paired_difference(*pair, signed=signed(name)) for pair in pairs]
        higher = sum(each.low > 0 for each in intervals)
        lower = sum(each.high < 0 for each in intervals)
        same = len(intervals) - higher - lower
        rows.append({"first": designs[a], "second": designs[b], "higher": higher,
                     "lower": lower, "not_told": same})  # fmt: skip
    return pd.DataFrame(rows, columns=["first", "second", "higher", "lower", "not_told"])


def _sentence(designs: list[str], order: pd.DataFrame, points: int) -> str:
    if len(designs) < 2:
        return "There is one design, so that no order can change."
    both = order[(order["higher"] > 0) & (order["lower"] > 0)]
    if not (order["higher"] + order["lower"]).any():
        return (
            f"No order of the {len(designs)} designs is told: no pair differs beyond its interval "
            f"at any of {points} points; more replicas may tell."
        )
    if both.empty:
        return (
            f"The order of designs survives: no pair of {len(designs)} designs is found one way "
            f"round at some of {points} points and the other way at others."
        )
    pairs = [
        f"{row['first']} lies higher than {row['second']} at {row['higher']} and lower at "
        f"{row['lower']}"
        for row in both.to_dict("records")
    ]
    more = f"; and {len(pairs) - 3} more pairs" if len(pairs) > 3 else ""
    return (
        f"The order of designs does not survive: of {points} points, {'; '.join(pairs[:3])}{more}."
    )
