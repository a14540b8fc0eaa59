"""The theory's number beside a simulated one, where there is a theory."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from sociophysics.errors import InputError
from sociophysics.scenario.build import build_system
from sociophysics.study.expected import Expected, camp_temperatures, expected

if TYPE_CHECKING:
    from sociophysics.scenario import Settings
    from sociophysics.study.results import Run

__all__ = ["Theory", "theory_lines"]


class Theory(NamedTuple):
    """Per design the temperature up to which camps stay apart, and temperatures to draw."""

    split: dict[str, float]
    lines: list[tuple[str, float]]


def theory_lines(run: Run, point: Mapping[str, Any]) -> Theory:
    """Return what theory says about the temperatures of a run.

    Each design's mean-field limit of two camps, and what ``study.expected`` says of the first
    design that it covers, the best theory first. Nothing for a network whose file has gone.

    Parameters
    ----------
    run : Run
    point : mapping
        The swept point whose other keys (couplings, a feed's strength) count.
    """
    limits: dict[str, float] = {}
    lines: list[tuple[str, float]] = []
    for case in run.cases(point):
        try:
            found, split = _said(case.settings)
        except (InputError, OSError):
            continue
        if split is not None:
            limits[case.design] = split
        if not lines:
            of = f", {case.design}" if len(run.designs) > 1 else ""
            lines = [(f"{each.text}{of}", each.value) for each in found]
    return Theory(limits, lines)


def _said(settings: Settings) -> tuple[list[Expected], float | None]:
    if settings.interventions or settings.couplings.kind == "fitted":
        return [], None
    # Of networks drawn anew for every replica the first stands for all.
    system, camps = build_system(settings, 0 if settings.redraw else None)
    limits = None
    with suppress(InputError):
        limits = camp_temperatures(settings, system, camps)
    found = expected(settings, society=(system, camps))
    return found, None if limits is None else float(limits.split)
