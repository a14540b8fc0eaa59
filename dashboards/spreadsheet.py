"""Tables that a visitor takes home: what others named opens as text, never as a formula."""

from __future__ import annotations

import csv
import io
import re

__all__ = ["without_formulas"]

# Where a cell may begin with what a table program computes and is no number: few tables have any.
BEGINS = re.compile(
    rb"(?:^|[,\n\r\"])"
    rb"(?:[=@\t]|\r(?!\n)|[+\-](?!(?:\d+\.?\d*(?:e[+\-]?\d+)?|\.\d+|inf|nan)(?:[,\r\n]|$)))"
)
LONGEST_CELL = 2**30
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def without_formulas(table: bytes) -> bytes:
    r"""Return a CSV in UTF-8 in which an apostrophe stands before every cell that is a formula.

    Numbers keep their sign, and a table without such cells is what it was, byte for byte.

    Examples
    --------
    >>> without_formulas(b'design,x\n=1+1,-2.5\n"@a, b",inf\n')
    b'design,x\n\'=1+1,-2.5\n"\'@a, b",inf\n'
    """
    if not BEGINS.search(table):
        return table
    csv.field_size_limit(LONGEST_CELL)
    rows = [*csv.reader(io.StringIO(table.decode("utf-8", "replace"), newline=""))]
    if not any(map(_is_formula, (cell for row in rows for cell in row))):
        return table
    return "".join(",".join(map(_plain, row)) + "\n" for row in rows).encode()


def _plain(cell: str) -> str:
    text = "'" + cell if _is_formula(cell) else cell
    # A carriage return ends a line for many readers; the csv module leaves it bare.
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text


def _is_formula(cell: str) -> bool:
    if not cell.startswith(FORMULA):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False
