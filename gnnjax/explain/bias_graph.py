"""The attention graph that a distance bias gives by itself: no weights, no features, no training."""

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

__all__ = ["bias_attention", "bias_attention_graph"]


def bias_attention(
    distance_bias: Float[np.ndarray, "nodes nodes"], strength: float = 10.0
) -> Float[np.ndarray, "nodes nodes"]:
    """Rows `softmax(strength * b_ij)`: attention of one layer if queries and keys were all zero.

    Args:
      distance_bias: `1 / hops`, 0 on the diagonal, -1 where there is no path; row = query.
      strength: the model's learned scale of the bias, at the value training starts from.

    Raises:
      ValueError: the bias is not a square matrix of finite numbers.

    >>> import numpy as np
    >>> from gnnjax import data, explain
    >>> bias = data.distance_bias(np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0]], np.int16))  # of the path 0 - 1 - 2
    >>> explain.bias_attention(bias, strength=1)[0].round(2)
    array([0.19, 0.51, 0.31], dtype=float32)
    """
    bias = np.asarray(distance_bias)
    if bias.ndim != 2 or bias.shape[0] != bias.shape[1] or not bias.size:
        raise ValueError(f"distance_bias has shape {bias.shape}, not [nodes, nodes] with at least one node")
    if not np.isfinite(bias).all():
        raise ValueError("distance_bias holds NaN or infinity: it is -1 where there is no path")
    return softmax(strength * bias, axis=1)


def bias_attention_graph(
    distance_bias: Float[np.ndarray, "nodes nodes"], num_layers: int, strength: float = 10.0
) -> Float[np.ndarray, "nodes nodes"]:
    """The attention graph of `num_layers` layers of bias alone, the null model for recovery by biased attention.

    Every layer and head has the same attention, so the product over layers is a power.

    Args:
      distance_bias: as in `bias_attention`.
      num_layers: 1 or more.
      strength: as in `bias_attention`.

    Raises:
      ValueError: there is no layer, or as in `bias_attention`.

    >>> import numpy as np
    >>> from gnnjax import data, explain
    >>> bias = data.distance_bias(np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0]], np.int16))  # of the path 0 - 1 - 2
    >>> explain.bias_attention_graph(bias, num_layers=2, strength=100).round(2)
    array([[0.5, 0. , 0.5],
           [0. , 1. , 0. ],
           [0.5, 0. , 0.5]], dtype=float32)
    """
    if num_layers < 1:
        raise ValueError(f"num_layers is {num_layers}, and an attention graph needs at least one layer")
    return np.linalg.matrix_power(bias_attention(distance_bias, strength), num_layers)
