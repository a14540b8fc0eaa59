"""One way to say a thing: the same argument has the same name, place and default everywhere."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import sociophysics as sp
from sociophysics.addresses import PLACES
from sociophysics.errors import InputError

# Every module of these is public by its own name, as in ``sp.theory.exact``.
OPEN = {"sociophysics.theory", "sociophysics.observables"}
# Keys that belong to a kind, not to the function.
KINDS = {"assign", "build", "camp_limits", "changed_couplings", "expected_field", "make"}
KINDS |= {"key", "magnetizations", "shown_plus", "switching_strengths"}
# One name for one thing; former and foreign names of it.
FOREIGN = {"T", "attribute", "beta", "n_replicas", "n_jobs", "outdir", "processes", "random_state"}
FOREIGN |= {"repeats", "repetitions", "nsweeps", "folder_out", "verbose"}


def modules() -> Iterator[ModuleType]:
    yield sp
    for place in sorted(set(PLACES.values())):
        module = importlib.import_module(f"sociophysics.{place}")
        yield module
        if module.__name__ in OPEN:
            for found in pkgutil.iter_modules(module.__path__, f"{module.__name__}."):
                yield importlib.import_module(found.name)


def public_functions() -> dict[str, Callable[..., Any]]:
    """Return the functions of this package that a public module lists in ``__all__``."""
    found = {}
    for module in modules():
        for name in getattr(module, "__all__", ()):
            function = getattr(module, name)
            if inspect.isfunction(function) and function.__module__.startswith("sociophysics"):
                found[f"{function.__module__.removeprefix('sociophysics.')}.{name}"] = function
    return found


FUNCTIONS = public_functions()


def parameters(name: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(FUNCTIONS[name]).parameters)


def test_there_are_public_functions() -> None:
    assert len(FUNCTIONS) > 200


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_options_hide_behind_stars(name: str) -> None:
    kinds = {each.kind for each in parameters(name).values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds or name.split(".")[-1] in KINDS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_thing_has_one_name(name: str) -> None:
    assert not set(parameters(name)) & FOREIGN


@pytest.mark.parametrize("name", [each for each in FUNCTIONS if "workers" in parameters(each)])
def test_workers_are_left_to_the_work_unless_given(name: str) -> None:
    given = parameters(name)
    assert given["workers"].default is None
    wanted = ["out", "workers", "executor", "progress", "cancel"]
    assert [each for each in given if each in wanted] == wanted
    # A run has its scenario's seed and no other: it is in the manifest.
    assert "seed" in given or name == "runs.run"


SEEDED = [each for each in FUNCTIONS if "seed" in parameters(each)]
# What draws or simulates asks for its seed; where draws serve an estimate of given data it is 0.
ESTIMATES = ("inference.", "experiments.inspection.", "experiments.leverage.scores")
ESTIMATES += ("statistics.transitions.",)
ESTIMATES += ("experiments.calibrating.", "society.networks.amplification_axis.")


@pytest.mark.parametrize("name", [each for each in SEEDED if not each.startswith("streams.")])
def test_a_seed_is_a_keyword_with_one_rule_for_its_default(name: str) -> None:
    seed = parameters(name)["seed"]
    assert seed.kind is inspect.Parameter.KEYWORD_ONLY
    if name.startswith(ESTIMATES):
        assert seed.default == 0
    elif "scenario" in parameters(name):
        # Left out, it is the scenario's own.
        assert seed.default is None
    elif seed.default is not inspect.Parameter.empty:
        # Nothing is drawn unless ``disorder`` asks for it; nulls are numbered by ``draw``;
        # of groups only ties are decided by a coin.
        assert seed.default == 0
        assert {"disorder", "draw", "groups", "methods", "method"} & set(parameters(name)), name


@pytest.mark.parametrize("estimator", ["PseudoLikelihood", "IdealPoints", "Stack"])
def test_an_estimators_seed_is_a_keyword(estimator: str) -> None:
    made = getattr(sp.inference, estimator)
    assert inspect.signature(made).parameters["seed"].kind is inspect.Parameter.KEYWORD_ONLY


def test_penalty_and_fields_are_spelled_alike_by_all_estimators() -> None:
    for name in ("PseudoLikelihood", "BoltzmannRefinement", "ExactMaximumLikelihood"):
        names = list(inspect.signature(getattr(sp.inference, name)).parameters)
        assert names[:2] == ["l2", "fields"]


def test_fitted_systems_are_opened_with_the_same_estimator_everywhere() -> None:
    from sociophysics.inference.chamber.saved import load_system

    for opened in (load_system, sp.chambers.chamber):
        assert inspect.signature(opened).parameters["estimator"].default == "boltzmann"


DEPRECATED: dict[str, tuple[Any, ...]] = {
    "PseudoLikelihood": (0.1, False, 7),
    "IdealPoints": (1, 2.0, None, 7),
    "Stack": (None, None, 7),
}


@pytest.mark.parametrize("estimator", DEPRECATED)
def test_a_seed_by_position_works_and_warns(estimator: str) -> None:
    made = getattr(sp.inference, estimator)
    with pytest.warns(DeprecationWarning, match="give seed by keyword"):
        assert made(*DEPRECATED[estimator]).seed == 7


def test_fields_first_of_a_refinement_works_and_warns() -> None:
    with pytest.warns(DeprecationWarning, match="fields, l2 by keyword"):
        old = sp.inference.BoltzmannRefinement(False, 0.2)
    assert (old.fields, old.l2) == (False, 0.2)
    with (
        pytest.warns(DeprecationWarning, match="by keyword"),
        pytest.raises(TypeError, match=r"positional|multiple"),
    ):
        sp.inference.BoltzmannRefinement(False, fields=True)


def test_the_former_name_of_a_camp_attribute_works_and_warns() -> None:
    system = sp.couplings.uniform(sp.networks.load("karate"))
    for function in (sp.camps.of, sp.camps.assign):
        with pytest.warns(DeprecationWarning, match=r"is now \w+\(camp=\.\.\.\)") as caught:
            old = function(system, attribute="club")
        assert Path(caught[0].filename) == Path(__file__)
        assert old.names == function(system, camp="club").names == ("Mr. Hi", "Officer")
        with pytest.raises(InputError, match="both given"):
            function(system, camp="club", attribute="club")
