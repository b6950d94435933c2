"""Deletion curves as lines, with the random band."""

import numpy as np
import pytest

from gnnjax.explain.deletion_curves import DeletionCurve
from gnnjax.plot.deletion_curves import deletion_plot

FRACTIONS = np.array([0, 0.01, 0.5, 1])
FALLING = np.array([[1.0, 0.5, 0.5, 0.5]])
CURVES = {
    "largest_first": DeletionCurve(FRACTIONS, FALLING, 1 - FALLING, FALLING),
    "random": DeletionCurve(FRACTIONS, np.array([[1, 1, 0.8, 0.5], [1, 1, 0.6, 0.5]]), *np.zeros((2, 2, 4))),
}


def test_lines_are_means_over_draws_and_the_legend_tells_areas():
    (axes,) = deletion_plot({"SL": CURVES}, ["accuracy"]).axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines) == ["largest first (0.502)", "random (0.727)"]
    np.testing.assert_array_equal(lines["largest first (0.502)"].get_xdata(), FRACTIONS)
    np.testing.assert_allclose(lines["random (0.727)"].get_ydata(), [1, 1, 0.7, 0.5])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(lines)
    assert axes.get_title() == "SL"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("entries deleted (%)", "accuracy")


def test_the_band_is_one_standard_deviation_of_the_random_draws():
    (axes,) = deletion_plot({"SL": CURVES}, ["accuracy"]).axes
    (band,) = axes.collections
    corners = {tuple(np.round(corner, 9)) for corner in band.get_paths()[0].vertices}
    assert {(0.5, 0.6), (0.5, 0.8)} < corners
    assert {height for fraction, height in corners if fraction == 0.01} == {1}


def test_both_ends_are_widened_alike():
    figure = deletion_plot({"SL": CURVES}, ["accuracy"])
    figure.draw_without_rendering()
    (axes,) = figure.axes
    places = axes.transAxes.inverted().transform(axes.transData.transform([[x, 0.5] for x in (0, 0.01, 0.5, 0.99, 1)]))
    np.testing.assert_allclose(places[:, 0] + places[::-1, 0], 1, atol=1e-6)
    assert places[1, 0] - places[0, 0] > 0.05
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["0", "1", "5", "20", "50", "80", "95", "99", "100"]


def test_a_column_for_each_title_and_a_row_for_each_measure():
    figure = deletion_plot({"SL": CURVES, "DL": CURVES}, ["accuracy", "total_variation"], xlabel="entries inserted")
    assert [axes.get_title() for axes in figure.axes] == ["SL", "DL", "", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == ["accuracy", "", "total-variation distance", ""]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", *["entries inserted (%)"] * 2]
    np.testing.assert_array_equal(figure.axes[3].lines[0].get_ydata(), FALLING[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"curves": {}}, "curves or measures are empty"),
        ({"curves": {"SL": {}}}, "curves or measures are empty"),
        ({"curves": {"SL": CURVES}, "measures": []}, "curves or measures are empty"),
        ({"curves": {"SL": CURVES}, "measures": ["loss"]}, "measure 'loss' is not known; there are accuracy"),
    ],
)
def test_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        deletion_plot(**arguments)
