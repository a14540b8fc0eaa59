"""Bundled networks, files and generators, against published numbers and hand-made cases."""

from __future__ import annotations

import collections
import json

import networkx as nx
import pandas as pd
import pytest

from sociophysics import datasets, machine
from sociophysics.errors import InputError
from sociophysics.society import networks

ALPHA = 1e-4


def ties(graph):
    return {frozenset(pair) for pair in graph.edges()}


# Bundled networks ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "camp", "users", "count", "assortativity", "modularity"),
    [
        ("polblogs", "value", 1222, 16714, 0.8113, 0.4052),
        ("karate", "club", 34, 78, 0.7175, 0.3582),
    ],
)
def test_bundled_networks_have_the_published_numbers(
    name, camp, users, count, assortativity, modularity
):
    graph = networks.load(name)
    assert type(graph) is nx.Graph
    assert (len(graph), graph.number_of_edges()) == (users, count)
    assert nx.is_connected(graph)
    assert nx.number_of_selfloops(graph) == 0
    assert nx.attribute_assortativity_coefficient(graph, camp) == pytest.approx(
        assortativity, abs=5e-5
    )
    groups = collections.defaultdict(set)
    for node, value in graph.nodes(data=camp):
        groups[value].add(node)
    found = nx.community.modularity(graph, groups.values(), weight=None)
    assert found == pytest.approx(modularity, abs=5e-5)


def test_available_agrees_with_what_load_returns():
    for name, row in networks.available().iterrows():
        graph = networks.load(name)
        assert (len(graph), graph.number_of_edges()) == (row["users"], row["ties"])
        assert all(row["camp"] in data for _, data in graph.nodes(data=True))
        assert row["about"]
        assert row["citation"]


def test_polblogs_keeps_the_labels_values_and_types_of_the_file():
    graph = networks.load("polblogs")
    table = pd.read_csv(datasets.bundled_file("polblogs.nodes.csv"), index_col="id")
    assert list(graph) == sorted(graph)
    assert all(type(node) is int for node in graph)
    for node, data in graph.nodes(data=True):
        assert list(data) == ["label", "value", "source"]
        assert type(data["value"]) is float
        assert data == table.loc[node].to_dict()
    assert graph.graph == {"name": "polblogs", "self_loops": 3, "repeated_ties": 2372}


def test_polblogs_directed_has_every_link_of_the_file_once():
    graph = networks.load("polblogs", directed=True)
    links = pd.read_csv(datasets.bundled_file("polblogs.edges.csv"))
    wanted = {(u, v) for u, v in links.itertuples(index=False) if u != v and u in graph}
    assert type(graph) is nx.DiGraph
    assert set(graph.edges()) == wanted
    assert ties(graph) == ties(networks.load("polblogs"))


def test_karate_is_networkx_own_without_weights():
    graph, reference = networks.load("karate"), nx.karate_club_graph()
    assert ties(graph) == ties(reference)
    assert dict(graph.nodes(data="club")) == dict(reference.nodes(data="club"))
    assert all(data == {} for _, _, data in graph.edges(data=True))


def test_unknown_bundled_name_names_the_nearest():
    with pytest.raises(InputError, match="did you mean polblogs"):
        networks.load("polblog")
    with pytest.raises(InputError, match="ties of karate have no direction"):
        networks.load("karate", directed=True)


def test_data_files_are_found_in_a_wheel_and_beside_a_checkout(tmp_path, monkeypatch):
    package, source = datasets.FOLDERS
    assert (package.name, package.parent.name) == ("bundled", "sociophysics")
    (tmp_path / "x.csv").write_text("id\n")
    monkeypatch.setattr(datasets, "FOLDERS", (tmp_path, source))
    assert datasets.bundled_file("x.csv") == tmp_path / "x.csv"
    assert datasets.bundled_file("polbooks.edges.csv").parent == source
    with pytest.raises(FileNotFoundError, match=r"y\.csv"):
        datasets.bundled_file("y.csv")


# Files ----------------------------------------------------------------------------------------


def write(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.fixture
def small():
    """A graph with integer labels, an isolated user, mixed attributes and signed couplings."""
    graph = nx.Graph()
    graph.add_node(3, party="left", value=0.5, seats=2)
    graph.add_node(1, party="right", value=1.0, seats=0)
    graph.add_node(2, party="left", value=-1.5, seats=7)
    graph.add_node(9, party="none", value=0.0, seats=1)
    graph.add_edge(3, 1, coupling=-1.0, weight=2)
    graph.add_edge(1, 2, coupling=0.5, weight=3)
    return graph


def tables(graph):
    nodes = pd.DataFrame([{"id": node, **data} for node, data in graph.nodes(data=True)])
    return nx.to_pandas_edgelist(graph), nodes


def write_table(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def same(one, other):
    assert dict(one.nodes(data=True)) == dict(other.nodes(data=True))
    assert list(one) == list(other)
    assert {frozenset((u, v)): d for u, v, d in one.edges(data=True)} == {
        frozenset((u, v)): d for u, v, d in other.edges(data=True)
    }
    for node, data in other.nodes(data=True):
        kinds = {key: type(value) for key, value in data.items()}
        assert {key: type(value) for key, value in one.nodes[node].items()} == kinds
    assert [type(node) for node in one] == [type(node) for node in other]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
@pytest.mark.parametrize("table_suffix", [".csv", ".tsv", ".parquet"])
def test_edge_list_and_node_table_round_trip(small, tmp_path, suffix, table_suffix):
    edges, nodes = tables(small)
    path = write_table(edges, tmp_path / f"edges{suffix}")
    table = write_table(nodes, tmp_path / f"nodes{table_suffix}")
    same(networks.read(path, nodes=table), small)


@pytest.mark.parametrize("suffix", [".graphml", ".gexf", ".json"])
def test_graph_files_written_by_networkx_round_trip(small, tmp_path, suffix):
    path = tmp_path / f"graph{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps(nx.node_link_data(small, edges="links")))
    else:
        {".graphml": nx.write_graphml, ".gexf": nx.write_gexf}[suffix](small, path)
    graph = networks.read(path)
    if suffix == ".gexf":  # GEXF has a label of its own, and its weight is a float
        for _, data in graph.nodes(data=True):
            del data["label"]
        for _, _, data in graph.edges(data=True):
            data["weight"] = int(data["weight"])
    same(graph, small)


def test_json_labels_keep_their_types(tmp_path):
    data = {"nodes": [{"id": 1}, {"id": "1"}], "edges": [{"source": 1, "target": "1"}]}
    graph = networks.read(write(tmp_path, "g.json", json.dumps(data)))
    assert list(graph) == [1, "1"]


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        (("5", "-3", "0"), [5, -3, 0]),
        (("007", "7", "8"), ["007", "7", "8"]),
        (("NA", "null", "nan"), ["NA", "null", "nan"]),
        (("1", "1.0", "x"), ["1", "1.0", "x"]),
        (("12345678901234567890123", "1", "2"), ["12345678901234567890123", "1", "2"]),
        (("é", "日本", "a b"), ["é", "日本", "a b"]),
    ],
)
def test_labels_are_integers_only_if_all_are_written_so(tmp_path, written, labels):
    a, b, c = written
    text = f"source,target\n{a},{b}\n{b},{c}\n"
    assert list(networks.read(write(tmp_path, "e.csv", text))) == labels
    table = write(tmp_path, "n.csv", f"id\n{c}\n{b}\n{a}\n")
    graph = networks.read(tmp_path / "e.csv", nodes=table)
    assert list(graph) == labels[::-1]


@pytest.mark.parametrize("header", ["source,target", "src,dst", "from,to", "Source, Target"])
def test_accepted_names_of_the_two_ends(tmp_path, header):
    graph = networks.read(write(tmp_path, "e.csv", f"{header}\nann,bob\n"))
    assert list(graph.edges()) == [("ann", "bob")]


def test_byte_order_mark_and_windows_line_ends(tmp_path):
    (tmp_path / "e.csv").write_bytes(b"\xef\xbb\xbfsource,target\r\n1,2\r\n")
    assert list(networks.read(tmp_path / "e.csv").edges()) == [(1, 2)]


def test_direction_source_listens_to_target(tmp_path):
    path = write(tmp_path, "e.csv", "source,target,coupling\n1,2,3\n2,1,4\n")
    graph = networks.read(path, directed=True)
    assert dict(graph.edges) == {(1, 2): {"coupling": 3}, (2, 1): {"coupling": 4}}


def test_named_coupling_is_kept_and_stored_as_coupling(tmp_path):
    path = write(tmp_path, "e.csv", "source,target,sign\n1,2,-1\n2,3,1\n")
    graph = networks.read(path, coupling="sign")
    assert graph.edges[1, 2] == {"sign": -1, "coupling": -1}
    assert networks.read(path).edges[1, 2] == {"sign": -1}


def test_missing_attributes_are_left_out_and_integers_stay_integers(tmp_path):
    path = write(tmp_path, "e.csv", "source,target\n1,2\n")
    table = write(tmp_path, "n.csv", "id,seats,camp,on\n1,3,NA,True\n2,,left,False\n")
    graph = networks.read(path, nodes=table)
    assert dict(graph.nodes(data=True)) == {
        1: {"seats": 3, "on": True},
        2: {"camp": "left", "on": False},
    }
    assert type(graph.nodes[1]["seats"]) is int


def test_repeats_merge_and_self_loops_drop_with_a_count(tmp_path):
    path = write(tmp_path, "e.csv", "source,target,coupling\n1,2,1\n2,1,1\n1,2,1\n3,3,5\n2,3,2\n")
    graph = networks.read(path)
    assert sorted(graph.edges(data="coupling")) == [(1, 2, 1), (2, 3, 2)]
    assert graph.graph == {"name": "e.csv", "self_loops": 1, "repeated_ties": 2}
    assert networks.read(path, directed=True).graph["repeated_ties"] == 1


@pytest.mark.parametrize("suffix", [".csv", ".json", ".graphml"])
def test_a_contradictory_tie_is_named(tmp_path, suffix):
    graph = nx.MultiGraph()
    graph.add_edge("ann", "bob", coupling=1.0)
    graph.add_edge("ann", "bob", coupling=-1.0)
    path = tmp_path / f"g{suffix}"
    if suffix == ".csv":
        write(tmp_path, path.name, "source,target,coupling\nann,bob,1.0\nbob,ann,-1.0\n")
    elif suffix == ".json":
        path.write_text(json.dumps(nx.node_link_data(graph, edges="edges")))
    else:
        nx.write_graphml(graph, path)
    with pytest.raises(InputError, match=r"'ann'.* is listed twice, with coupling 1.0 and -1.0"):
        networks.read(path)


def test_directed_graph_file_read_undirected_and_the_reverse(tmp_path):
    nx.write_graphml(nx.DiGraph([(1, 2), (2, 1), (2, 3)]), tmp_path / "d.graphml")
    nx.write_graphml(nx.Graph([(1, 2)]), tmp_path / "u.graphml")
    assert sorted(networks.read(tmp_path / "d.graphml").edges()) == [(1, 2), (2, 3)]
    arcs = networks.read(tmp_path / "d.graphml", directed=True).edges()
    assert sorted(arcs) == [(1, 2), (2, 1), (2, 3)]
    with pytest.raises(InputError, match=r"u\.graphml have no direction"):
        networks.read(tmp_path / "u.graphml", directed=True)


def test_gexf_of_the_newest_version_is_read(tmp_path):
    text = (
        '<gexf xmlns="http://gexf.net/1.3" version="1.3"><graph defaultedgetype="undirected">'
        '<nodes><node id="1" label="a"/><node id="2" label="b"/></nodes>'
        '<edges><edge id="0" source="1" target="2"/></edges></graph></gexf>'
    )
    graph = networks.read(write(tmp_path, "g.gexf", text))
    assert list(graph.nodes(data="label")) == [(1, "a"), (2, "b")]
    assert list(graph.edges(data=True)) == [(1, 2, {})]


GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
BAD_FILES = {
    "unknown suffix": ("e.xlsx", "", "suffix '.xlsx'; allowed: .csv"),
    "empty": ("e.csv", "", "e.csv is empty; the first line must name the columns source and t"),
    "blank lines": ("e.csv", "\n\n", "e.csv is empty"),
    "no ties": ("e.csv", "source,target\n", "empty network"),
    "missing column": (
        "e.csv",
        "source,weight\n1,2\n",
        "no column target but the columns 'source', 'w",
    ),
    "semicolons": (
        "e.csv",
        "source;target\n1;2\n",
        "e.csv has semicolons between its columns; separate them by co",
    ),
    "commas": (
        "e.tsv",
        "source,target\n1,2\n",
        "e.tsv has commas between its columns; separate .*tabs",
    ),
    "NUL": ("e.csv", "source,target\n1,2\na\0x,3\n", "line 3 holds a NUL byte"),
    "one column": (
        "e.csv",
        "source\n1\n",
        "no column target but the columns 'source'; name source",
    ),
    "long row": ("e.csv", "source,target\n1,2\n1,2,3\n", "malformed .*line 3, saw 3"),
    "all rows long": ("e.csv", "source,target\n1,2,3\n", "malformed"),
    "short row": ("e.csv", "source,target\n1,2\n1\n", "row 2 has no target"),
    "blank end": ("e.csv", "source,target\n1,2\n,3\n", "row 2 has no source"),
    "open quote": ("e.csv", 'source,target\n"1,2\n', "malformed"),
    "text coupling": (
        "e.csv",
        "source,target,coupling\n1,2,3\n1,3,x\n",
        "coupling in row 2 is 'x'",
    ),
    "NaN coupling": ("e.csv", "source,target,coupling\n1,2,NaN\n", "row 1 is missing"),
    "no coupling": ("e.csv", "source,target,coupling\n1,2,1\n1,3,\n", "row 2 is missing"),
    "inf coupling": ("e.csv", "source,target,coupling\n1,2,-inf\n", "row 1 is -inf"),
    "true coupling": ("e.csv", "source,target,coupling\n1,2,True\n", "row 1 is .*True"),
    "not parquet": ("e.parquet", "source,target\n", "e.parquet is malformed"),
    "not json": ("e.json", "{", "malformed .*JSONDecodeError"),
    "deep json": ("e.json", "[" * 200_000, "malformed .*Recursion"),
    "list json": ("e.json", "[]", "not node-link data"),
    "json without ties": ("e.json", '{"nodes": []}', "not node-link data"),
    "json number nodes": ("e.json", '{"nodes": 3, "edges": []}', "malformed"),
    "json no id": ("e.json", '{"nodes": [{}], "edges": []}', "malformed .*id"),
    "json empty": ("e.json", '{"nodes": [], "edges": []}', "empty network"),
    "json twice": ("e.json", '{"nodes": [{"id": 1}, {"id": 1}], "edges": []}', "user 1 twice"),
    "json unknown user": (
        "e.json",
        '{"nodes": [{"id": 1}], "edges": [{"source": 1, "target": 2}]}',
        "names the user 2, who is not among its nodes",
    ),
    "json NaN": (
        "e.json",
        '{"nodes":[{"id":1},{"id":2}],"edges":[{"source":1,"target":2,"coupling":NaN}]}',
        r"coupling of the tie \(1, 2\) is nan",
    ),
    "json huge": (
        "e.json",
        '{"nodes":[{"id":1},{"id":2}],"edges":[{"source":1,"target":2,"coupling":1'
        + "0" * 400
        + "}]}",
        r"coupling of the tie \(1, 2\) is 1000",
    ),
    "not xml": ("e.graphml", "hello", "malformed .*ParseError"),
    "other xml": ("e.graphml", "<a/>", "malformed"),
    "other gexf": ("e.gexf", "<a/>", "malformed"),
    "cut xml": ("e.graphml", GRAPHML + '<node id="1"/>', "malformed"),
    "empty graphml": ("e.graphml", GRAPHML + "</graph></graphml>", "empty network"),
    "entity expansion": ("e.graphml", LAUGHS + GRAPHML + "</graph></graphml>", "XML entities"),
    "entity gexf": ("e.gexf", LAUGHS + "<gexf/>", "XML entities"),
    "outside entity": ("e.graphml", OUTSIDE + GRAPHML + "</graph></graphml>", "XML entities"),
    "xml unknown user": (
        "e.graphml",
        GRAPHML + '<node id="1"/><edge source="1" target="7"/></graph></graphml>',
        "names the user 7, who is not among its nodes",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_refused_in_one_sentence(tmp_path, case):
    name, text, sentence = BAD_FILES[case]
    path = write(tmp_path, name, text)
    with pytest.raises(InputError, match=sentence) as error:
        networks.read(path)
    assert "\n" not in str(error.value)
    assert path.read_text() == text


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings_are_named(tmp_path, suffix, encoding):
    path = tmp_path / f"e.{suffix}"
    path.write_bytes("source,target\né,b\n".encode(encoding))
    with pytest.raises(InputError, match=r"not UTF-8 text \(byte \d+ .*save it as UTF-8"):
        networks.read(path)


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.csv does not exist"):
        networks.read(tmp_path / "nothing.csv")
    (tmp_path / "folder.csv").mkdir()
    for folder in (tmp_path / "folder.csv", tmp_path):
        with pytest.raises(InputError, match="is a folder; give the path of a file"):
            networks.read(folder)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("id\n1\n2\n", r"row 2 names the user '5', who is not in n\.csv"),
        ("id\n1\n2\n5\n1\n", "lists the user '1' twice"),
        ("name\n1\n", "no column id but the columns 'name'; name id in the first"),
        ("id,x\n1,a\n,b\n", "row 2 has no id"),
        ("", "n.csv is empty"),
    ],
)
def test_bad_node_tables(tmp_path, table, sentence):
    path = write(tmp_path, "e.csv", "source,target\n1,2\n2,5\n")
    with pytest.raises(InputError, match=sentence):
        networks.read(path, nodes=write(tmp_path, "n.csv", table))


def test_node_table_belongs_to_edge_lists(tmp_path):
    nx.write_graphml(nx.path_graph(2), tmp_path / "g.graphml")
    table = write(tmp_path, "n.csv", "id\n0\n")
    with pytest.raises(InputError, match="holds its own users"):
        networks.read(tmp_path / "g.graphml", nodes=table)
    path = write(tmp_path, "e.csv", "source,target\n0,1\n")
    with pytest.raises(InputError, match=r"suffix '\.graphml'; allowed: \.csv"):
        networks.read(path, nodes=tmp_path / "g.graphml")


def test_unknown_coupling_columns(tmp_path, small):
    path = write(tmp_path, "e.csv", "source,target,sign\n1,2,1\n")
    with pytest.raises(InputError, match="no coupling column 'weight'; its columns are source"):
        networks.read(path, coupling="weight")
    nx.write_graphml(small, tmp_path / "g.graphml")
    with pytest.raises(InputError, match=r"sign of the tie \(3, 1\) is missing"):
        networks.read(tmp_path / "g.graphml", coupling="sign")


def test_text_that_looks_like_numbers_in_a_typed_file_is_refused(tmp_path):
    frame = pd.DataFrame({"source": [1], "target": [2], "coupling": ["3"]})
    with pytest.raises(InputError, match="coupling in row 1 is '3'"):
        networks.read(write_table(frame, tmp_path / "e.parquet"))


def test_a_file_larger_than_memory_is_refused_before_reading(tmp_path, monkeypatch):
    path = write(tmp_path, "e.csv", "source,target\n" + "1,2\n" * 100)
    monkeypatch.setattr(machine, "available_memory", lambda: 3000)
    with pytest.raises(InputError, match=r"reading e\.csv needs about .* GB"):
        networks.read(path)
    monkeypatch.setattr(machine, "available_memory", lambda: 20_000)
    with pytest.raises(InputError, match="network of 100 ties needs about"):
        networks.read(path)
