"""NDlib: its voter model, as it has no Ising dynamics."""

from importlib.metadata import version

import networkx as nx
import numpy as np
from ndlib.models.ModelConfig import Configuration
from ndlib.models.opinions import VoterModel
from protocol import Array, Entry, Graph, serve


class Voter(Entry):
    """``VoterModel.iteration``, which updates one user and copies everybody's status."""

    model = "voter"

    def load(self, graph: Graph) -> None:
        """Build the networkx graph it wants."""
        super().load(graph)
        self.ties = nx.Graph()
        self.ties.add_nodes_from(range(graph.n))
        self.ties.add_edges_from(zip(graph.source.tolist(), graph.target.tolist(), strict=True))

    def start(self, temperature: float, spins: Array) -> None:
        """Take half of the users as infected; it knows no temperature."""
        self.voter = VoterModel(self.ties, seed=1)
        settings = Configuration()
        settings.add_model_parameter("fraction_infected", 0.5)
        self.voter.set_initial_status(settings)

    def advance(self, updates: int) -> int:
        """Do as many iterations."""
        for _ in range(updates):
            self.voter.iteration()
        return updates


if __name__ == "__main__":
    np.random.seed(1)  # noqa: NPY002 - the package draws from the global stream
    serve({"NDlib, voter model": Voter()}, f"NDlib {version('ndlib')}")
