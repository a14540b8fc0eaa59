"""Parts as tasks: the first alone, to be timed, then as many as make seconds of work."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from sociophysics.scenario import Settings
from sociophysics.society.network_kinds import Configuration, Lattice
from sociophysics.store import Place, open_store
from sociophysics.study.blocks import Part
from sociophysics.study.work import Done, Simulate, Task

__all__ = ["Bundles", "bundle", "modules_of", "updates_of", "users_of"]

SECONDS_PER_TASK = 2.0
PARTS_PER_TASK = 256
UNKNOWN_USERS = 1_000
# What one process has done before, or soon after, a second one has started.
SHORT = 2e8


def users_of(settings: Settings) -> int | None:
    """Return the number of users that the settings name, None where only the network knows."""
    network = settings.network
    if isinstance(network, Lattice):
        return math.prod(network.shape)
    if isinstance(network, Configuration):
        return len(network.degrees)
    users: int | None = getattr(network, "n", None)
    return users


def updates_of(part: Part, *, users: int | None = None) -> float:
    """Return how many single-spin updates a part takes, with ``users`` if it does not say."""
    users = users_of(part.settings) or users or UNKNOWN_USERS
    return float(users) * part.settings.dynamics.sweeps * len(part.replicas)


class Bundles:
    """Parts still to be done, handed out as tasks of seconds; no number depends on them.

    Parts of one society follow each other, so that a worker that keeps what it built last builds
    each once: of every replica where each draws its own.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        store: str | None,
        simulate: Simulate,
        modules: tuple[str, ...],
        users: int | None = None,
    ) -> None:
        self.simulate, self.modules, self.store, self.users = simulate, modules, store, users
        self.parts = sorted(parts, key=society)
        self._queue = deque(self.parts)
        self._known = {part.name: part for part in parts}
        self._spent: dict[str, tuple[float, float]] = {}

    @property
    def left(self) -> list[Part]:
        """The parts that are not handed out yet."""
        return list(self._queue)

    @property
    def short(self) -> bool:
        """Whether this process can begin: it is done soon, or soon knows that it is not."""
        return sum(map(self._updates, self._queue)) < SHORT

    @property
    def seconds(self) -> float:
        """About how long the parts that are left take one process, by the pace so far."""
        pace = sum(seconds for seconds, _ in self._spent.values())
        pace /= sum(updates for _, updates in self._spent.values()) or 1.0
        known = ((self._seconds(part), part) for part in self._queue)
        return sum(pace * self._updates(part) if s is None else s for s, part in known)

    def take(self, workers: int) -> Task | None:
        """Return the next task, None when all are handed out.

        A task holds one part until a part of its kind has been timed, and never more than leaves
        something for the other workers.
        """
        most = min(PARTS_PER_TASK, max(1, len(self._queue) // (2 * workers)))
        taken: list[Part] = []
        seconds = 0.0
        while self._queue and len(taken) < most:
            needs = self._seconds(self._queue[0])
            if taken and (needs is None or seconds + needs > SECONDS_PER_TASK):
                break
            taken.append(self._queue.popleft())
            if needs is None:
                break
            seconds += needs
        return Task(tuple(taken), self.store, self.simulate, self.modules) if taken else None

    def note(self, done: Sequence[Done]) -> None:
        """Learn from finished parts how long others of their kind will take."""
        for each in done:
            part = self._known[each.name]
            seconds, updates = self._spent.get(_kind(part), (0.0, 0.0))
            self._spent[_kind(part)] = (seconds + each.seconds, updates + self._updates(part))

    def _seconds(self, part: Part) -> float | None:
        if _kind(part) not in self._spent:
            return None
        seconds, updates = self._spent[_kind(part)]
        return seconds / updates * self._updates(part)

    def _updates(self, part: Part) -> float:
        return updates_of(part, users=self.users)


def bundle(
    parts: Sequence[Part], *, folder: Place | None, simulate: Simulate, users: int | None = None
) -> Bundles:
    """Return the parts, to be handed out as tasks that write into the store of a run.

    Parameters
    ----------
    parts : sequence of Part
    folder : path or str, optional
        Where the run is, if it is kept.
    simulate : callable
    users : int, optional
        Of the society, where settings do not say.
    """
    store = None if folder is None else open_store(folder).address
    return Bundles(parts, store, simulate, registering_modules(parts), users)


def registering_modules(parts: Sequence[Part]) -> tuple[str, ...]:
    """Return the modules outside this package whose import registers what the parts name."""
    return modules_of([part.settings for part in parts])


def modules_of(settings: Sequence[Settings]) -> tuple[str, ...]:
    """Return the modules outside this package whose import registers what settings name."""
    from sociophysics.observables import REGISTRY

    modules = {REGISTRY[name].__module__ for s in settings for name in s.observe.names}
    for s in settings:
        feeds = [getattr(act, "feed", None) for act in s.interventions]
        kinds = [s.network, s.couplings, s.field, s.feed, *feeds, *s.interventions]
        modules |= {type(each).__module__ for each in kinds if each is not None}
    return tuple(sorted(each for each in modules if each.partition(".")[0] != "sociophysics"))


def society(part: Part) -> tuple[str, tuple[int, ...]]:
    """Return what parts have in common that need the same society."""
    settings = part.settings
    text = f"{settings.network!r} {settings.couplings!r}"
    alone = settings.redraw or getattr(settings.couplings, "draw", "point") == "bootstrap"
    return text, part.replicas if alone else ()


def _kind(part: Part) -> str:
    return f"{part.settings.feed.kind} {part.settings.network.kind}"
