"""Legacy fixed-width ``.ord`` files: one line per member, one digit per roll call.

=========  ====================================================================
columns    content
=========  ====================================================================
1-3        Congress
4-8        member number (icpsr)
9-10       state code
11-12      district, 0 in the Senate and for the President
13-19      state name
20-23      party code: 100 Democrat, 200 Republican, 328 Independent
24, 25     occupancy, means of attaining office
26-36      name
37-        one cast code 0-9 per roll call
=========  ====================================================================
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sociophysics.errors import InputError
from sociophysics.rollcall.castcodes import NAMES, decode
from sociophysics.rollcall.vote_tables import FilePath, read_text
from sociophysics.rollcall.votes import Votes
from sociophysics.rollcall.voteview import PARTIES, PRESIDENT_STATE
from sociophysics.words import number_of

__all__ = ["read_ord"]

FIELDS = {
    "congress": slice(0, 3),
    "icpsr": slice(3, 8),
    "state_code": slice(8, 10),
    "state": slice(12, 19),
    "party_code": slice(19, 23),
    "name": slice(25, 36),
}
FIRST_VOTE = 36


def read_ord(path: FilePath, *, keep_president: bool = False) -> Votes:
    r"""Return the votes in a legacy ``.ord`` file; the layout is in the module's docstring.

    Parameters
    ----------
    path : path
    keep_president : bool
        The President's announced positions are listed as votes; they are dropped unless True.

    Raises
    ------
    InputError
        A line that is too short or longer than the others, or something else than a digit from
        column 37 on.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> lines = "1091570041 0ALABAMA 20000SESSIONS   16\n1091493581 0ALASKA  10000STEVENS    69\n"
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "sen109kh.ord"
    ...     _ = file.write_text(lines)
    ...     read_ord(file).members["party"].tolist()
    ['R', 'D']
    """
    lines = [line.rstrip("\r\n") for line in read_text(path).splitlines() if line.strip()]
    if not lines:
        raise InputError(f"{path} is empty; give a complete .ord file.")
    digits = [_digits(path, i + 1, line) for i, line in enumerate(lines)]
    length = max(map(len, digits))
    for i, text in enumerate(digits):
        if len(text) != length:
            raise InputError(
                f"line {i + 1} of {path} has {len(text)} cast codes and another line {length}; the "
                "file is truncated or of another layout."
            )
    codes = np.array([list(text) for text in digits], dtype=np.int64).T
    members = pd.DataFrame([_member(path, i + 1, line) for i, line in enumerate(lines)])
    president = np.array([_is_president(line) for line in lines]) & (not keep_president)
    notes = [f"President dropped: {name}" for name in members["name"][president]]
    cast = decode(codes[:, ~president])
    never = ~(cast.matrix != 0).any(axis=0)
    members = members[~president]
    if never.any():
        notes.append(
            f"{number_of(never.sum(), 'member|who never voted')} dropped "
            f"({', '.join(members['name'][never])})"
        )
    rollcalls = pd.DataFrame({"id": np.arange(1, length + 1)})
    return Votes(
        cast.matrix[:, ~never], members[~never], rollcalls, notes=notes,
        seated=cast.seated[:, ~never], abstained=cast.abstained[:, ~never],
    )  # fmt: skip


def _is_president(line: str) -> bool:
    code, state = line[FIELDS["state_code"]].strip(), line[FIELDS["state"]].strip()
    return code == str(PRESIDENT_STATE) or state == "USA"


def _digits(path: FilePath, number: int, line: str) -> str:
    text = line[FIRST_VOTE:].rstrip()
    wrong = next((c for c in text if not "0" <= c <= "9"), None)
    if wrong is not None or not text:
        found = f"{wrong!r} among its cast codes" if wrong else "no cast codes"
        raise InputError(
            f"line {number} of {path} has {found}, which start in column {FIRST_VOTE + 1}; "
            f"allowed: {NAMES}."
        )
    return text


def _member(path: FilePath, number: int, line: str) -> dict[str, object]:
    fields = {name: line[where].strip() for name, where in FIELDS.items()}
    for name in ("icpsr", "party_code"):
        if not (fields[name].isascii() and fields[name].isdigit()):
            raise InputError(
                f"line {number} of {path} has the {name} {fields[name]!r} in columns "
                f"{FIELDS[name].start + 1}-{FIELDS[name].stop}; it must be a number."
            )
    code = int(fields["party_code"])
    return {
        "id": int(fields["icpsr"]),
        "name": fields["name"],
        "party": PARTIES.get(code, str(code)),
        "state": fields["state"],
        "congress": fields["congress"],
    }
