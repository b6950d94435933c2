"""Where a walker ends up who follows attention from query to key."""

import numpy as np
from jaxtyping import Float

from gnnjax.explain.checks import AttentionGraph, attention_matrix

__all__ = ["pagerank"]


def pagerank(
    attention_graph: AttentionGraph, damping: float = 0.85, tolerance: float = 1e-9
) -> Float[np.ndarray, " nodes"]:
    """`[nodes]`, PageRank of each node, summing to one: networkx's, without a networkx graph of all entries.

    Rows are normalized; a row of zeros jumps to any node. Stops when a step changes less than `tolerance` in total.

    Args:
      attention_graph: dense or sparse, row = query, column = key.
      damping: chance in [0, 1) to follow attention and not to jump anywhere.
      tolerance: sum of absolute changes.

    Raises:
      ValueError: the attention graph is not a square matrix of finite numbers from 0 up, or `damping` is out of range.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> to_first = np.array([[1.0, 0, 0], [1, 0, 0], [1, 0, 0]])
      >>> explain.pagerank(to_first).round(2).tolist()
      [0.9, 0.05, 0.05]
    """
    if not 0 <= damping < 1:
        raise ValueError(f"damping is {damping}, not in [0, 1)")
    attention = attention_matrix(attention_graph)
    out = np.asarray(attention.sum(axis=1, dtype=np.float64))
    stuck = out == 0
    rank = np.full(len(out), 1 / len(out))
    # After k steps at most 2 damping^k is missing; rounding may keep the changes above a tolerance for ever.
    steps = int(np.log(tolerance / 2) / np.log(damping)) + 1 if damping else 1
    for _ in range(steps):
        followed = (rank / np.where(stuck, np.inf, out)).astype(attention.dtype) @ attention
        previous, rank = rank, damping * (followed + rank[stuck].sum() / len(out)) + (1 - damping) / len(out)
        if np.abs(rank - previous).sum() <= tolerance:
            break
    return rank / rank.sum()
