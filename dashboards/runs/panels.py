"""What a run's axes are called, for a person and for a physicist."""

from __future__ import annotations

from sociophysics.live.run_lines import TIME

from ..glossary import explain

__all__ = ["axis_title", "key_word", "label_of"]

KEYS = {  # what a person calls a key, what a physicist does, its unit
    "dynamics.temperature": ("noise", "temperature T", "J"),
    "feed.strength": ("strength of the feed", "field strength", "J"),
    "field.value": ("outside push", "field h", "J"),
    "couplings.across": ("pull across camps", "coupling", "J"),
    "couplings.within": ("pull within a camp", "coupling", "J"),
    "couplings.value": ("pull of a tie", "coupling J", ""),
    TIME: ("time", "Monte Carlo sweeps", ""),
}


def key_word(key: str) -> str:
    """Return a swept key as a person says it.

    Examples
    --------
    >>> key_word("dynamics.temperature"), key_word("network.n")
    ('noise', 'network.n')
    """
    return KEYS[key][0] if key in KEYS else key


def axis_title(key: str) -> str:
    """Return a swept key as the name of an axis.

    Examples
    --------
    >>> axis_title("feed.strength"), axis_title("network.n")
    ('Strength of the feed (field strength), units of J', 'network.n')
    """
    if key not in KEYS:
        return key
    word, physics, unit = KEYS[key]
    return f"{word[0].upper()}{word[1:]} ({physics})" + (f", units of {unit}" if unit else "")


def label_of(observable: str) -> str:
    """Return an observable with its unit, as an axis names it."""
    entry = explain(observable)
    return f"{entry.name}, {entry.unit}" if entry.unit else entry.name
