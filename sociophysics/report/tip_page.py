"""The report of a search for a tipping point: one self-contained page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sociophysics.report import html, tipping_figures, wording
from sociophysics.report.figures import to_svg
from sociophysics.report.wording import definition, label

if TYPE_CHECKING:
    from sociophysics.experiments.binder import Crossing
    from sociophysics.experiments.loops import HysteresisLoop
    from sociophysics.experiments.tipping import Search
    from sociophysics.scenario import Scenario
from sociophysics.scenario.membership import of_scenario
from sociophysics.study.society_card import card_of

__all__ = ["render"]

METHOD = (
    "At every value all replicas are run. The distribution of the order parameter over replicas, "
    "read at a resolution of 0.1, is compared between the two sides of every point by total "
    "variation (0: equal, 1: disjoint). p is the larger of two chances: that values shuffled over "
    "the whole range differ as much between the two sides of any point, and that users who do not "
    "influence each other, with the same mean stances, fluctuate as much between replicas. No "
    "transition is found if p is 0.01 or more, if the largest change lies in the first or last "
    "interval, or if the change is spread over the range like an even drift. Around the largest "
    "change the grid is refined. The interval is bootstrapped over replicas and widened by half a "
    "step of the finest grid."
)
KINDS = (
    "A change is called first-order if a loop around the point keeps its area when the key is "
    "turned four times more slowly, or if replicas are in two states at the same value with "
    "hardly anything between them and go back and forth or the loop stays open; a society and its "
    "mirror image are one state. Else the same kind of society is built at two small sizes and "
    "run from random stances: it is continuous if the larger one is more ordered on one side and "
    "less on the other, and a crossover, which has no tipping point, if not. One given network "
    "has no other sizes: there the change must be steeper than independent users can show (0.448 "
    "per unit of the key's logarithm), and the point is pseudo-critical."
)
SIZE = (
    "It is the tipping point of this network, with its size, start and number of sweeps. In small "
    "societies it lies apart from that of an infinite one, which a Binder crossing of several "
    "sizes estimates; where two states are stable, it is where the first is left within the given "
    "number of sweeps."
)


def render(
    scenario: Scenario,
    found: Search,
    crossing: Crossing | None = None,
    loop: HysteresisLoop | None = None,
) -> str:
    """Return the page as text; the same search gives the same bytes."""
    title = f"Tipping points of: {scenario.title or scenario.name}"
    return html.document(
        title,
        _header(scenario, found, title),
        _answer(found, crossing, loop),
        _figures(found, crossing, loop),
        _tables(found, crossing, loop),
        html.section(
            "How it was found",
            f"<p>{METHOD}</p><p>{KINDS}</p><p>{SIZE}</p>",
            f"<p>Order parameter: {html.escape(label(found.observable))}, "
            f"{html.escape(definition(found.observable))}.</p>",
        ),
        html.section("What a simulation cannot claim", f"<p>{html.escape(wording.LIMITS[0])}</p>"),
        html.section(
            "How to repeat it",
            "<p>The scenario with every parameter, defaults filled in.</p>",
            f"<pre>{html.escape(scenario.to_toml())}</pre>",
        ),
    )


def _header(scenario: Scenario, found: Search, title: str) -> str:
    facts = {
        "along": found.along,
        "design": found.design,
        "users": found.users,
        "values": len(found.table),
        "replicas": found.replicas,
        "seed": scenario.seed,
    }
    listed = "".join(
        f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd></div>" for name, value in facts.items()
    )
    question = f'<p class="question">{html.escape(scenario.question)}</p>'
    society = html.listed("The society", _society(scenario))
    return (
        f"<header><h1>{html.escape(title)}</h1>{question}<dl class='facts'>{listed}</dl>{society}"
        "</header>"
    )


def _society(scenario: Scenario) -> list[str]:
    """Return the card of the society, as it stands at the first value, and who is where."""
    facts = card_of(scenario.cases()[0].settings).sentences()
    return [*facts, *of_scenario(scenario).sentences()]


def _number(value: Any) -> str:
    return html.number(float(value))


def _interval(value: float, low: float, high: float) -> list[str]:
    missing = math.isnan(low) or math.isnan(high)
    return [_number(value), "not determined" if missing else f"[{_number(low)}, {_number(high)}]"]


def _answer(found: Search, crossing: Crossing | None, loop: HysteresisLoop | None) -> str:
    rows = []
    if found.found:
        said = (
            f"The society tips at {html.escape(found.along)} = {_number(found.point.mean)} "
            f"[{_number(found.point.low)}, {_number(found.point.high)}]. The change is "
            f"{html.escape(found.sentence)}."
        )
        rows.append(["largest change of the distribution", *_interval(*found.point)])
    else:
        said = f"No transition found: {html.escape(found.note)}."
    if not math.isnan(found.susceptibility.mean):
        rows.append(["peak of the susceptibility", *_interval(*found.susceptibility)])
    if crossing is not None:
        what = "infinite society" if crossing.infinite else "Binder crossing"
        name = f"{what} ({html.escape(crossing.note)})"
        rows.append([name, *_interval(crossing.value, *crossing.interval)])
    if loop is not None:
        rows.append(["loop: switches on the way up", *_interval(*loop.on)])
        rows.append(["loop: switches on the way down", *_interval(*loop.off)])
        rows.append(["loop: area", *_interval(*loop.area)])
    rows += [[html.escape(each.text), _number(each.value), "theory"] for each in found.theory]
    columns = [("how", False), ("value", True), ("interval (95&nbsp;%)", True)]
    return html.section(
        "Answer",
        f"<p>{said} p of the nulls: {html.number(found.p_null, digits=3)}.</p>",
        f"<p>{html.escape(_evidence(found))}</p>",
        html.table(columns, rows) if rows else "",
    )


def _evidence(found: Search) -> str:
    """Return what the kind was judged by."""
    apart = found.independence
    said = [
        f"Mean stances fluctuate by n var(m) = {apart.peak:.3g} at most; independent users exceed "
        f"{apart.independent:.3g} in one of 100 cases."
    ]
    if found.turned is not None:
        said.append(
            f"A loop around the point has the area {found.turned.quick:.2g} of its width times "
            f"height when turned quickly, {found.turned.slow:.2g} four times more slowly."
        )
    return " ".join(said)


def _figures(found: Search, crossing: Crossing | None, loop: HysteresisLoop | None) -> str:
    theory = [(each.text, each.value) for each in found.theory]
    place = (found.point.mean, found.point.low, found.point.high)
    drawn = [
        (
            tipping_figures.transition(
                found.table,
                along=found.along,
                observable=found.observable,
                place=place,
                theory=theory,
            ),
            f"Mean {label(found.observable)} with 95 % bands over replicas, its fluctuations, and "
            "the total variation between the distributions on the two sides of each value. "
            "Orange: the tipping point and its interval. Dashed: theory. Distances of a refined "
            "grid are between closer neighbours, and therefore smaller.",
        )
    ]
    if crossing is not None:
        where = (crossing.value, *crossing.interval)
        drawn.append(
            (
                tipping_figures.crossing(
                    crossing.table, along=found.along, place=where, theory=theory
                ),
                "Binder's cumulant of every size; the curves cross at a continuous transition.",
            )
        )
    if loop is not None:
        drawn.append(
            (
                tipping_figures.loop(
                    loop.table, along=loop.along, observable=loop.observable, theory=theory
                ),
                "The same key turned up and down again in one run: where the lines differ, what "
                "happened before matters.",
            )
        )
    pictures = [
        html.figure(to_svg(figure), alt=text, caption=html.escape(text)) for figure, text in drawn
    ]
    return html.section("Figures", *pictures)


def _tables(found: Search, crossing: Crossing | None, loop: HysteresisLoop | None) -> str:
    parts = [html.details("Every value", html.frame(found.table))]
    if crossing is not None:
        parts.append(html.details("Binder cumulants", html.frame(crossing.table)))
    if loop is not None:
        parts.append(html.details("The loop", html.frame(loop.table)))
    return html.section("Tables", *parts)
