"""Attention on the edges of the input graph against attention off them."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from gnnjax.explain.checks import AdjacencyMatrix, AttentionGraph, adjacency_matrix, attention_matrix

__all__ = ["EdgeAttention", "attention_on_edges"]


class EdgeAttention(NamedTuple):
    """Attention on the entries where A + I is 1, and on the others.

    Attributes:
      mean_on: mean attention of the entries on edges and self loops.
      mean_off: mean attention of the others; NaN if the graph is complete.
      ratio: `mean_off / mean_on`, the number the paper tabulates; NaN or infinite if `mean_on` is 0.
      share_on: share in [0, 1] of all attention that lies on edges and self loops.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> explain.attention_on_edges(np.array([[0.8, 0.2], [0.2, 0.8]]), np.zeros((2, 2)))  # self loops alone are on
    EdgeAttention(mean_on=0.8, mean_off=0.2, ratio=0.25, share_on=0.8)
    """

    mean_on: float
    mean_off: float
    ratio: float
    share_on: float


def attention_on_edges(attention_graph: AttentionGraph, adjacency: AdjacencyMatrix) -> EdgeAttention:
    """Attention to neighbours (and self) against attention to all other nodes.

    Args:
      attention_graph: dense or sparse; what a sparse one does not store is zero attention.
      adjacency: `[sender, receiver]`; self loops are added.

    Raises:
      ValueError: either is not a square matrix, the shapes differ, or attention is negative or not finite.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> attention = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]])
    >>> found = explain.attention_on_edges(attention, np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]))
    >>> found.mean_off, round(found.ratio, 2), round(found.share_on, 2)
    (0.25, 0.7, 0.83)
    """
    attention = attention_matrix(attention_graph)
    nodes = attention.shape[0]
    edges = adjacency_matrix(adjacency, nodes)
    # Both parts are added up by themselves, so that attention that is zero off edges gives zero and no rounding error.
    if isinstance(attention, sparse.csr_array):
        on = attention.multiply(edges)
        total_on, total_off = on.sum(dtype=np.float64), (attention - on).sum(dtype=np.float64)
    else:
        mask = edges.toarray()
        total_on = np.sum(attention, where=mask, dtype=np.float64)
        total_off = np.sum(attention, where=~mask, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_on, mean_off = total_on / np.float64(edges.nnz), total_off / np.float64(nodes**2 - edges.nnz)
        ratio, share_on = mean_off / mean_on, total_on / (total_on + total_off)
    return EdgeAttention(float(mean_on), float(mean_off), float(ratio), float(share_on))
