"""What a network file holds is what is read, counted in the file; the rest is refused by name."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

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

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
GRAPHML = HEAD + '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{}</graphml>'
CAMP = '<key id="c" for="node" attr.name="camp" attr.type="string">{}</key>'
WEIGHT = '<key id="w" for="edge" attr.name="coupling" attr.type="double">{}</key>'
PAIR = '<node id="1"/><node id="2"/>'
GEXF = HEAD + '<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">{}</gexf>'
GEXF_PAIR = '<nodes><node id="1"/><node id="2"/></nodes>'


def graphml(inside: str, *, keys: str = "", kind: str = "undirected") -> str:
    return GRAPHML.format(f'{keys}<graph edgedefault="{kind}">{inside}</graph>')


def gexf(inside: str, graph: str = 'defaultedgetype="undirected"') -> str:
    return GEXF.format(f"<graph {graph}>{inside}</graph>")


def read(folder: Path, name: str, text: str, **keys: object) -> nx.Graph:
    (folder / name).write_text(text, encoding="utf-8")
    return networks.read(folder / name, **keys)


def tags(text: str, tag: str) -> int:
    return sum(each.tag.endswith("}" + tag) for each in ElementTree.fromstring(text).iter())


# What is read -----------------------------------------------------------------------------------


def test_graphml_defaults_are_read(tmp_path: Path) -> None:
    left, one = "<default>left</default>", "<default>1.0</default>"
    text = graphml(
        '<node id="a"/><node id="b"/><node id="c"><data key="c"> right </data></node>'
        '<node id="d"><data key="c">NA</data></node><edge source="a" target="b"/>'
        '<edge source="b" target="c"><data key="w">-1.0</data></edge>',
        keys=CAMP.format(left) + WEIGHT.format(one),
    )
    graph = read(tmp_path, "g.graphml", text)
    assert dict(graph.nodes(data="camp")) == {"a": "left", "b": "left", "c": "right", "d": None}
    assert list(graph.edges(data="coupling")) == [("a", "b", 1.0), ("b", "c", -1.0)]
    assert (len(graph), graph.number_of_edges()) == (tags(text, "node"), tags(text, "edge"))


def test_gexf_defaults_weights_and_kinds_are_read(tmp_path: Path) -> None:
    text = gexf(
        '<attributes class="node"><attribute id="0" title="camp" type="string">'
        '<default>left</default></attribute><attribute id="1" title="age" type="integer"/>'
        '</attributes><nodes><node id="1" label="a"/><node id="2"><attvalues>'
        '<attvalue for="0" value="right"/><attvalue for="1" value=" 7 "/></attvalues></node>'
        '<node id="3"/></nodes><edges><edge id="0" source="1" target="2" weight="2.5"/>'
        '<edge id="1" source="2" target="3" type="directed"/></edges>'
    )
    graph = read(tmp_path, "g.gexf", text)
    assert dict(graph.nodes(data=True)) == {
        1: {"camp": "left", "label": "a"},
        2: {"camp": "right", "age": 7},
        3: {"camp": "left"},
    }
    assert graph.edges[1, 2] == {"weight": 2.5}
    arcs = read(tmp_path, "g.gexf", text, directed=True).edges
    assert sorted(arcs) == [(1, 2), (2, 1), (2, 3)]


def test_a_tie_without_direction_among_directed_ones_counts_both_ways(tmp_path: Path) -> None:
    text = graphml(
        '<node id="1"/><node id="2"/><node id="3"/><edge source="1" target="2" directed="false"/>'
        '<edge source="2" target="3"/>',
        kind="directed",
    )
    assert sorted(read(tmp_path, "g.graphml", text).edges) == [(1, 2), (2, 3)]
    arcs = read(tmp_path, "g.graphml", text, directed=True).edges
    assert sorted(arcs) == [(1, 2), (2, 1), (2, 3)]


def test_types_of_other_programs_are_read(tmp_path: Path) -> None:
    keys = (
        '<key id="a" for="node" attr.name="camp" attr.type="short"/>'
        '<key id="b" for="node" attr.name="pos" attr.type="vector_double"/>'
        '<key id="c" for="node" attr.name="on" attr.type="boolean"/>'
        '<key id="d" for="node" yfiles.type="nodegraphics"/>'
    )
    text = graphml(
        '<node id="n0"><data key="a">1</data><data key="b">0.1, 0.2</data><data key="c">true</data>'
        '<data key="d"><y xmlns="http://www.yworks.com/xml/graphml"><NodeLabel>Ann</NodeLabel></y>'
        "</data></node>",
        keys=keys,
    )
    graph = read(tmp_path, "g.graphml", text)
    assert graph.nodes["n0"] == {"camp": 1, "pos": "0.1, 0.2", "on": True, "label": "Ann"}
    assert graph.graph["notes"] == ["what yEd draws is left out, but for labels"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("directed", [False, True])
def test_files_of_networkx_are_read_to_the_last_attribute(
    tmp_path: Path, seed: int, directed: bool
) -> None:
    graph = nx.gnp_random_graph(30, 0.1, seed=seed, directed=directed)
    graph = nx.relabel_nodes(graph, {i: f"u{i}" for i in graph})
    for k, (node, data) in enumerate(graph.nodes(data=True)):
        data |= {"age": k, "camp": "ab"[k % 2], "lean": k / 7, "on": k % 3 == 0}
        assert node == f"u{k}"
    for k, (_, _, data) in enumerate(graph.edges(data=True)):
        data |= {"coupling": (-1.0) ** k, "note": "x y"}
    nx.write_graphml(graph, tmp_path / "g.graphml")
    nx.write_gexf(graph, tmp_path / "g.gexf")
    for name in ("g.graphml", "g.gexf"):
        found = networks.read(tmp_path / name, directed=directed)
        assert list(found.nodes) == list(graph.nodes)
        for node, data in found.nodes(data=True):
            data.pop("label", None)
            assert data == graph.nodes[node]
        assert {frozenset(e) if not directed else e for e in found.edges} == {
            frozenset(e) if not directed else e for e in graph.edges
        }
        assert all(data == graph.edges[u, v] for u, v, data in found.edges(data=True))


def test_attributes_may_have_any_name(tmp_path: Path) -> None:
    text = "source,target,u_of_edge,self,attr\n1,2,a,b,c\n"
    assert read(tmp_path, "e.csv", text).edges[1, 2] == {"u_of_edge": "a", "self": "b", "attr": "c"}


# Tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0", "\u2003"])
def test_blanks_around_names_and_values_are_no_part_of_them(tmp_path: Path, blank: str) -> None:
    b = blank
    edges = f"source{b}, target,coupling\nann,{b}bob,1 \nbob{b},eve,-1\nann,eve{b},{b}1{b}\n"
    nodes = f'id,camp {b},age\nann,left,1\n" bob{b}","left{b}",NA{b}\neve,{b}right, 3{b}\n'
    (tmp_path / "n.csv").write_text(nodes, encoding="utf-8")
    graph = read(tmp_path, "e.csv", edges, nodes=tmp_path / "n.csv")
    assert dict(graph.nodes(data=True)) == {
        "ann": {"camp": "left", "age": 1},
        "bob": {"camp": "left"},
        "eve": {"camp": "right", "age": 3},
    }
    assert list(graph.edges(data="coupling")) == [
        ("ann", "bob", 1),
        ("ann", "eve", 1),
        ("bob", "eve", -1),
    ]


@pytest.mark.parametrize("blank", ["", "NA", "N/A", "<NA>", "NaN", "nan", "null", "NULL", "None"])
def test_whatever_stands_for_nothing_is_missing_in_every_kind_of_file(
    tmp_path: Path, blank: str
) -> None:
    (tmp_path / "n.csv").write_text(f"id,camp,age\n1,left,3\n2,{blank},{blank}\n")
    table = pd.DataFrame({"id": [1, 2], "camp": ["left", blank], "age": [3, None]})
    table["age"] = table["age"].astype("Int64")
    table.to_parquet(tmp_path / "n.parquet")
    (tmp_path / "e.csv").write_text("source,target\n1,2\n")
    graphs = [
        networks.read(tmp_path / "e.csv", nodes=tmp_path / f"n.{k}") for k in ("csv", "parquet")
    ]
    nodes = [{"id": 1, "camp": "left", "age": 3}, {"id": 2, "camp": blank, "age": None}]
    graphs.append(read(tmp_path, "g.json", json.dumps({"nodes": nodes, "links": []})))
    keys = CAMP.format("") + '<key id="a" for="node" attr.name="age" attr.type="int"/>'
    inside = (
        '<node id="1"><data key="c">left</data><data key="a">3</data></node><node id="2">'
        f'<data key="c">{blank.replace("<", "&lt;")}</data><data key="a"/></node>'
    )
    graphs.append(read(tmp_path, "g.graphml", graphml(inside, keys=keys)))
    for graph in graphs:
        assert dict(graph.nodes(data=True)) == {1: {"camp": "left", "age": 3}, 2: {}}
        assert type(graph.nodes[1]["age"]) is int


def test_a_column_of_row_names_is_left_out_and_said(tmp_path: Path) -> None:
    plain = read(tmp_path, "e.csv", "source,target,coupling\n1,2,1\n2,1,1\n2,3,-1\n")
    for text in (
        ",source,target,coupling\n0,1,2,1\n1,2,1,1\n2,2,3,-1\n",
        '"","source","target","coupling"\n"1",1,2,1\n"2",2,1,1\n"3",2,3,-1\n',
    ):
        graph = read(tmp_path, "e.csv", text)
        assert dict(graph.edges) == dict(plain.edges)
        assert graph.graph["repeated_ties"] == 1
        assert graph.graph["notes"] == [
            "the first column of e.csv has no name and is left out as row names"
        ]


@pytest.mark.parametrize(
    "text",
    [
        "source,target,coupling,\n1,2,1,\n2,3,-1,\n",
        "source,target,coupling\n1,2,1,\n2,3,-1,\n",
        "source,target,coupling,,\n1,2,1\n2,3,-1\n",
    ],
)
def test_commas_at_the_end_of_lines_are_no_columns(tmp_path: Path, text: str) -> None:
    graph = read(tmp_path, "e.csv", text)
    assert dict(graph.edges) == {(1, 2): {"coupling": 1}, (2, 3): {"coupling": -1}}


def test_users_named_by_the_index_of_a_parquet_table_are_read(tmp_path: Path) -> None:
    edges = pd.DataFrame({"source": [1, 2, 3], "target": [2, 3, 1], "coupling": [1.0, -1.0, 1.0]})
    edges.set_index(["source", "target"]).to_parquet(tmp_path / "e.parquet")
    nodes = pd.DataFrame({"camp": ["a", "b", "a"]}, index=[1, 2, 3])
    for index in (nodes.index, nodes.index.rename("user"), nodes.index.rename("id")):
        nodes.set_axis(index).to_parquet(tmp_path / "n.parquet")
        graph = networks.read(tmp_path / "e.parquet", nodes=tmp_path / "n.parquet")
        assert dict(graph.nodes(data="camp")) == {1: "a", 2: "b", 3: "a"}
        assert graph.number_of_edges() == 3
    edges.set_axis([7, 8, 9]).to_parquet(tmp_path / "e.parquet")
    graph = networks.read(tmp_path / "e.parquet")
    assert dict(graph.edges)[1, 2] == {"coupling": 1.0}
    assert "left out as row names" in graph.graph["notes"][0]


def test_whole_numbers_stored_with_a_point_are_users_and_zeros_in_front_stay(
    tmp_path: Path,
) -> None:
    pd.DataFrame({"source": [1.0, 2.0], "target": [2.0, 3.0]}).to_parquet(tmp_path / "e.parquet")
    assert list(networks.read(tmp_path / "e.parquet")) == [1, 2, 3]
    ids = pd.DataFrame({"source": ["0012", "7"], "target": ["7", "12"]})
    ids.to_csv(tmp_path / "e.csv", index=False)
    ids.to_parquet(tmp_path / "t.parquet")
    for name in ("e.csv", "t.parquet"):
        assert list(networks.read(tmp_path / name)) == ["0012", "7", "12"]


# What is refused ----------------------------------------------------------------------------------

NESTED = '<node id="g"><graph edgedefault="undirected"><node id="1"/></graph></node>'
DYNAMIC = '<nodes><node id="1" start="0" end="2"/></nodes>'
DATED = (
    '<attributes class="node" mode="dynamic"><attribute id="0" title="camp" type="string"/>'
    '</attributes><nodes><node id="1"><attvalues><attvalue for="0" value="l" start="0"/>'
    "</attvalues></node></nodes>"
)
TWICE = '<edge source="1" target="2" id="0"><data key="w">{}</data></edge>'
DEEP = "<data>" * 300
REFUSED = {
    "nested graphs": ("g.graphml", graphml(NESTED), "a graph inside a node.*ungroup"),
    "two graphs": (
        "g.graphml",
        GRAPHML.format(2 * '<graph id="wave" edgedefault="directed"/>'),
        r"more than one graph \(wave, wave\)",
    ),
    "one id for two ties": (
        "g.graphml",
        graphml(PAIR + TWICE.format(1.0) + TWICE.format(-1.0), keys=WEIGHT.format("")),
        r"tie \(1, 2\) is listed twice, with coupling 1.0 and -1.0",
    ),
    "user twice": ("g.graphml", graphml(PAIR + '<node id="1"/>'), "lists the user '1' twice"),
    "hyperedge": ("g.graphml", graphml(PAIR + "<hyperedge/>"), "holds a hyperedge"),
    "another element": ("g.graphml", graphml("<nod id='1'/>"), "holds the element 'nod'"),
    "key twice": ("g.graphml", graphml("", keys=2 * CAMP.format("")), "key 'c' twice"),
    "attribute twice": (
        "g.graphml",
        graphml("", keys=CAMP.format("") + CAMP.format("").replace('id="c"', 'id="d"')),
        "attribute 'camp' twice",
    ),
    "value twice": (
        "g.graphml",
        graphml('<node id="1">' + 2 * '<data key="c">l</data>' + "</node>", keys=CAMP.format("")),
        "the user '1' has 'camp' twice",
    ),
    "no key": (
        "g.graphml",
        graphml('<node id="1"><data key="x">1</data></node>'),
        "key 'x', which is not declared",
    ),
    "no integer": (
        "g.graphml",
        graphml(
            '<node id="1"><data key="c">x</data></node>',
            keys=CAMP.format("").replace("string", "int"),
        ),
        "the camp of the user '1' is 'x', which is no int",
    ),
    "no direction": ("g.graphml", graphml("", kind="both"), "edgedefault is 'both'"),
    "no graph": ("g.graphml", GRAPHML.format(""), "malformed .it holds no graph"),
    "deep": ("g.graphml", graphml(DEEP + "</data>" * 300), "nested more than 200 deep"),
    "no id": ("g.graphml", graphml("<node/>"), "a node has no id"),
    "gexf over time": ("g.gexf", gexf(DYNAMIC), "over time .the user '1' has the start"),
    "gexf attribute over time": ("g.gexf", gexf(DATED), "over time"),
    "gexf groups": (
        "g.gexf",
        gexf('<nodes><node id="1"><nodes><node id="2"/></nodes></node></nodes>'),
        "holds groups",
    ),
    "gexf parent": ("g.gexf", gexf('<nodes><node id="1" pid="0"/></nodes>'), "holds groups"),
    "gexf twice": (
        "g.gexf",
        gexf('<nodes><node id="1"/><node id="1"/></nodes>'),
        "user '1' twice",
    ),
    "gexf unknown value": (
        "g.gexf",
        gexf(
            '<nodes><node id="1"><attvalues><attvalue for="9" value="1"/></attvalues></node>'
            "</nodes>"
        ),
        "attribute '9', which is not declared",
    ),
    "gexf weight": (
        "g.gexf",
        gexf(GEXF_PAIR + '<edges><edge source="1" target="2" weight="x"/></edges>'),
        "the weight of the tie .* is 'x', which is no float",
    ),
    "json surrogate": (
        "g.json",
        '{"nodes": [{"id": "a\\ud800"}], "edges": []}',
        r"holds 'a\\ud800', half of a surrogate pair",
    ),
    "json surrogate value": (
        "g.json",
        '{"nodes": [{"id": "a", "camp": "\\udfff"}], "edges": []}',
        "half of a surrogate pair",
    ),
    "json key twice": (
        "g.json",
        '{"nodes": [{"id": 1, "camp": 1, "camp": 2}], "edges": []}',
        "key 'camp' twice",
    ),
    "json object as id": ("g.json", '{"nodes": [{"id": {}}], "edges": []}', "a user is called"),
    "json true as id": ("g.json", '{"nodes": [{"id": true}], "edges": []}', "a user is called"),
    "json two lists": ("g.json", '{"nodes": [], "edges": [], "links": []}', "both edges and links"),
    "csv column twice": ("e.csv", "source,target,w, w\n1,2,1,-1\n", "two columns 'w'"),
    "csv no name": ("e.csv", "source,target,\n1,2,x\n", "column 3 has values but no name"),
    "csv long row": ("e.csv", "source,target\n1,2,x\n3,4,y\n", "malformed"),
    "csv wide": (
        "e.csv",
        "source,target" + ",a" * 10_000 + "\n",
        "columns; at most 10,000 are read",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_understood_is_refused_by_name(tmp_path: Path, case: str) -> None:
    name, text, sentence = REFUSED[case]
    with pytest.raises(InputError, match=sentence) as caught:
        read(tmp_path, name, text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


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
