"""thrml: block Gibbs sampling in JAX, users of one color at once."""

from functools import partial
from importlib.metadata import version

import jax
import jax.numpy as jnp
import numpy as np
from protocol import Array, Entry, Graph, serve
from thrml import Block, SamplingSchedule, SpinNode, sample_states
from thrml.models import IsingEBM, IsingSamplingProgram

BUNDLE = 8  # sweeps


def colors(graph: Graph) -> Array:
    """Return a color for everybody that no neighbor has, greedily."""
    color = np.full(graph.n, -1)
    for user, near in enumerate(graph.lists):
        taken = {int(color[j]) for j in near}
        color[user] = next(c for c in range(len(near) + 1) if c not in taken)
    return color


class BlockGibbs(Entry):
    """``sample_states`` of an ``IsingSamplingProgram``: as sequential, sorted by color."""

    order = "sequential"

    def load(self, graph: Graph) -> None:
        """Make the nodes, and blocks of one color."""
        super().load(graph)
        color = colors(graph)
        self.blocks = [np.flatnonzero(color == c) for c in range(color.max() + 1)]
        self.nodes = [SpinNode() for _ in range(graph.n)]
        ends = zip(graph.source.tolist(), graph.target.tolist(), strict=True)
        self.edges = [(self.nodes[i], self.nodes[j]) for i, j in ends]
        self.free = [Block([self.nodes[i] for i in block]) for block in self.blocks]
        self.seed = 0

    def path(self) -> list[int]:
        """Return the users by color."""
        return [int(user) for block in self.blocks for user in block]

    def start(self, temperature: float, spins: Array) -> None:
        """Take the stances up."""
        model = IsingEBM(
            self.nodes,
            self.edges,
            jnp.asarray(self.graph.field),
            jnp.asarray(self.graph.weight, float),
            jnp.asarray(1 / temperature),
        )
        program = IsingSamplingProgram(model, self.free, [])
        everybody = [Block(block.nodes) for block in self.free]
        self.now = [jnp.asarray(spins[block] > 0) for block in self.blocks]
        self.sweeps_of = lambda sweeps: jax.jit(partial(self.sample, program, everybody, sweeps))
        self.bundle = self.sweeps_of(BUNDLE)

    @staticmethod
    def sample(program, everybody, sweeps: int, key, now):
        """Return the stances some sweeps later, by block."""
        plan = SamplingSchedule(sweeps, 1, 1)
        return [x[0] for x in sample_states(key, program, plan, now, [], everybody)]

    def advance(self, updates: int) -> int:
        """Do whole bundles of sweeps, as every other number of sweeps is compiled anew."""
        bundles = max(1, round(updates / (BUNDLE * self.graph.n)))
        for _ in range(bundles):
            self.seed += 1
            self.now = self.bundle(jax.random.key(self.seed), self.now)
        jax.block_until_ready(self.now)
        return bundles * BUNDLE * self.graph.n

    def stances(self) -> Array:
        """Return the stances now."""
        out = np.empty(self.graph.n, np.int8)
        for block, up in zip(self.blocks, self.now, strict=True):
            out[block] = 2 * np.asarray(up).astype(np.int8) - 1
        return out

    def runs(self, temperature: float, sweeps: int, runs: int, seed: int) -> dict[str, Array]:
        """Return stances of independent runs."""
        self.start(temperature, np.ones(self.graph.n))
        keys = jax.random.split(jax.random.key(seed), runs)
        many = jax.jit(jax.vmap(self.sweeps_of(sweeps), in_axes=(0, None)))(keys, self.now)
        out = np.empty((runs, self.graph.n), np.int8)
        for block, up in zip(self.blocks, many, strict=True):
            out[:, block] = 2 * np.asarray(up).astype(np.int8) - 1
        return {"stances": out}


if __name__ == "__main__":
    serve({"thrml, block Gibbs": BlockGibbs()}, f"thrml {version('thrml')} (jax {jax.__version__})")
