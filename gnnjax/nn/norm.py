"""Batch normalisation that leaves padding out."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float

__all__ = ["BatchNorm"]


class BatchNorm(nnx.Module):
    r"""Batch normalisation over the real rows, in PyTorch's conventions.

    Training normalises with the batch's mean and *biased* variance and moves the running statistics a tenth of the way
    towards its mean and *unbiased* variance; evaluation uses the running statistics.

    Args:
      features: width of the rows.
      num_statistics: how many separate running statistics to keep, for rows that come from differing distributions
        (GSAT's passes without and with attention); the affine parameters are shared.

    Source: Ioffe and Szegedy, ICML 2015 (arXiv 1502.03167).

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import nn
      >>> norm, x = nn.BatchNorm(1), jnp.array([[1.0], [3.0], [0.0]])
      >>> norm(x, mask=jnp.array([True, True, False]), train=True)[:2].round(2).tolist()
      [[-1.0], [1.0]]
      >>> round(float(norm.mean[0, 0]), 2), round(float(norm.var[0, 0]), 2)
      (0.2, 1.1)
    """

    epsilon = 1e-5
    momentum = 0.1

    def __init__(self, features: int, *, num_statistics: int = 1):
        self.scale = nnx.Param(jnp.ones(features))
        self.bias = nnx.Param(jnp.zeros(features))
        self.mean = nnx.BatchStat(jnp.zeros((num_statistics, features)))
        self.var = nnx.BatchStat(jnp.ones((num_statistics, features)))

    def __call__(
        self,
        x: Float[Array | np.ndarray, "rows features"],
        *,
        mask: Bool[Array | np.ndarray, " rows"] | None = None,
        train: bool = False,
        statistics: int = 0,
        axis_name: str | None = None,
    ) -> Float[Array, "rows features"]:
        """Normalises `x`; rows outside `mask` (None: all are real) do not count, their results are finite.

        Args:
          x: the rows.
          mask: True for real rows.
          train: use and record the statistics of this batch.
          statistics: index of the running statistics to use or to move.
          axis_name: the mapped axis over which the batch is spread, whose statistics are those of all of it.
        """
        x = jnp.asarray(x)
        if train:
            mean, var, count = _masked_moments(x, mask, axis_name)
            unbiased = var * count / jnp.maximum(count - 1, 1)
            for running, value in ((self.mean, mean), (self.var, unbiased)):
                moved = (1 - self.momentum) * running[statistics] + self.momentum * jax.lax.stop_gradient(value)
                running[...] = running[...].at[statistics].set(moved)
        else:
            mean, var = self.mean[statistics], self.var[statistics]
        return (x - mean) * (jax.lax.rsqrt(var + self.epsilon) * self.scale[...]) + self.bias[...]


def _masked_moments(x, mask, axis_name):
    """Mean and biased variance of the real rows and their number; in two passes, since sums of nodes can be large."""
    if mask is None:
        mask = jnp.ones(x.shape[0], bool)
    weights = mask[:, None].astype(x.dtype)
    over_devices = (lambda sums: sums) if axis_name is None else functools.partial(jax.lax.psum, axis_name=axis_name)
    total, count = over_devices(((weights * x).sum(axis=0), mask.sum(dtype=x.dtype)))
    count = jnp.maximum(count, 1)
    mean = total / count
    var = over_devices((weights * (x - mean) ** 2).sum(axis=0)) / count
    return mean, var, count
