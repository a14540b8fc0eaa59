"""The report of a run: one self-contained page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sociophysics.report import answer, html, pictures, wording
from sociophysics.report.theory import theory_lines
from sociophysics.report.wording import definition, label, unit
from sociophysics.scenario.membership import of_manifest
from sociophysics.society.coupling_kinds import Fitted
from sociophysics.study.results import Run, headline, melting_or_none
from sociophysics.study.society_card import from_manifest

__all__ = ["render", "write_report"]

# Beyond this many rows a table is for a program to read: comparison.csv has them all.
MOST_ROWS = 1500


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


def render(run: Run) -> str:
    """Return the page as text; the same run gives the same bytes."""
    observable = headline(run)
    point = run.declared
    theory = theory_lines(run, point)
    title = run.scenario.title or "A run of sociophysics"
    return html.document(
        title,
        _header(run, title),
        answer.section(run, observable, point, theory),
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
    said = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
    said = f"<h2>The society</h2><ul>{said}</ul>" if sentences else ""
    return (
        f"<header><h1>{html.escape(title)}</h1>{question}<dl class='facts'>{listed}</dl>{said}"
        "</header>"
    )


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
    # A design, too, may have a name that looks like details.
    events = run.events[keys].assign(details=[_readable(text) for text in run.events["details"]])
    counted = events.groupby(keys, sort=False, dropna=False).size()
    table = counted.rename("times").reset_index()
    note = "" if len(table) <= MOST_ROWS else f"<p>The first {MOST_ROWS} of {len(table)}.</p>"
    return html.section("What acted when", note, html.frame(table.head(MOST_ROWS)))


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
