"""The tables that say who is tied to whom, how strongly, and what else pulls at them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sociophysics.kinds import COUPLINGS, NETWORKS, OneOf
from sociophysics.scenario.values import Level, Table, Text
from sociophysics.society import coupling_kinds, network_kinds

__all__ = ["FIELDS", "Couplings", "FieldTable", "Network", "NoField"]

Network = Annotated[network_kinds.Network, OneOf(NETWORKS)]
Couplings = Annotated[coupling_kinds.Coupling, OneOf(COUPLINGS)]


class NoField(Table):
    """No external field."""

    kind: Literal["none"]


class UniformField(Table):
    """The same external field on everyone: media, events."""

    kind: Literal["uniform"]
    value: Level
    """The field, a number or a schedule."""


class CampField(Table):
    """One external field per camp."""

    kind: Literal["camps"]
    values: Annotated[tuple[Level, ...], Field(strict=False, min_length=1)]
    """Field on camp 0, 1, ...; numbers or schedules."""


class AttributeField(Table):
    """Each user's own external field, from the node table."""

    kind: Literal["attribute"]
    name: Text
    """Node attribute that holds it."""


FIELDS: dict[str, type[Table]] = {
    "none": NoField,
    "uniform": UniformField,
    "camps": CampField,
    "attribute": AttributeField,
}

FieldTable = Annotated[
    NoField | UniformField | CampField | AttributeField, Field(discriminator="kind")
]
