"""Intervals hold as often as docs/statistics.md says: a sample, and all by `make validate`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.coverage import BARS, CELLS, Cell, Covered, covered, passes, percentile, row, write
from tests.coverage_of_places import PLACES

PAGE = Path(__file__).parents[1] / "docs" / "statistics.md"
EVERY = [*CELLS, *PLACES]
SAMPLED = [
    ("mean of replicas", "skewed (exponential)", 5),
    ("mean of replicas", "two states, half each", 10),
    ("paired difference", "rare event, 10 against 0 %", 10),
    ("paired difference", "two states, 50 against 10 %", 5),
    ("melting temperature", "bell-shaped noise", 10),
    ("critical mass", "sharp", 20),
    ("susceptibility", "10 independent frames per replica", 5),
    ("trial, published: key", "skewed (exponential)", 10),
    ("trial, published: total", "skewed (exponential)", 5),
    ("poll: bits", "0.00 bits in 20 frames", 20),
    ("poll: bits", "0.03 bits in 20 frames", 5),
    ("free energy, annealed", "spread 1 of the logarithm of weights", 10),
    ("entropy, annealed", "spread 2 of the logarithm of weights", 10),
    ("early_warning: trend", "an indicator that rises by 0.4 sd a step", 5),
    ("detect: place", "samples at each value, a smooth change", 20),
    ("absence_effects: ratio, chances known", "blocks of 10 roll calls, 2 times as often", 5),
    ("axis: places of users", "accounts, one heap of 60 users", 10),
]


def cell_of(interval: str, outcome: str) -> Cell:
    return next(c for c in EVERY if (c.interval, c.outcome) == (interval, outcome))


@pytest.mark.parametrize(("interval", "outcome", "replicas"), SAMPLED)
def test_intervals_hold_as_often_as_they_must(interval: str, outcome: str, replicas: int) -> None:
    cell = cell_of(interval, outcome)
    studies = min(400, cell.studies // 5)
    found = covered(cell, replicas, studies)
    assert passes(found, cell.bar(replicas), studies), found


def test_percentiles_of_a_bootstrap_of_five_replicas_do_not_hold() -> None:
    """The negative control: what was printed before fails the same bar."""
    shaken = np.random.default_rng(1)
    before = Cell(
        "percentiles", "normal", lambda g, n: (*percentile(g.normal(size=n), shaken), 0.0, True)
    )
    found = covered(before, 5, 400)
    assert not passes(found, before.bar(5), 400), found
    assert found.held < 0.88


def test_the_page_has_a_row_for_every_interval_simulated() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for cell in EVERY:
        line = next(
            each for each in text.splitlines()
            if each.startswith(f"| {cell.interval} | {cell.outcome} |")
        )  # fmt: skip
        numbers = [float(re.match(r"[\d.]+", each.strip())[0]) for each in line.split("|")[3:6]]
        for bar, number in zip(BARS, numbers, strict=True):
            assert number >= 100 * bar, line


def test_the_table_is_put_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- coverage: begin -->\nold\n<!-- coverage: end -->\nz\n")
    write(page, [row(CELLS[0], {5: Covered(0.95, 0.5, 0.3), 10: Covered(0.9, 1.0, 0.0)})])
    text = page.read_text()
    assert text.startswith("a\n<!-- coverage: begin -->")
    assert text.endswith("<!-- coverage: end -->\nz\n")
    assert "95.0; 30 % show one state; 20 % not determined | 90.0 (below)" in text
    assert "old" not in text


@pytest.mark.validate
def test_every_interval_holds(request: pytest.FixtureRequest, record_property: Any) -> None:
    """The table of docs/statistics.md: 2,000 studies a cell, fewer of searches and axes."""
    rows, low = [], []
    for cell in EVERY:
        found = {size: covered(cell, size, cell.studies) for size in cell.sizes}
        rows.append(row(cell, found))
        low += [
            f"{cell.interval}, {cell.outcome}, {size}: {each.held:.3f}"
            for size, each in found.items() if each.held < cell.bar(size)
        ]  # fmt: skip
    if request.config.getoption("--validation-page"):
        write(PAGE, rows)
    record_property("cells", 3 * len(EVERY))
    record_property("below the bar", "; ".join(low) or "none")
    assert not low
