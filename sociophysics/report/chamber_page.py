"""The report of a fitted chamber: one self-contained page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import stdtrit

from sociophysics.inference.chamber.member_ranks import who_leads
from sociophysics.kinds import ESTIMATORS
from sociophysics.report import chamber_claims as claims
from sociophysics.report import chamber_figures as figures
from sociophysics.report import chamber_physics as physics
from sociophysics.report import chamber_rollcalls as rollcalls
from sociophysics.report import chamber_wording as wording
from sociophysics.report import html
from sociophysics.report.figures import to_svg
from sociophysics.study.society_card import card

if TYPE_CHECKING:
    from sociophysics.inference.chamber.workflow import ChamberFit

__all__ = ["render"]

LISTED = 10
STABLE = 0.9  # share of half samples that keep a pair whose members are named
SURE = 0.95  # probability of its sign


def render(fit: ChamberFit, name: str) -> str:
    """Return the page as text; the same fit gives the same bytes."""
    title = f"The fitted chamber {name}"
    return html.document(
        title,
        _header(fit, title),
        _answer(fit),
        _prediction(fit),
        _couplings(fit),
        _members(fit),
        rollcalls.section(fit),
        physics.section(fit),
        _notes(fit),
        _caveats(),
    )


def _header(fit: ChamberFit, title: str) -> str:
    votes = fit.votes
    facts = {
        "members": votes.n_members,
        "contested roll calls": votes.n_rollcalls,
        "votes": f"{votes.n_votes:,}",
        "polarity": votes.polarity,
        "l2": html.number(fit.couplings_fit.l2_, digits=3),
        "seed": fit.couplings_fit.seed,
    }
    listed = "".join(
        f"<div><dt>{key}</dt><dd>{html.escape(value)}</dd></div>" for key, value in facts.items()
    )
    question = (
        '<p class="question">Who votes with whom once everybody else\'s vote is known, how well '
        "does that predict, and what does a chamber with these ties do?</p>"
    )
    system = fit.couplings_fit.system_
    society = html.listed("The society", card(system, temperature=1.0).sentences())
    return (
        f"<header><h1>{html.escape(title)}</h1>{question}<dl class='facts'>{listed}</dl>{society}"
        "</header>"
    )


def _answer(fit: ChamberFit) -> str:
    lines = claims.sentences(fit.judged)
    party = fit.members["party"].to_numpy()
    large = [p for p, size in fit.members["party"].value_counts().items() if p and size >= 3]
    if len(large) >= 2:
        inside = np.isin(party, large)
        bloc = fit.members["bloc"].to_numpy()
        counts = pd.crosstab(bloc[inside], party[inside])
        agree, of = int(counts.max(axis=1).sum()), int(inside.sum())
        lines.append(
            f"Two blocs found from the couplings alone, without party labels, put {agree} of {of} "
            "members of the larger parties with their party."
        )
    lines.append(html.escape(_bridges(fit)))
    lines.append(_frustration(fit))
    return html.section("In short", *[f"<p>{line}</p>" for line in lines])


def _bridges(fit: ChamberFit) -> str:
    """Return who bridges most, by name only where the interval of ranks allows it."""
    table = fit.members
    if "bridging_rank_low" not in table:
        return (
            "A quick fit has no bootstrap, so that it cannot say who bridges most; the shares "
            "below have errors of unknown size."
        )
    names = [figures.surname(str(name)) for name in table["name"]]
    what = "has the largest share of positive coupling to other parties"
    return who_leads(names, table["bridging_rank_low"].to_numpy(), what)


def _frustration(fit: ChamberFit) -> str:
    found = fit.physics
    text = (
        f"{html.number(100 * found.frustrated, digits=0)} % of the {found.triangles:,} triangles "
        "of members are frustrated: an odd number of their three couplings is negative, so not "
        "all three can be satisfied (random signs give half)."
    )
    if found.sure_triangles:
        text += (
            f" Of the {found.sure_triangles:,} whose couplings all have a sign that is at least "
            f"95 % sure, {html.number(100 * found.sure_frustrated, digits=0)} % are."
        )
    return text


def _prediction(fit: ChamberFit) -> str:
    table = fit.evaluation
    several = "seeds" in table and int(table["seeds"].iloc[0]) > 1
    kind = {"cells": "15 % of the votes, hidden at random", "rollcalls": "the last fifth of the "
            "roll calls, each member predicted from the others"}  # fmt: skip
    intro = f"Held out: {kind[table['test'].iloc[0]]}. No model saw them, nor did its tuning."
    if several:
        intro += (
            f" Means over {int(table['seeds'].iloc[0])} draws of hidden votes, standard "
            "deviations in brackets."
        )
    shown = {"accuracy": "accuracy", "apre": "APRE", "gmp": "GMP", "brier": "Brier", "ece": "ECE",
             "auc": "AUC", "auc_within": "AUC within"}  # fmt: skip
    rows = [
        [
            f"<strong>{html.escape(row['model'])}</strong><br>"
            f"<span class='note'>{html.escape(_said_of(row['model']))}</span>",
            *[_with_sd(row[key], row.get(f"{key}_sd", float("nan"))) for key in shown],
        ]
        for row in table.to_dict("records")
    ]
    columns = [("model", False), *((text, True) for text in shown.values())]
    defined = "".join(
        f"<p class='note'><strong>{name}</strong>: {html.escape(text)}.</p>"
        for name, text in wording.SCORES
    )
    labels = {"PseudoLikelihood": "couplings", "IdealPoints": "ideal points, one dimension"}
    return html.section(
        "How well it predicts",
        f"<p>{intro}</p>",
        html.table(columns, rows),
        claims.comparison_table(fit.comparison),
        html.details("What the columns mean", defined),
        _figure(figures.calibration(fit.calibration, labels), wording.CALIBRATION),
    )


def _said_of(model: str) -> str:
    """Return what a model of the table is, for one of another's making what its class says."""
    name = model.partition("-")[0]
    words = (cls.words for cls in ESTIMATORS.values() if cls.__name__ == name)
    return wording.MODELS.get(model) or next(words, "").rstrip(".")


def _with_sd(value: float, sd: float) -> str:
    text = html.number(float(value), digits=3)
    if np.isnan(sd):
        return text
    return f"{text}<br><span class='note'>({html.number(float(sd), digits=3)})</span>"


def _couplings(fit: ChamberFit) -> str:
    coupling = fit.couplings_fit.coupling_
    parts = [
        _figure(
            figures.matrix(coupling, fit.members),
            "Couplings of the fit that predicts. Members by bloc (black lines) and, within, by "
            "ideal point; orange agreement, purple opposition once all others are known.",
        ),
        _figure(
            figures.network(coupling, fit.members),
            "The strongest couplings: two per member above 0 (gray), fewer below 0 (purple, "
            "dashed). Members who pull together stand together; named are all of a small chamber, "
            "else those who may bridge most, where these are few.",
        ),
    ]
    table = fit.couplings
    other, positive = table["across"], table["coupling"] > 0
    if (table["party_i"] != "").any():
        parts.append(_strongest(fit, table[other & positive], "Strongest ties across parties"))
        against = table[~other & (table["coupling"] < 0)]
        parts.append(_strongest(fit, against, "Strongest opposition within a party"))
    else:
        parts.append(_strongest(fit, table, "Strongest couplings"))
    if fit.errors is None:
        parts.append("<p class='note'>A quick fit has no standard errors.</p>")
    else:
        parts.append(
            f"<p class='note'>Intervals (95 %) and sign probabilities: "
            f"{html.escape(fit.errors.note)}. Stability: share of half samples in which an "
            "l1-penalized fit keeps the pair.</p>"
        )
    parts.append(_by_rollcalls(fit))
    return html.section("Who goes with whom", *parts)


def _by_rollcalls(fit: ChamberFit) -> str:
    """Return what sums over couplings are with fewer roll calls, where this was computed."""
    if not len(fit.by_rollcalls):
        return ""
    names = {name: name.replace("_", " ") for name in fit.by_rollcalls}
    return (
        "<h3>Sums over couplings depend on the number of roll calls</h3>"
        + html.frame(fit.by_rollcalls, names=names, digits=3)
        + "<p class='note'>The same chamber with all, half and a quarter of its roll calls (means "
        "of five random choices, the same penalty). Compare chambers only at the same number, as "
        "sociophysics fit does with several files.</p>"
    )


def _strongest(fit: ChamberFit, rows: pd.DataFrame, title: str) -> str:
    """Return the pairs that half samples keep, strongest first, and whether the first is alone.

    A quick fit has no errors, and names nobody.
    """
    if not len(rows) or fit.errors is None or not fit.draws:
        return ""
    sure = (rows["stability"] >= STABLE) & (rows["sign_probability"] >= SURE)
    if not sure.any():
        return (
            f"<h3>{title}</h3><p>None of {len(rows):,} pairs is named: no half-sample stability of "
            f"{STABLE} comes with a sign that is {SURE:.0%} sure.</p>"
        )
    place = {member: k for k, member in enumerate(fit.votes.members["id"])}
    i, j = (rows[key].map(place).to_numpy() for key in ("id_i", "id_j"))
    drawn = np.abs(fit.draws["pseudolikelihood"][0][:, i, j])
    value = rows["coupling"].abs().to_numpy()
    gap = value[0] - value
    spread = (drawn[:, [0]] - drawn).std(axis=0, ddof=1)
    freedom = len(drawn) - 1
    alike = int((gap <= float(stdtrit(freedom, 1 - 0.025 / len(rows))) * spread).sum())
    told = (
        "The first stands apart from all others."
        if alike == 1
        else f"The strongest cannot be told apart from {alike - 1:,} others."
    )
    return (
        f"<h3>{title}</h3><p>{int(sure.sum()):,} of {len(rows):,} pairs are kept in nine of ten "
        f"half samples with a sign that is {SURE:.0%} sure. {told}</p>"
        + _pairs(rows[sure].head(LISTED))
    )


def _pairs(rows: pd.DataFrame) -> str:
    columns = [("members", False)]
    sure = bool(rows["low"].notna().any())
    if sure:
        columns += [("stability", True), ("sign probability", True)]
    columns.append(("coupling", True))
    if sure:
        columns.append(("95&nbsp;% interval of the refit", True))
    cells = []
    for row in rows.to_dict("records"):
        names = f"{html.escape(row['name_i'])}, {html.escape(row['name_j'])}"
        coupling = html.number(row["coupling"], digits=3, signed=True)
        if not sure:
            cells.append([names, coupling])
            continue
        low, high = (html.number(row[bound], digits=2) for bound in ("low", "high"))
        kept, sign = (html.number(row[key], digits=2) for key in ("stability", "sign_probability"))
        cells.append([names, kept, sign, coupling, f"[{low}, {high}]"])
    return html.table(columns, cells)


def _members(fit: ChamberFit) -> str:
    table = fit.members
    parts = [
        _figure(
            figures.members(table),
            "One dimension against what couplings say: the pull of a member's own field, or, "
            "without fields, how strongly the member is tied to others at all.",
        )
    ]
    known = fit.validity
    if len(known):
        whole = known.iloc[0]
        caption = (
            f"Ideal points against DW-NOMINATE for {whole['members']} members: correlation "
            f"{html.number(float(whole['correlation']), digits=3)} (the sign of both scales is a "
            "convention)."
        )
        parts += [_figure(figures.nominate(table), caption), html.frame(known, digits=3)]
        parts.append(
            "<p class='note'>Two parties far apart make any scale correlate; the correlation "
            "within a party says whether its members are in the same order.</p>"
        )
    if (table["party"] != "").any():
        parts += ["<h3>Blocs and parties</h3>", _blocs(table)]
    parts += [
        "<h3>Who bridges</h3>",
        _ranked(table, "bridging", ["dissent", "strength", "ideal_point"]),
        "<p class='note'>Bridging: share of positive coupling that goes to other parties. "
        "Dissent: share of votes against the majority of the own party.</p>",
        html.details(f"All {len(table)} members", html.frame(table, digits=3)),
    ]
    return html.section("The members", *parts)


def _ranked(table: pd.DataFrame, key: str, more: list[str]) -> str:
    """Return those who may be first by a measure, with intervals of their ranks."""
    low = f"{key}_rank_low"
    if low not in table:
        return (
            "<p>A quick fit has no bootstrap and hence no intervals of ranks: nobody is named. All "
            "values are in the table of members.</p>"
        )
    first = table[table[low] == 1].sort_values(key, ascending=False, kind="stable")
    names = [figures.surname(str(name)) for name in table["name"]]
    sentence = who_leads(names, table[low].to_numpy(), "comes first")
    text = f"<p>{html.escape(sentence)}</p>"
    if len(first) > LISTED:
        return text
    shown = table.sort_values(key, ascending=False, kind="stable").head(LISTED)
    ranks = [f"{key}_rank_low", f"{key}_rank_high"]
    columns = ["name", "party", key, *ranks, *(name for name in more if name in table)]
    labels = {ranks[0]: "rank from", ranks[1]: "to"}
    return text + html.frame(shown[columns], names=labels, digits=3)


def _blocs(table: pd.DataFrame) -> str:
    counts = pd.crosstab(
        table["party"].replace("", "no party"), table["bloc"].map("bloc {}".format)
    )
    return html.frame(counts.reset_index()) + (
        "<p class='note'>Blocs: the division into two of largest signed modularity of the "
        "couplings, found without party labels.</p>"
    )


def _figure(figure: Figure, caption: str) -> str:
    return html.figure(to_svg(figure), alt=caption, caption=html.escape(caption))


def _notes(fit: ChamberFit) -> str:
    notes = [wording.CODINGS[fit.votes.polarity], *fit.votes.notes]
    listed = "".join(f"<li>{html.escape(_sentence(note))}</li>" for note in notes)
    chosen: Any = fit.couplings_fit.validation_
    table = "" if chosen.empty else html.details("How l2 was chosen", html.frame(chosen))
    return html.section("The votes and what was left out", f"<ul>{listed}</ul>", table)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text[:1].upper()}{text[1:]}."


def _caveats() -> str:
    return html.section(
        "What a fit cannot claim",
        *[
            f"<p><strong>{html.escape(head)}</strong> {html.escape(text)}</p>"
            for head, text in wording.CAVEATS
        ],
    )
