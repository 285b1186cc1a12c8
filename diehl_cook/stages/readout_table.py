"""Every readout on the same responses, read for longer and longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diehl_cook.engine.answers import Answers
from diehl_cook.model.experiment import Experiment
from diehl_cook.stages.readout import READOUTS, accuracy
from diehl_cook.store.files import markdown_table

#: How many milliseconds apart the times are up to which spikes are read.
STEP_MS = 50

Row = dict[str, Any]


def compare(
    experiment: Experiment,
    learned: Answers,
    learned_classes: NDArray[np.integer],
    tested: Sequence[Answers],
    tested_classes: NDArray[np.integer],
    report: Callable[[str], None] = lambda line: None,
) -> list[Row]:
    """Fit every readout to the labelling images and score it on the test images.

    Each readout is fitted anew for each time up to which spikes are read, on the spikes up to
    that time.

    Parameters
    ----------
    experiment : Experiment
        For its times.
    learned : Answers
        To the labelling images.
    learned_classes : ndarray, shape (labelling images,)
        Their classes.
    tested : sequence of Answers
        To the test images, one for each repeat.
    tested_classes : ndarray, shape (test images,)
        Their classes.
    report : callable
        Told after each time how far it got.

    Returns
    -------
    list of dict
        ``readout``, ``read_ms`` (the last is the whole presentation, rest included),
        ``accuracy_mean`` and ``accuracy_sd`` over the repeats (empty for one).
    """
    rows = []
    for read_ms in reading_times(experiment):
        steps = round(read_ms / time_step_ms(experiment))
        responses, scored = learned.responses(steps), [each.responses(steps) for each in tested]
        for name, readout in READOUTS.items():
            reader = readout().fit(responses, learned_classes)
            accuracies = [accuracy(tested_classes, reader.predict(each)) for each in scored]
            rows.append(
                {
                    "readout": name,
                    "read_ms": read_ms,
                    "accuracy_mean": round(float(np.mean(accuracies)), 6),
                    "accuracy_sd": round(float(np.std(accuracies, ddof=1)), 6)
                    if len(accuracies) > 1
                    else "",
                }
            )
        report(f"readouts: spikes of the first {read_ms:g} ms done")
    return rows


def reading_times(experiment: Experiment) -> list[float]:
    """Milliseconds up to which spikes are read: every 50 while the image is on, then all."""
    image_ms = experiment.image_steps * time_step_ms(experiment)
    whole_ms = experiment.presentation_steps * time_step_ms(experiment)
    return [*np.arange(STEP_MS, image_ms, STEP_MS).tolist(), image_ms, whole_ms]


def time_step_ms(experiment: Experiment) -> float:
    """The time step in milliseconds."""
    return float(experiment.time_step) * 1e3


def markdown(rows: Sequence[Row]) -> str:
    """Accuracy in per cent as a Markdown table, readouts against times."""
    times = sorted({float(row["read_ms"]) for row in rows})
    cells = {(row["readout"], float(row["read_ms"])): row["accuracy_mean"] for row in rows}
    return markdown_table(
        ["readout", *(f"{time:g} ms" for time in times)],
        [
            [name, *(f"{100 * float(cells[name, time]):.2f}" for time in times)]
            for name in dict.fromkeys(row["readout"] for row in rows)
        ],
    )
