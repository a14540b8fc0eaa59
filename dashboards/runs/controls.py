"""What to see of an open run, and which runs beside it."""

from __future__ import annotations

from collections.abc import Callable

import solara

from sociophysics.live.listed_runs import ListedRun
from sociophysics.live.run_lines import point_text
from sociophysics.live.run_views import View

from ..fields import ChoiceField
from ..glossary import explain
from ..markup import Card, tag
from ..settings import Settings
from .buttons import Link
from .panels import axis_title, key_word
from .settings import BETWEEN, names_beside

__all__ = ["Beside", "Choices"]

MOST_VALUES = 300
MOST_BESIDE = 3


@solara.component
def Choices(settings: Settings, view: View | None) -> None:
    """Ask for the observable, the axis, and the point that the table compares at."""
    with Card("What to see"), solara.Div(classes=["sp-runs-fields"]):
        if view is None:
            tag("p", "The choices appear when the run is open.", css="sp-note")
            return
        entry = explain(view.observable)

        def take(name: str) -> None:
            # The point stays where it is, also where another one would tell more.
            settings.set(observable=name, at=point_text(view.point))

        ChoiceField(
            "Observable", view.observable, take,
            options={name: explain(name).name for name in view.observables},
            help=entry.sentence(), hint=entry.physics,
        )  # fmt: skip
        ChoiceField(
            "Along", view.along, lambda axis: settings.set(along=axis),
            options={axis: axis_title(axis) for axis in view.axes},
            help="What the curve goes along: a key that was swept, or time",
        )  # fmt: skip
        for key in view.point:
            At(settings, view, key)


@solara.component
def At(settings: Settings, view: View, key: str) -> None:
    """Ask for the value of one swept key: where designs are compared."""
    values = list(dict.fromkeys(point[key] for point in view.points.values()))[:MOST_VALUES]
    texts = {point_text({key: value}): value for value in values}

    def take(text: str) -> None:
        settings.set(at=point_text({**view.point, key: texts[text]}))

    ChoiceField(
        f"Compared at: {key_word(key)}",
        point_text({key: view.point[key]}), take,
        options={
            text: f"{value:g}" if isinstance(value, float) else str(value)
            for text, value in texts.items()
        },
        help="The swept value at which the table compares designs; at first the one where they "
        "differ most",
    )  # fmt: skip


@solara.component
def Beside(settings: Settings, entries: list[ListedRun]) -> None:
    """Ask for runs to show beside the open one."""
    names = names_beside(settings["beside"])
    others = [
        entry.name for entry in entries
        if entry.kind == "run" and entry.name not in (settings["run"], *names)
    ]  # fmt: skip

    def add(name: str) -> None:
        if name:
            settings.set(beside=BETWEEN.join([*names, name]))

    def without(name: str) -> Callable[[], None]:
        return lambda: settings.set(beside=BETWEEN.join(n for n in names if n != name))

    with Card("Beside it"), solara.Div(classes=["sp-runs-fields"]):
        for name in names:
            with solara.Div(classes=["sp-runs-beside"]):
                tag("span", name, css="sp-runs-name")
                Link("Remove", without(name), label=f"Remove {name}")
        if len(names) < MOST_BESIDE and others:
            ChoiceField(
                "Compare with", "", add, options={"": "Choose a run", **{n: n for n in others}},
                help="A run that was swept over the same keys",
            )  # fmt: skip
        elif not others:
            tag("p", "There is no other run to compare with.", css="sp-note")
