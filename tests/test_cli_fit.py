from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sociophysics.cli import main
from sociophysics.inference.chamber.saved import load_draws, load_system

STANDARD = ("comparison", "ideal_points", "dimensions", "cutting_lines", "classification_errors",
            "parties", "likeness", "party_votes")  # fmt: skip
TABLES = ["evaluation.csv", "couplings.csv", "members.csv", "rollcalls.csv", "system.npz"]


def chamber_csv(path, *, members=12, rollcalls=80, seed=0, loyalty=0.85):
    rng = np.random.default_rng(seed)
    party = np.repeat(["D", "R"], members // 2)
    line = rng.choice([-1, 1], (rollcalls, 2))[:, (party == "R").astype(int)]
    matrix = np.where(rng.random(line.shape) < loyalty, line, -line)
    matrix[0] = 1  # unanimous
    table = pd.DataFrame(matrix.T, columns=[f"v{k}" for k in range(rollcalls)])
    table.insert(0, "state", "XX")
    table.insert(0, "party", party)
    table.insert(0, "name", [f"Member <{i}> & Co" for i in range(members)])
    table.insert(0, "id", range(members))
    table.to_csv(path, index=False)
    return path


def voteview_files(folder, votes, parties):
    """Write an array of votes as Voteview's files, with icpsr numbers as floats."""
    rollcalls, members = votes.shape
    code = np.select([votes == 1, votes == -1], [1, 6], 9)
    rows = [
        f"117,Senate,{t + 1},{100 + i}.0,{code[t, i]},"
        for t in range(rollcalls)
        for i in range(members)
    ]
    head = "congress,chamber,rollnumber,icpsr,cast_code,prob\n"
    (folder / "S117_votes.csv").write_text(head + "\n".join(rows) + "\n")
    people = [
        f"117,Senate,{100 + i},XX,{parties[i]},NAME{i},{0.9 if parties[i] == 200 else -0.9}"
        for i in range(members)
    ]
    head = "congress,chamber,icpsr,state_abbrev,party_code,bioname,nominate_dim1\n"
    (folder / "S117_members.csv").write_text(head + "\n".join(people) + "\n")
    floors = [f"117,Senate,{t + 1},2021-01-{1 + t % 28:02d}" for t in range(rollcalls)]
    head = "congress,chamber,rollnumber,date\n"
    (folder / "S117_rollcalls.csv").write_text(head + "\n".join(floors) + "\n")


def fails(capsys, *arguments):
    """Return the one sentence with which a command line was refused."""
    assert main(["fit", *map(str, arguments)]) == 2
    text = capsys.readouterr().err.strip().splitlines()[-1]
    assert text.startswith("sociophysics: ")
    return text


def test_a_quick_fit_leaves_every_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chamber_csv(tmp_path / "town.csv")
    assert main(["fit", "town.csv", "--quick"]) == 0
    folder = tmp_path / "runs" / "town-fit"
    assert {path.name for path in folder.iterdir()} == {
        *TABLES, "notes.txt", "report.html", "manifest.json", "log.jsonl", "parts",
        *(f"{name}.csv" for name in STANDARD),
        *(f"{name}.parquet" for name in (*STANDARD, *(Path(each).stem for each in TABLES[:4]))),
    }  # fmt: skip
    said = capsys.readouterr()
    assert "PseudoLikelihood" in said.out
    assert "runs/town-fit/report.html" in said.out
    assert "0 of 9: couplings" in said.err
    notes = (folder / "notes.txt").read_text()
    assert notes.startswith("polarity: arbitrary\n")
    assert re.search(r"\d+ of 80 roll calls dropped: minority below 2.5%", notes)
    for name in TABLES[:4]:
        assert (pd.read_csv(folder / name)["polarity"] == "arbitrary").all()
    table = pd.read_csv(folder / "evaluation.csv").set_index("model")
    assert (table["seeds"] == 1).all()
    assert table.loc["PseudoLikelihood", "accuracy"] > table.loc["majority", "accuracy"]


def test_a_full_fit_has_errors_draws_and_a_chamber_that_generates(tmp_path):
    file = chamber_csv(tmp_path / "town.csv", members=8, rollcalls=120)
    out = tmp_path / "out"
    assert main(["fit", str(file), "--out", str(out), "--seed", "3"]) == 0
    couplings = pd.read_csv(out / "couplings.csv")
    assert couplings[["error", "sign_probability", "stability"]].notna().all(axis=None)
    evaluation = pd.read_csv(out / "evaluation.csv").set_index("model")
    assert (evaluation["seeds"] == 5).all()
    assert (evaluation["accuracy_sd"] > 0).all()
    assert not load_system(out / "system.npz", "boltzmann").h.any()
    assert len(load_draws(out / "system.npz")[0]) == 50
    assert pd.read_csv(out / "members.csv")["pivotal"].between(0, 1).all()


def test_voteview_files_beside_each_other_are_found(tmp_path):
    rng = np.random.default_rng(1)
    parties = [100] * 6 + [200] * 6
    side = rng.choice([-1, 1], (60, 2))
    votes = side[:, [0] * 6 + [1] * 6] * np.where(rng.random((60, 12)) < 0.9, 1, -1)
    voteview_files(tmp_path, votes, parties)
    given = [str(tmp_path / f"S117_{kind}.csv") for kind in ("votes", "members", "rollcalls")]
    named = ["fit", given[0], "--members", given[1], "--rollcalls", given[2], "--quick", "--out"]
    assert main([*named, str(tmp_path / "a")]) == 0
    assert main(["fit", given[0], "--quick", "--out", str(tmp_path / "b")]) == 0
    for table in TABLES[:4]:
        assert (tmp_path / "a" / table).read_bytes() == (tmp_path / "b" / table).read_bytes()
    assert "date" in pd.read_csv(tmp_path / "a" / "rollcalls.csv")
    assert "DW-NOMINATE" in (tmp_path / "a" / "report.html").read_text()


def test_several_files_give_a_trend(tmp_path, capsys):
    files = [chamber_csv(tmp_path / f"y{k}.csv", seed=k, loyalty=0.7 + 0.2 * k) for k in (0, 1)]
    out = tmp_path / "out"
    assert main(["fit", *map(str, files), "--quick", "--out", str(out)]) == 0
    table = pd.read_csv(out / "trend.csv").set_index("chamber")
    assert table.loc["y0", "polarization"] < table.loc["y1", "polarization"]
    assert (out / "y1" / "report.html").is_file()
    assert "trend.csv" in capsys.readouterr().out


def test_fits_that_are_refused_in_one_sentence(tmp_path, capsys):
    file = chamber_csv(tmp_path / "town.csv")
    assert "--test is 'cell'" in fails(capsys, file, "--test", "cell")
    assert "there is no file" in fails(capsys, tmp_path / "none.csv")
    assert "did you mean senate109" in fails(capsys, "senate19")
    assert "seed is -1" in fails(capsys, file, "--seed", "-1")
    assert "is a file, not a folder" in fails(capsys, file, "--out", file)
    assert "two files of votes are called 'town'" in fails(capsys, file, file)
    other = chamber_csv(tmp_path / "other.csv")
    assert "--members or --rollcalls" in fails(capsys, file, other, "--members", file)
    text = file.read_text().splitlines()
    (tmp_path / "two.csv").write_text("\n".join([*text, text[1]]) + "\n")
    assert "names two members" in fails(capsys, tmp_path / "two.csv")
    (tmp_path / "value.csv").write_text(file.read_text().replace("-1", "2"))
    assert "say what they mean with --codes" in fails(capsys, tmp_path / "value.csv")
    table = pd.read_csv(file)
    table.iloc[:, 4:] = 1
    table.to_csv(tmp_path / "unanimous.csv", index=False)
    assert "unanimous" in fails(capsys, tmp_path / "unanimous.csv")
    pd.read_csv(file).drop(columns=["id", "name"]).to_csv(tmp_path / "column.csv", index=False)
    assert "no column id or name" in fails(capsys, tmp_path / "column.csv")


def test_the_command_line_keeps_blas_to_one_thread():
    code = "import os, sociophysics.cli; print(os.environ['OPENBLAS_NUM_THREADS'])"
    free = {key: value for key, value in os.environ.items() if key != "OPENBLAS_NUM_THREADS"}
    for given, expected in (({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=free | given,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == expected


@pytest.mark.validate
def test_the_bundled_senate_runs_through(tmp_path):
    assert main(["fit", "senate109", "--out", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "evaluation.csv").set_index("model")
    assert table.loc["PseudoLikelihood", "accuracy"] > table.loc["IdealPoints-1D", "accuracy"]
    assert len(load_draws(tmp_path / "system.npz")[0]) == 50
