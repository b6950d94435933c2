"""Attention on edge lists as one sparse matrix per layer, and checks of what callers give."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Array, Float, Integer
from scipy.sparse import csr_array

from gnnjax.errors import DataError

__all__ = ["ChosenNodes", "EdgeIds", "Weights", "check_edges", "check_ids", "layer_matrices"]

Weights = Float[Array | np.ndarray, "layers heads edges"]
EdgeIds = Integer[Array | np.ndarray, " edges"]
ChosenNodes = Sequence[int] | Integer[Array | np.ndarray, " chosen"]


def layer_matrices(weights, senders, receivers, num_nodes: int, *, transposed: bool = False) -> list[csr_array]:
    """One matrix `[nodes, nodes]` per layer, the mean over its heads, first layer first."""
    weights = np.asarray(weights)
    check_edges(weights, senders, receivers, num_nodes)
    ends = tuple(np.asarray(ids).astype(np.int32) for ids in (senders, receivers))
    matrices = []
    for layer, heads in enumerate(weights):
        if not (np.isfinite(heads).all() and (heads >= 0).all()):
            raise DataError(
                f"weights of layer {layer} hold a negative number or one that is not finite: give the attention after "
                f"its softmax, of a model whose training did not diverge"
            )
        mean = heads.mean(axis=0, dtype=np.result_type(weights.dtype, np.float32))
        matrix = csr_array((mean, ends[::-1] if transposed else ends), shape=(num_nodes, num_nodes))
        matrix.eliminate_zeros()
        matrices.append(matrix)
    return matrices


def check_edges(weights: np.ndarray, senders, receivers, num_nodes: int) -> None:
    if weights.ndim != 3 or 0 in weights.shape[:2]:
        raise DataError(
            f"weights must have shape [layers, heads, edges] with at least one layer and head; got "
            f"{list(weights.shape)} (several runs: average_sparse_attention_graph)"
        )
    for name, ids in (("senders", senders), ("receivers", receivers)):
        if np.shape(ids) != weights.shape[2:]:
            raise DataError(
                f"{name} has shape {list(np.shape(ids))} and weights {list(weights.shape)}: give one sender and one "
                f"receiver for each of the {weights.shape[2]} edges"
            )
        check_ids(name, ids, num_nodes)


def check_ids(name: str, ids, num_nodes: int) -> None:
    ids = np.asarray(ids)
    if ids.ndim != 1 or (ids.size and not np.issubdtype(ids.dtype, np.integer)):
        raise DataError(f"{name} must be a list of node ids, whole numbers; got {ids.dtype} of shape {list(ids.shape)}")
    outside = ids[(ids < 0) | (ids >= num_nodes)]
    if len(outside):
        raise DataError(f"{name} holds node {outside[0]}, but of {num_nodes} nodes: ids lie in 0 .. {num_nodes - 1}")
