"""The theory's number beside a simulated one, where there is a theory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.study.transitions import camp_couplings, critical_temperatures

if TYPE_CHECKING:
    from sociophysics.scenario import Settings
    from sociophysics.study.results import Run

__all__ = ["Theory", "camp_couplings", "theory_lines"]


class Theory(NamedTuple):
    """Per design the temperature up to which camps stay apart, and temperatures to draw."""

    split: dict[str, float]
    lines: list[tuple[str, float]]


def theory_lines(run: Run, point: Mapping[str, Any]) -> Theory:
    """Return what theory says about the temperatures of a run.

    Two camps: each design's mean-field limit. No camps and no feed: the critical temperature, the
    best theory first (`transitions.critical_temperatures`). Nothing under external fields and
    interventions, for fitted or directed couplings or another number of camps, and for a network
    whose file has gone.

    Parameters
    ----------
    run : Run
    point : mapping
        The swept point whose other keys (couplings, a feed's strength) count.
    """
    limits: dict[str, float] = {}
    lines: list[tuple[str, float]] = []
    for case in run.cases(point):
        if not _bare(case.settings):
            continue
        try:
            system, camps = _system(case.settings)
            limit = _split_temperature(case.settings, system, camps)
            if limit is None and camps is None and not lines:
                lines = [(each.text, each.value)
                         for each in critical_temperatures(case.settings, system)]  # fmt: skip
        except (InputError, OSError):
            continue
        if limit is not None:
            limits[case.design] = limit
    reference = run.designs[0]
    if reference in limits:
        lines.append((f"mean field, {reference}", limits[reference]))
    return Theory(limits, lines)


def _bare(settings: Settings) -> bool:
    # the couplings of a fit differ from pair to pair, which two camps in mean field do not
    fitted = settings.couplings.kind == "fitted"
    return not settings.interventions and settings.field.kind == "none" and not fitted


def _system(settings: Settings) -> tuple[SpinSystem, NDArray[np.int64] | None]:
    from sociophysics.scenario.build import build_system

    # Of networks drawn anew for every replica the first stands for all.
    return build_system(settings, 0 if settings.redraw else None)


def _split_temperature(
    settings: Settings, system: SpinSystem, camps: NDArray[np.int64] | None
) -> float | None:
    from sociophysics.theory.mean_field import camp_limits

    ties = None if camps is None else camp_couplings(system, camps)
    if ties is None:
        return None
    keys = {key: value for key, value in settings.feed.model_dump().items() if value is not None}
    kind = keys.pop("kind")
    return float(camp_limits(kind, within=ties[0], across=ties[1], **keys).split)
