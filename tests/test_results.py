"""Comparisons and melting temperatures against brute force on made-up tables."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from sociophysics import statistics
from sociophysics.errors import InputError
from sociophysics.statistics import pseudo_values
from sociophysics.study.results import Run, comparison, outcome
from sociophysics.study.results.comparison import crossing
from sociophysics.study.results.grid import Grid
from tests.synthetic_runs import FakeScenario, make_run

APPENDED = ["in_units", "unit", "spread", "window", "from", "to", "early", "late", "settled"]
APPENDED += ["lower", "upper", "share", "share_low", "share_high"]
TEMPERATURES = [0.3, 0.5, 0.7, 0.9, 1.1]


def noise(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
    words = [ord(c) for c in name + design] + [int(100 * v) for v in point.values()]
    return np.random.default_rng([replica, *words]).normal(size=sweeps.size)


def noise_of_start(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
    return noise(name, design, {}, replica, sweeps)


def step(melts: dict[str, float], spread: float = 0.0, scale: float = 0.8) -> Any:
    """Camps apart below a temperature of their own; replicas scatter by ``spread``."""

    def value(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
        shifted = melts[design] + spread * (replica - 3.5)
        T = point["dynamics.temperature"]
        return np.full(sweeps.size, scale / (1 + np.exp((T - shifted) / 0.05)))

    return value


def test_compare_equals_brute_force() -> None:
    run = make_run(
        noise,
        designs=("none", "a", "b"),
        sweep={"dynamics.temperature": [0.5, 0.9], "feed.strength": [0.1, 0.2, 0.3]},
        replicas=7,
        observables=("magnetization", "energy"),
    )
    result = run.compare("energy", p_values=True)
    after = run.table[run.table["sweep"] >= 20]
    keys = ["design", "dynamics.temperature", "feed.strength"]
    p = []
    for row in result.to_dict("records"):
        same = (after[keys] == [row[key] for key in keys]).all(axis=1)
        base = (after[keys] == ["none", *(row[key] for key in keys[1:])]).all(axis=1)
        own = after[same].groupby("replica")["energy"].mean()
        other = after[base].groupby("replica")["energy"].mean()
        assert row["mean"] == pytest.approx(own.mean(), abs=1e-12)
        assert row["sd"] == pytest.approx(own.std(ddof=1), abs=1e-12)
        assert row["replicas"] == 7
        if row["design"] == "none":
            assert np.isnan([row[k] for k in ("difference", "low", "high", "effect")]).all()
            assert np.isnan(row["p_holm"])
            continue
        differences = own - other
        interval = statistics.mean_interval(differences)
        assert row["difference"] == pytest.approx(differences.mean(), abs=1e-12)
        assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
        assert np.isnan(row["effect"])  # energy is no mean over users
        p.append(max(stats.ttest_rel(own, other).pvalue, 2.0**-6))
    np.testing.assert_allclose(result["p_holm"].dropna(), statistics.holm(p))
    assert len(result) == 3 * 6
    expected = [*keys, "observable", "replicas", "mean", "sd", "difference", "low", "high"]
    assert list(result.columns) == [*expected, "effect", "p_holm", *APPENDED]
    assert run.compare("energy")["p_holm"].isna().all()


def test_pairing_removes_what_replicas_share() -> None:
    def value(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
        shared = 10.0 * replica
        return np.full(
            sweeps.size, shared + (design == "feed") + 0.1 * (-1) ** replica * (design == "feed")
        )

    row = make_run(value).compare("magnetization").iloc[1]
    assert row["difference"] == pytest.approx(1.0)
    assert row["high"] - row["low"] < 0.5  # unpaired it would be about 50
    assert row["sd"] > 10


def test_order_of_rows_and_extra_replicas_change_no_number() -> None:
    run = make_run(noise, sweep={"dynamics.temperature": [0.5, 0.9]}, replicas=6)
    table = run.table
    shuffled = pd.concat([table.iloc[:1], table.iloc[1:].sample(frac=1, random_state=1)])
    other = Run(table=shuffled, manifest=run.manifest, scenario=run.scenario)
    columns = ["design", "dynamics.temperature"]
    a, b = (r.compare("magnetization").sort_values(columns) for r in (run, other))
    assert list(a["design"]) == list(b["design"])
    numbers = a.select_dtypes("number").columns
    np.testing.assert_allclose(a[numbers].astype(float), b[numbers].astype(float), rtol=1e-12)


def test_a_replica_without_a_partner_is_not_a_pair() -> None:
    run = make_run(noise, replicas=5)
    table = run.table[~((run.table["design"] == "none") & (run.table["replica"] == 4))]
    row = Run(table=table, manifest={}, scenario=run.scenario).compare("magnetization").iloc[1]
    four = make_run(noise, replicas=4).compare("magnetization").iloc[1]
    assert row["replicas"] == 5
    assert row["difference"] == four["difference"]


def test_burn_in_belongs_to_the_design_and_to_the_swept_point() -> None:
    def value(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
        return sweeps.astype(float)

    run = make_run(value)
    run.scenario.canonical()["designs"] = [
        {"name": "none"},
        {"name": "feed", "dynamics": {"temperature": 1.0, "burn_in": 40}},
    ]
    assert list(run.compare("magnetization")["mean"]) == [30.0, 40.0]
    swept = make_run(value, sweep={"dynamics.burn_in": [0, 30]}, designs=("none",))
    assert list(swept.compare("magnetization")["mean"]) == [20.0, 35.0]


def test_a_replica_stopped_before_burn_in_counts_with_its_last_frame() -> None:
    def value(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
        return sweeps + 100.0 * replica

    run = make_run(value, replicas=2)
    stopped = (run.table["replica"] == 1) & (run.table["sweep"] > 10)
    run = Run(table=run.table[~stopped], manifest={}, scenario=run.scenario)
    assert list(run.compare("magnetization")["mean"]) == [(30 + 110) / 2] * 2
    assert run.compare("tau")["mean"].isna().all()


def test_undefined_values_do_not_become_numbers() -> None:
    def value(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
        numbers = sweeps.astype(float)
        numbers[-1] = np.nan
        return numbers if design == "feed" else np.full(sweeps.size, np.nan)

    result = make_run(value, designs=("none", "feed")).compare("magnetization")
    assert np.isnan(result["mean"][0])
    assert result["mean"][1] == 25.0  # frames 20 and 30; at 40 it is undefined
    assert result.loc[1, ["difference", "low", "high", "effect", "p_holm"]].isna().all()


def test_equal_differences_and_single_replicas() -> None:
    def value(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
        return np.full(sweeps.size, 0.1 * replica + (0.3 if design == "b" else 0.0))

    rows = make_run(value, designs=("none", "a", "b")).compare("magnetization", p_values=True)
    columns = ["difference", "effect", "p_holm"]
    assert list(rows.loc[1, columns]) == [0, 0, 1]
    assert rows.loc[2, "difference"] == pytest.approx(0.3)
    # Users of the reference, with mean stances 0, .1, .2, .3, differ far more than replicas do.
    spread = np.sqrt(1 - np.mean(np.square([0.0, 0.1, 0.2, 0.3])))
    assert rows.loc[2, "effect"] == pytest.approx(0.3 / spread)
    assert rows.loc[2, "p_holm"] == pytest.approx(2 * 2**-3)
    assert rows[["low", "high"]].isna().all(axis=None)
    one = make_run(value, designs=("none", "b"), replicas=1).compare("magnetization")
    assert one.loc[1, "difference"] == pytest.approx(0.3)
    assert one.loc[1, ["low", "high", "p_holm"]].isna().all()


def test_an_unknown_observable_lists_what_was_recorded() -> None:
    run = make_run(noise)
    with pytest.raises(InputError, match="did you mean magnetization"):
        run.compare("magnetisation")
    with pytest.raises(InputError, match="computed from magnetization"):
        make_run(noise, observables=("energy",)).compare("susceptibility")


def test_compare_all_is_every_observable_and_statistic() -> None:
    run = make_run(noise, observables=("magnetization", "energy"))
    names = list(dict.fromkeys(run.compare_all()["observable"]))
    assert names == [
        "magnetization", "energy", "susceptibility", "susceptibility_abs", "binder", "tau",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(
        run.compare_all().iloc[2:4].reset_index(drop=True), run.compare("energy")
    )
    assert make_run(noise, observables=("energy",)).statistics == []
    with pytest.raises(InputError, match="recorded no observable"):
        make_run(noise, observables=()).compare_all()


def test_statistics_of_series_are_those_of_the_pooled_frames_after_burn_in() -> None:
    run = make_run(noise, sweeps=range(0, 1000, 10), sweep={"dynamics.temperature": [0.5, 2.0]})
    frame = run.series_statistics().set_index(["design", "dynamics.temperature", "statistic"])
    for T in (0.5, 2.0):
        cell = run.table[(run.table["design"] == "feed") & (run.table["dynamics.temperature"] == T)]
        series = (
            cell[cell["sweep"] >= 20]
            .pivot(index="replica", columns="sweep")
            .xs("magnetization", axis=1)
        ).to_numpy()
        for name in ("susceptibility", "susceptibility_abs", "binder"):

            def pooled(m: Any, name: str = name, T: float = T) -> float:
                keys = {} if name == "binder" else {"n": 100, "temperature": T}
                return float(getattr(statistics, name)(m.ravel(), **keys))

            left = np.array([pooled(np.delete(series, r, axis=0)) for r in range(4)])
            parts = 4 * pooled(series) - 3 * left
            row = frame.loc[("feed", T, name)]
            assert row["mean"] == pytest.approx(parts.mean())
            assert row["standard_error"] == pytest.approx(parts.std(ddof=1) / 2)
        times = statistics.tau(series, every=10)
        assert frame.loc[("feed", T, "tau"), "mean"] == pytest.approx(times.mean())


def test_susceptibility_holds_what_replicas_differ_by() -> None:
    """Each replica's own variance leaves out its mean: a series of two autocorrelation times."""
    n, T, frames, exact = 100, 1.0, 40, 19.3
    scale, phi = np.sqrt(exact * T / n), np.exp(-1 / 20)

    def series(name: str, design: str, point: Any, replica: int, sweeps: Any) -> Any:
        rng = np.random.default_rng([5, replica, len(design)])
        noise = rng.normal(size=sweeps.size) * np.sqrt(1 - phi**2)
        noise[0] = rng.normal()
        return scale * lfilter([1.0], [1.0, -phi], noise)

    run = make_run(series, sweeps=range(20, 20 + frames), replicas=400, dynamics={"temperature": T})
    row = run.compare("susceptibility").iloc[0]
    assert abs(row["mean"] - exact) < 4 * row["sd"] / 20
    kurtosis = run.compare("binder").iloc[0]
    assert abs(kurtosis["mean"]) < 4 * kurtosis["sd"] / 20
    # The negative control: the mean over replicas of each one's own.
    own = run.table[run.table["design"] == "none"]["magnetization"].to_numpy().reshape(400, -1)
    alone = statistics.susceptibility(own, n=n, temperature=T)
    assert alone.mean() < exact - 10 * alone.std(ddof=1) / 20


def test_susceptibility_needs_a_constant_temperature() -> None:
    ramp = {"temperature": {"kind": "ramp", "start": 1.0, "stop": 0.1}}
    heat = [{"at": 10, "kind": "heat", "temperature": 2.0}]
    for run in (make_run(noise, dynamics=ramp), make_run(noise, interventions=heat)):
        assert run.compare("susceptibility")["mean"].isna().all()
        assert outcome(run.compare("binder"))["mean"].notna().all()


def test_susceptibility_next_to_zero_temperature_is_undefined() -> None:
    run = make_run(noise, dynamics={"temperature": 1e-320})
    for name in ("susceptibility", "susceptibility_abs"):
        rows = run.compare(name)
        assert rows[["mean", "sd", "difference"]].isna().all(axis=None)
    assert not np.isinf(run.compare_all().select_dtypes("number")).any(axis=None)


def test_nothing_melts_where_an_intervention_sets_the_temperature() -> None:
    run = make_run(
        step({"none": 0.6, "feed": 0.8}),
        sweep={"dynamics.temperature": TEMPERATURES},
        observables=("camp_polarization",),
    )
    free = run.melting().set_index("design")
    run.scenario.canonical()["designs"][1]["interventions"] = [
        {"at": 0, "kind": "heat", "temperature": 2.0}
    ]
    again = Run(table=run.table, manifest=run.manifest, scenario=run.scenario)
    heated = again.melting().set_index("design")
    assert heated.loc["none"].equals(free.loc["none"])
    assert free.loc["feed", "temperature"] == pytest.approx(0.8, abs=0.05)
    assert heated.loc["feed", ["temperature", "low", "high"]].isna().all()
    assert heated.loc["feed", "note"] == "the temperature changes during the runs"


def test_crossing_by_hand() -> None:
    T = np.array([1.0, 2.0, 3.0, 4.0])
    assert crossing(T, np.array([1.0, 1.0, 0.0, 0.0]), above=0) == 2.5
    assert crossing(T, np.array([0.1, 1.0, 0.75, 0.25]), above=0) == 3.5
    assert crossing(T, np.array([1.0, 0.2, 0.9, 0.0]), above=0) == pytest.approx(1.625)
    assert crossing(T, np.array([1.0, 0.9, 0.8, 0.7]), above=0) == np.inf
    assert crossing(T, np.array([-1.0, -0.9, -0.8, 0.0]), above=0) == -np.inf


def test_melting_finds_what_was_put_in() -> None:
    melts = {"none": 0.6, "feed": 0.85, "strong": 2.0}
    run = make_run(
        step(melts, spread=0.01),
        designs=tuple(melts),
        sweep={"dynamics.temperature": list(np.arange(0.3, 1.15, 0.1).round(1))},
        replicas=8,
    )
    result = run.melting("magnetization").set_index("design")
    for design in ("none", "feed"):
        row = result.loc[design]
        assert row["temperature"] == pytest.approx(melts[design], abs=0.01)
        assert row["low"] < melts[design] < row["high"]
        # The place between two swept values is not known better than they are apart.
        # At 0.6 the swept value itself is clearly neither.
        assert row["high"] - row["low"] == pytest.approx(0.2 if design == "none" else 0.1)
        assert row["note"] == ""
    assert result.loc["strong", ["temperature", "low", "high"]].isna().all()
    assert result.loc["strong", "note"] == "above 1.1"
    pd.testing.assert_frame_equal(run.melting("magnetization").set_index("design"), result)


def test_camps_that_were_never_apart_do_not_melt() -> None:
    # Among 40 designs of pure noise the largest of five means often looks above zero.
    designs = tuple(f"d{i}" for i in range(40))
    run = make_run(noise, designs=designs, sweep={"dynamics.temperature": TEMPERATURES})
    result = run.melting("magnetization")
    apart = (result["note"] != "never held apart").sum()
    assert stats.binomtest(int(apart), 40, 0.05, alternative="greater").pvalue > 1e-4


def test_melting_covers_the_true_value() -> None:
    hits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        offsets = rng.normal(0, 0.05, size=12)

        def value(
            n: str, d: str, point: dict[str, Any], r: int, sweeps: Any, o: Any = offsets
        ) -> Any:
            return np.full(sweeps.size, np.clip(1 - point["T.x"] + o[r], -2, 2))

        run = make_run(
            value, designs=("none",), sweep={"T.x": [0.0, 0.25, 0.5, 0.75, 1.0]}, replicas=12
        )
        row = run.melting("magnetization", along="T.x").iloc[0]
        hits += row["low"] <= 0.5 <= row["high"]
    assert stats.binomtest(hits, 40, 0.93).pvalue > 1e-4


def test_melting_intervals_of_three_grids_hold_one_temperature() -> None:
    """Interpolation between swept values is no measurement: the interval reaches over them."""
    melts = {"none": 0.66, "feed": 0.66}
    found = []
    for grid in ([0.4, 0.55, 0.7, 0.85], [0.3, 0.5, 0.9, 1.1], [0.3, 0.64, 0.68, 0.72]):
        run = make_run(step(melts, spread=0.002), sweep={"dynamics.temperature": grid}, replicas=8)
        found.append(run.melting("magnetization").iloc[0])
    places = [row["temperature"] for row in found]
    assert max(places) - min(places) > 0.01
    for row in found:
        assert row["low"] <= 0.66 <= row["high"]
    widths = [row["high"] - row["low"] for row in found]
    assert widths == pytest.approx([0.15, 0.4, 0.04])


def test_melting_of_few_equal_replicas_is_not_determined() -> None:
    run = make_run(step({"none": 0.6, "feed": 0.6}), sweep={"dynamics.temperature": TEMPERATURES})
    row = run.melting("magnetization").iloc[0]
    assert row["temperature"] == pytest.approx(0.6, abs=0.01)
    assert np.isnan(row["low"])
    assert "lower end open" in row["note"]


def test_melting_along_any_key_at_every_other_point() -> None:
    def value(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
        return np.full(sweeps.size, 1.0 - point["feed.strength"] * point["dynamics.temperature"])

    run = make_run(
        value, sweep={"feed.strength": [1.0, 0.0, 0.5], "dynamics.temperature": [0.8, 1.6]}
    )
    result = run.melting("magnetization", along="feed.strength")
    assert list(result.columns) == [
        "design", "dynamics.temperature", "strength", "low", "high", "note",
    ]  # fmt: skip
    np.testing.assert_allclose(result["strength"], [0.625, 0.3125, 0.625, 0.3125])
    with pytest.raises(InputError, match=r"needs a sweep over dynamics\.sweeps"):
        run.melting("magnetization", along="dynamics.sweeps")
    with pytest.raises(InputError, match="needs a sweep"):
        make_run(noise).melting("magnetization")
    words = make_run(noise_of_start, sweep={"dynamics.start": ["up", "down"]})
    with pytest.raises(InputError, match="not numbers"):
        words.melting("magnetization", along="dynamics.start")


def test_melting_with_one_replica_has_no_interval() -> None:
    run = make_run(
        step({"none": 0.6, "feed": 0.9}),
        sweep={"dynamics.temperature": TEMPERATURES},
        replicas=1,
    )
    row = run.melting("magnetization").iloc[0]
    assert row["temperature"] == pytest.approx(0.6, abs=0.01)
    assert np.isnan(row["low"])
    assert row["note"] == "one replica: no interval"
    weak = make_run(
        step({"none": 0.6, "feed": 0.9}, scale=0.2),
        sweep={"dynamics.temperature": TEMPERATURES},
        replicas=1,
    )
    # 0.2 is less than three standard deviations of a hundred coins.
    assert set(weak.melting("magnetization")["note"]) == {"never held apart"}


def test_absolute_values_must_exceed_those_of_coins() -> None:
    for scale, note in ((0.2, "never held apart"), (0.9, "")):
        run = make_run(
            step({"none": 0.6, "feed": 0.6}, scale=scale),
            observables=("abs_magnetization",),
            sweep={"dynamics.temperature": TEMPERATURES},
            replicas=5,
        )
        assert set(run.melting("abs_magnetization")["note"]) == {note}


def test_a_million_rows_are_compared_fast() -> None:
    designs, points, replicas, frames = 10, 10, 100, 100
    shape = (designs, points, replicas, frames)
    d, p, r, f = (axis.ravel() for axis in np.indices(shape))
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "design": np.array([f"design {i}" for i in range(designs)])[d],
            "dynamics.temperature": 0.1 * p,
            "replica": r,
            "sweep": 10 * f,
            "energy": rng.normal(size=d.size),
        }
    )
    scenario = FakeScenario({"dynamics": {"burn_in": 0}})
    run = Run(table=table, manifest={}, scenario=scenario)
    start = time.perf_counter()
    result = run.compare("energy")
    assert time.perf_counter() - start < 5  # 0.5 s on an idle core
    means = table["energy"].to_numpy().reshape(shape).mean(axis=(2, 3))
    np.testing.assert_allclose(result["mean"], means.ravel(), atol=1e-12)


def test_a_table_of_another_shape_is_refused() -> None:
    scenario = FakeScenario({})
    for table in (
        pd.DataFrame({"replica": [0], "sweep": [0]}),
        pd.DataFrame({"design": ["a"], "sweep": [0], "replica": [0]}),
        pd.DataFrame({"design": [], "replica": [], "sweep": []}),
    ):
        with pytest.raises(InputError, match="replica, sweep"):
            Run(table=table, manifest={}, scenario=scenario).compare("energy")


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, r"has no manifest\.json"),
        ({"manifest.json": "{"}, "not readable JSON"),
        ({"manifest.json": "[1]"}, "no JSON object"),
        ({"manifest.json": "{}"}, r"has no results\.parquet"),
        ({"manifest.json": "{}", "results.parquet": "PAR1 cut off"}, "not a readable Parquet"),
    ],
)
def test_damaged_folders_are_named(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=sentence) as error:
        Run.open(tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="not a folder"):
        Run.open(tmp_path / "absent")


def test_a_table_that_unpacks_to_more_than_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One long name for every row: a file of kilobytes that stands for gigabytes."""
    rows = 200_000
    table = pd.DataFrame({"design": ["x" * 100_000] * 10 + ["y"] * (rows - 10), "sweep": 0})
    table.to_parquet(tmp_path / "results.parquet")
    (tmp_path / "manifest.json").write_text("{}")
    monkeypatch.setattr("sociophysics.machine.available_memory", lambda: 10**9)
    with pytest.raises(InputError, match=r"results.parquet needs about 20 GB"):
        Run.open(tmp_path)
    nested = pd.DataFrame({"design": ["a"], "sweep": [[1, 2]]})
    nested.to_parquet(tmp_path / "results.parquet")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        Run.open(tmp_path)


def test_a_manifest_without_a_scenario_is_refused(tmp_path: Path) -> None:
    make_run(noise).table.to_parquet(tmp_path / "results.parquet")
    (tmp_path / "manifest.json").write_text(json.dumps({"hash": "x"}))
    with pytest.raises(InputError, match="does not say what was asked"):
        Run.open(tmp_path)


def test_an_imbalance_of_camps_that_replicas_resolve_is_no_separation() -> None:
    """Means of 0.003 known to 0.001 are far from zero in error bars and still mixed camps."""
    rng = np.random.default_rng(4)
    replicas, points = 20, 5
    curves = 0.004 + 0.001 * rng.normal(size=(replicas, points))
    users = 1000
    value, low, high, note = comparison._melting(
        np.linspace(0.3, 1.1, points), curves, above=3 / np.sqrt(users)
    )
    assert np.isnan([value, low, high]).all()
    assert note == "never held apart"


def test_pooled_statistics_of_every_cell_are_those_of_its_own_replicas() -> None:
    rng = np.random.default_rng(4)
    run = make_run(
        lambda name, design, point, r, sweeps: rng.normal(size=sweeps.size),
        sweep={"dynamics.temperature": [0.0, 0.5, 2.0]},
        replicas=7,
    )
    gone = run.table.index[(run.table["replica"] == 2) & (run.table["design"] == "feed")]
    short = run.table.index[(run.table["replica"] == 5) & (run.table["sweep"] > 20)]
    left = run.table.drop(gone.union(short)).reset_index(drop=True)
    run = Run(table=left, manifest=run.manifest, scenario=run.scenario)
    for (design, T), rows in run.table.groupby(["design", "dynamics.temperature"]):
        own = rows[rows["sweep"] >= 20].groupby("replica")["magnetization"]
        moments = own.agg([lambda m: m.mean(), lambda m: (m**2).mean()]).to_numpy()
        expected = pseudo_values(
            moments,
            lambda q, T=T: 100 * (q[..., 1] - q[..., 0] ** 2) / T if T else q[..., 0] * np.nan,
            weights=own.size().to_numpy(),
        )
        d, k = run.designs.index(design), [0.0, 0.5, 2.0].index(T)
        found = run.grid.values("susceptibility")[d, k, run.grid.present[d, k]]
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_statistic_is_computed_once_and_nobody_changes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = make_run(lambda name, design, point, r, sweeps: np.cos(sweeps + r))
    asked: list[str] = []
    real = Grid._series_statistic

    def statistic(grid: Grid, name: str) -> object:
        asked.append(name)
        return real(grid, name)

    monkeypatch.setattr(Grid, "_series_statistic", statistic)
    first = run.grid.values("binder")
    first[:] = 7
    run.compare_all()
    run.series_statistics()
    assert sorted(asked) == sorted(run.statistics)
    assert not (run.grid.values("binder") == 7).any()
