"""Messages along edges: gather at the sender, weight, sum at the receiver. Memory is linear in the edges."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnnjax.ops.segment import segment_sum

__all__ = ["aggregate", "check_edge_attention", "pair_linear", "propagate"]


def propagate(
    nodes: Float[Array | np.ndarray, "nodes features"],
    senders: Int[Array | np.ndarray, " edges"],
    receivers: Int[Array | np.ndarray, " edges"],
    edge_attention: Float[Array | np.ndarray, " edges"] | None = None,
) -> Float[Array, "nodes features"]:
    r"""Weighted sum over incoming edges, :math:`y_i = \sum_{(j, i)} a_{ji} x_j`; without attention weights are 1.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> nodes = jnp.array([[1.0], [2.0], [4.0]])
      >>> senders, receivers = jnp.array([0, 2, 1]), jnp.array([1, 1, 2])
      >>> ops.propagate(nodes, senders, receivers, jnp.array([1.0, 0.5, 1.0])).ravel().tolist()
      [0.0, 3.0, 2.0]
    """
    return aggregate(jnp.asarray(nodes)[senders], receivers, nodes.shape[0], edge_attention)


def aggregate(
    messages: Float[Array | np.ndarray, "edges features"],
    receivers: Int[Array | np.ndarray, " edges"],
    num_nodes: int,
    edge_attention: Float[Array | np.ndarray, " edges"] | None = None,
) -> Float[Array, "nodes features"]:
    """Sums messages at their receivers, each multiplied by its edge's attention if that is given.

    Raises:
      ValueError: `edge_attention` does not hold one value per edge.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> messages = jnp.array([[1.0], [4.0], [2.0]])
      >>> ops.aggregate(messages, jnp.array([1, 1, 2]), 3).ravel().tolist()
      [0.0, 5.0, 2.0]
    """
    if edge_attention is not None:
        check_edge_attention(edge_attention, messages.shape[0])
        messages = messages * edge_attention[:, None]
    return segment_sum(messages, receivers, num_nodes)


def check_edge_attention(edge_attention: Array | np.ndarray, num_edges: int) -> None:
    """Raises ValueError unless `edge_attention` has shape `[num_edges]`.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> ops.check_edge_attention(jnp.ones((3, 1)), 3)
      Traceback (most recent call last):
      ...
      ValueError: edge_attention must hold one value per edge, shape [3]; it has shape [3, 1]
    """
    if edge_attention.shape != (num_edges,):
        raise ValueError(
            f"edge_attention must hold one value per edge, shape [{num_edges}]; "
            f"it has shape {list(edge_attention.shape)}"
        )


def pair_linear(
    nodes: Float[Array | np.ndarray, "nodes features"],
    senders: Int[Array | np.ndarray, " edges"],
    receivers: Int[Array | np.ndarray, " edges"],
    kernel: Float[Array | np.ndarray, "pair_features out"],
    bias: Float[Array | np.ndarray, " out"],
) -> Float[Array, "edges out"]:
    r"""A linear layer on `[x_sender, x_receiver]` of each edge, without building these pairs.

    :math:`[x_j, x_i] W = x_j W_s + x_i W_r`, so both halves are multiplied once per node and added per edge.

    Args:
      nodes: node features.
      senders, receivers: the edges.
      kernel: `[2 features, out]`, the sender's half first.
      bias: `[out]`.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> nodes, kernel, bias = jnp.array([[1.0], [2.0]]), jnp.array([[10.0], [1.0]]), jnp.zeros(1)
      >>> ops.pair_linear(nodes, jnp.array([0, 1]), jnp.array([1, 0]), kernel, bias).tolist()
      [[12.0], [21.0]]
    """
    sender_kernel, receiver_kernel = jnp.split(kernel, 2)
    return (nodes @ sender_kernel)[senders] + (nodes @ receiver_kernel + bias)[receivers]
