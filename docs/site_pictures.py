"""Pictures of the gallery, by running each scenario: python docs/site_pictures.py [NAME ...]."""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.figure import Figure

import sociophysics as sp
from sociophysics.datasets import bundled_scenarios
from sociophysics.report.figures import to_svg

PLACE = Path(__file__).parent.parent / "scenarios" / "pictures"
REPLICAS = 6  # a picture, not the answer


def picture(name: str) -> bytes:
    """Return the SVG of a scenario: its first observable along its first swept key, or in time."""
    scenario = sp.Scenario.load(name)
    scenario = scenario.replace({"sweep.replicas": min(REPLICAS, scenario.sweep.replicas)})
    run = sp.run(scenario)
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = run.plot(run.observables[0], axes=figure.subplots())
    entry = sp.glossary.explain(run.observables[0])
    axes.set_ylabel(entry.name)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend() is not None:
        axes.legend(title="design", loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return to_svg(figure)


def main() -> None:
    """Make the pictures that are asked for, all by default."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or bundled_scenarios():
        (PLACE / f"{name}.svg").write_bytes(picture(name))
        print(PLACE / f"{name}.svg", flush=True)


if __name__ == "__main__":
    main()
