"""The number that theory gives for a tipping point, where it gives one: the best theory first.

Report, ``tip``, the card of a society and the dashboard ask here, so that they cannot disagree. Of
several theories of one transition the order is exact, Onsager's lattice, cavity, mean field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.scenario.build import build_system
from sociophysics.society.coupling_kinds import UniformCouplings
from sociophysics.society.network_kinds import Lattice
from sociophysics.society.spins import SpinSystem

if TYPE_CHECKING:
    from sociophysics.scenario import Settings
    from sociophysics.theory.mean_field import CampLimits

__all__ = [
    "Expected",
    "Society",
    "camp_temperatures",
    "consensus_temperature",
    "critical_temperatures",
    "expected",
    "feed_keys_of",
    "temperature_range",
]

Society = tuple[SpinSystem, NDArray[np.int64] | None]
TEMPERATURE, STRENGTH, FIELD = "dynamics.temperature", "feed.strength", "field.value"
SPREAD = np.linspace(0.5, 1.5, 11)


CONSENSUS_HOLDS = "mean field, consensus holds up to"
CAMPS_STAY = "mean field, camps stay apart up to"
CAVITY = "critical temperature (cavity)"
COMPLETE = "complete network (exact for many users)"
LATTICE = "infinite square lattice (Onsager)"
# What a theory's temperature is, as the end of a sentence.
ENDS = {
    CONSENSUS_HOLDS: "up to which consensus holds (mean field)",
    CAMPS_STAY: "up to which camps stay apart (mean field)",
    CAVITY: "the critical temperature (cavity)",
    COMPLETE: "the critical temperature of a complete network (exact for many users)",
    LATTICE: "the critical temperature of the infinite square lattice (Onsager)",
}


class Expected(NamedTuple):
    """A theory's number for a tipping point, and which theory it is."""

    text: str
    value: float

    def end(self) -> str:
        """Return what a temperature is, as the end of a sentence.

        Examples
        --------
        >>> Expected(CAMPS_STAY, 0.7334).end()
        '0.7334, up to which camps stay apart (mean field)'
        """
        what = ENDS.get(self.text, f"the critical temperature ({self.text})")
        return f"{self.value:.4g}, {what}"


def expected(
    settings: Settings, along: str = TEMPERATURE, *, society: Society | None = None
) -> list[Expected]:
    """Return what theory says about tipping along a key, the best first; empty if nothing.

    Temperature: what is lost first from the start that is given, consensus or the split of camps;
    of each the best theory first. A feed's strength: where it switches two camps (mean field). A
    complete network's uniform field: the coercive field. Nothing under interventions and for the
    couplings of a fit, which differ from pair to pair.

    Parameters
    ----------
    settings : Settings
        One design at one point.
    along : str
        Dotted key.
    society : (SpinSystem, camps), optional
        What ``settings`` builds, if it is there already. Of networks drawn anew for every replica
        the first stands for all.

    Raises
    ------
    InputError
        As ``cases.build_system``, where the society is built here.

    Examples
    --------
    >>> from sociophysics.scenario import Scenario
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "lattice", shape = [8, 8]}
    ... couplings = {kind = "uniform", value = 0.5}
    ... dynamics = {temperature = 1.0, sweeps = 2}
    ... ''')
    >>> for each in expected(scenario.cases()[0].settings):
    ...     print(f"{each.text}: {each.value:.3f}")
    infinite square lattice (Onsager): 1.135
    critical temperature (cavity): 1.443
    """
    if settings.interventions or settings.couplings.kind == "fitted" or settings.dynamics.rule:
        return []
    system, camps = society or build_system(settings, 0 if settings.redraw else None)
    try:
        if along == TEMPERATURE:
            return _temperatures(settings, system, camps)
        if along == STRENGTH:
            return _switching(settings, system, camps)
        return _coercive(settings, system) if along == FIELD else []
    except InputError:
        # Kinds of feeds and networks that a theory does not cover have no number.
        return []


def critical_temperatures(settings: Settings, system: SpinSystem) -> list[Expected]:
    """Return the temperatures at which a society without a feed loses its consensus.

    The best first: exact on the infinite lattice (Onsager) or the infinite complete network, then
    the cavity method on this network, exact where it is locally a tree. Nothing under a field or
    a feed, and for couplings that are antagonistic or not mutual.

    Parameters
    ----------
    settings : Settings
        One design at one point.
    system : SpinSystem
        Its society.

    Examples
    --------
    >>> from sociophysics.scenario import Scenario
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 6}
    ... couplings = {kind = "uniform", value = 0.2}
    ... dynamics = {temperature = 1.0, sweeps = 2}
    ... ''')
    >>> settings = scenario.cases()[0].settings
    >>> critical_temperatures(settings, build_system(settings, None)[0])[0].text
    'complete network (exact for many users)'
    """
    if settings.field.kind != "none" or settings.feed.kind != "none" or not _is_friendly(system):
        return []
    if settings.dynamics.rule is not None:
        return []
    found = [*_complete(settings, system), *_onsager(settings)]
    try:
        found += _cavity(system)
    except InputError:
        # Networks that the cavity method does not cover have no number.
        return found
    return found


def consensus_temperature(system: SpinSystem) -> Expected | None:
    """Return the cavity method's number for a network that comes without a scenario, or None.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.random_regular_graph(4, 200, seed=1)
    >>> round(consensus_temperature(SpinSystem.from_networkx(graph, default_coupling=1)).value, 3)
    2.885
    """
    if not _is_friendly(system):
        return None
    try:
        found = _cavity(system)
    except InputError:
        return None
    return found[0] if found else None


def camp_temperatures(
    settings: Settings, system: SpinSystem, camps: NDArray[np.int64] | None
) -> CampLimits | None:
    """Return up to which temperatures two camps agree, and stay apart, in mean field under a feed.

    Parameters
    ----------
    settings : Settings
        One design at one point: its feed counts.
    system : SpinSystem
    camps : int array, shape (n,), or None

    Returns
    -------
    CampLimits or None
        None unless there are two camps, mutual couplings and no field.

    Raises
    ------
    InputError
        A feed that mean field does not cover.
    """
    from sociophysics.theory.mean_field import camp_couplings, camp_limits

    ties = None if camps is None else camp_couplings(system, camps)
    if ties is None or settings.field.kind != "none" or settings.dynamics.rule is not None:
        return None
    kind, keys = feed_keys_of(settings)
    return camp_limits(kind, within=ties[0], across=ties[1], **keys)


def temperature_range(settings: Settings) -> list[float]:
    """Return eleven temperatures around what theory expects, from half to one and a half times.

    Where theory has no number, around the mean total coupling of a user, signs apart: the scale
    on which ties hold against noise.

    Raises
    ------
    InputError
        Theory has no number for this society, and it has no ties.
    """
    settings.heat_bath_only("a range of temperatures")
    system, camps = build_system(settings, 0 if settings.redraw else None)
    found = expected(settings, TEMPERATURE, society=(system, camps))
    known = [each.value for each in found if each.value > 0]
    scale = known[0] if known else float(abs(system.J).sum()) / max(system.n, 1)
    if not scale > 0:
        raise InputError(
            "no values are given for dynamics.temperature, and this society has no ties, and so "
            "no temperature to look around; give the values."
        )
    return [float(value) for value in np.round(scale * SPREAD, 6)]


def feed_keys_of(settings: Settings) -> tuple[str, dict[str, Any]]:
    """Return the kind of the feed and its keys, as theory takes them."""
    keys = {key: value for key, value in settings.feed.table().items() if value is not None}
    return keys.pop("kind"), keys


def _temperatures(
    settings: Settings, system: SpinSystem, camps: NDArray[np.int64] | None
) -> list[Expected]:
    whole, split = critical_temperatures(settings, system), []
    try:
        limits = camp_temperatures(settings, system, camps)
    except InputError:
        # A feed that mean field does not cover leaves what other theories say.
        limits = None
    if limits is not None:
        whole.append(Expected(CONSENSUS_HOLDS, float(limits.consensus)))
        split.append(Expected(CAMPS_STAY, float(limits.split)))
    # The start decides which state is there to be lost.
    found = [*split, *whole] if settings.dynamics.start == "camps" else [*whole, *split]
    return [each for each in found if each.value > 0]


def _switching(
    settings: Settings, system: SpinSystem, camps: NDArray[np.int64] | None
) -> list[Expected]:
    from sociophysics.theory.mean_field import camp_couplings, switching_strengths

    temperature = settings.dynamics.temperature
    ties = None if camps is None else camp_couplings(system, camps)
    if ties is None or settings.field.kind != "none" or not isinstance(temperature, int | float):
        return []
    kind, keys = feed_keys_of(settings)
    keys.pop("strength", None)
    ends = switching_strengths(
        kind, temperature=temperature, within=ties[0], across=ties[1], **keys
    )
    both = [
        Expected("mean field, consensus is lost at", float(ends.on)),
        Expected("mean field, a split is lost at", float(ends.off)),
    ]
    return [each for each in both if np.isfinite(each.value)]


def _coercive(settings: Settings, system: SpinSystem) -> list[Expected]:
    from sociophysics.theory.closed_forms import coercive_field

    temperature = settings.dynamics.temperature
    complete = settings.network.kind == "complete" and settings.couplings.kind == "uniform"
    plain = complete and settings.feed.kind == "none" and _is_friendly(system)
    if not plain or not isinstance(temperature, int | float):
        return []
    coupling = float(system.J.sum()) / system.n
    value = coupling * float(coercive_field(temperature / coupling))
    return [Expected("coercive field (mean field)", value)] if value > 0 else []


def _is_friendly(system: SpinSystem) -> bool:
    """Return whether there are ties, all of them mutual and none antagonistic."""
    return system.is_symmetric and system.J.nnz > 0 and bool((system.J.data >= 0).all())


def _complete(settings: Settings, system: SpinSystem) -> list[Expected]:
    """Return the exact number of many users who all know each other: their total coupling."""
    if settings.network.kind != "complete" or settings.couplings.kind != "uniform":
        return []
    return [Expected(COMPLETE, float(system.J.sum()) / system.n)]


def _onsager(settings: Settings) -> list[Expected]:
    """Return the exact number of the infinite square lattice; the cavity misses its short loops."""
    from sociophysics.theory.closed_forms import onsager_temperature

    network, couplings = settings.network, settings.couplings
    if not isinstance(network, Lattice) or not isinstance(couplings, UniformCouplings):
        return []
    # A border does not matter to the infinite lattice; of two rows there is no plane.
    if len(network.shape) != 2 or min(network.shape) < 3:
        return []
    # Divided by the roots of the four ties' sums, a coupling is 1/4 whatever its value.
    scale = 0.25 if couplings.normalize == "degree" else couplings.value
    return [Expected(LATTICE, scale * onsager_temperature())]


def _cavity(system: SpinSystem) -> list[Expected]:
    from sociophysics.theory.cavity import critical_temperature

    value = float(critical_temperature(system, phase="ferromagnet"))
    return [Expected(CAVITY, value)] if value > 0 else []
