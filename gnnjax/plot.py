"""Figures: attention on graphs, its distribution, training curves. Needs the extra `gnnjax[experiments]`."""

from collections.abc import Mapping, Sequence
from typing import Any

import jraph
import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gnnjax.data import GraphDataset
from gnnjax.graphs import to_networkx
from gnnjax.train import Evaluation

__all__ = ["attention_histogram", "draw_attention", "explained_graphs", "training_curves"]

_SIGNAL, _BACKGROUND, _NODE = "#c1272d", "#0b5fa5", "#f2efe9"
_STYLE = {"train": "#8a8a8a", "valid": _BACKGROUND, "test": _SIGNAL}


def draw_attention(
    axes: Axes,
    graph: jraph.GraphsTuple,
    edge_attention: np.ndarray,
    *,
    positions: Mapping[int, np.ndarray] | None = None,
    color: str = _BACKGROUND,
) -> Mapping[int, np.ndarray]:
    """Draws one graph with edges as wide and opaque as their attention.

    Both directions of an edge are drawn as one line with their mean attention where the graph is symmetric, as arrows
    where it is not.

    Args:
      axes: where to draw.
      graph: a single graph.
      edge_attention: `[edges]` in [0, 1].
      positions: node -> (x, y); None lays the graph out.
      color: of the edges.

    Returns:
      The node positions, for drawing the graph again in the same places.
    """
    directed = to_networkx(graph, edge_attention)
    symmetric = all(directed.has_edge(receiver, sender) for sender, receiver in directed.edges())
    drawn = nx.DiGraph()
    drawn.add_nodes_from(directed)
    for sender, receiver, attention in directed.edges(data="attention"):
        pair = (min(sender, receiver), max(sender, receiver)) if symmetric else (sender, receiver)
        drawn.add_edge(*pair)
        drawn.edges[pair].setdefault("values", []).append(attention)
    if positions is None:
        undirected = drawn.to_undirected()
        # Starting from a planar drawing keeps motifs unfolded.
        start = nx.planar_layout(undirected) if nx.is_planar(undirected) else None
        positions = nx.kamada_kawai_layout(undirected, pos=start)
    values = np.array([np.mean(values) for *_, values in drawn.edges(data="values")])
    nx.draw_networkx_edges(
        drawn,
        positions,
        ax=axes,
        width=0.4 + 3.6 * values,
        alpha=list(0.12 + 0.88 * np.clip(values, 0, 1)),
        edge_color=color,
        arrows=True,
        arrowstyle="-" if symmetric else "-|>",
        node_size=70,
    )
    nx.draw_networkx_nodes(
        drawn, positions, ax=axes, node_size=70, node_color=_NODE, edgecolors="#555555", linewidths=0.7
    )
    axes.set_axis_off()
    return positions


def explained_graphs(
    dataset: GraphDataset,
    indices: Sequence[int],
    evaluation: Evaluation,
    *,
    positions: Sequence[int],
    titles: Sequence[str],
) -> Figure:
    """Some graphs of an evaluated split: learned attention above and, if known, the true signal edges below.

    Args:
      dataset: where the graphs are.
      indices: the graph indices that were evaluated, in that order.
      evaluation: what `train.evaluate` returned for them.
      positions: which of `indices` to draw.
      titles: one per drawn graph.
    """
    rows = 1 if dataset.edge_labels is None else 2
    figure = Figure(figsize=(2.9 * len(positions), 3.0 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, len(positions), squeeze=False)
    for column, (position, title) in enumerate(zip(positions, titles, strict=True)):
        index = int(indices[position])
        graph = dataset[index]
        places = draw_attention(grid[0, column], graph, evaluation.attention_of(position))
        grid[0, column].set_title(title, fontsize=9)
        if dataset.edge_labels is not None:
            truth = dataset.edge_labels[dataset.edge_slice(index)].astype(float)
            draw_attention(grid[1, column], graph, truth, positions=places, color=_SIGNAL)
            grid[1, column].set_title("true signal edges", fontsize=9)
    return figure


def attention_histogram(evaluation: Evaluation) -> Figure:
    """Distribution of the attention, signal and background edges apart where they are known."""
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    parts = {"all edges": (np.ones(len(evaluation.edge_attention), bool), _BACKGROUND)}
    if evaluation.edge_labels is not None:
        signal = evaluation.edge_labels == 1
        parts = {"background edges": (~signal, _BACKGROUND), "signal edges": (signal, _SIGNAL)}
    for name, (edges, color) in parts.items():
        if edges.any():
            label = f"{name} ({edges.sum():,})"
            weights = np.full(edges.sum(), 1 / edges.sum())
            bins = np.linspace(0, 1, 41).tolist()
            axes.hist(evaluation.edge_attention[edges], bins, weights=weights, alpha=0.65, color=color, label=label)
    axes.set(xlabel="edge attention", ylabel="share of edges", xlim=(0, 1))
    axes.legend(frameon=False)
    return figure


def training_curves(history: Sequence[Mapping[str, Any]], best_epoch: int | None = None) -> Figure:
    """Losses, accuracy and explanation quality over the epochs of `train.fit`, with the chosen epoch marked."""
    parts = [part for part in _STYLE if part in history[0]]
    panels = {
        "prediction_loss": "prediction loss (nats)",
        "information_loss": "information loss (nats)",
        "accuracy": "accuracy",
        "explanation_roc_auc": "explanation ROC-AUC",
    }
    panels = {name: label for name, label in panels.items() if name in history[0][parts[0]]}
    figure = Figure(figsize=(3.6 * len(panels), 3), layout="constrained")
    epochs = [entry["epoch"] for entry in history]
    for axes, (name, label) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        for part in parts:
            values = [entry[part][name] for entry in history]
            axes.plot(epochs, values, color=_STYLE[part], label=part, linewidth=1.2)
        if best_epoch is not None:
            axes.axvline(best_epoch, color="#333333", linewidth=0.8, linestyle=":", label="chosen epoch")
        axes.set(xlabel="epoch", title=label)
    axes.legend(frameon=False, fontsize=8)
    return figure
