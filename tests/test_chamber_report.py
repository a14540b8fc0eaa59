from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from defusedxml import ElementTree

from sociophysics.inference.chamber.physics import ChamberPhysics
from sociophysics.inference.chamber.workflow import fit_chamber
from sociophysics.report import chamber_figures, chamber_physics, html
from sociophysics.report.chamber_page import render
from sociophysics.rollcall import Votes

VOID = {"meta", "img", "br"}


class Balanced(HTMLParser):
    """Tags that must close, and the addresses a page would ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.asked += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def votes(polarity="arbitrary", parties=("D", "R"), members=10):
    rng = np.random.default_rng(2)
    half = members // 2
    line = rng.choice([-1, 1], (150, 2))[:, [0] * half + [1] * half]
    matrix = np.where(rng.random(line.shape) < 0.85, line, -line)
    matrix[::7, 3] = 0
    table = pd.DataFrame(
        {
            "id": range(members),
            "name": [f"<b>Member {i}</b> & $5 tax_{i}" for i in range(members)],
            "party": np.repeat(parties, half),
        }
    )
    return Votes(matrix, table, polarity=polarity, notes=["<script>alert(1)</script> dropped"])


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return fit_chamber(votes("expert"), tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    return fit_chamber(votes(), tmp_path_factory.mktemp("quick"), quick=True)


def parse(page):
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    return parser


@pytest.mark.parametrize("kind", ["full", "quick"])
def test_the_page_is_whole_asks_for_nothing_and_runs_nothing(kind, request):
    page = render(request.getfixturevalue(kind), "<i>town</i>")
    parser = parse(page)
    assert all(address.startswith("data:image/svg+xml;base64,") for address in parser.asked)
    assert "script" not in parser.tags
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>Member" not in page
    assert "<i>town" not in page
    assert page == render(request.getfixturevalue(kind), "<i>town</i>")
    for picture in re.findall(r"svg\+xml;base64,([^\"]+)", page):
        ElementTree.fromstring(base64.b64decode(picture))


def test_a_full_page_has_every_section_and_the_tables_numbers(full):
    page = render(full, "town")
    for heading in (
        "In short", "How well it predicts", "Who goes with whom", "The members",
        "Roll calls it generates", "Where it comes to rest", "Specific heat", "Pivotal members",
        "How much pairs explain", "The votes and what was left out", "What a fit cannot claim",
    ):  # fmt: skip
        assert f">{heading}</h" in page
    assert page.count("<img") == 8
    row = full.evaluation.set_index("model").loc["PseudoLikelihood"]
    assert html.number(float(row["gmp"]), digits=3) in page
    assert html.number(float(row["gmp_sd"]), digits=3) in page
    top = full.physics.pivotal["outcome"].max()
    assert html.number(float(top), digits=3) in page
    assert "Association, not influence." in page
    assert "Experts coded which side is +1" in page
    assert "over-ordered" in page


def test_a_quick_page_says_what_it_lacks(quick):
    page = render(quick, "town")
    assert "This quick fit has no Boltzmann refinement" in page
    assert "no standard errors" in page
    assert "Pivotal members</h3>" not in page
    assert "sign probability</th>" not in page
    assert "accident of its wording" in page


def test_mirrored_minima_are_one_row_only_without_fields(quick, full):
    table, stances = chamber_physics._distinct(quick)
    assert table["basin"].sum() == pytest.approx(1)
    assert len(table) == len(quick.physics.minima) / 2
    assert (stances[:, 0] == 1).all()
    assert len(chamber_physics._distinct(full)[0]) == len(full.physics.minima)


def test_sides_in_words_name_those_who_leave_their_party():
    party = np.array(["D", "D", "D", "R", "R", "R"], dtype=object)
    names = np.array(["a", "b", "c", "d", "e", "f"], dtype=object)
    stance = np.array([1, 1, -1, -1, -1, -1], np.int8)
    text = chamber_physics._who(stance, party, names)
    assert text.startswith("2 D | 3 R, 1 D")
    assert text.count("against their party: c") == 1


def test_chambers_without_parties_or_with_others_have_a_page(tmp_path):
    for k, parties in enumerate([("", ""), ("Whig", "Tory")]):
        fit = fit_chamber(votes(parties=parties), tmp_path / str(k), quick=True)
        parse(render(fit, "town"))
    colors = chamber_figures.party_colors(["Whig", "Tory", ""])
    assert len(set(colors.values())) == 3


def test_larger_side_does_not_depend_on_which_side_is_called_yea():
    rng = np.random.default_rng(0)
    matrix = rng.choice([-1, 0, 1], (30, 7)).astype(np.int8)
    flip = rng.choice([-1, 1], (30, 1)).astype(np.int8)
    once, again = (chamber_physics._larger_up(each) for each in (matrix, matrix * flip))
    np.testing.assert_array_equal(np.abs(once.sum(axis=1)), once.sum(axis=1))
    np.testing.assert_array_equal(once.sum(axis=1), again.sum(axis=1))


def test_physics_of_a_quick_fit_is_marked_as_that_of_the_fit_that_predicts(quick):
    assert isinstance(quick.physics, ChamberPhysics)
    assert quick.physics.estimator == "pseudolikelihood"
    assert quick.physics.samples is None
