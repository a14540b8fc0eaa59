"""What is the same bit for bit on an older processor, which numpy, numba and OpenBLAS are told."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

PROGRAM = """
import hashlib, json
import numpy as np
import sociophysics as sp
text = '''
seed = 5
network = {kind = "planted_partition", n = 300, communities = 2, k_in = 8, k_out = 3}
couplings = {kind = "gaussian", mean = 0.5, sd = 0.6, normalize = "degree"}
dynamics = {temperature = 0.7, sweeps = 200}
field = {kind = "uniform", value = 0.1}
sweep = {replicas = 4, "dynamics.temperature" = [0.2, 0.7, 1.3]}
[observe]
every = 10
names = ["energy", "camp_polarization", "local_agreement", "exposure_agreement", "attention_gini"]
[[designs]]
name = "none"
[[designs]]
name = "engagement"
feed = {kind = "engagement", strength = 0.5, alpha = 1.0, gamma = 1.0}
[[designs]]
name = "slots"
feed = {kind = "chronological", strength = 0.5, slots = 3}
'''
table = sp.run(sp.Scenario.from_toml(text), workers=1).table
numbers = table.drop(columns="design").to_numpy(np.float64)
rng = np.random.default_rng(0)
votes = np.where(rng.random((400, 12)) < 0.5, 1, -1)
votes[:, 1] = np.where(rng.random(400) < 0.8, votes[:, 0], -votes[:, 0])
fit = sp.inference.PseudoLikelihood(l2=0.01, seed=0).fit(votes)
digest = hashlib.sha256(numbers.tobytes()).hexdigest()
print(json.dumps({"run": digest, "fit": fit.coupling_.tolist()}))
"""


def told(environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def older_processor() -> dict[str, str]:
    """Return the settings under which no vector instructions beyond the least are used."""
    from numpy._core import _multiarray_umath as core

    here = [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]
    settings = {"NPY_DISABLE_CPU_FEATURES": ",".join(here)}
    settings |= {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    if platform.machine() in ("x86_64", "AMD64"):
        settings["OPENBLAS_CORETYPE"] = "Nehalem"
    return settings


@pytest.mark.validate
def test_runs_have_the_same_bits_on_an_older_processor(record_property: Any) -> None:
    """Runs with couplings by rule: every bit. Fits: only nearly."""
    here, there = told({}), told(older_processor())
    assert here["run"] == there["run"]
    difference = np.abs(np.array(here["fit"]) - np.array(there["fit"])).max()
    record_property("largest difference of a fitted coupling", float(difference))
    assert difference < 1e-6
