"""The Feed lab in a browser: run, disturb, measure, take away, bring in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

import sociophysics as sp

SMALL = "n=100&sweeps=60&replicas=3&pace=fast&run=0"
END = re.compile(r"the end$")


def run_to_the_end(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".sp-lab-status")).to_have_text(END)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def seen(page: Page) -> str:
    return page.locator(".sp-lab-toolbar .sp-lab-seen").inner_text()


def test_a_run_is_watched_disturbed_and_repeated_on_the_command_line(
    page: Page, server: str, shoot: Callable[[Page, str], None], tmp_path: Path
) -> None:
    page.goto(f"{server}/?{SMALL}")
    # The society is drawn before Run is pressed, and waits for it: the link says run=0.
    expect(page.get_by_role("img", name="Left, no feed: 100 users")).to_be_visible()
    expect(page.locator(".sp-lab-status")).to_have_text(re.compile("sweep 0 of 60, paused$"))
    run_to_the_end(page)
    assert seen(page).startswith("At sweep 60, without a feed camp 0 and camp 1 ")
    for side in ("Left, no feed", "Right, engagement"):
        drawn = page.get_by_role("img", name=f"{side}: 100 users")
        expect(drawn).to_have_attribute("data-frames", re.compile(r"^[1-9]"))
    expect(page.get_by_text("replica k = 0 to 2 meets the same chance events")).to_be_visible()
    # An intervention at the end lengthens the run; it is marked, and the curves go on.
    page.get_by_role("button", name="Heat", exact=True).click()
    expect(page.locator(".sp-lab-status")).to_have_text(re.compile("sweep 120 of 120, the end$"))
    expect(page.locator(".sp-chart").first).to_contain_text("noise 2")
    shoot(page, "feed_lab")
    # The chambers of the first side: selecting one selects its users for a conversion.
    open_tab(page, "Echo chambers")
    page.get_by_role("button", name=re.compile("of chamber 1, no feed")).click()
    open_tab(page, "Do something")
    page.get_by_role("button", name=re.compile(r"Convert \d+ selected")).click()
    expect(page.locator(".sp-lab-status")).to_have_text(re.compile("sweep 180 of 180, the end$"))
    expect(page.locator(".sp-chart").first).to_contain_text(re.compile(r"\d+ users for"))
    open_tab(page, "Keep and share")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Scenario as watched").click()
    file = tmp_path / "feed-lab.toml"
    coming.value.save_as(file)
    expect(page.get_by_text("sociophysics run feed-lab.toml --replicas 3")).to_be_visible()
    table = sp.run(sp.Scenario.load(file), workers=1).table
    last = table[table["sweep"] == 180].groupby("design")["camp_polarization"].mean()
    for name in ("no feed", "engagement"):
        digits = f"{abs(round(last[name], 2)):g}"
        assert digits in seen(page), (last, seen(page))


def test_it_pauses_steps_and_stops(page: Page, server: str) -> None:
    page.goto(f"{server}/?n=100&sweeps=20000&replicas=1&pace=slow")
    page.get_by_role("button", name="Run", exact=True).click()
    status = page.locator(".sp-lab-status")
    expect(status).to_contain_text("of 20,000")
    page.get_by_role("button", name="Pause").click()
    expect(status).to_contain_text("paused")
    sweep = int(re.findall(r"sweep (\d+)", status.inner_text())[0])
    page.get_by_role("button", name="Step").click()
    expect(status).to_contain_text(f"sweep {sweep + 1} of 20,000, paused")
    # What is pressed while it is paused acts at once, here on one side.
    page.get_by_label("Where").select_option("right")
    page.get_by_role("button", name="Switch the feed off").click()
    expect(page.locator(".sp-chart").first).to_contain_text("feed off (right)")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(status).to_contain_text("stopped", timeout=1000 * 5)
    page.get_by_role("button", name="Reset").click()
    expect(status).to_contain_text("sweep 0 of 20,000, paused")


def test_a_measurement_can_be_stopped_and_ends_in_an_interval(
    page: Page, server: str, runs_folder: Path
) -> None:
    page.goto(f"{server}/?n=100&sweeps=500&measured=800&a_feed=trending&run=0&tab=measure")
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_text(re.compile(r"[1-9]\d* of 320 parts finished"))).to_be_visible()
    page.get_by_role("button", name="Stop measuring").click()
    expect(page.get_by_text("Finished parts are kept")).to_be_visible(timeout=5000)
    kept = list(runs_folder.glob("feed-lab-engagement-against-trending-*/parts/*.parquet"))
    assert kept
    page.goto(f"{server}/?n=100&sweeps=60&measured=6&b_alpha=1&b_gamma=1&run=0&tab=measure")
    page.get_by_role("button", name="Measure", exact=True).click()
    found = page.get_by_text(re.compile(r"Distance between camps is larger with engagement"))
    expect(found).to_contain_text("6 replicas).")
    folder = next(runs_folder.glob("feed-lab-engagement-against-no-feed-*"))
    row = sp.Run.open(folder).compare("camp_polarization").set_index("design").loc["engagement"]
    for end in ("difference", "low", "high"):
        assert f"{row[end]:.2g}" in found.inner_text()


def test_a_post_goes_further_on_one_side(page: Page, server: str) -> None:
    page.goto(f"{server}/?n=60&run=0&tab=post")
    page.get_by_label("Who posts").select_option("selected")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_text("No user is selected; click users")).to_be_visible()
    page.get_by_label("Who posts").select_option("degree")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(
        page.get_by_text(re.compile("The seeds change .* of the other 57 users"))
    ).to_be_visible()
    expect(page.get_by_role("cell", name="Structural virality")).to_be_visible()
    expect(page.get_by_role("img", name="Users reached over sweeps after")).to_be_visible()


def test_what_does_not_go_together_is_one_sentence(page: Page, server: str) -> None:
    page.goto(f"{server}/?network=lattice&b_feed=bridging&acts=%5B1")
    expect(page.get_by_text("acts in the link is no list of interventions")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Forget them").click()
    expect(page.get_by_role("alert").filter(has_text="needs camps")).to_be_visible()
    page.goto(f"{server}/?network=upload")
    expect(page.get_by_text("there is none yet; upload one under Network")).to_be_visible()


def test_a_link_reproduces_the_view(
    new_page: Callable[..., Page], server: str, shoot: Callable[[Page, str], None]
) -> None:
    acts = json.dumps([{"at": 5, "kind": "heat", "temperature": 3.0}])
    page = new_page(width=1024, height=768)
    page.goto(
        f"{server}/?network=karate&sweeps=20&pace=fast&run=0&a_feed=memory&a_tau=4&acts={acts}"
    )
    expect(page.get_by_label("Memory sweeps")).to_have_value("4")
    run_to_the_end(page)
    expect(page.locator(".sp-chart").first).to_contain_text("noise 3")
    shoot(page, "feed_lab_tablet")
    text = seen(page)
    other = new_page()
    other.goto(page.url)
    run_to_the_end(other)
    assert seen(other) == text


def test_own_networks_and_scenario_files_come_in(page: Page, server: str) -> None:
    page.goto(f"{server}/?network=upload&sweeps=10&pace=fast&run=0&tab=share")
    ties = "source,target\n" + "".join(f"u{i},u{(i + k) % 12}\n" for i in range(12) for k in (1, 2))
    users = "id,side\n" + "".join(f"u{i},{'left' if i < 6 else 'right'}\n" for i in range(12))

    def give(label: str, name: str, text: str) -> None:
        page.get_by_label(label).set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        )

    give("Network file", "friends.csv", ties)
    give("Users and camps", "people.csv", users)
    expect(page.get_by_text("friends.csv: 12 users, 24 ties. The ties say no")).to_be_visible()
    expect(page.get_by_label("Camps", exact=True)).to_have_value("side")
    run_to_the_end(page)
    expect(page.get_by_text("refers to friends.csv and people.csv")).to_be_visible()
    open_tab(page, "Echo chambers")
    expect(page.get_by_role("cell", name=re.compile(r"left \d")).first).to_be_visible()
    foes = ties.replace("source,target", "follower,followed,sign").replace("\n", ",-1\n")
    give("Network file", "follows.csv", foes.replace("sign,-1", "sign"))
    expect(page.get_by_role("alert").filter(has_text="has no column source").first).to_be_visible()
    page.get_by_label("Who listens", exact=True).select_option("follower")
    expect(page.get_by_role("alert").filter(has_text="has no column target").first).to_be_visible()
    page.get_by_label("Who is listened to", exact=True).select_option("followed")
    expect(page.get_by_text("24 of 24 ties are hostile (column sign)")).to_be_visible()
    expect(page.get_by_label("Pull of the ties", exact=True)).to_have_value("edge")
    expect(page.locator(".sp-lab-glance")).to_contain_text("12 users24 ties, 24 hostile6 left")
    open_tab(page, "Keep and share")
    give("Scenario file", "bad.toml", "seed = [")
    expect(page.get_by_role("alert").filter(has_text="bad.toml").first).to_be_visible()
    text = 'seed = 4\nnetwork = {kind = "bundled", name = "polbooks", camp = "value"}\n'
    text += 'couplings = {kind = "uniform"}\ndynamics = {temperature = 1.25, sweeps = 30}\n'
    give("Scenario file", "books.toml", text)
    expect(page.get_by_text("The file has one design; both sides show it")).to_be_visible()
    expect(page.get_by_label("Noise J", exact=True)).to_have_value("1.25")
    expect(page).to_have_url(re.compile("network=polbooks"))


def test_it_moves_by_itself_and_sliders_act_on_the_living_society(
    page: Page, server: str, tmp_path: Path
) -> None:
    page.goto(f"{server}/?n=80&sweeps=2000&replicas=2")
    status = page.locator(".sp-lab-status")
    expect(status).to_contain_text(re.compile(r"sweep [1-9]\d* of 2,000"))
    page.get_by_label("Noise, slider", exact=True).press("ArrowRight")
    page.get_by_label("Right", exact=True).select_option("trending")
    for mark in ("noise 0.85", "trending (right)"):
        expect(page.locator(".sp-chart").first).to_contain_text(mark)
    # The address repeats what was done: another reader's run has the same marks.
    expect(page).to_have_url(re.compile("acts=.*heat.*trending"))
    assert "temperature" not in page.url.partition("acts=")[0]
    expect(page.get_by_text("settings have changed since")).to_have_count(0)
    # What needs a new society waits for Run, once something was done to this one.
    page.get_by_label("How it begins", exact=True).select_option("random")
    expect(page.get_by_text("settings have changed since")).to_be_visible()


def test_a_reader_who_wants_nothing_to_move_sees_it_stand(
    new_page: Callable[..., Page], server: str
) -> None:
    page = new_page()
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{server}/?n=80")
    expect(page.get_by_role("img", name="Left, no feed: 80 users")).to_be_visible()
    expect(page.locator(".sp-lab-status")).to_contain_text("sweep 0 of 200, paused")
    page.wait_for_timeout(500)
    expect(page.locator(".sp-lab-status")).to_contain_text("sweep 0 of 200, paused")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_the_picture_is_at_least_half_of_the_screen(
    new_page: Callable[..., Page], server: str, width: int, height: int
) -> None:
    page = new_page(width=width, height=height)
    page.goto(f"{server}/?n=60&run=0")
    pictures = page.locator(".sp-network-canvas")
    expect(pictures).to_have_count(2)
    boxes = [picture.bounding_box() for picture in pictures.all()]
    shown = sum(
        box["width"] * (min(height, box["y"] + box["height"]) - max(0.0, box["y"]))
        for box in boxes
        if box is not None
    )
    assert shown >= 0.5 * width * height, boxes
    # Nothing lies over it: what acts on it stands above.
    for picture, box in zip(pictures.all(), boxes, strict=True):
        assert box is not None
        keys = picture.locator("xpath=../..").get_by_role("button", name="Zoom in").bounding_box()
        assert keys is not None
        assert keys["y"] + keys["height"] <= box["y"] + 1


def test_the_card_of_the_society_stands_on_top_and_warns_of_a_frozen_one(
    page: Page, server: str
) -> None:
    page.goto(f"{server}/?network=polbooks&run=0")
    line = page.locator(".sp-lab-glance summary")
    expect(line).to_contain_text("105 users441 ties, none hostile49 conservative, 43 liberal, 13 n")
    expect(page.get_by_text("no feed can make a difference here")).to_have_count(0)
    told = page.get_by_text("start 'camps': 13 of 105 users have no camp", exact=False)
    expect(told).not_to_be_visible()
    line.click()
    expect(told).to_be_visible()
    # It follows the settings.
    page.get_by_label("Divide by numbers of ties", exact=True).select_option("none")
    page.get_by_label("Noise J", exact=True).fill("0.02")
    page.get_by_label("Noise J", exact=True).press("Tab")
    expect(page.get_by_role("status").filter(has_text="Frozen")).to_contain_text(
        "no feed can make a difference here; raise the noise, or divide pulls by numbers of ties."
    )
    expect(line).to_contain_text("frozen")


def test_charts_are_taken_away_as_they_stand(page: Page, server: str, tmp_path: Path) -> None:
    page.goto(f"{server}/?{SMALL}")
    run_to_the_end(page)
    course = page.locator(".sp-lab-course").first
    files = {}
    for kind in ("PNG", "SVG", "CSV"):
        with page.expect_download() as coming:
            course.get_by_role("button", name=f"Save this chart as {kind}").click()
        files[kind] = tmp_path / coming.value.suggested_filename
        coming.value.save_as(files[kind])
    assert {file.name for file in files.values()} == {
        f"distance-between-camps.{kind}" for kind in ("png", "svg", "csv")
    }
    assert files["PNG"].read_bytes().startswith(b"\x89PNG")
    drawn = ElementTree.fromstring(files["SVG"].read_text())
    assert {"no feed", "engagement", "sweep"} <= {each.text for each in drawn.iter()}
    assert not [each for each in drawn.iter() if "class" in each.attrib]
    table = pd.read_csv(files["CSV"])
    assert list(table.columns) == ["series", "sweep", "mean", "low", "high"]
    ends = table.groupby("series")["sweep"].agg(["min", "max"])
    assert ends.index.tolist() == ["engagement", "no feed"]
    assert ends.to_numpy().tolist() == [[0, 60], [0, 60]]


def test_the_link_is_copied_with_what_was_done(page: Page, server: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{server}/?{SMALL}")
    run_to_the_end(page)
    page.get_by_role("button", name="Heat", exact=True).click()
    expect(page).to_have_url(re.compile("acts="))
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("The link is copied.")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_time_is_turned_back_played_again_and_an_act_undone(
    page: Page, server: str, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(f"{server}/?{SMALL}")
    run_to_the_end(page)
    ended = seen(page)
    page.get_by_role("button", name="Heat", exact=True).click()
    status = page.locator(".sp-lab-status")
    expect(status).to_have_text(re.compile("sweep 120 of 120, the end$"))
    then, field = page.locator(".sp-lab-then"), page.get_by_label("Sweep shown", exact=True)
    expect(field).to_have_value("120")
    field.fill("60")
    field.press("Enter")
    expect(then).to_have_text("Sweep 60, looking back from 120.")  # observed: it rested there
    expect(page.locator(".sp-chart").first).to_contain_text("you look here")
    expect(page.locator(".sp-lab-toolbar .sp-lab-seen")).to_contain_text("At sweep 60")
    expect(status).to_have_text(re.compile("sweep 120 of 120, the end$"))
    shoot(page, "feed_lab_past")
    # A user is seen as the pictures are: what was not recorded of then is not shown as if it were.
    page.get_by_role("tab", name="Users").click()
    page.get_by_label("Name or part of it").fill("12")
    page.get_by_label("Name or part of it").press("Tab")
    page.get_by_role("button", name="Show 12", exact=True).click()
    expect(page.get_by_text("At sweep 60, as the pictures show it.")).to_have_count(2)
    expect(page.get_by_role("row", name=re.compile("^Ties"))).to_have_count(2)
    together = page.get_by_role("row", name=re.compile("^Together"))
    expect(together).to_have_count(0)
    page.get_by_role("button", name="Now", exact=True).click()
    expect(then).to_have_text("")
    expect(together).to_have_count(2)
    expect(page.get_by_text("At sweep 60, as the pictures show it.")).to_have_count(0)
    page.get_by_role("button", name="Replay").click()
    expect(then).to_have_text(re.compile(r"^Sweep \d+, looking back from 120\."))
    expect(then).to_have_text("", timeout=30_000)  # it ends by itself, and shows what is now
    page.get_by_role("button", name="Undo the last act").click()
    expect(status).to_have_text(re.compile("sweep 60 of 120, paused$"))
    # The sentence keeps words as long as numbers allow: the numbers are those of before.
    assert re.findall(r"\d\.\d+", seen(page)) == re.findall(r"\d\.\d+", ended)
    expect(page.get_by_role("button", name="Undo the last act")).to_be_disabled()
    expect(page.locator(".sp-chart").first).not_to_contain_text("noise 2")
    assert "acts=" not in page.url
