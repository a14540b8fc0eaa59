"""Where a society stands before it is run: frozen, ordered, split, critical or mixed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components

from sociophysics.arguments import asks
from sociophysics.scenario import Settings
from sociophysics.scenario import build as cases
from sociophysics.society.spins import SpinSystem
from sociophysics.study.expected import critical_temperatures
from sociophysics.study.society_card import (
    MOST_TIES,
    Card,
    Tried,
    card,
    is_frozen,
    temperature_of,
    tried,
    why_not,
)

__all__ = ["Standing", "Structure", "standing", "structure"]

NEAR = 0.1  # of the critical temperature: there a society takes long, and a nudge moves much
HELD = 0.5  # a mean stance, of all or of the own side, beyond which a society has an order
MOST_TRIED = 5_000_000  # ties of a society that a trial run of some seconds still moves


class Structure(NamedTuple):
    """What the ties of a society are like.

    ``weakest`` and ``strongest`` are the smallest and the largest coupling by size; ``alone``
    users have no tie, and ``largest`` is the number of users in the largest component.
    """

    weakest: float
    strongest: float
    components: int
    largest: int
    alone: int


class Standing(NamedTuple):
    r"""What a short trial run of one case shows, beside what theory says of it.

    All but ``card`` is NaN or None where nothing was tried. ``pull`` is the mean of
    ``|sum_j J_ij s_j + h_i| / T``, ``feed`` the mean ``|phi_i|`` over that mean of the ties,
    ``relaxation`` the mean-field time ``T / (T - T_c (1 - m^2))`` in sweeps, for friendly
    societies without a feed; infinite where the trial still grows.
    """

    card: Card
    sweeps: int
    state: str
    magnetization: float
    apart: float
    pull: float
    feed: float
    relaxation: float | None
    cannot: str = ""  # why the case cannot be run

    def warnings(self) -> list[str]:
        """Return what must be known before the society is run, one sentence each."""
        said = [f"it cannot be run: {self.cannot}"] if self.cannot else []
        if self.state == "frozen":
            said.append(
                "frozen: no feed can make a difference here, because the pull of ties and field "
                f"is {self.pull:.3g} times the temperature and {100 * (self.card.flips or 0):.2g} "
                "% of users change stance per sweep; raise dynamics.temperature or set "
                'couplings.normalize = "degree"'
                if self.pull == self.pull
                else f"frozen: {100 * (self.card.flips or 0):.2g} % of users change stance per "
                "sweep under this rule, so no feed can make a difference; give it more noise"
            )
        if self.state == "critical":
            said.append(
                "near its critical temperature a society takes long to settle and small causes "
                "move it far; give it more sweeps, and more replicas"
            )
        if self.relaxation is not None and self.sweeps < self.relaxation < np.inf:
            said.append(
                f"it takes about {self.relaxation:.3g} sweeps to settle (mean field); keep "
                "dynamics.burn_in above that"
            )
        if self.feed > 10:
            said.append(
                f"the feed is {self.feed:.3g} times as strong as the ties: what is measured is the "
                "feed alone; lower feed.strength"
            )
        return said


@asks
def structure(system: SpinSystem) -> Structure:
    """Return what the ties of a society are like.

    Parameters
    ----------
    system : SpinSystem

    Examples
    --------
    >>> structure(SpinSystem.from_edges([0, 1], [1, 2], [0.5, -2.0], n=4))
    Structure(weakest=0.5, strongest=-2.0, components=2, largest=3, alone=1)
    """
    _, member = connected_components(system.J, directed=False)
    sizes = np.bincount(member)
    pulls = system.J.data[system.J.data != 0]
    by_size = pulls[np.argsort(np.abs(pulls), kind="stable")]
    return Structure(
        weakest=float(by_size[0]) if by_size.size else 0.0,
        strongest=float(by_size[-1]) if by_size.size else 0.0,
        components=int(sizes.size),
        largest=int(sizes.max()),
        alone=int((sizes == 1).sum()),
    )


def standing(settings: Settings) -> Standing:
    r"""Return where one case stands, by theory and a short trial run of one replica.

    Interventions are left out: it is the society before them. Beyond some hundred thousand ties
    theory is left out, beyond some millions the trial as well.

    Parameters
    ----------
    settings : Settings
        One design at one point: ``scenario.cases()[k].settings``.

    Raises
    ------
    InputError
        As ``cases.build_system``.

    Examples
    --------
    >>> from sociophysics import Scenario
    >>> cold = Scenario.from_toml(
    ...     'seed = 1\nnetwork = {kind = "complete", n = 40}\ncouplings = {kind = "uniform"}\n'
    ...     'dynamics = {temperature = 1, sweeps = 20, start = "up"}'
    ... )
    >>> standing(cold.cases()[0].settings).state
    'frozen'
    """
    system, _ = cases.build_system(settings, 0 if cases.varies(settings) else None)
    theory = critical_temperatures(settings, system) if system.J.nnz <= 2 * MOST_TIES else []
    critical = theory[0] if theory else None
    temperature = temperature_of(settings)
    if settings.dynamics.rule is not None:
        temperature = None
    swaps = settings.dynamics.scheme == "kawasaki"
    small = system.J.nnz <= 2 * MOST_TRIED
    cannot = why_not(settings) if small else ""
    seen = tried(settings) if small and not cannot else None
    flips, pull = (None, None) if seen is None else (seen.flips, seen.pull)
    if settings.dynamics.rule is not None:
        pull = None
    facts = card(system, temperature=temperature, critical=critical, flips=flips, pull=pull)
    nan = float("nan")
    if seen is None:
        return Standing(facts, 0, "not tried", nan, nan, nan, nan, None, cannot)
    ratio = None if critical is None or temperature is None else temperature / critical.value
    return Standing(
        card=facts,
        sweeps=seen.sweeps,
        state=_state(seen, ratio),
        magnetization=seen.magnetization,
        apart=seen.apart,
        pull=nan if pull is None else pull,
        feed=seen.feed,
        relaxation=None if swaps else _relaxation(ratio, seen.magnetization),
    )


def _relaxation(ratio: float | None, moment: float) -> float | None:
    if ratio is None or not 0 < ratio < np.inf:
        return None
    rest = ratio - (1.0 - moment**2)
    return ratio / rest if rest > 0 else np.inf


def _state(seen: Tried, ratio: float | None) -> str:
    """Return the word for what was seen; the critical one needs a theory's number."""
    if is_frozen(seen.flips, seen.pull):
        return "frozen"
    if ratio is not None and abs(ratio - 1.0) < NEAR:
        return "critical"
    if seen.magnetization > HELD:
        return "ordered"
    return "split" if seen.apart > HELD else "mixed"
