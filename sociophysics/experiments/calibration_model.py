"""From the tables of a calibration to what moves the users at any point of the prior."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sociophysics.errors import InputError
from sociophysics.inference.calibration.panel_waves import WavePanel
from sociophysics.inference.calibration.parameters_free import (
    PACE,
    TEMPERATURE,
    Priors,
    priors_of,
)
from sociophysics.inference.calibration.wave_to_wave import Conduct
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario import build as cases
from sociophysics.scenario.variation import dotted_keys, set_key
from sociophysics.society import camps as camp_attributes
from sociophysics.society.spins import SpinSystem

__all__ = ["COUPLED", "FreeModel", "model_of", "societies"]

WHOLE_RUN = 200  # sweeps where [targets] are asked of a model that does not say for how long

Floats = NDArray[np.float64]
TABLES = ("couplings", "field", "feed", "dynamics", "observe", "seed")
COUPLED = "couplings."
# Numbers of couplings that stances tell; what is drawn at random is not drawn as in the data.
TOLD = {"uniform": ("value",), "camps": ("within", "across")}
STANDS = ("network", "designs", "sweep", "interventions")


@dataclass(frozen=True, eq=False, kw_only=True)
class FreeModel:
    """A scenario with some keys free.

    Attributes
    ----------
    settings : Settings
        At the middle of the prior.
    tables : dict
        The same, canonical.
    priors : Priors
    pace : float
        Sweeps per unit of time, where it is not free.
    graphs : tuple of Graph
        Who is tied to whom, one or one per wave, where couplings are free.
    camp : str
        Node attribute of the camps.
    """

    settings: Settings
    tables: dict[str, Any]
    priors: Priors
    pace: float = 1.0
    graphs: tuple[nx.Graph, ...] = ()
    camp: str = "camp"

    def at(self, theta: Floats) -> Settings:
        """Return the settings at one point of the prior.

        Raises
        ------
        InputError
            A value that the scenario does not allow.
        """
        priors = self.priors
        tables = {name: copy.deepcopy(self.tables[name]) for name in self.touched}
        for k, name in enumerate(priors.names):
            if name != PACE:
                set_key(tables, name, priors.value(k, theta[k]))
        steady = {
            name: getattr(self.settings, name)
            for name in Settings.model_fields
            if name not in tables
        }
        return Settings.model_validate({**steady, **tables})

    @cached_property
    def touched(self) -> list[str]:
        """The tables that a free key is in."""
        return sorted({name.partition(".")[0] for name in self.priors.names if name != PACE})

    def conduct(
        self, theta: Floats, system: SpinSystem, codes: NDArray[np.int64] | None, *, logged: bool
    ) -> Conduct:
        """Return what moves the users at one point of the prior.

        Parameters
        ----------
        theta : array, shape (parameters,)
        system : SpinSystem
        codes : int array, shape (n,), or None
        logged : bool
            Whether what was shown is known, so that only the feed's strength counts.
        """
        settings = self.at(theta)
        priors = self.priors
        pace = theta[priors.names.index(PACE)] if PACE in priors.names else self.pace
        temperature: Any = settings.dynamics.temperature
        feed: Any = settings.feed if settings.feed.kind != "none" else None
        free = any(name.startswith(COUPLED) for name in priors.names)
        return Conduct(
            temperature=float(temperature),
            field=field_of(settings, system, codes),
            feed=None if logged else feed,
            sweeps=float(pace),
            strength=float(getattr(feed, "strength", 0.0)) if logged else 0.0,
            systems=_systems(settings, self.graphs, self.camp) if free else (),
        )


def field_of(settings: Settings, system: SpinSystem, codes: NDArray[np.int64] | None) -> Floats:
    """Return the external field of every user, shape (n,).

    Raises
    ------
    InputError
        A field that changes in time.
    """
    total = np.zeros(system.n)
    names = cases.camp_names(settings, system)
    for term in settings.field.terms(system, codes, names):
        if not isinstance(term.schedule, int | float):
            raise InputError("[model] field changes in time; give a number to calibrate it.")
        total += np.asarray(term.pattern, np.float64) * term.schedule
    return total


def model_of(
    tables: Mapping[str, Any],
    free: Mapping[str, Any],
    *,
    network: Mapping[str, Any] | None = None,
    camp: str = "camp",
    folder: Path | None = None,
    graphs: tuple[nx.Graph, ...] = (),
) -> FreeModel:
    """Return a model, its tables and priors checked like a scenario.

    Parameters
    ----------
    tables : mapping
        ``[model]``: a scenario's tables, but for the network.
    free : mapping
        ``[free]``.
    network : mapping, optional
        A network of kind ``file``, where the model is to be run as a scenario.
    camp : str
        Column of the camps.
    folder : Path, optional
        What its paths start from.
    graphs : tuple of Graph
        Who is tied to whom, of which free couplings make systems.

    Raises
    ------
    InputError
        What a scenario would refuse, anywhere in the priors.
    """
    for name in tables:
        if name in STANDS or name not in TABLES:
            where = "it comes from [data]" if name == "network" else f"allowed: {', '.join(TABLES)}"
            raise InputError(f"[model] has a table {name}; {where}.")
    free = dict(free)
    pace = _pace(free)
    whole: dict[str, Any] = {"seed": 0, "couplings": {"kind": "uniform", "normalize": "degree"}}
    whole |= copy.deepcopy(dict(tables))
    whole["network"] = dict(network) if network else {"kind": "complete", "n": 2, "camp": camp}
    dynamics = dict(whole.get("dynamics", {}))
    rule = dynamics.get("rule")
    if isinstance(rule, Mapping) and rule.get("kind", "heat_bath") != "heat_bath":
        raise InputError(
            f"[model] dynamics.rule is {rule.get('kind')!r}; calibrate fits the heat bath, and "
            "compare-rules sets the others beside it."
        )
    prior = free.get(TEMPERATURE)
    if isinstance(prior, Mapping) and isinstance(prior.get("low"), int | float):
        dynamics.setdefault("temperature", prior["low"])
    dynamics.setdefault("temperature", 1.0)
    if network and "sweeps" not in dynamics:
        # A whole run that leaves its start behind; waves are simulated for as long as they are.
        dynamics = {"burn_in": WHOLE_RUN // 2, "sweeps": WHOLE_RUN} | dynamics
    dynamics.setdefault("sweeps", 1)
    whole["dynamics"] = dynamics
    for name, prior in free.items():
        _placeholder(whole, name, prior)
    scenario = Scenario._build(whole, name="calibrate", file="[model]", folder=folder)
    settings = scenario.cases()[0].settings
    if not isinstance(settings.dynamics.temperature, int | float):
        raise InputError("[model] dynamics.temperature changes in time; give a number, or free it.")
    if settings.dynamics.scheme is not None:
        raise InputError(
            f"[model] dynamics.scheme is {settings.dynamics.scheme!r}; a calibration draws "
            "users at random: leave the scheme out."
        )
    if settings.dynamics.temperature <= 0:
        raise InputError("[model] dynamics.temperature is 0; a calibration needs some noise.")
    canonical = settings.canonical()
    known = [key for key in dotted_keys(canonical) if not key.startswith(("network", "couplings"))]
    told = [COUPLED + key for key in TOLD.get(settings.couplings.kind, ())]
    priors = priors_of(free, [*known, TEMPERATURE, *told])
    _check_scale(settings, priors.names)
    if any(name.startswith(COUPLED) for name in priors.names) and not graphs:
        raise InputError(
            "[free] names couplings, but a system of its own couplings is given; give the network "
            "in a file."
        )
    model = FreeModel(
        settings=settings, tables=canonical, priors=priors, pace=pace, graphs=graphs, camp=camp
    )
    _check_corners(model)
    return model


def _pace(free: dict[str, Any]) -> float:
    """Take a fixed number of sweeps per wave out of the free keys, and return it."""
    pace = free.get(PACE)
    if isinstance(pace, Mapping):
        return 1.0
    free.pop(PACE, None)
    if pace is None:
        return 1.0
    if isinstance(pace, bool) or not isinstance(pace, int | float) or not 0 < pace < 1e4:
        raise InputError(
            f"[free] {PACE} is {pace!r}; give a number above 0, or {{ low = ..., high = ... }}."
        )
    return float(pace)


def _placeholder(whole: dict[str, Any], name: str, prior: Any) -> None:
    """Put something legal where a free key stands, so that the model can leave it out."""
    table, _, last = name.partition(".")
    here = whole.get(table)
    if not isinstance(here, Mapping) or last in here or not isinstance(prior, Mapping):
        return
    shape, low = prior.get("shape"), prior.get("low", 0.0)
    value = [low * each for each in shape] if isinstance(shape, list | tuple) else low
    if table in ("field", "feed") and last:
        whole[table] = {**here, last: value}


def _check_scale(settings: Settings, names: tuple[str, ...]) -> None:
    """Refuse couplings that are free beside what they are only told in ratio to."""
    free = [name for name in names if name.startswith(COUPLED)]
    if not free:
        return
    all_told = len(free) == len(TOLD[settings.couplings.kind])
    if all_told and getattr(settings.couplings, "normalize", "none") == "degree":
        raise InputError(
            f"[free] names {' and '.join(free)}, but normalize = 'degree' divides their common "
            f"size out; {'leave one of them out' if len(free) > 1 else 'leave it out'}."
        )
    if all_told and TEMPERATURE in names:
        raise InputError(
            f"[free] names {', '.join(free)} and {TEMPERATURE}, of which stances tell ratios only; "
            "leave one of them out, and the others are told in its units."
        )


def _check_corners(model: FreeModel) -> None:
    """Refuse priors that reach beyond what a scenario allows."""
    priors = model.priors
    for k, name in enumerate(priors.names):
        for end in (priors.low[k], priors.high[k]):
            theta = priors.middle.copy()
            theta[k] = end
            try:
                model.at(theta)
            except InputError:
                raise
            except ValidationError as refused:
                first = refused.errors()[0]["msg"].removeprefix("Value error, ")
                raise InputError(
                    f"[free] {name} reaches {end:g}, which is outside what is allowed: {first}."
                ) from None


def societies(
    model: FreeModel, graphs: tuple[nx.Graph, ...], camp: str
) -> tuple[tuple[SpinSystem, ...], NDArray[np.int64] | None]:
    """Return the system of each graph, and the camps of the users.

    Raises
    ------
    InputError
        Graphs that the couplings do not fit.
    """
    systems = _systems(model.settings, graphs, camp)
    if camp not in systems[0].nodes and camp == "camp":
        return systems, None
    return systems, camp_attributes.of(systems[0], camp)[0]


def _systems(settings: Settings, graphs: tuple[nx.Graph, ...], camp: str) -> tuple[SpinSystem, ...]:
    couplings = settings.couplings
    return tuple(couplings.system(each, seed=settings.seed, camp=camp) for each in graphs)


def patterns(
    settings: Settings, panel: WavePanel, codes: NDArray[np.int64] | None
) -> dict[str, Floats]:
    """Return what fields may pull along, by name: everybody, each camp, an attribute."""
    n = panel.n
    count = 0 if codes is None else int(codes.max(initial=-1)) + 1
    if codes is not None and (count == 2 or settings.field.kind == "camps"):
        found = {f"camp {c}": (codes == c).astype(np.float64) for c in range(count)}
        return found if (codes >= 0).all() else {"everybody": np.ones(n), **found}
    found = {"everybody": np.ones(n)}
    if settings.field.kind == "attribute":
        found["attribute"] = field_of(settings, panel.systems[0], codes)
    return found
