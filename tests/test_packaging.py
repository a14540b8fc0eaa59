"""What is in the wheel and in the sdist, built here and looked into."""

from __future__ import annotations

import email
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DATA = sorted(path.name for path in (ROOT / "data").iterdir())
SCENARIOS = sorted(path.name for path in (ROOT / "scenarios").glob("*.toml"))
NEEDED = [
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "sociophysics",
    "dashboards",
    "data",
    "scenarios",
    "examples/panel",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a wheel and an sdist, made of a copy of the checkout."""
    place = tmp_path_factory.mktemp("package")
    for name in [*NEEDED, "SECURITY.md", "CHANGELOG.md", "CITATION.cff"]:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, place / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", "dist"],
        cwd=place,
        capture_output=True,
        check=True,
    )
    return place / "dist"


def in_wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(built.glob("*.whl")))


def test_data_and_their_terms_are_in_the_wheel(built: Path) -> None:
    with in_wheel(built) as wheel:
        names = set(wheel.namelist())
        terms = wheel.read("sociophysics/bundled/LICENSES.md").decode()
    assert {f"sociophysics/bundled/{name}" for name in DATA} <= names
    assert {f"sociophysics/bundled/scenarios/{name}" for name in SCENARIOS} <= names
    panel = ("calibrate.toml", "edges.csv", "stances.csv", "users.csv")
    assert {f"sociophysics/bundled/panel/{name}" for name in panel} <= names
    assert {"sociophysics/py.typed", "sociophysics/dashboards/app.py"} <= names
    assert not {name for name in names if "__pycache__" in name or name.startswith("tests")}
    assert "Attribution-NonCommercial 3.0" in terms


def test_every_data_file_has_its_terms() -> None:
    terms = (ROOT / "data" / "LICENSES.md").read_text(encoding="utf-8")
    assert [name for name in DATA if name.endswith(".csv") and f"`{name}`" not in terms] == []


def test_the_wheel_says_that_not_all_of_it_is_mit(built: Path) -> None:
    with in_wheel(built) as wheel:
        names = wheel.namelist()
        about = next(name for name in names if name.endswith(".dist-info/METADATA"))
        said = email.message_from_bytes(wheel.read(about))
    assert said["License-Expression"] == "MIT AND LicenseRef-bundled-data"
    assert said.get_all("License-File") == ["LICENSE", "data/LICENSES.md"]
    assert {"LICENSE", "data/LICENSES.md"} == {
        name.partition(".dist-info/licenses/")[2] for name in names if "/licenses/" in name
    }


def test_data_terms_and_policy_are_in_the_sdist(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {f"data/{name}" for name in DATA} <= names
    assert {"LICENSE", "SECURITY.md", "sociophysics/py.typed", "dashboards/app.py"} <= names
