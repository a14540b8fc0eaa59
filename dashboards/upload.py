"""Files from a browser: limited before they are read, named by us, gone with the tab.

What a client says about a file is not trusted: its size is checked again while reading, its name
is only shown, and the copy on disk has a name of ours in the tab's private folder.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import solara
import traitlets
from ipyvuetify.extra.file_input import FileInput

import sociophysics as sp

from .apart import apart
from .browser_tab import this_tab
from .markup import Banner
from .states import Progress
from .work import Job, Stage, use_job

__all__ = ["NetworkUpload", "Upload", "UploadedFile", "base_name"]

PIECE = 2**20  # bytes asked of the browser at once; between two pieces a stop is noticed
LARGEST = 20_000_000  # bytes
MOST_CELLS = 4_000_000  # values in a Parquet file, which may be packed into few bytes
NETWORK_KINDS = (".csv", ".tsv", ".parquet", ".graphml", ".gexf", ".json")
TABLE_KINDS = (".csv", ".tsv", ".parquet")

_numbers = itertools.count(1)


class UploadWidget(FileInput):
    """A real file button with a label, which a file can also be dropped on."""

    template = traitlets.Unicode(
        (Path(__file__).parent / "upload.vue").read_text(encoding="utf-8")
    ).tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    hint = traitlets.Unicode("").tag(sync=True)
    # Called with this widget when files were chosen or removed; not part of what is sent.
    on_announced = traitlets.Any(None, allow_none=True)

    # Takes the place of FileInput's own: what reads must not start before the version is the new
    # one, or it is told that the file has changed.
    @traitlets.observe("file_info")
    def _file_info_changed(self, _: Any) -> None:
        self.version += 1
        self.reset_stats()
        if self.on_announced is not None:
            self.on_announced(self)


@dataclass(frozen=True)
class UploadedFile:
    """A file that has arrived: its name for people, its copy on disk, its size in bytes."""

    name: str
    path: Path
    size: int


def base_name(name: str) -> str:
    r"""Return the last part of a client's file name, in printable characters, for showing only.

    Examples
    --------
    >>> base_name("../../etc/passwd"), base_name("C:\\votes.csv")
    ('passwd', 'votes.csv')
    """
    last = re.split(r"[\\/]", name)[-1]
    return "".join(sign for sign in last if sign.isprintable())[:80] or "file"


def checked(infos: Sequence[dict[str, Any]], kinds: Sequence[str], largest: int) -> list[str]:
    """Return the suffix of each announced file, or raise before a byte of it is read.

    Raises
    ------
    InputError
        Another kind of file than ``kinds``, or one that is empty or larger than ``largest``.
    """
    suffixes = []
    for info in infos:
        name, size = base_name(str(info.get("name", ""))), info.get("size")
        suffix = Path(name).suffix.lower()
        if suffix not in kinds:
            raise sp.InputError(f"{name} is no file of a kind read here: {', '.join(kinds)}.")
        if not isinstance(size, int) or size <= 0:
            raise sp.InputError(f"{name} is empty; choose another file.")
        if size > largest:
            raise sp.InputError(
                f"{name} has {size / 1e6:,.1f} MB; the largest file taken here has "
                f"{largest / 1e6:g} MB: use the command line for larger ones."
            )
        suffixes.append(suffix)
    return suffixes


def narrow(file: UploadedFile) -> None:
    """Raise if a table is larger than is read here; only its first line or its footer is read.

    Raises
    ------
    InputError
        Too many columns, or more than ``MOST_CELLS`` values packed into a Parquet file.
    """
    sp.networks.check_table(file.path, name=file.name, most_cells=MOST_CELLS)


def read_network(ties: Path, users: Path | None) -> nx.Graph:
    """Return the network in two files of ours."""
    return sp.networks.read(ties, nodes=users)


def _fetch(
    job: Job, widget: FileInput, folder: Path, suffixes: list[str], copies: list[Path]
) -> list[UploadedFile]:
    """Copy the announced files to our folder, piece by piece; ``copies`` names what is there."""
    widget.version += 1
    widget.reset_stats()
    arrived = []
    sources = widget.get_files()
    total = sum(source["size"] for source in sources)
    copied = 0
    for source, suffix in zip(sources, suffixes, strict=True):
        path = folder / f"upload-{next(_numbers)}{suffix}"
        name = base_name(str(source["name"]))
        copies.append(path)
        try:
            with path.open("wb") as copy:
                while (left := source["size"] - copy.tell()) > 0:
                    job.check()
                    piece = source["file_obj"].read(min(PIECE, left))
                    if not piece:
                        raise sp.InputError(f"{name} ended early; choose it again.")
                    copy.write(piece)
                    copied += len(piece)
                    job.publish(progress=copied / total, message=f"reading {name}")
        except BaseException:
            _delete([path])  # half a file, or one that was replaced while it came
            raise
        arrived.append(UploadedFile(name, path, source["size"]))
    return arrived


def _delete(copies: list[Path]) -> None:
    """Remove files of ours that nobody needs anymore."""
    while copies:
        with suppress(OSError):
            copies.pop().unlink(missing_ok=True)


def _in_its_name(message: str, files: Sequence[UploadedFile]) -> str:
    """Return a sentence about our copy as one about the person's file."""
    for file in files:
        message = message.replace(str(file.path), file.name).replace(file.path.name, file.name)
    return message


@solara.component
def Upload(
    label: str,
    *,
    kinds: Sequence[str],
    read: Callable[[Any], Any],
    on_value: Callable[[Any], None],
    largest: int = LARGEST,
    multiple: bool = False,
    hint: str = "",
    disabled: bool = False,
) -> None:
    """Take a file, read it in a thread, and hand on what was read; None when it is removed.

    Parameters
    ----------
    label, hint : str
    kinds : sequence of str
        Suffixes with their dot.
    read : callable
        From an UploadedFile (with ``multiple`` a list of them) to a value; an InputError's
        sentence is shown as it is.
    on_value : callable
        Gets the value, in the thread that read it.
    largest : int
        Bytes of one file.
    """
    refusal = solara.use_reactive("")
    job = use_job()
    copies: list[Path] = solara.use_memo(list, [])

    def announced(widget: UploadWidget) -> None:
        job.forget()
        refusal.set("")
        _delete(copies)
        if not widget.file_info:
            on_value(None)
            return
        try:
            suffixes = checked(widget.file_info, kinds, largest)
        except sp.InputError as error:
            refusal.set(str(error))
            on_value(None)
            return
        folder = this_tab().folder()
        job.start(lambda job: take(job, _fetch(job, widget, folder, suffixes, copies)))

    def take(job: Job, files: list[UploadedFile]) -> None:
        names = ", ".join(file.name for file in files)
        job.publish(message=f"understanding {names}")
        try:
            for file in files:
                narrow(file)
            value = read(files if multiple else files[0])
        except sp.InputError as error:
            on_value(None)  # what an earlier file gave is not what the page names now
            raise sp.InputError(_in_its_name(str(error), files)) from None
        except (ValueError, KeyError, TypeError, OSError, MemoryError, RecursionError) as error:
            on_value(None)
            sentence = _in_its_name(" ".join(str(error).split())[:200], files)
            raise sp.InputError(
                f"{names} cannot be read ({type(error).__name__}: {sentence}); check the file."
            ) from None
        job.check()
        on_value(value)

    # Always one element around it: moved to another parent, the input would lose its files.
    with solara.Div(classes=["sp-upload"]):
        UploadWidget.element(
            label=label, accept=",".join(kinds), multiple=multiple, disabled=disabled,
            on_announced=announced, show_progress=False,
            hint=hint or f"{', '.join(kinds)}; up to {largest / 1e6:g} MB",
        )  # fmt: skip
        if job.busy:
            Progress(job.progress, job.message)
        if refusal.value or job.stage == Stage.FAILED:
            Banner(refusal.value or job.message, kind="error")


@solara.component
def NetworkUpload(on_value: Callable[[nx.Graph | None], None], *, disabled: bool = False) -> None:
    """Take a network file, with a table of its users if it is an edge list, and hand on the graph.

    The table's columns, such as camps, become attributes of the users.
    """
    ties: solara.Reactive[UploadedFile | None] = solara.use_reactive(None)
    users: solara.Reactive[UploadedFile | None] = solara.use_reactive(None)
    job = use_job()

    def understand() -> None:
        tie_file, user_file = ties.value, users.value
        if tie_file is None:
            job.forget()
            on_value(None)
            return

        def work(job: Job) -> None:
            nodes = user_file.path if user_file and tie_file.path.suffix in TABLE_KINDS else None
            try:
                graph = apart(job, read_network, tie_file.path, nodes)
            except sp.InputError as error:
                files = [file for file in (tie_file, user_file) if file is not None]
                raise sp.InputError(_in_its_name(str(error), files)) from None
            on_value(graph)

        job.start(work)

    solara.use_effect(understand, [ties.value, users.value])
    with solara.Div(classes=["sp-upload"]):
        Upload(
            "Network file", kinds=NETWORK_KINDS, read=lambda file: file, on_value=ties.set,
            disabled=disabled,
            hint="Edge list (CSV, TSV, Parquet) with columns source and target, or GraphML, GEXF, "
            f"JSON; up to {LARGEST / 1e6:g} MB",
        )  # fmt: skip
        Upload(
            "Users and camps (with an edge list)", kinds=TABLE_KINDS, read=lambda file: file,
            on_value=users.set, disabled=disabled,
            hint="Table with the column id and one column for the camp",
        )  # fmt: skip
        if job.busy:
            Progress(-1, "reading the network")
        if job.stage == Stage.FAILED:
            Banner(job.message, kind="error")
