"""Settings under a title that folds them away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import solara

from ..markup import Element, tag

__all__ = ["Group"]


@solara.component
def Group(title: str, opened: bool = True, children: Sequence[Element] = ()) -> None:
    """Hold settings under a title that folds them away."""
    attributes: dict[str, Any] = {"open": True} if opened else {}
    tag(
        "details",
        tag("summary", title, css="sp-lab-summary"),
        tag("div", *children, css="sp-lab-fields"),
        css="sp-card sp-lab-group",
        **attributes,
    )
