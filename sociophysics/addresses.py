"""Public submodules by their short address: ``sociophysics.feeds``, wherever it is in the tree."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["PLACES", "open_addresses"]

# Public submodules, and where in the tree they are.
PLACES = {
    "camps": "society.camps",
    "cases": "scenario.build",
    "chambers": "inference.chamber.what_if",
    "coarsen": "experiments.coarse_graining",
    "couplings": "society.couplings",
    "describe": "report.describe",
    "dynamics": "dynamics",
    "errors": "errors",
    "evidence": "evidence",
    "experiments": "experiments",
    "feeds": "influences.feeds",
    "glossary": "report.glossary",
    "inference": "inference",
    "interventions": "influences.interventions",
    "kinds": "kinds",
    "live": "live",
    "mesa_model": "mesa_model",
    "networks": "society.networks",
    "observables": "observables",
    "report": "report",
    "results": "study.results",
    "rollcall": "rollcall",
    "rules": "influences.rules",
    "scenario": "scenario",
    "schedules": "influences.schedules",
    "society_card": "study.society_card",
    "spins": "society.spins",
    "statistics": "statistics",
    "store": "store",
    "streams": "streams",
    "study": "study",
    "theory": "theory",
}
PACKAGE = __name__.rpartition(".")[0]


class _SameModule(Loader):
    """Gives a module that is already there under a second name, and never makes a second one."""

    def __init__(self, place: str) -> None:
        self.place = place

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.place)
        self.own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just put the second name's specification in its place.
        module.__spec__ = self.own


class _Addresses(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        first, _, below = rest.partition(".")
        place = PLACES.get(first, first)
        if top != PACKAGE or place == first:
            return None
        place = ".".join(filter(None, (PACKAGE, place, below)))
        return ModuleSpec(fullname, _SameModule(place)) if _exists(place) else None


def _exists(place: str) -> bool:
    try:
        return importlib.util.find_spec(place) is not None
    except ModuleNotFoundError:
        return False


def open_addresses() -> None:
    """Let ``import sociophysics.feeds`` find what ``sp.feeds`` is; once, however often called."""
    if not any(isinstance(finder, _Addresses) for finder in sys.meta_path):
        # First: the file finder would make a second copy of what lies below a short address.
        sys.meta_path.insert(0, _Addresses())
