"""Batch norm against PyTorch's rule, written out in numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from gnnjax.nn import BatchNorm

ROWS, FEATURES = 9, 3


def rows(seed=0, count=ROWS):
    return np.random.default_rng(seed).normal(3, 2, (count, FEATURES)).astype(np.float32)


class TorchRule:
    """PyTorch's BatchNorm1d: biased variance to normalise, unbiased variance in the running estimate."""

    def __init__(self, scale, bias):
        self.scale, self.bias = scale, bias
        self.running_mean, self.running_var = np.zeros(FEATURES), np.ones(FEATURES)

    def train(self, x):
        x = x.astype(np.float64)
        self.running_mean = 0.9 * self.running_mean + 0.1 * x.mean(axis=0)
        self.running_var = 0.9 * self.running_var + 0.1 * x.var(axis=0, ddof=1)
        return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5) * self.scale + self.bias

    def evaluate(self, x):
        return (x - self.running_mean) / np.sqrt(self.running_var + 1e-5) * self.scale + self.bias


def pair(num_statistics=1):
    """A layer with drawn affine parameters and its oracle."""
    layer = BatchNorm(FEATURES, num_statistics=num_statistics)
    scale, bias = np.random.default_rng(5).normal(size=(2, FEATURES)).astype(np.float32)
    layer.scale[...], layer.bias[...] = jnp.asarray(scale), jnp.asarray(bias)
    return layer, TorchRule(scale, bias)


def assert_running(layer, oracle, statistics=0):
    np.testing.assert_allclose(layer.mean[statistics], oracle.running_mean, rtol=1e-5)
    np.testing.assert_allclose(layer.var[statistics], oracle.running_var, rtol=1e-5)


def test_three_steps_and_evaluation():
    layer, oracle = pair()
    for step in range(3):
        np.testing.assert_allclose(layer(rows(step), train=True), oracle.train(rows(step)), rtol=1e-4, atol=1e-5)
        assert_running(layer, oracle)
    np.testing.assert_allclose(layer(rows(9)), oracle.evaluate(rows(9)), rtol=1e-4, atol=1e-5)
    assert_running(layer, oracle)


def test_masked_rows_might_as_well_not_be_there():
    mask = np.array([1, 0, 1, 1, 0, 1, 1, 0, 1], bool)
    x = rows()
    x[~mask] = 1e6
    layer, oracle = pair()
    result = layer(x, mask=mask, train=True)
    np.testing.assert_allclose(result[mask], oracle.train(x[mask]), rtol=1e-4, atol=1e-5)
    assert np.isfinite(result).all()
    assert_running(layer, oracle)


def test_variance_far_from_the_origin():
    """Sums over large graphs: the variance must not be a difference of large numbers."""
    x = (np.arange(ROWS)[:, None] * np.ones(FEATURES) + 10_000).astype(np.float32)
    layer, oracle = pair()
    np.testing.assert_allclose(layer(x, train=True), oracle.train(x), rtol=1e-3, atol=1e-4)


def test_each_statistics_moves_only_its_own():
    layer, second = pair(num_statistics=2)
    layer(rows(1), train=True, statistics=1)
    second.train(rows(1))
    assert_running(layer, second, statistics=1)
    np.testing.assert_array_equal(layer.mean[0], np.zeros(FEATURES))
    np.testing.assert_array_equal(layer.var[0], np.ones(FEATURES))
    np.testing.assert_allclose(layer(rows(2), statistics=1), second.evaluate(rows(2)), rtol=1e-4, atol=1e-5)
    untrained = TorchRule(second.scale, second.bias)
    np.testing.assert_allclose(layer(rows(2)), untrained.evaluate(rows(2)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("real_rows", [0, 1])
def test_hardly_any_real_rows_are_finite_in_value_and_gradient(real_rows):
    layer, _ = pair()
    mask = np.arange(ROWS) < real_rows
    weights = rows(4)

    def weighted(x):
        return (weights * layer_of(x)).sum()

    def layer_of(x):
        copy = nnx.merge(*nnx.split(layer), copy=True)
        return copy(x, mask=mask, train=True)

    assert np.isfinite(layer_of(rows())).all()
    assert np.isfinite(jax.grad(weighted)(rows())).all()
    layer(rows(), mask=mask, train=True)
    assert np.isfinite(layer.mean[...]).all()
    assert np.isfinite(layer.var[...]).all()


def test_jit_and_vmap():
    layer, oracle = pair()
    graphdef, state = nnx.split(layer)

    @jax.jit
    @jax.vmap
    def train(x):
        copy = nnx.merge(graphdef, state, copy=True)
        return copy(x, train=True), copy.mean[...]

    x = np.stack([rows(0), rows(1)])
    result, means = train(x)
    for index in range(2):
        fresh = TorchRule(oracle.scale, oracle.bias)
        np.testing.assert_allclose(result[index], fresh.train(x[index]), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(means[index, 0], fresh.running_mean, rtol=1e-5)


def test_gradient_is_orthogonal_to_shifts_and_scalings():
    """Moving all rows by one vector does not change the result, nor (up to epsilon) does stretching them."""
    layer, _ = pair()
    graphdef, state = nnx.split(layer)
    x, weights = rows(0), rows(1)

    def weighted(x):
        return (weights * nnx.merge(graphdef, state, copy=True)(x, train=True)).sum()

    gradient = jax.jit(jax.grad(weighted))(x)
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose((gradient * (x - x.mean(axis=0))).sum(axis=0), 0, atol=1e-3)
