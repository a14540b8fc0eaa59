from __future__ import annotations

import errno

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.inference.chamber import what_if as chambers
from sociophysics.inference.chamber.draws import bootstrap_draws
from sociophysics.inference.chamber.saved import load_draws, load_system, save_systems
from sociophysics.rollcall import Votes
from sociophysics.rollcall.chambers import CHAMBERS
from sociophysics.scenario import build as cases
from sociophysics.scenario.cases import resolved
from sociophysics.society.spins import SpinSystem

NAMES = ["Ann", "Bob", "Cy", "Dee", "Eve", "Flo", "Gus"]
PARTY = ["D", "D", "D", "I", "R", "R", "R"]
DRAWS = 4


def planted_system() -> SpinSystem:
    rng = np.random.default_rng(3)
    side = np.array([1, 1, 1, 1, -1, -1, -1])
    J = 0.2 * np.outer(side, side) + rng.normal(0, 0.02, (7, 7))
    J = np.triu(J, 1)
    nodes = pd.DataFrame({"name": NAMES, "party": PARTY, "state": ""})
    return SpinSystem(J + J.T, np.linspace(-0.3, 0.3, 7), list(range(10, 17)), nodes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("fit")
    system = planted_system()
    rng = np.random.default_rng(0)
    shifts = rng.normal(0, 0.05, (DRAWS, 7, 7))
    couplings = system.J.toarray() + shifts + shifts.transpose(0, 2, 1)
    couplings[:, range(7), range(7)] = 0.0
    save_systems(
        place / "system.npz",
        {"boltzmann": system, "pseudolikelihood": system},
        polarity="expert",
        draws={"boltzmann": (couplings, np.tile(system.h, (DRAWS, 1)))},
    )
    return place


def scenario(folder, couplings="", rest="") -> sp.Scenario:
    return sp.Scenario.from_toml(
        f"seed = 1\n[couplings]\nkind = 'fitted'\npath = '{folder}'\n{couplings}\n"
        f"[dynamics]\nsweeps = 20\nstart = 'camps'\n"
        f"[observe]\nnames = ['magnetization', 'camp_polarization', 'passed']\n{rest}"
    )


def test_the_fit_comes_back_with_parties_as_camps(folder):
    system = chambers.chamber(str(folder))
    planted = planted_system()
    np.testing.assert_array_equal(system.J.toarray(), planted.J.toarray())
    np.testing.assert_array_equal(system.h, planted.h)
    # the independent counts with the party that is most frequent in the bloc
    assert system.nodes["camp"].tolist() == ["D", "D", "D", "D", "R", "R", "R"]
    assert system.nodes["party"].tolist() == PARTY
    _, codes = cases.build_system(scenario(folder).cases()[0].settings, None)
    assert codes.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_without_party_labels_the_blocs_are_the_camps():
    system = planted_system()
    bare = SpinSystem(system.J, system.h, system.labels)
    camps = chambers.with_camps(bare).nodes["camp"]
    assert camps.tolist() == ["bloc 0"] * 4 + ["bloc 1"] * 3


def test_parties_stay_as_they_are_where_only_one_is_large():
    system = planted_system()
    nodes = system.nodes.assign(party=["D", "D", "R", "R", "R", "R", "R"])
    camps = chambers.with_camps(SpinSystem(system.J, None, system.labels, nodes)).nodes["camp"]
    assert camps.tolist() == ["D", "D", "R", "R", "R", "R", "R"]


def test_exchange_scales_exactly_the_couplings_across(folder):
    J = planted_system().J.toarray()
    side = np.array([0, 0, 0, 0, 1, 1, 1])
    across = side[:, None] != side
    changed = chambers.chamber(str(folder), exchange=-0.5).J.toarray()
    np.testing.assert_allclose(changed[across], -0.5 * J[across])
    np.testing.assert_array_equal(changed[~across], J[~across])


def test_removing_leaves_everything_among_the_others(folder):
    changed = chambers.chamber(str(folder), remove=["Bob", 16])
    keep = [0, 2, 3, 4, 5]
    assert changed.labels == (10, 12, 13, 14, 15)
    J = planted_system().J.toarray()
    np.testing.assert_array_equal(changed.J.toarray(), J[np.ix_(keep, keep)])
    np.testing.assert_array_equal(changed.h, planted_system().h[keep])


def test_a_replaced_seat_has_the_couplings_field_and_camp_of_another(folder):
    J, h = planted_system().J.toarray(), planted_system().h
    changed = chambers.chamber(str(folder), replace={"Ann": "Flo"})
    new = changed.J.toarray()
    assert changed.is_symmetric
    others = [1, 2, 3, 4, 6]
    np.testing.assert_array_equal(new[0, others], J[5, others])
    assert new[0, 5] == J[0, 5]
    assert new[0, 0] == 0
    assert changed.h[0] == h[5]
    assert changed.nodes["camp"].iloc[0] == "R"
    rest = np.arange(1, 7)
    np.testing.assert_array_equal(new[np.ix_(rest, rest)], J[np.ix_(rest, rest)])


def test_two_seats_that_follow_each_other_are_exchanged(folder):
    J = planted_system().J.toarray()
    changed = chambers.chamber(str(folder), replace={"Ann": "Flo", "Flo": "Ann"}).J.toarray()
    swap = [5, 1, 2, 3, 4, 0, 6]
    np.testing.assert_array_equal(changed, J[np.ix_(swap, swap)])


def test_replica_r_has_bootstrap_draw_r(folder):
    couplings, _ = load_draws(folder / "system.npz")
    for replica in range(DRAWS):
        system = chambers.chamber(str(folder), draw="bootstrap", replica=replica)
        np.testing.assert_array_equal(system.J.toarray(), couplings[replica])
    point = chambers.chamber(str(folder), draw="bootstrap")
    np.testing.assert_array_equal(point.J.toarray(), planted_system().J.toarray())
    with pytest.raises(InputError, match="replica 4 is asked for of a fit with 4 draws"):
        chambers.chamber(str(folder), draw="bootstrap", replica=4)
    with pytest.raises(InputError, match="no bootstrap draws of 'pseudolikelihood'"):
        chambers.chamber(str(folder), estimator="pseudolikelihood", draw="bootstrap", replica=0)


def test_a_bootstrapped_replica_does_not_depend_on_its_company(folder):
    settings = scenario(folder, "draw = 'bootstrap'").cases()[0].settings
    together, _ = cases.simulate_case(settings, [0, 1, 2])
    alone, _ = cases.simulate_case(settings, [2])
    part = together[together["replica"] == 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone)
    point = scenario(folder).cases()[0].settings
    assert not cases.simulate_case(point, [2])[0].equals(alone)


def test_a_whip_on_the_camps_of_a_chamber(folder):
    weak, strong = (
        scenario(folder, rest=f"[field]\nkind = 'camps'\nvalues = [{-pull}, {pull}]")
        for pull in (0.0, 30.0)
    )
    table, _ = cases.simulate_case(strong.cases()[0].settings, range(5))
    last = table[table["sweep"] == 20]
    assert (last["camp_polarization"] == -1).all()
    assert (last["passed"] == 0).all()  # 3 of 7 at +1
    assert not cases.simulate_case(weak.cases()[0].settings, range(5))[0].equals(table)


def test_paths_lead_to_files_next_to_the_scenario_first(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = folder / "scenario.toml"
    file.write_text(
        "seed = 1\n[couplings]\nkind = 'fitted'\npath = 'system.npz'\n[dynamics]\nsweeps = 2\n"
    )
    settings = sp.Scenario.load(file).cases()[0].settings
    assert settings.couplings.path == str(folder / "system.npz")
    assert cases.build_system(settings, None)[0].n == 7
    court = scenario("scotus_rehnquist").cases()[0].settings
    assert resolved(court, None).couplings.path.endswith(CHAMBERS["scotus_rehnquist"].votes)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"remove": ["Anne"]}, "no member 'Anne' in the fit.*did you mean Ann"),
        ({"replace": {"Ann": 99}}, "no member 99"),
        ({"remove": NAMES}, "remove names all 7 members"),
        ({"estimator": "exact"}, "no estimator 'exact'"),
    ],
)
def test_changes_that_cannot_be_made(folder, keys, sentence):
    with pytest.raises(InputError, match=sentence):
        chambers.chamber(str(folder), **keys)


def test_paths_that_are_no_chamber(tmp_path):
    with pytest.raises(InputError, match=r"folder without system\.npz"):
        chambers.chamber(str(tmp_path))
    with pytest.raises(InputError, match="there is no file"):
        chambers.chamber(str(tmp_path / "none.npz"))
    with pytest.raises(InputError, match="did you mean senate109"):
        chambers.chamber("senate19")


def two_party_votes(rollcalls: int = 120) -> Votes:
    rng = np.random.default_rng(5)
    party = np.repeat(["D", "R"], 4)
    line = rng.choice([-1, 1], (rollcalls, 2))[:, (party == "R").astype(int)]
    matrix = np.where(rng.random(line.shape) < 0.85, line, -line)
    return Votes(matrix, pd.DataFrame({"id": list("abcdefgh"), "party": party}))


def test_votes_are_fitted_once_and_kept_by_their_contents(tmp_path, monkeypatch):
    monkeypatch.setattr("sociophysics.inference.chamber.workflow.DRAWS", 3)
    votes = two_party_votes()
    file = chambers.fitted(votes, cache=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    stamp = file.stat().st_mtime_ns
    assert chambers.fitted(two_party_votes(), cache=tmp_path) == file
    assert file.stat().st_mtime_ns == stamp
    other = votes.replace(matrix=-votes.matrix, polarity="expert")
    assert chambers._content(other) != chambers._content(votes)
    system = load_system(file, "boltzmann")
    assert not system.h.any()  # +1 has no meaning in these votes
    couplings, _ = load_draws(file)
    assert couplings.shape == (3, 8, 8)
    np.testing.assert_array_equal(couplings, couplings.transpose(0, 2, 1))


@pytest.mark.parametrize("cut", [0, 100, -300])
def test_a_cut_fit_in_the_cache_is_fitted_anew_and_said(tmp_path, monkeypatch, caplog, cut):
    monkeypatch.setattr("sociophysics.inference.chamber.workflow.DRAWS", 3)
    caplog.set_level("INFO", logger="sociophysics")
    file = chambers.fitted(two_party_votes(), cache=tmp_path)
    assert [each.split(": ")[-1] for each in caplog.messages] == [
        "couplings (1 of 3)", "Boltzmann refinement (2 of 3)", "bootstrap draws (3 of 3)",
    ]  # fmt: skip
    whole = file.read_bytes()
    file.write_bytes(whole[:cut])
    assert chambers.fitted(two_party_votes(), cache=tmp_path) == file
    assert load_system(file, "boltzmann").n == 8
    assert len(caplog.messages) == 6


def test_a_cache_that_cannot_be_written_to_is_found_before_the_fit(tmp_path, monkeypatch):
    def fit(votes, file):
        raise AssertionError("fitted before the cache was tried")

    def full(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(chambers, "_fit", fit)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"fitted once and kept, and .*\(Not a directory\)"):
        chambers.fitted(two_party_votes(), cache=tmp_path / "file" / "below")
    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(InputError, match=r"and no space is left on the disk of .*XDG_CACHE_HOME"):
        chambers.fitted(two_party_votes(), cache=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_bootstrap_draws_scatter_around_the_fit_as_resampled_moments_do():
    from sociophysics.inference import BoltzmannRefinement, PseudoLikelihood

    votes = two_party_votes(300)
    fit = PseudoLikelihood(l2=0.1).fit(votes)
    generative = BoltzmannRefinement(fields=False, l2=0.1).fit(votes)
    couplings, fields = bootstrap_draws(votes, fit, generative, 40)["boltzmann"]
    assert not fields.any()
    upper = np.triu_indices(8, 1)
    centre, spread = couplings.mean(axis=0)[upper], couplings.std(axis=0)[upper]
    # the draws' own refinement is shorter: it may be off by a fraction of the uncertainty
    assert np.abs(centre - generative.coupling_[upper]).mean() < 0.5 * spread.mean()
    errors = fit.standard_errors("bootstrap", l2=0.1, draws=40).error[upper]
    np.testing.assert_allclose(spread.mean(), errors.mean(), rtol=0.4)


def test_a_chamber_runs_like_any_society_and_its_report_says_what_it_is(folder, tmp_path):
    wanted = scenario(
        folder,
        "draw = 'bootstrap'\nexchange = 1.0",
        "[sweep]\nreplicas = 4\n'couplings.exchange' = [0.0, 1.0]",
    )
    run = sp.run(wanted, out=tmp_path / "run", workers=1)
    assert run.manifest["users"] in (7, None)
    assert run.manifest["camps"] == ["D", "R"]
    assert run.table.groupby("couplings.exchange")["replica"].nunique().tolist() == [4, 4]
    page = (tmp_path / "run" / "report.html").read_text()
    assert "chamber fitted to roll-call votes" in page
    assert "over-ordered" not in page
    other = scenario(folder, "estimator = 'pseudolikelihood'")
    sp.run(other, out=tmp_path / "other", workers=1)
    assert "over-ordered at temperature 1" in (tmp_path / "other" / "report.html").read_text()


@pytest.mark.validate
def test_a_bundled_court_is_fitted_on_first_use_with_its_polarity(tmp_path, monkeypatch):
    monkeypatch.setattr(chambers, "_cache_folder", lambda: tmp_path)
    system, codes = cases.build_system(scenario("scotus_rehnquist").cases()[0].settings, None)
    assert system.n == 9
    assert system.h.any()
    assert (codes == 0).sum() == 2
    assert len(list(tmp_path.iterdir())) == 1
