"""The scenario: the validated contents of one TOML file."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from sociophysics.errors import InputError, did_you_mean
from sociophysics.influences.feeds import NoFeed
from sociophysics.influences.fields import NoField
from sociophysics.kinds import Kind, knowing
from sociophysics.scenario import text as toml
from sociophysics.scenario.claims import Claim, check_claims, fitting
from sociophysics.scenario.sentences import explain
from sociophysics.scenario.settings import (
    Dynamics,
    Follow,
    Interventions,
    Observe,
    Posterior,
    Redrawn,
    Seed,
    Settings,
    canonical_json,
    plain,
)
from sociophysics.scenario.text import check_bounds
from sociophysics.scenario.trial_table import TrialTable
from sociophysics.scenario.values import (
    Axis,
    Couplings,
    ExternalField,
    Feed,
    Network,
    Table,
    Text,
    Values,
)
from sociophysics.scenario.variation import change, in_memory
from sociophysics.society.network_kinds import NoNetwork
from sociophysics.words import html_card

if TYPE_CHECKING:
    from sociophysics.scenario.cases import Case

__all__ = ["Design", "Scenario", "Settings", "Sweep", "canonical_json"]

# Far more than anybody waits for, and few enough to be listed.
MOST_REPLICAS = 10_000_000


class Design(Table):
    """A named variant: its tables replace the base's whole tables of the same name."""

    name: Text
    """Its name in tables and figures."""
    network: Network | None = None
    couplings: Couplings | None = None
    field: ExternalField | None = None
    dynamics: Dynamics | None = None
    feed: Feed | None = None
    interventions: Interventions | None = None
    follow: Follow | None = None


class Sweep(Table):
    """Replicas, and the keys that are swept over, each under its dotted name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Axis] = Field(init=False)

    replicas: Annotated[int, Field(ge=1, le=MOST_REPLICAS)] = 1
    """Independent runs, paired by number across designs and sweep points."""
    redraw: Redrawn = ()
    """What is drawn anew for each replica: network, couplings."""

    @model_validator(mode="before")
    @classmethod
    def _dotted(cls, raw: Any) -> Any:
        for key, value in raw.items() if isinstance(raw, Mapping) else ():
            if key not in cls.model_fields and "." not in key and not isinstance(value, Mapping):
                raise InputError(
                    f"{key} is not a key of [sweep]; "
                    f"{did_you_mean(key, ['replicas', 'redraw', 'dotted keys in quotes'])}"
                )
        return raw

    @property
    def axes(self) -> dict[str, Values]:
        """The swept keys and their values, in the order of the file."""
        return dict(self.__pydantic_extra__)


class Scenario(Table):
    """A question put to a society: the validated contents of one TOML file.

    Attributes are named as the file's keys. ``replace`` is the only way to vary one.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... [network]
    ... kind = "complete"
    ... n = 10
    ... [couplings]
    ... kind = "uniform"
    ... [dynamics]
    ... temperature = 0.8
    ... sweeps = 20
    ... [feed]
    ... kind = "chronological"
    ... ''')
    >>> scenario.replace({"feed.strength": 1.0}).feed.strength
    1.0
    """

    title: str = ""
    """What the scenario is about, in a few words."""
    question: str = ""
    """What it asks."""
    seed: Seed
    """Every random number of the runs derives from it."""
    network: Network = NoNetwork()
    couplings: Couplings | None = None
    field: ExternalField = NoField()
    dynamics: Dynamics | None = None
    feed: Feed = NoFeed()
    observe: Observe = Observe()
    interventions: Interventions = ()
    follow: Follow | None = None
    posterior: Posterior | None = None
    designs: Annotated[tuple[Design, ...], Field(strict=False)] = ()
    sweep: Sweep = Sweep()
    trial: TrialTable | None = None
    claims: Annotated[tuple[Claim, ...], Field(strict=False)] = ()

    _name: str = PrivateAttr(default="scenario")
    _file: str = PrivateAttr(default="scenario")
    _folder: Path | None = PrivateAttr(default=None)
    _registries: tuple[type[Kind], ...] = PrivateAttr(default=())

    @classmethod
    def load(cls, path: str | Path, *, registries: Sequence[type[Kind]] = ()) -> Scenario:
        """Return the scenario in a TOML file.

        Parameters
        ----------
        path : path
            Its stem becomes the scenario's name. Paths inside the file are relative to its
            folder, or else to the current one. Where no file has that name, the bundled
            scenario that has: ``feed_designs``.
        registries : sequence of classes
            Kinds that are known to this scenario and to ``sp.run`` of it, and registered nowhere.

        Raises
        ------
        InputError
            The file is missing, not UTF-8 or not TOML, or holds something that is not allowed.
        """
        file = toml.named_file(path)
        tables = toml.parse(toml.read(file), file=str(path))
        folder = file.parent.resolve()
        return cls._build(
            tables, name=file.stem, file=str(path), folder=folder, registries=registries
        )

    @classmethod
    def from_toml(
        cls, text: str, *, name: str = "scenario", registries: Sequence[type[Kind]] = ()
    ) -> Scenario:
        """Return the scenario in a TOML text.

        Parameters
        ----------
        text : str
        name : str
            What it is called in messages and folders.
        registries : sequence of classes
            As in ``load``.

        Raises
        ------
        InputError
            The text is not TOML, or holds something that is not allowed.
        """
        tables = toml.parse(text, file=name)
        return cls._build(tables, name=name, file=name, folder=None, registries=registries)

    @classmethod
    def from_canonical(
        cls, tables: Mapping[str, Any], *, name: str = "scenario", folder: Path | None = None
    ) -> Scenario:
        """Return the scenario whose ``canonical()`` form, as JSON keeps it, is ``tables``.

        Raises
        ------
        InputError
            The tables hold something that is not allowed.
        """
        return cls._build(dict(tables), name=name, file=name, folder=folder, canonical=True)

    @classmethod
    def _build(
        cls,
        tables: dict[str, Any],
        *,
        name: str,
        file: str,
        folder: Path | None,
        canonical: bool = False,
        strict: bool = True,
        registries: Sequence[type[Kind]] = (),
    ) -> Scenario:
        from sociophysics.scenario.cases import check

        check_bounds(tables, file=file)
        with knowing(*registries):
            try:
                scenario = cls.model_validate(tables, context={"canonical": canonical})
            except ValidationError as error:
                raise explain(error, tables, file=file, top=list(cls.model_fields)) from None
            scenario._name, scenario._file, scenario._folder = name, file, folder
            scenario._registries = tuple(registries)
            check(scenario)
        if scenario.claims and strict:
            check_claims(scenario)
        elif scenario.claims:
            scenario = scenario.model_copy(update={"claims": fitting(scenario, scenario.claims)})
        return scenario

    def _repr_html_(self) -> str:
        tables = self.canonical()
        kinds = {
            name: ", ".join(f"{key} = {value}" for key, value in table.items())
            for name, table in tables.items()
            if isinstance(table, Mapping) and table.get("kind") != "none"
        }
        designs = ", ".join(design.name for design in self.designs)
        return html_card(
            self.title or self.name, {"question": self.question, "designs": designs, **kinds}
        )

    def replace(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        network: Any = None,
        observe: Sequence[str | Callable[..., Any]] | None = None,
    ) -> Scenario:
        """Return the scenario with some keys set, checked like a file.

        As in a sweep, a key is set in every design whose kind has it. Claims whose design,
        observable or swept value the change takes away are left out.

        Parameters
        ----------
        changes : mapping
            Dotted keys and their values: ``"feed.strength"``, ``"sweep.replicas"``,
            ``"sweep.dynamics.temperature"`` (a list), ``"designs.NAME.feed.strength"``, or the
            name of a whole table.
        network : Graph, SpinSystem or DataFrame, optional
            A society that is in memory, for every design without a network of its own: a graph, a
            table of ties (``source``, ``target``, perhaps ``coupling``), or a system, which brings
            its couplings and field. It is kept under its contents, which count in the identity of
            a run.
        observe : sequence of str or functions of a frame, optional
            Observables; a function becomes one under its name, in workers too where they can
            import it.

        Raises
        ------
        InputError
            An unknown key, with the nearest valid one, or a value that is not allowed.
        """
        changes = dict(changes or {})
        if network is not None:
            changes["network"] = network
        if observe is not None:
            changes["observe.names"] = observe
        tables = copy.deepcopy(self.canonical())
        for key, value in changes.items():
            for name, each in in_memory(key, value, tables).items():
                change(tables, name, each, file=self._file)
        return type(self)._build(
            tables,
            name=self._name,
            file=self._file,
            folder=self._folder,
            strict="claims" in changes,
            registries=self._registries,
        )

    def cases(self) -> list[Case]:
        """Return designs x sweep points, in the order of the file.

        Raises
        ------
        InputError
            A combination of swept values that is not allowed.
        """
        from sociophysics.scenario.cases import expand

        return expand(self)

    @property
    def name(self) -> str:
        """The stem of the file."""
        return self._name

    @property
    def source(self) -> str:
        """The file, as error messages name it."""
        return self._file

    @property
    def registries(self) -> tuple[type[Kind], ...]:
        """Kinds that it knows besides those that are registered."""
        return self._registries

    @property
    def folder(self) -> Path | None:
        """The folder of the file, None for a text."""
        return self._folder

    def canonical(self) -> dict[str, Any]:
        """Return plain dicts, lists and scalars, defaults filled in."""
        result: dict[str, Any] = plain(self.model_dump())
        if not self.claims:
            del result["claims"]  # so that what claims nothing is named as before there were any
        return result

    @property
    def hash(self) -> str:
        """sha256 of the canonical JSON; the order of the swept keys counts, as in the table."""
        tables = {**self.canonical(), "order": list(self.sweep.axes)}
        return hashlib.sha256(canonical_json(tables).encode()).hexdigest()

    def to_toml(self) -> str:
        """Return TOML text, defaults filled in, that reads back as an equal scenario."""
        return toml.write(self.canonical())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)
