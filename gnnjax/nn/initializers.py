"""Initial weights, uniform in an interval around 0, without a compiled program for every shape."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

__all__ = ["symmetric_uniform", "xavier_uniform"]

# Arrays of random words have one of few sizes, each a program that takes XLA on CPU two tenths of a second to compile.
_SIZES = (2**10, 2**13, 2**16, 2**19, 2**22)


def symmetric_uniform(key: jax.Array, shape: tuple[int, ...], bound: float) -> Float[Array, "..."]:
    """Entries uniform in `[-bound, bound)`: those of `jax.random.uniform`, drawn without compiling for the shape.

    JAX computes the random word at flat index i from the key and i alone, so that the words of an array are the first
    of those of a larger one. The rest is arithmetic on the host. Keys that do not allow it (of another generator, or
    under a transformation) and arrays of more than four million entries are left to `jax.random.uniform`.

    Args:
      key: a PRNG key.
      shape: of the result.
      bound: positive.

    Examples:
      >>> import jax
      >>> from gnnjax import nn
      >>> weights = nn.symmetric_uniform(jax.random.key(0), (3, 4), 0.5)
      >>> bool((weights == jax.random.uniform(jax.random.key(0), (3, 4), minval=-0.5, maxval=0.5)).all())
      True
    """
    entries = math.prod(shape)
    size = next((size for size in _SIZES if size >= entries), None)
    if size is None or isinstance(key, jax.core.Tracer) or not _words_depend_on_index(key):
        return jax.random.uniform(key, shape, minval=-bound, maxval=bound)
    words = np.asarray(_random_words(key, size))[:entries].reshape(shape)
    # 23 random bits under the exponent of 1 are a number in [1, 2).
    unit = ((words >> 9) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)
    low, high = np.float32(-bound), np.float32(bound)
    # In double precision it is rounded once, as by the fused multiply-add that XLA takes.
    return jnp.asarray(np.maximum((unit.astype(np.float64) * (high - low) + low).astype(np.float32), low))


def xavier_uniform(key: jax.Array, shape: tuple[int, int], *_: object, **__: object) -> Float[Array, "fan_in fan_out"]:
    r"""Weights uniform within :math:`\pm\sqrt{6 / (in + out)}`: `nnx.initializers.xavier_uniform()` of matrices.

    What an initialiser is called with beside key and shape has no effect: weights are float32.

    Source: Glorot and Bengio, AISTATS 2010.

    Examples:
      >>> import jax
      >>> from gnnjax import nn
      >>> bool(abs(nn.xavier_uniform(jax.random.key(0), (100, 50))).max() <= 0.2)
      True
    """
    variance = np.float32(2 / sum(shape))
    return symmetric_uniform(key, shape, 1.0) * np.sqrt(3 * variance)


def _words_depend_on_index(key):
    return jax.random.key_impl(key) == "threefry2x32" and jax.config.jax_threefry_partitionable  # pyrefly: ignore[missing-attribute]


@functools.partial(jax.jit, static_argnums=1)
def _random_words(key, size):
    return jax.random.bits(key, (size,), jnp.uint32)
