"""Pairs of a user's stances at two waves in a row, and what the neighbours held at the first."""

from __future__ import annotations

import math
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from sociophysics.errors import InputError
from sociophysics.inference.calibration.panel_files import Source
from sociophysics.society import camps

__all__ = ["Pairs", "pairs_of", "regressed"]

Floats = NDArray[np.float64]
STEPS = 100


@dataclass(frozen=True, eq=False)
class Pairs:
    """One row per user and step with the stance known at both ends.

    Attributes
    ----------
    user, step : int arrays
    before, after : arrays of +1 and -1
    pull : array
        Mean stance of the neighbours known at the first wave, weighted by the size of the ties
        with their signs; 0 where none is known.
    alone : bool array
        Who has no known neighbour.
    camp : int array
        -1 for none.
    steps : int
        How many steps the panel has.
    """

    user: NDArray[np.int64]
    step: NDArray[np.int64]
    before: Floats
    after: Floats
    pull: Floats
    alone: NDArray[np.bool_]
    camp: NDArray[np.int64]
    steps: int

    def of(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(
            self.user[chosen], self.step[chosen], self.before[chosen], self.after[chosen],
            self.pull[chosen], self.alone[chosen], self.camp[chosen], self.steps,
        )  # fmt: skip

    @property
    def fitted_steps(self) -> int:
        """The steps that models are fitted on: the first two thirds, at least one less than all."""
        return min(math.ceil(2 * self.steps / 3), self.steps - 1)

    @property
    def flips(self) -> NDArray[np.bool_]:
        """Who changed."""
        return np.asarray(self.before != self.after)

    @property
    def absorbing(self) -> bool:
        """Whether nobody ever leaves +1."""
        return not bool((self.flips & (self.before > 0)).any())


def pairs_of(source: Source, *, leave_out: str | None = None) -> Pairs:
    """Return the pairs of a panel.

    Parameters
    ----------
    source : Source
    leave_out : str, optional
        Column of the users: whoever has a 1 there is a neighbour, but is not scored.

    Raises
    ------
    InputError
        Fewer than three waves, of which the last are held out; a column that is not there.
    """
    stances = source.stances
    if len(stances) < 3:
        raise InputError(
            f"the stances have {len(stances)} waves; three are needed to hold later ones out."
        )
    scored = np.ones(stances.shape[1], np.bool_)
    if leave_out is not None:
        column = nx.get_node_attributes(source.graphs[0], leave_out)
        if not column:
            raise InputError(f"{leave_out} is not a column of the users; give one of 0 and 1.")
        scored = np.array(
            [str(column.get(node, 0)) not in ("1", "1.0") for node in source.graphs[0]]
        )
    named = nx.get_node_attributes(source.graphs[0], source.camp)
    codes = np.full(stances.shape[1], -1)
    if named:
        codes = camps.camp_codes([named.get(node) for node in source.graphs[0]], none=None)[0]
    columns: list[tuple[NDArray[np.int64], int, Floats, Floats, Floats, NDArray[np.bool_]]] = []
    for k in range(len(stances) - 1):
        graph = source.graphs[k if len(source.graphs) > 1 else 0]
        weighted = any("coupling" in data for _, _, data in graph.edges(data=True))
        ties = nx.to_scipy_sparse_array(
            graph, weight="coupling" if weighted else None, dtype=np.float64, format="csr"
        )
        now, then = stances[k].astype(np.float64), stances[k + 1].astype(np.float64)
        size = abs(ties) @ np.abs(now)
        pull = np.divide(ties @ now, size, out=np.zeros_like(size), where=size > 0)
        who = np.flatnonzero((now != 0) & (then != 0) & scored)
        columns.append((who, k, now[who], then[who], pull[who], size[who] == 0))
    if not any(len(each[0]) for each in columns):
        raise InputError("no user's stance is known at two waves in a row; a panel needs some.")
    user = np.concatenate([each[0] for each in columns])
    step = np.concatenate([np.full(len(each[0]), each[1]) for each in columns])
    before, after, pull = (np.concatenate([each[j] for each in columns]) for j in (2, 3, 4))
    alone = np.concatenate([each[5] for each in columns])
    return Pairs(user, step, before, after, pull, alone, codes[user], len(stances) - 1)


def regressed(pairs: Pairs, *, by_wave: bool = False) -> pd.DataFrame:
    """Return the logistic regression of the next stance on the own and the neighbours' mean one.

    Parameters
    ----------
    pairs : Pairs
        Users without a known neighbour are left out; where nobody ever leaves +1 so is everybody
        who is there.
    by_wave : bool
        One intercept per step, which removes any common field, drift or news.

    Returns
    -------
    DataFrame
        ``term, estimate, error``, errors clustered by user; ``b`` of log-odds, so a heat bath in
        which everybody moves once has ``neighbours = 2 J k / T``.

    Raises
    ------
    InputError
        Too few pairs, or stances that are told perfectly.
    """
    absorbing = pairs.absorbing
    kept = pairs.of(~pairs.alone & ((pairs.before < 0) | (not absorbing)))
    names = ["neighbours"] if absorbing else ["own", "neighbours"]
    columns = [kept.pull] if absorbing else [kept.before, kept.pull]
    if by_wave:
        listed = [k for k in np.unique(kept.step) if np.ptp(kept.after[kept.step == k]) > 0]
        kept = kept.of(np.isin(kept.step, listed))
        columns = [kept.pull] if absorbing else [kept.before, kept.pull]
        columns += [(kept.step == k).astype(np.float64) for k in listed]
        names += [f"step {k + 1}" for k in listed]
    else:
        columns.append(np.ones(len(kept.user)))
        names.append("intercept")
    x, y = np.column_stack(columns), (kept.after > 0).astype(np.float64)
    beta = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = expit(x @ beta)
        information = (x * (p * (1 - p))[:, None]).T @ x
        step = np.linalg.lstsq(information, x.T @ (y - p), rcond=None)[0]
        beta = beta + step
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    else:
        raise InputError("a regression tells all stances perfectly; the panel is too small for it.")
    inverse = np.linalg.pinv(information)
    score = pd.DataFrame(x * (y - expit(x @ beta))[:, None]).groupby(kept.user).sum().to_numpy()
    few = len(score) / max(len(score) - 1, 1) * (len(y) - 1) / max(len(y) - x.shape[1], 1)
    covariance = few * inverse @ score.T @ score @ inverse
    return pd.DataFrame(
        {"term": names, "estimate": beta, "error": np.sqrt(np.maximum(np.diag(covariance), 0.0))}
    )
