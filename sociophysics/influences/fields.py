"""The kinds of external field: what pulls at users besides ties and feed, such as media."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Discriminator, Field, Tag

from sociophysics.errors import InputError
from sociophysics.influences.schedules import Level, Patterned
from sociophysics.kinds import FIELDS, Kind, Kinds, Text, key
from sociophysics.society import camps as camp_attributes
from sociophysics.society.spins import SpinSystem

__all__ = ["AttributeField", "CampField", "ExternalField", "NoField", "UniformField", "register"]


def _listed(value: Any) -> str:
    return "a table of camps" if isinstance(value, Mapping) else "a list"


Levels = Annotated[
    Annotated[tuple[Level, ...], Field(strict=False, min_length=1), Tag("a list")]
    | Annotated[dict[str, Level], Field(min_length=1), Tag("a table of camps")],
    Discriminator(_listed),
]


@dataclass(frozen=True)
class ExternalField(Kind):
    """What all kinds of external field have in common."""

    registry: ClassVar[Kinds] = FIELDS

    @abstractmethod
    def terms(
        self, system: SpinSystem, camps: NDArray[np.int64] | None, names: Sequence[Any]
    ) -> list[Patterned]:
        """Return the terms that add up to the field: what each user feels of a schedule.

        Parameters
        ----------
        system : SpinSystem
        camps : int array, shape (n,), or None
            The camp of each user, -1 for none.
        names : sequence
            Names of the camps, in the order of their numbers.

        Raises
        ------
        InputError
            Camps or attributes that are missing or others.
        """


@FIELDS.register
@dataclass(frozen=True)
class NoField(ExternalField):
    """No external field."""

    kind: ClassVar[str] = "none"
    equation: ClassVar[str] = "h_i(t) = 0."

    def terms(
        self, system: SpinSystem, camps: NDArray[np.int64] | None, names: Sequence[Any]
    ) -> list[Patterned]:
        """Return no terms."""
        return []


@FIELDS.register
@dataclass(frozen=True)
class UniformField(ExternalField):
    """The same external field on everyone: media, events.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> [term] = UniformField(0.2).terms(pair, None, ())
    >>> term.pattern, term.schedule
    (array([1., 1.]), 0.2)
    """

    value: Annotated[Level, key("The field, a number or a schedule.", unit="couplings")]
    kind: ClassVar[str] = "uniform"
    equation: ClassVar[str] = "h_i(t) = value for all users."
    physics: ClassVar[str] = "a homogeneous external field"

    def terms(
        self, system: SpinSystem, camps: NDArray[np.int64] | None, names: Sequence[Any]
    ) -> list[Patterned]:
        """Return one term that all feel alike."""
        return [Patterned(np.ones(system.n), self.value)]


@FIELDS.register
@dataclass(frozen=True)
class CampField(ExternalField):
    """One external field per camp.

    Examples
    --------
    >>> trio = SpinSystem.from_edges([0, 1], [1, 2])
    >>> camps, names = np.array([0, 1, -1]), ("left", "right")
    >>> terms = CampField({"right": -0.1, "left": 0.3}).terms(trio, camps, names)
    >>> sum(term.pattern * term.schedule for term in terms)
    array([ 0.3, -0.1,  0. ])
    """

    values: Annotated[
        Levels,
        key(
            "Field on camp 0, 1, ..., or by the camps' names: {left = 0.1, right = -0.1}; numbers "
            "or schedules.",
            unit="couplings",
        ),
    ]
    kind: ClassVar[str] = "camps"
    equation: ClassVar[str] = "h_i(t) = the value of the user's camp."
    physics: ClassVar[str] = "a staggered field"

    def terms(
        self, system: SpinSystem, camps: NDArray[np.int64] | None, names: Sequence[Any]
    ) -> list[Patterned]:
        """Return one term per camp; users without one feel none."""
        count = 0 if camps is None else int(camps.max(initial=-1)) + 1
        if camps is None or len(self.values) != count:
            raise InputError(
                f"[field] values holds {len(self.values)} fields for {count} camps; give one per "
                "camp."
            )
        levels = camp_attributes.by_name(self.values, names, "[field] values")
        return [Patterned((camps == c).astype(np.float64), level) for c, level in enumerate(levels)]


@FIELDS.register
@dataclass(frozen=True)
class AttributeField(ExternalField):
    """Each user's own external field, from the node table."""

    name: Annotated[Text, key("Node attribute that holds it.")]
    kind: ClassVar[str] = "attribute"
    equation: ClassVar[str] = "h_i = the user's attribute."
    physics: ClassVar[str] = "a quenched random field"

    def terms(
        self, system: SpinSystem, camps: NDArray[np.int64] | None, names: Sequence[Any]
    ) -> list[Patterned]:
        """Return one term with the attribute as its pattern."""
        if self.name not in system.nodes:
            raise InputError(
                f"[field] name is {self.name!r}, which is not an attribute of the users."
            )
        column: NDArray[np.float64] = pd.to_numeric(
            system.nodes[self.name], errors="coerce"
        ).to_numpy(dtype=np.float64)
        if not np.isfinite(column).all():
            i = int(np.flatnonzero(~np.isfinite(column))[0])
            raise InputError(
                f"user {system.labels[i]!r} has {self.name} {system.nodes[self.name].iloc[i]!r}; "
                "a field must be a finite number for every user."
            )
        return [Patterned(column, 1.0)]


register = FIELDS.register
