"""Multi-head attention that leaves open which nodes attend to which."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from gnnjax.nn.initializers import xavier_uniform
from gnnjax.nn.linear import Linear

__all__ = ["MultiHeadAttention"]

_Heads = Float[Array, "nodes heads size"]


class MultiHeadAttention(nnx.Module):
    """Queries, keys and values of all heads from one linear layer, attention, and a linear layer on what it gives.

    Weights start as PyTorch's: Xavier-uniform over the stacked first matrix, both biases 0.

    Args:
      features: width of the input and of the result.
      num_heads: divides `features`.
      rngs: keys for the initial parameters.

    Raises:
      ValueError: `num_heads` does not divide `features`.

    Source: Vaswani et al., NeurIPS 2017 (arXiv 1706.03762).

    Examples:
      >>> import jax.numpy as jnp
      >>> from flax import nnx
      >>> from gnnjax import nn, ops
      >>> layer, nodes = nn.MultiHeadAttention(8, 2, rngs=nnx.Rngs(0)), jnp.ones((3, 8))
      >>> [x.shape for x in layer.project(nodes)], layer(nodes, ops.dense_attention).shape
      ([(3, 2, 4), (3, 2, 4), (3, 2, 4)], (3, 8))
    """

    def __init__(self, features: int, num_heads: int, *, rngs: nnx.Rngs):
        if num_heads < 1 or features % num_heads:
            raise ValueError(f"num_heads={num_heads} must divide the width, {features}")
        self.num_heads = num_heads
        self.in_projection = nnx.Linear(features, 3 * features, kernel_init=xavier_uniform, rngs=rngs)
        self.out_projection = Linear(features, features, rngs=rngs)
        self.out_projection.bias[...] = jnp.zeros(features)

    def project(self, nodes: Float[Array | np.ndarray, "nodes features"]) -> tuple[_Heads, _Heads, _Heads]:
        """Queries, keys and values, each `[nodes, heads, features / heads]`."""
        stacked = self.in_projection(jnp.asarray(nodes)).reshape(nodes.shape[0], 3, self.num_heads, -1)
        return stacked[:, 0], stacked[:, 1], stacked[:, 2]

    def __call__(
        self,
        nodes: Float[Array | np.ndarray, "nodes features"],
        attend: Callable[[_Heads, _Heads, _Heads], jax.Array],
    ) -> Float[Array, "nodes features"]:
        """Lets nodes attend to nodes.

        Args:
          nodes: `[nodes, features]`.
          attend: from queries, keys and values to what each head gives each node, all `[nodes, heads, size]`; for
            example `ops.sparse_attention` with its pattern.
        """
        return self.out_projection(attend(*self.project(nodes)).reshape(nodes.shape))
