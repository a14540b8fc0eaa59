"""SQL over a study: the same rows as in Python, of unfinished runs as well, and nothing else."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.study import queries

SCENARIO = """
seed = 1
network = {kind = "complete", n = 12}
couplings = {kind = "uniform", value = 0.1}
dynamics = {temperature = 1.0, sweeps = 20, start = "up"}
observe = {every = 2, names = ["magnetization"]}
sweep = {replicas = 3, "dynamics.temperature" = [1.0, 2.0, 4.0]}
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs") / "it's a run"
    sp.run(sp.Scenario.from_toml(SCENARIO), out=place, workers=1)
    return place


MEANS = """select "dynamics.temperature" as t, avg(magnetization) as m from results
           where sweep >= 10 group by all order by t"""


def test_a_query_finds_what_the_table_holds(done: Path) -> None:
    table = sp.Run.open(done).table
    late = table[table["sweep"] >= 10].groupby("dynamics.temperature")["magnetization"].mean()
    found = sp.study.query(done, MEANS)
    assert found["t"].tolist() == late.index.tolist()
    assert found["m"].to_numpy() == pytest.approx(late.to_numpy(), abs=1e-12)
    pd.testing.assert_frame_equal(sp.Run.open(done).sql(MEANS), found)
    whole = sp.study.query(done, "select * from results")
    pd.testing.assert_frame_equal(whole, table, check_dtype=False)


def test_of_an_unfinished_run_the_finished_parts_are_read(done: Path, tmp_path: Path) -> None:
    half = tmp_path / "half"
    shutil.copytree(done, half)
    (half / "results.parquet").unlink()
    next((half / "parts").iterdir()).unlink()
    there = sp.study.partial_table(half)
    order = '"dynamics.temperature", replica, sweep'
    found = sp.study.query(half, f"select * from results order by {order}")
    assert 0 < len(found) < len(sp.Run.open(done).table)
    pd.testing.assert_frame_equal(found, there, check_dtype=False)


def test_a_table_older_than_its_parts_is_not_asked(done: Path, tmp_path: Path) -> None:
    half = tmp_path / "half"
    shutil.copytree(done, half)
    next((half / "parts").iterdir()).unlink()  # as while a run is extended
    rows = sp.study.query(half, "select count(*) as n from results")["n"].item()
    assert rows == len(sp.study.partial_table(half)) < len(sp.Run.open(done).table)


def test_a_run_without_a_finished_part_says_so(done: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    shutil.copytree(done, begun)
    (begun / "results.parquet").unlink()
    shutil.rmtree(begun / "parts")
    with pytest.raises(InputError, match="no finished part yet"):
        sp.study.query(begun, "select 1")


def test_a_run_in_memory_answers_as_well() -> None:
    run = sp.run(sp.Scenario.from_toml(SCENARIO), workers=1)
    assert run.sql("select count(*) as n from results")["n"].item() == len(run.table)
    with pytest.raises(InputError, match="outside the study"):
        run.sql("select * from read_csv('pyproject.toml')")


@pytest.mark.parametrize(
    "statement",
    [
        "select 1; select 2",
        "drop view results",
        "copy results to 'out.csv'",
        "attach 'other.db'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "create table x as select 1",
        "with x as (select 1 as a) insert into results select * from x",
        "explain analyze copy (select 1) to 'out.csv'",
        "export database 'out'",
        "pragma database_list",
        "call pragma_version()",
        "prepare x as select 1",
        "set variable x = 1",
        "",
    ],
)
def test_anything_but_one_select_is_refused(done: Path, statement: str) -> None:
    with pytest.raises(InputError, match="is not one SELECT"):
        sp.study.query(done, statement)


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('{0}')",
        "read_text('{0}')",
        "read_blob('{1}/../secret.csv')",
        "glob('{1}/../*')",
        "read_parquet('https://example.org/x.parquet')",
        "read_parquet('s3://bucket/x.parquet')",
        "'{0}'",
        "'secret.csv'",
        "read_csv('{1}x/secret.csv')",
        "read_csv('file://{0}')",
        "read_text('{1}/away/secret.csv')",
        "glob('{1}/away/*')",
        "glob('*')",
        "read_json('/proc/self/environ')",
        "sniff_csv('{0}')",
        "parquet_metadata('{0}')",
        "duckdb_secrets()",
        "duckdb_extensions()",
    ],
)
def test_no_file_outside_the_study_is_read(done: Path, source: str) -> None:
    secret = done.parent / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    (done.parent / f"{done.name}x").mkdir(exist_ok=True)
    shutil.copy(secret, done.parent / f"{done.name}x")
    if not (done / "away").exists():
        (done / "away").symlink_to(done.parent, target_is_directory=True)
    quoted = [str(path).replace("'", "''") for path in (secret, done)]
    with pytest.raises(InputError, match="outside the study"):
        sp.study.query(done, f"select * from {source.format(*quoted)}")


def test_a_statement_inside_a_select_is_refused_as_well(done: Path) -> None:
    for inner in ("copy results to ''out.csv''", "select 1; select 2"):
        with pytest.raises(InputError, match="Expected a single SELECT"):
            sp.study.query(done, f"select * from query('{inner}')")
    with pytest.raises(InputError, match="cannot be answered"):
        sp.study.query(done, "select getenv('HOME')")


def test_half_of_a_character_in_a_statement_is_told_in_one_sentence(done: Path) -> None:
    with pytest.raises(InputError, match=r"'select \\+ud800'.* half of a character"):
        sp.study.query(done, "select \ud800")


def test_a_question_has_bounds_and_spills_outside_the_folder_one_works_in(
    done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = "('memory_limit', 'temp_directory')"
    asked = f"select name, value from duckdb_settings() where name in {names}"
    found = sp.study.query(done, asked).set_index("name")["value"]
    assert found["memory_limit"] == "3.7 GiB"
    assert not Path(found["temp_directory"]).is_relative_to(tmp_path)
    assert Path(found["temp_directory"]).is_absolute()


LONG = "repeat('x', 100001)"


@pytest.mark.parametrize(
    "value",
    [
        LONG,
        f"{LONG}::blob",
        f"[{LONG}]",
        f"{{'a': {LONG}}}",
        f"map {{1: {LONG}}}",
        f"string_agg({LONG})",
        f"list({LONG})",
        f"max({LONG})",
        "list(range(30000))",
    ],
)
def test_one_huge_value_is_refused_before_it_is_fetched(
    done: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LONGEST_VALUE", 100_000)
    grouped = " from range(1)" if "(range" not in value else ""
    for name in ("a", 'the "long" one\'s'):
        quoted = '"' + name.replace('"', '""') + '"'
        with pytest.raises(InputError, match=r"more than 100,000 bytes; tables"):
            sp.study.query(done, f"select 1 as b, {value} as {quoted}{grouped}")


def test_values_that_are_not_huge_come_as_they_are(done: Path) -> None:
    found = sp.study.query(
        done,
        "select 1 as a, 'x' as a, [1, 2] as l, {'b': null} as s, null as n, repeat('x', 999) as r",
    )
    assert found.columns.tolist() == ["a", "a_1", "l", "s", "n", "r"]
    assert found.iloc[0, :2].tolist() == [1, "x"]
    assert list(found["l"][0]) == [1, 2]
    assert found["s"][0] == {"b": None}
    assert len(found["r"][0]) == 999


def test_an_answer_that_takes_all_memory_is_one_sentence(
    done: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    from sociophysics.cli import query as command

    before = resource.getrlimit(resource.RLIMIT_AS)
    monkeypatch.setattr(command, "MOST_MEMORY", 1 << 28)
    asked = "select repeat('x', 9000000) as a from range(100)"
    assert main(["query", str(done), asked, "--csv"]) == 2
    error = "case when range < 9 then range else error('odd') end from range(10)"
    assert main(["query", str(done), f"select {error}", "--csv"]) == 2
    assert "odd" in capsys.readouterr().err
    assert main(["query", str(done), asked, "--csv"]) == 2
    said = capsys.readouterr().err
    assert "memory" in said.lower()
    assert said.count("\n") == 1
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_a_python_variable_is_no_table(done: Path) -> None:
    secret = pd.DataFrame({"a": [1]})
    with pytest.raises(InputError, match="cannot be answered"):
        sp.study.query(done, "select * from secret")
    assert len(secret) == 1


def test_a_wrong_name_is_told_in_one_sentence(
    done: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", str(done), "select magnetisation from results"]) == 2
    said = capsys.readouterr().err
    assert "magnetisation" in said
    assert "tables: comparison, events, results" in said
    assert said.count("\n") == 1


def test_a_folder_without_a_study_and_an_address_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no study"):
        sp.study.query(tmp_path, "select 1")
    with pytest.raises(InputError, match="copy the study first"):
        sp.study.query("s3://bucket/run", "select 1")


def test_the_command_prints_a_table_or_all_rows_as_csv(
    done: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", str(done), "select * from results"]) == 0
    assert "the first 40 rows; --csv prints all" in capsys.readouterr().out
    assert main(["query", str(done), "select * from results", "--csv"]) == 0
    printed = pd.read_csv(io.StringIO(capsys.readouterr().out))
    pd.testing.assert_frame_equal(printed, sp.Run.open(done).table, check_dtype=False)


def test_other_studies_have_their_tables_by_name(tmp_path: Path) -> None:
    place = tmp_path / "look"
    assert main(["inspect", "karate", "--camps", "club", "--out", str(place)]) == 0
    study = sp.open(place)
    for name, table in study.tables.items():
        found = study.sql(f'select count(*) as n from "{name}"')["n"].item()
        assert found == len(table)
    assert os.listdir(place)


def test_an_answer_that_is_too_large_is_refused_as_its_rows_come(
    done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LARGEST_ANSWER", 1_000_000)
    endless = "select i, i * 2 as j from range(1000000000000) r(i)"
    for ask in (sp.Run.open(done).sql, lambda sql: sp.study.query(done, sql)):
        with pytest.raises(InputError, match=r"more than 0.001 GB; ask for averages.* --csv`"):
            ask(endless)
    assert len(sp.study.query(done, "select i from range(100000) r(i)")) == 100_000
    with pytest.raises(InputError, match=r"a value of t has more than|ended on the way"):
        sp.study.query(done, "select repeat('x', i) as t from range(10000000, 10000010) r(i)")


KINDS = """select i, i::hugeint as h, sum(i) over () as s, i / 3 as d, i::decimal(9, 2) as c,
'a' || i as t, case when i > 2 then i end as n, i > 3 as b, date '2026-01-01' + i::int as day,
timestamp '2026-01-01' as ts, [i, 2] as l, {'a': i} as r, 'x'::blob as o, 'u'::enum('u', 'v') as e,
null as z, i::float as f, i::tinyint as y from range(6) q(i)"""


def test_rows_that_are_counted_are_of_the_types_that_duckdb_gives(done: Path) -> None:
    with queries.asking(done, KINDS) as found:
        expected = found.df()
    pd.testing.assert_frame_equal(sp.study.query(done, KINDS), expected)
    empty = f"select * from ({KINDS}) where i > 99"
    with queries.asking(done, empty) as found:
        expected = found.df()
    pd.testing.assert_frame_equal(sp.study.query(done, empty), expected)
