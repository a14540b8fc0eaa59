"""What an exported page refuses, in one sentence, and what it is made of."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path

import pytest

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.dynamics.kernels.kernel_choice import REGISTRY
from sociophysics.errors import InputError
from sociophysics.live.exported_society import society
from sociophysics.scenario.settings import OUR_KERNELS

BASE = {
    "seed": 1,
    "network": {"kind": "random_regular", "n": 60, "degree": 4},
    "couplings": {"kind": "uniform"},
    "dynamics": {"temperature": 1.5, "sweeps": 10},
}


def changed(**tables: object) -> sp.Scenario:
    return sp.Scenario.from_canonical({**BASE, **tables}, name="small")


def dynamics(**keys: object) -> dict[str, object]:
    return {**BASE["dynamics"], **keys}  # type: ignore[dict-item]


REFUSED = {
    "5001 users": changed(network={"kind": "erdos_renyi", "n": 5001, "mean_degree": 2}),
    "interventions act": changed(interventions=[{"kind": "heat", "at": 3, "temperature": 2.0}]),
    "followed anew": changed(follow={"rate": 0.1}),
    "temperature is 0": changed(dynamics=dynamics(temperature=0.0)),
    "temperature is inf": changed(dynamics=dynamics(temperature=float("inf"))),
    "temperature follows": changed(
        dynamics=dynamics(temperature={"kind": "ramp", "start": 1.0, "stop": 2.0})
    ),
    "field follows": changed(
        field={"kind": "uniform", "value": {"kind": "ramp", "start": 0.0, "stop": 1.0}}
    ),
    "rule is 'voter'": changed(dynamics={"sweeps": 10, "rule": {"kind": "voter"}}),
    "stop_when": changed(dynamics=dynamics(stop_when="magnetization > 0.9")),
    "kernel is 'reference'": changed(dynamics=dynamics(kernel="reference")),
    "64 bits": changed(field={"kind": "uniform", "value": 1e6}),
    "mixture": changed(
        feed={"kind": "mixture", "arms": [{"share": 0.5, "feed": {"kind": "random"}}]}
    ),
    "alpha = 0.5": changed(feed={"kind": "popularity", "alpha": 0.5, "pool": "all"}),
}


@pytest.mark.parametrize("part", REFUSED)
def test_what_the_page_cannot_repeat_is_refused_in_one_sentence(part: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape(part)) as refused:
        sp.export(REFUSED[part], tmp_path / "page.html")
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_designs_are_offered_by_their_names_and_others_by_their_kinds() -> None:
    designs = [{"name": "calm"}, {"name": "loud", "feed": {"kind": "random", "strength": 0.7}}]
    told = society(changed(designs=designs), "loud")
    assert [each["name"] for each in told["options"]][:2] == ["loud", "No feed"]
    assert told["strengths"][told["strength"]] == 0.7
    assert any("camps" in each for each in told["left_out"])
    with pytest.raises(InputError, match="'lout'"):
        society(changed(designs=designs), "lout")


def test_where_each_replica_has_its_own_society_the_first_is_shown() -> None:
    told = society(changed(sweep={"replicas": 9, "redraw": ["network"]}))
    assert len(told["keys"]) == 1
    assert 'redraw = ["network"]' in told["toml"]["sweep"]


def test_the_command_writes_a_page_that_may_run_its_own_script_only(tmp_path: Path) -> None:
    file, page = tmp_path / "small.toml", tmp_path / "page.html"
    file.write_text(changed().to_toml(), encoding="utf-8")
    assert main(["export", str(file), "--html", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    script = text.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text
    assert not re.search(r"https?://", text)
    assert " style=" not in text


@pytest.mark.parametrize(
    ("place", "part"), [("page.txt", ".html"), ("nowhere/page.html", "cannot be written")]
)
def test_a_file_that_cannot_be_is_refused(place: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=part):
        sp.export(changed(), tmp_path / place)


@pytest.mark.parametrize("there", ["text", "report", "folder", "pipe", "dangling link"])
def test_a_file_of_ones_own_is_never_replaced(there: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    if there == "folder":
        page.mkdir()
    elif there == "pipe":
        os.mkfifo(page)
    elif there == "dangling link":
        page.symlink_to(tmp_path / "nowhere")
    else:
        page.write_text({"text": "mine", "report": "<!DOCTYPE html><title>mine</title>"}[there])
    before = page.lstat()
    with pytest.raises(InputError, match="no page of export, and nothing is overwritten"):
        sp.export(changed(), page)
    assert page.lstat().st_ino == before.st_ino
    assert page.lstat().st_mtime_ns == before.st_mtime_ns


def test_an_earlier_page_is_replaced(tmp_path: Path) -> None:
    page = sp.export(changed(), tmp_path / "page.html")
    before = page.read_bytes()
    assert sp.export(changed(), page).read_bytes() == before


def test_a_scenario_may_name_a_kernel_and_runs_by_it() -> None:
    assert tuple(REGISTRY) == OUR_KERNELS
    plain, named = changed(), changed(dynamics=dynamics(kernel="fixed-point"))
    assert changed(dynamics=dynamics(kernel="auto")).hash == plain.hash
    assert named.hash != plain.hash
    assert sp.run(named, workers=1).manifest["kernel"] == "fixed-point"
    with pytest.raises(InputError, match="kernel is 'integer', but a feed acts"):
        sp.run(
            changed(
                dynamics=dynamics(kernel="integer"),
                feed={"kind": "self_echo", "strength": 0.5},
            ),
            workers=1,
        )
