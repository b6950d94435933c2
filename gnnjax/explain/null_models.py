"""What a structural figure would be without structure: at random, and with the degrees of the nodes alone."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import sparse

from gnnjax.explain.checks import AdjacencyMatrix, AttentionGraph, adjacency_matrix
from gnnjax.explain.input_graph import edge_correlation
from gnnjax.explain.rewiring import rewire

__all__ = ["NullComparison", "chance_recovery", "compare_with_rewired", "edge_correlation_against_rewired"]


class NullComparison(NamedTuple):
    """A statistic of the input graph beside the same of rewired graphs.

    Attributes:
      observed: of the input graph itself.
      mean: over the rewirings.
      std: over the rewirings, with `n - 1`; NaN for a single one.
      z_score: `(observed - mean) / std`; NaN where they do not vary.
      values: `[rewirings]`, of each.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> ring = np.roll(np.eye(6), 1, axis=1)
      >>> found = explain.compare_with_rewired(lambda edges: edges.nnz, ring, num_rewirings=3)
      >>> found.observed, found.values.tolist(), found.z_score  # the number of edges never changes
      (6.0, [6.0, 6.0, 6.0], nan)
    """

    observed: float
    mean: float
    std: float
    z_score: float
    values: Float[np.ndarray, " rewirings"]


def chance_recovery(adjacency: AdjacencyMatrix, *, diagonal: bool = True) -> float:
    """Density in [0, 1] of A + I: the precision, and with as many entries the F1, to expect of entries drawn at random.

    Args:
      adjacency: `[sender, receiver]`; self loops are added.
      diagonal: False counts pairs of different nodes only; NaN for a single node.

    Raises:
      ValueError: the adjacency is not a square matrix.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> path = np.eye(4, k=1) + np.eye(4, k=-1)
      >>> explain.chance_recovery(path), explain.chance_recovery(path, diagonal=False)  # 10 of 16, 6 of 12
      (0.625, 0.5)
    """
    edges = adjacency_matrix(adjacency, self_loops=diagonal)
    nodes = edges.shape[0]
    pairs = nodes**2 if diagonal else nodes**2 - nodes
    return edges.nnz / pairs if pairs else float("nan")


def compare_with_rewired(
    statistic: Callable[[sparse.csr_array], float],
    adjacency: AdjacencyMatrix,
    *,
    num_rewirings: int = 20,
    seed: int = 0,
    rounds: int = 20,
) -> NullComparison:
    """Evaluates a statistic of the input graph on it and on degree-preserving rewirings of it.

    Args:
      statistic: takes a bool csr_array `[sender, receiver]`, self loops as in `adjacency`, and gives a number.
      adjacency: `[sender, receiver]`.
      num_rewirings: how many, of the seeds `seed`, `seed + 1`, ...
      seed: of the first.
      rounds: as in `rewire`.

    Raises:
      ValueError: the adjacency is not a square matrix, or `num_rewirings` is below 1.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> path = np.eye(12, k=1) + np.eye(12, k=-1)
      >>> found = explain.compare_with_rewired(explain.reciprocity, path, num_rewirings=5)
      >>> found.observed, found.mean < 0.8  # rewired graphs are not symmetric
      (1.0, True)
    """
    if num_rewirings < 1:
        raise ValueError(f"num_rewirings is {num_rewirings}: a null model needs at least one")
    edges = adjacency_matrix(adjacency, self_loops=None)
    senders, receivers = edges.tocoo().coords
    values = np.empty(num_rewirings)
    for index in range(num_rewirings):
        rewired = rewire(senders, receivers, edges.shape[0], seed=seed + index, rounds=rounds)
        values[index] = statistic(sparse.csr_array((np.ones(edges.nnz, bool), rewired), shape=edges.shape))
    observed, mean = float(statistic(edges)), float(values.mean())
    std = float("nan") if num_rewirings == 1 else 0.0 if np.ptp(values) == 0 else float(values.std(ddof=1))
    return NullComparison(observed, mean, std, (observed - mean) / std if std else float("nan"), values)


def edge_correlation_against_rewired(
    attention_graph: AttentionGraph, adjacency: AdjacencyMatrix, *, num_rewirings: int = 20, seed: int = 0
) -> NullComparison:
    """Correlation of attention with the input graph's edges beside that with rewired graphs of the same degrees.

    Arguments and errors are those of `edge_correlation` and `compare_with_rewired`.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> path = np.eye(12, k=1) + np.eye(12, k=-1)
      >>> found = explain.edge_correlation_against_rewired(path / 2, path, num_rewirings=5)
      >>> round(found.observed, 2), found.mean < 0.8
      (1.0, True)
    """
    return compare_with_rewired(
        lambda edges: edge_correlation(attention_graph, edges), adjacency, num_rewirings=num_rewirings, seed=seed
    )
