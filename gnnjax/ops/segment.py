"""Reductions of rows by segment: the sparse half of message passing.

Every function takes `[rows, ...]` data and `[rows]` segment ids in any order and returns one entry per segment; all can
be jitted when `num_segments` is static. Unlike `jax.ops`, an empty segment gives 0, never an infinity. Maximum and
minimum have a gradient of their own, for reverse mode, which rows that tie share evenly.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

__all__ = ["segment_max", "segment_mean", "segment_min", "segment_softmax", "segment_sum"]


def segment_sum(
    data: Float[Array | np.ndarray, "rows *features"],
    segment_ids: Int[Array | np.ndarray, " rows"],
    num_segments: int,
) -> Float[Array, "segments *features"]:
    """Sum of the rows of each segment; 0 where there are none.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> ops.segment_sum(jnp.array([2.0, 4.0, 5.0]), jnp.array([0, 0, 2]), 3).tolist()
      [6.0, 0.0, 5.0]
    """
    return jax.ops.segment_sum(data, segment_ids, num_segments)


def segment_mean(
    data: Float[Array | np.ndarray, "rows *features"],
    segment_ids: Int[Array | np.ndarray, " rows"],
    num_segments: int,
) -> Float[Array, "segments *features"]:
    """Mean of the rows of each segment; 0 where there are none.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> ops.segment_mean(jnp.array([2.0, 4.0, 5.0]), jnp.array([0, 0, 2]), 3).tolist()
      [3.0, 0.0, 5.0]
    """
    count = jax.ops.segment_sum(jnp.ones(data.shape[0], data.dtype), segment_ids, num_segments)
    count = jnp.maximum(count, 1).reshape(-1, *(1,) * (data.ndim - 1))
    return segment_sum(data, segment_ids, num_segments) / count


def segment_max(
    data: Float[Array | np.ndarray, "rows *features"],
    segment_ids: Int[Array | np.ndarray, " rows"],
    num_segments: int,
) -> Float[Array, "segments *features"]:
    """Largest entry per feature of each segment; 0 where there are no rows.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> ops.segment_max(jnp.array([2.0, 4.0, 5.0]), jnp.array([0, 0, 2]), 3).tolist()
      [4.0, 0.0, 5.0]
    """
    return _extreme(jax.ops.segment_max, num_segments, jnp.asarray(data), jnp.asarray(segment_ids))


def segment_min(
    data: Float[Array | np.ndarray, "rows *features"],
    segment_ids: Int[Array | np.ndarray, " rows"],
    num_segments: int,
) -> Float[Array, "segments *features"]:
    """Smallest entry per feature of each segment; 0 where there are no rows.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> ops.segment_min(jnp.array([2.0, 4.0, 5.0]), jnp.array([0, 0, 2]), 3).tolist()
      [2.0, 0.0, 5.0]
    """
    return _extreme(jax.ops.segment_min, num_segments, jnp.asarray(data), jnp.asarray(segment_ids))


def segment_softmax(
    logits: Float[Array | np.ndarray, "rows *features"],
    segment_ids: Int[Array | np.ndarray, " rows"],
    num_segments: int,
) -> Float[Array, "rows *features"]:
    """Softmax over the rows of each segment, per feature.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> logits = jnp.log(jnp.array([1.0, 3.0, 7.0]))
      >>> ops.segment_softmax(logits, jnp.array([0, 0, 1]), 2).round(2).tolist()
      [0.25, 0.75, 1.0]
    """
    largest = jax.lax.stop_gradient(segment_max(logits, segment_ids, num_segments))
    exponentials = jnp.exp(logits - largest[segment_ids])
    return exponentials / segment_sum(exponentials, segment_ids, num_segments)[segment_ids]


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _extreme(reduction, num_segments, data, segment_ids):
    count = jax.ops.segment_sum(jnp.ones(data.shape[0], jnp.int32), segment_ids, num_segments)
    present = (count > 0).reshape(-1, *(1,) * (data.ndim - 1))
    return jnp.where(present, reduction(data, segment_ids, num_segments), 0)


def _extreme_forward(reduction, num_segments, data, segment_ids):
    extreme = _extreme(reduction, num_segments, data, segment_ids)
    return extreme, (data, segment_ids, extreme)


def _extreme_backward(reduction, num_segments, residuals, gradient):
    data, segment_ids, extreme = residuals
    is_extreme = data == extreme[segment_ids]
    ties = jnp.maximum(segment_sum(is_extreme.astype(gradient.dtype), segment_ids, num_segments), 1)
    return jnp.where(is_extreme, (gradient / ties)[segment_ids], 0), None


_extreme.defvjp(_extreme_forward, _extreme_backward)
