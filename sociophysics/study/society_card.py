"""The facts of a society that stand before any answer: its ties, its noise, whether it moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.scenario import Settings
from sociophysics.scenario import build as cases
from sociophysics.scenario.posterior import drawn_keys
from sociophysics.society.spins import SpinSystem
from sociophysics.study.expected import TEMPERATURE, Expected, expected
from sociophysics.words import have, number_of

__all__ = [
    "Card",
    "Tried",
    "card",
    "card_of",
    "from_manifest",
    "is_frozen",
    "measured_flips",
    "temperature_of",
    "trial_of",
    "tried",
    "why_not",
]

# Beyond this theory and a trial run cost more than a glance.
MOST_TIES = 200_000
TRIAL_SWEEPS = 40
# Fewer flips per user and sweep hardly move a society within a run.
FROZEN = 0.001
# Under pulls this strong those who still move are the few between two sides, or without a tie.
FEW, STRONG = 0.01, 5.0
STILL = "frozen: no feed can make a difference here, unless it pulls harder than the ties"


class Tried(NamedTuple):
    """Means over the later half of a short trial run of one replica.

    ``flips`` is the share of users whose stance differs after one sweep, ``magnetization`` the
    size of the mean stance, ``apart`` half the largest difference of camps, ``pull`` the mean of
    ``|sum_j J_ij s_j + h_i| / T``, ``ties`` and ``phi`` the mean sizes of ``sum_j J_ij s_j`` and of
    the feed's field.
    """

    sweeps: int
    flips: float
    magnetization: float
    apart: float
    pull: float
    ties: float
    phi: float

    @property
    def feed(self) -> float:
        """The feed's field over that of the ties."""
        return self.phi / self.ties if self.ties > 0 else (0.0, np.inf)[self.phi > 0]


class Card(NamedTuple):
    """What a society is, before anything is asked of it.

    ``ties`` counts a mutual tie once, ``weightless`` those whose coupling is 0; ``flips`` is the
    share of users whose stance differs after one sweep, ``pull`` what ties and field pull over the
    temperature; ``critical`` is the best theory's temperature at which it tips.
    """

    users: int
    ties: int
    antagonistic: int
    mutual: bool
    alone: int
    temperature: float | None
    critical: Expected | None
    flips: float | None
    pull: float | None = None
    weightless: int = 0

    def sentences(self) -> list[str]:
        """Return the facts, one sentence each."""
        signs = "all friendly"
        if self.antagonistic:
            signs = f"{self.antagonistic:,} of them antagonistic"
        if self.weightless:
            none = f"{self.weightless:,} of weight 0"
            signs = f"{signs}, {none}" if self.antagonistic else none
        way = "mutual" if self.mutual else "directed"
        said = [f"{number_of(self.users, 'user')}, {number_of(self.ties, f'{way} tie')}, {signs}"]
        if self.alone:
            said.append(f"{number_of(self.alone, 'user')} {have(self.alone)} no tie")
        if self.temperature is not None and self.critical is not None and self.critical.value > 0:
            ratio = self.temperature / self.critical.value
            said.append(f"T = {self.temperature:g} is {ratio:.2f} times {self.critical.end()}")
        elif self.temperature is not None:
            said.append(f"T = {self.temperature:g}")
        if self.flips is not None:
            state = STILL if is_frozen(self.flips, self.pull) else "it moves"
            said.append(f"{100 * self.flips:.2g} % of users change stance per sweep ({state})")
        return said


@asks
def card(
    system: SpinSystem,
    *,
    temperature: float | None = None,
    critical: Expected | None = None,
    flips: float | None = None,
    pull: float | None = None,
) -> Card:
    """Return the card of a society.

    Parameters
    ----------
    system : SpinSystem
    temperature : float, optional
    critical : Expected, optional
        The best theory's temperature, as ``study.expected.expected`` gives it.
    flips : float, optional
        Share of users whose stance differs after one sweep, measured.
    pull : float, optional
        Mean of ``|sum_j J_ij s_j + h_i| / T``, measured.

    Examples
    --------
    >>> system = SpinSystem(np.array([[0, 1, 0], [1, 0, -1], [0, -1, 0]]))
    >>> card(system, temperature=0.5).sentences()
    ['3 users, 2 mutual ties, 1 of them antagonistic', 'T = 0.5']
    """
    # As they are stored: in double precision a network of 1e9 ties would not fit.
    stored, mutual = system.stored, system.is_symmetric
    share = 2 if mutual else 1
    alone = np.diff(stored.indptr) == 0
    alone[stored.indices] = False
    return Card(
        users=system.n,
        ties=stored.nnz // share,
        antagonistic=int((stored.data < 0).sum()) // share,
        mutual=mutual,
        alone=int(alone.sum()),
        temperature=temperature,
        critical=critical,
        flips=flips,
        pull=pull,
        weightless=int((stored.data == 0).sum()) // share,
    )


def is_frozen(flips: float, pull: float | None) -> bool:
    """Return whether a society is as good as still: hardly a flip, or few under strong pulls.

    Parameters
    ----------
    flips : float
        Share of users whose stance differs after one sweep.
    pull : float or None
        Mean of ``|sum_j J_ij s_j + h_i| / T``.

    Examples
    --------
    >>> is_frozen(0.0001, 0.5), is_frozen(0.005, 8.0), is_frozen(0.005, None)
    (True, True, False)
    """
    return flips < FROZEN or (flips < FEW and pull is not None and pull > STRONG)


def card_of(settings: Settings, *, trial: bool = True) -> Card:
    r"""Return the card of one case, with theory and a short trial run where these are cheap.

    Parameters
    ----------
    settings : Settings
        One design at one point.
    trial : bool
        Measure how many users change their stance.

    Raises
    ------
    InputError
        As ``cases.build_system``.

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> scenario = Scenario.from_toml(CROWD)
    >>> print("\n".join(card_of(scenario.cases()[0].settings, trial=False).sentences()))
    6 users, 15 mutual ties, all friendly
    T = 1 is 2.00 times 0.5, the critical temperature of a complete network (exact for many users)
    """
    system, camps = cases.build_system(settings, 0 if cases.varies(settings) else None)
    small = system.stored.nnz <= 2 * MOST_TIES
    # The card is of the society as it starts, before anything acts on it.
    bare = settings.without_acts()
    critical = expected(bare, society=(system, camps)) if small else []
    seen = tried(settings) if small and trial else None
    return card(
        system,
        temperature=temperature_of(settings),
        critical=critical[0] if critical else None,
        flips=None if seen is None else seen.flips,
        pull=None if seen is None or settings.dynamics.rule is not None else seen.pull,
    )


def temperature_of(settings: Settings) -> float | None:
    """Return the one temperature of a case, None where there is no single one.

    Parameters
    ----------
    settings : Settings

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> temperature_of(Scenario.from_toml(CROWD).cases()[0].settings)
    1.0
    """
    if settings.posterior is not None and TEMPERATURE in drawn_keys(settings.posterior.path):
        return None  # each replica has its own, which `membership` says
    value = settings.dynamics.temperature
    # Fitted couplings have a temperature of their own; a schedule is no single one.
    return 1.0 if value is None else value if isinstance(value, int | float) else None


def trial_of(settings: Settings) -> Settings:
    r"""Return the case of a short trial run, every sweep seen, without interventions or stops.

    Parameters
    ----------
    settings : Settings

    Examples
    --------
    >>> from sociophysics import Scenario
    >>> long = Scenario.from_toml(
    ...     "seed = 1\nnetwork = {kind = 'complete', n = 9}\ncouplings = {kind = 'uniform'}\n"
    ...     "dynamics = {temperature = 1, sweeps = 900}"
    ... )
    >>> trial_of(long.cases()[0].settings).dynamics.sweeps
    40
    """
    sweeps = min(settings.dynamics.sweeps, TRIAL_SWEEPS)
    dynamics = settings.dynamics.model_copy(
        update={"sweeps": sweeps, "burn_in": 0, "stop_when": "none"}
    )
    observe = settings.observe.model_copy(update={"every": 1})
    return settings.without_acts().model_copy(update={"dynamics": dynamics, "observe": observe})


def measured_flips(settings: Settings) -> float | None:
    """Return the share of users whose stance differs after a sweep, late in a short trial run.

    Without the interventions; None where nothing can be run.
    """
    seen = tried(settings)
    return None if seen is None else seen.flips


def why_not(settings: Settings) -> str:
    """Return why a case cannot be run, as its first frame says it; empty where it can.

    Its interventions are in it: whom they name is looked for before anything moves.

    Parameters
    ----------
    settings : Settings

    Examples
    --------
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> crowd = Scenario.from_toml(CROWD)
    >>> why_not(crowd.cases()[0].settings)
    ''
    >>> late = {"kind": "tilt", "at": 2, "field": 1.0, "who": ["nobody"]}
    >>> why_not(crowd.replace({"interventions": [late]}).cases()[0].settings).partition(";")[0]
    "who names the user 'nobody', who is not in the network"
    """
    try:
        frames = cases.case_frames(settings, [0])
        next(frames)
        frames.close()
    except InputError as error:
        return str(error)
    return ""


def tried(settings: Settings) -> Tried | None:
    """Return means over the later half of a short trial run, None where nothing can be run.

    Parameters
    ----------
    settings : Settings
        Its interventions are left out.
    """
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
    return Tried(sweeps, *_mean(np.array(rows)).tolist()) if rows else None


def _moment(frame: Any, before: Any, now: Any) -> Sequence[float]:
    stances = now.astype(float)
    ties = frame.system.J @ stances
    outside = float(_mean(np.abs(ties + frame.field)))
    pull = outside / frame.temperature if frame.temperature > 0 else np.inf
    return (
        float((now != before).mean()),
        abs(float(stances.mean())),
        _apart(stances, frame.camps),
        pull if np.isfinite(frame.temperature) else 0.0,
        float(_mean(np.abs(ties))),
        float(_mean(np.abs(frame.phi[0]))),
    )


def _mean(values: NDArray[np.float64]) -> Any:
    """Return the mean over the first axis, also of numbers whose sum no float holds."""
    with np.errstate(over="ignore"):
        mean = values.mean(axis=0)
    return mean if np.isfinite(mean).all() else (values / len(values)).sum(axis=0)


def _apart(stances: Any, camps: Any) -> float:
    """Return half the largest difference between mean stances of camps; 0 with one or none."""
    if camps is None or camps.max() < 1:
        return 0.0
    inside = camps >= 0
    sizes = np.bincount(camps[inside])
    means = np.bincount(camps[inside], stances[inside])[sizes > 0] / sizes[sizes > 0]
    return float(means.max() - means.min()) / 2


def from_manifest(manifest: Mapping[str, Any]) -> Card | None:
    """Return the card that the manifest of a run keeps, None for an older one."""
    kept = manifest.get("society")
    if not isinstance(kept, Mapping) or set(kept) | {"pull"} != set(Card._fields):
        return None
    critical = kept["critical"]
    return Card(**{**kept, "critical": None if critical is None else Expected(*critical)})
