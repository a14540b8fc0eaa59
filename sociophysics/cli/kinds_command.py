"""``sociophysics kinds``: every kind there is, ours and those of installed packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["kinds"]


def kinds(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    write: Annotated[
        Path | None,
        typer.Option(help="Folder of Markdown pages whose tables of kinds are brought up to date."),
    ] = None,
) -> None:
    """List all kinds with their keys: type, range, unit, default, and what each is."""
    from sociophysics.kind_keys import listing, listing_of_class, with_tables
    from sociophysics.kinds import REGISTRIES

    if write is not None:
        for page in sorted(write.glob("*.md")):
            text = page.read_text(encoding="utf-8")
            made = with_tables(text, REGISTRIES)
            if made != text:
                page.write_text(made, encoding="utf-8")
                typer.echo(f"{page} is brought up to date")
        return

    found: dict[str, dict[str, Any]] = {
        word: {kind: listing(cls) for kind, cls in registry.items()}
        for word, registry in REGISTRIES.items()
    }
    from sociophysics.observables import DEFINITIONS, OBSERVABLES

    found["observable"] = {
        name: {"words": DEFINITIONS[name][0], "unit": DEFINITIONS[name][1], "keys": []}
        for name in OBSERVABLES
        if name in DEFINITIONS
    }
    from sociophysics.dynamics.kernels.kernel_choice import REGISTRY as KERNELS

    found["kernel"] = {name: {**listing_of_class(cls), "keys": []} for name, cls in KERNELS.items()}
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for word, registry in found.items():
        for kind, about in registry.items():
            typer.echo(f"{word} {kind}: {about['words']}")
            if about.get("equation"):
                typer.echo(f"    {about['equation']}")
            for each in about["keys"]:
                typer.echo(f"    {_line(each)}")


def _line(key: dict[str, Any]) -> str:
    default = "" if key["required"] or key["default"] is None else f"default {key['default']}"
    needed = "needed" if key["required"] else ""
    about = ", ".join(filter(None, (key["holds"], key["allowed"], key["unit"], default, needed)))
    return f"{key['name']} ({about}): {key['sentence']}"
