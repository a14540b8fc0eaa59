"""Scenario files that are nearly right: keys, values, types and bytes changed by a seeded draw."""

from __future__ import annotations

import atexit
import copy
import random
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from sociophysics.scenario import text as toml

SCENARIOS = Path(__file__).parent.parent / "scenarios"

NUMBERS: list[object] = [
    0, -1, 1, 2, 3, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**20, 10**400,
    -(2**63) - 1, 0.0, -0.0, 1e-320, 5e-324, 2.3e-308, 1e-300, 1e-16, 0.5, 0.999999999999, 1.0,
    1.0000001, 1e16, 1e99, 1e100, 1.1e100, 1e308, 1.7e308, -1e308, float("inf"), -float("inf"),
    float("nan"),
]  # fmt: skip
TEXTS: list[object] = [
    "", " ", "{", "{}", "{0}", "%s", "%", "$", "$x^$", "\\", "\n", "\x00", "a\x00b", "\x1b[31m",
    "none", "random", "camp:0", "camp:-1", "camp:99999999999999999999", "base", "nan", "inf", "[b]",
    "[/]", "[red]x", "<b>", "../..", "/", "/dev/null", "/proc/self/mem", "~", "s3://x", "x" * 300,
    "x" * 5000, "a" * 40_000, "\u202e\u2066", "\ufeff", "\U0001f600", "e\u0301" * 50, "'", '"', ",",
    "magnetization", "abs(magnetization) > 1e999", "abs(magnetization) > 0.5" + " " * 3000,
    "magnetization >" + "9" * 5000, "forever",
]  # fmt: skip
OTHERS: list[object] = [
    True, False, [], {}, [[]], [{}], [1, 2], [0.5, 1], [1, "a"], ["a", "a"], [True],
    list(range(50)), {"kind": "ramp", "start": 0.1, "stop": 2},
    {"kind": "pulse", "at": 2**62, "width": 1, "height": 1},
    {"kind": "hold", "value": 10**300}, {"kind": "anneal", "start": 2, "stop": 0.1, "factor": 0.5},
    {"kind": "loop", "low": 5e-324, "high": 1e308}, {"kind": "none"}, {"kind": "{"}, {"kind": 1},
    {"start": 0, "stop": 1, "step": 1e-9}, {"start": 0, "stop": 1e300, "step": 5e-324},
    {"start": 1e100, "stop": -1e100, "step": -1}, {"start": 0, "stop": 10**30, "step": 1},
]  # fmt: skip
KEYS = [
    "seed", "title", "network", "couplings", "field", "dynamics", "feed", "observe", "designs",
    "interventions", "sweep", "kind", "n", "k", "p", "value", "values", "strength", "slots", "who",
    "share", "hold", "at", "stance", "replicas", "redraw", "temperature", "sweeps", "burn_in",
    "name", "every", "names", "stop_when", "start", "path", "camp", "tau", "alpha", "gamma",
    "degrees", "shape", "dynamics.temperature", "dynamics.sweeps", "feed.strength", "network.n",
    "interventions.0.at", "field.values.0", "feed.", ".", "", "a b", "{", "x" * 300, "\u00e9",
    "remove", "replace", "toward", "trial", "treatment", "unit", "until", "settle", "outcome",
    "follow", "rate", "drop", "take", "posterior", "rule", "noise", "arms", "feed.arms.0.share",
    "trial.share", "follow.rate", "dynamics.rule.noise", "claims", "text", "observable", "relation",
    "design", "than", "margin",
]  # fmt: skip
RAW = [
    "9" * 4000, "9" * 5000, "-" + "9" * 4299, "0x" + "f" * 5000, "1e" + "9" * 400, "1979-05-27",
    "07:32:00", "[" * 2000, "[" * 200 + "]" * 200, "{a=" * 150 + "1" + "}" * 150, '"' * 7, "\x00",
    "\ufffd", "1_0", "+1", "0o17", "'''", "nan", "-nan", "=", "\n[sweep]\n", '"\\ud800"', "1.e5",
]  # fmt: skip


def bases() -> list[dict[str, Any]]:
    """Return the scenarios of the repository, small and without fits that take minutes."""
    found = []
    for path in sorted(SCENARIOS.glob("*.toml")):
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        tables["dynamics"]["sweeps"] = 8
        tables["dynamics"]["burn_in"] = 2
        tables["sweep"] = {**tables.get("sweep", {}), "replicas": 2}
        tables["observe"]["every"] = 2
        for act in tables.get("interventions", []):
            act["at"] = 3
        for claim in tables.get("claims", []):
            if "sweeps" in claim:
                claim["sweeps"] = [4, 8]
        if "trial" in tables:
            tables["trial"]["at"] = 2
        found.append(tables)
    drawn = {**SMALL[-1], "posterior": {"path": draws()}}
    return [*found, *(copy.deepcopy(each) for each in [*SMALL, drawn])]


@cache
def draws() -> str:
    """Return the path of four draws of a calibration, which goes when the process ends."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    table = {"dynamics.temperature": [0.5, 1.0, 2.0, 4.0], "feed.strength": [0.0, 0.1, 0.4, 0.8]}
    pd.DataFrame(table).to_parquet(Path(folder) / "posterior.parquet")
    return folder


SMALL: list[dict[str, Any]] = [
    {
        "seed": 3,
        "network": {
            "kind": "planted_partition", "n": 20, "communities": 2, "k_in": 4.0, "k_out": 1.0,
        },
        "couplings": {"kind": "camps", "within": 1.0, "across": -0.3, "normalize": "degree"},
        "field": {"kind": "camps", "values": [0.1, {"kind": "ramp", "start": 0.0, "stop": 0.5}]},
        "dynamics": {
            "temperature": {"kind": "loop", "low": 0.2, "high": 2.0}, "sweeps": 8,
            "start": "camps", "stop_when": "abs(magnetization) > 0.99",
        },
        "feed": {"kind": "memory", "tau": 3.0, "strength": 0.4},
        "observe": {"every": 2, "names": ["magnetization", "energy", "camp_polarization"]},
        "interventions": [
            {"kind": "heat", "at": 1, "temperature": 1.5},
            {"kind": "tilt", "at": 2, "field": 0.2},
            {"kind": "nucleate", "at": 3, "who": "camp:1", "share": 0.5, "stance": -1, "hold": 2},
            {"kind": "rewire", "at": 4, "share": 0.2, "toward": "similar", "keep_degrees": True},
            {"kind": "feed", "at": 5, "feed": {"kind": "engagement", "strength": 0.3, "slots": 2}},
        ],
        "sweep": {"replicas": 3, "redraw": ["network"], "feed.strength": [0.2, 0.4]},
    },
    {
        "seed": 5,
        "network": {"kind": "lattice", "shape": [4, 5], "periodic": True},
        "couplings": {"kind": "gaussian", "mean": 0.2, "sd": 1.0},
        "dynamics": {"temperature": 1.0, "sweeps": 6, "burn_in": 1},
        "designs": [
            {"name": "one", "feed": {"kind": "popularity", "alpha": 1.0, "strength": 0.5}},
            {"name": "two", "field": {"kind": "uniform", "value": 0.1}},
            {"name": "three", "feed": {"kind": "animosity", "delta": 0.5}},
        ],
        "sweep": {"replicas": 2, "dynamics.temperature": {"start": 0.5, "stop": 1.5, "step": 0.5}},
    },
    {
        "seed": 9,
        "network": {"kind": "configuration", "degrees": [2, 2, 2, 3, 3, 2]},
        "couplings": {"kind": "random_sign", "share": 0.3},
        "dynamics": {"temperature": 0.5, "sweeps": 4},
        "observe": {"names": ["magnetization"]},
    },
    {
        "seed": 4,
        "network": {"kind": "erdos_renyi", "n": 30, "mean_degree": 5},
        "couplings": {"kind": "uniform", "normalize": "degree"},
        "dynamics": {"sweeps": 8, "rule": {"kind": "q_voter", "q": 2, "independence": 0.2}},
        "observe": {"every": 2, "names": ["magnetization", "assortativity"]},
        "designs": [
            {"name": "stay"},
            {"name": "go", "follow": {"rate": 0.2, "drop": "discordant", "take": "similar"}},
        ],
        "sweep": {"replicas": 2, "dynamics.rule.independence": [0.1, 0.4]},
        "claims": [
            {"text": "they go", "observable": "magnetization", "design": "go", "than": "stay",
             "relation": ">", "margin": 0.1},
            {"text": "so many", "observable": "assortativity", "design": "go",
             "relation": "<", "value": 0.9, "sweeps": [4, 8]},
        ],
    },
    {
        "seed": 6,
        "network": {"kind": "planted_partition", "n": 24, "communities": 2, "k_in": 5, "k_out": 2},
        "couplings": {"kind": "uniform"},
        "dynamics": {"temperature": 1.2, "sweeps": 8, "start": "camps"},
        "feed": {"kind": "mixture", "arms": [
            {"share": 0.5, "feed": {"kind": "chronological", "strength": 0.4}},
            {"share": 0.3, "who": "camp:0", "feed": {"kind": "none"}},
        ]},
        "observe": {"every": 2, "names": ["camp_polarization", "exposure_out_group"]},
        "sweep": {"replicas": 2},
    },
    {
        "seed": 7,
        "network": {"kind": "planted_partition", "n": 24, "communities": 2, "k_in": 5, "k_out": 2},
        "couplings": {"kind": "uniform", "normalize": "degree"},
        "dynamics": {"temperature": 1.2, "sweeps": 8, "start": "camps"},
        "feed": {"kind": "chronological", "strength": 0.4},
        "trial": {
            "at": 2, "until": 7, "settle": 2, "share": [0.25, 0.5], "unit": "cluster",
            "treatment": {"feed": {"kind": "bridging", "strength": 0.3}},
            "outcome": ["stance", "own_side"],
        },
        "sweep": {"replicas": 2},
    },
    {
        "seed": 8,
        "network": {"kind": "complete", "n": 16},
        "couplings": {"kind": "uniform", "normalize": "degree"},
        "dynamics": {"temperature": 1.0, "sweeps": 6},
        "feed": {"kind": "popularity", "strength": 0.3, "alpha": 1.0},
        "observe": {"every": 2, "names": ["magnetization"]},
        "sweep": {"replicas": 3},
    },
]  # fmt: skip


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every entry in tables and lists."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    for key, inside in list(entries):
        yield (*path, key)
        if isinstance(inside, dict | list):
            yield from places(inside, (*path, key))


def mutant(rng: random.Random, stock: list[dict[str, Any]]) -> str:
    """Return the text of a scenario with one to three changes."""
    tables = copy.deepcopy(rng.choice(stock))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _change(rng, tables, stock)
    try:
        text = toml.write(tables)
    except (ValueError, TypeError):  # a number of too many digits, a key that is none
        text = toml.write(rng.choice(stock))
    if rng.random() < 0.25:
        text = _raw(rng, text)
    return text


def _change(rng: random.Random, tables: dict[str, Any], stock: list[dict[str, Any]]) -> None:
    *path, last = rng.choice(list(places(tables)))
    owner: Any = tables
    for step in path:
        owner = owner[step]
    act = rng.random()
    if act < 0.4:
        owner[last] = _alike(rng, owner[last])
    elif act < 0.55:
        owner[last] = copy.deepcopy(rng.choice(rng.choice((NUMBERS, TEXTS, OTHERS))))
    elif act < 0.65:
        del owner[last]
    elif act < 0.75 and isinstance(owner, dict):
        owner[rng.choice(KEYS)] = owner.pop(last)
    elif act < 0.88 and isinstance(owner, dict):
        owner[rng.choice(KEYS)] = copy.deepcopy(rng.choice(rng.choice((NUMBERS, TEXTS, OTHERS))))
    elif act < 0.94:
        owner[last] = [copy.deepcopy(owner[last])] * rng.choice((1, 2, 30))
    else:
        other = rng.choice(stock)
        key = rng.choice(list(other))
        tables[key] = copy.deepcopy(other[key])


def _alike(rng: random.Random, value: object) -> object:
    """Return another value of the same type, which validation has to look at twice."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return rng.choice([each for each in NUMBERS if type(each) is type(value)])
    pool = (
        TEXTS if isinstance(value, str) else [each for each in OTHERS if type(each) is type(value)]
    )
    return copy.deepcopy(rng.choice(pool))


def _raw(rng: random.Random, text: str) -> str:
    """Return the text with something else in the place of a value, or anywhere."""
    act, lines = rng.random(), text.split("\n")
    if act < 0.6:
        k = rng.choice([k for k, line in enumerate(lines) if "=" in line] or [0])
        lines[k] = f"{lines[k].partition('=')[0]}= {rng.choice(RAW)}"
        return "\n".join(lines)
    where = rng.randrange(len(text) + 1)
    if act < 0.8:
        return text[:where]
    return text[:where] + rng.choice(RAW) + text[where + rng.randrange(3) :]
