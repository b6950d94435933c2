"""Normalisation of each channel over the rows of one graph."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnnjax.ops.segment import segment_mean

__all__ = ["graph_instance_norm"]

_EPSILON = 1e-5


def graph_instance_norm(
    x: Float[Array | np.ndarray, "rows features"],
    graph_ids: Int[Array | np.ndarray, " rows"],
    num_graphs: int,
) -> Float[Array, "rows features"]:
    """Gives every channel of every graph mean 0 and variance 1 over the graph's rows (nodes or edges).

    Biased variance with 1e-5 added, no affine parameters, no running statistics: the same in training and evaluation. A
    graph with a single row gives 0. Differentiable in reverse mode.

    Source: Ulyanov et al., 2016 (arXiv 1607.08022), with a graph in the place of an image.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> x, graph_ids = jnp.array([[1.0], [3.0], [50.0], [70.0], [9.0]]), jnp.array([0, 0, 1, 1, 2])
      >>> ops.graph_instance_norm(x, graph_ids, 3).round(2).ravel().tolist()
      [-1.0, 1.0, -1.0, 1.0, 0.0]
    """
    return _normalize(jnp.asarray(x), jnp.asarray(graph_ids), num_graphs)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _normalize(x, graph_ids, num_graphs):
    return _forward(x, graph_ids, num_graphs)[0]


def _forward(x, graph_ids, num_graphs):
    centred = x - segment_mean(x, graph_ids, num_graphs)[graph_ids]
    variance = segment_mean(centred**2, graph_ids, num_graphs)
    scale = jax.lax.rsqrt(variance + _EPSILON)
    normalized = centred * scale[graph_ids]
    return normalized, (normalized, scale, graph_ids)


def _backward(num_graphs, residuals, gradient):
    """The closed form, two segment means instead of the four passes of automatic differentiation."""
    normalized, scale, graph_ids = residuals
    mean = segment_mean(gradient, graph_ids, num_graphs)
    projection = segment_mean(gradient * normalized, graph_ids, num_graphs)
    return (gradient - mean[graph_ids] - normalized * projection[graph_ids]) * scale[graph_ids], None


_normalize.defvjp(_forward, _backward)
