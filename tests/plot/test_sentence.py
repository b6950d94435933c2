"""Sentences: words in rows, arcs over them."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from gnnjax.plot import draw_sentence
from gnnjax.plot.arcs import Piece, arc_feet, arc_levels
from tests.plot.examples import dataset_of, make_figure

WORDS = ["a", "remarkably", "moving", "film", "."]
TREE = [(3, 0), (2, 1), (3, 2), (3, 4)]


def draw(pairs, attention, words=WORDS, width=6.0):
    """The drawn figure and axes: `collections` are the arcs and, if directed, the arrowheads."""
    figure, axes = make_figure(width, 3)
    draw_sentence(axes, dataset_of(pairs, names=words, kind="sentence"), 0, np.array(attention, np.float32))
    figure.draw_without_rendering()
    return figure, axes


def word_places(axes):
    return np.array([text.get_position() for text in axes.texts])


def test_words_stand_in_one_row_in_order():
    _, axes = draw(TREE, [0.5] * 4)
    assert [text.get_text() for text in axes.texts] == WORDS
    across, up = word_places(axes).T
    assert (np.diff(across) > 0).all()
    assert len(set(up)) == 1


def test_arcs_lead_from_word_to_word_and_grow_with_the_attention():
    _, axes = draw(TREE, [0.1, 0.4, 0.7, 1.0])
    arcs, heads = axes.collections
    across = word_places(axes)[:, 0]
    assert isinstance(arcs, PathCollection)
    assert (np.diff(arcs.get_linewidth()) > 0.5).all()
    assert (np.diff(arcs.get_edgecolor()[:, 3]) > 0.2).all()
    for (sender, receiver), path, head in zip(TREE, arcs.get_paths(), heads.get_paths(), strict=True):
        ends = path.vertices[[0, -1], 0]
        assert [np.abs(across - end).argmin() for end in ends] == sorted((sender, receiver))
        assert np.abs(across - head.vertices[0, 0]).argmin() == receiver
        assert path.vertices[:, 1].max() > path.vertices[[0, -1], 1].max() + 3


def test_words_are_shaded_by_their_strongest_edge():
    _, axes = draw(TREE, [0.2, 0.5, 0.9, 0.4])
    opacities = [text.get_bbox_patch().get_facecolor()[3] for text in axes.texts]
    np.testing.assert_allclose(opacities, 0.45 * np.array([0.2, 0.5, 0.9, 0.9, 0.4]), atol=1e-6)


def test_a_symmetric_graph_has_one_arc_for_both_directions_and_no_arrowheads():
    _, axes = draw(TREE + [pair[::-1] for pair in TREE], [0.2] * 4 + [0.6] * 4)
    (arcs,) = axes.collections
    assert len(arcs.get_paths()) == 4
    np.testing.assert_allclose(arcs.get_linewidth(), 0.5 + 2.1 * 0.4, atol=1e-6)


def test_a_long_sentence_goes_on_in_further_rows():
    words = [f"word{number}" for number in range(40)]
    pairs = [(number, number + 1) for number in range(39)] + [(0, 39)]
    _, axes = draw(pairs, np.linspace(0, 1, 40), words, width=4)
    places = word_places(axes)
    rows = np.unique(-places[:, 1], return_inverse=True)[1]
    assert rows.max() >= 3
    assert (np.diff(rows) >= 0).all()
    assert (np.diff(places[:, 0])[np.diff(rows) == 0] > 0).all()
    extents = [text.get_window_extent() for text in axes.texts]
    assert all(axes.bbox.x0 - 1 <= box.x0 and box.x1 <= axes.bbox.x1 + 1 for box in extents)
    assert not any(one.overlaps(other) for i, one in enumerate(extents) for other in extents[:i])
    # The arc from the first to the last word has a piece over each row and touches both margins.
    *_, longest = axes.collections[0].get_paths()
    assert (longest.codes == longest.MOVETO).sum() == rows.max() + 1
    assert (longest.vertices[:, 0].min(), longest.vertices[:, 0].max()) == axes.get_xlim()
    assert (longest.vertices[:, 1] < axes.get_ylim()[1]).all()


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["größte", "Ärger", "naïve"], ["größte", "Ärger", "naïve"]),
        (["\U000f1234x", "tab\there", "new\nline"], ["□x", "tab□here", "new□line"]),
        (["$5", "and", "$10$"], ["$5", "and", "$10$"]),
        (["", "a" * 31, "[PAD]"], ["", "a" * 29 + "…", "[PAD]"]),
    ],
)
def test_odd_words(words, shown):
    """What fonts do not have is a square; dollars are not mathematics; long words are cut."""
    _, axes = draw([(0, 1), (1, 2)], [0.5, 0.5], words)
    assert [text.get_text() for text in axes.texts] == shown
    assert not any(text.get_parse_math() for text in axes.texts)


@pytest.mark.parametrize("words", [["alone"], ["no", "edges", "here"]])
def test_without_edges_there_are_just_words(words):
    _, axes = draw([], [], words)
    assert [text.get_text() for text in axes.texts] == words
    assert sum(len(collection.get_paths()) for collection in axes.collections) == 0
    assert axes.get_ylim()[1] > 10


def test_a_self_loop_is_an_arc_over_its_word():
    _, axes = draw([(0, 1), (1, 1), (1, 2)], [0.2, 0.6, 0.4], ["to", "itself", "now"])
    loop = axes.collections[0].get_paths()[-1].vertices
    box = axes.texts[1].get_window_extent().transformed(axes.transData.inverted())
    assert box.x0 <= loop[:, 0].min() < loop[:, 0].max() <= box.x1


def test_arcs_at_a_word_stand_side_by_side_the_longest_inside():
    ends = np.array([(2, 0), (2, 1), (2, 3), (4, 2)])
    feet = arc_feet(ends, np.arange(5) * 50.0, gap=4)
    np.testing.assert_allclose([feet[1, 0], feet[0, 0], feet[3, 1], feet[2, 0]], [94, 98, 102, 106])


def test_overlapping_pieces_get_levels_the_shorter_the_lower():
    spans = [(0, 100), (10, 40), (50, 90), (30, 60), (20, 30)]
    pieces = [Piece(arc, 0, left, right, False, False) for arc, (left, right) in enumerate(spans)]
    other_row = Piece(5, 1, 0, 100, False, False)
    np.testing.assert_array_equal(arc_levels([*pieces, other_row]), [5, 2, 4, 3, 1, 1])
