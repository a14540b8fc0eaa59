"""The ties of one replica while users drop and take them: in place, whatever kernel moves it."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.engine import ranking, tie_moves, tie_rows
from sociophysics.engine.fixed_point import WIDE, Couplings
from sociophysics.engine.tie_moves import AuthorSource
from sociophysics.engine.tie_rows import FollowedRows, ListenerColumns
from sociophysics.influences.feeds import Feed, Shown
from sociophysics.influences.feeds.allotted import Allotted
from sociophysics.influences.feeds.pools import FOLLOWED, Pool
from sociophysics.influences.feeds.recall import Recall
from sociophysics.society.spin_rules import csr, frozen
from sociophysics.society.spins import SpinSystem

__all__ = ["LiveTies", "Moves", "sees_ties"]

Camps = NDArray[np.int64]
Moves = NDArray[np.int64]  # (moves, 3): who dropped whom and took whom
ROOM = 0.25  # of what is there, left at the end of rows that grow
LEAST_ROOM = 6
PLANS = {"followed": 0, "followed_camp": 1, "bridge_followed": 2, "contrast_followed": 3}
NOBODY: NDArray[Any] = np.zeros(0, np.int64)
NO_MOVES = np.zeros((0, 3), np.int64)


def sees_ties(feed: Feed | None) -> str:
    """Return whether what a feed does depends on who follows whom: not, ``rows``, or ``whole``.

    Feeds that show followed users by the pools of this package are brought up to date in place
    (``rows``); of others that look at ties (``whole``) the memory is made anew.

    Examples
    --------
    >>> from sociophysics.influences.feeds import Chronological, Engagement, Random, SelfEcho
    >>> [sees_ties(feed) for feed in (None, Random(), SelfEcho(), Chronological(), Engagement())]
    ['not', 'not', 'not', 'rows', 'rows']
    """
    if feed is None or not feed.looks_at_ties:
        return "not"
    if isinstance(feed, Allotted):
        return "whole" if any(sees_ties(each) != "not" for each in feed.feeds) else "not"
    own = type(feed)
    plain = isinstance(feed, Shown) and all(
        getattr(own, name) is getattr(Shown, name) for name in ("candidates", "refresh", "start")
    )
    if not plain or not isinstance(feed, Shown):
        return "whole"
    return "rows" if feed.pool_kind in FOLLOWED else "not"


class LiveTies:
    """Who listens to whom, in arrays with room for ties to come.

    Parameters
    ----------
    system : SpinSystem
        As it is now; mutual ties stay mutual.
    width : dtype
        Of a kernel's words.
    scale : float
        Of couplings in fixed point; 0 where no kernel reads them.
    """

    def __init__(self, system: SpinSystem, width: np.dtype[Any] = WIDE, scale: float = 0.0) -> None:
        self._system: SpinSystem | None = system
        self._sees: tuple[Feed | None, str] | None = None
        self._frame, self.mutual, self.scale = system, system.is_symmetric, scale
        J = system.J
        turned = J.T.tocsr()
        turned.sort_indices()
        self.rows = _spread_rows(_all_of(J), room=self.mutual)
        words = np.empty((turned.nnz, 2), width)
        words[:, 0], words[:, 1] = turned.indices, np.rint(turned.data * scale)
        starts = turned.indptr.astype(np.int64)
        self.columns = _spread_words(ListenerColumns(starts, np.diff(starts), words.reshape(-1)))

    def couplings(self) -> Couplings:
        """Return the couplings as kernels take them; the arrays are these."""
        return Couplings(self.columns.starts, self.columns.words, self.scale)

    def feed_sees(self, feed: Feed | None) -> str:
        """Return what ``sees_ties`` does; the last answer is remembered."""
        if self._sees is None or self._sees[0] is not feed:
            self._sees = feed, sees_ties(feed)
        return self._sees[1]

    def system(self) -> SpinSystem:
        """Return the society with its ties as they are now."""
        if self._system is None:
            J = frozen(_packed(self.rows, self._frame.n))
            self._system = self._frame.with_known_ties(J, symmetric=self.mutual)
        return self._system

    def move(
        self,
        step: Any,
        spins: NDArray[np.int8],
        camps: Camps | None,
        feed: Feed | None,
        key: NDArray[np.uint64],
        sweep: int,
        state: NDArray[Any],
    ) -> Moves:
        """Let the users of one sweep drop and take ties; return who dropped and took whom.

        Parameters
        ----------
        step : FollowStep
        spins : int8 array, shape (n,)
        camps : int array, shape (n,), or None
        feed : Feed or None
            That acts now; those whom its feeds show nothing take nobody where ``take`` is shown.
        key : uint64 array, shape (2,)
            Of the stream.
        sweep : int
        state : int array, shape (n,)
            The words of a kernel that reads ``couplings``; changed in place.
        """
        users = tie_moves.movers(spins.size, step.rate, key, sweep)
        if not users.size:
            return NO_MOVES
        codes = NOBODY if camps is None else camps
        found = [
            self._moved(step, chosen, spins, codes, source, key, sweep + (part << 24), state)
            for part, (chosen, source) in enumerate(
                self._sources(step.take, users, spins, camps, feed)
            )
        ]
        moves: Moves = np.concatenate([NO_MOVES, *found])
        if moves.size:
            self._system = None
        return moves

    def _moved(
        self,
        step: Any,
        users: NDArray[np.int64],
        spins: NDArray[np.int8],
        camps: Camps,
        source: AuthorSource,
        key: NDArray[np.uint64],
        sweep: int,
        state: NDArray[Any],
    ) -> Moves:
        ways = tie_moves.DROPS.index(step.drop), tie_moves.TAKES.index(step.take)
        rule = (camps, *step.of_new_ties)
        moves, todo, moved = np.empty((users.size, 3), np.int64), 0, 0
        while True:
            todo, moved = tie_moves.move_ties(
                users, todo, spins, ways, self.rows, self.columns, self.mutual, rule, source,
                state, self.scale, key, sweep, moves, moved,
            )  # fmt: skip
            if todo == users.size:
                return moves[:moved]
            self._make_room()

    def _make_room(self) -> None:
        """Give all rows that grow more room than they have now."""
        self.rows = _spread_rows(self.rows, room=self.mutual)
        self.columns = _spread_words(self.columns)

    def _sources(
        self,
        take: str,
        users: NDArray[np.int64],
        spins: NDArray[np.int8],
        camps: Camps | None,
        feed: Feed | None,
    ) -> list[tuple[NDArray[np.int64], AuthorSource]]:
        """Return movers, and where the authors come from that they are shown."""
        if take != "shown":
            return [(users, NOWHERE)]
        arms = [(feed, np.ones(spins.size, np.bool_))]
        if isinstance(feed, Allotted):
            arms = [(each, feed.arm_of == arm) for arm, each in enumerate(feed.feeds)]
        found = []
        for each, readers in arms:
            chosen = users[readers[users]]
            # Whom followed users' feeds show is followed already.
            if isinstance(each, Shown) and chosen.size and sees_ties(each) != "rows":
                found.append((chosen, self._source(each, spins, camps)))
        return found

    def _source(self, feed: Shown, spins: NDArray[np.int8], camps: Camps | None) -> AuthorSource:
        grouped = sees_ties(feed) == "not"
        pool = self._pool_of(feed, camps) if grouped else feed.candidates(self.system(), camps)
        if not pool.sizes.size:
            shown = Recall(pool, *feed.ranker).shown(spins[np.newaxis])[1][0]
            row = np.repeat(np.arange(spins.size), np.diff(pool.indptr))
            sizes = np.abs(pool.weights)
            whole = np.cumsum(sizes)
            before = np.append(0.0, whole)[pool.indptr[:-1]]
            return NOWHERE._replace(
                up=0.5 * (1.0 + shown), starts=pool.indptr, others=pool.indices,
                weights=whole - before[row],
            )  # fmt: skip
        shown = np.empty((1, spins.size))
        ranking.rank_groups(spins[np.newaxis], *pool[3:7], *feed.ranker, shown)
        return AuthorSource(
            0.5 * (1.0 + shown[0]),
            pool.groups,
            np.cumsum(np.abs(pool.group_weights), axis=1),
            np.append(0, np.cumsum(pool.sizes)),
            self._members,
            *NOWHERE[5:],
        )

    def _pool_of(self, feed: Shown, camps: Camps | None) -> Pool:
        """Return a pool of groups, which do not depend on ties; the last one is remembered."""
        known = getattr(self, "_grouped", None)
        if known is None or known[0] is not feed or known[1] is not camps:
            pool = feed.candidates(self._frame, camps)
            self._grouped: tuple[Any, Any, Pool] = (feed, camps, pool)
            self._members = np.argsort(pool.groups, kind="stable")
        return self._grouped[2]

    def shown(
        self, feed: Shown, spins: NDArray[np.int8], camps: Camps | None
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the mean stance that a feed of followed users shows now, and whom it reaches.

        Parameters
        ----------
        feed : Shown
            One of which ``sees_ties`` is ``rows``.
        spins : int8 array, shape (n,)
        camps : int array, shape (n,), or None
        """
        shown, reached = np.empty(spins.size), np.empty(spins.size, np.bool_)
        codes = NOBODY if camps is None else camps
        way = PLANS[feed.pool_kind] if codes.size else 0
        weighted = feed.pool_options.get("weight", "coupling") == "coupling"
        ranking.rank_followed(
            spins, self.rows, way, weighted, codes, int(codes.max(initial=-1)) + 1, *feed.ranker,
            shown, reached,
        )  # fmt: skip
        return shown, reached


NOWHERE = AuthorSource(
    np.zeros(0), NOBODY, np.zeros((0, 0)), NOBODY, NOBODY, NOBODY, np.zeros(0, np.int32),
    np.zeros(0),
)  # fmt: skip


def _starts(counts: NDArray[np.int64], *, room: bool) -> NDArray[np.int64]:
    """Return where rows of so many entries start, with room after each if so wanted."""
    more = np.maximum(LEAST_ROOM, (ROOM * counts).astype(np.int64)) if room else 0
    return np.append(0, np.cumsum(counts + more)).astype(np.int64)


def _all_of(J: sparse.csr_array) -> FollowedRows:
    starts = J.indptr.astype(np.int64)
    return FollowedRows(starts, np.diff(starts), J.indices.astype(np.int32), J.data)


def _spread_rows(before: FollowedRows, *, room: bool) -> FollowedRows:
    starts = _starts(before.counts, room=room)
    others, values = np.zeros(starts[-1], np.int32), np.zeros(starts[-1])
    tie_rows.spread_rows(before, starts, others, values)
    return FollowedRows(starts, before.counts.copy(), others, values)


def _spread_words(before: ListenerColumns) -> ListenerColumns:
    starts = _starts(before.counts, room=True)
    words = np.empty(2 * starts[-1], before.words.dtype)
    tie_rows.spread_words(before, starts, words)
    return ListenerColumns(starts, before.counts.copy(), words)


def _packed(rows: FollowedRows, n: int) -> sparse.csr_array:
    """Return rows without their room."""
    tight = _spread_rows(rows, room=False)
    return csr(tight.values, tight.others, tight.starts.astype(np.int32), n)
