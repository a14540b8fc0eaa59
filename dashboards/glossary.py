"""What the numbers and settings mean: in a social scientist's words, the physics term beside it."""

from __future__ import annotations

from dataclasses import dataclass

import ipyvuetify
import solara
import traitlets

import sociophysics as sp

from .markup import tag

__all__ = ["GLOSSARY", "Entry", "Quantity", "Term", "explain", "shown"]


@dataclass(frozen=True)
class Entry:
    """One word: what it is, what physicists call it, in which unit it is counted."""

    name: str
    meaning: str
    physics: str = ""
    unit: str = ""

    def sentence(self) -> str:
        """Return the whole explanation.

        Examples
        --------
        >>> Entry("noise", "How often people go against others", "temperature").sentence()
        'How often people go against others. In physics: temperature.'
        """
        parts = [self.meaning.rstrip(".") + "."]
        if self.physics:
            parts.append(f"In physics: {self.physics}.")
        if self.unit:
            parts.append(f"Unit: {self.unit}.")
        return " ".join(parts)


GLOSSARY = {
    "users": Entry("Users", "People (or blogs, members) in the network, each with one stance"),
    "ties": Entry("Ties", "Pairs of users who listen to each other", "bonds, edges"),
    "stance": Entry("Stance", "For (+1) or against (-1)", "spin"),
    "coupling": Entry(
        "Coupling",
        "How strongly a tie pulls two users to the same stance; negative: apart",
        "exchange coupling J",
    ),
    "within": Entry(
        "Pull within a camp", "Coupling of ties inside a camp", "exchange coupling J", "J"
    ),
    "across": Entry(
        "Pull across camps",
        "Coupling of ties between camps; negative: people react against the other side",
        "exchange coupling J",
        "J",
    ),
    "temperature": Entry(
        "Noise",
        "How often people go against what their surroundings suggest: 0 never, high: like a coin",
        "temperature T",
        "J",
    ),
    "strength": Entry(
        "Strength of the feed",
        "How much what the feed shows weighs beside a user's own ties",
        "field strength",
        "J",
    ),
    "field": Entry(
        "Outside push", "Pull on every user towards one stance: news, campaigns", "field h", "J"
    ),
    "sweep": Entry(
        "Sweep", "As many chances to reconsider as there are users", "Monte Carlo sweep", "sweeps"
    ),
    "replica": Entry("Replica", "An independent repetition with its own chance events", "replica"),
    "seed": Entry("Seed", "The number from which every chance event follows; same seed, same run"),
    "burn_in": Entry(
        "Settling time", "First sweeps, left out of averages", "burn-in, equilibration", "sweeps"
    ),
    "wall": Entry(
        "Wall",
        "A tie whose ends disagree where they should agree (or agree where they should not)",
        "unsatisfied bond, domain wall",
    ),
    "domain": Entry(
        "Echo chamber",
        "Users who hold one stance and are connected through each other",
        "domain, cluster of like spins",
        "users",
    ),
    "reach": Entry("Reach", "Users who passed a post on or wrote it", "cascade size", "users"),
    "virality": Entry(
        "Structural virality",
        "Mean distance between those who passed a post on: low a broadcast, high from hand to hand",
        "mean path length of the cascade tree",
        "steps",
    ),
    "reproduction": Entry(
        "Reproduction number R",
        "How many users one who passes a post on leads to do the same, on average",
        "branching ratio",
    ),
    "tipping": Entry(
        "Tipping point",
        "Where a small change of a setting turns the whole society",
        "critical point, phase transition",
    ),
    "hysteresis": Entry(
        "Hysteresis",
        "The way back differs from the way there: what happened before matters",
        "hysteresis",
    ),
    "susceptibility": Entry(
        "Susceptibility",
        "How far opinion moves for a small push; largest near a tipping point",
        "susceptibility",
        "1/J",
    ),
    "p_null": Entry(
        "Chance of this by luck",
        "How often shuffled values would differ as much; a tipping point needs less than 0.01",
        "p of the null hypothesis",
    ),
    "fluctuation_peak": Entry(
        "Largest fluctuations at",
        "Where the society wavers most; often, but not always, where it tips",
        "peak of the susceptibility",
    ),
    "switch_up": Entry(
        "Switches, way up",
        "Where replicas cross the middle of their range as the setting is turned up",
        "upper switching point",
    ),
    "switch_down": Entry(
        "Switches, way down",
        "Where replicas cross the middle of their range as the setting is turned down again",
        "lower switching point",
    ),
    "loop_area": Entry(
        "Area of the loop",
        "Way down minus way up, summed over the setting; 0: what happened before does not matter",
        "hysteresis area",
    ),
    "exchange": Entry(
        "Pull across parties", "Fitted couplings between parties, times this number", "exchange"
    ),
    "interval": Entry(
        "Interval", "The range that holds the true value in 95 of 100 such studies", "", ""
    ),
    "effect": Entry(
        "Effect size",
        "Mean difference over the spread between the users of the first design",
        "standardized difference",
    ),
    "run_part": Entry(
        "Part", "A few replicas of one design at one swept value, on disk as soon as it is done"
    ),
    "paired": Entry(
        "Paired difference",
        "Replica by replica against the first design, which met the same start and chance events",
    ),
    "melting": Entry(
        "Camps melt at",
        "Noise at which half of the largest distance between the camps is left",
        "melting temperature",
        "J",
    ),
    "binder": Entry(
        "Shape of opinion swings",
        "1 less the kurtosis of the mean stance over 3: 0 for chance swings, 2/3 for one firm side",
        "Binder cumulant",
    ),
    "tau": Entry(
        "Memory of the society",
        "How long the mean stance stays alike; longest near a tipping point",
        "integrated autocorrelation time",
        "sweeps",
    ),
    "susceptibility_abs": Entry(
        "Swings of agreement",
        "How far agreement overall wavers, per unit of noise; largest near a tipping point",
        "susceptibility of |m|",
        "1/J",
    ),
}  # fmt: skip

NAMES = {
    "magnetization": "Mean stance",
    "abs_magnetization": "Agreement overall",
    "camp_polarization": "Distance between camps",
    "abs_camp_polarization": "Distance between camps, unsigned",
    "edge_agreement": "Ties in agreement",
    "unsatisfied_fraction": "Ties under tension",
    "local_agreement": "Agreement with neighbors",
    "exposure_agreement": "Posts one agrees with",
    "exposure_out_group": "Posts from the other camp",
    "attention_gini": "Inequality of attention",
    "energy": "Tension per user",
    "passed": "Majority for",
}
PHYSICS = {
    "magnetization": "magnetization m",
    "abs_magnetization": "order parameter |m|",
    "camp_polarization": "staggered magnetization",
    "abs_camp_polarization": "staggered magnetization",
    "edge_agreement": "nearest-neighbor correlation",
    "unsatisfied_fraction": "frustrated bonds",
    "energy": "energy per spin",
}


def explain(name: str) -> Entry:
    """Return the entry of a word or of an observable.

    Examples
    --------
    >>> explain("edge_agreement").name, explain("edge_agreement").unit
    ('Ties in agreement', 'share of ties')
    """
    if name in GLOSSARY:
        return GLOSSARY[name]
    if name in sp.observables.DEFINITIONS:
        meaning, unit = sp.observables.DEFINITIONS[name]
        shown_unit = "" if unit == "1" else unit
        plain = name.replace("_", " ")
        return Entry(NAMES.get(name, plain), meaning, PHYSICS.get(name, plain), shown_unit)
    return Entry(name.replace("_", " "), "As its name says")


class TermWidget(ipyvuetify.VuetifyTemplate):
    """A word that explains itself when pointed at or reached by the keyboard."""

    template_file = (__file__, "term.vue")
    text = traitlets.Unicode("").tag(sync=True)
    definition = traitlets.Unicode("").tag(sync=True)


@solara.component
def Term(name: str, text: str = "") -> None:
    """Show a word of the glossary; its definition and unit appear on hover and on focus."""
    entry = explain(name)
    TermWidget.element(text=text or entry.name, definition=entry.sentence())


def shown(value: float | None, digits: int = 3) -> str:
    """Return a number as a person reads it.

    Examples
    --------
    >>> shown(0.123456), shown(12345.0), shown(None)
    ('0.123', '12,345', '–')
    """
    if value is None or value != value:
        return "–"
    if abs(value) >= 1000 or float(value).is_integer():
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{digits}g}" if abs(value) < 1 else f"{value:.{digits - 1}f}"
    return text.replace("-", "−")


@solara.component
def Quantity(
    name: str,
    value: float | None,
    *,
    interval: tuple[float, float] | None = None,
    text: str = "",
    digits: int = 3,
) -> None:
    """Show a number with its word, its unit, and its interval where it is an estimate."""
    entry = explain(name)
    unit = [tag("span", f" {entry.unit}", css="sp-figure-unit")] if entry.unit else []
    with solara.Div(classes=["sp-figure"]):
        with solara.Div(classes=["sp-figure-label"]):
            Term(name, text)
        tag("div", shown(value, digits), *unit, css="sp-figure-value")
        if interval is not None:
            low, high = (shown(end, digits) for end in interval)
            tag("div", f"95 %: {low} to {high}", css="sp-figure-interval")
