"""Numbers with their nouns in the sentences that users read, and cards of things in notebooks."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping

__all__ = ["have", "html_card", "measured", "number_of"]


def number_of(count: int, noun: str) -> str:
    """Return a number and what it counts, in the plural but for one; the head noun comes first.

    Examples
    --------
    >>> number_of(1, "user"), number_of(2000, "user"), number_of(3, "member|who never voted")
    ('1 user', '2,000 users', '3 members who never voted')
    """
    head, _, rest = noun.partition("|")
    return f"{count:,} {head}{'' if count == 1 else 's'}" + (f" {rest}" if rest else "")


def have(count: int) -> str:
    """Return the verb of so many.

    Examples
    --------
    >>> have(1), have(2)
    ('has', 'have')
    """
    return "has" if count == 1 else "have"


def measured(value: float, low: float, high: float, form: str = ".3f") -> str:
    """Return a number and its interval, saying where one of them is not determined.

    Examples
    --------
    >>> measured(0.5, 0.4, 0.62), measured(0.5, math.nan, math.nan)
    ('0.500 [0.400, 0.620]', '0.500 (interval not determined)')
    >>> measured(math.nan, math.nan, math.nan)
    'not determined'
    """
    if math.isnan(value):
        return "not determined"
    if math.isnan(low) or math.isnan(high):
        return f"{value:{form}} (interval not determined)"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"


def html_card(title: str, rows: Mapping[str, str]) -> str:
    """Return what a notebook shows of a thing: its name, then one row per fact; texts are escaped.

    Parameters
    ----------
    title : str
    rows : mapping
        From a name to a fact; empty facts are left out.

    Examples
    --------
    >>> html_card("<b>", {"users": "3"})
    '<table><caption><b>&lt;b&gt;</b></caption><tr><th>users</th><td>3</td></tr></table>'
    """
    lines = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(fact)}</td></tr>"
        for name, fact in rows.items()
        if fact
    )
    return f"<table><caption><b>{html.escape(title)}</b></caption>{lines}</table>"
