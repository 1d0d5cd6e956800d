"""Figures draw the data that their labels name, show once, and carry alt text."""

import base64
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch

from lenet_utils import charts, plots
from lenet_utils.models import LeNet5
from lenet_utils.summary import summarize
from lenet_utils.training import History


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_a_figure_is_shown_as_a_png_with_its_alt_text():
    figure = plots.show_images(torch.zeros(2, 1, 28, 28), alt="Two black squares.")
    data, metadata = figure._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == metadata["image/png"]["alt"] == "Two black squares."


def test_drawing_leaves_matplotlibs_settings_alone():
    before = dict(mpl.rcParams)
    plots.show_images(torch.zeros(2, 1, 28, 28))._repr_mimebundle_()
    assert dict(mpl.rcParams) == before


def test_pyplot_stays_out():  # it would show a returned figure a second time
    code = "import sys, lenet_utils.charts, lenet_utils.diagrams; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_images_are_drawn_under_their_titles_with_the_same_limits():
    images = torch.arange(3.0).view(3, 1, 1, 1).expand(3, 1, 4, 4)
    axes = plots.show_images(images, ["zero", "one", "two"], columns=2).axes
    for index, title in enumerate(["zero", "one", "two"]):
        drawn = axes[index].images[0]
        assert axes[index].get_title() == title
        assert (drawn.get_array() == index).all() and drawn.get_clim() == (0, 2)
    assert not axes[3].images


def test_numbers_stand_in_their_cells():
    figure = plots.show_numbers([[[1, 2], [3, 4]], [[0.25]]], ["whole", "broken"])
    assert texts(figure)[:4] == ["1", "2", "3", "4"] and "0.2" in texts(figure)


def test_only_rows_with_titles_get_room_for_them():
    images = torch.zeros(4, 5, 5)
    heights = [
        plots.show_images(images, titles, columns=2).get_figheight()
        for titles in (None, ["a", "", "", ""], ["a", "", "", 0])
    ]
    assert heights == [2, 2.25, 2.5]


def test_maps_share_one_scale():
    figure = plots.show_maps(torch.stack([torch.full((3, 3), 2.0), torch.full((3, 3), -4.0)]), limits=None)
    assert [axes.images[0].get_clim() for axes in figure.axes[:2]] == [(-4, 4), (-4, 4)]


def test_receptive_fields_are_drawn_to_scale():
    rows = summarize(LeNet5())[:5]
    figure = plots.plot_receptive_fields(np.zeros((32, 32)), rows, [(0, 0)] * 5)
    assert [axes.patches[0].get_width() for axes in figure.axes] == [5, 6, 14, 16, 32]
    assert all(axes.patches[0].get_xy() == (-0.5, -0.5) for axes in figure.axes)


def test_probabilities_are_the_lengths_of_the_bars():
    values = torch.tensor([0.7, 0.3])
    figure = plots.plot_probabilities(torch.zeros(1, 4, 4), {"net": values}, ["cat", "dog"])
    assert [bar.get_width() for bar in figure.axes[1].patches] == pytest.approx([0.7, 0.3])
    assert [label.get_text() for label in figure.axes[1].get_yticklabels()] == ["cat", "dog"]


def test_frames_mark_20_and_28_pixels_around_the_same_centre():
    axes = plots.plot_frames(torch.zeros(32, 32), torch.tensor([6.5, 24.5])).axes[0]
    centers = {(p.get_width(), p.get_x() + p.get_width() / 2, p.get_y() + p.get_height() / 2) for p in axes.patches}
    assert centers == {(28, 15.5, 15.5), (20, 15.5, 15.5)}


def test_curves_and_losses_draw_the_history():
    history = History(step_loss=[4.0, 2.0, 1.0, 0.5], lr=[0.1, 0.2, 0.1, 0.0])
    losses = charts.plot_losses({"net": history}, window=2).axes[0]
    assert losses.lines[0].get_ydata().tolist() == [4.0, 2.0, 1.0, 0.5]
    assert losses.lines[1].get_ydata().tolist() == [3.0, 1.5, 0.75]
    assert charts.plot_rates(history).axes[0].lines[0].get_ydata().tolist() == history.lr
    curves = charts.plot_curves({"a": [[1, 2], [3, 4]]}, ylabel="loss").axes[0]
    assert curves.lines[-1].get_ydata().tolist() == [2, 3]


def test_counts_and_settings_carry_their_numbers():
    assert texts(charts.plot_counts(torch.tensor([1200, 7]), ["a", "b"])) == ["1,200", "7"]
    assert texts(charts.plot_settings({"x": [0.5, 0.6], "y": [0.9, 0.9]}, xlabel="accuracy")) == ["55.00%", "90.00%"]


def test_layers_are_drawn_in_order_with_their_papers_names():
    axes = charts.plot_layers({"net": {"c1": 1.0, "output": 0.1}}, ylabel="size").axes[0]
    assert axes.lines[0].get_ydata().tolist() == [1.0, 0.1] and axes.get_yscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["C1", "output"]


def test_stacks_add_up():
    figure = charts.plot_stacks({"a": {"x": 1e6, "y": 2e6}, "b": {"x": 4e6, "y": 0}}, xlabel="MB", unit=1e6)
    first, second = figure.axes[0].containers
    assert [(bar.get_x(), bar.get_width()) for bar in second] == [(1, 2), (4, 0)]
    assert [bar.get_width() for bar in first] == [1, 4] and texts(figure) == ["3.00", "4.00"]


def test_panels_draw_their_curves_over_their_amounts():
    figure = charts.plot_panels(
        {"shift": ([0, 1], {"C1": [0, 1], "F6": [0, 0.5]}), "size": ([1, 0.5], {"C1": [1, 2]})}, ylabel="y"
    )
    left, right = figure.axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[0, 1], [0, 0.5]]
    assert left.get_xlabel() == "shift" and right.lines[0].get_xdata().tolist() == [1, 0.5]
    assert right.xaxis_inverted() and not left.xaxis_inverted()


def test_a_space_has_each_image_at_its_point():
    axes = plots.plot_space([[0, 0], [10, 4]], torch.rand(2, 3, 3), xlabel="a", ylabel="b").axes[0]
    middles = [(sum(image.get_extent()[:2]) / 2, sum(image.get_extent()[2:]) / 2) for image in axes.images]
    assert middles == [(0, 0), (10, 4)]


def test_evidence_is_white_at_zero_and_in_its_own_scale():
    rows = [(torch.eye(5), torch.full((5, 5), 2.0), torch.full((5, 5), -0.5))]
    figure = plots.plot_evidence(rows, ["image", "one", "other"])
    assert [axes.images[0].get_clim() for axes in figure.axes[1:3]] == [(-2, 2), (-0.5, 0.5)]
    assert [axes.get_title() for axes in figure.axes[:3]] == ["image", "one", "other"]


def test_every_setting_has_its_row_however_many_there_are():
    figure = charts.plot_settings({str(number): [number / 100] for number in range(9)}, xlabel="accuracy")
    assert texts(figure) == [f"{number}.00%" for number in range(9)]


def test_curves_that_end_together_have_their_labels_apart():
    axes = plots.plot_function([0, 1], {"a": [0, 1], "b": [0, 1], "c": [0, 3]}).axes[0]
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert heights["b"] - heights["a"] >= 0.08 and heights["c"] > heights["b"]


def test_groups_of_bars_are_means():
    figure = charts.plot_groups({"g": {"net": [0.5, 0.7], "other": [0.2, 0.2]}}, ylabel="accuracy")
    assert [container[0].get_height() for container in figure.axes[0].containers] == pytest.approx([0.6, 0.2])


def test_the_confusion_matrix_shows_every_count_and_colours_only_mistakes():
    figure = charts.plot_confusion(torch.tensor([[90, 3], [0, 80]]), ["a", "b"])
    assert texts(figure) == ["90", "3", "80"]
    assert figure.axes[0].images[0].get_array().tolist() == [[0, 3], [0, 0]]


def test_speed_shows_medians_of_the_ways_and_time_per_image():
    bench = {
        "seconds": {"DataLoader, no workers": [3.0, 4.0, 8.0], "DataLoader, 2 workers": [2.0]},
        "close": {"fit": [1.0], "one resident batch": [0.9]},
        "arithmetic": {"seconds": 0.1}, "images": 60_000, "images_by_batch": 1000,
        "by_threads_and_batch": {"1": {"16": [0.4], "32": [0.2]}, "2": {"16": [0.3], "32": [0.1]}},
    }  # fmt: skip
    left, right = charts.plot_speed(bench).axes
    assert [bar.get_width() for bar in left.patches] == [4.0, 2.0, 1.0, 0.9, 0.1]
    assert [line.get_ydata() for line in right.lines] == [pytest.approx([400, 200]), pytest.approx([300, 100])]
    assert {text.get_text() for text in right.texts} == {"1 thread", "2 threads"}


def test_connections_have_a_cross_each_and_maps_of_s2_as_rows():
    axes = charts.plot_connections([[True, False], [True, True], [False, False]]).axes[0]
    assert [(text.get_position(), text.get_text()) for text in axes.texts] == [
        ((0, 0), "×"), ((1, 0), "×"), ((1, 1), "×"),
    ]  # fmt: skip
    assert axes.get_ylabel() == "map of S2"


def test_methods_are_sorted_and_ours_stand_out():
    axes = charts.plot_methods({"a": 3.0, "b": 1.0}, {"here": 2.0}, xlabel="error").axes[0]
    assert [bar.get_width() for bar in axes.patches] == [3.0, 2.0, 1.0]
    assert [bar.get_facecolor() == axes.patches[0].get_facecolor() for bar in axes.patches] == [True, False, True]
    assert texts(axes.figure) == ["3", "2", "1"]


def test_claims_are_dashed_lines_in_their_panel():
    panels = {"shift": ([0, 1], {"": [1, 0]}), "size": ([0, 1], {"": [1, 0]})}
    left, right = charts.plot_panels(panels, ylabel="y", claims={"size": [0.5]}).axes
    assert len(left.lines) == 1
    assert right.lines[1].get_linestyle() == "--" and list(right.lines[1].get_xdata()) == [0.5, 0.5]
