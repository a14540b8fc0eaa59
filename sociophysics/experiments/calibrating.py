"""Parameters of a society from data: a panel, a trial, a snapshot, or targets.

Which way is taken follows from the data and is told: waves are followed from one to the next
(*panel*), with a treated group the feed is told apart from peers (*trial*), observables with their
errors are met by simulations of the whole scenario (*summaries*), and one wave gives an
association (*snapshot*).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from sociophysics.dynamics.state import fingerprint
from sociophysics.errors import InputError, did_you_mean
from sociophysics.experiments.calibration_model import FreeModel, model_of, patterns, societies
from sociophysics.inference.calibration.emulator import DRAWS, explored
from sociophysics.inference.calibration.identifiability import (
    combinations,
    flatness,
    summary_of,
)
from sociophysics.inference.calibration.panel_files import Source, read_panel
from sociophysics.inference.calibration.panel_summaries import Summaries
from sociophysics.inference.calibration.panel_waves import WavePanel, panel_of
from sociophysics.inference.calibration.parameters_free import TEMPERATURE
from sociophysics.inference.calibration.wave_to_wave import simulate_waves
from sociophysics.observables import check_names
from sociophysics.scenario import text as toml
from sociophysics.scenario.build import simulate_case
from sociophysics.scenario.settings import canonical_json
from sociophysics.society.spins import SpinSystem
from sociophysics.store import Place, open_store, steps, write_table
from sociophysics.store.studies import claimed, make_manifest
from sociophysics.streams import check_seed, generator
from sociophysics.study.measure import Progress, Work, keeping_steps
from sociophysics.study.society_card import card

__all__ = ["Calibration", "Question", "calibrate", "read_question"]

Floats = NDArray[np.float64]
CHUNK = 50  # simulations of one step
EACH = 400  # of one round
WHOLE_RUNS = 150  # of one round, where each is a run of the scenario
CHECKS = 200  # simulations at draws of the posterior
FAR = 1e-4  # chance below which a misfit is none of it
TOP = ("data", "model", "free", "targets", "seed")
FILES = ("path", "nodes")


class Question(NamedTuple):
    """A calibration as its file states it."""

    data: dict[str, Any]
    model: dict[str, Any]
    free: dict[str, Any]
    targets: dict[str, Any]
    folder: Path | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration:
    """What data say about the parameters of a society.

    Attributes
    ----------
    way : str
        ``panel``, ``trial``, ``summaries`` or ``snapshot``.
    draws : DataFrame
        One row per draw of the posterior, one column per free key.
    summary : DataFrame
        As ``summary_of`` returns it: intervals and verdicts.
    combinations : DataFrame
        What is told although its parts may not be.
    checks : DataFrame
        Simulations at draws of the posterior beside the data: ``quantity, wave, observed, mean,
        low, high, p``.
    notes : tuple of str
        What a reader must know.
    facts : dict
        Users, waves, simulations, misfit and its probability, conditioning.
    """

    way: str
    draws: pd.DataFrame
    summary: pd.DataFrame
    combinations: pd.DataFrame
    checks: pd.DataFrame
    notes: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def read_question(path: str | Path) -> Question:
    """Return what the TOML file of a calibration asks.

    Raises
    ------
    InputError
        No such file, no TOML, or tables that a calibration does not have.
    """
    tables = toml.parse(toml.read(path), file=str(path))
    unknown = next((key for key in tables if key not in TOP), None)
    if unknown is not None:
        raise InputError(f"{path}: {unknown} is not a table of a calibration; "
                         f"{did_you_mean(unknown, TOP)}")  # fmt: skip
    for name in ("data", "model", "free"):
        if not isinstance(tables.get(name, {}), dict):
            raise InputError(f"{path}: {name} is no table; write [{name}].")
    for name in ("data", "free"):
        if not tables.get(name):
            raise InputError(f"{path}: [{name}] is missing; add this table.")
    return Question(
        tables["data"], tables.get("model", {}), tables["free"], tables.get("targets", {}),
        Path(path).parent.resolve(), check_seed(tables.get("seed", 0)),
    )  # fmt: skip


def calibrate(
    data: Mapping[str, Any] | Question | str | Path,
    model: Mapping[str, Any] | None = None,
    free: Mapping[str, Any] | None = None,
    targets: Mapping[str, Any] | None = None,
    *,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    seed: int = 0,
) -> Calibration:
    r"""Return the parameters of a society that data tell, and which they do not tell.

    Waves are simulated from one to the next, so gaps may be of any length; summaries of the
    simulations are emulated, and the synthetic likelihood is sampled within uniform priors.

    Parameters
    ----------
    data : mapping, Question, or path of a TOML file
        ``network`` and ``stances`` as in a file's ``[data]``; or ``system`` (a SpinSystem),
        ``stances`` (waves, n) of +1, -1 and 0 for unknown, perhaps ``times``, ``treated`` (n,)
        and ``shown`` (waves, n).
    model : mapping
        A scenario's tables ``couplings``, ``field``, ``feed``, ``dynamics``.
    free : mapping
        From dotted keys to ``low``, ``high``, perhaps ``shape``; and ``sweeps_per_wave``.
    targets : mapping, optional
        Observables with ``value`` and ``sd``.
    seed : int
        Of every simulation.
    out : path or str, optional
        Folder of this study; data must then lie in files.
    workers, executor, progress
        As in ``sp.experiments.hysteresis``.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        Data, model or priors that are not understood; one wave where two are needed; targets that
        no parameters reach.

    Examples
    --------
    >>> ring = SpinSystem.from_edges(range(60), [(i + 1) % 60 for i in range(60)])
    >>> waves = np.where(np.random.default_rng(1).random((4, 60)) < 0.5, 1, -1)
    >>> prior = {"dynamics.temperature": {"low": 0.5, "high": 8.0}}
    >>> found = calibrate({"system": ring, "stances": waves}, {}, prior, workers=1)
    >>> found.way, len(found.draws)
    ('panel', 4000)
    """
    if isinstance(data, str | Path):
        asked = read_question(data)
    elif isinstance(data, Question):
        asked = data
    else:
        asked = Question(dict(data), dict(model or {}), dict(free or {}), dict(targets or {}))
        asked = asked._replace(seed=check_seed(seed))
    work = Work(folder=out, workers=workers, executor=executor, progress=progress)
    if out is None:
        return answered(asked, work)
    if "system" in asked.data:
        raise InputError("out is given, but the data are arrays; a study needs them in files.")
    store = open_store(out)
    given = {"folder": None if asked.folder is None else str(asked.folder), "python": True}
    with claimed(store, "calibrate", manifest_of(asked), given):
        found = answered(asked, work)
        for name, table in tables_of(found).items():
            write_table(store, name, table)
    return found


def tables_of(found: Calibration) -> dict[str, pd.DataFrame]:
    """Return the tables of a study by name."""
    tables = {"posterior": found.draws, "summary": found.summary, "checks": found.checks}
    return tables | {"combinations": found.combinations}


def manifest_of(asked: Question) -> dict[str, Any]:
    """Return the manifest of a calibration: the question, and the digests of its files.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    question: dict[str, Any] = {"data": asked.data, "model": asked.model, "free": asked.free}
    question |= {"targets": asked.targets, "seed": asked.seed}
    inputs = {}
    network = asked.data.get("network")
    network = network if isinstance(network, Mapping) else {}
    named = [network.get(key) for key in FILES]
    for path in [*named, asked.data.get("stances"), asked.data.get("exposure")]:
        place = None if path is None else _found(str(path), asked.folder)
        if place is not None:
            inputs[str(path)] = hashlib.sha256(place.read_bytes()).hexdigest()
    return make_manifest("calibrate", asked=question, inputs=inputs)


def _found(path: str, folder: Path | None) -> Path | None:
    places = [Path(path)] if folder is None else [folder / path, Path(path)]
    return next((place for place in places if place.is_file()), None)


def answered(asked: Question, work: Work) -> Calibration:
    """Return the answer to a question, by whom ``work`` says."""
    source = None if "system" in asked.data else read_panel(asked.data, asked.folder)
    stances = asked.data.get("stances") if source is None else source.stances
    waves = 0 if stances is None else len(np.atleast_2d(np.asarray(stances)))
    if waves == 0 and not asked.targets:
        raise InputError("neither [data] stances nor [targets] are given; give one.")
    if asked.targets and source is None:
        raise InputError("targets need the network in a file; give data = {'network': ...}.")
    network = None
    if source is not None:
        network = {"kind": "file", **asked.data["network"]}
    model = model_of(
        asked.model,
        asked.free,
        network=network if asked.targets else None,
        camp="camp" if source is None else source.camp,
        folder=asked.folder,
    )
    if waves == 1 and not asked.targets:
        from sociophysics.experiments.snapshot_way import from_snapshot

        return from_snapshot(model, asked.data, source, asked.seed)
    problem = _problem(asked, model, source, waves)
    with keeping_steps(work, total=-(-EACH * 3 // CHUNK)):
        return _solved(problem, asked.seed)


@dataclass(frozen=True, eq=False)
class Problem:
    """What is simulated at a point of the prior, and what it is compared by."""

    model: FreeModel
    seed: int
    panel: WavePanel | None
    codes: NDArray[np.int64] | None
    summaries: Summaries | None
    targets: tuple[tuple[str, float, float], ...]

    @property
    def way(self) -> str:
        """What the data are."""
        if self.panel is None:
            return "summaries"
        return "panel" if self.panel.treated is None else "trial"

    def known(self) -> list[Any]:
        """Return all that the simulations depend on, for the steps."""
        given: list[Any] = [canonical_json(self.model.tables), list(self.model.priors.names)]
        given += [self.model.pace, [repr(each) for each in self.model.priors.shapes], self.seed]
        given += [[list(each) for each in self.targets]]
        if self.panel is not None:
            panel = self.panel
            given += [panel.stances, panel.gaps, [fingerprint(s) for s in panel.systems]]
            given += [panel.shown, panel.treated, self.codes]
        return given

    def observed(self) -> Floats:
        """Return the summaries of the data."""
        found = [] if self.summaries is None else [self.summaries.observed().sum(axis=0)]
        return np.concatenate([*found, np.array([value for _, value, _ in self.targets])])

    def waves(self, theta: Floats, first: int) -> NDArray[np.int8]:
        """Return simulated waves, shape (points, waves - 1, n)."""
        panel = self.panel
        assert panel is not None
        logged = panel.shown is not None
        trials = [
            self.model.conduct(each, panel.systems[0], self.codes, logged=logged) for each in theta
        ]
        return simulate_waves(panel, trials, seed=self.seed, first=first, camps=self.codes)

    def simulate(self, theta: Floats, first: int) -> Floats:
        """Return the summaries of one simulation at each point."""
        found = []
        if self.summaries is not None:
            found.append(self.summaries.of(self.waves(theta, first)).sum(axis=1))
        if self.targets:
            found.append(self._measured(theta, first))
        return np.concatenate(found, axis=1)

    def _measured(self, theta: Floats, first: int) -> Floats:
        """Return the observables of the whole scenario, with the errors that targets have."""
        names = [name for name, _, _ in self.targets]
        sd = np.array([sd for _, _, sd in self.targets])
        rows = []
        for k, each in enumerate(theta):
            settings = self.model.at(each)
            observe = settings.observe.model_copy(update={"names": tuple(names)})
            settings = settings.model_copy(update={"observe": observe})
            table, _ = simulate_case(settings, [first + k])
            kept = table[table["sweep"] >= settings.dynamics.burn_in]
            noise = generator(self.seed, "calibration", first + k).normal(size=sd.size)
            rows.append(kept[names].mean().to_numpy(dtype=np.float64) + sd * noise)
        return np.array(rows)


def simulated(problem: Problem, item: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return one step: the summaries at some points."""
    return {"summaries": problem.simulate(item["theta"], item["first"])}


def _problem(asked: Question, model: FreeModel, source: Source | None, waves: int) -> Problem:
    panel, codes, summaries = None, None, None
    if waves:
        panel, codes = _panel(asked.data, model, source)
        feed: Any = model.at(model.priors.middle).feed
        feed = feed if feed.kind != "none" else None
        if feed is None and (panel.shown is not None or panel.treated is not None):
            raise InputError(
                "[data] says who was shown what, but [model] has no feed; add a table feed."
            )
        summaries = Summaries(
            panel, patterns(model.settings, panel, codes),
            None if panel.shown is not None else feed, codes,
        )  # fmt: skip
    return Problem(model, asked.seed, panel, codes, summaries, _targets(asked.targets))


def _panel(
    data: Mapping[str, Any], model: FreeModel, source: Source | None
) -> tuple[WavePanel, NDArray[np.int64] | None]:
    if source is None:
        from sociophysics.society import camps as camp_attributes

        system: SpinSystem = data["system"]
        shown, treated = data.get("shown"), data.get("treated")
        panel = panel_of(
            data["stances"], [system], times=data.get("times"),
            shown=None if shown is None else np.asarray(shown, np.float64),
            treated=None if treated is None else np.asarray(treated, np.bool_),
        )  # fmt: skip
        codes = camp_attributes.of(system)[0] if "camp" in system.nodes else None
        return panel, codes
    systems, codes = societies(model, source.graphs, source.camp)
    panel = panel_of(
        source.stances, systems, times=source.times.tolist(), labels=source.labels,
        dated=source.dated, shown=source.shown, treated=source.treated,
    )  # fmt: skip
    return panel, codes


def _targets(given: Mapping[str, Any]) -> tuple[tuple[str, float, float], ...]:
    found = []
    for name, each in given.items():
        check_names([name])
        if not isinstance(each, Mapping) or set(each) != {"value", "sd"}:
            raise InputError(f"[targets] {name} is {each!r}; give {{ value = ..., sd = ... }}.")
        value, sd = each["value"], each["sd"]
        plain = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (value, sd))
        if not plain or not np.isfinite([value, sd]).all() or sd <= 0:
            raise InputError(
                f"[targets] {name} is {dict(each)!r}; give finite numbers, sd above 0."
            )
        found.append((name, float(value), float(sd)))
    return tuple(found)


def _solved(problem: Problem, seed: int) -> Calibration:
    priors, known = problem.model.priors, problem.known()

    def simulate(theta: Floats, first: int) -> Floats:
        items = [
            {"theta": theta[k : k + CHUNK], "first": first + k} for k in range(0, len(theta), CHUNK)
        ]
        found = steps("calibrate", simulated, [problem], items, known=known)
        return np.concatenate([each["summaries"] for each in found])

    observed = problem.observed()
    each = WHOLE_RUNS if problem.targets else EACH
    posterior = explored(priors, simulate, observed, each=each, seed=seed)
    misfit = float(chi2.sf(posterior.misfit, max(posterior.freedom, 1)))
    if problem.targets and misfit < FAR:
        raise InputError(_unreachable(problem, posterior.draws, simulate, posterior.simulations))
    chosen = posterior.draws[:: DRAWS // CHECKS][:CHECKS]
    shape = flatness(posterior)
    notes = _notes(problem, misfit)
    facts: dict[str, Any] = {"way": problem.way, "simulations": posterior.simulations}
    facts |= {"misfit": posterior.misfit, "freedom": posterior.freedom, "p": misfit}
    facts |= {"condition": shape.condition, "alone": shape.alone.tolist()}
    if problem.panel is not None:
        facts |= {"users": problem.panel.n, "waves": len(problem.panel.stances)}
        known_share = float((problem.panel.stances != 0).mean())
        facts |= {"known": known_share, "society": _society(problem.panel, problem.codes)}
    days = None if problem.panel is None else problem.panel.days
    return Calibration(
        way=problem.way,
        draws=pd.DataFrame(posterior.draws, columns=list(priors.names)),
        summary=summary_of(priors, posterior.draws, best=posterior.best, profile=posterior.profile),
        combinations=combinations(priors, posterior.draws, days=days),
        checks=_checks(problem, chosen, posterior.simulations),
        notes=tuple(notes),
        facts=facts,
    )


def _society(panel: WavePanel, codes: NDArray[np.int64] | None) -> list[str]:
    """Return the card of the society at the first wave, with its camps."""
    said = card(panel.systems[0]).sentences()
    if codes is not None:
        sizes = ", ".join(str(int((codes == c).sum())) for c in range(codes.max(initial=-1) + 1))
        none = int((codes < 0).sum())
        said.append(f"camps of {sizes} users" + (f"; {none} belong to none" if none else ""))
    return said


def _notes(problem: Problem, misfit: float) -> list[str]:
    said = []
    if misfit < FAR:
        said.append(
            "no parameters within the priors simulate these data: the model is wrong in something "
            "that the checks show, and its intervals are too narrow"
        )
    if problem.panel is not None:
        unknown = float((problem.panel.stances == 0).mean())
        if unknown > 0:
            said.append(
                f"{unknown:.0%} of the stances are unknown; they were simulated along, which "
                "assumes that who is missing does not depend on the stance"
            )
        said.append(
            "users alike for reasons that no table holds (selection, shared news) look like "
            "influence; only a trial tells them apart"
        )
    if TEMPERATURE in problem.model.priors.names:
        said.append("fields and temperature are in units of the couplings: only ratios are told")
    return said


def _unreachable(problem: Problem, draws: Floats, simulate: Any, first: int) -> str:
    """Return which target is missed, and the nearest that the model can."""
    near = simulate(np.repeat(draws[:1], CHUNK, axis=0), first + CHECKS).mean(axis=0)
    tail = near[-len(problem.targets) :]
    away = [
        (abs(value - got) / sd, name, value, got)
        for (name, value, sd), got in zip(problem.targets, tail, strict=True)
    ]
    _, name, value, got = max(away)
    return (
        f"[targets] {name} is {value:g}, which the model does not reach within the priors; the "
        f"nearest is {got:.4g}: widen [free], or change [model]."
    )


def _checks(problem: Problem, theta: Floats, first: int) -> pd.DataFrame:
    """Return simulations at draws of the posterior beside the data."""
    rows: list[dict[str, Any]] = []
    if problem.panel is None:
        found = steps(
            "calibrate", simulated, [problem],
            [{"theta": theta[k : k + CHUNK], "first": first + k}
             for k in range(0, len(theta), CHUNK)],
            known=problem.known(),
        )  # fmt: skip
        values = np.concatenate([each["summaries"] for each in found])
        for k, (name, value, _) in enumerate(problem.targets):
            rows.append({"quantity": name, "wave": np.nan, **_beside(value, values[:, k])})
    else:
        # Reading the data is only done once, so these are no steps.
        panel = problem.panel
        ends = problem.waves(theta, first)
        for k in range(len(panel.gaps)):
            for name, value, values in _quantities(panel, k, ends[:, k]):
                rows.append({"quantity": name, "wave": panel.labels[k + 1]}
                            | _beside(value, values))  # fmt: skip
    columns = ["quantity", "wave", "observed", "mean", "low", "high", "p"]
    return pd.DataFrame(rows, columns=columns)


def _quantities(
    panel: WavePanel, k: int, ends: NDArray[np.int8]
) -> list[tuple[str, float, Floats]]:
    """Return by name the value of the data and of simulations at the end of a step."""
    start, last = panel.stances[k], panel.stances[k + 1]
    after, both = last != 0, (last != 0) & (start != 0)
    J = panel.system(k).J
    every = np.concatenate([last[np.newaxis], ends])
    moved = np.where(after, every, 0).astype(np.float64)
    ties = np.abs(J) @ after.astype(np.float64) @ after
    pull = ((J @ moved.T).T * moved).sum(axis=1) / max(float(ties), 1e-300)
    flips = ((every != start) & both).sum(axis=1) / max(int(both.sum()), 1)
    mean = moved.sum(axis=1) / max(int(after.sum()), 1)
    named = {"mean stance": mean, "share who changed": flips, "tied users alike": pull}
    return [(name, float(values[0]), values[1:]) for name, values in named.items()]


def _beside(value: float, values: Floats) -> dict[str, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    below, above = (values <= value).mean(), (values >= value).mean()
    p = min(1.0, 2 * min(below, above) + 1 / (len(values) + 1))
    return {"observed": value, "mean": float(values.mean()), "low": float(low),
            "high": float(high), "p": float(p)}  # fmt: skip
