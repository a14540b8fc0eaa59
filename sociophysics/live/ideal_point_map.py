"""Members on a map of ideal points, with the cutting line of one roll call and its misses.

The tables are those of ``sociophysics fit``. Sides have a shape each and no color: the colors of
stances say yea and nay, and a party is neither.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError

__all__ = ["IdealPointMap", "read_map"]

WIDE, HIGH, EDGE = 620, 470, 34
INK, MUTED, RULE, MISS = "#1f2430", "#5b6472", "#e4e7ec", "#a3102a"
MOST_NAMES = 14
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IdealPointMap:
    """A chamber in one or two dimensions.

    Attributes
    ----------
    places : DataFrame
        ``id``, ``x``, ``y`` of every member, in standard deviations; ``y`` is 0 in one dimension.
    dimensions : int
    rollcalls : DataFrame
        One row per roll call: ``rollcall, yeas, nays, errors, pre, angle, midpoint_1, midpoint_2,
        discrimination, yea_side``.
    misses : DataFrame
        ``rollcall, id, vote, probability`` of votes on the less probable side.
    """

    places: pd.DataFrame
    dimensions: int
    rollcalls: pd.DataFrame
    misses: pd.DataFrame

    def ranked(self, order: str = "missed") -> pd.DataFrame:
        """Return roll calls, those with most misses first, or by ``pre``: the sharpest first."""
        by = {"missed": ("errors", False), "sharp": ("pre", False), "close": ("margin", True)}
        column, ascending = by[order]
        table = self.rollcalls.assign(
            margin=(self.rollcalls["yeas"] - self.rollcalls["nays"]).abs()
        )
        return table.sort_values([column, "rollcall"], ascending=ascending, kind="stable")

    def missed(self, rollcall: str) -> pd.DataFrame:
        """Return the votes of a roll call that the map gets wrong, the least probable first."""
        own = self.misses[self.misses["rollcall"] == rollcall]
        return own.sort_values("probability", kind="stable")

    def sentence(self, rollcall: str, names: dict[str, str]) -> str:
        """Return what a roll call's line says, and whom it misses.

        Parameters
        ----------
        rollcall : str
        names : dict
            Of members by id.
        """
        rows = self.rollcalls[self.rollcalls["rollcall"] == rollcall]
        if rows.empty:
            return ""
        row: dict[str, Any] = rows.iloc[0].to_dict()
        missed = self.missed(rollcall)
        said = (
            f"Roll call {rollcall}: {row['yeas']:.0f} yea, {row['nays']:.0f} nay; the line misses "
        )
        if missed.empty:
            return said + "nobody."
        who = [names.get(str(each), str(each)) for each in missed["id"].head(6)]
        more = f" and {len(missed) - 6} more" if len(missed) > 6 else ""
        return f"{said}{len(missed)}: {', '.join(who)}{more}."

    def svg(self, side: NDArray[np.int64], names: list[str], chosen: int, rollcall: str) -> str:
        """Return the map as an SVG.

        Parameters
        ----------
        side : int array (n,)
            0 discs, 1 diamonds.
        names : list of str
        chosen : int
            A member who is named, and ringed.
        rollcall : str
            Whose line and misses are drawn; "" none.
        """
        x, y = self._pixels()
        missed = set(self.missed(rollcall)["id"].astype(str)) if rollcall else set()
        ids = self.places["id"].astype(str).tolist()
        parts = [self._axes(), self._line(rollcall)]
        for k, (a, b) in enumerate(zip(x, y, strict=True)):
            stroke = MISS if ids[k] in missed else INK
            width = 2.4 if ids[k] in missed else 1.0
            shape = (
                f"<circle cx='{a:.1f}' cy='{b:.1f}' r='5'" if side[k] == 0 else
                f"<path d='M{a:.1f} {b - 6:.1f}l6 6l-6 6l-6 -6z'"
            )  # fmt: skip
            fill = "#5b6472" if side[k] == 0 else "#ffffff"
            parts.append(f"{shape} fill='{fill}' stroke='{stroke}' stroke-width='{width}'/>")
            if k == chosen:
                parts.append(
                    f"<circle cx='{a:.1f}' cy='{b:.1f}' r='10' fill='none' stroke='{INK}'/>"
                )
        parts += [_name(x[k], y[k], names[k]) for k in self._named(x, y, chosen, missed, ids)]
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDE} {HIGH}' width='{WIDE}' "
            f"height='{HIGH}' font-family='Roboto, Helvetica, Arial, sans-serif'>"
            f"{''.join(parts)}</svg>"
        )

    def _limits(self) -> tuple[float, float]:
        reach = 1.08 * max(1e-9, float(np.abs(self.places[["x", "y"]].to_numpy()).max()))
        return reach, reach if self.dimensions > 1 else 1.0

    def _spread(self) -> Floats:
        """Return heights of members in one dimension, so that neighbours lie apart."""
        x = self.places["x"].to_numpy(dtype=np.float64)
        ranks = np.argsort(np.argsort(x, kind="stable"), kind="stable")
        heights: Floats = np.asarray(0.16 * (ranks % 5 - 2.0), dtype=np.float64)
        return heights

    def _pixels(self) -> tuple[Floats, Floats]:
        x = self.places["x"].to_numpy(dtype=np.float64)
        y = self.places["y"].to_numpy(dtype=np.float64) if self.dimensions > 1 else self._spread()
        return self._at(x, y)

    def _at(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        across, along = self._limits()
        return (
            EDGE + (WIDE - 2 * EDGE) * (x + across) / (2 * across),
            HIGH - EDGE - (HIGH - 2 * EDGE) * (y + along) / (2 * along),
        )

    def _axes(self) -> str:
        (left,), (middle,) = self._at(np.array([0.0]), np.array([0.0]))
        second = (
            f"<text x='12' y='{HIGH / 2}' font-size='12' fill='{MUTED}' text-anchor='middle' "
            f"transform='rotate(-90 12 {HIGH / 2})'>second dimension (SD)</text>"
            if self.dimensions > 1 else ""
        )  # fmt: skip
        return (
            f"<path d='M{EDGE} {middle:.1f}H{WIDE - EDGE}M{left:.1f} {EDGE}V{HIGH - EDGE}' "
            f"stroke='{RULE}'/><text x='{WIDE / 2}' y='{HIGH - 8}' font-size='12' fill='{MUTED}' "
            f"text-anchor='middle'>first dimension (SD)</text>{second}"
        )

    def _line(self, rollcall: str) -> str:
        rows = self.rollcalls[self.rollcalls["rollcall"] == rollcall]
        if rows.empty or not np.isfinite(rows["midpoint_1"].iloc[0]):
            return ""
        row: dict[str, Any] = rows.iloc[0].to_dict()
        flat = self.dimensions < 2 or not np.isfinite(row["angle"])
        turn = np.pi / 2 if flat else np.radians(row["angle"])
        middle = 0.0 if flat else row["midpoint_2"]
        reach = 4 * max(self._limits())
        x = row["midpoint_1"] + reach * np.cos(turn) * np.array([-1.0, 1.0])
        y = middle + reach * np.sin(turn) * np.array([-1.0, 1.0])
        (x1, x2), (y1, y2) = self._at(x, y)
        right = row["yea_side"] > 0
        sides = "".join(
            f"<text x='{WIDE - EDGE if at else EDGE}' y='{EDGE - 12}' font-size='12.5' "
            f"fill='{INK}' text-anchor='{'end' if at else 'start'}'>{word}</text>"
            for at, word in ((right, "yea side"), (not right, "nay side"))
        )
        return (
            f"<svg x='{EDGE}' y='{EDGE}' width='{WIDE - 2 * EDGE}' height='{HIGH - 2 * EDGE}' "
            f"viewBox='{EDGE} {EDGE} {WIDE - 2 * EDGE} {HIGH - 2 * EDGE}'><line x1='{x1:.1f}' "
            f"y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{INK}' stroke-width='1.6' "
            f"stroke-dasharray='6 4'/></svg>{sides}"
        )

    def _named(
        self, x: Floats, y: Floats, chosen: int, missed: set[str], ids: list[str]
    ) -> list[int]:
        """Return whom there is room to name: the chosen one, the missed, the outermost."""
        outer = np.argsort(-np.hypot(x - x.mean(), y - y.mean()), kind="stable").tolist()
        order = [chosen, *(k for k in outer if ids[k] in missed), *outer]
        found: list[int] = []
        for k in dict.fromkeys(order):
            free = all(abs(y[k] - y[j]) > 14 or abs(x[k] - x[j]) > 120 for j in found)
            if k == chosen or (free and len(found) < MOST_NAMES):
                found.append(k)
        return found


def read_map(folder: Path, ids: list[str]) -> IdealPointMap | None:
    """Return the map in a folder of a fit; None where the fit is of a version without one.

    Parameters
    ----------
    folder : path
    ids : list of str
        Of the members, in whose order the places are returned.

    Raises
    ------
    InputError
        The tables do not belong to these members.
    """
    names = ("ideal_points", "cutting_lines", "classification_errors", "rollcalls")
    if not all((folder / f"{name}.csv").is_file() for name in names[:2] + names[3:]):
        return None
    text = dict.fromkeys(("id", "rollcall"), str)

    def table(name: str) -> pd.DataFrame:
        path = folder / f"{name}.csv"
        return pd.read_csv(path, dtype=text) if path.is_file() else pd.DataFrame(columns=MISSES)

    points, lines, errors, calls = map(table, names)
    dimensions = min(2, int(points["dimensions"].max()))
    own = points[points["dimensions"] == dimensions]
    wide = own.pivot(index="id", columns="dimension", values="point")
    if set(wide.index) != set(ids):
        raise InputError(
            f"the ideal points in {folder.name} are of other members; fit the chamber again."
        )
    wide = wide.loc[ids]
    columns = wide.columns.tolist()
    places = pd.DataFrame(
        {"id": ids, "x": wide[columns[0]].to_numpy(),
         "y": wide[columns[1]].to_numpy() if len(columns) > 1 else 0.0}
    )  # fmt: skip
    kept = lines[lines["dimensions"] == dimensions].drop(columns=["yeas", "nays"], errors="ignore")
    counts = calls[["id", "yeas", "nays"]].rename(columns={"id": "rollcall"})
    return IdealPointMap(
        places, dimensions, kept.merge(counts, on="rollcall", how="left"),
        errors[errors["dimensions"] == dimensions],
    )  # fmt: skip


MISSES = ["rollcall", "id", "vote", "probability", "dimensions"]


def _name(x: float, y: float, name: str) -> str:
    end = x > WIDE - 150
    return (
        f"<text x='{x - 9 if end else x + 9:.1f}' y='{y + 4:.1f}' font-size='11.5' fill='{INK}' "
        f"text-anchor='{'end' if end else 'start'}' paint-order='stroke' stroke='#fff' "
        f"stroke-width='3'>{html.escape(name)}</text>"
    )
