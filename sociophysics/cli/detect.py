"""``sociophysics detect``: where any measured outputs change along a control."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.cli.options import Quiet, quieted
from sociophysics.errors import InputError, told

if TYPE_CHECKING:
    import pandas as pd

    from sociophysics.statistics import Transition

__all__ = ["answer", "detect"]

Samples = Annotated[
    Path, typer.Argument(help="CSV or Parquet, one row per sample.", show_default=False)
]
Along = Annotated[
    str, typer.Option(help="Column of the control: numbers, dates, versions.", show_default=False)
]
Observables = Annotated[
    str | None, typer.Option(help="Columns of outputs, as a,b,c; all others by default.")
]
By = Annotated[str | None, typer.Option(help="Column of groups that are looked at one by one.")]
Units = Annotated[
    str | None, typer.Option(help="Column of who was measured, if several times at one value.")
]
Counts = Annotated[str | None, typer.Option(help="Column of how many samples a row stands for.")]
Measure = Annotated[str, typer.Option(help="jensen_shannon, total_variation or linear.")]
Window = Annotated[int | None, typer.Option(help="Values on either side that are compared.")]
Level = Annotated[float, typer.Option(help="Chance that a null is taken for a change.")]
Number = Annotated[int, typer.Option("--draws", help="Shuffles, and bootstrap draws.")]
Seed = Annotated[int, typer.Option(help="Of the nulls.")]
Out = Annotated[
    str | None, typer.Option(help="Folder, or s3://BUCKET/NAME; runs/NAME-detect by default.")
]


def detect(
    file: Samples,
    along: Along,
    observables: Observables = None,
    by: By = None,
    units: Units = None,
    counts: Counts = None,
    measure: Measure = "jensen_shannon",
    window: Window = None,
    level: Level = 0.05,
    draws: Number = 199,
    seed: Seed = 0,
    out: Out = None,
    quiet: Quiet = False,
) -> None:
    """Find where the distribution of measured outputs changes along a control, if it does.

    Nothing is simulated: samples of a panel, of versions of a platform, of a language model.
    """
    names = None if observables is None else observables.split(",")
    asked: dict[str, Any] = {"along": along, "observables": names, "by": by, "units": units}
    asked |= {"counts": counts, "measure": measure, "window": window, "level": level}
    place = str(Path("runs") / f"{file.stem}-detect") if out is None else out
    with quieted(quiet):
        answer(str(file), {**asked, "draws": draws, "seed": seed}, place)


def answer(file: str, asked: Mapping[str, Any], place: str) -> None:
    """Search the samples of a file, and write and print what was found."""
    from sociophysics.report import detect_page
    from sociophysics.statistics import detect_transition
    from sociophysics.store import open_store, studies, write_table, write_text

    store = open_store(place)
    studies.read_manifest(store, "detect")
    table, digest = _read(file)
    manifest = studies.make_manifest("detect", asked=asked, inputs={"samples": digest})
    with studies.claimed(store, "detect", manifest, {"file": str(Path(file).absolute())}):
        found = detect_transition(table, **asked)
        write_table(store, "table", found.table)
        write_text(store, "report.html", detect_page.render(found, str(asked["along"]), table))
    typer.echo("\n".join(detect_page.data_lines(table, str(asked["along"]), found)))
    typer.echo("\n".join(_lines(found, str(asked["along"]))))
    typer.echo(f"table: {os.path.join(store.place, 'table.csv')}")
    typer.echo(f"report: {os.path.join(store.place, 'report.html')}")


def _read(file: str) -> tuple[pd.DataFrame, str]:
    """Return the samples of a file and its sha256.

    Raises
    ------
    InputError
        It cannot be read as a table.
    """
    import pandas as pd

    from sociophysics.society.networks import check_table

    try:
        check_table(file)
        data = Path(file).read_bytes()
    except OSError as error:
        raise InputError(told(error, file)) from None
    try:
        if Path(file).suffix.lower() == ".parquet":
            from sociophysics.society.networks.parquet_tables import read_plain

            table = read_plain(data, Path(file).name)
        else:
            separator = "\t" if Path(file).suffix.lower() == ".tsv" else ","
            table = pd.read_csv(io.BytesIO(data), sep=separator, low_memory=False)
    except (ValueError, OSError, UnicodeError):
        raise InputError(
            f"{file} is not readable as a table; give a CSV file with a line of column names, or "
            "Parquet."
        ) from None
    return table, hashlib.sha256(data).hexdigest()


def _lines(found: Transition, along: str) -> list[str]:
    """Return what was found and how, one line each."""
    low, high = found.interval
    if found.found:
        value = f"{found.value:.4g}" if isinstance(found.value, float) else found.value
        lines = [f"{found.observable} changes along {along} at {value} [{low}, {high}]"]
    else:
        lines = [f"no change found along {along}: {found.note}"]
    left, right = found.between
    lines.append(f"  largest distance, {found.distance:.3f}, between {left} and {right}")
    lines.append(f"  p of the nulls: shuffled {found.p_null:.3f}, even drift {found.p_drift:.3f}")
    lines.append(f"  {detectable(found.smallest)}")
    return lines


def detectable(smallest: float) -> str:
    """Return the power in words.

    Examples
    --------
    >>> detectable(0.1)
    'a change of 10 % of the outputs would be found in 80 % of such studies'
    """
    if smallest != smallest:
        return "too few samples: not even a change of all outputs would mostly be found"
    return (
        f"a change of {100 * smallest:.0f} % of the outputs would be found in 80 % of such studies"
    )
