"""What the numbers say, in a sentence each."""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping, Sequence

from ..glossary import shown

__all__ = ["cascade_sentence", "effect_sentence", "mark_of", "seen", "with_feed"]

# Camp polarization from which camps are called partly apart, and apart; a word that was said is
# kept until the number has left it by ``MARGIN``, so that it does not flicker.
BOUNDS, WORDS = (0.2, 0.5), ("mix", "are partly apart", "stay apart")
ONE_SIDE = 0.6  # mean stance (4 of 5 users) from which a society is said to lean one way
MARGIN = 0.03


def with_feed(name: str) -> str:
    """Return a design's name as part of a sentence.

    Examples
    --------
    >>> with_feed("no feed"), with_feed("engagement")
    ('without a feed', 'with engagement')
    """
    return name.replace("no feed", "without a feed") if name.startswith("no feed") else (
        f"with {name}"
    )  # fmt: skip


def seen(
    sweep: int,
    sides: Sequence[tuple[str, Mapping[str, float]]],
    *,
    camps: Sequence[str] = (),
    before: MutableMapping[str, str] | None = None,
) -> str:
    """Return what two sides look like now.

    Parameters
    ----------
    sweep : int
    sides : sequence of (name, means)
        Means over replicas by observable.
    camps : sequence of str
        What the camps are called.
    before : mutable mapping, optional
        The words said last for each side; they are kept where the numbers are on the edge.

    Examples
    --------
    >>> left = ("no feed", {"camp_polarization": 0.05, "abs_magnetization": 0.1})
    >>> right = ("engagement", {"camp_polarization": 0.82, "abs_magnetization": 0.02})
    >>> seen(200, [left, right])
    'At sweep 200, without a feed the camps mix (0.05); with engagement they stay apart (0.82).'
    """
    held = {} if before is None else before
    subject = " and ".join(camps) if len(camps) == 2 and all(camps) else "the camps"
    parts = []
    for k, (name, means) in enumerate(sides):
        state = _state(means, subject if k == 0 else "they", held.get(name, ""))
        held[name] = state[0]
        parts.append(f"{with_feed(name)} {state[1]}")
    if sweep == 0:
        return "At the start, " + "; ".join(parts) + "."
    return f"At sweep {sweep:,}, " + "; ".join(parts) + "."


def _state(means: Mapping[str, float], camps: str, before: str) -> tuple[str, str]:
    """Return the word for a state, and what is said of it: a word and its numbers."""
    distance = means.get("camp_polarization", means.get("abs_camp_polarization"))
    agreement = means.get("abs_magnetization", math.nan)
    if distance is None:
        ties = means.get("edge_agreement", math.nan)
        return "", f"{_majority(agreement)} ({_two(100 * ties)} % of the ties agree)"
    word = _word(abs(distance), before)
    if word == WORDS[0] and agreement >= ONE_SIDE:
        return word, f"{camps} mix ({_two(distance)}), and {_majority(agreement)}"
    return word, f"{camps} {word} ({_two(distance)})"


def _majority(agreement: float) -> str:
    """Return how many users hold the stance that most hold; never more than the number says.

    Examples
    --------
    >>> _majority(0.5), _majority(1.0)
    ('75 % of users hold the stance of most', 'all users hold one stance')
    """
    if agreement == 1:
        return "all users hold one stance"
    share = 50 * (1 + agreement)
    # 99.9 % are not all.
    said = "more than 99" if share > 99 else shown(round(share), 0) if share == share else "–"
    return f"{said} % of users hold the stance of most"


def _word(distance: float, before: str) -> str:
    """Return the word for a distance; the one before is kept within ``MARGIN`` of its bounds."""
    for word, low, high in zip(WORDS, (-math.inf, *BOUNDS), (*BOUNDS, math.inf), strict=True):
        if word == before and low - MARGIN <= distance < high + MARGIN:
            return word
    return WORDS[sum(distance >= bound for bound in BOUNDS)]


def _two(value: float) -> str:
    """Return a number with two decimals; what rounds to nothing is 0."""
    return shown(round(value, 2) + 0.0, 2)


def mark_of(table: Mapping[str, object]) -> str:
    """Return an intervention in a few words, for a mark in the time course.

    Examples
    --------
    >>> mark_of({"kind": "heat", "temperature": 2.0})
    'noise 2'
    >>> mark_of({"kind": "nucleate", "who": ["a", "b"], "stance": -1})
    '2 users against'
    """
    kind = table["kind"]
    if kind == "heat":
        return f"noise {table['temperature']:g}"
    if kind == "tilt":
        return f"push {table['field']:g}"
    if kind == "rewire":
        return f"rewire {_percent(table.get('share', 0.1))}"
    if kind == "feed":
        feed = table["feed"]
        name = str(feed["kind"]) if isinstance(feed, Mapping) else "feed"
        return "feed off" if name == "none" else name.replace("_", " ")
    stance = "for" if table.get("stance", 1) == 1 else "against"
    who = table.get("who", "random")
    if isinstance(who, str):
        return f"{_percent(table.get('share', 0.1))} {stance}"
    return f"{len(list(who))} users {stance}" if isinstance(who, Sequence) else stance


def _percent(share: object) -> str:
    return f"{100 * float(str(share)):g} %"


def effect_sentence(
    name: str, reference: str, word: str, difference: float, low: float, high: float, replicas: int
) -> str:
    """Return what a paired comparison found.

    Examples
    --------
    >>> effect_sentence("engagement", "no feed", "Energy", 0.8, 0.78, 0.82, 24)
    'Energy is larger with engagement than without a feed by 0.8 (95 %: 0.78 to 0.82; 24 replicas).'
    """
    interval = f"95 %: {shown(low, 2)} to {shown(high, 2)}; {replicas} replicas"
    if not math.isfinite(difference):
        return f"{word} has no value on one of the sides, so there is nothing to compare."
    if math.isnan(low):
        return (
            f"{word} differs by {shown(difference, 2)} between {name} and {reference} in each of "
            f"these {replicas} replicas; that determines no interval."
            if replicas > 1
            else f"{word} differs by {shown(difference, 2)} between {name} and {reference} in one "
            "replica; an interval needs more."
        )
    if low <= 0 <= high:
        return (
            f"{word}: these {replicas} replicas show no difference between {name} and "
            f"{reference} ({shown(difference, 2)}; {interval})."
        )
    more = "larger" if difference > 0 else "smaller"
    return (
        f"{word} is {more} {with_feed(name)} than {with_feed(reference)} by "
        f"{shown(abs(difference), 2)} ({_flipped(interval, difference, low, high)})."
    )


def _flipped(interval: str, difference: float, low: float, high: float) -> str:
    """Return the interval of the size of a difference."""
    if difference > 0:
        return interval
    return f"95 %: {shown(-high, 2)} to {shown(-low, 2)};{interval.split(';')[1]}"


def cascade_sentence(
    names: Sequence[str], reaches: Sequence[float], others: int, *, clear: bool
) -> str:
    """Return how far a post went on the two sides; ``clear``: their interval leaves out 0.

    Examples
    --------
    >>> cascade_sentence(["no feed", "engagement"], [0.4, 0.1], 490, clear=True)
    'The seeds change 196 of the other 490 users without a feed, 49 with engagement on average.'
    """
    users = [round(reach * others) for reach in reaches]
    return (
        f"The seeds change {users[0]:,} of the other {others:,} users {with_feed(names[0])}, "
        f"{users[1]:,} {with_feed(names[1])} on average"
        f"{'.' if clear else '; these replicas do not tell them apart.'}"
    )
