r"""Stances from interactions: who amplifies whom, laid along one axis.

Correspondence analysis [1]_ of the table users x accounts they amplify. With shares ``P``, row and
column sums ``r`` and ``c``, the leading singular vectors of

.. math:: D_r^{-1/2} (P - r c') D_c^{-1/2}

place users and accounts such that who amplifies the same accounts stands close [2]_. Whether there
are two camps is not read off the axis, which always has two ends, but asked of a dip test; how
sure a place is, of a bootstrap over the accounts.

.. [1] M. Greenacre, Correspondence Analysis in Practice (CRC, 2017).
.. [2] P. Barbera et al., Psychol. Sci. 26, 1531 (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, svds

from sociophysics.errors import InputError
from sociophysics.statistics.dip import dip_test
from sociophysics.statistics.resampling import check_draws, percentiles
from sociophysics.streams import check_seed

__all__ = ["Axis", "latent_axis"]

Floats = NDArray[np.float64]
CAMPS = 0.05  # p of the dip below which there are two
DENSE = 60_000  # cells up to which a table is decomposed as it is
FEWEST = 10  # users without whom a window has no axis


class Axis(NamedTuple):
    """Places of users and accounts along the axis that tells best who amplifies whom.

    ``users`` has ``user, position, low, high, stance``: places of spread 1, their 95 % interval
    over bootstraps of the accounts, and 1 or -1 where the dip test finds two camps and the interval
    lies on one side of the cut, else 0. ``influencers`` has ``account, position``. ``windows`` has
    ``window, users, dip, p, agreement``: of the same done within each window, ``agreement`` the
    correlation with the whole. ``dip`` and ``p`` are the test, ``share`` the inertia of the axis.
    ``data`` counts what it was found from: ``rows``, those of them ``unnamed`` (no user or no
    account: left out), ``users`` and ``accounts`` named, ``lightest`` and ``heaviest`` weight.
    """

    users: pd.DataFrame
    influencers: pd.DataFrame
    windows: pd.DataFrame
    dip: float
    p: float
    share: float
    cut: float
    data: dict[str, float]

    @property
    def camps(self) -> bool:
        """Whether there are two."""
        return self.p < CAMPS


def latent_axis(
    edges: pd.DataFrame,
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = None,
    windows: str | None = None,
    positive: Any = None,
    least: int = 3,
    draws: int = 200,
    seed: int = 0,
) -> Axis:
    """Return the axis of a network of amplification, and whether there are two camps on it.

    Parameters
    ----------
    edges : DataFrame
        One row per tie: ``source`` amplifies (retweets, likes, cites) ``target``; rows that leave
        one of them blank are left out.
    source, target, weight, windows : str
        Columns; without ``weight`` every row counts once, without ``windows`` there is one.
    positive : label, optional
        Who stands on the positive side; by default the account with most amplifiers.
    least : int
        Users who amplify fewer accounts, and accounts with fewer amplifiers, are left out.
    draws : int
        Bootstraps over the accounts; 0: none, and no intervals.
    seed : int
        Of the bootstraps.

    Raises
    ------
    InputError
        A column that is not there, weights that are not positive numbers, or too few who amplify
        the same accounts.

    Examples
    --------
    >>> pairs = [(f"{c}{i}", f"{c.upper()}{j}") for c in "ab" for i in range(20) for j in range(4)]
    >>> bridge = [("a0", "B0"), ("b0", "A0"), ("a1", "B1"), ("b1", "A1")]
    >>> axis = latent_axis(pd.DataFrame(pairs + bridge, columns=["source", "target"]), draws=0)
    >>> side = axis.users.set_index("user")["position"] > 0
    >>> bool(side["a5"] != side["b5"]), axis.camps
    (True, True)
    """
    check_seed(seed)
    table = _checked(edges, source, target, weight, windows)
    matrix, users, accounts = _table(table, least)
    if len(users) < FEWEST or len(accounts) < 3:
        raise InputError(
            f"{len(users)} users amplify at least {least} of the same {len(accounts)} accounts; an "
            f"axis needs {FEWEST} users and 3 accounts: give more ties, or a smaller least."
        )
    check_draws(draws, numbers=len(users))
    place, of_account, share = _decomposed(matrix)
    named = (
        positive
        if positive is not None
        else accounts[int(matrix.astype(bool).sum(axis=0).argmax())]
    )
    sign = _side(named, users, accounts, place, of_account)
    place, of_account = sign * place, sign * of_account
    found = dip_test(place)
    low, high = _bootstrapped(matrix, place, draws, seed)
    cut = _cut(place)
    stance = np.zeros(len(users), np.int64)
    if found.p < CAMPS:
        stance = np.where(low > cut, 1, np.where(high < cut, -1, 0))
    return Axis(
        users=pd.DataFrame(
            {"user": users, "position": place, "low": low, "high": high, "stance": stance}
        ),
        influencers=pd.DataFrame({"account": accounts, "position": of_account}),
        windows=_by_window(table, pd.Series(place, index=users), least),
        dip=found.dip,
        p=found.p,
        share=share,
        cut=cut,
        data={
            "rows": len(edges),
            "unnamed": len(edges) - len(table),
            "users": table["user"].nunique(),
            "accounts": table["account"].nunique(),
            "lightest": float(table["size"].min()),
            "heaviest": float(table["size"].max()),
        },
    )


def _checked(
    edges: pd.DataFrame, source: str, target: str, weight: str | None, windows: str | None
) -> pd.DataFrame:
    for name in (source, target, weight, windows):
        if name is not None and name not in edges.columns:
            raise InputError(
                f"the ties have no column {name!r}; they have {', '.join(map(str, edges.columns))}."
            )
    size = np.ones(len(edges))
    if weight is not None:
        size = pd.to_numeric(edges[weight], errors="coerce").to_numpy(dtype=np.float64)
        if not (np.isfinite(size) & (size > 0)).all():
            raise InputError(f"the column {weight} must hold finite numbers above 0.")
    table = pd.DataFrame(
        {
            "user": edges[source].to_numpy(),
            "account": edges[target].to_numpy(),
            "size": size,
            "window": 0 if windows is None else edges[windows].to_numpy(),
        }
    )
    named = table[["user", "account"]]
    table = table[~(named.isna() | (named == "")).any(axis=1)]
    if table.empty:
        raise InputError(f"no row of the ties names both a {source} and a {target}.")
    return table


def _table(table: pd.DataFrame, least: int) -> tuple[csr_array, Any, Any]:
    """Return users x accounts of those who have enough of each other, all connected."""
    row, users = pd.factorize(table["user"], sort=True)
    column, accounts = pd.factorize(table["account"], sort=True)
    matrix = csr_array((table["size"], (row, column)), shape=(len(users), len(accounts)))
    matrix.sum_duplicates()
    while True:
        there = matrix.astype(bool)
        kept, shown = there.sum(axis=1) >= least, there.sum(axis=0) >= least
        if kept.all() and shown.all():
            break
        matrix, users, accounts = matrix[kept][:, shown], users[kept], accounts[shown]
        if not matrix.nnz:
            return matrix, users[:0], accounts[:0]
    # Two pieces without a common account have no order along one axis: the largest is kept.
    n = len(users)
    both = csr_array((matrix.data, (matrix.tocoo().row, matrix.tocoo().col + n)),
                     shape=(n + len(accounts),) * 2)  # fmt: skip
    _, piece = connected_components(both, directed=False)
    largest = np.bincount(piece[:n]).argmax()
    kept, shown = piece[:n] == largest, piece[n:] == largest
    return matrix[kept][:, shown], users[kept], accounts[shown]


def _decomposed(matrix: csr_array) -> tuple[Floats, Floats, float]:
    """Return places of rows and columns on the leading axis, rows of spread 1, and its share."""
    shares = matrix / matrix.sum()
    r, c = np.asarray(shares.sum(axis=1)), np.asarray(shares.sum(axis=0))
    left, right = 1 / np.sqrt(r), 1 / np.sqrt(c)
    scaled = csr_array(diags_array(left) @ shares @ diags_array(right))
    root_r, root_c = np.sqrt(r), np.sqrt(c)
    inertia = float(scaled.power(2).sum() - 1)
    if matrix.shape[0] * matrix.shape[1] <= DENSE or min(matrix.shape) < 4:
        U, S, V = np.linalg.svd(scaled.toarray() - np.outer(root_r, root_c), full_matrices=False)
        u, value, v = U[:, 0], S[0], V[0]
    else:
        centred = LinearOperator(
            matrix.shape, dtype=np.float64,
            matvec=lambda x: scaled @ x.ravel() - root_r * (root_c @ x.ravel()),
            rmatvec=lambda y: scaled.T @ y.ravel() - root_c * (root_r @ y.ravel()),
        )  # fmt: skip
        start = np.random.default_rng(0).normal(size=min(matrix.shape))
        U, S, V = svds(centred, k=1, v0=start)
        u, value, v = U[:, 0], S[0], V[0]
    place = u * left
    spread = float(place.std())
    if spread < 1e-9:
        raise InputError("all users amplify the same accounts alike; there is no axis.")
    of_account = v * right * float(value)
    return place / spread, of_account / spread, float(value**2 / max(inertia, 1e-300))


def _side(named: Any, users: Any, accounts: Any, place: Floats, of_account: Floats) -> float:
    """Return the sign that puts a user or account on the positive side."""
    for labels, places in ((accounts, of_account), (users, place)):
        at = np.flatnonzero(np.asarray(labels) == named)
        if at.size:
            return -1.0 if places[at[0]] < 0 else 1.0
    raise InputError(f"positive is {named!r}, who is not among the users or accounts kept.")


def _bootstrapped(matrix: csr_array, place: Floats, draws: int, seed: int) -> tuple[Floats, Floats]:
    """Return 95 % intervals of places over accounts drawn anew."""
    if draws < 1:
        return place.copy(), place.copy()
    rng = np.random.default_rng([seed, 13])
    count = matrix.shape[1]
    found = np.full((draws, place.size), np.nan)
    for k in range(draws):
        times = np.bincount(rng.integers(count, size=count), minlength=count)
        drawn = csr_array(matrix[:, times > 0] @ diags_array(times[times > 0].astype(np.float64)))
        kept = np.asarray(drawn.sum(axis=1)) > 0
        if kept.sum() < FEWEST:
            continue
        again, _, _ = _decomposed(csr_array(drawn[kept]))
        found[k, kept] = again * np.sign(np.dot(again, place[kept]) or 1.0)
    there = np.isfinite(found).sum(axis=0) > draws // 2
    low, high = np.full(place.size, -np.inf), np.full(place.size, np.inf)
    # Draws lie beside the place found, by more where few accounts tell it: both hold more often
    # together, as drawn and moved to where they average it.
    ends, beside = percentiles(found[:, there], count), np.nanmean(found[:, there], axis=0)
    moved = ends - (beside - place[there])
    low[there], high[there] = np.minimum(ends, moved)[0], np.maximum(ends, moved)[1]
    return np.minimum(low, place), np.maximum(high, place)


def _cut(place: Floats) -> float:
    """Return the point between two heaps that leaves least spread within them."""
    x = np.sort(place)
    n = np.arange(1, x.size)
    sums = x.cumsum()[:-1]
    between = (sums - n * x.mean()) ** 2 / (n * (x.size - n))
    best = int(between.argmax())
    return float((x[best] + x[best + 1]) / 2)


def _by_window(table: pd.DataFrame, whole: pd.Series, least: int) -> pd.DataFrame:
    rows = []
    for window in sorted(table["window"].unique()):
        matrix, users, accounts = _table(table[table["window"] == window], least)
        row: dict[str, Any] = {"window": window, "users": len(users)}
        row |= {"dip": np.nan, "p": np.nan, "agreement": np.nan}
        if len(users) >= FEWEST and len(accounts) >= 3:
            place, _, _ = _decomposed(matrix)
            found = dip_test(place)
            row |= {"dip": found.dip, "p": found.p}
            known: Sequence[Any] = whole.index.intersection(users)
            if len(known) > 2:
                here = pd.Series(place, index=users)
                row["agreement"] = abs(float(np.corrcoef(here[known], whole[known])[0, 1]))
        rows.append(row)
    return pd.DataFrame(rows, columns=["window", "users", "dip", "p", "agreement"])
