"""Whose society it is: the file a person brought, the camps it has, and what can be observed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import networkx as nx

import sociophysics as sp

from ..upload import UploadedFile
from .settings import BUNDLED_COUNTS, camp_attribute

__all__ = ["Uploaded", "camp_count", "observed", "understood"]

WITHOUT_CAMPS = ("magnetization", "abs_magnetization")
OF_TIES = ("edge_agreement", "unsatisfied_fraction", "local_agreement")


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
    """

    ties: UploadedFile
    users: UploadedFile | None
    n: int
    m: int
    camps: Mapping[str, int]
    weighted: bool

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


def understood(ties: UploadedFile, users: UploadedFile | None) -> Uploaded:
    """Read the files once, to say what is in them.

    Raises
    ------
    InputError
        They hold no network.
    """
    bare = Uploaded(ties, users, 0, 0, {}, weighted=False)
    try:
        graph = sp.networks.read(ties.path, nodes=None if users is None else users.path)
    except sp.InputError as error:
        raise sp.InputError(bare.in_its_name(str(error))) from None
    weighted = graph.number_of_edges() > 0 and all(
        "coupling" in tie for _, _, tie in graph.edges(data=True)
    )
    return Uploaded(
        ties, users, graph.number_of_nodes(), graph.number_of_edges(), _groupings(graph), weighted
    )


def _groupings(graph: nx.Graph) -> dict[str, int]:
    """Return the attributes that every user has and few differ in: they can be camps."""
    values: dict[str, set[Any]] = {}
    counts: dict[str, int] = {}
    for _, attributes in graph.nodes(data=True):
        for name, value in attributes.items():
            counts[name] = counts.get(name, 0) + 1
            known = values.setdefault(name, set())
            if len(known) <= 20:
                known.add(value)
    return {
        name: len(known)
        for name, known in values.items()
        if 2 <= len(known) <= 20 and counts[name] == graph.number_of_nodes()
    }


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
