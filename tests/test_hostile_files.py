"""States, fits and edge folders with any byte, header or array changed: read whole or refused."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.inference.chamber.saved import load_draws, load_system, save_systems
from sociophysics.society.spins import SpinSystem

SECONDS = 5.0  # of work that one file may take

ODD: list[Any] = [
    np.array(3.0), np.zeros(0), np.zeros((2, 2)), np.zeros((3, 3, 3)), np.array(["a", "b"]),
    np.full((5, 5), np.nan), np.array([b"x"]), np.array([1 + 2j]), np.array([{}], dtype=object),
    np.array(["2020"], "M8[D]"), np.zeros(3, [("a", "i4")]), np.array([2**63 - 1, -5]),
]  # fmt: skip
VALUES: list[Any] = [
    None,
    -1,
    1e9,
    2**31,
    10**30,
    "x",
    [],
    {},
    [1, "a"],
    float("nan"),
    "..",
    "a\0b",
]
DEEP = ("[" * 100_000, '{"a":' * 400 + "1" + "}" * 400, "[1]", "9" * 5000, "")


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def as_npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def claiming(shape: tuple[int, ...]) -> bytes:
    """Return the header of an array of that shape, and nothing after it."""
    buffer = io.BytesIO()
    about = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, about)
    return buffer.getvalue()


def archives(data: bytes, rng: random.Random, *, flips: int) -> Iterator[bytes]:
    """Yield an archive with bytes changed or cut, and with every array another, or gone."""
    yield b""
    yield packed({})
    for _ in range(flips):
        damaged = bytearray(data)
        damaged[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        yield bytes(damaged)
        yield data[: rng.randrange(len(data))]
    members = unpacked(data)
    for name, whole in members.items():
        yield packed({key: each for key, each in members.items() if key != name})
        for array in rng.sample(ODD, 4):
            yield packed({**members, name: as_npy(array)})
        for shape in ((10**12,), (10**6, 10**6), (-1,)):
            yield packed({**members, name: claiming(shape)})
        header = bytearray(whole)
        header[rng.randrange(min(len(header), 128))] = rng.randrange(256)
        yield packed({**members, name: bytes(header)})


def refusals(tries: Iterator[Callable[[], object]]) -> tuple[int, int]:
    """Return how many were refused in a sentence, and how many there were; time is bounded."""
    refused = total = 0
    for attempt in tries:
        start = time.process_time()
        total += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                attempt()
        except InputError as error:
            refused += 1
            sentence = str(error)
        else:
            sentence = ""
        assert "\n" not in sentence
        assert time.process_time() - start < SECONDS
    return refused, total


def society() -> SpinSystem:
    graph = sp.networks.build("planted_partition", seed=4, n=20, communities=2, k_in=4.0, k_out=1.0)
    return sp.couplings.camps(graph, within=1.0, across=-0.4)


RUNS: dict[str, dict[str, Any]] = {
    "from flip to flip": {"temperature": 0.05, "kernel": "rejection-free"},
    "remembering, rewired": {
        "temperature": 1.0,
        "feed": sp.feeds.Memory(strength=0.9, tau=4.0),
        "interventions": (
            sp.interventions.Rewire(3, share=0.3, toward="similar", keep_degrees=False),
        ),
    },
}


def resumed(path: Path, system: SpinSystem, keys: dict[str, Any]) -> None:
    for _ in sp.trajectory(system, resume=sp.State.load(path), sweeps=10, seed=1, **keys):
        pass


def check_states(tmp_path: Path, *, flips: int) -> int:
    path, system, total = tmp_path / "state.npz", society(), 0
    for name, keys in RUNS.items():
        *_, (_, state) = ((f, f.state()) for f in sp.trajectory(system, sweeps=8, seed=1, **keys))
        state.save(path)
        data = path.read_bytes()
        arrays = unpacked(data)
        header = json.loads(str(np.load(io.BytesIO(arrays["header"]))))
        texts = [json.dumps({**header, key: each}) for key in header for each in VALUES]

        def tries(
            arrays: dict[str, bytes] = arrays,
            data: bytes = data,
            texts: list[str] = texts,
            keys: dict[str, Any] = keys,
            name: str = name,
        ) -> Iterator[Callable[[], object]]:
            for text in (*texts, *DEEP):
                path.write_bytes(packed({**arrays, "header": as_npy(np.array(text))}))
                yield lambda: resumed(path, system, keys)
            for damaged in archives(data, random.Random(name), flips=flips):
                path.write_bytes(damaged)
                yield lambda: resumed(path, system, keys)

        refused, count = refusals(tries())
        assert refused > count / 2
        total += count
    return total


def test_a_damaged_state_is_refused_in_one_sentence(tmp_path: Path) -> None:
    assert check_states(tmp_path, flips=20) > 400


def check_fits(tmp_path: Path, *, flips: int) -> int:
    path, labels = tmp_path / "system.npz", ["ann", "bob", "cy"]
    nodes = pd.DataFrame({"id": labels, "name": list("ABC"), "party": list("DRD"), "state": "X"})
    couplings = np.array([[0, 0.5, 0.1], [0.5, 0, 0.2], [0.1, 0.2, 0]])
    system = SpinSystem(couplings, [0.1, 0.2, 0.3], labels, nodes)
    draws = {"boltzmann": (np.zeros((4, 3, 3)), np.zeros((4, 3)))}
    save_systems(path, {"boltzmann": system}, polarity="arbitrary", draws=draws, notes=["a"])
    data = path.read_bytes()

    def tries() -> Iterator[Callable[[], object]]:
        for damaged in archives(data, random.Random("fits"), flips=flips):
            path.write_bytes(damaged)
            yield lambda: load_system(path, "boltzmann")
            yield lambda: load_draws(path)
            yield lambda: sp.chambers.chamber(str(path), draw="bootstrap", replica=1)

    refused, count = refusals(tries())
    assert refused > count / 2
    return count


def test_a_damaged_fit_is_refused_in_one_sentence(tmp_path: Path) -> None:
    assert check_fits(tmp_path, flips=20) > 300


def test_an_archive_that_unpacks_to_more_than_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.npz"
    path.write_bytes(packed({"header": as_npy(np.array("{}")), "spins": bytes(10**6)}))
    monkeypatch.setattr("sociophysics.machine.available_memory", lambda: 10**5)
    for read in (sp.State.load, load_system):
        with pytest.raises(InputError, match="unpacked, needs about"):
            read(path)


def check_folders(tmp_path: Path, *, flips: int) -> int:
    rng, folder, file = random.Random("folders"), tmp_path / "kept", tmp_path / "ties.csv"
    ties = "".join(f"u{k},u{(k * 7 + 3) % 30 + 30},0.5\n" for k in range(30))
    file.write_text(f"source,target,J\n{ties}")
    SpinSystem.from_edge_file(file, coupling="J", memory_map=folder, ids="names")
    whole = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    [name] = [path.name for path in folder.iterdir() if path.is_dir()]
    head = folder / "header.json"
    header = json.loads(head.read_text())

    def opened() -> None:
        assert SpinSystem.open(folder).J.shape == (60, 60)

    def tries() -> Iterator[Callable[[], object]]:
        for path, data in whole.items():
            for k in range(2 * flips):
                damaged = bytearray(data)
                damaged[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                path.write_bytes(damaged if k % 2 else data[: rng.randrange(len(data))])
                yield opened
            path.unlink()
            yield opened
            if hasattr(os, "mkfifo"):
                os.mkfifo(path)
                yield opened
                path.unlink()
            path.mkdir()
            yield opened
            path.rmdir()
            path.write_bytes(data)
        for key in header:
            for value in VALUES:
                head.write_text(json.dumps({**header, key: value}))
                yield opened
            head.write_text(json.dumps({k: each for k, each in header.items() if k != key}))
            yield opened
        for text in DEEP:
            head.write_text(text)
            yield opened
        head.write_bytes(whole[head])
        for array in ("indptr", "indices", "couplings"):
            path = folder / name / f"{array}.npy"
            for odd in (*map(as_npy, ODD), claiming((10**12,))):
                path.write_bytes(odd)
                yield opened
            path.write_bytes(whole[path])
        users = folder / name / "users.parquet"
        for column in ([None] * 60, ["a"] * 60, [[1, 2]] * 60, [{"a": 1}] * 60, ["a"]):
            pd.DataFrame({"user": column}).to_parquet(users)
            yield opened
        shutil.rmtree(folder)
        yield opened

    refused, count = refusals(tries())
    assert refused > count / 2
    return count


def test_a_damaged_edge_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    assert check_folders(tmp_path, flips=15) > 300


@pytest.mark.validate
def test_thousands_of_damaged_files_are_refused_in_one_sentence(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Bytes flipped and cut, headers and arrays changed, in states, fits and edge folders."""
    record_property("states", check_states(tmp_path, flips=400))
    record_property("fits", check_fits(tmp_path, flips=400))
    record_property("edge folders", check_folders(tmp_path, flips=200))
