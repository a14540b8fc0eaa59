"""peapods: heat bath on lattices, in Rust; it shows averages, not stances."""

from importlib.metadata import version

import numpy as np
import peapods
from protocol import Array, Entry, Graph, Unsuitable, serve


class Lattice(Entry):
    """``Ising.sample`` with Gibbs updates, users in order."""

    order = "sequential"
    weights = False

    def load(self, graph: Graph) -> None:
        """Read the couplings of the periodic lattice."""
        if not graph.name.startswith(("lattice", "torus")):
            raise Unsuitable("lattices only")
        super().load(graph)
        side = round(graph.n**0.5)
        # The ties of a lattice come as all of the first direction, then all of the second.
        ties = graph.weight.reshape(2, side, side)
        self.shape, self.ties = (side, side), np.stack(list(ties), axis=-1).astype(np.float32)

    def start(self, temperature: float, spins: Array) -> None:
        """Begin at random: it takes no stances."""
        self.model_ = peapods.Ising(self.shape, self.ties, np.array([temperature]))
        self.model_.sample(20, sweep_mode="gibbs", warmup_ratio=0.5, sequential=True)

    def advance(self, updates: int) -> int:
        """Do whole sweeps, its averages taken over the last few only."""
        sweeps = max(2, round(updates / self.graph.n))
        self.model_.sample(sweeps, sweep_mode="gibbs", warmup_ratio=0.9, sequential=True)
        return sweeps * self.graph.n

    def runs(self, temperature: float, sweeps: int, runs: int, seed: int) -> dict[str, Array]:
        """Return energies of independent runs, as so many equal temperatures, at the last sweep."""
        chains = peapods.Ising(self.shape, self.ties, np.full(runs, temperature))
        chains.sample(
            sweeps, sweep_mode="gibbs", warmup_ratio=(sweeps - 1) / sweeps, sequential=True
        )
        # Its energy is the sum of J ss per user.
        return {"energies": -np.asarray(chains.energies_avg, float) * self.graph.n}


if __name__ == "__main__":
    np.seterr(all="ignore")
    serve({"peapods, heat bath": Lattice()}, f"peapods {version('peapods')}")
