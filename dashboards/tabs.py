"""Parts of a page under one row of tabs: one is shown, all keep what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipyvuetify
import solara
import traitlets

from .markup import Element, tag

__all__ = ["Panel", "Tabs"]


class TabsWidget(ipyvuetify.VuetifyTemplate):
    """A row of tabs as the WAI-ARIA practices have them: one stop of the Tab key, arrows inside."""

    template_file = (__file__, "tabs.vue")
    names: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)


@solara.component
def Tabs(
    names: Mapping[str, str], chosen: str, on_chosen: Callable[[str], None], label: str
) -> None:
    """Show the row; ``names`` maps a word for links to what a person reads."""

    def take(name: Any) -> None:
        if name in names:
            on_chosen(name)

    TabsWidget.element(
        names=[list(each) for each in names.items()], chosen=chosen, on_chosen=take, label=label
    )


def Panel(name: str, chosen: str, *children: Element) -> Element:
    """Return what a tab shows; while another one is chosen it is hidden, and goes on."""
    return tag(
        "div", *children, css="sp-panel", role="tabpanel", id=f"panel-{name}",
        aria_labelledby=f"tab-{name}", style="" if name == chosen else "display: none",
    )  # fmt: skip
