"""Samples of relaxed Bernoulli variables."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

__all__ = ["sample_concrete"]


def sample_concrete(
    logits: Float[Array | np.ndarray, "..."],
    uniform: Float[Array | np.ndarray, "..."],
    *,
    temperature: float | Float[Array, ""] = 1.0,
) -> Float[Array, "..."]:
    r"""Binary concrete samples in (0, 1), :math:`\sigma\big((l + \log u - \log(1 - u)) / \tau\big)`.

    Args:
      logits: log odds of 1.
      uniform: noise in (0, 1), of the same shape.
      temperature: the samples approach 0 and 1 as it goes to 0.

    Source: Maddison et al., ICLR 2017 (arXiv 1611.00712).

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> logits, noise = jnp.array([-1.0, 0.0, 1.0]), jnp.full(3, 0.5)
      >>> ops.sample_concrete(logits, noise, temperature=0.1).round(2).tolist()
      [0.0, 0.5, 1.0]
    """
    return jax.nn.sigmoid((logits + jnp.log(uniform) - jnp.log1p(-uniform)) / temperature)
