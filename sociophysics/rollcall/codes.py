"""What the cells of a table of votes say: yea, nay, or nothing.

Which code means what is not in the file, so a coding is taken only where one reading fits; else the
question goes back to who knows (``codes``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sociophysics.errors import InputError
from sociophysics.society.missing import BLANKS

__all__ = [
    "ABSTAINED",
    "CAST_CODES",
    "UNSEATED",
    "Coding",
    "blank",
    "find_coding",
    "normalized",
    "parse_codes",
]

MEANINGS = ("yea", "nay", "abstain", "missing", "unseated")
ABSTAINED, UNSEATED = 2, 3  # beside +1, -1 and 0, which is a seated member without a vote
LEVELS = {"yea": 1, "nay": -1, "abstain": ABSTAINED, "missing": 0, "unseated": UNSEATED}
MISSING = frozenset(text.lower() for text in (*BLANKS, "."))  # "." as SAS and Stata write it
YEAS = (
    "yea",
    "aye",
    "ayes",
    "yeas",
    "yes",
    "y",
    "true",
    "t",
    "for",
    "in favor",
    "in favour",
    "pro",
)
NAYS = ("nay", "nays", "no", "noes", "n", "false", "f", "against", "contra")
ABSTENTIONS = ("abstain", "abstained", "abstention", "abstains", "present")
ABSENCES = (
    "not voting", "did not vote", "absent", "absence", "excused", "nv", "not present", "missing",
    "no vote", "-", "leave",
)  # fmt: skip
VACANCIES = ("not a member", "not in legislature", "not seated", "unseated", "vacant")
NUMBER = re.compile(r"\+?(-?\d{1,3})(\.0+)?")


@dataclass(frozen=True)
class Coding:
    """What each code means, with the sentence that says so.

    Parameters
    ----------
    meanings : mapping
        From a normalized code to "yea", "nay", "abstain", "missing" or "unseated" (no member
        then); blank is missing.
    """

    meanings: Mapping[str, str]

    def level(self, code: str) -> int:
        """Return +1, -1, 0, ``ABSTAINED`` or ``UNSEATED`` of a normalized code that `knows`."""
        return LEVELS[self.meanings.get(code, "missing")]

    def knows(self, code: str) -> bool:
        """Whether a normalized code has a meaning."""
        return code in MISSING or code in self.meanings

    def describe(self, used: Iterable[str]) -> str:
        """Return which codes of a file were read as what.

        Examples
        --------
        >>> Coding({"1": "yea", "-1": "nay", "0": "missing"}).describe(["1", "-1", ""])
        'votes are read as 1 = yea, -1 = nay, blank = missing'
        """
        found = set(used)
        parts = [
            f"{code} = {meaning}"
            for word in MEANINGS
            for code, meaning in self.meanings.items()
            if meaning == word and code in found
        ]
        blanks = sorted(found & MISSING)
        parts += [
            f"{code.upper() or 'blank'} = missing" for code in blanks if code not in self.meanings
        ]
        return f"votes are read as {', '.join(parts)}"


WORDS = Coding(
    dict.fromkeys(YEAS, "yea") | dict.fromkeys(NAYS, "nay")
    | dict.fromkeys(ABSTENTIONS, "abstain") | dict.fromkeys(ABSENCES, "missing")
    | dict.fromkeys(VACANCIES, "unseated")
)  # fmt: skip
PLUS_MINUS = Coding({"1": "yea", "-1": "nay"})
ONE_ZERO = Coding({"1": "yea", "0": "nay"})
CAST_CODES = Coding(
    dict.fromkeys("123", "yea") | dict.fromkeys("456", "nay")
    | {"7": "abstain", "8": "abstain", "9": "missing", "0": "unseated"}
)  # fmt: skip
UNITED_NATIONS = Coding({"1": "yea", "3": "nay", "2": "abstain", "8": "missing", "9": "unseated"})
EXAMPLES = "1=yea,0=nay,-1=missing or 1=yea,-1=nay,0=abstain"


def normalized(text: str) -> str:
    """Return a code without what writes the same code differently.

    Examples
    --------
    >>> normalized(" 1.0 "), normalized("+1"), normalized("YEA")
    ('1', '1', 'yea')
    """
    code = " ".join(text.split()).lower()
    number = NUMBER.fullmatch(code)
    return str(int(number[1])) if number else code


def blank(code: str) -> bool:
    """Whether a normalized code is none: no vote, in every coding.

    Examples
    --------
    >>> blank(""), blank("na"), blank("0")
    (True, True, False)
    """
    return code in MISSING


def parse_codes(text: str) -> Coding:
    """Return the coding written as ``1=yea,0=nay,-1=missing``; also ``abstain``, ``unseated``.

    Raises
    ------
    InputError
        Something else than CODE=MEANING, a code given twice, or no yea or no nay.

    Examples
    --------
    >>> parse_codes("1=yea, 2=nay").level("2")
    -1
    """
    meanings: dict[str, str] = {}
    for part in text.split(","):
        code, _, meaning = part.rpartition("=")
        word = meaning.strip().lower()
        if word not in MEANINGS or not part.count("="):
            raise InputError(
                f"codes holds {part.strip()[:60]!r}; give CODE=MEANING separated by commas, the "
                f"meaning one of {', '.join(MEANINGS)}, such as {EXAMPLES}."
            )
        if normalized(code) in meanings:
            raise InputError(f"codes says twice what {code.strip()[:60]!r} means; say it once.")
        meanings[normalized(code)] = word
    if not {"yea", "nay"} <= set(meanings.values()):
        raise InputError(f"codes needs a code for yea and one for nay, such as {EXAMPLES}.")
    return Coding(meanings)


def find_coding(columns: Mapping[str, frozenset[str]], path: object) -> tuple[Coding, list[str]]:
    """Return the coding of a table, and the columns that hold codes and are no votes.

    Parameters
    ----------
    columns : mapping
        The normalized codes that occur in each column.
    path : object
        The name of the file, for the sentence.

    Raises
    ------
    InputError
        The codes fit several readings, or none.

    Examples
    --------
    >>> find_coding({"a": frozenset(["yea", "nay"])}, "votes.csv")[0].level("nay")
    -1
    """
    held = {name: codes - MISSING for name, codes in columns.items()}
    worded = [name for name, codes in held.items() if codes and codes <= set(WORDS.meanings)]
    numbered = {name: codes for name, codes in held.items() if _numbers(codes)}
    if worded and len(worded) >= len(numbered):
        return WORDS, list(numbered)
    if not numbered:
        return _guessed(frozenset().union(*held.values()), path), []
    negative = {name for name, codes in numbered.items() if "-1" in codes}
    zero = {name for name, codes in numbered.items() if "0" in codes}
    plain = {name for name, codes in numbered.items() if codes <= {"1", "0", "-1"}}
    if plain and len(plain) >= len(numbered) / 2 and negative | zero:
        return _signs(negative & plain, zero & plain, plain, path)
    return _many(frozenset().union(*numbered.values()), path), []


def _signs(
    negative: set[str], zero: set[str], plain: set[str], path: object
) -> tuple[Coding, list[str]]:
    few = max(3, len(plain) // 20)
    if not zero or (len(zero) <= few and not zero & negative and len(negative) > len(zero)):
        return PLUS_MINUS, sorted(zero)
    if not negative or (len(negative) <= few and not zero & negative and len(zero) > len(negative)):
        return ONE_ZERO, sorted(negative)
    raise InputError(
        f"{path} holds 1, 0 and -1 as votes, and 0 may be a nay, an abstention or an absence; say "
        f"which with --codes (codes= in Python), such as {EXAMPLES}."
    )


def _guessed(codes: frozenset[str], path: object) -> Coding:
    """Return the coding of a table in which every column holds something strange as well."""
    if codes & set(WORDS.meanings):
        return WORDS
    return PLUS_MINUS if codes & {"1", "-1"} else _many(codes, path)


def _many(codes: frozenset[str], path: object) -> Coding:
    if codes <= set(CAST_CODES.meanings) and codes & set("456") and codes & set("123"):
        return CAST_CODES
    if codes <= set(UNITED_NATIONS.meanings) and {"1", "3"} <= codes:
        return UNITED_NATIONS
    if codes <= {"1"} and codes:
        return PLUS_MINUS  # unanimous, which is said later
    listed = ", ".join(code[:40] for code in sorted(codes)[:10]) or "nothing"
    raise InputError(
        f"{path} holds {listed} as votes, which is no coding known here (1/-1, 1/0, yea/nay, "
        f"Voteview's 1 to 9, the UN's 1, 2, 3, 8, 9); say what they mean with --codes (codes= in "
        f"Python), such as {EXAMPLES}."
    )


def _numbers(codes: frozenset[str]) -> bool:
    return bool(codes) and all(NUMBER.fullmatch(code) and -1 <= int(code) <= 9 for code in codes)
