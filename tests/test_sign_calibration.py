"""Sign probabilities are right as often as they say, in chambers whose couplings are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from sociophysics.inference import BoltzmannRefinement, PseudoLikelihood
from sociophysics.inference.chamber.sign_calibration import calibrated, sign_calibration
from sociophysics.inference.estimators.tempering import temper
from sociophysics.rollcall import Votes

Array = NDArray[np.float64]


def planted(n: int, rollcalls: int, seed: int) -> tuple[Array, Votes]:
    """Two parties with couplings that differ from pair to pair, and votes drawn from them."""
    rng = np.random.default_rng(seed)
    party = np.arange(n) < 0.55 * n
    mean = np.where(party[:, None] == party, 1.5, -0.5) / n
    coupling = np.triu(mean + rng.normal(size=(n, n)) * 0.5 / np.sqrt(n), 1)
    coupling += coupling.T
    groups = [np.arange(n), np.flatnonzero(party), np.flatnonzero(~party)]
    drawn = temper(coupling, np.zeros(n), draws=2 * rollcalls, blocs=groups, seed=seed).spins[0]
    return coupling, Votes(drawn[rng.permutation(len(drawn))[:rollcalls]])


def claims(n: int, rollcalls: int, seeds: range, l2: float | None, kind: str = "sandwich") -> dict:
    """Return probabilities that signs are right, whether they are, and what intervals hold."""
    said: dict[str, list[Array]] = {"before": [], "after": [], "right": [], "inside": []}
    pairs = np.triu_indices(n, 1)
    for seed in seeds:
        truth, votes = planted(n, rollcalls, seed)
        fit = PseudoLikelihood(l2).fit(votes)
        temperature = 0.85 if l2 else BoltzmannRefinement(l2=fit.l2_).fit(votes).temperature_
        errors = fit.standard_errors(kind, draws=60)
        found = sign_calibration(votes, fit, errors, temperature=temperature, seed=seed)
        after = calibrated(errors, found)
        said["before"].append(errors.sign_probability[pairs])
        said["after"].append(after.sign_probability[pairs])
        said["right"].append((np.sign(errors.coupling) == np.sign(truth))[pairs])
        said["inside"].append(((after.low <= truth) & (truth <= after.high))[pairs])
    return {name: np.concatenate(values) for name, values in said.items()}


def excess(stated: Array, right: Array, least: float) -> tuple[float, float]:
    """Return how much surer than right the sure ones are, and that over its standard error."""
    sure = stated >= least
    gap = stated[sure].mean() - right[sure].mean()
    return gap, gap / np.sqrt((stated * (1 - stated))[sure].sum()) * sure.sum()


def test_signs_are_right_as_often_as_is_said() -> None:
    found = claims(12, 120, range(8), l2=0.5)
    for least in (0.5, 0.8, 0.9):
        assert excess(found["after"], found["right"], least)[1] < 3.5, least
    # the negative control: the normal law calls them surer than they are
    assert excess(found["before"], found["right"], 0.9)[1] > 3.5
    assert found["inside"].mean() > 0.93


def test_in_noise_no_sign_is_called_sure() -> None:
    votes = Votes(np.random.default_rng(3).choice([-1, 1], (150, 10)))
    fit = PseudoLikelihood(3.0).fit(votes)
    errors = fit.standard_errors()
    found = sign_calibration(votes, fit, errors, temperature=1.0)
    after = calibrated(errors, found)
    assert (errors.sign_probability > 0.95).sum() > 0  # as one in ten is by the normal law
    assert after.sign_probability.max() < 0.95
    assert "calibrated in simulated chambers" in after.note


@pytest.mark.validate
@pytest.mark.parametrize(
    ("n", "rollcalls", "chambers", "kind"),
    [(24, 150, 8, "sandwich"), (100, 500, 1, "sandwich"), (250, 700, 1, "bootstrap")],
)
def test_signs_and_intervals_hold_at_the_size_of(
    n: int, rollcalls: int, chambers: int, kind: str, record_property: Callable[[str, object], None]
) -> None:
    found = claims(n, rollcalls, range(chambers), l2=None, kind=kind)
    for least in (0.9, 0.95, 0.99):
        sure = found["after"] >= least
        if sure.any():
            record_property(f"stated mean of signs >= {least}", float(found["after"][sure].mean()))
            record_property(f"right among signs >= {least}", float(found["right"][sure].mean()))
    raw = found["before"] >= 0.95
    record_property("right among signs >= .95 by the normal law", float(found["right"][raw].mean()))
    record_property("coverage of 95 % intervals", float(found["inside"].mean()))
    assert excess(found["after"], found["right"], 0.9)[0] < 0.03
    assert found["inside"].mean() > 0.93
