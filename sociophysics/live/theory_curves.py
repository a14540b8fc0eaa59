"""What theory says beside the simulation: lines, curves, or why it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sociophysics.errors import InputError
from sociophysics.scenario import Settings
from sociophysics.study import expected, expected_curves

__all__ = ["TheoryBeside", "theory_of"]


class TheoryBeside(NamedTuple):
    """Numbers for a tipping point, curves, and a sentence: which theory, or why none."""

    numbers: list[tuple[str, float]]
    curves: list[expected_curves.Curve]
    sentence: str


def theory_of(
    settings_at: Callable[[float], Settings],
    along: str,
    grid: Sequence[float],
    observable: str,
) -> TheoryBeside:
    """Return what theory says about an observable along a key.

    Parameters
    ----------
    settings_at : callable
        The society at a value of the key.
    along : str
        Dotted key.
    grid : sequence of float
        Values of the key, ascending.
    observable : str
        Name of the order parameter.

    Examples
    --------
    >>> from sociophysics.scenario import Scenario
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "lattice", shape = [4, 4]}
    ... couplings = {kind = "uniform"}
    ... dynamics = {temperature = 2.0, sweeps = 2}
    ... ''')
    >>> def at(value):
    ...     return scenario.replace({"dynamics.temperature": value}).cases()[0].settings
    >>> theory_of(at, "dynamics.temperature", [1.0, 3.0], "abs_magnetization").numbers[0][0]
    'infinite square lattice (Onsager)'
    """
    middle = settings_at(grid[len(grid) // 2])
    why = _nothing_fits(middle, along)
    numbers: list[tuple[str, float]] = []
    curves: list[expected_curves.Curve] = []
    if not why:
        numbers = [(each.text, float(each.value)) for each in expected.expected(middle, along)]
        try:
            curves, why = expected_curves.expected_curves(settings_at, along, grid, observable)
        except InputError as error:
            why = f"no formula: {error}"
    if curves or numbers:
        return TheoryBeside(numbers, curves, _which(numbers, bool(curves)))
    return TheoryBeside([], [], f"No theory beside it: {why or NOT_COVERED}")


NOT_COVERED = "no formula covers this society along this setting."
WITHOUT_SIZE = (
    "Theory is for very many users who meet everybody, or ties without short loops; groups of "
    "finite size leave a state earlier."
)


def _which(numbers: list[tuple[str, float]], drawn: bool) -> str:
    curves = "The thin lines are what theory expects. " if drawn else ""
    marked = "" if numbers or not drawn else "It has no number for a tipping point here. "
    return f"{curves}{marked}{WITHOUT_SIZE}"


def _nothing_fits(settings: Settings, along: str) -> str:
    if settings.interventions:
        return "interventions change this society on the way."
    if settings.couplings is not None and settings.couplings.kind == "fitted":
        return "the couplings of a fit differ from pair to pair, which no formula here allows for."
    if not isinstance(settings.dynamics.temperature, int | float):
        return "the noise follows a schedule."
    if settings.field.kind != "none" and along != "field.value":
        return "an outside push acts on this society."
    if along == "network.n":
        return "theory is for very many users, whatever their number."
    return ""
