"""Every place in the package that makes or passes on an interval, and what holds it.

`marks` finds the modules that call a function which makes intervals, quantiles or errors, or that
name ends of one (`low`, `high`, `..._error`, `interval`) in a table or a result. `HELD` says of
each module which rows of docs/statistics.md hold its intervals; `NONE` why it prints none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

MAKERS = {
    "blocked_error", "bootstrap_interval", "fieller", "mean_band", "mean_difference",
    "mean_interval", "nanquantile", "ndtri", "paired_difference", "percentile", "percentiles",
    "ppf", "pseudo_values", "quantile", "share_difference", "share_interval", "standard_error",
    "stdtrit", "student", "t_interval",
}  # fmt: skip
ENDS = re.compile(r"(.*_)?(low|high|error|interval)")
WIDTHS = (1.96, 2.25)  # of the normal law, and of the trend of chambers


def marks(text: str) -> set[str]:
    """Return what in a module's text makes or names an interval.

    Examples
    --------
    >>> marks("found = s.mean_interval(x)")
    {'mean_interval()'}
    """
    return {found for node in ast.walk(ast.parse(text)) for found in _of(node)}


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in MAKERS:
            yield f"{name}()"
    elif isinstance(node, ast.Constant) and node.value in WIDTHS:
        yield str(node.value)
    else:
        yield from (name for name in _named(node) if ENDS.fullmatch(name))


def _named(node: ast.AST) -> Iterator[str]:
    """Return fields of classes, keys of rows and columns that are set."""
    if isinstance(node, ast.ClassDef):
        own = (each.target for each in node.body if isinstance(each, ast.AnnAssign))
        yield from (target.id for target in own if isinstance(target, ast.Name))
    keys = node.keys if isinstance(node, ast.Dict) else []
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        keys = [node.slice]
    for key in keys:
        if isinstance(key, ast.JoinedStr):  # f"{name}_low": its end tells
            key = key.values[-1]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value


MEAN, PAIRS, SHARE = "mean of replicas", "paired difference", "share of replicas"
ONE_SET = "fit: couplings, fields"

# The rows of either table of docs/statistics.md, by the module that makes or shows the interval.
HELD: dict[str, tuple[str, ...]] = {
    "experiments/audits.py": (MEAN, PAIRS),
    "experiments/binder.py": ("binder_crossing: two given sizes", "tip --sizes: infinite society"),
    "experiments/calibration_posterior.py": ("calibrate: temperature, feed",),
    "experiments/cascades.py": (PAIRS,),
    "experiments/compatible_values.py": ("trial, published: key", "trial, published: total"),
    "experiments/correlations.py": ("correlation_length",),
    "experiments/early_warnings.py": (MEAN, "early_warning: trend"),
    "experiments/escapes.py": ("escape time", "growth of escape times"),
    "experiments/free_energies.py": (
        MEAN, "free energy, annealed", "energy, annealed", "entropy, annealed", "susceptibility",
    ),
    "experiments/infinite.py": ("tip --sizes: infinite society",),
    "experiments/inversion.py": ("fit_pulse: height, decay, scale",),
    "experiments/joined_runs.py": ("multi_histogram: error",),
    "experiments/leverage.py": (PAIRS,),
    "experiments/loops.py": (MEAN,),
    "experiments/nucleation.py": (SHARE, "critical mass"),
    "experiments/placing.py": (
        MEAN, "tip and locate: place", "locate: peak of the susceptibility",
    ),
    "experiments/polls.py": ("poll: bits",),
    "experiments/pulses.py": ("fit_pulse: height, decay, scale",),
    "experiments/response.py": (MEAN, "susceptibility", "fluctuation over response"),
    "experiments/scaling.py": ("exponent: error",),
    "experiments/sensitivities.py": (MEAN,),
    "experiments/tipping.py": ("tip and locate: place",),
    "experiments/trial_tables.py": (
        "trial: direct, indirect, overall, total", "trial: direct effect of a single user",
        "trial: multiplier",
    ),
    "inference/calibration/identifiability.py": (
        "calibrate: temperature, feed", "calibrate: field",
    ),
    "inference/chamber/absence.py": (
        "absence_effects: ratio, chances known", "absence_effects: ratio, chances fitted",
    ),
    "inference/chamber/chamber_tables.py": ("fit: ideal points",),
    "inference/chamber/dynamic_scores.py": ("dynamic_scores: places",),
    "inference/chamber/member_ranks.py": ("ranks of members",),
    "inference/chamber/party_measures.py": ("fit of several chambers: trend",),
    "inference/chamber/pivotal_information.py": ("pivotal_information", "ranks of members"),
    "inference/chamber/several_chambers.py": ("fit of several chambers: trend",),
    "inference/chamber/sign_calibration.py": ("fit: couplings, widths calibrated",),
    "inference/estimators/coupling_regression.py": ("CouplingRegression: effects",),
    "inference/estimators/hidden_issues.py": ("HiddenIssues: pair moments",),
    "inference/estimators/k_pairwise.py": ("KPairwise: potential",),
    "inference/estimators/points_and_couplings.py": ("PointsAndCouplings: couplings, points",),
    "inference/estimators/super_court.py": ("SuperCourt: couplings, moments",),
    "inference/estimators/three_valued.py": ("fit_three_valued: couplings",),
    "inference/estimators/uncertainty.py": (ONE_SET,),
    "inference/judging/paired.py": ("fit, three-valued: models on hidden votes",),
    "inference/judging/reliability.py": (SHARE,),
    "inference/judging/three_valued_scores.py": ("fit, three-valued: models on hidden votes",),
    "inference/stances/held_out_pairs.py": ("compare_rules: gain over persistence",),
    "inference/stances/rival_rules.py": ("compare_rules: gain over persistence",),
    "inference/stances/stance_panels.py": ("fit_snapshot: contagion, covariates",),
    "inference/trial_effects.py": ("trial: multiplier",),
    "inference/trial_estimators.py": ("trial: its own statistician",),
    "live/chamber_changes.py": (MEAN, PAIRS),
    "live/landed_points.py": (MEAN,),
    "live/run_differences.py": (MEAN, "difference of two runs"),
    "live/stories.py": (MEAN, PAIRS),
    "live/run_lines.py": (MEAN,),
    "report/chamber_figures.py": ("fit: ideal points",),
    "report/chamber_page.py": ("fit: couplings, widths calibrated",),
    "report/chamber_physics.py": ("ranks of members",),
    "report/figures.py": (MEAN,),
    "report/trial_page.py": (
        "trial: direct, indirect, overall, total", "trial, published: key",
    ),
    "society/networks/amplification_axis.py": ("axis: places of users",),
    "statistics/intervals.py": (
        MEAN, SHARE, "difference of two runs", "difference of shares, paired",
        "difference of shares, not paired",
    ),
    "statistics/pairs.py": (PAIRS,),
    "statistics/resampling.py": (
        "locate: peak of the susceptibility", "axis: places of users",
        "binder_crossing: two given sizes",
    ),
    "statistics/transitions.py": ("detect: place",),
    "study/results/comparison.py": (MEAN, PAIRS, SHARE, "melting temperature"),
    "study/results/grid.py": ("susceptibility", "susceptibility of abs m", "Binder cumulant"),
    "study/results/plots.py": (MEAN,),
    "study/results/run.py": (MEAN, "susceptibility", "Binder cumulant"),
    "study/results/summary.py": (MEAN, SHARE),
    "study/results/verdicts.py": (MEAN, PAIRS),
}  # fmt: skip

NONE = {
    "scenario/posterior.py": "quantiles of the draws of a calibration, which has its own row",
    "experiments/independence.py": "a quantile of a null: a test, no interval",
    "experiments/settling.py": "a test whether runs still drift",
    "inference/calibration/emulator.py": "designed points over a prior",
    "inference/calibration/parameters_free.py": "bounds of a prior, which the user gives",
    "influences/schedules.py": "lowest and highest value of a schedule",
    "kind_keys.py": "bounds of a control",
    "live/calibrations_asked.py": "bounds of a prior, which the user gives",
    "live/live_lines.py": "a band: where 80 % of the replicas lie",
    "live/user_places.py": "the frame of a picture",
    "report/glossary.py": "the word itself",
    "report/pictures.py": "a band: where 80 % of the replicas lie",
    "statistics/histograms.py": "edges of bins",
    "statistics/series.py": "the two states themselves",
    "theory/closed_forms.py": "ends of a cascade window, exact",
}
