"""Fitted chambers on disk: couplings and fields of each estimator in one ``.npz`` file."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.spins import SpinSystem

__all__ = ["load_system", "save_systems"]

MEMBER_COLUMNS = ("id", "name", "party", "state")


def save_systems(
    path: str | PathLike[str], systems: Mapping[str, SpinSystem], *, polarity: str
) -> None:
    """Write fitted systems of the same members; arrays of numbers and text only, no pickles.

    The file holds ``NAME_J`` (n, n) and ``NAME_h`` (n,) of each estimator, the members' ``id``,
    ``name``, ``party`` and ``state``, and the votes' ``polarity``.

    Parameters
    ----------
    systems : mapping from an estimator's name to its system
        Such as ``{"pseudolikelihood": estimator.system_}``; at temperature 1.
    """
    first = next(iter(systems.values()))
    arrays: dict[str, Any] = {"estimators": np.array(list(systems)), "polarity": polarity}
    arrays["id"] = _plain(list(first.labels))
    for column in MEMBER_COLUMNS[1:]:
        if column in first.nodes:
            arrays[column] = np.array(first.nodes[column].astype(str).tolist())
    for name, system in systems.items():
        arrays[f"{name}_J"] = system.J.toarray()
        arrays[f"{name}_h"] = system.h
    np.savez_compressed(path, **arrays)


def load_system(path: str | PathLike[str], estimator: str = "pseudolikelihood") -> SpinSystem:
    """Return the system that one estimator fitted; its ``nodes`` name the members.

    Raises
    ------
    InputError
        There is no such file or estimator in it, or it is no file of fitted systems.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> pair = SpinSystem([[0, 0.5], [0.5, 0]], labels=["ann", "bob"])
    >>> with TemporaryDirectory() as folder:
    ...     save_systems(Path(folder) / "system.npz", {"exact": pair}, polarity="arbitrary")
    ...     load_system(Path(folder) / "system.npz", "exact").labels
    ('ann', 'bob')
    """
    try:
        with np.load(Path(path), allow_pickle=False) as file:
            arrays = dict(file)
        names = arrays["estimators"].tolist()
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; give a system.npz of a fit.") from None
    except (OSError, ValueError, KeyError, BadZipFile, AttributeError, TypeError):
        raise InputError(
            f"{path} is no file of fitted systems; give a system.npz of a fit."
        ) from None
    if estimator not in names:
        raise InputError(f"{path} has no estimator {estimator!r}; {did_you_mean(estimator, names)}")
    columns = {name: arrays[name].tolist() for name in MEMBER_COLUMNS if name in arrays}
    return SpinSystem(
        arrays[f"{estimator}_J"], arrays[f"{estimator}_h"], columns["id"], pd.DataFrame(columns)
    )


def _plain(labels: list[Any]) -> NDArray[Any]:
    whole = all(isinstance(label, int | np.integer) for label in labels)
    return np.array(labels if whole else [str(label) for label in labels])
