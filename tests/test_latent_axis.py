"""Stances from interactions: parties in order, camps where there are two, silence where not."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.statistics.dip import dip, dip_test
from tests.laws import ALPHA

PUBLIC = os.environ.get("SOCIOPHYSICS_PANELS", "")
DATA = Path(__file__).parent.parent / "data"


def test_the_dip_of_small_samples_is_exact() -> None:
    assert dip([0.0, 0.0, 1.0, 1.0]) == 0.25
    for n in (2, 5, 17):
        assert dip(np.arange(n)) == pytest.approx(1 / (2 * n))
    # Four points in two pairs: a heap must bridge the gap, an eighth away at the least.
    assert dip([0.0, 0.1, 0.9, 1.0]) == pytest.approx(0.2222, abs=0.01)
    assert dip([0.0, 1.0, 2.0, 9.0]) == pytest.approx(1 / 8)


def test_the_dip_does_not_ask_where_or_how_wide() -> None:
    x = np.random.default_rng(1).normal(size=80)
    assert dip(3 * x + 7) == pytest.approx(dip(x))
    assert dip(-x) == pytest.approx(dip(x))


def test_the_dip_test_keeps_its_level_and_finds_two_heaps() -> None:
    rng = np.random.default_rng(2)
    p = np.array([dip_test(rng.random(60)).p for _ in range(150)])
    assert stats.binomtest(int((p <= 0.05).sum()), 150, 0.05).pvalue >= ALPHA
    apart = np.r_[rng.normal(-2.5, 1, 60), rng.normal(2.5, 1, 60)]
    assert dip_test(apart).p < 0.01
    assert dip_test(rng.normal(size=120)).p > 0.05


def test_votes_alike_order_the_parties_of_the_senate() -> None:
    votes = sp.rollcall.load("senate109")
    matrix = votes.matrix.astype(int)
    party = votes.members["party"].to_numpy()
    alike = ((matrix[:, :, None] * matrix[:, None, :]) > 0).sum(axis=0)
    np.fill_diagonal(alike, 0)
    i, j = np.nonzero(alike)
    ties = pd.DataFrame({"source": i, "target": j, "times": alike[i, j]})
    axis = sp.networks.latent_axis(ties, weight="times", draws=40)
    assert axis.camps
    place = axis.users.set_index("user")["position"]
    republican = party[place.index] == "R"
    right = max((republican == (place > 0)).mean(), (republican == (place < 0)).mean())
    assert right >= 97 / 101
    sure = axis.users[axis.users["stance"] != 0]
    assert len(sure) > 90


def test_links_order_the_blogs_and_a_named_blog_is_on_the_positive_side() -> None:
    ties = pd.read_csv(DATA / "polblogs.edges.csv")
    value = pd.read_csv(DATA / "polblogs.nodes.csv").set_index("id")["value"]
    blog = int(ties["target"].value_counts().index[0])
    axis = sp.networks.latent_axis(ties, positive=blog, draws=0)
    place = axis.users.set_index("user")["position"]
    conservative = value[place.index].to_numpy() == 1
    right = (conservative == (place.to_numpy() > 0)).mean()
    assert max(right, 1 - right) > 0.95
    assert axis.camps
    of_account = axis.influencers.set_index("account")["position"]
    assert of_account[blog] > 0


def structureless(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    chosen = rng.random((120, 30)) < rng.gamma(2.0, 0.08, size=30)
    i, j = np.nonzero(chosen)
    return pd.DataFrame({"source": i, "target": 1000 + j, "window": rng.integers(2, size=i.size)})


def test_no_camps_are_found_where_there_is_no_structure() -> None:
    found = [sp.networks.latent_axis(structureless(seed), draws=0).p for seed in range(40)]
    alarms = int((np.array(found) < 0.05).sum())
    assert stats.binomtest(alarms, 40, 0.05, alternative="greater").pvalue >= ALPHA
    axis = sp.networks.latent_axis(structureless(1), draws=20)
    assert (axis.users["stance"] == 0).all()
    # One axis is as good as another there, and the bootstrap says so.
    width = (axis.users["high"] - axis.users["low"]).median()
    assert width > 1


@pytest.mark.parametrize("folder", [PUBLIC] if PUBLIC else [])
def test_retweets_in_windows_order_the_camps_of_a_debate(folder: str) -> None:
    ties = pd.read_csv(Path(folder) / "finnish_nato.edges.csv")
    camp = pd.read_csv(Path(folder) / "finnish_nato.nodes.csv").set_index("id")["camp_before"]
    axis = sp.networks.latent_axis(ties, weight="weight", windows="wave", draws=0)
    place = axis.users.set_index("user")["position"]
    middle = place.groupby(camp[place.index].to_numpy()).median()
    assert axis.camps
    assert middle["A"] - middle["C"] > 1
    late = axis.windows[axis.windows["window"] >= 5]
    assert (late["p"] < 0.01).all()
    assert (late["agreement"] > 0.9).all()


def camps_in_windows() -> pd.DataFrame:
    """Return ties in which two camps are there from the second window on."""
    rng = np.random.default_rng(4)
    side = np.arange(100) % 2
    rows = []
    for window, strength in (("a", 0.0), ("b", 0.9), ("c", 0.9)):
        for user in range(100):
            for account in rng.choice(30, 8, replace=False):
                if account % 2 == side[user] or rng.random() > strength:
                    rows.append((f"u{user}", f"x{account}", window))
    return pd.DataFrame(rows, columns=["source", "target", "window"])


def test_windows_say_when_two_camps_are_there() -> None:
    axis = sp.networks.latent_axis(camps_in_windows(), windows="window", draws=0)
    table = axis.windows.set_index("window")
    assert table.loc["a", "p"] > 0.05
    assert (table.loc[["b", "c"], "p"] < 0.05).all()
    assert (table.loc[["b", "c"], "agreement"] > 0.8).all()
    assert table.loc["a", "agreement"] < 0.6


def test_the_command_makes_a_study_that_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    camps_in_windows().to_csv("likes.csv", index=False)
    assert main(["axis", "likes.csv", "--windows", "window", "--draws", "20"]) == 0
    said = capsys.readouterr().out
    assert "two camps (dip" in said
    assert "window b" in said
    study = sp.open("runs/likes-axis")
    assert list(study.tables["users"].columns) == ["user", "position", "low", "high", "stance"]
    assert main(["repeat", "runs/likes-axis"]) == 0
    assert main(["axis", "likes.csv", "--source", "who"]) == 2
    assert "no column who" in capsys.readouterr().err


def test_rows_that_name_nobody_are_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ties = camps_in_windows()
    blank = pd.DataFrame({"source": ["", None, "u1"], "target": ["x1", "x2", np.nan]})
    whole = sp.networks.latent_axis(ties, draws=0)
    axis = sp.networks.latent_axis(pd.concat([ties, blank]), draws=0)
    pd.testing.assert_frame_equal(axis.users, whole.users)
    assert axis.data["unnamed"] == 3
    assert axis.data["rows"] == len(ties) + 3
    monkeypatch.chdir(tmp_path)
    pd.concat([ties, blank]).to_csv("likes.csv", index=False)
    assert main(["axis", "likes.csv", "--draws", "0"]) == 0
    said = "3 rows name no user or no account and are left out"
    assert said in capsys.readouterr().out
    page = (tmp_path / "runs" / "likes-axis" / "report.html").read_text()
    assert page.index(said) < page.index("Answer</h2>")
    with pytest.raises(InputError, match="no row of the ties names both"):
        sp.networks.latent_axis(blank)


BAD = {
    "a column that is not there": ({"source": "who"}, "no column 'who'"),
    "weights that are none": ({"weight": "size"}, "above 0"),
    "too few": ({"least": 500}, "users amplify"),
    "nobody of that name": ({"positive": "nobody"}, "positive is 'nobody'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(case: str) -> None:
    keys, expected = BAD[case]
    ties = camps_in_windows().assign(size=-1.0)
    with pytest.raises(InputError, match=expected):
        sp.networks.latent_axis(ties, draws=0, **keys)
