"""The graph convolution of Kipf & Welling."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from gnnjax.nn.initializers import xavier_uniform
from gnnjax.ops import SparsePattern, spmm

__all__ = ["GraphConv", "symmetric_weights"]


class GraphConv(nnx.Module):
    r"""Graph convolution, :math:`Y = D^{-1/2} A D^{-1/2} X W + b`, with Glorot weights and zero bias at the start.

    Args:
      in_features: width of the node features.
      out_features: width of the result.
      rngs: keys for the initial parameters.

    Source: Kipf & Welling, ICLR 2017 (arXiv 1609.02907).

    Examples:
      >>> import jax.numpy as jnp
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import nn, ops
      >>> pattern = ops.sparse_pattern(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), 2)
      >>> nn.GraphConv(3, 8, rngs=nnx.Rngs(0))(jnp.ones((2, 3)), pattern).shape
      (2, 8)
    """

    def __init__(self, in_features: int, out_features: int, *, rngs: nnx.Rngs):
        self.linear = nnx.Linear(in_features, out_features, use_bias=False, kernel_init=xavier_uniform, rngs=rngs)
        self.bias = nnx.Param(jnp.zeros(out_features))

    def __call__(
        self,
        nodes: Float[Array | np.ndarray, "nodes in_features"],
        pattern: SparsePattern,
        *,
        gather: Callable[[jax.Array], jax.Array] | None = None,
        column_degrees: Int[Array | np.ndarray, " entries"] | None = None,
    ) -> Float[Array, "nodes out_features"]:
        """Convolves node features.

        Args:
          nodes: `[nodes, in_features]`.
          pattern: entry (i, j) where node i receives from node j; self loops are entries like others.
          gather: where `nodes` are one device's part of a graph: from its rows to those that the columns count.
          column_degrees: needed with `gather`; see `symmetric_weights`.
        """
        x = self.linear(jnp.asarray(nodes))
        x = x if gather is None else gather(x)
        return spmm(symmetric_weights(pattern, column_degrees), x, pattern) + self.bias[...]


def symmetric_weights(
    pattern: SparsePattern, column_degrees: Int[Array | np.ndarray, " entries"] | None = None
) -> Float[Array, " entries"]:
    r"""The entries of :math:`D^{-1/2} A D^{-1/2}`, where D counts the entries of each row of the pattern A.

    Args:
      pattern: where A has entries.
      column_degrees: of each entry's column, where the pattern holds some of the rows of A alone.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import nn, ops
      >>> rows, columns = np.array([0, 0, 1, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 2, 1, 2])
      >>> weights = nn.symmetric_weights(ops.sparse_pattern(rows, columns, 3))
      >>> [round(weight, 2) for weight in weights.tolist()]
      [0.5, 0.41, 0.41, 0.33, 0.41, 0.41, 0.5]
    """
    degrees = jnp.diff(jnp.asarray(pattern.row_pointers))
    columns = degrees[pattern.columns] if column_degrees is None else jnp.asarray(column_degrees)
    return _inverse_root(degrees)[pattern.rows] * _inverse_root(columns)


def _inverse_root(degrees):
    return jax.lax.rsqrt(jnp.maximum(degrees, 1).astype(jnp.float32))
