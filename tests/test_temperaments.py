"""Users who differ: the exact law of four of them, wrong laws refused, and what files may say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import sociophysics as sp
from sociophysics.influences.interventions import Heat
from sociophysics.influences.temperaments import Temperaments, temperaments
from sociophysics.report.describe import describe
from sociophysics.scenario.build import case_frames
from tests.laws import ALPHA, assert_law, law_p_value

J = np.array([[0, 0.9, -0.4, 0], [0.9, 0, 0.6, 0.3], [-0.4, 0.6, 0, 0.8], [0, 0.3, 0.8, 0]])
H = np.array([0.2, 0.0, -0.3, 0.1])
T = np.array([0.6, 1.5, np.nan, 3.0])
ACTIVE, FIRM = np.array([0.3, 1.0, np.nan, 0.8]), np.array([0.0, np.nan, 0.5, 1.0])
START = np.array([1, -1, 1, -1], np.int8)


def society() -> sp.SpinSystem:
    nodes = pd.DataFrame({"noise": T, "active": ACTIVE, "firm": FIRM})
    return sp.SpinSystem(J, H, nodes=nodes)


def law(
    temperatures: NDArray[np.float64], rates: NDArray[np.float64], sweeps: int
) -> NDArray[np.float64]:
    """Return the law after some sweeps of updates by hand: draw, decide whether, set."""
    n, states = 4, 2 * (np.arange(16)[:, None] >> np.arange(4) & 1) - 1
    matrix = np.zeros((16, 16))
    for a, s in enumerate(states):
        field = J @ s + H
        for i in range(n):
            up = 1 / (1 + np.exp(-2 * field[i] / temperatures[i]))
            matrix[a, a | 1 << i] += rates[i] * up / n
            matrix[a, a & ~(1 << i)] += rates[i] * (1 - up) / n
            matrix[a, a] += (1 - rates[i]) / n
    first = np.zeros(16)
    first[int(((START > 0) << np.arange(4)).sum())] = 1.0
    found: NDArray[np.float64] = first @ np.linalg.matrix_power(matrix, n * sweeps)
    return found


def counts(sweeps: int, replicas: int = 40_000) -> NDArray[np.int64]:
    act = temperaments(society(), temperature="noise", activity="active", stubborn="firm")
    assert act is not None
    (*_, last) = sp.trajectory(
        society(), temperature=1.1, sweeps=sweeps, seed=5, replicas=replicas, every=sweeps,
        start=START, interventions=[act], threads=1,
    )  # fmt: skip
    return np.bincount((last.spins > 0) @ (1 << np.arange(4)), minlength=16)


def test_users_who_differ_follow_the_exact_law_and_no_other() -> None:
    own, rates = np.array([0.6, 1.5, 1.1, 3.0]), np.array([0.3, 1.0, 0.5, 0.0])
    found = counts(3)
    assert_law(found, law(own, rates, 3))
    wrong = [
        (np.full(4, 1.1), rates),  # nobody's own temperature
        (own[::-1], rates),  # of others
        (own, np.array([1.0, 1.0, 0.5, 0.0])),  # no activity
        (own, np.array([0.3, 1.0, 1.0, 0.0])),  # no stubbornness
        (own, np.array([0.33, 1.0, 0.5, 0.0])),  # a tenth more active
        (own * 1.1, rates),
    ]
    assert all(law_p_value(found, law(t, r + 1e-12, 3)) < ALPHA for t, r in wrong)


def test_held_users_never_move_and_rates_of_one_change_no_bit() -> None:
    firm = np.arange(40) % 3 == 0
    ring = sp.SpinSystem.from_edges(np.arange(40), (np.arange(40) + 1) % 40)

    def run(*acts: Temperaments | Heat, resume: sp.State | None = None) -> list[sp.Frame]:
        return list(
            sp.trajectory(
                ring, temperature=1.0, sweeps=12, seed=3, replicas=3, interventions=acts,
                kernel="fixed-point", every=4, resume=resume,
            )
        )  # fmt: skip

    held = run(Temperaments(0, rates=1.0 - firm))
    assert (held[-1].spins[:, firm] == held[0].spins[:, firm]).all()
    assert (held[-1].spins[:, ~firm] != held[0].spins[:, ~firm]).any()
    same = run(Temperaments(0, np.full(40, np.nan), np.ones(40)))
    plain = run()
    for one, other in zip(same, plain, strict=True):
        np.testing.assert_array_equal(one.spins, other.spins)
    # A heat for everybody replaces what users had of their own, and states go on.
    hot = run(Temperaments(0, np.full(40, 9.0)), Heat(0, 1.0))
    np.testing.assert_array_equal(hot[-1].spins, plain[-1].spins)
    acts = (Temperaments(0, np.linspace(0.5, 2, 40), 1.0 - 0.7 * firm),)
    frames = sp.trajectory(
        ring, temperature=1.0, sweeps=12, seed=3, replicas=3, interventions=acts, every=4,
        kernel="fixed-point",
    )  # fmt: skip
    state = next(frame.state() for frame in frames if frame.sweep == 4)
    np.testing.assert_array_equal(run(*acts, resume=state)[-1].spins, run(*acts)[-1].spins)


FILE = """
seed = 3
network = {kind = "file", path = "PATH/e.csv", nodes = "PATH/n.csv"}
couplings = {kind = "uniform"}
dynamics = {temperature = 1.0, sweeps = 6, own_temperature = "t", activity = "a", stubborn = "s"}
sweep = {replicas = 2}
"""


@pytest.fixture
def folder(tmp_path):  # type: ignore[no-untyped-def]
    (tmp_path / "e.csv").write_text("source,target\na,b\nb,c\n", encoding="utf-8")
    (tmp_path / "n.csv").write_text("id,t,a,s,x\na,2,,1,u\nb,,.5,0,2\nc,1,1,,1\n", "utf-8")
    return tmp_path


def test_columns_of_a_file_say_how_users_differ(folder) -> None:  # type: ignore[no-untyped-def]
    scenario = sp.Scenario.from_toml(FILE.replace("PATH", folder.as_posix()))
    frames = list(case_frames(scenario.cases()[0].settings, [0, 1]))
    first = frames[0].spins[:, 0]
    assert all((frame.spins[:, 0] == first).all() for frame in frames)
    assert "own_temperature = t" in describe(scenario)


@pytest.mark.parametrize(
    ("key", "column", "said"),
    [
        ("own_temperature", "none", "is no attribute of the users; there are"),
        ("own_temperature", "x", "holds 'u' of the user 'a'; it must be a number >= 0"),
        ("activity", "t", "holds '2.0' of the user 'a'; it must be from 0 to 1"),
        ("stubborn", "x", "from 0 to 1; divide by the largest"),
    ],
)
def test_columns_that_cannot_be_are_refused_in_one_sentence(  # type: ignore[no-untyped-def]
    folder, key: str, column: str, said: str
) -> None:
    scenario = sp.Scenario.from_toml(FILE.replace("PATH", folder.as_posix()))
    scenario = scenario.replace({f"dynamics.{key}": column})
    with pytest.raises(sp.InputError, match=said):
        list(case_frames(scenario.cases()[0].settings, [0]))


def test_other_rules_and_exact_orders_do_not_go_with_users_who_differ(folder) -> None:  # type: ignore[no-untyped-def]
    scenario = sp.Scenario.from_toml(FILE.replace("PATH", folder.as_posix()))
    with pytest.raises(sp.InputError, match="users differ under the heat bath alone"):
        scenario.replace({"dynamics.rule": {"kind": "voter"}})
    with pytest.raises(sp.InputError, match="users differ in activity or stubbornness"):
        sp.trajectory(
            society(), temperature=1.0, sweeps=2, seed=1, kernel="reference",
            interventions=[Temperaments(0, rates=np.full(4, 0.5))],
        )  # fmt: skip
    with pytest.raises(sp.InputError, match="rates of Temperaments must hold"):
        sp.trajectory(
            society(), temperature=1.0, sweeps=2, seed=1,
            interventions=[Temperaments(0, rates=np.array([0.5, 2.0, 0, 0]))],
        )  # fmt: skip
