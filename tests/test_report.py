"""Reports: self-contained, safe, complete, the same bytes for the same run."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from defusedxml import ElementTree
from matplotlib.figure import Figure

import sociophysics as sp
from sociophysics.live import landed_points, run_lines
from sociophysics.report import figures, html, marks, pictures, render, write_report
from sociophysics.report.figures import drive, plateaus
from sociophysics.report.wording import theory_lines
from sociophysics.scenario import Scenario
from sociophysics.statistics import mean_interval
from sociophysics.study.results import Run, at, headline
from tests.synthetic_runs import scenario_run

HOSTILE = "<script>alert('x')</script> & $x$"

BASE = """
title = "{title}"
question = "Which designs keep camps apart?"
seed = 7
[network]
kind = "bundled"
name = "karate"
camp = "club"
[couplings]
kind = "uniform"
normalize = "degree"
[dynamics]
temperature = 0.6
sweeps = 40
burn_in = 10
start = "camps"
[observe]
every = 10
names = ["camp_polarization", "magnetization"]
"""

KINDS = (
    "none", "popularity", "chronological", "in_group", "engagement", "self_echo", "memory",
    "diversity", "personalized", "random", "bridging", "counter",
)  # fmt: skip


def polarization(name: str, case: Any, replica: int, sweeps: Any) -> Any:
    kind, T = case.settings.feed.kind, case.point.get("dynamics.temperature", 0.6)
    rng = np.random.default_rng([replica, KINDS.index(kind), int(100 * T), len(name)])
    level = 1 / (1 + np.exp((T - 0.3 - 0.06 * KINDS.index(kind)) / 0.05))
    return (level if name == "camp_polarization" else 0.1) + rng.normal(0, 0.02, sweeps.size)


def many(*, kinds: tuple[str, ...] = KINDS, name: str = "{kind}", title: str = "Feeds") -> Run:
    text = BASE.format(title=title)
    for kind in kinds:
        named = name.format(kind=kind.replace("_", " "))
        text += f'[[designs]]\nname = "{named}"\nfeed = {{ kind = "{kind}" }}\n'
    text += "[sweep]\nreplicas = 3\n"
    text += '"dynamics.temperature" = { start = 0.3, stop = 1.1, step = 0.1 }\n'
    return scenario_run(text, polarization, users=34)


def single() -> Run:
    return scenario_run(
        BASE.format(title="One") + "[sweep]\nreplicas = 3\n", polarization, users=34
    )


def hysteresis() -> Run:
    acts = "".join(
        f'[[interventions]]\nat = {10 * k}\nkind = "feed"\n'
        f'feed = {{ kind = "outrage", strength = {strength} }}\n'
        for k, strength in enumerate((0.2, 0.4, 0.2, 0.0))
    )
    events = pd.DataFrame(
        {
            "design": "base",
            "replica": [0, 1, 2] * 2,
            "sweep": [10] * 3 + [20] * 3,
            "event": "feed",
            "details": '{"feed": "outrage (strength = 0.4)"}',
        }
    )
    text = BASE.format(title="Ramp").replace("burn_in = 10", "burn_in = 0").replace("= 10", "= 2")
    return scenario_run(text + acts + "[sweep]\nreplicas = 3\n", polarization, events=events)


@pytest.fixture(scope="module")
def feeds() -> Run:
    return many()


@pytest.fixture(scope="module")
def text(feeds: Run) -> str:
    return render(feeds)


class Balanced(HTMLParser):
    """Collects tags and attributes, and notices one that is not closed."""

    VOID = ("meta", "img", "br", "hr", "link")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.sources += [value or "" for key, value in attrs if key in ("src", "href", "srcset")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parse(page: str) -> Balanced:
    parser = Balanced()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("make", [single, hysteresis])
def test_small_runs_give_whole_pages(make: Any) -> None:
    parsed = parse(render(make()))
    assert parsed.tags.isdisjoint({"script", "link", "iframe", "object"})


def test_the_page_asks_the_network_for_nothing(text: str) -> None:
    parsed = parse(text)
    assert parsed.tags.isdisjoint({"script", "link", "iframe", "object", "form"})
    assert parsed.sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in parsed.sources)
    style = re.search(r"<style>(.*?)</style>", text, re.S)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    for source in parsed.sources:
        picture = ElementTree.fromstring(base64.b64decode(source.partition(",")[2]))
        links = [v for e in picture.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(link.startswith("#") for link in links)


def test_the_page_says_everything_that_repeats_the_run(feeds: Run, text: str) -> None:
    for design in feeds.designs:
        assert design in text
    for needed in (
        feeds.scenario.hash,
        "fixed-point",
        np.__version__,
        "Which designs keep camps apart?",
        html.escape(feeds.scenario.to_toml()),
        "half the difference of the two camps",
        "What a simulation cannot claim",
        "Science 381",
        "9386",
        "Every comparison (648 rows)",
    ):
        assert needed in text
    melting = feeds.melting().set_index("design")["temperature"]
    assert f"{melting['chronological']:.3f}" in text
    assert "mean field" in text


def test_the_answer_is_the_comparison(feeds: Run, text: str) -> None:
    point = feeds.declared
    assert point == {"dynamics.temperature": 0.6}
    rows = at(feeds, "camp_polarization", point).set_index("design")
    answer = text[text.index("<h2>Answer") : text.index("<h3>At every swept point")]
    for design, row in rows.iloc[1:].iterrows():
        cell = f"{row['difference']:+.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        assert f"<td>{design}</td>" in answer
        assert re.sub(r"[-+]0\.00", "0.00", cell).replace("-", html.MINUS) in answer
    assert "p&nbsp;(Holm)" not in text


def test_what_users_wrote_is_escaped() -> None:
    run = many(kinds=KINDS[:2], name="{kind} " + HOSTILE, title=HOSTILE)
    run.manifest["kernel"] = HOSTILE
    text = render(run)
    parsed = parse(text)
    assert "script" not in parsed.tags
    assert "<script" not in text
    assert html.escape(HOSTILE) in text


def test_the_same_run_gives_the_same_bytes() -> None:
    assert render(hysteresis()) == render(hysteresis())


def test_a_report_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_report(single(), tmp_path / "report.html")
    before = path.read_bytes()
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode  # others may read it, as far as umask says
    plain.unlink()

    def fail(source: Any, target: Any) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        write_report(hysteresis(), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_curves_show_the_means_and_their_labels(feeds: Run) -> None:
    figure = figures.curves(
        feeds, "camp_polarization", along="dynamics.temperature", label="y (1)",
        point={"dynamics.temperature": 0.5}, theory=[(0.7, "theory")],
    )  # fmt: skip
    axes = figure.axes[0]
    assert axes.get_xlabel() == "social temperature T (units of J)"
    assert axes.get_ylabel() == "y (1)"
    rows = feeds.compare("camp_polarization")
    drawn = {line.get_color(): line for line in axes.get_lines() if len(line.get_xdata()) == 9}
    first = drawn[figures.mark(0).color]
    expected = rows[rows["design"] == "none"]["mean"]
    np.testing.assert_allclose(first.get_ydata(), expected)
    names = [text.get_text().replace("\n", " ") for text in axes.texts]
    assert names[0].strip() == "theory: 0.7"
    listed = [name for text in names[1:] for name in text.split(", ")]
    assert sorted(listed) == sorted(feeds.designs)  # each named once
    heights = [text.get_position()[1] for text in axes.texts[1:]]
    assert heights == sorted(heights, reverse=True)


def test_names_beside_lines_never_overlap_and_equal_curves_are_named_once() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        wanted = np.sort(rng.choice([0.0, 0.1, 0.9], 12) + rng.normal(0, 0.01, 12))[::-1]
        heights = rng.uniform(0.03, 0.09, 12)
        middles = np.array(marks.spread_out(list(wanted), list(heights)))
        gaps = middles[:-1] - middles[1:]
        assert (gaps >= (heights[:-1] + heights[1:]) / 2 - 1e-6).all()
    flat = many(kinds=("none", "random", "bridging", "counter"))
    flat.table["camp_polarization"] = 0.5 * (flat.table["design"] == "none")
    figure = figures.curves(
        flat, "camp_polarization", along="dynamics.temperature", label="y",
        point={"dynamics.temperature": 0.5},
    )  # fmt: skip
    names = [text.get_text().replace("\n", " ") for text in figure.axes[0].texts]
    assert names == ["none", "random, bridging, counter"]


def test_names_in_scripts_that_the_font_lacks_stay_texts(recwarn: pytest.WarningsRecorder) -> None:
    for name, texts in (("社会", True), ("société", False)):
        with marks.settings():
            figure = Figure()
            figure.text(0.5, 0.5, name)
        drawn = figures.to_svg(figure).decode()
        assert (f">{name}</text>" in drawn) == texts
        assert drawn == figures.to_svg(figure).decode()
    assert [str(each.message) for each in recwarn if "Glyph" in str(each.message)] == []


def test_bands_stay_inside_what_there_can_be() -> None:
    def value(name: str, case: Any, replica: int, sweeps: Any) -> Any:
        return np.full(sweeps.size, 0.4 + 0.3 * replica)

    run = scenario_run(
        BASE.format(title="x") + '[sweep]\nreplicas = 3\n"dynamics.temperature" = [0.5, 0.6]\n',
        value,
    )
    figure = figures.curves(
        run, "camp_polarization", along="dynamics.temperature", label="y", point={}
    )
    drawn = np.concatenate(
        [path.vertices for band in figure.axes[0].collections for path in band.get_paths()]
    )
    assert drawn[:, 1].max() <= 1.0
    assert drawn[:, 1].min() >= -1.0
    rows = at(run, "camp_polarization", {"dynamics.temperature": 0.5})
    assert (rows[["mean_low", "mean_high"]].abs() <= 1).all(axis=None)


def test_no_mean_is_drawn_where_replicas_are_in_two_states() -> None:
    def value(name: str, case: Any, replica: int, sweeps: Any) -> Any:
        warm = case.settings.dynamics.temperature > 0.55
        return np.full(sweeps.size, 0.3 if warm else 0.9 * (replica < 3)) + 0.001 * replica

    run = scenario_run(
        BASE.format(title="x") + '[sweep]\nreplicas = 12\n"dynamics.temperature" = [0.5, 0.6]\n',
        value,
    )
    figure = figures.curves(
        run, "camp_polarization", along="dynamics.temperature", label="y", point={}
    )
    lines = figure.axes[0].get_lines()
    [curve] = [line for line in lines if list(line.get_xdata()) == [0.5, 0.6]]
    assert list(np.isnan(curve.get_ydata())) == [True, False]
    [dots] = [line for line in lines if len(line.get_xdata()) == 12]
    assert sorted(np.round(dots.get_ydata()).tolist()) == [0.0] * 9 + [1.0] * 3


def test_marks_tell_thirty_designs_apart() -> None:
    marks = [figures.mark(index) for index in range(25)]
    assert len({(m.color, str(m.dash)) for m in marks}) == 25


def test_panels_show_medians_and_last_frames(feeds: Run) -> None:
    point = {"dynamics.temperature": 0.5}
    figure = pictures.time_courses(
        feeds, "camp_polarization", point=point, label="y (1)", burn_in=10
    )
    cell = feeds.table.query("design == 'none' and `dynamics.temperature` == 0.5")
    medians = cell.groupby("sweep")["camp_polarization"].median()
    drawn = [line for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 5]
    np.testing.assert_allclose(drawn[0].get_ydata(), medians)
    figure = pictures.final_distributions(feeds, "camp_polarization", point=point, label="y (1)")
    dots = figure.axes[0].get_lines()[1 + 2 * 11].get_xdata()  # the reference is the top row
    last = cell[cell["sweep"] == 40].sort_values("replica")["camp_polarization"]
    np.testing.assert_allclose(dots, last)


def test_the_forest_shows_the_intervals(feeds: Run) -> None:
    rows = at(feeds, "camp_polarization", {"dynamics.temperature": 0.5})
    axes = figures.forest(rows, feeds.designs, label="y (1)").axes[0]
    drawn = sorted(
        tuple(line.get_xdata()) for line in axes.get_lines() if len(line.get_xdata()) == 2
    )
    expected = sorted((row["low"], row["high"]) for _, row in rows.iloc[1:].iterrows())
    np.testing.assert_allclose([pair for pair in drawn if pair != (0, 0)], expected)
    assert "none" in axes.get_xlabel()


def test_a_drive_is_what_interventions_or_a_schedule_turned() -> None:
    run = hysteresis()
    moved = drive(run.scenario.cases()[0].settings)
    assert moved is not None
    assert moved.label == "feed strength (units of J)"
    expected = np.r_[0, [0.2] * 10, [0.4] * 10, [0.2] * 10, [0.0] * 10]
    np.testing.assert_array_equal(moved.values, expected)
    assert "while feed strength" in render(run)
    ramp = run.scenario.replace(
        {"interventions": [], "dynamics.temperature": {"kind": "ramp", "start": 1.0, "stop": 0.1}}
    )
    moved = drive(ramp.cases()[0].settings)
    assert moved is not None
    assert (moved.values[1], moved.values[-1], moved.values.size) == (1.0, 0.1, 41)
    assert drive(single().scenario.cases()[0].settings) is None


def test_plateaus_leave_out_the_settling_frames() -> None:
    values = np.repeat([0.0, 1.0, 0.0], 8)
    assert list(plateaus(values, np.arange(0, 24, 2))) == [-1, -1, 0, 0, -1, -1, 1, 1, -1, -1, 2, 2]
    ramp = np.linspace(0, 1, 5)
    assert list(plateaus(ramp, np.arange(5))) == [0, 1, 2, 3, 4]


def test_events_are_counted_over_replicas() -> None:
    text = render(hysteresis())
    assert "What acted when" in text
    assert "feed: outrage (strength = 0.4)" in text
    assert "What acted when" not in render(single())


def test_bands_of_pages_are_those_of_the_report() -> None:
    """Two states of five replicas, of which Student's band says 0.22 to 1.22."""
    ends = np.array([0.91, 0.9, 0.89, 0.0, 0.9])

    def two_states(name: str, case: Any, replica: int, sweeps: Any) -> Any:
        return np.full(sweeps.size, ends[replica])

    text = BASE.format(title="Two states") + "[sweep]\nreplicas = 5\n"
    swept = scenario_run(text + '"dynamics.temperature" = [0.5, 0.6]\n', two_states, users=34)
    point = {"dynamics.temperature": 0.6}
    mean, low, high = figures._bands([ends], "camp_polarization")[0]
    assert (low, high) == tuple(mean_interval(ends, signed=True)[1:])
    lines = [
        *run_lines.courses(swept, "camp_polarization", point=point, order=swept.designs),
        *run_lines.curves(swept, "camp_polarization", along=next(iter(point)), point=point,
                          order=swept.designs),
    ]  # fmt: skip
    assert len(lines) == 2
    for line in lines:
        for drawn, said in ((line.mean, mean), (line.low, low), (line.high, high)):
            np.testing.assert_array_equal(drawn, np.full(len(drawn), said))


def test_bands_of_pages_stay_in_the_range_of_what_they_show() -> None:
    ends = np.array([1.0, 0.98, 0.4])
    text = BASE.format(title="Ends") + "[sweep]\nreplicas = 3\n"
    run = scenario_run(text, lambda name, case, r, sweeps: np.full(sweeps.size, ends[r]), users=34)
    assert mean_interval(ends).high > 1.2
    (line,) = run_lines.courses(run, "camp_polarization", point={}, order=run.designs)
    np.testing.assert_array_equal(line.high, 1.0)
    # While a search goes on, the same.
    table = run.table.assign(T=1.0)
    landed = landed_points.points(table, "T", "camp_polarization", burn_in=0)
    np.testing.assert_array_equal(landed.high, 1.0)
    assert landed.low[0] == pytest.approx(line.low[-1])


def test_feeds_in_events_are_words() -> None:
    text = BASE.format(title="Acts").replace("sweeps = 40", "sweeps = 20")
    text += "".join(
        f'[[interventions]]\nat = {at}\nkind = "feed"\nfeed = {{ {feed} }}\n{more}'
        for at, feed, more in (
            (10, 'kind = "outrage", strength = 0.4', ""),
            (12, 'kind = "none"', ""),
            (14, 'kind = "editorial", strength = 0.2', "share = 0.5\n"),
        )
    )
    run = sp.run(Scenario.from_toml(text), workers=1)
    said = [json.loads(details)["feed"] for details in run.events["details"]]
    assert said == [
        "outrage (strength = 0.4, scope = all, weight = coupling)",
        "none",
        "editorial (strength = 0.2)",
    ]
    page = render(run)
    assert said[0] in page
    assert "Outrage(" not in page


def test_theory_of_two_camps_is_that_of_their_couplings() -> None:
    from sociophysics.theory.mean_field import camp_limits

    text = BASE.format(title="x").replace("karate", "polblogs").replace("club", "value")
    run = scenario_run(text, polarization)
    theory = theory_lines(run, {})
    # Degree-normalized couplings have the leading eigenvector sqrt(k) and eigenvalue 1, so that
    # the share of tie ends across camps, 1575 of 16714 ties, is the coupling across.
    across = 1575 / 16714
    limits = camp_limits("none", within=1 - across, across=across)
    assert theory.split["base"] == pytest.approx(limits.split, abs=2e-4)


def test_theory_is_left_out_where_there_is_none() -> None:
    run = single()
    field = run.scenario.replace({"field": {"kind": "uniform", "value": 0.1}})
    assert theory_lines(_of(run, field), {}).split == {}
    assert theory_lines(hysteresis(), {}).split == {}
    text = BASE.format(title="x").replace("karate", "polbooks").replace("club", "value")
    assert theory_lines(_of(run, Scenario.from_toml(text)), {}).split == {}  # three camps


def test_theory_without_camps_is_the_critical_temperature() -> None:
    text = """
    seed = 1
    [network]
    kind = "random_regular"
    n = 200
    degree = 3
    [couplings]
    kind = "uniform"
    [dynamics]
    temperature = 1.0
    sweeps = 4
    """
    run = scenario_run(text, polarization)
    [(name, value)] = theory_lines(run, {}).lines
    assert "cavity" in name
    assert value == pytest.approx(1.820478, abs=1e-5)


@pytest.mark.parametrize(
    ("extra", "level"),
    [
        ("replicas = 1", 0.5),
        ("replicas = 2", np.nan),
        ('replicas = 2\n"dynamics.temperature" = [0.0, inf]', 0.5),
        ('replicas = 2\n"dynamics.start" = ["up", "camps"]', 0.5),
        ('replicas = 2\n"dynamics.temperature" = [0.5, 0.7]\n"feed.strength" = [0.1, 0.2]', np.nan),
    ],
)
def test_degenerate_runs_have_a_report(extra: str, level: float) -> None:
    designs = '[[designs]]\nname = "a"\n[[designs]]\nname = "b"\nfeed = { kind = "random" }\n'
    text = BASE.format(title="x") + f"{designs}[sweep]\n{extra}\n"
    run = scenario_run(text, lambda name, case, r, sweeps: np.full(sweeps.size, level))
    parse(render(run))


def test_numbers_are_written_for_readers() -> None:
    assert html.number(-0.0001, digits=2) == "0.00"
    assert html.number(-1.5, digits=1) == f"{html.MINUS}1.5"
    assert html.number(float("inf")) == "\N{INFINITY}"
    assert html.number("<b>") == "&lt;b&gt;"
    assert html.number(3) == "3"


def test_without_camps_consensus_is_the_headline() -> None:
    run = single()
    table = run.table.rename(columns={"camp_polarization": "abs_magnetization"})
    shown = Run(table=table, manifest=run.manifest, scenario=run.scenario)
    assert headline(run) == "camp_polarization"
    assert headline(shown) == "abs_magnetization"


@pytest.mark.validate
@pytest.mark.parametrize("points", [2_500, 10_000])
def test_a_report_of_ten_thousand_points_takes_seconds(
    points: int, record_property: Callable[[str, object], None]
) -> None:
    swept = [0.5 + k / points for k in range(points)]
    one = scenario_run(BASE.format(title="x") + "[sweep]\nreplicas = 5\n", polarization)
    table = pd.concat([one.table] * points, ignore_index=True)
    table.insert(1, "dynamics.temperature", np.repeat(swept, len(one.table)))
    noise = np.random.default_rng(1).normal(size=(len(table), 2))
    table[["camp_polarization", "magnetization"]] = np.tanh(noise)
    scenario = one.scenario.replace({"sweep.dynamics.temperature": swept})
    run = Run(table=table, manifest={**one.manifest, "order": list(scenario.sweep.axes)},
              scenario=scenario)  # fmt: skip
    start = time.process_time()
    rows, page = run.compare_all(), render(run)
    seconds = time.process_time() - start
    record_property("seconds", seconds)
    assert len(rows) == 6 * points
    assert page.count("<figure") >= 4
    assert seconds < {2_500: 4, 10_000: 10}[points]


def _of(run: Run, scenario: Scenario) -> Run:
    return Run(table=run.table, manifest=run.manifest, scenario=scenario)
