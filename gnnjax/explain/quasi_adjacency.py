"""The largest entries of an attention graph, as a graph of their own."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from gnnjax.explain.checks import AttentionGraph, attention_matrix, off_diagonal

__all__ = ["GridThreshold", "grid_threshold", "prune", "top_entries"]


class GridThreshold(NamedTuple):
    """Quasi-adjacency at a threshold.

    Attributes:
      threshold: the threshold t, a multiple of 0.001.
      entries: bool `[nodes, nodes]`, where attention is at least t; `entries.nnz` is how many they are.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> found = explain.grid_threshold(np.array([[0.9, 0.1], [0.4, 0.6]]), 2)
      >>> found.threshold, found.entries.toarray().tolist()
      (0.401, [[True, False], [False, True]])
    """

    threshold: float
    entries: sparse.csr_array


def top_entries(attention_graph: AttentionGraph, count: int, *, diagonal: bool = True) -> sparse.csr_array:
    """Bool `[nodes, nodes]`, the `count` entries of most attention: exactly so many, unless fewer are above zero.

    Of equal entries at the cut, the first in row-major order (by query, then by key) are taken.

    Args:
      attention_graph: dense or sparse, row = query, column = key.
      count: number of entries, for the input graph's density the number of entries of A + I.
      diagonal: False leaves self-attention out.

    Raises:
      ValueError: `count` is not between 0 and nodes^2, or the attention graph is not a valid one.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> attention = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
      >>> explain.top_entries(attention, 2, diagonal=False).astype(int).toarray().tolist()
      [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    """
    matrix = attention_matrix(attention_graph)
    _check_count(count, matrix.shape[0])
    matrix = matrix if diagonal else off_diagonal(matrix)
    values = _values(matrix)
    count = min(count, int(np.count_nonzero(values)))
    if count == 0:
        return sparse.csr_array(matrix.shape, dtype=bool)
    cut = np.partition(values, values.size - count)[values.size - count]
    above = np.flatnonzero(values > cut)
    equal = np.flatnonzero(values == cut)
    return _entries_at(matrix, np.append(above, equal[: count - len(above)])).astype(bool)


def grid_threshold(attention_graph: AttentionGraph, count: int, *, diagonal: bool = True) -> GridThreshold:
    """The paper's threshold: of t = 0, 0.001, ..., 0.999 the first whose entries >= t are closest to `count` in number.

    Arguments and errors are those of `top_entries`. Entries are compared with t in the attention graph's own precision.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> attention = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
      >>> found = explain.grid_threshold(attention, 3)
      >>> found.threshold, found.entries.nnz  # 0.3 would let in five
      (0.301, 3)
    """
    matrix = attention_matrix(attention_graph)
    nodes = matrix.shape[0]
    _check_count(count, nodes)
    matrix = matrix if diagonal else off_diagonal(matrix)
    grid = (np.arange(1000) / 1000).astype(matrix.dtype)
    values = _values(matrix)
    found = values.size - np.searchsorted(np.sort(values), grid)
    # At 0 every entry counts, those that a sparse matrix does not store too.
    found[0] = nodes**2 if diagonal else nodes**2 - nodes
    best = int(np.argmin(np.abs(found - count)))
    if best > 0:
        entries = _entries_at(matrix, np.flatnonzero(values >= grid[best])).astype(bool)
    else:
        # Best only where `count` is at least half of all entries: not larger than the graph that was asked for.
        entries = sparse.csr_array(np.ones((nodes, nodes), bool) if diagonal else ~np.eye(nodes, dtype=bool))
    return GridThreshold(best / 1000, entries)


def prune(
    attention_graph: AttentionGraph,
    *,
    threshold: float | None = None,
    count: int | None = None,
    diagonal: bool = True,
) -> sparse.csr_array:
    """The attention graph as a csr_array of its entries above zero, all or the largest of them.

    Args:
      attention_graph: dense or sparse, row = query, column = key.
      threshold: keep the entries of at least this much attention.
      count: keep that many, as `top_entries` does.
      diagonal: False drops self-attention.

    Raises:
      ValueError: both `threshold` and `count` are given, `threshold` is negative or NaN, or as in `top_entries`.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> attention = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
      >>> explain.prune(attention, threshold=0.3, diagonal=False).toarray().tolist()
      [[0.0, 0.3, 0.0], [0.0, 0.0, 0.3], [0.0, 0.0, 0.0]]
    """
    if threshold is not None and count is not None:
        raise ValueError("threshold and count both say what to keep: give one of them")
    if threshold is not None and not threshold >= 0:
        raise ValueError(f"threshold is {threshold}, but attention is a number from 0 up")
    matrix = attention_matrix(attention_graph)
    matrix = matrix if diagonal else off_diagonal(matrix)
    if count is not None:
        return sparse.csr_array(top_entries(matrix, count).multiply(matrix))
    values = _values(matrix)
    return _entries_at(matrix, np.flatnonzero((values > 0) & (values >= (threshold or 0))))


def _values(matrix):
    return matrix.data if isinstance(matrix, sparse.csr_array) else matrix.ravel()


def _entries_at(matrix, index):
    """The entries at positions `index` of `_values`."""
    queries, keys = (
        (axis[index] for axis in matrix.tocoo().coords)
        if isinstance(matrix, sparse.csr_array)
        else np.unravel_index(index, matrix.shape)
    )
    return sparse.csr_array((_values(matrix)[index], (queries, keys)), shape=matrix.shape)


def _check_count(count, nodes):
    if not 0 <= count <= nodes**2:
        raise ValueError(f"count is {count}, but an attention graph of {nodes} nodes has {nodes**2} entries")
