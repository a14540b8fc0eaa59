"""A calibration as a page asks for it: its model, its priors, and the society it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sociophysics.errors import InputError
from sociophysics.inference.calibration.parameters_free import PACE, TEMPERATURE
from sociophysics.live.panels_brought import LookedPanel, data_table
from sociophysics.scenario import text as toml

__all__ = ["AskedCalibration", "asked_tables", "calibration_text", "society_of"]

SIMULATIONS = 2_000  # as many as four free parameters need
MOST_UPDATES = 3e11  # an hour or two of one processor
FIELD, FEED = "field.values", "feed.strength"
SOCIETY = """# Question: what does this society do, with all that the data do not tell?
# Replica r lives in draw r of the posterior; its own temperature, field and feed are that draw's.
"""


class AskedCalibration(NamedTuple):
    """What a person chose; pairs are the bounds of a uniform prior.

    ``field`` is ``none``, ``uniform`` or ``camps``, ``feed`` a kind of feed; ``pace`` is a number
    where the sweeps per wave are known.
    """

    temperature: tuple[float, float]
    field: str = "none"
    field_prior: tuple[float, float] = (0.0, 0.6)
    feed: str = "none"
    feed_prior: tuple[float, float] = (0.0, 1.5)
    pace: tuple[float, float] | float = 1.0
    camp: str = ""
    treated: str = ""
    directed: bool = False
    seed: int = 0


def asked_tables(asked: AskedCalibration, looked: LookedPanel) -> dict[str, Any]:
    """Return the tables of the calibration's file.

    Parameters
    ----------
    asked : AskedCalibration
    looked : LookedPanel

    Raises
    ------
    InputError
        Bounds that are none, camps that are not two, or more work than a page does.

    Examples
    --------
    >>> files = {"edges": "edges.csv", "users": "users.csv", "stances": "stances.csv"}
    >>> panel = LookedPanel(files, 120, 735, 8, 7.0, 0.9, (), False, True, "")
    >>> asked_tables(AskedCalibration((0.5, 5.0)), panel)["free"]
    {'dynamics.temperature': {'low': 0.5, 'high': 5.0}, 'sweeps_per_wave': 1.0}
    """
    data = data_table(looked.names, camp=asked.camp, treated=asked.treated, directed=asked.directed)
    model: dict[str, Any] = {"couplings": {"kind": "uniform", "normalize": "degree"}}
    free: dict[str, Any] = {TEMPERATURE: _prior("the temperature", asked.temperature)}
    if asked.feed != "none":
        model["feed"] = {"kind": asked.feed, "strength": 0.5}
        free[FEED] = _prior("the feed's strength", asked.feed_prior)
    elif asked.treated:
        raise InputError("the treated have a feed, and none is chosen; choose the feed's kind.")
    if asked.field == "uniform":
        model["field"] = {"kind": "uniform", "value": 0.1}
        free["field.value"] = _prior("the push", asked.field_prior)
    elif asked.field == "camps":
        if len(looked.camps) != 2:
            raise InputError(
                f"camps are pushed apart where there are two, and here are {len(looked.camps)}; "
                "name the column of the camps, or choose another push."
            )
        model["field"] = {"kind": "camps", "values": [0.1, -0.1]}
        free[FIELD] = {**_prior("the push", asked.field_prior), "shape": [1, -1]}
    pace = asked.pace
    free[PACE] = _prior("the sweeps per wave", pace) if isinstance(pace, tuple) else float(pace)
    _few(looked, pace[1] if isinstance(pace, tuple) else pace)
    head = {"seed": asked.seed} if asked.seed else {}
    return {**head, "data": data, "model": model, "free": free}


def calibration_text(tables: Mapping[str, Any]) -> str:
    """Return the file of a calibration: TOML with its question on top.

    Parameters
    ----------
    tables : mapping
        As ``asked_tables`` returns them.
    """
    return "# Question: which of these parameters do the waves tell?\n" + toml.write(tables)


def _prior(what: str, bounds: tuple[float, float]) -> dict[str, float]:
    low, high = bounds
    if not low < high:
        raise InputError(f"{what} lies between {low:g} and {high:g}; the first must be the lower.")
    return {"low": float(low), "high": float(high)}


def _few(looked: LookedPanel, pace: float) -> None:
    updates = SIMULATIONS * looked.users * looked.span * pace
    if updates > MOST_UPDATES:
        raise InputError(
            f"this takes up to {updates:.1e} single updates; a page does up to "
            f"{MOST_UPDATES:.0e}: allow fewer sweeps per wave, or use the command line."
        )


def society_of(tables: Mapping[str, Any], looked: LookedPanel, means: Mapping[str, float]) -> str:
    """Return the scenario of a calibrated society, its posterior in a folder ``posterior``.

    Parameters
    ----------
    tables : mapping
        As ``asked_tables`` returns them.
    looked : LookedPanel
    means : mapping
        Posterior mean of every free key: what the file says where no draw is taken.

    Raises
    ------
    InputError
        Ties that change from wave to wave, which a scenario does not have.
    """
    if looked.moving:
        raise InputError(
            "the ties of these data change from wave to wave, and a scenario has one network; "
            "calibrate on the ties of one wave to use the society."
        )
    model = {name: dict(table) for name, table in tables["model"].items()}
    if FEED in means:
        model["feed"]["strength"] = means[FEED]
    if "field.value" in means:
        model["field"]["value"] = means["field.value"]
    if FIELD in means:
        model["field"]["values"] = [means[FIELD], -means[FIELD]]
    names = ["magnetization", *(["abs_camp_polarization"] if len(looked.camps) > 1 else [])]
    society = {
        "title": "A calibrated society",
        "seed": 2026,
        "network": {"kind": "file", **tables["data"]["network"]},
        **model,
        "dynamics": {"temperature": means[TEMPERATURE], "sweeps": 200, "burn_in": 100},
        "observe": {"every": 5, "names": names},
        "posterior": {"path": "posterior"},
        "sweep": {"replicas": 40},
    }
    return SOCIETY + toml.write(society)
