"""Paired entries of attention matrices."""

import numpy as np
import pytest

from gnnjax.plot import agreement_plot

FIRST = np.array([[0.5, 0.5, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 1.0]])
SECOND = np.array([[0.4, 0.5, 0.1], [0.2, 0.5, 0.3], [0.0, 0.0, 1.0]])


def panels_of(figure):
    return [axes for axes in figure.axes if axes.get_title()]


def test_points_are_the_pairs_on_logarithmic_scales():
    (axes,) = agreement_plot({"SL": (FIRST, SECOND)}, xlabel="layer 1", ylabel="layer 2").axes
    (points,) = axes.collections
    offsets = points.get_offsets()
    # The two pairs that are 0 in both are left out.
    assert len(offsets) == 7
    np.testing.assert_allclose(offsets[0], [0.5, 0.4])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("layer 1", "layer 2")
    assert axes.get_xlim() == axes.get_ylim()


def test_a_zero_stands_at_the_end_of_the_scale_below_every_other():
    (axes,) = agreement_plot({"SL": (FIRST, SECOND)}).axes
    x, y = axes.collections[0].get_offsets()[2]
    assert (x, y) == (axes.get_xlim()[0], pytest.approx(0.1))
    assert x < 0.1 / 3


def test_the_title_tells_the_correlation_of_all_entries():
    (axes,) = agreement_plot({"SL": (FIRST, SECOND)}).axes
    assert axes.get_title() == f"SL, r = {np.corrcoef(FIRST.ravel(), SECOND.ravel())[0, 1]:.3f}"


def test_a_constant_has_no_correlation():
    (axes,) = agreement_plot({"": (np.full(4, 0.25), np.array([0.1, 0.2, 0.3, 0.4]))}).axes
    assert axes.get_title() == "r undefined"


def test_many_pairs_are_counted_in_squares():
    rng = np.random.default_rng(0)
    first = rng.random((100, 100)).astype(np.float32)
    second = np.where(rng.random((100, 100)) < 0.1, 0, first).astype(np.float32)
    figure = agreement_plot({"DL": (first, second)})
    (axes,) = panels_of(figure)
    (mesh,) = axes.collections
    counts = mesh.get_array().filled(0)
    assert counts.sum() == first.size
    # Zeros of the second are in the lowest row; all other pairs are equal, on the diagonal.
    assert counts[0].sum() == (second == 0).sum()
    assert np.trace(counts) == (second > 0).sum()
    ends = mesh.get_coordinates()[[0, -1], [0, -1], 0]
    np.testing.assert_allclose(ends, axes.get_xlim())
    figure.draw_without_rendering()


def test_the_scale_spans_seven_decades_at_most():
    values = np.geomspace(1e-30, 1, 50)
    (axes,) = agreement_plot({"": (values, values[::-1])}).axes
    low, high = axes.get_xlim()
    assert 1e-8 < low < 1e-7
    assert high > 1
    assert axes.collections[0].get_offsets().min() == low


def test_one_panel_per_pair():
    figure = agreement_plot({name: (FIRST, SECOND) for name in ("SL", "DLB", "DL", "head 3", "head 4")})
    panels = panels_of(figure)
    assert [axes.get_title().split(",")[0] for axes in panels] == ["SL", "DLB", "DL", "head 3", "head 4"]
    assert [axes.get_subplotspec().rowspan.start for axes in panels] == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("values", [np.zeros(5), np.ones(5)])
def test_all_the_same(values):
    agreement_plot({"": (values, values)}).draw_without_rendering()


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({}, "pairs is empty"),
        ({"SL": (np.ones(3), np.ones(4))}, r"SL: compares arrays of shape \[3\] and \[4\]"),
        ({"SL": (np.ones(0), np.ones(0))}, r"SL: compares arrays of shape \[0\]"),
        ({"SL": (-np.ones(3), np.ones(3))}, "SL: .* negative"),
        ({"SL": (np.ones(3), np.array([1, np.nan, 1]))}, "SL: .* not finite"),
        ({"SL": (np.ones(3), np.array([1, np.inf, 1]))}, "SL: .* not finite"),
    ],
)
def test_what_cannot_be_compared(pairs, message):
    with pytest.raises(ValueError, match=message):
        agreement_plot(pairs)
