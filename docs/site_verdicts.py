"""What became of the claims of the bundled scenarios: python docs/site_verdicts.py [--runs DIR].

Runs every scenario in full (half an hour) into folders of their own, or goes on with those that
are there, and writes scenarios/verdicts.csv, which the first page of the dashboard shows.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from pathlib import Path

import sociophysics as sp
from sociophysics.datasets import bundled_scenarios
from sociophysics.live.stories import COLUMNS, VERDICTS

TABLE = Path(__file__).parent.parent / "scenarios" / VERDICTS


def rows_of(name: str, folder: Path) -> list[list[str]]:
    """Return the rows of a scenario: its claims with verdicts, numbers and intervals."""
    scenario = sp.Scenario.load(name)
    there = (folder / name / "results.parquet").is_file()
    run = sp.Run.open(folder / name) if there else sp.run(scenario, out=folder / name)
    if run.scenario.hash != scenario.hash:
        raise SystemExit(f"{folder / name} holds a run of another scenario; take it away.")
    return [
        [name, scenario.hash, row["text"], row["verdict"],
         *(f"{row[number]:.6g}" for number in ("number", "low", "high")),
         row["bound"], str(row["replicas"])]
        for row in run.claims.to_dict("records")
    ]  # fmt: skip


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=None, help="where the runs are kept")
    runs = parser.parse_args().runs or Path(tempfile.mkdtemp(prefix="verdicts-"))
    found: list[list[str]] = []
    for name in bundled_scenarios():
        found += rows_of(name, runs)
        sys.stdout.write(f"{name}: {len(found)} claims so far\n")
        sys.stdout.flush()
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(found)


if __name__ == "__main__":
    main()
