"""Names that other people's scripts rely on resolve after ``import sociophysics as sp`` alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import sociophysics as sp

NAMES = [
    "SpinSystem",
    "SpinSystem.from_networkx",
    "SpinSystem.from_edges",
    "trajectory",
    "simulate",
    "Scenario",
    "Scenario.load",
    "run",
    "Run",
    "Run.open",
    "networks.load",
    "networks.read",
    "networks.build",
    "networks.latent_axis",
    "couplings.uniform",
    "couplings.camps",
    "feeds.Chronological",
    "feeds.Random",
    "feeds.Trending",
    "feeds.Popularity",
    "feeds.Personalized",
    "feeds.Engagement",
    "feeds.InGroup",
    "feeds.LikeMinded",
    "feeds.SelfEcho",
    "feeds.Memory",
    "feeds.Diversity",
    "feeds.Bridging",
    "feeds.Counter",
    "feeds.Outrage",
    "feeds.Editorial",
    "feeds.Amplifier",
    "feeds.Animosity",
    "observables.magnetization",
    "observables.REGISTRY",
    "observables.domains.domains",
    "observables.domains.walls",
    "observables.frustration.frustration_index",
    "observables.polarization.random_walk_controversy",
    "observables.polarization.against_null",
    "statistics.susceptibility",
    "statistics.susceptibility_abs",
    "statistics.binder",
    "statistics.tau",
    "theory.exact.boltzmann",
    "theory.mean_field.two_camps",
    "theory.cavity.critical_temperature",
    "experiments.locate",
    "experiments.hysteresis",
    "rollcall.load",
    "rollcall.read_votes",
    "rollcall.read_voteview",
    "inference.PseudoLikelihood",
    "inference.ExactMaximumLikelihood",
    "inference.BoltzmannRefinement",
    "inference.MeanField",
    "inference.TAP",
    "inference.IdealPoints",
    "inference.Stack",
    "inference.evaluate",
    "inference.fit_snapshot",
    "inference.fit_panel",
    "inference.calibrate",
    "inference.compare_rules",
    "experiments.compare_feeds",
]


@pytest.mark.parametrize("name", NAMES)
def test_name_resolves(name: str) -> None:
    import sociophysics

    found: object = sociophysics
    for part in name.split("."):
        found = getattr(found, part)
    assert callable(found) or isinstance(found, dict)


def test_one_import_is_enough() -> None:
    lines = "\n".join(f"sp.{name}" for name in NAMES)
    subprocess.run([sys.executable, "-c", f"import sociophysics as sp\n{lines}"], check=True)


def test_public_names_are_listed() -> None:
    import sociophysics as sp

    assert set(sp.__all__) <= set(dir(sp))
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        sp.simulat  # noqa: B018


def test_what_the_dashboard_asks_of_the_package_is_public():
    """A page that finds a submodule only because another loaded it fails where it is first."""
    pages = Path(__file__).parent.parent / "dashboards"
    asked = {
        name
        for path in pages.rglob("*.py")
        for name in re.findall(r"\bsp\.(\w+)", path.read_text())
    }
    assert asked
    assert asked <= set(dir(sp))


def test_what_the_dashboard_asks_of_a_submodule_is_there():
    """A name that moved is found by the first press of a button, unless it is looked for here."""
    pages = Path(__file__).parent.parent / "dashboards"
    text = "\n".join(path.read_text() for path in pages.rglob("*.py"))
    missing = []
    for chain in sorted(set(re.findall(r"\bsp((?:\.\w+)+)", text))):
        found: object = sp
        for part in chain.split(".")[1:]:
            if not isinstance(found, ModuleType):
                break
            if not hasattr(found, part):
                missing.append(f"sp{chain}")
                break
            found = getattr(found, part)
    assert not missing


def test_a_short_address_is_the_same_module_and_not_a_second_one() -> None:
    code = (
        "import sys, warnings; warnings.simplefilter('error')\n"
        "import sociophysics as sp\n"
        "import sociophysics.feeds.designs as designs, sociophysics.networks.bundled\n"
        "from sociophysics.spins import SpinSystem\n"
        "import sociophysics.feeds as feeds\n"
        "assert designs is sys.modules['sociophysics.influences.feeds.designs']\n"
        "assert SpinSystem is sp.SpinSystem and feeds is sp.feeds\n"
        "assert feeds.__spec__.name == 'sociophysics.influences.feeds'\n"
        "try:\n    import sociophysics.feeds.nothing\n"
        "except ModuleNotFoundError as error:\n    assert 'feeds.nothing' in str(error)\n"
        "else:\n    raise AssertionError('it was found')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
