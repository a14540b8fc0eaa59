"""The trial that the page asks for: its scenario, its command, and the work that carries it out."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sociophysics as sp
from sociophysics.live.listed_runs import folder_of_runs
from sociophysics.live.strange_scenarios import Looked, strange_scenario
from sociophysics.live.trial_tables_shown import ShownTrial, read_trial

from ..browser_tab import this_tab
from ..command import carry_out
from ..society_in_use import CALIBRATED, in_their_names, society_in_use
from ..work import Job
from .settings import FEEDS

__all__ = ["JOB", "Asked", "asked_for", "carrying_out"]

JOB = "trials"
FILE = "trial.toml"
SMALL = """
title = "A trial among friends"
question = "What does a trial on a few users see of what a bridging feed for all would do?"
seed = 2026
network = { kind = "planted_partition", n = 600, communities = 2, k_in = 12.0, k_out = 3.0 }
couplings = { kind = "uniform", value = 1.0, normalize = "degree" }
dynamics = { temperature = 0.7, sweeps = 160, burn_in = 60, start = "camps" }
feed = { kind = "engagement", strength = 0.5, alpha = 1.0, gamma = 1.0 }
observe = { every = 5, names = ["camp_polarization"] }

[trial]
at = 60
share = [0.05, 0.25]
treatment = { feed = { kind = "bridging", strength = 0.5 } }
outcome = ["own_side"]

[sweep]
replicas = 10
"""
# What is asked of a calibrated society, whose file has no trial: a small push.
TRIAL = {"at": 100, "share": [0.05, 0.25], "treatment": {"field": 0.2}, "outcome": ["stance"]}


@dataclass(frozen=True)
class Asked:
    """A trial that is asked for."""

    scenario: sp.Scenario
    published: str = ""

    @property
    def name(self) -> str:
        """Return the name of its folder: equal trials continue each other, others never meet."""
        text = f"{self.scenario.to_toml()}{self.published}"
        return f"trial-{hashlib.sha256(text.encode()).hexdigest()[:10]}"

    def words(self, file: str, out: str) -> list[str]:
        """Return the words after ``sociophysics``."""
        more = ["--published", self.published] if self.published else []
        return ["trial", file, *more, "--out", out]

    def command(self) -> str:
        """Return the line that does the same in a terminal."""
        return shlex.join(["sociophysics", *self.words(FILE, f"runs/{self.name}")])

    def folder(self) -> Path:
        """Return where it is written: with the runs."""
        return folder_of_runs() / self.name


def asked_for(values: Mapping[str, Any], own: Looked | None) -> Asked:
    """Return the trial that the settings of the page ask for.

    Raises
    ------
    InputError
        There is no scenario of one's own, it has no [trial], or it refuses the treatment.
    """
    society = values["society"]
    if society == "upload":
        if own is None:
            raise sp.InputError("there is no scenario of your own yet; bring one under Society.")
        scenario = strange_scenario(own.text, name=own.name)
    elif society == CALIBRATED:
        used = society_in_use()
        assert used is not None
        scenario = used.scenario().replace({"trial": TRIAL})
    elif society == "small":
        scenario = sp.Scenario.from_toml(SMALL, name="trial")
    else:
        scenario = sp.Scenario.load(society)
    if scenario.trial is None:
        raise sp.InputError(
            f"{scenario.name} has no table [trial]; add one, as docs/trials.md says."
        )
    table = dict(scenario.canonical()["trial"])
    shares = sorted({float(values["share"]), *(s for s in table["share"] if s > values["share"])})
    table["share"] = shares
    kind = values["treatment"]
    if kind != "file":
        table["treatment"] = _treatment(kind, float(values["strength"]))
    changes = {"trial": table, "sweep.replicas": int(values["replicas"])}
    scenario = scenario.replace({**changes, "seed": int(values["seed"])})
    published = f"d = {values['d']:g}, se = {values['se']:g}" if values["published"] else ""
    return Asked(scenario, published)


def _treatment(kind: str, strength: float) -> dict[str, Any]:
    if kind in FEEDS:
        return {"feed": {"kind": kind} if kind == "none" else {"kind": kind, "strength": strength}}
    return {"field": strength} if kind == "field" else {"hold": 1}


def carrying_out(asked: Asked) -> Callable[[Job], ShownTrial]:
    """Return the work that does the trial as the command line does, in a process of its own."""

    def work(job: Job) -> ShownTrial:
        file = this_tab().folder() / FILE
        file.write_text(asked.scenario.to_toml(), encoding="utf-8")
        folder = asked.folder()
        folder.parent.mkdir(parents=True, exist_ok=True)
        carry_out(
            job, asked.words(str(file), str(folder)),
            said=lambda text: in_their_names(text.replace(str(file), FILE)),
            ended="ask for fewer replicas",
        )  # fmt: skip
        return read_trial(folder)

    return work
