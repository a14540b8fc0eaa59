"""A panel that a page was brought: three files under names of ours, looked at before they are used.

What a person calls a file, and what is written in it, never becomes a path.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sociophysics.datasets import bundled_panel
from sociophysics.errors import InputError
from sociophysics.inference.calibration.panel_files import Source, read_panel, read_rows
from sociophysics.society import camps

__all__ = ["PARTS", "LookedPanel", "data_table", "example_panel", "looked_at_panel", "settled"]

PARTS = ("edges", "users", "stances")
KINDS = (".csv", ".tsv", ".parquet")
MOST_STANCES = 1_000_000  # users times waves: 400 simulations of them are kept at a time


class LookedPanel(NamedTuple):
    """What a panel is, before anything is calibrated.

    ``span`` is its length in mean gaps between waves; ``names`` the file of each part.
    """

    names: Mapping[str, str]
    users: int
    ties: int
    waves: int
    span: float
    known: float
    camps: tuple[str, ...]
    moving: bool
    dated: bool
    digest: str

    def sentence(self) -> str:
        """Return the panel in words.

        Examples
        --------
        >>> LookedPanel({}, 120, 735, 8, 7.0, 0.9, ("amber", "blue"), False, True, "").sentence()
        '120 users, 735 ties, 8 dated waves, 90 % of the stances known; camps: amber, blue'
        """
        dated = "dated waves" if self.dated else "waves"
        each = " (of every wave)" if self.moving else ""
        named = f"; camps: {', '.join(self.camps[:8])}" if self.camps else ""
        return (
            f"{self.users:,} users, {self.ties:,} ties{each}, {self.waves} {dated}, "
            f"{100 * self.known:.0f} % of the stances known{named}"
        )


def example_panel() -> dict[str, Path]:
    """Return the files of the panel that comes along, by part.

    Examples
    --------
    >>> [path.name for path in example_panel().values()]
    ['edges.csv', 'users.csv', 'stances.csv']
    """
    return {part: bundled_panel() / f"{part}.csv" for part in PARTS}


def settled(files: Mapping[str, Path], folder: Path) -> dict[str, str]:
    """Copy the three files into a folder, under names of ours.

    Parameters
    ----------
    files : mapping
        From each of ``PARTS`` to a file of ours.
    folder : Path

    Returns
    -------
    dict
        From each part to its name in the folder.

    Raises
    ------
    InputError
        A part is missing, or is no table.
    """
    names = {}
    for part in PARTS:
        path = files.get(part)
        if path is None:
            raise InputError(f"the file of {part} is missing; bring edges, users and stances.")
        suffix = path.suffix.lower()
        if suffix not in KINDS:
            raise InputError(f"the file of {part} is no table; allowed: {', '.join(KINDS)}.")
        names[part] = f"{part}{suffix}"
        shutil.copyfile(path, folder / names[part])
    return names


def data_table(
    names: Mapping[str, str], *, camp: str = "", treated: str = "", directed: bool = False
) -> dict[str, Any]:
    """Return the table ``[data]`` of a calibration.

    Parameters
    ----------
    names : mapping
        As ``settled`` returns them.
    camp, treated : str
        Columns of the users, "" for none.
    directed : bool
        Whether who listens to whom is kept.

    Examples
    --------
    >>> names = {part: f"{part}.csv" for part in PARTS}
    >>> data_table(names, camp="party")["network"]
    {'path': 'edges.csv', 'nodes': 'users.csv', 'camp': 'party'}
    """
    network: dict[str, Any] = {"path": names["edges"], "nodes": names["users"]}
    if camp:
        network["camp"] = camp
    if directed:
        network["directed"] = True
    data: dict[str, Any] = {"network": network, "stances": names["stances"]}
    return data | ({"treated": treated} if treated else {})


def looked_at_panel(
    folder: Path, names: Mapping[str, str], camp: str, treated: str, directed: bool
) -> LookedPanel:
    """Return what the files in a folder of ours hold.

    Parameters
    ----------
    folder : Path
    names : mapping
        As ``settled`` returns them.
    camp, treated, directed
        As in ``data_table``.

    Raises
    ------
    InputError
        The files are not understood, have one wave only, no such camps, or are larger than a page
        calibrates.
    """
    data = data_table(names, camp=camp, treated=treated, directed=directed)
    try:
        # Before any of it is spread out: a small file may name many waves.
        rows = read_rows(folder / names["stances"], ("wave",))
        _few(rows["wave"].nunique(), len(read_rows(folder / names["users"], ())))
        source = read_panel(data, folder)
    except InputError as error:
        # Where our copies lie is nobody's business.
        raise InputError(str(error).replace(f"{folder}/", "").replace(str(folder), "")) from None
    waves, users = source.stances.shape
    if waves < 2:
        raise InputError(
            f"{names['stances']} has one wave, and a page calibrates two or more; one wave gives "
            "an association: use the command line."
        )
    _few(waves, users)
    gaps = np.diff(source.times)
    digest = hashlib.sha256()
    for part in PARTS:
        digest.update(hashlib.sha256((folder / names[part]).read_bytes()).digest())
    return LookedPanel(
        names=dict(names), users=users,
        ties=max(graph.number_of_edges() for graph in source.graphs), waves=waves,
        span=float(gaps.sum() / gaps.mean()), known=float((source.stances != 0).mean()),
        camps=_camps(source, camp), moving=len(source.graphs) > 1, dated=source.dated,
        digest=digest.hexdigest(),
    )  # fmt: skip


def _few(waves: int, users: int) -> None:
    if waves * users > MOST_STANCES:
        raise InputError(
            f"{waves:,} waves of {users:,} users are {waves * users:,} stances; a page calibrates "
            f"up to {MOST_STANCES:,}: use the command line."
        )


def _camps(source: Source, camp: str) -> tuple[str, ...]:
    if not camp:
        return ()
    nodes = source.graphs[0].nodes(data=True)
    if not any(camp in attributes for _, attributes in nodes):
        known = sorted({str(key) for _, attributes in nodes for key in attributes})
        raise InputError(
            f"{camp} is not a column of the users; it has {', '.join(known) or 'none'}."
        )
    _, names = camps.camp_codes([attributes.get(camp) for _, attributes in nodes])
    return tuple(str(name) for name in names)
