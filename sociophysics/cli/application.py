"""The application: its commands, and what an error becomes."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Annotated

import typer

from sociophysics.cli import (
    audit,
    axis,
    calibrate,
    check,
    compare_rules,
    dashboard,
    data,
    detect,
    evidence,
    export,
    fit,
    inspect,
    poll,
    query,
    repeat,
    scenario,
    sensitivity,
    tip,
    trial,
)
from sociophysics.cli import cascades_command as cascades
from sociophysics.cli import kinds_command as kinds
from sociophysics.cli import run_command as run
from sociophysics.errors import InputError, shortened, told

__all__ = ["BAD_INPUT", "DEFECT", "DONE", "INTERRUPTED", "app", "main"]

DONE, DEFECT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
DEBUG = "SOCIOPHYSICS_DEBUG"

app = typer.Typer(
    name="sociophysics",
    help="A society as a spin system: signed networks, recommender feeds, roll-call votes.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("check")(check.check)
app.command("run")(run.run)
app.command("tip")(tip.tip)
app.command("trial")(trial.trial)
app.command("cascades")(cascades.cascades)
app.command("audit")(audit.audit)
app.command("sensitivity")(sensitivity.sensitivity)
app.command("fit")(fit.fit)
app.command("inspect")(inspect.inspect)
app.command("poll")(poll.poll)
app.command("detect")(detect.detect)
app.command("calibrate")(calibrate.calibrate)
app.command("axis")(axis.axis)
app.command("compare-rules")(compare_rules.compare_rules)
app.command("repeat")(repeat.repeat)
app.command("query")(query.query)
app.command("export")(export.export)
app.command("describe")(scenario.describe)
app.command("schema")(scenario.schema)
app.command("kinds")(kinds.kinds)
app.command("evidence")(evidence.evidence)
app.command("dashboard")(dashboard.dashboard)
app.add_typer(data.app, name="data")
app.add_typer(scenario.app, name="scenario")

# typer brings its own copy of click; the class of wrong usage is only reachable through this.
WrongUsage = typer.BadParameter.__bases__[0]


def _version(asked: bool) -> None:
    """Print which code this is, and end."""
    if asked:
        from sociophysics import __version__
        from sociophysics.sources import short, source_digest

        typer.echo(f"sociophysics {__version__} (sources {short(source_digest())})")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the code an error occurred.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and the digest of its sources.",
            callback=_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Take the options that belong to every command."""
    if debug:
        os.environ[DEBUG] = "1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status.

    0 done, 2 bad input (one sentence on what, got, allowed, fix), 1 a defect of this package.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process by default.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    _replace_unprintable()
    _tell_what_takes_long()
    as_python, warnings.formatwarning = warnings.formatwarning, _one_line
    try:
        return _status(given)
    finally:
        warnings.formatwarning = as_python


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """Return a warning as a terminal shows it: what is told, not where in the code."""
    return f"warning: {message}\n"


def _status(given: list[str]) -> int:
    """Run a command line, and turn what goes wrong into a sentence and a status."""
    try:
        status = app(args=given or ["--help"], prog_name="sociophysics", standalone_mode=False)
        return status if isinstance(status, int) else DONE
    except InputError as error:
        # Where a file is taken to be at fault the cause may be ours after all.
        if os.environ.get(DEBUG) and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        return _bad_input(str(error))
    except typer.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        _say("interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader, `head` for one, has seen enough; the exit must not try to write again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        # One raised by the system, of a disk or its rights; without a number it is ours.
        return _defect(error) if error.errno is None else _bad_input(told(error))
    except MemoryError:
        return _bad_input("memory is used up; ask for fewer users, replicas or values.")
    except Exception as error:
        if isinstance(error, WrongUsage):
            return _bad_input(f"{_usage(error)}; `sociophysics --help` lists what there is.")
        return _defect(error)


def _replace_unprintable() -> None:
    """Print a question mark for what the terminal's encoding lacks: no run fails for a letter."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class _Lines(logging.Handler):
    """Says what takes long, such as a fit on first use, on the terminal of the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line; a progress bar makes room for it."""
        print(record.getMessage(), file=sys.stderr, flush=True)


def _tell_what_takes_long() -> None:
    logger = logging.getLogger("sociophysics")
    if not any(isinstance(each, _Lines) for each in logger.handlers):
        logger.addHandler(_Lines())
        logger.setLevel(logging.INFO)


def _usage(error: Exception) -> str:
    explain = getattr(error, "format_message", error.__str__)
    return str(explain()).strip().rstrip(".") or "the command is incomplete"


def _bad_input(sentence: str) -> int:
    _say(shortened(" ".join(sentence.split())))
    return BAD_INPUT


def _defect(error: Exception) -> int:
    from sociophysics.kinds import REGISTRIES
    from sociophysics.observables import REGISTRY
    from sociophysics.others_code import at_fault

    others, said = None, f"{type(error).__name__}: {shortened(str(error))}"
    with contextlib.suppress(Exception):  # whatever else goes wrong, this is said
        kinds = [kind for registry in REGISTRIES.values() for kind in registry.values()]
        others = at_fault(error, [*kinds, *REGISTRY.values()])
    see = "Run `sociophysics --debug ...` to see where, and please report it"
    if others is None:
        _say(f"this is a defect of sociophysics, not of your input: {said}. {see}.")
    else:
        _say(f"this is a defect of the plugin {others}, not of your input: {said}. {see} there.")
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    return DEFECT


def _say(sentence: str) -> None:
    print(f"sociophysics: {sentence}", file=sys.stderr)
