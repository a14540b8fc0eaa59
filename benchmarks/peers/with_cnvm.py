"""cnvm: the continuous-time noisy voter model, compiled with numba."""

from importlib.metadata import version

import networkx as nx
import numpy as np
from cnvm import CNVM, Parameters
from protocol import Array, Entry, Graph, serve


class NoisyVoter(Entry):
    """``CNVM.simulate``; an update is one event, of imitation or noise."""

    model = "noisy voter"

    def load(self, graph: Graph) -> None:
        """Build the networkx graph it wants."""
        super().load(graph)
        ties = nx.Graph()
        ties.add_nodes_from(range(graph.n))
        ties.add_edges_from(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
        settings = Parameters(num_opinions=2, network=ties, r=1.0, r_tilde=0.1)
        self.voter = CNVM(settings)
        rate = settings.r_imit * self.voter.degree_alpha.max() + settings.r_noise
        self.events = float(graph.n * rate)  # expected per unit of time

    def start(self, temperature: float, spins: Array) -> None:
        """Take the stances up; it knows no temperature."""
        self.opinions = (spins > 0).astype(int)

    def advance(self, updates: int) -> int:
        """Simulate the time that many events are expected in."""
        _, path = self.voter.simulate(updates / self.events, self.opinions, len_output=2)
        self.opinions = path[-1]
        return updates


if __name__ == "__main__":
    np.random.seed(1)  # noqa: NPY002 - the package draws from the global stream
    serve({"cnvm, noisy voter model": NoisyVoter()}, f"cnvm {version('cnvm')}")
