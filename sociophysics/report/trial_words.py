"""The tables [trial] and [follow] of a scenario in words, with the equations of their kinds."""

from __future__ import annotations

from typing import Any

from sociophysics.influences.follows import FollowStep
from sociophysics.influences.interventions import Heat, Intervention, Nucleate, Tilt
from sociophysics.scenario.trial_table import OUTCOMES, TrialTable

__all__ = ["follow_words", "trial_words"]

DROPPED = {
    "any": "any of the ties",
    "discordant": "ties between unlike stances, s_i s_j = -1",
    "hostile": "ties of negative coupling, J_ij < 0",
}
TAKEN = {
    "shown": "an author j of the stance that the feed shows, +1 with probability (1 + X_i) / 2",
    "random": "anybody j",
    "similar": "a user j of the own stance, s_j = s_i",
    "friends_of_friends": "somebody j to whom a followed user listens",
}
ESTIMANDS = """With Y_i(Z) the mean outcome of user i in the window when a set Z of users, of
share p, is treated:

- direct D(p) = mean of Y(Z) - Y(nobody) over the treated, minus the same over the controls;
- indirect I(p) = mean of Y(Z) - Y(nobody) over the controls;
- overall O(p) = mean of Y(Z) - Y(nobody) over all;
- total = mean of Y(everybody) - Y(nobody); multiplier = total / D(0+).

Nobody, every share and everybody meet the same network, start and noise, replica by replica."""


def follow_words(table: Any) -> str:
    """Return what [follow] does, as a paragraph; ``table`` is that of a scenario or a design."""
    return (
        f"{FollowStep.words} {FollowStep.equation} With rate = {table.rate:g}, each user drops one "
        f"of {DROPPED[table.drop]} and takes {TAKEN[table.take]}, whom she does not listen to yet; "
        f"who finds nobody in 50 trials keeps the tie."
    )


def trial_words(trial: TrialTable) -> str:
    """Return what [trial] does and estimates, in Markdown."""
    until = f"until after sweep {trial.until}" if trial.until is not None else "to the end"
    shares = ", ".join(f"{share:g}" for share in trial.share)
    outcomes = "\n".join(f"- `{name}`: {OUTCOMES[name]}" for name in trial.outcome)
    settle = "half of the treated time" if trial.settle is None else f"{trial.settle} sweeps"
    return (
        f"From sweep {trial.at} {until} some users are treated inside a society that goes on as it "
        f"was: shares {shares} of the units ({trial.unit}), besides nobody and everybody. "
        f"{_treatment(trial)} Means begin {settle} after it. Outcomes of each user:\n\n"
        f"{outcomes}\n\n{ESTIMANDS}"
    )


def _treatment(trial: TrialTable) -> str:
    """Return what the treated get, with the equation of its kind."""
    treatment = trial.treatment
    if treatment.kind == "feed" and treatment.feed is not None:
        given = {k: v for k, v in treatment.feed.table().items() if k != "kind" and v is not None}
        keys = ", ".join(f"{key} = {value}" for key, value in given.items())
        named = f"{treatment.feed.kind}{f' ({keys})' if keys else ''}"
        return f"The treated have the feed {named} instead: {treatment.feed.equation}"
    value = getattr(treatment, treatment.kind)
    kinds: dict[str, type[Intervention]] = {"field": Tilt, "temperature": Heat, "hold": Nucleate}
    kind: Any = kinds[treatment.kind]
    added = " added to theirs" if treatment.kind == "field" else ""
    return f"The treated have the {treatment.kind} {value:g}{added}: {kind.equation}"
