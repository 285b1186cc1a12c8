"""Progress of a long run: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from tqdm import tqdm


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Accuracy, and how many cells have a class to tell it by, are shares from 0 to 1; accuracy is
    NaN while unknown.
    """

    images: int
    total: int
    spikes_per_presentation: float
    accuracy: float = math.nan
    labelled: float = 1.0


#: What is called with each `Progress` of a part.
Follower = Callable[[Progress], None]


class Narrator(Protocol):
    """Tells somebody, or nobody, how a run goes on."""

    def say(self, sentence: str) -> None:
        """Tell something that is done once."""

    def follow(self, title: str) -> contextlib.AbstractContextManager[Follower]:
        """Tell the progress of a part: inside the context, call it with each `Progress`."""


class Silence:
    """A narrator that tells nobody."""

    def say(self, sentence: str) -> None:
        """Say nothing."""

    def follow(self, title: str) -> contextlib.AbstractContextManager[Follower]:
        """Show nothing."""
        return contextlib.nullcontext(lambda progress: None)


class Terminal:
    """A narrator that writes to the standard error stream."""

    def say(self, sentence: str) -> None:
        """Print a line."""
        print(sentence, file=sys.stderr, flush=True)

    def follow(self, title: str) -> contextlib.AbstractContextManager[Follower]:
        """Show a bar or lines."""
        return ProgressDisplay(title)


class ProgressDisplay:
    """Shows `Progress` as it comes in; call it with each.

    Parameters
    ----------
    title : str
        What is going on.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: tqdm[None] | None = None
        self._first: Progress | None = None
        self._begun = time.monotonic()
        self._last_line = -math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, progress: Progress) -> None:
        """Show where a run stands."""
        if sys.stderr.isatty():
            self._update_bar(progress)
        else:
            self._print_line(progress)

    def _update_bar(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(
                total=progress.total, desc=self._title, unit="img", initial=progress.images
            )
        self._bar.set_postfix_str(_details(progress), refresh=False)
        self._bar.update(progress.images - self._bar.n)

    def _print_line(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._first is None:
            # The first chunk of a resumed run says nothing about the speed of this one.
            self._first, self._begun = progress, now
        elif now - self._last_line < _SECONDS_BETWEEN_LINES and progress.images < progress.total:
            return
        self._last_line = now
        print(f"{self._title}: {_counts(progress)}{self._speed(progress, now)}{_details(progress)}",
              file=sys.stderr, flush=True)  # fmt: skip

    def _speed(self, progress: Progress, now: float) -> str:
        assert self._first is not None
        done, seconds = progress.images - self._first.images, now - self._begun
        if done <= 0 or seconds <= 0:
            return ", "
        left = tqdm.format_interval((progress.total - progress.images) * seconds / done)
        return f", {done / seconds:.1f} img/s, {left} left, "


def _counts(progress: Progress) -> str:
    return f"{progress.images}/{progress.total} images"


def _details(progress: Progress) -> str:
    accuracy = "" if math.isnan(progress.accuracy) else f", accuracy {progress.accuracy:.1%}"
    if accuracy and progress.labelled < 0.5:
        accuracy += f" ({progress.labelled:.0%} of the cells have a class yet)"
    return f"{progress.spikes_per_presentation:.1f} spikes a presentation{accuracy}"


_SECONDS_BETWEEN_LINES = 10.0
