"""What a scenario file says above its tables, how it plays, and what a stranger's may hold."""

from __future__ import annotations

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.live import strange_scenarios
from sociophysics.live.played_designs import PlayedDesigns
from sociophysics.live.run_lines import Series
from sociophysics.live.small_multiples import small_multiples
from sociophysics.live.stories import stories, told
from sociophysics.live.strange_scenarios import looked_at, strange_scenario

CROWD = """
seed = 3
network = { kind = "complete", n = 12 }
couplings = { kind = "uniform", value = 0.1 }
dynamics = { temperature = 1.0, sweeps = 20, start = "random" }
observe = { every = 5, names = ["magnetization"] }
designs = [ { name = "none" }, { name = "in", feed = { kind = "random", strength = 0.5 } } ]
sweep = { replicas = 2, "dynamics.temperature" = [0.5, 1.0] }
"""


def test_a_note_goes_on_over_lines_of_comments_and_ends_with_them() -> None:
    story = told("a", "# Expected: it melts,\n# and soon.\ntitle = 'A'\n# Try: not a note\n")
    assert (story.notice, story.tries) == ("It melts, and soon.", ())


@pytest.mark.parametrize("name", stories())
def test_every_bundled_scenario_tells_a_whole_story(name: str) -> None:
    story = stories()[name]
    assert story.question.endswith("?")
    assert story.notice
    assert story.tries
    assert story.picture is not None
    assert story.trial == (sp.Scenario.load(name).trial is not None)


def test_what_plays_is_replica_0_of_the_run_at_the_declared_point() -> None:
    scenario = sp.Scenario.from_toml(CROWD)
    played = PlayedDesigns.of(scenario)
    moments = {moment.sweep: moment for moment in played.moments()}
    assert played.steps == len(moments) == 21
    table = sp.run(scenario, workers=1).table
    rows = table[(table["replica"] == 0) & (table["dynamics.temperature"] == 1.0)]
    assert len(rows) == 10
    for row in rows.to_dict("records"):
        k = played.names.index(row["design"])
        assert moments[row["sweep"]].values[k] == row["magnetization"]
        assert moments[row["sweep"]].stances[k].mean() == pytest.approx(row["magnetization"])


def test_too_many_users_to_watch_is_a_sentence() -> None:
    many = CROWD.replace('"complete", n = 12', '"random_regular", degree = 2, n = 20001')
    with pytest.raises(sp.InputError, match="too many to be watched"):
        PlayedDesigns.of(sp.Scenario.from_toml(many))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "complete", n = 12', 'kind = "file", path = "x.csv"', "network.path names a file"),
        ('kind = "uniform", value = 0.1', 'kind = "fitted", path = "/tmp/x"', "names a file"),
        ("seed = 3", 'seed = 3\nposterior = { path = "runs/x" }', "posterior.path names a file"),
        ("seed = 3", "seed = 3\n" + "#" * 200_000, "more than 200 kB"),
        ("seed = 3", "sed = 3", "seed"),
        ("n = 12", "n = 300000", "300,000 users"),
        ("[0.5, 1.0]", "{ start = 0.002, stop = 2.2, step = 0.002 }", "2,200 designs"),
        ("sweeps = 20", "sweeps = 9000000000", "single updates"),
        ("sweeps = 20", "sweeps = 9000000", "rows"),
    ],
)
def test_what_a_stranger_may_not_ask_is_one_sentence(old: str, new: str, said: str) -> None:
    text = (
        CROWD
        if "fitted" not in new
        else CROWD.replace('network = { kind = "complete", n = 12 }', "")
    )
    with pytest.raises(sp.InputError, match=said) as refused:
        looked_at(text.replace(old, new), "mine")
    assert "\n" not in str(refused.value)


def test_a_scenario_is_counted_before_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = looked_at(CROWD, "mine")
    assert looked.updates == 12 * 20 * 2 * 2 * 2
    assert looked.hash == looked_at(CROWD.replace("replicas = 2", "replicas = 9"), "mine").hash
    assert strange_scenario(CROWD, name="mine") == sp.Scenario.from_toml(CROWD, name="mine")
    monkeypatch.setattr(strange_scenarios, "MOST_UPDATES", looked.updates - 1)
    with pytest.raises(sp.InputError, match="fewer replicas"):
        looked_at(CROWD, "mine")


def test_small_multiples_have_one_panel_for_every_design_but_the_first() -> None:
    x = np.array([0.0, 1.0, 2.0])
    lines = [Series(name, x, x * k, x * k - 0.1, x * k + 0.1) for k, name in enumerate("abcde")]
    svg = small_multiples(lines, x_title="x", y_title="<y>", mark=1.0)
    # In each panel the design and the reference, with their bands.
    assert (svg.count("<polyline"), svg.count("<polygon")) == (8, 8)
    assert "&lt;y&gt;" in svg
    gap = Series("gap", x, np.array([0.0, np.nan, 1.0]))
    assert "nan" not in small_multiples([lines[0], gap], x_title="x", y_title="y")
