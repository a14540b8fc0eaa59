"""How often intervals of places, trends and single sets of data hold: more cells of the table.

What `tests/coverage.py` has of means over replicas, this has of searches along a key, of the
bootstrap over accounts or samples, and of regressions; each calls the product's own function on
data of a known law.
"""

from __future__ import annotations

from types import SimpleNamespace

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

import sociophysics.statistics as s
from sociophysics.experiments.binder import _crossing
from sociophysics.experiments.correlations import correlation_length
from sociophysics.experiments.detection import detect
from sociophysics.experiments.early_warnings import _ranks
from sociophysics.experiments.joined_runs import multi_histogram
from sociophysics.experiments.placing import finer, fluctuation_peak, placed
from sociophysics.inference.chamber.absence import _effect
from sociophysics.inference.chamber.member_ranks import rank_intervals
from sociophysics.inference.judging.holdout import HIDDEN_SHARE
from sociophysics.inference.judging.paired import paired_interval
from sociophysics.inference.stances.rival_rules import REFERENCE, _scored
from sociophysics.society.networks.amplification_axis import _bootstrapped, _decomposed
from sociophysics.society.spins import SpinSystem
from sociophysics.statistics.intervals import student
from sociophysics.statistics.transitions import detect_transition
from sociophysics.study.measure import Moments
from tests.coverage import Cell, Rng, Study

Floats = NDArray[np.float64]
NOT_FOUND = (np.nan, np.nan, 0.0, True)


def _order(rng: Rng, at: float, place: float, replicas: int, jumps: bool) -> Floats:
    """Return the order parameter of replicas at one value of the key."""
    if jumps:
        ordered = rng.random(replicas) < 1 / (1 + np.exp((at - place) / 0.03))
        return np.where(ordered, 0.9, 0.1) + 0.03 * rng.normal(size=replicas)
    middle = 0.1 + 0.8 / (1 + np.exp((at - place) / 0.05))
    return np.asarray(middle + 0.08 * rng.normal(size=replicas))


def _located(jumps: bool) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        place, grid = rng.uniform(0.85, 1.15), np.linspace(0.5, 1.5, 11)
        known = {float(v): _order(rng, v, place, n, jumps) for v in grid}

        def scan() -> Moments:
            values = np.array(sorted(known))
            first = np.array([known[v] for v in values])
            return Moments(values=values, first=first, second=first**2, fourth=first**4)

        found = detect(grid, scan().first, seed=1)
        if found.p_null >= 0.01 or not (found.inside and found.concentrated):
            return NOT_FOUND
        levels = [grid]
        for _ in range(2):
            levels.append(finer(levels, scan(), found))
            known |= {
                float(v): _order(rng, v, place, n, jumps) for v in levels[-1] if v not in known
            }
        return *placed(scan(), levels, found, seed=1)[1:], place, True

    law = "replicas that jump" if jumps else "a smooth fall"
    return Cell("tip and locate: place", law, draw, studies=100)


def _fluctuating(rng: Rng, n: int) -> Study:
    at = np.linspace(0.5, 1.5, 11)
    spread = np.sqrt(0.02 + 0.2 * np.exp(-(((at - 1.03) / 0.15) ** 2) / 2))
    m = 0.5 + spread[:, None, None] * rng.normal(size=(11, n, 20))
    scan = Moments(values=at, first=m.mean(-1), second=(m**2).mean(-1), fourth=(m**4).mean(-1))
    return *fluctuation_peak(scan, 100, np.ones(11), seed=1)[1:], 1.03, True


def _crosses(rng: Rng, n: int) -> Study:
    """Two sizes whose wells part at one temperature, the larger more sharply."""
    at = np.linspace(2.0, 2.6, 7)

    def scan(size: int) -> Moments:
        well = 1 / (1 + np.exp((at - 2.3) * size))[:, None, None]
        sign = np.where(rng.random((7, n, 200)) < 0.5, 1, -1)
        m = well * sign + 0.35 * rng.normal(size=sign.shape)
        powers = [np.abs(m), m**2, m**4]
        first, second, fourth = (each.mean(axis=-1) for each in powers)
        return Moments(values=at, first=first, second=second, fourth=fourth)

    return *_crossing(scan(4), scan(12), seed=1)[1], 2.3, True


def _ring(rng: Rng, n: int) -> Study:
    """Forty frames per replica of a ring at T = 1, whose length is known."""
    ring = SpinSystem.from_networkx(nx.cycle_graph(200), default_coupling=1.0)
    found = correlation_length(
        ring, temperature=1.0, sweeps=500, every=10, burn_in=100, replicas=n, start="random",
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    return found.low, found.high, -1 / np.log(np.tanh(1.0)), True


def _joined_runs(name: str, truth: float) -> Cell:
    """A density of states E^5: <E> = 6 T and C = 6; Student's interval of the printed error."""

    def draw(rng: Rng, n: int) -> Study:
        runs = {T: rng.gamma(6.0, T, size=(n, 30)) for T in (1.0, 1.3, 1.7)}
        found = multi_histogram(runs, [1.15]).iloc[0]
        half = student(0.95, n - 1) * found[f"{name}_error"]
        return found[name] - half, found[name] + half, truth, True

    named = name.replace("_", " ")
    return Cell("multi_histogram: error", f"{named} between two runs", draw, studies=400)


def _trend(rise: float, truth: float) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        values = rise * np.arange(8)[:, None] + rng.normal(size=(8, n))
        return *s.mean_interval(_ranks(values))[1:], truth, True

    return Cell("early_warning: trend", f"an indicator that rises by {rise:g} sd a step", draw)


def _changed(sharp: bool) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        import pandas as pd

        at, place = np.arange(12.0), rng.uniform(3.6, 7.4)
        level = at > place if sharp else 1 / (1 + np.exp(-(at - place) / 0.7))
        m = 2 * np.asarray(level, float)[:, None] + rng.normal(size=(12, n))
        table = pd.DataFrame({"T": np.repeat(at, n), "m": m.ravel()})
        found = detect_transition(table, along="T", power=False)
        return (*found.interval, place, True) if found.found else NOT_FOUND

    law = f"samples at each value, a {'step' if sharp else 'smooth change'}"
    return Cell("detect: place", law, draw, sizes=(10, 20, 60), studies=200)


USERS = 60


def _amplified(rng: Rng, place: Floats, accounts: int, camps: bool) -> csr_array:
    side = rng.choice([-1.0, 1.0], accounts) + 0.3 * rng.normal(size=accounts)
    where = side if camps else rng.normal(size=accounts)
    chance = 1 / (1 + np.exp(1 - 1.2 * place[:, None] * where))
    return csr_array((rng.random(chance.shape) < chance).astype(float))


def _axis(camps: bool) -> Cell:
    rng = np.random.default_rng(5)
    place = rng.normal(size=USERS)
    if camps:
        place = rng.choice([-1.0, 1.0], USERS) + 0.4 * place
    whole: list[Floats] = []

    def draw(rng: Rng, n: int) -> Study:
        if not whole:  # where 20,000 accounts place them
            many, _, _ = _decomposed(_amplified(np.random.default_rng(6), place, 20_000, camps))
            whole.append(many * np.sign(many @ place))
        matrix = _amplified(rng, place, n, camps)
        kept = np.asarray(matrix.sum(axis=1)) >= 3
        matrix = matrix[kept]
        matrix = matrix[:, np.asarray(matrix.sum(axis=0)) >= 3]
        found, _, _ = _decomposed(matrix)
        found *= np.sign(found @ place[kept])
        low, high = _bootstrapped(matrix, found, 200, 1)
        return low, high, whole[0][kept], True  # type: ignore[return-value]

    law = f"accounts, {'two camps' if camps else 'one heap'} of {USERS} users"
    return Cell("axis: places of users", law, draw, sizes=(10, 20, 50), studies=40)


def _absent(times: float, lasting: bool) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        shape = (10 * n, 30)
        chance = rng.random(shape)
        rate = np.exp(0.5 * rng.normal(size=30) + 0.3 * rng.normal(size=(10 * n, 1)) - 2.5)
        if lasting:
            rate *= np.repeat(rng.exponential(size=(n, 30)), 10, axis=0)
        absent = rng.random(shape) < np.minimum(rate * times**chance, 0.95)
        found = _effect(absent, chance, np.ones(shape, bool))
        middle, width = found["gamma"], found["width"]
        return float(np.exp(middle - width)), float(np.exp(middle + width)), times, True

    law = f"blocks of 10 roll calls, {times:g} times as often{', lasting' if lasting else ''}"
    return Cell("absence_effects: ratio, chances known", law, draw)


def _ranked(rng: Rng, n: int) -> Study:
    truth, errors = rng.normal(size=n), rng.uniform(0.2, 0.8, n)
    found = rank_intervals(truth + errors * rng.normal(size=n), errors=errors)
    rank = n - np.argsort(np.argsort(truth))
    return found.low, found.high, rank, True  # type: ignore[return-value]


def _rules(rng: Rng, n: int) -> Study:
    """Users of different habits, each seen ten times: a rule that says .7 against one of .5."""
    up = rng.random((n, 10)) < rng.beta(4, 2, size=n)[:, None]
    test = SimpleNamespace(after=np.where(up, 1, -1).ravel(), user=np.repeat(np.arange(n), 10))
    said = {REFERENCE: (np.full(10 * n, 0.5), ""), "rule": (np.full(10 * n, 0.7), "")}
    found = _scored(said, test, 0.95).set_index("rule").loc["rule"]  # type: ignore[arg-type]
    truth = (4 * np.log(0.7) + 2 * np.log(0.3)) / 6 - np.log(0.5)
    return found["low"], found["high"], truth, True


def _splits(rng: Rng, n: int) -> Study:
    """Models compared on votes hidden again and again from one table of 500."""
    each = rng.exponential(size=500)
    hidden = round(HIDDEN_SHARE * 500)
    gaps = np.array([rng.permutation(each)[:hidden].mean() for _ in range(n)])
    return *paired_interval(gaps, HIDDEN_SHARE / (1 - HIDDEN_SHARE)), 1.0, True


PLACES = [
    _located(jumps=False),
    _located(jumps=True),
    Cell("locate: peak of the susceptibility", "20 frames per replica", _fluctuating, studies=400),
    Cell("binder_crossing: two given sizes", "200 frames per replica", _crosses, studies=200),
    Cell("correlation_length", "a ring of 200 users, 40 frames", _ring, studies=400),
    _joined_runs("energy", 6.9),
    _joined_runs("heat_capacity", 6.0),
    _trend(0.0, 0.0),
    _trend(0.4, 0.55064),
    _changed(sharp=True),
    _changed(sharp=False),
    _axis(camps=True),
    _axis(camps=False),
    _absent(1.0, lasting=False),
    _absent(2.0, lasting=False),
    _absent(2.0, lasting=True),
    Cell("ranks of members", "members", _ranked),
    Cell("compare_rules: gain over persistence", "users seen 10 times", _rules,
         sizes=(20, 50, 200)),
    Cell("fit, three-valued: models on hidden votes", "splits of one table", _splits),
]  # fmt: skip
