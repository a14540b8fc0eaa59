"""Fitted chambers as societies: what is fitted, what if a member leaves or parties talk more."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.datasets import bundled_file
from sociophysics.errors import InputError, did_you_mean, told
from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.chamber.chamber_tables import party_groups
from sociophysics.inference.chamber.saved import load_draws, load_system, save_systems
from sociophysics.machine import given_path
from sociophysics.rollcall import Votes, open_votes
from sociophysics.rollcall.chambers import CHAMBERS
from sociophysics.society import camps as camp_attributes
from sociophysics.society.spins import SpinSystem
from sociophysics.sources import counted_units, source_digest

__all__ = ["chamber", "fitted", "system_file", "votes_digest", "with_camps"]

_log = logging.getLogger(__name__)

Member = int | str
Array = NDArray[np.float64]

# Folders and modules of the package that no fit depends on; what is new counts until it is here.
APART = frozenset(
    {"dynamics", "experiments", "influences", "observables", "runs.py", "scenario", "study"}
)
BYTES_PER_PAIR = 120  # of members, in the file of a fit: fifty draws in single precision, half
SEED = 0  # of fits on the fly; the scenario's seed moves the society, it does not measure it


def chamber(
    path: str,
    *,
    estimator: str = "boltzmann",
    exchange: float = 1.0,
    remove: Sequence[Member] = (),
    replace: Mapping[str, Member] | None = None,
    draw: str = "point",
    replica: int | None = None,
) -> SpinSystem:
    """Return a fitted chamber, changed as asked: first replaced, then exchange, then removed.

    Users have the attributes ``name``, ``party``, ``state``, ``bloc`` and ``camp``, the party as
    ``with_camps`` says.

    Parameters
    ----------
    path : str
        Folder or ``system.npz`` of a fit, a file of votes, or the name of a bundled chamber. Votes
        are fitted on first use and kept in the user's cache folder.
    estimator : {"boltzmann", "pseudolikelihood"}
    exchange : float
        Factor on the couplings between members of different camps.
    remove : sequence of ids or names
        Members who are left out.
    replace : mapping from id or name to id or name, optional
        Whose couplings, field and party the seat gets. Between the seat and the member it follows
        the coupling stays as it was.
    draw : {"point", "bootstrap"}
        The fit, or the one to resampled roll calls number ``replica``; without a replica the fit.
    replica : int, optional
        Number of the resampled roll calls, under ``draw = "bootstrap"``.

    Raises
    ------
    InputError
        No such file, estimator or member, or more replicas than bootstrap draws.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sociophysics.inference.chamber.saved import save_systems
    >>> nodes = pd.DataFrame({"name": ["Ann", "Bob", "Cy"], "party": ["D", "R", "R"]})
    >>> J = np.array([[0, -0.2, 0.1], [-0.2, 0, 0.5], [0.1, 0.5, 0]])
    >>> with TemporaryDirectory() as folder:
    ...     file = f"{folder}/system.npz"
    ...     save_systems(file, {"boltzmann": SpinSystem(J, None, [1, 2, 3], nodes)}, polarity="")
    ...     chamber(file, exchange=2.0, remove=["Bob"]).J.toarray()
    array([[0. , 0.2],
           [0.2, 0. ]])
    """
    system = _drawn(system_file(path), estimator, draw, replica)
    coupling, field, nodes = system.J.toarray(), system.h.copy(), system.nodes.copy()
    seats = {who: _position(nodes, who) for who in (*(replace or {}), *remove)}
    old = coupling.copy()
    for seat, other in (replace or {}).items():
        i, k = seats[seat], _position(nodes, other)
        follow = old[k].copy()
        follow[k], follow[i] = old[i, k], 0.0
        coupling[i] = coupling[:, i] = follow
        field[i] = system.h[k]
        for column in ("party", "camp", "bloc"):
            nodes.iloc[i, nodes.columns.get_loc(column)] = system.nodes[column].iloc[k]
    codes, _ = camp_attributes.camp_codes(nodes["camp"])
    coupling[codes[:, None] != codes] *= exchange
    keep = np.setdiff1d(np.arange(system.n), [seats[who] for who in remove])
    if not keep.size:
        raise InputError(f"remove names all {system.n} members; leave at least one.")
    labels = [system.labels[i] for i in keep]
    return SpinSystem(coupling[np.ix_(keep, keep)], field[keep], labels, nodes.iloc[keep])


@asks
def with_camps(system: SpinSystem) -> SpinSystem:
    """Return a fitted chamber whose users have the attributes ``bloc`` and ``camp``.

    ``bloc`` is the division into two found from the couplings; ``camp`` is the party. Where there
    are two parties of at least three members, members of smaller ones count with the party that is
    most frequent in their bloc; without party labels the blocs are the camps.
    """
    bloc = party_blocs(system.J.toarray())
    party = np.asarray(system.nodes.get("party", pd.Series("", system.nodes.index)), dtype=object)
    nodes = system.nodes.assign(party=party, bloc=bloc, camp=party_groups(party, bloc))
    return SpinSystem(system.J, system.h, system.labels, nodes)


def system_file(path: str) -> Path:
    """Return the file of fitted systems that ``path`` leads to, fitting votes if need be.

    Raises
    ------
    InputError
        A folder that holds no fit, or votes that cannot be read or fitted.
    """
    place = given_path(path, "the chamber")
    if place.is_dir():
        if not (place / "system.npz").is_file():
            raise InputError(
                f"{path} is a folder without system.npz; give one that `sociophysics fit` wrote."
            )
        return place / "system.npz"
    if place.suffix == ".npz":
        return place
    return fitted(open_votes(_bundled(place) or place))


def _bundled(place: Path) -> str | None:
    """Return the name of the bundled chamber whose file this is: it has a polarity, a CSV none."""
    for name, each in CHAMBERS.items():
        if place.name == each.votes and place.exists() and place.samefile(bundled_file(each.votes)):
            return name
    return None


@asks
def fitted(votes: Votes, *, cache: Path | None = None) -> Path:
    """Return the file with the fits to votes, from the cache if they were fitted before.

    The name in the cache is a hash of the votes, of the sources a fit depends on, and of the
    versions of numpy and scipy.

    Parameters
    ----------
    votes : Votes
    cache : path, optional
        Folder; that of the user if left out.

    Raises
    ------
    InputError
        Votes that cannot be fitted, or a cache that cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from sociophysics.rollcall import as_votes
    >>> votes = as_votes(np.where(np.random.default_rng(0).random((20, 4)) < 0.5, 1, -1))
    >>> with TemporaryDirectory() as folder:
    ...     file = fitted(votes, cache=Path(folder))
    ...     fitted(votes, cache=Path(folder)) == file  # from the cache
    True
    """
    folder = _cache_folder() if cache is None else cache
    target = folder / f"{_content(votes)}.npz"
    if target.is_file() and _whole(target, target.stat().st_mtime_ns):
        return target
    with _cache_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        # two processes may fit the same votes: each writes its own file, and the last one stays
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fit-") as scratch:
            made = Path(scratch) / target.name
            # A disk without room for it is found before the minutes that a fit takes.
            made.write_bytes(bytes(BYTES_PER_PAIR * votes.n_members**2))
            _fit(votes, made)
            os.replace(made, target)
    return target


@lru_cache(maxsize=32)
def _whole(file: Path, stamp: int) -> bool:
    """Return whether a file of the cache can be read; one that was cut is fitted anew."""
    try:
        load_system(file, "boltzmann")
        load_draws(file, "boltzmann")
    except InputError:
        return False
    return True


@contextlib.contextmanager
def _cache_told(folder: Path) -> Iterator[None]:
    """Make one sentence of a cache that cannot be written to."""
    try:
        yield
    except OSError as error:
        reason = told(error, folder).partition(";")[0]
        raise InputError(
            f"votes are fitted once and kept, and {reason}: make room or set XDG_CACHE_HOME to a "
            "folder that can be written to, or give the folder of `sociophysics fit` as the path."
        ) from None


def _fit(votes: Votes, file: Path) -> None:
    from sociophysics.inference.chamber.draws import bootstrap_draws, refined
    from sociophysics.inference.chamber.workflow import DRAWS, prepared
    from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood

    data = prepared(votes)
    about = f"fitting the votes of {data.n_members} members on {data.n_rollcalls} roll calls"
    _log.info("%s, once; it is kept for the next time: couplings (1 of 3)", about)
    fit = PseudoLikelihood(fields=data.polarity != "arbitrary", seed=SEED).fit(data)
    _log.info("%s: Boltzmann refinement (2 of 3)", about)
    generative = refined(data, fit)
    _log.info("%s: bootstrap draws (3 of 3)", about)
    draws = bootstrap_draws(data, fit, generative, DRAWS)
    save_systems(
        file,
        {"pseudolikelihood": fit.system_, "boltzmann": generative.system_},
        polarity=data.polarity,
        draws=draws,
        notes=data.notes,
    )


def _cache_folder() -> Path:
    import pooch

    return Path(pooch.os_cache("sociophysics")) / "fits"


def _content(votes: Votes) -> str:
    import scipy

    by = (
        source_digest(*sorted(counted_units() - APART)),
        np.__version__,
        scipy.__version__,
        str(SEED),
    )
    return hashlib.sha256(" ".join((*by, votes_digest(votes))).encode()).hexdigest()


@asks
def votes_digest(votes: Votes) -> str:
    """Return the sha256 of votes: who voted how and on what, who had a seat, what +1 means.

    Examples
    --------
    >>> votes_digest(Votes([[1, -1]])) == votes_digest(Votes([[1, -1]], polarity="expert"))
    False
    """
    tables = [table.astype(str).to_csv(index=False) for table in (votes.members, votes.rollcalls)]
    parts = (votes.polarity, str(votes.matrix.shape), *tables)
    cells = votes.matrix.tobytes()
    if votes.abstained.any() or not votes.seated.all():
        cells += votes.abstained.tobytes() + votes.seated.tobytes()
    return hashlib.sha256("\0".join(parts).encode() + cells).hexdigest()


def _drawn(file: Path, estimator: str, draw: str, replica: int | None) -> SpinSystem:
    stamp = file.stat().st_mtime_ns if file.is_file() else 0
    point = _point(file, estimator, stamp)
    if draw == "point":
        return point
    couplings, fields = _draws(file, estimator, stamp)
    if replica is None:
        return point
    if replica >= len(fields):
        raise InputError(
            f"couplings.draw is 'bootstrap', and replica {replica} is asked for of a fit with "
            f"{len(fields)} draws; set sweep.replicas to at most {len(fields)}."
        )
    return SpinSystem(couplings[replica], fields[replica], point.labels, point.nodes)


@lru_cache(maxsize=8)
def _point(file: Path, estimator: str, stamp: int) -> SpinSystem:
    return with_camps(load_system(file, estimator))


@lru_cache(maxsize=2)
def _draws(file: Path, estimator: str, stamp: int) -> tuple[Array, Array]:
    return load_draws(file, estimator)


def _position(nodes: pd.DataFrame, who: Member) -> int:
    """Return the place of a member given by id or name."""
    for column in ("id", "name"):
        if column in nodes:
            places = np.flatnonzero((nodes[column].astype(str) == str(who)).to_numpy())
            if len(places) > 1:
                raise InputError(f"{len(places)} members are called {who!r}; give the id.")
            if len(places):
                return int(places[0])
    names = nodes["name"] if "name" in nodes else nodes["id"]
    raise InputError(
        f"there is no member {who!r} in the fit; {did_you_mean(str(who), names.astype(str))}"
    )
