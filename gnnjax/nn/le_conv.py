"""Local extremum convolution."""

import jax.numpy as jnp
import jraph
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from gnnjax.nn.linear import Linear
from gnnjax.ops import check_edge_attention, propagate, segment_sum

__all__ = ["LEConv"]


class LEConv(nnx.Module):
    r"""Local extremum convolution whose messages may carry an edge attention.

    .. math:: x_i' = W_3 x_i + b_3 + \sum_{(j, i)} a_{ji} w_{ji} \big((W_1 x_j + b_1) - W_2 x_i\big)

    with edge weights :math:`w_{ji}`, 1 where edges have no features.

    Args:
      in_features: width of the node features.
      out_features: width of the result.
      rngs: keys for the initial parameters.

    Source: Ranjan, Sanyal and Talukdar, AAAI 2020 (arXiv 1911.07979); the attention follows Miao et al., ICML 2022
    (arXiv 2201.12987).

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, nn
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> conv = nn.LEConv(3, 8, rngs=nnx.Rngs(0))
      >>> conv(path).shape, np.allclose(conv(path, np.zeros(4, np.float32)), conv.self_linear(path.nodes))
      ((3, 8), True)
    """

    def __init__(self, in_features: int, out_features: int, *, rngs: nnx.Rngs):
        self.sender_linear = Linear(in_features, out_features, rngs=rngs)
        self.receiver_linear = Linear(in_features, out_features, use_bias=False, rngs=rngs)
        self.self_linear = Linear(in_features, out_features, rngs=rngs)

    def __call__(
        self, graphs: jraph.GraphsTuple, edge_attention: Float[Array | np.ndarray, " edges"] | None = None
    ) -> Float[Array, "nodes out_features"]:
        """Returns the new node features; rows of padding nodes are finite and meaningless.

        Args:
          graphs: `nodes` is `[nodes, in_features]`; `edges` is None or `[edges, 1]`, the edge weights.
          edge_attention: a factor for each message.

        Raises:
          ValueError: `edge_attention` does not hold one value per edge, or edges have several features.
        """
        x = jnp.asarray(graphs.nodes)
        num_edges = graphs.senders.shape[0]
        weight = jnp.ones(num_edges, x.dtype)
        if graphs.edges is not None:
            if graphs.edges.shape != (num_edges, 1):
                raise ValueError(f"edge weights must have shape [{num_edges}, 1], have {list(graphs.edges.shape)}")
            weight = jnp.asarray(graphs.edges)[:, 0]
        if edge_attention is not None:
            check_edge_attention(edge_attention, num_edges)
            weight = weight * edge_attention
        # What is subtracted is the receiver's own: its weights are summed first, and no edge-sized array is built.
        received = segment_sum(weight, graphs.receivers, x.shape[0])
        summed = propagate(self.sender_linear(x), graphs.senders, graphs.receivers, weight)
        return self.self_linear(x) + summed - received[:, None] * self.receiver_linear(x)
