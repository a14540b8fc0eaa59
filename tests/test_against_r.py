"""Ideal points beside those of R's packages, where R is installed; where it is not, it is said."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from sociophysics.inference import IdealPoints
from sociophysics.rollcall import open_votes

RCODE = {
    "pscl": """
        d <- rollcall(m, yea = 1, nay = -1, missing = NA, notInLegis = 9)
        f <- ideal(d, d = 1, maxiter = 6000, burnin = 1000, thin = 10, normalize = TRUE)
        x <- f$xbar[, 1]
    """,
    "MCMCpack": """
        y <- m; y[m == -1] <- 0
        f <- MCMCirt1d(y, burnin = 1000, mcmc = 5000, thin = 5, seed = 1)
        s <- summary(f)$statistics
        x <- s[grepl("^theta", rownames(s)), "Mean"]
    """,
    "wnominate": """
        d <- rollcall(m, yea = 1, nay = -1, missing = NA, notInLegis = 9)
        f <- wnominate(d, dims = 1, polarity = 1, minvotes = 1, lop = 0, verbose = FALSE)
        x <- f$legislators$coord1D
    """,
}
LEAST = {"pscl": 0.99, "MCMCpack": 0.99, "wnominate": 0.97}  # correlation of the points


def installed(package):
    """Whether R has a package, and so whether there is R."""
    if shutil.which("Rscript") is None:
        return False
    asked = f"quit(status = !requireNamespace('{package}', quietly = TRUE))"
    return (
        subprocess.run(["Rscript", "-e", asked], capture_output=True, check=False).returncode == 0
    )


def points_of(package, matrix, folder):
    """The points of an R package, in the order of the members."""
    given, found = folder / "votes.csv", folder / "points.csv"
    pd.DataFrame(np.where(matrix == 0, np.nan, matrix).T).to_csv(given, index=False)
    code = f"""
        library({package}); library(stats)
        if ("{package}" == "wnominate") library(pscl)
        set.seed(1)
        m <- as.matrix(read.csv("{given.as_posix()}"))
        rownames(m) <- paste0("m", seq_len(nrow(m)))
        {RCODE[package]}
        write.csv(data.frame(x = as.numeric(x)), "{found.as_posix()}", row.names = FALSE)
    """
    subprocess.run(["Rscript", "-e", code], check=True, capture_output=True, timeout=1800)
    return pd.read_csv(found)["x"].to_numpy()


def agreement(points, others):
    """Correlation of two sets of points, whichever side either calls positive."""
    seen = np.isfinite(others)
    return float(abs(np.corrcoef(points[seen], others[seen])[0, 1]))


@pytest.mark.validate
@pytest.mark.parametrize("package", sorted(RCODE))
def test_ideal_points_agree_with_those_of_r(package, tmp_path, record_property):
    if not installed(package):
        record_property(f"ideal points beside {package}", "not installed")
        return
    votes = open_votes("senate109").contested()
    ideal = IdealPoints(1).fit(votes).points_[:, 0]
    found = agreement(ideal, points_of(package, votes.matrix, tmp_path))
    record_property(f"ideal points beside {package}, correlation", found)
    assert found > LEAST[package]


def test_agreement_does_not_depend_on_the_side_and_sees_disorder():
    points = np.linspace(-1, 1, 20)
    others = -3 * points + 1
    others[3] = np.nan
    assert agreement(points, others) == pytest.approx(1)
    assert agreement(points, np.random.default_rng(0).permutation(points)) < 0.8


def test_what_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert not installed("pscl")
