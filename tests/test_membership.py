"""Missing camps and stances: one policy, counted, and said wherever a run says what it is."""

from __future__ import annotations

import html
import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.report.describe import describe
from sociophysics.scenario import Scenario
from sociophysics.scenario import build as cases
from sociophysics.scenario.membership import of_manifest, of_scenario

USERS = 12
CAMPS = ["left", " left", "", "right ", "NA", "right", "left", "right", "null", "left", "right", ""]
CODES = [0, 0, -1, 1, -1, 1, 0, 1, -1, 0, 1, -1]
LEANS = ["1", "-1", "", " 1", "NaN", "1.0", "+1", "-1 ", "", "1", "", "-1"]
LEAN = [1, -1, 0, 1, 0, 1, 1, -1, 0, 1, 0, -1]
PARTIES = [-1, 0, 1] * 4
SCENARIO = """
seed = 5
[network]
kind = "file"
path = "ties.csv"
nodes = "users.csv"
[couplings]
kind = "uniform"
normalize = "degree"
[dynamics]
temperature = 0.8
sweeps = 6
start = "camps"
[observe]
every = 2
names = ["camp_polarization"]
[sweep]
replicas = 2
"""
ACT = '[[interventions]]\nkind = "nucleate"\nat = 2\nwho = "{}"\nshare = 1.0\nhold = 2\n[sweep]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ring = [(i, (i + step) % USERS) for i in range(USERS) for step in (1, 2)]
    pd.DataFrame(ring, columns=["source", "target"]).to_csv(tmp_path / "ties.csv", index=False)
    write_users(tmp_path, camp=CAMPS, lean=LEANS, party=PARTIES)
    (tmp_path / "s.toml").write_text(SCENARIO)
    return tmp_path


def write_users(folder: Path, **columns: list) -> None:
    table = pd.DataFrame({"id": range(USERS), **columns})
    table.to_csv(folder / "users.csv", index=False)


def scenario(folder: Path, *changes: tuple[str, str]) -> Scenario:
    text = SCENARIO
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "s.toml").write_text(text)
    return Scenario.load(folder / "s.toml")


def test_a_blank_label_is_no_camp_and_changes_nothing_else(folder: Path) -> None:
    run = sp.run(scenario(folder), workers=1)
    system, codes = cases.build_system(run.scenario.cases()[0].settings, None)
    assert codes.tolist() == CODES
    again = sp.simulate(
        system, temperature=0.8, sweeps=6, seed=5, replicas=2, every=2,
        camps=np.array(CODES), start="camps", observe=("camp_polarization",),
    )  # fmt: skip
    assert run.table["camp_polarization"].tolist() == again["camp_polarization"].tolist()
    assert run.table["camp_polarization"].iloc[0] == 1.0


def test_users_without_a_camp_or_stance_are_counted_and_said_everywhere(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario(folder)
    assert (
        main(["run", str(folder / "s.toml"), "--out", str(folder / "out"), "--workers", "1"]) == 0
    )
    run = sp.Run.open(folder / "out")
    told = {
        "run": capsys.readouterr().out,
        "report": (folder / "out" / "report.html").read_text(),
        "describe": describe(Scenario.load(folder / "s.toml")),
        "manifest": "\n".join(of_manifest(run.manifest).sentences()),
    }
    for where, text in told.items():
        plain = text.replace("&#x27;", "'").replace("&#39;", "'")
        assert "left 4, right 4; 4 of 12 users have no camp (blank)" in plain, where
        assert "start 'camps': 4 of 12 users have no camp or a third one and start" in plain, where
    assert run.manifest["camp_sizes"] == [4, 4]
    assert run.manifest["without_camp"] == 4
    assert run.manifest["drawn_starts"] == {"camps": 4}
    arguments = ["inspect", str(folder / "ties.csv"), "--nodes", str(folder / "users.csv")]
    assert main([*arguments, "--out", str(folder / "i"), "--draws", "0"]) == 0
    assert "left 4, right 4; 4 of 12 users have no camp (blank)" in capsys.readouterr().out
    assert "4 of 12 users have no camp (blank)" in (folder / "i" / "report.html").read_text()
    assert of_manifest(run.manifest).missing() == of_manifest(run.manifest).sentences()


def test_a_blank_stance_starts_at_random_and_is_counted(folder: Path) -> None:
    given = scenario(folder, ('"camps"', '"lean"'), ("replicas = 2", "replicas = 200"))
    found = of_scenario(given)
    assert found.drawn_starts == {"lean": LEAN.count(0)}
    sentence = "start 'lean': 4 of 12 users have no stance there and start at random"
    assert sentence in found.sentences()
    assert sentence in describe(given)
    first = next(cases.case_frames(given.cases()[0].settings, list(range(200)))).spins
    blank = np.array(LEAN) == 0
    assert (first[:, ~blank] == np.array(LEAN)[~blank]).all()
    assert abs(first[:, blank].mean()) < 5 / np.sqrt(200 * blank.sum())  # five sigma of coins


def test_starts_of_all_designs_are_counted(folder: Path) -> None:
    designs = (
        '[[designs]]\nname = "a"\n[[designs]]\nname = "b"\n'
        'dynamics = { temperature = 1, sweeps = 6, start = "lean" }\n[sweep]'
    )
    assert of_scenario(scenario(folder, ("[sweep]", designs))).drawn_starts == {
        "camps": 4,
        "lean": 4,
    }


@pytest.mark.parametrize(
    ("column", "values", "sentence"),
    [
        ("lean", ["1", "2", *LEANS[2:]], "other values than +1 and -1 ('2.0' of the user 1)"),
        ("lean", ["yes", *LEANS[1:]], "other values than +1 and -1 ('yes' of the user 0)"),
        ("lean", [""] * USERS, "start is 'lean'; allowed: camp, camps"),
        ("camp", ["-1", *CAMPS[1:]], "'camp' holds the text '-1' among texts"),
    ],
)
def test_what_is_not_clear_is_refused_in_a_sentence(
    folder: Path, column: str, values: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario(folder, ('"camps"', '"lean"'))
    write_users(folder, **({"camp": CAMPS, "lean": LEANS} | {column: values}))
    assert main(["run", str(folder / "s.toml"), "--out", str(folder / "out")]) == 2
    said = capsys.readouterr().err
    assert sentence in said


def test_parties_coded_minus_one_zero_one_are_three_camps(folder: Path) -> None:
    given = scenario(
        folder, ("[couplings]", 'camp = "party"\n[couplings]'), ("camp_pol", "abs_camp_pol")
    )
    assert of_scenario(given).camps == {"-1": 4, "0": 4, "1": 4}
    assert cases.build_system(given.cases()[0].settings, None)[1].tolist() == [0, 1, 2] * 4


@pytest.mark.parametrize(("name", "number"), [("left", 0), ("right", 1)])
def test_interventions_choose_a_camp_by_its_name(folder: Path, name: str, number: int) -> None:
    tables = [
        sp.run(scenario(folder, ("[sweep]", ACT.format(f"camp:{who}"))), workers=1).table
        for who in (name, number)
    ]
    assert tables[0].equals(tables[1])
    system, codes = cases.build_system(scenario(folder).cases()[0].settings, None)
    acts = [sp.interventions.Nucleate(at=0, who=f"camp:{name}", share=1.0, hold="forever")]
    names = np.array(["left", "right", ""])[codes]
    *_, last = sp.trajectory(
        system, temperature=1.0, sweeps=2, seed=1, start="down", camps=names, interventions=acts
    )
    assert (last.spins[:, codes == number] == 1).all()


def test_cascades_are_seeded_in_a_camp_by_its_name(folder: Path) -> None:
    system, codes = cases.build_system(scenario(folder).cases()[0].settings, None)
    names = np.array(["left", "right", ""])[codes]
    found = [
        sp.experiments.seeded_cascades(
            system, seeds=who, share=1.0, temperature=1.0, sweeps=3, seed=1, replicas=3, camps=camps
        ).table
        for who, camps in (("camp:right", names), ("camp:1", codes))
    ]
    assert found[0].equals(found[1])


def test_an_unknown_camp_name_is_refused_with_the_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario(folder, ("[sweep]", ACT.format("camp:centre")))
    assert main(["run", str(folder / "s.toml"), "--out", str(folder / "out")]) == 2
    assert "allowed: camp:left (camp:0), camp:right (camp:1)" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_letters_that_a_terminal_lacks_are_replaced(
    folder: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario(folder, ("seed = 5", 'seed = 5\ntitle = "社会 ± Δ"'))
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", screen)
    assert main(["describe", str(folder / "s.toml")]) == 0
    screen.flush()
    assert b"# ?? " in screen.buffer.getvalue()


def test_whatever_is_indexed_by_user_follows_the_users() -> None:
    ring = np.roll(np.eye(5), 1, axis=0)
    system = sp.SpinSystem(ring + ring.T, labels=list("abcde"))
    order = list("dbeac")
    place = [system.labels.index(label) for label in order]

    def run(named: bool) -> np.ndarray:
        def given(values: list) -> object:
            return pd.Series(np.array(values)[place], order) if named else np.array(values)

        *_, last = sp.trajectory(
            system, temperature=1.0, sweeps=5, seed=1, replicas=20, start=given([1, -1, -1, 1, 1]),
            camps=given([0, 1, 1, 0, 0]), feed=sp.feeds.InGroup(strength=0.5),
            field=[sp.schedules.Patterned(given([1.0, 0.0, 2.0, -1.0, 0.5]), 1.0)],
            interventions=[sp.interventions.Tilt(at=3, field=given([0.0, 3.0, 0.0, 0.0, -3.0]))],
        )  # fmt: skip
        return last.spins

    assert (run(True) == run(False)).all()
    field = np.array([1.0, 0.0, 2.0, -1.0, 0.5])
    by_name = pd.Series(field[place], order)
    for solve in (sp.theory.mean_field.fixed_point, sp.theory.cavity.belief_propagation):
        one, other = (solve(system, temperature=3.0, field=each) for each in (field, by_name))
        assert np.array_equal(one.magnetizations, other.magnetizations)
    with pytest.raises(InputError, match="field is indexed by 'x'"):
        sp.simulate(
            system, temperature=1.0, sweeps=1, seed=1, field=by_name.set_axis(list("xyzuv"))
        )


def test_inspect_takes_the_columns_and_keeps_the_counts_of_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edges, nodes = tmp_path / "e.csv", tmp_path / "n.csv"
    edges.write_text("who,whom,w\na,b,1\nb,a,3\nb,c,2\nc,b,2\nc,d,-1\nd,c,-1\n")
    nodes.write_text("id,camp\na,left\nb,left\nc,right\nd,\n")
    columns = ["--source", "who", "--target", "whom", "--weight", "w", "--symmetrize", "mean"]
    out = tmp_path / "i"
    given = ["inspect", str(edges), "--nodes", str(nodes), *columns, "--draws", "0"]
    assert main([*given, "--out", str(out)]) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["camp_sizes"] == {"left": 2, "right": 1}
    assert (manifest["users"], manifest["without_camp"]) == (4, 1)
    assert "1 of 4 users has no camp (blank)" in capsys.readouterr().out
    rows = pd.read_csv(out / "structure.csv").set_index("measure")["value"]
    assert rows["ties"] == 3
    assert rows["share of antagonistic ties"] == pytest.approx(1 / 3)
    # The report's command does the same again.
    assert "--source who --target whom --weight w --symmetrize mean" in (
        out / "report.html"
    ).read_text(encoding="utf-8")


def test_numbers_on_ties_that_are_not_used_are_named_by_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "e.csv").write_text("source,target,sign\na,b,1\nb,c,-1\nc,a,1\n")
    text = (
        'seed = 1\nnetwork = {kind = "file", path = "e.csv"}\ncouplings = {kind = "uniform"}\n'
        "dynamics = {temperature = 1, sweeps = 2}\n"
        'observe = {every = 1, names = ["abs_magnetization"]}\n'
    )
    (tmp_path / "s.toml").write_text(text)
    assert main(["run", str(tmp_path / "s.toml"), "--out", str(tmp_path / "out")]) == 0
    said = "the ties' numbers in 'sign' are not used"
    assert said in capsys.readouterr().out
    assert said in json.loads((tmp_path / "out/manifest.json").read_text())["notes"][0]
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert said in html.unescape(page)


def test_blanks_of_users_who_differ_are_counted_wherever_a_run_says_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    warm = ["" if k < 3 else str(0.5 + k / 10) for k in range(10)]
    rows = [f"{k},{warm[k]},{'' if k == 4 else 0.5}" for k in range(10)]
    Path("users.csv").write_text("id,warm,firm\n" + "\n".join(rows) + "\n")
    ties = [f"{k},{(k + 1) % 10}" for k in range(10)]
    Path("ties.csv").write_text("source,target\n" + "\n".join(ties) + "\n")
    Path("s.toml").write_text(
        'seed = 1\nnetwork = {kind = "file", path = "ties.csv", nodes = "users.csv"}\n'
        'couplings = {kind = "uniform"}\nobserve = {names = ["magnetization"]}\n'
        'dynamics = {temperature = 1.0, sweeps = 4, own_temperature = "warm", stubborn = "firm"}\n'
    )
    said = [
        "own_temperature 'warm': 0.8 to 1.4; 3 of 10 users have no value and take the society's",
        "stubborn 'firm': 0.5; 1 of 10 users has no value and is not stubborn",
    ]
    assert main(["run", "s.toml", "--out", "out", "--workers", "1"]) == 0
    printed = capsys.readouterr().out
    page = Path("out/report.html").read_text().replace("&#x27;", "'")
    manifest = Path("out/manifest.json").read_text()
    assert main(["check", "s.toml"]) == 0
    card = capsys.readouterr().out
    for each in said:
        assert each in printed
        assert each in page
        assert each in manifest
        assert each in card
        assert each in describe(sp.Scenario.load("s.toml"))
