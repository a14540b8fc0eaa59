"""What a calibration asks, and what is simulated at a point of its prior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.state import fingerprint
from sociophysics.errors import InputError
from sociophysics.experiments.calibration_model import COUPLED, FreeModel, patterns, societies
from sociophysics.inference.calibration.panel_files import Source
from sociophysics.inference.calibration.panel_summaries import Summaries
from sociophysics.inference.calibration.panel_waves import WavePanel, panel_of
from sociophysics.inference.calibration.wave_to_wave import simulate_waves
from sociophysics.observables import check_names
from sociophysics.scenario.build import simulate_case
from sociophysics.scenario.settings import canonical_json
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["Problem", "Question", "problem_of", "simulated"]

Floats = NDArray[np.float64]


class Question(NamedTuple):
    """A calibration as its file states it."""

    data: dict[str, Any]
    model: dict[str, Any]
    free: dict[str, Any]
    targets: dict[str, Any]
    folder: Path | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Problem:
    """What is simulated at a point of the prior, and what it is compared by."""

    model: FreeModel
    seed: int
    panel: WavePanel | None
    codes: NDArray[np.int64] | None
    summaries: Summaries | None
    targets: tuple[tuple[str, float, float], ...]

    @property
    def way(self) -> str:
        """What the data are."""
        if self.panel is None:
            return "summaries"
        return "panel" if self.panel.treated is None else "trial"

    def known(self) -> list[Any]:
        """Return all that the simulations depend on, for the steps."""
        given: list[Any] = [canonical_json(self.model.tables), list(self.model.priors.names)]
        given += [self.model.pace, [repr(each) for each in self.model.priors.shapes], self.seed]
        given += [[list(each) for each in self.targets]]
        if self.panel is not None:
            panel = self.panel
            given += [panel.stances, panel.gaps, [fingerprint(s) for s in panel.systems]]
            given += [panel.shown, panel.treated, self.codes]
        return given

    def observed(self) -> Floats:
        """Return the summaries of the data."""
        found = [] if self.summaries is None else [self.summaries.observed().sum(axis=0)]
        return np.concatenate([*found, np.array([value for _, value, _ in self.targets])])

    def waves(self, theta: Floats, first: int) -> NDArray[np.int8]:
        """Return simulated waves, shape (points, waves - 1, n)."""
        panel = self.panel
        assert panel is not None
        logged = panel.shown is not None
        trials = [
            self.model.conduct(each, panel.systems[0], self.codes, logged=logged) for each in theta
        ]
        return simulate_waves(panel, trials, seed=self.seed, first=first, camps=self.codes)

    def simulate(self, theta: Floats, first: int) -> Floats:
        """Return the summaries of one simulation at each point."""
        found = []
        if self.summaries is not None:
            found.append(self.summaries.of(self.waves(theta, first)).sum(axis=1))
        if self.targets:
            found.append(self._measured(theta, first))
        return np.concatenate(found, axis=1)

    def _measured(self, theta: Floats, first: int) -> Floats:
        """Return the observables of the whole scenario, with the errors that targets have."""
        names = [name for name, _, _ in self.targets]
        sd = np.array([sd for _, _, sd in self.targets])
        rows = []
        for k, each in enumerate(theta):
            settings = self.model.at(each)
            observe = settings.observe.model_copy(update={"names": tuple(names)})
            settings = settings.model_copy(update={"observe": observe})
            table, _ = simulate_case(settings, [first + k])
            kept = table[table["sweep"] >= settings.dynamics.burn_in]
            noise = generator(self.seed, "calibration", first + k).normal(size=sd.size)
            rows.append(kept[names].mean().to_numpy(dtype=np.float64) + sd * noise)
        return np.array(rows)


def simulated(problem: Problem, item: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return one step: the summaries at some points."""
    return {"summaries": problem.simulate(item["theta"], item["first"])}


def problem_of(asked: Question, model: FreeModel, source: Source | None, waves: int) -> Problem:
    """Return what is simulated for a question, and by which summaries it is compared.

    Raises
    ------
    InputError
        Stances, exposures or targets that do not fit the model.
    """
    panel, codes, summaries = None, None, None
    if waves:
        panel, codes = _panel(asked.data, model, source)
        feed: Any = model.at(model.priors.middle).feed
        feed = feed if feed.kind != "none" else None
        if feed is None and (panel.shown is not None or panel.treated is not None):
            raise InputError(
                "[data] says who was shown what, but [model] has no feed; add a table feed."
            )
        summaries = Summaries(
            panel, patterns(model.settings, panel, codes),
            None if panel.shown is not None else feed, codes,
            apart=any(name.startswith(COUPLED) for name in model.priors.names),
        )  # fmt: skip
    return Problem(model, asked.seed, panel, codes, summaries, _targets(asked.targets))


def _panel(
    data: Mapping[str, Any], model: FreeModel, source: Source | None
) -> tuple[WavePanel, NDArray[np.int64] | None]:
    if source is None:
        from sociophysics.society import camps as camp_attributes

        system: SpinSystem = data["system"]
        shown, treated = data.get("shown"), data.get("treated")
        panel = panel_of(
            data["stances"], [system], times=data.get("times"),
            shown=None if shown is None else np.asarray(shown, np.float64),
            treated=None if treated is None else np.asarray(treated, np.bool_),
        )  # fmt: skip
        codes = camp_attributes.of(system)[0] if "camp" in system.nodes else None
        return panel, codes
    systems, codes = societies(model, source.graphs, source.camp)
    panel = panel_of(
        source.stances, systems, times=source.times.tolist(), labels=source.labels,
        dated=source.dated, shown=source.shown, treated=source.treated,
    )  # fmt: skip
    return panel, codes


def _targets(given: Mapping[str, Any]) -> tuple[tuple[str, float, float], ...]:
    found = []
    for name, each in given.items():
        check_names([name])
        if not isinstance(each, Mapping) or set(each) != {"value", "sd"}:
            raise InputError(f"[targets] {name} is {each!r}; give {{ value = ..., sd = ... }}.")
        value, sd = each["value"], each["sd"]
        plain = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (value, sd))
        if not plain or not np.isfinite([value, sd]).all() or sd <= 0:
            raise InputError(
                f"[targets] {name} is {dict(each)!r}; give finite numbers, sd above 0."
            )
        found.append((name, float(value), float(sd)))
    return tuple(found)
