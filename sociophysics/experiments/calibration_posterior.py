"""The posterior of a calibration: explored, checked against the data, and told with its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from sociophysics.errors import InputError
from sociophysics.experiments.calibration_problem import Problem, simulated
from sociophysics.inference.calibration.emulator import DRAWS, explored
from sociophysics.inference.calibration.identifiability import (
    combinations,
    flatness,
    summary_of,
)
from sociophysics.inference.calibration.panel_waves import WavePanel
from sociophysics.inference.calibration.parameters_free import PACE, TEMPERATURE
from sociophysics.store import steps
from sociophysics.study.society_card import card

__all__ = ["Calibration", "how_many_steps", "solved"]

Floats = NDArray[np.float64]
CHUNK = 50  # simulations of one step
EACH = 400  # of one round
WHOLE_RUNS = 150  # of one round, where each is a run of the scenario
CHECKS = 200  # simulations at draws of the posterior
FAR = 1e-4  # chance below which a misfit is none of it


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration:
    """What data say about the parameters of a society.

    Attributes
    ----------
    way : str
        ``panel``, ``trial``, ``summaries`` or ``snapshot``.
    draws : DataFrame
        One row per draw of the posterior, one column per free key.
    summary : DataFrame
        As ``summary_of`` returns it: intervals and verdicts.
    combinations : DataFrame
        What is told although its parts may not be.
    checks : DataFrame
        Simulations at draws of the posterior beside the data: ``quantity, wave, observed, mean,
        low, high, p``.
    notes : tuple of str
        What a reader must know.
    facts : dict
        Users, waves, simulations, misfit and its probability, conditioning.
    """

    way: str
    draws: pd.DataFrame
    summary: pd.DataFrame
    combinations: pd.DataFrame
    checks: pd.DataFrame
    notes: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def how_many_steps() -> int:
    """Return about how many steps an answer takes, for progress."""
    return -(-EACH * 3 // CHUNK)


def solved(problem: Problem, seed: int) -> Calibration:
    """Return what the posterior of a problem says; its simulations are steps.

    Raises
    ------
    InputError
        Targets that no parameters within the priors reach.
    """
    priors, known = problem.model.priors, problem.known()

    def simulate(theta: Floats, first: int) -> Floats:
        items = [
            {"theta": theta[k : k + CHUNK], "first": first + k} for k in range(0, len(theta), CHUNK)
        ]
        found = steps("calibrate", simulated, [problem], items, known=known)
        return np.concatenate([each["summaries"] for each in found])

    observed = problem.observed()
    each = WHOLE_RUNS if problem.targets else EACH
    posterior = explored(priors, simulate, observed, each=each, seed=seed)
    misfit = float(chi2.sf(posterior.misfit, max(posterior.freedom, 1)))
    if problem.targets and misfit < FAR:
        raise InputError(_unreachable(problem, posterior.draws, simulate, posterior.simulations))
    chosen = posterior.draws[:: DRAWS // CHECKS][:CHECKS]
    shape = flatness(posterior)
    notes = _notes(problem, misfit)
    facts: dict[str, Any] = {"way": problem.way, "simulations": posterior.simulations}
    facts |= {"misfit": posterior.misfit, "freedom": posterior.freedom, "p": misfit}
    facts |= {"condition": shape.condition, "alone": shape.alone.tolist()}
    if problem.panel is not None:
        facts |= {"users": problem.panel.n, "waves": len(problem.panel.stances)}
        known_share = float((problem.panel.stances != 0).mean())
        facts |= {"known": known_share, "society": _society(problem.panel, problem.codes)}
    return Calibration(
        way=problem.way,
        draws=pd.DataFrame(posterior.draws, columns=list(priors.names)),
        summary=summary_of(priors, posterior.draws, best=posterior.best, profile=posterior.profile),
        combinations=combinations(priors, posterior.draws, unit=_unit(problem.panel)),
        checks=_checks(problem, chosen, posterior.simulations),
        notes=tuple(notes),
        facts=facts,
    )


def _society(panel: WavePanel, codes: NDArray[np.int64] | None) -> list[str]:
    """Return the card of the society at the first wave, with its camps."""
    said = card(panel.systems[0]).sentences()
    if codes is not None:
        sizes = ", ".join(str(int((codes == c).sum())) for c in range(codes.max(initial=-1) + 1))
        none = int((codes < 0).sum())
        said.append(f"camps of {sizes} users" + (f"; {none} belong to none" if none else ""))
    return said


def _notes(problem: Problem, misfit: float) -> list[str]:
    said = []
    if misfit < FAR:
        said.append(
            "no parameters within the priors simulate these data: the model is wrong in something "
            "that the checks show, and its intervals are too narrow"
        )
    if problem.panel is not None:
        unknown = float((problem.panel.stances == 0).mean())
        if unknown > 0:
            said.append(
                f"{unknown:.0%} of the stances are unknown; they were simulated along, which "
                "assumes that who is missing does not depend on the stance"
            )
        said.append(
            "users alike for reasons that no table holds (selection, shared news) look like "
            "influence; only a trial tells them apart"
        )
        said += _pace(problem)
    if TEMPERATURE in problem.model.priors.names:
        said.append("fields and temperature are in units of the couplings: only ratios are told")
    return said


def _unit(panel: WavePanel | None) -> tuple[str, float] | None:
    """Return what time is counted in, and how much of it a mean gap is; None where it is one."""
    if panel is None or (panel.days is None and panel.unit == 1):
        return None
    return ("wave's number" if panel.days is None else "day"), panel.unit


def _pace(problem: Problem) -> list[str]:
    """Return what ``sweeps_per_wave`` counts where waves are not equally far apart."""
    panel = problem.panel
    if panel is None or PACE not in problem.model.priors.names or np.allclose(panel.gaps, 1):
        return []
    unit = f"{panel.unit:.4g} " + ("of their numbers" if panel.days is None else "days")
    return [f"{PACE} counts the mean gap between waves, {unit}; gaps are not equal"]


def _unreachable(problem: Problem, draws: Floats, simulate: Any, first: int) -> str:
    """Return which target is missed, and the nearest that the model can."""
    near = simulate(np.repeat(draws[:1], CHUNK, axis=0), first + CHECKS).mean(axis=0)
    tail = near[-len(problem.targets) :]
    away = [
        (abs(value - got) / sd, name, value, got)
        for (name, value, sd), got in zip(problem.targets, tail, strict=True)
    ]
    _, name, value, got = max(away)
    return (
        f"[targets] {name} is {value:g}, which the model does not reach within the priors; the "
        f"nearest is {got:.4g}: widen [free], or change [model]."
    )


def _checks(problem: Problem, theta: Floats, first: int) -> pd.DataFrame:
    """Return simulations at draws of the posterior beside the data."""
    rows: list[dict[str, Any]] = []
    if problem.panel is None:
        found = steps(
            "calibrate", simulated, [problem],
            [{"theta": theta[k : k + CHUNK], "first": first + k}
             for k in range(0, len(theta), CHUNK)],
            known=problem.known(),
        )  # fmt: skip
        values = np.concatenate([each["summaries"] for each in found])
        for k, (name, value, _) in enumerate(problem.targets):
            rows.append({"quantity": name, "wave": np.nan, **_beside(value, values[:, k])})
    else:
        # Reading the data is only done once, so these are no steps.
        panel = problem.panel
        ends = problem.waves(theta, first)
        for k in range(len(panel.gaps)):
            for name, value, values in _quantities(panel, k, ends[:, k]):
                rows.append({"quantity": name, "wave": panel.labels[k + 1]}
                            | _beside(value, values))  # fmt: skip
    columns = ["quantity", "wave", "observed", "mean", "low", "high", "p"]
    return pd.DataFrame(rows, columns=columns)


def _quantities(
    panel: WavePanel, k: int, ends: NDArray[np.int8]
) -> list[tuple[str, float, Floats]]:
    """Return by name the value of the data and of simulations at the end of a step."""
    start, last = panel.stances[k], panel.stances[k + 1]
    after, both = last != 0, (last != 0) & (start != 0)
    J = panel.system(k).J
    every = np.concatenate([last[np.newaxis], ends])
    moved = np.where(after, every, 0).astype(np.float64)
    ties = np.abs(J) @ after.astype(np.float64) @ after
    pull = ((J @ moved.T).T * moved).sum(axis=1) / max(float(ties), 1e-300)
    flips = ((every != start) & both).sum(axis=1) / max(int(both.sum()), 1)
    mean = moved.sum(axis=1) / max(int(after.sum()), 1)
    named = {"mean stance": mean, "share who changed": flips, "tied users alike": pull}
    return [(name, float(values[0]), values[1:]) for name, values in named.items()]


def _beside(value: float, values: Floats) -> dict[str, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    below, above = (values <= value).mean(), (values >= value).mean()
    p = min(1.0, 2 * min(below, above) + 1 / (len(values) + 1))
    return {"observed": value, "mean": float(values.mean()), "low": float(low),
            "high": float(high), "p": float(p)}  # fmt: skip
