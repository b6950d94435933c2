"""A linear layer that starts as PyTorch's does."""

import math

import jax
from flax import nnx

__all__ = ["Linear"]


class Linear(nnx.Linear):
    r"""`nnx.Linear` with PyTorch's initialisation: weights and bias uniform in :math:`\pm 1 / \sqrt{in}`.

    The published results of GSAT depend on it: Flax's default (LeCun normal, zero bias) trains differently.

    Args:
      in_features: width of the input.
      out_features: width of the result.
      use_bias: False goes without the bias.
      rngs: keys for the initial parameters.
    """

    # Plain rather than optional, unlike in the base class: whoever reads it asked for one.
    bias: nnx.Param[jax.Array]  # pyrefly: ignore[bad-override-mutable-attribute]

    def __init__(self, in_features: int, out_features: int, *, use_bias: bool = True, rngs: nnx.Rngs):
        bound = 1 / math.sqrt(in_features)

        def uniform(key, shape, dtype, out_sharding=None):
            return jax.random.uniform(key, shape, dtype, -bound, bound, out_sharding=out_sharding)

        super().__init__(
            in_features, out_features, use_bias=use_bias, kernel_init=uniform, bias_init=uniform, rngs=rngs
        )
