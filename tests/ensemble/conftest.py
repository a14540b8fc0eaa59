"""Fixtures of the tests of runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sociophysics.scenario import Scenario
from tests.ensemble.small_run import TEXT, fake_report
from tests.ensemble_stub import ORDERS, run_stub


@pytest.fixture
def scenario() -> Scenario:
    return Scenario.from_toml(TEXT, name="small")


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sociophysics.report.page.render", fake_report)


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "orders"
    folder.mkdir()
    monkeypatch.setenv(ORDERS, str(folder))
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "undisturbed"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sociophysics.report.page.render", fake_report)
        run_stub(Scenario.from_toml(TEXT, name="small"), folder)
    return folder


@pytest.fixture
def finished(undisturbed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(undisturbed, tmp_path / "finished"))
