"""Several reductions of the same rows at once, with one pass for all their gradients."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnnjax.ops.segment import segment_max, segment_min, segment_sum

__all__ = ["SegmentStatistics", "segment_statistics"]


class SegmentStatistics(NamedTuple):
    """Reductions per segment and feature; 0 where a segment has no rows.

    Attributes:
      sum, square_sum: of the rows and of their squares.
      min, max: smallest and largest row.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> statistics = ops.segment_statistics(jnp.array([[1.0], [2.0], [5.0]]), jnp.array([0, 0, 1]), 2)
      >>> statistics.square_sum.tolist()
      [[5.0], [25.0]]
    """

    sum: Float[Array, "segments features"]
    square_sum: Float[Array, "segments features"]
    min: Float[Array, "segments features"]
    max: Float[Array, "segments features"]


def segment_statistics(
    data: Float[Array | np.ndarray, "rows features"],
    segment_ids: Int[Array | np.ndarray, " rows"],
    num_segments: int,
) -> SegmentStatistics:
    """Sum, sum of squares, minimum and maximum of the rows of each segment.

    Differentiable in reverse mode; where several rows tie for an extreme, each receives an equal share of its gradient.
    Can be jitted when `num_segments` is static.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> statistics = ops.segment_statistics(jnp.array([[1.0], [2.0], [5.0]]), jnp.array([0, 0, 1]), 2)
      >>> {name: value.ravel().tolist() for name, value in statistics._asdict().items()}
      {'sum': [3.0, 5.0], 'square_sum': [5.0, 25.0], 'min': [1.0, 5.0], 'max': [2.0, 5.0]}
    """
    return _statistics(jnp.asarray(data), jnp.asarray(segment_ids), num_segments)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _statistics(data, segment_ids, num_segments):
    return SegmentStatistics(
        segment_sum(data, segment_ids, num_segments),
        segment_sum(data * data, segment_ids, num_segments),
        segment_min(data, segment_ids, num_segments),
        segment_max(data, segment_ids, num_segments),
    )


def _forward(data, segment_ids, num_segments):
    result = _statistics(data, segment_ids, num_segments)
    return result, (data, segment_ids, result.min, result.max)


def _backward(num_segments, residuals, gradient):
    data, segment_ids, smallest, largest = residuals
    is_min, is_max = data == smallest[segment_ids], data == largest[segment_ids]
    min_ties, max_ties = (
        jnp.maximum(segment_sum(is_extreme.astype(data.dtype), segment_ids, num_segments), 1)
        for is_extreme in (is_min, is_max)
    )
    to_rows = gradient.sum[segment_ids] + 2 * data * gradient.square_sum[segment_ids]
    to_rows += jnp.where(is_min, (gradient.min / min_ties)[segment_ids], 0)
    to_rows += jnp.where(is_max, (gradient.max / max_ties)[segment_ids], 0)
    return to_rows, None


_statistics.defvjp(_forward, _backward)
