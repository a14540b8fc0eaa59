"""A question that Python asks of a scenario, kept in a folder as the study of a command is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sociophysics.kinds import knowing
from sociophysics.others_code import code_of_others
from sociophysics.scenario import Scenario
from sociophysics.scenario.membership import of_scenario
from sociophysics.store import Place, open_store, write_table
from sociophysics.store.studies import claimed, make_manifest
from sociophysics.study.blocks import fingerprints, modules_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["asked_of", "manifest_of", "plugins_of", "where"]


def where(scenario: Scenario) -> dict[str, Any]:
    """Return where a scenario lies and what it is called there: no number depends on it."""
    folder = None if scenario.folder is None else str(Path(scenario.folder).absolute())
    return {"folder": folder, "name": scenario.name}


def manifest_of(scenario: Scenario, command: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a question about a scenario, with who the users are.

    Parameters
    ----------
    scenario : Scenario
    command : str
        One of ``store.STUDIES``.
    asked : mapping
        What is asked of it; plain dicts, lists, text and numbers.

    Raises
    ------
    InputError
        A file of the scenario cannot be read.
    """
    whole = {"scenario": scenario.canonical(), **asked}
    manifest = make_manifest(command, asked=whole, inputs=fingerprints(scenario))
    manifest |= plugins_of(scenario)
    members = of_scenario(scenario)
    manifest |= {"users": members.users, "camp_sizes": members.camps or {}}
    return manifest | {"without_camp": members.without_camp, "drawn_starts": members.drawn_starts}


def plugins_of(scenario: Scenario) -> dict[str, Any]:
    r"""Return what a manifest says of packages of others that a scenario computes with, if any.

    Examples
    --------
    >>> plugins_of(Scenario.from_toml(
    ...     "seed = 1\nnetwork = {kind = 'complete', n = 9}\ncouplings = {kind = 'uniform'}\n"
    ...     "dynamics = {temperature = 1, sweeps = 2}"
    ... ))
    {}
    """
    others = modules_of([case.settings for case in scenario.cases()])
    return {"plugins": code_of_others(others)} if others else {}


@contextlib.contextmanager
def asked_of(
    scenario: Scenario,
    command: str,
    asked: Mapping[str, Any],
    out: Place | None,
    *,
    grows: Sequence[str] = (),
) -> Iterator[dict[str, pd.DataFrame]]:
    """Hold ``out`` for a question, and write the tables by name that are put in what is yielded.

    Without ``out`` nothing is kept; the kinds that were passed with the scenario are known inside;
    ``grows`` is as in ``store.studies.check_same``.

    Raises
    ------
    InputError
        The place is another study's or not writable, or another process is writing there.
    """
    tables: dict[str, pd.DataFrame] = {}
    with knowing(*scenario.registries):
        if out is None:
            yield tables
            return
        store = open_store(out)
        manifest = manifest_of(scenario, command, asked)
        with claimed(store, command, manifest, {**where(scenario), "python": True}, grows=grows):
            yield tables
            for name, table in tables.items():
                write_table(store, name, table)
