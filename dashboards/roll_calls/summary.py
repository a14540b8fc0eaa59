"""A fitted chamber in a few numbers and a sentence."""

from __future__ import annotations

import numpy as np
import solara

from sociophysics.live.fitted_chamber import FittedChamber

from ..glossary import Quantity, explain
from ..markup import tag
from .prediction import prediction_sentence

__all__ = ["Summary", "found_with_party", "summary_sentence"]

LARGE = 3  # members from which on a party counts as one
CODINGS = {
    "arbitrary": "Yea and nay are exchangeable here: the model has no leanings of single members, "
    "and nothing changes if a roll call is turned round.",
    "expert": "+1 was coded by experts (in the court: liberal), so members have leanings.",
    "majority": "+1 is the side of the majority, which selects on the outcome and makes spurious "
    "negative ties: read signs with that in mind.",
}


def found_with_party(fitted: FittedChamber) -> float | None:
    """Return the share of the larger parties' members who are in the bloc of their party.

    None where there are no two parties to compare with.
    """
    party = fitted.members["party"].to_numpy()
    counts = fitted.members["party"].value_counts()
    large = [name for name, size in counts.items() if name and size >= LARGE]
    if len(large) < 2:
        return None
    inside = np.isin(party, large)
    bloc = fitted.members["bloc"].to_numpy()
    agree = sum(
        int(np.unique(party[inside & (bloc == side)], return_counts=True)[1].max())
        for side in np.unique(bloc[inside])
    )
    return agree / int(inside.sum())


def summary_sentence(fitted: FittedChamber) -> str:
    """Return what a fit found, in one sentence."""
    told = []
    share = found_with_party(fitted)
    if share is not None:
        told.append(
            f"Two blocs found from votes alone put {100 * share:.0f} % of the members with their "
            "party"
        )
    top = fitted.place("")
    bridging = float(fitted.members["bridging"].iloc[top])
    if len(fitted.camp_names) > 1 and bridging > 0:
        told.append(
            f"{fitted.names[top]} bridges most: {100 * bridging:.0f} % of the pull goes to other "
            "parties"
        )
    if not told:
        return prediction_sentence(fitted.evaluation)
    return "; ".join(told) + "."


@solara.component
def Summary(fitted: FittedChamber) -> None:
    """Show what was fitted, what was found, and what kind of fit it is."""
    scores = fitted.evaluation.set_index("model")
    tag("p", summary_sentence(fitted), css="sp-rc-head")
    with solara.Div(classes=["sp-figures"]):
        Quantity("score_accuracy", float(scores.loc["PseudoLikelihood", "accuracy"]),
                 text="Accuracy on hidden votes")  # fmt: skip
        Quantity("score_accuracy", float(scores.loc["party", "accuracy"]),
                 text="Accuracy of the party line")  # fmt: skip
        share = found_with_party(fitted)
        if share is not None:
            Quantity("party_blocs", share)
        Quantity("frustration", fitted.landscape.frustrated)
    kind = (
        "A quick fit: point estimates, without intervals of ties"
        if fitted.quick
        else "A full fit: ties with intervals, and a second fit that generates such votes"
    )
    tag(
        "p",
        f"{kind}. {CODINGS[fitted.polarity]} {explain('coupling').name}s are statistical ties "
        "once all other votes are known, not proof of influence.",
        css="sp-note",
    )


@solara.component
def Limits(fitted: FittedChamber) -> None:
    """Say what a fit cannot claim, and what was left out of the votes."""
    for head, text in CAVEATS:
        tag("p", tag("strong", head + " "), text, css="sp-rc-caveat")
    with tag("details", css="sp-rc-more"):
        tag("summary", "The votes, and what was left out", css="sp-rc-summary")
        tag("ul", *(tag("li", note) for note in fitted.notes), css="sp-rc-notes")


CAVEATS = (
    ("Association, not influence.", "Shared districts, donors or whips tie votes together as well "
     "as persuasion does; nothing here tells them apart, and ties have no direction."),
    ("Single ties are weakly identified.", "In simulations of 100 members and 540 roll calls, "
     "estimated and true ties correlate at about .64. Sums over many pairs are far surer."),
    ("Predicting is not generating.", "The fit that predicts agrees too much with itself when it "
     "is simulated; full fits simulate another one, whose pairs agree as often as the votes'."),
    ("A chamber is not a law of nature.", "Members, agenda and rules were those of these roll "
     "calls. A what-if shows what the ties imply, not what the chamber would have done."),
)  # fmt: skip
