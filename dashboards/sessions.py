"""Sessions that save themselves: what the pages say is found again after a reload, or days later.

They are kept by the browser and nowhere else. What it hands back after a reload is checked like
any link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipyvuetify
import solara
import traitlets

from .address import LONGEST
from .settings import remember

__all__ = ["Sessions", "addresses_in"]


class SessionsWidget(ipyvuetify.VuetifyTemplate):
    """The button in the header, the list below it, and the offer to go on with the last session."""

    template_file = (__file__, "sessions.vue")
    pages: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    here = traitlets.Unicode("/").tag(sync=True)
    saved = traitlets.Dict().tag(sync=True)  # addresses of this tab before it was loaded again


def addresses_in(saved: Any, paths: Mapping[str, str]) -> dict[str, str]:
    """Return the query strings of pages that a browser hands back; all else is left out.

    Examples
    --------
    >>> addresses_in({"/runs": "?run=a", "/etc": "?x=1", "/": 7}, {"/": "", "/runs": ""})
    {'/runs': '?run=a'}
    """
    if not isinstance(saved, Mapping):
        return {}
    return {
        path: search
        for path, search in saved.items()
        if path in paths
        and isinstance(search, str)
        and search.startswith("?")
        and len(search) <= LONGEST
    }


@solara.component
def Sessions(pages: list[list[str]], here: str) -> None:
    """Offer the sessions that this browser has saved."""
    names = {path: name for path, name in pages}

    def take(saved: Any) -> None:
        remember(addresses_in(saved, names))

    SessionsWidget.element(pages=pages, here=here, on_saved=take)
