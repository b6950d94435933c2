"""Multi-layer perceptrons against numpy with the same weights."""

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.nn import MLP

SIZES = (3, 5, 4, 2)
X = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
GRAPH_IDS = np.array([0, 2, 0, 2, 2, 0, 3, 0], np.int32)


def in_numpy(mlp, x, normalise=lambda index, x: x):
    """Linear, then normalise and ReLU before each further linear layer."""
    for index, layer in enumerate(mlp.layers):
        if index > 0:
            x = np.maximum(normalise(index - 1, x), 0)
        x = x @ np.asarray(layer.kernel[...]) + np.asarray(layer.bias[...])
    return x


def instance_norm(_, x):
    result = np.empty_like(x)
    for graph in np.unique(GRAPH_IDS):
        rows = np.flatnonzero(graph == GRAPH_IDS)
        centred = x[rows] - x[rows].mean(axis=0)
        result[rows] = centred / np.sqrt(x[rows].var(axis=0) + 1e-5)
    return result


def batch_norm(_, x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def test_without_normalisation():
    mlp = MLP(SIZES, rngs=nnx.Rngs(0))
    np.testing.assert_allclose(mlp(X), in_numpy(mlp, X), rtol=1e-4, atol=1e-5)


def test_one_layer_is_linear():
    mlp = MLP((3, 2), norm="batch", dropout_rate=0.5, rngs=nnx.Rngs(0))
    np.testing.assert_allclose(mlp(X, train=True, key=jax.random.key(0)), in_numpy(mlp, X), rtol=1e-5, atol=1e-6)


def test_instance_norm():
    mlp = MLP(SIZES, norm="instance", rngs=nnx.Rngs(0))
    options = {"graph_ids": GRAPH_IDS, "num_graphs": 4}
    expected = in_numpy(mlp, X, instance_norm)
    np.testing.assert_allclose(mlp(X, **options), expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(mlp(X, train=True, **options), expected, rtol=1e-3, atol=1e-4)


def test_batch_norm():
    mlp = MLP(SIZES, norm="batch", rngs=nnx.Rngs(0))
    before = in_numpy(mlp, X, lambda index, x: x / np.sqrt(1 + 1e-5))
    np.testing.assert_allclose(mlp(X), before, rtol=1e-4, atol=1e-5)
    mask = np.arange(8) < 6
    trained = mlp(X, mask=mask, train=True)
    np.testing.assert_allclose(trained[mask], in_numpy(mlp, X[mask], batch_norm), rtol=1e-3, atol=1e-4)


def test_statistics_go_to_every_batch_norm():
    mlp = MLP(SIZES, norm="batch", num_statistics=2, rngs=nnx.Rngs(0))
    mlp(X, train=True, statistics=1)
    for norm in mlp.batch_norms:
        assert (norm.mean[1] != 0).all()
        np.testing.assert_array_equal(norm.mean[0], 0)


def test_after_first_continues_from_the_first_layer():
    mlp = MLP(SIZES, norm="instance", dropout_rate=0.5, rngs=nnx.Rngs(0))
    options = {"graph_ids": GRAPH_IDS, "num_graphs": 4, "key": jax.random.key(3)}
    np.testing.assert_array_equal(mlp.after_first(mlp.layers[0](X), **options), mlp(X, **options))


def test_dropout_depends_on_the_key_alone():
    mlp = MLP(SIZES, dropout_rate=0.5, rngs=nnx.Rngs(0))
    without = in_numpy(mlp, X)
    first, again, other = (mlp(X, key=jax.random.key(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != without).any()
    np.testing.assert_allclose(mlp(X, train=True), without, rtol=1e-4, atol=1e-5)


def test_dropout_uses_another_mask_in_every_layer():
    """Between identity layers of rate 1/2, a value survives with 4 times its size and probability 1/4."""
    width = 4096
    mlp = MLP((2, 2, 2, 2), dropout_rate=0.5, rngs=nnx.Rngs(0))
    for layer in mlp.layers:
        layer.kernel[...], layer.bias[...] = np.eye(2, dtype=np.float32), np.zeros(2, np.float32)
    result = np.asarray(mlp(np.ones((width // 2, 2), np.float32), key=jax.random.key(0)))
    assert set(np.unique(result)) == {0, 4}
    assert abs((result == 4).mean() - 1 / 4) < 5 * np.sqrt(3 / 16 / width)


@pytest.mark.parametrize("norm", [None, "batch", "instance"])
def test_jit_vmap_and_gradient(norm):
    mlp = MLP(SIZES, norm=norm, dropout_rate=0.3, rngs=nnx.Rngs(0))
    graphdef, state = nnx.split(mlp)

    def apply(state, x, key):
        options = {"graph_ids": GRAPH_IDS, "num_graphs": 4} if norm == "instance" else {}
        return nnx.merge(graphdef, state, copy=True)(x, train=True, key=key, **options)

    keys = jax.random.split(jax.random.key(0), 2)
    mapped = jax.jit(jax.vmap(apply, in_axes=(None, None, 0)))(state, X, keys)
    for index in range(2):
        np.testing.assert_allclose(mapped[index], apply(state, X, keys[index]), rtol=1e-4, atol=1e-5)
    gradients = jax.jit(jax.grad(lambda state: (apply(state, X, keys[0]) ** 2).sum()))(state)
    kernels = [np.asarray(layer["kernel"][...]) for layer in gradients["layers"].values()]
    assert len(kernels) == 3
    for gradient in kernels:
        assert np.isfinite(gradient).all()
        assert (gradient != 0).any()
