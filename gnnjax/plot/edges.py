"""Which lines stand for the edges of a graph."""

from typing import NamedTuple

import jraph
import numpy as np
from matplotlib.collections import LineCollection

from gnnjax.plot.style import EdgeStyle

__all__ = ["Lines", "line_collection", "merge_edges"]


class Lines(NamedTuple):
    """Lines to draw, the weakest first so that the strongest lie on top.

    Attributes:
      ends: `[lines, 2]` nodes: (sender, receiver), or (smaller, larger) where the lines have no direction.
      attention: `[lines]`.
      directed: whether they are arrows.
    """

    ends: np.ndarray
    attention: np.ndarray
    directed: bool


def merge_edges(graph: jraph.GraphsTuple, edge_attention: np.ndarray, *, may_be_directed: bool = True) -> Lines:
    """One line with the mean attention for parallel edges and, where the graph is symmetric, for both directions.

    Args:
      graph: a single graph.
      edge_attention: `[edges]`.
      may_be_directed: False joins both directions also where only some edges have an opposite one.

    Raises:
      ValueError: `edge_attention` does not hold one value per edge.
    """
    pairs = np.stack([graph.senders, graph.receivers], axis=1).astype(np.int64)
    edge_attention = np.asarray(edge_attention, np.float64)
    if edge_attention.shape != (len(pairs),):
        raise ValueError(f"edge_attention must have shape [{len(pairs)}], has {list(edge_attention.shape)}")
    directed = may_be_directed and set(map(tuple, pairs)) != set(map(tuple, pairs[:, ::-1]))
    ends, line = np.unique(pairs if directed else np.sort(pairs, axis=1), axis=0, return_inverse=True)
    attention = np.bincount(line, edge_attention, len(ends)) / np.bincount(line, minlength=len(ends))
    order = np.argsort(attention, kind="stable")
    return Lines(ends[order], attention[order], directed)


def line_collection(
    places: np.ndarray, lines: Lines, style: EdgeStyle, color: str, *, loop_radius: float
) -> LineCollection:
    """Straight lines between nodes, and circles for self loops.

    Args:
      places: `[nodes, 2]`, (x, y).
      lines: what to draw.
      style, color: of the lines.
      loop_radius: of the circle of a self loop, which touches its node and points away from the neighbours.
    """
    segments = places[lines.ends]
    loops = np.flatnonzero(lines.ends[:, 0] == lines.ends[:, 1])
    drawn = list(segments)
    for loop in loops:
        node = lines.ends[loop, 0]
        place = places[node]
        neighbours = np.setdiff1d(lines.ends[(lines.ends == node).any(axis=1)], node)
        outwards = place - places[neighbours].mean(axis=0) if len(neighbours) else np.zeros(2)
        distance = np.linalg.norm(outwards)
        outwards = outwards / distance if distance > 1e-6 else np.array([0.0, 1.0])
        angle = np.linspace(0, 2 * np.pi, 33)
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        drawn[loop] = place + loop_radius * (outwards + circle)
    return LineCollection(
        drawn,
        linewidths=style.width(lines.attention),
        colors=style.color(lines.attention, color),
        capstyle="round",
        zorder=1,
    )
