"""Samples of societies in equilibrium, 64 lanes to a word, kept part by part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.dynamics import tabulate
from sociophysics.dynamics.kernels.kernel_choice import choose_kernel, task_of
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system, case_frames
from sociophysics.society.network_kinds import ErdosRenyi
from sociophysics.study import Part, plan
from sociophysics.study.measure import Work, computed

__all__ = ["LANES", "Sample", "kernel_of", "sample"]

Floats = NDArray[np.float64]
LANES = 64  # replicas that share a word, and the order of users
FEW_LANES = 16  # where no kernel shares words
NAMES = ("magnetization", "energy")


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """What one size was measured to be at one temperature.

    Attributes
    ----------
    m, energy : array, shape (words, lanes, frames)
        Mean stance, and the energy of the whole society in units of the couplings.
    redrawn : bool
        Whether every word has a network of its own.
    degrees : array, shape (words, 2), optional
        How many ties and pairs of ties each network has, less what is expected, as shares of it.
    """

    size: int
    users: int
    temperature: float
    m: Floats
    energy: Floats
    redrawn: bool
    degrees: Floats | None = None


def kernel_of(settings: Settings) -> str:
    """Return the kernel that moves samples: 64 lanes to a word where couplings are +-c."""
    system, _ = build_system(settings, 0 if settings.redraw else None)
    try:
        return choose_kernel("bit-sliced", task_of(system, "random-sequential"))
    except InputError:
        return "auto"


def sample(
    scenario: Scenario,
    size: int,
    *,
    temperature: float,
    words: int,
    burn_in: int,
    sweeps: int,
    frames: int,
    start: str,
    work: Work,
) -> Sample:
    """Return a sample of a society of one size; word ``w`` is the same whatever others there are.

    Parameters
    ----------
    scenario : Scenario
        Of this size, without field and feed.
    words : int
        Independent blocks of lanes, each with a network of its own where networks are drawn.
    burn_in, sweeps, frames : int
        Sweeps left out, sweeps measured, and frames among them.
    """
    every = max(1, sweeps // frames)
    first = -(-burn_in // every) * every  # frames come at multiples
    keys = {
        "dynamics.temperature": temperature,
        "dynamics.sweeps": first + every * frames,
        "dynamics.burn_in": first,
        "dynamics.start": start,
        "dynamics.stop_when": "none",
        "observe": {"every": every, "names": list(NAMES)},
    }
    one = plan(scenario.replace(keys))[0]
    one.settings.heat_bath_only("a critical temperature")
    kernel = kernel_of(one.settings)
    lanes = LANES if kernel == "bit-sliced" else FEW_LANES
    parts = [_word(one, w, kernel, lanes) for w in range(words)]
    tables = _measured(parts, kernel, work)
    cube = np.stack([_cube(table, lanes) for table in tables])  # (words, names, lanes, frames)
    users = build_system(one.settings, 0 if one.settings.redraw else None)[0].n
    redrawn = bool(one.settings.redraw)
    return Sample(
        size=size,
        users=users,
        temperature=temperature,
        m=cube[:, 0],
        energy=cube[:, 1] * users,
        redrawn=redrawn,
        degrees=_degrees(one.settings, words, lanes) if redrawn else None,
    )


def _degrees(settings: Settings, words: int, lanes: int) -> Floats | None:
    """Return what chance made of each word's ties, None where it is not known what is expected."""
    network = settings.network
    if not isinstance(network, ErdosRenyi) or "network" not in settings.redraw:
        return None
    n, chance = network.n, min(network.mean_degree / (network.n - 1), 1.0)
    expected = n * (n - 1) * np.array([chance, (n - 2) * chance**2])
    systems = (build_system(settings, word * lanes)[0] for word in range(words))
    degrees = (np.diff(system.J.indptr).astype(np.float64) for system in systems)
    counted = np.array([[k.sum(), (k * (k - 1)).sum()] for k in degrees])
    return np.asarray(counted / expected - 1, dtype=np.float64)


def _word(part: Part, word: int, kernel: str, lanes: int) -> Part:
    # Named apart from the runs of the same settings: another kernel, and no frames of the burn-in.
    identity = f'{{"lanes":"{kernel}","settings":{part.identity}}}'
    numbers = tuple(range(word * lanes, (word + 1) * lanes))
    return replace(part, identity=identity, replicas=numbers)


def _measured(parts: Sequence[Part], kernel: str, work: Work) -> list[pd.DataFrame]:
    data = computed(parts, partial(_simulated, kernel=kernel), work)
    return [data[part.name].table for part in parts]


def _simulated(
    settings: Settings,
    replicas: Sequence[int],
    *,
    kernel: str,
    check: Callable[[], None] | None = None,
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the frames after burn-in of one word, whose lanes share one network."""
    with closing(case_frames(settings, replicas, kernel=kernel)) as frames:
        kept = (frame for frame in frames if frame.sweep > settings.dynamics.burn_in)
        return tabulate(kept, settings.observe.names), []


def _cube(table: pd.DataFrame, lanes: int) -> Floats:
    return np.stack([table[name].to_numpy(np.float64).reshape(lanes, -1) for name in NAMES])
