"""A toy language model: a Markov chain over tokens, sampled at a temperature.

Every token has one favoured successor, whose logit stands ``favour`` above that of all others. At
sampling temperature ``T`` the favoured one follows with probability ``1/(1 + (V - 1) exp(-favour /
T))``: a recited text below ``T* = favour / ln(V - 1)``, noise above. The larger the vocabulary,
the sharper the change, as in Derrida's random-energy model, although nothing interacts.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd


def change_temperature(vocabulary: int, favour: float) -> float:
    """Return ``T* = favour / ln(V - 1)``, where half of the successors are the favoured ones.

    Examples
    --------
    >>> round(change_temperature(1001, math.log(1000)), 6)
    1.0
    """
    return favour / math.log(vocabulary - 1)


def peak_temperature(vocabulary: int, favour: float) -> float:
    """Return where a text tells most about its temperature: the peak of the Fisher information.

    With ``p`` the share of favoured successors it is ``p (1 - p) (favour/T^2)^2`` per token,
    highest a little below ``T*``, towards which it moves with the logarithm of the vocabulary.

    Examples
    --------
    >>> round(peak_temperature(10_000, math.log(9_999)), 3)
    0.916
    """
    at = np.linspace(0.2, 2.0, 18_001) * change_temperature(vocabulary, favour)
    p = 1 / (1 + (vocabulary - 1) * np.exp(-favour / at))
    return float(at[np.argmax(p * (1 - p) / at**4)])


def texts(
    temperature: float, *, vocabulary: int, favour: float, texts: int, length: int, seed: int
) -> np.ndarray:
    """Return sampled texts, shape (texts, length): token ``k`` is mostly followed by ``k + 1``."""
    rng = np.random.default_rng(seed)
    follow = 1 / (1 + (vocabulary - 1) * math.exp(-favour / temperature))
    text = np.empty((texts, length), dtype=np.int64)
    text[:, 0] = rng.integers(vocabulary, size=texts)
    for place in range(1, length):
        step = rng.integers(2, vocabulary + 1, size=texts)  # any but the favoured one
        step[rng.random(texts) < follow] = 1
        text[:, place] = (text[:, place - 1] + step) % vocabulary
    return text


def measured(temperatures: np.ndarray, *, vocabulary: int = 10_000, seed: int = 1) -> pd.DataFrame:
    """Return what a reader counts in each text: repeats of whole pairs, and different tokens."""
    favour = math.log(vocabulary - 1)
    rows = []
    for k, temperature in enumerate(temperatures):
        text = texts(
            float(temperature), vocabulary=vocabulary, favour=favour, texts=200, length=20,
            seed=seed + k,
        )  # fmt: skip
        expected = (np.diff(text, axis=1) % vocabulary == 1).mean(axis=1)
        rows.append(pd.DataFrame({"temperature": temperature, "recited": expected}))
    return pd.concat(rows, ignore_index=True)
