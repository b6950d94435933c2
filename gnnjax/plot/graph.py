"""A graph as nodes and edges."""

import dataclasses

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch
from scipy.spatial import KDTree

from gnnjax.data import GraphDataset
from gnnjax.plot.edges import Lines, line_collection, merge_edges
from gnnjax.plot.layout import fit_axes, lay_out
from gnnjax.plot.style import ATTENTION, EdgeStyle

__all__ = ["GRAPH_STYLE", "draw_attention"]

GRAPH_STYLE = EdgeStyle()
_NODE_DIAMETER = 8.4
# Of the distance between nodes: where graphs are too large for their axes, nodes and lines shrink to this.
_LARGEST_DIAMETER = 0.5


def draw_attention(
    axes: Axes, dataset: GraphDataset, index: int, edge_attention: np.ndarray, *, color: str = ATTENTION
) -> None:
    """Draws a graph with edges as wide and opaque as their attention, always in the same places.

    Both directions of an edge are drawn as one line with their mean attention where the graph is symmetric, as arrows
    where it is not. In a graph that is large for its axes nodes are smaller and edges thinner.

    Args:
      axes: where to draw.
      dataset: holds the graph.
      index: which graph.
      edge_attention: `[edges]` in [0, 1].
      color: of the edges.

    Raises:
      ValueError: `edge_attention` does not hold one value per edge.

    Examples:
      >>> import numpy as np
      >>> from matplotlib.figure import Figure
      >>> from gnnjax import data, plot
      >>> triangle = data.from_arrays([np.ones((3, 1))], [([0, 1, 2], [1, 2, 0])], [1], undirected=True)
      >>> axes = Figure().subplots()
      >>> plot.draw_attention(axes, triangle, 0, np.array([0.9, 0.1, 0.3, 0.9, 0.1, 0.3]))
      >>> triangle.n_edge.tolist(), len(axes.collections[0].get_segments())  # one line for both directions
      ([6], 3)
    """
    lines = merge_edges(dataset[index], edge_attention)
    places = lay_out(int(dataset.n_node[index]), lines.ends)
    apart = np.median(KDTree(places).query(places, 2)[0][:, 1]) if len(places) > 1 else 1.0
    shrunk = min(1.0, _LARGEST_DIAMETER * float(apart) * fit_axes(axes, places, margin=0.7) / _NODE_DIAMETER)
    diameter, (thinnest, widest) = shrunk * _NODE_DIAMETER, GRAPH_STYLE.widths
    style = dataclasses.replace(GRAPH_STYLE, widths=(shrunk * thinnest, shrunk * widest))
    straight = (lines.ends[:, 0] == lines.ends[:, 1]) | (not lines.directed)
    undirected = Lines(lines.ends[straight], lines.attention[straight], False)
    axes.add_collection(line_collection(places, undirected, style, color, loop_radius=0.28))
    _draw_arrows(axes, places, Lines(lines.ends[~straight], lines.attention[~straight], True), style, color, diameter)
    axes.scatter(*places.T, s=diameter**2, c="#f2efe9", edgecolors="#555555", linewidths=0.7 * shrunk, zorder=2)


def _draw_arrows(
    axes: Axes, places: np.ndarray, lines: Lines, style: EdgeStyle, color: str, node_diameter: float
) -> None:
    pairs = set(map(tuple, lines.ends.tolist()))
    styles = zip(style.width(lines.attention), style.color(lines.attention, color), strict=True)
    for (sender, receiver), (width, rgba) in zip(lines.ends.tolist(), styles, strict=True):
        # Two opposite arrows bend away from each other.
        bend = 0.15 if (receiver, sender) in pairs else 0
        arrow = FancyArrowPatch(
            places[sender],
            places[receiver],
            arrowstyle="-|>",
            connectionstyle=f"arc3,rad={bend}",
            mutation_scale=0.5 * node_diameter + 1.5 * width,
            shrinkA=node_diameter / 2,
            shrinkB=node_diameter / 2,
            linewidth=width,
            color=rgba,
            zorder=1,
        )
        axes.add_patch(arrow)
