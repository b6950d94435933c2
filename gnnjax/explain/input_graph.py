"""How an attention graph and the input graph agree, entry by entry off the diagonal."""

import numpy as np
from scipy import sparse

from gnnjax.explain.checks import AdjacencyMatrix, AttentionGraph, adjacency_matrix, attention_matrix, off_diagonal

__all__ = ["edge_correlation", "edge_overlap"]


def edge_correlation(attention_graph: AttentionGraph, adjacency: AdjacencyMatrix) -> float:
    """Pearson's correlation in [-1, 1] of attention with 0 / 1 adjacency over all pairs of different nodes.

    NaN where attention is constant or the graph has no edges or all.

    Args:
      attention_graph: dense or sparse, row = query, column = key; what a sparse one does not store is zero.
      adjacency: `[sender, receiver]`.

    Raises:
      ValueError: either is not a square matrix, the shapes differ, or attention is negative or not finite.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> adjacency = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    >>> to_neighbours, to_others = adjacency / 2, 1 - adjacency
    >>> [round(explain.edge_correlation(attention, adjacency), 2) for attention in (to_neighbours, to_others)]
    [1.0, -1.0]
    """
    attention = off_diagonal(attention_matrix(attention_graph))
    nodes = attention.shape[0]
    edges = adjacency_matrix(adjacency, nodes, self_loops=False)
    if isinstance(attention, sparse.csr_array):
        values, on_edges = attention.data, attention.multiply(edges).sum(dtype=np.float64)
    else:
        values, on_edges = attention[~np.eye(nodes, dtype=bool)], attention[edges.tocoo().coords].sum(dtype=np.float64)
    pairs = nodes**2 - nodes
    not_stored = pairs - values.size
    levels = ({values.min(), values.max()} if values.size else set()) | ({0} if not_stored else set())
    if len(levels) < 2 or edges.nnz in (0, pairs):
        return float("nan")
    mean = values.sum(dtype=np.float64) / pairs
    variation = np.square(values - mean).sum() + not_stored * mean**2
    covariation = on_edges - edges.nnz * mean
    return float(covariation / np.sqrt(variation * edges.nnz * (1 - edges.nnz / pairs)))


def edge_overlap(predicted: AdjacencyMatrix, adjacency: AdjacencyMatrix) -> float:
    """Jaccard overlap in [0, 1] of two sets of directed edges, self loops aside; NaN where both are empty.

    Args:
      predicted: `[nodes, nodes]`, such as a quasi-adjacency; nonzero is an edge.
      adjacency: `[nodes, nodes]` likewise.

    Raises:
      ValueError: the matrices are not square or differ in size.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> adjacency = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> found = explain.prune(np.array([[0.2, 0.8, 0], [0.9, 0.1, 0], [0.7, 0, 0.3]]), threshold=0.5)
    >>> explain.edge_overlap(found, adjacency)  # 2 in both, 5 in one or both
    0.4
    """
    edges = adjacency_matrix(adjacency, self_loops=False)
    found = adjacency_matrix(predicted, edges.shape[0], self_loops=False)
    common = found.multiply(edges).nnz
    union = found.nnz + edges.nnz - common
    return common / union if union else float("nan")
