"""How long the rest of a fit takes is said, and only where it can be."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sociophysics.cli import fit as fitting
from sociophysics.inference.chamber.stages import OVER, STAGES, seconds_left


@pytest.mark.parametrize("quick", [True, False])
def test_a_fit_that_spends_the_usual_shares_is_told_the_time_it_has_left(quick):
    shares = [OVER[quick][stage] for stage in STAGES]
    assert shares == sorted(shares)
    assert shares[-1] < 1
    for stage, share in zip(STAGES, shares, strict=True):
        rest = seconds_left(stage, 100 * share, quick=quick)
        if rest is not None:
            assert rest == pytest.approx(100 * (1 - share))
    assert sum(seconds_left(stage, 100.0, quick=quick) is not None for stage in STAGES) >= 5


def test_nothing_is_said_in_the_first_seconds_nor_early_on_nor_at_the_end():
    assert seconds_left("evaluation", 1.0, quick=True) is None
    assert seconds_left("couplings", 100.0, quick=False) is None
    assert seconds_left("done", 100.0, quick=False) is None


def test_a_resumed_fit_says_stages_and_no_time(tmp_path, capsys, monkeypatch):
    """A clock that runs ten seconds a look stands for slow stages."""
    looks = iter(np.arange(0.0, 1e5, 10.0))
    monkeypatch.setattr(fitting, "time", type("Clock", (), {"monotonic": lambda: next(looks)}))
    with fitting._stages("town", True) as stage:
        for k, each in enumerate(STAGES):
            stage(each, k, len(STAGES))
    fresh = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"0 of 9: couplings \(\d+ s\)", fresh[0])
    assert re.fullmatch(r"7 of 9: evaluation \(\d+ s, about \d+ s left\)", fresh[7])
    with fitting._stages("town", None) as stage:
        stage("evaluation", 7, len(STAGES))
    assert re.fullmatch(r"7 of 9: evaluation \(\d+ s\)\n", capsys.readouterr().err)
