"""One explanation as a figure: what is wide, what is marked, what is written."""

import dataclasses

import numpy as np
import pytest
from matplotlib.colors import to_hex

from gnnjax.explain import Explanations
from gnnjax.plot import explanation_figure
from gnnjax.plot.style import TRUTH
from tests.explain.test_explanation import EXAMPLE
from tests.random_graphs import random_dataset


def drawn(explanation, **arguments):
    figure = explanation_figure(explanation, **arguments)
    figure.draw_without_rendering()
    return figure


def bands(figure, color):
    """The ends of the lines of a colour, each as a sorted pair of places."""
    return {
        tuple(sorted(map(tuple, np.round(segment, 4).tolist())))
        for lines in figure.axes[0].collections
        if hasattr(lines, "get_segments") and len(lines.get_colors()) and to_hex(lines.get_colors()[0]) == color
        for segment in lines.get_segments()
    }


def pairs_at(figure, pairs):
    nodes = next(each for each in figure.axes[0].collections if len(each.get_offsets()) > 1).get_offsets()
    nodes = np.round(np.asarray(nodes), 4).tolist()
    return {tuple(sorted((tuple(nodes[a]), tuple(nodes[b])))) for a, b in pairs}


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_selection_and_truth_are_marked():
    truth = np.zeros(10, np.uint8)
    truth[[2, 3, 8]] = 1
    figure = drawn(dataclasses.replace(EXAMPLE, edge_labels=truth), top_k=2)
    # By mean value: 0 - 1 with 0.825, then 2 - 0 with 0.6 and 1 - 2 with 0.8.
    assert bands(figure, "#f2b632") == pairs_at(figure, [(0, 1), (1, 2)])
    assert bands(figure, TRUTH) == pairs_at(figure, [(1, 2), (4, 5)])
    assert legend_of(figure) == ["importance 0", "0.5", "1", "selected", "true"]


def test_without_selection_and_truth_there_are_no_marks():
    figure = drawn(EXAMPLE)
    assert not bands(figure, "#f2b632")
    assert not bands(figure, TRUTH)
    assert legend_of(figure) == ["importance 0", "0.5", "1"]


def test_width_follows_importance_on_any_scale():
    scaled = dataclasses.replace(EXAMPLE, edge_mask=20 * EXAMPLE.edge_mask - 5)
    for explanation, span in ((EXAMPLE, 1), (scaled, 16)):
        values = np.sort(explanation.undirected_edges.values)
        widths = np.sort(drawn(explanation).axes[0].collections[0].get_linewidths())
        assert np.diff(widths) == pytest.approx(3.4 * np.diff(values) / span, rel=1e-4)
    assert legend_of(drawn(scaled)) == ["importance -3", "5", "13"]
    assert legend_of(drawn(dataclasses.replace(EXAMPLE, edge_mask=np.full(10, 7.0))))[0] == "importance 6"


def test_names_and_titles_are_text_as_it_is():
    names = ["C", "$x^2$", "Cl", "a word", "", "O"]
    figure = drawn(dataclasses.replace(EXAMPLE, node_names=names, method="gsat", name="mine, graph $1"))
    assert [text.get_text() for text in figure.axes[0].texts] == names
    assert figure.axes[0].get_title() == "gsat, mine, graph $1"
    assert drawn(EXAMPLE, title="other").axes[0].get_title() == "other"


@pytest.mark.parametrize("index", range(4))
def test_every_corner_case(index):
    """Isolated nodes, loops, directed and parallel edges, no edges, a single node."""
    dataset = random_dataset(0)
    rows = int(dataset.n_edge[index])
    explanation = Explanations(dataset, np.array([index]), np.linspace(-1, 1, rows))[0]
    figure = drawn(explanation, top_fraction=0.5)
    assert max(len(each.get_offsets()) for each in figure.axes[0].collections) == dataset.n_node[index]


def test_a_selection_must_be_one_rule():
    with pytest.raises(ValueError, match="exactly one"):
        explanation_figure(EXAMPLE, top_k=1, threshold=0.5)
