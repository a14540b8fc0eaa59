"""The command line: ``sociophysics COMMAND ...``.

Each command is a thin function that calls the library; what went wrong becomes one sentence and
an exit status here, in one place.
"""

import os

# Before numpy is loaded: on small matrices several BLAS threads cost far more than they save.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from sociophysics.cli.application import app, main

__all__ = ["app", "main"]
