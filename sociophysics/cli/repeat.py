"""``sociophysics repeat``: a study computed again, and whether every byte agrees."""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.cli.options import Quiet, Scheduler, Workers, count_of, workers_of
from sociophysics.errors import InputError, shortened

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sociophysics.scenario import Scenario
    from sociophysics.store import Store

__all__ = ["repeat"]

Folder = Annotated[str, typer.Argument(metavar="DIR", help="Folder or address of a study.")]
Sample = Annotated[
    int | None, typer.Option(help="Compute only so many of its parts again, and all tables.")
]
# What no number is in: times and hosts, what is found in the parts as well, parts set aside.
APART = re.compile(r"(.*/)?(log\.jsonl|ledger\.parquet|\.[^/]*|parts/[^/]*\.(corrupt|draft))")
FILE = re.compile(r".*\.(csv|parquet|jsonl?|npz|txt|html|toml|corrupt|draft)")
NAMED = 5  # files that a message names
DIFFERENT = 1


def repeat(
    directory: Folder,
    sample: Sample = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    quiet: Quiet = False,
) -> None:
    """Compute a study again in a temporary place, and say whether every byte agrees.

    Exit status 0 if it does, 1 if not, 2 if it cannot be repeated.
    """
    from sociophysics.store import STUDIES, open_store, read_json
    from sociophysics.store.manifest import check_code
    from sociophysics.study.opening import open_study

    store = open_store(directory)
    open_study(directory)
    manifest = read_json(store)
    command = str(manifest["format"]).split()[1]
    check_code(manifest, store.place, STUDIES[command])
    if sample is not None and sample < 1:
        raise InputError(f"--sample is {sample}; it must be a whole number >= 1.")
    count = count_of(workers)
    with (
        tempfile.TemporaryDirectory() as folder,
        workers_of(scheduler) as executor,
    ):
        again = open_store(Path(folder) / "again")
        if sample is not None:
            _copy_all_but(store, again, sample)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            given = _given(store) | {"reported": "report.html" in store.names("")}
            try:
                _answer(command, manifest, given, again.place, count, executor)
            except InputError:
                raise
            except (LookupError, TypeError, AttributeError, ValueError) as error:
                # Both are files that anybody may have edited, of a command's own shape.
                raise InputError(
                    f"{store.place} cannot be repeated: its manifest or log does not say what was "
                    f"asked ({type(error).__name__}: {shortened(str(error))}); if nobody edited "
                    "them, please report what `sociophysics --debug repeat` shows."
                ) from error
        different = _different(store, again)
        new = read_json(again)
    _tell(store.place, manifest, new, different, sample, quiet)


def _given(store: Store) -> dict[str, Any]:
    """Return where the study said, when it began last, that what it reads lies."""
    try:
        lines = store.read("log.jsonl").decode().splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found: dict[str, Any] = {}
    for line in lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):  # a line that a killed study left half written
            continue
        if isinstance(event, dict) and isinstance(event.get("given"), dict):
            found = event["given"]
    return found


def _copy_all_but(store: Store, again: Store, sample: int) -> None:
    names = sorted(n for n in store.names("parts") if not APART.fullmatch(f"parts/{n}"))
    chosen = set(random.Random("repeat").sample(names, min(sample, len(names))))
    Path(again.place, "parts").mkdir(parents=True)
    for name in names:
        if name not in chosen:
            data = store.read(f"parts/{name}")
            (Path(again.place) / "parts" / name).write_bytes(data)


def _answer(
    command: str,
    manifest: Mapping[str, Any],
    given: Mapping[str, Any],
    place: str,
    workers: int | None,
    executor: Executor | None,
) -> None:
    """Do what the command did, as its manifest and its log say."""
    if command == "run":
        from sociophysics.runs import run

        scenario = _scenario(manifest["scenario"], manifest, given)
        run(scenario, place, workers, executor, p_values=bool(given.get("p_values")))
        return
    asked = dict(manifest["asked"])
    if command in ("loop", "phases", "poll", "audit", "sensitivity") or (
        command in ("tip", "trial", "cascades") and given.get("python")
    ):
        scenario = _scenario(asked.pop("scenario"), manifest, given)
        keys = {"out": place, "workers": workers, "executor": executor}
        found = _asked_again(command, scenario, asked, **keys)
        if command == "audit" and given.get("reported"):
            from sociophysics.cli import audit

            audit.write_report(scenario, found, place)
        return
    if command in ("tip", "trial", "cascades"):
        scenario = _scenario(asked.pop("scenario"), manifest, given)
        if command == "tip":
            from sociophysics.cli import tip

            more = given.get("more", {"sizes": None, "loop": False})
            tip.answer(scenario, asked, more, place, workers, executor)
        elif command == "trial":
            from sociophysics.cli import trial

            trial.answer(scenario, asked, place, workers, executor)
        else:
            from sociophysics.cli import cascades_command as cascades

            cascades.answer(scenario, asked["replicas"], place, workers, executor)
        return
    if command == "seeds":
        raise InputError(
            "Python gave the society, of which the folder holds the digest alone; ask again into "
            "another folder and compare the two."
        )
    if command == "fit" and given.get("python"):
        raise InputError(
            "Python gave the votes, and the folder does not say how they were read; fit them into "
            "another folder and compare the two."
        )
    if not given:
        raise InputError(
            "the log does not say where what it read lies, so that it cannot be repeated; give the "
            "command itself another --out and compare the folders."
        )
    if command == "fit":
        from sociophysics.cli import fit

        options = {key: value for key, value in asked.items() if key != "votes"}
        options["estimators"] = tuple(options.get("estimators", ()))
        fit.answer(given, options, place, workers, executor)
        return
    if command == "detect":
        from sociophysics.cli import detect

        detect.answer(given["file"], asked, place)
        return
    if command == "calibrate":
        from sociophysics.cli import calibrate

        calibrate.asked_again(asked, given, place, workers, executor)
        return
    if command == "compare-rules":
        from sociophysics.cli import compare_rules

        compare_rules.answer(asked, given, place)
        return
    if command == "axis":
        from sociophysics.cli import axis

        axis.answer(asked, given, place)
        return
    from sociophysics.cli import inspect

    options = {key: asked[key] for key in ("draws", "seed", "time_limit")}
    inspect.answer(given, options, asked["largest"], place, workers, executor)


def _asked_again(command: str, scenario: Scenario, asked: dict[str, Any], **keys: Any) -> Any:
    """Ask again what Python asked, and return what it then returns."""
    from sociophysics import experiments

    if command == "phases":
        return experiments.phase_diagram(scenario, dict(asked.pop("axes")), **asked, **keys)
    names = {"loop": "hysteresis", "poll": "polling", "tip": "locate"}
    names["cascades"] = "cascade_designs"
    ask = getattr(experiments, names.get(command, command))
    return ask(scenario, **asked, **keys)


def _scenario(
    tables: Mapping[str, Any], manifest: Mapping[str, Any], given: Mapping[str, Any]
) -> Scenario:
    """Return the scenario of a manifest, whose files lie where the log says.

    Raises
    ------
    InputError
        A file is absent, or not what it was.
    """
    from sociophysics.scenario import Scenario
    from sociophysics.study import fingerprints

    tables = dict(tables)
    sweep, order = tables.get("sweep", {}), manifest.get("order", list(tables.get("sweep", {})))
    first = [key for key in sweep if key not in order]
    tables["sweep"] = {key: sweep[key] for key in (*first, *order)}
    name = str(manifest.get("name", given.get("name", "scenario")))
    folder = given.get("folder")
    scenario = Scenario.from_canonical(
        tables, name=name, folder=None if folder is None else Path(folder)
    )
    now = fingerprints(scenario)
    changed = [path for path, digest in manifest["inputs"].items() if now.get(path) != digest]
    if changed:
        raise InputError(
            f"{changed[0]} is not what it was when the study was made; put the old file back to "
            "repeat it."
        )
    return scenario


def _files(store: Store, folder: str = "") -> set[str]:
    """Return the files of a study, those in its folders included."""
    found: set[str] = set()
    for name in store.names(folder):
        path = f"{folder}/{name}" if folder else name
        if not APART.fullmatch(path):
            found |= {path} if FILE.fullmatch(name) else _files(store, path)
    return found


def _different(store: Store, again: Store) -> list[str]:
    """Return what is not the same in both, the manifest apart."""
    here, there = _files(store), _files(again)
    return sorted(
        name
        for name in here | there
        if name.rpartition("/")[2] != "manifest.json"
        if name not in here or name not in there or store.read(name) != again.read(name)
    )


def _tell(
    place: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    different: list[str],
    sample: int | None,
    quiet: bool,
) -> None:
    from sociophysics.store.studies import first_difference

    what = first_difference(old, new)
    if what:
        raise InputError(
            f"{place} cannot be repeated: {what} differs from when it was made; put back what it "
            "was made of."
        )
    here, there = old.get("platform"), new.get("platform")
    elsewhere = "" if here == there else "; made on another platform"
    if not different:
        if not quiet:
            which = "every byte" if sample is None else f"every byte, {sample} parts computed again"
            typer.echo(f"{place}: the same, {which}{elsewhere}")
        return
    listed = ", ".join(different[:NAMED]) + (", ..." if len(different) > NAMED else "")
    why = f"{elsewhere}, the only other difference" if elsewhere else ""
    if not quiet:
        typer.echo(f"{place}: not the same: {len(different)} files differ ({listed}){why}")
    raise typer.Exit(DIFFERENT)
