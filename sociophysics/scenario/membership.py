"""Who is counted where: users by camp and without one, who starts at random, what was left out.

A blank is no value. What becomes of users without one is said wherever a run says what it is:
they belong to no camp, and start at random.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import fixed_stances
from sociophysics.influences.choosing import told as told_of
from sociophysics.scenario import Scenario, Settings, expand, posterior
from sociophysics.scenario import build as cases
from sociophysics.society.spins import SpinSystem
from sociophysics.words import have

__all__ = [
    "Membership",
    "camp_sentence",
    "counted",
    "membership",
    "of_manifest",
    "of_scenario",
]

SHOWN = 8  # camps that a sentence lists


class Membership(NamedTuple):
    """The users of one case by camp and by start."""

    users: int
    attribute: str  # that holds the camps
    camps: dict[str, int] | None  # users of each camp, in the order of its numbers; None: no camps
    without_camp: int
    drawn_starts: dict[str, int]  # users who start at random although the start is not random
    notes: tuple[str, ...]  # what the reading of the network has to say

    def sentences(self) -> list[str]:
        """Return what a reader must know, one sentence each: camps, starts, what was left out."""
        said = []
        if self.camps is not None:
            said.append(camp_sentence(self.attribute, self.camps, self.without_camp))
        for start, count in self.drawn_starts.items():
            if count:
                why = "no camp or a third one" if start == "camps" else "no stance there"
                said.append(
                    f"start {start!r}: {count:,} of {self.users:,} users {have(count)} {why} and "
                    f"{'starts' if count == 1 else 'start'} at random"
                )
        return [*said, *self.notes]

    def missing(self) -> list[str]:
        """Return the sentences about what is missing or left out alone."""
        plain = self.camps is not None and not self.without_camp
        return self.sentences()[1 if plain else 0 :]


def membership(
    settings: Settings, *, starts: tuple[str, ...] | None = None, tables: Any = None
) -> Membership:
    r"""Return who is counted where in one case.

    Parameters
    ----------
    settings : Settings
        One design at one sweep point.
    starts : tuple of str, optional
        Starts to count; that of the case if left out.
    tables : mapping, optional
        Whose acts and arms choose users; those of the case if left out.

    Raises
    ------
    InputError
        As ``cases.build_system``.

    Examples
    --------
    >>> text = (
    ...     'seed = 1\nnetwork = {kind = "bundled", name = "polbooks", camp = "value"}\n'
    ...     'couplings = {kind = "uniform"}\n'
    ...     'dynamics = {temperature = 1, sweeps = 2, start = "camps"}'
    ... )
    >>> for sentence in membership(Scenario.from_toml(text).cases()[0].settings).sentences():
    ...     print(sentence)
    camps by 'value': c 49, l 43, n 13
    start 'camps': 13 of 105 users have no camp or a third one and start at random
    """
    replica = 0 if cases.varies(settings) else None
    system, codes, notes = cases.society(settings, replica)
    names = cases.camp_names(settings, system) if codes is not None else ()
    chosen = (settings.dynamics.start,) if starts is None else starts
    drawn = {start: _drawn(start, system, codes) for start in chosen if start != "random"}
    columns = settings.dynamics.own_columns
    if any(columns.values()):
        from sociophysics.influences.temperaments import told

        notes = (*notes, *told(system, **columns))
    asked = dict.fromkeys(_words(settings.canonical() if tables is None else tables))
    notes = (*notes, *filter(None, (told_of(system, who) for who in asked)))
    if settings.posterior is not None:
        notes = (*notes, posterior.said_of(settings.posterior.path))
    found = counted(settings.network.camp, codes, names, notes)
    return found._replace(users=system.n, drawn_starts=drawn)


def _words(tables: Any) -> Iterator[str]:
    """Yield the words by which acts and arms of feeds choose their users."""
    if isinstance(tables, Mapping):
        who = tables.get("who")
        if isinstance(who, str):
            yield who
    inner = tables.values() if isinstance(tables, Mapping) else tables
    if isinstance(inner, str) or not isinstance(inner, Iterable):
        return
    for each in inner:
        yield from _words(each)


def counted(
    attribute: str | None,
    codes: NDArray[np.int64] | None,
    names: Sequence[Any],
    notes: tuple[str, ...] = (),
) -> Membership:
    """Return how many users each camp has, from the camp of each user, and the notes.

    Examples
    --------
    >>> counted("side", np.array([0, -1, 1, 0]), ("left", "right")).sentences()
    ["camps by 'side': left 2, right 1; 1 of 4 users has no camp (blank)"]
    """
    if codes is None:
        return Membership(0, attribute or "camp", None, 0, {}, notes)
    sizes = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    camps = {str(name): size for name, size in zip(names, sizes, strict=True)}
    without = int((codes < 0).sum())
    return Membership(codes.size, attribute or "camp", camps, without, {}, notes)


def of_scenario(scenario: Scenario) -> Membership:
    """Return who is counted where in the first case, with the starts of all cases.

    Raises
    ------
    InputError
        As ``cases.build_system``.
    """
    listed = expand(scenario)
    starts = dict.fromkeys(case.settings.dynamics.start for case in listed)
    tables = scenario.canonical()
    return membership(listed[0].settings, starts=tuple(starts), tables=tables)


def of_manifest(manifest: Mapping[str, Any]) -> Membership:
    """Return who is counted where, as the manifest of a run has it; empty for an older one.

    Examples
    --------
    >>> of_manifest({"users": 5, "camps": ["a"], "camp_sizes": [3], "without_camp": 2}).camps
    {'a': 3}
    """
    sizes = manifest.get("camp_sizes") or []
    without = int(manifest.get("without_camp") or 0)
    network = manifest.get("scenario", {}).get("network") or {}
    return Membership(
        users=int(manifest.get("users") or sum(sizes) + without),
        attribute=str(network.get("camp", "camp")),
        camps=dict(zip(manifest.get("camps", ()), sizes, strict=False)) if sizes else None,
        without_camp=without,
        drawn_starts=dict(manifest.get("drawn_starts") or {}),
        notes=tuple(manifest.get("notes") or ()),
    )


def camp_sentence(attribute: str, camps: dict[Any, int], without: int) -> str:
    """Return how many users each camp has, and how many belong to none.

    Examples
    --------
    >>> camp_sentence("party", {"left": 1200, "right": 389}, 411)
    "camps by 'party': left 1,200, right 389; 411 of 2,000 users have no camp (blank)"
    >>> camp_sentence("camp", {0: 1000, 1: 1000}, 0)
    "camps by 'camp': 0: 1,000, 1: 1,000"
    """
    # A name that ends with a digit would run into its number.
    colon = ":" if any(str(name)[-1:].isdigit() for name in camps) else ""
    listed = ", ".join(f"{name}{colon} {count:,}" for name, count in list(camps.items())[:SHOWN])
    more = f", and {len(camps) - SHOWN} more" if len(camps) > SHOWN else ""
    users = sum(camps.values()) + without
    none = f"; {without:,} of {users:,} users {have(without)} no camp (blank)" if without else ""
    return f"camps by {attribute!r}: {listed or 'none'}{more}{none}"


def _drawn(start: str, system: SpinSystem, codes: NDArray[np.int64] | None) -> int:
    return int((fixed_stances(start, system, codes) == 0).sum())
