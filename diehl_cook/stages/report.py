"""What a run shows for itself: its figures as files, and one page that can be handed around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.model import paper_results
from diehl_cook.model.experiment import Experiment
from diehl_cook.stages import page, settings
from diehl_cook.stages.page import Commands, Picture, Section, Table, Words
from diehl_cook.stages.pictures import pictures_of, which_run
from diehl_cook.stages.readout import READOUTS
from diehl_cook.stages.verdict import verdict
from diehl_cook.store.files import Format
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.store.schemas import Summary


def draw(folder: RunFolder, images: ExperimentImages, kind: Format = "png") -> list[Path]:
    """Draw every figure for which there is data into ``figures/``.

    Parameters
    ----------
    folder : RunFolder
        Claimed by the caller.
    images : ExperimentImages
        Those of its experiment.
    kind : {"png", "svg", "pdf"}
        Format; what moves is a WebP picture in any case.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    FileError
        If the run learned or was scored on other images.
    """
    return [folder.save_figure(*picture.file(kind)) for picture in pictures_of(folder, images)]


def make(folder: RunFolder, images: ExperimentImages) -> None:
    """Draw every figure into ``figures/`` and write ``report.html``; parameters as for `draw`."""
    pictures = list(pictures_of(folder, images))
    for picture in pictures:
        folder.save_figure(*picture.file())
    folder.write_report(_page(folder, pictures))


def _page(folder: RunFolder, pictures: list[Picture]) -> bytes:
    experiment, summary, rows = folder.experiment(), folder.load_summary(), folder.read_training()
    return page.render(
        f"{folder.path.resolve().name}: {which_run(experiment)}",
        verdict(experiment, summary, rows),
        [
            Section("What was run", list(_what_was_run(experiment))),
            Section("What came out", list(_results(experiment, summary))),
            Section("Figures", pictures),
            Section("Block by block", [_blocks(rows)] if rows else []),
            Section("Made with", [_provenance(folder)]),
            Section("Make it again", list(_again(folder, experiment))),
        ],
    )


def _what_was_run(experiment: Experiment) -> Iterator[Any]:
    silence = "silence one another"
    if experiment.connections.inhibitory_to_excitatory == 0:
        silence += " while they learn" if experiment.training.schedule else " not at all"
    yield Words(
        "Pixels of an image spike at random, the brighter the more often, and excite"
        f" {experiment.cells:,} cells, which {silence}. When a cell fires, the synapses"
        f" that made it fire grow stronger (learning rule: {experiment.rule}). Nobody tells the"
        " network what the images show. When the learning is over,"
        f" {READOUTS[experiment.evaluation.readout].in_words}"
    )
    base = settings.base_of(experiment)
    notes = {key: note for key, _, note in settings.described(experiment)}
    if base.differences:
        yield Table(
            f"Differences from {base.file}, the nearest of the experiments that come with the"
            " project",
            ["key", "here", "there", "what it is, and where it comes from"],
            [
                [key, str(here), "" if there is None else str(there), notes.get(key, "")]
                for key, (here, there) in base.differences.items()
            ],
        )
    else:
        yield Words(f"Every value is that of {base.file}; the seed is {experiment.seed}.")
    yield Table(
        "Differences from the values of the published code, which are for 400 cells",
        ["key", "here", "published"],
        [
            [key, str(here), str(there)]
            for key, (here, there) in settings.published(experiment).items()
        ],
        folded=True,
    )
    yield Table(
        "Every value",
        ["key", "value", "what it is, and where it comes from"],
        settings.described(experiment),
        folded=True,
    )


def _results(experiment: Experiment, summary: Summary | None) -> Iterator[Any]:
    if summary is None:
        return
    theirs = paper_results.accuracy_for(experiment)
    spread = summary.accuracy_sd
    accuracy = f"{100 * summary.accuracy_mean:.2f} %"
    accuracy += "" if spread is None else f" ± {100 * spread:.2f}"
    numbers = [
        ["accuracy", accuracy],
        ["the paper's", "no number for this network" if theirs is None else f"{theirs:.1f} %"],
        ["repeats", str(len(summary.accuracies))],
        ["excitatory spikes while an image is shown", f"{summary.spikes_per_image:.1f}"],
        ["cells without a class", f"{summary.unlabelled_cells} of {experiment.cells}"],
        ["images without a prediction", f"{summary.images_without_prediction:g}"],
    ]
    yield Table("The evaluation in numbers; ± is over the repeats", ["what", "value"], numbers)
    matrix = np.array(summary.confusion)
    shown, correct = matrix.sum(axis=1), np.diagonal(matrix)
    mistaken = matrix[:, : len(matrix)] * (1 - np.eye(len(matrix)))
    yield Table(
        "Accuracy of each class",
        ["class", "images", "correct", "most often taken for"],
        [
            [
                str(true),
                f"{shown[true]:.0f}",
                f"{100 * correct[true] / shown[true]:.1f} %",
                f"{mistaken[true].argmax()} ({mistaken[true].max():.0f} images)"
                if mistaken[true].any()
                else "none",
            ]
            for true in np.flatnonzero(shown)
        ],
        bars=["correct"],
    )


def _blocks(rows: list[dict[str, float]]) -> Table:
    skipped = any(row.get("skipped") for row in rows)
    columns = ["images seen", "online accuracy", "spikes a presentation", "retries"]
    columns += (["skipped"] if skipped else []) + ["mean θ (mV)", "ms a presentation"]
    return Table(
        "Training, a row for each block; retries are images shown again as they drew too few"
        " spikes",
        columns,
        [
            [
                f"{row['images']:,.0f}",
                "" if np.isnan(row["online_accuracy"]) else f"{100 * row['online_accuracy']:.1f} %",
                f"{row['spikes_per_presentation']:.2f}",
                f"{row['retries']:,.0f}",
                *([f"{row['skipped']:,.0f}"] if skipped else []),
                f"{row['mean_theta_mV']:.2f}",
                f"{row['ms_per_presentation']:.3f}",
            ]
            for row in rows
        ],
        folded=len(rows) > page.MOST_ROWS,
    )


def _provenance(folder: RunFolder) -> Table:
    manifest = folder.manifest()
    machine, packages = manifest.get("machine", {}), manifest.get("packages", {})
    entries = {
        "commit": manifest.get("commit"),
        "training began": manifest.get("training_began"),
        "training took": _duration(manifest.get("training_seconds")),
        "evaluation ended": manifest.get("evaluation_ended"),
        "evaluation took": _duration(manifest.get("evaluation_seconds")),
        "machine": machine.get("name"),
        "processor": machine.get("processor"),
        "cores": machine.get("cores"),
        "system": machine.get("system"),
        "compiler": manifest.get("compiler"),
        "Python": manifest.get("python"),
        **packages,
    }
    return Table(
        "Software, machine and times (UTC)",
        ["what", "value"],
        [[name, str(value)] for name, value in entries.items() if value],
    )


def _again(folder: RunFolder, experiment: Experiment) -> Iterator[Any]:
    commit = str(folder.manifest().get("commit") or "")
    known = commit.removesuffix("-dirty")
    yield Words(
        "In a checkout of the project. The same seed gives the same spikes and the same numbers"
        " on the same kind of machine."
        + (" Files had been changed since the commit." if known != commit else "")
    )
    checkout = [f"git checkout {known}"] if known else []
    yield Commands(
        [*checkout, *settings.commands(experiment, f"results/{folder.path.resolve().name}")]
    )


def _duration(seconds: float | None) -> str | None:
    return None if seconds is None else tqdm.format_interval(seconds)
