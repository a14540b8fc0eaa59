"""Where runs start, and what stops them: no replica's end changes another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.engine import fixed_point
from sociophysics.influences import feeds
from sociophysics.influences.schedules import Pulse
from tests.laws import assert_mean
from tests.test_dynamics import RICH, frames, society

# --- starts ------------------------------------------------------------------------------------


def test_starts() -> None:
    system = society()
    nodes = pd.DataFrame({"camp": [None, 0, 1] * 20, "vote": [1.0, -1.0, None] * 20})
    system = sp.SpinSystem(system.J, system.h, nodes=nodes)

    def first(**keys: Any) -> np.ndarray:
        return next(sp.trajectory(system, temperature=1.0, sweeps=1, seed=3, **keys)).spins

    assert (first(start="up", replicas=2) == 1).all()
    assert (first(start="down", replicas=2) == -1).all()
    camps = first(start="camps", replicas=400)
    assert (camps[:, nodes["camp"] == 0] == 1).all()
    assert (camps[:, nodes["camp"] == 1] == -1).all()
    assert_mean(camps[:, nodes["camp"].isna()].ravel().astype(float), 0.0, 1.0)
    votes = first(start="vote", replicas=400)
    assert (votes[:, 0] == 1).all()
    assert (votes[:, 1] == -1).all()
    assert_mean(votes[:, 2::3].ravel().astype(float), 0.0, 1.0)
    assert_mean(first(replicas=400).ravel().astype(float), 0.0, 1.0)
    assert (first(replicas=[5]) == first(replicas=6)[5:]).all()
    given = np.where(np.arange(60) < 9, 1, -1)
    assert (first(start=given, replicas=2) == given).all()
    rows = np.stack([given, -given])
    assert (first(start=rows, replicas=2) == rows).all()
    assert first(start=given).dtype == np.int8


def test_a_start_given_is_not_changed() -> None:
    given = np.ones((2, 60), np.int8)
    frames(society(), start=given, replicas=2, temperature=np.inf)
    assert (given == 1).all()


# --- stopping ----------------------------------------------------------------------------------


def test_stopped_replicas_keep_their_stances_and_leave_the_others_alone() -> None:
    system = society()
    free = frames(system, **RICH, replicas=4)

    def stop(frame: sp.Frame) -> np.ndarray:
        return np.array([frame.sweep >= 3, False, frame.sweep >= 6, False])

    stopped = frames(system, **RICH, replicas=4, stop=stop)
    assert len(stopped) == 14
    for a, b in zip(free, stopped, strict=True):
        assert (a.spins[[1, 3]] == b.spins[[1, 3]]).all()
        assert (b.spins[0] == free[min(b.sweep, 3)].spins[0]).all()
        assert (b.spins[2] == free[min(b.sweep, 6)].spins[2]).all()
    assert stopped[2].stopped.tolist() == [-1] * 4
    assert stopped[-1].stopped.tolist() == [3, -1, 6, -1]
    events = [event for frame in stopped for event in frame.events if event["kind"] == "stop"]
    assert [(event["sweep"], event["replica"]) for event in events] == [(3, 0), (6, 2)]


def test_stopping_one_replica_does_not_change_the_fixed_point_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scales = []
    encode = fixed_point.encode_couplings

    def remember(*given: Any, **keys: Any) -> Any:
        scales.append(encode(*given, **keys).scale)
        return encode(*given, **keys)

    monkeypatch.setattr(fixed_point, "encode_couplings", remember)
    # Once the strong pulse is over, a new scale would be finer.
    field = Pulse(at=0, width=2, height=1000.0)
    frames(society(), field=field, replicas=3, stop=lambda frame: np.arange(3) < frame.sweep - 5)
    assert len(scales) == 1


def test_the_run_ends_when_all_replicas_have_stopped() -> None:
    system = society()
    ended = frames(system, replicas=2, stop=lambda frame: np.array([True, frame.sweep == 5]))
    assert [frame.sweep for frame in ended] == [0, 1, 2, 3, 4, 5]
    table = sp.simulate(
        system,
        temperature=1.0,
        sweeps=9,
        seed=1,
        replicas=2,
        stop=lambda frame: np.array([frame.sweep == 2, frame.sweep == 4]),
    )
    assert table.groupby("replica")["sweep"].max().tolist() == [2, 4]


@pytest.mark.parametrize("feed", [None, feeds.Random(strength=0.5, slots=3)])
def test_where_a_replica_stops_does_not_depend_on_how_often_it_is_observed(feed: Any) -> None:
    system = society()

    def ends(every: int) -> list[tuple[int, list[int], float]]:
        table = sp.simulate(
            system,
            temperature=1.0,
            sweeps=20,
            seed=3,
            replicas=4,
            every=every,
            feed=feed,
            stop=lambda frame: np.abs(frame.spins.mean(axis=1)) > 0.25,
            observe=["magnetization", "exposure_agreement"],
        )
        last = table.groupby("replica").last()
        return last[["magnetization", "exposure_agreement"]].to_numpy()

    stopped = frames(system, temperature=1.0, sweeps=20, seed=3, replicas=4, feed=feed)
    assert len(stopped) == 21
    for every in (3, 7, 20):
        np.testing.assert_array_equal(ends(1), ends(every))


def test_the_last_row_of_a_stopped_replica_does_not_depend_on_the_others() -> None:
    system = society()

    def rows(replicas: list[int]) -> Any:
        table = sp.simulate(
            system,
            temperature=1.0,
            sweeps=20,
            seed=3,
            replicas=replicas,
            every=6,
            stop=lambda frame: np.abs(frame.spins.mean(axis=1)) > 0.2,
        )
        return table[table["replica"] == replicas[0]].to_numpy()

    for replica in range(4):
        others = [r for r in range(4) if r != replica]
        np.testing.assert_array_equal(rows([replica]), rows([replica, *others]))


def test_a_frame_can_be_made_by_hand_and_is_frozen() -> None:
    system = sp.SpinSystem.from_edges([0], [1])
    frame = sp.Frame(0, np.array([[1, 1], [1, -1]], np.int8), system)
    assert sp.observables.REGISTRY["magnetization"](frame).tolist() == [1.0, 0.0]
    with pytest.raises(AttributeError, match="frozen"):
        frame.sweep = 1
