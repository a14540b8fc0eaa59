"""graph-tool: asynchronous Glauber dynamics, the exact analog."""

import graph_tool
import numpy as np
from graph_tool.dynamics import IsingGlauberState
from protocol import Array, Entry, Graph, serve


class Glauber(Entry):
    """``IsingGlauberState.iterate_async``."""

    def load(self, graph: Graph) -> None:
        """Build graph and weights."""
        super().load(graph)
        self.ties = graph_tool.Graph(directed=False)
        self.ties.add_vertex(graph.n)
        self.ties.add_edge_list(np.column_stack([graph.source, graph.target]))
        self.weight = self.ties.new_ep("double")
        self.weight.a = graph.weight

    def start(self, temperature: float, spins: Array) -> None:
        """Take the stances up; its field is in units of temperature already."""
        field = self.ties.new_vp("double")
        field.a = self.graph.field / temperature
        stance = self.ties.new_vp("int32_t")
        stance.a = spins
        self.state = IsingGlauberState(
            self.ties, beta=1 / temperature, w=self.weight, h=field, s=stance
        )

    def advance(self, updates: int) -> int:
        """Do exactly this many updates."""
        self.state.iterate_async(niter=updates)
        return updates

    def stances(self) -> Array:
        """Return the stances now."""
        return np.array(self.state.s.a)

    def runs(self, temperature: float, sweeps: int, runs: int, seed: int) -> dict[str, Array]:
        """Return stances of independent runs."""
        n = self.graph.n
        graph_tool.seed_rng(seed)
        self.start(temperature, np.ones(n, np.int32))
        out = np.empty((runs, n), np.int8)
        for run in range(runs):
            self.state.s.a = 1
            self.state.iterate_async(niter=sweeps * n)
            out[run] = self.state.s.a
        return {"stances": out}


if __name__ == "__main__":
    graph_tool.openmp_set_num_threads(1)
    graph_tool.seed_rng(1)
    serve(
        {"graph-tool, asynchronous Glauber": Glauber()},
        f"graph-tool {graph_tool.__version__.split()[0]}",
    )
