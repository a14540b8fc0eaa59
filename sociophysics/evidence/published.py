"""The table of published field effects, and a way to pick from it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sociophysics.errors import InputError, did_you_mean

__all__ = ["COLUMNS", "SOURCES", "USES", "table"]

FILE = Path(__file__).parent / "field_effects.csv"
COLUMNS = (
    "study",
    "year",
    "doi",
    "platform",
    "n",
    "quantity",
    "unit",
    "value",
    "low",
    "high",
    "use",
    "source",
    "note",
)
USES = ("calibration", "validation")
SOURCES = ("read", "recalled")


def table(
    study: str | None = None,
    *,
    use: str | None = None,
    source: str | None = None,
    contains: str | None = None,
) -> pd.DataFrame:
    """Return published quantities of feeds in the field, one row each.

    Columns are ``study, year, doi, platform, n, quantity, unit, value, low, high, use, source,
    note``. What describes a platform as it is (mixing, exposure, what a ranker shows) is of use
    ``calibration``; what a treatment changed is of use ``validation`` and must never be fitted.
    ``source`` is ``read`` where the number was read in the paper, its data or a summary of it, and
    ``recalled`` where it was not: check such a number before printing it. A ``low`` and ``high``
    of NaN: the interval was not read.

    Parameters
    ----------
    study : str, optional
        Part of a study's name, in any case: ``"nyhan"``.
    use : {"calibration", "validation"}, optional
    source : {"read", "recalled"}, optional
    contains : str, optional
        Part of the quantity, in any case.

    Raises
    ------
    InputError
        No study of that name, or an unknown use or source.

    Examples
    --------
    >>> rows = table("bakshy", use="calibration", contains="ranking")
    >>> rows["value"].tolist(), rows["unit"].unique().tolist()
    ([-0.08, -0.05], ['relative'])
    >>> table("nyhan", source="recalled").iloc[0]["quantity"]
    'median user: share of feed views from like-minded sources'
    """
    found = pd.read_csv(FILE, keep_default_na=False, dtype=str)
    found["year"] = found["year"].astype("int64")
    for column in ("value", "low", "high"):
        found[column] = pd.to_numeric(found[column]).astype("float64")
    for name, asked, allowed in (("use", use, USES), ("source", source, SOURCES)):
        if asked is None:
            continue
        if asked not in allowed:
            raise InputError(f"{name} is {asked!r}; {did_you_mean(str(asked), allowed)}")
        found = found[found[name] == asked]
    if study is not None:
        names = found["study"].unique().tolist()
        kept = found[found["study"].str.casefold().str.contains(study.casefold(), regex=False)]
        if kept.empty:
            raise InputError(f"no study is called {study!r}; there are: {', '.join(names)}.")
        found = kept
    if contains is not None:
        words = found["quantity"].str.casefold()
        found = found[words.str.contains(contains.casefold(), regex=False)]
    return found.reset_index(drop=True)
