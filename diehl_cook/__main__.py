"""``python -m diehl_cook``."""

import sys

from diehl_cook.cli import main

sys.exit(main())
