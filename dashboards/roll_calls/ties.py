"""The strongest ties of a chamber as a network: who pulls together, and who apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import solara

from sociophysics.live.fitted_chamber import FittedChamber
from sociophysics.live.network_picture import with_ties
from sociophysics.live.strongest_ties import strongest

from ..markup import tag
from ..network_view import NetworkView

__all__ = ["TieNetwork", "crossing"]


def crossing(fitted: FittedChamber, per_member: float) -> tuple[int, int, int]:
    """Return how many ties are drawn, how many of them pull across, and how many push inside."""
    drawn = strongest(fitted.coupling, per_member, fitted.names_once).J.tocoo()
    once = drawn.row < drawn.col
    across = fitted.side[drawn.row[once]] != fitted.side[drawn.col[once]]
    positive = drawn.data[once] > 0
    return int(once.sum()), int((across & positive).sum()), int((~across & ~positive).sum())


@solara.component
def TieNetwork(
    fitted: FittedChamber, per_member: float, chosen: int, on_chosen: Callable[[int], None]
) -> None:
    """Show the strongest ties; a click chooses a member."""
    drawn = solara.use_memo(
        lambda: with_ties(fitted.placed, strongest(fitted.coupling, per_member, fitted.names_once)),
        [fitted.folder, fitted.stamp, per_member],
    )

    def choose(users: list[int]) -> None:
        others = [user for user in users if user != chosen]
        if others:
            on_chosen(others[-1])

    NetworkView(
        drawn, np.where(fitted.side == 0, 1, -1).astype(np.int8), selected=[chosen],
        on_selected=choose, title="Strongest ties, one side as for and the other as against",
        height=400,
    )  # fmt: skip
    tag("div", *legend(fitted), css="sp-keys")


def legend(fitted: FittedChamber) -> list[Any]:
    """Return what discs, rings and lines mean here."""
    marks = ("sp-key-up", "sp-key-down")
    keys = [
        tag("span", tag("i", css=mark), f"{name} ({int((fitted.side == k).sum())})", css="sp-key")
        for k, (name, mark) in enumerate(zip(fitted.side_names, marks, strict=True))
        if (fitted.side == k).any()
    ]
    return [
        *keys,
        tag("span", tag("i", css="sp-key-tie"), "pulls inside, pushes across", css="sp-key"),
        tag("span", tag("i", css="sp-key-wall"), "pulls across, or pushes inside", css="sp-key"),
    ]
