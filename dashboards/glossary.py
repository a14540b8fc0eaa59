"""Words and quantities of the glossary as widgets: each explains itself when pointed at."""

from __future__ import annotations

import ipyvuetify
import solara
import traitlets

import sociophysics as sp

from .markup import tag

__all__ = ["Quantity", "Term", "explain", "shown"]

explain = sp.glossary.explain


class TermWidget(ipyvuetify.VuetifyTemplate):
    """A word that explains itself when pointed at or reached by the keyboard."""

    template_file = (__file__, "term.vue")
    text = traitlets.Unicode("").tag(sync=True)
    definition = traitlets.Unicode("").tag(sync=True)


@solara.component
def Term(name: str, text: str = "") -> None:
    """Show a word of the glossary; its definition and unit appear on hover and on focus."""
    entry = explain(name)
    TermWidget.element(text=text or entry.name, definition=entry.sentence())


def shown(value: float | None, digits: int = 3) -> str:
    """Return a number as a person reads it.

    Examples
    --------
    >>> shown(0.123456), shown(12345.0), shown(None)
    ('0.123', '12,345', '–')
    """
    if value is None or value != value:
        return "–"
    if abs(value) >= 1000 or float(value).is_integer():
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{digits}g}" if abs(value) < 1 else f"{value:.{digits - 1}f}"
    return text.replace("-", "−")


@solara.component
def Quantity(
    name: str,
    value: float | None,
    *,
    interval: tuple[float, float] | None = None,
    text: str = "",
    digits: int = 3,
) -> None:
    """Show a number with its word, its unit, and its interval where it is an estimate."""
    entry = explain(name)
    unit = [tag("span", f" {entry.unit}", css="sp-figure-unit")] if entry.unit else []
    with solara.Div(classes=["sp-figure"]):
        with solara.Div(classes=["sp-figure-label"]):
            Term(name, text)
        tag("div", shown(value, digits), *unit, css="sp-figure-value")
        if interval is not None:
            low, high = (shown(end, digits) for end in interval)
            tag("div", f"95 %: {low} to {high}", css="sp-figure-interval")
