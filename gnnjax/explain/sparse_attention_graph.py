r"""Attention graphs of sparse attention, from edge lists: no array of nodes x nodes is ever made.

In every function here `weights` is the attention `[layers, heads, edges]` (entries >= 0, first layer first) on edges
from `senders` (queries) to `receivers` (keys) that all layers and heads share, self loops included; edges in any order.
The attention graph is the mean over the heads of each layer and then the product over the layers,
:math:`A_L \cdots A_2 A_1`, row = query, column = key.

The work is done by scipy on the host: a single product costs less there than its plan in XLA, and a few rows cost far
less than matrix-vector products over all edges (`benchmarks/sparse_attention_graph.py` shows both). For a gradient, or
inside a jitted function, use `gnnjax.ops`: `plan_product` for the graph, and for the attention to chosen nodes `spmm`
with each layer, from the first to the last, on one-hot columns.

Source: El et al. 2025 (arXiv 2502.12352), whose code builds dense matrices; the rollout: Abnar & Zuidema, ACL 2020
(arXiv 2005.00928).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Integer
from scipy.sparse import csr_array, eye_array

from gnnjax.errors import DataError
from gnnjax.explain.layer_matrices import ChosenNodes, EdgeIds, Weights, check_edges, check_ids, layer_matrices
from gnnjax.explain.pruned_product import expected_entries, pruned_product
from gnnjax.host_memory import available_memory, require_memory

__all__ = [
    "SparseAttentionGraph",
    "average_sparse_attention_graph",
    "sparse_attention_graph",
    "sparse_head_path_graphs",
    "sparse_rollout",
]


class SparseAttentionGraph(NamedTuple):
    """An attention graph and what pruning took from it.

    Attributes:
      graph: `[rows, nodes]`, entry [i, j] = attention of query i to key j; columns ascending in each row.
      dropped_mass: `[rows]`, the attention of each row that was pruned away, in [0, 1] where attention sums to one. No
        kept entry is too large, so this is the sum of the absolute errors of the row, and no entry is off by more. 0
        where nothing was pruned.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> weights, senders, receivers = np.array([[[0.25, 0.75, 1.0]]]), np.array([0, 0, 1]), np.array([0, 1, 1])
      >>> found = explain.sparse_attention_graph(weights, senders, receivers, 2, top_k=1)
      >>> found.graph.toarray().tolist(), found.dropped_mass.tolist()
      ([[0.0, 0.75], [0.0, 1.0]], [0.25, 0.0])
    """

    graph: csr_array
    dropped_mass: Float[np.ndarray, " rows"]

    @property
    def max_dropped_mass(self) -> float:
        """The largest `dropped_mass` of a row."""
        return float(self.dropped_mass.max(initial=0))

    @property
    def mean_dropped_mass(self) -> float:
        """Mean `dropped_mass` of the rows; 0 if there are none."""
        return float(self.dropped_mass.sum() / max(1, len(self.dropped_mass)))


def sparse_attention_graph(
    weights: Weights,
    senders: EdgeIds,
    receivers: EdgeIds,
    num_nodes: int,
    *,
    top_k: int | None = None,
    threshold: float | None = None,
    rows: ChosenNodes | None = None,
) -> SparseAttentionGraph:
    """The attention graph as a sparse matrix, exact or with pruned rows.

    With one or two layers it is the exact rows that are pruned. With more, the products between are pruned as well, so
    that none is larger than the result: what is lost there counts as dropped, and a kept entry may be too small.

    Args:
      weights, senders, receivers: the attention, see the head of this module.
      num_nodes: number of nodes.
      top_k: keep the `top_k` largest entries of each row; among equal ones those of the smaller column.
      threshold: keep entries of at least this much, in (0, 1]. With `top_k` both must hold.
      rows: the nodes whose rows are wanted, at about `rows / nodes` of the cost; None: all.

    Raises:
      DataError: arrays of wrong shape, ids out of range, weights that are negative or not finite.
      MemoryLimitError: the graph is not expected to fit in memory.
      ValueError: `top_k` or `threshold` out of range.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> senders, receivers = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 2, 2])
      >>> weights = np.array([[[0.5, 0.5, 0.5, 0.5, 1.0]]] * 2)  # two layers of one head
      >>> explain.sparse_attention_graph(weights, senders, receivers, 3).graph.toarray().tolist()
      [[0.25, 0.5, 0.25], [0.0, 0.25, 0.75], [0.0, 0.0, 1.0]]
    """
    return _graph(layer_matrices(weights, senders, receivers, num_nodes), top_k, threshold, rows)


def sparse_rollout(
    weights: Weights,
    senders: EdgeIds,
    receivers: EdgeIds,
    num_nodes: int,
    *,
    residual: float = 0.5,
    top_k: int | None = None,
    threshold: float | None = None,
    rows: ChosenNodes | None = None,
) -> SparseAttentionGraph:
    r"""The attention graph that counts residual connections: each layer is :math:`(1 - \rho) A_l + \rho I`.

    `residual` is :math:`\rho`, in [0, 1]; 0 gives `sparse_attention_graph`, where all else is described.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> each_other = (np.ones((2, 1, 2)), np.array([0, 1]), np.array([1, 0]), 2)  # in both layers
      >>> explain.sparse_rollout(*each_other, residual=0).graph.toarray().tolist()
      [[1.0, 0.0], [0.0, 1.0]]
      >>> explain.sparse_rollout(*each_other).graph.toarray().tolist()
      [[0.5, 0.5], [0.5, 0.5]]
    """
    if not 0 <= residual <= 1:
        raise ValueError(f"residual must lie in 0 .. 1; got {residual}")
    layers = layer_matrices(weights, senders, receivers, num_nodes)
    identity = eye_array(num_nodes, dtype=layers[0].dtype, format="csr")
    layers = [csr_array((1 - residual) * layer + residual * identity) for layer in layers]
    return _graph(layers, top_k, threshold, rows)


def sparse_head_path_graphs(
    weights: Weights,
    senders: EdgeIds,
    receivers: EdgeIds,
    num_nodes: int,
    paths: Integer[Array | np.ndarray, "paths layers"] | Sequence[Sequence[int]],
    *,
    top_k: int | None = None,
    threshold: float | None = None,
    rows: ChosenNodes | None = None,
) -> Iterator[SparseAttentionGraph]:
    """One attention graph per sequence of heads, each made when it is asked for.

    The mean over all sequences of the exact graphs is `sparse_attention_graph`, where all else is described.

    Args:
      weights, senders, receivers, num_nodes: the attention.
      paths: for each wanted graph the head of each layer.
      top_k, threshold, rows: as of `sparse_attention_graph`.

    Raises:
      DataError: also where `paths` does not name one head for each layer.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> senders, receivers = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
      >>> to_itself, to_other = [1.0, 0, 0, 1], [0.0, 1, 1, 0]
      >>> weights = np.array([[to_itself, to_other]] * 2)  # two layers of two heads
      >>> graphs = explain.sparse_head_path_graphs(weights, senders, receivers, 2, [(0, 1), (1, 1)])
      >>> [each.graph.toarray().tolist() for each in graphs]
      [[[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]]
    """
    weights, paths = np.asarray(weights), np.asarray(paths)
    check_edges(weights, senders, receivers, num_nodes)
    num_layers, num_heads = weights.shape[:2]
    if paths.ndim != 2 or paths.shape[1] != num_layers or not np.isin(paths, range(num_heads)).all():
        raise DataError(
            f"paths must have shape [paths, {num_layers}], for each layer a head in 0 .. {num_heads - 1}; "
            f"got {paths.tolist()}"
        )
    for path in paths:
        of_path = weights[np.arange(num_layers), path][:, None]
        yield _graph(layer_matrices(of_path, senders, receivers, num_nodes), top_k, threshold, rows)


def average_sparse_attention_graph(
    runs: Iterable[Weights],
    senders: EdgeIds,
    receivers: EdgeIds,
    num_nodes: int,
    *,
    first: Literal["runs", "product"] = "runs",
    top_k: int | None = None,
    threshold: float | None = None,
    rows: ChosenNodes | None = None,
) -> SparseAttentionGraph:
    """The attention graph of several training runs; one run's attention is in memory at a time.

    Args:
      runs: the attention of each run, `[layers, heads, edges]`.
      senders, receivers, num_nodes: as of `sparse_attention_graph`.
      first: `runs` averages the attention over the runs before it takes the product over layers, as published;
        `product` averages the runs' attention graphs, each pruned by itself, and their dropped masses.
      top_k, threshold, rows: as of `sparse_attention_graph`.

    Raises:
      ValueError: there are no runs, or their shapes differ; also what `sparse_attention_graph` raises.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> edges = (np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), 2)
      >>> runs = [np.array([[[1.0, 0, 0, 1]]] * 2), np.array([[[0.0, 1, 1, 0]]] * 2)]  # to itself, to the other node
      >>> explain.average_sparse_attention_graph(runs, *edges).graph.toarray().tolist()
      [[0.5, 0.5], [0.5, 0.5]]
      >>> explain.average_sparse_attention_graph(runs, *edges, first="product").graph.toarray().tolist()
      [[1.0, 0.0], [0.0, 1.0]]
    """
    if first not in ("runs", "product"):
        raise ValueError(f"first is {first!r}, must be runs or product")
    pruning = {"top_k": top_k, "threshold": threshold, "rows": rows}
    if first == "runs":
        total, count = _sum_over_runs(runs)
        return sparse_attention_graph(total / count, senders, receivers, num_nodes, **pruning)
    each = (sparse_attention_graph(weights, senders, receivers, num_nodes, **pruning) for weights in runs)
    (graph, dropped_mass), count = _sum_of_graphs(each)
    return SparseAttentionGraph(graph / count, dropped_mass / count)


def _sum_over_runs(runs: Iterable[Weights]) -> tuple[np.ndarray, int]:
    total, count = None, 0
    for run in runs:
        weights = np.asarray(run)
        if total is not None and total.shape != weights.shape:
            raise ValueError(f"run {count} has weights {list(weights.shape)}, those before it {list(total.shape)}")
        total = weights if total is None else total + weights
        count += 1
    if total is None:
        raise ValueError("there are no runs to average")
    return total, count


def _sum_of_graphs(graphs: Iterable[SparseAttentionGraph]) -> tuple[SparseAttentionGraph, int]:
    total, count = None, 0
    for each in graphs:
        if total is None:
            total = each
        else:
            total = SparseAttentionGraph(total.graph + each.graph, total.dropped_mass + each.dropped_mass)
        count += 1
    if total is None:
        raise ValueError("there are no runs to average")
    return total, count


def _graph(layers: list[csr_array], top_k, threshold, rows) -> SparseAttentionGraph:
    """The product of the layers (first layer first), if it fits in memory."""
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1; got {top_k}")
    if threshold is not None and not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1; got {threshold}")
    num_nodes = layers[0].shape[0]
    factors = layers[::-1]
    if rows is not None:
        check_ids("rows", rows, num_nodes)
        factors = [factors[0][np.asarray(rows, dtype=np.int32)], *factors[1:]]
    num_rows = factors[0].shape[0]
    # At its peak: the number and the column of each entry, in blocks of rows and stacked.
    bytes_per_entry = 2 * (factors[0].dtype.itemsize + 4)
    available = available_memory()
    enough = math.inf if available is None else available / bytes_per_entry
    entries = expected_entries(factors, top_k=top_k, threshold=threshold, enough=enough)
    require_memory(
        int(entries * bytes_per_entry),
        f"the attention graph of {num_rows} rows and {num_nodes} nodes, about {entries:.2g} entries,",
        "prune it (a smaller top_k, a larger threshold), take fewer rows, or attention_from chosen nodes",
    )
    return SparseAttentionGraph(*pruned_product(factors, top_k=top_k, threshold=threshold))
