"""The society whose tipping point is looked for: built in, bundled, or a person's own scenario."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sociophysics as sp
from sociophysics.live.strange_scenarios import strange_scenario

from ..feed_lab.scenario import scenario_of as feed_lab_scenario
from ..feed_lab.settings import SETTINGS as FEED_LAB
from ..society_in_use import CALIBRATED, society_in_use
from ..upload import UploadedFile
from .settings import BUNDLED

__all__ = ["base_of", "chosen", "loaded", "read_scenario"]

OUTRAGE = """
title = "Friendly camps under a feed of outrage"
question = "How strong may outrage be before friendly camps split, and when do they reunite?"
seed = 1

[network]
kind = "planted_partition"
n = 1000
communities = 2
k_in = 30.0
k_out = 3.0

[couplings]
kind = "uniform"
value = 1.0
normalize = "degree"

[dynamics]
temperature = 0.75
sweeps = 80
burn_in = 40
start = "up"

[feed]
kind = "outrage"
strength = 0.5

[observe]
every = 5
names = ["abs_camp_polarization", "abs_magnetization"]

[sweep]
"feed.strength" = { start = 0.0, stop = 1.2, step = 0.1 }
"""


@lru_cache(maxsize=32)
def _own(source: str) -> sp.Scenario:
    if source == "outrage":
        return sp.Scenario.from_toml(OUTRAGE, name="outrage")
    if source == "feed-lab":
        defaults = {name: kind.default for name, kind in FEED_LAB.items()}
        return feed_lab_scenario(defaults)
    return sp.Scenario.load(BUNDLED[source])


def loaded(source: str, uploaded: sp.Scenario | None) -> sp.Scenario:
    """Return the scenario as its file has it.

    Raises
    ------
    InputError
        A person's own scenario or calibrated society is asked for, and there is none.
    """
    if source == CALIBRATED:
        used = society_in_use()
        assert used is not None
        return used.scenario(at_mean=True)
    if source != "upload":
        return _own(source)
    if uploaded is None:
        raise sp.InputError(
            "your own scenario is chosen, but there is none yet; upload one under Society."
        )
    return uploaded


def read_scenario(file: UploadedFile) -> sp.Scenario:
    """Return the scenario in an uploaded file.

    Raises
    ------
    InputError
        It is no scenario, or it points at files: a client's words never become paths here.
    """
    try:
        text = file.path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise sp.InputError(f"{file.name} is not UTF-8 text; save it as UTF-8.") from None
    return strange_scenario(text, name=file.name.removesuffix(".toml") or "scenario")


def chosen(scenario: sp.Scenario, design: str) -> sp.scenario.Settings:
    """Return the settings of a design ("" the first), without any sweep.

    Raises
    ------
    InputError
        No such design.
    """
    alone = sp.study.measure.varied(scenario, design=design or None, replicas=2)
    settings: sp.scenario.Settings = alone.cases()[0].settings
    return settings


def base_of(values: Mapping[str, Any], uploaded: sp.Scenario | None) -> sp.Scenario:
    """Return the scenario that is searched: as the file has it, but for what the page asks.

    Interventions are left out unless they are to be kept, the runs are as long as asked, and where
    the file lets no time for settling, the first half of each run is for that.

    Raises
    ------
    InputError
        What the scenario refuses.
    """
    scenario = loaded(values["source"], uploaded)
    changes: dict[str, Any] = {}
    if not values["keep"]:
        designs = scenario.canonical()["designs"]
        if scenario.interventions:
            changes["interventions"] = []
        if any(design.get("interventions") for design in designs):
            changes["designs"] = [{**design, "interventions": []} for design in designs]
    dynamics = chosen(scenario, values["design"]).dynamics
    factor = float(values["length"])
    sweeps = max(2, round(dynamics.sweeps * factor))
    burn_in = round(dynamics.burn_in * factor) if dynamics.burn_in else sweeps // 2
    if (sweeps, burn_in) != (dynamics.sweeps, dynamics.burn_in):
        # Shorter runs are checked against the burn-in of the same step, so both go together.
        changes |= _timed(scenario, sweeps, min(burn_in, sweeps - 1))
    return scenario.replace(changes) if changes else scenario


def _timed(scenario: sp.Scenario, sweeps: int, burn_in: int) -> dict[str, Any]:
    changes: dict[str, Any] = {"dynamics.sweeps": sweeps, "dynamics.burn_in": burn_in}
    every = scenario.observe.every
    if every > max(1, (sweeps - burn_in) // 4):
        changes["observe.every"] = max(1, (sweeps - burn_in) // 4)
    return changes
