"""The table of a trial: what some users get, from when to when, and what is asked of all."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from sociophysics.errors import InputError, did_you_mean
from sociophysics.kinds import Noise, Number
from sociophysics.scenario.values import Feed, Table

__all__ = [
    "OUTCOMES",
    "SameAsControl",
    "Treatment",
    "TrialTable",
]

OUTCOMES = {
    "stance": "stance, +1 or -1",
    "own_side": "stance times the sign of the own camp (camp 0: +1, camp 1: -1)",
    "exposure_out_group": "share of the posts shown that come from another camp",
    "exposure_own_camp": "share of the posts shown that come from the own camp",
    "exposure_no_camp": "share of the posts shown that come from users without a camp",
    "exposure_agreement": "share of the posts shown that agree with the reader",
}
NEEDS_CAMPS = ("own_side", "exposure_out_group", "exposure_own_camp", "exposure_no_camp")


def _shares(given: tuple[float, ...]) -> tuple[float, ...]:
    for share in given:
        if not 0 < share < 1:
            raise ValueError(
                f"it holds {share!r}; shares must lie between 0 and 1, which are always run"
            )
    if sorted(set(given)) != list(given):
        raise ValueError(f"it is {list(given)!r}; list each share once, in ascending order")
    return given


def _unit(text: str) -> str:
    word, _, name = text.partition(" ")
    if text not in ("user", "cluster") and not (word == "attribute" and name.strip()):
        raise ValueError(f"it is {text[:60]!r}; allowed: user, cluster, attribute NAME")
    return text


def _outcomes(given: tuple[str, ...]) -> tuple[str, ...]:
    for name in given:
        if name not in OUTCOMES:
            raise ValueError(f"it holds {name[:60]!r}; {did_you_mean(name, OUTCOMES)}")
    if len(set(given)) < len(given):
        raise ValueError(f"it is {list(given)!r}; list each outcome once")
    return given


class Treatment(Table):
    """What the treated get: one of another feed, an added field, a temperature, a held stance."""

    feed: Feed | None = None
    """A feed table, instead of the society's."""
    field: Number | None = None
    """Added to their external field."""
    temperature: Noise | None = None
    """Their social temperature."""
    hold: Literal[-1, 1] | None = None
    """A stance that they take and keep."""

    @model_validator(mode="after")
    def _one(self) -> Treatment:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise InputError(
                f"the treatment of [trial] has {', '.join(given) or 'nothing'}; give exactly one "
                "of feed, field, temperature and hold."
            )
        return self

    @property
    def kind(self) -> str:
        """Which of them it is."""
        return next(n for n in type(self).model_fields if getattr(self, n) is not None)


class SameAsControl(InputError):
    """The treatment is what users without it have anyway."""


class TrialTable(Table):
    """Some users are treated inside a society that goes on as it was."""

    at: Annotated[int, Field(ge=0)]
    """The treatment begins after the frame of this sweep."""
    until: int | None = None
    """It ends after this sweep, and what remains is followed to the end; left out: it lasts."""
    share: Annotated[
        tuple[float, ...], Field(strict=False, min_length=1), AfterValidator(_shares)
    ] = (0.05, 0.25, 0.5)
    """Shares of the units that are treated; nobody and everybody are always run."""
    unit: Annotated[str, AfterValidator(_unit)] = "user"
    """What is drawn: user, cluster (whole communities), or attribute NAME (all of one value)."""
    treatment: Treatment
    """What the treated get: { feed = {...} }, { field = 0.1 }, { temperature = 2.0 } or { hold = 1
    }."""
    outcome: Annotated[
        tuple[str, ...], Field(strict=False, min_length=1), AfterValidator(_outcomes)
    ] = ("stance",)
    """What is asked of every user: stance, own_side, exposure_out_group, exposure_own_camp,
    exposure_no_camp, exposure_agreement."""
    settle: Annotated[int, Field(ge=0)] | None = None
    """Sweeps after the beginning that no mean counts; half of the treated time if left out."""

    @model_validator(mode="after")
    def _in_order(self) -> TrialTable:
        if self.until is not None and self.until <= self.at:
            raise InputError(
                f"trial.until is {self.until}; it must be after trial.at = {self.at}, or leave it "
                "out."
            )
        return self

    def window(self, sweeps: int) -> tuple[int, int]:
        """Return after which sweep means begin to count, and the last one that counts."""
        end = sweeps if self.until is None else self.until
        settle = (end - self.at) // 2 if self.settle is None else self.settle
        return self.at + settle, end

    def check(self, tables: Any) -> None:
        """Raise if a trial cannot be made of one case's settings.

        Raises
        ------
        InputError
            It begins or ends outside the run, has nothing to average, treats with what the society
            has already, or the society has acts of its own meanwhile.
        """
        sweeps, every = tables.dynamics.sweeps, tables.observe.every
        for name, value in (("at", self.at), ("until", self.until)):
            if value is not None and value >= sweeps:
                raise InputError(
                    f"trial.{name} is {value}; it must be below dynamics.sweeps = {sweeps}."
                )
        first, last = self.window(sweeps)
        if last // every <= first // every:
            raise InputError(
                f"trial.settle = {first - self.at} leaves no frame between sweeps {first} and "
                f"{last} (observe.every = {every}); lower it, or record more often."
            )
        late = [act.at for act in tables.interventions if act.at >= self.at]
        if late:
            raise InputError(
                f"the scenario has an intervention at sweep {late[0]}, and the trial begins at "
                f"{self.at}; a trial needs a society that goes on as it was: leave it out."
            )
        if tables.dynamics.stop_when != "none":
            raise InputError(
                "dynamics.stop_when stops replicas at different times; a trial follows all of them "
                "equally long: leave it out."
            )
        self._check_treatment(tables)

    def _check_treatment(self, tables: Any) -> None:
        same = {
            "feed": self.treatment.feed == tables.feed,
            "temperature": self.treatment.temperature == tables.dynamics.temperature,
            "field": self.treatment.field == 0,
            "hold": False,
        }
        if same[self.treatment.kind]:
            raise SameAsControl(
                f"the treatment's {self.treatment.kind} is what users without it have; a trial "
                "needs a treatment that differs from the control."
            )
        if self.treatment.kind == "field" and any(
            isinstance(each, dict) for each in _values(tables.canonical("field"))
        ):
            raise InputError(
                "the treatment adds to the field, and [field] follows a schedule; give a field "
                "that lasts."
            )


def _values(table: dict[str, Any]) -> list[Any]:
    field = table.get("field", {})
    values = field.get("values", [field.get("value")])
    return list(values)
