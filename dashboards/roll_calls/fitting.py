"""A fit in a process of its own: the command line's, so that a stop ends it at once.

The page renders while it works, what it needed of memory is given back, and what the page shows is
what ``sociophysics fit`` wrote into the folder.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import sociophysics as sp
from sociophysics.live.fitted_chamber import share_over

from ..browser_tab import this_tab
from ..command import carry_out
from ..work import Job
from .source import Source, shell_words

__all__ = ["FILES", "Order", "finished_at", "fit", "progress_of"]

FILES = ("evaluation.csv", "couplings.csv", "members.csv", "notes.txt", "system.npz", "report.html")
STAGE = re.compile(r"^(\d+) of (\d+): (.+?) \(\d+ s(?:, about \d+ s left)?\)$")
SAID = {
    "couplings": "finding who goes with whom (couplings)",
    "ideal points": "placing members on one line (ideal points)",
    "standard errors": "how sure each tie is (standard errors)",
    "stability": "which ties half of the votes confirm (stability)",
    "Boltzmann refinement": "a chamber that generates such votes (Boltzmann refinement)",
    "bootstrap": "chambers the votes could as well have given (bootstrap)",
    "physics": "where the chamber comes to rest (landscape)",
    "evaluation": "predicting hidden votes (evaluation)",
    "tables": "writing tables and report",
}


@dataclass(frozen=True)
class Order:
    """A fit that is asked for."""

    source: Source
    quick: bool = True
    test: str = "cells"
    seed: int = 0

    @property
    def name(self) -> str:
        """Return the name of its folder, which tells fits of one chamber apart.

        Examples
        --------
        >>> Order(Source("senate109"), quick=False, test="rollcalls", seed=3).name
        'senate109-full-rollcalls-s3'
        """
        chamber = self.source.name if self.source.votes is None else f"votes-{self.source.digest}"
        parts = [chamber, "quick" if self.quick else "full"]
        # A quick fit is tested on hidden votes whatever is asked for.
        parts += ["rollcalls"] if self.test == "rollcalls" and not self.quick else []
        parts += [f"s{self.seed}"] if self.seed else []
        return "-".join(parts)

    def folder(self) -> Path:
        """Return where it is written: with the runs, or, of a person's own votes, in the tab's."""
        if self.source.votes is None:
            return Path(os.environ.get("SOCIOPHYSICS_RUNS", "runs")).absolute() / self.name
        return this_tab().folder() / self.name

    def words(self, out: str, *, theirs: bool = False) -> list[str]:
        """Return the words after ``sociophysics``.

        Examples
        --------
        >>> Order(Source("senate109")).words("runs/a")
        ['fit', 'senate109', '--quick', '--out', 'runs/a']
        """
        words = ["fit", *self.source.words(theirs=theirs)]
        words += ["--quick"] if self.quick else []
        words += ["--test", self.test] if self.test != "cells" and not self.quick else []
        words += ["--seed", str(self.seed)] if self.seed else []
        return [*words, "--out", out]

    def command(self) -> str:
        """Return the line that does the same in a terminal."""
        return shell_words(["sociophysics", *self.words(f"runs/{self.shown_name}", theirs=True)])

    @property
    def shown_name(self) -> str:
        """Return the name of the folder in printed commands."""
        if self.source.votes is None:
            return self.name
        return replace(self, source=Source("upload")).name.replace("upload", "chamber", 1)


def finished_at(folder: Path) -> datetime | None:
    """Return when the fit in a folder was finished, or None if there is no whole one."""
    places = [folder / name for name in FILES]
    if not all(place.is_file() for place in places):
        return None
    # The report is written last: an older one belongs to a fit before the one that was stopped.
    stamps = [place.stat().st_mtime for place in places]
    return datetime.fromtimestamp(stamps[-1]) if stamps[-1] >= max(stamps[:-1]) else None


def progress_of(line: str, *, quick: bool) -> tuple[float, str] | None:
    """Return how far a fit has come, from what it says, and what it does now.

    Examples
    --------
    >>> progress_of("1 of 9: ideal points (3 s)", quick=True)
    (0.18, 'step 2 of 9: placing members on one line (ideal points)')
    >>> progress_of("sociophysics: there is no such file.", quick=True)
    """
    found = STAGE.match(line)
    if found is None:
        return None
    done, total, stage = int(found[1]), int(found[2]), found[3]
    if stage not in SAID:
        return 1.0, "done"
    share = share_over(stage, quick=quick)
    return done / total if share is None else share, f"step {done + 1} of {total}: {SAID[stage]}"


def fit(job: Job, order: Order, folder: Path) -> None:
    """Run the fit to its end, or end it when the job is stopped or the tab closed.

    Raises
    ------
    InputError
        What the fit refused, in the file's own name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise sp.InputError(
            f"the folder of runs cannot be written ({error.strerror}); start the dashboard with "
            "another --runs."
        ) from None
    carry_out(
        job, order.words(str(folder)),
        told=lambda line: progress_of(line, quick=order.quick),
        said=order.source.in_its_name, ended="fit fewer members",
    )  # fmt: skip
