"""What a network file holds is what is read, counted in the file; the rest is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pandas as pd
import pytest

from sociophysics.errors import InputError
from sociophysics.society import networks

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


def test_directions_that_are_not_kept_are_said(tmp_path: Path) -> None:
    path = tmp_path / "mixed.graphml"
    path.write_text(
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">'
        '<node id="1"/><node id="2"/><node id="3"/><edge source="1" target="2" directed="false"/>'
        '<edge source="2" target="3"/></graph></graphml>'
    )
    graph = networks.read(path)
    said = "mixed.graphml has ties with a direction, read as mutual; directed = true keeps it"
    assert graph.graph["notes"] == [said]
    arcs = networks.read(path, directed=True)
    assert sorted(arcs.edges) == [(1, 2), (2, 1), (2, 3)]
    assert "notes" not in arcs.graph
