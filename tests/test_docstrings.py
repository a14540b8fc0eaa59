"""What a public function takes, refuses and gives is written in its docstring, with an example."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap

import pytest

from tests.test_signatures import FUNCTIONS

# They need what only a page or a declaration of ours makes: shown by their own tests instead.
WITHOUT_EXAMPLE = {"live.chamber_changes.simulate_change", "live.run_views.look_at"}
TWO = [name for name in FUNCTIONS if len(inspect.signature(FUNCTIONS[name]).parameters) > 1]


def section(name: str, title: str) -> str:
    """Return the text of a section of a docstring, empty if there is none."""
    text = inspect.getdoc(FUNCTIONS[name]) or ""
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^[A-Z][\w ]+\n-+\n|\Z)", text, re.M | re.S)
    return found[1] if found else ""


def described(name: str) -> set[str]:
    """Return the parameters that the section names, also several to a line."""
    text = section(name, "Parameters").replace("\\\n", " ")
    heads = re.findall(r"^([*\w][^\n:]*?)(?: : .*)?$", text, re.M)
    return {each.strip(" *\\") for head in heads for each in head.split(",")}


@pytest.mark.parametrize("name", TWO)
def test_every_parameter_is_described_and_nothing_else(name: str) -> None:
    assert described(name) == set(inspect.signature(FUNCTIONS[name]).parameters)


@pytest.mark.parametrize("name", [each for each in TWO if each not in WITHOUT_EXAMPLE])
def test_there_is_a_running_example_that_calls_the_function(name: str) -> None:
    examples = section(name, "Examples")
    assert ">>>" in examples
    assert re.search(rf"\b{name.rpartition('.')[2]}\b", examples)


def raises_input_error(name: str) -> bool:
    source = textwrap.dedent(inspect.getsource(FUNCTIONS[name]))
    return any(
        isinstance(node, ast.Raise) and "InputError(" in ast.unparse(node)
        for node in ast.walk(ast.parse(source))
    )


@pytest.mark.parametrize("name", [each for each in FUNCTIONS if raises_input_error(each)])
def test_what_a_function_refuses_is_written(name: str) -> None:
    assert "InputError" in section(name, "Raises")


def test_what_has_no_example_is_still_there() -> None:
    assert set(FUNCTIONS) >= WITHOUT_EXAMPLE
