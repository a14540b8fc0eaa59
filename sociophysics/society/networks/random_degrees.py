"""A uniformly random simple graph with given degrees."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np

__all__ = ["uniform_with_degrees"]

SWAPS_PER_TIE = 10
FEWEST_SWAPS = 1000


def uniform_with_degrees(degrees: Sequence[int], rng: np.random.Generator) -> nx.Graph:
    """Return a random simple graph with node ``i`` of degree ``degrees[i]``.

    A Havel-Hakimi graph is mixed by double-edge swaps (a-b, c-d become a-d, c-b). A swap that
    would make a self-loop or a parallel tie leaves the graph as it is and still counts, so that
    the stationary law is uniform over all simple graphs with these degrees.

    Parameters
    ----------
    degrees : sequence of int, graphical
    rng : numpy Generator

    References
    ----------
    B. K. Fosdick, D. B. Larremore, J. Nishimura and J. Ugander, SIAM Review 60, 315 (2018).

    Examples
    --------
    >>> graph = uniform_with_degrees([3, 1, 1, 1], np.random.default_rng(1))
    >>> sorted(graph.edges())
    [(0, 1), (0, 2), (0, 3)]
    """
    n = len(degrees)
    # networkx numbers only the nodes that have ties.
    tied = [node for node, k in enumerate(degrees) if k]
    start = nx.havel_hakimi_graph([degrees[node] for node in tied])
    ties = [(tied[a], tied[b]) for a, b in start.edges()]
    present = {a * n + b if a < b else b * n + a for a, b in ties}
    attempts = max(FEWEST_SWAPS, SWAPS_PER_TIE * len(ties)) if ties else 0
    picks = rng.integers(max(len(ties), 1), size=(2, attempts)).tolist()
    crossed = rng.integers(2, size=attempts).tolist()
    for i, j, cross in zip(*picks, crossed, strict=True):
        a, b = ties[i]
        d, c = ties[j] if cross else ties[j][::-1]
        if a == d or c == b:
            continue
        ad = a * n + d if a < d else d * n + a
        cb = c * n + b if c < b else b * n + c
        if ad in present or cb in present:
            continue
        present.remove(a * n + b if a < b else b * n + a)
        present.remove(c * n + d if c < d else d * n + c)
        present.update((ad, cb))
        ties[i], ties[j] = (a, d), (c, b)
    graph = nx.empty_graph(n)
    graph.add_edges_from(ties)
    return graph
