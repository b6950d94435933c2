"""What figures show, read off their artists."""

import jraph
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ArrowStyle

from gnnjax.plot import attention_histogram, draw_attention, explained_graphs, training_curves
from gnnjax.train import Evaluation
from tests.random_graphs import random_dataset

POSITIONS = {0: np.array([0.0, 0.0]), 1: np.array([1.0, 0.0]), 2: np.array([1.0, 1.0])}


def make_axes() -> Axes:
    axes = Figure().subplots()
    axes.set(xlim=(-1, 2), ylim=(-1, 2))
    return axes


def graph(pairs, num_nodes=3):
    senders, receivers = np.array(pairs, np.int32).reshape(-1, 2).T
    nodes = np.ones((num_nodes, 1), np.float32)
    return jraph.GraphsTuple(nodes, None, receivers, senders, None, np.array([num_nodes]), np.array([len(pairs)]))


def draw(pairs, attention):
    """The drawn lines, by the nodes nearest to their ends: `{(sender, receiver): line}`."""
    axes = make_axes()
    draw_attention(axes, graph(pairs), np.array(attention, np.float32), positions=POSITIONS)
    lines = {}
    for line in axes.patches:
        # A path is a curve of three points, then the arrow's head.
        lines[nearest(line.get_path().vertices[0]), nearest(line.get_path().vertices[2])] = line
    return lines


def nearest(point) -> int:
    return min(POSITIONS, key=lambda node: np.abs(POSITIONS[node] - point).sum())


def directed(line) -> bool:
    return isinstance(line.get_arrowstyle(), ArrowStyle.CurveFilledB)


def evaluation_of(dataset, indices, seed=0):
    rows = dataset.edge_rows(np.array(indices))
    return Evaluation(
        losses={},
        logits=np.zeros((len(indices), 1), np.float32),
        labels=dataset.labels[indices],
        edge_attention=np.random.default_rng(seed).random(len(rows)).astype(np.float32),
        edge_labels=None if dataset.edge_labels is None else dataset.edge_labels[rows],
        n_edge=dataset.n_edge[indices],
    )


class TestDrawAttention:
    def test_undirected_edges_are_one_line_of_their_mean_attention(self):
        lines = draw([(0, 1), (1, 2), (2, 1), (1, 0)], [0.25, 1.0, 0.5, 0.75])
        assert len(lines) == 2
        assert not any(directed(line) for line in lines.values())
        assert lines[0, 1].get_linewidth() == pytest.approx(0.4 + 3.6 * 0.5)
        assert lines[1, 2].get_linewidth() == pytest.approx(0.4 + 3.6 * 0.75)

    def test_directed_edges_are_arrows(self):
        lines = draw([(0, 1), (1, 2), (2, 1)], [0.1, 0.6, 0.9])
        assert lines.keys() == {(0, 1), (1, 2), (2, 1)}
        assert all(directed(line) for line in lines.values())
        assert lines[2, 1].get_linewidth() == pytest.approx(0.4 + 3.6 * 0.9)

    def test_attention_makes_lines_wider_and_more_opaque(self):
        lines = draw([(0, 1), (1, 2), (0, 2)], [0.0, 0.5, 1.0])
        ordered = [lines[0, 1], lines[1, 2], lines[0, 2]]
        assert np.diff([line.get_linewidth() for line in ordered]) == pytest.approx([1.8, 1.8])
        assert np.diff([line.get_edgecolor()[3] for line in ordered]) == pytest.approx([0.44, 0.44])

    @pytest.mark.parametrize("back", [[], [(1, 0)]])
    def test_parallel_edges_share_a_line(self, back):
        lines = draw([(0, 1), (0, 1), *back], [0.2, 0.4, 0.9][: 2 + len(back)])
        assert len(lines) == 1
        assert directed(lines[0, 1]) == (not back)
        expected = 0.5 if back else 0.3
        assert lines[0, 1].get_linewidth() == pytest.approx(0.4 + 3.6 * expected)

    def test_positions_come_back_for_the_next_drawing(self):
        pairs, attention = [(0, 1), (1, 2)], np.array([0.5, 0.5], np.float32)
        laid_out = draw_attention(make_axes(), graph(pairs), attention)
        assert laid_out.keys() == {0, 1, 2}
        axes = make_axes()
        assert draw_attention(axes, graph(pairs), attention, positions=laid_out) is laid_out
        np.testing.assert_allclose(axes.collections[0].get_offsets(), [laid_out[node] for node in range(3)])

    @pytest.mark.parametrize("index", range(4))
    def test_every_kind_of_graph_can_be_laid_out(self, index):
        """Isolated nodes, loops, parallel edges, no edges, a single node."""
        example = random_dataset(0)[index]
        axes = make_axes()
        positions = draw_attention(axes, example, np.full(len(example.senders), 0.5, np.float32))
        assert len(axes.collections[0].get_offsets()) == len(positions) == example.n_node[0]
        assert np.isfinite(list(positions.values())).all()
        assert bool(axes.patches) == (example.n_edge[0] > 0)


@pytest.fixture(scope="module")
def explained():
    """Graphs 5 and 4."""
    dataset, indices = random_dataset(0), [4, 1, 5]
    evaluation = evaluation_of(dataset, indices)
    return explained_graphs(dataset, indices, evaluation, positions=[2, 0], titles=["two", "zero"])


class TestExplainedGraphs:
    def test_attention_above_and_truth_below(self, explained):
        assert [axes.get_title() for axes in explained.axes] == ["two", "zero", *["true signal edges"] * 2]

    def test_draws_the_asked_graphs_in_the_same_places(self, explained):
        n_node = random_dataset(0).n_node
        above, below = explained.axes[:2], explained.axes[2:]
        for axes, truth, index in zip(above, below, (5, 4), strict=True):
            places, again = (ax.collections[0].get_offsets() for ax in (axes, truth))
            assert len(places) == n_node[index]
            np.testing.assert_array_equal(places, again)

    def test_without_truth_there_is_one_row(self):
        dataset = random_dataset(0)
        unlabelled = type(dataset)(**vars(dataset) | {"edge_labels": None})
        evaluation = evaluation_of(unlabelled, [0, 1])
        figure = explained_graphs(unlabelled, [0, 1], evaluation, positions=[1], titles=["graph"])
        assert [axes.get_title() for axes in figure.axes] == ["graph"]


class TestAttentionHistogram:
    def test_signal_and_background_apart(self):
        evaluation = evaluation_of(random_dataset(0), [0, 1])
        (axes,) = attention_histogram(evaluation).axes
        signal = int(evaluation.edge_labels.sum())
        background = len(evaluation.edge_labels) - signal
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert labels == [f"background edges ({background})", f"signal edges ({signal})"]
        for container in axes.containers:
            assert sum(bar.get_height() for bar in container) == pytest.approx(1)

    def test_all_edges_where_the_truth_is_unknown(self):
        dataset = random_dataset(0)
        evaluation = evaluation_of(dataset, [0, 1])
        unlabelled = Evaluation(**vars(evaluation) | {"edge_labels": None})
        (axes,) = attention_histogram(unlabelled).axes
        (container,) = axes.containers
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert labels == [f"all edges ({len(evaluation.edge_attention)})"]
        expected, _ = np.histogram(evaluation.edge_attention, np.linspace(0, 1, 41))
        heights = np.array([bar.get_height() for bar in container])
        np.testing.assert_allclose(heights * len(evaluation.edge_attention), expected, atol=1e-5)


class TestTrainingCurves:
    metrics = ("prediction_loss", "information_loss", "accuracy", "explanation_roc_auc")

    def history(self, parts, metrics=metrics):
        return [
            {"epoch": epoch, "r": 0.5} | {part: {name: epoch + len(part) for name in metrics} for part in parts}
            for epoch in range(3)
        ]

    def test_a_panel_for_each_metric_and_a_line_for_each_part(self):
        figure = training_curves(self.history(["train", "valid", "test"]))
        assert [axes.get_title() for axes in figure.axes] == [
            "prediction loss (nats)",
            "information loss (nats)",
            "accuracy",
            "explanation ROC-AUC",
        ]
        for axes in figure.axes:
            assert [line.get_label() for line in axes.get_lines()] == ["train", "valid", "test"]
            for line in axes.get_lines():
                np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2])
                np.testing.assert_array_equal(line.get_ydata(), np.arange(3) + len(line.get_label()))

    def test_the_chosen_epoch_is_marked(self):
        figure = training_curves(self.history(["train", "valid"]), best_epoch=1)
        for axes in figure.axes:
            *_, marker = axes.get_lines()
            assert marker.get_label() == "chosen epoch"
            assert list(marker.get_xdata()) == [1, 1]

    def test_without_signal_edges_there_is_no_such_panel(self):
        figure = training_curves(self.history(["train", "valid"], self.metrics[:3]))
        assert len(figure.axes) == 3
        assert [text.get_text() for text in figure.axes[-1].get_legend().get_texts()] == ["train", "valid"]
