"""A Mesa model on arrays: the trajectory inside, agents as views of it.

The only module of the package that imports Mesa, whose import sets the start method of
``multiprocessing`` to spawn. It runs with Mesa 3.3 (Python 3.11) and 3.4 or newer alike.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import partial
from typing import Any

import mesa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.dynamics.conditions import Field
from sociophysics.dynamics.frames import Frame, observe
from sociophysics.dynamics.loop import StopRule
from sociophysics.dynamics.state import State
from sociophysics.errors import InputError
from sociophysics.influences import feeds
from sociophysics.influences.feeds import Feed
from sociophysics.influences.interventions import Heat, Intervention, SwitchFeed, Tilt
from sociophysics.influences.schedules import Schedule
from sociophysics.observables import check_names
from sociophysics.society import couplings, networks
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import check_seed

__all__ = ["SpinModel", "User"]

ENDLESS = 2**53  # sweeps of a model without an end
# From 3.4 on, ``batch_run`` hands each iteration a seed of its own, or none.
FILLS_SEEDS = "rng" in inspect.signature(mesa.batch_run).parameters


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

    @spin.setter
    def spin(self, value: int) -> None:
        raise InputError(
            f"the stance of user {self.label!r} is a view of the model and cannot be set to "
            f"{value!r}; give the model the intervention Nucleate(at=..., who=[label], stance=...)."
        )

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
    ``mesa.batch_run`` can vary them. Interventions and schedules belong to the constructor;
    ``temperature``, ``field`` and ``feed`` may be set at any step and act from the next sweep on.
    Agents are views that ``create_users`` makes on request, and cost time only where they are used.
    Copies and pickles go on bit for bit; agents other than these views are not copied.

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
        from ``model.rng``. Mesa's ``batch_run`` fills in whichever it knows; of its ``iterations``
        with one seed, all but the first have a seed derived from it. Each row says its ``seed``.

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

    @asks
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
        given, iteration = _one_seed(seed, rng), _iteration()
        if iteration and isinstance(given, int) and not FILLS_SEEDS:
            given = int(np.random.SeedSequence(given, spawn_key=(iteration,)).generate_state(1)[0])
        super().__init__(rng=given)
        self.seed = given if isinstance(given, int) else int(self.rng.integers(2**63))
        if sweeps is None and hasattr(temperature, "values"):
            raise InputError(
                "temperature is a schedule, which needs an end; give the number of sweeps."
            )
        if system is None:
            system = _two_camps(self.seed, n, mean_degree, mixing, within, across)
        self._run: dict[str, Any] = {
            "system": system,
            "temperature": temperature,
            "sweeps": ENDLESS if sweeps is None else sweeps,
            "seed": self.seed,
            "feed": _feed(feed, strength),
            "field": field,
            "interventions": tuple(interventions),
            "start": start,
            "stop": stop,
            "threads": 1,
        }
        self._frames: Iterator[Frame] = trajectory(**self._run)
        self._set = {"temperature": temperature, "field": field, "feed": self._run["feed"]}
        self._strength, self._replaying = strength, False
        names = (observe,) if isinstance(observe, str) else tuple(observe)
        check_names(names)
        self.frame = next(self._frames)
        self._last = ENDLESS if sweeps is None else sweeps
        reporters: dict[str, Any] = {name: partial(_measured, name) for name in names}
        if iteration is not None:
            reporters["seed"] = "seed"
        self.datacollector = mesa.DataCollector(model_reporters=reporters)
        self._collect()

    def step(self) -> None:
        """Do one sweep, and collect the observables; nothing after the end."""
        if self._replaying:
            return
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

    @property
    def temperature(self) -> float | Schedule:
        """Social temperature, as last set; another one acts from the next sweep on."""
        value: float | Schedule = self._set["temperature"]
        return value

    @temperature.setter
    def temperature(self, value: float) -> None:
        self._change("temperature", value, Heat(self.frame.sweep, value))

    @property
    def field(self) -> Field:
        """External field, as last set: a number, or one per user."""
        value: Field = self._set["field"]
        return value

    @field.setter
    def field(self, value: float | NDArray[np.float64] | None) -> None:
        self._change("field", value, Tilt(self.frame.sweep, 0.0 if value is None else value))

    @property
    def feed(self) -> Feed | None:
        """The feed, as last set: a feed, its kind, or None."""
        value: Feed | None = self._set["feed"]
        return value

    @feed.setter
    def feed(self, value: str | Feed | None) -> None:
        given = _feed(value, self._strength)
        self._change("feed", given, SwitchFeed(self.frame.sweep, given))

    def _change(self, name: str, value: Any, act: Intervention) -> None:
        """Go on from here with one more intervention."""
        if self.frame.stopped[0] >= 0:
            raise InputError(f"the model has stopped, so {name} would act in no sweep.")
        run = self._run | {"interventions": (*self._run["interventions"], act)}
        state = self.frame.state()
        frames = trajectory(**run, resume=state)
        self._run, self._frames, self._set = run, frames, self._set | {name: value}
        self.frame = _standing(self.frame, state)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Return what copies and pickles are made of: no generator can be either."""
        plain = vars(mesa.Model())
        own = {k: v for k, v in vars(self).items() if k not in plain and k != "_frames"}
        state = None if self.frame.stopped[0] >= 0 else self.frame.state()
        own["frame"] = _standing(self.frame, state)
        drawn = (self.rng, self.random, self.running, self.steps, len(self.agents) > 0)
        return _unmade, (type(self),), (own, drawn, state)

    def __setstate__(self, parts: tuple[dict[str, Any], tuple[Any, ...], State | None]) -> None:
        own, (rng, random, running, steps, with_users), state = parts
        super().__init__(rng=0)
        self.__dict__.update(own)
        self._replaying = True  # Mesa keeps count of steps, and of time, in its own ways
        for _ in range(steps):
            self.step()
        self._replaying = False
        self.__dict__.update(rng=rng, random=random, running=running)
        self._frames = iter(()) if state is None else trajectory(**self._run, resume=state)
        if with_users:
            self.create_users()

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


def _measured(name: str, model: SpinModel) -> float:
    return float(observe(model.frame, [name])[name][0])


def _unmade(cls: type[SpinModel]) -> SpinModel:
    return cls.__new__(cls)


def _standing(frame: Frame, state: State | None) -> Frame:
    """Return a frame that gives its state although no trajectory waits at it."""
    other = copy(frame)
    other.__dict__["_state"] = None if state is None else partial(_given, state)
    return other


def _given(state: State) -> State:
    return state


def _iteration() -> int | None:
    """Return the iteration of Mesa's ``batch_run`` that makes this model; None outside of one."""
    frame = sys._getframe(1) if hasattr(sys, "_getframe") else None
    while frame is not None:
        code = frame.f_code
        if code.co_name == "_model_run_func" and "batchrunner" in code.co_filename:
            return int(frame.f_locals["run"][1])
        frame = frame.f_back
    return None
