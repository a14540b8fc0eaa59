"""``python -m sociophysics``: the command line without its script."""

import sys

from sociophysics.cli import main

if __name__ == "__main__":
    sys.exit(main())
