"""The calibrated society on the other pages: one press each."""

from __future__ import annotations

from collections.abc import Callable

import solara

import sociophysics as sp

from ..address import write_address
from ..apart import apart
from ..feed_lab.moments import this_lab
from ..feed_lab.reading import values_of
from ..feed_lab.settings import SETTINGS as FEED_LAB_SETTINGS
from ..feed_lab.society import understood
from ..markup import Banner, Row
from ..settings import FEED_LAB
from ..society_in_use import CALIBRATED, SocietyInUse
from ..states import Progress
from ..upload import UploadedFile
from ..work import Job, Stage, use_job
from .asking import Calibrated

__all__ = ["Pages", "as_in_the_feed_lab"]

PLACES = {
    "Scenarios": f"/?story={CALIBRATED}",
    "Tipping points": f"/tipping-points?source={CALIBRATED}",
    "Trials": f"/trials?society={CALIBRATED}",
}
LIVE = {"replicas": 8, "sweeps": 200}


@solara.component
def Pages(found: Calibrated) -> None:
    """Offer the pages that show societies."""
    router = solara.use_router()
    job = use_job()

    def opening(address: str) -> Callable[[], None]:
        def open_it() -> None:
            found.asked.use(found.shown)
            router.push(address)

        return open_it

    def open_lab() -> None:
        def work(job: Job) -> str:
            job.publish(message="opening the Feed lab")
            used = found.asked.use(found.shown)
            ties, users = (_file(used, name) for name in (used.ties, used.users))
            uploaded = apart(job, understood, ties, users, None)
            this_lab().bring(uploaded)
            values = as_in_the_feed_lab(used.scenario(), weight=uploaded.weight)
            return FEED_LAB + write_address(FEED_LAB_SETTINGS, values)

        job.start(work)

    def go() -> None:
        if job.stage == Stage.DONE:
            router.push(job.result)

    solara.use_effect(go, [job.stage])
    with solara.Div():
        with Row():
            solara.Button("Open in the Feed lab", on_click=open_lab, disabled=job.busy,
                          classes=["sp-button", "sp-button-main"])  # fmt: skip
            for name, address in PLACES.items():
                solara.Button(f"Open in {name}", on_click=opening(address), classes=["sp-button"])
        if job.busy:
            Progress(-1, job.message)
        elif job.stage == Stage.FAILED:
            Banner(job.message, kind="error")


def as_in_the_feed_lab(scenario: sp.Scenario, *, weight: str) -> dict[str, object]:
    """Return the settings that show a society in the Feed lab: its feed right, none left.

    Raises
    ------
    InputError
        A society that the page has no settings for.
    """
    values, _ = values_of(scenario)
    feed = scenario.canonical()["feed"]["kind"]
    left = {"a_feed": "none"} if feed != "none" else {"b_feed": "engagement"}
    couplings = {"couplings": "edge"} if weight else {}
    return {**values, **left, **LIVE, **couplings, "weight": weight}


def _file(used: SocietyInUse, name: str) -> UploadedFile:
    path = used.folder / name
    return UploadedFile(name, path, path.stat().st_size)
