"""Inputs with a label, a unit, a help text and a value that can be slid or typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipyvuetify
import solara
import traitlets

from .address import Choice, Flag, Number, Text
from .glossary import explain
from .settings import Settings

__all__ = [
    "ChoiceField", "SettingField", "SliderField", "SwitchField", "TextField",
]  # fmt: skip


class FieldWidget(ipyvuetify.VuetifyTemplate):
    """One labeled input; what kind of input ``kind`` says."""

    template_file = (__file__, "field.vue")
    kind = traitlets.Unicode("number").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    unit = traitlets.Unicode("").tag(sync=True)
    help = traitlets.Unicode("").tag(sync=True)
    hint = traitlets.Unicode("").tag(sync=True)
    value = traitlets.Any(None, allow_none=True).tag(sync=True)
    low = traitlets.Float(0.0).tag(sync=True)
    high = traitlets.Float(1.0).tag(sync=True)
    step = traitlets.Float(0.0).tag(sync=True)
    integer = traitlets.Bool(False).tag(sync=True)
    log = traitlets.Bool(False).tag(sync=True)
    live = traitlets.Bool(False).tag(sync=True)  # told while it is slid, not only when let go
    longest = traitlets.Int(200).tag(sync=True)
    options: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)


@solara.component
def SliderField(
    label: str,
    value: float,
    on_value: Callable[[Any], None],
    *,
    low: float,
    high: float,
    step: float = 0.01,
    integer: bool = False,
    log: bool = False,
    live: bool = False,
    unit: str = "",
    help: str = "",
    hint: str = "",
    disabled: bool = False,
) -> None:
    """Ask for a number in [low, high], by slider or by typing; both can be used with the keyboard.

    Parameters
    ----------
    label, unit, help, hint : str
        What it is, in which unit; what the question mark explains; a line below.
    step : float
        Of the slider and of the arrow keys; typed numbers may lie between.
    integer, log : bool
        Whole numbers only; a slider over orders of magnitude (low > 0).
    live : bool
        Told while the slider moves, not only when it is let go.
    """

    def take(new: Any) -> None:
        # The browser is not trusted with the limits.
        if isinstance(new, int | float) and low <= new <= high:
            on_value(int(new) if integer else float(new))

    FieldWidget.element(
        kind="number", label=label, value=value, on_value=take, low=low, high=high, step=step,
        integer=integer, log=log, live=live, unit=unit, help=help, hint=hint, disabled=disabled,
    )  # fmt: skip


@solara.component
def ChoiceField(
    label: str,
    value: str,
    on_value: Callable[[str], None],
    *,
    options: Mapping[str, str],
    help: str = "",
    hint: str = "",
    disabled: bool = False,
) -> None:
    """Ask for one of a few words; ``options`` maps each to what a person reads."""

    def take(new: Any) -> None:
        if new in options:
            on_value(new)

    FieldWidget.element(
        kind="choice", label=label, value=value, on_value=take,
        options=[list(option) for option in options.items()], help=help, hint=hint,
        disabled=disabled,
    )  # fmt: skip


@solara.component
def SwitchField(
    label: str,
    value: bool,
    on_value: Callable[[bool], None],
    *,
    help: str = "",
    hint: str = "",
    disabled: bool = False,
) -> None:
    """Ask for yes or no."""
    FieldWidget.element(
        kind="switch", label=label, value=value, on_value=lambda new: on_value(bool(new)),
        help=help, hint=hint, disabled=disabled,
    )  # fmt: skip


@solara.component
def TextField(
    label: str,
    value: str,
    on_value: Callable[[str], None],
    *,
    longest: int = 200,
    lines: bool = False,
    help: str = "",
    hint: str = "",
    disabled: bool = False,
) -> None:
    """Ask for a short line of text, or for a text of many ``lines``."""

    def take(new: Any) -> None:
        if isinstance(new, str):
            on_value(new[:longest])

    FieldWidget.element(
        kind="lines" if lines else "text", label=label, value=value, on_value=take,
        longest=longest, help=help, hint=hint, disabled=disabled,
    )  # fmt: skip


@solara.component
def SettingField(
    settings: Settings,
    name: str,
    *,
    label: str = "",
    term: str = "",
    unit: str = "",
    help: str = "",
    hint: str = "",
    disabled: bool = False,
) -> None:
    """Ask for one of a page's settings, by its kind.

    Parameters
    ----------
    settings, name
        Whose and which.
    label : str
        By default the glossary's name of ``term``, or the setting's name.
    term : str
        Entry of the glossary that gives label, unit and help where they are left out.
    """
    entry = explain(term) if term else None
    if entry is not None:
        label, unit, help = label or entry.name, unit or entry.unit, help or entry.sentence()
    label = label or name.replace("_", " ")
    kind = settings.kinds[name]
    given: dict[str, Any] = {
        "label": label,
        "value": settings[name],
        "on_value": lambda value: settings.set(**{name: value}),
        "help": help,
        "hint": hint,
        "disabled": disabled,
    }
    if isinstance(kind, Number):
        SliderField(
            low=kind.low, high=kind.high, step=kind.step, integer=kind.integer, log=kind.log,
            unit=unit, **given,
        )  # fmt: skip
    elif isinstance(kind, Choice):
        ChoiceField(options=kind.options, **given)
    elif isinstance(kind, Flag):
        SwitchField(**given)
    elif isinstance(kind, Text):
        TextField(longest=kind.longest, **given)
