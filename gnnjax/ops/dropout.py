"""Dropout that spends few random bits."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from gnnjax.ops.hashed_words import hashed_words

__all__ = ["dropout", "keep_mask"]


def dropout(
    x: Float[Array | np.ndarray, "..."],
    rate: float,
    key: jax.Array | None,
    rows: Int[Array | np.ndarray, " rows"] | None = None,
) -> Float[Array, "..."]:
    """Sets entries to 0 with probability `rate` and scales the others by `1 / (1 - rate)`.

    Args:
      x: any array.
      rate: in [0, 1), static; rounded to the nearest multiple of 2^-16.
      key: a PRNG key, or None for evaluation (returns `x`).
      rows: where `x` is `[rows, features]`, some of the rows of a larger array: their numbers in it. The same entries
        are kept as if the larger array were dropped out.

    Examples:
      >>> import jax
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> x = jnp.ones(1000)
      >>> sorted(set(ops.dropout(x, 0.5, jax.random.key(0)).tolist())), set(ops.dropout(x, 0.5, None).tolist())
      ([0.0, 2.0], {1.0})
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate is {rate}, must be in [0, 1)")
    x = jnp.asarray(x)
    if key is None or rate == 0:
        return x
    return jnp.where(keep_mask(key, x.shape, rate, rows), x / (1 - rate), 0)


def keep_mask(
    key: jax.Array, shape: tuple[int, ...], rate: float, rows: Int[Array | np.ndarray, " rows"] | None = None
) -> Bool[Array, "..."]:
    """True with probability `1 - rate`, independently for each entry; the arguments are those of `dropout`.

    Random bits are the dearest part of dropout on CPU, so that they come from `hashed_words` and a word serves several
    entries: 32 of them at rate 1/2, two at a rate that is no small binary fraction.

    Examples:
      >>> import jax
      >>> from gnnjax import ops
      >>> keep = ops.keep_mask(jax.random.key(0), (100, 200), 0.2)
      >>> keep.shape, round(float(keep.mean()), 1)
      ((100, 200), 0.8)
    """
    bits = next((bits for bits in (1, 2, 4, 8) if (rate * 2**bits).is_integer()), 16)
    per_word = 32 // bits
    *leading, width = shape
    rows = jnp.arange(math.prod(leading)) if rows is None else rows
    words = hashed_words(key, rows, -(-width // per_word)).reshape(*leading, -1)
    shifts = jnp.arange(0, 32, bits, dtype=jnp.uint32)
    lanes = (words[..., None] >> shifts) & jnp.uint32(2**bits - 1)
    lanes = lanes.reshape(*leading, -1)[..., :width]
    return lanes >= jnp.uint32(round(rate * 2**bits))
