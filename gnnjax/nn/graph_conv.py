"""The graph convolution of Kipf & Welling."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from gnnjax.ops import SparsePattern, spmm

__all__ = ["GraphConv", "symmetric_weights"]


class GraphConv(nnx.Module):
    r"""Graph convolution, :math:`Y = D^{-1/2} A D^{-1/2} X W + b`, with Glorot weights and zero bias at the start.

    Args:
      in_features: width of the node features.
      out_features: width of the result.
      rngs: keys for the initial parameters.

    Source: Kipf & Welling, ICLR 2017 (arXiv 1609.02907).
    """

    def __init__(self, in_features: int, out_features: int, *, rngs: nnx.Rngs):
        self.linear = nnx.Linear(
            in_features, out_features, use_bias=False, kernel_init=nnx.initializers.xavier_uniform(), rngs=rngs
        )
        self.bias = nnx.Param(jnp.zeros(out_features))

    def __call__(
        self, nodes: Float[Array | np.ndarray, "nodes in_features"], pattern: SparsePattern
    ) -> Float[Array, "nodes out_features"]:
        """Convolves node features.

        Args:
          nodes: `[nodes, in_features]`.
          pattern: entry (i, j) where node i receives from node j; self loops are entries like others.
        """
        return spmm(symmetric_weights(pattern), self.linear(jnp.asarray(nodes)), pattern) + self.bias[...]


def symmetric_weights(pattern: SparsePattern) -> Float[Array, " entries"]:
    r"""The entries of :math:`D^{-1/2} A D^{-1/2}`, where D counts the entries of each row of the pattern A."""
    degrees = jnp.diff(jnp.asarray(pattern.row_pointers)).astype(jnp.float32)
    scale = jax.lax.rsqrt(jnp.maximum(degrees, 1))
    return scale[pattern.rows] * scale[pattern.columns]
