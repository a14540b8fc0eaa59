"""The glossary: what numbers and settings mean in plain words, the physics term beside each."""

from __future__ import annotations

from dataclasses import dataclass

from sociophysics.errors import InputError, quoted
from sociophysics.observables import DEFINITIONS

__all__ = ["GLOSSARY", "Entry", "explain"]


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
        "Shuffled values as far apart",
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
    # What a fit's numbers mean.
    "member_field": Entry(
        "Own leaning",
        "How much a member leans to +1 or -1 whatever the others do; zero where +1 has no meaning "
        "of its own",
        "field h",
        "T",
    ),
    "member_strength": Entry(
        "Bound to others", "Sum of the sizes of all ties of a member", "sum of |J|", "T"
    ),
    "bridging": Entry(
        "Bridging", "Share of a member's pull (positive coupling) that goes to other parties"
    ),
    "dissent": Entry("Dissent", "Share of votes against the majority of the own party"),
    "ideal_point": Entry(
        "Ideal point",
        "Place on the one line that best explains all votes; which end is called positive is a "
        "convention",
        unit="sd",
    ),
    "presence": Entry("Presence", "Share of roll calls voted on while seated"),
    "pivotal": Entry(
        "Pivotal",
        "How far the outcomes shift when this member alone is pushed by 1/2: distance of the "
        "distributions of yeas before and after",
        "response to a local field (total variation)",
    ),
    "refit": Entry(
        "Refit (95 %)",
        "The tie in a fit with less penalty, which is less biased towards zero, with its interval",
        "pseudolikelihood, sandwich or bootstrap errors",
        "T",
    ),
    "sign_probability": Entry(
        "Sure of the sign", "Probability that the tie has the sign that was estimated"
    ),
    "stability": Entry(
        "Stability", "Share of random halves of the roll calls in which a sparse fit keeps the tie"
    ),
    "frustration": Entry(
        "Contradictory triangles",
        "Share of triples of members whose three ties cannot all be satisfied; random signs give "
        "half",
        "frustration",
    ),
    "party_blocs": Entry(
        "Found with their party",
        "Share of members of the larger parties whom the two blocs, found from the couplings "
        "without party labels, put with their party",
    ),
    "resting_energy": Entry(
        "Energy", "How satisfied the ties are, per member: lower is more", "energy per spin", "T"
    ),
    "basin": Entry(
        "Reached from", "Share of random starts that come to rest there", "basin of attraction"
    ),
    "depth": Entry(
        "Depth", "The least that has to be overcome on the way to a deeper resting point",
        "energy barrier", "T",
    ),
    "blocs_apart": Entry("Blocs apart", "0: both blocs alike, 1: bloc against bloc"),
    "whip": Entry(
        "Whip", "A pull of a party's leaders on all its members, towards yea (+) or nay (-); the "
        "couplings of a senator sum to about 2", "field on one camp", "T",
    ),
    "exchange": Entry(
        "Ties across parties",
        "All couplings between parties times this: 0 nobody listens across, 1 as fitted",
        "factor on J between camps",
    ),
    "simulated_passed": Entry(
        "Yea majorities", "Share of simulated roll calls with more yeas than nays"
    ),
    "simulated_apart": Entry(
        "Distance of parties",
        "Half the difference of the parties' mean stances: 0 alike, 1 a party-line vote",
        "staggered magnetization",
    ),
    "simulated_lopsided": Entry(
        "Lopsidedness", "Margin of the larger side: 0 a tie, 1 unanimous", "order parameter |m|"
    ),
    "score_accuracy": Entry("Accuracy", "Share of hidden votes on the side that was predicted"),
    "score_apre": Entry(
        "APRE", "Reduction of errors against guessing that all vote with the majority: 0 none, "
        "1 no errors left",
    ),
    "score_gmp": Entry(
        "GMP", "Geometric mean of the probability given to the vote that was cast; 0.5 is a coin"
    ),
    "score_brier": Entry(
        "Brier", "Mean squared distance of probability and vote; lower is better"
    ),
    "score_ece": Entry(
        "ECE", "Mean distance of predicted probabilities and what happened; lower is better"
    ),
    "score_auc": Entry(
        "AUC", "Chance that a yea was given a higher probability than a nay; 0.5 is a coin"
    ),
    "score_auc_within": Entry("AUC within", "The same among votes on one roll call"),
    "model_majority": Entry("Majority", "Everybody votes with the majority of the others"),
    "model_party": Entry("Party line", "Everybody votes with the others of the party"),
    "model_independent": Entry(
        "Own rates", "Everybody has a rate of +1 of their own", "independent spins"
    ),
    "model_IdealPoints-1D": Entry(
        "Ideal points, 1 line", "Places on one dimension (two-parameter item response)"
    ),
    "model_IdealPoints-2D": Entry("Ideal points, 2", "Places in two dimensions"),
    "model_IdealPoints-3D": Entry("Ideal points, 3", "Places in three dimensions"),
    "model_PseudoLikelihood": Entry(
        "Couplings (this page)", "Each vote from the others' votes on the same roll call",
        "inverse Ising model, pseudolikelihood",
    ),
    "model_Stack": Entry(
        "Both together", "Couplings and ideal points, weights learned from other votes"
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
    "cross_ties": "Ties across camps",
    "assortativity": "Ties kept inside camps",
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

    Raises
    ------
    InputError
        It is given as something else than text.

    Examples
    --------
    >>> explain("edge_agreement").name, explain("edge_agreement").unit
    ('Ties in agreement', 'share of ties')
    """
    if not isinstance(name, str):
        raise InputError(f"the word to explain is {quoted(name)}; give it as text.")
    if name in GLOSSARY:
        return GLOSSARY[name]
    if name in DEFINITIONS:
        meaning, unit = DEFINITIONS[name]
        shown_unit = "" if unit == "1" else unit
        plain = name.replace("_", " ")
        return Entry(NAMES.get(name, plain), meaning, PHYSICS.get(name, plain), shown_unit)
    return Entry(name.replace("_", " "), "As its name says")
