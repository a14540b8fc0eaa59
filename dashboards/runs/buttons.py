"""Buttons that look like text or boxes, each a component: their number may change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from ..markup import tag

__all__ = ["CheckBox", "Link"]


@solara.component
def Link(text: str, on_click: Callable[[], None], css: str = "", label: str = "") -> None:
    """Show a button as a link; ``label`` is what a screen reader says, if not the text."""
    named: dict[str, Any] = {"aria_label": label} if label else {}
    tag("button", text, css=f"sp-link {css}".strip(), type="button", on_click=on_click, **named)


@solara.component
def CheckBox(label: str, value: bool, on_click: Callable[[], None]) -> None:
    """Show a box with a mark, or without."""
    tag(
        "button", "✓" if value else "", css="sp-runs-mark", type="button", role="checkbox",
        aria_checked="true" if value else "false", aria_label=label, on_click=on_click,
    )  # fmt: skip
