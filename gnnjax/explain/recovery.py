"""How much of the input graph an attention graph shows."""

from typing import NamedTuple

from gnnjax.explain.checks import AdjacencyMatrix, AttentionGraph, adjacency_matrix, attention_matrix
from gnnjax.explain.quasi_adjacency import grid_threshold, top_entries

__all__ = ["AdjacencyRecovery", "Recovery", "adjacency_recovery", "recovery"]


class Recovery(NamedTuple):
    """Precision, recall and F1 in [0, 1] of predicted entries; 0 where no entry is predicted or to be found.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> explain.recovery(np.eye(2), np.ones((2, 2))).recall  # the diagonal is half of the entries
      0.5
    """

    precision: float
    recall: float
    f1: float


class AdjacencyRecovery(NamedTuple):
    """Recovery of the input graph by thresholds on attention, with the diagonal and without it.

    Attributes:
      top: by exactly as many of the largest entries as A + I has.
      grid: by the threshold of the paper's grid, the number it reports.
      threshold: that threshold.
      top_off_diagonal: `top` with self-attention and self loops left out before counting.
      grid_off_diagonal: `grid` likewise.
      threshold_off_diagonal: its threshold.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> path = np.eye(3, k=1) + np.eye(3, k=-1)
      >>> found = explain.adjacency_recovery((path + np.eye(3)) / 3, path)
      >>> found.top.f1, found.threshold
      (1.0, 0.001)
    """

    top: Recovery
    grid: Recovery
    threshold: float
    top_off_diagonal: Recovery
    grid_off_diagonal: Recovery
    threshold_off_diagonal: float


def recovery(predicted: AdjacencyMatrix, adjacency: AdjacencyMatrix, *, diagonal: bool = True) -> Recovery:
    """Precision, recall and F1 of the nonzero entries of `predicted` against those of A + I.

    Args:
      predicted: `[nodes, nodes]`, dense or sparse.
      adjacency: `[sender, receiver]`; self loops are added.
      diagonal: False leaves the diagonal out of both.

    Raises:
      ValueError: the matrices are not square or differ in size.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> path = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
      >>> star = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]])
      >>> explain.recovery(star, path, diagonal=False)
      Recovery(precision=0.5, recall=0.5, f1=0.5)
    """
    edges = adjacency_matrix(adjacency, self_loops=diagonal)
    found = adjacency_matrix(predicted, edges.shape[0], self_loops=None if diagonal else False)
    hits = found.multiply(edges).nnz
    return Recovery(
        hits / found.nnz if found.nnz else 0.0,
        hits / edges.nnz if edges.nnz else 0.0,
        2 * hits / (found.nnz + edges.nnz) if hits else 0.0,
    )


def adjacency_recovery(attention_graph: AttentionGraph, adjacency: AdjacencyMatrix) -> AdjacencyRecovery:
    """Recovery of A + I by the top entries and by the paper's grid, with the diagonal and without it.

    Args:
      attention_graph: dense or sparse, row = query, column = key.
      adjacency: `[sender, receiver]`; self loops are added, or taken out.

    Raises:
      ValueError: either is not a square matrix, the shapes differ, or attention is negative or not finite.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> path = np.eye(3, k=1) + np.eye(3, k=-1)
      >>> found = explain.adjacency_recovery(np.eye(3), path)  # each node attends to itself alone
      >>> found.top.precision, found.top_off_diagonal.precision
      (1.0, 0.0)
    """
    attention = attention_matrix(attention_graph)
    results = []
    for diagonal in (True, False):
        edges = adjacency_matrix(adjacency, attention.shape[0], self_loops=diagonal)
        top = top_entries(attention, edges.nnz, diagonal=diagonal)
        grid = grid_threshold(attention, edges.nnz, diagonal=diagonal)
        results += [recovery(top, edges, diagonal=diagonal), recovery(grid.entries, edges, diagonal=diagonal)]
        results.append(grid.threshold)
    return AdjacencyRecovery(*results)
