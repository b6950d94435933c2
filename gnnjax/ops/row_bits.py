"""Random numbers for some rows of an array that is too large, or too far away, to be drawn as a whole."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry2x32_p
from jaxtyping import Array, Float, Int, UInt32

__all__ = ["row_bits", "row_uniform"]


def row_bits(key: jax.Array, rows: Int[Array | np.ndarray, " rows"], words: int) -> UInt32[Array, "rows words"]:
    """Rows of `jax.random.bits(key, (n, words), jnp.uint32)`, whatever n, without drawing the others.

    JAX computes the word at flat index i from the key and i alone; here it is asked for the indices of these rows.

    Args:
      key: a threefry key.
      rows: numbers of the rows, in [0, 2^32 / words).
      words: static; words per row.

    Raises:
      ValueError: the key is of another generator, whose words depend on the shape that is drawn.

    Examples:
      >>> import jax
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> key, rows = jax.random.key(0), jnp.array([5, 700])
      >>> bool((ops.row_bits(key, rows, 4) == jax.random.bits(key, (1000, 4), jnp.uint32)[rows]).all())
      True
    """
    generator = jax.random.key_impl(key)
    if generator != "threefry2x32":
        raise ValueError(f"rows of random words need JAX's default generator, threefry2x32; it is {generator}")
    first, second = jax.random.key_data(key)
    index = jnp.asarray(rows, jnp.uint32)[:, None] * jnp.uint32(words) + jnp.arange(words, dtype=jnp.uint32)
    high, low = threefry2x32_p.bind(
        jnp.broadcast_to(first, index.shape), jnp.broadcast_to(second, index.shape), jnp.zeros_like(index), index
    )
    return high ^ low


def row_uniform(
    key: jax.Array, rows: Int[Array | np.ndarray, " rows"], *, minval: float = 0.0
) -> Float[Array, " rows"]:
    """Entries of `jax.random.uniform(key, (n,), minval=minval)`, whatever n; arguments and errors as in `row_bits`.

    Examples:
      >>> import jax
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> key, rows = jax.random.key(0), jnp.array([5, 700])
      >>> bool((ops.row_uniform(key, rows) == jax.random.uniform(key, (1000,))[rows]).all())
      True
    """
    # 23 random bits under the exponent of 1 are a number in [1, 2).
    bits = (row_bits(key, rows, 1)[:, 0] >> 9) | jnp.uint32(0x3F800000)
    unit = jax.lax.bitcast_convert_type(bits, jnp.float32) - 1
    low = jnp.float32(minval)
    return jnp.maximum(low, unit * (jnp.float32(1) - low) + low)
