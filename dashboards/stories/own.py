"""A scenario of one's own: a file or a pasted text, looked at before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

import sociophysics as sp
from sociophysics.live.strange_scenarios import LARGEST_SCENARIO, Looked, looked_at

from ..apart import apart
from ..browser_tab import this_tab
from ..fields import TextField
from ..markup import Banner, Card, tag
from ..states import Progress
from ..upload import Upload, UploadedFile
from ..work import Job, Stage, use_job

__all__ = ["JOB", "Own", "Preview", "kept", "run_name"]

JOB = "stories.own"


def kept() -> dict[str, Looked]:
    """Return where this tab keeps the scenario that was brought to it, under "looked"."""
    found: dict[str, Looked] = this_tab().keep("stories own scenario", dict)
    return found


def run_name(looked: Looked) -> str:
    """Return the name of its folder: equal scenarios continue each other, others never meet."""
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in looked.name)
    return f"{plain[:40].strip('-') or 'scenario'}-{looked.hash[:8]}"


@solara.component
def Own(on_open: Callable[[], None]) -> None:
    """Take a scenario, say what it is, and open it as a story."""
    job = use_job(JOB)
    pasted = solara.use_reactive("")

    def look(text: str, name: str) -> None:
        def work(job: Job) -> Looked:
            job.publish(message=f"looking at {name}")
            looked: Looked = apart(job, looked_at, text, name)
            kept()["looked"] = looked
            return looked

        kept().pop("looked", None)
        job.start(work)

    def take(file: UploadedFile | None) -> None:
        if file is not None:
            look(text_of(file), file.name.removesuffix(".toml") or "scenario")

    with Card(), solara.Div(classes=["sp-story-bring"]), tag("details"):
        tag("summary", "Run a scenario file of your own", css="sp-lab-summary-small")
        with solara.Div(classes=["sp-story-own"]):
            Upload(
                "Scenario file", kinds=(".toml",), read=lambda file: file, on_value=take,
                largest=LARGEST_SCENARIO,
                hint=f"TOML, up to {LARGEST_SCENARIO // 1000} kB; bundled or generated networks",
            )  # fmt: skip
            with solara.Div(classes=["sp-story-paste"]):
                TextField(
                    "Or paste its text", pasted.value, pasted.set, lines=True,
                    longest=LARGEST_SCENARIO,
                    hint="`sociophysics scenario show NAME` prints one to begin with",
                )  # fmt: skip
                solara.Button(
                    "Look at it", on_click=lambda: look(pasted.peek(), "pasted"),
                    classes=["sp-button"],
                )  # fmt: skip
        if job.busy:
            Progress(-1, job.message)
        elif job.stage == Stage.FAILED:
            Banner(job.message, kind="error")
        elif (looked := kept().get("looked")) is not None:
            Preview(looked)
            solara.Button("Play it", on_click=on_open, classes=["sp-button", "sp-button-main"])


def text_of(file: UploadedFile) -> str:
    """Return the text of an uploaded file.

    Raises
    ------
    InputError
        It is not UTF-8.
    """
    try:
        return file.path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise sp.InputError(f"{file.name} is not UTF-8 text; save it as UTF-8.") from None


@solara.component
def Preview(looked: Looked) -> None:
    """Say what a scenario will be."""
    rows: list[tuple[str, str]] = [
        ("Society", "; ".join(looked.society)),
        ("Designs", ", ".join(looked.designs) or "one"),
        ("Size", looked.sentence()),
    ]
    cells: list[Any] = []
    for name, value in rows:
        cells += [tag("dt", name), tag("dd", value)]
    with solara.Div():
        tag("p", tag("strong", looked.title), f" {looked.question}" if looked.question else "")
        tag("dl", *cells, css="sp-story-facts")
