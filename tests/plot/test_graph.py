"""Graphs as nodes and edges."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patches import ArrowStyle

from gnnjax.plot import draw_attention
from gnnjax.plot.layout import lay_out
from tests.plot.examples import dataset_of, line_styles, make_axes
from tests.random_graphs import random_dataset


def draw(pairs, attention, num_nodes=3):
    """Axes, and the straight lines as `{(node, node): (width, opacity)}`."""
    axes, dataset = make_axes(), dataset_of(pairs, num_nodes)
    draw_attention(axes, dataset, 0, np.array(attention, np.float32))
    lines, nodes = axes.collections
    assert isinstance(lines, LineCollection)
    assert isinstance(nodes, PathCollection)
    places = np.asarray(nodes.get_offsets())

    def nearest(point):
        return int(np.abs(places - point).sum(axis=1).argmin())

    styles = zip(*line_styles(lines), strict=True)
    segments = lines.get_segments()
    return axes, {
        (nearest(line[0]), nearest(line[-1])): style
        for line, style in zip(segments, styles, strict=True)
        if len(line) == 2
    }


def test_undirected_edges_are_one_line_of_their_mean_attention():
    axes, lines = draw([(0, 1), (1, 2), (2, 1), (1, 0)], [0.25, 1.0, 0.5, 0.75])
    assert not axes.patches
    assert lines.keys() == {(0, 1), (1, 2)}
    assert lines[0, 1] == pytest.approx((0.6 + 3.4 * 0.5, 0.25 + 0.75 * 0.5))
    assert lines[1, 2] == pytest.approx((0.6 + 3.4 * 0.75, 0.25 + 0.75 * 0.75))


def test_the_strongest_lie_on_top():
    axes, _ = draw([(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)], [0.9, 0.1, 0.5] * 2)
    widths, opacities = line_styles(axes.collections[0])
    assert len(widths) == 3
    assert (np.diff(widths) > 1).all()
    assert (np.diff(opacities) > 0.2).all()


def test_directed_edges_are_arrows_from_sender_to_receiver():
    axes, lines = draw([(0, 1), (1, 2), (2, 1)], [0.1, 0.6, 0.9])
    assert not lines
    places = axes.collections[1].get_offsets()
    arrows = {}
    for arrow in axes.patches:
        assert isinstance(arrow.get_arrowstyle(), ArrowStyle.CurveFilledB)
        ends = (np.abs(places - end).sum(axis=1).argmin() for end in arrow._posA_posB)
        arrows[tuple(ends)] = arrow.get_linewidth()
    assert arrows == pytest.approx({(0, 1): 0.6 + 3.4 * 0.1, (1, 2): 0.6 + 3.4 * 0.6, (2, 1): 0.6 + 3.4 * 0.9})
    bends = [arrow.get_connectionstyle().rad for arrow in axes.patches]
    assert bends == [0, 0.15, 0.15]


@pytest.mark.parametrize("back", [[], [(1, 0)]])
def test_parallel_edges_share_a_line(back):
    axes, lines = draw([(0, 1), (0, 1), *back], [0.2, 0.4, 0.9][: 2 + len(back)])
    assert (len(lines), len(axes.patches)) == ((1, 0) if back else (0, 1))
    width = lines[0, 1][0] if back else axes.patches[0].get_linewidth()
    assert width == pytest.approx(0.6 + 3.4 * (0.5 if back else 0.3))


def test_a_self_loop_is_a_circle_at_its_node_away_from_the_neighbour():
    axes, lines = draw([(0, 1), (1, 0), (1, 1)], [0.2, 0.2, 0.8], num_nodes=2)
    assert lines.keys() == {(0, 1)}
    (circle,) = (line for line in axes.collections[0].get_segments() if len(line) > 2)
    node, loop = axes.collections[1].get_offsets()
    np.testing.assert_allclose(circle[0], circle[-1], atol=1e-9)
    assert np.hypot(*(circle - loop).T).min() == pytest.approx(0, abs=1e-2)
    assert np.hypot(*(circle - node).T).min() > 0.99
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert left < circle[:, 0].min() <= circle[:, 0].max() < right
    assert low < circle[:, 1].min() <= circle[:, 1].max() < high


@pytest.mark.parametrize("index", range(4))
def test_every_kind_of_graph_can_be_drawn(index):
    """Isolated nodes, loops, parallel edges, no edges, a single node."""
    dataset, axes = random_dataset(0), make_axes()
    draw_attention(axes, dataset, index, np.full(dataset.n_edge[index], 0.5, np.float32))
    lines, nodes = axes.collections
    places = nodes.get_offsets()
    assert len(places) == dataset.n_node[index]
    assert np.isfinite(places).all()
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    assert (apart[~np.eye(len(places), dtype=bool)] > 0.2).all()
    assert bool(axes.patches or lines.get_segments()) == (dataset.n_edge[index] > 0)
    axes.figure.draw_without_rendering()


def test_the_attention_must_fit_the_edges():
    with pytest.raises(ValueError, match=r"must have shape \[2\], has \[3\]"):
        draw_attention(make_axes(), dataset_of([(0, 1), (1, 0)]), 0, np.ones(3))


class TestLayOut:
    def crossings(self, places, ends):
        """Counts them by where the lines meet, edge pair after edge pair."""
        count = 0
        for i, (a, b) in enumerate(ends):
            for c, d in ends[:i]:
                if len({a, b, c, d}) == 4:
                    matrix = np.stack([places[b] - places[a], places[c] - places[d]], axis=1)
                    share = np.linalg.solve(matrix, places[c] - places[a])
                    count += bool(((share > 0) & (share < 1)).all())
        return count

    @pytest.mark.parametrize(
        "motif", [[(0, 1), (1, 2), (2, 3), (3, 0), (4, 0), (4, 1)], [(i, (i + 1) % 6) for i in range(6)]]
    )
    def test_motifs_are_unfolded(self, motif):
        num_nodes = max(map(max, motif)) + 1
        ends = np.array([*motif, (0, num_nodes), (num_nodes, num_nodes + 1)])
        places = lay_out(num_nodes + 2, ends)
        assert self.crossings(places, ends.tolist()) == 0
        lengths = np.hypot(*(places[ends[:, 0]] - places[ends[:, 1]]).T)
        assert 0.7 < lengths.min() <= lengths.max() < 1.4
        far = [(2, 4), (3, 4)] if num_nodes == 5 else [(0, 3), (1, 4), (2, 5)]
        assert all(np.hypot(*(places[a] - places[b])) > 1.2 for a, b in far)

    def test_directions_order_and_loops_do_not_matter(self):
        ends = np.array([(0, 1), (1, 2), (2, 3), (3, 0), (3, 4)])
        again = np.concatenate([ends[::-1, ::-1], ends, [(2, 2)]])
        np.testing.assert_array_equal(lay_out(5, ends), lay_out(5, again))

    def test_separate_parts_do_not_overlap(self):
        """Two rings and an isolated node."""
        ring = np.array([(i, (i + 1) % 5) for i in range(5)])
        places = lay_out(11, np.concatenate([ring, ring + 5]))
        for one, other in ((places[:5], places[5:10]), (places[:5], places[10:]), (places[5:10], places[10:])):
            assert np.hypot(*(one[:, None] - other[None]).transpose(2, 0, 1)).min() > 0.8
