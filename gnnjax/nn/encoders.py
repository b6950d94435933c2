"""Encoders of raw node or edge features."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from gnnjax.nn.initializers import symmetric_uniform
from gnnjax.nn.linear import Linear
from gnnjax.ops import matmul

__all__ = ["CategoricalEncoder", "feature_encoder"]


class CategoricalEncoder(nnx.Module):
    """Sum of one embedding per column of categories; with OGB's columns, its atom and bond encoders.

    Tables start uniform in :math:`\\pm\\sqrt{6 / (rows + width)}` (Xavier).

    Args:
      categories: number of categories of each column.
      out_features: width of the embedding.
      rngs: keys for the initial parameters.

    Source: Hu et al., NeurIPS 2020 (arXiv 2005.00687).

    Examples:
      >>> import jax.numpy as jnp
      >>> from flax import nnx
      >>> from gnnjax import nn
      >>> encoder = nn.CategoricalEncoder([3, 2], 8, rngs=nnx.Rngs(0))
      >>> [table.shape for table in encoder.tables], encoder(jnp.array([[0, 1], [2, 0]])).shape
      ([(3, 8), (2, 8)], (2, 8))
    """

    def __init__(self, categories: Sequence[int], out_features: int, *, rngs: nnx.Rngs):
        self.categories = tuple(categories)

        def table(rows):
            bound = math.sqrt(6 / (rows + out_features))
            return nnx.Param(symmetric_uniform(rngs.params(), (rows, out_features), bound))

        self.tables = nnx.List([table(rows) for rows in self.categories])

    def __call__(self, x: Int[Array | np.ndarray, "rows columns"]) -> Float[Array, "rows out_features"]:
        """Embeds rows of categories, each from 0 to one less than its column's number; others add nothing.

        Raises:
          ValueError: `x` has another number of columns.
        """
        # As a product, so that the gradient is one too: scattering into a few rows is slow on every device.
        return self._hot(x) @ self._stacked_tables()

    def followed_by(
        self, following: Linear, x: Int[Array | np.ndarray, "rows columns"]
    ) -> Float[Array, "rows following_out_features"]:
        """`following(self(x))`, with the tables multiplied instead of the rows: less work for few categories.

        Examples:
          >>> import jax.numpy as jnp
          >>> from flax import nnx
          >>> from gnnjax import nn
          >>> encoder, linear = nn.CategoricalEncoder([3, 2], 8, rngs=nnx.Rngs(0)), nn.Linear(8, 4, rngs=nnx.Rngs(1))
          >>> x = jnp.array([[0, 1], [2, 0]])
          >>> bool(jnp.allclose(encoder.followed_by(linear, x), linear(encoder(x)), atol=1e-6))
          True
        """
        return matmul(self._hot(x), self._stacked_tables() @ following.kernel[...]) + following.bias[...]

    def _stacked_tables(self):
        return jnp.concatenate([table[...] for table in self.tables])

    def _hot(self, x):
        """`[rows, all categories]`."""
        if x.ndim != 2 or x.shape[1] != len(self.categories):
            raise ValueError(f"x must have {len(self.categories)} columns of categories, has shape {list(x.shape)}")
        hot = [jax.nn.one_hot(x[:, column], rows) for column, rows in enumerate(self.categories)]
        return jnp.concatenate(hot, axis=1)


def feature_encoder(features: int | Sequence[int], out_features: int, *, rngs: nnx.Rngs) -> Linear | CategoricalEncoder:
    """A linear layer for features of width `features`, an embedding for columns of that many categories each.

    Examples:
      >>> from flax import nnx
      >>> from gnnjax import nn
      >>> [type(nn.feature_encoder(features, 8, rngs=nnx.Rngs(0))).__name__ for features in (10, [3, 2])]
      ['Linear', 'CategoricalEncoder']
    """
    if isinstance(features, int):
        return Linear(features, out_features, rngs=rngs)
    return CategoricalEncoder(features, out_features, rngs=rngs)
