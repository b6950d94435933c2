"""The product with its own gradient equals the plain one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnnjax.ops import matmul


@pytest.mark.parametrize(("rows", "width", "out"), [(5, 7, 2), (5, 2, 7), (3, 4, 4), (0, 3, 2)])
def test_value_and_gradients_are_those_of_the_plain_product(rows, width, out):
    keys = jax.random.split(jax.random.key(0), 3)
    shapes = (rows, width), (width, out), (rows, out)
    x, kernel, weight = (jax.random.normal(key, shape) for key, shape in zip(keys, shapes, strict=True))
    value, gradients = jax.value_and_grad(lambda x, k: (weight * matmul(x, k)).sum(), argnums=(0, 1))(x, kernel)
    expected, plain = jax.value_and_grad(lambda x, k: (weight * (x @ k)).sum(), argnums=(0, 1))(x, kernel)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)
    for gradient, other in zip(gradients, plain, strict=True):
        np.testing.assert_allclose(gradient, other, rtol=1e-5, atol=1e-5)


def test_it_can_be_mapped():
    x, kernels = jnp.arange(6.0).reshape(2, 3), jnp.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_allclose(jax.vmap(matmul, (None, 0))(x, kernels), jnp.einsum("ni,kio->kno", x, kernels))
