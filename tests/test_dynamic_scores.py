"""Scores over several periods: a planted walk is covered, bridges count, faults are said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from sociophysics.errors import InputError
from sociophysics.inference import IdealPoints, dynamic_scores, fit_chambers
from sociophysics.inference.chamber import several_chambers
from sociophysics.inference.chamber.dynamic_scores import bridged
from sociophysics.inference.estimators.item_response import INTERCEPT_SD
from sociophysics.inference.estimators.walking_points import (
    Period,
    _pull,
    fit_walk,
    walk_errors,
    walk_precision,
)
from sociophysics.rollcall import Votes

DRIFT, PRIOR = 0.3, 1.5


def planted(seed, *, seats=18, periods=4, rollcalls=60, stay=0.75, drift=DRIFT):
    """Votes of periods between which a quarter of the members is replaced, and all places."""
    rng = np.random.default_rng(seed)
    ids, place = np.arange(seats), rng.normal(size=seats)
    chambers, truth = {}, []
    for p in range(periods):
        if p:
            leave = rng.random(seats) > stay
            place = np.where(leave, rng.normal(size=seats), place + drift * rng.normal(size=seats))
            ids = np.where(leave, ids + 100, ids)
        odds = rng.normal(size=(rollcalls, 1)) + PRIOR * rng.normal(size=(rollcalls, 1)) * place
        votes = np.where(rng.random(odds.shape) < expit(odds), 1, -1)
        votes[rng.random(votes.shape) < 0.05] = 0
        chambers[f"C{p}"] = Votes(votes, pd.DataFrame({"id": ids}))
        truth.append(pd.DataFrame({"id": ids, "period": f"C{p}", "truth": place}))
    return chambers, pd.concat(truth)


def scored(seed, level=0.90, drift=DRIFT, **plan):
    """The table of a planted walk with the truth on the same origin, scale and orientation."""
    chambers, truth = planted(seed, **plan)
    found = dynamic_scores(chambers, drift=drift, prior=PRIOR, level=level).table
    table = found.merge(truth, on=["id", "period"], validate="1:1")
    place = (table["truth"] - table["truth"].mean()) / table["truth"].std(ddof=0)
    return table.assign(truth=place * np.sign(place @ table["score"]))


def covered(seeds, **options):
    shares = []
    for seed in seeds:
        table = scored(seed, **options)
        shares.append(((table["low"] <= table["truth"]) & (table["truth"] <= table["high"])).mean())
    return np.array(shares)


def test_intervals_of_nine_tenths_cover_a_planted_walk():
    shares = covered(range(8))
    assert abs(shares.mean() - 0.9) < 3 * 0.06 / np.sqrt(8)  # .06 is the spread of a chamber's
    assert covered(range(4), level=0.5).mean() < 0.7  # narrower ones do not
    # nor those of members who stand still, where there are votes enough to tell
    assert covered(range(4), drift=0.01, rollcalls=200).mean() < 0.8


COURT = {"seats": 9, "periods": 5, "rollcalls": 50, "stay": 0.9}


def test_intervals_of_a_court_cover_and_none_has_no_width():
    """Errors were 0 where the observed information was not positive, and 77 % were held."""
    shares = []
    for seed in range(6):
        chambers, truth = planted(seed, **COURT)
        table = dynamic_scores(chambers, seed=seed).table.merge(truth, on=["id", "period"])
        assert (table["error"] > 0.02).all()
        place = (table["truth"] - table["truth"].mean()) / table["truth"].std(ddof=0)
        place *= np.sign(place @ table["score"])
        shares.append(place.between(table["low"], table["high"]).mean())
    assert np.mean(shares) > 0.85


@pytest.mark.validate
def test_intervals_of_nine_tenths_cover_fifty_planted_courts(record_property):
    shares = covered(range(1000, 1050), **COURT)
    record_property("coverage of 90 % intervals of dynamic scores, courts", float(shares.mean()))
    assert shares.mean() > 0.87


@pytest.mark.validate
def test_intervals_of_nine_tenths_cover_a_hundred_planted_walks(record_property):
    shares = covered(range(1000, 1100))
    record_property("coverage of 90 % intervals of dynamic scores", float(shares.mean()))
    assert abs(shares.mean() - 0.9) < 0.03


def fisher_errors(matrix, points, items):
    """Errors from the expected information of places and roll calls together, origin, scale fixed.

    Of the linear predictor a + b x of every vote, whose slopes are taken one by one.
    """
    rollcalls, n = matrix.shape
    prior = np.concatenate([np.ones(n), np.tile([INTERCEPT_SD**-2, PRIOR**-2], rollcalls)])
    information = np.diag(prior)
    for t in range(rollcalls):
        for i in np.flatnonzero(matrix[t]):
            slope = np.zeros(n + 2 * rollcalls)
            slope[i], slope[n + 2 * t], slope[n + 2 * t + 1] = items[t, 1], 1, points[i]
            chance = expit(items[t] @ [1, points[i]])
            information += chance * (1 - chance) * np.outer(slope, slope)
    own = np.linalg.inv(np.linalg.inv(information)[:n, :n])
    free = np.linalg.svd(np.column_stack([np.ones(n), points]))[0][:, 2:]
    return np.sqrt(np.diag(free @ np.linalg.inv(free.T @ own @ free) @ free.T))


def test_one_period_is_the_ideal_points():
    chambers, _ = planted(1)
    votes = chambers["C0"]
    n = votes.n_members
    walk = walk_precision(np.arange(n), np.zeros(n, int), DRIFT)
    ideal = IdealPoints(1, PRIOR).fit(votes)
    period = [Period(votes.matrix.astype(float), np.arange(n))]
    fit = fit_walk(period, walk, PRIOR, ideal.points_[:, 0], tol=1e-9)
    place = (fit.points - fit.points.mean()) / fit.points.std()
    # the mode of ideal points has a scale of its own, at which the prior shrinks a little less
    np.testing.assert_allclose(place, ideal.points_[:, 0], atol=0.1)
    assert np.corrcoef(place, ideal.points_[:, 0])[0, 1] > 0.999
    errors = walk_errors(period, walk, PRIOR, fit) / fit.points.std()
    own = fisher_errors(period[0].matrix, fit.points, fit.items[0]) / fit.points.std()
    np.testing.assert_allclose(errors, own, rtol=1e-6)


@pytest.mark.parametrize(("factor", "right"), [(1.0, True), (0.5, False), (2.0, False)])
def test_the_mode_is_that_of_the_walk_enumerated_on_a_grid(factor, right):
    """One member in two periods, roll calls known: places on a grid, each with its density."""
    rng = np.random.default_rng(3)
    walk = walk_precision(np.zeros(2, int), np.array([0, 1]), factor * DRIFT)
    votes = [rng.choice([-1.0, 1.0], (6, 1)) for _ in range(2)]
    items = [np.column_stack([rng.normal(size=6), 2 * rng.normal(size=6)]) for _ in range(2)]
    periods = [Period(each, np.array([k])) for k, each in enumerate(votes)]
    points = np.zeros(2)
    for _ in range(50):
        slope, weight = _pull(periods, points, items)
        precision = np.diag(walk.diagonal) + np.diag(walk.above, 1) + np.diag(walk.above, -1)
        step = np.linalg.solve(precision + np.diag(weight), slope - precision @ points)
        points = points + step
    axis = np.linspace(-3, 3, 601)
    first, second = np.meshgrid(axis, axis, indexing="ij")
    density = -0.5 * first**2 - 0.5 * (second - first) ** 2 / DRIFT**2
    for place, vote, item in zip((first, second), votes, items, strict=True):
        for s, (a, b) in zip(vote[:, 0], item, strict=True):
            density = density - np.logaddexp(0, -s * (a + b * place))
    best = np.unravel_index(density.argmax(), density.shape)
    assert np.allclose(points, axis[list(best)], atol=0.011) == right


def test_the_drift_is_chosen_on_hidden_votes():
    still, moving = (
        dynamic_scores(planted(5, rollcalls=60, drift=drift)[0], prior=PRIOR)
        for drift in (0.02, 0.8)
    )
    assert still.drift < moving.drift
    assert moving.validation["drift"].nunique() > 2


def test_too_small_a_prior_passes_for_drift_and_the_prior_is_chosen():
    chambers, _ = planted(2, rollcalls=80, drift=0.02)
    found = dynamic_scores(chambers, drift=0.2)
    assert 0.7 < found.prior < 4
    assert found.validation["prior"].nunique() > 2


def test_members_who_move_are_told_and_bridges_are_counted():
    chambers, _ = planted(7, rollcalls=200)
    turned = chambers["C3"].matrix.copy()
    column = int(np.flatnonzero(chambers["C3"].members["id"] < 100)[0])
    turned[:, column] *= -1
    mover = chambers["C3"].members["name"][column]
    chambers["C3"] = chambers["C3"].replace(matrix=turned)
    found = dynamic_scores(chambers, drift=0.8, prior=PRIOR, anchor=mover)
    assert mover in found.sentence
    shared = set(chambers["C0"].members["id"]) & set(chambers["C1"].members["id"])
    assert found.bridges["members"][0] == len(shared)
    assert found.anchor == mover


def test_a_fit_of_several_chambers_writes_scores_where_members_bridge_them(tmp_path, monkeypatch):
    chambers, _ = planted(3, seats=8, periods=2, rollcalls=30)
    named = {
        name: votes.replace(members=votes.members.assign(id="m" + votes.members["id"].astype(str)))
        for name, votes in chambers.items()
    }
    monkeypatch.setattr(several_chambers, "fit_into", lambda *given, **options: None)
    monkeypatch.setattr(several_chambers, "trend", lambda *a, **o: pd.DataFrame({"a": [1]}))
    fit_chambers(named, tmp_path / "named", quick=True)
    scores = pd.read_csv(tmp_path / "named" / "scores.csv")
    assert scores["period"].value_counts().tolist() == [8, 8]
    expected = dynamic_scores(
        {name: votes.contested() for name, votes in named.items()}, drift=0.2, prior=2.4
    )
    np.testing.assert_allclose(scores["score"], expected.table["score"], rtol=1e-6)
    # ids that only count columns say nothing about who is who
    counted = {name: Votes(votes.matrix) for name, votes in chambers.items()}
    assert not bridged(counted)


@pytest.mark.parametrize(
    ("change", "keys", "sentence"),
    [
        (lambda c: {"C0": c["C0"]}, {}, "1 period is given"),
        (
            lambda c: c | {"C1": c["C1"].replace(members=pd.DataFrame({"id": range(900, 918)}))},
            {},
            r"'C1' shares 0 member\(s\) with the periods before it",
        ),
        (
            lambda c: c | {"C1": c["C1"].replace(matrix=np.abs(c["C1"].matrix), partial=True)},
            {},
            "all roll calls of 'C1' are unanimous",
        ),
        (lambda c: c, {"drift": 0.0}, "drift is 0.0; it must be a positive number"),
        (lambda c: c, {"prior": float("nan")}, "prior is nan; it must be a positive number"),
        (lambda c: c, {"level": 90}, "level is 90; it must lie between 0 and 1"),
        (
            lambda c: c,
            {"anchor": "nobody", "drift": 0.3, "prior": 1.5},
            "anchor 'nobody' is no member's id",
        ),
    ],
)
def test_bad_input_is_refused(change, keys, sentence):
    with pytest.raises(InputError, match=sentence):
        dynamic_scores(change(planted(0)[0]), **keys)
