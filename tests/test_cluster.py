"""A cluster whose processes are killed at random gives the table of an undisturbed run."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario
from sociophysics.store import Folder, open_store
from sociophysics.study import blocks, cluster, plan, status, tasks, work
from sociophysics.study.parts import PartData, read_parts
from tests.cluster_site import PATIENCE, Site, free_port
from tests.ensemble_stub import ORDERS, run_stub, simulate, simulate_truly

TEXT = """
seed = 7
[network]
kind = "complete"
n = 10
[couplings]
kind = "uniform"
[dynamics]
temperature = 0.5
sweeps = 6
[observe]
every = 2
names = ["magnetization", "energy"]
[sweep]
replicas = 10
"dynamics.temperature" = [0.5, 0.7, 0.9, 1.1]
"""
OUTPUTS = ("results.parquet", "events.parquet", "comparison.csv", "manifest.json")


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sociophysics.report.page.render", lambda run: "a report")


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "orders"
    place.mkdir()
    monkeypatch.setenv(ORDERS, str(place))
    return place


@pytest.fixture
def site(orders: Path, tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "site", workers=2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def quiet_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"), workers=1)
    yield made
    made.close()


def of_parts(count: int) -> Scenario:
    """Return a scenario of that many parts, two blocks of replicas at each temperature."""
    values = [round(0.5 + 0.01 * k, 2) for k in range(count // 2)]
    text = TEXT.replace("[0.5, 0.7, 0.9, 1.1]", str(values))
    return Scenario.from_toml(text, name="chaos")


class Chaos:
    """What happens to a run, and when: told how far it is, it strikes."""

    def __init__(self, site: Site, place: Path, total: int, seed: int, kills: int) -> None:
        self.site, self.place, self.random = site, place, random.Random(seed)
        moments = self.random.sample(range(1, total - 2), kills + 2)
        acts: list[Callable[[], None]] = [self.truncate, self.restart, *[self.kill] * kills]
        self.acts = sorted(zip(moments, acts, strict=True), key=lambda each: each[0])
        self.done: list[str] = []

    def __call__(self, finished: int, total: int, updates: float) -> None:
        while self.acts and finished >= self.acts[0][0]:
            act = self.acts.pop(0)[1]
            act()
            self.done.append(act.__name__)

    def kill(self) -> None:
        self.site.kill_a_worker(self.random)

    def restart(self) -> None:
        self.site.restart_the_scheduler()

    def truncate(self) -> None:
        parts = sorted((self.place / "parts").glob("*.parquet"))
        victim = self.random.choice(parts)
        data = victim.read_bytes()
        victim.write_bytes(data[: self.random.randrange(len(data))])


def run_in_chaos(
    site: Site,
    orders: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    parts: int,
    simulated: tasks.Simulate = simulate,
) -> Chaos:
    """Run through everything that can happen, and compare with a run to which nothing did.

    A part may be cut before the run has read it, which then does it again, or afterwards, or while
    another worker writes it anew: so at most one damaged part is left, the table is right in any
    case, and the next run into the folder mends the part.
    """
    monkeypatch.setattr(tasks, "PARTS_PER_TASK", 1)
    scenario, out = of_parts(parts), tmp_path / "chaos"
    planned = plan(scenario)
    assert len({part.name for part in planned}) == parts
    chaos = Chaos(site, out, parts, seed=parts, kills=max(2, parts // 40))
    (orders / "slow").touch()
    (orders / "disk full").touch()
    with cluster.connect(site.address) as executor:
        with pytest.raises(InputError, match=f"no space is left .* of {parts} parts are finished"):
            run_stub(scenario, out, executor=executor, simulate=simulated)
        (orders / "disk full").unlink()
        run_stub(scenario, out, executor=executor, progress=chaos, simulate=simulated)
    assert not chaos.acts
    (orders / "slow").unlink()
    undisturbed = tmp_path / "undisturbed"
    run_stub(scenario, undisturbed, simulate=simulated)
    assert_same_outputs(out, undisturbed)
    assert status(out) == (parts, parts)
    found = [data for _, data in read_parts(Folder(out), planned)]
    left = sum(not isinstance(data, PartData) for data in found)
    assert left + len(list((out / "parts").glob("*.corrupt"))) <= 1
    run_stub(scenario, out, simulate=simulated)
    assert_same_outputs(out, undisturbed)
    whole = [data for _, data in read_parts(Folder(undisturbed), planned)]
    mended = [data for _, data in read_parts(Folder(out), planned)]
    for data, right in zip(mended, whole, strict=True):
        assert isinstance(data, PartData)
        assert isinstance(right, PartData)
        assert data.table.equals(right.table)
        assert data.events == right.events
    return chaos


def assert_same_outputs(out: Path, undisturbed: Path) -> None:
    for name in OUTPUTS:
        assert (out / name).read_bytes() == (undisturbed / name).read_bytes(), name


def test_chaos_changes_no_byte(
    site: Site, orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chaos = run_in_chaos(site, orders, tmp_path, monkeypatch, parts=40)
    assert sorted(chaos.done) == ["kill"] * 2 + ["restart", "truncate"]


@pytest.mark.validate
def test_long_chaos_changes_no_byte(
    site: Site,
    orders: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """500 tasks of the engine on a cluster: workers killed, scheduler restarted, a part cut."""
    start = time.perf_counter()
    chaos = run_in_chaos(site, orders, tmp_path, monkeypatch, parts=500, simulated=simulate_truly)
    record_property("workers killed", chaos.done.count("kill"))
    record_property("seconds", time.perf_counter() - start)


def test_a_scenario_runs_on_a_scheduler(
    quiet_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(TEXT)
    command = ["run", "small.toml", "--scheduler", quiet_site.address]
    assert main([*command, "--out", "far"]) == 0, capsys.readouterr()
    assert main(["run", "small.toml", "--workers", "1", "--out", "near"]) == 0
    for name in OUTPUTS:
        assert Path("far", name).read_bytes() == Path("near", name).read_bytes(), name


def test_the_executor_of_a_client(quiet_site: Site, orders: Path, tmp_path: Path) -> None:
    from distributed import Client

    scenario = Scenario.from_toml(TEXT, name="small")
    with Client(quiet_site.address, set_as_default=False) as client:
        run = run_stub(scenario, None, executor=client.get_executor())
        assert client.status == "running"
    assert run.table.equals(run_stub(scenario, None).table)


# Tasks are text


def test_a_task_is_text_and_back() -> None:
    root = Path(__file__).parent.parent / "scenarios"
    scenarios = [Scenario.load(path) for path in sorted(root.glob("*.toml"))]
    assert scenarios
    for scenario in [*scenarios, Scenario.from_toml(TEXT.replace("0.8", "inf"))]:
        parts = tuple(plan(scenario))
        task = work.Task(parts, "/somewhere", simulate, ())
        again = work.Task.from_text(task.text(), simulate)
        assert again.store == "/somewhere"
        assert [p.name for p in again.parts] == [p.name for p in parts]
        assert [p.settings for p in again.parts] == [p.settings for p in parts]
        assert [p.source for p in again.parts] == [p.source for p in parts]


def test_a_worker_with_other_versions_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    task = work.Task(tuple(plan(of_parts(2))), None, simulate, ())
    text = task.text().replace('"numpy": "', '"numpy": "0.')
    with pytest.raises(InputError, match=r"has numpy .*, this run 0\..*; install the same"):
        work.work_text(text, simulate)


def test_parts_of_one_society_follow_each_other() -> None:
    scenario = of_parts(8).replace({"sweep.network.n": [10, 12]})
    drawn = scenario.replace({"sweep.redraw": ["couplings"]})
    for each, count in ((scenario, 2), (drawn, 4)):
        queue = tasks.bundle(plan(each), folder=None, simulate=simulate).parts
        seen = [blocks.society(part) for part in queue]
        changes = sum(one != other for one, other in pairwise(seen))
        assert changes + 1 == len(set(seen)) == count


def test_tasks_grow_to_seconds_of_work() -> None:
    parts = list({part.name: part for part in plan(of_parts(400))}.values())
    queue = tasks.bundle(parts, folder=None, simulate=simulate)
    first = queue.take(2)
    assert first is not None
    assert len(first.parts) == 1  # nothing has been timed yet
    queue.note([work.Done(first.parts[0].name, 0.1, 1, None)])
    second = queue.take(2)
    assert second is not None
    assert len(second.parts) == pytest.approx(tasks.SECONDS_PER_TASK / 0.1, abs=1)
    names = [part.name for task in (first, second) for part in task.parts]
    while (task := queue.take(2)) is not None:
        names += [part.name for part in task.parts]
    assert sorted(names) == sorted(part.name for part in parts)


# Refusals


def test_no_scheduler_answers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(TEXT)
    for address, words in (
        (f"tcp://127.0.0.1:{free_port()}", "no scheduler of dask answers at"),
        ("nonsense", "give PROTOCOL://HOST:PORT"),
    ):
        start = time.monotonic()
        assert main(["run", str(file), "--scheduler", address, "--out", str(tmp_path / "o")]) == 2
        assert time.monotonic() - start < 20
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        assert words in lines[0]
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scheduler": {"distributed": "1.0"}}, "the scheduler at .* has distributed 1.0, here"),
        ({"workers": {"sociophysics": None}}, "the worker .* lacks sociophysics, here it is"),
        ({"workers": {"numba": "0.1"}}, "the worker .* has numba 0.1, here it is"),
    ],
)
def test_other_versions_are_refused(
    quiet_site: Site, monkeypatch: pytest.MonkeyPatch, change: Any, words: str
) -> None:
    from distributed import Client

    real = Client.get_versions

    def changed(self: Any, **options: Any) -> Any:
        found = real(self, **options)
        found["scheduler"]["packages"] |= change.get("scheduler", {})
        for about in found["workers"].values():
            about["packages"] |= change.get("workers", {})
        return found

    with Client(quiet_site.address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=PATIENCE)
    monkeypatch.setattr(Client, "get_versions", changed)
    with pytest.raises(InputError, match=words), cluster.connect(quiet_site.address):
        pass


def test_workers_with_other_code_are_refused(
    quiet_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    with Client(quiet_site.address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=PATIENCE)
    monkeypatch.setattr(cluster, "short", lambda digest: f"<{digest[:4]}>")
    with cluster.connect(quiet_site.address):
        pass
    monkeypatch.setattr(Client, "run", lambda self, *_, **__: {"tcp://w": KeyError("none")})
    words = r"worker tcp://w has other code of sociophysics \(sources <unkn>, here"
    with pytest.raises(InputError, match=words), cluster.connect(quiet_site.address):
        pass


def test_a_scheduler_that_stays_away(
    site: Site, orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "RETURN_SECONDS", 1.0)
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(tasks, "PARTS_PER_TASK", 1)
    (orders / "slow").touch()
    scenario = of_parts(40)

    def end(finished: int, total: int, updates: float) -> None:
        if finished > 2:
            site.close()

    with (
        cluster.connect(site.address) as executor,
        pytest.raises(InputError, match=r"has been gone for .*; finished parts are kept: start it"),
    ):
        run_stub(scenario, tmp_path / "run", executor=executor, progress=end)
    kept = status(tmp_path / "run").finished
    assert 2 < kept < 40
    (orders / "slow").unlink()
    assert len(run_stub(scenario, tmp_path / "run").table) == 20 * 10 * 4


def test_no_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "IDLE_SECONDS", 1.0)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.1)
    site = Site(tmp_path / "site", workers=0)
    try:
        with (
            cluster.connect(site.address) as executor,
            pytest.raises(InputError, match="has had no workers for 1 s; start some"),
        ):
            run_stub(of_parts(4), tmp_path / "run", executor=executor)
    finally:
        site.close()


def test_tasks_that_a_scheduler_never_got_are_sent_again(
    quiet_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LOST_SECONDS", 1.0)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.1)
    lost = []
    with cluster.connect(quiet_site.address) as executor:
        client = executor._client
        send = client._send_to_scheduler_safe

        def losing(message: dict[str, Any]) -> None:
            if message["op"] == "update-graph" and len(lost) < 2:
                lost.append(message)
            else:
                send(message)

        monkeypatch.setattr(client, "_send_to_scheduler_safe", losing)
        run = run_stub(of_parts(4), tmp_path / "run", executor=executor)
    assert len(lost) == 2
    assert run.table.equals(run_stub(of_parts(4), None).table)


def test_workers_that_hang_are_not_waited_for(
    quiet_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(cluster, "_digests", lambda client: time.sleep(0.5) or {})
    words = "or one of its workers has not answered for 0 s; restart what hangs and run"
    with pytest.raises(InputError, match=words), cluster.connect(quiet_site.address):
        pass


def test_a_scheduler_that_says_nothing_is_not_waited_for(
    quiet_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "LOST_SECONDS", 0.2)

    async def nothing(**_: Any) -> None:
        await asyncio.sleep(3600)

    with cluster.connect(quiet_site.address) as executor:
        executor.check()
        monkeypatch.setattr(executor._client.scheduler, "ncores", nothing, raising=False)
        time.sleep(0.2)
        with pytest.raises(BrokenExecutor, match="has lost tasks"):
            executor.check()


def test_workers_that_see_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Elsewhere is a folder that this process never looks into.
    elsewhere = open_store(tmp_path / "elsewhere")
    real = work.open_store
    monkeypatch.setattr(work, "open_store", lambda place: elsewhere and real(elsewhere.address))
    (tmp_path / "elsewhere" / "parts").mkdir(parents=True)
    monkeypatch.setattr(tasks, "RETRIES", 1)
    with (
        ThreadPoolExecutor(2) as executor,
        pytest.raises(InputError, match=r"do all workers see .*run"),
    ):
        run_stub(of_parts(4), tmp_path / "run", executor=executor)


BUSY = """
seed = 1
network = {kind = "random_regular", n = 1000, degree = 10}
couplings = {kind = "uniform"}
dynamics = {temperature = 5.0, sweeps = 100_000}
observe = {every = 1000, names = ["magnetization"]}
sweep = {replicas = 40}
"""


@pytest.mark.validate
def test_two_workers_against_one(record_property: Callable[[str, object], None]) -> None:
    """A run with one worker process and with two, both warm: 1.8 is the aim, 1.5 asserted."""
    scenario = Scenario.from_toml(BUSY)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as one, ProcessPoolExecutor(2, spawn) as two:
        pools, ratios = (one, two), []
        for pool in pools:
            sp.run(scenario.replace({"dynamics.sweeps": 1000}), executor=pool)
        for _ in range(3):
            took = []
            for pool in pools:
                start = time.perf_counter()
                sp.run(scenario, executor=pool)
                took.append(time.perf_counter() - start)
            ratios.append(took[0] / took[1])
    record_property("ratio", statistics.median(ratios))
    record_property("load", os.getloadavg()[0])
    assert statistics.median(ratios) >= 1.5
