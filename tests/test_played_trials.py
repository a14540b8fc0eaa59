"""A trial that is watched is replica 0 of the trial that is measured."""

from __future__ import annotations

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.experiments.field_trial import prepared
from sociophysics.experiments.trial_society import one_society
from sociophysics.live.played_trials import PlayedTrial

TEXT = """
seed = 5
network = {{ kind = "planted_partition", n = 60, communities = 2, k_in = 6.0, k_out = 2.0 }}
couplings = {{ kind = "uniform", value = 1.0, normalize = "degree" }}
dynamics = {{ temperature = 0.8, sweeps = {sweeps}, burn_in = 10, start = "camps" }}
feed = {{ kind = "engagement", strength = 0.5 }}
observe = {{ every = 1, names = ["camp_polarization"] }}
trial = {{ at = 20, share = [0.25, 0.5], treatment = {treatment}, outcome = ["own_side"] }}
sweep = {{ replicas = 2 }}
"""
TREATMENTS = (
    '{ feed = { kind = "bridging", strength = 0.8 } }', "{ field = 0.4 }", "{ temperature = 2.0 }",
    "{ hold = -1 }",
)  # fmt: skip


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_what_moves_is_replica_0_of_the_trial(treatment: str) -> None:
    scenario = sp.Scenario.from_toml(TEXT.format(treatment=treatment, sweeps=60))
    ready = prepared(scenario)
    told = one_society(
        ready.settings.canonical(), ready.trial.model_dump(exclude_none=True), [0.25], False, 0
    )
    played = PlayedTrial.of(scenario)
    assert np.array_equal(played.shown[1], told["marks"][0])
    moments = {moment.sweep: moment.values for moment in played.moments()}
    assert list(moments) == list(range(61))
    for k, sweep in enumerate(told["sweeps"].tolist()):
        (everyone, *_), (_, treated, untreated), (all_treated, *_) = told["series"][:, 0, k]
        assert moments[sweep] == pytest.approx(
            (everyone, treated, untreated, all_treated), abs=1e-12
        ), sweep
    # Before the treatment all are one society.
    assert moments[10][0] == pytest.approx(moments[10][3], abs=1e-12)
    assert any(values[0] != values[3] for values in moments.values())


def test_too_much_to_be_watched_is_told() -> None:
    scenario = sp.Scenario.from_toml(TEXT.format(treatment="{ hold = 1 }", sweeps=10_000_000))
    with pytest.raises(sp.InputError, match="too many to be watched"):
        PlayedTrial.of(scenario)
