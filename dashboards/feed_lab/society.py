"""Whose society it is: the file a person brought, the camps it has, and what can be observed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import sociophysics as sp

from ..upload import UploadedFile
from .settings import BUNDLED_COUNTS, camp_attribute

__all__ = [
    "UNWEIGHTED", "Reading", "Uploaded", "called", "camp_count", "observed", "understood",
]  # fmt: skip

# What the camps of bundled networks stand for, by the codes in their files.
CAMP_NAMES = {
    "polblogs": {"0": "liberal", "1": "conservative"},
    "polbooks": {"l": "liberal", "n": "neutral", "c": "conservative"},
}

WITHOUT_CAMPS = ("magnetization", "abs_magnetization")
OF_TIES = ("edge_agreement", "unsatisfied_fraction", "local_agreement")


# Columns of ties that say how strongly, or which way, a tie pulls; the first that is there counts.
WEIGHTS = ("coupling", "weight", "sign")
UNWEIGHTED = "-"  # chosen: the ties are all alike, whatever the file says
MOST_COLUMNS = 100  # offered
LEAST_KNOWN = 0.5  # of the users, who have a value in what is offered as camps


@dataclass(frozen=True)
class Reading:
    """How a file of ties is to be read; empty: as the file says itself."""

    source: str = ""
    target: str = ""
    weight: str = ""
    symmetrize: str = ""
    directed: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Reading:
        """Return what the page's settings say."""
        ways = {key: values[key] for key in ("source", "target", "weight", "symmetrize")}
        return cls(**ways, directed=bool(values["directed"]))

    def keys(self) -> dict[str, Any]:
        """Return the keys of a scenario's network, or arguments of ``sp.networks.read``."""
        found: dict[str, Any] = {"directed": True} if self.directed else {}
        if self.symmetrize and not self.directed:
            found["symmetrize"] = self.symmetrize
        if self.weight not in ("", UNWEIGHTED):
            found["weight"] = self.weight
        # A file's own names of both ends go together.
        if self.source or self.target:
            found |= {"source": self.source or "source", "target": self.target or "target"}
        return found


@dataclass(frozen=True)
class Uploaded:
    """A network that a person brought: copies of the files, and what is in them.

    Attributes
    ----------
    ties, users : UploadedFile
        The network, and the table of its users if it is an edge list.
    n, m : int
        Users and ties.
    camps : mapping
        Attribute of the users to the number of its values, where they are few.
    weighted : bool
        Whether the ties have couplings of their own.
    hostile : int
        Ties whose coupling is negative.
    columns : tuple of str
        Of the table of ties; empty for other kinds of files.
    weight : str
        The column that holds the couplings, if one does.
    unknown : mapping
        Attribute of ``camps`` to the number of users without a value.
    problem : str
        Why it could not be read, as a sentence; empty if it was.
    """

    ties: UploadedFile
    users: UploadedFile | None
    n: int
    m: int
    camps: Mapping[str, int]
    weighted: bool
    hostile: int = 0
    columns: tuple[str, ...] = ()
    weight: str = ""
    unknown: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""

    def ties_told(self) -> str:
        """Return what the ties say of themselves, as a sentence."""
        if not self.weighted:
            return "The ties say no strength and no sign: all count as friendly and alike."
        where = f" (column {self.weight})" if self.weight else ""
        if not self.hostile:
            return f"The strengths of the ties are used{where}; none is hostile."
        return (
            f"{self.hostile:,} of {self.m:,} ties are hostile{where}; strengths and signs are used."
        )

    def in_its_name(self, text: str) -> str:
        """Return a text about our copies as one about the person's files."""
        for file in (self.ties, self.users):
            if file is not None:
                text = text.replace(str(file.path), file.name).replace(file.path.name, file.name)
        return text

    def kept_in(self, folder: Path) -> tuple[str, str | None]:
        """Copy the files to a folder that outlives the tab; equal files have equal names there."""
        folder.mkdir(parents=True, exist_ok=True)
        return _kept(self.ties, folder), None if self.users is None else _kept(self.users, folder)


def _kept(file: UploadedFile, folder: Path) -> str:
    digest = sha256(file.path.read_bytes()).hexdigest()[:16]
    place = folder / f"{digest}{file.path.suffix}"
    if not place.exists():
        shutil.copyfile(file.path, place)
    return str(place)


def understood(
    ties: UploadedFile, users: UploadedFile | None, reading: Reading | None = None
) -> Uploaded:
    """Read the files once, to say what is in them.

    A table that cannot be read as asked is returned with its columns and the ``problem``, so that
    others can be chosen.

    Parameters
    ----------
    ties, users : UploadedFile
    reading : Reading, optional
        Left out, the first column of ``WEIGHTS`` that is there holds the couplings.

    Raises
    ------
    InputError
        They hold no network.
    """
    columns = _columns(ties.path)
    if reading is None or not reading.weight:
        named = {name.lower(): name for name in columns}
        weight = next((named[word] for word in WEIGHTS if word in named), "")
        reading = replace(reading or Reading(), weight=weight)
    bare = Uploaded(ties, users, 0, 0, {}, weighted=False, columns=columns)
    try:
        graph = sp.networks.read(
            ties.path, nodes=None if users is None else users.path, **reading.keys()
        )
    except sp.InputError as error:
        problem = bare.in_its_name(str(error))
        if not columns:
            raise sp.InputError(problem) from None
        return replace(bare, problem=problem)
    pulls = [tie.get("coupling") for _, _, tie in graph.edges(data=True)]
    weighted = bool(pulls) and None not in pulls and reading.weight != UNWEIGHTED
    camps, unknown = _groupings(graph)
    return Uploaded(
        ties,
        users,
        graph.number_of_nodes(),
        graph.number_of_edges(),
        camps,
        weighted=weighted,
        hostile=sum(pull < 0 for pull in pulls) if weighted else 0,
        columns=columns,
        weight=(reading.weight or "coupling") if weighted and columns else "",
        unknown=unknown,
    )


def _columns(path: Path) -> tuple[str, ...]:
    """Return the names of a table's columns; none of a file that is no readable table."""
    try:
        if path.suffix == ".parquet":
            names = pq.read_schema(path).names
        elif path.suffix in (".csv", ".tsv"):
            separator = "\t" if path.suffix == ".tsv" else ","
            names = list(pd.read_csv(path, sep=separator, nrows=0, encoding="utf-8-sig").columns)
        else:
            return ()
    except (OSError, ValueError, pa.ArrowException):
        return ()
    return tuple(str(name) for name in names[:MOST_COLUMNS])


def _groupings(graph: nx.Graph) -> tuple[dict[str, int], dict[str, int]]:
    """Return attributes that few differ in, which can be camps, and how many users have none."""
    values: dict[str, set[Any]] = {}
    counts: dict[str, int] = {}
    for _, attributes in graph.nodes(data=True):
        for name, value in attributes.items():
            if value is None or value != value or value == "":
                continue  # a blank is none
            counts[name] = counts.get(name, 0) + 1
            known = values.setdefault(name, set())
            if len(known) <= 20:
                known.add(value)
    users = graph.number_of_nodes()
    found = {
        name: len(known)
        for name, known in values.items()
        if 2 <= len(known) <= 20 and counts[name] >= LEAST_KNOWN * users
    }
    return found, {name: users - counts[name] for name in found}


def called(network: Any, camp: Any) -> str:
    r"""Return what a camp is called: as its readers call it where the data have a code.

    Examples
    --------
    >>> called(sp.Scenario.from_toml(
    ...     'seed = 1\nnetwork = {kind = "bundled", name = "polblogs", camp = "value"}\n'
    ...     'couplings = {kind = "uniform"}\ndynamics = {temperature = 1.0, sweeps = 1}'
    ... ).network, 0)
    'liberal'
    """
    codes = CAMP_NAMES.get(getattr(network, "name", ""), {}) if network.kind == "bundled" else {}
    text = f"{camp:g}" if isinstance(camp, float) else str(camp)
    if text in codes:
        return codes[text]
    return f"camp {text}" if text.isdigit() else text


def camp_count(values: Mapping[str, Any], uploaded: Uploaded | None) -> int:
    """Return how many camps the chosen society has; 0 if users have none.

    Examples
    --------
    >>> camp_count({"network": "karate", "camp": "camp"}, None)
    2
    """
    network = values["network"]
    if network == "upload":
        return 0 if uploaded is None else uploaded.camps.get(values["camp"], 0)
    if network == "planted_partition":
        return int(values["communities"])
    return BUNDLED_COUNTS.get(network, 0) if camp_attribute(network, "") else 0


def observed(values: Mapping[str, Any], uploaded: Uploaded | None) -> list[str]:
    """Return the observables that this society has values of, the most telling first."""
    camps = camp_count(values, uploaded)
    names = ["camp_polarization"] if camps == 2 else []
    names += ["abs_camp_polarization"] if camps >= 2 else []
    names += [*OF_TIES, *WITHOUT_CAMPS]
    if not (values["network"] == "upload" and values["directed"]):
        names.append("energy")
    names += ["exposure_agreement", *(["exposure_out_group"] if camps >= 2 else [])]
    return [*names, "attention_gini"]
