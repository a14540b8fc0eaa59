"""A package outside the tree adds kinds: examples/plugin, built, installed, and used in processes.

Three fresh interpreters see what installed packages declare: a good one, bad ones, and a script
that registers a feed itself. The numbers of the example's feed are judged here, by exact laws.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.theory import feed_definitions as oracle
from sociophysics.theory import markov
from sociophysics.theory.stance_patterns import all_states, state_number
from tests.laws import ALPHA, assert_law, law_p_value

ROOT = Path(__file__).parent.parent
PLUGIN = ROOT / "examples" / "plugin"
TURN = 'interventions = [{kind = "turn", at = 3, share = 0.5, hold = 1}]\n'
SCENARIO = (
    """
seed = 4
network = {kind = "complete", n = 8}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 0.8, sweeps = 6}
observe = {every = 2, names = ["magnetization", "minority_among_followed"]}
"""
    + TURN
    + """[[designs]]
name = "none"
feed = {kind = "none"}
[[designs]]
name = "contrarian"
feed = {kind = "contrarian_k", strength = 1.5, k = 2, persistence = 0.25}
[sweep]
replicas = 2
"dynamics.temperature" = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3]
"""
)
CALL = """
import contextlib, io, json, sys
from pathlib import Path
import sociophysics as sp
from sociophysics.cli import main

def said(make, *args, **keys):
    try:
        return repr(make(*args, **keys))
    except sp.InputError as error:
        return str(error)

def command(*args):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(args))
    return [status, out.getvalue(), err.getvalue()]
"""


def python(code: str, site: Path, *args: str, warn: str = "default") -> dict[str, Any]:
    """Return what a fresh interpreter says that has the packages of ``site`` installed."""
    paths = [str(site), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONWARNINGS": warn}
    ended = subprocess.run(
        [sys.executable, "-c", CALL + textwrap.dedent(code), *args],
        cwd=site,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found | {"stderr": ended.stderr}


def install(site: Path, name: str, points: dict[str, dict[str, str]], **modules: str) -> None:
    """Put a package there as an installer leaves it: its modules, and what it declares."""
    about = site / f"{name.replace('-', '_')}-1.5.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    lines = [
        f"[sociophysics.{group}]\n" + "".join(f"{k} = {v}\n" for k, v in own.items())
        for group, own in points.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))
    for module, text in modules.items():
        (site / f"{module}.py").write_text(textwrap.dedent(text))


# --- the example ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which the example's wheel, built here, is installed."""
    place = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist")],
        cwd=PLUGIN,
        capture_output=True,
        check=True,
    )
    with zipfile.ZipFile(next((place / "dist").glob("*.whl"))) as wheel:
        wheel.extractall(place)
    (place / "plan.toml").write_text(SCENARIO)
    return place


@pytest.fixture(scope="module")
def seen(site: Path) -> dict[str, Any]:
    """Return what an interpreter sees of the installed example, everywhere where kinds are seen."""
    return python(
        """
        from dashboards.feed_lab import acts, settings
        from sociophysics.scenario import scenario_schema
        from sociophysics.study.expected import expected

        def votes_of():
            import numpy as np
            votes = np.random.default_rng(1).choice([-1, 1], (6, 30))
            head = ",".join(["id", *(f"v{k}" for k in range(30))])
            rows = [",".join(map(str, [k, *row])) for k, row in enumerate(votes.tolist())]
            return "\\n".join([head, *rows])

        text = Path("plan.toml").read_text()
        scenario = sp.Scenario.from_toml(text)
        one = sp.run(scenario, out="one", workers=1)
        two = sp.run(scenario, out="two", workers=2)
        slider, feeds = settings.SETTINGS["a_persistence"], settings.FEEDS
        settings_of = [case.settings for case in scenario.cases() if case.design == "contrarian"]
        Path("votes.csv").write_text(votes_of())
        keys = "as_last_time: weight = 0.75"
        print(json.dumps({
            "fit": command("fit", "votes.csv", "--quick", "--out", "fit", "--estimators", keys),
            "heavy": command("fit", "votes.csv", "--estimators", keys.replace("0.75", "2")),
            "again": sp.Scenario.from_toml(scenario.to_toml()) == scenario,
            "table": scenario.canonical()["designs"][1]["feed"],
            "key": said(sp.Scenario.from_toml, text.replace("persistence", "persistance")),
            "kind": said(sp.Scenario.from_toml, text.replace("contrarian_k", "contrarian")),
            "act": scenario.canonical()["interventions"],
            "hold": said(sp.Scenario.from_toml, text.replace("hold = 1", "hold = -1")),
            "turns": one.events[["event", "details"]].values.tolist(),
            "others": acts.OTHERS,
            "range": said(sp.Scenario.from_toml, text.replace("k = 2", "k = 0")),
            "turn": scenario_schema()["$defs"]["Turn"]["properties"],
            "schema": scenario_schema()["$defs"]["ContrarianK"]["properties"],
            "told": command("describe", "plan.toml"),
            "kinds": command("kinds"),
            "choices": [feeds["contrarian_k"], settings.FEED_KEYS["contrarian_k"]],
            "slider": [slider.default, slider.low, slider.high],
            "theory": said(sp.theory.mean_field.camp_limits, "contrarian_k", within=1, across=0),
            "expected": [expected(each, "feed.strength") for each in settings_of[:1]],
            "log": Path("two/log.jsonl").read_text().splitlines(),
            "same": one.table.equals(two.table),
            "minority": one.table["minority_among_followed"].tolist(),
        }))
        """,
        site,
    )


def test_its_kinds_are_in_files_with_the_same_sentences_as_ours(seen: dict[str, Any]) -> None:
    assert seen["again"]
    assert seen["table"] == {"kind": "contrarian_k", "strength": 1.5, "k": 2, "persistence": 0.25}
    where = "scenario: design 'contrarian': feed"
    assert seen["key"].startswith(f"{where}.persistance is not a key of [feed] kind 'contrarian_k'")
    assert seen["key"].endswith("did you mean persistence?")
    assert seen["kind"].startswith(f"{where}.kind is 'contrarian'; allowed: amplifier")
    assert seen["kind"].endswith("did you mean contrarian_k?")
    assert seen["range"] == f"{where}.k is 0; it must be >= 1."
    assert seen["act"] == [{"kind": "turn", "at": 3, "share": 0.5, "hold": 1}]
    assert seen["hold"] == "scenario: interventions[0].hold is -1; it must be >= 0."


def test_its_kinds_are_in_schema_description_and_list_of_kinds(seen: dict[str, Any]) -> None:
    assert seen["schema"]["k"]["unit"] == "users"
    assert seen["schema"]["persistence"]["maximum"] == 1
    status, told, _ = seen["told"]
    assert status == 0
    assert "phi_i = -strength * mean over k drawn j" in told
    assert (
        "`minority_among_followed`: Share of users whose stance most of those they follow" in told
    )
    status, told, errors = seen["kinds"]
    assert (status, errors, seen["stderr"]) == (0, "", "")
    assert "feed contrarian_k: Pushes against the mean stance of k random followed users." in told
    assert "k (whole number, >= 1, users, default 3): Followed users shown, drawn with" in told
    assert "observable minority_among_followed: Share of users whose stance" in told
    assert "intervention turn: Some users turn against most of those they follow." in told
    assert "- after sweep 3: some users turn against most" in seen["told"][1]
    assert seen["turn"]["share"]["maximum"] == 1


def test_the_dashboard_offers_its_feed_with_controls(seen: dict[str, Any]) -> None:
    label, keys = seen["choices"]
    assert label == "Contrarian-k: pushes against the mean stance of k random followed users"
    assert keys == ["strength", "k", "persistence"]
    assert seen["slider"] == [0.0, 0.0, 1.0]
    assert seen["others"] == {"turn": "Turn: some users turn against most of those they follow"}


def test_theory_has_no_number_for_it_and_not_that_of_another(seen: dict[str, Any]) -> None:
    assert seen["theory"].startswith("'contrarian_k' is not a kind of feed that theory has")
    assert seen["expected"] == [[]]


def test_two_workers_write_the_bytes_of_one(seen: dict[str, Any], site: Path) -> None:
    assert seen["same"]
    assert len({json.loads(line).get("worker") for line in seen["log"]} - {None}) == 2
    names = sorted(path.name for path in (site / "one" / "parts").glob("*.parquet"))
    assert len(names) == 18
    for name in ("manifest.json", "results.parquet", "report.html", *(f"parts/{n}" for n in names)):
        assert (site / "one" / name).read_bytes() == (site / "two" / name).read_bytes(), name


def test_the_report_names_what_the_plugin_adds(seen: dict[str, Any], site: Path) -> None:
    report = (site / "one" / "report.html").read_text(encoding="utf-8")
    assert "minority among followed" in report
    assert "Share of users whose stance most of those they follow" in report
    assert "contrarian_k" in report


def test_the_manifest_names_distribution_version_and_code(seen: dict[str, Any], site: Path) -> None:
    folder, total = site / "sociophysics_contrarian", hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.name}\0{digest}\n".encode())
    manifest = json.loads((site / "one" / "manifest.json").read_text())
    assert manifest["plugins"] == {
        "sociophysics-contrarian": {"version": "0.3.0", "code": total.hexdigest()}
    }


def test_its_estimator_is_tested_beside_ours_and_its_keys_are_checked(
    seen: dict[str, Any], site: Path
) -> None:
    status, told, errors = seen["fit"]
    assert status == 0, errors
    assert "AsLastTime" in told
    status, _, errors = seen["heavy"]
    assert status == 2
    assert "estimator.weight is 2; it must be <= 1." in errors
    assert "estimator as_last_time: Every member votes as on the roll call" in seen["kinds"][1]
    report = (site / "fit" / "report.html").read_text(encoding="utf-8")
    assert "Every member votes as on the roll call before" in report
    manifest = json.loads((site / "fit" / "manifest.json").read_text())
    assert manifest["asked"]["estimators"] == [{"kind": "as_last_time", "weight": 0.75}]
    assert list(manifest["plugins"]) == ["sociophysics-contrarian"]


def test_its_intervention_acts_on_each_replica_and_is_told(seen: dict[str, Any]) -> None:
    assert {event for event, _ in seen["turns"]} == {"turn"}
    assert len(seen["turns"]) == 2 * 9 * 2  # designs, temperatures, replicas
    assert len({details for _, details in seen["turns"]}) > 1


# --- its numbers ----------------------------------------------------------------------------------


@pytest.fixture
def contrarian(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(PLUGIN))
    import sociophysics_contrarian

    return sociophysics_contrarian


SOCIETY = sp.SpinSystem.from_edges([0, 1, 2, 0], [1, 2, 3, 2], [1.0, -0.5, 0.8, 0.6])
START = np.array([1, 1, -1, 1], np.int8)
TEMPERATURE, STRENGTH, REPLICAS = 1.1, 1.3, 5_000


def laws(feed: Any, sweeps: int) -> np.ndarray:
    """Return how many replicas are in which state after some sweeps."""
    frames = sp.trajectory(
        SOCIETY, temperature=TEMPERATURE, sweeps=sweeps, every=sweeps, seed=8, feed=feed,
        replicas=REPLICAS, start=START,
    )  # fmt: skip
    spins = list(frames)[-1].spins
    return np.bincount(oracle_number(spins), minlength=16)


def oracle_number(spins: np.ndarray) -> np.ndarray:
    return np.atleast_1d(state_number(spins))


def swept(law: markov.FieldLaw, state: int) -> np.ndarray:
    """Return the law of the state after one sweep under a field drawn once."""
    rows = [
        np.linalg.matrix_power(
            markov.transition_matrix(SOCIETY, temperature=TEMPERATURE, phi=phi), SOCIETY.n
        )[state]
        for phi in law.phi
    ]
    return np.asarray(law.probabilities @ np.array(rows))


def drawn(now: np.ndarray, before: np.ndarray, persistence: float) -> markov.FieldLaw:
    """Return the law of the field of one shown user each: every choice of the followed."""
    followed = [SOCIETY.J[[i]].indices for i in range(SOCIETY.n)]
    shown = (1 - persistence) * now + persistence * before
    fields = np.array([-STRENGTH * shown[list(pick)] for pick in itertools.product(*followed)])
    return markov.FieldLaw(np.full(len(fields), 1 / len(fields)), fields)


def test_its_feed_follows_the_exact_law_of_a_pull_that_is_turned_round(contrarian: Any) -> None:
    follows = (SOCIETY.J.toarray() != 0).astype(float)  # friends and foes alike

    def refresh(s: np.ndarray) -> markov.FieldLaw:
        return oracle.slots_law(-STRENGTH, follows @ (s > 0) / follows.sum(axis=1), 2)

    matrix = markov.sweep_matrix_with_feed(SOCIETY, temperature=TEMPERATURE, refresh=refresh)
    exact = markov.distribution_after(matrix, START, 3)
    assert_law(laws(contrarian.ContrarianK(STRENGTH, k=2), 3), exact)
    # A feed that pulls, or shows another number of users, must be told apart.
    for other in (contrarian.ContrarianK(-STRENGTH, k=2), contrarian.ContrarianK(STRENGTH, k=9)):
        assert law_p_value(laws(other, 3), exact) < ALPHA


def test_what_its_feed_remembers_acts_as_the_exact_law_says(contrarian: Any) -> None:
    states, number = all_states(SOCIETY.n), int(oracle_number(START)[0])
    first = swept(drawn(START, START, 0.75), number)
    exact = sum(
        share * swept(drawn(states[k], START, 0.75), k) for k, share in enumerate(first)
    )  # fmt: skip
    assert_law(laws(contrarian.ContrarianK(STRENGTH, 1, 0.75), 2), np.asarray(exact))
    assert law_p_value(laws(contrarian.ContrarianK(STRENGTH, 1), 2), np.asarray(exact)) < ALPHA


def test_its_memory_is_saved_and_taken_up_again(contrarian: Any, tmp_path: Path) -> None:
    keys: dict[str, Any] = {"temperature": 1.0, "seed": 3, "replicas": 6, "start": START}
    feed = contrarian.ContrarianK(2.0, 2, 0.5)
    whole = [f.spins for f in sp.trajectory(SOCIETY, sweeps=14, feed=feed, **keys)]
    frames = sp.trajectory(SOCIETY, sweeps=14, feed=feed, **keys)
    next(f.state() for f in frames if f.sweep == 5).save(tmp_path / "state.npz")
    del keys["start"]
    state = sp.State.load(tmp_path / "state.npz")
    np.testing.assert_array_equal(state.remembered["feed before"], whole[4])
    rest = [f.spins for f in sp.trajectory(SOCIETY, sweeps=14, feed=feed, resume=state, **keys)]
    np.testing.assert_array_equal(rest, whole[6:])
    state.remembered["feed before"][:] *= -1
    other = [f.spins for f in sp.trajectory(SOCIETY, sweeps=14, feed=feed, resume=state, **keys)]
    assert not np.array_equal(other, rest)


def test_its_observable_counts_those_whom_most_followed_contradict(contrarian: Any) -> None:
    spins = np.array([[1, 1, 1, 1], [1, -1, -1, 1]], np.int8)
    frame = sp.Frame(0, spins, SOCIETY)
    # 0 follows 1 2, 1 follows 0 2, 2 follows 0 1 3, 3 follows 2
    found = contrarian.minority_among_followed(frame)
    np.testing.assert_array_equal(found, [0.0, 0.75])


# --- bad plugins ----------------------------------------------------------------------------------

FEED = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from sociophysics.feeds import Feed

@dataclass(frozen=True)
class {cls}(Feed):
    strength: float = 0.5
    kind: ClassVar[str] = "{kind}"

    {bound}

    def response(self, spins, memory):
        return {field}
"""
BOUND = "bound = property(lambda self: self.strength)"


def feed(kind: str, field: str = "0.0 * spins", bound: str = BOUND) -> str:
    return FEED.format(cls=kind.title(), kind=kind, field=field, bound=bound)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what is said of bad plugins: of all kinds, and to runs that name them."""
    site = tmp_path_factory.mktemp("bad")
    install(site, "gone-feeds", {"feeds": {"gone": "not_there:Gone"}})
    install(site, "twin-feeds", {"feeds": {"memory": "twin:Memory"}}, twin=feed("memory"))
    install(site, "pair-one", {"feeds": {"pair": "pair_one:Pair"}}, pair_one=feed("pair"))
    install(site, "pair-two", {"feeds": {"pair": "pair_two:Pair"}}, pair_two=feed("pair"))
    install(site, "free-feeds", {"feeds": {"free": "free:Free"}}, free=feed("free", bound="x = 0"))
    install(site, "loud-feeds", {"feeds": {"loud": "loud:Loud"}}, loud=feed("loud", "9.0 * spins"))
    install(
        site, "void-feeds", {"feeds": {"void": "void:Void"}}, void=feed("void", "np.nan * spins")
    )
    install(
        site, "thin-feeds", {"feeds": {"thin": "thin:Thin"}}, thin=feed("thin", "spins[:, 1:] * 1.")
    )
    install(
        site,
        "odd-views",
        {"observables": {"odd": "odd:odd", "wide": "odd:wide"}},
        odd="odd = 3\ndef wide(frame):\n    'Everybody.'\n    return frame.spins * 1.0\n",
    )
    found = python(
        """
        told = {}
        for kind in "gone memory pair free loud void thin lout wide odd".split():
            view = kind if kind in ("wide", "odd") else "magnetization"
            feed = "loud" if kind == "lout" else "none" if kind == view else kind
            key = "strenth" if kind == "lout" else "strength"
            own = "" if feed == "none" else f", {key} = 0.5"
            Path("plan.toml").write_text(
                'seed = 1\\nnetwork = {kind = "complete", n = 6}\\n'
                'couplings = {kind = "uniform"}\\ndynamics = {temperature = 1.0, sweeps = 3}\\n'
                f'observe = {{names = ["{view}"]}}\\nfeed = {{kind = "{feed}"{own}}}\\n'
            )
            told[kind] = [*command("run", "plan.toml", "--out", "out"), Path("out").exists()]
        print(json.dumps({"runs": told, "kinds": command("kinds")}))
        """,
        site,
    )
    return found


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("gone", "The plugin 'gone' of gone-feeds does not load (ModuleNotFoundError: No module"),
        (
            "memory",
            "the plugin 'memory' of twin-feeds does not load (InputError: a feed of kind 'me",
        ),
        ("pair", "a feed of kind 'pair' is registered already (Pair"),
        ("free", "of free-feeds does not load (InputError: the feed Free lacks bound"),
        ("loud", "the feed loud exerts the field"),
        ("void", "the feed void returned a field that holds NaN"),
        ("thin", "the feed thin returned a field of shape (1, 5); it must return an array of sha"),
        ("lout", "feed.strenth is not a key of [feed] kind 'loud'; allowed: kind, strength; did"),
        ("wide", "the observable wide returned an array of shape (1, 6)"),
        ("odd", "of odd-views does not load (InputError: 3 is no observable"),
    ],
)
def test_a_run_that_names_what_is_bad_is_refused_in_a_sentence_and_writes_nothing(
    bad: dict[str, Any], kind: str, sentence: str
) -> None:
    status, _, errors, written = bad["runs"][kind]
    last = errors.splitlines()[-1]
    assert status == 2, errors
    assert sentence in last
    assert len(last) < 900
    assert not written


def test_plugins_that_do_not_load_are_told_of_in_a_line_each(bad: dict[str, Any]) -> None:
    told = [line for run in bad["runs"].values() for line in run[2].splitlines()]
    told = [line for line in told if line.startswith("warning: the plugin ")]
    assert sorted(line.split("'")[1] for line in told) == ["free", "gone", "memory", "odd", "pair"]
    status, listed, errors = bad["kinds"]
    assert (status, errors, bad["stderr"]) == (0, "", "")
    assert "feed memory: " in listed
    assert "feed loud: " in listed
    assert "feed free: " not in listed


# --- registered in a script -----------------------------------------------------------------------


def test_a_feed_of_a_module_is_known_to_workers_and_one_of_a_notebook_is_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.py").write_text(
        "import sociophysics as sp\n" + feed("mine", "0.5 * spins") + "\nsp.feeds.register(Mine)\n"
    )
    text = SCENARIO.replace(', "minority_among_followed"', "").replace(TURN, "")
    (tmp_path / "plan.toml").write_text(text)
    found = python(
        """
        import mine

        text = Path("plan.toml").read_text().replace(", k = 2, persistence = 0.25", "")
        plan = sp.Scenario.from_toml(text.replace("contrarian_k", "mine").replace("1.5", "0.5"))
        one, two = (sp.run(plan, out=f"m{n}", workers=n) for n in (1, 2))

        class Typed(mine.Mine):
            kind = "typed"

        import dataclasses
        Typed = sp.feeds.register(dataclasses.dataclass(frozen=True)(Typed))
        plan = sp.Scenario.from_toml(text.replace("contrarian_k", "typed").replace("1.5", "0.5"))
        print(json.dumps({
            "same": one.table.equals(two.table),
            "plugins": one.manifest["plugins"],
            "alone": said(lambda: len(sp.run(plan, workers=1).table)),
            "typed": said(lambda: len(sp.run(plan, workers=2).table)),
        }))
        """,
        tmp_path,
    )
    assert found["same"]
    assert list(found["plugins"]) == ["mine"]
    assert found["plugins"]["mine"]["version"] is None
    assert found["alone"].isdigit()
    assert "a worker process does not know a kind that this run names" in found["typed"]
    assert "install it as a plugin" in found["typed"]


def test_its_intervention_turns_users_against_those_they_follow(contrarian: Any) -> None:
    ties = SOCIETY.J.toarray() != 0
    against, turned = -np.sign(ties @ START), np.zeros(4)
    act = contrarian.Turn(at=0, share=0.25, hold=2)
    for seed in range(800):
        change = act.change(SOCIETY, START, None, np.random.default_rng(seed))
        assert (change.spins == np.where(np.isin(range(4), change.held), against, START)).all()
        assert (change.hold, change.detail["users"]) == (2, change.held.size)
        turned[change.held] += 1
    free = against != 0
    assert not turned[~free].any()
    assert np.abs(turned[free] / 800 - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 800)
    assert 0 < free.sum() < 4


def test_an_error_inside_a_plugin_is_said_to_be_that_plugins(tmp_path: Path) -> None:
    install(
        tmp_path,
        "their-counts",
        {"observables": {"late": "theirs_late:late"}},
        theirs_late='''
        """Counts of theirs."""

        def late(frame):
            """What fails when it is asked."""
            return {}["nobody"]
        ''',
    )
    text = SCENARIO.replace("minority_among_followed", "late").replace(TURN, "")
    (tmp_path / "plan.toml").write_text(text[: text.index("[[designs]]")])
    seen = python(
        """
        run = ["run", "plan.toml", "--replicas", "40", "--out"]
        print(json.dumps({n: command(*run, n, "--workers", n) for n in ("1", "2")}))
        """,
        tmp_path,
    )
    for workers in ("1", "2"):
        status, _, said = seen[workers]
        assert status == 1
        assert "this is a defect of the plugin their-counts (theirs_late.py, line 6), not" in said
        assert "KeyError: 'nobody'" in said
