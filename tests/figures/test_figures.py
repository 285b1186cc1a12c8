"""Figures say what the arrays say: tested on what is drawn, not on its pixels."""

import io
import itertools
import subprocess
import sys
import warnings
from types import SimpleNamespace
from typing import ClassVar

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from diehl_cook import figures

Numbers = NDArray[np.float64]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def x_of(line: Line2D) -> Numbers:
    return np.asarray(line.get_xdata(), dtype=float)


def y_of(line: Line2D) -> Numbers:
    return np.asarray(line.get_ydata(), dtype=float)


def grid_of(axes: Axes) -> Numbers:
    """The image drawn, NaN where it is masked."""
    return np.asarray(np.ma.filled(axes.images[0].get_array(), np.nan), dtype=float)  # type: ignore


def draw(figure: Figure) -> Figure:
    """Draw, and let any warning (a collapsed layout, an all-NaN limit) be an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.draw_without_rendering()
    return figure


class TestStyle:
    def test_leaves_the_callers_style_alone(self) -> None:
        with matplotlib.rc_context({"font.size": 3, "xtick.color": "white"}):
            before = dict(matplotlib.rcParams)
            figures.theta_distribution([0.02, 0.03])
            assert dict(matplotlib.rcParams) == before

    def test_looks_the_same_whatever_the_callers_style(self) -> None:
        with matplotlib.rc_context(
            {"xtick.labelsize": 3, "xtick.color": "white", "ytick.labelsize": 3}
        ):
            axes = draw(figures.theta_distribution([0.02, 0.03])).axes[0]
        for tick in [*axes.xaxis.get_major_ticks(), *axes.yaxis.get_major_ticks()]:
            assert tick.label1.get_fontsize() == 11
            assert tick.label1.get_color() != "white"

    def test_never_loads_pyplot(self) -> None:
        program = (
            "import sys; from diehl_cook import figures; figures.theta_distribution([0.02]);"
            "sys.exit('matplotlib.pyplot' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class TestReceptiveFields:
    def test_sorted_by_class_with_those_without_one_last(self) -> None:
        weights = np.tile(np.arange(1.0, 5), (4, 1))
        figure = figures.receptive_fields(weights, [7, -1, 2, 7], by_class=True)
        grid = grid_of(figure.axes[0])
        assert texts(figure.axes[0]) == ["2", "7", "7", "?"]
        assert [grid[y, x] for y in (0, -1) for x in (0, -1)] == [3, 1, 4, 2]

    def test_sorting_by_class_wants_labels(self) -> None:
        with pytest.raises(ValueError, match="labels="):
            figures.receptive_fields(np.ones((4, 4)), by_class=True)

    def test_each_cell_stands_in_its_place(self) -> None:
        weights = np.zeros((6, 5))  # images of 2 x 3 pixels, 5 cells in 2 rows of 3
        weights[:, 4] = np.arange(6)
        axes = figures.receptive_fields(weights, image_shape=(2, 3)).axes[0]
        grid = grid_of(axes)
        assert grid.shape == (2 * 3 - 1, 3 * 4 - 1)
        np.testing.assert_array_equal(grid[3:5, 4:7], [[0, 1, 2], [3, 4, 5]])
        assert np.isnan(grid[3:, 8:]).all(), "the place of the missing sixth cell"

    def test_classes_and_cells_without_one(self) -> None:
        labels = np.array([7, -1, 0, 3])
        axes = draw(figures.receptive_fields(np.ones((784, 4)), labels)).axes[0]
        assert texts(axes) == ["7", "?", "0", "3"]
        (frames,) = axes.collections
        (frame,) = frames.get_paths()
        assert np.asarray(frame.vertices).min(axis=0) == pytest.approx([28.5, -0.5])
        assert "1 without a class" in axes.get_title(loc="left")

    def test_colour_bar_is_the_weight_scale(self) -> None:
        figure = figures.receptive_fields(np.full((784, 4), 0.3), w_max=0.8)
        assert figure.axes[0].images[0].get_clim() == (0.0, 0.8)
        assert figure.axes[1].get_ylabel() == "weight"

    def test_a_single_cell(self) -> None:
        axes = draw(figures.receptive_fields(np.zeros((784, 1)), [2])).axes[0]
        assert texts(axes) == ["2"]
        assert axes.get_title(loc="left").endswith("1 excitatory cell")

    def test_a_large_network_has_frames_but_no_text(self) -> None:
        labels = np.full(441, -1)
        axes = figures.receptive_fields(np.ones((4, 441)), labels, (2, 2)).axes[0]
        assert texts(axes) == []
        assert len(axes.collections[0].get_paths()) == 441

    @pytest.mark.parametrize(
        ("weights", "labels"),
        [((784,), None), ((784, 0), None), ((783, 4), None), ((784, 4), [1, 2, 3])],
    )
    def test_shapes_that_do_not_fit(
        self, weights: tuple[int, ...], labels: list[int] | None
    ) -> None:
        with pytest.raises(ValueError, match="shape"):
            figures.receptive_fields(np.ones(weights), labels)


class TestOnlineAccuracy:
    def test_curve_and_the_papers_line(self) -> None:
        figure = figures.online_accuracy(
            [10_000, 20_000, 30_000], [np.nan, 70.0, 80.5], 82.9, 84.25
        )
        axes = draw(figure).axes[0]
        curve, paper, final = axes.lines
        np.testing.assert_array_equal(y_of(curve), [np.nan, 70.0, 80.5])
        np.testing.assert_array_equal(y_of(paper), [82.9, 82.9])
        np.testing.assert_array_equal([x_of(final), y_of(final)], [[30_000], [84.25]])
        assert "paper: 82.9 %" in texts(axes)
        assert axes.get_xlabel() == "training images seen"
        assert axes.get_ylabel() == "accuracy (%)"

    def test_everything_lies_inside_the_axis(self) -> None:
        axes = figures.online_accuracy([1000, 2000], [9.8, 80.0], 95.0, 5.0).axes[0]
        low, high = axes.get_ylim()
        assert low <= 5.0
        assert high == 100

    @pytest.mark.parametrize("paper", [84.2, 84.3, 84.4])
    def test_neighbouring_labels_keep_apart_and_in_order(self, paper: float) -> None:
        axes = figures.online_accuracy([1000], [80.0], paper, 84.3).axes[0]
        low, high = axes.get_ylim()
        paper_label, our_label = (text.xy[1] for text in axes.texts)  # type: ignore[attr-defined]
        assert abs(paper_label - our_label) > 0.06 * (high - low)
        if paper != 84.3:
            assert (paper_label < our_label) == (paper < 84.3)

    @pytest.mark.parametrize("blocks", [0, 1, 3])
    def test_before_the_first_block_is_classified(self, blocks: int) -> None:
        axes = draw(figures.online_accuracy(np.arange(blocks) + 1, np.full(blocks, np.nan))).axes[0]
        assert "no block classified yet" in texts(axes)

    def test_spikes_and_theta_stand_beneath_it_in_their_units(self) -> None:
        seen = [2000, 4000]
        figure = figures.online_accuracy(seen, [np.nan, 80], spikes=[30, 17], theta=[0.02, 0.04])
        accuracy, spikes, theta = draw(figure).axes
        np.testing.assert_allclose(y_of(spikes.lines[0]), [30, 17])
        np.testing.assert_allclose(y_of(theta.lines[0]), [20, 40])
        assert theta.get_ylabel() == "mean θ\n(mV)"
        assert (accuracy.get_xlabel(), theta.get_xlabel()) == ("", "training images seen")
        assert accuracy.get_xlim() == theta.get_xlim()

    def test_without_a_number_of_the_paper_there_is_no_line_for_it(self) -> None:
        axes = figures.online_accuracy([1000, 2000], [50.0, 60.0]).axes[0]
        assert [line.get_linestyle() for line in axes.lines] == ["-"]

    def test_fractions_are_not_taken_for_per_cent(self) -> None:
        with pytest.raises(ValueError, match="expected per cent"):
            figures.online_accuracy([1000, 2000], [0.5, 0.8])

    def test_shares_are_drawn_as_per_cent_however_small(self) -> None:
        axes = figures.online_accuracy([100, 200], [0.005, 0.01], shares=True).axes[0]
        np.testing.assert_allclose(y_of(axes.lines[0]), [0.5, 1])
        with pytest.raises(ValueError, match="expected per cent"):
            figures.online_accuracy([100, 200], [0.5, 80], shares=True)

    def test_lengths_differ(self) -> None:
        with pytest.raises(ValueError, match="images seen"):
            figures.online_accuracy([1000, 2000], [50.0])


class TestLearningCurves:
    CURVES: ClassVar = {100: {"slow": [([1, 2], [10, 20]), ([1, 2], [30, 60])]}}

    def test_a_line_for_the_mean_and_a_band_over_the_seeds(self) -> None:
        (axes,) = draw(figures.learning_curves(self.CURVES, {})).axes
        np.testing.assert_allclose(y_of(axes.lines[0]), [20, 40])
        (band,) = axes.collections
        corners = np.asarray(band.get_paths()[0].vertices)
        assert (corners[:, 1].min(), corners[:, 1].max()) == (10, 60)

    def test_one_number_for_all_is_a_dashed_line(self) -> None:
        (axes,) = draw(figures.learning_curves(self.CURVES, {100: {"slow": 82.9}})).axes
        assert axes.lines[1].get_linestyle() == "--"
        np.testing.assert_allclose(y_of(axes.lines[1]), 82.9)

    @pytest.mark.parametrize("paper", [{"slow": 82.9}, {"slow": 82.9, "fast": 87.0}])
    def test_a_number_for_some_or_different_ones_are_marks(self, paper: dict[str, float]) -> None:
        curves = {100: {**self.CURVES[100], "fast": [([1, 2], [50, 70])]}}
        (axes,) = draw(figures.learning_curves(curves, {100: paper})).axes
        marks = [line for line in axes.lines if line.get_marker() == "<" and len(y_of(line))]
        assert [y_of(line)[0] for line in marks] == list(paper.values())

    def test_without_a_number_there_is_nothing_of_the_paper(self) -> None:
        (axes,) = figures.learning_curves(self.CURVES, {100: {"slow": np.nan}}).axes
        assert len(axes.lines) == 1

    def test_other_quantities_stand_beneath_it(self) -> None:
        curves = self.CURVES | {400: {"slow": [([1, 2], [50, 70])]}}
        figure = draw(figures.learning_curves(curves, {}, {"spikes": curves}))
        assert len(figure.axes) == 4
        assert figure.axes[2].get_ylabel() == "spikes"
        np.testing.assert_allclose(y_of(figure.axes[3].lines[0]), [50, 70])


class TestFieldsOverTraining:
    FIELDS = np.arange(3 * 2 * 4).reshape(3, 2, 4)

    def test_a_frame_for_each_moment_in_one_colour_scale(self) -> None:
        frames = figures.fields_over_training([0, 1000, 2000], self.FIELDS)
        for frame, fields, seen in zip(frames, self.FIELDS, ("0", "1,000", "2,000"), strict=True):
            axes = draw(frame).axes[0]
            assert grid_of(axes)[:2, :2].ravel().tolist() == fields[0].tolist()
            assert axes.images[0].get_clim() == (0.0, 23.0)
            assert f"{seen} images" in [text.get_text() for text in frame.texts]

    def test_the_bar_is_empty_at_first_and_full_at_last(self) -> None:
        frames = figures.fields_over_training([0, 500, 2000], self.FIELDS)
        widths = [frame.axes[1].patches[1].get_width() for frame in frames]  # type: ignore
        assert widths[0] == 0 < widths[1] < widths[2] == pytest.approx(1)

    @pytest.mark.parametrize("moments", [[0], [5]])
    def test_a_single_moment(self, moments: list[int]) -> None:
        assert len(figures.fields_over_training(moments, self.FIELDS[:1])) == 1

    def test_of_many_cells_it_says_that_these_are_the_first(self) -> None:
        (frame,) = figures.fields_over_training([9], self.FIELDS[:1], n_cells=6400)
        assert "the first 2 of 6,400 cells" in frame.texts[0].get_text()

    def test_lengths_differ(self) -> None:
        with pytest.raises(ValueError, match="moments"):
            figures.fields_over_training([0, 1], self.FIELDS)


class TestSign:
    def test_the_line_is_small_and_under_everything(self) -> None:
        figure = figures.sign(figures.theta_distribution([0.02, 0.03]), "triplet, 2 cells")
        draw(figure)
        line = figure._supxlabel  # type: ignore[attr-defined]
        assert line.get_text() == "triplet, 2 cells"
        assert line.get_fontsize() == 8
        below = figure.axes[0].get_tightbbox().y0  # type: ignore[union-attr]
        assert line.get_window_extent().y1 < below


class TestAccuracyAgainstSize:
    PAPER: ClassVar = {"power-law": {100: 82.9, 400: 86.3}, "triplet": {100: 82.9, 400: 91.4}}

    def test_a_panel_per_rule_with_both_curves(self) -> None:
        figure = draw(figures.accuracy_against_size({"triplet": {100: (84.1, 0.4)}}, self.PAPER))
        panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
        assert set(panels) == {"triplet", "power-law"}
        triplet = panels["triplet"]
        np.testing.assert_allclose(y_of(triplet.lines[0]), [82.9, 91.4])
        (ours,) = triplet.containers
        assert isinstance(ours, ErrorbarContainer)
        bar = np.asarray(ours.lines[2][0].get_segments()[0], dtype=float)
        np.testing.assert_allclose(bar, [[100, 83.7], [100, 84.5]])
        assert triplet.get_xscale() == "log"
        assert triplet.get_ylabel() == "test accuracy (%)"
        assert all(axes.get_xlabel() == "excitatory cells N" for axes in figure.axes)

    @pytest.mark.parametrize("n_rules", [1, 3])
    def test_other_numbers_of_rules(self, n_rules: int) -> None:
        ours = {f"rule {k}": {400: (90.0, 0.1)} for k in range(n_rules)}
        assert len(draw(figures.accuracy_against_size(ours, {})).axes) == n_rules

    def test_no_rule(self) -> None:
        with pytest.raises(ValueError, match="no learning rule"):
            figures.accuracy_against_size({}, {})


class TestConfusion:
    def test_every_count_is_written_in_its_place(self) -> None:
        matrix = np.arange(9).reshape(3, 3) * 10
        axes = draw(figures.confusion(matrix, 91.234, 0.091)).axes[0]
        written = np.zeros((3, 3))
        for text in axes.texts:
            column, row = text.get_position()
            written[int(row), int(column)] = float(text.get_text().split("\n")[0])
        np.testing.assert_array_equal(written, matrix)
        assert "91.23 ± 0.09 %" in axes.get_title(loc="left")
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")

    def test_colours_scale_with_the_errors_not_the_diagonal(self) -> None:
        axes = figures.confusion([[245, 5], [0, 1100]]).axes[0]
        assert axes.images[0].get_clim() == (0.0, 2.0)
        np.testing.assert_allclose(grid_of(axes), [[np.nan, 2], [0, np.nan]])

    def test_colours_are_shares_of_the_true_class(self) -> None:
        axes = figures.confusion([[90, 10, 0], [40, 760, 0], [0, 0, 0]]).axes[0]
        np.testing.assert_allclose(grid_of(axes), [[np.nan, 10, 0], [5, np.nan, 0], [0, 0, np.nan]])

    def test_means_of_counts(self) -> None:
        axes = figures.confusion([[979.6, 0.4], [12.3, 1087.7]]).axes[0]
        assert texts(axes) == ["980\n100 %", "0.4", "12", "1088\n99 %"]

    def test_a_column_for_none_only_if_there_is_one(self) -> None:
        def columns(matrix: Numbers) -> list[str]:
            return [tick.get_text() for tick in figures.confusion(matrix).axes[0].get_xticklabels()]

        assert columns(np.ones((2, 2))) == ["0", "1"]
        assert columns(np.ones((2, 3))) == ["0", "1", "none"]

    @pytest.mark.parametrize("n_classes", [2, 10, 20, 21, 30, 47, 62])
    def test_class_names_keep_apart(self, n_classes: int) -> None:
        figure = figures.confusion(np.ones((n_classes, n_classes + 1)))
        figure.savefig(io.BytesIO())
        for labels in (figure.axes[0].get_xticklabels(), figure.axes[0].get_yticklabels()):
            boxes = [label.get_window_extent() for label in labels]
            assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))

    def test_nothing_counted(self) -> None:
        draw(figures.confusion(np.zeros((10, 10))))

    @pytest.mark.parametrize("matrix", [np.ones(3), np.ones((3, 2)), np.ones((2, 4)), -np.eye(2)])
    def test_what_is_no_confusion_matrix(self, matrix: Numbers) -> None:
        with pytest.raises(ValueError, match="confusion matrix"):
            figures.confusion(matrix)


class TestMisreadDigits:
    @staticmethod
    def captions(figure: Figure) -> list[str]:
        return [axes.get_title() for axes in figure.axes if axes.images]

    def test_only_the_misread_are_shown_with_their_captions(self) -> None:
        images = np.arange(4 * 9).reshape(4, 9)
        figure = draw(figures.misread_digits(images, [4, 1, 7, 5], [9, 1, 2, -1]))
        assert self.captions(figure) == ["4→9", "7→2", "5→?"]
        np.testing.assert_array_equal(grid_of(figure.axes[1]), images[2].reshape(3, 3))
        assert figure.get_suptitle() == "3 of 4 images misclassified (75.00 %)"

    def test_at_most_a_hundred(self) -> None:
        figure = figures.misread_digits(np.zeros((130, 2, 3)), np.zeros(130), np.ones(130), 10_000)
        assert len(self.captions(figure)) == 100
        assert figure.get_suptitle() == "130 of 10,000 images misclassified (1.30 %); the first 100"

    @pytest.mark.parametrize("n", [0, 3])
    def test_none_misread(self, n: int) -> None:
        figure = draw(figures.misread_digits(np.zeros((n, 784)), np.ones(n), np.ones(n)))
        assert self.captions(figure) == []
        assert figure.get_suptitle() == f"0 of {n} images misclassified"

    def test_lengths_differ(self) -> None:
        with pytest.raises(ValueError, match="3 images, 2 true, 3 predicted"):
            figures.misread_digits(np.zeros((3, 784)), [1, 2], [1, 2, 3])


class TestThetaDistribution:
    def test_every_cell_counted_in_millivolts(self) -> None:
        theta = np.linspace(0.024, 0.050, 400)
        axes = draw(figures.theta_distribution(theta)).axes[0]
        assert sum(bar.get_height() for bar in axes.patches) == 400  # type: ignore[attr-defined]
        np.testing.assert_allclose(x_of(axes.lines[0]), 37.0)
        assert texts(axes) == ["mean 37.0 mV"]
        assert axes.get_xlabel().endswith("(mV)")
        assert axes.get_ylabel() == "excitatory cells"

    @pytest.mark.parametrize("n_cells", [1, 100])
    def test_all_alike(self, n_cells: int) -> None:
        assert texts(draw(figures.theta_distribution(np.full(n_cells, 0.02))).axes[0]) == [
            "mean 20.0 mV"
        ]

    def test_no_cell(self) -> None:
        with pytest.raises(ValueError, match="no cell"):
            figures.theta_distribution([])


class TestSpikeCounts:
    @staticmethod
    def shares(axes: Axes) -> list[Numbers]:
        """Heights of the filled histograms, a group each."""
        return [
            np.array([bar.get_height() for bar in group])
            for group in axes.containers
            if hasattr(group, "patches")
        ]

    def test_shares_of_presentations(self) -> None:
        axes = draw(figures.spike_counts([3, 3, 5, 0])).axes[0]
        (all_of_them,) = self.shares(axes)
        np.testing.assert_allclose(all_of_them, [25, 0, 0, 50, 0, 25])
        assert axes.get_xlabel() == "excitatory spikes per presentation"
        assert axes.get_ylabel() == "share of presentations (%)"

    def test_split_by_reading(self) -> None:
        axes = figures.spike_counts([2, 2, 1, 0], [True, True, True, False]).axes[0]
        right, wrong = self.shares(axes)
        np.testing.assert_allclose(right, [0, 100 / 3, 200 / 3])
        np.testing.assert_allclose(wrong, [100, 0, 0])
        legend = axes.get_legend()
        assert legend is not None
        assert [text.get_text() for text in legend.get_texts()] == [
            "correct: mean 1.7 spikes (n = 3)",
            "misclassified: mean 0.0 spikes (n = 1)",
        ]

    @pytest.mark.parametrize("counts", [[7], [0, 0], [16, 40_000]])
    def test_all_are_counted(self, counts: list[int]) -> None:
        axes = draw(figures.spike_counts(counts, np.ones(len(counts), dtype=bool))).axes[0]
        (right,) = self.shares(axes)
        assert right.sum() == pytest.approx(100)

    def test_no_presentation(self) -> None:
        assert texts(draw(figures.spike_counts([])).axes[0]) == ["no presentation"]

    def test_lengths_differ(self) -> None:
        with pytest.raises(ValueError, match="marks of correctness"):
            figures.spike_counts([1, 2, 3], [True])


def spikes(times: object = (), cells: object = ()) -> SimpleNamespace:
    return SimpleNamespace(t=np.asarray(times, float), i=np.asarray(cells, int))


def presentation(**changes: object) -> SimpleNamespace:
    """A record of a presentation, with two voltages."""
    values: dict[str, object] = {
        "image": np.zeros(784),
        "image_duration": 0.35,
        "duration": 0.5,
        "n_cells": 100,
        "input": spikes([0.001], [783]),
        "excitatory": spikes([0.010, 0.0205, 0.3], [99, 3, 99]),
        "cells": np.array([3, 99]),
        "t": np.arange(1000) * 0.5e-3,
        "v": np.full((2, 1000), -0.065),
        "theta": np.full((2, 1000), 0.04),
        "threshold": -0.072,
    }
    return SimpleNamespace(**values | changes)


class TestRaster:
    def test_input_spikes_voltages_and_the_image(self) -> None:
        figure = draw(figures.raster(presentation(), true=7, predicted=9))
        inputs, excitatory, voltages, image = figure.axes[0], *figure.axes[1:]
        labels = [axes.get_ylabel() for axes in (inputs, excitatory, voltages)]
        assert labels == ["input\ncell", "excitatory\ncell", "voltage\n(mV)"]
        assert image.images
        assert image.get_title() == "class 7\nread as 9"
        np.testing.assert_allclose(x_of(excitatory.lines[0]), [10, 20.5, 300])
        np.testing.assert_array_equal(y_of(excitatory.lines[0]), [99, 3, 99])
        assert voltages.get_xlabel().endswith("(ms)")
        assert voltages.get_xlim() == excitatory.get_xlim() == (0, 500)
        assert "3 spikes" in texts(excitatory)
        assert "1 spike" in texts(inputs)

    def test_the_cell_that_fired_most_comes_first_with_its_threshold(self) -> None:
        axes = draw(figures.raster(presentation())).axes[2]
        legend = axes.get_legend()
        assert legend is not None
        names = [text.get_text() for text in legend.get_texts()]
        assert names == ["cell 99 (2 spikes)", "cell 3 (1 spike)", "threshold"]
        np.testing.assert_allclose(y_of(axes.lines[0]), -65)
        np.testing.assert_allclose(y_of(axes.lines[1]), -32)

    def test_without_voltages(self) -> None:
        none = {"cells": np.array([], int), "v": np.empty((0, 9)), "theta": np.empty((0, 9))}
        assert len(draw(figures.raster(presentation(**none))).axes) == 3

    def test_the_time_with_the_image_is_shaded(self) -> None:
        record = presentation(image_duration=0.2, duration=0.3)
        axes = figures.raster(record).axes[0]
        (shade,) = axes.patches
        assert (shade.get_x(), shade.get_width()) == pytest.approx((0, 200))  # type: ignore
        assert axes.get_xlim() == (0, 300)

    @pytest.mark.parametrize("n_cells", [100, 6400])
    def test_no_spikes(self, n_cells: int) -> None:
        silent = {"input": spikes(), "excitatory": spikes(), "n_cells": n_cells}
        figure = draw(figures.raster(presentation(**silent)))
        assert all("0 spikes" in texts(axes) for axes in figure.axes[:2])

    def test_upper_pixels_stand_above_lower_ones_as_in_the_image(self) -> None:
        assert figures.raster(presentation()).axes[0].yaxis_inverted()


def test_the_legend_of_readouts_fits_above_one_panel():
    names = ["class_mean", "class_vote", "naive_bayes", "logistic"]
    curves = {"triplet": {name: ([50, 500], [[80, 90]]) for name in names}}
    figure = figures.readouts(curves, {"triplet": 91.4})
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
