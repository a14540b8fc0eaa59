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
    theirs = points_of(package, votes.matrix, tmp_path)
    found = agreement(ideal, theirs)
    record_property(f"ideal points beside {package}, correlation", found)
    assert found > LEAST[package]
    for party in ("D", "R"):  # two parties far apart make any two scales agree
        own = votes.party == party
        within = agreement(ideal[own], theirs[own])
        record_property(f"among {party} beside {package}, correlation", within)
        assert within > LEAST[package] - 0.02


@pytest.mark.validate
@pytest.mark.parametrize("package", ["MCMCpack", "pscl"])
def test_justices_stand_in_the_order_of_r(package, tmp_path, record_property):
    """Their distances are those of the prior as much as of nine votes a case; so only the order."""
    if not installed(package):
        record_property(f"justices beside {package}", "not installed")
        return
    votes = open_votes("scotus_rehnquist").contested()
    ideal = IdealPoints(1).fit(votes).points_[:, 0]
    theirs = points_of(package, votes.matrix, tmp_path)
    record_property(f"justices beside {package}, correlation", agreement(ideal, theirs))
    assert agreement(pd.Series(ideal).rank(), pd.Series(theirs).rank()) > 0.98


DUMPS = {
    "votes alone": "write.csv(s109$votes, file)",
    "with their legislators": "write.csv(cbind(s109$legis.data, s109$votes), file)",
    "one vote in a row": """write.csv(data.frame(
        member = rep(rownames(s109$votes), ncol(s109$votes)),
        rollcall = rep(colnames(s109$votes), each = nrow(s109$votes)),
        vote = c(s109$votes)), file, row.names = FALSE)""",
    "a table": "write.table(s109$votes, file)",
    "a table with tabs": "write.table(s109$votes, file, sep = '\\t', col.names = NA)",
}


@pytest.mark.validate
@pytest.mark.parametrize("how", DUMPS)
def test_what_r_writes_of_a_rollcall_object_is_read_as_r_counts_it(how, tmp_path, record_property):
    """The 109th Senate of pscl, in whose table the President is the first member."""
    if not installed("pscl"):
        record_property("tables written by pscl", "not installed")
        return
    file, counts = tmp_path / "s109.csv", tmp_path / "counts.csv"
    code = f"""
        suppressMessages(library(pscl)); data(s109); file <- "{file.as_posix()}"
        {DUMPS[how]}
        v <- s109$votes[-1, ]
        codes <- list(yea = 1:3, nay = 4:6, present = 7:8, vacant = 0)
        found <- sapply(codes, function(each) rowSums(matrix(v %in% each, nrow(v))))
        write.csv(found, "{counts.as_posix()}", row.names = FALSE)
    """
    subprocess.run(["Rscript", "-e", code], check=True, capture_output=True, timeout=300)
    expected, votes = pd.read_csv(counts), open_votes(file)
    never = (expected["yea"] + expected["nay"]) == 0
    expected = expected[~never].reset_index(drop=True)
    found = {
        "yea": (votes.matrix > 0).sum(axis=0),
        "nay": (votes.matrix < 0).sum(axis=0),
        "present": votes.abstained.sum(axis=0),
        "vacant": (~votes.seated).sum(axis=0),
    }
    record_property(f"members read, {how}", votes.n_members)
    pd.testing.assert_frame_equal(pd.DataFrame(found), expected, check_dtype=False)


def test_agreement_does_not_depend_on_the_side_and_sees_disorder():
    points = np.linspace(-1, 1, 20)
    others = -3 * points + 1
    others[3] = np.nan
    assert agreement(points, others) == pytest.approx(1)
    assert agreement(points, np.random.default_rng(0).permutation(points)) < 0.8


def test_what_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert not installed("pscl")
