"""Broken files: what happens to bytes on their way, for readers that must survive it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import psutil

from sociophysics.errors import InputError

SECONDS = 5.0  # of one case, on a busy machine; the largest of 6,000 networks took .2
MEGABYTES = 300  # by which the process may grow

Mutation = Callable[[bytearray, np.random.Generator, Sequence[bytes]], bytearray]


def flipped(content: bytearray, rng: np.random.Generator, tokens: Sequence[bytes]) -> bytearray:
    for _ in range(rng.integers(1, 6)):
        content[rng.integers(len(content))] = rng.integers(256)
    return content


def cut(content: bytearray, rng: np.random.Generator, tokens: Sequence[bytes]) -> bytearray:
    first, last = sorted(rng.integers(0, len(content) + 1, 2))
    return content[:first] if rng.random() < 0.3 else content[:first] + content[last:]


def doubled(content: bytearray, rng: np.random.Generator, tokens: Sequence[bytes]) -> bytearray:
    first = int(rng.integers(len(content)))
    part = content[first : first + int(rng.integers(1, 400))]
    times = int(rng.choice([1, 2, 50]))
    return content[:first] + part * times + content[first:]


def inserted(content: bytearray, rng: np.random.Generator, tokens: Sequence[bytes]) -> bytearray:
    first = int(rng.integers(len(content) + 1))
    gone = int(rng.choice([0, 0, 1, 3, 8]))
    return content[:first] + tokens[rng.integers(len(tokens))] + content[first + gone :]


def replaced(content: bytearray, rng: np.random.Generator, tokens: Sequence[bytes]) -> bytearray:
    """Put a token in the place of a word, everywhere or once."""
    words = bytes(content).replace(b"<", b" ").replace(b",", b" ").replace(b'"', b" ").split()
    if not words:
        return content
    word, token = words[rng.integers(len(words))], tokens[rng.integers(len(tokens))]
    return bytearray(bytes(content).replace(word, token, int(rng.choice([1, 3, -1]))))


def lines_moved(content: bytearray, rng: np.random.Generator, tokens: Sequence[bytes]) -> bytearray:
    lines = bytes(content).split(b"\n")
    i, j = rng.integers(0, len(lines), 2)
    lines[i], lines[j] = lines[j], lines[j] if rng.random() < 0.5 else lines[i]
    return bytearray(b"\n".join(lines))


MUTATIONS: list[Mutation] = [
    *(flipped, cut, doubled, inserted, inserted, replaced, replaced, lines_moved),
]


def mutant(contents: list[bytes], rng: np.random.Generator, tokens: Sequence[bytes]) -> bytes:
    """Return one of the contents after one to four mutations."""
    content = bytearray(contents[rng.integers(len(contents))])
    for _ in range(int(rng.choice([1, 1, 2, 4]))):
        if content:
            content = MUTATIONS[rng.integers(len(MUTATIONS))](content, rng, tokens)
    return bytes(content)


def sentence_or(read: Callable[[], str]) -> str:
    """Return how reading ended, "sentence" where it was refused in one that a user can read."""
    try:
        return read()
    except InputError as error:
        sentence = str(error)
    assert "\n" not in sentence
    assert len(sentence) < 1500
    sentence.encode()
    return "sentence"


def survey(
    kinds: Sequence[str],
    read: Callable[[str, np.random.Generator], Callable[[], str]],
    count: int,
    seed: int,
) -> dict[str, int]:
    """Read mutants of every kind; return how many ended how, and the slowest in milliseconds.

    ``read`` writes a mutant of a kind and returns what reads it and says how that ended.
    """
    rng = np.random.default_rng(seed)
    before = psutil.Process().memory_info().rss
    found: Counter[str] = Counter()
    slowest = 0.0
    for k in range(count):
        kind = kinds[k % len(kinds)]
        case = read(kind, rng)
        started = time.process_time()
        try:
            found[case()] += 1
        except Exception as error:
            raise AssertionError(f"mutant {k} of seed {seed} ({kind}): {error!r}") from error
        slowest = max(slowest, time.process_time() - started)
    assert slowest < SECONDS
    assert psutil.Process().memory_info().rss - before < MEGABYTES * 1e6
    return {**found, "slowest_ms": round(1000 * slowest)}


def survey_of_thousands(
    one: Callable[[int, int], dict[str, int]],
    many: int,
    record: Callable[[str, object], None],
) -> None:
    """Survey ``many`` mutants by four seeds, and record how they ended."""
    for seed in range(2, 6):
        for name, value in one(many // 4, seed).items():
            record(f"{name} of {many // 4} mutants, seed {seed}", value)
