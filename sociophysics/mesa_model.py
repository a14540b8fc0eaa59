"""A Mesa model on arrays: the trajectory inside, agents as views of it.

The only module of the package that imports Mesa, whose import sets the start method of
``multiprocessing`` to spawn. It runs with Mesa 3.3 (Python 3.11) and 3.4 or newer alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import mesa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics import couplings, feeds, networks
from sociophysics.dynamics import trajectory
from sociophysics.dynamics.conditions import Field
from sociophysics.dynamics.frames import Frame, observe
from sociophysics.dynamics.loop import StopRule
from sociophysics.errors import InputError
from sociophysics.feeds import Feed
from sociophysics.interventions import Intervention
from sociophysics.observables import check_names
from sociophysics.schedules import Schedule
from sociophysics.spins import SpinSystem
from sociophysics.streams import check_seed

__all__ = ["SpinModel", "User"]

ENDLESS = 2**53  # sweeps of a model without an end


class User(mesa.Agent):  # type: ignore[misc]  # Mesa has no types
    """A view of one user of a ``SpinModel``; it has no state of its own.

    Parameters
    ----------
    model : SpinModel
    index : int
        Position in the model's arrays.
    """

    def __init__(self, model: SpinModel, index: int) -> None:
        super().__init__(model)
        self.index = index

    @property
    def spin(self) -> int:
        """Stance now, +1 or -1."""
        return int(self.model.frame.spins[0, self.index])

    @property
    def label(self) -> Any:
        """Name of the user in the network."""
        return self.model.system.labels[self.index]

    @property
    def camp(self) -> int:
        """Camp of the user, -1 for none."""
        camps = self.model.frame.camps
        return -1 if camps is None else int(camps[self.index])


class SpinModel(mesa.Model):  # type: ignore[misc]  # Mesa has no types
    """Users on a signed network under a feed: one step is one sweep of the trajectory.

    Without ``system`` the network is drawn: two camps of ``n / 2`` users with ``mean_degree`` ties
    each, a share ``mixing`` of them to the other camp. All parameters are plain values, so that
    ``mesa.batch_run`` can vary them. Interventions and schedules belong to the constructor; agents
    are views that ``create_users`` makes on request, and cost time only where they are used.

    Parameters
    ----------
    n : int
    mean_degree : float
    mixing : float
        0: no ties between the camps; 0.5: a random graph that does not know them.
    within, across : float
        Couplings of ties inside a camp and between camps.
    temperature : number or schedule
        Social temperature in units of the couplings.
    feed : str or Feed
        A kind such as ``"chronological"``, which takes ``strength``; ``"none"``; or a feed.
    strength : float
        Of a feed given by its kind, in units of the couplings.
    field, start, interventions, stop
        As for ``sociophysics.trajectory``.
    observe : str or sequence of str
        Observables collected at the start and after every step; ``()`` for none.
    sweeps : int, optional
        After how many steps ``running`` becomes False; never if left out. Schedules need it.
    system : SpinSystem, optional
        Used instead of a drawn network.
    seed, rng : int or numpy Generator, optional
        An integer seeds every stream, as in ``sociophysics.trajectory``; else the seed is drawn
        from ``model.rng``. Mesa's ``batch_run`` fills in whichever it knows.

    Attributes
    ----------
    frame : Frame
        The present moment, as a trajectory yields it.
    system : SpinSystem
    seed : int

    Raises
    ------
    InputError
        What the network, the feed or ``trajectory`` refuse.

    Examples
    --------
    >>> model = SpinModel(100, temperature=0.0, start="up", rng=1)
    >>> model.step()
    >>> model.datacollector.get_model_vars_dataframe()
       magnetization
    0            1.0
    1            1.0
    """

    def __init__(
        self,
        n: int = 1000,
        mean_degree: float = 8.0,
        *,
        mixing: float = 0.5,
        within: float = 1.0,
        across: float = 1.0,
        temperature: float | Schedule = 1.0,
        feed: str | Feed | None = "none",
        strength: float = 0.5,
        field: Field = None,
        start: str | ArrayLike = "random",
        interventions: Iterable[Intervention] = (),
        stop: StopRule | None = None,
        observe: str | Sequence[str] = ("magnetization",),
        sweeps: int | None = None,
        system: SpinSystem | None = None,
        seed: int | None = None,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        given = _one_seed(seed, rng)
        super().__init__(rng=given)
        self.seed = given if isinstance(given, int) else int(self.rng.integers(2**63))
        if sweeps is None and hasattr(temperature, "values"):
            raise InputError(
                "temperature is a schedule, which needs an end; give the number of sweeps."
            )
        if system is None:
            system = _two_camps(self.seed, n, mean_degree, mixing, within, across)
        self._frames: Iterator[Frame] = trajectory(
            system,
            temperature=temperature,
            sweeps=ENDLESS if sweeps is None else sweeps,
            seed=self.seed,
            feed=_feed(feed, strength),
            field=field,
            interventions=interventions,
            start=start,
            stop=stop,
            threads=1,
        )
        names = (observe,) if isinstance(observe, str) else tuple(observe)
        check_names(names)
        self.frame = next(self._frames)
        self._last = ENDLESS if sweeps is None else sweeps
        self.datacollector = mesa.DataCollector(
            model_reporters={name: _reporter(name) for name in names}
        )
        self._collect()

    def step(self) -> None:
        """Do one sweep, and collect the observables; nothing after the end."""
        frame = next(self._frames, None)
        if frame is not None:
            self.frame = frame
            self._collect()
        ended = frame is None or frame.sweep == self._last or frame.stopped[0] >= 0
        self.running = not ended

    @property
    def system(self) -> SpinSystem:
        """The network and couplings, as given or rewired."""
        return self.frame.system

    @property
    def spins(self) -> NDArray[np.int8]:
        """Stances now, shape (n,); a copy."""
        spins: NDArray[np.int8] = self.frame.spins[0].copy()
        return spins

    @property
    def magnetization(self) -> float:
        """Mean stance now."""
        return float(self.frame.spins.mean())

    def create_users(self) -> Any:
        """Return the AgentSet of all users as views, made at the first call."""
        if len(self.agents) == 0:
            User.create_agents(self, self.system.n, index=list(range(self.system.n)))
        return self.agents

    def _collect(self) -> None:
        if self.datacollector.model_reporters:
            self.datacollector.collect(self)


def _one_seed(
    seed: int | None, rng: int | np.random.Generator | None
) -> int | np.random.Generator | None:
    if seed is not None and rng is not None:
        raise InputError("both seed and rng are given; give one of them.")
    given = seed if rng is None else rng
    if given is None or isinstance(given, np.random.Generator):
        return given
    return check_seed(given)


def _two_camps(
    seed: int, n: int, mean_degree: float, mixing: float, within: float, across: float
) -> SpinSystem:
    if not 0.0 <= mixing <= 1.0:
        raise InputError(f"mixing is {mixing}; allowed: 0 to 1, the share of ties across camps.")
    graph = networks.build(
        "planted_partition",
        seed=seed,
        n=n,
        communities=2,
        k_in=mean_degree * (1.0 - mixing),
        k_out=mean_degree * mixing,
    )
    return couplings.camps(graph, within=within, across=across)


def _feed(feed: str | Feed | None, strength: float) -> Feed | None:
    if not isinstance(feed, str):
        return feed
    return None if feed == "none" else feeds.make(feed, strength=strength)


def _reporter(name: str) -> Callable[[SpinModel], float]:
    def reporter(model: SpinModel) -> float:
        return float(observe(model.frame, [name])[name][0])

    return reporter
