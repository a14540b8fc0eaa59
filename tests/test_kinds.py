"""A kind says all there is to say of it; registries hold ours and those of others."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, cast

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics import feeds
from sociophysics.cli import main
from sociophysics.dynamics.kernels.kernel_choice import AUTOMATIC, Reference
from sociophysics.dynamics.kernels.kernel_choice import REGISTRY as KERNELS
from sociophysics.inference.chamber.saved import save_systems
from sociophysics.inference.estimators.parameters import tables_of
from sociophysics.kind_keys import keys_of, with_tables
from sociophysics.kinds import ESTIMATORS, FEEDS, REGISTRIES, Kinds, Strength, key, knowing
from sociophysics.scenario import Scenario, scenario_schema
from sociophysics.store.studies import first_difference
from sociophysics.study import plan
from sociophysics.study.asked import manifest_of
from sociophysics.study.blocks import registering_modules
from sociophysics.study.tasks import simulate_case
from sociophysics.study.work import Task

DOCS = Path(__file__).parent.parent / "docs"
TEXT = """seed = 1
network = {kind = "complete", n = 12}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 1.0, sweeps = 12}
feed = {kind = "two_sweeps", strength = 0.75}
"""
NUCLEATED = 'interventions = [{kind = "nucleate", at = 4, share = 0.2, stance = 1}]\n'


@dataclass(frozen=True)
class TwoSweeps(feeds.Feed):
    """Towards the mean of all stances in the last two sweeps."""

    strength: Strength = 0.5
    lag: Annotated[int, key("How old the remembered mean is.", unit="sweeps", ge=1)] = 1
    kind: ClassVar[str] = "two_sweeps"
    equation: ClassVar[str] = "phi_i = strength * (m(t) + m(t - lag)) / 2."

    @property
    def bound(self) -> float:
        return abs(self.strength)

    def remembered(
        self, system: sp.SpinSystem, spins: np.ndarray, camps: np.ndarray | None
    ) -> Mapping[str, np.ndarray]:
        return {"means": np.repeat(spins.mean(axis=1, keepdims=True), self.lag, axis=1)}

    def response(self, spins: np.ndarray, memory: feeds.FeedMemory) -> np.ndarray:
        assert memory.system is not None
        both = (memory.arrays["means"][:, -1] + spins.mean(axis=1)) / 2
        field: np.ndarray = self.strength * np.repeat(both[:, None], spins.shape[1], axis=1)
        return field

    def remember(self, spins: np.ndarray, memory: feeds.FeedMemory) -> feeds.FeedMemory:
        old = memory.arrays["means"]
        new = np.concatenate([spins.mean(axis=1, keepdims=True), old[:, :-1]], axis=1)
        return memory._replace(arrays={"means": new})


@pytest.fixture
def two_sweeps() -> Iterator[type[feeds.Feed]]:
    yield feeds.register(TwoSweeps)
    FEEDS.remove("two_sweeps")


# --- one declaration ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FEEDS)
def test_python_and_files_refuse_the_same_values_in_the_same_words(kind: str) -> None:
    cls = FEEDS[kind]
    text = TEXT.splitlines()[:-1]
    for name in cls.key_names():
        for value in (True, "x", -7.5, 1e200):
            given = {str: f'"{value}"', bool: "true"}.get(type(value), repr(value))
            said = []
            for make in (
                lambda name=name, value=value: cls(**{name: value}),
                lambda name=name, given=given: Scenario.from_toml(
                    "\n".join([*text, f'feed = {{kind = "{kind}", {name} = {given}}}'])
                ),
            ):
                try:
                    make()
                    said.append("")
                except sp.InputError as error:
                    said.append(str(error).removeprefix("scenario: "))
            assert said[0] == said[1]


def test_kinds_are_frozen_dataclasses() -> None:
    feed = feeds.Memory(0.25, tau=3)
    assert repr(feed) == "Memory(strength=0.25, tau=3.0)"
    assert replace(feed, tau=4) == feeds.Memory(0.25, 4.0)
    assert hash(replace(feed, tau=3)) == hash(feed)
    assert [field.name for field in dataclasses.fields(feed)] == ["strength", "tau"]
    assert str(inspect.signature(feeds.Memory)).startswith("(strength:")
    with pytest.raises(dataclasses.FrozenInstanceError):
        feed.tau = 4.0  # type: ignore[misc]


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), np.int64(2), 2])
def test_numbers_of_numpy_are_numbers(number: Any) -> None:
    feed = feeds.Random(number)
    assert type(feed.strength) is float
    assert feed.strength == number
    assert feeds.Random(slots=np.int64(3)).slots == 3


@pytest.mark.parametrize("flag", [True, np.bool_(True)])
def test_truth_values_are_no_numbers(flag: Any) -> None:
    with pytest.raises(sp.InputError, match=r"feed\.strength is True; it must be a number"):
        feeds.Random(flag)


def test_a_call_with_too_much_is_refused_in_a_sentence() -> None:
    with pytest.raises(sp.InputError, match="2 values are given to Editorial"):
        feeds.Editorial(1.0, 2.0)  # type: ignore[call-arg]
    with pytest.raises(sp.InputError, match=r"feed\.strength is given twice"):
        feeds.Editorial(1.0, strength=2.0)  # type: ignore[misc]


def test_schedules_refuse_in_python_what_files_refuse_and_keep_their_order() -> None:
    assert sp.schedules.Ramp(0, 1) == sp.schedules.Ramp(start=0.0, stop=1.0)
    text = TEXT.replace(
        "temperature = 1.0", "temperature = {kind = 'anneal', start = 1, stop = 2, factor = 0.5}"
    )
    with pytest.raises(sp.InputError, match="stop must be <= start"):
        sp.schedules.Anneal(1, 2, 0.5)
    with pytest.raises(sp.InputError, match="stop must be <= start"):
        Scenario.from_toml(text.replace("two_sweeps", "random"))
    with pytest.raises(sp.InputError, match=r"schedule\.width is 0; it must be >= 1"):
        sp.schedules.Pulse(3, 0, 1.0)
    # Infinity is a temperature that Python can give; a file cannot.
    assert sp.schedules.Pulse(0, 1, np.inf).values(2).tolist() == [np.inf, 0.0]


# --- kinds of others ------------------------------------------------------------------------------


def test_a_registered_feed_is_in_files_schema_and_description(two_sweeps: object) -> None:
    scenario = Scenario.from_toml(TEXT)
    assert scenario.feed == TwoSweeps(0.75)
    assert scenario.canonical()["feed"] == {"kind": "two_sweeps", "strength": 0.75, "lag": 1}
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    assert "phi_i = strength * (m(t) + m(t - lag)) / 2." in sp.describe.describe(scenario)
    lag = scenario_schema()["$defs"]["TwoSweeps"]["properties"]["lag"]
    assert (lag["minimum"], lag["unit"]) == (1, "sweeps")
    assert "two_sweeps" in feeds.KINDS
    with pytest.raises(sp.InputError, match=r"feed\.lg is not a key .* did you mean lag"):
        Scenario.from_toml(TEXT.replace("strength", "lg"))
    assert sp.run(scenario).table["magnetization"].notna().all()


def test_a_registered_feed_has_no_theory_of_another(two_sweeps: object) -> None:
    with pytest.raises(sp.InputError, match="'two_sweeps' is not a kind of feed that theory has"):
        sp.theory.mean_field.camp_limits("two_sweeps", within=1.0, across=0.1)


def test_what_a_feed_remembers_is_saved_with_the_state(tmp_path: Any) -> None:
    system = sp.SpinSystem(np.ones((30, 30)) - np.eye(30))
    keys: dict[str, Any] = {"temperature": 25.0, "seed": 3, "replicas": 3, "threads": 1}
    feed = TwoSweeps(8.0, lag=3)
    whole = [f.spins for f in sp.trajectory(system, sweeps=12, feed=feed, **keys)]
    frames = sp.trajectory(system, sweeps=12, feed=feed, **keys)
    state = next(frame.state() for frame in frames if frame.sweep == 5)
    state.save(tmp_path / "state.npz")
    state = sp.State.load(tmp_path / "state.npz")
    assert state.remembered["feed means"].shape == (3, 3)
    rest = [f.spins for f in sp.trajectory(system, sweeps=12, feed=feed, resume=state, **keys)]
    np.testing.assert_array_equal(rest, whole[6:])
    # Negative control: another memory gives another run.
    state.remembered["feed means"][:] = -1.0
    other = [f.spins for f in sp.trajectory(system, sweeps=12, feed=feed, resume=state, **keys)]
    assert any((a != b).any() for a, b in zip(other, rest, strict=True))


def test_what_cannot_be_registered_is_refused_in_a_sentence(two_sweeps: object) -> None:
    @dataclass(frozen=True)
    class Boundless(feeds.Feed):
        kind: ClassVar[str] = "boundless"

    class Loose(TwoSweeps):
        kind: ClassVar[str] = "loose"

    @dataclass(frozen=True)
    class Nameless(TwoSweeps):
        kind: ClassVar[str] = ""

    for cls, sentence in (
        (TwoSweeps, "a feed of kind 'two_sweeps' is registered already"),
        (Boundless, "the feed Boundless lacks bound; define it in the class"),
        (Loose, "the feed Loose is not frozen; decorate it with @dataclass"),
        (Nameless, "has the name ''; give it a `kind`"),
        (int, "int is no feed; give a subclass of the base class Feed"),
        ("text", "'text' is no feed"),
    ):
        with pytest.raises(sp.InputError, match=sentence):
            feeds.register(cls)  # type: ignore[arg-type]
    with pytest.raises(sp.InputError, match="Boundless lacks bound"):
        Boundless()


def test_a_kind_that_is_passed_counts_for_its_scenario_alone() -> None:
    scenario = Scenario.from_toml(TEXT, registries=[TwoSweeps])
    assert "two_sweeps" not in FEEDS
    assert scenario.feed == TwoSweeps(0.75)
    with pytest.raises(sp.InputError, match="'two_sweeps'"):
        Scenario.from_toml(TEXT)
    changed = scenario.replace({"feed.lag": 2, "dynamics.temperature": 0.5})
    assert changed.cases()[0].settings.feed == TwoSweeps(0.75, lag=2)
    with pytest.raises(sp.InputError, match=r"feed\.lag is 0; it must be >= 1"):
        scenario.replace({"feed.lag": 0})
    passed = sp.run(scenario, workers=1).table
    feeds.register(TwoSweeps)
    try:
        assert sp.run(Scenario.from_toml(TEXT), workers=1).table.equals(passed)
        with pytest.raises(sp.InputError, match="'two_sweeps' is registered already"):
            Scenario.from_toml(TEXT, registries=[TwoSweeps])
    finally:
        FEEDS.remove("two_sweeps")
    # Whoever computes elsewhere does not know it, and says so.
    task = Task(tuple(plan(scenario)), None, simulate_case, ())
    with pytest.raises(sp.InputError, match="does not know a kind that this run names"):
        Task.from_text(task.text(), simulate_case)
    with knowing(TwoSweeps):
        assert "two_sweeps" in FEEDS
        assert Task.from_text(task.text(), simulate_case).parts[0].settings.feed == TwoSweeps(0.75)
    for wrong in (int, "two_sweeps"):
        with pytest.raises(sp.InputError, match="is no kind; give classes"):
            Scenario.from_toml(TEXT, registries=[wrong])  # type: ignore[list-item]


# --- what is read from the declarations -----------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kind"), [(word, kind) for word, all_ in REGISTRIES.items() for kind in all_]
)
def test_every_kind_and_key_says_what_it_is(word: str, kind: str) -> None:
    cls = REGISTRIES[word][kind]
    assert cls.kind == kind
    assert cls.words.endswith(".")
    for each in keys_of(cls):
        assert each.sentence, each.name
        assert each.sentence in inspect.getdoc(cls)
        assert each.holds != "value", each.name


def test_tables_in_docs_are_those_of_the_declarations() -> None:
    """If this fails: sociophysics kinds --write docs."""
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert with_tables(text, REGISTRIES) == text, page.name


def test_the_command_lists_every_kind(capsys: Any, two_sweeps: object) -> None:
    assert main(["kinds"]) == 0
    told = capsys.readouterr().out
    assert "feed two_sweeps: Towards the mean of all stances in the last two sweeps." in told
    assert "lag (whole number, >= 1, sweeps, default 1): How old the remembered mean is." in told
    assert main(["kinds", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["feed"]["two_sweeps"]["keys"][1]["default"] == 1
    assert found["kernel"]["fixed-point"]["words"].startswith("Incremental local fields")
    for name, about in found["estimator"].items():
        assert about["words"].endswith("."), name
        assert all(each["sentence"] for each in about["keys"]), name
    assert len(found["estimator"]) >= 10


class Point:
    """An entry point, as importlib finds it in an installed package."""

    def __init__(self, name: str, load: Any) -> None:
        self.name, self.load = name, load
        self.dist = SimpleNamespace(name="their-feeds")


def test_a_plugin_that_does_not_load_is_one_sentence_and_breaks_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise ImportError("no module named theirs")

    points = [Point("bad", broken), Point("twin", lambda: feeds.Memory), Point("int", lambda: int)]
    monkeypatch.setattr("sociophysics.registries.entry_points", lambda group: points)
    registry = Kinds("feed", "sociophysics.influences.feeds.designs", group="theirs")
    registry._kinds |= FEEDS
    with pytest.warns(UserWarning, match="of their-feeds does not load") as told:
        assert set(registry) == set(FEEDS)
    assert len(told) == 2
    assert "the plugin 'bad'" in str(told[0].message)
    assert "ImportError: no module named theirs" in str(told[0].message)
    assert "int is no feed" in str(told[1].message)
    with pytest.raises(sp.InputError, match="their-feeds does not load"):
        registry.find("their_kind")


def test_workers_import_the_modules_that_register_what_a_run_names(two_sweeps: object) -> None:
    settings = Scenario.from_toml(TEXT).cases()[0].settings
    part: Any = SimpleNamespace(settings=settings)
    assert registering_modules([part]) == (__name__,)
    plain = Scenario.from_toml(TEXT.replace("two_sweeps", "random")).cases()[0].settings
    assert registering_modules([cast("Any", SimpleNamespace(settings=plain))]) == ()


def test_every_study_of_a_scenario_names_whose_code_it_computes_with(two_sweeps: object) -> None:
    manifest = manifest_of(Scenario.from_toml(TEXT), "tip", {})
    assert list(manifest["plugins"]) == [__name__.partition(".")[0]]
    plain = manifest_of(Scenario.from_toml(TEXT.replace("two_sweeps", "random")), "tip", {})
    assert "plugins" not in plain
    other = {**manifest, "plugins": {"tests": {"version": None, "code": "0"}}}
    assert first_difference(manifest, other).startswith("plugins.tests.code")


# --- estimators and kernels ----------------------------------------------------------------------


def test_estimators_are_refused_in_the_same_words_by_fits_tables_and_the_command(
    tmp_path: Path, capsys: Any
) -> None:
    votes = tmp_path / "votes.csv"
    votes.write_text("a,b,c\n1,-1,1\n-1,1,1\n1,1,-1\n")
    for key_, value, sentence in (
        ("shrinkage", 1.0, "estimator.shrinkage is 1.0; it must be < 1."),
        ("shrinkage", True, "estimator.shrinkage is True; it must be a number."),
        ("fields", 2, "estimator.fields is 2; it must be true or false."),
    ):
        said = []
        for refused in (
            lambda k=key_, v=value: sp.inference.MeanField(**{k: v}).fit([[1, -1], [-1, 1]]),
            lambda k=key_, v=value: ESTIMATORS.made({"kind": "mean_field", k: v}),
        ):
            with pytest.raises(sp.InputError) as refusal:
                refused()
            said.append(str(refusal.value))
        text = str(value).lower()
        assert main(["fit", str(votes), "--estimators", f"mean_field: {key_} = {text}"]) == 2
        said.append(capsys.readouterr().err.removeprefix("sociophysics: ").strip())
        assert said == [sentence] * 3
    for text, sentence in (
        ("mean_feild", "did you mean mean_field?"),
        ("mean_field: shrink = 0.5", "did you mean shrinkage?"),
        ("mean_field: shrinkage 0.5", "give a kind, or keys behind it"),
    ):
        assert main(["fit", str(votes), "--estimators", text]) == 2
        assert sentence in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["votes.csv"]


def test_an_estimator_of_others_is_registered_made_and_listed(capsys: Any) -> None:
    @dataclass(eq=False, repr=False)
    class Half(sp.inference.Estimator):
        """One half for everybody."""

        half: Annotated[float, key("The chance.", ge=0, le=1)] = 0.5
        kind: ClassVar[str] = "half"

        def fit(self, votes: Any, y: object = None) -> Any:
            self.members_ = np.shape(votes)[1]
            return self

        def predict_proba(self, votes: Any) -> np.ndarray:
            return np.full(np.shape(votes), self.half)

    sp.inference.register(Half)
    try:
        assert repr(ESTIMATORS.made({"kind": "half", "half": 0.25})) == "Half(half=0.25)"
        assert main(["kinds"]) == 0
        assert "half (number, 0 to 1, default 0.5): The chance." in capsys.readouterr().out
        with pytest.raises(sp.InputError, match=r"estimator\.half is 2; it must be <= 1"):
            Half(2).fit([[1, -1]])
        with pytest.raises(sp.InputError, match="of kind 'half' is registered already"):
            sp.inference.register(Half)
    finally:
        ESTIMATORS.remove("half")
    with pytest.raises(sp.InputError, match="is no table and no registered estimator"):
        tables_of([3])  # type: ignore[list-item]


def test_a_kernel_of_others_is_used_by_its_name_and_never_by_auto() -> None:
    class Theirs(Reference):
        """The plain specification under another name."""

    KERNELS.register(Theirs, name="their-kernel")
    try:
        pair = sp.SpinSystem.from_edges([0, 1], [1, 2])
        ours, theirs = (
            [f.spins.tolist() for f in sp.trajectory(pair, temperature=1, sweeps=5, seed=1,
                                                     replicas=3, kernel=name)]
            for name in ("reference", "their-kernel")
        )  # fmt: skip
        assert ours == theirs
        text = TEXT.replace("two_sweeps", "random").replace(
            "sweeps = 12", "sweeps = 12, kernel = 'K'"
        )
        named = [
            Scenario.from_toml(text.replace("'K'", f"'{name}'"))
            for name in ("reference", "their-kernel")
        ]
        assert sp.run(named[0]).table.equals(sp.run(named[1]).table)
        assert registering_modules(plan(named[1])) == (__name__,)
        with pytest.raises(sp.InputError, match=r"kernel is 'their-kernal'; .* their-kernel"):
            Scenario.from_toml(text.replace("'K'", "'their-kernal'"))
        assert AUTOMATIC == ("adaptive", "integer", "fixed-point")
        with pytest.raises(sp.InputError, match="of kind 'their-kernel' is registered already"):
            KERNELS.register(Theirs, name="their-kernel")
    finally:
        KERNELS.remove("their-kernel")
    with pytest.raises(sp.InputError, match="did you mean"):
        list(sp.trajectory(pair, temperature=1, sweeps=5, seed=1, kernel="referense"))


# --- observables ----------------------------------------------------------------------------------


def last_user(frame: sp.Frame) -> np.ndarray:
    """Stance of the last user."""
    return frame.spins[:, -1].astype(float)


def test_a_registered_observable_is_a_column_with_its_words(capsys: Any) -> None:
    sp.observables.register(last_user, unit="stance")
    try:
        with pytest.raises(sp.InputError, match="'last_user' is registered already"):
            sp.observables.register(last_user)
        observe = 'observe = {names = ["last_user"]}\n'
        scenario = Scenario.from_toml(TEXT.replace("two_sweeps", "random") + observe)
        assert set(sp.run(scenario).table["last_user"]) <= {-1.0, 1.0}
        assert "`last_user`: Stance of the last user; unit: stance" in sp.describe.describe(
            scenario
        )
        assert main(["kinds"]) == 0
        assert "observable last_user: Stance of the last user" in capsys.readouterr().out
    finally:
        sp.observables.OBSERVABLES.remove("last_user")
    with pytest.raises(sp.InputError, match="'last_user' is not an observable"):
        sp.observables.check_names(["last_user"])
    with pytest.raises(sp.InputError, match="3 is no observable; give a function"):
        sp.observables.register(3)  # type: ignore[arg-type]


def test_experiments_know_what_was_passed_with_their_scenario() -> None:
    few = {"dynamics.sweeps": 12, "dynamics.burn_in": 4, "sweep.replicas": 4}
    passed = Scenario.from_toml(TEXT, registries=[TwoSweeps]).replace(few)
    with knowing(TwoSweeps):
        named = Scenario.from_toml(TEXT).replace(few)
    axes = {"dynamics.temperature": [0.5, 1.0], "feed.strength": [0.2, 0.4]}
    asks: list[Callable[[Scenario], pd.DataFrame]] = [
        lambda scenario: sp.experiments.polling(scenario, [1], choices=["random"]).table,
        lambda scenario: sp.experiments.phase_diagram(scenario, axes).table,
    ]
    for ask in asks:
        found = ask(passed)
        assert "two_sweeps" not in FEEDS
        with knowing(TwoSweeps):
            assert ask(named).equals(found)


@pytest.mark.parametrize("ask", ["trial", "cascade_designs"])
def test_every_study_of_a_scenario_knows_what_was_passed_with_it(ask: str) -> None:
    tables = {
        "trial": 'trial = {at = 4, share = [0.5], treatment = {feed = {kind = "two_sweeps"}}}',
        "cascade_designs": NUCLEATED,
    }
    text = TEXT.replace("sweeps = 12", "sweeps = 12, burn_in = 4") + tables[ask]
    text += '\nsweep = {replicas = 3}\nobserve = {every = 1, names = ["magnetization"]}\n'
    study = getattr(sp.experiments, ask)
    found = study(Scenario.from_toml(text, registries=[TwoSweeps]), workers=1)
    assert "two_sweeps" not in FEEDS
    with knowing(TwoSweeps):
        named = study(Scenario.from_toml(text), workers=1)
    assert repr(named) == repr(found)


def test_describe_says_how_the_estimator_of_a_fitted_chamber_works(tmp_path: Path) -> None:
    names = ("boltzmann", "pseudolikelihood")
    nodes = pd.DataFrame({"name": ["Ann", "Bob"], "party": ["D", "R"]})
    pair = sp.SpinSystem(np.array([[0, 0.5], [0.5, 0]]), None, [1, 2], nodes)
    save_systems(tmp_path / "system.npz", dict.fromkeys(names, pair), polarity="")
    for name in names:
        fitted = {"kind": "fitted", "path": str(tmp_path / "system.npz"), "estimator": name}
        tables = {"seed": 1, "couplings": fitted, "dynamics": {"sweeps": 9}}
        told = sp.describe.describe(Scenario.from_canonical(tables, name="pair"))
        assert f"of the estimator {name}: {ESTIMATORS[name].words}" in told
