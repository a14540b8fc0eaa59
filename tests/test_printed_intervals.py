"""No interval is printed whose coverage is not stated: the inventory of them against the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.printed_intervals import HELD, NONE, marks
from tests.test_coverage import EVERY, PAGE

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sociophysics"


def tables() -> tuple[set[str], dict[str, list[str]]]:
    """Return the intervals simulated, and the rows of the table of others."""
    simulated, rest = PAGE.read_text(encoding="utf-8").split("<!-- coverage: end -->")
    first = {line.split("|")[1].strip() for line in simulated.splitlines() if line.startswith("|")}
    rows = [line.split("|")[1:-1] for line in rest.splitlines() if line.startswith("|")]
    return first, {row[0].strip(): [each.strip() for each in row[1:]] for row in rows[2:]}


def found() -> dict[str, set[str]]:
    """Return what makes or names an interval, by module."""
    paths = sorted(PACKAGE.rglob("*.py"))
    read = {p.relative_to(PACKAGE).as_posix(): marks(p.read_text(encoding="utf-8")) for p in paths}
    return {name: each for name, each in read.items() if each}


def test_every_module_that_makes_or_names_an_interval_is_in_the_inventory() -> None:
    known = found()
    missing = {name: each for name, each in known.items() if name not in HELD | NONE}
    assert not missing, "state what holds these intervals in tests/printed_intervals.py"
    assert not set(HELD) & set(NONE)
    assert set(HELD | NONE) <= set(known), "these print no interval any more"


def test_every_interval_of_the_inventory_has_a_row_with_its_coverage() -> None:
    simulated, others = tables()
    named = {row for rows in HELD.values() for row in rows}
    assert not named - simulated - set(others)
    assert {cell.interval for cell in EVERY} <= simulated
    # and the other way round: no row that nothing prints
    assert not {cell.interval for cell in EVERY} - named
    assert not set(others) - named


def test_every_row_that_is_not_simulated_there_names_a_long_check_and_a_number() -> None:
    for interval, (nominal, held, shown) in tables()[1].items():
        assert re.fullmatch(r"9[05]|-", nominal), interval
        assert re.search(r"\d|\.md", held), interval
        assert "`" in shown or "no long check" in shown, interval
        for name in re.findall(r"`(test_\w+\.py)`", shown):
            assert "mark.validate" in (ROOT / "tests" / name).read_text(encoding="utf-8"), interval


@pytest.mark.parametrize(
    "text",
    [
        "ends = s.mean_interval(values)",
        "width = ndtri(0.975) * error",
        "table['coupling_low'] = value - 2 * spread",
        "row = {'value': 1.0, 'high': 2.0}",
        "class Found(NamedTuple):\n    interval: tuple[float, float]",
        "low, high = np.quantile(drawn, tails)",
        "half = 1.96 * error",
        "WIDTH = 2.25",
    ],
)
def test_a_new_interval_is_noticed(text: str) -> None:
    """The negative control: each way in which the package makes one."""
    assert marks(text)
    assert not marks("value = s.mean(values)\ntable['mean'] = value")
