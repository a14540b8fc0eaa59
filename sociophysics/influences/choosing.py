"""Which users something acts on: at random, by ties, camp, attribute, in whole clusters, by name.

``who`` is the word that interventions, trials and mixtures of feeds share:

- ``"random"``: anybody;
- ``"degree"``: those whom most listen to, the first of them for certain;
- ``"camp:K"``: users of the camp of number or name K;
- ``"attribute:age>=40"``: users whose node attribute compares so (``>= <= == != > <``), and
  ``"attribute:NAME"`` those who have a 1 in a column of 0 and 1;
- ``"cluster"``, ``"cluster:NAME"``: whole communities of the network, or everybody who has one
  value of a node attribute;
- a list of users by their labels.

A share is one of the users so described, or of the clusters; lists are taken as a whole.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.society import camps as camp_attributes
from sociophysics.society.missing import present
from sociophysics.society.spins import SpinSystem
from sociophysics.words import have

__all__ = ["WORDS", "check_who", "clusters", "eligible", "how_many", "select", "told"]

WORDS = (
    "random, degree, camp:K with the camp's number or name K, attribute:NAME or "
    "attribute:NAME>=40, cluster, cluster:NAME, or a list of users"
)
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_CONDITION = re.compile(r"\s*(?P<name>.+?)\s*(?:(?P<compare>[<>=!]=|[<>=])\s*(?P<value>.+?)\s*)?")
SHOWN = 60  # characters of a value that a sentence repeats


def select(
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    who: str | Sequence[Any],
    share: float,
    rng: np.random.Generator,
    *,
    names: Sequence[Any] = (),
) -> NDArray[np.bool_]:
    """Return who is chosen: a mark for every user, shape (n,).

    Users, or clusters, are put in an order that does not depend on the share, and the first of
    them are taken: from a generator in the same state a larger share takes the same users and
    more.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), or None
        The camp of each user, -1 for none.
    who : str or sequence of labels
        As this module has it.
    share : float
        Of the users described, or of the clusters: at least one unless it is 0.
    rng : Generator
        Draws one number per user described, or per cluster.
    names : sequence
        Names of the camps, in the order of their numbers.

    Raises
    ------
    InputError
        Words that are not allowed, camps or attributes that are missing, nobody to choose from.

    Examples
    --------
    >>> star = SpinSystem.from_edges([0, 0, 0], [1, 2, 3])
    >>> select(star, None, "degree", 0.25, np.random.default_rng(1))
    array([ True, False, False, False])
    >>> few, more = (select(star, None, "random", p, np.random.default_rng(1)) for p in (0.25, 0.5))
    >>> int(few.sum()), int(more.sum()), bool((more & few == few).all())
    (1, 2, True)
    """
    chosen = np.zeros(system.n, np.bool_)
    if isinstance(who, str) and (who == "cluster" or who.startswith("cluster:")):
        groups = clusters(system, who)
        units = np.unique(groups[groups >= 0])
        order = units[np.argsort(rng.random(units.size), kind="stable")]
        return np.isin(groups, order[: how_many(share, units.size)])
    users = eligible(system, camps, who, names=names)
    if not isinstance(who, str):
        chosen[users] = True
        return chosen
    if who != "degree":
        users = users[np.argsort(rng.random(users.size), kind="stable")]
    chosen[users[: how_many(share, users.size)]] = True
    return chosen


def how_many(share: float, total: int) -> int:
    """Return the whole number nearest to a share of ``total``: at least one unless it is 0.

    Parameters
    ----------
    share : float
    total : int

    Examples
    --------
    >>> how_many(0.25, 10), how_many(0.001, 20), how_many(0.0, 20)
    (2, 1, 0)
    """
    return max(round(share * total), int(share > 0 and total > 0))


def check_who(who: str) -> None:
    """Raise unless a text is one of the words by which users are chosen.

    Raises
    ------
    InputError
        It is none; the sentence lists them.

    Examples
    --------
    >>> check_who("attribute:age >= 40")
    >>> check_who("degre")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: it is 'degre'; allowed: random, degree, camp:K with the camp's \
number or name K, attribute:NAME or attribute:NAME>=40, cluster, cluster:NAME, or a list of users
    """
    word, colon, rest = who.partition(":")
    alone = who in ("random", "degree", "cluster")
    if not alone and not (colon and rest.strip() and word in ("camp", "attribute", "cluster")):
        raise InputError(f"it is {who[:SHOWN]!r}; allowed: {WORDS}")


def eligible(
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    who: str | Sequence[Any],
    *,
    names: Sequence[Any] = (),
) -> NDArray[np.int64]:
    """Return the indices of the users whom a word describes, the best connected first for degree.

    Parameters
    ----------
    system, camps, who, names
        As in ``select``; no clusters.

    Raises
    ------
    InputError
        As ``select``.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0, 1], [1, 2])
    >>> eligible(pair, np.array([0, 1, -1]), "camp:1"), eligible(pair, None, "degree")
    (array([1]), array([1, 0, 2]))
    """
    if not isinstance(who, str):
        return _listed(system, who)
    if who == "random":
        return np.arange(system.n)
    if who == "degree":
        listeners = np.bincount(system.J.indices, minlength=system.n)
        return np.argsort(-listeners, kind="stable")
    if who.startswith("camp:"):
        return _of_camp(camps, camp_attributes.number(who, names))
    if who.startswith("attribute:"):
        return _by_attribute(system, who.removeprefix("attribute:"))
    raise InputError(f"who is {who[:SHOWN]!r}; allowed: {WORDS}.")


def told(system: SpinSystem, who: str) -> str:
    """Return how many users have no value in the column that a word asks for; empty if all have.

    Parameters
    ----------
    system : SpinSystem
    who : str
        As in ``select``.

    Raises
    ------
    InputError
        No such column.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1]).with_attribute("age", [50, None])
    >>> told(pair, "attribute:age>=40")
    "'attribute:age>=40': 1 of 2 users has no 'age' and is not among them"
    """
    word, _, rest = who.partition(":")
    condition = _CONDITION.fullmatch(rest)
    name = rest.strip() if word == "cluster" else condition["name"] if condition else ""
    if word not in ("attribute", "cluster") or not name:
        return ""
    missing = sum(present(value) is None for value in _column(system, name, who).tolist())
    if not missing:
        return ""
    lack = f"{missing:,} of {system.n:,} users {have(missing)} no {name[:SHOWN]!r}"
    return f"{who[:SHOWN]!r}: {lack} and {'is' if missing == 1 else 'are'} not among them"


def clusters(system: SpinSystem, who: str) -> NDArray[np.int64]:
    """Return the cluster of each user, shape (n,), -1 for none: what is chosen as a whole.

    Parameters
    ----------
    system : SpinSystem
    who : str
        ``cluster`` for communities of the friendly ties (Louvain, the same whenever the network
        is), ``cluster:NAME`` for the values of a node attribute; a blank is no cluster.

    Raises
    ------
    InputError
        An unknown attribute, fewer than two clusters, or nobody who shares one.

    References
    ----------
    Blondel et al., J. Stat. Mech. P10008 (2008).

    Examples
    --------
    >>> two = SpinSystem.from_edges([0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3])
    >>> clusters(two, "cluster")
    array([0, 0, 0, 1, 1, 1])
    """
    name = who.removeprefix("cluster").removeprefix(":").strip()
    if name:
        column = _column(system, name, who)
        found = camp_attributes.camp_codes(column, none=None)[0]
    else:
        found = _communities(system)
    sizes = np.bincount(found[found >= 0]) if (found >= 0).any() else np.zeros(0, np.int64)
    if (sizes > 0).sum() < 2 or sizes.max(initial=0) < 2:
        one = "every cluster is a single user" if sizes.size > 1 else f"there is {sizes.size}"
        raise InputError(
            f"who is {who[:SHOWN]!r}, but {one}; give an attribute with two clusters or more of "
            "several users, or choose users at random."
        )
    return found


@lru_cache(maxsize=4)
def _communities(system: SpinSystem) -> NDArray[np.int64]:
    """Return communities of the friendly ties, numbered by their first member."""
    import networkx as nx

    ties = system.J.tocoo()
    friendly = (ties.data > 0) & (ties.row != ties.col)
    graph = nx.Graph()
    graph.add_nodes_from(range(system.n))
    graph.add_edges_from(zip(ties.row[friendly].tolist(), ties.col[friendly].tolist(), strict=True))
    found = nx.community.louvain_communities(graph, weight=None, seed=0)
    labels = np.empty(system.n, np.int64)
    for number, members in enumerate(sorted(found, key=min)):
        labels[list(members)] = number
    labels.flags.writeable = False
    return labels


def _listed(system: SpinSystem, who: Any) -> NDArray[np.int64]:
    position = {label: i for i, label in enumerate(system.labels)}
    for label in who if isinstance(who, Iterable) else [who]:
        if not isinstance(label, Hashable) or label not in position:
            raise InputError(
                f"who names the user {repr(label)[:SHOWN]}, who is not in the network; give a "
                f"list of its users, or {WORDS.removesuffix(', or a list of users')}."
            )
    return np.array([position[label] for label in who], dtype=np.int64)


def _of_camp(camps: NDArray[np.int64] | None, who: str) -> NDArray[np.int64]:
    if camps is None:
        raise InputError(
            f"who is {who[:SHOWN]!r}, but the users have no camps; name a node attribute in "
            "[network] camp, pass camps, or choose random, degree or a list of users."
        )
    word = who.removeprefix("camp:").strip()
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else -1
    among = np.flatnonzero(camps == number) if number >= 0 else np.zeros(0, np.int64)
    if among.size == 0:
        there = ", ".join(f"camp:{c}" for c in np.unique(camps[camps >= 0])[:20])
        raise InputError(
            f"who is {who[:SHOWN]!r}, but no user is in that camp; allowed: {there or 'none'}."
        )
    return among


def _column(system: SpinSystem, name: str, who: str) -> pd.Series:
    columns = {str(column): column for column in system.nodes.columns}
    if name not in columns:
        hint = did_you_mean(name, columns) if columns else "users have no attributes here."
        raise InputError(f"who is {who[:SHOWN]!r}, but no user has that attribute; {hint}")
    return system.nodes[columns[name]]


def _by_attribute(system: SpinSystem, condition: str) -> NDArray[np.int64]:
    who = f"attribute:{condition}"
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise InputError(f"who is {who[:SHOWN]!r}; allowed: {WORDS}.")
    name, compare, given = match["name"], match["compare"], match["value"]
    values = [present(value) for value in _column(system, name, who).tolist()]
    if compare is None:
        meets = _marked(values, who, name)
    else:
        meets = _compared(values, compare, given, who)
    if not meets.any():
        raise InputError(f"who is {who[:SHOWN]!r}, which is true of nobody; choose others.")
    return np.flatnonzero(meets)


def _marked(values: list[Any], who: str, name: str) -> NDArray[np.bool_]:
    """Return who has a 1 in a column of 0 and 1."""
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(float)
    given = np.array([value is not None for value in values])
    wrong = given & ~np.isin(numbers, (0.0, 1.0))
    if wrong.any():
        value = values[int(np.argmax(wrong))]
        raise InputError(
            f"who is {who[:SHOWN]!r}, but {name[:SHOWN]!r} holds {str(value)[:SHOWN]!r}; give a "
            f"column of 0 and 1, or a condition such as attribute:{name[:SHOWN]}==VALUE."
        )
    return np.asarray(numbers == 1.0)


def _compared(values: list[Any], compare: str, given: str, who: str) -> NDArray[np.bool_]:
    """Return whose value compares so; a blank compares with nothing."""
    quoted = len(given) > 1 and given[0] == given[-1] and given[0] in "'\""
    text = given[1:-1] if quoted else given
    number = pd.to_numeric(pd.Series([text]), errors="coerce").iloc[0]
    meets = np.zeros(len(values), np.bool_)
    some = np.flatnonzero([value is not None for value in values])
    numbers = pd.to_numeric(pd.Series([values[i] for i in some], dtype=object), errors="coerce")
    if not quoted and not pd.isna(number) and not numbers.isna().any():
        meets[some] = COMPARE[compare](numbers.to_numpy(float), float(number))
    elif compare in ("==", "=", "!="):
        texts = np.array([_spelled(values[i]) for i in some], dtype=object)
        meets[some] = (texts == text) == (compare != "!=")
    else:
        raise InputError(
            f"who is {who[:SHOWN]!r}, which compares texts; {compare} needs numbers: use == or !=."
        )
    return meets


def _spelled(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)
