"""The command line: what it prints, its exit status, and one sentence for every bad input."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from sociophysics import runs
from sociophysics.cli import main
from sociophysics.cli.progress import rate
from sociophysics.errors import InputError
from sociophysics.study.results import Run, at
from tests.test_report import many

EDGES = "source,target,coupling\na,b,1.0\nb,c,1.0\nc,d,-0.5\n"
NODES = "id,camp\na,0\nb,0\nc,1\nd,1\n"
SCENARIO = """
title = "A small society"
seed = 3
[network]
kind = "file"
path = "ties.csv"
nodes = "users.csv"
[couplings]
kind = "edge"
[dynamics]
temperature = 0.8
sweeps = 20
burn_in = 5
start = "camps"
[observe]
every = 5
names = ["camp_polarization", "magnetization"]
[[designs]]
name = "no feed"
feed = { kind = "none" }
[[designs]]
name = "friends' posts"
feed = { kind = "chronological", strength = 0.5 }
[sweep]
replicas = 3
"dynamics.temperature" = [0.4, 0.8]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a network of four users and a scenario that runs."""
    (tmp_path / "ties.csv").write_text(EDGES)
    (tmp_path / "users.csv").write_text(NODES)
    (tmp_path / "small.toml").write_text(SCENARIO)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence that a bad input gives, with exit status 2."""
    assert main(list(arguments)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if " parts, " not in line]
    assert len(lines) == 1, said.err
    assert lines[0].startswith("sociophysics: ")
    assert "Traceback" not in said.err
    return lines[0]


def test_a_run_prints_the_comparison_and_where_the_report_is(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "small.toml", "--workers", "1"]) == 0
    said = capsys.readouterr()
    for needed in ("camp_polarization", "no feed", "friends' posts", "reference", "camps melt"):
        assert needed in said.out
    folder = place / "runs" / "small"
    assert f"report: {Path('runs', 'small', 'report.html')}" in said.out
    assert "\x1b" not in said.out + said.err
    assert {"manifest.json", "results.parquet", "comparison.csv", "report.html"} <= {
        file.name for file in folder.iterdir()
    }
    run = Run.open(folder)
    written = pd.read_csv(folder / "comparison.csv")
    pd.testing.assert_frame_equal(written, run.compare_all(), check_dtype=False)
    rows = at(run, "camp_polarization", {"dynamics.temperature": 0.8})
    row = rows[rows["design"] != "no feed"].iloc[0]
    shown = f"{row['difference']:+.3f} [{row['low']:.3f}, {row['high']:.3f}]"
    assert shown in said.out
    melting = run.melting().set_index("design")["temperature"].dropna()
    assert all(f"{value:.3f}" in said.out for value in melting)
    assert main(["run", "small.toml", "--workers", "1"]) == 0
    assert "finished before" in capsys.readouterr().err


def test_more_replicas_extend_a_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "small.toml", "--workers", "1", "--replicas", "2", "--out", "o"]) == 0
    few = Run.open(place / "o").table
    assert main(["run", "small.toml", "--workers", "1", "--out", "o"]) == 0
    more = Run.open(place / "o").table
    both = more[more["replica"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(both, few)
    capsys.readouterr()


WITHOUT_NODES = ('nodes = "users.csv"\n', "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("temperature = 0.8", "temperature = -1.0"), "dynamics.temperature is -1.0"),
        (("temperature = 0.8", 'temperature = "hot"'), "dynamics.temperature is 'hot'"),
        (("temperature = 0.8", "temperature = nan"), "dynamics.temperature"),
        (("sweeps = 20", "sweeps = 0"), "dynamics.sweeps is 0"),
        (("replicas = 3", "replicas = 0"), "sweep.replicas is 0"),
        (('"dynamics.temperature"', '"dynamics.temprature"'), "did you mean"),
        (("[0.4, 0.8]", "[0.4, -0.8]"), "-0.8"),
        (("strength = 0.5", "strenght = 0.5"), "did you mean strength"),
        (('"magnetization"', '"magnetisation"'), "did you mean"),
        (("seed = 3", "seed = "), "not valid TOML"),
        (('path = "ties.csv"', 'path = "tie.csv"'), "tie.csv"),
        (('kind = "edge"', 'kind = "edges"'), "did you mean edge"),
        (('start = "camps"', 'start = "mood"'), "mood"),
        (
            ('kind = "file"\npath = "ties.csv"\nnodes = "users.csv"', 'kind = "complete"\nn = 0'),
            "network.n is 0",
        ),
        (
            (
                'kind = "file"\npath = "ties.csv"\nnodes = "users.csv"',
                'kind = "complete"\nn = 3000000',
            ),
            "memory",
        ),
    ],
)
def test_a_bad_scenario_is_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], words: str
) -> None:
    assert change[0] in SCENARIO
    text = SCENARIO.replace(*change)
    if "complete" in text:
        text = text.replace('kind = "edge"', 'kind = "uniform"')
    (place / "small.toml").write_text(text)
    before = files(place)
    assert words in refused(capsys, "run", "small.toml", "--workers", "1")
    assert {name: files(place)[name] for name in before} == before


@pytest.mark.parametrize(
    ("ties", "users", "words"),
    [
        (EDGES + "d,zoe,1.0\n", NODES, "zoe"),
        (EDGES.replace("-0.5", "much"), NODES, "much"),
        (EDGES.replace("-0.5", "nan"), NODES, "finite number"),
        (EDGES.replace("-0.5", "inf"), NODES, "finite number"),
        ("source,target,coupling\n", "id,camp\n", "user"),
        ("a,b\n1,2\n", NODES, "source"),
        (EDGES, NODES.replace("c,1", "c,-1").replace("d,1", "d,right"), "leave the value blank"),
        ("", NODES, "ties.csv"),
    ],
)
def test_a_bad_network_is_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], ties: str, users: str, words: str
) -> None:
    (place / "ties.csv").write_text(ties)
    (place / "users.csv").write_text(users)
    before = files(place)
    assert words in refused(capsys, "run", "small.toml", "--workers", "1")
    assert {name: files(place)[name] for name in before} == before


def test_a_bad_scenario_leaves_the_folder_to_the_corrected_one(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "small.toml").write_text(SCENARIO.replace('start = "camps"', 'start = "zzz"'))
    said = refused(capsys, "run", "small.toml", "--workers", "1")
    assert "small.toml, design 'no feed'" in said
    assert "start is 'zzz'" in said
    assert not (place / "runs").exists()
    (place / "small.toml").write_text(SCENARIO)
    assert main(["run", "small.toml", "--workers", "1"]) == 0
    (place / "copy.toml").write_text(SCENARIO)
    assert main(["run", "copy.toml", "--workers", "1", "--out", "runs/small"]) == 0
    assert "finished before" in capsys.readouterr().err


def test_too_many_replicas_are_one_sentence_at_once(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = refused(capsys, "run", "small.toml", "--replicas", "1000000000")
    assert "sweep.replicas is 1000000000; it must be <= 10,000,000" in said
    monkeypatch.setattr("sociophysics.machine.available_memory", lambda: 2**33)
    said = refused(capsys, "run", "small.toml", "--replicas", "10000000")
    assert "the table of 8000000 parts needs about" in said


@pytest.mark.parametrize(
    "change",
    [
        ("temperature = 0.8", "temperature = 1e-320"),
        ("temperature = 0.8", "temperature = 1e308"),
        ("strength = 0.5", "strength = 1e-320"),
        ("strength = 0.5", "strength = 1e308"),
        ('kind = "edge"', 'kind = "uniform"\nvalue = 1e308'),
        ('kind = "edge"', 'kind = "uniform"\nvalue = 1e100'),
        ('kind = "edge"', 'kind = "uniform"\nvalue = 1e-320'),
    ],
)
def test_extreme_numbers_give_a_sentence_or_no_infinity(
    place: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str]
) -> None:
    text = SCENARIO.replace(*change).replace('"dynamics.temperature" = [0.4, 0.8]', "")
    (place / "small.toml").write_text(text.replace('"magnetization"', '"magnetization", "energy"'))
    status = main(["run", "small.toml", "--workers", "1"])  # a warning is an error here
    if status == 2:
        assert len(capsys.readouterr().err.splitlines()) == 1
    else:
        assert status == 0
        assert "inf" not in (place / "runs" / "small" / "comparison.csv").read_text()


def test_files_of_the_wrong_encoding_are_named(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "small.toml").write_bytes(SCENARIO.replace("small", "größe").encode("latin-1"))
    assert "not UTF-8" in refused(capsys, "run", "small.toml")
    (place / "small.toml").write_text(SCENARIO)
    (place / "ties.csv").write_bytes(EDGES.replace("d", "ü").encode("latin-1"))
    assert "UTF-8" in refused(capsys, "run", "small.toml", "--workers", "1")


def test_missing_and_superfluous_arguments(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean small.toml" in refused(capsys, "run", "smal.toml")
    assert "small.toml" in refused(capsys, "describe", "smal.toml")
    assert "valid" in refused(capsys, "run", "small.toml", "--replicas", "many")
    assert "workers is 0" in refused(capsys, "run", "small.toml", "--workers", "0")
    assert "HOST:PORT" in refused(capsys, "run", "small.toml", "--scheduler", "tcp://h")
    assert "SCENARIO" in refused(capsys, "run").upper()
    assert "--wrong" in refused(capsys, "run", "small.toml", "--wrong")
    assert "runn" in refused(capsys, "runn")
    assert not (place / "runs").exists()


def test_the_folder_of_another_scenario_is_left_alone(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "small.toml", "--workers", "1", "--out", "o"]) == 0
    capsys.readouterr()
    before = files(place / "o")
    (place / "small.toml").write_text(SCENARIO.replace("sweeps = 20", "sweeps = 30"))
    assert "dynamics.sweeps" in refused(capsys, "run", "small.toml", "--out", "o")
    (place / "thesis").mkdir()
    (place / "thesis" / "chapter.txt").write_text("irreplaceable")
    assert "chapter.txt" in refused(capsys, "run", "small.toml", "--out", "thesis")
    assert "not a folder" in refused(capsys, "run", "small.toml", "--out", "ties.csv")
    assert files(place / "o") == before
    assert files(place / "thesis") == {"chapter.txt": b"irreplaceable"}


def test_a_damaged_part_is_set_aside_and_made_again(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "small.toml", "--workers", "1", "--out", "o"]) == 0
    whole = files(place / "o")
    part = sorted((place / "o" / "parts").glob("*.parquet"))[0]
    part.write_bytes(part.read_bytes()[:100])
    assert main(["run", "small.toml", "--workers", "1", "--out", "o"]) == 0
    for name in ("results.parquet", "comparison.csv", "report.html"):
        assert files(place / "o")[name] == whole[name]
    capsys.readouterr()


def test_an_interrupted_run_says_how_to_continue(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object, **keys: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "run", interrupted)
    arguments = ["run", "small.toml", "--out", "my runs", "--replicas", "2"]
    assert main(arguments) == 130
    said = capsys.readouterr().err
    assert "sociophysics run small.toml --out 'my runs' --replicas 2" in said
    assert "Traceback" not in said


def test_a_defect_says_that_it_is_one(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **keys: object) -> None:
        raise RuntimeError("impossible")

    monkeypatch.setattr(runs, "run", broken)
    monkeypatch.delenv("SOCIOPHYSICS_DEBUG", raising=False)
    assert main(["run", "small.toml"]) == 1
    said = capsys.readouterr().err
    assert "defect of sociophysics" in said
    assert "RuntimeError: impossible" in said
    assert "Traceback" not in said
    monkeypatch.setenv("SOCIOPHYSICS_DEBUG", "1")
    assert main(["run", "small.toml"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_where_a_file_is_taken_to_be_at_fault_the_cause_can_be_seen(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **keys: object) -> None:
        raise InputError("the file is damaged.") from KeyError("ours")

    monkeypatch.setattr(runs, "run", broken)
    monkeypatch.delenv("SOCIOPHYSICS_DEBUG", raising=False)
    assert main(["run", "small.toml"]) == 2
    assert capsys.readouterr().err == "sociophysics: the file is damaged.\n"
    monkeypatch.setenv("SOCIOPHYSICS_DEBUG", "1")
    assert main(["run", "small.toml"]) == 2
    assert "KeyError: 'ours'" in capsys.readouterr().err


def test_describe_and_schema(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "small.toml"]) == 0
    assert "A small society" in capsys.readouterr().out
    assert main(["schema"]) == 0
    assert "seed" in json.loads(capsys.readouterr().out)["required"]


def test_data_is_listed_and_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    said = capsys.readouterr().out
    for name in ("karate", "polblogs", "polbooks", "senate109", "scotus_rehnquist", "voteview"):
        assert name in said
    assert main(["data", "fetch", "karate"]) == 0
    assert all(Path(line).is_file() for line in capsys.readouterr().out.splitlines())
    assert "did you mean karate" in refused(capsys, "data", "fetch", "karat")
    assert "S117" in refused(capsys, "data", "fetch", "voteview")
    assert "X9" in refused(capsys, "data", "fetch", "voteview", "X9")
    assert "only voteview" in refused(capsys, "data", "fetch", "karate", "S117")


def test_the_summary_of_many_points_is_short(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from sociophysics.cli.printed_summary import show

    run = many()
    show(run)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert len(lines) < 40
    assert all(len(line) <= 124 for line in lines)
    assert all(any(design in line for line in lines) for design in run.designs)


def test_rates() -> None:
    assert rate(30e6, 2.0) == "15.0 M updates/s"
    assert rate(0.0, 0.0) == "starting"


def process(*arguments: str, **keys: object) -> subprocess.Popen[str]:
    # A shell that starts a suite in the background has its children ignore Ctrl-C.
    return subprocess.Popen(
        [sys.executable, "-m", "sociophysics", *arguments], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL), **keys,
    )  # fmt: skip


def test_help_is_fast_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from sociophysics.cli import main; main(['--help']);"
        "print([m for m in ('numba', 'pandas', 'scipy', 'matplotlib', 'mesa', 'solara')"
        " if m in sys.modules])"
    )
    # The fastest of three: other work on the machine must not count.
    seconds, out = min(_timed(code) for _ in range(3))
    assert out.splitlines()[-1] == "[]"
    assert seconds < 1.0


def _timed(code: str) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return time.perf_counter() - start, done.stdout


def test_a_run_never_loads_mesa_or_pyplot(place: Path) -> None:
    code = (
        "import sys; from sociophysics.cli import main;"
        "print(main(['run', 'small.toml', '--workers', '1']));"
        "print([m for m in ('mesa', 'solara', 'matplotlib.pyplot') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=place)
    assert done.stdout.splitlines()[-2:] == ["0", "[]"], done.stderr


def test_bad_input_in_a_real_process(place: Path) -> None:
    (place / "small.toml").write_text(SCENARIO.replace("sweeps = 20", "sweeps = 0"))
    program = process("run", "small.toml", cwd=place)
    out, err = program.communicate(timeout=60)
    assert (program.returncode, out) == (2, "")
    assert err.count("\n") == 1
    assert "dynamics.sweeps is 0" in err


def test_ctrl_c_keeps_finished_parts_and_the_same_command_continues(place: Path) -> None:
    text = SCENARIO.replace("sweeps = 20", "sweeps = 20000").replace("every = 5", "every = 5000")
    text = text.replace("replicas = 3", "replicas = 2000")
    (place / "small.toml").write_text(text)
    program = process("run", "small.toml", "--workers", "1", cwd=place, env=os.environ.copy())
    parts = place / "runs" / "small" / "parts"
    # Its first part may have to wait for kernels that were never compiled here.
    deadline = time.monotonic() + 300
    while not list(parts.glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.05)
    program.send_signal(signal.SIGINT)
    try:
        _, err = program.communicate(timeout=300)
    finally:
        program.kill()
    assert program.returncode == 130
    assert "To continue: sociophysics run small.toml --workers 1" in err
    assert "Traceback" not in err
    assert list(parts.glob("*.parquet"))
