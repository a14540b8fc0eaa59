from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sociophysics.errors import InputError
from sociophysics.rollcall import load, read_ord, read_votes, read_voteview

VOTES = "congress,chamber,rollnumber,icpsr,cast_code,prob"
MEMBERS = (
    "congress,chamber,icpsr,state_icpsr,district_code,state_abbrev,party_code,occupancy,last_means,"
    "bioname,bioguide_id,nominate_dim1"
)
ROLLCALLS = "congress,chamber,rollnumber,date,session,yea_count,nay_count,vote_desc"
PEOPLE = [
    ("Senate", 1, "ME", 100, '"ABLE, Ann"', "A1", -0.3),
    ("Senate", 2, "NH", 200, '"BAKER, Bob"', "B1", 0.4),
    ("Senate", 3, "VT", 328, '"CLARK, Cy"', "C1", ""),
    ("President", 99911, "USA", 100, '"OBAMA, Barack"', "", ""),
]


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def members_file(folder, people=PEOPLE):
    rows = [
        f"117,{chamber},{icpsr},1,0,{state},{party},,,{name},{bioguide},{dim}"
        for chamber, icpsr, state, party, name, bioguide, dim in people
    ]
    return write(folder / "S117_members.csv", MEMBERS, *rows)


def votes_file(folder, cells):
    """``cells``: (roll call, icpsr as written, cast code as written[, prob])."""
    rows = [f"117,Senate,{t},{i},{code},{(*rest, '')[0]}" for t, i, code, *rest in cells]
    return write(folder / "S117_votes.csv", VOTES, *rows)


BOTH_SIDES = [(1, 1, 1), (1, 2, 6), (1, 3, 9), (2, 1, 6), (2, 2, 1), (2, 3, 1)]


def test_every_cast_code_has_its_meaning(tmp_path):
    codes = [(t, 1, code) for t, code in enumerate(range(10), start=1)]
    both = [cell for t in range(1, 11) for cell in ((t, 2, 1), (t, 3, 6))]
    votes = read_voteview(votes_file(tmp_path, [*codes, *both]), members_file(tmp_path))
    ann = votes.members["id"].tolist().index(1)
    assert votes.matrix[:, ann].tolist() == [0, 1, 1, 1, -1, -1, -1, 0, 0, 0]
    assert votes.seated[:, ann].tolist() == [False] + [True] * 9


def test_numbers_may_be_floats_and_probabilities_text_or_blank(tmp_path):
    cells = [(1, "1.0", "1.0", "99.7"), (1, "2", 6, "N/A"), (1, "3.0", 1, "")]
    votes = read_voteview(votes_file(tmp_path, cells), members_file(tmp_path))
    assert votes.members["id"].tolist() == [1, 2, 3]
    assert votes.matrix.tolist() == [[1, -1, 1]]
    assert votes.members["party"].tolist() == ["D", "R", "I"]
    assert votes.members["state"].tolist() == ["ME", "NH", "VT"]
    np.testing.assert_array_equal(votes.members["nominate_dim1"], [-0.3, 0.4, np.nan])


def test_the_president_is_dropped_unless_kept_and_this_is_said(tmp_path):
    cells = [*BOTH_SIDES, (1, "99911.0", 1)]
    files = votes_file(tmp_path, cells), members_file(tmp_path)
    votes = read_voteview(*files)
    assert votes.n_members == 3
    assert any("OBAMA" in note and "dropped" in note for note in votes.notes)
    kept = read_voteview(*files, keep_president=True)
    assert kept.members["name"].tolist()[-1] == "OBAMA, Barack"
    assert kept.matrix[:, -1].tolist() == [1, 0]


def test_a_party_switcher_is_merged_on_request(tmp_path):
    people = [
        *PEOPLE,
        ("Senate", 4, "PA", 200, '"SPECTER, S"', "S1", ""),
        ("Senate", 5, "PA", 100, '"SPECTER, S"', "S1", ""),
    ]
    cells = [*BOTH_SIDES, (1, 4, 1), (1, 5, 0), (2, 4, 0), (2, 5, 6)]
    files = votes_file(tmp_path, cells), members_file(tmp_path, people)
    apart = read_voteview(*files)
    assert apart.n_members == 5
    assert any("two members, 4 and 5" in note for note in apart.notes)
    merged = read_voteview(*files, merge_switchers=True)
    assert merged.n_members == 4
    last = merged.members.iloc[-1]
    assert (last["id"], last["party"]) == (5, "D")
    assert merged.matrix[:, -1].tolist() == [1, -1]
    assert merged.seated[:, -1].all()


def test_roll_calls_are_joined_by_number_not_by_order(tmp_path):
    table = write(
        tmp_path / "S117_rollcalls.csv",
        ROLLCALLS,
        "117,Senate,2,2021-02-01,1,2,1,second",
        "117,Senate,1,2021-01-06,1,1,1,first",
        "117,Senate,3,2021-03-01,1,1,1,not voted on",
    )
    votes = read_voteview(votes_file(tmp_path, BOTH_SIDES), members_file(tmp_path), table)
    assert votes.rollcalls["vote_desc"].tolist() == ["first", "second"]
    assert votes.between("2021-02-01").n_rollcalls == 1
    assert votes.session(1).n_rollcalls == 2


def test_two_chambers_are_kept_apart(tmp_path):
    house = [(c[0], c[1]) for c in BOTH_SIDES]
    rows = [f"117,Senate,{t},{i},{code}," for t, i, code in BOTH_SIDES]
    rows += [f"117,House,{t},{i},{1 if i == 1 else 6}," for t, i in house]
    votes_path = write(tmp_path / "HS117_votes.csv", VOTES, *rows)
    people = [*PEOPLE, *(("House", *row[1:]) for row in PEOPLE[:3])]
    votes = read_voteview(votes_path, members_file(tmp_path, people))
    assert (votes.n_rollcalls, votes.n_members) == (4, 6)
    senate = votes.chamber("Senate")
    assert senate.matrix.tolist() == [[1, -1, 0], [-1, 1, 1]]
    assert senate.rollcalls["id"].tolist() == ["S117-1", "S117-2"]


def test_members_and_roll_calls_without_votes_are_dropped_and_named(tmp_path):
    cells = [*BOTH_SIDES, (3, 1, 9), (3, 2, 7), (1, 4, 9)]
    people = [*PEOPLE, ("Senate", 4, "GA", 100, '"SPEAKER, Sue"', "S9", "")]
    votes = read_voteview(votes_file(tmp_path, cells), members_file(tmp_path, people))
    assert (votes.n_rollcalls, votes.n_members) == (2, 3)
    assert any("SPEAKER" in note for note in votes.notes)
    assert any("1 roll call without votes" in note for note in votes.notes)


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([*BOTH_SIDES, (3, 1, 10)], "cast code 10 on roll call 3; allowed: 0 not a member"),
        ([*BOTH_SIDES, (3, 1, "")], "cast_code in row 8 is ''"),
        ([*BOTH_SIDES, (3, "x", 1)], "icpsr in row 8 is 'x'"),
        ([*BOTH_SIDES, (3, "1.5", 1)], "must be a whole number"),
        ([*BOTH_SIDES, (1, 1, 6)], "two votes of member 1 on roll call 1"),
        ([*BOTH_SIDES, (1, 77, 6)], "member 77 votes but has no row"),
        ([(1, 1, 1), (1, 2, 1)], "unanimous"),
        ([(1, 1, 0)], "no votes of members"),
    ],
)
def test_bad_voteview_votes_are_refused(tmp_path, cells, sentence):
    with pytest.raises(InputError, match=sentence):
        read_voteview(votes_file(tmp_path, cells), members_file(tmp_path))


def test_bad_voteview_tables_are_refused(tmp_path):
    good = votes_file(tmp_path, BOTH_SIDES)
    with pytest.raises(InputError, match=r"lists member 1 .ABLE, Ann. twice"):
        read_voteview(good, members_file(tmp_path, [*PEOPLE, PEOPLE[0]]))
    with pytest.raises(InputError, match="has no column congress, chamber"):
        read_voteview(good, write(tmp_path / "m.csv", "icpsr,name", "1,x"))
    with pytest.raises(InputError, match="no column cast_code"):
        read_voteview(
            write(tmp_path / "v.csv", "congress,chamber,rollnumber,icpsr", "117,Senate,1,1"),
            members_file(tmp_path),
        )
    short = write(tmp_path / "r.csv", ROLLCALLS, "117,Senate,1,2021-01-06,1,1,1,first")
    with pytest.raises(InputError, match="roll call 2 has votes but no row"):
        read_voteview(good, members_file(tmp_path), short)
    with pytest.raises(InputError, match="give the members file too"):
        read_votes(good)
    with pytest.raises(InputError, match="there is no file"):
        read_voteview(tmp_path / "none.csv", members_file(tmp_path))


PLAIN = "id,name,party,state,a,b"


def test_plain_csv(tmp_path):
    path = write(tmp_path / "v.csv", "\ufeff" + PLAIN, "7,Ann,D,ME,1,-1", "8,Bob,,NH, ,1.0")
    votes = read_votes(path, polarity="expert")
    assert votes.matrix.tolist() == [[1, 0], [-1, 1]]
    assert votes.members["party"].tolist() == ["D", ""]
    assert votes.members["id"].tolist() == [7, 8]
    assert votes.rollcalls["id"].tolist() == ["a", "b"]
    assert votes.polarity == "expert"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([PLAIN, "1,A,D,ME,2,1", "2,B,R,NH,1,-1"], "member 1 has the vote '2' in column a"),
        ([PLAIN, "1,A,D,ME,yea,1", "2,B,R,NH,1,-1"], "'yea'"),
        ([PLAIN, "1,A,D,ME,1,1", "1,B,R,NH,-1,-1"], "names two members"),
        ([PLAIN, "1,A,D,ME,1,-1", "2,B,R,NH,,"], "that is 1 member"),
        ([PLAIN, "1,A,D,ME,1,1", "2,B,R,NH,1,1"], "unanimous"),
        (["party,state,a", "D,ME,1"], "no column id or name"),
        (["id,name,party,state", "1,A,D,ME"], "no column of votes"),
        (["id,name,party,state,a,a", "1,A,D,ME,1,1"], "two columns 'a'"),
        ([PLAIN], "no rows"),
        ([PLAIN, "1,A,D,ME,1,1,1", "2,B,R,NH,-1,1"], "cannot be read as a table"),
        ([""], "empty|no column"),
    ],
)
def test_bad_plain_csv_is_refused(tmp_path, lines, sentence):
    path = write(tmp_path / "v.csv", *lines)
    with pytest.raises(InputError, match=sentence) as error:
        read_votes(path)
    assert "\n" not in str(error.value)


@pytest.mark.filterwarnings("default")
def test_a_row_with_too_many_cells_is_refused_where_warnings_are_not_errors(tmp_path):
    path = write(tmp_path / "v.csv", PLAIN, "1,A,D,ME,1,1,1", "2,B,R,NH,-1,1,1")
    with pytest.raises(InputError, match="cannot be read as a table"):
        read_votes(path)


def test_files_that_are_no_text_tables_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        read_votes(tmp_path / "none.csv")
    with pytest.raises(InputError, match="not a file"):
        read_votes(tmp_path)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00id")
    with pytest.raises(InputError, match="not text"):
        read_votes(tmp_path / "binary.csv")
    path = write(tmp_path / "v.csv", PLAIN, "1,A,D,ME,1,1", "2,B,R,NH,-1,1")
    with pytest.raises(InputError, match="1 rows for 2 roll calls"):
        read_votes(path, rollcalls=write(tmp_path / "r.csv", "date", "2005-01-01"))


def ord_line(icpsr, party, name, codes, state="ALABAMA"):
    return f"109{icpsr:5d}41 0{state:7s}{party:4d}00{name:11s}{codes}"


def test_the_legacy_layout_is_read_by_column(tmp_path):
    path = write(
        tmp_path / "sen109kh.ord",
        ord_line(99910, 200, "BUSH", "1111111111", "USA"),
        ord_line(15700, 200, "SESSIONS", "0123456789"),
        ord_line(94659, 5000, "SHELBY", "6666666666"),
        ord_line(14000, 100, "NEVER", "9999999999"),
    )
    votes = read_ord(path)
    assert votes.matrix[:, 0].tolist() == [0, 1, 1, 1, -1, -1, -1, 0, 0, 0]
    assert votes.seated[:, 0].tolist() == [False] + [True] * 9
    assert votes.members["party"].tolist() == ["R", "5000"]
    assert votes.members["state"].tolist() == ["ALABAMA", "ALABAMA"]
    assert any("BUSH" in note for note in votes.notes)
    assert any("NEVER" in note for note in votes.notes)
    assert read_ord(path, keep_president=True).n_members == 3


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([ord_line(1, 100, "A", "16"), ord_line(2, 100, "B", "1")], "line 2 .* has 1 cast codes"),
        ([ord_line(1, 100, "A", "1x")], "'x' among its cast codes"),
        ([ord_line(1, 100, "A", "")], "no cast codes"),
        (["109 abcd41 0ALABAMA 10000A          16"], "icpsr"),
        ([""], "is empty"),
    ],
)
def test_bad_legacy_files_are_refused(tmp_path, lines, sentence):
    with pytest.raises(InputError, match=sentence):
        read_ord(write(tmp_path / "x.ord", *lines))


def test_the_bundled_senate_is_the_published_one():
    votes = load("senate109")
    assert (votes.n_rollcalls, votes.n_members) == (645, 101)
    assert votes.polarity == "arbitrary"
    assert votes.members["party"].value_counts().to_dict() == {"R": 55, "D": 45, "Indep": 1}
    assert any("President dropped" in note and "BUSH" in note for note in votes.notes)
    assert "Voteview" in votes.notes[0]
    # the published totals of each roll call, which come from another column of the source
    yeas = pd.to_numeric(votes.rollcalls["yeatotal"]).to_numpy()
    assert np.mean((votes.matrix > 0).sum(axis=1) == yeas) > 0.99
    assert votes.session(1).n_rollcalls + votes.session(2).n_rollcalls == 645


def test_the_bundled_court_is_coded_by_experts():
    votes = load("scotus_rehnquist")
    assert (votes.n_rollcalls, votes.n_members) == (485, 9)
    assert votes.polarity == "expert"
    with pytest.raises(InputError, match="did you mean senate109"):
        load("senate10")
