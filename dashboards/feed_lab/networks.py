"""Settings of the network: generated, bundled, or a person's own file with its camps."""

from __future__ import annotations

import solara

from ..apart import apart
from ..fields import ChoiceField, SettingField
from ..markup import Banner, tag
from ..settings import Settings
from ..states import Progress
from ..upload import LARGEST, NETWORK_KINDS, TABLE_KINDS, Upload, UploadedFile
from ..work import Job, Stage, use_job
from .groups import Group
from .moments import this_lab
from .settings import NETWORK_KEYS
from .society import Uploaded, camp_count, understood

__all__ = ["NetworkFields"]

FIELDS = {
    "n": {"term": "users"},
    "communities": {"label": "Communities", "help": "Groups of users: the camps."},
    "k_in": {"label": "Ties inside", "unit": "per user", "help": "Mean ties to one's community."},
    "k_out": {"label": "Ties outside", "unit": "per user", "help": "Mean ties to all others."},
    "side": {"label": "Side", "unit": "users", "help": "Users along each side of the grid."},
    "periodic": {"label": "Opposite borders are neighbors"},
    "degree": {"label": "Ties per user", "help": "A small world starts from a ring of so many."},
    "newcomer_ties": {"label": "Ties of a newcomer", "help": "Newcomers tie to the well tied."},
    "shortcuts": {"label": "Share of shortcuts", "help": "Probability that a tie leads far away."},
}  # fmt: skip
ABOUT = {
    "polblogs": "1,222 US political blogs of 2004 and their 16,714 links; camps: liberal (0) and "
    "conservative (1). Adamic & Glance 2005.",
    "polbooks": "105 books on US politics, tied where bought together; camps: liberal, neutral, "
    "conservative. Krebs.",
    "karate": "34 members of a karate club that split in two; camps: where they went. Zachary.",
}
WITHOUT = "Users of this network have no camps: feeds and starts that need camps are refused."


@solara.component
def NetworkFields(settings: Settings, uploaded: Uploaded | None) -> None:
    """Ask who is tied to whom."""
    kind = settings["network"]
    with Group("Network"):
        SettingField(settings, "network", label="Who is tied to whom")
        for key in NETWORK_KEYS.get(kind, ()):
            if key in FIELDS:
                SettingField(settings, key, **FIELDS[key])
        if kind in ABOUT:
            tag("p", ABOUT[kind], css="sp-note")
        if kind != "upload" and camp_count(settings.values, None) == 0:
            tag("p", WITHOUT, css="sp-note")
        # Always there, shown or not: made anew, the inputs would lose their files.
        with tag("div", css="sp-lab-fields", style="" if kind == "upload" else "display: none"):
            OwnNetwork(settings, uploaded)


@solara.component
def OwnNetwork(settings: Settings, uploaded: Uploaded | None) -> None:
    """Take a network file, the table of its users, and the name of the camps' column."""
    lab = this_lab()
    arrived: dict[str, UploadedFile | None] = solara.use_memo(lambda: {}, [])
    job = use_job()

    def take(which: str, file: UploadedFile | None) -> None:
        # Not by way of a render: the two files may arrive at the same moment, in two threads.
        arrived[which] = file
        tie_file, user_file = arrived.get("ties"), arrived.get("users")
        if tie_file is None:
            job.forget()
            lab.bring(None)
            return
        beside = user_file if tie_file.path.suffix in TABLE_KINDS else None

        def work(job: Job) -> None:
            lab.bring(None)
            found = apart(job, understood, tie_file, beside)
            if found.camps and settings["camp"] not in found.camps:
                named = [name for name in ("camp", "value") if name in found.camps]
                settings.set(camp=(named or list(found.camps))[0])
            lab.bring(found)

        job.start(work)

    with solara.Div(classes=["sp-upload"]):
        Upload(
            "Network file", kinds=NETWORK_KINDS, read=lambda file: file,
            on_value=lambda file: take("ties", file),
            hint="Edge list (CSV, TSV, Parquet) with columns source and target, or GraphML, GEXF, "
            f"JSON; up to {LARGEST / 1e6:g} MB",
        )  # fmt: skip
        Upload(
            "Users and camps (with an edge list)", kinds=TABLE_KINDS, read=lambda file: file,
            on_value=lambda file: take("users", file),
            hint="Table with the column id and one column for the camp",
        )  # fmt: skip
        if job.busy:
            Progress(-1, "reading the network")
        if job.stage == Stage.FAILED:
            Banner(job.message, kind="error")
        if uploaded is not None:
            _found(settings, uploaded)


def _found(settings: Settings, uploaded: Uploaded) -> None:
    tag("p", f"{uploaded.ties.name}: {uploaded.n:,} users, {uploaded.m:,} ties.", css="sp-note")
    SettingField(settings, "directed", label="Ties have a direction",
                 help="The source of a tie listens to its target.")  # fmt: skip
    if not uploaded.camps:
        tag("p", f"No column that could be camps. {WITHOUT}", css="sp-note")
        return
    options = {name: f"{name} ({count} camps)" for name, count in uploaded.camps.items()}
    if settings["camp"] not in options:
        options = {settings["camp"]: "none", **options}
    ChoiceField("Camps", settings["camp"], lambda name: settings.set(camp=name), options=options)
