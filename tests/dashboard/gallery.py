"""Every shared piece on two pages, served by the tests that look at them one by one."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import solara

import sociophysics as sp
from dashboards.address import Choice, Flag, Kind, Number, Text
from dashboards.browser_tab import this_tab
from dashboards.fields import SettingField
from dashboards.figure import Download
from dashboards.glossary import Quantity, Term
from dashboards.markup import Banner, Card, Controls, Main, PageFrame, Row, tag
from dashboards.network_view import Legend, NetworkView
from dashboards.settings import AddressBar, use_settings
from dashboards.shell import Shell
from dashboards.states import JobState, Progress, StateCard
from dashboards.time_course import TimeCourse
from dashboards.upload import NetworkUpload, Upload
from dashboards.work import Job, use_job
from sociophysics.live.network_picture import NetworkPicture, picture
from sociophysics.live.run_lines import Series

SETTINGS: dict[str, Kind] = {
    "n": Number(1000, low=50, high=100_000, integer=True, log=True),
    "temperature": Number(0.8, low=0.0, high=5.0, step=0.05),
    "feed": Choice("engagement", {"none": "No feed", "engagement": "Engagement"}),
    "paired": Flag(True),
    "title": Text("", longest=40),
}


def simulate(n: int, temperature: float) -> Any:
    def work(job: Job) -> int:
        job.publish(message="drawing the network")
        graph = sp.networks.build("planted_partition", seed=1, n=n, communities=2, k_in=7, k_out=1)
        system = sp.couplings.uniform(graph, normalize="degree")
        drawn = picture(system, system.nodes["camp"].to_numpy())
        means: list[float] = []
        frames = sp.trajectory(
            system, temperature=temperature, sweeps=1_000_000, seed=1, camps=system.nodes["camp"]
        )
        for frame in frames:
            job.check()
            means.append(float(frame.spins.mean()))
            job.publish((drawn, frame.spins[0].copy(), np.array(means)), progress=frame.sweep / 1e6)
            time.sleep(0.005)  # slow enough to be stopped on any machine
        return len(means)

    return work


@solara.component
def Live() -> None:
    job = use_job("gallery")
    chosen: solara.Reactive[list[int]] = solara.use_reactive([])
    if job.frame is None:
        JobState(job, empty="Nothing has run yet", text="Press Run.")
        return
    drawn, spins, means = job.frame
    assert isinstance(drawn, NetworkPicture)
    tag("p", f"chosen: {len(chosen.value)}", css="chosen")
    tag("p", f"sweep {len(means)}", css="sweep")
    NetworkView(
        drawn, spins, selected=chosen.value, on_selected=chosen.set, marked=range(5), title="Left"
    )
    Legend(drawn)
    x = np.arange(len(means))
    TimeCourse(
        [
            Series("no feed", x, means, means - 0.1, means + 0.1, index=0),
            Series("engagement", x, 0.3 - means, 0.2 - means, 0.4 - means, index=1),
        ],
        y_title="mean stance (1)", marks=[(30, "heat"), (60, "feed off")], title="Mean stance",
    )  # fmt: skip
    Progress(job.progress, job.message)


@solara.component
def Buttons(n: int, temperature: float) -> None:
    job = use_job("gallery")
    with Row():
        solara.Button(
            "Run", on_click=lambda: job.start(simulate(n, temperature)), disabled=job.busy,
            classes=["sp-button", "sp-button-main"],
        )  # fmt: skip
        solara.Button("Stop", on_click=job.cancel, disabled=not job.busy, classes=["sp-button"])
        solara.Button("Pause", on_click=job.pause, classes=["sp-button"])
        solara.Button("Step", on_click=job.step, classes=["sp-button"])
        solara.Button("Continue", on_click=job.resume, classes=["sp-button"])
    tag("p", f"stage {job.stage}", css="stage")


@solara.component
def Page() -> None:
    settings = use_settings(SETTINGS)
    AddressBar(settings)
    with PageFrame("Gallery", lead="Every shared piece, for the tests and for the eye."):
        with Controls():
            with Card("Settings"):
                SettingField(settings, "n", term="users")
                SettingField(settings, "temperature", term="temperature")
                SettingField(settings, "feed", label="Feed", help="Which posts are shown first.")
                SettingField(settings, "paired", label="Same seeds on both sides")
                SettingField(settings, "title", label="Title", hint="Up to 40 characters")
            with Card("Run"):
                Buttons(settings["n"], settings["temperature"])
        with Main(), Row(columns=2):
            with Card("Live", note="One run is one possible history, not a forecast."):
                Live()
            with Card("Numbers"):
                with solara.Div(classes=["sp-figures"]):
                    Quantity("edge_agreement", 0.7234, interval=(0.69, 0.754))
                    Quantity("energy", -1.2345)
                    Quantity("reach", 1234.0)
                Term("hysteresis")
                tag(
                    "pre",
                    "sociophysics run scenarios/feed_designs.toml --replicas 20",
                    css="sp-code",
                )
                Download("Table", lambda: b"a,b\n1,2\n", filename="table.csv", mime="text/csv")


def slow_failure(job: Job) -> None:
    time.sleep(0.2)
    raise sp.InputError("temperature is -1; it must be >= 0.")


@solara.component
def States() -> None:
    failing = use_job()
    graph: solara.Reactive[Any] = solara.use_reactive(None)
    text: solara.Reactive[Any] = solara.use_reactive(None)
    with PageFrame("States", lead="What a card shows when it has no numbers."):
        with Controls():
            with Card("Your network"):
                NetworkUpload(graph.set)
                found = "none" if graph.value is None else f"{len(graph.value)} users"
                tag("p", f"network: {found}", css="network")
            with Card("Small text"):
                Upload(
                    "Text", kinds=(".txt",), largest=1000, on_value=text.set,
                    read=lambda file: (file.name, file.path.read_text(), str(file.path)),
                )  # fmt: skip
                tag("p", f"text: {text.value}", css="text")
                tag("p", str(this_tab().folder()), css="folder")
        with Main(), Row(columns=2):
            with Card():
                StateCard("empty", "No sweep yet", "Choose what to vary, and press Run.")
            with Card():
                StateCard("loading", text="part 3 of 10", children=[Progress(0.3)])
            with Card():
                StateCard("failed", text="temperature is -1; it must be >= 0.", action="Try again")
            with Card():
                StateCard("cancelled", text="4 of 20 replicas are kept.", action="Continue")
            with Card():
                Banner("The link's temperature was out of range.", kind="warning")
                solara.Button(
                    "Fail", on_click=lambda: failing.start(slow_failure), classes=["sp-button"]
                )
                JobState(failing, empty="Not started")


routes = [
    solara.Route("/", component=Page, layout=Shell, label="Gallery"),
    solara.Route("states", component=States, label="States"),
]
