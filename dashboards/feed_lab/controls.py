"""The left column: the two feeds, the network, how people weigh each other, how it is run."""

from __future__ import annotations

import solara

import sociophysics as sp

from ..fields import ChoiceField, SettingField
from ..markup import tag
from ..settings import Settings
from .groups import Group
from .networks import NetworkFields
from .settings import FEED_KEYS, FEEDS, KEYS, OF_CAMPS, SIDES
from .society import Uploaded, camp_count

__all__ = ["LeftColumn"]

PLAIN = ("strength", "gamma", "epsilon", "tau", "delta")  # the rest is behind "More"


@solara.component
def FeedFields(settings: Settings, uploaded: Uploaded | None) -> None:
    """Ask for the two designs."""
    with Group("Two feeds"):
        for side, label in zip(SIDES, ("Left: the reference", "Right"), strict=True):
            FeedSide(settings, side, label, camps=camp_count(settings.values, uploaded) > 0)
        tag("p", AT_ONCE, css="sp-note")


AT_ONCE = (
    "Feeds, noise and push act on the living society at once, marked in the time courses; what "
    "else changes begins a new society."
)


@solara.component
def FeedSide(settings: Settings, side: str, label: str, camps: bool) -> None:
    """Ask for one design and its main keys; feeds of camps are offered where there are camps."""
    name = f"{side}_feed"
    kind = settings[name]
    keys = FEED_KEYS[kind]
    options = {
        each: words
        for each, words in FEEDS.items()
        if camps or each == kind or each not in OF_CAMPS
    }
    with solara.Div(classes=["sp-lab-fields"]):
        ChoiceField(label, kind, lambda value: settings.set(**{name: value}), options=options,
                    help=_help(kind))  # fmt: skip
        for key in (key for key in keys if key in PLAIN):
            _key(settings, side, key)
        rest = [key for key in keys if key not in PLAIN]
        with tag("details", css="sp-lab-more", style="" if rest else "display: none"):
            tag("summary", "More of this feed", css="sp-lab-summary-small")
            for key in rest:
                _key(settings, side, key)


def _key(settings: Settings, side: str, key: str) -> None:
    about = KEYS[key][0]
    label = about.control.label if about.control else key.replace("_", " ").capitalize()
    unit = "J" if about.unit == "couplings" else about.unit
    SettingField(settings, f"{side}_{key}", label=label, help=about.sentence, unit=unit)


def _help(kind: str) -> str:
    if kind == "none":
        return "Users hear only their ties."
    words: str = sp.feeds.KINDS[kind].words
    return words


@solara.component
def SocietyFields(settings: Settings, uploaded: Uploaded | None) -> None:
    """Ask how people weigh each other."""
    kind = settings["couplings"]
    camps = camp_count(settings.values, uploaded)
    with Group("Ties and noise"):
        SettingField(settings, "temperature", term="temperature")
        SettingField(
            settings, "start", label="How it begins",
            hint="" if camps >= 2 or settings["start"] != "camps" else "No camps here: at random.",
            help="The stances at sweep 0. Each camp united: camp 0 for, camp 1 against.",
        )  # fmt: skip
        SettingField(settings, "couplings", label="Pull of the ties", help=PULL)
        keys = {"uniform": ("value",), "camps": ("within", "across"), "random_sign": ("share",)}
        terms = {"value": "coupling", "within": "within", "across": "across"}
        for key in keys.get(kind, ()):
            if key == "share":
                SettingField(settings, key, label="Share of foes",
                             help="Probability that a tie pulls apart (coupling −1).")  # fmt: skip
            else:
                SettingField(settings, key, term=terms[key], unit="J")
        SettingField(settings, "normalize", label="Divide by numbers of ties", help=NORMALIZE)
        SettingField(settings, "field", term="field")
        with solara.Div(style="" if camps == 2 or settings["apart"] else "display: none"):
            SettingField(settings, "apart", label="Push of the camps apart", unit="J", help=APART)


APART = "Added for camp 0, taken off for camp 1. Another one begins a new society."
PULL = (
    "How strongly a tie pulls two users to the same stance; below 0: apart. In physics: exchange "
    "coupling J."
)
NORMALIZE = (
    "Yes: a user with many ties is not pulled harder than one with few, and noise of about 1 is "
    "the scale on any network (degree normalization)."
)


@solara.component
def RunFields(settings: Settings) -> None:
    """Ask how long, how often, from which seed."""
    with Group("Run", opened=False):
        SettingField(settings, "sweeps", label="Length", unit="sweeps", help=LENGTH)
        SettingField(settings, "replicas", label="Live replicas", help=REPLICAS)
        SettingField(settings, "seed", term="seed", hint="The same on both sides.")


LENGTH = "One sweep: as many chances to reconsider as there are users."
REPLICAS = (
    "Independent repetitions that run along. The picture shows the first, the curves all. Replica "
    "k has the same chance events on both sides."
)


@solara.component
def LeftColumn(settings: Settings, uploaded: Uploaded | None) -> None:
    """Show all settings."""
    FeedFields(settings, uploaded)
    SocietyFields(settings, uploaded)
    NetworkFields(settings, uploaded)
    RunFields(settings)
