from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sociophysics.errors import InputError
from sociophysics.inference import PseudoLikelihood
from sociophysics.inference.estimators.baselines import Majority
from sociophysics.rollcall import Votes, as_votes

SMALL = [[1, 1, -1], [1, -1, 0], [-1, 1, 1]]


def members(*ids: object) -> pd.DataFrame:
    return pd.DataFrame({"id": list(ids)})


def test_votes_know_their_size_and_what_is_missing():
    votes = Votes(SMALL)
    assert (votes.n_rollcalls, votes.n_members, votes.n_votes, len(votes)) == (3, 3, 8, 3)
    assert votes.matrix.dtype == np.int8
    np.testing.assert_array_equal(votes.observed[1], [True, True, False])
    np.testing.assert_allclose(votes.minority, [1 / 3, 1 / 2, 1 / 3])
    assert list(votes.members.columns[:4]) == ["id", "name", "party", "state"]


def test_votes_are_frozen_and_can_be_copied_and_pickled():
    votes = Votes(SMALL)
    with pytest.raises(AttributeError, match="frozen"):
        votes.polarity = "expert"
    with pytest.raises(ValueError, match="read-only"):
        votes.matrix[0, 0] = -1
    for other in (pickle.loads(pickle.dumps(votes)), copy.deepcopy(votes)):
        np.testing.assert_array_equal(other.matrix, votes.matrix)


def test_arrays_and_frames_give_the_same_votes():
    array = np.array([[1.0, -1.0], [np.nan, 1.0]])
    frame = pd.DataFrame(array, index=["x", "y"], columns=["Ann", "Bob"])
    np.testing.assert_array_equal(as_votes(array).matrix, as_votes(frame).matrix)
    assert as_votes(frame).rollcalls["id"].tolist() == ["x", "y"]
    votes = Votes(array)
    assert as_votes(votes) is votes


@pytest.mark.parametrize(
    ("matrix", "tables", "sentence"),
    [
        ([[1, 2]], {}, "row 0, column 1 is 2; allowed: 1, -1, and 0"),
        ([[1, 0.5]], {}, "is 0.5"),
        ([[1, np.inf]], {}, "is inf"),
        ([["yea", "nay"]], {}, "hold text"),
        ([1, -1], {}, "have 1 axes"),
        (np.zeros((0, 3)), {}, "at least one roll call"),
        ([[1, -1], [0, 0]], {}, "roll call 1 has no votes; remove it"),
        ([[1, -1, 0]], {}, "member 2 .member 2. has no votes"),
        ([[1, 1], [-1, -1]], {}, "all 2 roll calls are unanimous"),
        ([[1, 0], [0, 1]], {}, "recode nay as -1"),
        ([[1, -1]], {"members": members("a", "a")}, "'a' names two members"),
        ([[1, -1]], {"members": members("a", None)}, "row 1 of its table has no id"),
        ([[1, -1]], {"members": members("a")}, "1 rows for 2 columns"),
        ([[1, -1]], {"rollcalls": members("a", "b")}, "2 rows for 1 rows"),
        ([[1, -1]], {"polarity": "liberal"}, "allowed: arbitrary, expert, majority"),
        ([[1, -1]], {"seated": [[True]]}, "seated has shape"),
    ],
)
def test_bad_votes_are_refused_in_one_sentence(matrix, tables, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        Votes(matrix, **tables)
    assert "\n" not in str(error.value)


def test_contested_keeps_exactly_the_threshold():
    one_in_forty = np.ones((1, 40))
    one_in_forty[0, 0] = -1
    one_in_fifty = np.ones((1, 50))
    one_in_fifty[0, 0] = -1
    assert Votes(one_in_forty).contested().n_rollcalls == 1
    with pytest.raises(InputError, match="none of the 1 roll calls has a minority"):
        Votes(one_in_fifty).contested()
    votes = Votes([[1, 1, 1], *SMALL]).contested()
    assert votes.n_rollcalls == 3
    assert votes.notes == ("1 of 4 roll calls dropped: minority below 2.5%",)
    assert votes.partial


def test_present_drops_members_and_names_them():
    votes = Votes([[1, 0, -1], [1, -1, 1], [1, 0, -1]]).present(0.5)
    assert votes.members["id"].tolist() == [0, 2]
    assert "member 1" in votes.notes[0]
    with pytest.raises(InputError, match="share from 0 to 1"):
        votes.present(2)


def dated() -> Votes:
    rollcalls = pd.DataFrame(
        {
            "date": ["2005-01-06", "2005-07-01", "2006-02-02"],
            "session": [1, 1, 2],
            "chamber": ["Senate", "House", "Senate"],
        }
    )
    people = pd.DataFrame({"id": [1, 2, 3], "chamber": ["Senate", "Senate", "House"]})
    return Votes(SMALL, people, rollcalls)


def test_dates_sessions_and_chambers_are_selected():
    votes = dated()
    assert votes.between("2005-07-01", "2006-02-02").rollcalls.index.tolist() == [0, 1]
    assert votes.between(stop="2005-12-31").n_rollcalls == 2
    assert votes.session(2).rollcalls["date"].tolist() == ["2006-02-02"]
    senate = votes.chamber("Senate")
    np.testing.assert_array_equal(senate.matrix, [[1, 1], [-1, 1]])
    assert senate.notes == ("chamber Senate kept",)


@pytest.mark.parametrize(
    ("choose", "sentence"),
    [
        (lambda votes: votes.between("2020-01-01"), "no roll call is dated from 2020-01-01"),
        (lambda votes: votes.between("soon"), "'soon' is not a date"),
        (lambda votes: votes.session(9), "there are: 1, 2"),
        (lambda votes: votes.chamber("Senat"), "did you mean Senate"),
        (lambda votes: votes.select(members=[]), "no members are left"),
        (lambda votes: votes.select(members=[9]), "positions 0 to 2"),
        (lambda votes: votes.select(rollcalls=np.array([True])), "mask of roll calls has shape"),
        (lambda votes: votes.hide(np.ones((1, 1), bool)), "mask has shape"),
        (lambda votes: Votes(SMALL).session(1), "no column 'session'"),
    ],
)
def test_impossible_selections_are_refused(choose, sentence):
    with pytest.raises(InputError, match=sentence):
        choose(dated())


def test_a_missing_vote_of_a_seated_member_is_an_abstention():
    seated = [[True, True, True], [True, True, False], [True, True, True]]
    votes = Votes(SMALL, seated=seated)
    assert not votes.seated[1, 2]
    assert not votes.select(members=[2]).seated[1, 0]
    assert Votes(SMALL).seated.all()


def test_orientation_uses_training_cells_only_and_is_recorded():
    votes = Votes([[1, -1, -1], [1, 1, -1]])
    oriented = votes.oriented_by_majority()
    np.testing.assert_array_equal(oriented.matrix, [[-1, 1, 1], [1, 1, -1]])
    assert oriented.polarity == "majority"
    assert "spurious negative couplings" in oriented.notes[-1]
    train = np.array([[True, False, False], [False, False, True]])
    from_train = votes.oriented_by_majority(train)
    np.testing.assert_array_equal(from_train.rollcalls["flipped"], [False, True])
    again = oriented.oriented_by_majority(train)
    np.testing.assert_array_equal(again.matrix, from_train.matrix)
    assert again.notes == oriented.notes


MATRICES = arrays(
    np.int8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(-1, 1)
)


@given(matrix=MATRICES)
@settings(derandomize=True, max_examples=40)
def test_orientation_is_a_gauge_choice(matrix):
    votes = Votes(matrix, partial=True)
    oriented = votes.oriented_by_majority()
    assert (oriented.matrix.sum(axis=1) >= 0).all()
    np.testing.assert_array_equal(np.abs(oriented.matrix), np.abs(matrix))
    np.testing.assert_array_equal(
        oriented.matrix[:, :, None] * oriented.matrix[:, None, :],
        matrix[:, :, None] * matrix[:, None, :],
    )
    flipped = Votes(-matrix, partial=True).oriented_by_majority()
    untied = matrix.sum(axis=1) != 0
    np.testing.assert_array_equal(flipped.matrix[untied], oriented.matrix[untied])


# Names of members -------------------------------------------------------------------------------

NAMED = pd.DataFrame(
    {"Ann": [1, -1, 1, 1], "Bob": [1, 1, -1, -1], "Cat": [-1, 1, 1, 1]}, ["r1", "r2", "r3", "r4"]
)


def test_the_columns_of_a_table_of_votes_name_the_members_and_its_rows_the_roll_calls():
    votes = Votes(NAMED)
    assert votes.members["id"].tolist() == votes.members["name"].tolist() == ["Ann", "Bob", "Cat"]
    assert votes.rollcalls["id"].tolist() == ["r1", "r2", "r3", "r4"]
    assert np.array_equal(votes.matrix, NAMED.to_numpy())


def test_tables_of_members_follow_the_votes_by_name():
    members = pd.DataFrame({"id": ["Cat", "Ann", "Bob"], "party": ["c", "a", "b"]})
    assert Votes(NAMED, members).party.tolist() == ["a", "b", "c"]
    assert Votes(NAMED, members.set_index("id")).party.tolist() == ["a", "b", "c"]
    named = members.rename(columns={"id": "name"}).assign(id=[3, 1, 2])
    assert Votes(NAMED, named).members["id"].tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="table of members is indexed by 'Dan'"):
        Votes(NAMED, members.assign(id=["Dan", "Ann", "Bob"]))
    with pytest.raises(InputError, match="table of members is numbered 2, 1, 0"):
        Votes(NAMED.to_numpy(), members.set_axis([2, 1, 0]))


def test_votes_to_predict_must_have_the_members_that_were_fitted_in_their_order():
    for estimator in (PseudoLikelihood(l2=0.1), Majority()):
        estimator.fit(NAMED)
        there = estimator.predict_proba(NAMED)
        assert np.array_equal(estimator.predict_proba(NAMED.to_numpy()), there)
        with pytest.raises(InputError, match=r"column 1 of X is the member 'Cat', .* with 'Ann'"):
            estimator.predict_proba(NAMED[["Cat", "Ann", "Bob"]])
        with pytest.raises(InputError, match="is the member 'Dan'"):
            estimator.predict_proba(Votes(NAMED.rename(columns={"Ann": "Dan"})))
