"""Pages that are written from the code: names, commands, scenario keys, gallery, glossary."""

from __future__ import annotations

import importlib
import inspect
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

GROUPS = {
    "Run and read": [
        "sociophysics",
        "scenario",
        "study",
        "results",
        "report",
        "describe",
        "glossary",
    ],
    "Society": ["networks", "couplings", "camps", "spins"],
    "What acts on it": ["feeds", "schedules", "interventions", "rules", "dynamics"],
    "What is measured": ["observables", "statistics", "experiments", "coarsen"],
    "Votes and data": ["rollcall", "inference", "chambers", "evidence"],
    "For other programs": ["live", "mesa_model", "kinds", "store", "streams", "errors"],
}
WRITTEN = ("reference/api", "reference/generated", "gallery")


def write_pages(docs: Path) -> None:
    """Write all pages that the code knows; what did not change is left as it is."""
    _write(docs / "reference" / "api.rst", _api(docs))
    _write(docs / "reference" / "command_line.md", _commands())
    _write(docs / "reference" / "scenario_keys.md", _keys())
    _write(docs / "reference" / "glossary.md", _glossary())
    _gallery(docs)
    _society(docs)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _api(docs: Path) -> str:
    lines = [
        "Python",
        "======",
        "",
        "Every public name by its short address: ``import sociophysics as sp``, ``sp.feeds``.",
        "",
    ]
    told: set[int] = set()
    for group, modules in GROUPS.items():
        lines += [group, "-" * len(group), "", ".. toctree::", "   :maxdepth: 1", ""]
        for name in modules:
            _write(docs / "reference" / "api" / f"{name}.rst", _module(name, told))
            lines.append(f"   api/{name}")
        lines.append("")
    return "\n".join(lines)


def _module(name: str, told: set[int]) -> str:
    """Return the page of a module; a name that an earlier page has is left to that page."""
    place = name if name == "sociophysics" else f"sociophysics.{name}"
    module = importlib.import_module(place)
    title = "sp" if name == "sociophysics" else f"sp.{name}"
    first = inspect.cleandoc(module.__doc__ or "").partition("\n\n")[0]
    about = "" if name == "sociophysics" else " ".join(first.split())
    lines = [title, "=" * len(title), "", about, "", f".. currentmodule:: {place}", ""]
    lines += [".. autosummary::", "   :toctree: ../generated", "   :nosignatures:", ""]
    own = [each for each in module.__all__ if id(getattr(module, each)) not in told]
    told.update(id(getattr(module, each)) for each in own)
    lines += [f"   {each}" for each in sorted(own, key=str.lower)]
    return "\n".join(lines) + "\n"


def _commands() -> str:
    from sociophysics.cli.application import app

    group = typer.main.get_command(app)
    lines = [
        "# Command line",
        "",
        "Every command ends with status 0 when it is done, 2 when what it was given cannot be used "
        "(one sentence says what, what was got, what is allowed and how to mend it), 1 when the "
        "fault is this package's, 130 when it was interrupted.",
    ]
    for path, command in _walk(group, "sociophysics"):
        lines += ["", f"## `{path}`", "", inspect.cleandoc(command.help or ""), ""]
        arguments = [p for p in command.params if p.name not in ("help",)]
        if arguments:
            lines += ["| given | what it is |", "|---|---|"]
            lines += [_parameter(each) for each in arguments]
    return "\n".join(lines) + "\n"


def _walk(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _walk(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = f"`{parameter.metavar or parameter.name.upper()}`"
    else:
        name = ", ".join(f"`{each}`" for each in parameter.opts)
    return f"| {name} | {_cell(getattr(parameter, 'help', '') or '')} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _keys() -> str:
    from sociophysics.kind_keys import listing
    from sociophysics.kinds import REGISTRIES

    lines = [
        "# Scenario keys",
        "",
        "Every kind that a scenario file may name, with its keys, as `sociophysics kinds` lists "
        "them. How a file is put together: [scenario files](../scenarios.md).",
    ]
    for word, registry in REGISTRIES.items():
        lines += ["", f"## {word.capitalize()} kinds"]
        for kind, cls in registry.items():
            about = listing(cls)
            lines += ["", f"### {word} `{kind}`", "", about["words"]]
            if about["equation"]:
                lines += ["", f"    {about['equation']}"]
            if about["keys"]:
                lines += ["", "| key | holds | default | what it is |", "|---|---|---|---|"]
            for key in about["keys"]:
                holds = ", ".join(filter(None, (key["holds"], key["allowed"], key["unit"])))
                default = "needed" if key["required"] else _default(key["default"])
                lines.append(
                    f"| `{key['name']}` | {_cell(holds)} | {default} | {_cell(key['sentence'])} |"
                )
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    return "" if value is None else f"`{_cell(str(value))}`"


def _glossary() -> str:
    from sociophysics.report.glossary import GLOSSARY

    lines = ["# Glossary", "", "The same words explain the numbers of the dashboard.", ""]
    lines += ["```{glossary}"]
    for entry in sorted(GLOSSARY.values(), key=lambda each: each.name.lower()):
        lines += [entry.name, f"  {entry.sentence()}", ""]
    return "\n".join([*lines[:-1], "```"]) + "\n"


def _gallery(docs: Path) -> None:
    from sociophysics.live.stories import stories

    told = stories()
    for name, story in told.items():
        _write(docs / "gallery" / f"{name}.md", _story(docs, story))
    lines = [
        "# Gallery",
        "",
        "Every scenario that comes along, with its question and what it found. "
        "`sociophysics run NAME` runs one, `sociophysics scenario copy NAME` makes it yours.",
        "",
        "```{toctree}",
        ":maxdepth: 1",
        "",
        *told,
        "```",
    ]
    _write(docs / "gallery" / "index.md", "\n".join(lines) + "\n")


def _society(docs: Path) -> None:
    """Write the living figure of the front page."""
    import sociophysics as sp

    with tempfile.TemporaryDirectory() as folder:
        page = sp.export(sp.Scenario.load("feed_designs"), Path(folder) / "society.html")
        _write(docs / "_static" / "society.html", page.read_text(encoding="utf-8"))


def _story(docs: Path, story: Any) -> str:
    lines = [f"# {story.title}", "", f"**{story.question}**", ""]
    if story.picture is not None:
        picture = story.picture.read_text(encoding="utf-8")
        _write(docs / "gallery" / story.picture.name, picture)
        lines += [f"![What the run shows]({story.picture.name})", ""]
    if story.notice:
        lines += ["## What to notice", "", story.notice, ""]
    lines += [
        "## What to try",
        "",
        *(f"- {each}" for each in story.tries),
        "",
        f"    sociophysics run {story.name}",
        f"    sociophysics scenario copy {story.name} mine.toml",
        f"    sociophysics describe {story.name}",
        "",
        "## The file",
        "",
        "```toml",
        textwrap.dedent(story.text).strip(),
        "```",
    ]
    return "\n".join(lines) + "\n"
