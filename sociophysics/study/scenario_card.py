"""The card of a whole scenario: who is there, what is missing, and where each design stands."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.scenario import Case, Scenario, declared_values, expand, with_declared
from sociophysics.scenario import build as cases
from sociophysics.scenario.membership import Membership, of_scenario
from sociophysics.scenario.settings import Settings
from sociophysics.study.first_look import Structure, standing, structure
from sociophysics.study.society_card import Card

__all__ = [
    "ScenarioCard",
    "card_of_scenario",
    "declared_cases",
    "frozen_designs",
    "tied",
    "uneven",
]

MOST_DESIGNS = 40


class ScenarioCard(NamedTuple):
    """What is known of a society before anything is asked of it.

    ``facts`` are sentences; ``standing`` has one row per design with ``design``, swept keys,
    ``card``, ``sweeps``, ``state`` (frozen, ordered, split, critical, mixed), ``magnetization``,
    ``apart``, ``pull``, ``feed`` and ``relaxation``; ``warnings`` are what must be known before
    it is run.
    """

    society: str
    facts: list[str]
    card: Card
    structure: Structure
    membership: Membership
    standing: list[dict[str, Any]]
    warnings: list[str]

    def plain(self) -> dict[str, Any]:
        """Return the same for JSON."""
        found: dict[str, Any] = plain(self)
        return found

    def sentences(self) -> list[str]:
        """Return the facts, and the state of the designs, as a report opens with them."""
        shared = card_without_trial(self.card).sentences()
        own = self.card._replace(flips=None, pull=None).sentences()
        said = [*self.facts, *(each for each in own if each not in shared)]
        states: dict[str, list[str]] = {}
        for row in self.standing:
            states.setdefault(row["state"], []).append(row["design"])
        told = "; ".join(f"{state}: {', '.join(names)}" for state, names in states.items())
        return [*said, *([f"a short trial finds it {told}"] if told else []), *self.warnings]

    def lines(self) -> list[str]:
        """Return the card as it is printed."""
        lines = [self.society, *(f"  {sentence}" for sentence in self.facts)]
        if self.standing:
            lines += ["", *_table(self.standing)]
        if self.warnings:
            lines += ["", *(f"warning: {sentence}" for sentence in self.warnings)]
        return lines


@asks
def card_of_scenario(scenario: Scenario) -> ScenarioCard:
    r"""Return the card of a scenario, each design at the point that the file declares.

    Every design is tried over a few sweeps of one replica, without interventions.

    Parameters
    ----------
    scenario : Scenario

    Raises
    ------
    InputError
        As ``cases.build_system``.

    Examples
    --------
    >>> cold = Scenario.from_toml(
    ...     'seed = 1\nnetwork = {kind = "complete", n = 40}\ncouplings = {kind = "uniform"}\n'
    ...     'dynamics = {temperature = 1, sweeps = 20, start = "up"}'
    ... )
    >>> card_of_scenario(cold).warnings[0].partition(",")[0]
    'base: frozen: no feed can make a difference here'
    """
    listed = declared_cases(scenario)
    first = listed[0].settings
    system, _ = cases.build_system(first, 0 if cases.varies(first) else None)
    inside = structure(system)
    members = of_scenario(scenario)
    rows: list[dict[str, Any]] = []
    warnings = uneven(inside, getattr(first.couplings, "normalize", "degree"))
    for case in listed[:MOST_DESIGNS]:
        found = standing(case.settings)
        rows.append({"design": case.design, **dict(case.point), **found._asdict()})
        warnings += [f"{case.design}: {sentence}" for sentence in found.warnings()]
    more = len(listed) - MOST_DESIGNS
    if more > 0:
        warnings.append(f"{more} more designs were not looked at")
    return ScenarioCard(
        society=scenario.title or scenario.name,
        facts=[
            *card_without_trial(rows[0]["card"]).sentences(),
            *tied(inside),
            *members.sentences(),
        ],
        card=rows[0]["card"],
        structure=inside,
        membership=members,
        standing=rows,
        warnings=warnings,
    )


def card_without_trial(found: Card) -> Card:
    """Return what all designs share."""
    return found._replace(temperature=None, flips=None, pull=None)


def frozen_designs(scenario: Scenario) -> Iterator[str]:
    """Yield a warning for each design that a short trial run finds frozen.

    Societies that are too large for a glance are not tried; of designs that differ in their feed
    alone, the others are tried where the first is frozen.
    """
    from sociophysics.study.society_card import MOST_TIES

    moving: list[Settings] = []
    for case in declared_cases(scenario)[:MOST_DESIGNS]:
        society = case.settings.model_copy(update={"feed": None})
        if society in moving:
            continue
        try:
            system, _ = cases.build_system(
                case.settings, 0 if cases.varies(case.settings) else None
            )
        except InputError:
            return  # the run itself says why
        if system.stored.nnz > 2 * MOST_TIES:
            return
        found = standing(case.settings)
        if found.state == "frozen":
            yield f"{case.design}: {found.warnings()[0]}"
        else:
            moving.append(society)


def declared_cases(scenario: Scenario) -> list[Case]:
    """Return one case per design, at the point that the scenario declares."""
    scenario = with_declared(scenario)
    declared = declared_values(scenario.canonical(), scenario.sweep.axes)
    by_design: dict[str, list[Case]] = {}
    for case in expand(scenario):
        by_design.setdefault(case.design, []).append(case)

    def here(case: Case) -> bool:
        return all(case.point.get(key) == value for key, value in declared.items())

    return [next(filter(here, own), own[0]) for own in by_design.values()]


def tied(found: Structure) -> list[str]:
    """Return the range of the couplings and the components, in a sentence."""
    if found.weakest == found.strongest:
        weights = f"all couplings are {found.weakest:g}"
    else:
        weights = f"couplings from {found.weakest:g} to {found.strongest:g} in size"
    users = "user" if found.largest == 1 else "users"
    whole = "connected"
    if found.components > 1:
        whole = f"{found.components:,} components, the largest with {found.largest:,} {users}"
    return [f"{weights}; {whole}"]


def uneven(found: Structure, normalize: str) -> list[str]:
    """Return a warning where couplings differ so much that the strongest freeze first."""
    if normalize == "degree" or abs(found.strongest) < 10 * max(abs(found.weakest), 1e-300):
        return []
    if not found.weakest:
        return []
    return [
        f"couplings differ {abs(found.strongest / found.weakest):.3g}-fold: the strongest ties "
        'freeze first; couplings.normalize = "degree" gives users comparable pulls'
    ]


def plain(value: Any) -> Any:
    """Return the same for JSON, which has neither infinity nor NaN: a word, and null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def _table(rows: list[dict[str, Any]]) -> list[str]:
    width = max(6, *(len(row["design"]) for row in rows)) + 2
    sweeps = max(row["sweeps"] for row in rows)
    head = f"{'design':<{width}}{'T':>8}{'T/Tc':>8}{'flips':>8}{'pull/T':>9}{'feed':>7}"
    head += f"{'mean':>7}{'apart':>7}  {'state':<9} {'settles in':>12}"
    tried = f"from a trial of one replica over {sweeps} sweeps" if sweeps else "by theory alone"
    lines = [f"where it stands, {tried}", head]
    for row in rows:
        card = row["card"]
        temperature, critical = card.temperature, card.critical
        ratio = temperature / critical.value if temperature is not None and critical else None
        cells = [
            f"{_cell(temperature):>8}{_cell(ratio):>8}",
            f"{_cell(None if card.flips is None else 100 * card.flips, ' %'):>8}",
            f"{_cell(row['pull']):>9}{_cell(row['feed']):>7}",
            f"{_cell(row['magnetization']):>7}{_cell(row['apart']):>7}",
            f"  {row['state']:<9} {_cell(row['relaxation'], ' sweeps'):>12}",
        ]
        lines.append((f"{row['design']:<{width}}" + "".join(cells)).rstrip())
    return lines


def _cell(value: float | None, unit: str = "") -> str:
    """Return a number as a cell, a dash where there is none.

    Examples
    --------
    >>> _cell(0.30000001), _cell(None), _cell(12.345, " %"), _cell(math.inf)
    ('0.3', '-', '12.3 %', 'slow')
    """
    if value is None or math.isnan(value):
        return "-"
    return "slow" if value == math.inf else f"{value:.3g}{unit}"
