"""Claims: what a scenario's author expects of it, stated as data before it is run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from sociophysics.errors import InputError, did_you_mean, quoted
from sociophysics.kinds import Number
from sociophysics.scenario.values import Table, Text

if TYPE_CHECKING:
    from sociophysics.scenario.document import Scenario

__all__ = ["Claim", "check_claims", "claims_hash", "fitting"]

Point = dict[str, bool | int | float | str]


class Claim(Table):
    """One expectation: an observable of a design, against another design's or a number.

    Its number is the mean over the window of each replica, less that of ``than`` in the same
    replica, or less ``value``. With the margin m it is claimed that the number is above m (">"),
    below -m ("<"), or from -m to m ("within").
    """

    text: Text
    """What is claimed, in one sentence."""
    observable: Text
    """A recorded observable."""
    design: Text = "base"
    """The design it is said of; left out where there are none."""
    than: Text | None = None
    """The design it is compared with, replica by replica."""
    value: Number | None = None
    """The number it is compared with, instead."""
    at: Point = Field(default_factory=dict)
    """Values of swept keys; of keys left out the value that the file's own tables declare."""
    than_at: Point | None = None
    """Other values of swept keys for what it is compared with."""
    sweeps: Annotated[tuple[int, int], Field(strict=False)] | None = None
    """First and last sweep of the window; by default the last window of the run."""
    relation: Literal[">", "<", "within"]
    """Above, below, or within the margin."""
    margin: Annotated[float, Field(ge=0)] = 0.0
    """How far, in units of the observable."""

    @model_validator(mode="after")
    def _complete(self) -> Claim:
        compared = self.than is not None or self.than_at is not None
        if compared == (self.value is not None):
            raise InputError(
                f"the claim {quoted(self.text)} has {'both' if compared else 'neither'} a design "
                f"(than, than_at) {'and' if compared else 'nor'} a value to be compared with; give "
                "one."
            )
        if self.relation == "within" and self.margin == 0.0:
            raise InputError(
                f"the claim {quoted(self.text)} is that something lies within a margin of 0, which "
                "no measurement shows; give margin > 0."
            )
        if self.sweeps is not None and not 0 <= self.sweeps[0] <= self.sweeps[1]:
            raise InputError(
                f"sweeps of the claim {quoted(self.text)} is {list(self.sweeps)}; give the first "
                "sweep and the last."
            )
        return self


def check_claims(scenario: Scenario) -> None:
    """Raise unless every claim can be judged on the runs of the scenario.

    Raises
    ------
    InputError
        A design, observable or swept value that there is not.
    """
    for claim in scenario.claims:
        what = _unfit(scenario, claim)
        if what:
            raise InputError(f"{scenario.source}: the claim {quoted(claim.text)} {what}")


def fitting(scenario: Scenario, claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return the claims that can be judged on the runs of the scenario."""
    return tuple(claim for claim in claims if not _unfit(scenario, claim))


def _unfit(scenario: Scenario, claim: Claim) -> str:
    from sociophysics.scenario.cases import declared_values

    designs = [design.name for design in scenario.designs] or ["base"]
    for name in filter(None, (claim.design, claim.than)):
        if name not in designs:
            return f"names the design {quoted(name)}; {did_you_mean(name, designs)}"
    if claim.observable not in scenario.observe.names:
        nearest = did_you_mean(claim.observable, scenario.observe.names)
        return f"is about {quoted(claim.observable)}, which [observe] does not record; {nearest}"
    axes = scenario.sweep.axes
    declared = declared_values(scenario.canonical(), axes)
    for key, value in {**claim.at, **(claim.than_at or {})}.items():
        if key not in axes:
            return f"is at a value of {quoted(key)}, which is not swept; {did_you_mean(key, axes)}"
        for own in (claim.at.get(key, value), (claim.than_at or {}).get(key, value)):
            if own not in axes[key] and own != declared.get(key):
                there = "is not among the swept values; add it there."
                return f"is at {key} = {quoted(own)}, which {there}"
    last = max((case.dynamics.sweeps for case in _dynamics(scenario)), default=0)
    if claim.sweeps is not None and last and claim.sweeps[0] > last:
        return f"is about sweeps from {claim.sweeps[0]} on, but the runs end at {last}."
    return ""


def _dynamics(scenario: Scenario) -> list[Any]:
    holders: list[Any] = [scenario, *scenario.designs]
    return [each for each in holders if each.dynamics is not None]


def claims_hash(scenario: Scenario) -> str:
    """Return the sha256 of a scenario's claims in canonical form.

    Examples
    --------
    >>> from sociophysics.scenario import Scenario
    >>> claims_hash(Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 6}
    ... couplings = {kind = "uniform"}
    ... dynamics = {temperature = 1.0, sweeps = 4}
    ... '''))[:12]
    '4f53cda18c2b'
    """
    from sociophysics.scenario.settings import canonical_json

    text = canonical_json(scenario.canonical().get("claims", []))
    return hashlib.sha256(text.encode()).hexdigest()
