"""Settings of the network: generated, bundled, or a person's own file with its camps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from ..apart import apart
from ..fields import ChoiceField, SettingField, SwitchField
from ..markup import Banner, tag
from ..settings import Settings
from ..states import Progress
from ..upload import LARGEST, NETWORK_KINDS, TABLE_KINDS, Upload, UploadedFile
from ..work import Job, Stage, use_job
from .groups import Group
from .moments import this_lab
from .settings import DIRECTIONS, NETWORK_KEYS
from .society import UNWEIGHTED, Reading, Uploaded, camp_count, understood

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
        look(arrived, None, weigh=True)

    def look(
        files: dict[str, UploadedFile | None], reading: Reading | None, *, weigh: bool
    ) -> None:
        tie_file, user_file = files.get("ties"), files.get("users")
        if tie_file is None:
            job.forget()
            lab.bring(None)
            return
        beside = user_file if tie_file.path.suffix in TABLE_KINDS else None

        def work(job: Job) -> None:
            if reading is None:
                lab.bring(None)
            # Else what there is stays until it is read anew: the next choice is often underway.
            found = apart(job, understood, tie_file, beside, reading)
            if found.camps and settings["camp"] not in found.camps:
                named = [name for name in ("camp", "value") if name in found.camps]
                settings.set(camp=(named or list(found.camps))[0])
            if reading is None:  # a new file is used as it says itself
                settings.set(
                    weight=found.weight, source="", target="", symmetrize="", directed=False
                )
            first = lab.uploaded is None or lab.uploaded.problem
            if (weigh or first) and not found.problem:
                settings.set(couplings="edge" if found.weighted else "uniform")
            lab.bring(found)

        job.start(work)

    def reread(*, weigh: bool = False) -> None:
        # What was brought before this page was opened, or by Calibrate, has no input here.
        there = arrived
        if not arrived.get("ties") and lab.uploaded is not None:
            there = {"ties": lab.uploaded.ties, "users": lab.uploaded.users}
        look(there, Reading.of(settings.values), weigh=weigh)

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
        # One element each, shown or not: moved up or down, a choice under way would be lost.
        with solara.Div():
            if job.busy:
                Progress(-1, "reading the network")
            if job.stage == Stage.FAILED:
                Banner(job.message, kind="error")
        if uploaded is not None:
            _found(settings, uploaded, reread)


def _found(settings: Settings, uploaded: Uploaded, reread: Callable[..., None]) -> None:
    """Say what is in the files, and ask what they leave open."""
    with solara.Div():
        if uploaded.problem:
            Banner(uploaded.problem, kind="error")
        else:
            said = f"{uploaded.ties.name}: {uploaded.n:,} users, {uploaded.m:,} ties."
            tag("p", f"{said} {uploaded.ties_told()}", css="sp-note")
    _columns(settings, uploaded, reread)
    if uploaded.problem:
        return
    if not uploaded.camps:
        tag("p", f"No column that could be camps. {WITHOUT}", css="sp-note")
        return
    options = {name: _camps(uploaded, name) for name in uploaded.camps}
    if settings["camp"] not in options:
        options = {settings["camp"]: "none", **options}
    ChoiceField("Camps", settings["camp"], lambda name: settings.set(camp=name), options=options)


def _camps(uploaded: Uploaded, name: str) -> str:
    without = uploaded.unknown.get(name, 0)
    said = f", {without:,} users without" if without else ""
    return f"{name} ({uploaded.camps[name]} camps{said})"


def _columns(settings: Settings, uploaded: Uploaded, reread: Callable[..., None]) -> None:
    """Ask which columns of a table of ties are what, and how two directions become one tie."""

    def asked(name: str, label: str, first: dict[str, str], help: str) -> None:
        def choose(value: str) -> None:
            settings.set(**{name: value})
            reread(weigh=name == "weight")

        options = {**first, **{column: column for column in uploaded.columns}}
        chosen = settings[name]
        if chosen not in options:
            options[chosen] = chosen
        ChoiceField(label, chosen, choose, options=options, help=help)

    unfold: dict[str, Any] = {"open": True} if uploaded.problem else {}
    with tag("details", css="sp-lab-more", **unfold):
        tag("summary", "Columns and directions", css="sp-lab-summary-small")
        if uploaded.columns:
            usual = {"": "as named: source, src or from"}
            asked("source", "Who listens", usual, "The follower.")
            usual = {"": "as named: target, dst or to"}
            asked("target", "Who is listened to", usual, "The one who is followed.")
            none = {UNWEIGHTED: "none: all ties alike"}
            if not settings["weight"]:
                none = {"": "as named: coupling, weight or sign", **none}
            asked("weight", "Strength and sign", none, "Below zero: the two pull apart.")

        def direct(value: bool) -> None:
            settings.set(directed=value)
            reread()

        def join(value: str) -> None:
            settings.set(symmetrize=value)
            reread()

        SwitchField("Ties have a direction", settings["directed"], direct,
                    help="Who listens is pulled, and who is listened to is not.")  # fmt: skip
        if not settings["directed"]:
            ChoiceField("Two directions make one tie", settings["symmetrize"], join,
                        options=DIRECTIONS)  # fmt: skip
