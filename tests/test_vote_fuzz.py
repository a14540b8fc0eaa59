"""Broken files of votes by the thousand: every one is votes or one sentence, and soon."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli.application import main
from sociophysics.errors import InputError
from sociophysics.rollcall import open_votes
from sociophysics.rollcall.layouts import natural
from tests.file_mutants import mutant, sentence_or, survey, survey_of_thousands

CASES, MANY = 1000, 20_000

TOKENS = [
    *(b"", b" ", b",", b"\t", b"\n", b"\r", b'"', b"'", b";", b"|", b"\0", b"\xff"),
    *(b"-1", b"0", b"1", b"6", b"9", b"2", b"0012", b"1e999", b"nan", b"NA", b"inf", b"True"),
    *(b"9" * 400, b"9" * 5000, b"yea", b"Nay", b"abstain", b"Not Voting", b"-", b"1.0", b"1e3"),
    *(b"id", b"name", b"party", b"state", b"rollcall", b"member", b"vote", b"rollnumber", b"icpsr"),
    *(b"cast_code", b"chamber", b"congress", b"total", b"Yeas", b"99999", b"President", b"USA"),
    *(b"[" * 3000, b"{", b"}", b"[", b"]", b"null", b"NaN", b'"\\ud800"', b'{"a": 1}', b":"),
    *("\u00a0".encode(), "\u2212".encode(), "社会".encode(), b"x" * 2000, b"PK\x03\x04"),
    *(b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", "\u2028".encode(), b"=1+1", b"a,b,c\n" * 50),
]  # fmt: skip


def seeds() -> dict[str, list[bytes]]:
    """Return valid files of every kind by suffix, whose mutants are read."""
    rng = np.random.default_rng(5)
    members, rollcalls = 6, 6
    side = np.where(np.arange(members) < 4, 1, -1)[:, None] * rng.choice([-1, 1], rollcalls)
    votes = np.where(rng.random(side.shape) < 0.2, -side, side)
    votes[rng.random(side.shape) < 0.05] = 0
    front = pd.DataFrame({
        "id": range(100, 100 + members), "name": [f"Member {k}, A" for k in range(members)],
        "party": ["D"] * 4 + ["R"] * 2, "state": "OH",
    })  # fmt: skip
    names = [f"rc{k}" for k in range(rollcalls)]

    def wide(yea: object, nay: object, missing: object) -> pd.DataFrame:
        words = pd.DataFrame(votes, columns=names).astype(object)
        return pd.concat([front, words.replace({1: yea, -1: nay, 0: missing})], axis=1)

    plain, worded = wide(1, -1, ""), wide("Yea", "Nay", "Absent")
    turned = plain.set_index("name")[names].T.rename_axis("rollcall").reset_index()
    long = worded.melt("name", names, "rollcall", "vote").rename(columns={"name": "member"})
    csv = [frame.to_csv(index=False).encode() for frame in (plain, worded, turned, long)]
    csv += [
        worded.to_csv(index=False, sep=";").encode(),
        wide(1, 0, "NA").to_csv().encode(),
        plain.to_csv(index=False, sep="\t", lineterminator="\r\n").encode("utf-16"),
    ]
    book = openpyxl.Workbook()
    for row in [list(plain), *plain.to_numpy(dtype=object).tolist()]:
        book.active.append(row)
    book.save(excel := io.BytesIO())
    codes = np.where(votes == 1, 1, np.where(votes == -1, 6, 9))
    lines = [
        f"109{15000 + k:05d}41 0ALABAMA {(100, 200)[k > 3]:03d}00MEMBER{k}    "[:36].ljust(36)
        + "".join(map(str, row))
        for k, row in enumerate(codes)
    ]
    return {
        ".csv": csv,
        ".csv.gz": [gzip.compress(csv[0]), gzip.compress(csv[3])],
        ".xlsx": [excel.getvalue()],
        ".json": [
            json.dumps(frame.to_dict("records")).encode() for frame in (worded, long)
        ],
        "_rollcalls.csv": [
            pd.DataFrame({
                "congress": 109, "chamber": "Senate", "rollnumber": range(1, rollcalls + 1),
                "date": "2005-01-06", "session": 1,
            }).to_csv(index=False).encode()
        ],
        ".ord": ["\n".join(lines).encode()],
        "_votes.csv": [
            pd.DataFrame({
                "congress": 109, "chamber": "Senate",
                "rollnumber": np.tile(np.arange(1, rollcalls + 1), members),
                "icpsr": np.repeat(front["id"].to_numpy(), rollcalls), "cast_code": codes.ravel(),
            }).to_csv(index=False).encode()
        ],
        "_members.csv": [
            front.rename(columns={"id": "icpsr", "name": "bioname", "state": "state_abbrev"})
            .assign(congress=109, chamber="Senate", party_code=[100] * 4 + [200] * 2)
            .assign(state_icpsr=24).to_csv(index=False).encode()
        ],
    }  # fmt: skip


# Of the cheap kinds more.
KINDS = (
    *[".csv"] * 4, *[".csv.gz"] * 3, *[".ord"] * 4, ".json", *[".xlsx"] * 2, *["_votes.csv"] * 2,
)  # fmt: skip


def outcome(path: Path) -> str:
    """Read a file as a user would; return "votes" or "sentence", and raise for anything else."""

    def read() -> str:
        votes = open_votes(path)
        assert votes.matrix.shape == (votes.n_rollcalls, votes.n_members)
        assert votes.matrix.size > 0
        assert np.isin(votes.matrix, (-1, 0, 1)).all()
        assert len(votes.members) == votes.n_members
        assert len(votes.rollcalls) == votes.n_rollcalls
        repr((votes, votes.notes, votes.members.to_dict())).encode()
        return "votes"

    return sentence_or(read)


def survey_votes(folder: Path, count: int, seed: int) -> dict[str, int]:
    """Survey mutants; the first refused ones of every kind go through the command line: exit 2."""
    valid = seeds()
    told: set[str] = set()

    def mutated(kind: str, rng: np.random.Generator) -> Callable[[], str]:
        path = folder / f"s{kind}"
        content = mutant(valid[kind], rng, TOKENS)
        if kind == "_votes.csv":
            for beside in ("_members.csv", "_rollcalls.csv"):
                table = valid[beside][0]
                if rng.random() < 0.4:
                    table = mutant([table], rng, TOKENS)
                (folder / f"s{beside}").write_bytes(table)
        path.write_bytes(content)

        def read() -> str:
            ended = outcome(path)
            if ended == "sentence" and kind not in told:
                told.add(kind)
                assert main(["fit", str(path), "--out", str(folder / "out")]) == 2
            return ended

        return read

    found = survey(KINDS, mutated, count, seed)
    assert told == set(KINDS)
    assert not (folder / "out").exists()
    return found


def test_valid_files_of_the_fuzzer_are_votes(tmp_path: Path) -> None:
    """The negative control: what is mutated would have been read."""
    valid = seeds()
    for beside in ("_members.csv", "_rollcalls.csv"):
        (tmp_path / f"s{beside}").write_bytes(valid[beside][0])
    for kind in dict.fromkeys(KINDS):
        for k, content in enumerate(valid[kind]):
            path = tmp_path / f"s{kind}"
            path.write_bytes(content)
            assert outcome(path) == "votes", (kind, k)


def test_broken_files_of_votes_are_votes_or_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = survey_votes(tmp_path, CASES, seed=1)
    assert found["sentence"] > CASES / 4
    assert found["votes"] > CASES / 20
    assert "Traceback" not in capsys.readouterr().err


def test_columns_that_are_made_here_are_kept_beside_those_of_a_file(tmp_path: Path) -> None:
    """Two columns "party" stood in one table, and a column "_merge" raised ValueError."""
    valid = seeds()
    for kind in ("_votes.csv", "_members.csv"):
        (tmp_path / f"s{kind}").write_bytes(valid[kind][0])
    rollcalls = valid["_rollcalls.csv"][0].replace(b"date", b"_merge").replace(b"session", b"id")
    (tmp_path / "s_rollcalls.csv").write_bytes(rollcalls)
    votes = open_votes(tmp_path / "s_votes.csv")
    assert votes.members["party"].tolist() == ["D"] * 4 + ["R"] * 2
    assert votes.members.columns.is_unique
    assert votes.members["party_in_file"].tolist() == ["D"] * 4 + ["R"] * 2
    assert votes.rollcalls["id_in_file"].tolist() == ["1"] * 6
    assert "_merge" in votes.rollcalls


def test_a_damaged_sheet_is_a_sentence_whatever_layer_notices(tmp_path: Path) -> None:
    """Bytes that do not unpack raised zlib.error."""
    (content,) = seeds()[".xlsx"]
    path = tmp_path / "v.xlsx"
    for first in range(30, len(content), 40):
        path.write_bytes(content[:first] + b"\xff" * 20 + content[first + 20 :])
        outcome(path)


def test_digits_that_are_no_numbers_and_half_characters_are_sentences(tmp_path: Path) -> None:
    """Python's isdigit takes a superscript, of which int makes no number; found by the fuzzer."""
    (lines,) = seeds()[".ord"]
    (tmp_path / "v.ord").write_bytes(lines.replace(b" 100", b" 10\xb3", 1))
    (tmp_path / "v.json").write_text(
        '[{"name": "\\ud800", "rc1": "yea"}, {"name": "b", "rc1": "no"}]'
    )
    # Whole numbers of so many digits are a ValueError, and no JSON error, in Python.
    (tmp_path / "w.json").write_text(f'[{{"name": "a", "rc1": {"9" * 5000}}}]')
    for name in ("v.ord", "v.json", "w.json"):
        assert outcome(tmp_path / name) == "sentence"
    assert natural("rc\u00b2") < natural("rc" + "\u00b3")
    assert natural("9" * 5000)[0] == (0, int("9" * 18))
    scenario = sp.Scenario.from_toml(sp.scenario.text.CROWD + 'designs = [{name = "a"}]')
    for step in ("\u00b2", "9" * 5000, "7"):
        with pytest.raises(InputError):
            scenario.replace({f"designs.{step}.name": "b"})


@pytest.mark.validate
def test_thousands_of_broken_files_of_votes_are_votes_or_a_sentence(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    survey_of_thousands(partial(survey_votes, tmp_path), MANY, record_property)
