"""A fit as the page shows it, read from the folder that ``sociophysics fit`` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.inference.chamber.stages import OVER
from sociophysics.inference.chamber.what_if import chamber
from sociophysics.live.network_picture import NetworkPicture
from sociophysics.live.resting_points import Landscape, landscape_of
from sociophysics.live.strongest_ties import placed
from sociophysics.live.watched_work import UNWATCHED, Watch
from sociophysics.society.camps import camp_codes
from sociophysics.society.spins import SpinSystem

__all__ = ["FittedChamber", "display_name", "read_fit", "share_over"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedChamber:
    """A fitted chamber.

    Attributes
    ----------
    folder, stamp : Path, int
        Where it is, and when it was written.
    title : str
    quick : bool
        Without errors, and without a fit that generates.
    polarity : str
        What +1 means.
    notes : tuple of str
        What was left out, and how the fit was made.
    members, couplings, evaluation : DataFrame
        As the files hold them.
    system : SpinSystem
        The fit that predicts, with ``camp`` and ``bloc``.
    coupling : array, shape (n, n)
        Its couplings.
    camps : int array, shape (n,)
        Number of each member's camp, in ``camp_names``.
    camp_names : tuple of str
        Parties, or blocs where no parties are known.
    side : int array, shape (n,)
        0 or 1: the camp where there are two, the bloc where there are others; ``side_names``.
    placed : NetworkPicture
        Where members are drawn.
    order : int array, shape (n,)
        Members by bloc and ideal point.
    landscape : Landscape
        Of the fit that generates, where there is one.
    """

    folder: Path
    stamp: int
    title: str
    quick: bool
    polarity: str
    notes: tuple[str, ...]
    members: pd.DataFrame
    couplings: pd.DataFrame
    evaluation: pd.DataFrame
    system: SpinSystem
    coupling: Floats
    camps: NDArray[np.int64]
    camp_names: tuple[str, ...]
    side: NDArray[np.int64]
    placed: NetworkPicture
    order: NDArray[np.int64]
    landscape: Landscape

    @property
    def n(self) -> int:
        """Number of members."""
        return len(self.members)

    @property
    def estimator(self) -> str:
        """The fit that is simulated."""
        return "pseudolikelihood" if self.quick else "boltzmann"

    @property
    def side_names(self) -> tuple[str, str]:
        """What the two sides are called."""
        if len(self.camp_names) == 2:
            return self.camp_names[0], self.camp_names[1]
        return "first bloc", "second bloc"

    @property
    def names(self) -> list[str]:
        """Members' names as a person reads them."""
        return [display_name(str(name)) for name in self.members["name"]]

    @property
    def names_once(self) -> list[str]:
        """Members' names, with the id where two members share one."""
        names = pd.Series(self.names)
        twice = names.duplicated(keep=False)
        ids = self.members["id"].astype(str)
        return [str(name) for name in names.where(~twice, names + " " + ids)]

    def place(self, member: str) -> int:
        """Return the row of a member by id; of the one who bridges most where there is none."""
        found = np.flatnonzero((self.members["id"] == member).to_numpy())
        if len(found):
            return int(found[0])
        bridging = self.members["bridging"].to_numpy(dtype=float)
        ranked = np.where(np.isfinite(bridging), bridging, -1.0)
        if ranked.max() <= 0:
            ranked = self.members["strength"].to_numpy(dtype=float)
        return int(ranked.argmax())


def read_fit(folder: Path, title: str, watch: Watch = UNWATCHED) -> FittedChamber:
    """Return the fit in a folder; a second or two for a hundred members.

    Parameters
    ----------
    folder : Path
        Where ``fit_chamber`` wrote.
    title : str
        What the chamber is called.
    watch : Watch
        Ends the work by raising.

    Raises
    ------
    InputError
        The folder holds no fit, or one that cannot be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sociophysics.inference import fit_chamber
    >>> from sociophysics.rollcall import as_votes
    >>> votes = as_votes(np.where(np.random.default_rng(0).random((40, 6)) < 0.5, 1, -1))
    >>> with TemporaryDirectory() as place:
    ...     _ = fit_chamber(votes, place, quick=True)
    ...     read_fit(Path(place), "six members").folder.name == Path(place).name
    True
    """
    check = watch.check
    try:
        members = _table(folder / "members.csv")
        couplings = _table(folder / "couplings.csv")
        evaluation = _table(folder / "evaluation.csv")
        notes = (folder / "notes.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(
            f"the fit in {folder.name} cannot be read ({type(error).__name__}); fit it again."
        ) from None
    check()
    system = chamber(str(folder), estimator="pseudolikelihood")
    quick = not couplings["error"].notna().any()
    simulated = system if quick else chamber(str(folder))
    codes, names = camp_codes(system.nodes["camp"])
    coupling = system.J.toarray()
    bloc = members["bloc"].to_numpy(dtype=np.int64)
    side = codes if len(names) == 2 else bloc
    check()
    drawn = placed(coupling, side, [display_name(str(name)) for name in members["name"]])
    check()
    landscape = landscape_of(simulated, bloc, check)
    return FittedChamber(
        folder=folder,
        stamp=(folder / "system.npz").stat().st_mtime_ns,
        title=title,
        quick=quick,
        polarity=str(members["polarity"].iloc[0]),
        notes=tuple(notes),
        members=members,
        couplings=couplings,
        evaluation=evaluation,
        system=system,
        coupling=coupling,
        camps=codes,
        camp_names=tuple(str(name) or "no party" for name in names),
        side=side,
        placed=drawn,
        order=np.lexsort([members["ideal_point"].to_numpy(), bloc]),
        landscape=landscape,
    )


def display_name(name: str) -> str:
    """Return a name in the case in which names are written.

    Examples
    --------
    >>> display_name("MURKOWSKI (R AK)"), display_name("O'Connor"), display_name("SANDERS, Bernard")
    ('Murkowski (R AK)', "O'Connor", 'Sanders, Bernard')
    """
    parts = []
    for word in name.split(" "):
        plain = word.strip(",")
        keep = word.startswith("(") or word.endswith(")") or not plain.isupper() or len(plain) < 3
        parts.append(word if keep else word.title())
    return " ".join(parts)


def _table(path: Path) -> pd.DataFrame:
    """Read a table; names, ids and parties stay text, whatever they look like."""
    texts = ("id", "name", "party", "state", "polarity", "model", "test", "error_kind")
    head = pd.read_csv(path, nrows=0).columns
    plain = [name for name in head if name.removesuffix("_i").removesuffix("_j") in texts]
    rows: Any = pd.read_csv(
        path, dtype=dict.fromkeys(plain, str), keep_default_na=False, na_values=[""]
    )
    table: pd.DataFrame = rows.fillna(dict.fromkeys(plain, ""))
    return table


def share_over(stage: str, *, quick: bool) -> float | None:
    """Return the share of its time that is over when a fit comes to a stage, None if not known.

    Examples
    --------
    >>> share_over("bootstrap", quick=False), share_over("lunch", quick=True)
    (0.42, None)
    """
    return OVER[quick].get(stage)
