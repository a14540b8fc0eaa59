"""What a report says: names, definitions, units, limits, and the theory beside a number."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from sociophysics.errors import InputError
from sociophysics.observables import DEFINITIONS
from sociophysics.scenario.build import build_system
from sociophysics.study.expected import Expected, camp_temperatures, expected

if TYPE_CHECKING:
    from sociophysics.scenario import Settings
    from sociophysics.study.results import Run

__all__ = [
    "DIMENSIONLESS",
    "FITTED",
    "LIMITS",
    "OVER_ORDERED",
    "READING",
    "REFERENCES",
    "STATISTICS",
    "WINDOWS",
    "Theory",
    "definition",
    "label",
    "theory_lines",
    "unit",
]

DIMENSIONLESS = "1"

LIMITS = (
    "A simulation shows what follows from its assumptions. Here these are: stances of two values, "
    "one fixed rule of imitation and noise, the network and couplings of the scenario, feeds that "
    "show stances and nothing else, and equal strength as the basis of comparison (which is not "
    "equal information). The temperature, the couplings and the strength of a feed are in units "
    "of each other; none is measured on people. The intervals hold the noise of the replicas "
    "only: not the choice of network, of rule or of parameters. An order of designs found in this "
    "setting need not hold in another. The results explore mechanisms; they do not forecast what "
    "a platform's users would do.",
    "Field experiments find effects that are small or null. Chronological feeds on Facebook and "
    "Instagram moved attitudes not measurably [1]. Cutting like-minded sources by a third moved "
    "none of eight attitudes [2]. Engagement ranking on Twitter, against a chronological feed, "
    "showed +0.24 SD more partisanship and +0.47 SD more anger of authors [3]. Bridging and "
    "prosocial rankers changed affective polarization by -0.03 SD among 9386 users [4]. "
    "Down-ranking animosity warmed feelings for the other party by about 2 of 100 degrees [5]. "
    "An effect of several standard deviations between replicas of a model says that the model's "
    "designs are easy to tell apart, not that people would be.",
)

FITTED = (
    "The society is a chamber fitted to roll-call votes. Its couplings are conditional "
    "associations, not influence: what follows from changing them is what the model implies, not "
    "what the members would do. At the fit's temperature, 1, the Boltzmann refinement generates "
    "votes like those recorded. Only designs with draw = 'bootstrap' carry the uncertainty of the "
    "fit in their intervals."
)
OVER_ORDERED = (
    "At least one design simulates the pseudolikelihood fit. It predicts well but is over-ordered "
    "at temperature 1: its members agree more than they did in the votes."
)

REFERENCES = (
    "Guess et al. (2023), How do social media feed algorithms affect attitudes and behavior in an "
    "election campaign?, Science 381, 398.",
    "Nyhan et al. (2023), Like-minded sources on Facebook are prevalent but not polarizing, "
    "Nature 620, 137.",
    "Milli et al. (2025), Engagement, user satisfaction, and the amplification of divisive content "
    "on social media, PNAS Nexus 4, pgaf062.",
    "Stray et al. (2026), The Prosocial Ranking Challenge: reducing polarization on social media "
    "without sacrificing engagement, arXiv:2603.19626.",
    "Piccardi et al. (2025), Reranking partisan animosity in algorithmic social media feeds alters "
    "affective polarization, Science 390.",
)

READING = (
    "Replica r of every design meets the same network, start and noise, so designs are compared "
    "replica by replica. <em>Difference</em> is the mean of these differences to the reference, "
    "with its paired 95 % interval; the next columns say the same in natural units (points: "
    "hundredths of the way from mixed to fully apart) and over the standard deviation between the "
    "users of the reference at one moment, which no number of replicas changes. One number per "
    "replica enters: the mean over the recorded frames of the window, or the last frame of a "
    "replica that was stopped earlier. <em>Not settled</em> stands where the means of the two "
    "halves of the window differ by more than a hundredth of the observable's range and by more "
    "than replicas scatter (Student's test at 1 %: of settled societies one in a hundred fails "
    "it, of moving ones with few replicas many pass); both means are shown instead. "
    "Where replicas fall into two states, the number of them in the upper one stands, with its "
    "exact 95 % interval: the mean over both would be that of no society."
)

WINDOWS = (
    "Acts end a window: each has its own mean, over the second half of its sweeps (from the "
    "burn-in on where that ends inside it). Parts of a ramp are windows too, named by the "
    "values that acted in them. Differences are those of the last window."
)

STATISTICS = {
    "susceptibility": ("n (<m²> - <m>²) / T of all replicas' frames after burn-in", "1/J"),
    "susceptibility_abs": ("n (<m²> - <|m|>²) / T of all replicas' frames", "1/J"),
    "binder": ("1 - <m⁴> / (3 <m²>²) of all replicas' frames", DIMENSIONLESS),
    "tau": ("integrated autocorrelation time of the magnetization", "sweeps"),
}


NAMES = {
    "abs_magnetization": "absolute magnetization",
    "abs_camp_polarization": "absolute camp polarization",
    "susceptibility_abs": "susceptibility of |m|",
    "binder": "Binder cumulant",
    "tau": "autocorrelation time",
    "exposure_out_group": "exposure to the other camp",
    "attention_gini": "Gini coefficient of attention",
}


def label(name: str, *, with_unit: bool = False) -> str:
    """Return an observable as a reader says it.

    Examples
    --------
    >>> label("energy"), label("edge_agreement", with_unit=True)
    ('energy', 'edge agreement (share of ties)')
    """
    text = NAMES.get(name, name.replace("_", " "))
    if not with_unit:
        return text
    return f"{text} ({'dimensionless' if unit(name) == DIMENSIONLESS else unit(name)})"


def definition(name: str) -> str:
    """Return what an observable or statistic is.

    Examples
    --------
    >>> definition("magnetization")
    'mean stance, signed'
    """
    return {**DEFINITIONS, **STATISTICS}.get(name, ("as its name says", ""))[0]


def unit(name: str) -> str:
    """Return the unit of an observable or statistic, "1" where it has none.

    Examples
    --------
    >>> unit("energy"), unit("tau")
    ('J', 'sweeps')
    """
    return {**DEFINITIONS, **STATISTICS}.get(name, ("", DIMENSIONLESS))[1]


class Theory(NamedTuple):
    """Per design the temperature up to which camps stay apart, and temperatures to draw."""

    split: dict[str, float]
    lines: list[tuple[str, float]]


def theory_lines(run: Run, point: Mapping[str, Any]) -> Theory:
    """Return what theory says about the temperatures of a run.

    Each design's mean-field limit of two camps, and what ``study.expected`` says of the first
    design that it covers, the best theory first. Nothing for a network whose file has gone.

    Parameters
    ----------
    run : Run
    point : mapping
        The swept point whose other keys (couplings, a feed's strength) count.
    """
    limits: dict[str, float] = {}
    lines: list[tuple[str, float]] = []
    for case in run.cases(point):
        try:
            found, split = _said(case.settings)
        except (InputError, OSError):
            continue
        if split is not None:
            limits[case.design] = split
        if not lines:
            of = f", {case.design}" if len(run.designs) > 1 else ""
            lines = [(f"{each.text}{of}", each.value) for each in found]
    return Theory(limits, lines)


def _said(settings: Settings) -> tuple[list[Expected], float | None]:
    if settings.interventions or settings.couplings.kind == "fitted":
        return [], None
    # Of networks drawn anew for every replica the first stands for all.
    system, camps = build_system(settings, 0 if settings.redraw else None)
    limits = None
    with suppress(InputError):
        limits = camp_temperatures(settings, system, camps)
    found = expected(settings, society=(system, camps))
    return found, None if limits is None else float(limits.split)
