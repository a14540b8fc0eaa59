"""``sociophysics check``: the card of a society, before anything is run."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sociophysics.cli.inspect import Camps, Coupling, Nodes
from sociophysics.errors import InputError

if TYPE_CHECKING:
    from sociophysics.scenario import Case, Scenario
    from sociophysics.study.first_look import Structure

__all__ = ["check"]

Society = Annotated[
    str, typer.Argument(help="Scenario (TOML), network file, or bundled name.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]
MOST_DESIGNS = 40


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
        found = _of_scenario(Path(society))
    else:
        found = _of_network(society, camps, nodes, coupling)
    if as_json:
        typer.echo(json.dumps(_plain(found), indent=2, default=str))
        return
    for line in _lines(found):
        typer.echo(line)


def _of_network(
    network: str, camps: str | None, nodes: Path | None, coupling: str | None
) -> dict[str, Any]:
    from sociophysics.cli.inspect import loaded
    from sociophysics.scenario.membership import counted
    from sociophysics.society import camps as camp_attributes
    from sociophysics.study.expected import consensus_temperature
    from sociophysics.study.first_look import structure
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
    return {
        "society": network,
        "facts": [*facts.sentences(), *_tied(inside), *said],
        "card": facts._asdict(),
        "structure": inside._asdict(),
        "membership": members._asdict(),
        "standing": [],
        "warnings": _uneven(inside, "none"),
    }


def _of_scenario(path: Path) -> dict[str, Any]:
    from sociophysics.scenario import Scenario
    from sociophysics.scenario import build as cases
    from sociophysics.scenario.membership import of_scenario
    from sociophysics.study.first_look import standing, structure

    scenario = Scenario.load(path)
    listed = _declared(scenario)
    first = listed[0].settings
    system, _ = cases.build_system(first, 0 if cases.varies(first) else None)
    inside = structure(system)
    members = of_scenario(scenario)
    rows, warnings = [], _uneven(inside, getattr(first.couplings, "normalize", "degree"))
    for case in listed[:MOST_DESIGNS]:
        found = standing(case.settings)
        rows.append({"design": case.design, **dict(case.point), **found._asdict()})
        warnings += [f"{case.design}: {sentence}" for sentence in found.warnings()]
    more = len(listed) - MOST_DESIGNS
    if more > 0:
        warnings.append(f"{more} more designs were not looked at")
    facts = rows[0]["card"]._replace(temperature=None, flips=None)
    for row in rows:
        row["card"] = row["card"]._asdict()
    return {
        "society": scenario.title or scenario.name,
        "facts": [*facts.sentences(), *_tied(inside), *members.sentences()],
        "card": rows[0]["card"],
        "structure": inside._asdict(),
        "membership": members._asdict(),
        "standing": rows,
        "warnings": warnings,
    }


def _declared(scenario: Scenario) -> list[Case]:
    """Return one case per design, at the point that the scenario declares."""
    from sociophysics.scenario import declared_values, expand, with_declared

    scenario = with_declared(scenario)
    declared = declared_values(scenario.canonical(), scenario.sweep.axes)
    cases: dict[str, list[Case]] = {}
    for case in expand(scenario):
        cases.setdefault(case.design, []).append(case)

    def here(case: Case) -> bool:
        return all(case.point.get(key) == value for key, value in declared.items())

    return [next(filter(here, own), own[0]) for own in cases.values()]


def _tied(found: Structure) -> list[str]:
    if found.weakest == found.strongest:
        weights = f"all couplings are {found.weakest:g}"
    else:
        weights = f"couplings from {found.weakest:g} to {found.strongest:g} in size"
    users = "user" if found.largest == 1 else "users"
    whole = "connected"
    if found.components > 1:
        whole = f"{found.components:,} components, the largest with {found.largest:,} {users}"
    return [f"{weights}; {whole}"]


def _uneven(found: Structure, normalize: str) -> list[str]:
    if normalize == "degree" or abs(found.strongest) < 10 * max(abs(found.weakest), 1e-300):
        return []
    if not found.weakest:
        return []
    return [
        f"couplings differ {abs(found.strongest / found.weakest):.3g}-fold: the strongest ties "
        'freeze first; couplings.normalize = "degree" gives users comparable pulls'
    ]


def _plain(value: Any) -> Any:
    """Return the same for JSON, which has neither infinity nor NaN: a word, and null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [found["society"], *(f"  {sentence}" for sentence in found["facts"])]
    if found["standing"]:
        lines += ["", *_table(found["standing"])]
    if found["warnings"]:
        lines += ["", *(f"warning: {sentence}" for sentence in found["warnings"])]
    return lines


def _table(rows: list[dict[str, Any]]) -> list[str]:
    width = max(6, *(len(row["design"]) for row in rows)) + 2
    sweeps = max(row["sweeps"] for row in rows)
    head = f"{'design':<{width}}{'T':>8}{'T/Tc':>8}{'flips':>8}{'pull/T':>9}{'feed':>7}"
    head += f"{'mean':>7}{'apart':>7}  {'state':<9} {'settles in':>12}"
    lines = [f"where it stands, from a trial of one replica over {sweeps} sweeps", head]
    for row in rows:
        card = row["card"]
        temperature, critical = card["temperature"], card["critical"]
        ratio = temperature / critical.value if temperature is not None and critical else None
        cells = [
            f"{_cell(temperature):>8}{_cell(ratio):>8}",
            f"{_cell(None if card['flips'] is None else 100 * card['flips'], ' %'):>8}",
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
