"""The report of a trial: one self-contained page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackError, eigsh

from sociophysics.experiments.compatible_values import answer as said_of
from sociophysics.experiments.compatible_values import ranges
from sociophysics.report import html, wording
from sociophysics.report.figures import key_label, to_svg
from sociophysics.report.marks import INK, MUTED, WIDTH, Named, mark, name_ends, settings
from sociophysics.scenario.membership import of_scenario
from sociophysics.scenario.trial_table import OUTCOMES
from sociophysics.study.society_card import card_of
from sociophysics.words import measured

if TYPE_CHECKING:
    from sociophysics.experiments.field_trial import Trial
    from sociophysics.scenario import Scenario

__all__ = ["render"]

DEFINITIONS = (
    "Each society is its own control: every run is compared, user by user, with the same society "
    "in which nobody is treated. <em>Direct</em>: change of the treated minus change of the "
    "controls. <em>Indirect</em>: change of the controls. <em>Overall</em>: change of all. "
    "<em>Total</em>: change when everybody is treated (the global average treatment effect; "
    "Hudgens and Halloran call total what is direct plus indirect here). <em>Multiplier</em>: "
    "total over the direct effect on a single user, which is extrapolated from the shares; not "
    "determined where that direct effect is not told from 0 (Fieller)."
)
STATISTICIAN = (
    "What one trial's own statistician gets, who sees one society and one treated set: value, bias "
    "against the true total, how often the own 95 % interval holds it, power, and the smallest "
    "effect that is found in four of five trials. Users who have no chance of an exposure are left "
    "out by the Hajek estimator and not counted among its users. None of these is unbiased where "
    "users influence each other beyond their neighbours, least of all near a transition."
)
TIES_DRAWN = 1500
SHORT = {  # of outcomes, on axes
    "stance": "stance",
    "own_side": "stance on the own side",
    "exposure_out_group": "share shown from another camp",
    "exposure_own_camp": "share shown from the own camp",
    "exposure_no_camp": "share shown from no camp",
    "exposure_agreement": "share shown that agrees",
}


def render(scenario: Scenario, found: Trial) -> str:
    """Return the page as text; the same trial gives the same bytes."""
    title = f"Trial: {scenario.title or scenario.name}"
    return html.document(
        title,
        _header(scenario, found, title),
        _answer(found),
        html.section("Figures", *_figures(found)),
        html.section(
            "What the trial's own statistician would get",
            f"<p>{STATISTICIAN}</p>",
            *_estimators(found),
        ),
        _after(found),
        html.section("What the words mean", f"<p>{DEFINITIONS}</p>"),
        html.section(
            "Tables",
            html.details("Effects", html.frame(found.effects)),
            *([html.details("Inversion", html.frame(found.inversion))]
              if found.inversion is not None else []),
        ),
        html.section("What a simulation cannot claim", f"<p>{html.escape(wording.LIMITS[0])}</p>"),
        html.section(
            "How to repeat it",
            "<p>The scenario with every parameter, defaults filled in.</p>",
            f"<pre>{html.escape(scenario.to_toml())}</pre>",
        ),
    )  # fmt: skip


def _header(scenario: Scenario, found: Trial, title: str) -> str:
    facts = {"users": found.users, "societies": found.replicas, "seed": scenario.seed}
    listed = "".join(
        f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd></div>" for name, value in facts.items()
    )
    question = f'<p class="question">{html.escape(scenario.question)}</p>'
    facts_of = card_of(scenario.cases()[0].settings).sentences()
    counted = [
        f"{name}: {count:,} of {found.users:,} users have it and count"
        for name, count in found.counted.items() if count < found.users
    ]  # fmt: skip
    society = html.listed(
        "The society",
        [*facts_of, *of_scenario(scenario).sentences(), *counted, *filter(None, [found.drawn])],
    )
    return (
        f"<header><h1>{html.escape(title)}</h1>{question}<dl class='facts'>{listed}</dl>{society}"
        "</header>"
    )


def _interval(row: pd.Series, unit: str = "") -> str:
    value, low, high = (float(row[f"{name}{unit}"]) for name in ("value", "low", "high"))
    return measured(value, low, high)


def _answer(found: Trial) -> str:
    parts = []
    if found.inversion is not None and found.published is not None:
        parts.append(f"<p>{html.escape(said_of(found.inversion, found.published))}</p>")
    for name in found.outcomes:
        own = found.effects[found.effects["outcome"] == name].set_index(["estimand", "share"])
        few = found.shares[0]
        direct, total = own.loc[("direct", few)], own.loc[("total", 1.0)]
        ratio = _interval(own.loc[("multiplier", 1.0)])
        parts.append(
            f"<p>{html.escape(OUTCOMES[name][:1].upper() + OUTCOMES[name][1:])}: where "
            f"{100 * few:g} % are treated, the treated move by {_interval(direct)} more than the "
            f"controls ({_interval(direct, '_sd')} SD); where everybody is, the mean moves by "
            f"{_interval(total)} ({_interval(total, '_sd')} SD). Multiplier: {ratio}.</p>"
        )
    return html.section("Answer", *parts)


def _estimators(found: Trial) -> list[str]:
    """Return a table per outcome, so that none is wider than the page."""
    tables = []
    for name in found.outcomes:
        own = found.estimators[found.estimators["outcome"] == name].drop(columns="outcome")
        tables.append(f"<p>{html.escape(OUTCOMES[name][:1].upper() + OUTCOMES[name][1:])}:</p>")
        tables.append(html.frame(own))
    return tables


def _group(estimand: str, share: float) -> str:
    """Return what a row of effects is called: D(0+) is one user's, the total everybody's."""
    who = {0.0: "one user", 1.0: "everybody"}.get(share, f"{100 * share:g} %")
    return f"{estimand}, {who}"


def _figures(found: Trial) -> list[str]:
    drawn: list[tuple[Figure, str]] = []
    for name in found.outcomes:
        said = OUTCOMES[name]
        drawn.append(
            (_against_share(found, name), f"Effects on the {said}, against the share treated: bars "
             "are 95 % intervals over societies; the total stands at share 1.")
        )  # fmt: skip
        drawn.append(
            (
                _distributions(found, name),
                f"Effects on the {said} in each society.",
            )
        )
    drawn.append(
        (
            _network(found),
            "The first society, a color for each camp; treated users of the largest share filled.",
        )
    )
    if found.inversion is not None and found.published is not None:
        drawn.append(
            (_inversion(found), "Direct effect and total along the key, in SD of untreated users; "
             "the level band is the published 95 % interval, the upright one what goes with it.")
        )  # fmt: skip
    if found.after is not None:
        drawn.append(
            (_course(found), "Difference from the untreated society along time, mean over "
             "societies.")
        )  # fmt: skip
    return [
        html.figure(to_svg(figure), alt=text, caption=html.escape(text)) for figure, text in drawn
    ]


def _against_share(found: Trial, name: str) -> Figure:
    rows = found.effects[found.effects["outcome"] == name]
    ends: list[Named] = []
    with settings():
        figure = Figure(figsize=(WIDTH, 3.6))
        axes = figure.subplots()
        figure.subplots_adjust(0.12, 0.14, 0.79, 0.97)
        for k, estimand in enumerate(("direct", "indirect", "overall", "total")):
            own, style = rows[rows["estimand"] == estimand], mark(k)
            x, y = own["share"].to_numpy(float), own["value"].to_numpy(float)
            low, high = own["low"].to_numpy(float), own["high"].to_numpy(float)
            order = np.argsort(x)
            axes.plot(x[order], y[order], color=style.color, marker=style.marker, ms=4)
            axes.vlines(x, low, high, color=style.color, lw=1)
            ends += [Named(style, estimand, float(y[order][-1]))] if len(y) else []
        axes.axhline(0.0, color=MUTED, lw=0.8)
        axes.set_xlabel("share treated")
        axes.set_ylabel(f"effect on {SHORT[name]}")
        _name_ends(axes, ends, height=3.6)
    return figure


def _distributions(found: Trial, name: str) -> Figure:
    rows = found.table[found.table["outcome"] == name]
    groups = list(rows.groupby(["estimand", "share"], sort=False))
    with settings():
        figure = Figure(figsize=(WIDTH, 0.32 * len(groups) + 0.8))
        axes = figure.subplots()
        figure.subplots_adjust(0.22, 0.5 / (0.32 * len(groups) + 0.8), 0.985, 0.97)
        for k, (_, own) in enumerate(groups):
            style = mark(0)
            axes.plot(own["value"], np.full(len(own), k), ls="", marker="|", ms=9,
                      color=style.color)  # fmt: skip
        axes.set_yticks(range(len(groups)), [_group(*name) for name, _ in groups])
        axes.invert_yaxis()
        axes.axvline(0.0, color=MUTED, lw=0.8)
        axes.set_xlabel(f"effect on {SHORT[name]}")
    return figure


def _name_ends(axes: Axes, ends: list[Named], *, height: float) -> None:
    """Write the names of curves beside their ends, in a figure of this height in inches."""
    axes.set_xlim(*axes.get_xlim())
    axes.set_ylim(*axes.get_ylim())
    known = [each for each in ends if math.isfinite(each.end)]
    name_ends(axes, sorted(known, key=lambda each: -each.end), height=0.83 * height)


def _places(J: Any, n: int) -> NDArray[np.float64]:
    """Return where users stand, (n, 2): ranks in the two leading modes of the ties."""
    degree = np.maximum(np.asarray(abs(J).sum(axis=1)).ravel(), 1e-12)
    scale = sparse.diags_array(1 / np.sqrt(degree))
    even = scale @ (abs(J) + abs(J).T) @ scale
    try:
        modes = eigsh(even, k=3, v0=np.linspace(1.0, 2.0, n), tol=1e-6)[1][:, [1, 0]]
    except (ArpackError, ValueError, TypeError):  # too small, or without any tie
        modes = np.random.default_rng(0).random((n, 2))
    modes = modes * np.sign(modes[np.abs(modes).argmax(axis=0), [0, 1]])
    order = np.argsort(modes.round(9), axis=0, kind="stable")
    ranks: NDArray[np.float64] = np.argsort(order, axis=0) / max(n - 1, 1)
    return ranks


def _network(found: Trial) -> Figure:
    system, marks = found.system, found.marks[-1]
    places = _places(system.J, system.n)
    ties = system.J.tocoo()
    step = max(1, ties.nnz // TIES_DRAWN)
    ends = places[np.stack([ties.row[::step], ties.col[::step]])]
    side = np.zeros(system.n, int) if found.camps is None else np.maximum(found.camps, -1) + 1
    with settings():
        figure = Figure(figsize=(WIDTH, 4.2))
        axes = figure.subplots()
        figure.subplots_adjust(0.02, 0.02, 0.98, 0.98)
        axes.plot(ends[..., 0], ends[..., 1], color=MUTED, lw=0.3, alpha=0.3, rasterized=True)
        for k in np.unique(side):
            own, style = side == k, mark(int(k))
            for filled in (False, True):
                chosen = own & (marks == filled)
                axes.plot(*places[chosen].T, ls="", marker="o", ms=3, mew=0.6, mec=style.color,
                          mfc=style.color if filled else "white")  # fmt: skip
        axes.set_axis_off()
    return figure


def _inversion(found: Trial) -> Figure:
    table = found.inversion
    assert table is not None
    assert found.published is not None
    d, error = found.published
    ends: list[Named] = []
    with settings():
        figure = Figure(figsize=(WIDTH, 3.6))
        axes = figure.subplots()
        figure.subplots_adjust(0.12, 0.14, 0.79, 0.97)
        axes.axhspan(d - 1.96 * error, d + 1.96 * error, color=INK, alpha=0.1, lw=0)
        for each in ranges(table, found.published):
            axes.axvspan(each.low, each.high, color=INK, alpha=0.06, lw=0)
        for k, (column, text) in enumerate((("d", "direct"), ("total", "total"))):
            style = mark(k)
            axes.plot(table["key"], table[column], color=style.color, marker=style.marker, ms=4)
            ends.append(Named(style, text, float(table[column].iloc[-1])))
            axes.vlines(table["key"], table[f"{column}_low"], table[f"{column}_high"],
                        color=style.color, lw=1)  # fmt: skip
        axes.set_xlabel(key_label(found.along))
        axes.set_ylabel("effect (SD)")
        _name_ends(axes, ends, height=3.6)
    return figure


def _course(found: Trial) -> Figure:
    series, name = found.series, found.outcomes[0]
    own = series[series["outcome"] == name].pivot(index="sweep", columns="share", values="all")
    ends: list[Named] = []
    with settings():
        figure = Figure(figsize=(WIDTH, 3.2))
        axes = figure.subplots()
        figure.subplots_adjust(0.12, 0.15, 0.79, 0.97)
        for k, share in enumerate([each for each in own.columns if each > 0]):
            style = mark(k)
            course = own[share] - own[0.0]
            axes.plot(own.index, course, color=style.color)
            ends.append(Named(style, f"{100 * share:g} % treated", float(course.iloc[-1])))
        axes.axhline(0.0, color=MUTED, lw=0.8)
        axes.set_xlabel("sweep")
        axes.set_ylabel(f"overall effect on {SHORT[name]}")
        _name_ends(axes, ends, height=3.2)
    return figure


def _after(found: Trial) -> str:
    if found.after is None:
        return ""
    text = (
        "<p>Overall effect at the end of the treatment, what remains of it at the end of the run, "
        "and the sweeps in which it has come and gone by half.</p>"
    )
    return html.section("What remains", text, html.frame(found.after))
