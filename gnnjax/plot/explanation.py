"""One explanation as a figure."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gnnjax.data import GraphDataset
from gnnjax.explain import Explanation
from gnnjax.plot.edges import merge_edges
from gnnjax.plot.graph import GRAPH_STYLE, draw_attention
from gnnjax.plot.layout import lay_out
from gnnjax.plot.style import ATTENTION, TRUTH

__all__ = ["explanation_figure"]

_SELECTED = "#f2b632"
# A name of so many characters has room in a node; a longer one stands beside it.
_FITS = 2


def explanation_figure(explanation: Explanation, *, title: str | None = None, **selection) -> Figure:
    """Draws a graph with edges as wide and opaque as they are important, true and selected ones marked, and node names.

    Values outside [0, 1] are drawn relative to the smallest and largest of the graph, which the legend then names.

    Args:
      explanation: what to draw.
      title: over the graph; by default the method and what is explained.
      **selection: arguments of `Explanation.select`; the selected edges lie on a yellow band, true ones in a
        red outline (but for self loops). Without a selection nothing is marked as selected.

    Raises:
      ValueError: as in `Explanation.select`.

    >>> import jraph
    >>> triangle = jraph.GraphsTuple(np.ones((3, 1)), None, np.array([0, 1, 2]), np.array([1, 2, 0]), None,
    ...                              np.array([3]), np.array([3]))
    >>> figure = explanation_figure(Explanation(triangle, np.array([0.9, 0.1, 0.3]), method="gsat"), top_k=1)
    >>> figure.axes[0].get_title()
    'gsat'
    """
    figure = Figure((4.6, 4.6), layout="constrained")
    axes = figure.subplots()
    if title is None:
        title = ", ".join(text for text in (explanation.method, explanation.name) if text)
    axes.set_title(title, fontsize=10, parse_math=False)
    axes.set_axis_off()
    low, high = _range(explanation.edge_mask)
    handles: list[Artist] = [*_importance_handles(low, high)]
    selected = explanation.select(**selection) if selection else None
    if selected is not None:
        handles.append(Line2D([], [], linewidth=9, color=_SELECTED, alpha=0.55, label="selected"))
    if explanation.edge_labels is not None:
        handles.append(Patch(facecolor="white", edgecolor=TRUTH, linewidth=1, label="true"))
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    # The drawing adapts to the size of the axes.
    figure.draw_without_rendering()

    graph = _as_dataset(explanation)
    draw_attention(axes, graph, 0, (explanation.edge_mask - low) / (high - low))
    if selected is not None:
        _mark(axes, graph, selected, linewidths=11, colors=_SELECTED, alpha=0.55, capstyle="round", zorder=0.5)
    if explanation.edge_labels is not None:
        true = np.asarray(explanation.edge_labels) == 1
        # An outline: a wide line with a white one on it.
        _mark(axes, graph, true, linewidths=7.5, colors=TRUTH, zorder=0.6)
        _mark(axes, graph, true, linewidths=5.5, colors="white", zorder=0.7)
    if explanation.node_names is not None:
        for name, place in zip(explanation.node_names, _places(graph), strict=True):
            _write(axes, name, place)
    return figure


def _range(values: np.ndarray) -> tuple[float, float]:
    """What is drawn as 0 and as 1."""
    low, high = float(values.min(initial=0)), float(values.max(initial=1))
    if low == 0 and high == 1:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else (low - 1, high)


def _importance_handles(low: float, high: float) -> list[Line2D]:
    shares = np.array([0.0, 0.5, 1.0])
    styles = zip(shares, GRAPH_STYLE.width(shares), GRAPH_STYLE.color(shares, ATTENTION), strict=True)
    names = [f"{low + share * (high - low):.3g}" for share in shares]
    names[0] = f"importance {names[0]}"
    return [
        Line2D([], [], linewidth=width, color=color, label=name)
        for name, (_, width, color) in zip(names, styles, strict=True)
    ]


def _as_dataset(explanation: Explanation) -> GraphDataset:
    """The graph alone, in the form in which graphs are drawn."""
    graph = explanation.graph
    return GraphDataset(
        name=explanation.name or "graph",
        task="binary",
        n_node=np.array([explanation.num_nodes], np.int32),
        n_edge=np.array([explanation.num_edges], np.int32),
        nodes=np.zeros((explanation.num_nodes, 1), np.float32),
        senders=np.asarray(graph.senders, np.int32),
        receivers=np.asarray(graph.receivers, np.int32),
        labels=np.zeros((1, 1), np.float32),
    )


def _places(graph: GraphDataset) -> np.ndarray:
    """`[nodes, 2]`, where `draw_attention` puts them."""
    return lay_out(int(graph.n_node[0]), merge_edges(graph[0], np.zeros(len(graph.senders))).ends)


def _mark(axes: Axes, graph: GraphDataset, marked: np.ndarray, **style) -> None:
    """Lines along the edges of which one direction at least is marked, self loops left out."""
    lines = merge_edges(graph[0], marked.astype(float), may_be_directed=False)
    ends = lines.ends[(lines.attention > 0) & (lines.ends[:, 0] != lines.ends[:, 1])]
    axes.add_collection(LineCollection(list(_places(graph)[ends]), **style))


def _write(axes: Axes, name: str, place: np.ndarray) -> None:
    fits = len(name) <= _FITS
    axes.annotate(
        name,
        (float(place[0]), float(place[1])),
        xytext=(0, 0) if fits else (0, 6),
        textcoords="offset points",
        ha="center",
        va="center" if fits else "bottom",
        fontsize=5.5 if fits else 7,
        parse_math=False,
        annotation_clip=False,
        zorder=3,
    )
