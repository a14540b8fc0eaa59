"""What surrounds every page: the header with the ways between pages, the style."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import solara

from .markup import Element, tag
from .settings import address_of

__all__ = ["PAGES", "Shell"]

# Address, name, the question a page answers.
PAGES = (
    ("/", "Feed lab"),
    ("/tipping-points", "Tipping points"),
    ("/roll-calls", "Roll calls"),
    ("/runs", "Runs"),
)
STYLE = Path(__file__).parent / "style.css"


@solara.component
def Shell(children: Sequence[Element] = ()) -> None:
    """Wrap a page in the header."""
    solara.Style(STYLE)
    with solara.Div(classes=["sp-app"]):
        tag("a", "Skip to content", css="sp-skip", href="#content")
        Header()
        for child in children:
            solara.display(child)


@solara.component
def Header() -> None:
    """Show the name of the dashboard and its pages; each keeps the settings it last had."""
    router = solara.use_router()
    here = "/" + "/".join(part for part in router.parts if part)

    def link(path: str, name: str) -> Element:
        def go() -> None:
            if path != here:
                router.push(address_of(path))

        current = {"aria_current": "page"} if path == here else {}
        return tag(
            "a",
            name,
            css="sp-nav-link",
            href=router.root_path + path,
            on_click=go,
            prevent=True,
            **current,
        )

    links = [link(path, name) for path, name in PAGES]
    tag(
        "header",
        tag(
            "div",
            tag("span", css="sp-mark", aria_hidden="true"),
            tag("span", "sociophysics", css="sp-wordmark"),
            css="sp-brand",
        ),
        tag("nav", *links, css="sp-nav", aria_label="Pages"),
        css="sp-header",
    )
