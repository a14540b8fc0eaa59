"""The error that tells a user what to change, and the search for the name that was meant."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable

__all__ = ["FULL", "Cancelled", "InputError", "did_you_mean", "quoted", "shortened", "told"]

LONGEST = 200  # characters of a value that an error repeats
LISTED = 40  # names that a sentence lists
COMPARED = 1_000  # names among which the one that was meant is looked for
BRACKETS = {"[": "]", "{": "}", "(": ")"}
# What a value looks like inside a sentence: a quoted text, or a word without a blank.
QUOTED = re.compile(r"(?<!\w)'(?:[^'\\]|\\.){199,}'(?!\w)|(?<!\w)\"(?:[^\"\\]|\\.){199,}\"(?!\w)")
WORD = re.compile(r"\S{201,}")
VALUE_OPENS = re.compile(r"[\[{]|\((?=['\"\d-])")
FULL = (errno.ENOSPC, errno.EDQUOT)


class InputError(ValueError):
    """Something the user gave cannot be used: one sentence with what, got, allowed, fix.

    The command line prints it and exits with status 2; everything else that is raised is a
    defect of this package. Values longer than 200 characters are shortened in it.

    Examples
    --------
    >>> raise InputError("temperature is -1.0; it must be >= 0.")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: temperature is -1.0; it must be >= 0.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(shortened(sentence))


class Cancelled(Exception):
    """The caller stopped a study; what is finished is kept, and the same again continues."""


def shortened(sentence: str) -> str:
    """Return a sentence in which no value has more than 200 characters.

    Lists, quoted texts and words that are longer keep their beginning and their end.

    Examples
    --------
    >>> shortened(f"seed is {'9' * 300}; it is too large.").count("9")
    179
    >>> shortened(f"names is {['a', 'b'] * 100}; list each once.")[-40:]
    "b', 'a', 'b', 'a', 'b']; list each once."
    """
    if len(sentence) <= LONGEST:
        return sentence
    return WORD.sub(_cut, QUOTED.sub(_cut, _without_long_lists(sentence)))


def quoted(value: object) -> str:
    """Return a value as a sentence repeats it: its beginning and end, where it is longer.

    Examples
    --------
    >>> quoted("energy"), len(quoted(" " * 5000))
    ("'energy'", 185)
    """
    return _middle_left_out(repr(value))


def _cut(match: re.Match[str]) -> str:
    return _middle_left_out(match[0])


def _middle_left_out(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:130]} ... {text[-50:]}"


def _without_long_lists(text: str) -> str:
    """Return the text with the middle of its long lists, tables and tuples left out."""
    pieces, end = [], 0
    while (opening := VALUE_OPENS.search(text, end)) is not None:
        start = opening.start()
        pieces.append(text[end:start])
        end = _closed(text, start)
        pieces.append(_middle_left_out(text[start:end]))
    return "".join([*pieces, text[end:]])


def _closed(text: str, start: int) -> int:
    """Return where the list that begins at ``start`` ends, ``start + 1`` if it never does."""
    depth, opens, closes = 0, text[start], BRACKETS[text[start]]
    for place in range(start, len(text)):
        depth += (text[place] == opens) - (text[place] == closes)
        if depth == 0:
            return place + 1
    return len(text) if start < len(text) - LONGEST else start + 1


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return the list of allowed names and the one nearest to ``name``, as the end of a sentence.

    Of more than 40 names the first are listed.

    Parameters
    ----------
    name : str
        What was given.
    allowed : iterable of str
        What may be given.

    Examples
    --------
    >>> did_you_mean("strenght", ["gamma", "strength"])
    'allowed: gamma, strength; did you mean strength?'
    """
    names = sorted(allowed)
    near = difflib.get_close_matches(name[:LONGEST], names[:COMPARED], n=1, cutoff=0.5)
    some = ", ".join(map(_middle_left_out, names[:LISTED]))
    rest = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    listed = f"allowed: {some}{rest}" if names else "none is allowed here"
    return f"{listed}; did you mean {_middle_left_out(near[0])}?" if near else f"{listed}."


def told(error: OSError, place: object = None, *, kept: str = "what is finished is kept") -> str:
    """Return the sentence for what a disk or its owner refuses: no space, no rights, no file.

    Parameters
    ----------
    error : OSError
    place : path, optional
        What was to be read or written; by default the file that the error names.
    kept : str
        What of the work done is not lost.

    Examples
    --------
    >>> told(OSError(errno.ENOSPC, "No space"), "runs/one", kept="3 parts are kept")[:60]
    'no space is left on the disk of runs/one; 3 parts are kept: '
    >>> told(PermissionError(errno.EACCES, "Permission denied", "runs"))
    'runs cannot be used (Permission denied); ask for access, or choose another place.'
    """
    where = error.filename if place is None else place
    if error.errno in FULL:
        disk = "a disk" if where is None else f"the disk of {where}"
        return f"no space is left on {disk}; {kept}: free some space and run the same again."
    reason = error.strerror or str(error) or type(error).__name__
    named = "a file" if where is None else where
    return f"{named} cannot be used ({reason}); ask for access, or choose another place."
