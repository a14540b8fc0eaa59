"""The picture of docs/dynamic_scores.md: python docs/site_dynamic_scores.py."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

import sociophysics as sp
from sociophysics.report.figures import to_svg

PLACE = Path(__file__).parent / "images" / "dynamic_scores.svg"


def main() -> None:
    """Draw the justices of the Rehnquist court by term, with their intervals."""
    votes = sp.rollcall.open_votes("scotus_rehnquist")
    term = votes.rollcalls["id"].str[-4:]
    courts = {each: votes.select(rollcalls=(term == each).to_numpy()) for each in term.unique()}
    table = sp.inference.dynamic_scores(courts, anchor="Scalia").table
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.subplots()
    for k, (name, own) in enumerate(table.groupby("name", sort=False)):
        years = own["period"].astype(int)
        axes.fill_between(years, own["low"], own["high"], alpha=0.15, color=f"C{k}", linewidth=0)
        axes.plot(years, own["score"], color=f"C{k}", label=str(name))
    axes.set_xlabel("term")
    axes.set_ylabel("score (Scalia's side positive)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    PLACE.write_bytes(to_svg(figure))


if __name__ == "__main__":
    main()
