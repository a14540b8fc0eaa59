"""Claims with what became of them: a sign, a word, the claim, the number."""

from __future__ import annotations

from collections.abc import Sequence

import solara

from sociophysics.live.stories import KnownClaim

from ..markup import Element, tag

__all__ = ["JUDGED", "Verdicts", "verdict_word"]

SIGNS = {"holds": "●", "fails": "✕", "undecided": "○"}
JUDGED = (
    "A claim holds when the whole 95 % interval over replicas is on the claimed side, fails when "
    "none of it is, and is undecided otherwise."
)


def verdict_word(verdict: str) -> Element:
    """Return a verdict as a sign and a word."""
    return tag("span", f"{SIGNS[verdict]} {verdict}", css=f"sp-claim-word sp-claim-{verdict}")


@solara.component
def Verdicts(claims: Sequence[KnownClaim], label: str) -> None:
    """List claims with their verdicts."""
    items = [
        tag(
            "li", verdict_word(claim.verdict), tag("span", claim.text),
            tag("span", claim.measured(), css="sp-note"), css="sp-claim",
        )
        for claim in claims
    ]  # fmt: skip
    tag("ul", *items, css="sp-claims", aria_label=label)
