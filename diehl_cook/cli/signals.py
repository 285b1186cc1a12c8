"""Signals that ask to stop, as Ctrl-C does."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn


class Stopped(KeyboardInterrupt):
    """A signal asked to stop; its number is the argument."""


@contextlib.contextmanager
def signals_heeded() -> Iterator[None]:
    """Stop at SIGTERM and SIGHUP as at Ctrl-C, and leave what the caller ignores ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python sets handlers in its main thread only
        return
    heard: list[int] = []

    def stop(number: int, _: FrameType | None) -> NoReturn:
        heard.append(number)
        raise Stopped(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    found = {number: signal.getsignal(number) for number in numbers}
    for number, handler in found.items():
        # Brian2 puts its own handler before the one it finds, and calls that one even where it is
        # SIG_IGN, which `command &` of a script has.
        original = getattr(handler, "previous_handler", handler)
        if original in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, stop)
        elif original == signal.SIG_IGN:  # `nohup` ignores SIGHUP
            signal.signal(number, signal.SIG_IGN)
    told, sys.unraisablehook = (
        sys.unraisablehook,
        functools.partial(_send_again, sys.unraisablehook),
    )
    try:
        yield
    except Exception:
        # A library may have taken the signal for a failure of what it had called.
        if heard:
            raise Stopped(heard[0]) from None
        raise
    finally:
        sys.unraisablehook = told
        for number, handler in found.items():
            signal.signal(number, handler)


def _send_again(tell: Callable[[Any], Any], ignored: Any) -> None:
    """Send a signal once more that came where Python ignores exceptions, as in ``__del__``."""
    if isinstance(ignored.exc_value, Stopped):
        # From a thread of its own, so that it comes when this place is left.
        number = ignored.exc_value.args[0]
        threading.Timer(0.01, os.kill, (os.getpid(), number)).start()
    else:
        tell(ignored)
