"""Small datasets of each kind, axes, and how to read lines off them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from gnnjax.data import GraphDataset
from gnnjax.train import Evaluation

__all__ = ["dataset_of", "evaluation_of", "line_styles", "make_axes", "make_figure"]


def make_figure(width=6.0, height=4.0) -> tuple[Figure, Axes]:
    figure = Figure((width, height))
    return figure, figure.subplots()


def make_axes() -> Axes:
    return make_figure()[1]


def dataset_of(pairs, num_nodes=3, *, names=None, **fields) -> GraphDataset:
    """One graph with the edges `pairs` (sender, receiver); `names` are those of its nodes."""
    senders, receivers = np.array(pairs, np.int32).reshape(-1, 2).T
    if names is not None:
        vocabulary, ids = np.unique(names, return_inverse=True)
        fields |= {"vocabulary": vocabulary, "node_names": ids}
        num_nodes = len(names)
    return GraphDataset(
        name="example",
        task="binary",
        n_node=np.array([num_nodes], np.int32),
        n_edge=np.array([len(pairs)], np.int32),
        nodes=np.ones((num_nodes, 1), np.float32),
        senders=senders,
        receivers=receivers,
        labels=np.zeros((1, 1), np.float32),
        **fields,
    )


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


def line_styles(lines: LineCollection) -> tuple[np.ndarray, np.ndarray]:
    """Width and opacity of each line."""
    return np.asarray(lines.get_linewidth()), lines.get_edgecolor()[:, 3]
