"""How well an edge attention agrees with the edges known to matter. numpy on the host, over a whole split at once."""

import numpy as np
from jaxtyping import Float, Integer

from gnnjax.roc_auc import binary_roc_auc

__all__ = ["explanation_roc_auc", "mean_attention", "precision_at_k"]


def explanation_roc_auc(
    edge_attention: Float[np.ndarray, " edges"], edge_labels: Integer[np.ndarray, " edges"]
) -> float:
    """ROC-AUC in [0, 1] of the attention as a score for "this edge is signal", all edges pooled.

    NaN if the edges are all signal or all background: the measure is then undefined.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> attention, labels = np.array([0.9, 0.4, 0.6, 0.1]), np.array([1, 1, 0, 0])
      >>> explain.explanation_roc_auc(attention, labels)  # 3 of 4 pairs (signal, background) are in the right order
      0.75
    """
    return binary_roc_auc(edge_labels == 1, edge_attention)


def precision_at_k(
    edge_attention: Float[np.ndarray, " edges"],
    edge_labels: Integer[np.ndarray, " edges"],
    n_edge: Integer[np.ndarray, " graphs"],
    k: int = 5,
) -> float:
    """Share in [0, 1] of signal edges among the `k` edges of highest attention, mean over the graphs.

    The share is of `k` even in graphs with fewer edges, as in GSAT's published code.

    Args:
      edge_attention: attention of the edges, graph after graph.
      edge_labels: 1 where an edge is signal.
      n_edge: number of edges of each graph.
      k: how many edges to look at.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> attention, labels = np.array([0.9, 0.2, 0.7, 0.8, 0.3]), np.array([1, 1, 0, 1, 1])
      >>> explain.precision_at_k(attention, labels, np.array([3, 2]), k=2)  # 1 of 2 edges and 2 of 2
      0.75
    """
    graph_ids = np.repeat(np.arange(len(n_edge)), n_edge)
    by_attention = np.lexsort((-edge_attention, graph_ids))
    rank = np.arange(len(graph_ids)) - np.repeat(np.cumsum(n_edge) - n_edge, n_edge)
    return float(edge_labels[by_attention][rank < k].sum() / (k * len(n_edge)))


def mean_attention(
    edge_attention: Float[np.ndarray, " edges"], edge_labels: Integer[np.ndarray, " edges"]
) -> tuple[float, float]:
    """Mean attention on signal edges and on background edges; NaN where there are none.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> explain.mean_attention(np.array([0.75, 0.25, 0.5, 0.0]), np.array([1, 1, 0, 0]))
      (0.5, 0.25)
    """
    signal = edge_labels == 1
    signal_attention, background_attention = edge_attention[signal], edge_attention[~signal]
    return (
        float(signal_attention.mean()) if len(signal_attention) else float("nan"),
        float(background_attention.mean()) if len(background_attention) else float("nan"),
    )
