"""``sociophysics check``: the card of a society, before anything is run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sociophysics.cli.inspect import Camps, Coupling, Nodes
from sociophysics.errors import InputError

if TYPE_CHECKING:
    from sociophysics.study.scenario_card import ScenarioCard

__all__ = ["check"]

Society = Annotated[
    str, typer.Argument(help="Scenario (TOML), network file, or bundled name.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


def check(
    society: Society,
    camps: Camps = None,
    nodes: Nodes = None,
    coupling: Coupling = None,
    as_json: AsJson = False,
) -> None:
    """Print who is there, who is tied to whom, what is missing, and where the society stands."""
    from sociophysics.scenario.text import named_file

    if Path(society).suffix.lower() == ".toml" or named_file(society).suffix == ".toml":
        if camps or nodes or coupling:
            raise InputError(
                "a scenario says itself where its users are; leave --camps, --nodes and "
                "--coupling out."
            )
        from sociophysics.scenario import Scenario
        from sociophysics.study.scenario_card import card_of_scenario

        found = card_of_scenario(Scenario.load(society))
    else:
        found = _of_network(society, camps, nodes, coupling)
    if as_json:
        typer.echo(json.dumps(found.plain(), indent=2, default=str))
        return
    for line in found.lines():
        typer.echo(line)


def _of_network(
    network: str, camps: str | None, nodes: Path | None, coupling: str | None
) -> ScenarioCard:
    from sociophysics.cli.inspect import loaded
    from sociophysics.scenario.membership import counted
    from sociophysics.society import camps as camp_attributes
    from sociophysics.study.expected import consensus_temperature
    from sociophysics.study.first_look import structure
    from sociophysics.study.scenario_card import ScenarioCard, tied, uneven
    from sociophysics.study.society_card import MOST_TIES, card

    system, attribute, graph = loaded(network, camps, nodes, coupling, False)
    codes, names = (None, ()) if attribute is None else camp_attributes.of(system, attribute)
    members = counted(attribute, codes, names, tuple(graph.get("notes", ())))
    critical = consensus_temperature(system) if system.J.nnz <= 2 * MOST_TIES else None
    facts = card(system, critical=critical)
    said = members.sentences()
    if unused := graph.get("unused_tie_columns", ()):
        said.append(f"columns of ties that nothing uses: {', '.join(map(str, unused))}")
    if critical is not None:
        said.append(
            f"with these couplings consensus is lost at T = {critical.value:.4g} "
            f"({critical.text}); T is in units of the couplings"
        )
    inside = structure(system)
    return ScenarioCard(
        society=network,
        facts=[*facts.sentences(), *tied(inside), *said],
        card=facts,
        structure=inside,
        membership=members,
        standing=[],
        warnings=uneven(inside, "none"),
    )
