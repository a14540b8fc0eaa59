"""Taking a run away and bringing one in: scenario files, and the command that repeats them."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import solara

import sociophysics as sp

from ..figure import Download
from ..markup import Banner, Card, Row, tag
from ..settings import Settings
from ..upload import Upload, UploadedFile
from ..work import kept_job
from .following import use_now_and_then
from .living import VIEWS
from .measure import run_name
from .moments import JOB, Moment, this_lab
from .reading import values_of
from .scenario import measured_scenario
from .society import Uploaded

__all__ = ["Repeat", "file_text"]

NOTE = (
    "The same file gives the same numbers, to the last bit, on the command line of any machine "
    "with this version. Save the file under the name in the command, where you call it."
)


def file_text(scenario: sp.Scenario, uploaded: Uploaded | None) -> str:
    """Return a scenario as a file; a person's own network goes by the name that they know."""
    if uploaded is not None and scenario.network.kind == "file":
        changes: dict[str, Any] = {"network.path": uploaded.ties.name}
        if uploaded.users is not None:
            changes["network.nodes"] = uploaded.users.name
        scenario = scenario.replace(changes)
    return f"# Question: {scenario.question}\n{scenario.to_toml()}"


@solara.component
def Repeat(settings: Settings, scenario: sp.Scenario | None) -> None:
    """Offer the files and commands of what was shown and of what Measure does."""
    notes: solara.Reactive[list[str]] = solara.use_reactive([])
    uploaded = this_lab().uploaded
    with Card("Repeat it elsewhere", note=NOTE):
        if uploaded is not None and settings["network"] == "upload":
            files = " and ".join(f.name for f in (uploaded.ties, uploaded.users) if f is not None)
            Banner(f"The scenario refers to {files}: keep your copy beside the scenario file.")
        with Row(columns=2):
            with solara.Div(classes=["sp-lab-fields"]):
                tag("h3", "What you watched", css="sp-lab-subtitle")
                Watched(uploaded)
            with solara.Div(classes=["sp-lab-fields"]):
                tag("h3", "What Measure does", css="sp-lab-subtitle")
                ToMeasure(settings, scenario, uploaded)
        with solara.Div(classes=["sp-lab-fields"]):
            tag("h3", "Open a scenario file", css="sp-lab-subtitle")
            Upload(
                "Scenario file", kinds=(".toml",), read=_read, largest=1_000_000,
                on_value=_taken(settings, notes), hint="TOML; up to 1 MB",
            )  # fmt: skip
            for note in notes.value:
                Banner(note)


def _read(file: UploadedFile) -> tuple[dict[str, Any], list[str]]:
    try:
        text = file.path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise sp.InputError(f"{file.name} is not UTF-8 text; save it as UTF-8.") from None
    return values_of(sp.Scenario.from_toml(text, name=file.name))


def _taken(settings: Settings, notes: solara.Reactive[list[str]]) -> Callable[[Any], None]:
    def take(found: tuple[dict[str, Any], list[str]] | None) -> None:
        if found is None:
            notes.set([])
            return
        views = {name: settings[name] for name in VIEWS - {"upper"}}
        settings.set(**{**found[0], **views})
        notes.set(["The settings are those of the file; press Run.", *found[1]])

    return take


@solara.component
def Watched(uploaded: Uploaded | None) -> None:
    """Offer the run on the screen, up to the sweep it has reached, with what was done in it."""
    moment: Moment | None = use_now_and_then().frame
    replicas = 0 if moment is None else len(moment.live.numbers)
    name = "feed-lab.toml"

    def data() -> bytes:
        newest: Moment | None = kept_job(JOB).frame
        return b"" if newest is None else file_text(newest.live.so_far(), uploaded).encode()

    with solara.Div(classes=["sp-lab-fields"]):
        if moment is None:
            tag("p", "Run first; its file holds what you did, at the sweep you did it.",
                css="sp-note")  # fmt: skip
            return
        tag("pre", f"sociophysics run {name} --replicas {replicas}", css="sp-code")
        tag("p", f"{replicas} replicas of {moment.sweep:,} sweeps.", css="sp-note")
        Download("Scenario as watched", data=data, filename=name, mime="application/toml")


@solara.component
def ToMeasure(settings: Settings, scenario: sp.Scenario | None, uploaded: Uploaded | None) -> None:
    """Offer the scenario that Measure runs with these settings."""
    with solara.Div(classes=["sp-lab-fields"]):
        if scenario is None:
            tag("p", "The settings cannot be run yet.", css="sp-note")
            return
        measured = measured_scenario(scenario, settings.values)
        name = f"{run_name(measured)}.toml"
        replicas = settings["measured"]
        tag("pre", f"sociophysics run {shlex.quote(name)} --replicas {replicas}", css="sp-code")
        tag("p", f"{replicas} replicas of {settings['sweeps']:,} sweeps.", css="sp-note")
        Download(
            "Scenario to measure", data=lambda: file_text(measured, uploaded).encode(),
            filename=name, mime="application/toml",
        )  # fmt: skip
