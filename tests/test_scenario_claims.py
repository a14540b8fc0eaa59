"""Claims in scenario files: stated before the run, judged after it, unchanged in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.scenario.claims import Claim, claims_hash
from sociophysics.study.results.verdicts import judged, verdict_of
from tests.laws import ALPHA

SCENARIO = """seed = 4
network = {kind = "complete", n = 40}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 1.4, sweeps = 60, burn_in = 20}
observe = {every = 5, names = ["magnetization"]}
[[designs]]
name = "none"
feed = {kind = "none"}
[[designs]]
name = "news"
feed = {kind = "editorial", strength = 0.3}
[sweep]
replicas = 12
"dynamics.temperature" = [1.4, 3.0]
"""
CLAIM = """
[[claims]]
text = "news lift the mean stance"
observable = "magnetization"
design = "news"
than = "none"
at = { "dynamics.temperature" = 1.4 }
relation = ">"
margin = 0.05
"""


def scenario(*claims: str) -> sp.Scenario:
    return sp.Scenario.from_toml(SCENARIO + "".join(claims))


def changed(**keys: Any) -> str:
    lines = [line for line in CLAIM.splitlines() if line.partition(" = ")[0] not in keys]
    return "\n".join([*lines, *(f"{k} = {v}" for k, v in keys.items() if v is not None), ""])


# --- verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "margin", "interval", "word"),
    [
        (">", 0.0, (0.1, 0.2), "holds"),
        (">", 0.1, (0.1, 0.2), "undecided"),
        (">", 0.1, (-0.2, 0.1), "fails"),
        ("<", 0.1, (-0.3, -0.2), "holds"),
        ("<", 0.1, (-0.3, 0.0), "undecided"),
        ("<", 0.1, (-0.1, 0.2), "fails"),
        ("within", 0.1, (-0.1, 0.1), "holds"),
        ("within", 0.1, (-0.1, 0.11), "undecided"),
        ("within", 0.1, (0.11, 0.2), "fails"),
        ("within", 0.1, (-0.2, -0.11), "fails"),
        (">", 0.0, (np.nan, np.nan), "undecided"),
    ],
)
def test_a_verdict_follows_from_interval_and_margin(
    relation: str, margin: float, interval: tuple[float, float], word: str
) -> None:
    assert verdict_of(relation, margin, *interval) == word


def test_a_true_claim_fails_as_rarely_as_its_interval_says() -> None:
    """The number is 0.3: claims at the very edge fail or hold in 2.5 % each."""
    rng = np.random.default_rng(3)
    claim = Claim.model_validate(
        {"text": "t", "observable": "magnetization", "than": "b", "relation": ">", "margin": 0.3}
    )
    words = []
    for _ in range(400):
        reference = rng.normal(0, 1, 20)
        own = reference + 0.3 + rng.normal(0, 0.2, 20)
        words.append(judged(claim, own, reference).verdict)
    from scipy import stats

    for word in ("holds", "fails"):
        assert stats.binomtest(words.count(word), 400, 0.025).pvalue > ALPHA


def test_a_claims_number_is_the_paired_mean_over_the_window() -> None:
    run = sp.run(
        scenario(CLAIM, changed(sweeps="[40, 60]", than=None, value="0.2", relation='"<"')),
        workers=1,
    )
    row = run.compare("magnetization")
    row = row[(row["design"] == "news") & (row["dynamics.temperature"] == 1.4)].iloc[0]
    first, second = run.claims.to_dict("records")
    assert first["number"] == pytest.approx(row["difference"], abs=1e-15)
    assert (first["low"], first["high"]) == (row["low"], row["high"])
    assert first["verdict"] == "holds"
    table = run.table
    late = table[
        (table["design"] == "news")
        & (table["dynamics.temperature"] == 1.4)
        & (table["sweep"] >= 40)
    ]
    mean = late.groupby("replica")["magnetization"].mean().mean()
    assert second["number"] == pytest.approx(mean - 0.2, abs=1e-15)
    assert second["verdict"] == "fails"


def test_a_claim_may_compare_two_points_of_one_design() -> None:
    claim = changed(
        design='"news"',
        than=None,
        at='{ "dynamics.temperature" = 3.0 }',
        than_at='{ "dynamics.temperature" = 1.4 }',
        relation='"<"',
    )
    (verdict,) = sp.run(scenario(claim), workers=1).claims.to_dict("records")
    assert verdict["verdict"] == "holds"
    assert verdict["bound"] == "itself at dynamics.temperature = 1.4"


# --- before the run -------------------------------------------------------------------------------


def test_claims_are_hashed_before_the_first_part_and_a_folder_with_others_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "s.toml", str(tmp_path / "out")
    file.write_text(SCENARIO + CLAIM)
    assert main(["run", str(file), "--out", out]) == 0
    said = capsys.readouterr().out
    assert "claim holds: news lift the mean stance" in said
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["claims"] == claims_hash(scenario(CLAIM))
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.index("<h2>Claims</h2>") < page.index("<h2>Answer</h2>")
    file.write_text(SCENARIO + changed(margin="0.01"))
    assert main(["run", str(file), "--out", out]) == 2
    assert "claims differs; choose another --out" in capsys.readouterr().err
    assert sp.Run.open(out).claims["verdict"].tolist() == ["holds"]


def test_what_claims_nothing_is_named_as_before_there_were_claims() -> None:
    assert "claims" not in scenario().canonical()
    with_one = scenario(CLAIM)
    assert sp.Scenario.from_toml(with_one.to_toml()) == with_one
    assert [case.settings.hash for case in with_one.cases()] == [
        case.settings.hash for case in scenario().cases()
    ]


def test_a_change_takes_the_claims_along_that_still_fit() -> None:
    both = scenario(CLAIM, changed(at=None))
    assert len(both.replace({"seed": 5}).claims) == 2
    colder = both.replace({"sweep.dynamics.temperature": [3.0]})
    # 1.4 stands in the tables and is run as well.
    assert len(colder.claims) == 2
    other = both.replace({"dynamics.temperature": 2.0, "sweep.dynamics.temperature": [3.0]})
    assert len(other.claims) == 1
    assert not both.replace({"observe.names": ["edge_agreement"]}).claims


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"design": '"mews"'}, "names the design 'mews'; .*news"),
        ({"than": '"non"'}, "names the design 'non'; .*none"),
        ({"observable": '"edge_agreement"'}, r"which \[observe\] does not record"),
        ({"at": '{ "dynamics.temperature" = 1.5 }'}, "not among the swept values; add it there"),
        ({"at": '{ "feed.strength" = 1.5 }'}, "'feed.strength', which is not swept"),
        ({"value": "0.2"}, "has both a design .* and a value"),
        ({"than": None}, "has neither a design .* nor a value"),
        ({"margin": "0.0", "relation": '"within"'}, "within a margin of 0"),
        ({"margin": "-1.0"}, r"margin is -1\.0; it must be >= 0"),
        ({"relation": '">="'}, "relation is '>='"),
        ({"sweeps": "[70, 80]"}, "about sweeps from 70 on, but the runs end at 60"),
        ({"sweeps": "[40, 30]"}, "give the first sweep and the last"),
        ({"obervable": '"x"'}, "obervable is not a key of .*observable"),
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused_in_a_sentence(
    keys: dict[str, Any], said: str
) -> None:
    with pytest.raises(sp.InputError, match=said):
        scenario(changed(**keys))


BUNDLED = sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_every_bundled_scenario_states_what_it_expects_as_claims(path: Path) -> None:
    assert sp.Scenario.load(path).claims
