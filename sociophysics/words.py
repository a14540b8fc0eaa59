"""Numbers with their nouns in the sentences that users read."""

from __future__ import annotations

__all__ = ["have", "number_of"]


def number_of(count: int, noun: str) -> str:
    """Return a number and what it counts, in the plural but for one; the head noun comes first.

    Examples
    --------
    >>> number_of(1, "user"), number_of(2000, "user"), number_of(3, "member|who never voted")
    ('1 user', '2,000 users', '3 members who never voted')
    """
    head, _, rest = noun.partition("|")
    return f"{count:,} {head}{'' if count == 1 else 's'}" + (f" {rest}" if rest else "")


def have(count: int) -> str:
    """Return the verb of so many.

    Examples
    --------
    >>> have(1), have(2)
    ('has', 'have')
    """
    return "has" if count == 1 else "have"
