"""Learning as cooling: stochastic gradient descent in a river valley, by numpy alone.

The valley is steep across, ``l = c(y) + a x^2 / 2``, and falls slowly along ``y``. A step of size
``eta`` with gradient noise ``sigma_g`` keeps ``x`` at a temperature: ``<l_x> -> eta sigma_g^2 / 4``
whatever ``a``. Learning rates are temperatures, schedules are coolings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np


def thermal_loss(a: float, eta: float, sigma: float) -> float:
    """Return ``a var(x) / 2`` at rest: ``sigma^2 / (2 (2/eta - a))``.

    Examples
    --------
    >>> [round(thermal_loss(a, 0.02, 1.0), 5) for a in (0.1, 1.0, 5.0, 20.0)]
    [0.00501, 0.00505, 0.00526, 0.00625]
    """
    return 0.5 * sigma**2 / (2 / eta - a)


def simulated_loss(
    a: float, eta: float, sigma: float, *, walkers: int, steps: int, seed: int
) -> float:
    """Return the same from walkers ``x <- x - eta (a x + sigma xi)``, started at rest."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=walkers) * math.sqrt(2 * thermal_loss(a, eta, sigma) / a)
    total = 0.0
    for _ in range(steps):
        x -= eta * (a * x + sigma * rng.normal(size=walkers))
        total += 0.5 * a * float((x**2).mean())
    return total / steps


def final_loss(
    schedule: Callable[[int], float], *, a: float, sigma: float, eta: float, steps: int
) -> float:
    """Return the loss after a schedule over the loss at its start, exactly.

    The variance follows ``v <- (1 - a eta_t)^2 v + eta_t^2 sigma^2``.
    """
    start = variance = 2 * thermal_loss(a, eta, sigma) / a
    for step in range(steps):
        rate = schedule(step)
        variance = (1 - a * rate) ** 2 * variance + (rate * sigma) ** 2
    return variance / start


def best_schedule(a: float, eta: float) -> Callable[[int], float]:
    """Return ``eta_t = (eta/2) / (1 + t/t_h)`` with ``t_h = 2/(a eta)``: it halves at once.

    No schedule ends lower: it is the one that minimizes the variance of the next step, each time.
    """
    half_time = 2 / (a * eta)
    return lambda t: eta / 2 / (1 + t / half_time)


def schedules(a: float, eta: float, steps: int) -> dict[str, Callable[[int], float]]:
    """Return the schedules that are compared, by name.

    The exponential one falls to ``exp(-5)`` of its start, and, beside it, at its own best rate.
    """

    def exponential(k: float) -> Callable[[int], float]:
        return lambda t: eta * math.exp(-k * t / steps)

    def ends(k: float) -> float:
        return final_loss(exponential(k), a=a, sigma=1.0, eta=eta, steps=steps)

    return {
        "best": best_schedule(a, eta),
        "exponential": exponential(5.0),
        "exponential, best rate": exponential(min(np.arange(1.0, 9.0, 0.05), key=ends)),
        "cosine": lambda t: eta / 2 * (1 + math.cos(math.pi * t / steps)),
        "linear": lambda t: eta * (1 - t / steps),
        "constant": lambda t: eta,
    }


def first_law(*, steps: int, seed: int) -> tuple[float, float, float]:
    """Return the change of loss of a step-by-step run, and its work and heat, which add up to it.

    Work is what the loss changes because the valley does (``a`` grows along the river), heat
    what it changes because ``x`` moves.
    """
    rng = np.random.default_rng(seed)
    x, y = 0.1, 0.0
    begun, work, heat = _loss(x, y), 0.0, 0.0
    for _ in range(steps):
        after_y = y + 0.004
        work += _loss(x, after_y) - _loss(x, y)
        after_x = x - 0.02 * (math.exp(after_y) * x + rng.normal())
        heat += _loss(after_x, after_y) - _loss(x, after_y)
        x, y = after_x, after_y
    return _loss(x, y) - begun, work, heat


def _loss(x: float, y: float) -> float:
    return -0.05 * y + 0.5 * math.exp(y) * x**2


def river_drift(
    eta: float, *, c: float, alpha: float, sigma: float, walkers: int, steps: int, seed: int
) -> float:
    """Return the mean speed along a river that narrows: ``l = -c y + exp(alpha y) x^2 / 2``.

    Noise pushes towards where the valley is wide, with the force ``-alpha eta sigma^2 / 4``: the
    river is followed below ``eta* = 4 c / (alpha sigma^2)`` and climbed above it.
    """
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=walkers) * math.sqrt(eta / 2) * sigma, np.zeros(walkers)
    for _ in range(steps):
        wide = np.exp(alpha * y)
        y_next = y - eta * (-c + alpha * wide * x**2 / 2)
        x = x - eta * (wide * x + sigma * rng.normal(size=walkers))
        y = y_next
    return float(y.mean()) / (eta * steps)


def domino(p: np.ndarray, *, rate: float, wasted: float, done: float = 0.9) -> np.ndarray:
    """Return when each skill is learned to ``done``: skills compete for one resource.

    ``l_k <- l_k - rate p_k l_k / (sum_j p_j l_j + wasted)``: what is rare waits until what is
    frequent is learned, and then needs hardly longer.
    """
    left, times = np.ones(p.size), np.full(p.size, np.inf)
    step = 0
    while np.isinf(times).any():
        step += 1
        pull = p * left
        left = np.maximum(left - rate * pull / (pull.sum() + wasted), 0.0)
        times[(left <= 1 - done) & np.isinf(times)] = step * rate
    return times


def in_context(tasks: int, *, dimension: int, examples: int, ridge: float, seed: int) -> float:
    """Return the test error of a linear attention model trained on so many regression tasks.

    The model answers ``C W X / N`` with ``C = X X^T``; its weights are spins without bound in the
    energy ``-W J W / 2 - h W + lambda W^2 / 2``, whose ground state is ridge regression on the
    features ``C_(D+1) x``. Few tasks leave it a glass that remembers; more than about ``D (D + 1)``
    make it learn from the examples.
    """
    rng = np.random.default_rng(seed)
    size = dimension * (dimension + 1)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
        w = rng.normal(size=(count, dimension))
        x = rng.normal(size=(count, examples + 1, dimension))
        y = np.einsum("cnd,cd->cn", x, w) / math.sqrt(dimension)
        known = np.concatenate([x, y[..., np.newaxis]], axis=2)
        known[:, -1, -1] = 0.0  # the label that is asked for
        row = np.einsum("cnk,cn->ck", known, known[..., -1]) / (examples + 1)
        features = np.einsum("ck,cd->ckd", row, x[:, -1]).reshape(count, size)
        return features, y[:, -1]

    features, target = drawn(tasks)
    matrix = features.T @ features / tasks + ridge * np.eye(size)
    weights = np.linalg.solve(matrix, features.T @ target / tasks)
    seen, truth = drawn(4000)
    return float(((seen @ weights - truth) ** 2).mean() / (truth**2).mean())


def picture(path: Path) -> None:
    """Draw how the loss falls under each schedule."""
    from matplotlib.figure import Figure

    a, eta, steps = 2.0, 0.1, 1000
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.add_subplot()
    for name, schedule in schedules(a, eta, steps).items():
        at = range(1, steps + 1, 11)
        # A schedule knows how long it is: each curve is one run, looked at on the way.
        losses = [final_loss(schedule, a=a, sigma=0.1, eta=eta, steps=t) for t in at]
        axes.loglog(at, losses, label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("loss over loss at the start")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    picture(Path(__file__).parent / "learning.png")
