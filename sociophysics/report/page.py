"""The report of a run: one self-contained page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.arguments import asks
from sociophysics.report import html, pictures, wording
from sociophysics.report.wording import Theory, definition, label, theory_lines, unit
from sociophysics.scenario.membership import of_manifest
from sociophysics.society.coupling_kinds import Fitted
from sociophysics.study.results import Run, at, fewest, headline, melting_or_none, outcome
from sociophysics.study.results.summary import (
    difference_text,
    interval_text,
    mean_text,
    size_texts,
    unit_heading,
    unseen_text,
    with_intervals,
)
from sociophysics.study.society_card import from_manifest

__all__ = [
    "answer",
    "render",
    "write_report",
]

Column = tuple[str, bool]
# Beyond this many rows a table is for a program to read: comparison.csv has them all.
ANSWER_ROWS = 200
MOST_COLUMNS = 12
MOST_WINDOWS = 4  # more are rows of their own, not columns


def answer(run: Run, observable: str, point: dict[str, Any], theory: Theory) -> str:
    """Return the table of designs at the declared point, and the table of all other points."""
    rows = at(run, observable, point)
    windows = run.windows(point)
    place = f" at {html.where(point)}, the values in the file's own tables" if point else ""
    alone = f"; {html.escape(windows[0].name)}" if len(windows) == 1 and windows[0].name else ""
    reference = " The reference is the first row." if len(run.designs) > 1 else ""
    lead = f"<p>{_capital(label(observable))}{place}{alone}.{reference}</p>"
    melting = melting_or_none(run)
    if len(run.designs) > 1 and len(windows) <= MOST_WINDOWS:
        shown = _designs(run, rows, melting, theory)
    else:
        shown = _windows(run, rows)
    lines = "".join(
        f"<p>{html.escape(_capital(text))}: {value:.4g}.</p>" for text, value in theory.lines
    )
    unseen = f"Intervals hold what was seen: {unseen_text(fewest(run))}."
    note = f"{wording.READING} {unseen} {_window_note(rows)} {_melting_note(melting, theory)}"
    return html.section(
        "Answer",
        lead,
        shown,
        _melted(run, melting, theory),
        lines if len(run.designs) == 1 else "",
        _elsewhere(run, observable),
        f'<p class="note">{note}</p>',
    )


def _designs(run: Run, rows: pd.DataFrame, melting: pd.DataFrame | None, theory: Theory) -> str:
    last = outcome(rows)
    first = last["design"] == run.designs[0]
    ordered = pd.concat([last[first], last[~first].sort_values("mean", ascending=False)])
    names = [name or "mean [95&nbsp;%]" for name in rows["window"].fillna("").drop_duplicates()]
    units = last["unit"].dropna()
    sized = [len(units) > 0, bool(last["effect"].notna().any())]
    sizes = [unit_heading(units.iloc[0]) if sized[0] else "", "sd of users"]
    columns: list[Column] = [
        ("design", False),
        *((name, True) for name in names),
        ("difference [95&nbsp;%]", True),
        *((html.escape(name), True) for name, there in zip(sizes, sized, strict=True) if there),
        *_melting_columns(melting, theory),
    ]
    reference = ordered.iloc[0].to_dict()
    body = []
    for row in ordered.to_dict("records"):
        own = rows[rows["design"] == row["design"]].to_dict("records")
        alone = row["design"] == run.designs[0]
        texts = size_texts(row, reference)
        body.append(
            [html.escape(row["design"]), *(_text(mean_text(each, 2)) for each in own)]
            + ["reference" if alone else _text(difference_text(row, reference, 2))]
            + [_text(text) for text, there in zip(texts, sized, strict=True) if there]
            + _melting_cells(melting, theory, row["design"], run.declared)
        )
    return html.table(columns, body, reference=html.escape(run.designs[0]))


def _windows(run: Run, rows: pd.DataFrame) -> str:
    several = len(run.designs) > 1
    named = bool(rows["window"].notna().any())
    columns: list[Column] = [("design", False)] if several else []
    columns += [("window", False)] if named else []
    columns += [("sweeps", True), ("replicas", True), ("mean [95&nbsp;%]", True), ("sd", True)]
    body = []
    for row in rows.head(ANSWER_ROWS).to_dict("records"):
        cells = [html.escape(row["design"])] if several else []
        cells += [html.escape(row["window"])] if named else []
        until = "the end" if np.isnan(row["to"]) else f"{row['to']:.0f}"
        cells += [f"{row['from']} to {until}", str(row["replicas"])]
        body.append([*cells, _text(mean_text(row)), html.number(row["sd"], digits=3)])
    return html.table(columns, body)


def _elsewhere(run: Run, observable: str) -> str:
    """Return the outcome at every swept point: designs by values, or one row per point."""
    if len(run.grid.points) < 2:
        return ""
    rows = outcome(run.compare(observable))
    key = run.swept[0]
    values = list(rows[key].drop_duplicates())
    if len(run.designs) > 1 and len(values) <= MOST_COLUMNS:
        table = _matrix(run, rows, key, values)
    else:
        table = _list(run, observable, rows)
    more = "" if len(rows) <= ANSWER_ROWS else " Left out here: comparison.csv has all of them."
    return f"<h3>At every swept point</h3><p>{_capital(label(observable))}.{more}</p>{table}"


def _matrix(run: Run, rows: pd.DataFrame, key: str, values: list[Any]) -> str:
    others = run.swept[1:]
    columns: list[Column] = [("design", False), *((html.escape(each), True) for each in others)]
    columns += [(html.number(value), True) for value in values]
    body = []
    for name, group in rows.groupby(["design", *others], sort=False):
        cells = {row[key]: row for row in group.to_dict("records")}
        fixed = [html.escape(name[0]), *(html.number(each) for each in name[1:])]
        means = [_text(mean_text(cells[v], 2, short=True)) if v in cells else "" for v in values]
        body.append([*fixed, *means])
    head = f'<p class="note">Columns: {html.escape(key)}.</p>'
    return head + html.table(columns, body[:ANSWER_ROWS])


def _list(run: Run, observable: str, rows: pd.DataFrame) -> str:
    several = len(run.designs) > 1
    columns: list[Column] = [("design", False)] if several else []
    columns += [(html.escape(key), False) for key in run.swept]
    columns += [("replicas", True), ("mean [95&nbsp;%]", True), ("sd", True)]
    body = []
    for row in with_intervals(run, observable, rows.head(ANSWER_ROWS)).to_dict("records"):
        body.append(
            ([html.escape(row["design"])] if several else [])
            + [html.number(row[key]) for key in run.swept]
            + [str(row["replicas"]), _text(mean_text(row))]
            + [html.number(row["sd"], digits=3)]
        )
    return html.table(columns, body)


def _text(text: str) -> str:
    """Return the words of a cell as HTML, with a true minus."""
    dash = html.DASH if text == "-" else text
    return html.escape(dash).replace("-", html.MINUS)


def _melted(run: Run, melting: pd.DataFrame | None, theory: Theory) -> str:
    if melting is None or len(run.designs) > 1 or len(run.swept) > 1:
        return ""
    cell = _melting_cells(melting, theory._replace(split={}), run.designs[0], {})[0]
    return f"<p>The camps melt at T: {cell}.</p>"


def _melting_columns(melting: pd.DataFrame | None, theory: Theory) -> list[Column]:
    if melting is None:
        return []
    own = [("mean field&nbsp;T<sub>s</sub>", True)] if theory.split else []
    return [("camps melt at&nbsp;T", True), *own]


def _melting_cells(
    melting: pd.DataFrame | None, theory: Theory, design: str, point: Mapping[str, Any]
) -> list[str]:
    if melting is None:
        return []
    rows = melting[melting["design"] == design]
    for key in set(point) & set(rows.columns):
        rows = rows[rows[key] == point[key]]
    row = rows.iloc[0].to_dict()
    if np.isnan(row["temperature"]):
        cell = html.escape(row["note"])
    else:
        cell = _text(interval_text(row["temperature"], row["low"], row["high"]))
        cell += f" ({html.escape(row['note'])})" if row["note"] else ""
    split = theory.split
    return [cell, html.number(split.get(design, np.nan), digits=2)] if split else [cell]


def _window_note(rows: pd.DataFrame) -> str:
    return wording.WINDOWS if rows["window"].nunique() > 1 else ""


def _melting_note(melting: pd.DataFrame | None, theory: Theory) -> str:
    if melting is None:
        return ""
    text = (
        "<em>Camps melt</em> at the first swept temperature at which camp polarization falls "
        "through half its largest mean, interpolated, with the swept values between which it "
        "clearly does (95 %); "
        "&ldquo;never held apart&rdquo; means that no mean along the sweep exceeded what "
        "fair coins show in so many users (three standard deviations)."
    )
    if theory.split:
        text += (
            " <em>Mean field T<sub>s</sub></em> is the temperature up to which two equal, fully "
            "mixed camps with this network's mean couplings stay apart; networks with few ties "
            "per user usually lie below it."
        )
    return text


def _capital(text: str) -> str:
    return html.escape(text[0].upper() + text[1:])


# Beyond this many rows a table is for a program to read: comparison.csv has them all.
MOST_ROWS = 1500


@asks
def write_report(run: Run, path: str | Path) -> Path:
    """Write a run's report as one HTML file that needs no other file and no network.

    The file appears whole or not at all: it is written under a temporary name and renamed.

    Parameters
    ----------
    run : Run
    path : path

    Returns
    -------
    Path

    Raises
    ------
    OSError
        The file cannot be written; an older report stays as it was.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import sociophysics as sp
    >>> scenario = sp.Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 6}
    ... couplings = {kind = "uniform", value = 0.1}
    ... dynamics = {temperature = 1.0, sweeps = 4}
    ... observe = {every = 2, names = ["magnetization"]}
    ... ''')
    >>> with TemporaryDirectory() as folder:
    ...     path = write_report(sp.run(scenario, workers=1), Path(folder) / "report.html")
    ...     path.read_text().lower().count("</html>")
    1
    """
    return html.save(render(run), path)


@asks
def render(run: Run) -> str:
    """Return the page as text; the same run gives the same bytes."""
    observable = headline(run)
    point = run.declared
    theory = theory_lines(run, point)
    title = run.scenario.title or "A run of sociophysics"
    return html.document(
        title,
        _header(run, title),
        _claims(run),
        answer(run, observable, point, theory),
        pictures.section(run, observable, point, theory),
        pictures.others(run, observable, point),
        _tables(run),
        _measured(run),
        _limits(run),
        _events(run),
        _scenario(run),
    )


def _header(run: Run, title: str) -> str:
    designs, points, replicas = run.grid.shape
    frames = run.table["sweep"].nunique()
    facts = {
        "users": run.manifest.get("users", html.DASH),
        "designs": designs,
        "swept points": points,
        "replicas": replicas,
        "recorded frames": frames,
        "sweeps": int(run.table["sweep"].max()),
        "seed": run.scenario.seed,
    }
    listed = "".join(
        f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd></div>" for name, value in facts.items()
    )
    question = f'<p class="question">{html.escape(run.scenario.question)}</p>'
    card = from_manifest(run.manifest)
    sentences = [*(card.sentences() if card else []), *of_manifest(run.manifest).sentences()]
    said = html.listed("The society", sentences)
    return (
        f"<header><h1>{html.escape(title)}</h1>{question}<dl class='facts'>{listed}</dl>{said}"
        "</header>"
    )


def _claims(run: Run) -> str:
    if not run.scenario.claims:
        return ""
    rows = [
        [
            html.escape(each["text"]),
            f"<strong>{html.escape(each['verdict'])}</strong>",
            html.number(each["number"], digits=3),
            f"[{html.number(each['low'], digits=3)}, {html.number(each['high'], digits=3)}]",
            html.escape(f"{each['relation']} {each['bound']}"),
        ]
        for each in run.claims.to_dict("records")
    ]
    columns: list[Column] = [
        ("claim", False), ("verdict", False), ("difference", True), ("95&nbsp;%", True),
        ("compared", False),
    ]  # fmt: skip
    note = (
        '<p class="note">Stated in the scenario before the first part was computed; the '
        "difference is that of the means over the window, paired over replicas.</p>"
    )
    return html.section("Claims", html.table(columns, rows), note)


def _tables(run: Run) -> str:
    comparison = run.compare_all()
    parts = []
    if len(comparison) <= MOST_ROWS:
        parts.append(
            html.details(f"Every comparison ({len(comparison)} rows)", html.frame(comparison))
        )
    else:
        parts.append(
            f"<p>The comparison has {len(comparison)} rows; comparison.csv holds them all.</p>"
        )
    series = run.series_statistics()
    if 0 < len(series) <= MOST_ROWS:
        parts.append(html.details("Statistics of the magnetization's series", html.frame(series)))
    melting = melting_or_none(run)
    if melting is not None and len(run.swept) > 1:
        parts.append(html.details("Melting temperatures at every swept point", html.frame(melting)))
    return html.section("Tables", *parts)


def _measured(run: Run) -> str:
    rows = [
        [html.escape(label(name)), html.escape(definition(name)), html.escape(unit(name))]
        for name in (*run.observables, *run.statistics)
    ]
    columns = [("observable", False), ("definition", False), ("unit", False)]
    return html.section("What was measured", html.table(columns, rows))


def _limits(run: Run) -> str:
    fitted = [
        case.settings.couplings
        for case in run.cases(run.declared)
        if isinstance(case.settings.couplings, Fitted)
    ]
    texts = [*([wording.FITTED] if fitted else []), *wording.LIMITS]
    if any(table.estimator == "pseudolikelihood" for table in fitted):
        texts.insert(1, wording.OVER_ORDERED)
    paragraphs = [f"<p>{html.escape(text)}</p>" for text in texts]
    references = "".join(f"<li>{html.escape(text)}</li>" for text in wording.REFERENCES)
    return html.section(
        "What a simulation cannot claim",
        *[text.replace(" -0.03", f" {html.MINUS}0.03") for text in paragraphs],
        f'<ol class="references">{references}</ol>',
    )


def _events(run: Run) -> str:
    if run.events.empty:
        return ""
    keys = [column for column in run.events.columns if column not in ("replica", *run.swept)]
    follows = run.events["event"] == "follow"
    acts = run.events[~follows]
    # A design, too, may have a name that looks like details.
    events = acts[keys].assign(details=[_readable(text) for text in acts["details"]])
    counted = events.groupby(keys, sort=False, dropna=False).size()
    table = counted.rename("times").reset_index()
    note = "" if len(table) <= MOST_ROWS else f"<p>The first {MOST_ROWS} of {len(table)}.</p>"
    shown = html.frame(table.head(MOST_ROWS)) if len(table) else ""
    return html.section("What acted when", note, shown, *_follows(run, run.events[follows]))


def _follows(run: Run, moves: pd.DataFrame) -> list[str]:
    """Return a sentence per design on the ties that moved; `events.parquet` names each of them."""
    moved = moves.assign(moved=[json.loads(text)["moved"] for text in moves["details"]])
    sentences = []
    for design, own in moved.groupby("design", sort=False):
        each = own.groupby(["replica", *run.swept], dropna=False)["moved"].sum()
        first, last = int(own["sweep"].min()), int(own["sweep"].max())
        sentences.append(
            f"<p>{html.escape(str(design))}: {each.mean():,.0f} ties moved per replica, in the "
            f"sweeps {first} to {last}; events.parquet names each.</p>"
        )
    return sentences


def _readable(details: str) -> str:
    """Return the JSON object that holds an event's details as text."""
    return ", ".join(f"{key}: {each}" for key, each in json.loads(details).items())


def _scenario(run: Run) -> str:
    rows = [
        [html.escape(key), html.escape(value)]
        for key, value in _flat({k: v for k, v in run.manifest.items() if k != "scenario"})
    ]
    return html.section(
        "How to repeat it",
        "<p>The scenario with every parameter, defaults filled in. Saved as a file and run with "
        "the versions below, it gives the same table bit for bit.</p>",
        f"<pre>{html.escape(run.scenario.to_toml())}</pre>",
        html.table([("manifest", False), ("value", False)], rows),
    )


def _flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [
            pair
            for key, inner in value.items()
            for pair in _flat(inner, f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(value, list | tuple):
        return [(prefix, ", ".join(str(each) for each in value))]
    return [(prefix, str(value))]
