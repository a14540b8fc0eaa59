"""Broken network files by the thousand: every one is a graph or one sentence, and soon."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sociophysics.errors import InputError
from sociophysics.rollcall import read_votes
from sociophysics.society import couplings, networks
from tests.file_mutants import SECONDS, mutant, sentence_or, survey, survey_of_thousands

CASES, MANY = 420, 6000

TOKENS = [
    *(b"", b" ", b",", b"\t", b"\n", b"\r", b'"', b"'", b";", b"\0", b"\xff", b"\xed\xa0\x80"),
    *(b"-1", b"0", b"007", b"1e999", b"nan", b"NA", b"inf", b"True", b"9" * 400, b"9" * 5000),
    *(b"source", b"target", b"id", b"coupling", b"camp", b"u_of_edge", b"[" * 3000, b"(" * 500),
    *(b"{", b"}", b"[", b"]", b"null", b"NaN", b"1e5", b'"\\ud800"', b'{"a": 1}', b"\\", b":"),
    *(b"<", b">", b"/>", b"&", b"&amp;", b"&x;", b"<!DOCTYPE x>", b"<node/>", b"<graph>"),
    *(b"</graph>", b"<edge/>", b"<data/>", b"<default>1</default>", b"<hyperedge/>"),
    *(b"directed", b"undirected", b"\x15\x04"),
    *(b'id="1"', b'source="1"', b'for="edge"', b'attr.type="int"', b'start="0"', b"<x>" * 300),
    *("\u00a0".encode(), "\u2212".encode(), "社会".encode(), b"x" * 2000, b"PAR1", b"\xef\xbb\xbf"),
]  # fmt: skip


def seeds() -> dict[str, list[bytes]]:
    """Return valid files of every kind, whose mutants are read."""
    graph = nx.Graph(nx.karate_club_graph().subgraph(range(9)))
    for k, (_, data) in enumerate(graph.nodes(data=True)):
        data |= {"camp": "ab"[k % 2], "age": k, "on": k % 3 == 0}
    for _, _, data in graph.edges(data=True):
        data |= {"coupling": -1.5, "word": "x y"}
    edges = nx.to_pandas_edgelist(graph)
    nodes = pd.DataFrame([{"id": node, **data} for node, data in graph.nodes(data=True)])
    texts = {".csv": edges.to_csv(index=False), ".tsv": edges.to_csv(index=False, sep="\t")}
    found = {kind: [text.encode()] for kind, text in texts.items()}
    found[".csv"] += [
        edges.to_csv().encode(),
        nodes.rename(columns={"id": "source"}).to_csv().encode(),
    ]
    names = edges.assign(source="u" + edges["source"].astype(str), note=["word"] * len(edges))
    found[".parquet"] = []
    for frame, options in (
        (edges, {}),
        (names, {"compression": "zstd"}),
        (edges, {"use_dictionary": False}),
    ):
        content = io.BytesIO()
        pq.write_table(pa.Table.from_pandas(frame), content, **options)
        found[".parquet"].append(content.getvalue())
    found[".json"] = [
        json.dumps(nx.node_link_data(graph, edges="links")).encode(),
        json.dumps(nx.node_link_data(nx.DiGraph(graph), edges="edges"), indent=1).encode(),
    ]
    for kind, write in ((".graphml", nx.write_graphml), (".gexf", nx.write_gexf)):
        content = io.BytesIO()
        write(graph, content)
        found[kind] = [content.getvalue()]
    return found


def outcome(folder: Path, kind: str, content: bytes, table: bytes | None, directed: bool) -> str:
    """Read a file as a user would; return "graph" or "sentence", and raise for anything else."""
    path, nodes = folder / f"e{kind}", folder / f"n{kind}"
    path.write_bytes(content)
    if table is not None:
        nodes.write_bytes(table)

    def read() -> str:
        beside = nodes if table is not None else None
        graph = networks.read(path, nodes=beside, directed=directed)
        assert couplings.uniform(graph).n == len(graph) > 0
        repr(graph.nodes(data=True)).encode()
        return "graph"

    return sentence_or(read)


def survey_networks(folder: Path, count: int, seed: int) -> dict[str, int]:
    valid = seeds()
    tables = {kind: valid[kind] for kind in (".csv", ".tsv", ".parquet")}

    def mutated(kind: str, rng: np.random.Generator) -> Callable[[], str]:
        content = mutant(valid[kind], rng, TOKENS)
        table = mutant(tables[kind], rng, TOKENS) if kind in tables and rng.random() < 0.3 else None
        return partial(outcome, folder, kind, content, table, bool(rng.random() < 0.2))

    return survey(list(valid), mutated, count, seed)


def test_valid_files_of_the_fuzzer_are_graphs(tmp_path: Path) -> None:
    """The negative control: what is mutated would have been read."""
    for kind, contents in seeds().items():
        for content in contents[:2]:
            assert outcome(tmp_path, kind, content, None, False) == "graph"


def test_broken_network_files_are_a_graph_or_a_sentence(tmp_path: Path) -> None:
    found = survey_networks(tmp_path, CASES, seed=1)
    assert found["sentence"] > CASES / 4
    assert found["graph"] > CASES / 20


@pytest.mark.validate
def test_thousands_of_broken_network_files_are_a_graph_or_a_sentence(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    survey_of_thousands(partial(survey_networks, tmp_path), MANY, record_property)


# Bodies of a table in which a reader could lose itself: one took pandas a minute and a half.
SPECIAL = {
    "opened quotes": b'"a,' * 200_000,
    "quotes": b'"' * 200_000,
    "rows of one quote": b'"\n' * 100_000,
    "doubled quotes": b'"a""b,"' * 60_000,
    "NULs": b"\0\n" * 100_000,
    "one long cell": b"x" * 2_000_000,
    "separators": b",;\t|" * 100_000,
    "mixed ends of lines": b"1,2,1\r2,3,1\r\n3,4,1\n" * 10_000,
    "empty lines": b"\n" * 500_000,
    "digits": b"9" * 200_000 + b",1,1\n",
    "other separators of lines": "\u2028,\x0b\x85".encode() * 60_000,
}


@pytest.mark.parametrize("body", SPECIAL.values(), ids=SPECIAL)
@pytest.mark.parametrize("head", [b"source,target,coupling\n", b"id,name,party,rc1,rc2\n", b""])
def test_special_rows_are_read_or_refused_soon(tmp_path: Path, body: bytes, head: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(head + body)
    for read in (networks.read, read_votes):
        begun = time.process_time()
        with contextlib.suppress(InputError):
            read(path)
        assert time.process_time() - begun < SECONDS


def test_a_row_of_too_many_cells_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"source,target\n" + b'"a,' * 5000)
    with pytest.raises(
        InputError, match="first row has 2,501 cells for 2 columns; perhaps a quote"
    ):
        networks.read(path)
    path.write_bytes(b"id,name,rc1\n" + b'"a,' * 5000)
    with pytest.raises(
        InputError, match="first row has 2,501 cells for 3 columns; perhaps a quote"
    ):
        read_votes(path)
