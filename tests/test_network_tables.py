"""Tables of networks and panels: bounded before they are unpacked, and two directions of a tie."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario
from sociophysics.scenario import build as cases
from sociophysics.society import networks
from sociophysics.society.networks.table_bounds import check_table
from tests.test_network_files import PAIR, graphml, read


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[1], [2]], "list<"),
        ([{"a": 1}, {"a": 2}], "struct<"),
        ([b"1", b"2"], "binary"),
        ([1.5, 2.0], "Float64 values; users are called by"),
        ([True, False], "boolean values; users are called by"),
    ],
)
def test_columns_of_parquet_that_are_no_names_are_refused(
    tmp_path: Path, values: list, kind: str
) -> None:
    pd.DataFrame({"source": values, "target": values}).to_parquet(tmp_path / "e.parquet")
    with pytest.raises(InputError, match=r"the column 'source' holds " + re.escape(kind)):
        networks.read(tmp_path / "e.parquet")
    table = pd.DataFrame({"source": [1, 2], "target": [2, 3], "x": values})
    table.to_parquet(tmp_path / "e.parquet")
    if kind.startswith(("list", "struct", "binary")):
        with pytest.raises(InputError, match="the column 'x' holds"):
            networks.read(tmp_path / "e.parquet")
    else:
        assert networks.read(tmp_path / "e.parquet").edges[1, 2] == {"x": values[0]}


# Bounds -----------------------------------------------------------------------------------------


def repeated(value: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([value]))


def test_texts_that_rows_share_are_kept_once(tmp_path: Path) -> None:
    """Twenty thousand times 90,000 letters would be 1.8 GB."""
    rows = 20_000
    columns = {"source": np.arange(rows), "target": np.arange(1, rows + 1)}
    table = pa.table({**columns, "note": repeated("x" * 90_000, rows)})
    pq.write_table(table, tmp_path / "e.parquet", compression="zstd")
    before = psutil.Process().memory_info().rss
    graph = networks.read(tmp_path / "e.parquet")
    assert len({id(note) for _, _, note in graph.edges(data="note")}) == 1
    assert psutil.Process().memory_info().rss - before < 2e8


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"source": repeated("x" * 100_001, 9), "target": repeated("y", 9)},
            "the column 'source' holds a text of 100,001 bytes; at most 100,000",
        ),
        (
            {"source": pa.array(np.zeros(2 * 10**7, np.int64)), "target": repeated("y", 2 * 10**7)},
            "unpacks to 20,000,000 rows and 2.56 GB, as no table of users or ties does",
        ),
        ({"source": [[[1]]], "target": [[[2]]]}, "the column 'source' holds list<"),
    ],
)
def test_parquet_is_bounded_before_it_is_unpacked(
    tmp_path: Path, columns: dict, sentence: str
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "e.parquet", compression="zstd")
    before = psutil.Process().memory_info().rss
    with pytest.raises(InputError, match=sentence):
        networks.read(tmp_path / "e.parquet")
    assert psutil.Process().memory_info().rss - before < 1e8


def test_schemas_nested_too_deeply_are_refused(tmp_path: Path) -> None:
    kind = pa.int64()
    for _ in range(150):
        kind = pa.list_(kind)
    table = pa.table({"source": [1], "target": [2], "x": pa.array([None], kind)})
    pq.write_table(table, tmp_path / "e.parquet")
    with pytest.raises(InputError, match=r"malformed \(.*deeply nested"):
        networks.read(tmp_path / "e.parquet")


def test_a_million_columns_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("source,target" + ",a" * 1_000_000 + "\n1,2\n")
    started = time.process_time()
    for look in (networks.read, check_table):
        with pytest.raises(InputError, match=r"1,000,002 columns; at most 10,000 are read"):
            look(path)
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "words",
    [
        ["detect", "e.csv", "--along", "a"],
        ["axis", "e.csv"],
        ["compare-rules", "e"],
    ],
    ids=lambda words: words[0],
)
def test_wide_tables_and_pipes_are_refused_by_every_command_that_reads_tables(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """They took minutes, or waited for ever."""
    monkeypatch.chdir(tmp_path)
    Path("e.edges.csv").write_text("source,target\n1,2\n")
    Path("e.nodes.csv").write_text("id\n1\n2\n")
    for file in (Path("e.csv"), Path("e.stances.csv")):
        file.write_text("source,target" + ",a" * 1_000_000 + "\n1,2\n")
    assert main([*words, "--out", "out"]) == 2
    assert "1,000,002 columns; at most 10,000 are read" in capsys.readouterr().err
    for file in (Path("e.csv"), Path("e.stances.csv")):
        file.unlink()
        os.mkfifo(file)
    assert main([*words, "--out", "out"]) == 2
    said = capsys.readouterr().err
    assert "is no ordinary file" in said or "e.stances.csv does not exist" in said
    assert not Path("out").exists()


def test_a_table_may_be_looked_at_before_it_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"source": range(9), "target": range(9)})
    frame.to_parquet(tmp_path / "e.parquet")
    check_table(tmp_path / "e.parquet", most_cells=18)
    with pytest.raises(InputError, match=r"friends unpacks to 18 values; at most 17 are read here"):
        check_table(tmp_path / "e.parquet", name="friends", most_cells=17)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    check_table(tmp_path / "bad.parquet")  # whoever reads it says what is wrong


def _equal_rows(path: Path, rows: int, word: str, **numbers: float) -> Path:
    """Write a table whose rows share one text: next to nothing on the disk."""
    words = pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), [word])
    columns: dict[str, Any] = dict.fromkeys(["id"] if numbers else ["source", "target"], words)
    columns |= {name: np.full(rows, value) for name, value in numbers.items()}
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
    return path


def test_rows_that_are_all_alike_are_counted_as_they_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sociophysics.inference.calibration.panel_files import read_rows
    from sociophysics.scenario.posterior import read_draws
    from sociophysics.society.networks import table_bounds

    ties = _equal_rows(tmp_path / "e.parquet", 60_000, "ada")
    assert 500 * ties.stat().st_size < table_bounds.BYTES_PER_CELL * 60_000 * 2
    panel = _equal_rows(tmp_path / "panel.parquet", 60_000, "ada", wave=1, stance=1)
    draws = pd.DataFrame({"dynamics.temperature": np.ones(60_000), "field.value": 1.0})
    draws.to_parquet(tmp_path / "posterior.parquet", compression="zstd")
    draws.to_parquet(tmp_path / "samples.parquet", compression="zstd")
    line = ["detect", str(tmp_path / "samples.parquet"), "--along", "field.value"]
    monkeypatch.setattr(table_bounds, "BOMB_BYTES", 2**22)
    for look in (
        lambda: networks.read(ties),
        lambda: check_table(ties),
        lambda: read_rows(panel, ("id", "wave", "stance")),
        lambda: read_draws(str(tmp_path)),
    ):
        with pytest.raises(InputError, match=r"unpacks to 60,000 rows and 0\.0\d+ GB"):
            look()
    assert main([*line, "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


def test_a_million_alike_rows_are_a_panel_and_one_more_is_refused(tmp_path: Path) -> None:
    from sociophysics.society.networks import table_bounds

    most = table_bounds.BOMB_BYTES // table_bounds.BYTES_PER_CELL // 4  # what docs/networks.md says
    assert most == 1_048_576
    for rows in (most, most + 1):
        path = tmp_path / f"{rows}.parquet"
        columns = dict.fromkeys("abcd", pa.array(np.zeros(rows, np.int8)))
        pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
        assert path.stat().st_size * table_bounds.BOMB_RATIO < table_bounds.BOMB_BYTES
        if rows == most:
            check_table(path)
        else:
            with pytest.raises(InputError, match=r"unpacks to 1,048,577 rows and 0\.268 GB"):
                check_table(path)


def test_a_long_text_in_every_row_of_a_panel_is_refused_and_a_short_one_shared(
    tmp_path: Path,
) -> None:
    from sociophysics.inference.calibration.panel_files import read_rows

    columns = ("id", "wave", "stance")
    path = _equal_rows(tmp_path / "panel.parquet", 20_000, "x" * 250, wave=1, stance=-1)
    rows = read_rows(path, columns)
    assert rows["id"].map(id).nunique() == 1
    assert rows["stance"].tolist() == ["-1"] * 20_000
    _equal_rows(path, 200_000, "x" * 90_000, wave=1, stance=-1)  # 18 GB, had each row its own
    with pytest.raises(
        InputError, match="the column 'id' holds a text of 90,000 bytes; at most 250"
    ):
        read_rows(path, columns)
    _equal_rows(path, 200_000, "x" * 90_000, y=1)
    assert main(["detect", str(path), "--along", "y", "--out", str(tmp_path / "out")]) == 2


@pytest.mark.parametrize("damage", ["cut", "text", "pipe", "folder"])
def test_draws_that_are_no_table_are_one_sentence(tmp_path: Path, damage: str) -> None:
    from sociophysics.scenario.posterior import read_draws

    path = tmp_path / "posterior.parquet"
    pd.DataFrame({"dynamics.temperature": [1.0, 2.0]}).to_parquet(path)
    whole = path.read_bytes()
    path.unlink()
    if damage == "pipe":
        os.mkfifo(path)
    elif damage == "folder":
        path.mkdir()
    else:
        path.write_bytes({"cut": whole[:-20], "text": b"mine"}[damage])
    with pytest.raises(InputError, match=r"posterior\.parquet is not (readable|a file)"):
        read_draws(str(tmp_path))


def test_wide_tables_of_blanks_take_seconds(tmp_path: Path) -> None:
    """Dropped or set one by one, these columns took minutes."""
    path = tmp_path / "e.csv"
    path.write_text("source,target" + "," * 3_000 + "\n" + ("1,2" + "," * 3_000 + "\n") * 9)
    started = time.process_time()
    assert list(networks.read(path).edges) == [(1, 2)]
    assert time.process_time() - started < 10.0


# Directions -------------------------------------------------------------------------------------

FOLLOWS = "follower,followed,times,since\nann,bob,1,x\nbob,ann,3,x\nbob,eve,4,y\neve,eve,1,y\n"


@pytest.mark.parametrize(
    ("how", "couplings"),
    [
        ("mean", {("ann", "bob"): 2.0, ("bob", "eve"): 2.0}),
        ("sum", {("ann", "bob"): 4, ("bob", "eve"): 4}),
        ("mutual", {("ann", "bob"): 2.0}),
    ],
)
def test_two_directions_make_one_tie(tmp_path: Path, how: str, couplings: dict) -> None:
    keys = {"source": "follower", "target": "followed", "weight": "times", "symmetrize": how}
    graph = read(tmp_path, "e.csv", FOLLOWS, **keys)
    assert nx.get_edge_attributes(graph, "coupling") == couplings
    assert nx.get_edge_attributes(graph, "times") == couplings
    assert graph.edges["ann", "bob"]["since"] == "x"
    assert list(graph) == ["ann", "bob", "eve"]
    said = f"symmetrize '{how}': 1 of 2 pairs are tied in one direction"
    assert graph.graph["notes"] == [said + (" and left out" if how == "mutual" else "")]
    assert graph.graph["self_loops"] == 1


def test_directions_without_weights_count_one_each(tmp_path: Path) -> None:
    keys = {"source": "follower", "target": "followed"}
    counted = read(tmp_path, "e.csv", FOLLOWS, **keys, symmetrize="sum")
    assert nx.get_edge_attributes(counted, "coupling") == {("ann", "bob"): 2, ("bob", "eve"): 1}
    mutual = read(tmp_path, "e.csv", FOLLOWS, **keys, symmetrize="mutual")
    assert nx.get_edge_attributes(mutual, "coupling") == {}
    arcs = read(tmp_path, "e.csv", FOLLOWS, **keys, directed=True)
    assert list(arcs.edges) == [("ann", "bob"), ("bob", "ann"), ("bob", "eve")]
    with pytest.raises(InputError, match="is listed twice, with times 1 and 3"):
        read(tmp_path, "e.csv", FOLLOWS, **keys)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"symmetrize": "max"}, "symmetrize is 'max'; allowed: mean, mutual, sum"),
        ({"symmetrize": "mean", "directed": True}, "directed is true and keeps the directions"),
        ({"weight": "times", "coupling": "since"}, "two words for the same"),
        ({"source": "who", "target": "followed"}, "no column who but the columns 'follower'"),
        ({"source": "follower"}, "no column target but"),
    ],
)
def test_directions_that_cannot_be_read_are_refused(
    tmp_path: Path, keys: dict, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        read(tmp_path, "e.csv", FOLLOWS, **keys)
    text = graphml(PAIR + '<edge source="1" target="2"/>')
    with pytest.raises(InputError):
        read(tmp_path, "g.graphml", text, **keys)


def test_scenarios_take_the_same_keys(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(FOLLOWS)
    text = (
        'seed = 1\n[network]\nkind = "file"\npath = "e.csv"\nsource = "follower"\n'
        'target = "followed"\nweight = "times"\nsymmetrize = "mean"\n[couplings]\n'
        'kind = "edge"\n[dynamics]\ntemperature = 1\nsweeps = 2\n'
    )
    (tmp_path / "s.toml").write_text(text)
    scenario = Scenario.load(tmp_path / "s.toml")
    system, _, notes = cases.society(scenario.cases()[0].settings, None)
    assert system.J.toarray().tolist() == [[0, 2, 0], [2, 0, 2], [0, 2, 0]]
    assert any("1 of 2 pairs are tied in one direction" in note for note in notes)
