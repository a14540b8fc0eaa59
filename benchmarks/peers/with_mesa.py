"""Mesa: a plain agent loop, every agent with a list of its neighbors and of its ties."""

import math
import random
from importlib.metadata import version

import mesa
import numpy as np
from protocol import Array, Entry, serve


class User(mesa.Agent):
    """Somebody with a stance."""

    def step(self) -> None:
        """Take the heat-bath stance in the local field."""
        field = self.field
        for friend, tie in zip(self.friends, self.ties, strict=True):
            field += tie * friend.stance
        chance = 1 / (1 + math.exp(-2 * field * self.model.beta))
        self.stance = 1 if self.random.random() < chance else -1


class Society(mesa.Model):
    """Users activated in a new random order every sweep."""

    def __init__(self, stances: list[int], graph, beta: float, seed: int) -> None:
        super().__init__(seed=seed)
        self.beta = beta
        users = [User(self) for _ in stances]
        indptr, _, data = graph.rows
        for user, stance, field, near, tie in zip(
            users,
            stances,
            graph.field.tolist(),
            graph.lists,
            np.split(data, indptr[1:-1]),
            strict=True,
        ):
            user.stance, user.field, user.ties = stance, field, tie.tolist()
            user.friends = [users[j] for j in near]

    def step(self) -> None:
        """Do one sweep."""
        self.agents.shuffle_do("step")


class AgentLoop(Entry):
    """``model.agents.shuffle_do("step")``."""

    order = "permutation"

    def start(self, temperature: float, spins: Array) -> None:
        """Make the agents."""
        self.society = Society(spins.tolist(), self.graph, 1 / temperature, 1)

    def advance(self, updates: int) -> int:
        """Do whole sweeps."""
        sweeps = max(1, round(updates / self.graph.n))
        for _ in range(sweeps):
            self.society.step()
        return sweeps * self.graph.n

    def stances(self) -> Array:
        """Return the stances now."""
        return np.array([user.stance for user in self.society.agents])

    def runs(self, temperature: float, sweeps: int, runs: int, seed: int) -> dict[str, Array]:
        """Return stances of independent runs, one society set back to +1 again and again."""
        self.start(temperature, np.ones(self.graph.n))
        self.society.random = random.Random(seed)
        users = sorted(self.society.agents, key=lambda user: user.unique_id)
        out = np.empty((runs, self.graph.n), np.int8)
        for run in range(runs):
            for user in users:
                user.stance = 1
            self.advance(sweeps * self.graph.n)
            out[run] = [user.stance for user in users]
        return {"stances": out}


if __name__ == "__main__":
    serve({"Mesa, plain agent loop": AgentLoop()}, f"Mesa {version('mesa')}")
