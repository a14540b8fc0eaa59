"""What a fitted chamber's report says about its numbers and their limits."""

from __future__ import annotations

__all__ = [
    "CALIBRATION", "CAVEATS", "CODINGS", "HEAT", "LANDSCAPE", "MODELS", "OVER_ORDERED", "SCORES",
    "SYMMETRIC",
]  # fmt: skip

MODELS = {
    "majority": "every member votes with the majority of the others",
    "party": "every member votes with the others of the party",
    "independent": "every member has a rate of +1 of their own",
    "IdealPoints-1D": "positions on one dimension (two-parameter item response)",
    "IdealPoints-2D": "positions in two dimensions",
    "IdealPoints-3D": "positions in three dimensions",
    "IdealPoints": "positions in 1, 2, 3 or 6 dimensions, whichever predicts hidden training votes "
    "best",
    "PseudoLikelihood": "the couplings of this report",
    "Stack": "couplings and ideal points together, weights from training votes",
}
SCORES = (
    ("accuracy", "share of held-out votes on the side that was predicted"),
    ("APRE", "1 - errors / votes of the minority: the reduction in error against guessing that "
     "everybody votes with the majority"),
    ("GMP", "geometric mean of the probability given to the recorded vote"),
    ("Brier", "mean squared difference of probability and vote; lower is better"),
    ("ECE", "mean distance of predicted probability and share of +1, in ten bins"),
    ("AUC", "chance that a yea had a higher probability than a nay; within: on the same roll "
     "call"),
)  # fmt: skip
CODINGS = {
    "arbitrary": "Which side of a roll call is called +1 is an accident of its wording. The model "
    "has no fields, and its couplings and predictions do not change if any roll call is turned "
    "round (the baselines majority and independent do).",
    "expert": "Experts coded which side is +1, so members have fields: a positive one is a pull "
    "towards +1 that no other member explains.",
    "majority": "+1 is the side of the majority. This coding selects on the outcome and makes "
    "spurious negative couplings: read signs and fields with that in mind.",
}
CAVEATS = (
    ("Association, not influence.", "A coupling says that two members' votes go together once all "
     "other votes on the roll call are known. Shared districts, donors or party whips give "
     "couplings as well as persuasion does; nothing here tells them apart, and neither does the "
     "direction: J is symmetric because the data are."),
    ("Single couplings are weakly identified.", "In simulations of a chamber of 100 members and "
     "540 roll calls estimated and true couplings correlate at about .64. Sums over many pairs "
     "(blocs, cross-party coupling, predictions) are far surer than any one line in the picture. "
     "couplings.csv has an error, an interval and a sign probability for each pair."),
    ("The coding decides.", "Couplings of votes coded another way are other couplings. Fields mean "
     "something only where +1 does."),
    ("Predicting is not generating.", "The fit that predicts (pseudolikelihood) is over-ordered "
     "when it is simulated: its members agree too much. What is simulated here, and what scenarios "
     "use by default, is the Boltzmann refinement, whose pair moments match the votes."),
    ("A chamber is not a law of nature.", "Members, agenda and rules were those of these roll "
     "calls. A what-if on the fitted chamber shows what its couplings imply, not what the chamber "
     "would have done."),
)  # fmt: skip
OVER_ORDERED = (
    "This quick fit has no Boltzmann refinement. The landscape below is that of the fit that "
    "predicts, which is over-ordered: its minima are deeper than those of a chamber that generates "
    "such votes. Simulated roll calls, specific heat and pivotal members need a fit without "
    "--quick."
)
CALIBRATION = (
    "Points on the diagonal mean what they say. Bars are exact 95 % intervals; votes on one "
    "roll call depend on each other, so the true ones are wider."
)
HEAT = (
    "var(E) / (n T²) of the couplings divided by T. A peak near 1 is partly an effect of fitting "
    "correlated data: the nulls are fitted alike to votes shuffled member by member, and to votes "
    "whose two blocs are shuffled against each other."
)
LANDSCAPE = (
    "Stances from which no single change of mind lowers the energy, reached from 2,000 random "
    "starts. A large basin is reached from many starts; a deep minimum is hard to leave."
)
SYMMETRIC = "Without fields a minimum and its mirror image are one row."
