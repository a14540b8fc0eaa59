"""Many finished parts are read again from one file, and every number is what the parts hold."""

from __future__ import annotations

import copy
import gc
import hashlib
import json
import logging
import os
import pickle
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sociophysics.cli import main
from sociophysics.errors import Cancelled, InputError
from sociophysics.scenario import Scenario, Settings, canonical_json, cases
from sociophysics.store.folder import ROWS_PER_GROUP, Folder, write_parquet
from sociophysics.study import ledger, plan, session
from sociophysics.study import parts as run_parts
from sociophysics.study.alike import Forms
from sociophysics.study.parts import PartColumns, PartData, read_part
from sociophysics.study.shelf import TOGETHER, Shelf
from tests.ensemble.small_run import assert_same_run, events
from tests.ensemble_stub import run_stub, simulate


@pytest.fixture
def ledgered(finished: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a finished run with a ledger of its 18 parts."""
    monkeypatch.setattr(ledger, "WORTH", 10)
    run_stub(scenario, finished)
    assert (finished / ledger.LEDGER).exists()
    return finished


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the parts whose files are read, as they are read."""
    names: list[str] = []
    real = run_parts._parsed

    def parsed(part: run_parts.Part, data: bytes, forms: Forms | None = None) -> PartColumns:
        names.append(part.name)
        return real(part, data, forms)

    monkeypatch.setattr(run_parts, "_parsed", parsed)
    return names


def test_parts_in_the_ledger_are_not_read_one_by_one(
    scenario: Scenario, undisturbed: Path, ledgered: Path, read: list[str]
) -> None:
    (ledgered / "results.parquet").unlink()
    run_stub(scenario, ledgered)
    assert read == []
    assert_same_run(ledgered, undisturbed)


def test_no_table_is_made_of_each_part_that_is_read(
    scenario: Scenario, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    monkeypatch.setattr(run_parts.pd, "DataFrame", lambda *given, **keys: made.append(given))
    parts = plan(scenario)
    found = [data for _, data in run_parts.read_columns(Folder(finished), parts)]
    assert len(found) == len({part.name for part in parts})
    assert all(list(data.columns)[:2] == ["replica", "sweep"] for data in found)
    assert made == []


def test_a_part_of_other_columns_types_or_rows_is_corrupt(
    scenario: Scenario, finished: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    part = plan(scenario)[0]
    path = finished / run_parts.file_of(part.name)
    whole = pq.read_table(path)
    narrow = whole.set_column(0, "replica", whole["replica"].cast(pa.int32()))
    changed = [narrow, whole.slice(1), whole.take(list(range(len(whole)))[::-1]), whole.slice(0, 0)]
    changed += [whole.select(["sweep", "replica", *whole.column_names[2:]]), whole.select([])]
    for table in changed:
        pq.write_table(table.replace_schema_metadata(whole.schema.metadata), path)
        with pytest.raises(run_parts.CorruptPart):
            read_part(Folder(finished), part)


def test_a_part_that_changed_since_is_read_again_and_found_damaged(
    scenario: Scenario, undisturbed: Path, ledgered: Path, read: list[str]
) -> None:
    victim = sorted((ledgered / "parts").glob("*.parquet"))[3]
    data = bytearray(victim.read_bytes())
    data[40] ^= 1
    victim.write_bytes(data)
    run_stub(scenario, ledgered)
    assert set(read) == {victim.stem}
    assert events(ledgered).count("corrupt part") == 1
    (ledgered / "parts" / f"{victim.stem}.corrupt").unlink()
    assert_same_run(ledgered, undisturbed)


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "folder"])
def test_a_damaged_ledger_is_no_ledger(
    scenario: Scenario, undisturbed: Path, ledgered: Path, read: list[str], damage: str
) -> None:
    path = ledgered / ledger.LEDGER
    whole = path.read_bytes()
    damaged = {"cut": whole[:-50], "empty": b"", "text": b"mine"}
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(damaged[damage])
    run_stub(scenario, ledgered)
    assert len(set(read)) == 18
    assert_same_run(ledgered, undisturbed)


def test_a_ledger_with_any_bit_flipped_is_no_ledger_or_the_same(ledgered: Path) -> None:
    store = Folder(ledgered)
    stamps = {name.split(".")[0]: each for name, each in store.stamps("parts").items()}
    columns = ["replica", "sweep", "magnetization", "energy"]
    right = ledger.read_ledger(store, set(stamps), stamps, columns)
    assert len(right) == 18
    whole, refused = (ledgered / ledger.LEDGER).read_bytes(), 0
    places = range(0, len(whole), len(whole) // 120)
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        (ledgered / ledger.LEDGER).write_bytes(flipped)
        found = ledger.read_ledger(store, set(stamps), stamps, columns)
        refused += not found
        for name in found:
            assert found[name].table.equals(right[name].table)
            assert found.events(name) == right.events(name)
    assert refused > len(places) / 2


def test_a_part_that_is_gone_is_computed_although_the_ledger_has_it(
    scenario: Scenario, undisturbed: Path, ledgered: Path
) -> None:
    for victim in sorted((ledgered / "parts").glob("*.parquet"))[:2]:
        victim.unlink()
    run_stub(scenario, ledgered)
    assert events(ledgered).count("part") == 18 + 2
    assert_same_run(ledgered, undisturbed)


def test_a_ledger_serves_a_longer_run(scenario: Scenario, ledgered: Path, read: list[str]) -> None:
    longer = scenario.replace({"sweep.feed.strength": [0.25, 0.5, 0.75]})
    run = run_stub(longer, ledgered)
    before = {part.name for part in plan(scenario)}
    assert not before & set(read)
    pd.testing.assert_frame_equal(run.table, run_stub(longer, None).table)


def test_a_run_that_ends_on_the_way_leaves_a_ledger(
    scenario: Scenario,
    undisturbed: Path,
    tmp_path: Path,
    read: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "WORTH", 4)
    monkeypatch.setattr(session, "LEDGER_SHARE", 1e6)
    out = tmp_path / "run"

    def stop(done: int, total: int, updates: float) -> None:
        if done == 15:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run_stub(scenario, out, progress=stop)
    assert (out / ledger.LEDGER).exists()
    read.clear()
    run_stub(scenario, out)
    assert len(read) == len(set(read)) == 18 - 12
    assert_same_run(out, undisturbed)


def test_a_part_damaged_as_the_run_goes_is_computed_again(
    scenario: Scenario, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WORTH", 4)
    monkeypatch.setattr(session, "LEDGER_SHARE", 1e6)
    out = tmp_path / "run"

    def cut(done: int, total: int, updates: float) -> None:
        if done == 4 and not list(out.glob("parts/*.corrupt")):
            victim = sorted(out.glob("parts/*.parquet"))[0]
            victim.write_bytes(victim.read_bytes()[:-9])

    run_stub(scenario, out, progress=cut)
    assert events(out).count("corrupt part") == 1
    next(out.glob("parts/*.corrupt")).unlink()
    assert_same_run(out, undisturbed)


def test_the_shelf_keeps_every_part_as_it_was() -> None:
    shelf, given = Shelf(), {}
    rng = np.random.default_rng(1)
    for k in range(TOGETHER + 300):
        rows = int(rng.integers(1, 4))
        table = pd.DataFrame({"sweep": np.arange(rows), "x": rng.normal(size=rows)})
        given[f"p{k}"] = PartData(table, [{"sweep": k}] if k % 3 == 0 else [])
        shelf[f"p{k}"] = given[f"p{k}"]
    assert set(shelf) == given.keys()
    assert len(shelf) == len(given)
    for name in ("p0", "p500", f"p{TOGETHER + 299}"):
        pd.testing.assert_frame_equal(shelf[name].table, given[name].table)
        assert shelf[name].events == given[name].events
    order = [f"p{k}" for k in (1200, 3, 1100, 2)]
    joined = pd.DataFrame(shelf.joined(order))
    expected = pd.concat([given[name].table for name in order], ignore_index=True)
    pd.testing.assert_frame_equal(joined, expected)
    assert shelf.pop("p3").table.equals(given["p3"].table)
    assert "p3" not in shelf
    assert shelf.pop("p3", None) is None
    shelf["p2"] = given["p7"]
    assert shelf["p2"].events == given["p7"].events
    pd.testing.assert_frame_equal(shelf["p2"].table, given["p7"].table)


def test_a_table_written_group_by_group_is_the_table(tmp_path: Path) -> None:
    rows = ROWS_PER_GROUP + 7
    table = pd.DataFrame({"design": pd.Series(["a", "b"] * rows, dtype="str")[:rows]})
    table["x"] = np.arange(rows, dtype=float)
    write_parquet(Folder(tmp_path), "t.parquet", table)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)
    for few in (table.head(0), table.head(2)):
        write_parquet(Folder(tmp_path), "t.parquet", few)
        read = pd.read_parquet(tmp_path / "t.parquet")
        assert list(read.columns) == ["design", "x"]
        assert len(read) == len(few)


TEMPERATURE = "dynamics.temperature"
MANY = """
seed = 7
network = {kind = "complete", n = 10}
couplings = {kind = "uniform"}
dynamics = {temperature = 0.5, sweeps = 6}
observe = {every = 2, names = ["magnetization", "energy"]}
sweep = {replicas = 5, "dynamics.temperature" = [0.5]}
"""


def many(count: int) -> Scenario:
    values = [0.5 + k / count for k in range(count)]
    changes = {"sweep.replicas": 5, "sweep.dynamics.temperature": values}
    return Scenario.from_toml(MANY).replace(changes)


DESIGNS = """
seed = 7
network = {kind = "complete", n = 10}
couplings = {kind = "uniform"}
field = {kind = "uniform", value = {kind = "ramp", start = -1.0, stop = 1.0}}
dynamics = {temperature = inf, sweeps = 6}
interventions = [{kind = "heat", at = 1, temperature = 2.0}]
sweep = {"interventions.0.at" = [1, 2], "feed.tau" = [3, 4.5], replicas = 12}
[[designs]]
name = "memory"
feed = {kind = "memory"}
[[designs]]
name = "fit"
network = {kind = "none"}
couplings = {kind = "fitted", path = "scotus_rehnquist"}
dynamics = {sweeps = 4}
"""


def test_parts_are_named_by_all_of_their_settings_whatever_tables_they_share() -> None:
    parts = plan(Scenario.from_toml(DESIGNS))
    assert len({part.name for part in parts}) == 3 * 4 + 3 * 2
    for part in parts:
        whole = part.settings.canonical()
        if part.design == "fit":
            whole["couplings"]["path"] = hashlib.sha256(
                Path(whole["couplings"]["path"]).read_bytes()
            ).hexdigest()
            assert part.settings.dynamics.temperature == 1
        assert part.identity == canonical_json(whole)
        assert part.settings == Settings.model_validate(part.settings.canonical())
        for key, value in part.point.items():
            entry = key.split(".")[-1]
            swept = part.settings.interventions[0] if "interv" in key else part.settings.feed
            if hasattr(swept, entry):
                assert getattr(swept, entry) == value


def test_each_point_that_is_refused_is_named() -> None:
    scenario = Scenario.from_toml(DESIGNS).replace({"dynamics.sweeps": 3})
    with pytest.raises(InputError, match=r"design 'memory'.*interventions\.0\.at = 3.*at sweep 3"):
        scenario.replace({"sweep.interventions.0.at": [1, 2, 3]})


def test_a_case_of_many_is_the_case_alone_and_takes_less_memory() -> None:
    scenario = many(2_000)
    tracemalloc.start()
    parts = plan(scenario)
    names = [part.name for part in parts]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(set(names)) == 2_000
    assert held < 2_600 * len(parts)  # 2.2 kB; 3.7 kB with a dict of settings for each
    for part in parts[:3]:
        alone = Settings.model_validate(part.settings.canonical())
        assert part.settings == alone
        assert part.settings.model_dump() == alone.model_dump()
        assert part.settings.model_copy(update={"seed": 8}).seed == 8
        assert pickle.loads(pickle.dumps(part.settings)) == alone
        assert copy.deepcopy(part.settings) == alone
        assert part.source.endswith(f"swept to dynamics.temperature = {part.point[TEMPERATURE]!r}")


def test_a_swept_kind_decides_at_each_point_which_keys_there_are() -> None:
    sweep = {"feed.kind": ["random", "trending"], "feed.slots": [2, 3]}
    swept = Scenario.from_toml(MANY).replace({"feed": {"kind": "random"}, "sweep": sweep})
    feeds = [case.settings.feed for case in swept.cases()]
    assert [each.kind for each in feeds] == ["random", "random", "trending", "trending"]
    assert [each.slots for each in feeds[:2]] == [2, 3]


def test_looking_at_many_cases_is_said_and_not_if_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cases, "SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.setattr(cases, "LOOKS", 4)
    monkeypatch.setattr(session, "SLOW", 1)
    file = tmp_path / "many.toml"
    text = MANY.replace("[0.5]", str([0.5 + k / 10 for k in range(10)]))
    file.write_text(text)
    words = ["run", str(file), "--out", str(tmp_path / "run"), "--workers", "1"]
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "many.toml: 8 of 10 cases looked at" in said
    assert main(words) == 0
    assert "reading 10 finished parts" in capsys.readouterr().err
    assert main([*words, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_equal_events_of_many_parts_are_kept_once(
    scenario: Scenario, undisturbed: Path, ledgered: Path
) -> None:
    parts = list({part.name: part for part in plan(scenario)}.values())
    found = [data.events for _, data in run_parts.read_columns(Folder(ledgered), parts)]
    assert len({id(events) for events in found}) == 1
    store = Folder(ledgered)
    stamps = {name.split(".")[0]: each for name, each in store.stamps("parts").items()}
    columns = ["replica", "sweep", "magnetization", "energy"]
    shelf = ledger.read_ledger(store, set(stamps), stamps, columns)
    assert len({id(shelf.events(name)) for name in shelf}) == 1
    assert shelf.events(parts[0].name) == found[0]


def test_events_written_otherwise_are_read_as_json_has_them(
    scenario: Scenario, finished: Path
) -> None:
    part = plan(scenario)[0]
    data = read_part(Folder(finished), part)
    whole = (finished / run_parts.file_of(part.name)).read_bytes()
    first = whole.index(b'{"digest"')
    text = whole[first : whole.index(b"}", whole.index(b'"part"')) + 1]
    for written in (
        text,
        json.dumps(json.loads(text)).encode(),
        json.dumps(json.loads(text), indent=1).encode(),
    ):
        name, digest, events, told = run_parts._said(written, Forms())
        assert (name, events) == (part.name, data.events)
        assert digest == run_parts._digest(part, run_parts.checked(part, data.table), told)
    for broken in (text[:-1], text.replace(b"]", b""), text.replace(b"[", b"[[")):
        with pytest.raises((ValueError, KeyError)):
            run_parts._said(broken, Forms())


@pytest.mark.validate
@pytest.mark.parametrize("count", [10_000, 100_000])
def test_parts_by_the_ten_thousand_are_read_again_in_seconds(
    count: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
) -> None:
    """A finished run of very many parts is opened again: in seconds, flat, with progress."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    monkeypatch.setattr(
        "sociophysics.study.results.Run.compare_all", lambda run, **keys: run.table[:1]
    )
    scenario = many(count)
    first = run_stub(scenario, tmp_path / "run").table
    heard: list[float] = []
    seen: list[tuple[int, int]] = []

    class Heard(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(time.process_time())

    def told(done: int, total: int, updates: float) -> None:
        heard.append(time.process_time())
        seen.append((done, total))

    logger, handler = logging.getLogger("sociophysics"), Heard()
    # Not by its attribute: loggers below remember whether they were heard.
    caplog.set_level(logging.INFO, logger="sociophysics")
    logger.addHandler(handler)
    silences = []
    for keeps in (False, True):
        if not keeps:
            (tmp_path / "run" / ledger.LEDGER).unlink()
        gc.collect()
        heard[:] = [time.process_time()]
        start = heard[0]
        again = run_stub(scenario, tmp_path / "run", progress=told).table
        heard.append(time.process_time())
        record_property(f"seconds, {'with' if keeps else 'without'} a ledger", heard[-1] - start)
        silences.append(float(np.diff(heard).max()))
        assert heard[-1] - start < 2 + 2e-4 * count
        pd.testing.assert_frame_equal(again, first)
        assert seen[-1] == (count, count)
        del again
    logger.removeHandler(handler)
    record_property("longest silence, s", max(silences))
    assert max(silences) < 3
    tracemalloc.start()
    again = run_stub(scenario, tmp_path / "run").table
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    record_property("MB", most / 1e6)
    assert most < 20e6 + 5e3 * count
    pd.testing.assert_frame_equal(again, first)
    part = plan(scenario)[77]
    pd.testing.assert_frame_equal(
        read_part(Folder(tmp_path / "run"), part).table,
        simulate(part.settings, part.replicas)[0].reset_index(drop=True),
        check_exact=True,
    )
