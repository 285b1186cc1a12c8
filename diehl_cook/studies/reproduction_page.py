"""The report of a reproduction: the paper's numbers and figures beside ours, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diehl_cook.model import paper_results
from diehl_cook.stages import page
from diehl_cook.stages.page import Commands, PictureFile, Section, Table, Words
from diehl_cook.studies.batch import Member
from diehl_cook.studies.comparison_page import made_with
from diehl_cook.studies.reproduce import accuracies_of, spread

#: Of each figure its file, a title, what it shows, and what it says to those who do not see it.
FIGURES = (
    (
        "figure_2b.png",
        "Accuracy against size (Figure 2B)",
        "The share of the test images that networks of 100 to 6400 cells classify correctly, a"
        " panel for each learning rule; bars are the standard deviation over seeds.",
        "Curves of test accuracy against the number of cells, ours beside the paper's; the table"
        " has the numbers.",
    ),
    (
        "figure_2a.png",
        "What each cell answers to (Figure 2A)",
        "The weights from the pixels to each of 100 cells, as pictures; the digit in a corner is"
        " the class whose images the cell answers most.",
        "A grid of 100 receptive fields, most of which look like a digit.",
    ),
    (
        "figure_2c.png",
        "Accuracy while they learn (Figure 2C)",
        "The share of the training images of a block that were classified correctly with the"
        " classes that the cells had in the block before. Marks at the edge are the paper's"
        " accuracy on the test images.",
        "Learning curves of the larger networks, a panel for each size and a colour for each rule.",
    ),
    (
        "figure_3a.png",
        "Which digit is taken for which (Figure 3A)",
        "A row is a digit, a column what the largest network took it for; the diagonal is correct."
        " Numbers are images, colour is the share of the row.",
        "Confusion matrix of the best of the largest networks.",
    ),
    (
        "figure_3b.png",
        "Digits that it misclassified (Figure 3B)",
        "Every image that it took for another digit in one presentation, under its true and its"
        " predicted digit.",
        "Small pictures of misclassified digits.",
    ),
)


def render(rows: Sequence[Mapping[str, Any]], members: Sequence[Member], folder: Path) -> bytes:
    """Fill one page.

    Parameters
    ----------
    rows : sequence of dict
        Of ``figure_2b.csv``.
    members : sequence of Member
        The runs that were asked for.
    folder : Path
        Where the figures lie; those that are not there are left out.
    """
    there = [member.folder for member in members if member.folder.manifest()]
    return page.render(
        "Diehl & Cook (2015) reproduced in Brian2",
        _verdict(rows),
        [
            Section("The paper's numbers and ours", list(_numbers(rows))),
            Section(
                "Figures",
                [
                    _picture(folder / name, *words)
                    for name, *words in FIGURES
                    if (folder / name).exists()
                ],
            ),
            Section("Made with", [made_with(there)] if there else []),
            Section("Make it again", [Commands([_command(members)])]),
        ],
    )


def _verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    differences = [
        100 * float(np.mean(accuracies)) - theirs
        for (rule, cells), accuracies in accuracies_of(rows).items()
        if (theirs := paper_results.test_accuracy(rule, cells)) is not None
    ]
    if not differences:
        return "None of the networks of the paper is made yet."
    more = sum(difference > 0 for difference in differences)
    networks = sum(map(len, paper_results.TEST_ACCURACY.values()))
    return (
        f"Of the {networks} networks in Figure 2B of the paper, {len(differences)} are made here,"
        f" and {more} of these classify more of the test images correctly than the paper reports:"
        f" {np.mean(differences):+.2f} points on average, from {min(differences):+.2f} to"
        f" {max(differences):+.2f}."
    )


def _numbers(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    columns = ["rule", "cells", "paper", "ours", "difference", "spread over seeds", "seeds"]
    lines = []
    for (rule, cells), accuracies in sorted(accuracies_of(rows).items(), key=lambda one: one[0][1]):
        mean, theirs = 100 * float(np.mean(accuracies)), paper_results.test_accuracy(rule, cells)
        deviation = spread(accuracies)
        lines.append(
            [
                rule,
                str(cells),
                "" if theirs is None else f"{theirs:.1f}",
                f"{mean:.2f}",
                "" if theirs is None else f"{mean - theirs:+.2f}",
                "" if np.isnan(deviation) else f"{deviation:.2f}",
                str(len(accuracies)),
            ]
        )
    names = list(rows[0]) if rows else []
    return [
        Words(
            "Networks of spiking cells learn the digits of MNIST without labels, by four learning"
            " rules and in four sizes. Numbers are per cent of the test images, the mean over"
            " seeds, each the mean of its repeats."
        ),
        Table("Test accuracy", columns, lines),
        Table(
            "Every run", names, [[str(row[name]) for name in names] for row in rows], folded=True
        ),
    ]


def _picture(path: Path, title: str, caption: str, alternative: str) -> PictureFile:
    return PictureFile(path.read_bytes(), title, caption, alternative)


def _command(members: Sequence[Member]) -> str:
    experiments = [member.experiment for member in members]
    sizes = " ".join(map(str, sorted({each.cells for each in experiments})))
    rules = " ".join(dict.fromkeys(each.rule for each in experiments))
    return f'make reproduce SIZES="{sizes}" RULES="{rules}"'
