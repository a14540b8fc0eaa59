"""Fitted chambers on disk: couplings, fields and bootstrap draws in one ``.npz`` file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.society.spins import SpinSystem
from sociophysics.store import read_arrays

__all__ = ["Draws", "load_draws", "load_system", "save_systems"]

Draws = tuple[NDArray[Any], NDArray[Any]]  # couplings (draws, n, n), fields (draws, n)

MEMBER_COLUMNS = ("id", "name", "party", "state")


def save_systems(
    path: str | PathLike[str] | BinaryIO,
    systems: Mapping[str, SpinSystem],
    *,
    polarity: str,
    draws: Mapping[str, Draws] | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Write fitted systems of the same members; arrays of numbers and text only, no pickles.

    The file holds ``NAME_J`` (n, n) and ``NAME_h`` (n,) of each estimator, the members' ``id``,
    ``name``, ``party`` and ``state``, and the votes' ``polarity`` and ``notes``. Bootstrap draws
    are kept in single precision: ``NAME_J_draws`` (draws, pairs), in the order of
    ``numpy.triu_indices``, and ``NAME_h_draws`` (draws, n).

    Parameters
    ----------
    systems : mapping from an estimator's name to its system
        Such as ``{"pseudolikelihood": estimator.system_}``; at temperature 1.
    draws : mapping from an estimator's name to its bootstrap draws, optional
    """
    first = next(iter(systems.values()))
    arrays: dict[str, Any] = {
        "estimators": np.array(list(systems)),
        "polarity": polarity,
        "notes": np.array(list(notes), dtype=str),
        "id": _plain(list(first.labels)),
    }
    for column in MEMBER_COLUMNS[1:]:
        if column in first.nodes:
            arrays[column] = np.array(first.nodes[column].astype(str).tolist())
    for name, system in systems.items():
        arrays[f"{name}_J"] = system.J.toarray()
        arrays[f"{name}_h"] = system.h
    upper = np.triu_indices(first.n, 1)
    for name, (couplings, fields) in (draws or {}).items():
        arrays[f"{name}_J_draws"] = couplings[:, *upper].astype(np.float32)
        arrays[f"{name}_h_draws"] = fields.astype(np.float32)
    np.savez_compressed(path, **arrays)


def load_system(path: str | PathLike[str], estimator: str = "boltzmann") -> SpinSystem:
    """Return the system that one estimator fitted; its ``nodes`` name the members.

    Parameters
    ----------
    path : path
        ``system.npz`` of a fit.
    estimator : str
        Whose fit: ``boltzmann`` generates, ``pseudolikelihood`` predicts.

    Raises
    ------
    InputError
        There is no such file or estimator in it, or it is no file of fitted systems.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> pair = SpinSystem([[0, 0.5], [0.5, 0]], labels=["ann", "bob"])
    >>> with TemporaryDirectory() as folder:
    ...     save_systems(Path(folder) / "system.npz", {"exact": pair}, polarity="arbitrary")
    ...     load_system(Path(folder) / "system.npz", "exact").labels
    ('ann', 'bob')
    """
    arrays = _read(path, estimator, ("J", "h"))
    columns = {name: arrays[name].tolist() for name in MEMBER_COLUMNS if name in arrays}
    nodes = pd.DataFrame(columns, index=pd.Index(columns["id"], tupleize_cols=False))
    return SpinSystem(arrays["J"], arrays["h"], columns["id"], nodes)


def load_draws(path: str | PathLike[str], estimator: str = "boltzmann") -> Draws:
    """Return the bootstrap draws of one estimator: couplings (draws, n, n), fields (draws, n).

    Raises
    ------
    InputError
        As ``load_system``, or a fit without draws.
    """
    arrays = _read(path, estimator, ("J_draws", "h_draws"))
    fields = arrays["h_draws"].astype(np.float64)
    draws, n = fields.shape
    couplings = np.zeros((draws, n, n))
    i, j = np.triu_indices(n, 1)
    couplings[:, i, j] = couplings[:, j, i] = arrays["J_draws"]
    return couplings, fields


def _read(path: str | PathLike[str], estimator: str, parts: Sequence[str]) -> dict[str, Any]:
    try:
        file = read_arrays(path)
        names = file["estimators"].tolist()
        if estimator in names:
            return _checked(file, estimator, parts)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; give a system.npz of a fit.") from None
    except NoDraws:
        raise InputError(
            f"{path} has no bootstrap draws of {estimator!r}; fit again without --quick, "
            'or use draw = "point".'
        ) from None
    except Exception:  # each layer of a damaged archive has exceptions of its own
        raise InputError(
            f"{path} is no file of fitted systems, or it is damaged; give a system.npz of a fit."
        ) from None
    quick = "; fit again without --quick" if estimator == "boltzmann" else ""
    raise InputError(
        f"{path} has no estimator {estimator!r}{quick}; {did_you_mean(estimator, map(str, names))}"
    )


class NoDraws(Exception):
    """A fit that was asked for draws it was made without."""


def _checked(
    file: Mapping[str, NDArray[Any]], estimator: str, parts: Sequence[str]
) -> dict[str, Any]:
    """Return the members' columns and the parts of one estimator, if they fit each other.

    Raises
    ------
    ValueError
        They do not.
    """
    if f"{estimator}_{parts[0]}" not in file:
        raise NoDraws
    columns = {name: file[name] for name in MEMBER_COLUMNS if name in file}
    found = {part: file[f"{estimator}_{part}"] for part in parts}
    n = len(columns["id"])
    pairs = n * (n - 1) // 2
    draws = len(next(iter(found.values())))
    shapes = {"J": (n, n), "h": (n,), "J_draws": (draws, pairs), "h_draws": (draws, n)}
    numbers = all(each.dtype.kind == "f" and np.isfinite(each).all() for each in found.values())
    plain = all(each.shape == (n,) and each.dtype.kind in "iuU" for each in columns.values())
    if not numbers or not plain or any(each.shape != shapes[p] for p, each in found.items()):
        raise ValueError("the arrays of a fit do not fit each other")
    return columns | found


def _plain(labels: list[Any]) -> NDArray[Any]:
    whole = all(isinstance(label, int | np.integer) for label in labels)
    return np.array(labels if whole else [str(label) for label in labels])
