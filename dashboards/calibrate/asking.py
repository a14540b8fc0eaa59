"""The calibration that the page asks for: its file, its command, the work that carries it out."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import sociophysics as sp
from sociophysics.live.calibration_shown import ShownCalibration, read_calibration
from sociophysics.live.calibrations_asked import (
    AskedCalibration,
    asked_tables,
    calibration_text,
    society_of,
)
from sociophysics.live.listed_runs import folder_of_runs
from sociophysics.live.panels_brought import LookedPanel, looked_at_panel, settled

from ..apart import apart
from ..browser_tab import this_tab
from ..command import carry_out
from ..society_in_use import SocietyInUse, use_it
from ..work import Job

__all__ = [
    "FILE", "JOB", "PANEL", "Asked", "Brought", "Calibrated", "asked_for", "carrying_out",
    "looking",
]  # fmt: skip

JOB, PANEL = "calibrate", "calibrate.panel"  # the work that calibrates, and that looks
FILE = "calibrate.toml"


@dataclass(frozen=True)
class Brought:
    """A panel that was looked at: the folder of our copies, and what they hold."""

    folder: Path
    looked: LookedPanel
    camp: str
    treated: str
    directed: bool


@dataclass(frozen=True)
class Asked:
    """A calibration that is asked for."""

    brought: Brought
    tables: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Its file."""
        return calibration_text(self.tables)

    @property
    def name(self) -> str:
        """The name of its folder: equal calibrations continue each other, others never meet."""
        text = f"{self.text}{self.brought.looked.digest}"
        return f"calibrate-{hashlib.sha256(text.encode()).hexdigest()[:10]}"

    def command(self) -> str:
        """Return the line that does the same in a terminal, in the folder of the files."""
        return shlex.join(["sociophysics", "calibrate", FILE, "--out", f"runs/{self.name}"])

    def folder(self) -> Path:
        """Return where it is written: with the runs."""
        return folder_of_runs() / self.name

    def scenario(self, shown: ShownCalibration) -> str:
        """Return the scenario of the calibrated society.

        Raises
        ------
        InputError
            As ``society_of``.
        """
        return society_of(self.tables, self.brought.looked, shown.means())

    def use(self, shown: ShownCalibration) -> SocietyInUse:
        """Take up the calibrated society in this tab; refused as ``scenario`` is."""
        names, folder = self.brought.looked.names, self.brought.folder
        files = {part: folder / names[part] for part in ("edges", "users")}
        return use_it(self.scenario(shown), files, shown.folder)

    def society(self, shown: ShownCalibration) -> bytes:
        """Return the calibrated society as a ZIP; refused as ``scenario`` is."""
        names, folder = self.brought.looked.names, self.brought.folder
        files = {names[part]: folder / names[part] for part in ("edges", "users")}
        return shown.archive(self.scenario(shown), files)


class Calibrated(NamedTuple):
    """What was asked, and what was found."""

    asked: Asked
    shown: ShownCalibration


def kept() -> dict[str, Path]:
    """Return where this tab keeps which folder the last calibration is of, under "used"."""
    found: dict[str, Path] = this_tab().keep("calibrate folders", dict)
    return found


def looking(
    files: Mapping[str, Path], camp: str, treated: str, directed: bool
) -> Callable[[Job], Brought]:
    """Return the work that looks at three files, in a process of its own."""

    def work(job: Job) -> Brought:
        job.publish(message="looking at the panel")
        folder = Path(tempfile.mkdtemp(prefix="panel-", dir=this_tab().folder()))
        try:
            names = settled(files, folder)
            looked: LookedPanel = apart(
                job, looked_at_panel, folder, names, camp, treated, directed
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        for other in this_tab().folder().glob("panel-*"):
            if other not in (folder, kept().get("used")):
                shutil.rmtree(other, ignore_errors=True)
        return Brought(folder, looked, camp, treated, directed)

    return work


def asked_for(values: Mapping[str, Any], brought: Brought | None) -> Asked:
    """Return the calibration that the settings of the page ask for.

    Raises
    ------
    InputError
        There are no data yet, or as ``asked_tables``.
    """
    if brought is None:
        raise sp.InputError("there is no panel yet; bring edges, users and stances under Data.")
    free = values["pace"] == "free"
    asked = AskedCalibration(
        temperature=(values["t_low"], values["t_high"]),
        field=values["field"], field_prior=(values["h_low"], values["h_high"]),
        feed=values["feed"], feed_prior=(values["s_low"], values["s_high"]),
        pace=(values["p_low"], values["p_high"]) if free else float(values["sweeps"]),
        camp=brought.camp, treated=brought.treated, directed=brought.directed,
        seed=int(values["seed"]),
    )  # fmt: skip
    return Asked(brought, asked_tables(asked, brought.looked))


def carrying_out(asked: Asked) -> Callable[[Job], Calibrated]:
    """Return the work that calibrates as the command line does, in a process of its own."""

    def work(job: Job) -> Calibrated:
        kept()["used"] = asked.brought.folder
        (asked.brought.folder / FILE).write_text(asked.text, encoding="utf-8")
        folder = asked.folder()
        folder.parent.mkdir(parents=True, exist_ok=True)
        # In the folder of the files, so that the report has their names and no path of ours.
        carry_out(
            job, ["calibrate", FILE, "--out", str(folder)], folder=asked.brought.folder,
            said=lambda text: text.replace(f"{asked.brought.folder}/", ""),
            ended="bring fewer users or waves",
        )  # fmt: skip
        return Calibrated(asked, read_calibration(folder))

    return work
