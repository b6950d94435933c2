"""Normalisation of each channel over the rows of one graph."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnnjax.ops.segment import segment_mean

__all__ = ["graph_instance_norm"]


def graph_instance_norm(
    x: Float[Array | np.ndarray, "rows features"],
    graph_ids: Int[Array | np.ndarray, " rows"],
    num_graphs: int,
    *,
    epsilon: float = 1e-5,
) -> Float[Array, "rows features"]:
    """Gives every channel of every graph mean 0 and variance 1 over the graph's rows (nodes or edges).

    Biased variance, no affine parameters, no running statistics: the same in training and evaluation. A graph with a
    single row gives 0.

    Source: Ulyanov et al., 2016 (arXiv 1607.08022), with a graph in the place of an image.
    """
    x = jnp.asarray(x)
    centred = x - segment_mean(x, graph_ids, num_graphs)[graph_ids]
    variance = segment_mean(centred**2, graph_ids, num_graphs)
    return centred * jax.lax.rsqrt(variance + epsilon)[graph_ids]
