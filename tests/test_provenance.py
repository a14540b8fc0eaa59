"""One folder, one code: digests of the sources in manifests, part names and caches."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sociophysics as sp
from sociophysics import sources
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.inference.chamber import what_if as chambers
from sociophysics.store import manifest as provenance
from sociophysics.study import partial_table, plan
from sociophysics.study.work import Task
from tests.ensemble_stub import simulate
from tests.test_layers import FILES, imports, own_units, unit_of

PACKAGE = sources.PACKAGE
TEXT = """
seed = 3
network = {kind = "complete", n = 12}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 1.5, sweeps = 4}
observe = {every = 2, names = ["energy"]}
sweep = {replicas = 5}
"""
DIGEST = re.compile(r"[0-9a-f]{12}")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another installation of the package, with its own data beside it."""
    place = tmp_path / "other" / "sociophysics"
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, place, ignore=skipped)
    shutil.copytree(PACKAGE.parent / "data", place.parent / "data")
    return place


def digest_of(place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as patch:
        patch.setattr(sources, "PACKAGE", place)
        patch.setattr(sources, "FOLDERS", (place / "bundled", place.parent / "data"))
        return sources.source_digest.__wrapped__()


def test_equal_code_has_one_digest_wherever_it_lies(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert digest_of(copy, monkeypatch) == sources.source_digest()
    # An installed wheel has the data inside, Windows other line ends.
    shutil.move(copy.parent / "data", copy / "bundled")
    (copy / "dashboards").mkdir()
    (copy / "dashboards" / "page.py").write_text("pages = 1\n")
    for path in copy.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert digest_of(copy, monkeypatch) == sources.source_digest()


@pytest.mark.parametrize(
    "name",
    [
        "engine/counter.py",
        "influences/feeds/recall.py",
        "statistics/series.py",
        "../data/karate.edges.csv",
    ],
)
def test_a_changed_source_of_numbers_is_another_digest(
    name: str, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (copy / name).open("a") as file:
        file.write("\n")
    assert digest_of(copy, monkeypatch) != sources.source_digest()


def test_what_only_shows_or_carries_is_no_other_digest(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched = [
        copy / "report" / "page.py",
        copy / "cli" / "run.py",
        copy / "report" / "describe.py",
    ]
    for path in [*touched, copy.parent / "data" / "README.md"]:
        with path.open("a") as file:
            file.write("\n")
    (copy / "report" / "new.py").write_text("figure = 1\n")
    assert digest_of(copy, monkeypatch) == sources.source_digest()


def test_numbers_are_made_by_nothing_that_is_left_out() -> None:
    """Only the outermost units, which make pages of numbers, know what shows them."""
    shows = {"runs", "experiments", "cli", "live", "report", "mesa_model", "__main__"}
    carries = {"evidence", "machine", "memory", "sources", "store"}
    left_out = {name.removesuffix(".py") for name in sources.SHOWING} - carries
    for path in FILES:
        if unit_of(path) not in shows:
            assert not own_units(path) & left_out, path


def test_a_fit_is_kept_under_all_that_it_depends_on() -> None:
    # What else is inferred, from stances, is no part of a chamber's fit.
    others = {"calibration", "stances"}
    fits = [path for path in FILES if not others & set(path.parts)]
    for path in fits:
        inside = {name for name in imports(path) if name.startswith("sociophysics.inference.")}
        if unit_of(path) == "inference" and path.name != "__init__.py":
            assert not others & {name.split(".")[2] for name in inside}, path
    reached, open_ones = set(), {"inference"}
    while open_ones:
        unit = open_ones.pop()
        reached.add(unit)
        open_ones |= {
            other for path in fits if unit_of(path) == unit for other in own_units(path)
        } - reached
    apart = {name.removesuffix(".py") for name in chambers.APART}
    assert "inference" in reached
    assert not reached & apart


def test_the_name_of_a_fit_changes_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    votes = sp.rollcall.load("scotus_rehnquist")
    before = chambers._content(votes)
    monkeypatch.setattr(chambers, "source_digest", lambda *units: "0" * 64)
    assert chambers._content(votes) != before


def test_part_names_hold_the_code() -> None:
    part = plan(sp.Scenario.from_toml(TEXT))[0]
    assert part.code == sources.source_digest()
    assert replace(part, code="0" * 64).name != part.name != replace(part, code=None).name


def test_the_version_is_printed_with_the_digest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    said = capsys.readouterr().out
    assert said == f"sociophysics {sp.__version__} (sources {sources.source_digest()[:12]})\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sp.run(sp.Scenario.from_toml(TEXT), tmp_path / "run", workers=1)
    return tmp_path / "run"


def edited(folder: Path, change: Any) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return manifest


def test_a_manifest_tells_code_platform_and_versions(folder: Path) -> None:
    manifest = edited(folder, lambda manifest: None)
    assert manifest["code"] == sources.source_digest()
    assert set(manifest["platform"]) == {*("system", "machine", "processor", "blas", "vectors")}
    assert all(manifest["platform"].values())
    assert {"python", "numpy", "numba", "sociophysics"} <= set(manifest["versions"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda old: old.update(code="ab" * 32), r"with the sources abababababab; here it is"),
        (lambda old: old.pop("code"), r"without a digest; here it is"),
        (lambda old: old["versions"].update(scipy="1.0"), r"version of scipy \(1.0, now"),
        (lambda old: old.pop("versions"), r"another version of sociophysics \(None, now"),
    ],
)
def test_a_folder_of_other_code_is_refused_and_left_as_it_is(
    folder: Path, change: Any, words: str
) -> None:
    edited(folder, change)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for replicas in (5, 9):
        with pytest.raises(InputError, match=words) as refusal:
            sp.run(sp.Scenario.from_toml(TEXT).replace({"sweep.replicas": replicas}), folder)
        assert "compute anew into another --out, or" in str(refusal.value)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_finished_run_of_other_code_is_still_read(folder: Path) -> None:
    table = sp.Run.open(folder).table
    edited(folder, lambda manifest: manifest.update(code="ab" * 32))
    assert sp.Run.open(folder).table.equals(table)


@pytest.mark.parametrize("code", ["ab" * 32, None])
def test_parts_of_other_code_are_still_read(folder: Path, code: str | None) -> None:
    from sociophysics.store import open_store
    from sociophysics.study.parts import read_part, write_part

    store, part = open_store(folder), plan(sp.Scenario.from_toml(TEXT))[0]
    data = read_part(store, part)
    store.remove(f"parts/{part.name}.parquet")
    write_part(store, replace(part, code=code), data)
    assert partial_table(folder).empty
    edited(folder, lambda old: old.update(code=code) if code else old.pop("code"))
    assert len(partial_table(folder)) == len(data.table)


def test_another_platform_goes_on_in_the_same_folder(folder: Path) -> None:
    edited(folder, lambda manifest: manifest["platform"].update(processor="another"))
    run = sp.run(sp.Scenario.from_toml(TEXT), folder, workers=1)
    assert run.manifest["platform"] == provenance.provenance()["platform"]


def test_a_worker_with_other_code_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(tuple(plan(sp.Scenario.from_toml(TEXT))), None, simulate, ())
    text = task.text().replace(sources.source_digest(), "ab" * 32)
    with pytest.raises(InputError, match=r"has other code .* this run abababababab\); install"):
        Task.from_text(text, simulate)


def test_an_inspection_by_other_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["inspect", "karate", "--draws", "10", "--out", "here"]
    assert main(command) == 0
    edited(tmp_path / "here", lambda old: old.update(code="ab" * 32))
    capsys.readouterr()
    assert main(command) == 2
    assert "made by other code" in capsys.readouterr().err
    edited(tmp_path / "here", lambda old: old.update(code=sources.source_digest()))
    edited(tmp_path / "here", lambda old: old["platform"].update(processor="another"))
    assert main(command) == 0


def test_a_run_by_other_code_is_refused_before_processes_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any, **__: Any) -> None:
        pytest.fail("processes were started")

    monkeypatch.setattr("sociophysics.study.tasks.processes_ahead", none)
    edited(folder, lambda old: old.update(code="ab" * 32))
    with pytest.raises(InputError, match="made by other code"):
        sp.run(sp.Scenario.from_toml(TEXT, name="small"), out=folder, workers=2)


def test_a_search_by_other_code_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def as_search(manifest: dict[str, Any]) -> None:
        manifest.update(format="sociophysics tip 1", name="small", code="ab" * 32)

    (tmp_path / "small.toml").write_text(TEXT)
    edited(folder, as_search)
    options = ["--values", "1,2,3,4,5", "--out", str(folder), "--workers", "1"]
    assert main(["tip", str(tmp_path / "small.toml"), *options]) == 2
    assert "made by other code" in capsys.readouterr().err


def test_half_a_run_is_not_continued_by_a_changed_package(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(TEXT)

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sociophysics", "run", "small.toml", "--workers", "1", *options],
            env=os.environ | {"PYTHONPATH": str(copy.parent)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run().returncode == 0
    with (copy / "report" / "page.py").open("a") as file:
        file.write("\n# said better\n")
    assert run("--replicas", "6").returncode == 0
    with (copy / "observables" / "order.py").open("a") as file:
        file.write("\n# another constant\n")
    refused = run("--replicas", "7")
    assert refused.returncode == 2
    assert "made by other code" in refused.stderr
    assert len(set(DIGEST.findall(refused.stderr))) == 2
