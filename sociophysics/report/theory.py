"""The theory's number beside a simulated one, where there is a theory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh

from sociophysics.errors import InputError
from sociophysics.spins import SpinSystem

if TYPE_CHECKING:
    from sociophysics.results import Run
    from sociophysics.scenario import Settings

__all__ = ["Theory", "camp_couplings", "theory_lines"]


class Theory(NamedTuple):
    """Per design the temperature up to which camps stay apart, and temperatures to draw."""

    split: dict[str, float]
    lines: list[tuple[str, float]]


def theory_lines(run: Run, point: Mapping[str, Any]) -> Theory:
    """Return what theory says about the temperatures of a run.

    Two camps: each design's mean-field limit. No camps and no feed: the critical temperature of
    the network (cavity). Nothing under external fields and interventions, for fitted or directed
    couplings or another number of camps, and for a network whose file has gone.

    Parameters
    ----------
    run : Run
    point : mapping
        The swept point whose other keys (couplings, a feed's strength) count.
    """
    limits: dict[str, float] = {}
    lines: list[tuple[str, float]] = []
    for case in run.scenario.cases():
        if case.point != dict(point) or not _bare(case.settings):
            continue
        try:
            limit, critical = _split_temperature(case.settings), None
            if limit is None and not lines:
                critical = _critical_temperature(case.settings)
        except (InputError, OSError):
            continue
        if limit is not None:
            limits[case.design] = limit
        if critical is not None:
            lines.append(("critical temperature (cavity)", critical))
    reference = run.designs[0]
    if reference in limits:
        lines.append((f"mean field, {reference}", limits[reference]))
    return Theory(limits, lines)


def camp_couplings(system: SpinSystem, camps: NDArray[np.int64]) -> tuple[float, float] | None:
    """Return a user's total coupling to the own and to the other camp, averaged over users.

    Users count by the square of the leading eigenvector ``w`` of ``abs(J)``: ``within = sum_same
    w_i J_ij w_j`` with ``w'w = 1``, so that ``within + across`` is the mean-field critical
    temperature of friendly couplings on any network. None unless there are two camps and mutual
    couplings.

    Parameters
    ----------
    camps : int array, shape (n,)
        Codes 0, 1, and -1 for none.

    Examples
    --------
    >>> J = np.array([[0, 1, .2, 0], [1, 0, 0, .2], [.2, 0, 0, 1], [0, .2, 1, 0]])
    >>> camp_couplings(SpinSystem(J), np.array([0, 0, 1, 1]))
    (1.0, 0.2)
    """
    two = set(np.unique(camps).tolist()) - {-1} == {0, 1}
    if not two or not system.is_symmetric or not system.J.nnz or system.n < 3:
        return None
    # A fixed start makes the eigenvector the same in every run.
    _, vectors = eigsh(abs(system.J), k=1, which="LA", v0=np.ones(system.n))
    w = np.abs(vectors[:, 0]) * (camps >= 0)
    ties = system.J.tocoo()
    weight = w[ties.row] * ties.data * w[ties.col] / float(w @ w)
    same = camps[ties.row] == camps[ties.col]
    return round(float(weight[same].sum()), 9), round(float(weight[~same].sum()), 9)


def _bare(settings: Settings) -> bool:
    # the couplings of a fit differ from pair to pair, which two camps in mean field do not
    fitted = settings.couplings.kind == "fitted"
    return not settings.interventions and settings.field.kind == "none" and not fitted


def _system(settings: Settings) -> tuple[SpinSystem, NDArray[np.int64] | None]:
    from sociophysics.cases import build_system

    # Of networks drawn anew for every replica the first stands for all.
    return build_system(settings, 0 if settings.redraw else None)


def _split_temperature(settings: Settings) -> float | None:
    from sociophysics.theory.mean_field import camp_limits

    system, camps = _system(settings)
    ties = None if camps is None else camp_couplings(system, camps)
    if ties is None:
        return None
    keys = {key: value for key, value in settings.feed.model_dump().items() if value is not None}
    kind = keys.pop("kind")
    return float(camp_limits(kind, within=ties[0], across=ties[1], **keys).split)


def _critical_temperature(settings: Settings) -> float | None:
    from sociophysics.theory.cavity import critical_temperature

    system, camps = _system(settings)
    friendly = system.J.nnz > 0 and bool((system.J.data >= 0).all())
    if camps is not None or settings.feed.kind != "none" or not friendly:
        return None
    return float(critical_temperature(system, phase="ferromagnet"))
