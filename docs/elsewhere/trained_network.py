"""A small network of neurons as layered spins, and two temperatures along its training.

Neurons are spins, weights couplings that act both ways between neighbouring layers. Of the matrix
``J`` of all of them, ``T_glass = sqrt(lambda_max(J o J))`` is the temperature of the disorder that
random weights have, ``T_order = lambda_max(J)`` that of the strongest pattern written into them.
Weights start with variance ``1/width``, so that ``T_glass`` of K layers starts near
``sqrt(2 cos(pi/(K + 1)))``. Neither is the temperature at which outputs are sampled: that one
changes outputs and never weights.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def temperatures(weights: list[np.ndarray]) -> tuple[float, float]:
    """Return ``T_glass`` and ``T_order`` of weights between consecutive layers.

    Examples
    --------
    >>> [round(t, 6) for t in temperatures([np.array([[2.0]])])]
    [2.0, 2.0]
    """
    sizes = [weights[0].shape[0], *(w.shape[1] for w in weights)]
    at = np.concatenate([[0], np.cumsum(sizes)])
    J = np.zeros((at[-1], at[-1]))
    for k, w in enumerate(weights):
        J[at[k] : at[k + 1], at[k + 1] : at[k + 2]] = w
    J += J.T
    return float(np.sqrt(np.linalg.eigvalsh(J**2)[-1])), float(np.linalg.eigvalsh(J)[-1])


def outputs(weights: list[np.ndarray], x: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return the probabilities of the classes at a sampling temperature, (examples, classes)."""
    *_, scores = _forward(weights, x)
    scores = scores / temperature
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def trained(
    x: np.ndarray,
    labels: np.ndarray,
    *,
    width: int,
    epochs: int,
    rate: float,
    decay: float,
    seed: int,
) -> list[tuple[int, float, float, float]]:
    """Return epoch, ``T_glass``, ``T_order`` and accuracy along gradient descent with decay."""
    rng = np.random.default_rng(seed)
    sizes = [x.shape[1], width, width, int(labels.max()) + 1]
    weights = [rng.normal(size=(a, b)) / np.sqrt(width) for a, b in pairwise(sizes)]
    target = np.eye(sizes[-1])[labels]
    rows = []
    for epoch in range(epochs + 1):
        right = float((outputs(weights, x).argmax(axis=1) == labels).mean())
        rows.append((epoch, *temperatures(weights), right))
        for part in np.array_split(rng.permutation(len(x)), max(1, len(x) // 64)):
            layers = _forward(weights, x[part])
            error = (outputs(weights, x[part]) - target[part]) / len(part)
            for k in range(len(weights) - 1, -1, -1):
                gradient = layers[k].T @ error
                error = (error @ weights[k].T) * (1 - layers[k] ** 2)
                weights[k] = weights[k] * (1 - rate * decay) - rate * gradient
    return rows


def _forward(weights: list[np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    layers = [x]
    for w in weights[:-1]:
        layers.append(np.tanh(layers[-1] @ w))
    return [*layers, layers[-1] @ weights[-1]]
