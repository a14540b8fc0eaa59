"""A calibration that a page asks for and shows: whose files, whose paths, which words."""

from __future__ import annotations

import io
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.experiments import calibration_posterior
from sociophysics.live import panels_brought
from sociophysics.live.calibration_shown import read_calibration
from sociophysics.live.calibrations_asked import (
    AskedCalibration,
    asked_tables,
    calibration_text,
    society_of,
)
from sociophysics.live.panels_brought import (
    LookedPanel,
    data_table,
    example_panel,
    looked_at_panel,
    settled,
)

EXAMPLE = AskedCalibration(
    (0.5, 5.0), "camps", (0.0, 0.6), pace=(0.2, 8.0), camp="party"
)  # as examples/panel asks


def looked(folder: Path, files: dict[str, Path] | None = None, **columns: str) -> LookedPanel:
    folder.mkdir(exist_ok=True)
    names = settled(example_panel() if files is None else files, folder)
    camp, treated = columns.get("camp", "party"), columns.get("treated", "")
    return looked_at_panel(folder, names, camp, treated, False)


def test_the_bundled_panel_is_asked_as_its_own_file_asks(tmp_path: Path) -> None:
    panel = looked(tmp_path)
    assert panel.sentence().startswith("120 users, 735 ties, 8 dated waves, 92 % of the stances")
    asked = tomllib.loads(calibration_text(asked_tables(EXAMPLE, panel)))
    its = (example_panel()["edges"].parent / "calibrate.toml").read_text("utf-8")
    assert asked == tomllib.loads(its)
    fixed = EXAMPLE._replace(pace=2.0, feed="popularity", field="uniform", seed=7)
    again = tomllib.loads(calibration_text(asked_tables(fixed, panel)))
    assert again["seed"] == 7
    assert again["model"]["feed"]["kind"] == "popularity"
    assert list(again["free"]) == [
        "dynamics.temperature", "feed.strength", "field.value", "sweeps_per_wave",
    ]  # fmt: skip
    assert again["free"]["sweeps_per_wave"] == 2.0


HOSTILE = ["/etc/passwd", "../../secret.csv", 'x" }\nstances = "/etc/passwd"', "s3://bucket/x"]


@pytest.mark.parametrize("word", HOSTILE)
def test_no_word_of_a_strangers_becomes_a_path(word: str, tmp_path: Path) -> None:
    names = {part: f"{part}.csv" for part in ("edges", "users", "stances")}
    asked = EXAMPLE._replace(camp=word, field="none", treated=word, feed="popularity")
    panel = LookedPanel(names, 9, 9, 3, 2.0, 1.0, (), False, False, "")
    told = tomllib.loads(calibration_text(asked_tables(asked, panel)))
    assert told["data"] == data_table(names, camp=word, treated=word)
    assert told["data"]["network"]["path"] == "edges.csv"
    assert told["data"]["stances"] == "stances.csv"
    with pytest.raises(sp.InputError, match="not a column of the users") as refused:
        looked(tmp_path, camp=word)
    assert str(tmp_path) not in str(refused.value)
    table = tmp_path / "users.csv"
    table.write_text("id,party\n" + "".join(f'u{k:03},"{word}"\n' for k in range(120)))
    with pytest.raises(sp.InputError) as refused:
        looked(tmp_path / "own", {**example_panel(), "stances": table})
    assert "stances.csv has no column wave" in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


def test_what_is_missing_no_table_too_short_or_too_large_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = example_panel()
    with pytest.raises(sp.InputError, match="the file of users is missing"):
        settled({"edges": files["edges"]}, tmp_path)
    with pytest.raises(sp.InputError, match="is no table"):
        settled({**files, "edges": Path("x.graphml")}, tmp_path)
    once = tmp_path / "once.csv"
    once.write_text("id,wave,stance\nu000,1,1\nu001,1,-1\n")
    with pytest.raises(sp.InputError, match="one wave"):
        looked(tmp_path / "own", {**files, "stances": once})
    panel = looked(tmp_path)
    for asked, said in (
        (EXAMPLE._replace(temperature=(2.0, 2.0)), "first must be the lower"),
        (EXAMPLE._replace(treated="z"), "choose the feed's kind"),
        (EXAMPLE._replace(pace=(0.2, 1e9)), "allow fewer sweeps"),
    ):
        with pytest.raises(sp.InputError, match=said):
            asked_tables(asked, panel)
    with pytest.raises(sp.InputError, match="where there are two, and here are 3"):
        asked_tables(EXAMPLE, panel._replace(camps=("a", "b", "c")))
    long = tmp_path / "long.csv"
    rows = [f"u000,{wave},{1 - 2 * (wave % 2)}" for wave in range(8_400)]
    long.write_text("id,wave,stance\n" + "\n".join(rows))
    monkeypatch.setattr(panels_brought, "read_panel", None)  # refused before it is read
    with pytest.raises(sp.InputError, match="1,000,000"):
        looked(tmp_path / "more", {**files, "stances": long})


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LookedPanel]:
    """Return a folder in which the bundled panel was calibrated into ``found``."""
    folder = tmp_path_factory.mktemp("calibrated")
    panel = looked(folder)
    (folder / "calibrate.toml").write_text(calibration_text(asked_tables(EXAMPLE, panel)))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(calibration_posterior, "EACH", 120)
        assert main(["calibrate", "calibrate.toml", "--out", "found", "--workers", "1"]) in (
            0,
            None,
        )
    return folder, panel


def test_a_calibration_is_read_as_it_was_found(calibrated: tuple[Path, LookedPanel]) -> None:
    folder = calibrated[0] / "found"
    shown = read_calibration(folder)
    summary = pd.read_csv(folder / "summary.csv")
    assert [row[0] for row in shown.rows()] == summary["parameter"].tolist()
    for row, words, its in zip(
        shown.rows(), shown.verdicts(), summary.to_dict("records"), strict=True
    ):
        assert row[-1].endswith(its["verdict"])
        told = its["verdict"] != "not identified"
        assert (f"{its['mean']:.4g}" in words[2]) == told
        assert ("do not tell it" in words[2]) == (not told)
        assert (row[1] == "not told") == (not told)
        prior, density = shown.posterior(its["parameter"])
        wide = np.diff(np.asarray(prior.x)).mean()
        assert np.sum(prior.mean) * wide == pytest.approx(1)
        assert np.sum(density.mean) * wide == pytest.approx(1)
        middle = np.sum(np.asarray(density.x) * density.mean) * wide
        assert middle == pytest.approx(shown.means()[its["parameter"]], abs=wide)
    verdicts = set(summary["verdict"])
    assert "not identified" in verdicts
    assert len(verdicts) > 1
    assert shown.quantities == ["mean stance", "share who changed", "tied users alike"]
    simulated, data = shown.checked("mean stance")
    assert np.all(np.asarray(simulated.low) <= np.asarray(simulated.high))
    assert len(np.asarray(data.x)) == 7
    # The report names the file, not where it lay.
    assert str(calibrated[0]) not in (folder / "report.html").read_text("utf-8")


def test_the_society_lives_in_the_posterior(
    calibrated: tuple[Path, LookedPanel], tmp_path: Path
) -> None:
    folder, panel = calibrated
    shown = read_calibration(folder / "found")
    tables = asked_tables(EXAMPLE, panel)
    text = society_of(tables, panel, shown.means())
    files = {name: folder / name for name in ("edges.csv", "users.csv")}
    packed = shown.archive(text, files)
    assert packed == shown.archive(text, files)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path)
    scenario = sp.Scenario.load(tmp_path / "society.toml")
    assert scenario.cases()[0].settings.posterior is not None
    short = scenario.replace(
        {"sweep.replicas": 2, "dynamics.sweeps": 4, "dynamics.burn_in": 0, "observe.every": 2}
    )
    run = sp.run(short, workers=1)
    assert set(run.table["replica"]) == {0, 1}
    with pytest.raises(sp.InputError, match="change from wave to wave"):
        society_of(tables, panel._replace(moving=True), shown.means())


def test_a_folder_without_a_calibration_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(sp.InputError, match="holds no finished calibration"):
        read_calibration(tmp_path)
