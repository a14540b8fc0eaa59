"""Broken files: what happens to bytes on their way, for readers that must survive it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

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
