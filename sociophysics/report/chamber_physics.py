"""The part of a fitted chamber's report that simulates: what it generates, where it rests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.inference.chamber.member_ranks import who_leads
from sociophysics.report import chamber_figures as figures
from sociophysics.report import chamber_wording as wording
from sociophysics.report import html
from sociophysics.report.figures import to_svg

if TYPE_CHECKING:
    from sociophysics.inference.chamber.physics import ChamberPhysics
    from sociophysics.inference.chamber.workflow import ChamberFit

__all__ = ["section"]

LISTED = 10
NAMED = 6
CHECKS = {
    "pair_r": "r of pair moments",
    "pair_rmse": "rmse of pair moments",
    "pair_slope": "slope of pair moments",
    "three_body_r": "r of three-body moments",
    "three_body_slope": "slope of three-body moments",
    "yeas_tv": "distance of P(yeas)",
}


def section(fit: ChamberFit) -> str:
    """Return what the fitted chamber does: checks, P(K), landscape, heat, pivotal members."""
    found = fit.physics
    parts = []
    if found.estimator != "boltzmann":
        parts.append(f"<p>{html.escape(wording.OVER_ORDERED)}</p>")
    parts += [_generated(fit), _landscape(fit), _heat(found), _pivotal(fit), _information(found)]
    return html.section("What the fitted chamber does", *parts)


def _generated(fit: ChamberFit) -> str:
    found = fit.physics
    if found.samples is None or found.checks is None or fit.generative is None:
        return ""
    temperature = fit.generative.temperature_
    over = ", so the fit that predicts is over-ordered" if temperature > 1.05 else ""
    turned = ""
    if _is_symmetric(fit):
        turned = ", each roll call with a random side called yea, as the model has no fields"
    centres, recorded, simulated, label = _sides(fit, found.samples)
    picture = figures.distribution(centres, recorded, simulated, label=label)
    caption = (
        "How lopsided roll calls are, recorded and simulated. Recorded ones are the contested "
        "ones of the fit; simulated ones may be unanimous, and have the absences of recorded ones."
    )
    return (
        "<h3>Roll calls it generates</h3>"
        f"<p>The Boltzmann refinement, from couplings divided by T* = "
        f"{html.number(temperature, digits=2)}{over}; simulated by parallel tempering.</p>"
        + html.frame(found.checks.reset_index(), names=CHECKS, digits=3)
        + "<p class='note'>Model: simulated against recorded votes; correlation, root mean square "
        "error and slope of their moments, and total variation between the distributions of the "
        f"number of yeas{turned}. Shuffled: the same for independent members; "
        "resampled: half of the roll calls against the other half.</p>"
        + html.figure(to_svg(picture), alt=caption, caption=caption)
    )


def _sides(fit: ChamberFit, samples: NDArray[np.int8]) -> tuple[Any, Any, Any, str]:
    from sociophysics.inference.judging.posterior_predictive import yea_distribution

    data = fit.votes.matrix
    rows = np.arange(len(samples)) % len(data)
    attending = samples * (data[rows] != 0)
    if fit.votes.polarity == "arbitrary":
        label = "share of votes on the larger side"
        data, attending = (_larger_up(each) for each in (data, attending))
    else:
        label = "share of +1 among the votes cast"
    bins = min(fit.votes.n_members + 1, 40)
    centres, recorded = yea_distribution(data, bins)
    simulated = yea_distribution(attending, bins)[1]
    # contested roll calls are what was fitted: the simulation's unanimous ones stay in sight
    used = centres >= 0.5 - 0.5 / bins if fit.votes.polarity == "arbitrary" else centres >= 0
    return centres[used], recorded[used], simulated[used], label


def _larger_up(matrix: NDArray[np.int8]) -> NDArray[np.int8]:
    side = np.where(matrix.sum(axis=1, dtype=np.int64) < 0, -1, 1)
    turned: NDArray[np.int8] = (matrix * side[:, None]).astype(np.int8)
    return turned


def _landscape(fit: ChamberFit) -> str:
    table, stances = _distinct(fit)
    party = fit.members["party"].to_numpy()
    bloc = fit.members["bloc"].to_numpy()
    up, down = stances[:, bloc == 0], stances[:, bloc == 1]
    means = [each.mean(axis=1) if each.shape[1] else np.zeros(len(each)) for each in (up, down)]
    table["apart"] = np.abs(means[0] - means[1]) / 2 if down.shape[1] else 0.0
    table["energy_per_member"] = table["energy"] / fit.votes.n_members
    rows = [
        [
            f"{k + 1}: {_who(stances[k], party, fit.members['name'].to_numpy())}",
            html.number(row["energy_per_member"], digits=3),
            f"{html.number(100 * row['basin'], digits=1)} %",
            html.number(row["depth"], digits=2),
            html.number(row["apart"], digits=2),
        ]
        for k, row in enumerate(table.head(NAMED).to_dict("records"))
    ]
    columns = [("who sits where", False), ("energy per member", True), ("basin share", True),
               ("depth", True), ("blocs apart", True)]  # fmt: skip
    symmetric = f" {wording.SYMMETRIC}" if _is_symmetric(fit) else ""
    caption = (
        f"{len(table)} minima. Area: share of random starts that end there; numbers: the rows of "
        "the table."
    )
    picture = figures.landscape(table, named=NAMED)
    return (
        f"<h3>Where it comes to rest</h3><p>{wording.LANDSCAPE}{symmetric}</p>"
        + html.table(columns, rows)
        + html.figure(to_svg(picture), alt=caption, caption=caption)
    )


def _is_symmetric(fit: ChamberFit) -> bool:
    return not fit.physics.system.h.any()


def _distinct(fit: ChamberFit) -> tuple[pd.DataFrame, NDArray[np.int8]]:
    """Return the minima, a mirror image counted with its original where there are no fields."""
    table, stances = fit.physics.minima.copy(), fit.physics.minima_stances
    if not _is_symmetric(fit):
        return table, stances
    first = np.where(stances[:, :1] < 0, -stances, stances)
    _, kept, group = np.unique(first, axis=0, return_index=True, return_inverse=True)
    basin = np.bincount(group.ravel(), table["basin"].to_numpy())
    merged = table.iloc[kept].assign(basin=basin)
    order = np.lexsort([-merged["basin"].to_numpy(), merged["energy"].round(9).to_numpy()])
    return merged.iloc[order].reset_index(drop=True), first[kept][order]


def _who(stance: NDArray[np.int8], party: NDArray[Any], names: NDArray[Any]) -> str:
    """Return the two sides in words: how many of which party, and who leaves theirs."""
    parts = []
    for side in (1, -1):
        own = stance == side
        counts = pd.Series(party[own]).replace("", "no party").value_counts()
        listed = ", ".join(f"{count} {html.escape(name)}" for name, count in counts.items())
        parts.append(listed or "nobody")
    leaving = []
    for name in set(party) - {""}:
        own = party == name
        line = np.sign(stance[own].sum(dtype=int))
        if own.sum() > 2 and line:
            leaving += list(names[own & (stance != line)])
    text = " | ".join(parts)
    if leaving and len(leaving) <= 5:
        text += "<br><span class='note'>against their party: "
        text += html.escape(", ".join(figures.surname(str(name)) for name in sorted(leaving)))
        text += "</span>"
    return text


def _heat(found: ChamberPhysics) -> str:
    if found.heat is None:
        return ""
    tops = found.heat.loc[found.heat.groupby("source", sort=False)["specific_heat"].idxmax()]
    peak = {row["source"]: row for row in tops.to_dict("records")}
    lowest = float(found.heat["temperature"].min())
    said = {
        source: ("at most " if row["temperature"] == lowest else "")
        + html.number(row["temperature"], digits=2)
        for source, row in peak.items()
    }
    said_so = (
        f"It peaks at {said['votes']} times the temperature of the fit; for members made "
        f"independent at {said['shuffled']}, for blocs made independent at {said['blocs']}."
    )
    return f"<h3>Specific heat</h3><p>{said_so}</p>" + html.figure(
        to_svg(figures.heat(found.heat)), alt="specific heat", caption=wording.HEAT
    )


def _pivotal(fit: ChamberFit) -> str:
    if fit.physics.pivotal is None:
        return ""
    table = fit.physics.pivotal.reset_index(drop=True)
    table.insert(0, "name", fit.members["name"].to_numpy())
    table.insert(1, "party", fit.members["party"].to_numpy())
    words = "<h3>Pivotal members</h3><p>What changes when one member's field is raised by 1/2. "
    ranks = ["pivotal_rank_low", "pivotal_rank_high"]
    if ranks[0] not in fit.members:
        return words + "Without bootstrap draws nobody is named.</p>"
    low = fit.members[ranks[0]].to_numpy()
    table["low"], table["high"] = low, fit.members[ranks[1]].to_numpy()
    names = [figures.surname(str(name)) for name in table["name"]]
    words += f"{html.escape(who_leads(names, low, 'is the most pivotal member'))}</p>"
    if (low == 1).sum() > LISTED:
        return words
    top = table.sort_values("outcome", ascending=False, kind="stable").head(LISTED)
    labels = {"passes": "chance of a +1 majority", "yeas": "members at +1",
              "outcome": "outcome distribution", "low": "rank from", "high": "to"}  # fmt: skip
    return (
        words
        + html.frame(top, names=labels, digits=3)
        + "<p class='note'>Outcome distribution: total variation between the distributions of the "
        "number of members at +1 before and after; its rank has a 95 % interval from bootstrap "
        "draws.</p>"
    )


def _information(found: ChamberPhysics) -> str:
    if not found.information:
        return ""
    table = pd.DataFrame([each._asdict() for each in found.information])
    return (
        "<h3>How much pairs explain</h3>"
        + html.frame(table, digits=3)
        + "<p class='note'>Multi-information in bits, of all orders and of pairs, and the share of "
        "pairs; corrected for the bias of entropies from few roll calls. It depends on the coding: "
        "symmetrized counts every roll call with both signs. Unanimous roll calls are in.</p>"
    )
