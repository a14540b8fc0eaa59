"""dwave-samplers: simulated annealing held at one temperature; its E = +h.s + J.ss, so -J, -h."""

from importlib.metadata import version

import numpy as np
from dwave.samplers.sa.simulated_annealing import simulated_annealing
from protocol import Array, Entry, Graph, serve


class Annealing(Entry):
    """The compiled sampler below ``SimulatedAnnealingSampler``, with Gibbs acceptance."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.seed = 0

    def load(self, graph: Graph) -> None:
        """Lay the ties out as lists, which it reads faster than arrays."""
        super().load(graph)
        ends = graph.source.tolist(), graph.target.tolist()
        self.problem = ((-graph.field).tolist(), *ends, (-1.0 * graph.weight).tolist())

    def start(self, temperature: float, spins: Array) -> None:
        """Take the stances up."""
        self.beta, self.spins = 1 / temperature, spins.astype(np.int8)[None].copy()

    def call(self, sweeps: int) -> None:
        """Anneal at one temperature."""
        self.seed += 1
        # Both criteria by name: heat bath is "Gibbs"; the order is uniform at random or by label.
        self.spins, _ = simulated_annealing(
            len(self.spins),
            *self.problem,
            sweeps,
            np.array([self.beta]) if sweeps else np.zeros(0),
            self.seed,
            self.spins,
            self.order == "random",
            "Gibbs",
        )

    def advance(self, updates: int) -> int:
        """Do whole sweeps."""
        sweeps = max(1, round(updates / self.graph.n))
        self.call(sweeps)
        return sweeps * self.graph.n

    def idle(self) -> None:
        """Convert the ties without a sweep."""
        self.call(0)

    def stances(self) -> Array:
        """Return the stances now."""
        return self.spins[0]

    def runs(self, temperature: float, sweeps: int, runs: int, seed: int) -> dict[str, Array]:
        """Return stances of independent runs."""
        self.beta, self.seed = 1 / temperature, seed
        self.spins = np.ones((runs, self.graph.n), np.int8)
        self.call(sweeps)
        return {"stances": self.spins}


if __name__ == "__main__":
    serve(
        {
            "dwave-samplers, random order": Annealing("random"),
            "dwave-samplers, sequential": Annealing("sequential"),
        },
        f"dwave-samplers {version('dwave-samplers')}",
    )
