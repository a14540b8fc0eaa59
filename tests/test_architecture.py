"""docs/architecture.md says what the tree is: its floors, its rooms, and where things are."""

from __future__ import annotations

import re

import pytest

from tests.test_layers import LAYERS, PACKAGE

ROOT = PACKAGE.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PLACES = re.findall(r"^\| (.+?) \| `([\w/]+\.py)`, `([^`]+)`", PAGE, flags=re.MULTILINE)


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_floors_are_those_that_imports_are_held_to() -> None:
    drawn = section("Floors").split("```")[1].strip().splitlines()
    assert [set(line.split()) for line in drawn] == [set(units) for units in reversed(LAYERS)]


def test_every_room_is_explained_once() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", section("Floors"), flags=re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(set().union(*LAYERS) - {"__main__"})


def test_fifteen_questions_and_every_representation_have_a_place() -> None:
    assert len([place for place in PLACES if place[0].endswith("?")]) == 15
    assert len(PLACES) == 15 + 10


@pytest.mark.parametrize(("what", "file", "name"), PLACES, ids=lambda each: each.split("/")[-1])
def test_what_the_page_points_at_is_there(what: str, file: str, name: str) -> None:
    text = (PACKAGE / file).read_text(encoding="utf-8")
    plain = name.removeprefix("class ").removeprefix("def ")
    assert re.search(rf"^(def|class) {plain}\b|^{plain}\b.*=", text, flags=re.MULTILINE), what


def test_files_and_folders_that_pages_for_developers_name_exist() -> None:
    for path in [ROOT / "docs" / "architecture.md", *(ROOT / "docs" / "decisions").glob("*.md")]:
        for name in re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:\.py|/))`", path.read_text("utf-8")):
            found = [base / name for base in (PACKAGE, ROOT) if (base / name).exists()]
            assert found, f"{path.name} names {name}"
