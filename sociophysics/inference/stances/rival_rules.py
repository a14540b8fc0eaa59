"""Update rules and plain habits, fitted to the earlier waves and scored on the later ones.

A rule moves a user with probability ``attempts`` between two waves, by its own flip probability of
the aligned pull ``y = s (m + h) / (1 + |h|)``, ``m`` the mean stance of the neighbours, ``h`` a
common field. The score of a model is the mean log probability of what happened, in nats per pair;
0 is perfect. All are compared, pair by pair, with persistence at two rates: whoever is at -1 leaves
at one rate, whoever is at +1 at another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from sociophysics.errors import InputError
from sociophysics.inference.calibration.panel_files import read_panel
from sociophysics.inference.stances.held_out_pairs import Pairs, pairs_of, regressed
from sociophysics.influences.rules import MajorityVote, QVoter, Rule, Voter

__all__ = ["REFERENCE", "Rivals", "compare_rules", "rivals_of"]

Floats = NDArray[np.float64]
Fitted = tuple[Floats, str]  # probability of +1 of every pair that is scored, and the parameters
REFERENCE = "persistence, two rates"
HALF = 0.5  # what smoothing adds to every count
LARGEST_Q = 6
GRID = np.linspace(0.05, 0.95, 19)


class Rivals(NamedTuple):
    """How models of the next stance do on waves that they were not fitted to.

    ``rules`` has the columns ``rule, log_score, difference, low, high, accuracy, parameters``,
    best first, differences to persistence with two rates; ``regressions`` has ``waves, term,
    estimate, error``; ``notes`` is what a reader must know.
    """

    rules: pd.DataFrame
    regressions: pd.DataFrame
    notes: tuple[str, ...]
    pairs: int
    fitted: int


def compare_rules(
    data: Mapping[str, Any],
    *,
    leave_out: str | None = None,
    folder: Path | None = None,
    confidence: float = 0.95,
) -> Rivals:
    r"""Return how update rules do beside habits on the later waves of a panel.

    Parameters
    ----------
    data : mapping
        ``network`` and ``stances``, as in ``[data]`` of a calibration.
    leave_out : str, optional
        Column of the users: whoever has a 1 there is a neighbour, but is not scored.
    folder : Path, optional
        What relative paths start from.
    confidence : float
        Of the intervals.

    Returns
    -------
    Rivals

    Raises
    ------
    InputError
        Data that are not understood, or fewer than three waves.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "ties.csv").write_text("source,target\na,b\nb,c\n")
    >>> rows = ["a,1,1", "b,1,1", "c,1,-1", "a,2,1", "b,2,-1", "c,2,-1", "a,3,-1", "b,3,-1"]
    >>> _ = (folder / "stances.csv").write_text("id,wave,stance\n" + "\n".join(rows))
    >>> found = compare_rules(
    ...     {"network": {"path": "ties.csv"}, "stances": "stances.csv"}, folder=folder
    ... )
    >>> found.fitted, found.pairs
    (3, 2)
    """
    source = read_panel(data, folder)
    if len(source.stances) < 2 or not source.labels:
        raise InputError("compare-rules needs waves; give [data] stances as id, wave, stance.")
    return rivals_of(pairs_of(source, leave_out=leave_out), confidence=confidence)


def rivals_of(pairs: Pairs, *, confidence: float = 0.95) -> Rivals:
    """Return how models do on the later steps of some pairs.

    Parameters
    ----------
    pairs : Pairs
    confidence : float

    Raises
    ------
    InputError
        No pairs in the earlier or in the later steps.
    """
    early = pairs.step < pairs.fitted_steps
    train, test = pairs.of(early), pairs.of(~early)
    if not len(train.user) or not len(test.user):
        raise InputError("the earlier or the later waves hold no pair of known stances.")
    absorbing = pairs.absorbing
    found: dict[str, Fitted] = {name: fit(train, test) for name, fit in HABITS.items()}
    if len(np.unique(pairs.camp[pairs.camp >= 0])) > 1:
        found["camp line"] = _camp_line(train, test)
    for name, fit in RULES.items():
        found[name] = fit(train, test)
    if absorbing:
        # Whoever is at +1 stays: no rule is asked about it.
        stay = test.before > 0
        for name, (p, text) in found.items():
            if name not in HABITS and name != "camp line":
                found[name] = (np.where(stay, found[REFERENCE][0], p), text)
    notes = []
    if absorbing:
        notes.append("nobody ever leaves +1: rules are asked only who leaves -1")
    alone = float(test.alone.mean())
    if alone > 0:
        notes.append(f"{alone:.0%} of the scored pairs have no known neighbour and a pull of 0")
    table = _scored(found, test, confidence)
    best = table.iloc[0]["rule"]
    rules = table[table["rule"].isin(RULES)]
    if (rules["high"] < 0).all():
        notes.append("every update rule does worse than persistence here")
    elif (rules["low"] > 0).any():
        notes.append(f"{best} does best; update rules add to persistence here")
    elif (rules["high"] < 0).any():
        worse = ", ".join(rules.loc[rules["high"] < 0, "rule"])
        notes.append(f"no update rule does better than persistence here; worse: {worse}")
    else:
        notes.append("no update rule is told apart from persistence here")
    return Rivals(table, _regressions(pairs), tuple(notes), len(test.user), len(train.user))


def _scored(found: Mapping[str, Fitted], test: Pairs, confidence: float) -> pd.DataFrame:
    z = float(norm.ppf(0.5 + confidence / 2))
    up = test.after > 0
    scores = {name: np.log(np.where(up, p, 1 - p)) for name, (p, _) in found.items()}
    rows = []
    for name, (p, text) in found.items():
        apart = scores[name] - scores[REFERENCE]
        mean = float(apart.mean())
        # Pairs of one user are not independent.
        totals = pd.Series(apart - mean).groupby(test.user).sum().to_numpy()
        error = float(np.sqrt((totals**2).sum()) / len(apart))
        rows.append(
            {
                "rule": name,
                "log_score": float(scores[name].mean()),
                "difference": mean,
                "low": mean - z * error,
                "high": mean + z * error,
                "accuracy": float(((p > 0.5) == up).mean()),
                "parameters": text,
            }
        )
    return pd.DataFrame(rows).sort_values("log_score", ascending=False, ignore_index=True)


def _regressions(pairs: Pairs) -> pd.DataFrame:
    tables = []
    for by_wave in (False, True):
        try:
            table = regressed(pairs, by_wave=by_wave)
        except InputError:
            continue
        table = table[~table["term"].str.startswith("step")]
        tables.append(table.assign(waves="one intercept each" if by_wave else "all alike"))
    columns = ["waves", "term", "estimate", "error"]
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)


# Habits: no neighbour counts.


def _rate(flips: NDArray[np.bool_]) -> float:
    return float((flips.sum() + HALF) / (flips.size + 2 * HALF))


def _left(before: Floats, rate: Floats | float) -> Floats:
    """Return the probability of +1 of users who change at some rate."""
    return np.asarray(np.where(before > 0, 1 - np.asarray(rate), rate))


def _one_rate(train: Pairs, test: Pairs) -> Fitted:
    rate = _rate(train.flips)
    return _left(test.before, rate), f"flips {rate:.3g}"


def _two_rates(train: Pairs, test: Pairs) -> Fitted:
    up, down = (_rate(train.flips[train.before == s]) for s in (-1, 1))
    return _left(test.before, np.where(test.before > 0, down, up)), f"up {up:.3g}, down {down:.3g}"


def _alike(train: Pairs, test: Pairs) -> Fitted:
    share = _rate(train.after > 0)
    return np.full(len(test.user), share), f"P(+1) {share:.3g}"


def _independent(train: Pairs, test: Pairs) -> Fitted:
    """Return each user's own share of +1 so far, drawn towards everybody's by two waves' worth."""
    share = _rate(train.after > 0)
    table = pd.DataFrame({"user": train.user, "up": train.after > 0}).groupby("user")["up"]
    own = (table.sum() + 2 * share) / (table.count() + 2)
    p = own.reindex(test.user).fillna(share).to_numpy(dtype=np.float64)
    return np.clip(p, 1e-6, 1 - 1e-6), "each user's own share of +1"


def _camp_line(train: Pairs, test: Pairs) -> Fitted:
    shares = {c: _rate(train.after[train.camp == c] > 0) for c in np.unique(train.camp)}
    everybody = _rate(train.after > 0)
    return np.array([shares.get(c, everybody) for c in test.camp]), "each camp's share of +1"


HABITS: dict[str, Callable[[Pairs, Pairs], Fitted]] = {
    REFERENCE: _two_rates,
    "persistence, one rate": _one_rate,
    "all alike": _alike,
    "independent users": _independent,
}


# Rules: a share of the users moves between two waves, each as the rule says.


def _heat_bath(train: Pairs, test: Pairs) -> Fitted:
    def up(pairs: Pairs, a: float, K: float, H: float) -> Floats:
        moved = expit(2 * (K * pairs.pull + H))
        return np.asarray((1 - a) * (pairs.before > 0) + a * moved)

    best = _maximum(
        lambda theta: up(train, float(expit(theta[0])), theta[1], theta[2]), train,
        [(a, K, 0.0) for a in (-1.5, 1.0) for K in (0.5,)],
    )  # fmt: skip
    a, K, H = float(expit(best[0])), float(best[1]), float(best[2])
    text = f"attempts {a:.3g}, contagion {K:.3g}, field {H:.3g}"
    return _bounded(up(test, a, K, H), train), text


def _ruled(
    rule: Callable[[float], Rule], name: str, *, smooth: bool = True
) -> Callable[[Pairs, Pairs], Fitted]:
    """Return the fit of a rule with one parameter between 0 and its largest."""

    def up(pairs: Pairs, a: float, noise: float, h: float) -> Floats:
        y = pairs.before * (pairs.pull + h) / (1 + abs(h))
        return _left(pairs.before, a * rule(noise).flip_probability(y))

    def fit(train: Pairs, test: Pairs) -> Fitted:
        best = _maximum(
            lambda t: up(train, float(expit(t[0])), float(expit(t[1])), t[2]), train,
            [(-1.5, -1.0, 0.0), (1.0, 0.5, 0.0)], smooth=smooth,
        )  # fmt: skip
        a, noise, h = float(expit(best[0])), float(expit(best[1])), float(best[2])
        text = f"attempts {a:.3g}, {name} {noise:.3g}, field {h:.3g}"
        return _bounded(up(test, a, noise, h), train), text

    return fit


def _majority(noise: float) -> Rule:
    return MajorityVote(noise=noise / 2)


def _q_voter(train: Pairs, test: Pairs) -> Fitted:
    found = []
    for q in range(2, LARGEST_Q + 1):
        fit = _ruled(lambda noise, q=q: QVoter(q=q, independence=noise), "independence")  # type: ignore[misc]
        p, _ = fit(train, train)
        score = float(np.log(np.where(train.after > 0, p, 1 - p)).mean())
        found.append((score, q, fit))
    _, q, fit = max(found, key=lambda each: each[0])
    p, text = fit(train, test)
    return p, f"q {q}, {text}"


def _threshold(train: Pairs, test: Pairs) -> Fitted:
    """Return the rule with a rate on either side of the threshold: it has no noise of its own."""

    def over(pairs: Pairs, theta: float) -> NDArray[np.bool_]:
        return np.asarray((1 - pairs.before * pairs.pull) / 2 > theta + 1e-9)

    def rates(theta: float) -> tuple[float, float, float]:
        beyond = over(train, theta)
        below_rate, rate = _rate(train.flips[~beyond]), _rate(train.flips[beyond])
        chance = np.where(beyond, rate, below_rate)
        return float(np.log(np.where(train.flips, chance, 1 - chance)).mean()), below_rate, rate

    theta = float(max(GRID, key=lambda each: rates(float(each))[0]))
    _, below, beyond = rates(theta)
    p = _left(test.before, np.where(over(test, theta), beyond, below))
    return p, f"theta {theta:.2f}, flips {beyond:.3g} beyond it, {below:.3g} below"


RULES: dict[str, Callable[[Pairs, Pairs], Fitted]] = {
    "heat_bath": _heat_bath,
    "voter": _ruled(lambda noise: Voter(noise=noise), "noise"),
    "majority": _ruled(_majority, "twice the noise", smooth=False),
    "q_voter": _q_voter,
    "threshold": _threshold,
}


def _bounded(p: Floats, train: Pairs) -> Floats:
    """Keep a rule from being certain of what few pairs cannot show."""
    least = HALF / (len(train.user) + 1)
    return np.clip(p, least, 1 - least)


def _maximum(
    up: Callable[[Any], Floats],
    train: Pairs,
    starts: Sequence[tuple[float, ...]],
    *,
    smooth: bool = True,
) -> Floats:
    """Return the parameters that make the earlier steps most probable."""
    happened = train.after > 0

    def cost(theta: Any) -> float:
        p = _bounded(up(theta), train)
        # A weak pull to zero keeps what separates the data finite.
        return float(-np.log(np.where(happened, p, 1 - p)).sum() + 0.01 * (theta**2).sum())

    found = [
        minimize(
            cost,
            np.array(start),
            method="BFGS" if smooth else "Nelder-Mead",
            options={"maxiter": 400},
        )
        for start in starts
    ]
    return np.asarray(min(found, key=lambda each: each.fun).x)
