"""Heat maps of matrices between nodes."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import LogNorm

from gnnjax.plot import heat_maps
from gnnjax.plot.heat_maps import pool_blocks

ATTENTION = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.125, 0.125, 0.75]])
LABELS = np.array([1, 0, 1], np.int32)


def image_of(axes):
    (image,) = axes.images
    return image


def panels_of(figure):
    return [axes for axes in figure.axes if axes.images]


def darkness(image, value):
    """0 for white, 1 for black."""
    return 1 - np.mean(image.cmap(image.norm(value))[:3])


def test_nodes_are_sorted_by_class_and_keep_their_order_within():
    (axes,) = panels_of(heat_maps({"": {"attention": ATTENTION}}, LABELS))
    np.testing.assert_array_equal(
        image_of(axes).get_array().filled(0), [[1, 0, 0], [0.25, 0.5, 0.25], [0.125, 0.125, 0.75]]
    )
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 3), (3, 0))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("key", "query")
    assert image_of(axes).get_extent() == [0, 3, 3, 0]


def test_boundaries_and_names_of_classes():
    (axes,) = panels_of(heat_maps({"": {"attention": ATTENTION}}, LABELS, class_names=["zero", "one"]))
    assert sorted(tuple(map(tuple, line.get_xydata())) for line in axes.lines) == [
        ((0, 1), (1, 1)),
        ((1, 0), (1, 1)),
    ]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["zero", "one"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["zero", "one"]
    np.testing.assert_array_equal(axes.get_xticks(), [0.5, 2])


def test_a_class_too_small_for_a_name_has_none_but_its_boundaries():
    labels = np.repeat([0, 1, 2], [50, 1, 49])
    (axes,) = panels_of(heat_maps({"": {"attention": np.eye(100)}}, labels))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "2"]
    assert len(axes.lines) == 4


def test_one_row_of_panels_per_model():
    adjacency = ATTENTION > 0
    figure = heat_maps({"SL": {"attention": ATTENTION, "adjacency": adjacency}, "DL": {"attention": ATTENTION}}, LABELS)
    panels = panels_of(figure)
    assert [axes.get_title() for axes in panels] == ["SL: attention", "SL: adjacency", "DL: attention"]
    places = [axes.get_subplotspec() for axes in panels]
    assert [(place.rowspan.start, place.colspan.start) for place in places] == [(0, 0), (0, 1), (1, 0)]


def test_an_outlier_does_not_take_the_scale():
    matrix = np.full((100, 100), 1e-3)
    matrix[3, 4] = 1.0
    (axes,) = panels_of(heat_maps({"": {"attention": matrix}}, np.zeros(100, int)))
    norm = image_of(axes).norm
    assert isinstance(norm, LogNorm)
    assert norm.vmax == pytest.approx(1e-3)
    assert norm.vmin < norm.vmax


def test_the_scale_spans_three_decades_at_most():
    matrix = np.geomspace(1e-9, 1, 10_000).reshape(100, 100)
    (axes,) = panels_of(heat_maps({"": {"attention": matrix}}, np.zeros(100, int)))
    norm = image_of(axes).norm
    assert norm.vmax == pytest.approx(1, rel=0.05)
    assert norm.vmin == pytest.approx(norm.vmax / 1000)


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("dtype", [bool, np.float32])
def test_a_single_entry_stays_visible_among_5201_nodes(make, dtype):
    matrix = np.zeros((5201, 5201), dtype)
    matrix[4000, 17] = 1
    (axes,) = panels_of(heat_maps({"": {"matrix": make(matrix)}}, np.zeros(5201, int)))
    image = image_of(axes)
    values = image.get_array()
    assert len(values) <= 300
    assert np.argwhere(values.filled(0)).tolist() == [[4000 // 18, 17 // 18]]
    assert darkness(image, values.max()) > 0.4
    assert (axes.get_xlim(), image.get_extent()[1]) == ((0, 5201), 289 * 18)


def test_boolean_blocks_are_darker_the_more_entries_are_set():
    rng = np.random.default_rng(0)
    dense, sparse = rng.random((900, 900)) < 0.5, rng.random((900, 900)) < 0.05
    full, few = panels_of(heat_maps({"": {"dense": dense, "sparse": sparse}}, np.zeros(900, int)))
    shares = image_of(full).get_array().mean(), image_of(few).get_array().mean()
    assert shares[0] == pytest.approx(0.5, abs=0.01)
    assert darkness(image_of(full), shares[0]) > darkness(image_of(few), shares[1]) + 0.1
    assert image_of(full).norm.vmin == image_of(few).norm.vmin


def test_boolean_entries_of_a_small_graph_are_black_and_need_no_colour_bar():
    figure = heat_maps({"": {"adjacency": ATTENTION > 0}}, LABELS)
    (axes,) = figure.axes
    assert darkness(image_of(axes), 1) == pytest.approx(1)
    figure.draw_without_rendering()


@pytest.mark.parametrize("matrix", [np.zeros((3, 3)), np.full((3, 3), 1 / 3), np.zeros((3, 3), bool)])
def test_constant_matrices_can_be_drawn(matrix):
    heat_maps({"": {"matrix": matrix}}, LABELS).draw_without_rendering()


@given(
    nodes=st.integers(1, 12),
    size=st.integers(1, 5),
    boolean=st.booleans(),
    sparse=st.booleans(),
    seed=st.integers(0, 99),
)
def test_blocks_equal_those_of_a_sorted_copy(nodes, size, boolean, sparse, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.random((nodes, nodes)) * (rng.random((nodes, nodes)) < 0.5)
    matrix = matrix > 0 if boolean else matrix
    order = rng.permutation(nodes)
    blocks = pool_blocks(scipy.sparse.csr_array(matrix) if sparse else matrix, order, size)
    copy = matrix[order][:, order]
    for row, column in np.ndindex(blocks.shape):
        block = copy[row * size : (row + 1) * size, column * size : (column + 1) * size]
        assert blocks[row, column] == pytest.approx(block.mean() if boolean else block.max())
    assert blocks.shape == (-(-nodes // size),) * 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "rows is empty"),
        ({"DL": {}}, "rows is empty"),
        ({"DL": {"attention": np.eye(2)}}, r"DL, attention: has shape \[2, 2\], .* 3 nodes"),
        ({"DL": {"attention": np.eye(3) - 0.5}}, "DL, attention: .* negative"),
        ({"DL": {"attention": np.full((3, 3), np.nan)}}, "DL, attention: .* not finite"),
        ({"DL": {"attention": np.full((3, 3), np.inf)}}, "DL, attention: .* not finite"),
        ({"DL": {"attention": scipy.sparse.csr_array(np.eye(3) - 0.5)}}, "DL, attention: .* negative"),
        ({"DL": {"attention": scipy.sparse.csr_array(np.diag([1, 1, np.nan]))}}, "DL, attention: .* not finite"),
    ],
)
def test_what_cannot_be_drawn(rows, message):
    with pytest.raises(ValueError, match=message):
        heat_maps(rows, LABELS)
