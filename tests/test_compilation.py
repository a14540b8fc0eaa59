"""Kernels on disk: never those of other sources, never a reason to fail."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sociophysics.engine import compilation

ENGINE = Path(compilation.__file__).parent
# One small kernel into which a function of another file is inlined.
PROBE = """
from sociophysics.engine.compilation import kernel_folder
from sociophysics.engine.lanes import PROBED as probed
import numpy as np
print(probed(np.uint64(7)), sum(probed.stats.cache_hits.values()), kernel_folder())
"""
KERNEL = """

from sociophysics.engine.counter import uniform

@njit(cache=True)
def PROBED(word):
    return uniform(word << np.uint64(50))
"""


def _third(x: float) -> float:
    return x / 3


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compilation.config, "CACHE_DIR", str(tmp_path / "numba"))
    compilation.kernel_folder.cache_clear()
    place = compilation.kernel_folder()
    assert place is not None
    monkeypatch.setattr(compilation, "kernel_folder", lambda: place)
    return place


@pytest.fixture(autouse=True)
def _asked_anew() -> Any:
    asked = compilation.kernel_folder
    yield
    asked.cache_clear()


def kept(place: Path) -> list[Path]:
    return sorted(place.glob("*.nbc"))


def hits(dispatcher: Any) -> int:
    assert dispatcher(1.0) == 1 / 3
    return sum(dispatcher.stats.cache_hits.values())


def test_a_kernel_is_compiled_once(folder: Path) -> None:
    assert hits(compilation.njit(cache=True)(_third)) == 0
    assert hits(compilation.njit(cache=True)(_third)) == 1
    assert len(kept(folder)) == 1


def test_a_users_own_folder_for_numba_holds_a_folder_of_ours(folder: Path, tmp_path: Path) -> None:
    assert folder.parent == tmp_path / "numba" / "sociophysics-kernels"


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "damage", [_cut, _flipped, lambda data: b"", lambda data: b"\x80" * 99, lambda data: data[:-1]]
)
def test_a_damaged_entry_is_a_miss_and_mended(
    folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    hits(compilation.njit(cache=True)(_third))
    entry = kept(folder)[0]
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert hits(compilation.njit(cache=True)(_third)) == 0
    assert hits(compilation.njit(cache=True)(_third)) == 1


def test_a_folder_in_place_of_an_entry_is_a_miss(folder: Path) -> None:
    hits(compilation.njit(cache=True)(_third))
    entry = kept(folder)[0]
    entry.unlink()
    entry.mkdir()
    assert hits(compilation.njit(cache=True)(_third)) == 0


def test_a_disk_that_is_full_is_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compilation._Entries, "_save_data", full)
    assert hits(compilation.njit(cache=True)(_third)) == 0
    assert not kept(folder)


def test_a_folder_that_is_removed_meanwhile_is_made_again(folder: Path) -> None:
    dispatcher = compilation.njit(cache=True)(_third)
    shutil.rmtree(folder)
    assert hits(dispatcher) == 0
    assert len(kept(folder)) == 1


def test_sources_changed_since_they_were_imported_keep_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits(compilation.njit(cache=True)(_third))
    monkeypatch.setattr(compilation, "IMPORTED", ())
    assert hits(compilation.njit(cache=True)(_third)) == 0


def test_nowhere_to_write_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "_places", lambda: iter([Path(os.devnull) / "kernels"]))
    compilation.kernel_folder.cache_clear()
    assert compilation.kernel_folder() is None
    assert hits(compilation.njit(cache=True)(_third)) == 0


def test_a_folder_of_somebody_else_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setattr(compilation, "_places", lambda: iter([first, second]))
    first.mkdir()
    first.chmod(0o777)  # anybody may have put an entry there
    compilation.kernel_folder.cache_clear()
    place = compilation.kernel_folder()
    assert place is not None
    assert place.parent == second


def test_kernels_of_other_sources_go_when_they_are_old_or_many(folder: Path) -> None:
    parent = folder.parent
    for number in range(compilation.FOLDERS_KEPT + 3):
        (parent / f"{number:040x}").mkdir()
        os.utime(parent / f"{number:040x}", (2e9 + number, 2e9 + number))
    (parent / ("f" * 40)).mkdir()
    os.utime(parent / ("f" * 40), (1e9, 1e9))
    (parent / "somebody's").mkdir()
    compilation._prune(parent, folder.name)
    left = {path.name for path in parent.iterdir()}
    assert {folder.name, "somebody's", f"{compilation.FOLDERS_KEPT + 2:040x}"} <= left
    assert len(left) == compilation.FOLDERS_KEPT + 2
    assert "f" * 40 not in left


def test_an_inlined_constant_that_changes_is_never_an_old_number(tmp_path: Path) -> None:
    package = tmp_path / "sociophysics"
    shutil.copytree(ENGINE.parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "engine" / "lanes.py").open("a", encoding="utf-8") as file:
        file.write(KERNEL)
    counter = package / "engine" / "counter.py"
    text = counter.read_text(encoding="utf-8")
    changed = text.replace("1.1102230246251565e-16", "2.220446049250313e-16")
    assert changed != text

    def probe() -> tuple[float, int, str]:
        paths = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", PROBE],
            env=os.environ | paths | {"PYTHONDONTWRITEBYTECODE": "1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        value, hit, place = done.stdout.split(maxsplit=2)
        return float(value), int(hit), place

    first, _, place = probe()
    assert probe() == (first, 1, place)
    counter.write_text(changed, encoding="utf-8")
    second, hit, elsewhere = probe()
    assert second == pytest.approx(2 * first)
    assert (hit, elsewhere != place) == (0, True)
    counter.write_text(text, encoding="utf-8")
    assert probe() == (first, 1, place)


@pytest.mark.parametrize("path", sorted(ENGINE.glob("*.py")), ids=lambda path: path.name)
def test_kernels_take_in_nothing_from_outside_the_engine(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and path.name != "compilation.py":
            module = node.module or ""
            ours = module.startswith("sociophysics") and module != "sociophysics.errors"
            outside = ours and not module.startswith("sociophysics.engine")
            assert not outside, f"a constant of {module} would not be in the kernels' hash"
            assert module != "numba" or {name.name for name in node.names} == {"types"}
