"""A scenario played: its designs side by side at the declared point, replica 0 of the run itself.

What is seen moving is what the table holds: the same network, start and chance events, looked at
more often.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import Frame, observe
from sociophysics.errors import InputError
from sociophysics.live.network_picture import NetworkPicture, picture
from sociophysics.scenario import Scenario, declared_values, expand, with_declared
from sociophysics.scenario.build import build_system, case_frames, varies

__all__ = ["MOST_PLAYED", "Moment", "PlayedDesigns", "at_the_declared_point"]

MOST_PLAYED = 12  # designs beside each other
MOST_USERS = 20_000
MOST_UPDATES = 2e9
LOOKS = 120  # of a whole run


class Moment(NamedTuple):
    """All designs at one sweep: stances (designs, n) as +1 and -1, and an observable of each."""

    sweep: int
    stances: NDArray[np.int8]
    values: tuple[float, ...]


@dataclass(eq=False)
class PlayedDesigns:
    """Designs that move together; iterate over ``moments`` once.

    Attributes
    ----------
    names : tuple of str
    observable : str
    drawn : NetworkPicture
        Of the first design's network, where all designs have the same users.
    sweeps : int
        Of the longest design.
    """

    names: tuple[str, ...]
    observable: str
    drawn: NetworkPicture
    sweeps: int
    _cases: list[Any]

    @classmethod
    @asks
    def of(cls, scenario: Scenario) -> PlayedDesigns:
        r"""Return the first designs of a scenario, ready to be played.

        Parameters
        ----------
        scenario : Scenario

        Raises
        ------
        InputError
            Too much to be watched, or designs with different users.

        Examples
        --------
        >>> scenario = Scenario.from_toml(
        ...     'seed = 1\nnetwork = {kind = "complete", n = 9}\n'
        ...     'couplings = {kind = "uniform", value = 0.1}\n'
        ...     'dynamics = {temperature = 1, sweeps = 4}\nobserve = {names = ["magnetization"]}'
        ... )
        >>> [moment.sweep for moment in PlayedDesigns.of(scenario).moments()]
        [0, 1, 2, 3, 4]
        """
        cases = at_the_declared_point(scenario)[:MOST_PLAYED]
        first = cases[0].settings
        system, camps = build_system(first, 0 if varies(first) else None)
        work = system.n * sum(case.settings.dynamics.sweeps for case in cases)
        if system.n > MOST_USERS or work > MOST_UPDATES:
            raise InputError(
                f"{system.n:,} users in {len(cases)} designs are too many to be watched; press "
                "Run: the curves are drawn as parts are finished."
            )
        names = [name for name in first.observe.names if name != "energy"] or ["magnetization"]
        return cls(
            names=tuple(case.design for case in cases),
            observable=names[0],
            drawn=picture(system, camps),
            sweeps=max(case.settings.dynamics.sweeps for case in cases),
            _cases=cases,
        )

    @property
    def steps(self) -> int:
        """How many moments there are at most: the start, every so many sweeps, and the end."""
        every = max(1, self.sweeps // LOOKS)
        return -(-self.sweeps // every) + 1

    def moments(self) -> Generator[Moment, None, None]:
        """Yield the designs from the start to the end; one that stopped stands still.

        Raises
        ------
        InputError
            A design has other users than the first.
        """
        every = max(1, self.sweeps // LOOKS)
        runs = [case_frames(_watched(case.settings, every), [0]) for case in self._cases]
        frames: list[Frame] = [next(run) for run in runs]
        try:
            while True:
                yield self._moment(frames)
                moved = [next(run, None) for run in runs]
                if not any(moved):
                    return
                frames = [new or old for new, old in zip(moved, frames, strict=True)]
        finally:
            for run in runs:
                run.close()

    def _moment(self, frames: list[Frame]) -> Moment:
        stances = [frame.spins[0] for frame in frames]
        if any(len(row) != self.drawn.users for row in stances):
            raise InputError(
                "the designs have different users, so there is no common picture; press Run."
            )
        values = [
            float(np.mean(observe(frame, [self.observable])[self.observable])) for frame in frames
        ]
        return Moment(max(f.sweep for f in frames), np.stack(stances), tuple(values))


def at_the_declared_point(scenario: Scenario) -> list[Any]:
    """Return one case per design: where the scenario's answer stands.

    Parameters
    ----------
    scenario : Scenario
    """
    declared = declared_values(scenario.canonical(), scenario.sweep.axes)
    found: dict[str, Any] = {}
    for case in expand(with_declared(scenario)):
        if all(case.point.get(key, value) == value for key, value in declared.items()):
            found.setdefault(case.design, case)
    return list(found.values())


def _watched(settings: Any, every: int) -> Any:
    return settings.model_copy(
        update={"observe": settings.observe.model_copy(update={"every": every})}
    )
