"""The exported page in a real browser: the engine's flips, its looks, and what it gives away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import sociophysics as sp
from sociophysics.live.exported_society import society
from sociophysics.scenario.build import case_frames

KERNEL = Path(sp.__file__).parent / "live" / "exported" / "kernel.js"
HEAD = """
title = "A <b>crowd</b> </script><script>alert(1)</script>"
question = "Who follows whom?"
seed = 5
"""
TWO_CAMPS = """
[network]
kind = "planted_partition"
n = 900
communities = 2
k_in = 7
k_out = 3
"""
HUBS = """
[network]
kind = "barabasi_albert"
n = 900
m = 4
"""
REST = """
[dynamics]
temperature = 8.0
sweeps = 9
start = "{start}"
[observe]
every = 3
names = ["magnetization"]
"""
EQUAL = '[couplings]\nkind = "uniform"\n'
UNEQUAL = '[couplings]\nkind = "gaussian"\nmean = 2.0\nsd = 1.5\n'
UNLIKE = '[couplings]\nkind = "camps"\nwithin = 1.0\nacross = -0.4\n'
FIELD = '[field]\nkind = "uniform"\nvalue = 0.15\n'

# Every way the page computes a sweep, and the society in which it does.
PATHS = {
    "no feed, ties of one size": (TWO_CAMPS + EQUAL, 'kind = "none"'),
    "no feed, ties of all sizes, a field": (HUBS + UNEQUAL + FIELD, 'kind = "none"'),
    "followed users counted": (HUBS + EQUAL, 'kind = "chronological"'),
    "followed users weighed": (HUBS + UNEQUAL, 'kind = "chronological"'),
    "ranked by squares, weighed": (HUBS + UNEQUAL, 'kind = "engagement"\nalpha = 1.0\ngamma = 0.7'),
    "ranked by a power, tabulated": (HUBS + EQUAL, 'kind = "popularity"\nalpha = 0.4'),
    "ranked for the reader, tabulated": (HUBS + EQUAL, 'kind = "engagement"'),
    "posts drawn": (HUBS + EQUAL, 'kind = "chronological"\nslots = 3'),
    "means of camps": (TWO_CAMPS + UNLIKE, 'kind = "diversity"'),
    "means of camps by sign": (TWO_CAMPS + UNLIKE, 'kind = "outrage"'),
    "the own stance": (TWO_CAMPS + EQUAL, 'kind = "counter"'),
    "the own past": (TWO_CAMPS + EQUAL, 'kind = "memory"\ntau = 7.0'),
    "one field for all": (TWO_CAMPS + EQUAL, 'kind = "editorial"'),
}
FLIPS = 1_000_000
# A sum after every sweep in which each user has a weight: societies under the same draws grow alike
# again, so that a flip that went wrong may not be seen at the end.
WALK = """([told, flips]) => {
  const society = new Society(Society.unpacked(told)), sums = [];
  society.restart(told.keys.length - 1, 0, told.strength, told.temperature);
  while (society.flipped < flips) {
    society.advance();
    if (society.sweep === 300) society.want({ strength: 3, temperature: 30 });
    if (society.sweep === 500) society.want({ temperature: told.temperature });
    sums.push(society.spins.reduce((sum, spin, i) => sum + spin * (7919 * i % 10007 + 1), 0));
  }
  return { sums, toml: society.scenario(), flips: society.flipped, close: society.close };
}"""


def scenario(of: str, feed: str, start: str = "random") -> sp.Scenario:
    return sp.Scenario.from_toml(HEAD + of + f"[feed]\n{feed}\n" + REST.format(start=start))


@pytest.fixture(scope="module")
def empty(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def walked(page: Page, told: dict[str, Any], flips: int, kernel: str | None = None) -> Any:
    page.goto("about:blank")
    page.add_script_tag(content=kernel or KERNEL.read_text(encoding="utf-8"))
    return page.evaluate(WALK, [told, flips])


def python_walk(toml: str) -> list[int]:
    """Return the same sums of the scenario that the page gives away."""
    home = sp.Scenario.from_toml(toml.replace("every = 3", "every = 1"))
    frames = case_frames(home.cases()[0].settings, [home.sweep.replicas - 1])
    next(frames)  # the start, which is no sweep
    n = home.network.n
    weights = 7919 * np.arange(n) % 10007 + 1
    return [int(frame.spins[0] @ weights) for frame in frames]


@pytest.mark.parametrize("path", PATHS)
def test_a_million_flips_are_those_of_python(empty: Page, path: str) -> None:
    found = walked(empty, society(scenario(*PATHS[path])), FLIPS)
    assert found["flips"] >= FLIPS
    assert found["close"] == 0
    assert found["sums"] == python_walk(found["toml"])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("0x94d049bb", "0x94d049ba"),  # another hash
        ("Math.ceil(unit * logit[b + 1]) + 1", "Math.floor(unit * logit[b]) + 1"),  # no open draws
        ("alpha === 1) { more = up * up;", "alpha === 1) { more = up;"),  # half a ranker
    ],
)
def test_a_wrong_kernel_is_found_out(empty: Page, right: str, wrong: str) -> None:
    """A negative control: each of these differs from Python within 1e5 flips."""
    kernel = KERNEL.read_text(encoding="utf-8")
    assert right in kernel
    told = society(scenario(*PATHS["ranked by squares, weighed"]))
    found = walked(empty, told, 100_000, kernel.replace(right, wrong))
    assert found["sums"] != python_walk(found["toml"])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("exported") / "crowd.html"
    return sp.export(scenario(TWO_CAMPS + EQUAL, 'kind = "chronological"', "camps"), file)


@pytest.fixture
def page(browser: Browser, exported: Path) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 390, "height": 844})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: said.append(request.url))
    page.goto(exported.as_uri())
    yield page
    assert said == [exported.as_uri()], "it asked for something, or complained"
    context.close()


def test_what_a_reader_did_by_keyboard_is_taken_home_and_repeated(
    page: Page, tmp_path: Path
) -> None:
    page.focus("#run")
    for key in ("Tab", "Enter", "Enter", "Tab", "End", "Tab", "Tab", "ArrowRight"):
        page.keyboard.press(key)  # two sweeps, the last feed, a warmer society
    page.focus("#step")
    for _ in range(5):
        page.keyboard.press("Enter")
    assert page.inner_text("#numbers dd") == "7"
    with page.expect_download() as download:
        page.click("#take")
    file = tmp_path / "home.toml"
    download.value.save_as(file)
    home = sp.Scenario.load(file)
    assert [act.kind for act in home.interventions] == ["feed", "heat"]
    shown = page.evaluate("Array.from(exported.society.spins)")
    frames = list(case_frames(home.cases()[0].settings, [0]))
    assert frames[-1].sweep == 7
    assert np.array_equal(frames[-1].spins[0], shown)


def test_the_page_fits_a_phone_and_says_what_it_shows(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.inner_text("h1").startswith("A <b>crowd</b> </script>")
    page.click("#step")
    assert "Sweep 1." in page.text_content("#said")
    names = page.evaluate(
        "[...document.querySelectorAll('button, select, input, canvas')].map((each) => "
        "each.getAttribute('aria-label') || each.closest('label')?.innerText || each.innerText)"
    )
    assert all(names), names


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_users_are_drawn_in_both_schemes(browser: Browser, exported: Path, scheme: Any) -> None:
    page = browser.new_page(color_scheme=scheme, reduced_motion="reduce")
    page.goto(exported.as_uri())
    colors = page.evaluate(
        "() => { const c = document.getElementById('network'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; const seen = new Set();"
        "for (let k = 0; k < d.length; k += 4) seen.add(d.slice(k, k + 3).join());"
        "return [...seen]; }"
    )
    up, ring = (("0,80,125", "179,78,0"), ("95,180,230", "255,180,94"))[scheme == "dark"]
    assert {up, ring} <= set(colors)
    page.close()


def test_the_page_is_small_beside_its_network(exported: Path) -> None:
    text = exported.read_text(encoding="utf-8")
    data = text.partition('type="application/json">')[2].partition("</script>")[0]
    network = json.loads(data)["network"]
    places = {each["array"] for each in network.values() if each is not None}
    ties = sum(len(json.loads(data)["arrays"][place]) for place in places)
    assert len(text) - ties < 400_000
