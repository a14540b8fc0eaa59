"""Edge files that are refused, in one sentence each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet
import pytest

from sociophysics import SpinSystem
from sociophysics.errors import InputError
from tests.test_edge_files import one_sentence, write


def test_blanks_around_names_are_no_part_of_them(tmp_path):
    frame = pd.DataFrame({"source": ["ann", " bob", "eve\u00a0"], "target": ["bob ", "eve", "dan"]})
    frame.to_csv(tmp_path / "e.csv", index=False)
    frame.to_parquet(tmp_path / "e.parquet")
    for kind in ("csv", "parquet"):
        system = SpinSystem.from_edge_file(tmp_path / f"e.{kind}", ids="names")
        assert list(system.labels) == ["ann", "bob", "eve", "dan"]


def test_long_names_are_refused_before_they_are_unpacked(tmp_path):
    names = pa.array(["x" * 10_000] * 100_000).dictionary_encode()
    table = pa.table({"source": names, "target": pa.array(["y"] * 100_000)})
    pa.parquet.write_table(table, tmp_path / "e.parquet")
    before = psutil.Process().memory_info().rss
    with pytest.raises(InputError, match="the column 'source' holds a name of 10,000 bytes"):
        SpinSystem.from_edge_file(tmp_path / "e.parquet", ids="names")
    assert psutil.Process().memory_info().rss - before < 2e8  # unpacked it is 1 GB


# Bad input --------------------------------------------------------------------------------------

BAD: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("column", {"source": [0], "to": [1]}, {}, "no column 'target' but the columns 'source', 'to'"),
    ("ends", {"source": [0], "target": [1]}, {"target": "source"}, "a different column each"),
    ("null", {"source": [0, None], "target": [1, 2]}, {}, "row 2 has no source"),
    ("nan", {"source": [0.0, np.nan], "target": [1, 2]}, {}, "holds double values"),
    ("float", {"source": [0.0, 1.0], "target": [1, 2]}, {}, "holds double values"),
    ("name", {"source": ["a"], "target": ["b"]}, {}, "give ids='names'"),
    ("blank", {"source": ["a", ""], "target": ["b", "c"]}, {"ids": "names"}, "row 2 has no source"),
    ("types", {"source": ["a"], "target": [1]}, {"ids": "names"}, "give both the same type"),
    ("negative", {"source": [0, 1], "target": [1, -2]}, {}, "target in row 2 is -2"),
    ("large", {"source": [0], "target": [2**31]}, {}, "is 2147483648; user numbers"),
    ("huge", {"source": [0], "target": np.array([2**64 - 1], np.uint64)}, {}, "malformed"),
    ("n", {"source": [0], "target": [5]}, {"n": 5}, "target in row 1 is 5"),
    ("loop", {"source": [0, 3], "target": [1, 3]}, {}, r"tie \(3, 3\) is a self-loop"),
    ("bool", {"source": [True], "target": [False]}, {}, "holds bool values"),
    ("empty", {"source": np.empty(0, int), "target": np.empty(0, int)}, {}, "holds no ties"),
    ("J", {"source": [0], "target": [1], "J": ["x"]}, {"coupling": "J"}, "couplings are finite"),
    ("J null", {"source": [0], "target": [1], "J": [None]}, {"coupling": "J"}, "couplings are fin"),
    ("J nan", {"source": [0], "target": [1], "J": [np.nan]}, {"coupling": "J"}, "row 1 is nan"),
    ("J inf", {"source": [0], "target": [1], "J": [np.inf]}, {"coupling": "J"}, "row 1 is inf"),
    ("value", {"source": [0], "target": [1]}, {"value": np.inf}, "value is inf"),
    ("ids", {"source": [0], "target": [1]}, {"ids": "labels"}, "ids is 'labels'; allowed"),
    ("names n", {"source": [0], "target": [1]}, {"ids": "names", "n": 2}, "leave n out"),
    ("bad n", {"source": [0], "target": [1]}, {"n": -1}, "n is -1"),
]


@pytest.mark.parametrize(
    ("table", "keys", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_bad_tables_are_told_in_one_sentence(tmp_path, table, keys, message):
    file = write(tmp_path / "e.parquet", table)
    with pytest.raises(InputError, match=message) as error:
        SpinSystem.from_edge_file(file, **keys)
    one_sentence(error)


@pytest.mark.parametrize(
    ("name", "content", "keys", "message"),
    [
        ("e.csv", b"", {}, "e.csv is malformed"),
        ("e.csv", b"source,target\n", {}, "holds no ties"),
        ("e.csv", b"source,target\n1,2\n3\n", {}, "malformed .*Expected 2 columns"),
        ("e.csv", b"source,target\n1,ann\n", {}, "texts as ids need ids='names'"),
        ("e.csv", b"source,target\n1,2.5\n", {}, "malformed"),
        ("e.csv", b"source,target\n1,\n", {}, "row 1 has no target"),
        ("e.csv", b"source,target\n1,NaN\n", {}, "row 1 has no target"),
        ("e.csv", b"source,target\na,\n", {"ids": "names"}, "row 1 has no target"),
        ("e.csv", b"source;target\n1;2\n", {}, "no column 'source' but the columns"),
        ("e.csv", b"source,source,target\n1,2,3\n", {}, "more than one column 'source'"),
        ("e.csv", b"source,target\n\xff,2\n", {"ids": "names"}, "malformed"),
        ("e.csv", b"source,target,J\n1,2,\n", {"coupling": "J"}, "the J in row 1 is missing"),
        ("e.csv", b"source,target\n1,2\n2,1\n", {}, r"tie \(1, 2\) is listed twice"),
        ("e.csv", b"source,target\na,b\nb,a\n", {"ids": "names"}, r"tie \(a, b\) is listed twice"),
        ("e.csv", b"source,target\na,b\nb,b\n", {"ids": "names"}, r"tie \(b, b\) is a self-loop"),
        ("e.parquet", b"", {}, "e.parquet is malformed"),
        ("e.parquet", b"PAR1 this is not Parquet PAR1", {}, "e.parquet is malformed"),
        ("e.parquet", b"source,target\n0,1\n", {}, "e.parquet is malformed"),
        ("e.txt", b"0 1\n", {}, "allowed: .parquet, .csv, .tsv"),
    ],
)
def test_bad_files_are_told_in_one_sentence(tmp_path, name, content, keys, message):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        SpinSystem.from_edge_file(file, **keys)
    one_sentence(error)


def test_both_directions_of_a_directed_tie_are_two(tmp_path):
    file = write(tmp_path / "e.csv", {"source": [0, 1], "target": [1, 0], "J": [0.5, 2.0]})
    system = SpinSystem.from_edge_file(file, coupling="J", directed=True)
    assert system.J.toarray().tolist() == [[0, 0.5], [2, 0]]
    assert not system.is_symmetric
    write(file, {"source": [0, 0], "target": [1, 1]})
    with pytest.raises(InputError, match=r"the tie \(0, 1\) is listed twice; merge"):
        SpinSystem.from_edge_file(file, directed=True)


def test_paths_that_are_no_files(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        SpinSystem.from_edge_file(tmp_path / "folder.csv")
    with pytest.raises(InputError, match="does not exist"):
        SpinSystem.from_edge_file(tmp_path / "none.csv")
