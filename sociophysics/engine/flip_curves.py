r"""A flip probability ``g(y)`` as compiled code reads it, and the thresholds that a draw needs.

``g`` of the aligned pull ``y = s f / F`` never increases; it is given by a plain function of arrays
and where it jumps. Between jumps it is kept at equally spaced pulls and read by cubic
interpolation, whose error is measured and below ``ERROR``; what is within a tolerance of a jump, or
of an end, has the value there. So all rules cost the same, whatever their formula.

A draw ``v`` *sets* the stance as in the heat bath: who stands at -1 flips iff ``v < g``, who stands
at +1 iff ``1 - v < g``. Both thresholds are found beforehand for bins of ``v``, as in
``engine.fixed_point``; where ``g(y) + g(-y) = 1`` they are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.errors import InputError

__all__ = ["FlipCurve", "chance", "curve_of", "pull_limits"]

Array = NDArray[Any]
ERROR = 1e-11  # of an interpolated probability; 32 bits of a draw resolve 2e-10
WIDTH = 4  # numbers of a piece in a packed curve
FEWEST, MOST = 2**9, 2**16  # cells between two jumps
BESIDE = 1e-13  # of y: how far beyond the tolerance of a jump the value beside it is read


class FlipCurve(NamedTuple):
    """Pieces of ``g``: where each starts, its cells per unit of y, and its values.

    Compiled code reads ``packed``, one array: the number of pieces, ``WIDTH`` numbers for each
    (start, cells per unit, where its values begin, how many cells), then the values. A kernel that
    hands several arrays on, however rarely, is half as fast.
    """

    starts: NDArray[np.float64]  # (pieces,); the first piece has no beginning
    cells: NDArray[np.float64]  # (pieces,): per unit of y, 0 for a piece of one value
    first: NDArray[np.int64]  # (pieces + 1,): where the values of each begin
    values: NDArray[np.float64]

    @property
    def packed(self) -> NDArray[np.float64]:
        """All of it as one array."""
        ahead = 1 + WIDTH * self.starts.size
        last = np.diff(self.first) - 1
        table = np.stack([self.starts, self.cells, ahead + self.first[:-1], last], axis=1)
        return np.concatenate([[float(self.starts.size)], table.ravel(), self.values])


def curve_of(
    g: Callable[[Array], Array],
    jumps: tuple[float, ...],
    *,
    name: str,
    tolerance: float,
    ends: float,
) -> FlipCurve:
    """Return a flip probability as pieces.

    Parameters
    ----------
    g : function of an array
        The flip probability at aligned pulls from -1 to 1.
    jumps : tuple of float
        Where it is not smooth.
    name : str
        What messages call the rule.
    tolerance, ends : float
        Of a jump and of the ends -1 and 1: nearer pulls stand there.

    Raises
    ------
    InputError
        It is no probability, increases somewhere, or jumps elsewhere.

    Examples
    --------
    >>> half = curve_of(lambda y: (1 - y) / 2, (), name="half", tolerance=1e-9, ends=1e-9)
    >>> [round(float(chance(half.packed, y)), 9) for y in (-1.0, 0.25, 1.0)]
    [1.0, 0.375, 0.0]
    """
    inner = sorted({float(jump) for jump in jumps if -1.0 + ends < jump < 1.0 - ends})
    places = [(-1.0, ends), *((jump, tolerance) for jump in inner), (1.0, ends)]
    starts, cells, values = [], [], []
    for (here, near), (after, far) in zip(places, [*places[1:], (np.inf, 0.0)], strict=True):
        starts.append(here - near)
        cells.append(0.0)
        values.append(_checked(g, np.full(4, here), name))
        if after < np.inf:
            low, high = here + near, after - far
            beside = (BESIDE * (here in inner), BESIDE * (after in inner))
            read = _sampled(g, low, high, beside, name)
            starts.append(low)
            cells.append((read.size - 1) / (high - low))
            values.append(read)
    first = np.concatenate([[0], np.cumsum([each.size for each in values])])
    flat = np.concatenate(values)
    if np.any(np.diff(flat) > ERROR):
        raise InputError(
            f"the rule {name} flips more often where more pulls towards the own stance; let its "
            "flip_probability never increase with the aligned pull."
        )
    return FlipCurve(np.array(starts), np.array(cells), first.astype(np.int64), flat)


def _checked(g: Callable[[Array], Array], y: Array, name: str) -> NDArray[np.float64]:
    found = np.asarray(g(y), np.float64)
    if found.shape != y.shape or not ((found >= -ERROR) & (found <= 1.0 + ERROR)).all():
        raise InputError(
            f"the rule {name} returns no probabilities; let its flip_probability return one number "
            "from 0 to 1 for each aligned pull."
        )
    return np.clip(found, 0.0, 1.0)


def _sampled(
    g: Callable[[Array], Array], low: float, high: float, beside: tuple[float, float], name: str
) -> Array:
    """Return values at equally spaced pulls, so many that cubics between them are good."""
    count = FEWEST
    while count <= MOST:
        y = np.linspace(low, high, count + 1)
        y[0], y[-1] = low + beside[0], high - beside[1]
        values = _checked(g, y, name)
        # Thirds of cells: a jump inside a cell cannot hide in the middle of it.
        between = np.concatenate([y[:-1] + np.diff(y) * part for part in (0.31, 0.69)])
        exact = _checked(g, between, name)
        piece = FlipCurve(
            np.array([low]), np.array([count / (high - low)]), np.array([0, count + 1]), values
        )
        if np.abs(_read(piece.packed, between) - exact).max() <= ERROR:
            return values
        count *= 4 if count < MOST // 4 else 2
    raise InputError(
        f"the flip probability of the rule {name} jumps, or changes too fast, between y = "
        f"{low:.6g} and {high:.6g}; name its jumps in the property jumps."
    )


@njit
def chance(curve: Array, y: float) -> Any:
    """Return the flip probability at an aligned pull, from a packed curve."""
    at = 1
    while at + WIDTH <= WIDTH * curve[0] and curve[at + WIDTH] <= y:
        at += WIDTH
    begin, last = np.int64(curve[at + 2]), np.int64(curve[at + 3])
    x = min(max((y - curve[at]) * curve[at + 1], 0.0), np.float64(last))
    k = min(max(np.int64(x), np.int64(1)), last - 2)
    t = x - k
    a, b = curve[begin + k - 1], curve[begin + k]
    c, d = curve[begin + k + 1], curve[begin + k + 2]
    before, after = t * (t - 1.0), (t + 1.0) * (t - 2.0)
    found = (d * (t + 1.0) - a * (t - 2.0)) * before / 6.0
    found += (b * (t - 1.0) - c * t) * after / 2.0
    return min(max(found, 0.0), 1.0)


@njit(cache=True)
def _read(curve: Array, y: Array) -> Array:
    found = np.empty(y.shape[0])
    for k in range(y.shape[0]):
        found[k] = chance(curve, y[k])
    return found


def pull_limits(curve: FlipCurve, levels: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return up to which pull ``g`` is surely at least a level, and from which on at most.

    Parameters
    ----------
    curve : FlipCurve
    levels : array
        Probabilities, 0 and 1 included.

    Returns
    -------
    flips, stays : arrays
        At pulls up to ``flips`` g >= level, from ``stays`` on g <= level; -inf and inf where there
        is no such pull.
    """
    nodes, values = [], []
    for piece, start in enumerate(curve.starts):
        own = curve.values[curve.first[piece] : curve.first[piece + 1]]
        last = piece + 1 == curve.starts.size
        end = np.inf if last else curve.starts[piece + 1]
        begin = -np.inf if piece == 0 else start
        if curve.cells[piece] == 0.0:
            nodes.append(np.array([begin, end]))
            values.append(own[:2])
        else:
            nodes.append(np.linspace(begin, end, own.size))
            values.append(own)
    y, g = np.concatenate(nodes), np.concatenate(values)
    falling = -np.minimum.accumulate(g)
    # Up to ERROR a cubic may differ: what is so near to a level is left open, 0 and 1 apart.
    high = np.where(levels >= 1.0, 1.0, levels + 2.0 * ERROR)
    low = np.where(levels <= 0.0, 0.0, levels - 2.0 * ERROR)
    count = np.searchsorted(falling, -high, side="right")
    flips = np.where(count > 0, y[np.maximum(count - 1, 0)], -np.inf)
    count = np.searchsorted(falling, -low, side="left")
    stays = np.where(count < y.size, y[np.minimum(count, y.size - 1)], np.inf)
    return flips, stays
