"""Superpixels on their image."""

import numpy as np
import pytest

from gnnjax.plot import draw_superpixels
from tests.plot.examples import dataset_of, line_styles, make_axes, make_figure

# Row and column: upper left, upper right, lower left of an image 20 high and 30 wide.
PLACES = np.array([(2, 3), (2, 26), (17, 3)], np.float32)
IMAGE = np.zeros((1, 20, 30), np.uint8)
IMAGE[0, :5, :5] = 255


def draw(pairs, attention, images=IMAGE, places=PLACES):
    figure, axes = make_figure()
    dataset = dataset_of(pairs, len(places), kind="image", node_positions=places, images=images)
    draw_superpixels(axes, dataset, 0, np.array(attention, np.float32))
    figure.draw_without_rendering()
    return axes


@pytest.mark.parametrize("images", [IMAGE, None])
def test_rows_go_down_and_columns_right(images):
    axes = draw([(0, 1)], [1.0], images)
    *_, dots = axes.collections
    upper_left, upper_right, lower_left = axes.transData.transform(dots.get_offsets())
    assert upper_left[0] == lower_left[0] < upper_right[0]
    assert upper_left[1] == upper_right[1] > lower_left[1]
    inside = axes.get_window_extent()
    assert all(inside.contains(*point) for point in (upper_left, upper_right, lower_left))


def test_dots_lie_on_their_pixels():
    axes = draw([], [])
    (image,) = axes.images
    np.testing.assert_array_equal(image.get_array(), IMAGE[0])
    assert (image.norm.vmin, image.norm.vmax) == (0, 255)
    # The middle of the pixel in column 3 and row 2.
    left, right, bottom, top = image.get_extent()
    assert (left, right, bottom, top) == (-0.5, 29.5, 19.5, -0.5)
    np.testing.assert_array_equal(axes.collections[1].get_offsets(), PLACES[:, ::-1])
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 29.5), (19.5, -0.5))


def test_edges_are_one_line_the_strongest_on_top_and_weak_ones_left_out():
    axes = draw([(0, 1), (1, 0), (1, 2), (0, 2), (0, 0)], [1.0, 0.8, 0.6, 0.3, 1.0])
    lines, _ = axes.collections
    np.testing.assert_array_equal(lines.get_segments(), [[(26, 2), (3, 17)], [(3, 2), (26, 2)]])
    widths, opacities = line_styles(lines)
    np.testing.assert_allclose(widths, 0.3 + 1.5 * np.array([0.6, 0.9]) ** 4, atol=1e-6)
    np.testing.assert_allclose(opacities, 0.95 * np.array([0.6, 0.9]) ** 4, atol=1e-6)


def test_a_single_superpixel():
    axes = draw([(0, 0)], [1.0], places=PLACES[:1])
    assert not axes.collections[0].get_segments()
    assert len(axes.collections[1].get_offsets()) == 1


def test_without_positions_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="example: the nodes have no positions"):
        draw_superpixels(make_axes(), dataset_of([(0, 1)]), 0, np.ones(1))
