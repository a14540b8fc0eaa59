"""Words of this page: what a fit's numbers mean, in a social scientist's words."""

from __future__ import annotations

from ..glossary import GLOSSARY, Entry

__all__ = ["MODELS", "SCORES", "WORDS"]

WORDS = {
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
GLOSSARY.update(WORDS)

# Score to whether more is better.
SCORES = {
    "accuracy": True,
    "apre": True,
    "gmp": True,
    "brier": False,
    "ece": False,
    "auc": True,
    "auc_within": True,
}
MODELS = tuple(name.removeprefix("model_") for name in WORDS if name.startswith("model_"))
