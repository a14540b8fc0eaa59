"""The left column: whose society, which settings are turned, how often and how long."""

from __future__ import annotations

from typing import Any

import solara

import sociophysics as sp

from ..address import Number
from ..feed_lab.groups import Group
from ..fields import ChoiceField, SettingField, SliderField
from ..glossary import explain
from ..markup import tag
from ..settings import Settings
from ..society_in_use import CALIBRATED
from ..upload import Upload
from .keys import grid_of, hint_of, keys_of, known, suggested
from .settings import RANGES, SETTINGS, SOURCES
from .sources import chosen, loaded, read_scenario

__all__ = ["LeftColumn"]

LARGEST = 200_000  # bytes of a scenario
FRESH = {name: kind.default for name, kind in SETTINGS.items()}
# What belongs to one scenario and means nothing in another.
OF_A_SCENARIO = ("design", "along", "range", "second", "range2", "keep")
UPLOAD = "A scenario as the command line reads it; networks bundled or generated, no files."


@solara.component
def LeftColumn(settings: Settings, uploaded: solara.Reactive[sp.Scenario | None]) -> None:
    """Show all settings."""
    scenario, alone, keys = _society(settings, uploaded.value)
    with Group("Society"):
        SocietyFields(settings, scenario, uploaded)
    with Group("What is turned"):
        own = settings["along"] or (suggested(scenario, keys) if scenario else "")
        if scenario is not None and alone is not None:
            AxisFields(settings, scenario, alone, keys, "", own)
        else:
            tag("p", "Choose a society first.", css="sp-note")
    with Group("A second setting", opened=bool(settings["second"])):
        if scenario is not None and alone is not None:
            AxisFields(settings, scenario, alone, keys, "2", settings["second"])
    with Group("How it is measured"):
        MeasureFields(settings, alone)


def _society(
    settings: Settings, uploaded: sp.Scenario | None
) -> tuple[sp.Scenario | None, sp.scenario.Settings | None, dict[str, Any]]:
    try:
        scenario = loaded(settings["source"], uploaded)
    except sp.InputError:
        return None, None, {}
    try:
        alone = chosen(scenario, settings["design"])
    except sp.InputError:
        alone = chosen(scenario, "")
    return scenario, alone, keys_of(alone)


def _unfit(settings: Settings, brought: sp.Scenario) -> dict[str, Any]:
    """Return the changes that settings need to fit a scenario; what fits stays."""
    if settings["design"] not in ("", *(design.name for design in brought.designs)):
        return {name: FRESH[name] for name in OF_A_SCENARIO}
    keys = ("", *keys_of(chosen(brought, settings["design"])))
    changes: dict[str, Any] = {}
    for name, range_name in (("along", "range"), ("second", "range2")):
        if settings[name] not in keys:
            changes |= {name: "", range_name: "auto"}
    return changes


@solara.component
def SocietyFields(
    settings: Settings,
    scenario: sp.Scenario | None,
    uploaded: solara.Reactive[sp.Scenario | None],
) -> None:
    """Ask for a scenario, and which of its designs."""

    def choose(source: str) -> None:
        settings.set(source=source, **{name: FRESH[name] for name in OF_A_SCENARIO})

    def bring(brought: sp.Scenario | None) -> None:
        uploaded.set(brought)
        if brought is not None:
            settings.set(**_unfit(settings, brought))

    own = settings["source"] == "upload"
    ChoiceField(
        "Scenario", settings["source"], choose, options=SOURCES,
        help="Who is tied to whom, how people weigh each other, and which feed they see.",
    )  # fmt: skip
    # Always there, shown or not: made anew, the input would lose its file.
    with tag("div", css="sp-lab-fields", style="" if own else "display: none"):
        Upload("Scenario file", kinds=(".toml",), read=read_scenario, on_value=bring,
               largest=LARGEST, hint=UPLOAD)  # fmt: skip
    if settings["source"] == CALIBRATED:
        tag("p", AT_MEAN, css="sp-note")
    if scenario is None:
        return
    if scenario.question:
        tag("p", scenario.question, css="sp-note")
    names = [design.name for design in scenario.designs]
    if len(names) > 1:
        ChoiceField(
            "Design", settings["design"] or names[0],
            lambda name: settings.set(design=name, along="", second="", range="auto"),
            options={name: name for name in names}, help="Which of the scenario's versions.",
        )  # fmt: skip
    if scenario.interventions or any(design.interventions for design in scenario.designs):
        SettingField(settings, "keep", label="Keep its interventions", help=KEEP)


AT_MEAN = (
    "At the posterior mean, which is turned from there; what the data leave open is not in the "
    "intervals here."
)
KEEP = (
    "The scenario changes something on the way. A tipping point is about one setting alone, so "
    "that is left out unless you switch it on; a loop needs it off."
)


@solara.component
def AxisFields(
    settings: Settings,
    scenario: sp.Scenario,
    alone: sp.scenario.Settings,
    keys: dict[str, Any],
    suffix: str,
    key: str,
) -> None:
    """Ask for a key and its range; ``suffix`` is "" for the first key and "2" for the second."""
    name = "second" if suffix else "along"
    options = {each: f"{known(each).name} (now {value:g})" for each, value in keys.items()}
    if suffix:
        options = {"": "None: one setting is enough", **options}
    if key not in options:
        options = {key: key, **options}

    def choose(chosen_key: str) -> None:
        settings.set(**{name: chosen_key, f"range{suffix}": "auto"})

    def choose_range(word: str) -> None:
        changes: dict[str, Any] = {f"range{suffix}": word}
        if word == "own":
            # The person goes on from what was suggested.
            grid = grid_of(scenario, alone, key, None)
            changes |= {f"low{suffix}": float(grid[0]), f"high{suffix}": float(grid[-1])}
        settings.set(**changes)

    about = explain(known(key).term).sentence() if known(key).term else f"In the file: {key}."
    hint = "" if key or not suffix else "With a second one: a map over both."
    ChoiceField("Setting", key, choose, options=options, help=about, hint=hint)
    with solara.Div(classes=["sp-lab-fields"], style="" if key else "display: none"):
        own = settings[f"range{suffix}"] == "own"
        ChoiceField("Values", settings[f"range{suffix}"], choose_range,
                    options=RANGES,
                    hint="" if own or not key else hint_of(scenario, key))  # fmt: skip
        if own and key:
            _ends(settings, suffix, key)


def _ends(settings: Settings, suffix: str, key: str) -> None:
    about = known(key)
    for name, label in (("low", "From"), ("high", "To")):
        _slider(settings, f"{name}{suffix}", label, about.low, about.high)
    SettingField(settings, f"points{suffix}", label="Number of values")


def _slider(settings: Settings, name: str, label: str, low: float, high: float) -> None:
    kind = settings.kinds[name]
    assert isinstance(kind, Number)
    value = settings[name]
    step = 1.0 if high - low > 100 else 0.05
    SliderField(label, value, lambda new: settings.set(**{name: new}), low=min(low, value),
                high=max(high, value), step=step)  # fmt: skip


@solara.component
def MeasureFields(settings: Settings, alone: sp.scenario.Settings | None) -> None:
    """Ask what is looked at, how often and how long."""
    SettingField(settings, "observable", label="Look at", help=LOOK)
    SettingField(settings, "replicas", term="replica", label="Replicas",
                 hint="At each value. More make intervals narrower.")  # fmt: skip
    hint = ""
    if alone is not None:
        sweeps = round(alone.dynamics.sweeps * float(settings["length"]))
        hint = f"{sweeps:,} sweeps at each value, the first ones to settle."
    SettingField(settings, "length", label="Length", help=LENGTH, hint=hint)
    SettingField(settings, "loop", label="And back: hysteresis", help=LOOP,
                 disabled=bool(settings["second"]))  # fmt: skip


LOOK = (
    "The number whose jump is looked for (order parameter). Where there are camps: how far their "
    "mean stances lie apart; else how far all agree."
)
LENGTH = (
    "One sweep: as many chances to reconsider as there are users. Where two states are stable, "
    "longer runs leave the first one earlier."
)
LOOP = (
    "The setting is turned up and down again while the same society lives on. Where the way back "
    "differs, what happened before decides."
)
