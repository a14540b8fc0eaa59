"""The same society at another size."""

from __future__ import annotations

from typing import Any

from sociophysics.errors import InputError
from sociophysics.scenario import Scenario

__all__ = ["resized"]

STRENGTHS = ("value", "within", "across", "mean")


def resized(
    scenario: Scenario, size: int, design: str | None = None, *, whole_pull: bool = False
) -> Scenario:
    """Return the scenario with another size, in the design's own network if it has one.

    Parameters
    ----------
    size : int
        Users; of a lattice, the length of every side.
    whole_pull : bool
        On a complete network, scale the couplings so that all others together pull as before.

    Raises
    ------
    InputError
        A network whose size is fixed.
    """
    names = [each.name for each in scenario.designs]
    owner = scenario.designs[names.index(design) if design in names else 0] if names else None
    network = scenario.network if owner is None or owner.network is None else owner.network
    prefix = "" if network is scenario.network else f"designs.{owner.name if owner else ''}."
    if hasattr(network, "shape"):
        return scenario.replace({f"{prefix}network.shape": [size] * len(network.shape)})
    if not hasattr(network, "n"):
        raise InputError(
            f"several sizes are needed, but a network of kind {network.kind!r} has one size; use "
            "locate, which needs one."
        )
    changes: dict[str, Any] = {f"{prefix}network.n": size}
    if whole_pull and network.kind == "complete" and size > 1:
        changes |= _scaled(scenario, owner, (network.n - 1) / (size - 1))
    return scenario.replace(changes)


def _scaled(scenario: Scenario, owner: Any, factor: float) -> dict[str, Any]:
    own = None if owner is None else owner.couplings
    couplings: Any = scenario.couplings if own is None else own
    prefix = "" if own is None else f"designs.{owner.name}."
    keys = {} if couplings is None else couplings.table()
    if keys.get("normalize") != "none":
        return {}
    return {
        f"{prefix}couplings.{key}": factor * float(keys[key]) for key in STRENGTHS if key in keys
    }
