"""Whether attention stays within classes."""

import numpy as np
from jaxtyping import Integer

from gnnjax.explain.checks import AttentionGraph, attention_matrix, class_labels, off_diagonal

__all__ = ["class_assortativity"]


def class_assortativity(attention_graph: AttentionGraph, labels: Integer[np.ndarray, " nodes"]) -> float:
    """Newman's assortativity of classes with attention between different nodes as weights, in [-1, 1].

    NaN where there is no such attention, or a single class sends and receives it all.

    Raises:
      ValueError: the attention graph is not a square matrix of finite numbers from 0 up, or `labels` are not one class
        for each node.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> attention = np.kron(np.eye(2), [[0, 1], [1, 0]])  # between 0 and 1, and between 2 and 3
    >>> explain.class_assortativity(attention, np.array([0, 0, 1, 1]))
    1.0
    >>> explain.class_assortativity(attention, np.array([0, 1, 0, 1]))
    -1.0
    """
    attention = off_diagonal(attention_matrix(attention_graph))
    member = np.eye(int(class_labels(labels, attention.shape[0]).max()) + 1)[labels]
    mixing = np.asarray(member.T @ (attention @ member))
    if not mixing.sum():
        return float("nan")
    mixing /= mixing.sum()
    expected = mixing.sum(axis=0) @ mixing.sum(axis=1)
    return float((np.trace(mixing) - expected) / (1 - expected)) if expected < 1 else float("nan")
