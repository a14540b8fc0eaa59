"""Names tell modules apart, and how many files one run enters is counted."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "sociophysics"

# Files of the package that one run may enter: every one is a place a reader has to know.
# The aim is 45; this is where it stands, to be lowered with every merge.
MOST_ROOMS = 67

ONE_RUN = """
import sys, tempfile, threading
import sociophysics as sp

TEXT = '''
seed = 1
[network]
kind = "planted_partition"
n = 200
communities = 2
k_in = 8
k_out = 2
[couplings]
kind = "uniform"
[dynamics]
temperature = 0.9
sweeps = 20
[observe]
every = 10
names = ["magnetization", "camp_polarization"]
[sweep]
replicas = 2
[[designs]]
name = "none"
[[designs]]
name = "chronological"
feed = {kind = "chronological", strength = 0.5}
'''
with tempfile.TemporaryDirectory() as folder:
    # What is done once, such as loading, is not counted.
    sp.run(sp.Scenario.from_toml(TEXT), out=folder + "/run", workers=1)

entered = set()


def note(frame, event, argument):
    place = frame.f_code.co_filename.replace("\\\\", "/")
    if event == "call" and "/sociophysics/" in place:
        entered.add(place.rpartition("/sociophysics/")[2])


with tempfile.TemporaryDirectory() as folder:
    threading.setprofile(note)
    sys.setprofile(note)
    sp.run(sp.Scenario.from_toml(TEXT), out=folder + "/run", workers=1)
    sys.setprofile(None)
    threading.setprofile(None)
print("\\n".join(sorted(entered)))
"""


def modules() -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name not in ("__init__.py", "__main__.py"):
            yield path


def test_no_two_modules_have_the_same_name() -> None:
    times = Counter(path.stem for path in modules())
    assert [name for name, count in times.items() if count > 1] == []


def classes_of_one_name() -> set[str]:
    times: Counter[str] = Counter()
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        times.update(
            node.name
            for node in tree.body
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        )
    return {name for name, count in times.items() if count > 1}


def test_no_two_classes_have_the_same_name() -> None:
    assert classes_of_one_name() == set()


def test_one_run_enters_few_files() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ONE_RUN], capture_output=True, text=True, check=True
    )
    rooms = [line for line in done.stdout.splitlines() if line.endswith(".py")]
    assert "runs.py" in rooms
    assert len(rooms) <= MOST_ROOMS, rooms
