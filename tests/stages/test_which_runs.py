"""The line on every picture that says what it is of."""

import pytest

from diehl_cook.stages.pictures import which_rows


@pytest.mark.parametrize(
    ("rules", "sizes", "seeds", "line"),
    [
        (["triplet"], [100], [3], "triplet, 100 cells, seed 3"),
        (["a", "b"], [400, 1600], [0, 1], "a and b, 400 and 1,600 cells, seeds 0 and 1"),
        (["a", "b", "c"], [100], [2, 0, 1], "a, b and c, 100 cells, seeds 0, 1 and 2"),
    ],
)
def test_rows_of_a_table_are_named_as_one_would_say_it(rules, sizes, seeds, line):
    rows = [{"rule": r, "cells": n, "seed": s} for r in rules for n in sizes for s in seeds]
    assert which_rows(rows) == line
