"""``python -m diehl_cook`` and ``diehl-cook``."""

import os
import signal
import sys
from collections.abc import Callable


def main() -> int:
    """Run the command of this process; gives its exit code."""
    _open_standard_streams()
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    try:
        return _command()()
    except KeyboardInterrupt:  # before the command heeds it, or when it tells of another
        print("diehl_cook: stopped", file=sys.stderr)
        return 130
    except OSError as error:  # a file of a package, where this machine lets too few be open
        print(f"diehl_cook: cannot start: {error}", file=sys.stderr)
        return 1
    finally:
        # Python's own end takes a while, too, and would tell of a signal at length.
        signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.SIG_DFL)


def _command() -> Callable[[], int]:
    # Brian2 writes what was typed into a file, and fails where that is no text.
    typed, sys.argv = sys.argv, [""]
    try:
        from diehl_cook.cli import main as command  # takes seconds
    finally:
        sys.argv = typed
    return command


def _open_standard_streams() -> None:
    """Open those that the caller closed, as ``2>&-`` does.

    Otherwise the next files opened take their numbers, and what is said goes into them.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 as long as the process


if __name__ == "__main__":
    sys.exit(main())
