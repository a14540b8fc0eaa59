"""The command line: ``sociophysics COMMAND ...``.

Each command is a thin function that calls the library; what went wrong becomes one sentence and
an exit status here, in one place.
"""

from sociophysics.cli.application import app, main

__all__ = ["app", "main"]
