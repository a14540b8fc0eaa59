"""The states of a card that has no numbers yet: empty, loading, failed, cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import solara

from .markup import Element, tag
from .work import Job, Stage, use_watch

__all__ = ["JobState", "Progress", "StateCard"]

SIGNS = {"empty": "○", "loading": "", "failed": "!", "cancelled": "■"}
TITLES = {"loading": "Working", "failed": "This did not work", "cancelled": "Stopped"}


@solara.component
def StateCard(
    kind: str,
    title: str = "",
    text: str = "",
    action: str = "",
    on_action: Callable[[], None] | None = None,
    children: Sequence[Element] = (),
) -> None:
    """Say why there is nothing to see yet, and what to do about it.

    Parameters
    ----------
    kind : "empty", "loading", "failed" or "cancelled"
    title, text : str
        What it is, and one sentence more.
    action, on_action
        Label of a button and what it does.
    """
    sign = SIGNS[kind]
    with solara.Div(classes=["sp-state", f"sp-state-{kind}"]):
        if sign:
            tag("span", sign, css="sp-state-sign", aria_hidden="true")
        else:
            tag("span", css="sp-spinner", aria_hidden="true")
        tag("h2", title or TITLES.get(kind, ""), css="sp-state-title")
        if text:
            tag("p", text, css="sp-state-text", role="alert" if kind == "failed" else "status")
        for child in children:
            solara.display(child)
        if action and on_action is not None:
            solara.Button(action, on_click=on_action, classes=["sp-button"])


@solara.component
def Progress(value: float, text: str = "") -> None:
    """Show how far work has come; a negative ``value`` is not known."""
    known = value >= 0
    percent = f"{100 * min(value, 1):.0f}"
    measured: dict[str, Any] = (
        {"aria_valuenow": percent, "aria_valuemin": "0", "aria_valuemax": "100"} if known else {}
    )
    bar = tag(
        "div",
        tag("div", css="sp-progress-bar", style=f"width: {percent if known else 30}%"),
        css="sp-progress" if known else "sp-progress sp-progress-unknown",
        role="progressbar",
        aria_label=text or "Progress",
        **measured,
    )
    label = " · ".join(part for part in (f"{percent} %" if known else "", text) if part)
    tag("div", bar, tag("span", label, css="sp-progress-text"), css="sp-progress-row")


@solara.component
def JobState(job: Job, empty: str, text: str = "", again: Callable[[], None] | None = None) -> None:
    """Show the state of a job that has nothing to look at yet.

    Parameters
    ----------
    job : Job
    empty, text : str
        Title and sentence before the first start.
    again : callable, optional
        What "Try again" does after a failure or a stop.
    """
    use_watch(job)
    if job.stage == Stage.FAILED:
        StateCard("failed", text=job.message, action="Try again", on_action=again)
    elif job.stage == Stage.CANCELLED:
        StateCard("cancelled", text="What was not finished is dropped.", action="Start again",
                  on_action=again)  # fmt: skip
    elif job.busy:
        with StateCard("loading", text=job.message):
            Progress(job.progress)
    else:
        StateCard("empty", title=empty, text=text)
