"""A scenario from somebody unknown: its words never become paths, and its size is known first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sociophysics.errors import InputError
from sociophysics.rollcall.chambers import CHAMBERS
from sociophysics.scenario import Scenario, expand, files_of
from sociophysics.scenario.build import build_system, varies
from sociophysics.study.blocks import users_of
from sociophysics.study.society_card import card

__all__ = ["LARGEST_SCENARIO", "Looked", "looked_at", "strange_scenario"]

LARGEST_SCENARIO = 200_000  # bytes
MOST_USERS = 200_000
MOST_CASES = 2_000
MOST_UPDATES = 3e11  # an hour or two of one processor
MOST_ROWS = 5_000_000  # of the table


class Looked(NamedTuple):
    """What a scenario will be, before it runs."""

    name: str
    text: str
    title: str
    question: str
    society: tuple[str, ...]
    designs: tuple[str, ...]
    swept: tuple[tuple[str, int], ...]
    replicas: int
    claims: int
    trial: bool
    updates: float
    hash: str

    def sentence(self) -> str:
        """Return its size in words."""
        swept = "".join(f" x {count} values of {key}" for key, count in self.swept)
        claims = f"; {self.claims} claims" if self.claims else ""
        return (
            f"{max(len(self.designs), 1)} designs{swept} x {self.replicas} replicas, "
            f"{self.updates:,.0f} single updates{claims}"
        )


def strange_scenario(text: str, *, name: str) -> Scenario:
    r"""Return the scenario in a text from a browser.

    Parameters
    ----------
    text, name : str

    Raises
    ------
    InputError
        It is no scenario, is too long, or names a file: a client's words never become paths.

    Examples
    --------
    >>> from sociophysics import InputError
    >>> try:
    ...     strange_scenario(
    ...         'seed = 1\nnetwork = {kind = "file", path = "/etc/passwd"}\n'
    ...         'couplings = {kind = "uniform"}\ndynamics = {temperature = 1, sweeps = 4}',
    ...         name="mine")
    ... except InputError as error:
    ...     print(str(error)[:38])
    mine: network.path names a file, which
    """
    if len(text.encode()) > LARGEST_SCENARIO:
        raise InputError(
            f"{name} has more than {LARGEST_SCENARIO // 1000} kB; use the command line for it."
        )
    scenario = Scenario.from_toml(text, name=name)
    named = {} if scenario.posterior is None else {"posterior.path": scenario.posterior.path}
    _refuse(name, named)
    for case in expand(scenario, resolve=False):
        _refuse(name, files_of(case.settings))
    return scenario


def _refuse(name: str, files: Mapping[str, str]) -> None:
    for key, path in files.items():
        if path not in CHAMBERS:
            raise InputError(
                f"{name}: {key} names a file, which a scenario from a browser cannot; use a "
                "bundled or generated network here, or the command line for your files."
            )


def looked_at(text: str, name: str) -> Looked:
    r"""Return what a scenario from a browser will be; its network is built to be counted.

    Parameters
    ----------
    text, name : str

    Raises
    ------
    InputError
        As ``strange_scenario``, or it is larger than a page runs.

    Examples
    --------
    >>> looked_at('seed = 1\nnetwork = {kind = "complete", n = 9}\n'
    ...           'couplings = {kind = "uniform"}\ndynamics = {temperature = 1, sweeps = 4}\n'
    ...           'observe = {names = ["energy"]}', "mine").society
    ('9 users, 36 mutual ties, all friendly',)
    """
    scenario = strange_scenario(text, name=name)
    cases = scenario.cases()
    if len(cases) > MOST_CASES:
        raise InputError(
            f"{name} asks for {len(cases):,} designs and swept points; a page runs up to "
            f"{MOST_CASES:,}: sweep fewer values, or use the command line."
        )
    users = max((users_of(case.settings) or 0 for case in cases), default=0)
    _few(name, users)
    first = cases[0].settings
    system, _ = build_system(first, 0 if varies(first) else None)
    _few(name, system.n)
    replicas = scenario.sweep.replicas
    sweeps = sum(case.settings.dynamics.sweeps for case in cases)
    updates = float(max(users, system.n)) * sweeps * replicas
    if updates > MOST_UPDATES:
        raise InputError(
            f"{name} takes {updates:.1e} single updates; a page runs up to {MOST_UPDATES:.0e}: ask "
            "for fewer replicas or sweeps, or use the command line."
        )
    rows = sum(c.settings.dynamics.sweeps // c.settings.observe.every + 2 for c in cases) * replicas
    if rows > MOST_ROWS:
        raise InputError(
            f"{name} records {rows:,} rows; a page runs up to {MOST_ROWS:,}: observe less often "
            "(observe.every), or use the command line."
        )
    return Looked(
        name=name, text=text, title=scenario.title or name, question=scenario.question,
        society=tuple(card(system).sentences()),
        designs=tuple(design.name for design in scenario.designs),
        swept=_swept(scenario), replicas=replicas, claims=len(scenario.claims),
        trial=scenario.trial is not None, updates=updates,
        hash=scenario.replace({"sweep.replicas": 1}).hash,
    )  # fmt: skip


def _few(name: str, users: int) -> None:
    if users > MOST_USERS:
        raise InputError(
            f"{name} has {users:,} users; a page runs up to {MOST_USERS:,}: use the command line."
        )


def _swept(scenario: Any) -> tuple[tuple[str, int], ...]:
    return tuple((key, len(values)) for key, values in scenario.sweep.axes.items())
