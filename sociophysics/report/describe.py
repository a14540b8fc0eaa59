"""A scenario in words: an ODD-style description with the equations and this file's values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from sociophysics.arguments import asks
from sociophysics.dynamics.conditions import STARTS
from sociophysics.errors import InputError
from sociophysics.kinds import ESTIMATORS, Kind
from sociophysics.scenario import Design, Scenario, expand
from sociophysics.scenario.membership import of_scenario
from sociophysics.society.network_kinds import Bundled
from sociophysics.study.scenario_card import card_of_scenario

__all__ = ["describe"]

NETWORK = "The ties are those of the network below; without `directed`, J_ij and J_ji are equal."
NORMALIZE = (
    "Normalized by degree: J_ij / sqrt(k_i k_j), directed J_ij / k_i, with k_i = sum_j |J_ij|; "
    "temperatures of order one then suit any network."
)
SLOTS = (
    "With k slots, phi_i = strength * (2K - k) / k, where K ~ Binomial(k, (1 + X_i) / 2) and X_i "
    "is the mean stance that the unlimited feed would show."
)
# Networks whose users may lack an attribute; generated ones have what they have.
MOST_USERS = 10_000  # of a drawn network that is built to be described
FROM_DATA = ("bundled", "file")
STEP = """One **sweep** is n single-user updates. Time is counted in sweeps. In each sweep

1. every user's feed is refreshed from the stances at the start of the sweep, and its field
   phi_i is held until the next refresh;
2. {updates};
3. the feed's memory, if it has one, is updated.

At T = 0 a zero field is a fair coin; at T = infinity every draw is. Interventions at sweep t act
after the frame of sweep t is recorded and before sweep t + 1."""


HEAT_BATH = """each sees the local field
   f_i = sum_j J_ij s_j + h_i(t) + phi_i(t, s) with the current stances of the others, and is set
   to +1 with probability 1 / (1 + exp(-2 f_i / T)), else to -1"""
UPDATES = {
    None: f"n users are drawn uniformly at random, one after the other; {HEAT_BATH}",
    "sequential": f"all n users, one after the other in their order; {HEAT_BATH}",
    "kawasaki": """n ties are drawn uniformly at random, one after the other; the two users at
   its ends, if unlike, trade stances with probability 1 / (1 + exp(D / T)), where D is what
   the trade adds to the energy, so that the mean stance never changes""",
}


@asks
def describe(scenario: Scenario) -> str:
    r"""Return a description of a scenario after the ODD protocol, in Markdown.

    ODD stands for overview, design concepts, details. Purpose, entities, processes, concepts,
    initialization, inputs and submodels are given with their equations and this file's values.

    The card of the society stands first, where it is cheap to build.

    Parameters
    ----------
    scenario : Scenario

    References
    ----------
    Grimm et al., "The ODD protocol for describing agent-based and other simulation models: a
    second update", JASSS 23(2), 7 (2020).

    Examples
    --------
    >>> scenario = Scenario.from_toml(
    ...     "seed = 1\nnetwork = {kind = 'complete', n = 9}\ncouplings = {kind = 'uniform'}\n"
    ...     "dynamics = {temperature = 1, sweeps = 2}"
    ... )
    >>> print("\n".join(describe(scenario).splitlines()[2:6]))
    The society:
    <BLANKLINE>
    - 9 users, 36 mutual ties, all friendly.
    - all couplings are 1; connected.
    """
    sections = [
        f"# {scenario.title or scenario.name}{_card(scenario)}",
        "## 1. Purpose",
        scenario.question or "The scenario states no question.",
        "## 2. Entities and state variables",
        _entities(scenario),
        "## 3. Process overview and scheduling",
        STEP.format(updates=UPDATES[getattr(scenario.dynamics, "scheme", None)]),
        "## 4. Design concepts",
        _concepts(scenario),
        "## 5. Initialization",
        _initialization(scenario),
        "## 6. Inputs",
        _inputs(scenario),
        "## 7. Submodels",
        _submodels(scenario),
    ]
    return "\n\n".join(sections) + "\n"


def _value(value: object) -> str:
    if isinstance(value, Kind):
        return value.said()
    if isinstance(value, BaseModel):
        inside = {key: each for key, each in _items(value) if each is not None}
        kind = inside.pop("kind", None)
        listed = ", ".join(f"{key} = {_value(each)}" for key, each in inside.items())
        return f"{kind} ({listed})" if kind and listed else str(kind or listed)
    if isinstance(value, tuple):
        return ", ".join(map(_value, value)) if len(value) <= 20 else f"{len(value)} values"
    return str(value)


def _items(table: BaseModel | Kind) -> list[tuple[str, Any]]:
    """Return the keys and values of a scenario's table, its kind first."""
    if isinstance(table, Kind):
        return [("kind", table.kind), *((key, getattr(table, key)) for key in table.key_names())]
    return list(table)


def _table(model: BaseModel | Kind | None) -> str:
    """Return the keys and values of a scenario's table as a Markdown list."""
    if model is None:
        return "- given in each design"
    rows = [f"- {key} = {_value(value)}" for key, value in _items(model) if value is not None]
    return "\n".join(rows)


def _entities(scenario: Scenario) -> str:
    network = scenario.network
    return (
        "**Users** hold a stance s_i = +1 or -1 and belong to a camp (node attribute "
        f"`{network.camp}`, if there is one). **Ties** carry a coupling J_ij: how much user i "
        "listens to user j, above 0 towards agreement, below 0 towards disagreement. The "
        "**environment** has a social temperature T (noise), an external field h_i(t) and a "
        "recommender feed, which acts as a field phi_i(t, s). With symmetric J and no feed the "
        "energy is E(s) = -1/2 s'Js - h's.\n\n"
        f"Network, kind {network.kind}: {network.words}"
    )


def _concepts(scenario: Scenario) -> str:
    sweep, observe = scenario.sweep, scenario.observe
    redrawn = ", ".join(sweep.redraw)
    drawn = f"each replica draws its own {redrawn}" if redrawn else "all replicas share them"
    return "\n".join(
        [
            f"- *Stochasticity.* Every random number derives from the seed {scenario.seed}, its "
            "purpose and the replica's number. Replica r therefore meets the same start and noise "
            "in all designs and at all swept values: comparisons are paired. Of network and "
            f"couplings, {drawn}.",
            f"- *Replicas.* {sweep.replicas} per design and swept value.",
            f"- *Observation.* Every {observe.every} sweeps, from sweep 0 (the start):",
            *(f"  - {line}" for line in _observables(observe.names)),
            "- *Sensing.* Users see the current stances of those they listen to, and what the "
            "feed shows them, as of the last refresh.",
            "- *Emergence.* Consensus, camps held apart, domains and trapping follow from these "
            "rules; none is imposed.",
        ]
    )


def _observables(names: Iterable[str]) -> list[str]:
    from sociophysics.observables import DEFINITIONS

    lines = []
    for name in names:
        definition, unit = DEFINITIONS.get(name, ("registered by the user", "1"))
        lines.append(f"`{name}`: {definition}" + ("" if unit == "1" else f"; unit: {unit}"))
    return lines


def _initialization(scenario: Scenario) -> str:
    starts = dict.fromkeys(case.settings.dynamics.start for case in expand(scenario, resolve=False))
    lines = [
        f"- start = {start}: {STARTS.get(start) or _from_attribute(start)}." for start in starts
    ]
    return "\n".join([*lines, *(f"- {sentence}." for sentence in _counted(scenario))])


def _from_attribute(start: str) -> str:
    return f"stances from the node attribute {start!r}; users with a blank there are fair coins"


def _card(scenario: Scenario) -> str:
    """Return the facts of the society, where it is cheap to build."""
    users = getattr(scenario.network, "n", MOST_USERS + 1)
    small = math.prod(getattr(scenario.network, "shape", (users,))) <= MOST_USERS
    if scenario.couplings is None or not (small or scenario.network.kind in FROM_DATA):
        return ""
    try:
        sentences = card_of_scenario(scenario).sentences()
    except InputError:
        return ""
    return "\n\nThe society:\n\n" + "\n".join(f"- {each}." for each in sentences)


def _counted(scenario: Scenario) -> list[str]:
    """Return how many users have camps and stances, where that is in the data."""
    if scenario.network is None or scenario.network.kind not in FROM_DATA:
        return []
    try:
        return of_scenario(scenario).sentences()
    except InputError as error:
        return [f"the users cannot be counted: {str(error).rstrip('.')}"]


def _inputs(scenario: Scenario) -> str:
    from sociophysics.scenario import files_of

    files: dict[str, str] = {}
    for case in expand(scenario, resolve=False):
        files |= {path: key for key, path in files_of(case.settings).items()}
    lines = [f"- {key}: `{path}`" for path, key in files.items()]
    if isinstance(scenario.network, Bundled):
        lines.append(f"- the network `{scenario.network.name}` that comes with the package")
    lines += [f"- swept: {key} = {_value(values)}" for key, values in scenario.sweep.axes.items()]
    return "\n".join(lines) or "No data are read and nothing is swept."


def _submodels(scenario: Scenario) -> str:
    couplings, dynamics = scenario.couplings, scenario.dynamics
    blocks = [
        f"### Network\n\n{NETWORK}\n\n{_table(scenario.network)}",
        f"### Couplings\n\n{_couplings(couplings)}\n\n{_table(couplings)}",
        f"### External field\n\n{scenario.field.equation}\n\n{_table(scenario.field)}",
        f"### Dynamics\n\n{_rule(dynamics)}\n\n{_table(dynamics)}",
        f"### Feed{'s' if scenario.designs else ''}\n\n{_feeds(scenario)}",
    ]
    others = [_design(design) for design in scenario.designs]
    if any(others):
        blocks.append("### What else designs change\n\n" + "\n".join(filter(None, others)))
    blocks.append(f"### Interventions\n\n{_interventions(scenario.interventions)}")
    blocks += _ties_and_trial(scenario)
    return "\n\n".join(blocks)


def _ties_and_trial(scenario: Scenario) -> list[str]:
    """Return what [follow], here or in a design, and [trial] do, where there are any."""
    from sociophysics.report.trial_words import follow_words, trial_words

    blocks = []
    tables = [("", scenario.follow), *((f"{d.name}: ", d.follow) for d in scenario.designs)]
    told = [f"{name}{follow_words(table)}" for name, table in tables if table is not None]
    if told:
        blocks.append("### Ties that follow\n\n" + "\n\n".join(told))
    if scenario.trial is not None:
        blocks.append(f"### Trial\n\n{trial_words(scenario.trial)}")
    return blocks


def _rule(dynamics: Any) -> str:
    rule, scheme = (getattr(dynamics, key, None) for key in ("rule", "scheme"))
    named = {None: "random-sequential", "kawasaki": "swaps of unlike neighbours"}
    order = named.get(scheme, scheme)
    if rule is None:
        return f"Heat bath ({'Kawasaki' if scheme == 'kawasaki' else 'Glauber'}), {order}."
    unused = " The temperature is not used." if dynamics.temperature is not None else ""
    return (
        f"Rule {rule.kind}, {order}: {rule.words} {rule.equation} The aligned pull is "
        "y = s_i f_i / F_i, with F_i = sum_j |J_ij| + max_t |h_i(t)| + the feed's bound." + unused
    )


def _couplings(couplings: Any) -> str:
    if couplings is None:
        return "Given in each design."
    degree = getattr(couplings, "normalize", "none") == "degree"
    text = str(couplings.equation) + (f" {NORMALIZE}" if degree else "")
    if (name := getattr(couplings, "estimator", "")) in ESTIMATORS:
        fit = ESTIMATORS[name]
        text += f" Here they are of the estimator {name}: {fit.words} {fit.equation}"
    return text


def _feeds(scenario: Scenario) -> str:
    rows = []
    for design in scenario.designs or (Design(name="base"),):
        feed = design.feed or scenario.feed
        given = {key: each for key, each in feed.table().items() if key != "kind"}
        keys = ", ".join(f"{key} = {_value(v)}" for key, v in given.items() if v is not None)
        slots = f" {SLOTS}" if getattr(feed, "slots", None) else ""
        label = f"**{design.name}** ({feed.kind}{': ' + keys if keys else ''})"
        rows.append(f"- {label}: {feed.equation}{slots}")
    return "\n".join(rows)


def _design(design: Design) -> str:
    changed = [
        f"{key}: {_value(table)}"
        for key, table in design
        if key not in ("name", "feed") and table is not None
    ]
    return f"- **{design.name}**: {'; '.join(changed)}" if changed else ""


def _interventions(events: Iterable[Any]) -> str:
    rows = []
    for event in events:
        given = [(k, v) for k, v in _items(event) if k not in ("at", "kind") and v is not None]
        keys = ", ".join(f"{k} = {_value(v)}" for k, v in given)
        words = event.words.rstrip(".")
        rows.append(f"- after sweep {event.at}: {words[:1].lower()}{words[1:]} ({keys})")
    return "\n".join(rows) or "None."
