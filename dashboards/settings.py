"""A page's settings while it is open: read from its address, written back as they change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import ipyvuetify
import solara
import traitlets

from .address import Kind, read_address, write_address
from .browser_tab import this_tab
from .markup import Banner

__all__ = [
    "FEED_LAB", "HOME", "AddressBar", "Settings", "address_of", "page_path", "remember",
    "use_settings",
]  # fmt: skip

FEED_LAB = "/feed-lab"
HOME = ("story", "observable", "along", "at")  # what the address of the first page may hold


class AddressBarWidget(ipyvuetify.VuetifyTemplate):
    """Shows the settings in the browser's address without a visit to the server."""

    template_file = (__file__, "address_bar.vue")
    path = traitlets.Unicode("/").tag(sync=True)
    search = traitlets.Unicode("").tag(sync=True)


class Settings:
    """The settings of a page in one tab: ``settings["n"]``, ``settings.set(n=200)``.

    Parameters
    ----------
    kinds : mapping
        Name of a setting to its kind.
    state : reactive dict
    problems : tuple of str
        What the link held that could not be used, a sentence each.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        state: solara.Reactive[dict[str, Any]],
        problems: tuple[str, ...],
    ) -> None:
        self.kinds = kinds
        self.problems = problems
        self._state = state

    def __getitem__(self, name: str) -> Any:
        return self._state.value[name]

    @property
    def values(self) -> dict[str, Any]:
        """All settings by name."""
        return dict(self._state.value)

    def set(self, **changes: Any) -> None:
        """Change settings; the address follows."""
        self._state.set({**self._state.peek(), **changes})

    def reset(self) -> None:
        """Go back to the defaults."""
        self._state.set({name: kind.default for name, kind in self.kinds.items()})

    def search(self) -> str:
        """Return the query string that reproduces these settings."""
        return write_address(self.kinds, self._state.value)


def use_settings(kinds: Mapping[str, Kind]) -> Settings:
    """Return the page's settings, first read from its address. A hook: call it in ``Page``.

    Parameters
    ----------
    kinds : mapping
        The same object in every render: a constant of the page's module.
    """
    router = solara.use_router()
    first = solara.use_memo(lambda: read_address(kinds, router.search), [router.search])
    state: solara.Reactive[dict[str, Any]] = solara.use_reactive(first[0])
    settings = Settings(kinds, state, first[1])
    _remembered()[page_path(router)] = settings.search()
    return settings


@solara.component
def AddressBar(settings: Settings, search: str | None = None) -> None:
    """Keep the browser's address in step, and say what the link held that could not be used.

    Place it once on the page. ``search`` is shown in place of what the settings alone say.
    """
    router = solara.use_router()
    shown = settings.search() if search is None else search
    AddressBarWidget.element(path=page_path(router), search=shown)
    for problem in settings.problems:
        Banner(problem, kind="warning")


def page_path(router: Any) -> str:
    """Return the address of the page that is open, without settings.

    The Feed lab once was the first page: a link of that time, whose settings the first page does
    not know, opens it still.
    """
    path = "/" + "/".join(part for part in router.parts if part)
    names = [name for name, _ in parse_qsl((router.search or "").lstrip("?"))]
    return FEED_LAB if path == "/" and any(name not in HOME for name in names) else path


def address_of(path: str) -> str:
    """Return the address of a page with the settings it last had in this tab."""
    return path + _remembered().get(path, "")


def remember(addresses: Mapping[str, str]) -> None:
    """Take over query strings of pages, but for those that were opened in this tab since."""
    there = _remembered()
    there.update({path: search for path, search in addresses.items() if path not in there})


def _remembered() -> dict[str, str]:
    addresses: dict[str, str] = this_tab().keep("addresses", dict)
    return addresses
