"""A run in an object store is the run in a folder, byte for byte, and only one writes at a time."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario
from sociophysics.store import Folder, Store, objects, open_store
from sociophysics.study import Cancelled, status
from sociophysics.study import run_manifest as run_folder
from tests.ensemble_stub import run_stub
from tests.test_cluster import OUTPUTS, TEXT

BUCKET = "laboratory"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        import s3fs

        s3fs.S3FileSystem().mkdir(BUCKET)
        yield f"s3://{BUCKET}"
    served.stop()


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sociophysics.report.page.render", lambda run: "a report")


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    return f"{server}/{request.node.name.replace('[', '-').rstrip(']')}"


@pytest.fixture
def scenario() -> Scenario:
    return Scenario.from_toml(TEXT, name="small")


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        (tmp_path / "run" / "parts").mkdir(parents=True)
        return Folder(tmp_path / "run")
    return open_store(request.getfixturevalue("url"))


def events(place: str) -> list[str]:
    lines = open_store(place).read("log.jsonl").decode().splitlines()
    return [json.loads(line)["event"] for line in lines]


def test_both_stores_keep_files_alike(store: Store) -> None:
    assert store.names() <= {"parts"}
    assert store.names("parts") == set()
    with pytest.raises(FileNotFoundError):
        store.read("manifest.json")
    for k in range(40):
        store.write(f"parts/{k}", lambda file, k=k: file.write(b"%d" % k))
    store.write("parts/3", lambda file: file.write(b"again"))
    assert store.names() == {"parts"}
    assert store.names("parts") == {str(k) for k in range(40)}
    wanted = ["parts/39", "parts/none", "parts/3", *(f"parts/{k}" for k in range(4, 38))]
    found = dict(store.read_many(wanted))
    assert list(found) == wanted
    assert found["parts/none"] is None
    assert found["parts/3"] == b"again"
    assert found["parts/37"] == b"37"
    store.move("parts/3", "parts/aside")
    store.remove("parts/39")
    store.remove("parts/39")
    assert store.read("parts/aside") == b"again"
    assert not {"3", "39"} & store.names("parts")


def test_a_file_that_cannot_be_filled_leaves_the_old_one(store: Store) -> None:
    store.write("manifest.json", lambda file: file.write(b"old"))

    def fail(file: Any) -> None:
        file.write(b"half of ")
        raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        store.write("manifest.json", fail)
    assert store.read("manifest.json") == b"old"
    assert {name for name in store.names() if name != "parts"} == {"manifest.json"}


def test_one_run_at_a_time(store: Store, scenario: Scenario) -> None:
    with (
        run_folder.claim(store),
        pytest.raises(InputError, match=r"another run is writing to .*choose another --out"),
    ):
        run_stub(scenario, store.place)
    run_stub(scenario, store.place)
    assert ".lease" not in store.names()


def test_a_run_in_an_object_store_has_the_same_bytes(
    url: str, scenario: Scenario, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(3) as executor:
        run = run_stub(scenario, url, executor=executor)
    run_stub(scenario, tmp_path / "run")
    far, near = open_store(url), Folder(tmp_path / "run")
    for name in OUTPUTS:
        assert far.read(name) == near.read(name), name
    assert far.names("parts") == near.names("parts")
    assert far.names() == near.names()
    assert status(url) == (8, 8)
    assert run.directory == url
    opened = sp.Run.open(url)
    assert opened.table.equals(run.table)
    assert opened.events.equals(run.events)
    assert events(url) == ["given", "start", *["part"] * 8, "computed", "end"]


def test_damage_and_extension_in_an_object_store(
    url: str, scenario: Scenario, tmp_path: Path
) -> None:
    far = open_store(url)
    run_stub(scenario.replace({"sweep.replicas": 7}), url)
    victim, other = sorted(far.names("parts"))[:2]
    data = far.read(f"parts/{victim}")
    far.write(f"parts/{victim}", lambda file: file.write(data[: len(data) // 2]))
    whole = far.read(f"parts/{other}")
    flipped = bytearray(whole)
    flipped[40] ^= 1
    far.write(f"parts/{other}", lambda file: file.write(flipped))
    run_stub(scenario, url)
    run_stub(scenario, tmp_path / "run")
    near = Folder(tmp_path / "run")
    assert far.read("results.parquet") == near.read("results.parquet")
    kept = {name for name in far.names("parts") if not name.endswith(".corrupt")}
    assert kept == near.names("parts")
    assert events(url).count("corrupt part") == 2
    with pytest.raises(InputError, match=r"seed \(7, now 8\) differs"):
        run_stub(scenario.replace({"seed": 8}), url)


def test_the_command_line_takes_an_address(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "small.toml"
    file.write_text(TEXT)
    # Worker processes open the store by themselves.
    assert main(["run", str(file), "--workers", "1", "--out", url]) == 0
    assert f"comparison: {url}/comparison.csv" in capsys.readouterr().out
    assert sp.Run.open(url).manifest["users"] == 10


def test_somebody_elses_objects_are_refused(url: str, scenario: Scenario) -> None:
    open_store(url).write("thesis.tex", lambda file: file.write(b"mine"))
    with pytest.raises(InputError, match=r"holds 'thesis.tex' and no run"):
        run_stub(scenario, url)
    assert open_store(url).names() == {"thesis.tex"}


# Leases


def lease_of(url: str, **changes: Any) -> None:
    about = {"owner": "x", "host": "elsewhere", "pid": 1, "until": time.time() + 60} | changes
    open_store(url).write(".lease", lambda file: file.write(json.dumps(about).encode()))


@pytest.mark.parametrize("why", ["run out", "process gone", "damaged"])
def test_a_lease_of_a_run_that_is_gone_is_taken_over(
    url: str, scenario: Scenario, why: str
) -> None:
    gone = {"run out": {"until": time.time() - 1}, "damaged": {"until": None}}
    own = {"host": os.uname().nodename, "pid": 2**22 + 1}
    lease_of(url, **gone.get(why, own))
    run_stub(scenario, url)
    assert status(url) == (8, 8)


def test_a_living_lease_is_respected(url: str, scenario: Scenario) -> None:
    lease_of(url)
    with pytest.raises(InputError, match=r"another run is writing .*on elsewhere.*or was killed"):
        run_stub(scenario, url)
    assert open_store(url).names() == {".lease"}


def test_a_run_whose_lease_was_taken_ends(
    url: str, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "LEASE_SECONDS", 0.2)

    def steal(finished: int, total: int, updates: float) -> None:
        if finished == 2:
            lease_of(url)
            time.sleep(0.5)

    with pytest.raises(InputError, match=r"another run has taken over .*finished parts are kept"):
        run_stub(scenario, url, progress=steal)
    assert json.loads(open_store(url).read(".lease"))["owner"] == "x"
    assert status(url).finished >= 2


def test_a_lease_is_renewed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "LEASE_SECONDS", 0.4)
    monkeypatch.setattr(objects, "LOG_SECONDS", 0.0)
    store = open_store(url)
    with run_folder.claim(store) as log:
        first = json.loads(store.read(".lease"))["until"]
        log.write("start")
        deadline = time.monotonic() + 10
        while json.loads(store.read(".lease"))["until"] == first and time.monotonic() < deadline:
            time.sleep(0.05)
        assert json.loads(store.read(".lease"))["until"] > first
        while "log.jsonl" not in store.names() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert events(url) == ["start"]


# Refusals


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("memory://run", r"memory of this process"),
        ("s3://", r"s3:// names no place"),
        ("://run", r"names no place"),
        ("s3://no-such-bucket/run", r"cannot be written to .*make the bucket first"),
        ("nowhere://x/run", r"cannot be opened \(Protocol not known: nowhere"),
    ],
)
def test_places_that_cannot_be_used(
    server: str, scenario: Scenario, place: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        run_stub(scenario, place)


def test_a_store_without_permission(
    url: str, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise PermissionError("Access Denied")

    store = open_store(url)
    assert isinstance(store, objects.ObjectStore)
    monkeypatch.setattr(store._files, "pipe_file", refuse)
    with pytest.raises(InputError, match=r"cannot be written to \(Access Denied\); check"):
        run_stub(scenario, url)


@pytest.mark.parametrize(
    ("where", "use"),
    [
        ("os.scandir", lambda store: store.names()),
        ("builtins.open", lambda store: store.read("there")),
        ("pathlib.Path.open", lambda store: store.write("new", lambda file: file.write(b"1"))),
    ],
)
def test_a_folder_without_permission(
    where: str, use: Callable[[Store], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    store = open_store(tmp_path)
    store.write("there", lambda file: file.write(b"1"))
    monkeypatch.setattr(where, refuse)
    with pytest.raises(InputError, match=r"cannot be .* \(Permission denied\); .*another --out"):
        use(store)


def test_a_run_that_is_not_there(url: str) -> None:
    with pytest.raises(InputError, match=r"has no manifest.json"):
        sp.Run.open(url)
    with pytest.raises(InputError, match=r"holds no run"):
        status(url)


def test_cancelled_at_an_address(url: str, scenario: Scenario) -> None:
    stop = threading.Event()

    def soon(finished: int, total: int, updates: float) -> None:
        if finished == 3:
            stop.set()

    with pytest.raises(Cancelled, match=f"finished parts are kept in {url}"):
        run_stub(scenario, url, progress=soon, cancel=stop)
    assert status(url) == (3, 8)
    assert ".lease" not in open_store(url).names()
