"""``python -m benchmarks [--quick] [--resume] [--out FILE]``: measure, and write the page."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks import figure, host, page
from benchmarks.costs import measure_costs
from benchmarks.measure import FULL, QUICK, measure_all
from benchmarks.sampling import LONG_RUNS, SHORT_RUNS, check_all
from benchmarks.store import Store

ROOT = Path(__file__).parent.parent
CACHE = ROOT / "runs" / "benchmarks"  # graphs and measurements; git ignores it
# Sections that come from modules of their own: title, and what prints their lines.
PAGES = {
    "limits": ("The model limit", ("-m", "benchmarks.limits")),
    "feeds": (
        "Feeds",
        ("-c", "from benchmarks import feeds; print(*feeds.section(), sep=chr(10))"),
    ),
    "shared": ("Replicas that share an order of users", ("-m", "benchmarks.shared_order")),
}
PAGE_LIMIT = 600.0


def measure_pages(store: Store, *, quick: bool) -> None:
    """Add the lines of the other modules, each run in a process of its own."""
    for name, (title, command) in PAGES.items():
        if quick or store.has("pages", name=name):
            continue
        try:
            said = subprocess.run(
                [sys.executable, *command],
                check=True,
                capture_output=True,
                text=True,
                timeout=PAGE_LIMIT,
                cwd=ROOT,
            )
            lines = said.stdout.rstrip().splitlines()
            if lines and lines[0].startswith("## "):
                lines = lines[1:]
        except subprocess.TimeoutExpired:
            lines = [f"Not measured: it took longer than {PAGE_LIMIT:.0f} s."]
        except subprocess.CalledProcessError as problem:
            last = (problem.stderr or "").strip().splitlines()[-1:]
            lines = [f"Not measured: {' '.join(last)[:300]}"]
        store.add("pages", name=name, title=title, lines=lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about two minutes, to try it out")
    parser.add_argument("--resume", action="store_true", help="keep what was measured before")
    parser.add_argument("--out", type=Path, help="the page; docs/benchmarks.md in a full run")
    given = parser.parse_args()
    plan, name = (QUICK, "quick") if given.quick else (FULL, "full")
    default = CACHE / "quick.md" if given.quick else ROOT / "docs" / "benchmarks.md"
    out: Path = given.out or default
    store = Store(CACHE / f"{name}.json", resume=given.resume)
    about = {"rounds": plan.rounds, "short": SHORT_RUNS, "long": LONG_RUNS, "load": host.load()}
    check_all(store)
    measure_all(store, plan, CACHE / "graphs")
    measure_costs(store, quick=given.quick)
    measure_pages(store, quick=given.quick)
    store.add("about", **host.machine(), **about, load_end=host.load())
    figure.draw(store, out.parent / page.FIGURE)
    out.write_text(page.build(store), encoding="utf-8")
    print(f"{out} and {out.parent / page.FIGURE} are written.")


if __name__ == "__main__":
    main()
