"""What the Calibrate page asks: the data, the model, and between what its parameters lie."""

from __future__ import annotations

from collections.abc import Callable

import solara

from sociophysics.live.panels_brought import example_panel

from ..fields import SettingField
from ..markup import Banner, Card, tag
from ..settings import Settings
from ..states import Progress
from ..upload import TABLE_KINDS, Upload, UploadedFile
from ..work import Stage, use_job
from .asking import PANEL, looking

__all__ = ["Data", "Model", "Priors"]

EXAMPLE = ("party", "", False)  # its camps; nobody is treated; ties are mutual
HINTS = {
    "edges": "Ties: columns source and target",
    "users": "Users: a column id, and columns of camp or treatment",
    "stances": "Stances: columns id, wave, stance (1, -1 or blank), and perhaps date",
}

Files = dict[str, UploadedFile]


@solara.component
def Data(settings: Settings, busy: bool) -> None:
    """Ask for the panel, and say what it is before anything runs."""
    look = use_job(PANEL)
    files: solara.Reactive[Files] = solara.use_reactive({})
    own = settings["data"] == "upload"
    columns = (settings["camp"], settings["treated"], settings["directed"]) if own else EXAMPLE

    def understand() -> None:
        there = files.value
        if not own:
            look.start(looking(example_panel(), *columns))
        elif len(there) == len(HINTS):
            look.start(looking({part: file.path for part, file in there.items()}, *columns))
        else:
            look.forget()

    solara.use_effect(understand, [own, files.value if own else None, columns])

    def taking(part: str) -> Callable[[UploadedFile | None], None]:
        def take(file: UploadedFile | None) -> None:
            others = {name: each for name, each in files.peek().items() if name != part}
            files.set(others if file is None else {**others, part: file})

        return take

    with Card("Data"), solara.Div(classes=["sp-runs-fields"]):
        SettingField(settings, "data", label="Waves of stances", disabled=busy)
        # Hidden, not left out: the inputs would lose their files.
        with solara.Div(classes=["sp-runs-fields"], style="" if own else "display: none"):
            for part, hint in HINTS.items():
                Upload(f"File of {part}", kinds=TABLE_KINDS, read=lambda file: file,
                       on_value=taking(part), disabled=busy, hint=hint)  # fmt: skip
            SettingField(settings, "camp", label="Column of the camps", disabled=busy,
                         hint="of the users; blank for none")  # fmt: skip
            SettingField(
                settings, "treated", label="Column of a trial", disabled=busy,
                hint="of the users: 1 has the feed, 0 has none; blank for no trial",
            )  # fmt: skip
            SettingField(settings, "directed", label="Keep who listens to whom", disabled=busy)
        if look.busy:
            Progress(-1, look.message)
        elif look.stage == Stage.FAILED:
            Banner(look.message, kind="error")
        elif look.stage == Stage.DONE:
            tag("p", look.result.looked.sentence(), css="sp-note", role="status")


@solara.component
def Model(settings: Settings, busy: bool) -> None:
    """Ask what may move the users beside their ties."""
    with Card("Model"), solara.Div(classes=["sp-runs-fields"]):
        SettingField(
            settings, "field", label="A push from outside", disabled=busy,
            help="Two camps apart: the first camp in alphabetical order up, the other down.",
        )  # fmt: skip
        SettingField(settings, "feed", label="Feed", disabled=busy)
        SettingField(
            settings, "pace", label="Sweeps between two waves", disabled=busy,
            help="How often everybody thinks again in the mean time between two waves.",
        )  # fmt: skip
        if settings["pace"] == "fixed":
            SettingField(settings, "sweeps", label="Their number", disabled=busy)
        SettingField(settings, "seed", term="seed", disabled=busy)


@solara.component
def Priors(settings: Settings, busy: bool) -> None:
    """Ask between what each free parameter lies: all of it is as likely before the data."""
    pairs = [("t", "Temperature", "units of J")]
    if settings["feed"] != "none":
        pairs.append(("s", "Strength of the feed", "units of J"))
    if settings["field"] != "none":
        pairs.append(("h", "Push", "units of J"))
    if settings["pace"] == "free":
        pairs.append(("p", "Sweeps between waves", ""))
    with Card("Free, between", note=PRIOR), solara.Div(classes=["sp-runs-fields"]):
        for name, label, unit in pairs:
            for end, word in (("low", "at least"), ("high", "at most")):
                SettingField(settings, f"{name}_{end}", label=f"{label}, {word}", unit=unit,
                             disabled=busy)  # fmt: skip


PRIOR = "Before the data all values between the two are as likely as each other."
