"""A finished calibration as a screen shows it: posteriors, verdicts in words, and the society."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.errors import InputError
from sociophysics.inference.calibration.identifiability import IDENTIFIED, NOT_IDENTIFIED
from sociophysics.live.run_lines import Series

__all__ = ["ShownCalibration", "read_calibration"]

BINS = 40
DRAWS, MANIFEST = "posterior.parquet", "manifest.json"
SIGNS = {IDENTIFIED: "●", "weak": "◐", NOT_IDENTIFIED: "○"}
# A date of every file in a society's archive, so that equal societies are equal bytes.
STAMP = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class ShownCalibration:
    """The tables of a calibration's folder; ``free`` is as its file has it."""

    folder: Path
    draws: pd.DataFrame
    summary: pd.DataFrame
    combinations: pd.DataFrame
    checks: pd.DataFrame
    free: Mapping[str, Any]

    def rows(self) -> list[tuple[str, ...]]:
        """Return what a table shows: parameter, mean, interval, best, width ratio, verdict."""
        found: list[tuple[str, ...]] = []
        for row in self.summary.to_dict("records"):
            told = row["verdict"] != NOT_IDENTIFIED
            found.append(
                (
                    row["parameter"], f"{row['mean']:.4g}" if told else "not told",
                    f"[{row['low']:.4g}, {row['high']:.4g}]",
                    f"{row['best']:.4g}" if np.isfinite(row["best"]) else "",
                    f"{row['width_ratio']:.2f}", f"{SIGNS[row['verdict']]} {row['verdict']}",
                )
            )  # fmt: skip
        return found

    def combined(self) -> list[tuple[str, ...]]:
        """Return rows of what is told although its parts may not be: the same columns, no best."""
        return [
            (
                row["quantity"], "not told" if row["verdict"] == NOT_IDENTIFIED else
                f"{row['mean']:.4g}", f"[{row['low']:.4g}, {row['high']:.4g}]", "",
                f"{row['width_ratio']:.2f}", f"{SIGNS[row['verdict']]} {row['verdict']}",
            )
            for row in self.combinations.to_dict("records")
        ]  # fmt: skip

    def verdicts(self) -> list[tuple[str, str, str]]:
        """Return by parameter its name, its verdict, and the verdict in words."""
        return [
            (str(row["parameter"]), f"{SIGNS[row['verdict']]} {row['verdict']}", _verdict(row))
            for row in self.summary.to_dict("records")
        ]

    def posterior(self, name: str) -> list[Series]:
        """Return the density of a parameter's draws, and that of its prior.

        Parameters
        ----------
        name : str
            A key of ``free``.
        """
        low, high = float(self.free[name]["low"]), float(self.free[name]["high"])
        density, ends = np.histogram(
            self.draws[name].to_numpy(), bins=BINS, range=(low, high), density=True
        )
        middle = (ends[1:] + ends[:-1]) / 2
        flat = np.full(BINS, 1 / (high - low))
        return [
            Series("prior", middle, flat, index=0),
            Series("posterior", middle, density, index=1),
        ]

    def checked(self, quantity: str) -> list[Series]:
        """Return by wave what is simulated at draws of the posterior, with its band, and the data.

        Parameters
        ----------
        quantity : str
            One of ``quantities``.
        """
        own = self.checks[self.checks["quantity"] == quantity]
        wave = own["wave"].to_numpy(dtype=np.float64)
        return [
            Series("simulated", wave, own["mean"], own["low"], own["high"], index=0),
            Series("data", wave, own["observed"], index=1, points=True),
        ]

    @property
    def quantities(self) -> list[str]:
        """What was checked by wave, in its order."""
        return list(dict.fromkeys(self.checks.loc[self.checks["wave"].notna(), "quantity"]))

    def means(self) -> dict[str, float]:
        """Return the mean of the draws of every key."""
        return {str(name): float(self.draws[name].mean()) for name in self.draws.columns}

    def archive(self, scenario: str, files: Mapping[str, Path]) -> bytes:
        """Return the society as a ZIP: its scenario, its files, and the posterior it lives in.

        Parameters
        ----------
        scenario : str
        files : mapping
            From the name that the scenario has to the file.
        """
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:

            def put(name: str, content: bytes) -> None:
                archive.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)

            put("society.toml", scenario.encode())
            for name, path in files.items():
                put(name, path.read_bytes())
            for name in (DRAWS, MANIFEST):
                put(f"posterior/{name}", (self.folder / name).read_bytes())
        return held.getvalue()


def _verdict(row: Mapping[str, Any]) -> str:
    width = f"{100 * row['width_ratio']:.0f} % of the prior's spread is left"
    between = f"[{row['low']:.4g}, {row['high']:.4g}]"
    partner = row["partner"]
    trades = (
        f" It trades with {partner}: another value of both would look the same." if partner else ""
    )
    if row["verdict"] == NOT_IDENTIFIED:
        return (
            f"These data do not tell it: {width}, so no number is given, and {between} is mostly "
            f"the prior.{trades}"
        )
    how = "These data tell it" if row["verdict"] == IDENTIFIED else "These data tell it weakly"
    return f"{how}: {row['mean']:.4g} {between}; {width}.{trades}"


def read_calibration(folder: Path) -> ShownCalibration:
    """Return a finished calibration.

    Parameters
    ----------
    folder : path
        Of ``sociophysics calibrate``.

    Raises
    ------
    InputError
        It is not finished, or not a calibration.
    """

    def table(name: str) -> pd.DataFrame:
        return pd.read_parquet(folder / f"{name}.parquet")

    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        free = manifest["asked"]["free"]
        (folder / "report.html").stat()
        return ShownCalibration(
            folder, table("posterior"), table("summary"), table("combinations"), table("checks"),
            free,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{folder.name} holds no finished calibration ({type(error).__name__}); run it again."
        ) from None
