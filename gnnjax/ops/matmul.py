"""Rows times a matrix, with the faster of two orders in the gradient."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

__all__ = ["matmul"]


@jax.custom_vjp
def matmul(
    x: Float[Array | np.ndarray, "rows in_features"], kernel: Float[Array | np.ndarray, "in_features out_features"]
) -> Float[Array, "rows out_features"]:
    """The product `x @ kernel`; differentiable in reverse mode.

    The kernel's gradient, a sum over the rows, is twice as fast on CPU where the narrower of its two factors comes
    first (measured with 3 328 rows of 800 and 80 features: 5.5 against 11.5 ms). XLA keeps whatever order it is given
    on other backends, where it makes no difference that is known.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> ops.matmul(jnp.array([[1.0, 2.0]]), jnp.array([[3.0], [4.0]])).tolist()
      [[11.0]]
    """
    return jnp.matmul(x, kernel)


def _forward(x, kernel):
    return matmul(x, kernel), (x, kernel)


def _backward(residuals, gradient):
    x, kernel = residuals
    if x.shape[1] > gradient.shape[1]:
        # Without the barrier XLA would undo the two transpositions.
        kernel_gradient = jax.lax.optimization_barrier(gradient.T @ x).T
    else:
        kernel_gradient = x.T @ gradient
    return gradient @ kernel.T, kernel_gradient


matmul.defvjp(_forward, _backward)
