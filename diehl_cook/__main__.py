"""``python -m diehl_cook``."""

import sys

from diehl_cook.cli import main

if __name__ == "__main__":
    sys.exit(main())
