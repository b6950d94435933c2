"""How far attention reaches in the input graph, in hops."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from gnnjax.explain.checks import class_labels, dense_attention_matrix

__all__ = ["HopAttention", "attention_by_hops", "class_means", "expected_hops"]


class HopAttention(NamedTuple):
    """Attention by the hops from query to key, 0 (self-attention) up to the largest finite distance.

    Attributes:
      total: `[hops + 1]`, sum of the attention at each distance.
      count: `[hops + 1]`, number of entries at each distance.
      unreachable_total: sum of the attention to keys that no path leads to.
      unreachable_count: number of such entries.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> apart = np.array([[0, -1], [-1, 0]])  # two nodes without an edge
    >>> found = explain.attention_by_hops(np.array([[0.75, 0.25], [0.25, 0.75]]), apart)
    >>> found.share, found.unreachable_share
    (array([0.75]), 0.25)
    """

    total: Float[np.ndarray, " distances"]
    count: Integer[np.ndarray, " distances"]
    unreachable_total: float
    unreachable_count: int

    @property
    def mean(self) -> Float[np.ndarray, " distances"]:
        """Mean attention of an entry at each distance; NaN where no pair of nodes is that far apart."""
        return _quotient(self.total, self.count)

    @property
    def share(self) -> Float[np.ndarray, " distances"]:
        """Share in [0, 1] of all attention at each distance; with `unreachable_share` they sum to one."""
        return _quotient(self.total, self.total.sum() + self.unreachable_total)

    @property
    def unreachable_mean(self) -> float:
        """Mean attention of an entry whose key cannot be reached; NaN if all can."""
        return float(_quotient(self.unreachable_total, self.unreachable_count))

    @property
    def unreachable_share(self) -> float:
        """Share in [0, 1] of all attention that goes to keys out of reach."""
        return float(_quotient(self.unreachable_total, self.total.sum() + self.unreachable_total))


def attention_by_hops(
    attention_graph: Float[np.ndarray, "nodes nodes"], distances: Integer[np.ndarray, "nodes nodes"]
) -> HopAttention:
    """Sums attention over all pairs that lie 0, 1, 2, ... hops apart.

    Args:
      attention_graph: row = query, column = key.
      distances: hops from query to key, 0 on the diagonal, -1 where there is no path.

    Raises:
      ValueError: either is not a square matrix, the shapes differ, or a number is out of range.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> attention = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]])
    >>> distances = np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0]])  # of the path 0 - 1 - 2
    >>> found = explain.attention_by_hops(attention, distances)
    >>> found.total.tolist(), found.count.tolist(), found.mean.tolist()
    ([1.5, 1.0, 0.5], [3, 4, 2], [0.5, 0.25, 0.25])
    """
    attention = dense_attention_matrix(attention_graph)
    distances = _checked_distances(distances, attention)
    size = int(distances.max()) + 2
    total, count = np.zeros(size), np.zeros(size, np.int64)
    for weights, hops in zip(attention, distances + 1, strict=True):
        total += np.bincount(hops, weights, size)
        count += np.bincount(hops, minlength=size)
    return HopAttention(total[1:], count[1:], float(total[0]), int(count[0]))


def expected_hops(
    attention_graph: Float[np.ndarray, "nodes nodes"], distances: Integer[np.ndarray, "nodes nodes"]
) -> Float[np.ndarray, " nodes"]:
    """`[nodes]`, mean hops from each query to the keys within reach, weighted by attention.

    NaN where a query pays no attention to keys within reach. Arguments and errors are those of `attention_by_hops`.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> attention = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]])
    >>> distances = np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0]])  # of the path 0 - 1 - 2
    >>> explain.expected_hops(attention, distances)
    array([0.75, 0.5 , 0.75])
    """
    attention = dense_attention_matrix(attention_graph)
    distances = _checked_distances(distances, attention)
    weighted = np.einsum("qk,qk->q", attention, distances.clip(0), dtype=np.float64)
    return _quotient(weighted, np.einsum("qk,qk->q", attention, distances >= 0, dtype=np.float64))


def class_means(
    values: Float[np.ndarray, " nodes"], labels: Integer[np.ndarray, " nodes"], num_classes: int | None = None
) -> Float[np.ndarray, " classes"]:
    """`[classes]`, mean of a node's value (its expected hops) over each class; NaNs are left out, NaN if none is left.

    Raises:
      ValueError: `labels` are not one class for each value, or not below `num_classes`.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> explain.class_means(np.array([0.75, 0.25, np.nan]), np.array([0, 0, 1]))
    array([0.5, nan])
    """
    values = np.asarray(values, np.float64)
    labels = class_labels(labels, len(values))
    largest = int(labels.max(initial=-1))
    num_classes = largest + 1 if num_classes is None else num_classes
    if largest >= num_classes:
        raise ValueError(f"labels go up to {largest}, which is not below num_classes = {num_classes}")
    known = ~np.isnan(values)
    return _quotient(
        np.bincount(labels[known], values[known], num_classes), np.bincount(labels[known], minlength=num_classes)
    )


def _checked_distances(distances, attention):
    distances = np.asarray(distances)
    if distances.shape != attention.shape or not np.issubdtype(distances.dtype, np.integer):
        raise ValueError(
            f"distances must be whole hops of shape {attention.shape}, not {distances.dtype} {distances.shape}"
        )
    if distances.min() < -1:
        raise ValueError(f"distances holds {distances.min()}: hops are 0 or more, and -1 where there is no path")
    return distances


def _quotient(numerator, denominator):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(numerator, denominator)
