"""Plain elements of a page: text is always text here, never markup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import ipyvue
import reacton.ipyvue
import solara

__all__ = ["Banner", "Card", "Controls", "Main", "PageFrame", "Row", "press", "tag"]

Element: TypeAlias = Any  # reacton has no type that mypy could check
Child: TypeAlias = Element | str


def tag(
    name: str,
    *children: Child,
    css: str = "",
    on_click: Callable[[], None] | None = None,
    prevent: bool = False,
    **attributes: Any,
) -> Element:
    """Return an HTML element; ``aria_label=`` becomes ``aria-label``, ``for_=`` becomes ``for``.

    ``prevent`` keeps the browser from doing what it would do on a click, such as leaving the page.
    """
    plain = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    element = ipyvue.Html.element(
        tag=name, children=list(children), class_=css or None, attributes=plain
    )
    if on_click is not None:
        reacton.ipyvue.use_event(
            element, "click.prevent" if prevent else "click", lambda *_: on_click()
        )
    return element


@solara.component
def PageFrame(title: str, lead: str = "", css: str = "", children: Sequence[Element] = ()) -> None:
    """Show a page's title, one sentence on what it answers, and its content."""
    tag(
        "main",
        tag(
            "header",
            tag("h1", title, css="sp-title"),
            *([tag("p", lead, css="sp-lead")] if lead else []),
            css="sp-page-head",
        ),
        tag("div", *children, css="sp-split"),
        css=f"sp-page {css}".strip(),
        id="content",
        tabindex="-1",
    )


@solara.component
def Controls(children: Sequence[Element] = ()) -> None:
    """Hold the settings of a page: a column at the left, above the rest on narrow screens."""
    tag("section", *children, css="sp-controls", aria_label="Settings")


@solara.component
def Main(children: Sequence[Element] = ()) -> None:
    """Hold what a page shows."""
    tag("div", *children, css="sp-main")


@solara.component
def Card(
    title: str = "",
    note: str = "",
    css: str = "",
    children: Sequence[Element] = (),
) -> None:
    """Hold one thing to look at; ``note`` says what it claims, or cannot claim."""
    tag(
        "section",
        *([tag("h2", title, css="sp-card-title")] if title else []),
        *children,
        *([tag("p", note, css="sp-note")] if note else []),
        css=f"sp-card {css}".strip(),
    )


@solara.component
def Row(children: Sequence[Element] = (), columns: int = 0) -> None:
    """Set its children side by side, in equal ``columns`` or as a line."""
    tag("div", *children, css=f"sp-columns sp-columns-{columns}" if columns else "sp-row")


@solara.component
def Banner(text: str, kind: str = "info") -> None:
    """Say one sentence across the card: ``info``, ``warning`` or ``error``."""
    tag("p", text, css=f"sp-banner sp-banner-{kind}", role="alert" if kind == "error" else "status")


def press(
    label: str, act: Callable[[], None], *, main: bool = False, disabled: bool = False
) -> None:
    """Place a button."""
    classes = ["sp-button", "sp-button-main"] if main else ["sp-button"]
    solara.Button(label, on_click=act, disabled=disabled, classes=classes)
