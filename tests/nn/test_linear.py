"""The initialisation that the published results rest on."""

import math

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.nn import Linear


@pytest.mark.parametrize("in_features", [1, 10, 400])
def test_parameters_are_uniform_within_the_bound(in_features):
    """Mean and variance of a uniform distribution, within 5 standard deviations of the estimates."""
    layer = Linear(in_features, 8000, rngs=nnx.Rngs(0))
    bound = 1 / math.sqrt(in_features)
    for values in (np.ravel(layer.kernel[...]), np.ravel(layer.bias[...])):
        scaled = values.astype(np.float64) / bound
        assert np.abs(scaled).max() <= 1
        assert abs(scaled.mean()) < 5 * math.sqrt(1 / 3 / len(scaled))
        assert abs((scaled**2).mean() - 1 / 3) < 5 * math.sqrt((1 / 5 - 1 / 9) / len(scaled))


def test_kernel_bias_and_layers_are_drawn_apart():
    rngs = nnx.Rngs(0)
    first, second = Linear(1, 6, rngs=rngs), Linear(1, 6, rngs=rngs)
    drawn = [np.ravel(values[...]) for layer in (first, second) for values in (layer.kernel, layer.bias)]
    assert len(np.unique(drawn)) == 24


def test_equal_seeds_give_equal_parameters():
    first, second = (Linear(3, 4, rngs=nnx.Rngs(7)) for _ in range(2))
    np.testing.assert_array_equal(first.kernel[...], second.kernel[...])
    np.testing.assert_array_equal(first.bias[...], second.bias[...])


def test_is_affine():
    layer = Linear(3, 4, rngs=nnx.Rngs(0))
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    expected = x @ np.asarray(layer.kernel[...]) + np.asarray(layer.bias[...])
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(jax.vmap(layer)(x), expected, rtol=1e-5, atol=1e-6)


def test_without_bias_is_a_product():
    layer = Linear(3, 4, use_bias=False, rngs=nnx.Rngs(0))
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_allclose(layer(x), x @ np.asarray(layer.kernel[...]), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer(np.zeros((2, 3), np.float32)), np.zeros((2, 4)))
    assert [path for path, _ in nnx.to_flat_state(nnx.state(layer, nnx.Param))] == [("kernel",)]
    np.testing.assert_array_equal(layer.kernel[...], Linear(3, 4, rngs=nnx.Rngs(0)).kernel[...])
