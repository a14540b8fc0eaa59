"""Files of votes as people keep them: one chamber, written in many ways, read as what it is."""

from __future__ import annotations

import gzip
import json
import time

import numpy as np
import openpyxl
import pandas as pd
import pytest

from sociophysics.datasets import bundled_file
from sociophysics.errors import InputError
from sociophysics.rollcall import Votes, load, open_votes, read_votes

MEMBERS, ROLLCALLS = 12, 60
PARTIES = ["D"] * 6 + ["R"] * 6
CLEAR = "1=yea,-1=nay,0=missing"


def chamber() -> np.ndarray:
    """Return votes of a small chamber, shape (members, roll calls), with some missing."""
    rng = np.random.default_rng(20)
    side = np.where(np.arange(MEMBERS) < 6, -1, 1)[:, None] * rng.choice([-1, 1], ROLLCALLS)
    votes = np.where(rng.random((MEMBERS, ROLLCALLS)) < 0.25, -side, side)
    votes[rng.random(votes.shape) < 0.08] = 0
    return votes


TRUTH = chamber()


def table(words=(1, -1, ""), ids=None) -> pd.DataFrame:
    """Return the chamber as a table, members in rows; ``words`` for yea, nay and missing."""
    yea, nay, missing = words
    front = pd.DataFrame({
        "id": range(1000, 1000 + MEMBERS) if ids is None else ids,
        "name": [f"SURNAME{k}, Given" for k in range(MEMBERS)],
        "party": PARTIES,
        "state": "OH",
    })  # fmt: skip
    meaning = {1: yea, -1: nay, 0: missing}
    cells = np.array([[meaning[vote] for vote in row] for row in TRUTH.tolist()], dtype=object)
    columns = [f"rc{k + 1}" for k in range(ROLLCALLS)]
    return pd.concat([front, pd.DataFrame(cells, columns=columns)], axis=1)


def written(tmp_path, frame: pd.DataFrame, name="v.csv", **options):
    path = tmp_path / name
    frame.to_csv(path, **{"index": False, **options})
    return path


def same(votes: Votes) -> bool:
    return np.array_equal(votes.matrix.T, TRUTH)


@pytest.mark.parametrize(
    "words",
    [
        (1, -1, ""), (1, -1, "NA"), ("1.0", "-1.0", "nan"), (1, 0, ""), (1, 0, "NA"),
        ("Yea", "Nay", "Not Voting"), ("Y", "N", ""), ("yes", "no", "absent"),
        ("TRUE", "FALSE", "NA"), ("AYE", "NO", "-"), ("For", "Against", "Abstain"),
        (1, 6, 9), (2, 5, 0), (1, 3, 8), (1, 3, 2),
    ],
    ids=str,
)  # fmt: skip
def test_the_usual_codes_are_understood_and_said(tmp_path, words):
    votes = read_votes(written(tmp_path, table(words)))
    assert same(votes)
    said = next(note for note in votes.notes if "votes are read as" in note)
    assert str(words[0]).lower().removesuffix(".0") in said.lower()


@pytest.mark.parametrize("words", [(1, 0, -1), (1, -1, 0)], ids=str)
def test_one_zero_and_minus_one_ask_what_they_mean(tmp_path, words):
    """Nays vanished, or absences became nays, without a word."""
    path = written(tmp_path, table(words))
    with pytest.raises(InputError, match="--codes") as error:
        read_votes(path)
    assert "\n" not in str(error.value)
    yea, nay, missing = words
    votes = read_votes(path, codes=f"{yea}=yea,{nay}=nay,{missing}=missing")
    assert same(votes)
    count = int((TRUTH == 0).sum())
    assert any(f"{count} votes coded as missing ({missing})" in note for note in votes.notes)


@pytest.mark.parametrize(
    ("words", "abstain", "vacant"),
    [((1, 6, 9), "7", "0"), ((1, 3, 8), "2", "9"), (("yea", "nay", ""), "present", "vacant")],
)
def test_who_abstained_and_who_had_no_seat_are_kept_apart_from_absences(
    tmp_path, words, abstain, vacant
):
    frame = table(words).astype(object)
    empty = np.argwhere(TRUTH == 0)
    (one, first), (other, second) = empty[0], empty[-1]
    frame.loc[one, f"rc{first + 1}"], frame.loc[other, f"rc{second + 1}"] = abstain, vacant
    votes = read_votes(written(tmp_path, frame))
    assert same(votes)
    assert np.argwhere(votes.abstained.T).tolist() == [[one, first]]
    assert np.argwhere(~votes.seated.T).tolist() == [[other, second]]
    kept = votes.select(members=np.arange(MEMBERS)[::-1]).replace(polarity="expert")
    assert kept.abstained.sum() == (~kept.seated).sum() == 1
    assert any(f"1 cells of members without a seat then ({vacant})" in n for n in votes.notes)


@pytest.mark.parametrize("how", ["label", "state", "code"])
def test_a_president_among_the_members_of_a_table_is_dropped_and_said(tmp_path, how):
    """As in the votes of the 109th Senate that come with R's pscl."""
    frame = table((1, 6, 9))
    names = [f"SURNAME{k} (R OH)" for k in range(MEMBERS)]
    if how == "label":
        frame = frame.drop(columns=["id", "party", "state"])
        frame["name"] = ["BUSH (R USA)", *names[1:]]
    elif how == "state":
        frame.loc[0, "state"] = "USA"
    else:
        frame.insert(4, "icpsrState", [99, *[41] * (MEMBERS - 1)])
    path = written(tmp_path, frame)
    votes = open_votes(path)
    np.testing.assert_array_equal(votes.matrix.T, TRUTH[1:])
    assert any("President dropped" in note for note in votes.notes)
    assert same(open_votes(path, keep_president=True))


def test_a_table_of_r_left_to_itself_is_read(tmp_path):
    """`write.table(votes, file)`: blanks between, and no name of the column of names."""
    frame = table((1, 6, 9)).drop(columns=["id", "name", "party", "state"])
    lines = [" ".join(f'"{name}"' for name in frame.columns)]
    lines += [f'"SURNAME{k} (R OH)" ' + " ".join(map(str, row)) for k, row in
              enumerate(frame.to_numpy())]  # fmt: skip
    path = tmp_path / "votes.txt"
    path.write_text("\n".join(lines) + "\n")
    votes = read_votes(path)
    assert same(votes)
    assert votes.members["name"][0] == "SURNAME0"
    assert any("separated by blanks" in note for note in votes.notes)


def test_the_united_states_among_countries_are_no_president(tmp_path):
    frame = table((1, 3, 8))
    frame.loc[0, "state"] = "USA"
    assert same(open_votes(written(tmp_path, frame)))


def test_one_stray_code_among_others_asks(tmp_path):
    frame = table((1, 0, ""))
    frame.loc[0, "rc1"] = -1
    with pytest.raises(InputError, match="--codes"):
        read_votes(written(tmp_path, frame))


def test_abstentions_are_counted_apart_from_absences(tmp_path):
    frame = table()
    frame.loc[frame["rc1"] == 1, "rc1"] = 0
    path = written(tmp_path, frame)
    votes = read_votes(path, codes="1=yea,-1=nay,0=abstain")
    assert any("abstentions (0)" in note for note in votes.notes)
    as_nays = read_votes(path, codes="1=yea,-1=nay,0=missing")
    assert np.array_equal(votes.matrix, as_nays.matrix)


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [("1=aye", "meaning one of"), ("1=yea", "one for nay"), ("1=yea,1=nay", "twice"), ("x", "CODE"),
     ("", "CODE"), ("1=yea,0=nay,", "CODE")],
)  # fmt: skip
def test_bad_codes_are_one_sentence(tmp_path, codes, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        read_votes(written(tmp_path, table()), codes=codes)
    assert "\n" not in str(error.value)


def test_separators_encodings_and_compression(tmp_path):
    frame = table()
    frame.loc[0, "name"] = "MÜLLER, Änne"
    for name, options in (
        ("s.csv", {"sep": ";"}), ("t.tsv", {"sep": "\t"}), ("b.txt", {"sep": "|"}),
        ("z.csv.gz", {}), ("l.csv", {"encoding": "latin-1"}), ("u.csv", {"encoding": "utf-16"}),
        ("m.csv", {"encoding": "utf-8-sig"}), ("c.csv", {"lineterminator": "\r\n"}),
    ):  # fmt: skip
        votes = read_votes(written(tmp_path, frame, name, **options))
        assert same(votes), name
        assert votes.members["name"].iloc[0] == "MÜLLER, Änne", name
    assert any("Latin-1" in note for note in read_votes(tmp_path / "l.csv").notes)
    # What it is, its content says.
    (tmp_path / "hidden.csv").write_bytes(gzip.compress((tmp_path / "m.csv").read_bytes()))
    assert same(read_votes(tmp_path / "hidden.csv"))


def test_excel_files(tmp_path):
    book = openpyxl.Workbook()
    rows = table().where(table() != "", None)
    book.active.append(list(rows.columns))
    for row in rows.itertuples(index=False):
        book.active.append([v.item() if hasattr(v, "item") else v for v in row])
    book.create_sheet("notes")
    book.save(tmp_path / "v.xlsx")
    votes = read_votes(tmp_path / "v.xlsx")
    assert same(votes)
    assert any("not notes" in note for note in votes.notes)
    (tmp_path / "bad.xlsx").write_bytes(b"PK\3\4 no archive")
    with pytest.raises(InputError, match="cannot be read"):
        read_votes(tmp_path / "bad.xlsx")


def test_json_records(tmp_path):
    records = [
        {"rollcall": f"rc{t + 1}", "member": 1000 + i, "vote": int(TRUTH[i, t])}
        for i in range(MEMBERS)
        for t in range(ROLLCALLS)
        if TRUTH[i, t]
    ]
    (tmp_path / "v.json").write_text(json.dumps(records))
    assert same(read_votes(tmp_path / "v.json"))
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match=r"deep\.json"):
        read_votes(tmp_path / "deep.json")


def test_capitals_row_names_and_missing_columns(tmp_path):
    capitals = table().rename(columns={"id": "ID", "name": "Name", "party": "Party"})
    assert same(read_votes(written(tmp_path, capitals)))
    assert same(read_votes(written(tmp_path, table(), index=True)))
    alone = read_votes(written(tmp_path, table().drop(columns=["party", "state", "id"])))
    assert same(alone)
    assert any("no column party" in note for note in alone.notes)
    # As R writes the votes of pscl: row names with party and state, and no name above them.
    pscl = table((1, 6, 9)).drop(columns=["id", "name", "party", "state"])
    pscl.index = pd.Index([f"SURNAME{k} ({p} OH)" for k, p in enumerate(PARTIES)])
    votes = read_votes(written(tmp_path, pscl, index=True))
    assert same(votes)
    assert votes.members["party"].tolist() == PARTIES
    assert votes.members["state"].unique().tolist() == ["OH"]
    text = (tmp_path / "v.csv").read_text()
    (tmp_path / "v.csv").write_text(text.removeprefix(","))
    assert same(read_votes(tmp_path / "v.csv"))


def test_roll_calls_in_rows(tmp_path):
    frame = pd.DataFrame(np.where(TRUTH.T == 0, "", TRUTH.T.astype(object)))
    frame.columns = pd.Index([f"SURNAME{k}, Given" for k in range(MEMBERS)])
    frame.insert(0, "Rollcall", [f"rc{t + 1}" for t in range(ROLLCALLS)])
    frame.insert(1, "date", [f"2005-02-{t % 28 + 1:02d}" for t in range(ROLLCALLS)])
    votes = read_votes(written(tmp_path, frame))
    order = np.argsort(frame["date"], kind="stable")
    assert np.array_equal(votes.matrix, TRUTH.T[order])
    assert votes.members["name"].iloc[3] == "SURNAME3, Given"
    assert any("in order by their dates" in note for note in votes.notes)


def test_one_vote_in_a_row(tmp_path):
    rows = [
        {"congress": 109, "chamber": c, "rollnumber": t + 1, "member": i, "party": PARTIES[i],
         "vote": {1: "Yea", -1: "Nay", 0: "Not Voting"}[TRUTH[i, t]]}
        for c in ("House", "Senate")
        for t in range(ROLLCALLS)
        for i in range(MEMBERS)
    ]  # fmt: skip
    one = read_votes(written(tmp_path, pd.DataFrame(rows[: len(rows) // 2])))
    assert same(one)
    assert one.members["party"].tolist() == PARTIES
    both = read_votes(written(tmp_path, pd.DataFrame(rows)))
    assert both.n_rollcalls == 2 * ROLLCALLS
    assert both.rollcalls["id"].iloc[0] == "House-1"
    with pytest.raises(InputError, match="two votes of member 0 on roll call 1"):
        read_votes(written(tmp_path, pd.DataFrame([*rows[: len(rows) // 2], rows[0]])))


def test_roll_calls_are_joined_to_their_table_by_name(tmp_path):
    """Their descriptions went to wrong roll calls."""
    path = written(tmp_path, table())
    about = pd.DataFrame({"id": [f"rc{t}" for t in range(ROLLCALLS, 0, -1)]})
    about["description"] = "about " + about["id"]
    votes = read_votes(path, rollcalls=written(tmp_path, about, "r.csv"))
    assert (votes.rollcalls["description"] == "about " + votes.rollcalls["id"]).all()
    with pytest.raises(InputError, match="roll call 'rc60' has votes but no row"):
        read_votes(path, rollcalls=written(tmp_path, about[1:], "r.csv"))
    with pytest.raises(InputError, match="59 rows for 60 roll calls"):
        read_votes(path, rollcalls=written(tmp_path, about[["description"]][1:], "r.csv"))


def test_roll_calls_sorted_as_text_are_put_in_order(tmp_path):
    frame = table()
    columns = list(frame.columns)
    votes = read_votes(written(tmp_path, frame[columns[:4] + sorted(columns[4:])]))
    assert same(votes)
    assert any("sorted as text" in note for note in votes.notes)


def test_totals_and_columns_that_are_no_votes(tmp_path):
    frame = table()
    total = {"id": "TOTAL", "name": "TOTAL", **{f"rc{t + 1}": 1 for t in range(ROLLCALLS)}}
    votes = read_votes(written(tmp_path, pd.concat([frame, pd.DataFrame([total])])))
    assert same(votes)
    assert any("TOTAL" in note for note in votes.notes)
    frame.insert(4, "female", np.arange(MEMBERS) % 2)
    frame.insert(5, "born", range(1940, 1940 + MEMBERS))
    votes = read_votes(written(tmp_path, frame))
    assert same(votes)
    assert any("female, born" in note for note in votes.notes)
    assert votes.members["born"].tolist() == [str(1940 + k) for k in range(MEMBERS)]
    frame.insert(4, "leader", np.where(np.arange(MEMBERS) % 2, 1, -1))
    votes = read_votes(written(tmp_path, frame))
    assert votes.n_rollcalls == ROLLCALLS + 1
    assert any("leader" in note and "--first-vote rc1" in note for note in votes.notes)
    assert same(read_votes(tmp_path / "v.csv", first_vote="rc1"))
    with pytest.raises(InputError, match="no column 'rc99'"):
        read_votes(tmp_path / "v.csv", first_vote="rc99")


def test_who_never_dissents_is_named(tmp_path):
    frame = table()
    majority = np.where(TRUTH.sum(axis=0) >= 0, 1, -1)
    more = {"id": 77, "name": "Speaker", "party": "R", "state": "OH"}
    more |= {f"rc{t + 1}": majority[t] for t in range(ROLLCALLS)}
    votes = read_votes(written(tmp_path, pd.concat([frame, pd.DataFrame([more])])))
    assert any("Speaker never votes against the majority" in note for note in votes.notes)
    assert not any("never votes against" in note for note in read_votes(
        written(tmp_path, frame)).notes)  # fmt: skip


def test_parties_are_cleaned_counted_and_doubted(tmp_path):
    frame = table()
    frame["party"] = ["D", "Dem", " D", "NA", "None", "", "R", " R", "R ", "R", "R", "R"]
    votes = read_votes(written(tmp_path, frame))
    assert votes.party.tolist() == ["D", "Dem", "D", "", "", "", *["R"] * 6]
    assert any("R 6, D 2, Dem 1; 3 members without a party" in note for note in votes.notes)
    assert any(note.startswith("D, Dem may be one party") for note in votes.notes)


@pytest.mark.parametrize(
    ("ids", "kept"),
    [(["7", "12", "300"], [7, 12, 300]), (["007", "7", "300"], ["007", "7", "300"]),
     (["1e2", "2e1", "3"], ["1e2", "2e1", "3"]), (["1.0", "2.0", "3.0"], ["1.0", "2.0", "3.0"]),
     (["-1", "2", "3"], [-1, 2, 3]), (["9" * 30, "2", "3"], ["9" * 30, "2", "3"])],
)  # fmt: skip
def test_ids_are_text_unless_they_are_written_as_whole_numbers(tmp_path, ids, kept):
    path = tmp_path / "v.csv"
    rows = [f"{i},M{k},D,OH,{1 - 2 * (k % 2)},1" for k, i in enumerate(ids)]
    path.write_text("\n".join(["id,name,party,state,a,b", *rows]))
    assert read_votes(path).members["id"].tolist() == kept


def test_empty_roll_calls_and_silent_members_are_dropped_with_a_note(tmp_path):
    frame = table()
    frame["rc5"] = ""
    frame.loc[3, [f"rc{t + 1}" for t in range(ROLLCALLS)]] = ""
    votes = read_votes(written(tmp_path, frame))
    assert (votes.n_rollcalls, votes.n_members) == (ROLLCALLS - 1, MEMBERS - 1)
    assert any("rc5" in note for note in votes.notes)
    assert any("SURNAME3" in note for note in votes.notes)


def test_what_a_court_file_means_does_not_depend_on_how_it_is_named(tmp_path):
    copy = tmp_path / "mine.csv"
    copy.write_bytes(bundled_file("scotus_rehnquist.csv").read_bytes())
    assert open_votes(copy).polarity == load("scotus_rehnquist").polarity == "expert"
    assert open_votes(written(tmp_path, table())).polarity == "arbitrary"
    assert open_votes(copy, polarity="arbitrary").polarity == "arbitrary"


def test_options_without_use_are_refused(tmp_path):
    path = written(tmp_path, table())
    for option in ({"keep_president": True}, {"merge_switchers": True}, {"chamber": "House"}):
        with pytest.raises(InputError):
            open_votes(path, **option)
    with pytest.raises(InputError, match="--codes is for tables of votes"):
        open_votes("senate109", codes=CLEAR)


def test_wide_files_are_refused_at_once(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text(
        "id,name," + ",".join(f"rc{k}" for k in range(100_000)) + "\n1,A" + ",1" * 100_000
    )
    start = time.process_time()
    with pytest.raises(InputError, match="columns"):
        open_votes(path)
    assert time.process_time() - start < 1.0
