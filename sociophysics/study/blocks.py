"""Parts: what a run is made of, one design x point x block of replicas each."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.machine import require_memory
from sociophysics.scenario import (
    Case,
    Scenario,
    Settings,
    canonical_json,
    expand,
    files_of,
    labelled,
    looked_at,
    posterior,
    resolved,
    swept_to,
)
from sociophysics.scenario.settings import OUR_KERNELS
from sociophysics.society.edge_files import content
from sociophysics.society.network_kinds import Configuration, Lattice
from sociophysics.sources import source_digest
from sociophysics.store import require_file

__all__ = [
    "BLOCK",
    "Part",
    "fingerprints",
    "identities",
    "modules_of",
    "plan",
    "registering_modules",
    "society",
    "updates_of",
    "users_of",
]

BLOCK = 5
FORMAT = 1
BYTES_PER_CELL = 24  # a number in the parts' tables, in the joined one, and on its way there
FIELDS = sorted(Settings.model_fields)
Texts = dict[str, tuple[Any, str]]
UNKNOWN_USERS = 1_000
BYTES_PER_PART = 6_000  # its name and place in the plan, its own table apart from the numbers


@dataclass(frozen=True)
class Part:
    """One design at one point of the sweep, for one block of replicas.

    Parts with equal settings share a name, and are simulated once: a design that lacks a swept
    key is the same at all its values.

    Parameters
    ----------
    identity : str
        Canonical JSON of the settings in which a file counts by its contents, not by its place.
    place : str
        File and design, as messages name them.
    code : str or None
        Digest of the sources that simulate it; None for parts of versions that kept none.
    """

    design: str
    point: dict[str, bool | int | float | str]
    settings: Settings
    replicas: tuple[int, ...]
    identity: str
    place: str
    code: str | None = field(default_factory=source_digest)

    @property
    def source(self) -> str:
        """File, design and swept values, as messages name them."""
        return self.place + swept_to(self.point)

    @cached_property
    def name(self) -> str:
        """sha256 of code, settings and replicas: what is in the part, not whose it is."""
        listed = ",".join(map(str, self.replicas))
        code = "" if self.code is None else f'"code":"{self.code}",'
        text = f'{{{code}"format":{FORMAT},"replicas":[{listed}],"settings":{self.identity}}}'
        return hashlib.sha256(text.encode()).hexdigest()

    def of(self, replicas: Sequence[int]) -> Part:
        """Return the part of the same case for other replicas."""
        return replace(self, replicas=tuple(replicas))

    def split(self, there: set[str]) -> tuple[list[Part], list[Part]]:
        """Return the pieces of this block named in ``there``, and the pieces still to be done.

        A run that asked for fewer replicas leaves a block that holds fewer of them.
        """
        found: list[Part] = []
        missing: list[Part] = []
        first, end = 0, len(self.replicas)
        while first < end:
            pieces = (self.of(self.replicas[first:last]) for last in range(end, first, -1))
            piece = next((each for each in pieces if each.name in there), None)
            if piece is not None:
                found.append(piece)
                first += len(piece.replicas)
                continue
            begun = missing[-1].replicas if missing else ()
            if begun and begun[-1] == self.replicas[first - 1]:
                missing[-1] = self.of((*begun, self.replicas[first]))
            else:
                missing.append(self.of(self.replicas[first : first + 1]))
            first += 1
        return found, missing

    def pieces(self) -> list[Part]:
        """Return every smaller run of neighbouring replicas in this block."""
        size = len(self.replicas)
        ends = ((i, j) for i in range(size) for j in range(i + 1, size + 1) if j - i < size)
        return [self.of(self.replicas[i:j]) for i, j in ends]


@asks
def fingerprints(scenario: Scenario, *, cases: Sequence[Case] | None = None) -> dict[str, str]:
    """Return the sha256 of every file the scenario reads, by its path as the scenario gives it.

    Parameters
    ----------
    scenario : Scenario
    cases : sequence of Case, optional
        Its cases with paths as the file gives them, if they have been listed.

    Raises
    ------
    InputError
        One of them does not exist or cannot be read.

    Examples
    --------
    What reads no file has none:

    >>> from sociophysics.scenario import CROWD, Scenario
    >>> scenario = Scenario.from_toml(CROWD)
    >>> fingerprints(scenario)
    {}
    """
    digests: dict[str, str] = {}
    for case in expand(scenario, resolve=False) if cases is None else cases:
        new = {key: path for key, path in files_of(case.settings).items() if path not in digests}
        found = files_of(resolved(case.settings, scenario.folder)) if new else {}
        for key, path in new.items():
            try:
                digests[path] = _digest(key, Path(found[key]))
            except OSError as error:
                raise InputError(
                    f"{scenario.source}: {key} is {path!r}, which cannot be read "
                    f"({error.strerror}); give the path of a file."
                ) from None
    return digests


def _digest(key: str, path: Path) -> str:
    if key == "network.path" and path.is_dir():
        return content(path)
    if key == "posterior.path":
        require_file(path)
        return posterior.digest(path)
    # Of the folder that a fit wrote one file is read.
    file = path / "system.npz" if key == "couplings.path" and path.is_dir() else path
    require_file(file)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def identities(cases: Sequence[Settings]) -> list[str]:
    r"""Return what names the settings of cases: a file counts by its contents, not by its place.

    Parameters
    ----------
    cases : sequence of Settings
        Whose paths lead to their files.

    Examples
    --------
    >>> from sociophysics.scenario import Scenario
    >>> scenario = Scenario.from_toml(
    ...     'seed = 1\nnetwork = {kind = "complete", n = 9}\ncouplings = {kind = "uniform"}\n'
    ...     'dynamics = {temperature = 1, sweeps = 2}'
    ... )
    >>> identities([case.settings for case in scenario.cases()])[0] == plan(scenario)[0].identity
    True
    """
    digests: dict[str, str] = {}
    for settings in cases:
        for key, path in files_of(settings).items():
            if path not in digests:
                digests[path] = _digest(key, Path(path))
    return [_identity(settings, digests, {}) for settings in cases]


@asks
def plan(
    scenario: Scenario,
    *,
    inputs: Mapping[str, str] | None = None,
    manifest: Mapping[str, Any] | None = None,
    cases: Sequence[Case] | None = None,
) -> list[Part]:
    r"""Return all parts of a run, in the order of its table.

    Parameters
    ----------
    scenario : Scenario
    inputs : mapping, optional
        What ``fingerprints`` returned, if the files are not to be read again.
    manifest : mapping, optional
        Of a run that is there, to find the parts it has, whatever code simulated them.
    cases : sequence of Case, optional
        As for ``fingerprints``.

    Examples
    --------
    >>> scenario = Scenario.from_toml(
    ...     'seed = 1\nnetwork = {kind = "complete", n = 9}\ncouplings = {kind = "uniform"}\n'
    ...     'dynamics = {temperature = 1, sweeps = 2}\nsweep = {replicas = 7}'
    ... )
    >>> [part.replicas for part in plan(scenario)]
    [(0, 1, 2, 3, 4), (5, 6)]
    """
    inputs = inputs if manifest is None else manifest["inputs"]
    code = source_digest() if manifest is None else manifest.get("code")
    cases = expand(scenario, resolve=False) if cases is None else cases
    digests = fingerprints(scenario, cases=cases) if inputs is None else dict(inputs)
    designs = {case.design for case in cases}
    count = scenario.sweep.replicas
    _require_memory(cases, count)
    blocks = [tuple(range(first, min(first + BLOCK, count))) for first in range(0, count, BLOCK)]
    parts = []
    texts: Texts = {}
    folder, places = scenario.folder, {name: labelled(scenario, name, {}) for name in designs}
    for case in looked_at(cases, scenario, what="cases"):
        identity = _identity(case.settings, digests, texts)
        settings = resolved(case.settings, folder)
        place = places[case.design]
        parts += [
            Part(case.design, case.point, settings, replicas, identity, place, code)
            for replicas in blocks
        ]
    return parts


def _require_memory(cases: Sequence[Case], replicas: int) -> None:
    """Refuse a plan or a table that cannot fit, before either is made."""
    cells = 0
    for case in cases:
        frames = case.settings.dynamics.sweeps // case.settings.observe.every + 1
        columns = 3 + len(case.point) + len(case.settings.observe.names)
        cells += frames * replicas * columns
    count = len(cases) * -(-replicas // BLOCK)
    require_memory(
        BYTES_PER_CELL * cells + BYTES_PER_PART * count,
        what=f"the table of {count} parts",
        fix="raise observe.every, or ask for fewer replicas or values",
    )


def _identity(settings: Settings, digests: Mapping[str, str], texts: Texts) -> str:
    """Return the canonical JSON of settings in which a file counts by its contents.

    ``texts`` keeps that of the last table of each name, since the cases of a design share the
    tables that no swept key changes.
    """
    files = files_of(settings)
    whole = []
    for name in FIELDS:
        table = getattr(settings, name)
        if table is None:
            continue  # a scenario without a posterior is what it was before there were any
        last, text = texts.get(name, (None, ""))
        if last is not table:
            plain = settings.canonical(name)[name]
            for key, path in files.items():
                where, _, entry = key.partition(".")
                if where == name:
                    plain[entry] = digests[path]
            text = f'"{name}":{canonical_json(plain)}'
            texts[name] = table, text
        whole.append(text)
    return f"{{{','.join(whole)}}}"


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


def registering_modules(parts: Sequence[Part]) -> tuple[str, ...]:
    """Return the modules outside this package whose import registers what the parts name."""
    return modules_of([part.settings for part in parts])


def modules_of(settings: Sequence[Settings]) -> tuple[str, ...]:
    """Return the modules outside this package whose import registers what settings name."""
    from sociophysics.observables import REGISTRY

    modules = {REGISTRY[name].__module__ for s in settings for name in s.observe.names}
    for s in settings:
        feeds = [getattr(act, "feed", None) for act in s.interventions]
        kinds = [s.network, s.couplings, s.field, s.feed, *feeds, *s.interventions, s.dynamics.rule]
        modules |= {type(each).__module__ for each in kinds if each is not None}
        if s.dynamics.kernel not in (None, *OUR_KERNELS):
            from sociophysics.dynamics.kernels.kernel_choice import REGISTRY as KERNELS

            modules.add(KERNELS[str(s.dynamics.kernel)].__module__)
    return tuple(sorted(each for each in modules if each.partition(".")[0] != "sociophysics"))


def society(part: Part) -> tuple[str, tuple[int, ...]]:
    """Return what parts have in common that need the same society."""
    settings = part.settings
    text = f"{settings.network!r} {settings.couplings!r}"
    alone = settings.redraw or getattr(settings.couplings, "draw", "point") == "bootstrap"
    return text, part.replicas if alone else ()
