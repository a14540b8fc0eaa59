"""The stages of a fit, and how long the rest of them will take."""

from __future__ import annotations

__all__ = ["OVER", "STAGES", "seconds_left"]

STAGES = (
    "couplings",
    "ideal points",
    "standard errors",
    "stability",
    "Boltzmann refinement",
    "bootstrap",
    "physics",
    "evaluation",
    "tables",
)
# Share of the time that is over when a stage begins, measured on the 109th Senate, quick and full.
OVER = {
    True: {"couplings": 0.0, "ideal points": 0.18, "standard errors": 0.3, "stability": 0.3,
           "Boltzmann refinement": 0.3, "bootstrap": 0.3, "physics": 0.3, "evaluation": 0.38,
           "tables": 0.92},
    False: {"couplings": 0.0, "ideal points": 0.02, "standard errors": 0.03, "stability": 0.1,
            "Boltzmann refinement": 0.31, "bootstrap": 0.42, "physics": 0.6, "evaluation": 0.83,
            "tables": 0.96},
}  # fmt: skip
LEAST_OVER = 0.15  # before that a fit says nothing: a small share carries a large error
LEAST_SECONDS = 2.0
LEAST_LEFT = 1.0


def seconds_left(stage: str, seconds: float, *, quick: bool) -> float | None:
    """Return about how many seconds a fit has left when a stage begins, None if nobody can say.

    ``seconds (1 - f) / f``, with ``f`` the share of the time that is usually over by then. Smaller
    chambers spend other shares, so that it can be wrong by a factor of two or more.

    Parameters
    ----------
    stage : str
    seconds : float
        Since the fit began, nothing of which had been kept from before.
    quick : bool

    Examples
    --------
    >>> round(seconds_left("bootstrap", 42.0, quick=False), 6)
    58.0
    >>> seconds_left("ideal points", 3.0, quick=False) is None
    True
    """
    over = OVER[quick].get(stage, 0.0)
    if seconds < LEAST_SECONDS or over < LEAST_OVER:
        return None
    left = seconds * (1 - over) / over
    return left if left >= LEAST_LEFT else None
