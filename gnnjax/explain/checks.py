"""What may stand where the analyses ask for an attention graph, an input graph or classes."""

import numpy as np
from jaxtyping import Bool, Float, Integer
from scipy import sparse

__all__ = [
    "AdjacencyMatrix",
    "AttentionGraph",
    "adjacency_matrix",
    "attention_matrix",
    "class_labels",
    "dense_attention_matrix",
    "off_diagonal",
]

AttentionGraph = Float[np.ndarray, "nodes nodes"] | sparse.sparray | sparse.spmatrix
AdjacencyMatrix = (
    Float[np.ndarray, "nodes nodes"]
    | Integer[np.ndarray, "nodes nodes"]
    | Bool[np.ndarray, "nodes nodes"]
    | sparse.sparray
    | sparse.spmatrix
)


def attention_matrix(attention_graph: AttentionGraph) -> np.ndarray | sparse.csr_array:
    """The attention graph in float32 or float64: an array, or a csr_array of sorted columns and without duplicates.

    Args:
      attention_graph: `[nodes, nodes]`, row = query, column = key; rows may be all zero and need not sum to one.

    Raises:
      ValueError: it is not square, has no nodes, or holds a negative number, infinity or NaN.
    """
    if sparse.issparse(attention_graph):
        matrix = sparse.csr_array(attention_graph)
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
    else:
        matrix = np.asarray(attention_graph)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] == 0:
        raise ValueError(
            f"attention_graph has shape {matrix.shape}, not [nodes, nodes] with at least one node: "
            "aggregate heads and layers first"
        )
    if matrix.dtype not in (np.float32, np.float64):
        matrix = matrix.astype(np.float32)
    values = matrix.data if isinstance(matrix, sparse.csr_array) else matrix
    if not np.isfinite(values).all():
        raise ValueError(f"attention_graph holds {np.sum(~np.isfinite(values))} entries that are NaN or infinite")
    if values.size and values.min() < 0:
        raise ValueError(f"attention_graph holds {values.min()}: attention is never negative")
    return matrix


def dense_attention_matrix(attention_graph: Float[np.ndarray, "nodes nodes"]) -> np.ndarray:
    """The attention graph as `attention_matrix` gives it, for analyses that look at every entry.

    Raises:
      ValueError: it is sparse, or as in `attention_matrix`.
    """
    matrix = attention_matrix(attention_graph)
    if isinstance(matrix, sparse.csr_array):
        raise ValueError("attention_graph is sparse, and this analysis needs all entries: pass .toarray()")
    return matrix


def adjacency_matrix(
    adjacency: AdjacencyMatrix, num_nodes: int | None = None, *, self_loops: bool | None = True
) -> sparse.csr_array:
    """The input graph as a bool csr_array; every nonzero entry `[sender, receiver]` is an edge.

    Args:
      adjacency: `[nodes, nodes]`, with or without the diagonal.
      num_nodes: the number of nodes it has to have, if it matters.
      self_loops: True sets the diagonal (A + I), False clears it, None leaves it as it is.

    Raises:
      ValueError: it is not square, has no nodes, or not as many as the attention graph.
    """
    edges = sparse.coo_array(adjacency)
    if edges.ndim != 2 or edges.shape[0] != edges.shape[1] or edges.shape[0] == 0:
        raise ValueError(f"adjacency has shape {edges.shape}, not [nodes, nodes] with at least one node")
    if num_nodes is not None and edges.shape[0] != num_nodes:
        raise ValueError(
            f"adjacency has {edges.shape[0]} nodes, the attention graph {num_nodes}: they must be the same"
        )
    senders, receivers = edges.coords
    kept = edges.data != 0
    if self_loops is not None:
        kept &= senders != receivers
    diagonal = np.arange(edges.shape[0] if self_loops else 0)
    senders, receivers = np.append(senders[kept], diagonal), np.append(receivers[kept], diagonal)
    matrix = sparse.csr_array((np.ones(len(senders), bool), (senders, receivers)), shape=edges.shape)
    matrix.sum_duplicates()
    return matrix


def class_labels(labels: Integer[np.ndarray, " nodes"], num_nodes: int) -> Integer[np.ndarray, " nodes"]:
    """The labels as an integer array.

    Raises:
      ValueError: they are not one integer from 0 up for each of the nodes.
    """
    labels = np.asarray(labels)
    if labels.shape != (num_nodes,) or not np.issubdtype(labels.dtype, np.integer) or not np.all(labels >= 0):
        raise ValueError(
            f"labels must be {num_nodes} integers from 0 up, one for each node, not {labels.dtype} {labels.shape}"
        )
    return labels


def off_diagonal(matrix: np.ndarray | sparse.csr_array) -> np.ndarray | sparse.csr_array:
    """A copy of a checked attention matrix without self-attention: zeros, or no entries, on the diagonal."""
    if isinstance(matrix, np.ndarray):
        matrix = matrix.copy()
        np.fill_diagonal(matrix, 0)
        return matrix
    entries = matrix.tocoo()
    queries, keys = entries.coords
    kept = queries != keys
    return sparse.csr_array((entries.data[kept], (queries[kept], keys[kept])), shape=matrix.shape)
