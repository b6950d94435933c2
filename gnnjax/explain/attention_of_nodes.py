"""Rows and columns of attention graphs for chosen nodes, exact and without the rest of the graph.

The arguments are those of `gnnjax.explain.sparse_attention_graph`, whose head describes them.
"""

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_array

from gnnjax.explain.layer_matrices import ChosenNodes, EdgeIds, Weights, check_ids, layer_matrices
from gnnjax.host_memory import require_memory

__all__ = ["attention_from", "attention_to"]

# A row with more of its entries present than this is multiplied faster as a dense one.
_DENSE_SHARE = 1 / 32
_NODES_AT_A_TIME = 64


def attention_from(
    weights: Weights, senders: EdgeIds, receivers: EdgeIds, num_nodes: int, nodes: ChosenNodes
) -> Float[np.ndarray, "chosen nodes"]:
    """Rows of the exact attention graph: entry [c, j] = attention of query `nodes[c]` to node j.

    A row is multiplied by the last layer, then by the one before, and so on: time O(layers edges) for each chosen node
    at most, and as much less as its neighborhood is smaller than the graph; memory beside the result O(edges).

    Args:
      weights, senders, receivers: the attention, see `sparse_attention_graph`.
      num_nodes: number of nodes.
      nodes: the chosen queries.

    Raises:
      DataError: arrays of wrong shape, ids out of range, weights that are negative or not finite.
      MemoryLimitError: the result does not fit in memory.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> senders, receivers = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 2, 2])
      >>> weights = np.array([[[0.5, 0.5, 0.5, 0.5, 1.0]]] * 2)  # two layers of one head
      >>> explain.attention_from(weights, senders, receivers, 3, [0]).tolist()
      [[0.25, 0.5, 0.25]]
    """
    return _dense_rows(layer_matrices(weights, senders, receivers, num_nodes)[::-1], nodes)


def attention_to(
    weights: Weights, senders: EdgeIds, receivers: EdgeIds, num_nodes: int, nodes: ChosenNodes
) -> Float[np.ndarray, "chosen nodes"]:
    """Columns of the exact attention graph: entry [c, i] = attention of query i to node `nodes[c]`.

    Cost, arguments and errors are those of `attention_from`.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> senders, receivers = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 2, 2])
      >>> weights = np.array([[[0.5, 0.5, 0.5, 0.5, 1.0]]] * 2)  # two layers of one head
      >>> explain.attention_to(weights, senders, receivers, 3, [2]).tolist()
      [[0.25, 0.75, 1.0]]
    """
    # Columns of a product are rows of the transposed one, which begins with the first layer.
    return _dense_rows(layer_matrices(weights, senders, receivers, num_nodes, transposed=True), nodes)


def _dense_rows(factors: list[csr_array], nodes) -> np.ndarray:
    """The rows `nodes` of the product of the factors from left to right."""
    num_nodes, dtype = factors[0].shape[0], factors[0].dtype
    check_ids("nodes", nodes, num_nodes)
    nodes = np.asarray(nodes, dtype=np.int32)
    # Beside the result a block of rows, its transpose and its product.
    num_rows = len(nodes) + 3 * min(len(nodes), _NODES_AT_A_TIME)
    require_memory(
        num_rows * num_nodes * dtype.itemsize,
        f"the attention between {len(nodes)} chosen and all {num_nodes} nodes",
        "choose fewer nodes at a time, or take sparse_attention_graph",
    )
    result = np.empty((len(nodes), num_nodes), dtype)
    for start in range(0, len(nodes), _NODES_AT_A_TIME):
        block = slice(start, start + _NODES_AT_A_TIME)
        rows = factors[0][nodes[block]]
        for factor in factors[1:]:
            if isinstance(rows, csr_array) and rows.nnz > _DENSE_SHARE * rows.shape[0] * num_nodes:
                rows = rows.toarray()
            rows = rows @ factor
        result[block] = rows.toarray() if isinstance(rows, csr_array) else rows
    return result
