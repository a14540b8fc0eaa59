"""Saved comparisons: views of runs that the browser keeps by name, and one beside another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ipyvuetify
import solara
import traitlets

from ..address import read_address, write_address
from ..markup import Banner, Card, tag
from ..settings import Settings
from ..states import StateCard
from .buttons import Link
from .results import Results
from .settings import SETTINGS, names_beside
from .state import use_desk

__all__ = ["OF_A_VIEW", "Against", "SavedComparisons", "taken", "view_of"]

# What makes a view of runs; the rest of the address is the list's, or about what stands beside.
OF_A_VIEW = ("run", "beside", "observable", "along", "at")
KINDS = {name: SETTINGS[name] for name in OF_A_VIEW}


class SavedWidget(ipyvuetify.VuetifyTemplate):
    """A field that saves the view ``search`` by name, and the list of what is saved."""

    template_file = (__file__, "saved.vue")
    search = traitlets.Unicode("").tag(sync=True)
    suggested = traitlets.Unicode("").tag(sync=True)
    wanted = traitlets.Dict().tag(sync=True)  # how, name, search, and what makes each wish new


def view_of(values: Mapping[str, Any]) -> str:
    """Return the query string of the view that settings show; "" without a run.

    Examples
    --------
    >>> fresh = {name: kind.default for name, kind in SETTINGS.items()}
    >>> view_of({**fresh, "run": "a", "order": "name"}), view_of(fresh)
    ('?run=a', '')
    """
    return write_address(KINDS, values) if values["run"] else ""


def taken(wanted: Any) -> dict[str, Any]:
    """Return the changes of settings that a wish of the browser means; none if it is no wish.

    Examples
    --------
    >>> taken({"how": "beside", "name": "Monday", "search": "?run=a"})
    {'against': '?run=a', 'called': 'Monday'}
    >>> taken({"how": "open", "name": "x", "search": "?run=a&run=b&evil=1"})["run"]
    'b'
    >>> taken({"how": "open", "search": 7})
    {}
    """
    if not isinstance(wanted, Mapping):
        return {}
    search, name = wanted.get("search"), wanted.get("name")
    if not (isinstance(search, str) and isinstance(name, str) and name.isprintable()):
        return {}
    values, _ = read_address(KINDS, search)
    if not values["run"]:
        return {}
    if wanted.get("how") == "beside":
        return {"against": write_address(KINDS, values), "called": name[:60]}
    return {**values, "against": "", "called": ""}


@solara.component
def SavedComparisons(settings: Settings) -> None:
    """Let views be saved, opened, and put beside the open one."""

    def take(wanted: Any) -> None:
        settings.set(**taken(wanted))

    names = [settings["run"], *names_beside(settings["beside"])]
    with Card():
        SavedWidget.element(
            search=view_of(settings.values), suggested=" beside ".join(filter(None, names))[:60],
            on_wanted=take,
        )  # fmt: skip


@solara.component
def Against(settings: Settings, root: Path) -> None:
    """Show another view beside the open one, as its link says."""
    other, problems = read_address(KINDS, settings["against"])
    names = [other["run"], *names_beside(other["beside"])]
    _, seen, broken = use_desk(root, _Fixed(other), names)
    name = settings["called"] or " beside ".join(names)

    def swap() -> None:
        mine = view_of(settings.values)
        settings.set(**other, against=mine, called="")

    with solara.Div(classes=["sp-main"]):
        with Card(css="sp-runs-head"):
            with solara.Div(classes=["sp-row"]):
                Link("Change sides", swap)
                Link("Close", lambda: settings.set(against="", called=""))
            tag("h2", name, css="sp-runs-heading")
        for problem in problems:
            Banner(problem, kind="warning")
        if broken or seen.missing or seen.failure:
            with Card():
                StateCard("failed", text=broken or seen.missing or seen.failure)
        elif seen.view is None:
            with Card():
                StateCard("loading", title="Reading " + " and ".join(names))
        else:
            Results(seen.view)


class _Fixed(Settings):
    """Settings that nobody changes."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(KINDS, solara.reactive(values), ())
