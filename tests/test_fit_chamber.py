from __future__ import annotations

import errno
import os

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics import inference, rollcall
from sociophysics.errors import InputError
from sociophysics.inference.chamber.saved import load_system, save_systems
from sociophysics.inference.chamber.several_chambers import fit_chambers
from sociophysics.inference.chamber.workflow import fit_chamber
from sociophysics.rollcall import Votes, open_votes
from sociophysics.store import Steps, open_store

TABLES = ("evaluation", "comparison", "couplings", "members", "rollcalls", "ideal_points")
TABLES += ("dimensions", "cutting_lines", "classification_errors", "parties", "likeness")
TABLES += ("party_votes", "by_rollcalls")
FILES = {f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")}
FILES |= {"notes.txt", "system.npz", "parts", "manifest.json", "log.jsonl"}


@pytest.fixture(scope="module")
def court(tmp_path_factory):
    folder = tmp_path_factory.mktemp("court")
    stages = []
    result = fit_chamber(
        rollcall.load("scotus_rehnquist"), folder, progress=lambda *stage: stages.append(stage)
    )
    return folder, result, stages


def test_every_file_is_written_whole(court):
    folder, result, stages = court
    assert {path.name for path in folder.iterdir()} == FILES
    assert stages[0] == ("couplings", 0, 9)
    assert stages[-1] == ("done", 9, 9)
    for name in ("evaluation", "couplings", "members", "rollcalls"):
        table = pd.read_csv(folder / f"{name}.csv")
        assert len(table) == len(getattr(result, name))
        assert (table["polarity"] == "expert").all()


def test_the_table_of_couplings_is_the_fit(court):
    _, result, _ = court
    table = result.couplings
    position = {member: i for i, member in enumerate(result.votes.members["id"])}
    i, j = table["id_i"].map(position), table["id_j"].map(position)
    assert len(table) == 36
    np.testing.assert_array_equal(table["coupling"], result.couplings_fit.coupling_[i, j])
    np.testing.assert_array_equal(table["error"], result.errors.error[i, j])
    assert (table["error_kind"] == "sandwich").all()
    np.testing.assert_array_equal(table["stability"], result.stability.probability_[i, j])
    assert table["sign_probability"].between(0.5, 1).all()
    assert table["coupling"].abs().is_monotonic_decreasing
    strongest = set(table.loc[0, ["name_i", "name_j"]])
    assert strongest == {"Scalia", "Thomas"}


def test_the_table_of_members_by_their_definitions(court):
    _, result, _ = court
    members = result.members.set_index("name")
    J, votes = result.couplings_fit.coupling_, result.votes
    np.testing.assert_allclose(members["strength"], np.abs(J).sum(axis=1))
    assert (members["field"] != 0).all()
    conservatives = members[members["bloc"] == members.loc["Scalia", "bloc"]].index
    assert set(conservatives) == {"Rehnquist", "O.Connor", "Scalia", "Kennedy", "Thomas"}
    democrats = votes.party == "D"
    # with only one party of three or more everybody counts with the own one
    assert democrats.sum() == 2
    positive = np.maximum(J[votes.members["name"].tolist().index("Stevens")], 0)
    bridging = positive[democrats].sum() / positive.sum()
    assert members.loc["Stevens", "bridging"] == pytest.approx(bridging)
    assert members["pivotal"].between(0, 1).all()
    assert members["dissent"].between(0, 1).all()
    assert members["ideal_point"].std(ddof=0) == pytest.approx(1)
    assert members.loc["Scalia", "ideal_point"] > members.loc["Stevens", "ideal_point"]


def test_the_table_of_roll_calls_by_their_definitions(court):
    _, result, _ = court
    table, votes = result.rollcalls, result.votes
    p = result.couplings_fit.predict_proba(votes)[7]
    row = votes.matrix[7]
    yea, cast = row > 0, row != 0
    errors = ((p > 0.5) != yea)[cast].sum()
    minority = min(yea.sum(), cast.sum() - yea.sum())
    assert table.loc[7, "pre"] == pytest.approx((minority - errors) / minority)
    recorded = np.where(yea, p, 1 - p)[cast]
    assert table.loc[7, "gmp"] == pytest.approx(np.exp(np.log(recorded).mean()))
    ideal = result.ideal_points
    at_cut = ideal.intercept_ + ideal.discrimination_[:, 0] * table["cut_point"]
    np.testing.assert_allclose(at_cut, 0, atol=1e-9)


def test_the_saved_system_is_the_fitted_one_without_pickles(court):
    folder, result, _ = court
    with np.load(folder / "system.npz", allow_pickle=False) as file:
        assert file["estimators"].tolist() == ["pseudolikelihood", "boltzmann"]
        assert str(file["polarity"]) == "expert"
    system = load_system(folder / "system.npz", "pseudolikelihood")
    np.testing.assert_array_equal(system.J.toarray(), result.couplings_fit.coupling_)
    np.testing.assert_array_equal(system.h, result.couplings_fit.field_)
    assert system.labels == result.couplings_fit.system_.labels
    assert system.nodes["name"].tolist() == result.votes.members["name"].tolist()
    generative = load_system(folder / "system.npz")
    np.testing.assert_array_equal(generative.J.toarray(), result.generative.coupling_)


def test_saved_systems_that_are_none_are_refused(tmp_path, court):
    with pytest.raises(InputError, match="there is no file"):
        load_system(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("J")
    with pytest.raises(InputError, match="is no file of fitted systems"):
        load_system(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", J=np.eye(2))
    with pytest.raises(InputError, match="is no file of fitted systems"):
        load_system(tmp_path / "other.npz")
    with pytest.raises(InputError, match="did you mean boltzmann"):
        load_system(court[0] / "system.npz", "boltzman")
    system = court[1].systems["pseudolikelihood"]
    save_systems(tmp_path / "two.npz", {"a": system, "b": system}, polarity="expert")
    assert load_system(tmp_path / "two.npz", "b").n == 9


def test_quick_leaves_errors_out_and_says_so(tmp_path):
    result = fit_chamber(rollcall.load("scotus_rehnquist"), tmp_path, quick=True, test="rollcalls")
    assert result.errors is None
    assert result.couplings["error"].isna().all()
    assert (result.couplings["error_kind"] == "not computed").all()
    assert (result.evaluation["test"] == "cells").all()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is a file, not a folder"):
        fit_chamber(rollcall.load("scotus_rehnquist"), tmp_path / "file" / "out", quick=True)


def test_two_chambers_at_once_are_refused(tmp_path):
    members = pd.DataFrame({"id": range(4), "chamber": ["House", "House", "Senate", "Senate"]})
    votes = Votes([[1, -1, 0, 0], [0, 0, 1, -1], [1, 1, 0, 0], [0, 0, 1, 1]], members)
    with pytest.raises(InputError, match=r"votes are of 2 chambers \(House, Senate\)"):
        fit_chamber(votes, tmp_path)


def two_party_votes(loyalty, *, seed=0, rollcalls=150):
    rng = np.random.default_rng(seed)
    party = np.repeat(["D", "R"], 5)
    line = rng.choice([-1, 1], size=(rollcalls, 1)) * np.where(party == "D", 1, -1)
    matrix = np.where(rng.random(line.shape) < loyalty, line, -line)
    return Votes(matrix, pd.DataFrame({"id": range(10), "party": party}))


def test_the_trend_orders_chambers_by_what_was_put_in():
    chambers = {"loose": two_party_votes(0.65), "tight": two_party_votes(0.95)}
    table = inference.trend(chambers, draws=20).set_index("chamber")
    loose, tight = table.loc["loose"], table.loc["tight"]
    assert loose["polarization"] < tight["polarization"] == pytest.approx(0.9, abs=0.03)
    assert loose["operating_temperature"] > tight["operating_temperature"]
    assert tight["frustration"] < loose["frustration"]
    assert tight["cross_party_coupling"] < 0 < tight["within_party_coupling"]
    for row in (loose, tight):
        assert row["polarization_low"] < row["polarization"] < row["polarization_high"]
    with pytest.raises(InputError, match="at least one chamber"):
        inference.trend({})


def test_a_chamber_cut_to_fewer_roll_calls_is_the_same_chamber():
    rng = np.random.default_rng(4)
    party = np.repeat(["D", "R"], 10)
    x = np.where(party == "D", -1.0, 1.0) + 0.7 * rng.normal(size=20)
    sides = rng.normal(size=(3, 900, 1)) * np.array([1.0, 1.4, 1.2])[:, None, None]
    logit = sides[0] + sides[1] * x + sides[2] * rng.normal(size=20)
    matrix = np.where(rng.random(logit.shape) < 1 / (1 + np.exp(-logit)), 1, -1)
    whole = Votes(matrix, pd.DataFrame({"id": range(20), "party": party})).contested()
    cut = whole.select(rollcalls=np.sort(rng.permutation(whole.n_rollcalls)[:90]))
    names = ("cross_party_coupling", "operating_temperature", "frustration")

    def apart(table, alone):
        a, b = table.loc["whole"], alone.loc["cut"]
        return [a[f"{k}_low"] > b[f"{k}_high"] or a[f"{k}_high"] < b[f"{k}_low"] for k in names]

    both = inference.trend({"whole": whole, "cut": cut}, draws=40).set_index("chamber")
    assert both["rollcalls_used"].nunique() == both["l2"].nunique() == 1
    assert both["rollcalls"].tolist() == [whole.n_rollcalls, 90]
    assert not any(apart(both, both))
    # the control: each at its own number of roll calls and penalty
    alone = pd.concat([inference.trend({k: v}, draws=40) for k, v in
                       (("whole", whole), ("cut", cut))]).set_index("chamber")  # fmt: skip
    assert any(apart(alone, alone))


def test_without_party_labels_the_blocs_found_stand_for_parties():
    votes = two_party_votes(0.9)
    bare = Votes(votes.matrix)
    columns = ["cross_party_coupling", "within_party_coupling", "polarization"]
    with_labels = inference.trend({"a": votes}, draws=0)[columns]
    without = inference.trend({"a": bare}, draws=0)[columns]
    np.testing.assert_allclose(with_labels, without)


@pytest.mark.parametrize("after", [1, 8])
def test_a_fit_that_was_stopped_goes_on_and_has_the_same_bytes(tmp_path, monkeypatch, after):
    votes, put, kept = two_party_votes(0.8), Steps.put, []

    def stopped(self, name, arrays, kind="npz"):
        if len(kept) == after:
            raise KeyboardInterrupt
        put(self, name, arrays, kind)
        kept.append(name)

    with monkeypatch.context() as patch:
        patch.setattr(Steps, "put", stopped)
        with pytest.raises(KeyboardInterrupt):
            fit_chamber(votes, tmp_path / "broken", quick=True)
    fit_chamber(votes, tmp_path / "whole", quick=True)
    again = []
    monkeypatch.setattr(Steps, "put", lambda *given: (again.append(given[1]), put(*given)))
    fit_chamber(votes, tmp_path / "broken", quick=True)
    assert not set(again) & set(kept)
    files = [path for path in (tmp_path / "whole").rglob("*.*") if path.suffix != ".jsonl"]
    for path in files:
        other = tmp_path / "broken" / path.relative_to(tmp_path / "whole")
        assert other.read_bytes() == path.read_bytes()
    assert len(again) + after == sum(
        path.suffix == ".npz" and path.parent.name == "parts" for path in files
    )


def test_several_chambers_are_fitted_into_folders_beside_their_trend(tmp_path):
    chambers = {"a": two_party_votes(0.8), "b": two_party_votes(0.9, seed=1)}
    table = inference.fit_chambers(chambers, tmp_path, quick=True)
    assert {path.name for path in tmp_path.iterdir()} == {
        "a", "b", "log.jsonl", "manifest.json", "parts", "trend.csv", "trend.parquet",
    }  # fmt: skip
    assert table["chamber"].tolist() == ["a", "b"]
    assert (tmp_path / "b" / "system.npz").exists()


@pytest.mark.validate
def test_the_trend_of_the_two_sessions_of_a_senate():
    votes = rollcall.load("senate109")
    table = inference.trend({str(s): votes.session(s) for s in (1, 2)}, draws=50)
    assert (table["polarization"] > 0.5).all()
    assert (table["operating_temperature_low"] < table["operating_temperature_high"]).all()


def test_whatever_names_a_chamber_is_opened(tmp_path):
    assert open_votes("senate109").n_members == 101
    plain = tmp_path / "votes.csv"
    plain.write_text("id,name,party,state,a,b\n1,A,D,ME,1,1\n2,B,R,NH,-1,1\n")
    assert open_votes(plain).n_rollcalls == 2
    with pytest.raises(InputError, match="did you mean senate109"):
        open_votes("senate19")
    with pytest.raises(InputError, match="leave out --members"):
        open_votes(plain, members=plain)
    with pytest.raises(InputError, match="leave out --rollcalls"):
        open_votes("senate109", rollcalls=plain)
    with pytest.raises(InputError, match="there is no file"):
        open_votes(tmp_path / "none.csv")
    voteview = tmp_path / "S117_votes.csv"
    voteview.write_text("congress,chamber,rollnumber,icpsr,cast_code\n117,Senate,1,1,1\n")
    with pytest.raises(InputError, match="does not name its members"):
        open_votes(voteview)


def test_the_public_names_resolve():
    for name in inference.__all__:
        assert getattr(inference, name).__name__ == name
    with pytest.raises(AttributeError, match="Nothing"):
        inference.Nothing  # noqa: B018


def test_python_claims_the_folder_of_a_fit_like_the_command(tmp_path):
    votes = two_party_votes(0.8)
    fit_chamber(votes, tmp_path / "fit", quick=True)
    before = (tmp_path / "fit" / "couplings.csv").read_bytes()
    opened = sp.open(tmp_path / "fit")
    assert opened.question.items() >= {"quick": True, "test": "cells", "seed": 0}.items()
    assert opened.question["votes"] == ["votes"]
    with pytest.raises(InputError, match=r"holds a fit to votes that is not this one: asked.seed"):
        fit_chamber(votes, tmp_path / "fit", quick=True, seed=1)
    with pytest.raises(InputError, match=r"not this one: inputs.votes"):
        fit_chamber(two_party_votes(0.7), tmp_path / "fit", quick=True)
    with (
        open_store(tmp_path / "fit").claim(),
        pytest.raises(InputError, match="another run is writing"),
    ):
        fit_chamber(votes, tmp_path / "fit", quick=True)
    assert (tmp_path / "fit" / "couplings.csv").read_bytes() == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "members.csv").write_text("years of work")
    for ask in (fit_chamber, lambda votes, out, **keys: fit_chambers({"a": votes}, out, **keys)):
        with pytest.raises(InputError, match=r"holds 'members.csv' and no fit"):
            ask(votes, tmp_path / "mine", quick=True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["members.csv"]


def test_a_disk_that_fills_up_in_a_fit_from_python_keeps_the_steps_that_are_done(
    tmp_path, monkeypatch
):
    votes, real, calls = two_party_votes(0.8), os.fsync, iter(range(100))

    def full(handle):
        if next(calls) >= 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(InputError, match=r"no space is left .* finished is kept"):
            fit_chamber(votes, tmp_path / "fit", quick=True)
    kept = {path.name: path.read_bytes() for path in (tmp_path / "fit" / "parts").iterdir()}
    assert len(kept) == 2
    fit_chamber(votes, tmp_path / "fit", quick=True)
    again = {path.name: path.read_bytes() for path in (tmp_path / "fit" / "parts").iterdir()}
    assert kept.items() < again.items()


def test_a_folder_without_rights_is_refused_before_a_fit_from_python(tmp_path, monkeypatch):
    def denied(*given, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    def work(*given, **options):
        raise AssertionError("worked before the folder was tried")

    monkeypatch.setattr("sociophysics.inference.chamber.workflow._fitted", work)
    monkeypatch.setattr("pathlib.Path.mkdir", denied)
    for ask in (fit_chamber, lambda votes, out: fit_chambers({"a": votes}, out)):
        with pytest.raises(InputError, match=r"fit cannot be written to \(Permission denied\)"):
            ask(two_party_votes(0.8), tmp_path / "fit")
    assert list(tmp_path.iterdir()) == []
