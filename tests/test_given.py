"""Societies and functions in memory: what a scenario makes of them, and who stood where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.observables import OBSERVABLES
from sociophysics.study.blocks import plan, registering_modules
from sociophysics.study.work import Task, simulate_case, work_text

TEXT = """
seed = 1
[network]
kind = "complete"
n = 6
[couplings]
kind = "uniform"
[dynamics]
temperature = 2.0
sweeps = 12
[observe]
every = 5
names = ["magnetization"]
[sweep]
replicas = 3
"dynamics.temperature" = [2.0, 3.0]
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOCIOPHYSICS_NETWORKS", str(tmp_path))
    return tmp_path / "networks"


def scenario() -> sp.Scenario:
    return sp.Scenario.from_toml(TEXT)


def graph(**ties: Any) -> nx.Graph:
    made = nx.Graph()
    made.add_nodes_from([("Ann", {"side": 0, "age": np.float64(30)}), ("Bob", {"side": 1})])
    made.add_edge("Bob", "Ann", **ties)
    made.add_edge("Bob", (1, 2), **ties)
    return made


def last_user(frame: Any) -> Any:
    """Stance of the last user."""
    return frame.spins[:, -1].astype(float)


def test_a_graph_is_the_network_with_its_users_ties_and_attributes() -> None:
    system, camps = sp.cases.build_system(
        scenario().replace({"network": graph(), "network.camp": "side"}).cases()[0].settings, None
    )
    assert list(system.labels) == ["Ann", "Bob", (1, 2)]
    assert system.nodes["age"].tolist()[0] == 30.0
    assert camps is not None
    assert camps.tolist() == [0, 1, -1]
    assert system.J.toarray().tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


def test_a_system_brings_couplings_and_field_and_a_directed_one_stays_so() -> None:
    J = np.array([[0.0, 0.5, 0.0], [-1.0, 0.0, 0.25], [0.0, 0.0, 0.0]])
    given = sp.SpinSystem(J, h=[0.0, 0.3, 0.0])
    changed = scenario().replace({"network": given})
    settings = changed.cases()[0].settings
    system, _ = sp.cases.build_system(settings, None)
    assert np.array_equal(system.J.toarray(), J)
    [term] = settings.field.terms(system, None, ())
    assert np.array_equal(term.pattern, given.h)
    uniform = scenario().replace({"field": {"kind": "uniform", "value": 0.1}})
    with pytest.raises(InputError, match="field of its own"):
        uniform.replace(network=given)


def test_a_table_of_ties_is_the_network_whatever_its_columns_are_called() -> None:
    ties = pd.DataFrame({"follower": ["x", "y"], "followed": ["y", "z"]})
    keys = {"network.source": "follower", "network.target": "followed"}
    run = sp.run(scenario().replace({"network": ties, **keys}), workers=1)
    assert run.users().index.tolist() == ["x", "y", "z"]


def test_the_contents_are_the_identity(cache: Path) -> None:
    one, same = scenario().replace(network=graph()), scenario().replace(network=graph())
    other = scenario().replace(network=graph(coupling=0.5))
    assert one.hash == same.hash != other.hash
    assert len(list(cache.iterdir())) == 2
    assert sp.Scenario.from_toml(one.to_toml()) == one


def test_a_network_that_is_not_kept_here_is_named(cache: Path) -> None:
    changed = scenario().replace(network=graph())
    next(cache.iterdir()).unlink()
    with pytest.raises(InputError, match=r"give it again by scenario\.replace"):
        sp.run(changed, workers=1)


@pytest.mark.parametrize(
    ("society", "part"),
    [
        (nx.MultiGraph([(0, 1)]), "several ties"),
        (nx.Graph(), "no users"),
        (nx.Graph([(frozenset([1]), 2)]), "relabel"),
        (graph(coupling=float("inf")), "finite"),
        (graph(note=["a"]), "texts"),
        (pd.DataFrame({"source": [], "target": []}), "empty"),
        (pd.DataFrame({"source": [object()], "target": [2]}), "cannot be kept"),
    ],
)
def test_what_a_file_cannot_keep_is_refused(society: Any, part: str) -> None:
    with pytest.raises(InputError, match=part) as refused:
        scenario().replace(network=society)
    assert "\n" not in str(refused.value)


def test_functions_are_observed_and_found_by_workers() -> None:
    changed = scenario().replace(network=graph(), observe=["magnetization", last_user])
    try:
        here = sp.run(changed, workers=1).table
        parts = plan(changed)
        modules = registering_modules(parts)
        text = Task(tuple(parts), None, simulate_case, modules).text()
        OBSERVABLES.remove("last_user")  # as in a process that has not called replace
        done = work_text(text, simulate_case)
        there = pd.concat([each.data.table for each in done if each.data], ignore_index=True)
        assert there["last_user"].tolist() == here["last_user"].tolist()
        pair = sp.SpinSystem.from_edges([0], [1])
        seen = sp.simulate(pair, temperature=0.0, sweeps=1, seed=1, start="up", observe=[last_user])
        assert seen["last_user"].tolist() == [1.0, 1.0]
    finally:
        OBSERVABLES.remove("last_user")
    with pytest.raises(InputError, match="name"):
        scenario().replace(observe=[lambda frame: frame.spins[:, 0]])


def test_users_stand_at_the_end_where_the_observables_say() -> None:
    run = sp.run(scenario(), workers=1)
    users = run.users(at={"dynamics.temperature": 3.0})
    last = run.table[(run.table["dynamics.temperature"] == 3.0) & (run.table["sweep"] == 12)]
    for replica, mean in zip(last["replica"], last["magnetization"], strict=True):
        assert users[f"stance_{replica}"].mean() == pytest.approx(mean)
    assert run.users(replicas=[1]).columns.tolist()[-2:] == ["stance_1", "mean_stance"]


def test_walls_are_the_ties_that_stand_against_their_sign() -> None:
    pair = nx.Graph()
    pair.add_edge("Ann", "Bob", coupling=-2.0)
    pair.add_edge("Bob", "Cem", coupling=-0.5)
    pair.add_edge("Cem", "Ann", coupling=-1.0)
    changed = scenario().replace(
        {"network": pair, "couplings": {"kind": "edge"}, "sweep": {"replicas": 1}}
    )
    cold = changed.replace({"dynamics.temperature": 0.0, "dynamics.start": "up"})
    walls = sp.run(cold, workers=1).walls()
    assert walls[["user", "other", "coupling"]].to_numpy().tolist() == [["Bob", "Cem", -0.5]]
    assert (walls["stance"] * walls["stance_of_other"] * walls["coupling"] < 0).all()


def test_stances_of_another_code_or_place_are_not_made_up() -> None:
    run = sp.run(scenario(), workers=1)
    run.table["magnetization"] = 0.5
    with pytest.raises(InputError, match="made by other code"):
        run.users()
    for wrong, part in [
        ({"design": "bass"}, "allowed: base"),
        ({"at": {"dynamics.temperature": 9.0}}, "no point"),
        ({"at": {"feed.strength": 1.0}}, "was not swept"),
        ({"replicas": [3]}, "0 to 2"),
    ]:
        with pytest.raises(InputError, match=part):
            run.users(**wrong)  # type: ignore[arg-type]
