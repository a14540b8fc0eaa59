"""The Runs page without a browser: what it lists, opens, compares, and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sociophysics as sp
from dashboards.runs import files, words
from sociophysics.live import listed_runs as listing
from sociophysics.live import opened_runs as opening
from sociophysics.live import run_differences as comparing
from sociophysics.live import run_lines
from sociophysics.live import run_views as views
from tests.dashboard.run_folders import finish, interrupt, scenario


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listed")
    finish(folder, scenario("weak", title="Weak feeds"))
    finish(folder, scenario("strong", title="Strong feeds", seed=2, strength=1.5))
    finish(folder, scenario("plain", swept=""))
    interrupt(folder, scenario("half", title="Interrupted", replicas=20), after=3)
    (folder / "networks").mkdir()
    (folder / "page").mkdir()
    (folder / "page" / "report.html").write_text("<p>a fit</p>")
    (folder / "broken").mkdir()
    (folder / "broken" / "manifest.json").write_text('{"format": "socio')
    (folder / "other").mkdir()
    (folder / "other" / "manifest.json").write_text("[1, 2]")
    return folder


def entry(root: Path, name: str) -> listing.ListedRun:
    return listing.look_up(listing.list_runs(root), name)


def opened(root: Path, *names: str) -> list[opening.Opened]:
    return [opening.open_run(entry(root, name)) for name in names]


def test_the_list_says_of_each_folder_what_it_is(root: Path) -> None:
    states = {one.name: one.state for one in listing.list_runs(root)}
    assert states == {
        "weak": "finished", "strong": "finished", "plain": "finished", "half": "unfinished",
        "page": "report only", "broken": "damaged", "other": "damaged",
    }  # fmt: skip
    weak = entry(root, "weak")
    assert (weak.title, weak.seed, weak.users, weak.replicas) == ("Weak feeds", 1, 34, 6)
    assert weak.designs == ("no feed", "own camp only")
    assert weak.swept == (("dynamics.temperature", 3),)
    assert weak.finished == weak.total > 0
    assert weak.version == sp.__version__
    assert weak.date is not None
    half = entry(root, "half")
    assert 3 <= half.finished < half.total
    assert "broken/manifest.json is not readable JSON" in entry(root, "broken").problem


def test_a_folder_that_is_itself_a_run_is_listed(root: Path) -> None:
    assert [one.name for one in listing.list_runs(root / "weak")] == ["."]


def test_a_folder_that_is_missing_lists_nothing(tmp_path: Path) -> None:
    assert listing.list_runs(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    "name", ["../weak", "/etc/passwd", "..", "weak/../strong", "networks", "", "x" * 5000, "\0"]
)
def test_a_name_from_a_link_is_never_a_path(root: Path, name: str) -> None:
    with pytest.raises(sp.InputError, match="choose one from the list") as caught:
        entry(root, name)
    assert len(str(caught.value)) < 200


def test_words_and_states_choose_rows(root: Path) -> None:
    entries = listing.list_runs(root)

    def names(find: str, show: str, order: str = "name") -> list[str]:
        return [one.name for one in listing.chosen(entries, find=find, show=show, order=order)]

    assert names("FEEDS weak", "all") == ["weak"]
    assert names("", "unfinished") == ["broken", "half", "other"]
    assert names("own camp", "finished") == ["plain", "strong", "weak"]


def test_opening_gives_the_numbers_of_the_library(root: Path) -> None:
    (weak,) = opened(root, "weak")
    pd.testing.assert_frame_equal(weak.run.table, sp.Run.open(root / "weak").table)
    assert not weak.partial
    (half,) = opened(root, "half")
    assert half.partial
    pd.testing.assert_frame_equal(half.run.table, sp.study.partial_table(root / "half"))


def test_a_run_that_was_extended_and_killed_shows_its_parts(tmp_path: Path) -> None:
    finish(tmp_path, scenario("grown"))
    interrupt(tmp_path, scenario("grown", replicas=24), after=8)
    (grown,) = opened(tmp_path, "grown")
    assert grown.partial
    assert entry(tmp_path, "grown").state == "unfinished"
    assert grown.run.table["replica"].max() > 5


def test_what_cannot_be_opened_is_one_sentence_without_paths(root: Path, tmp_path: Path) -> None:
    finish(tmp_path, scenario("hostile", swept=""))
    table = tmp_path / "hostile" / "results.parquet"
    good = table.read_bytes()
    huge = pa.table({"design": pa.array(["a"] * 10), "sweep": np.zeros(10)})
    for bad in (good[: len(good) // 2], b"PAR1" + b"\xff" * 50 + b"PAR1", b"", b"GIF89a"):
        table.write_bytes(bad)
        with pytest.raises(sp.InputError) as caught:
            opened(tmp_path, "hostile")
        assert "\n" not in str(caught.value)
        assert str(tmp_path) not in str(caught.value)
    pq.write_table(huge, table)
    with pytest.raises(sp.InputError):
        views.look_at(opened(tmp_path, "hostile"), views.Look())
    for name in ("broken", "page"):
        with pytest.raises(sp.InputError):
            opened(root, name)


def test_tables_that_declare_too_much_are_refused_unread(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "LARGEST", 1000)
    monkeypatch.setattr(sp.Run, "open", None)
    with pytest.raises(sp.InputError, match="GB of numbers"):
        opened(root, "weak")
    with pytest.raises(sp.InputError, match="GB of numbers"):
        opened(root, "half")


def test_a_view_has_the_numbers_of_the_library(root: Path) -> None:
    (weak,) = opened(root, "weak")
    view = views.look_at([weak], views.Look())
    assert view.observable == "camp_polarization"
    assert view.along == "dynamics.temperature"
    assert view.axes == ["dynamics.temperature", "time"]
    rows = weak.run.compare("camp_polarization")
    for series in view.panels[0].series:
        own = rows[rows["design"] == series.name]
        assert np.allclose(series.mean, own["mean"])
    expected = sp.results.at(weak.run, "camp_polarization", view.point)
    pd.testing.assert_frame_equal(view.panels[0].rows, expected)
    melting = view.panels[0].melting
    assert melting is not None
    pd.testing.assert_frame_equal(melting, weak.run.melting("camp_polarization"))


def test_bands_over_time_are_those_of_the_mean(root: Path) -> None:
    (plain,) = opened(root, "plain")
    view = views.look_at([plain], views.Look(observable="edge_agreement"))
    assert view.along == "time"
    first = view.panels[0].series[0]
    table = plain.run.table
    own = table[(table["design"] == "no feed") & (table["sweep"] == 40)]["edge_agreement"]
    mean, low, high = sp.statistics.mean_interval(own.to_numpy())
    place = list(np.asarray(first.x)).index(40)
    assert first.low is not None
    assert first.high is not None
    found = [np.asarray(row)[place] for row in (first.mean, first.low, first.high)]
    # Student's interval goes to 1.17 of the ties.
    assert np.allclose(found, [mean, low, min(high, 1.0)])


def test_a_link_names_observable_axis_and_point(root: Path) -> None:
    (weak,) = opened(root, "weak")
    look = views.Look(observable="edge_agreement", along="time", at="[0.7]")
    view = views.look_at([weak], look)
    assert (view.observable, view.along) == ("edge_agreement", "time")
    assert run_lines.point_text(view.point) == "[0.7]"
    assert not view.notes
    wrong = views.look_at([weak], views.Look(observable="../x", along="<b>", at="[9]"))
    assert len(wrong.notes) == 2
    assert wrong.along == "dynamics.temperature"


def test_runs_beside_each_other_differ_as_replicas_that_are_not_paired(root: Path) -> None:
    both = opened(root, "weak", "strong")
    view = views.look_at(both, views.Look(at="[0.7]"))
    line = next(one for one in comparing.lines_of(view) if one.design == "own camp only")
    values = [
        run_lines.values_at(one.run, "camp_polarization", "own camp only", view.point)
        for one in both
    ]
    cell = line.cells[1]
    assert cell is not None
    assert cell.difference == pytest.approx(values[1].mean() - values[0].mean())
    ends = sp.statistics.mean_difference(values[1], values[0])
    assert (cell.difference_low, cell.difference_high) == pytest.approx((ends.low, ends.high))
    found = dict(comparing.differing([one.run.scenario for one in both]))
    assert found["seed"] == ("1", "2")
    assert found["designs.own camp only.feed.strength"] == ("0.5", "1.5")


def test_runs_over_different_keys_are_refused(root: Path) -> None:
    with pytest.raises(sp.InputError, match="swept over different keys"):
        views.look_at(opened(root, "weak", "plain"), views.Look())


def test_sentences_say_the_numbers(root: Path) -> None:
    view = views.look_at(opened(root, "weak"), views.Look(at="[0.3]"))
    row = view.panels[0].rows.iloc[1]
    said = words.seen(view)
    assert row["low"] > 0  # said by its interval, not by a p-value
    assert "'own camp only' differs most" in said
    assert words.between(row["low"], row["high"]) in said
    half = words.seen(views.look_at(opened(root, "half"), views.Look()))
    assert half.startswith("So far: ")
    both = views.look_at(opened(root, "weak", "strong"), views.Look())
    assert "in strong is" in words.seen_beside(both, comparing.lines_of(both))


def test_files_read_back(root: Path, tmp_path: Path) -> None:
    (weak,) = opened(root, "weak")
    view = views.look_at([weak], views.Look())
    assert files.parquet_of(weak) == (root / "weak" / "results.parquet").read_bytes()
    (tmp_path / "table.csv").write_bytes(files.csv_of(weak))
    back = pd.read_csv(tmp_path / "table.csv")
    assert np.array_equal(back["camp_polarization"], weak.run.table["camp_polarization"])
    again = sp.Scenario.from_toml(files.scenario_of(weak).decode(), name="weak")
    assert again == weak.run.scenario
    assert files.report_of(weak) == (root / "weak" / "report.html").read_bytes()
    assert files.drawn(view, 0, kind="png", what="curves")().startswith(b"\x89PNG")
    assert b"<svg" in files.drawn(view, 0, kind="svg", what="differences")()
    timed = views.look_at([weak], views.Look(along="time"))
    assert b"<svg" in files.drawn(timed, 0, kind="svg", what="curves")()


def test_an_unfinished_run_keeps_the_order_of_its_sweep(tmp_path: Path) -> None:
    swept = '"dynamics.temperature" = [0.3, 0.7]\n"couplings.value" = [0.5, 1.0]'
    two = scenario("two", swept=swept)
    interrupt(tmp_path, two, after=2)
    assert sp.study.scenario_in(tmp_path / "two") == two
    manifest = json.loads((tmp_path / "two" / "manifest.json").read_text())
    assert manifest["order"] == ["dynamics.temperature", "couplings.value"]
