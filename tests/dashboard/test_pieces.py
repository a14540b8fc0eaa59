"""The shared pieces without a browser: background work, places, what a link may hold."""

from __future__ import annotations

import itertools
import multiprocessing
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sociophysics as sp
from dashboards.address import Choice, Flag, Kind, Number, Text, read_address, write_address
from dashboards.apart import apart
from dashboards.hosts import allowed_hosts, closed
from dashboards.time_course import MOST_POINTS, packed
from dashboards.upload import UploadedFile, base_name, checked, narrow, read_network
from dashboards.work import PAUSE, Job, Stage
from sociophysics.live.network_picture import MOST_TIES, picture
from sociophysics.live.run_lines import Series
from sociophysics.live.user_places import placement

KINDS: dict[str, Kind] = {
    "n": Number(1000, low=50, high=100_000, integer=True, log=True),
    "temperature": Number(0.8, low=0.0, high=5.0),
    "feed": Choice("none", {"none": "No feed", "engagement": "Engagement"}),
    "paired": Flag(True),
    "title": Text("", longest=40),
}


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@given(
    st.integers(50, 100_000),
    st.floats(0, 5),
    st.sampled_from(["none", "engagement"]),
    st.booleans(),
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=40).filter(
        str.isprintable
    ),
)
def test_every_allowed_setting_comes_back_from_its_link(
    n: int, temperature: float, feed: str, paired: bool, title: str
) -> None:
    values = {
        "n": n, "temperature": temperature, "feed": feed, "paired": paired, "title": title,
    }  # fmt: skip
    link = write_address(KINDS, values)
    assert read_address(KINDS, link) == (values, ())


@given(st.text(max_size=200))
def test_no_link_breaks_a_page(link: str) -> None:
    values, problems = read_address(KINDS, link)
    assert set(values) == set(KINDS)
    assert all("\n" not in problem for problem in problems)
    assert 50 <= values["n"] <= 100_000


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "0x10", "", " ", "50.5", "١٢٣٤x"])
def test_numbers_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(sp.InputError, match="in the link; allowed: a whole number from 50"):
        KINDS["n"].read("n", text)


def test_a_job_shows_a_few_frames_and_always_the_last() -> None:
    job = Job(threading.Event())
    seen: list[Any] = []
    job.watch(lambda: seen.append(job.frame))

    def work(job: Job) -> str:
        end = time.monotonic() + 5 * PAUSE
        number = 0
        while time.monotonic() < end:
            job.check()
            job.publish(number)
            number += 1
        job.publish("last")
        return "result"

    job.start(work)
    wait_for(lambda: job.stage == Stage.DONE)
    wait_for(lambda: seen[-1] == "last")
    assert job.result == "result"
    assert job.progress == 1.0
    assert len(seen) <= 9  # started, at most one per pause, done


def test_a_slow_page_gets_fewer_frames_not_a_queue() -> None:
    job = Job(threading.Event())
    spans: list[tuple[float, float]] = []

    def look() -> None:
        start = time.monotonic()
        time.sleep(0.05)
        spans.append((start, time.monotonic()))

    job.watch(look)

    def work(job: Job) -> None:
        for number in range(60):
            job.publish(number)
            time.sleep(0.005)

    job.start(work)
    wait_for(lambda: job.stage == Stage.DONE)
    frames = spans[1:-1]  # between the start and the end
    assert len(frames) >= 2
    gaps = [after[0] - before[1] for before, after in itertools.pairwise(frames)]
    assert min(gaps, default=1.0) >= PAUSE - 0.002


@pytest.mark.parametrize("how", ["cancel", "tab closed", "started again", "forgotten"])
def test_work_ends_soon_however_it_is_ended(how: str) -> None:
    tab_closed = threading.Event()
    job = Job(tab_closed)
    ended = threading.Event()

    def work(job: Job) -> None:
        try:
            while True:
                job.check()
                time.sleep(0.01)
        finally:
            ended.set()

    job.start(work)
    {
        "cancel": job.cancel,
        "tab closed": tab_closed.set,
        "started again": lambda: job.start(lambda job: "new"),
        "forgotten": job.forget,
    }[how]()
    assert ended.wait(1.0)
    if how == "started again":
        wait_for(lambda: job.stage == Stage.DONE)
        assert job.result == "new"
    if how == "cancel":
        assert job.stage == Stage.CANCELLED
    if how == "forgotten":
        assert job.stage == Stage.IDLE


def test_an_ended_run_shows_nothing_anymore() -> None:
    job = Job(threading.Event())
    go_on = threading.Event()
    late = threading.Event()

    def old(job: Job) -> str:
        go_on.wait(10)
        try:
            job.publish("old frame")
        finally:
            late.set()
        return "old"

    job.start(old)
    job.start(lambda job: "new")
    wait_for(lambda: job.stage == Stage.DONE)
    go_on.set()
    assert late.wait(10)
    time.sleep(0.05)
    assert (job.result, job.frame, job.stage) == ("new", None, Stage.DONE)


def test_a_paused_job_steps_one_by_one() -> None:
    job = Job(threading.Event())
    done: list[int] = []

    def work(job: Job) -> None:
        for number in range(4):
            job.check()
            done.append(number)

    job.start(work, paused=True)
    time.sleep(0.05)
    assert done == []
    job.step()
    wait_for(lambda: done == [0])
    time.sleep(0.3)
    assert done == [0]
    job.resume()
    wait_for(lambda: job.stage == Stage.DONE)
    assert done == [0, 1, 2, 3]


def test_a_failure_says_what_and_a_defect_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(job: Job) -> None:
        raise sp.InputError("temperature is -1;\n it must be >= 0.")

    def break_down(job: Job) -> None:
        raise ZeroDivisionError("division by zero")

    job = Job(threading.Event())
    job.start(refuse)
    wait_for(lambda: job.stage == Stage.FAILED)
    assert job.message == "temperature is -1; it must be >= 0."
    job.start(break_down)
    wait_for(lambda: job.stage == Stage.FAILED)
    assert job.message == "This is a defect of the dashboard: ZeroDivisionError: division by zero."
    assert "background work failed" in caplog.text


def communities(seed: int = 1) -> sp.SpinSystem:
    graph = sp.networks.build(
        "planted_partition", seed=seed, n=400, communities=2, k_in=10, k_out=1
    )
    return sp.couplings.uniform(graph)


def ends(system: sp.SpinSystem) -> np.ndarray[Any, Any]:
    coupling = system.J.tocoo()
    once = coupling.row < coupling.col
    return np.column_stack([coupling.row[once], coupling.col[once]]).astype(np.uint32)


def test_friends_are_drawn_near_and_camps_on_their_sides() -> None:
    system = communities()
    camps = system.nodes["camp"].to_numpy()
    places = placement(ends(system), system.n, camps=camps)
    assert places.shape == (400, 2)
    assert np.abs(places).max() <= 1
    assert np.isfinite(places).all()
    assert (places[camps == 0, 0] < 0).mean() > 0.95
    assert (places[camps == 1, 0] > 0).mean() > 0.95
    tied = ends(system)
    apart = np.linalg.norm(places[tied[:, 0]] - places[tied[:, 1]], axis=1).mean()
    random = np.random.default_rng(0)
    pairs = random.integers(0, 400, (2000, 2))
    assert apart < 0.7 * np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1).mean()


def test_communities_part_without_being_told() -> None:
    system = communities()
    camps = system.nodes["camp"].to_numpy()
    places = placement(ends(system), system.n)
    middles = np.array([places[camps == camp].mean(axis=0) for camp in (0, 1)])
    spread = max(places[camps == camp].std(axis=0).max() for camp in (0, 1))
    assert np.linalg.norm(middles[0] - middles[1]) > 1.5 * spread


def test_the_same_network_is_drawn_the_same() -> None:
    from sociophysics.live import user_places as module

    system = communities()
    first = placement(ends(system), system.n).copy()
    module._known.clear()
    assert np.array_equal(placement(ends(system), system.n), first)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_tiny_networks_have_places(n: int) -> None:
    ties = np.array([[i, i + 1] for i in range(n - 1)], dtype=np.uint32).reshape(-1, 2)
    assert np.isfinite(placement(ties, n)).all()


def test_each_tie_is_drawn_once_directed_or_not() -> None:
    undirected = sp.SpinSystem.from_edges([0, 1], [1, 2], n=3)
    assert picture(undirected).ties == 2
    directed = sp.SpinSystem.from_edges([0, 1, 2], [1, 0, 1], [1.0, 1.0, -1.0], directed=True)
    drawn = picture(directed)
    assert drawn.ties == 2
    assert sorted(np.frombuffer(drawn.signs, dtype=np.int8)) == [-1, 1]


def test_of_very_many_ties_a_sample_is_drawn() -> None:
    graph = sp.networks.build("erdos_renyi", seed=1, n=2000, mean_degree=65)
    drawn = picture(sp.couplings.uniform(graph))
    assert drawn.drawn_ties == MOST_TIES < drawn.ties
    assert len(drawn.ends) == 8 * MOST_TIES
    touched = np.unique(np.frombuffer(drawn.ends, dtype=np.uint32))
    assert len(touched) > 1990


def test_lines_are_thinned_to_what_a_screen_shows() -> None:
    x = np.arange(10_000)
    table = packed(Series("m", x, np.sin(x / 1000.0)))
    assert table.shape == (4, MOST_POINTS)
    assert table[0, 0] == 0
    assert table[0, -1] == 9999
    assert np.isnan(table[2:]).all()


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ({"name": "a.exe", "size": 10}, "a.exe is no file of a kind read here: .csv."),
        ({"name": "a.csv", "size": 0}, "a.csv is empty"),
        ({"name": "a.csv", "size": -5}, "a.csv is empty"),
        ({"name": "a.csv", "size": "9"}, "a.csv is empty"),
        ({"name": "a.csv", "size": 2_000_001}, "a.csv has 2.0 MB; the largest file"),
        ({}, "file is no file of a kind"),
    ],
)
def test_what_a_client_announces_is_checked_first(info: dict[str, Any], says: str) -> None:
    with pytest.raises(sp.InputError, match=says.replace(".", r"\.")):
        checked([info], (".csv",), 2_000_000)


@given(st.text(max_size=120))
def test_a_name_from_a_client_is_never_a_path(name: str) -> None:
    shown = base_name(name)
    assert shown
    assert shown.isprintable()
    assert not set(shown) & set("/\\")


def test_a_server_answers_to_its_own_names_and_its_own_pages() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def status(listens: str, host: str, origin: str | None) -> int:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        headers = [(b"host", host.encode())]
        headers += [(b"origin", origin.encode())] if origin else []
        scope = {"type": "http", "headers": headers, "path": "/"}
        hosts = allowed_hosts(listens, ["lab.example"] if listens == "0.0.0.0" else [])
        answer: Any = closed(app, hosts=hosts)(scope, None, send)  # type: ignore[arg-type]
        # Nothing here waits, and the browser of the other tests has an event loop of its own.
        with pytest.raises(StopIteration):
            answer.send(None)
        return int(said[0]["status"])

    everywhere, here = "0.0.0.0", "127.0.0.1"
    assert status(everywhere, "lab.example:8765", "http://lab.example:8765") == 200
    assert status(everywhere, "lab.example:8765", "http://evil.example") == 403
    assert status(everywhere, "other.example:8765", None) == 403
    assert status("10.1.2.3", "10.1.2.3:8765", "http://10.1.2.3:8765") == 200
    assert status(here, "lab.example:8765", None) == 403
    assert status(here, "localhost:8765", "http://localhost:8765") == 200
    assert status(here, "localhost:8765", "http://localhost:9999") == 403


def test_a_table_of_very_many_columns_is_refused_before_it_is_read(tmp_path: Path) -> None:
    for name, columns in (("votes.csv", 10_000), ("wide.csv", 100_000)):
        path = tmp_path / name
        path.write_text(",".join(f"c{i}" for i in range(columns)) + "\n1\n")
        file = UploadedFile("mine.csv", path, path.stat().st_size)
        if columns == 10_000:
            narrow(file)
            continue
        with pytest.raises(sp.InputError, match=r"^mine\.csv has 100,000 columns; at most 10,000"):
            narrow(file)


def test_reading_apart_gives_the_value_the_sentence_and_ends_with_its_job(tmp_path: Path) -> None:
    ties = tmp_path / "ties.csv"
    ties.write_text("source,target\na,b\nb,c\n")
    closed_tab = threading.Event()
    results: list[Any] = []

    def work(job: Job) -> None:
        results.append(apart(job, read_network, ties, None).number_of_nodes())
        with pytest.raises(sp.InputError, match="does not exist"):
            apart(job, read_network, tmp_path / "none.csv", None)
        results.append("last")
        apart(job, time.sleep, 60)

    job = Job(closed_tab)
    job.start(work)
    deadline = time.monotonic() + 60
    while results[-1:] != ["last"]:
        assert time.monotonic() < deadline, job.message
        time.sleep(0.05)
    assert results == [3, "last"]
    time.sleep(0.3)
    children = psutil.Process().children(recursive=True)
    sleeping = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    assert sleeping
    job.cancel()
    # Only looked at: whoever waits for a child takes its end from the server that started it.
    wait_for(lambda: not any(child.is_running() for child in sleeping), 10)
    wait_for(lambda: multiprocessing.active_children() == [], 10)


def test_a_failure_is_a_sentence_however_long_it_was() -> None:
    job = Job(threading.Event())

    def work(job: Job) -> None:
        raise sp.InputError("the columns are " + "column, " * 100_000)

    job.start(work)
    wait_for(lambda: job.stage == Stage.FAILED)
    assert job.message.startswith("the columns are column,")
    assert len(job.message) < 700
