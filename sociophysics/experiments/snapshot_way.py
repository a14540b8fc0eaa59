"""One wave: an association of stances with those of friends, never an influence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.errors import InputError
from sociophysics.experiments.calibrating import Calibration
from sociophysics.experiments.calibration_model import FreeModel, field_of, societies
from sociophysics.inference.calibration.emulator import DRAWS
from sociophysics.inference.calibration.identifiability import combinations, summary_of
from sociophysics.inference.calibration.panel_files import Source
from sociophysics.inference.calibration.parameters_free import PACE, TEMPERATURE
from sociophysics.inference.stances.stance_panels import fit_snapshot
from sociophysics.society import camps as camp_attributes
from sociophysics.streams import generator

__all__ = ["from_snapshot"]

PROPOSALS = 200_000
NOTE = (
    "one wave gives an association: how alike tied users are, for whatever reason; no influence "
    "and no time is told"
)


def from_snapshot(
    model: FreeModel, data: Mapping[str, Any], source: Source | None, seed: int
) -> Calibration:
    """Return what one wave says: ``fit_snapshot`` within the priors.

    Raises
    ------
    InputError
        A key is free that one wave cannot tell, or the fit lies outside the priors.
    """
    priors = model.priors
    if TEMPERATURE not in priors.names:
        raise InputError(f"one wave tells the temperature; free {TEMPERATURE}.")
    for name in priors.names:
        if name == PACE or name.startswith(("feed", "couplings")):
            raise InputError(
                f"[free] names {name}, but the stances have one wave, and two are needed; give a "
                "table id, wave, stance."
            )
    if source is None:
        system, codes = data["system"], None
        if "camp" in system.nodes:
            codes = camp_attributes.of(system)[0]
        stances = np.atleast_2d(np.asarray(data["stances"]))[0]
    else:
        systems, codes = societies(model, source.graphs, source.camp)
        system, stances = systems[0], source.stances[0]
    known = stances != 0
    if not known.all():
        raise InputError(
            f"{int((~known).sum())} users have no stance in the one wave there is; leave them out "
            "of the network."
        )
    fields = [name for name in priors.names if name != TEMPERATURE]
    patterns = {}
    for name in fields:
        ends = []
        for value in (0.0, 1.0):
            theta = np.zeros(len(priors.names)) + 1.0
            theta[priors.names.index(name)] = value
            ends.append(field_of(model.at(theta), system, codes))
        patterns[name] = ends[1] - ends[0]
    uniform = [name for name, each in patterns.items() if np.ptp(each) == 0]
    fit = fit_snapshot(system, stances, {k: v for k, v in patterns.items() if k not in uniform})
    rows = ["contagion", *("field" if name in uniform else name for name in fields)]
    where = [fit.table.index.get_loc(row) for row in rows]
    center = fit.table["estimate"].to_numpy()[where]
    spread = fit.covariance[np.ix_(where, where)]
    rng = generator(seed, "calibration", 0)
    moved = rng.multivariate_normal(center, spread, PROPOSALS)
    order = [rows.index("contagion") if n == TEMPERATURE else 1 + fields.index(n)
             for n in priors.names]  # fmt: skip
    theta = priors.rough(moved[:, order])
    theta = theta[priors.inside(np.nan_to_num(theta, nan=np.inf))]
    if len(theta) < DRAWS // 20:
        raise InputError(
            f"this wave gives T = {fit.temperature:.3g} (from {fit.interval[0]:.3g} to "
            f"{fit.interval[1]:.3g}), outside the priors; widen [free]."
        )
    weight = np.exp(priors.weight(theta) - priors.weight(theta).max())
    draws = theta[rng.choice(len(theta), DRAWS, p=weight / weight.sum())]
    return Calibration(
        way="snapshot",
        draws=pd.DataFrame(draws, columns=list(priors.names)),
        summary=summary_of(priors, draws),
        combinations=combinations(priors, draws),
        checks=pd.DataFrame(columns=["quantity", "wave", "observed", "mean", "low", "high", "p"]),
        notes=(NOTE,),
        facts={"way": "snapshot", "users": system.n, "waves": 1, "association": True},
    )
