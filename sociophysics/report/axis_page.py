"""The report of an axis: where users stand, whether in two camps, and window by window."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from sociophysics.report import html
from sociophysics.report.figures import to_svg
from sociophysics.report.marks import INK, WIDTH, mark, settings
from sociophysics.society.networks import Axis

__all__ = ["data_lines", "render", "sentences"]

READING = (
    "Who amplifies the same accounts stands close. An axis always has two ends; whether there are "
    "two camps is what the dip test asks (against one heap). Intervals come from accounts drawn "
    "anew; a user has a stance only if the whole interval lies on one side of the cut."
)


def sentences(found: Axis) -> list[str]:
    """Return the answer, one sentence each.

    Parameters
    ----------
    found : Axis
    """
    size = f"{len(found.users)} users on {len(found.influencers)} accounts"
    camps = "two camps" if found.camps else "no two camps: one heap is not refused"
    said = [f"{size}; {camps} (dip {found.dip:.4f}, p = {found.p:.3g})"]
    said.append(f"the axis holds {found.share:.1%} of the table's inertia")
    if found.camps:
        counts = found.users["stance"].value_counts()
        up, down, none = (int(counts.get(s, 0)) for s in (1, -1, 0))
        said.append(f"{up} users stand at 1, {down} at -1, {none} are not sure of either")
    return said


def data_lines(found: Axis) -> list[str]:
    """Return what the axis was found from, one sentence each.

    Parameters
    ----------
    found : Axis
    """
    data = found.data
    said = [
        f"{data['rows']:,} rows name {data['users']:,} users and {data['accounts']:,} accounts "
        "they amplify"
    ]
    if data["unnamed"]:
        said.append(f"{data['unnamed']:,} rows name no user or no account and are left out")
    if data["lightest"] == data["heaviest"]:
        said.append("all rows weigh alike")
    else:
        said.append(f"weights from {data['lightest']:g} to {data['heaviest']:g}")
    users, accounts = data["users"] - len(found.users), data["accounts"] - len(found.influencers)
    if users or accounts:
        said.append(
            f"{users:,} users and {accounts:,} accounts have too few of each other, or none in "
            "common with the others, and are left out"
        )
    return said


def render(found: Axis, *, title: str, command: str) -> str:
    """Return the page as text.

    Parameters
    ----------
    found : Axis
    title, command : str
        The command is the one that does the same again.
    """
    with settings():
        figure = Figure(figsize=(WIDTH, 3.0))
        axes = figure.add_subplot()
        figure.subplots_adjust(0.09, 0.18, 0.985, 0.96)
        axes.hist(found.users["position"], bins=60, color=mark(1).color)
        if found.camps:
            axes.axvline(found.cut, color=INK, lw=1)
        axes.set_xlabel("position (spread 1)")
        axes.set_ylabel("users")
    text = "Users along the axis" + ("; the line is the cut." if found.camps else ".")
    ends = found.influencers.sort_values("position")
    both = np.r_[0 : min(5, len(ends)), max(len(ends) - 5, 0) : len(ends)]
    lines = "".join(f"<p>{html.escape(each)}.</p>" for each in sentences(found))
    return html.document(
        title,
        f"<header><h1>{html.escape(title)}</h1></header>",
        html.section("Data", "".join(f"<p>{each}.</p>" for each in data_lines(found))),
        html.section("Answer", lines, f'<p class="note">{READING}</p>'),
        html.section("Figure", html.figure(to_svg(figure), alt=text, caption=text)),
        html.section("Accounts at the ends", html.frame(ends.iloc[np.unique(both)])),
        html.section("Windows", html.frame(found.windows)),
        html.section("How to repeat it", f"<pre>{html.escape(command)}</pre>"),
    )
