"""What surrounds every page: the way past the header, the ways between pages, the style."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ipyvuetify
import solara
import traitlets
from ipywidgets import widget_serialization

from .markup import Element
from .sessions import Sessions
from .settings import FEED_LAB, address_of, page_path

__all__ = ["PAGES", "Shell"]

# Address, name, the question a page answers.
PAGES = (
    ("/", "Scenarios"),
    (FEED_LAB, "Feed lab"),
    ("/tipping-points", "Tipping points"),
    ("/trials", "Trials"),
    ("/calibrate", "Calibrate"),
    ("/roll-calls", "Roll calls"),
    ("/runs", "Runs"),
)
STYLE = Path(__file__).parent / "style.css"


class ShellWidget(ipyvuetify.VuetifyTemplate):
    """The header: one stop of the Tab key for all pages, the arrow keys go between them."""

    template_file = (__file__, "shell.vue")
    pages: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    here = traitlets.Unicode("/").tag(sync=True)
    root = traitlets.Unicode("").tag(sync=True)
    wanted = traitlets.Unicode("").tag(sync=True)  # a page, and what makes each wish a new one
    aside = traitlets.Any().tag(sync=True, **widget_serialization)  # at the end of the header


@solara.component
def Shell(children: Sequence[Element] = ()) -> None:
    """Wrap a page in the header."""
    solara.Style(STYLE)
    with solara.Div(classes=["sp-app"]):
        Header()
        for child in children:
            solara.display(child)


@solara.component
def Header() -> None:
    """Show the name of the dashboard and its pages; each keeps the settings it last had."""
    router = solara.use_router()
    here = page_path(router)

    def go(wanted: str) -> None:
        path = wanted.partition("#")[0]
        if path != here and path in dict(PAGES):
            router.push(address_of(path))

    pages = [list(page) for page in PAGES]
    ShellWidget.element(
        pages=pages, here=here, root=router.root_path, on_wanted=go, aside=Sessions(pages, here)
    )
