"""openjij: single-spin-flip annealing held at one temperature; E = +h.s + J.ss as well."""

from importlib.metadata import version

import numpy as np
import scipy.sparse as sparse
from openjij import cxxjij
from protocol import Array, Entry, Graph, serve

WARM_SWEEPS = 100


class SingleSpinFlip(Entry):
    """What ``SASampler`` calls for sparse graphs: Metropolis, users by label."""

    order = "sequential"
    rule = "metropolis"
    seed = 0

    def load(self, graph: Graph) -> None:
        """Build its sparse graph: the field is a last user, who agrees with itself."""
        super().load(graph)
        n, users = graph.n, np.arange(graph.n)
        last = np.full(n, n)
        row = np.concatenate([graph.source, graph.target, users, last, [n]])
        column = np.concatenate([graph.target, graph.source, last, users, [n]])
        value = np.concatenate(
            [-1.0 * graph.weight, -1.0 * graph.weight, -graph.field, -graph.field, [1.0]]
        )
        shape = (n + 1, n + 1)
        matrix = sparse.coo_matrix((value, (row, column)), shape=shape).tocsr()
        matrix.eliminate_zeros()
        self.sparse = cxxjij.graph.CSRSparse(matrix)

    def start(self, temperature: float, spins: Array) -> None:
        """Take the stances up."""
        self.beta = 1 / temperature
        self.system = cxxjij.system.make_classical_ising(spins.astype(int).tolist(), self.sparse)

    def advance(self, updates: int) -> int:
        """Do whole sweeps."""
        sweeps = max(1, round(updates / self.graph.n))
        self.seed += 1
        run = cxxjij.algorithm.Algorithm_SingleSpinFlip_run
        run(self.system, self.seed, [(self.beta, sweeps)])
        return sweeps * self.graph.n

    def stances(self) -> Array:
        """Return the stances now, without the field's user."""
        return np.array(self.system.spin[: self.graph.n])

    def runs(self, temperature: float, sweeps: int, runs: int, seed: int) -> dict[str, Array]:
        """Return stances of independent runs."""
        out = np.empty((runs, self.graph.n), np.int8)
        seeds = np.random.default_rng(seed).integers(2**31, size=runs)
        # The first draws of its generator hardly depend on the seed. At next to no coupling
        # everybody flips in every sweep, so an even number of sweeps restores +1 and warms it up.
        plan = [(1e-12, WARM_SWEEPS), (1 / temperature, sweeps)]
        for run in range(runs):
            self.start(temperature, np.ones(self.graph.n))
            cxxjij.algorithm.Algorithm_SingleSpinFlip_run(self.system, int(seeds[run]), plan)
            out[run] = self.stances()
        return {"stances": out}


if __name__ == "__main__":
    serve({"openjij, single spin flip": SingleSpinFlip()}, f"openjij {version('openjij')}")
