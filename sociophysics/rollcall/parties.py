"""Names of parties as files have them: blanks, missing ones, and one party spelled twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from sociophysics.society.missing import BLANKS

__all__ = ["cleaned", "party_notes"]

MISSING = frozenset(text.lower() for text in (*BLANKS, "-", "."))
MOST_NAMED = 12


def cleaned(parties: pd.Series[str]) -> pd.Series[str]:
    """Return names of parties without blanks around them; NA and the like become "".

    Examples
    --------
    >>> cleaned(pd.Series([" R", "NA", "None", "D"])).tolist()
    ['R', '', '', 'D']
    """
    text = parties.fillna("").astype(str).str.split().str.join(" ")
    return text.mask(text.str.lower().isin(MISSING), "")


def party_notes(parties: Iterable[str]) -> list[str]:
    """Return the sizes of parties, and a sentence for names that may be one party's.

    Examples
    --------
    >>> for note in party_notes(["D", "Dem", "R", ""]):
    ...     print(note)
    parties: D 1, Dem 1, R 1; 1 member without a party
    D, Dem may be one party, and count as 2
    """
    sizes = Counter(parties)
    nobody = sizes.pop("", 0)
    if not sizes:
        return []
    most = sizes.most_common(MOST_NAMED)
    text = "parties: " + ", ".join(f"{name} {count}" for name, count in most)
    text += ", ..." if len(sizes) > MOST_NAMED else ""
    if nobody:
        text += f"; {nobody} member{'s' if nobody > 1 else ''} without a party"
    return [text, *(
        f"{', '.join(group)} may be one party, and count as {len(group)}"
        for group in _groups(sorted(sizes, key=str.lower))[:5]
    )]  # fmt: skip


def _groups(names: list[str]) -> list[list[str]]:
    """Return the names that begin with one another, the shortest first; only groups of several."""
    groups: list[list[str]] = []
    for name in sorted(names, key=len):
        group = next((each for each in groups if _alike(each[0], name)), None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return [group for group in groups if len(group) > 1]


def _alike(a: str, b: str) -> bool:
    """Whether one name begins with the other, in any case, dots and blanks aside."""
    plain = ["".join(c for c in name.lower() if c.isalnum()) for name in (a, b)]
    short, long = sorted(plain, key=len)
    return bool(short) and not short.isdigit() and long.startswith(short)
