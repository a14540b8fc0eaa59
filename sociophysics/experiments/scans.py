"""The scenario along one key, measured at any grid of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.scenario import Scenario, Settings
from sociophysics.study.measure import Moments, Work, measure, moments, varied

__all__ = ["Runs"]


class Runs:
    """The scenario along one key: measured at any grid of values."""

    def __init__(
        self,
        scenario: Scenario,
        along: str,
        design: str | None,
        names: Sequence[str],
        replicas: int | None,
        work: Work,
        camps: NDArray[np.int64] | None = None,
    ) -> None:
        self.scenario, self.along, self.names, self.work = scenario, along, names, work
        self.chosen, self.replicas = design, replicas
        self.design = design or (scenario.designs[0].name if scenario.designs else "base")
        self.signed = ["magnetization"]
        self.table = pd.DataFrame()
        if camps is not None and np.unique(camps[camps >= 0]).size == 2:
            self.signed.append("camp_polarization")

    def along_axis(self, grid: Sequence[Any]) -> Scenario:
        """Return the scenario swept over these values."""
        return varied(
            self.scenario,
            design=self.chosen,
            observables=list(dict.fromkeys([*self.names, *self.signed])),
            replicas=self.replicas,
            axes={self.along: list(grid)},
        )

    def settings(self, value: Any) -> Settings:
        """Return the settings at one value."""
        return self.along_axis([value]).cases()[0].settings

    def at(self, grid: Sequence[Any]) -> dict[str, Moments]:
        """Return the moments of every order parameter at these values."""
        swept = self.along_axis(grid)
        table = measure(swept, self.work)
        self.table = table
        burn_in = swept.cases()[0].settings.dynamics.burn_in
        found = {
            name: moments(table, name, along=self.along, burn_in=burn_in) for name in self.names
        }
        return {name: m for name, m in found.items() if np.isfinite(m.first).all()}
