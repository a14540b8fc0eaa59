"""A trial played: one society with nobody, some and everybody treated, the treated users apart.

What is seen moving is replica 0 of the trial itself, looked at more often.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import Frame
from sociophysics.errors import InputError
from sociophysics.experiments.field_trial import prepared
from sociophysics.experiments.trial_society import KERNEL, TrialSociety
from sociophysics.experiments.trial_statistician import society_marks
from sociophysics.live.network_picture import NetworkPicture, picture
from sociophysics.live.played_designs import LOOKS, MOST_UPDATES, MOST_USERS, Moment
from sociophysics.scenario import Scenario
from sociophysics.scenario.build import case_frames

__all__ = ["PlayedTrial"]


@dataclass(eq=False)
class PlayedTrial:
    """A society under nobody's, some users' and everybody's treatment; play it once.

    Attributes
    ----------
    names : tuple of str
        Of the panels: nobody, the treated and the untreated of the smallest share, everybody.
    observable : str
        The outcome whose mean over a panel's users is its number.
    drawn : NetworkPicture
    sweeps, at : int
        Of the run; the sweep after which the treatment begins.
    shown : bool array (panels, n)
        Which users a panel is about.
    """

    names: tuple[str, ...]
    observable: str
    drawn: NetworkPicture
    sweeps: int
    at: int
    shown: NDArray[np.bool_]
    _society: TrialSociety

    @classmethod
    @asks
    def of(cls, scenario: Scenario) -> PlayedTrial:
        r"""Return the trial of a scenario, ready to be played.

        Parameters
        ----------
        scenario : Scenario

        Raises
        ------
        InputError
            No [trial], one that the society cannot have, or too much to be watched.

        Examples
        --------
        >>> scenario = Scenario.from_toml(
        ...     'seed = 1\nnetwork = {kind = "complete", n = 20}\n'
        ...     'couplings = {kind = "uniform", value = 0.1}\n'
        ...     'dynamics = {temperature = 1, sweeps = 4}\nobserve = {names = ["magnetization"]}\n'
        ...     'trial = {at = 2, share = [0.25], treatment = {hold = 1}}\nsweep = {replicas = 2}')
        >>> played = PlayedTrial.of(scenario)
        >>> played.names[1], played.shown.sum(axis=1).tolist()
        ('25 % treated: the treated', [20, 5, 15, 20])
        >>> [moment.values[1] for moment in played.moments()][-1]
        1.0
        """
        ready = prepared(scenario)
        society, sweeps = ready.society, ready.settings.dynamics.sweeps
        n = society.system.n
        if n > MOST_USERS or 4 * n * sweeps > MOST_UPDATES:
            raise InputError(
                f"{n:,} users in three societies of {sweeps:,} sweeps are too many to be watched; "
                "press Run the trial: the effects need no picture."
            )
        share = min(society.trial.share)
        marks = society_marks(society, share)
        some, whole = f"{100 * share:g} % treated", np.ones(n, bool)
        return cls(
            names=("nobody treated", f"{some}: the treated", f"{some}: the untreated",
                   "everybody treated"),
            observable=society.trial.outcome[0],
            drawn=picture(society.system, society.camps),
            sweeps=sweeps,
            at=society.trial.at,
            shown=np.stack([whole, marks, ~marks, whole]),
            _society=society,
        )  # fmt: skip

    @property
    def steps(self) -> int:
        """How many moments there are at most: the start, every so many sweeps, and the end."""
        return -(-self.sweeps // self._every) + 1

    @property
    def _every(self) -> int:
        return max(1, self.sweeps // LOOKS)

    def moments(self) -> Generator[Moment, None, None]:
        """Yield the panels from the start of the run to its end."""
        society, n = self._society, self.shown.shape[1]
        _, field = society.state()
        observe = society.settings.observe.model_copy(update={"every": self._every})
        settings = society.settings.model_copy(update={"observe": observe})
        arms = (np.zeros(n, bool), self.shown[1], np.ones(n, bool))
        runs = [
            case_frames(settings, [society.replica], kernel=KERNEL, more=society.acts(arm, field))
            for arm in arms
        ]
        try:
            for frames in zip(*runs, strict=True):
                yield self._moment(frames)
        finally:
            for run in runs:
                run.close()

    def _moment(self, frames: tuple[Frame, ...]) -> Moment:
        nobody, some, everybody = frames
        stances, values = [], []
        for frame, users in zip((nobody, some, some, everybody), self.shown, strict=True):
            y = self._society.outcomes(frame)[0]
            there = users & ~np.isnan(y)
            values.append(float(y[there].mean()) if there.any() else float("nan"))
            stances.append(frame.spins[0])
        return Moment(nobody.sweep, np.stack(stances), tuple(values))
