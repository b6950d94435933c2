"""What an attention graph looks like: attention to oneself (diagonal) and to reference nodes (columns)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from gnnjax.explain.checks import AttentionGraph, attention_matrix
from gnnjax.explain.gini import gini

__all__ = ["KeyConcentration", "ReferenceNodes", "key_concentration", "reference_nodes", "self_attention_share"]


class ReferenceNodes(NamedTuple):
    """The keys that most attention goes to, in descending order.

    Attributes:
      nodes: `[count]` node ids.
      mean_attention: `[count]` attention that a query pays them on average.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> to_second = np.array([[0.0, 1, 0], [0, 1, 0], [0, 1, 0]])
      >>> explain.reference_nodes(to_second, count=1).nodes.tolist()
      [1]
    """

    nodes: Integer[np.ndarray, " count"]
    mean_attention: Float[np.ndarray, " count"]


class KeyConcentration(NamedTuple):
    """How few keys take how much of the attention.

    Attributes:
      top_share: share in [0, 1] of all attention that goes to the `count` most attended keys.
      gini: Gini coefficient of the column sums, 0 where all keys receive the same.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> explain.key_concentration(np.full((4, 4), 0.25), count=1).top_share
      0.25
    """

    top_share: float
    gini: float


def self_attention_share(attention_graph: AttentionGraph) -> float:
    """Share in [0, 1] of all attention that is on the diagonal: its mean, where rows sum to one; NaN without attention.

    Raises:
      ValueError: the attention graph is not a square matrix of finite numbers from 0 up.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> explain.self_attention_share(np.array([[0.5, 0.5], [0.0, 1.0]]))
      0.75
    """
    attention = attention_matrix(attention_graph)
    total = attention.sum(dtype=np.float64)
    return float(attention.diagonal().sum(dtype=np.float64) / total) if total else float("nan")


def reference_nodes(attention_graph: AttentionGraph, count: int = 10) -> ReferenceNodes:
    """The `count` keys of largest mean attention; of equals, the lower id first.

    Raises:
      ValueError: as in `self_attention_share`, or `count` is not between 1 and the number of nodes.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> explain.reference_nodes(np.array([[0.5, 0.5], [0.0, 1.0]]), count=2)
      ReferenceNodes(nodes=array([1, 0]), mean_attention=array([0.75, 0.25]))
    """
    received = _received(attention_graph, count)
    nodes = np.argsort(-received, kind="stable")[:count]
    return ReferenceNodes(nodes, received[nodes] / len(received))


def key_concentration(attention_graph: AttentionGraph, count: int = 10) -> KeyConcentration:
    """How concentrated attention is on few keys; both numbers are NaN where there is no attention.

    Args:
      attention_graph: dense or sparse, row = query, column = key.
      count: size of the group whose share is reported.

    Raises:
      ValueError: as in `reference_nodes`.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> explain.key_concentration(np.array([[0.5, 0.5], [0.0, 1.0]]), count=1)
      KeyConcentration(top_share=0.75, gini=0.25)
    """
    received = _received(attention_graph, count)
    total = received.sum()
    share = float(np.sort(received)[-count:].sum() / total) if total else float("nan")
    return KeyConcentration(share, gini(received))


def _received(attention_graph, count):
    received = np.asarray(attention_matrix(attention_graph).sum(axis=0, dtype=np.float64))
    if not 1 <= count <= len(received):
        raise ValueError(f"count is {count}, but there are {len(received)} nodes")
    return received
