"""``python -m diehl_cook``."""

import sys

if __name__ == "__main__":
    try:
        from diehl_cook.cli import main  # takes seconds
    except KeyboardInterrupt:
        print("diehl_cook: stopped", file=sys.stderr)
        sys.exit(130)
    sys.exit(main())
