"""Where a society stands before it is run: frozen, ordered, split, critical or mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components

from sociophysics.errors import InputError
from sociophysics.scenario import Settings
from sociophysics.scenario import build as cases
from sociophysics.society.spins import SpinSystem
from sociophysics.study.expected import critical_temperatures
from sociophysics.study.society_card import FROZEN, MOST_TIES, Card, card, trial_of

__all__ = ["Standing", "Structure", "standing", "structure"]

NEAR = 0.1  # of the critical temperature: there a society takes long, and a nudge moves much
# Under pulls this strong those who still move are the few between two sides, or without a tie.
FEW, STRONG = 0.01, 5.0
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

    def warnings(self) -> list[str]:
        """Return what must be known before the society is run, one sentence each."""
        said = []
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
    value = settings.dynamics.temperature
    temperature = 1.0 if value is None else value if isinstance(value, int | float) else None
    if settings.dynamics.rule is not None:
        temperature = None
    tried = _tried(settings) if system.J.nnz <= 2 * MOST_TRIED else None
    flips = None if tried is None else tried["flips"]
    facts = card(system, temperature=temperature, critical=critical, flips=flips)
    if tried is None:
        nan = float("nan")
        return Standing(facts, 0, "not tried", nan, nan, nan, nan, None)
    ratio = None if critical is None or temperature is None else temperature / critical.value
    moment = tried["magnetization"]
    return Standing(
        card=facts,
        sweeps=int(tried["sweeps"]),
        state=_state(tried, ratio),
        magnetization=moment,
        apart=tried["apart"],
        pull=tried["pull"] if settings.dynamics.rule is None else float("nan"),
        feed=tried["feed"],
        relaxation=_relaxation(ratio, moment),
    )


def _relaxation(ratio: float | None, moment: float) -> float | None:
    if ratio is None or not 0 < ratio < np.inf:
        return None
    rest = ratio - (1.0 - moment**2)
    return ratio / rest if rest > 0 else np.inf


def _state(tried: Mapping[str, float], ratio: float | None) -> str:
    """Return the word for what was seen; the critical one needs a theory's number."""
    if tried["flips"] < FROZEN or (tried["flips"] < FEW and tried["pull"] > STRONG):
        return "frozen"
    if ratio is not None and abs(ratio - 1.0) < NEAR:
        return "critical"
    if tried["magnetization"] > HELD:
        return "ordered"
    return "split" if tried["apart"] > HELD else "mixed"


def _tried(settings: Settings) -> dict[str, float] | None:
    """Return means over the later half of a short trial run, None where nothing can be run."""
    trial = trial_of(settings)
    sweeps = trial.dynamics.sweeps
    before, rows = None, []
    try:
        for frame in cases.case_frames(trial, [0]):
            now = np.array(frame.spins[0])
            if before is not None and frame.sweep > sweeps // 2:
                rows.append(_moment(frame, before, now))
            before = now
    except InputError:
        return None
    if not rows:
        return None
    names = ("flips", "magnetization", "apart", "pull", "ties", "phi")
    means = dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))
    feed = means["phi"] / means["ties"] if means["ties"] > 0 else (0.0, np.inf)[means["phi"] > 0]
    return {**means, "feed": feed, "sweeps": float(sweeps)}


def _moment(frame: Any, before: Any, now: Any) -> Sequence[float]:
    stances = now.astype(float)
    ties = frame.system.J @ stances
    outside = np.abs(ties + frame.field)
    pull = float(outside.mean()) / frame.temperature if frame.temperature > 0 else np.inf
    return (
        float((now != before).mean()),
        abs(float(stances.mean())),
        _apart(stances, frame.camps),
        pull if np.isfinite(frame.temperature) else 0.0,
        float(np.abs(ties).mean()),
        float(np.abs(frame.phi[0]).mean()),
    )


def _apart(stances: Any, camps: Any) -> float:
    """Return half the largest difference between mean stances of camps; 0 with one or none."""
    if camps is None or camps.max() < 1:
        return 0.0
    inside = camps >= 0
    sizes = np.bincount(camps[inside])
    means = np.bincount(camps[inside], stances[inside])[sizes > 0] / sizes[sizes > 0]
    return float(means.max() - means.min()) / 2
