"""Draws of a calibration in a scenario: replica r lives in draw r."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from sociophysics.errors import InputError, told
from sociophysics.scenario.variation import set_key

__all__ = ["check_draws", "drawn_keys", "drawn_tables", "draws_file", "said_of"]

FILE, MANIFEST = "posterior.parquet", "manifest.json"
NO_KEYS = ("sweeps_per_wave",)  # what a calibration knows and a scenario has no key for


def draws_file(path: Path) -> Path:
    """Return the file of draws in a folder of a calibration, or the file itself."""
    return path / FILE if path.is_dir() else path


def read_draws(path: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the draws, one column per key, and what multiplies those of keys that are lists.

    Raises
    ------
    InputError
        No such file, or one that holds no draws.
    """
    file = draws_file(Path(path))
    try:
        return _read(str(file), os.stat(file).st_mtime_ns)
    except FileNotFoundError:
        raise InputError(
            f"posterior.path is {path!r}, where there is no {FILE}; give the folder of "
            "`sociophysics calibrate`."
        ) from None


@lru_cache(maxsize=4)
def _read(file: str, stamp: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    from sociophysics.society.networks.parquet_tables import read_plain

    if not Path(file).is_file():
        raise InputError(f"{file} is not a file; give the folder of `sociophysics calibrate`.")
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise InputError(told(error, file)) from None
    table = read_plain(content, file)
    keys = [str(name) for name in table.columns if name not in NO_KEYS]
    numeric = all(pd.api.types.is_numeric_dtype(table[key]) for key in keys)
    if not keys or table.empty or not numeric or not all("." in key for key in keys):
        raise InputError(f"{file} holds no draws: one row each, one column per dotted key.")
    return table[keys], _shapes(Path(file).parent / MANIFEST)


def _shapes(manifest: Path) -> dict[str, Any]:
    """Return what multiplies the draws of keys that are lists, as the calibration asked."""
    try:
        free = json.loads(manifest.read_text(encoding="utf-8"))["asked"]["free"]
        named = {key: prior.get("shape") for key, prior in free.items() if isinstance(prior, dict)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {key: shape for key, shape in named.items() if shape is not None}


def digest(path: Path) -> str:
    """Return the sha256 of all that a scenario takes from a file of draws.

    Raises
    ------
    OSError
        It cannot be read.
    """
    shapes = json.dumps(_shapes(path.parent / MANIFEST), sort_keys=True)
    return hashlib.sha256(path.read_bytes() + shapes.encode()).hexdigest()


def check_draws(path: str, *, replicas: int, swept: Mapping[str, Any]) -> None:
    """Raise unless there is a draw for every replica, and no swept key is drawn.

    Raises
    ------
    InputError
        More replicas than draws, or a key that is both swept and drawn.
    """
    draws, _ = read_draws(path)
    if replicas > len(draws):
        raise InputError(
            f"sweep.replicas is {replicas}, but {path} has {len(draws)} draws, one per replica; "
            "ask for fewer replicas, or calibrate with more draws."
        )
    both = next((key for key in swept if key in draws.columns), None)
    if both is not None:
        raise InputError(
            f"{both} is swept, and {path} draws it for every replica; leave one of them out."
        )


def drawn_tables(tables: dict[str, Any], path: str, replica: int) -> dict[str, Any]:
    """Return the tables of a case as one draw of the posterior has them, changed in place.

    A key that the case's kinds do not have, such as the strength of no feed, is left out.

    Raises
    ------
    InputError
        No draw for this replica.
    """
    draws, shapes = read_draws(path)
    if replica >= len(draws):
        raise InputError(
            f"replica {replica} has no draw: {path} has {len(draws)}; ask for fewer replicas."
        )
    for key in draws.columns:
        value = float(draws[key].iloc[replica])
        shape = shapes.get(key)
        set_key(tables, key, value if shape is None else [value * each for each in shape])
    return tables


def drawn_keys(path: str) -> list[str]:
    """Return the keys that each replica has of its own draw.

    Raises
    ------
    InputError
        No such file, or one that holds no draws.
    """
    return [str(key) for key in read_draws(path)[0].columns]


def said_of(path: str) -> str:
    """Return in a sentence what is drawn, and between what 95 % of the draws lie.

    Raises
    ------
    InputError
        No such file, or one that holds no draws.
    """
    draws, _ = read_draws(path)
    ends = draws.quantile([0.025, 0.975]).to_numpy().T
    between = [f"{key} {a:.3g} to {b:.3g}" for key, (a, b) in zip(draws, ends, strict=True)]
    return (
        f"every replica has its own draw of a posterior: {', '.join(between)} (95 % of "
        f"{len(draws):,} draws)"
    )


def refused(error: ValidationError, path: str, replica: int) -> InputError:
    """Return the sentence for a draw that the scenario does not allow."""
    first = error.errors()[0]
    where = ".".join(str(each) for each in first["loc"])
    return InputError(f"draw {replica} of {path} is not allowed here: {where} {first['msg']}.")
