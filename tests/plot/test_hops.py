"""Attention by distance."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from gnnjax.plot import hop_plot

NAN = np.nan
# Two nodes; the second has none at distance 2. Columns: no path, 0, 1, 2.
SL = np.array([[0.0, 0.5, 0.25, 0.125], [0.0, 0.7, 0.15, NAN]])
DL = np.full((2, 4), 0.25)
HOPS = [-1, 0, 1, 2]


def lines_of(axes):
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_lines_are_means_over_the_samples_that_have_such_nodes():
    (axes,) = hop_plot({"SL": SL, "DL": DL}, HOPS).axes
    lines = lines_of(axes)
    assert list(lines) == ["SL", "DL"]
    np.testing.assert_array_equal(lines["SL"].get_xdata(), [0, 1, 2])
    np.testing.assert_allclose(lines["SL"].get_ydata(), [0.6, 0.2, 0.125])
    np.testing.assert_allclose(lines["DL"].get_ydata(), 0.25)
    assert axes.get_yscale() == "log"
    assert axes.get_xlabel() == "hops from query to key"


def test_bands_reach_from_the_tenth_to_the_ninetieth_percentile():
    values = np.linspace(0, 1, 101)[:, None] * [1.0, 0.5]
    (axes,) = hop_plot({"SL": values}, [0, 1], log=False, ylabel="share").axes
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    assert {tuple(np.round(corner, 9)) for corner in corners} == {(0, 0.1), (0, 0.9), (1, 0.05), (1, 0.45)}
    assert (axes.get_yscale(), axes.get_ylabel()) == ("linear", "share")


def test_nodes_without_a_path_stand_apart_on_the_right():
    (axes,) = hop_plot({"DL": DL}, HOPS).axes
    ticks = dict(zip((label.get_text() for label in axes.get_xticklabels()), axes.get_xticks(), strict=True))
    assert list(ticks) == ["0", "1", "2", "no\npath"]
    assert ticks["no\npath"] > 2.9
    apart = [line for line in axes.lines if line.get_label() != "DL"]
    assert {tuple(line.get_xdata()) for line in apart} == {(ticks["no\npath"],), (ticks["no\npath"],) * 2}
    assert {to_hex(line.get_color()) for line in axes.lines} == {"#0b5fa5"}


def test_many_distances_have_as_many_numbers_as_there_is_room_for():
    (axes,) = hop_plot({"DL": np.full((2, 29), 0.1)}, range(29)).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(hop) for hop in range(0, 29, 3)]


def test_a_distance_that_no_sample_has_is_left_out():
    (axes,) = hop_plot({"SL": np.array([[0.5, NAN]])}, [0, 1]).axes
    np.testing.assert_array_equal(lines_of(axes)["SL"].get_ydata(), [0.5, NAN])


def test_boxes_of_the_expected_distance_stand_side_by_side_in_each_class():
    expected = {"SL": np.array([1.0, 2.0, 3.0, 0.5, NAN]), "DL": np.array([4.0, 4.0, 4.0, 6.0, 6.0])}
    labels = np.array([0, 0, 0, 2, 2])
    _, axes = hop_plot({"SL": SL, "DL": DL}, HOPS, expected=expected, labels=labels, class_names=["a", "b", "c"]).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a\n(3)", "c\n(2)"]
    medians = [line for line in axes.lines if line.get_color() == "black"]
    levels = [line.get_ydata()[0] for line in medians]
    assert levels == [2.0, 0.5, 4.0, 6.0]
    centers = [np.mean(line.get_xdata()) for line in medians]
    np.testing.assert_allclose(centers, [-0.2, 0.8, 0.2, 1.2])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["SL", "DL"]


def test_a_model_has_one_colour_in_both_panels():
    expected = {"DL": np.ones(3), "SL": np.ones(3)}
    lines, boxes = hop_plot({"SL": SL, "DL": DL}, HOPS, expected=expected, labels=np.zeros(3, int)).axes
    first = {name: to_hex(line.get_color()) for name, line in lines_of(lines).items()}
    legend = boxes.get_legend()
    second = {
        text.get_text(): to_hex(patch.get_facecolor())
        for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)
    }
    assert first == second
    assert len(set(first.values())) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"attention": {}}, "attention is empty"),
        ({"attention": {"SL": SL[:, :2]}}, r"SL: attention has shape \[2, 2\], but there are 4 hops"),
        ({"expected": {"SL": np.ones(3)}}, "labels are needed"),
        ({"expected": {"SL": np.ones(3)}, "labels": np.zeros(4, int)}, r"SL: expected has shape \[3\], labels \[4\]"),
    ],
)
def test_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        hop_plot(**{"attention": {"SL": SL}, "hops": HOPS} | arguments)
