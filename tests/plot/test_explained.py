"""Figures of several graphs, drawn as the kind of their dataset says."""

import dataclasses

import numpy as np
import pytest

from gnnjax.data import GraphDataset
from gnnjax.plot import explained_graphs
from tests.plot.examples import evaluation_of
from tests.random_graphs import random_dataset


def dataset_of_kind(kind, num_graphs=8, **fields) -> GraphDataset:
    """Random graphs, with the corner cases, that have all that any kind needs."""
    plain = random_dataset(0, num_graphs)
    rng = np.random.default_rng(0)
    total = len(plain.nodes)
    return dataclasses.replace(
        plain,
        kind=kind,
        node_names=rng.integers(0, 3, total),
        vocabulary=np.array(["C", "N", "O"]),
        node_positions=rng.uniform(0, 9, (total, 2)).astype(np.float32),
        images=rng.integers(0, 256, (num_graphs, 10, 12)).astype(np.uint8),
        **fields,
    )


def explain(dataset, positions=(2, 0), titles=("two", "zero")):
    """Of the graphs 4, 1 and 5, those at `positions`."""
    indices = [4, 1, 5]
    figure = explained_graphs(
        dataset, indices, evaluation_of(dataset, indices), positions=positions, titles=list(titles)
    )
    figure.draw_without_rendering()
    return figure


def titles_of(figure):
    return [axes.get_title() or axes.get_title("left") for axes in figure.axes]


def test_attention_above_and_truth_below_in_the_same_places():
    dataset = random_dataset(0)
    figure = explain(dataset)
    assert titles_of(figure) == ["two", "zero", "true signal edges", "true signal edges"]
    for axes, truth, index in zip(figure.axes[:2], figure.axes[2:], (5, 4), strict=True):
        places, again = (ax.collections[-1].get_offsets() for ax in (axes, truth))
        assert len(places) == dataset.n_node[index]
        np.testing.assert_array_equal(places, again)


def test_truth_is_what_the_dataset_says():
    dataset = random_dataset(0)
    dataset.edge_labels[dataset.edge_slice(4)] = 1
    dataset.edge_labels[dataset.edge_slice(5)] = 0
    figure = explain(dataset)
    assert titles_of(figure)[2:] == ["no true signal edges", "true signal edges"]
    assert [arrow.get_linewidth() for arrow in figure.axes[2].patches] == pytest.approx(
        [0.6] * len(figure.axes[2].patches)
    )
    np.testing.assert_allclose(figure.axes[3].collections[0].get_linewidth(), 4.0)


def test_without_truth_there_is_one_row():
    dataset = dataclasses.replace(random_dataset(0), edge_labels=None)
    assert titles_of(explain(dataset, [1], ["graph"])) == ["graph"]


@pytest.mark.parametrize(
    ("kind", "texts", "images"), [("graph", 0, 0), ("molecule", 1, 0), ("sentence", 1, 0), ("image", 0, 1)]
)
def test_each_kind_is_drawn_in_its_way(kind, texts, images):
    dataset = dataset_of_kind(kind)
    figure = explain(dataset)
    assert sorted(titles_of(figure)) == sorted(["two", "zero", "true signal edges", "true signal edges"])
    for axes, title in zip(figure.axes, titles_of(figure), strict=True):
        if title == "two":
            assert len(axes.texts) == texts * dataset.n_node[5]
        assert len(axes.images) == images


@pytest.mark.parametrize("kind", ["graph", "molecule", "sentence", "image"])
def test_every_corner_case_of_every_kind(kind):
    """Isolated nodes, loops, directed and parallel edges, no edges, a single node; more graphs than go in a row."""
    dataset = dataset_of_kind(kind)
    indices = list(range(8))
    titles = [f"graph {index}" for index in indices]
    figure = explained_graphs(dataset, indices, evaluation_of(dataset, indices), positions=indices, titles=titles)
    figure.draw_without_rendering()
    assert [title for title in titles_of(figure) if title.startswith("graph")] == titles
    boxes = [axes.get_tightbbox() for axes in figure.axes if axes.get_title() or axes.get_title("left")]
    assert all(
        box.x0 > -1 and box.y0 > -1 and box.x1 < figure.bbox.x1 + 1 and box.y1 < figure.bbox.y1 + 1 for box in boxes
    )


@pytest.mark.parametrize(("kind", "field"), [("molecule", "names"), ("sentence", "names"), ("image", "positions")])
def test_what_its_kind_needs_is_missing(kind, field):
    """Drawn as nodes and edges."""
    dataset = dataset_of_kind(kind)
    missing = {"node_names": None, "vocabulary": None} if field == "names" else {"node_positions": None}
    figure = explain(dataclasses.replace(dataset, **missing))
    places = figure.axes[0].collections[-1].get_offsets()
    assert len(places) == dataset.n_node[5]
    assert not figure.axes[0].texts


def test_long_titles_are_broken_and_do_not_reach_their_neighbours():
    title = ", ".join(f"task-{number} $1" for number in range(12)) + "\nsecond line"
    figure = explain(random_dataset(0), titles=[title, title])
    first, second = (axes.title.get_window_extent() for axes in figure.axes[:2])
    assert not first.overlaps(second)
    assert figure.axes[0].get_title().endswith("\nsecond line")
    assert figure.axes[0].get_title().replace("\n", " ") == title.replace("\n", " ")


def test_sentences_have_as_much_height_as_they_need():
    dataset = dataset_of_kind("sentence")
    figure = explain(dataset)
    for axes in figure.axes:
        assert axes.get_window_extent().height * 72 / figure.dpi == pytest.approx(axes.get_ylim()[1], rel=0.02)


def test_the_legend_shows_lines_as_they_are_drawn():
    (legend,) = explain(random_dataset(0)).legends
    assert [text.get_text() for text in legend.get_texts()] == ["edge attention 0.25", "0.5", "0.75", "1"]
    widths = [line.get_linewidth() for line in legend.get_lines()]
    np.testing.assert_allclose(widths, 0.6 + 3.4 * np.array([0.25, 0.5, 0.75, 1]))


@pytest.mark.parametrize(("positions", "titles"), [([], []), ([0, 1], ["one"])])
def test_one_title_per_graph(positions, titles):
    with pytest.raises(ValueError, match="one title per graph"):
        explain(random_dataset(0), positions, titles)
