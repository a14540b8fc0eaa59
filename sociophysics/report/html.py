"""The few HTML parts a report is made of; every text that comes from a user is escaped here."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sociophysics.machine import given_path
from sociophysics.store import replace_file

__all__ = [
    "STYLE",
    "details",
    "document",
    "escape",
    "figure",
    "number",
    "save",
    "section",
    "table",
    "where",
]

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"

STYLE = """
:root { --ink: #1f2430; --muted: #5b6472; --rule: #e4e7ec; --tint: #f7f8fa; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 48px 24px 96px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 20px; line-height: 1.3; margin: 56px 0 12px; }
h3 { font-size: 16px; margin: 28px 0 8px; }
p { margin: 0 0 12px; max-width: 44em; }
.question { font-size: 19px; line-height: 1.45; margin: 0 0 20px; }
.facts { display: flex; flex-wrap: wrap; gap: 4px 28px; margin: 0; padding: 12px 0;
  border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
.facts div { white-space: nowrap; }
.facts dt { display: inline; color: var(--muted); font-size: 14px; }
.facts dd { display: inline; margin: 0 0 0 6px; font-size: 14px; font-weight: 600; }
.note { color: var(--muted); font-size: 14px; max-width: 52em; }
sub { line-height: 0; }
.scroll { overflow-x: auto; margin: 0 0 12px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--muted); vertical-align: bottom;
  padding: 6px 14px 6px 0; border-bottom: 1.5px solid var(--ink); }
td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th.n, td.n { text-align: right; }
td.n { white-space: nowrap; }
td:first-child:not(.n) { min-width: 9em; }
th:last-child, td:last-child { padding-right: 0; }
tr.reference td { background: var(--tint); }
figure { margin: 20px 0 32px; }
figure img { display: block; width: 100%; height: auto; }
figcaption { color: var(--muted); font-size: 14px; margin-top: 8px; max-width: 52em; }
details { border-top: 1px solid var(--rule); padding: 10px 0; }
details:last-of-type { border-bottom: 1px solid var(--rule); }
summary { cursor: pointer; font-weight: 600; }
details[open] > summary { margin-bottom: 14px; }
pre { background: var(--tint); padding: 16px; overflow-x: auto; font-size: 13px; line-height: 1.5;
  white-space: pre-wrap; overflow-wrap: anywhere; }
td.wrap { overflow-wrap: anywhere; }
ol.references { font-size: 14px; color: var(--muted); padding-left: 24px; }
@media print { main { padding: 0; } details > * { display: block; } h2 { break-after: avoid; }
  figure, tr { break-inside: avoid; } }
"""


def escape(text: object) -> str:
    """Return text that shows as it is in HTML.

    Examples
    --------
    >>> escape("<script>")
    '&lt;script&gt;'
    """
    return html.escape(str(text), quote=True)


def number(value: Any, *, digits: int | None = None, signed: bool = False) -> str:
    """Return a number for a table: a true minus, an en dash for none.

    Parameters
    ----------
    digits : int, optional
        After the point; by default four significant ones.
    signed : bool
        Write the plus sign.

    Examples
    --------
    >>> number(0.123456), number(0.5, digits=2, signed=True), number(float("nan"))
    ('0.1235', '+0.50', '–')
    """
    if not isinstance(value, int | float):
        return escape(value)
    if math.isnan(value):
        return DASH
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else f"{MINUS}\N{INFINITY}"
    kind = f".{digits}f" if digits is not None else "d" if isinstance(value, int) else ".4g"
    text = f"{value:{'+' if signed else ''}{kind}}"
    if digits is not None and not float(text):
        text = f"{0:.{digits}f}"
    return text.replace("-", MINUS)


def table(
    columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]], *, reference: str = ""
) -> str:
    """Return a table; cells are HTML already.

    Parameters
    ----------
    columns : sequence of (name, is a number)
    rows : iterable of cells
    reference : str
        First cell of the row that is tinted.
    """
    classes = [' class="n"' if numeric else "" for _, numeric in columns]
    head = "".join(
        f"<th{kind}>{name}</th>" for kind, (name, _) in zip(classes, columns, strict=True)
    )
    body = []
    for row in rows:
        tint = ' class="reference"' if reference and row[0] == reference else ""
        cells = "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(classes, row, strict=True))
        body.append(f"<tr{tint}>{cells}</tr>")
    lines = "\n".join(body)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{lines}</tbody></table></div>"
    )


def frame(
    data: pd.DataFrame, *, names: dict[str, str] | None = None, digits: int | None = None
) -> str:
    """Return a DataFrame as a table; ``digits`` after the point of numbers that are not whole."""
    numeric = [bool(pd.api.types.is_numeric_dtype(data[column])) for column in data.columns]
    shown = names or {}
    columns = [
        (escape(shown.get(str(column), str(column).replace("_", " "))), is_number)
        for column, is_number in zip(data.columns, numeric, strict=True)
    ]
    rows = [
        [
            number(_plain(value), digits=digits if isinstance(_plain(value), float) else None)
            if is_number
            else escape(value)
            for value, is_number in zip(row, numeric, strict=True)
        ]
        for row in data.itertuples(index=False, name=None)
    ]
    return table(columns, rows)


def figure(svg: bytes, *, alt: str, caption: str) -> str:
    """Return a figure whose picture is part of the page."""
    data = base64.b64encode(svg).decode("ascii")
    return (
        f'<figure><img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def section(title: str, *parts: str) -> str:
    """Return a section with its heading; empty parts are left out."""
    return f"<section><h2>{escape(title)}</h2>\n" + "\n".join(filter(None, parts)) + "</section>"


def listed(title: str, sentences: Iterable[str]) -> str:
    """Return sentences as a list under a title, nothing if there are none.

    Examples
    --------
    >>> listed("The society", ["34 users"])
    '<h2>The society</h2><ul><li>34 users</li></ul>'
    """
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<h2>{escape(title)}</h2><ul>{items}</ul>" if items else ""


def details(summary: str, *parts: str) -> str:
    """Return parts that open on a click."""
    return f"<details><summary>{escape(summary)}</summary>\n" + "\n".join(parts) + "</details>"


def document(title: str, *parts: str) -> str:
    """Return the page: one file that asks the network for nothing."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(filter(None, parts))
        + "\n</main></body></html>\n"
    )


def save(text: str, path: str | Path) -> Path:
    """Write a page; the file appears whole or not at all.

    Raises
    ------
    OSError
        The file cannot be written; an older one stays as it was.
    """
    target = given_path(path, "the page")
    replace_file(target, lambda file: file.write(text.encode()))
    return target


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def where(point: Mapping[str, Any]) -> str:
    """Return a swept point as HTML text.

    Examples
    --------
    >>> where({"dynamics.temperature": 0.5})
    'dynamics.temperature = 0.5'
    """
    return ", ".join(f"{escape(key)} = {escape(each)}" for key, each in point.items())
