"""Up to which temperature two camps stay apart under every feed: simulation against mean field.

Two equal camps on a complete graph, both united against each other at the start. At 0.90 of the
temperature at which mean field loses the split it must still be there, at 1.06 it must be gone; in
between, a finite society escapes early. With 600 users per camp one replica in six escapes at 0.90
within 50 sweeps, with 1000 none of a hundred did within 300: hence the sizes below.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.influences import feeds
from sociophysics.theory.camp_feeds import camp_limits, magnetizations, switching_strengths

PER_CAMP = 1000
# Squared shares make the split a shallow valley: 1000 per camp escape from it within the run.
LARGER = {"popularity, camp": 2000}
WITHIN = 1.0
FRIENDLY, HOSTILE = 0.1, -0.2  # coupling across the camps
ALIVE, LOST = 0.90, 1.06  # of the temperature at which mean field loses the split
HALF = 0.5  # of the order that mean field has at ALIVE
QUICK = {"sweeps": 120, "replicas": 3, "seed": 5}
LONG = {"sweeps": 300, "replicas": 4, "seed": 5}
LATE = 2 / 3  # of the sweeps are left out

DESIGNS: dict[str, tuple[str, dict[str, Any]]] = {
    "none": ("none", {}),
    "amplifier": ("amplifier", {}),
    "chronological": ("chronological", {}),
    "random": ("random", {}),
    "trending": ("trending", {}),
    "bridging": ("bridging", {}),
    "in_group": ("in_group", {}),
    "diversity": ("diversity", {}),
    "popularity, followed": ("popularity", {"alpha": 1.0}),
    "popularity, all": ("popularity", {"alpha": 1.0, "pool": "all"}),
    "popularity, camp": ("popularity", {"alpha": 1.0, "pool": "camp"}),
    "personalized, followed": ("personalized", {"gamma": 1.0}),
    "personalized, all": ("personalized", {"gamma": 1.0, "pool": "all"}),
    "engagement": ("engagement", {"alpha": 1.0, "gamma": 1.0}),
    "self_echo": ("self_echo", {}),
    "memory": ("memory", {}),
    "counter": ("counter", {}),
    "editorial": ("editorial", {}),
    "outrage": ("outrage", {}),
    "animosity": ("animosity", {}),
    "in_group, 1 slot": ("in_group", {"slots": 1}),
    "in_group, 5 slots": ("in_group", {"slots": 5}),
    "in_group, 20 slots": ("in_group", {"slots": 20}),
}
SAMPLE = ["random", "popularity, all", "self_echo", "in_group"]


@cache
def two_camps(across: float, per_camp: int = PER_CAMP) -> sp.SpinSystem:
    J = np.full((2 * per_camp, 2 * per_camp), across / per_camp)
    J[:per_camp, :per_camp] = J[per_camp:, per_camp:] = WITHIN / per_camp
    np.fill_diagonal(J, 0.0)
    return sp.SpinSystem(J)


CAMPS = np.repeat([0, 1], PER_CAMP)


def camp_means(frame: sp.Frame) -> np.ndarray:
    """Return the mean stance of each camp, (2, replicas)."""
    means: np.ndarray = frame.spins.reshape(len(frame.spins), 2, -1).mean(axis=2).T
    return means


def split(design: str, across: float, ratio: float, run: dict[str, int]) -> float:
    """Return the order of the weaker side of the split, late, relative to mean field at ALIVE."""
    kind, keys = DESIGNS[design]
    limit = camp_limits(kind, within=WITHIN, across=across, **keys).split
    order = magnetizations(kind, temperature=ALIVE * limit, within=WITHIN, across=across, **keys)
    per_camp = LARGER.get(design, PER_CAMP)
    frames = sp.trajectory(
        two_camps(across, per_camp),
        temperature=ratio * limit,
        feed=feeds.make(kind, **keys),
        camps=np.repeat([0, 1], per_camp),
        start="camps",
        every=run["sweeps"] // 30,
        **run,
    )
    late = [camp_means(frame) for frame in frames if frame.sweep > LATE * run["sweeps"]]
    weaker = np.minimum([m[0] for m in late], [-m[1] for m in late])
    return float(weaker.mean() / order.split)


def assert_limit(design: str, across: float, run: dict[str, int], record: Any = None) -> None:
    alive, lost = split(design, across, ALIVE, run), split(design, across, LOST, run)
    if record is not None:
        kind, keys = DESIGNS[design]
        limit = camp_limits(kind, within=WITHIN, across=across, **keys).split
        record("T_s in mean field", float(limit))
        record(f"order at {ALIVE} T_s", round(alive, 3))
        record(f"at {LOST} T_s", round(lost, 3))
    assert alive > HALF
    assert lost < HALF


@pytest.mark.parametrize("design", SAMPLE)
def test_camps_stay_apart_up_to_the_mean_field_limit(design: str) -> None:
    assert_limit(design, FRIENDLY, QUICK)


def test_another_feed_would_be_noticed() -> None:
    """At 0.90 of the own camp's limit no feed at all does not keep the camps apart."""
    in_group = camp_limits("in_group", within=WITHIN, across=FRIENDLY).split
    none = camp_limits("none", within=WITHIN, across=FRIENDLY).split
    assert split("none", FRIENDLY, ALIVE * in_group / none, QUICK) < HALF


@pytest.mark.validate
@pytest.mark.parametrize("across", [FRIENDLY, HOSTILE])
@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_at_both_couplings(design: str, across: float, record_property: Any) -> None:
    assert_limit(design, across, LONG, record_property)


# --- a feed switched on and off -------------------------------------------------------------------

LEG = 2000  # sweeps from strength 0 to 1, and as many back
RAMP_TEMPERATURE = 0.9
SPLITS, REUNITES = (0.64, 0.72), (0.049, 0.068)  # strengths, mean over replicas


def level(sweep: int) -> float:
    """Return the strength in a sweep of the ramp 0 -> 1 -> 0."""
    return 1.0 - abs(1.0 - sweep / LEG)


class RampedOutrage(feeds.Outrage):
    """Outrage whose strength goes up and down; the trajectory sees its largest."""

    def refresh(
        self,
        system: sp.SpinSystem,
        spins: np.ndarray,
        camps: np.ndarray | None,
        memory: feeds.FeedMemory | None,
        rng: feeds.Draws,
    ) -> tuple[np.ndarray, feeds.Exposure | None]:
        phi, exposure = super().refresh(system, spins, camps, memory, rng)
        return level(rng.sweep) * phi, exposure


@pytest.mark.validate
def test_outrage_splits_late_and_reunites_later_still(record_property: Any) -> None:
    """Consensus holds against outrage far beyond the strength that keeps camps split."""
    frames = sp.trajectory(
        two_camps(FRIENDLY),
        temperature=RAMP_TEMPERATURE,
        feed=RampedOutrage(strength=1.0),
        camps=CAMPS,
        start="up",
        sweeps=2 * LEG,
        seed=5,
        replicas=4,
    )
    means = np.array([camp_means(frame) for frame in frames])  # (sweeps + 1, 2, replicas)
    apart = np.abs(means[:, 0] - means[:, 1]) > np.abs(means[:, 0] + means[:, 1])
    first = np.argmax(apart, axis=0)
    last = len(apart) - 1 - np.argmax(apart[::-1], axis=0)
    assert (apart.any(axis=0) & (first < LEG) & (last > LEG)).all()
    on = float(np.mean([level(sweep) for sweep in first.tolist()]))
    off = float(np.mean([level(sweep) for sweep in last.tolist()]))
    record_property("splits at strength", on)
    record_property("reunites at", off)
    assert SPLITS[0] <= on <= SPLITS[1]
    assert REUNITES[0] <= off <= REUNITES[1]


def test_mean_field_knows_the_ramp() -> None:
    ramp = switching_strengths(
        "outrage", temperature=RAMP_TEMPERATURE, within=WITHIN, across=FRIENDLY
    )
    assert REUNITES[0] <= ramp.off <= REUNITES[1]
    assert ramp.on > SPLITS[1]  # a finite society escapes before
