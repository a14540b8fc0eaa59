"""Names, definitions and units of what a table can hold."""

from __future__ import annotations

from sociophysics.observables import DEFINITIONS
from sociophysics.report.claims import DIMENSIONLESS, STATISTICS

__all__ = ["definition", "label", "unit"]

NAMES = {
    "abs_magnetization": "absolute magnetization",
    "abs_camp_polarization": "absolute camp polarization",
    "susceptibility_abs": "susceptibility of |m|",
    "binder": "Binder cumulant",
    "tau": "autocorrelation time",
    "exposure_out_group": "exposure to the other camp",
    "attention_gini": "Gini coefficient of attention",
}


def label(name: str, *, with_unit: bool = False) -> str:
    """Return an observable as a reader says it.

    Examples
    --------
    >>> label("energy"), label("edge_agreement", with_unit=True)
    ('energy', 'edge agreement (share of ties)')
    """
    text = NAMES.get(name, name.replace("_", " "))
    if not with_unit:
        return text
    return f"{text} ({'dimensionless' if unit(name) == DIMENSIONLESS else unit(name)})"


def definition(name: str) -> str:
    """Return what an observable or statistic is.

    Examples
    --------
    >>> definition("magnetization")
    'mean stance, signed'
    """
    return {**DEFINITIONS, **STATISTICS}.get(name, ("as its name says", ""))[0]


def unit(name: str) -> str:
    """Return the unit of an observable or statistic, "1" where it has none.

    Examples
    --------
    >>> unit("energy"), unit("tau")
    ('J', 'sweeps')
    """
    return {**DEFINITIONS, **STATISTICS}.get(name, ("", DIMENSIONLESS))[1]
