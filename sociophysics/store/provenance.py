"""By what a study was made: which code, which versions, on which platform."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from sociophysics.errors import InputError
from sociophysics.machine import processor
from sociophysics.sources import short, source_digest

__all__ = ["DECISIVE", "PROVENANCE", "check_code", "decisive_versions", "provenance"]

# What numbers come from; other packages only carry them.
DECISIVE = ("sociophysics", "numpy", "scipy", "networkx", "numba")
CARRIERS = ("pandas", "pyarrow", "pydantic")
# Keys of a manifest that say by what, not what.
PROVENANCE = ("code", "platform", "versions")


@cache
def decisive_versions() -> dict[str, str]:
    """Return the versions of what numbers come from."""
    return {name: version(name) for name in DECISIVE}


def provenance() -> dict[str, Any]:
    """Return what a manifest says of code, platform and versions.

    Code and the versions of ``DECISIVE`` make the numbers: a folder keeps to one of each. The
    platform is told, because fits and structure differ in last bits between processors and
    libraries of linear algebra.

    Examples
    --------
    >>> sorted(provenance())
    ['code', 'platform', 'versions']
    """
    versions = decisive_versions() | {name: version(name) for name in CARRIERS}
    return {
        "code": source_digest(),
        "platform": dict(_platform()),
        "versions": {"python": platform.python_version(), **versions},
    }


@cache
def _platform() -> Mapping[str, str]:
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": processor(),
        **_built(),
    }


def _built() -> dict[str, str]:
    """Return numpy's library of linear algebra, and the widest vectors it computes with here."""
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    vectors = config.get("SIMD Extensions", {}).get("found", [])
    name = f"{blas.get('name', 'unknown')} {blas.get('version', '')}"
    return {"blas": name.strip(), "vectors": vectors[-1] if vectors else "least"}


def check_code(old: Mapping[str, Any], place: str, what: str) -> None:
    """Refuse to go on in a folder with other code than that of the manifest in it.

    Parameters
    ----------
    old : mapping
        The manifest that is there.
    place, what : str
        As the message names the folder, and what is in it.

    Raises
    ------
    InputError
        The sources that make numbers, or packages they compute with, are others.
    """
    versions = old.get("versions")
    versions = versions if isinstance(versions, Mapping) else {}
    here, there = source_digest(), old.get("code")
    if there != here:
        by = f"with the sources {short(there)}" if isinstance(there, str) else "without a digest"
        raise InputError(
            f"{place} holds {what} made by other code (version {versions.get('sociophysics')}, "
            f"{by}; here it is version {version('sociophysics')} with {short(here)}), and their "
            "numbers may differ: compute anew into another --out, or go on with the code that "
            "made it."
        )
    for name in DECISIVE:
        before, now = versions.get(name), decisive_versions()[name]
        if before != now:
            raise InputError(
                f"{place} holds {what} made with another version of {name} ({before}, now {now}): "
                "compute anew into another --out, or install the old version."
            )
