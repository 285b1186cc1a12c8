"""The report of a reproduction: the numbers of all rows, and the figures that are there."""

import numpy as np

from diehl_cook import figures
from diehl_cook.store.files import figure_bytes
from diehl_cook.studies import reproduce, reproduction_page


def row(rule, cells, seed, accuracy):
    return {
        "rule": rule,
        "cells": cells,
        "seed": seed,
        "accuracy_mean": accuracy,
        "accuracy_sd": np.nan,
        "spikes_per_image": 17.0,
        "ms_per_presentation": np.nan,
    }


def test_verdict_numbers_figures_and_command(tmp_path):
    (tmp_path / "figure_2a.png").write_bytes(
        figure_bytes(figures.receptive_fields(np.ones((4, 9))))
    )
    rows = [row("triplet", 100, 0, 0.85), row("triplet", 100, 1, 0.87), row("triplet", 7, 0, 0.3)]
    rows.append(row("power_law", 400, 0, 0.8))
    members = reproduce.plan(["triplet", "power_law"], [100, 400], tmp_path / "runs", seeds=1)
    page = reproduction_page.render(rows, members, tmp_path).decode()
    assert (
        "Of the 16 networks in Figure 2B of the paper, 2 are made here, and 1 of these classify"
        " more of the test images correctly than the paper reports: -1.95 points on average, from"
        " -7.00 to +3.10."
    ) in page
    assert page.count("<figure>") == 1
    assert "data:image/webp" in page
    numbers = ["triplet", "100", "82.9", "86.00", "+3.10", "1.41", "2"]
    cells = [cell.split("<")[0] for cell in page.split(">") if cell.split("<")[0].strip()]
    first = cells.index("+3.10") - 4
    assert cells[first : first + 7] == numbers
    assert "make reproduce SIZES=&#34;100 400&#34; RULES=&#34;triplet power_law&#34;" in page


def test_nothing_made_yet(tmp_path):
    members = reproduce.plan(["triplet"], [100], tmp_path / "runs", seeds=1)
    page = reproduction_page.render([], members, tmp_path).decode()
    assert "None of the networks of the paper is made yet." in page
    assert "<figure>" not in page
