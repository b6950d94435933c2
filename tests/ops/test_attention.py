import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.ops import (
    apply_dense_attention,
    apply_sparse_attention,
    dense_attention,
    dense_attention_weights,
    sparse_attention,
    sparse_attention_weights,
    sparse_pattern,
)
from gnnjax.ops.dropout import keep_mask


def heads(seed, num_nodes, num_heads=2, size=3, arrays=3):
    return np.random.default_rng(seed).normal(size=(arrays, num_nodes, num_heads, size)).astype(np.float32)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def random_mask(seed, num_nodes):
    """The diagonal and always as many other entries, so that what depends on their number compiles once."""
    mask = np.eye(num_nodes, dtype=bool)
    others = np.flatnonzero(~mask)
    mask.flat[np.random.default_rng(seed).choice(others, round(0.4 * len(others)), replace=False)] = True
    return mask


def plain(query, key, value, bias, scale, mask):
    """The formula, differentiable, in one piece."""
    logits = jnp.einsum("qhd,khd->hqk", query, key) / np.sqrt(query.shape[-1])
    logits = logits if bias is None else logits + scale * bias
    logits = logits if mask is None else jnp.where(mask, logits, -1e30)
    return jnp.einsum("hqk,khd->qhd", jax.nn.softmax(logits), value)


def test_three_nodes_by_hand():
    # Node 0 scores node 0 and node 1 alike and may not see node 2; node 2 sees itself alone.
    query = np.array([[1.0], [0.0], [5.0]], np.float32)[:, None]
    key = np.array([[2.0], [2.0], [7.0]], np.float32)[:, None]
    value = np.array([[1.0], [3.0], [10.0]], np.float32)[:, None]
    mask = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]], bool)
    pattern = sparse_pattern(*np.nonzero(mask), 3)
    expected = np.array([2.0, 14 / 3, 10.0])
    for out in (sparse_attention(query, key, value, pattern), dense_attention(query, key, value, mask=mask)):
        np.testing.assert_allclose(out[:, 0, 0], expected, rtol=1e-6)
    weights = sparse_attention_weights(query, key, pattern)
    np.testing.assert_allclose(weights[0], [1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3, 1], rtol=1e-6)


@given(st.integers(0, 10_000), st.sampled_from((1, 6)))
def test_sparse_equals_dense_under_the_same_mask(seed, num_nodes):
    query, key, value = heads(seed, num_nodes)
    mask = random_mask(seed, num_nodes)
    pattern = sparse_pattern(*np.nonzero(mask), num_nodes)
    weights = dense_attention_weights(query, key, mask=mask)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(
        sparse_attention_weights(query, key, pattern), np.asarray(weights)[:, mask], rtol=1e-5, atol=1e-6
    )
    out = dense_attention(query, key, value, mask=mask)
    np.testing.assert_allclose(sparse_attention(query, key, value, pattern), out, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(apply_dense_attention(weights, value), out, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        apply_sparse_attention(sparse_attention_weights(query, key, pattern), value, pattern), out, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("kind", ["plain", "bias", "mask"])
def test_the_kernel_of_jax_equals_blocks(kind):
    query, key, value = heads(0, 9)
    options = {}
    if kind == "bias":
        options = {"bias": np.random.default_rng(1).normal(size=(9, 9)).astype(np.float32), "bias_scale": 2.0}
    if kind == "mask":
        mask = random_mask(2, 9)
        mask[4] = False
        options = {"mask": mask}
    out = dense_attention(query, key, value, **options)
    np.testing.assert_allclose(dense_attention(query, key, value, kernel="xla", **options), out, rtol=1e-4, atol=1e-5)


def test_the_kernel_of_jax_has_no_dropout():
    dropped = {"dropout_rate": 0.5, "dropout_key": jax.random.key(0)}
    with pytest.raises(ValueError, match="'xla' has no dropout"):
        dense_attention(*heads(0, 3), kernel="xla", **dropped)


@pytest.mark.parametrize("num_nodes", [5, 256, 300, 600])
@pytest.mark.parametrize("kind", ["plain", "bias", "mask"])
def test_blocks_equal_one_piece_in_value_and_gradient(num_nodes, kind):
    query, key, value = heads(0, num_nodes)
    rng = np.random.default_rng(1)
    bias = rng.normal(size=(num_nodes, num_nodes)).astype(np.float32) if kind == "bias" else None
    mask = random_mask(0, num_nodes) if kind == "mask" else None
    target = rng.normal(size=query.shape).astype(np.float32)

    def loss(attend):
        return lambda *arguments: (attend(*arguments) * target).sum()

    def blocked(query, key, value, bias, scale):
        return dense_attention(query, key, value, bias=bias, bias_scale=scale, mask=mask)

    def one_piece(query, key, value, bias, scale):
        return plain(query, key, value, bias, scale, mask)

    arguments = (query, key, value, bias, jnp.float32(1.5))
    argnums = (0, 1, 2) if bias is None else (0, 1, 2, 3, 4)
    np.testing.assert_allclose(blocked(*arguments), one_piece(*arguments), rtol=1e-4, atol=1e-5)
    ours = jax.jit(jax.grad(loss(blocked), argnums))(*arguments)
    expected = jax.jit(jax.grad(loss(one_piece), argnums))(*arguments)
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_gradient_with_dropout_equals_that_of_the_kept_entries():
    query, key, value = heads(3, 7)
    dropout_key = jax.random.key(5)
    keep = keep_mask(jax.random.fold_in(dropout_key, 0), (2, 7, 7), 0.5)
    assert 0 < keep.mean() < 1

    def kept(query, key, value):
        weights = jnp.where(keep, dense_attention_weights(query, key) / 0.5, 0)
        return (apply_dense_attention(weights, value) ** 2).sum()

    def dropped(query, key, value):
        return (dense_attention(query, key, value, dropout_rate=0.5, dropout_key=dropout_key) ** 2).sum()

    for a, b in zip(
        jax.grad(dropped, (0, 1, 2))(query, key, value), jax.grad(kept, (0, 1, 2))(query, key, value), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_dropout_keeps_the_mean_and_is_off_without_a_key():
    query, key, value = heads(4, 20)
    pattern = sparse_pattern(*np.nonzero(random_mask(4, 20)), 20)
    for attend in (
        lambda k: dense_attention(query, key, value, dropout_rate=0.5, dropout_key=k),
        lambda k: sparse_attention(query, key, value, pattern, dropout_rate=0.5, dropout_key=k),
    ):
        mean = jax.jit(jax.vmap(attend))(jax.random.split(jax.random.key(0), 1500)).mean(0)
        np.testing.assert_allclose(mean, attend(None), atol=0.3)
        assert not np.allclose(attend(jax.random.key(1)), attend(None), atol=0.3)


def test_a_row_without_entries_gives_zero_with_finite_gradients():
    query, key, value = heads(5, 3)
    mask = np.array([[1, 1, 0], [0, 0, 0], [0, 0, 1]], bool)
    pattern = sparse_pattern(*np.nonzero(mask), 3)
    attend = {
        "dense": lambda q, k, v: dense_attention(q, k, v, mask=mask),
        "sparse": lambda q, k, v: sparse_attention(q, k, v, pattern),
        "weights": lambda q, k, v: apply_dense_attention(dense_attention_weights(q, k, mask=mask), v),
    }
    for name, function in attend.items():
        np.testing.assert_array_equal(function(query, key, value)[1], 0, err_msg=name)
        gradients = jax.grad(lambda *a, f=function: (f(*a) ** 2).sum(), (0, 1, 2))(query, key, value)
        assert all(np.isfinite(gradient).all() for gradient in gradients), name


def test_numpy_arrays_that_a_jitted_function_closes_over():
    query, key, value = heads(7, 5)
    mask = random_mask(7, 5)
    pattern = sparse_pattern(*np.nonzero(mask), 5)
    dropout = {"dropout_rate": 0.5}
    sparse = jax.jit(lambda key_: sparse_attention(query, key, value, pattern, dropout_key=key_, **dropout))
    dense = jax.jit(lambda key_: dense_attention(query, key, value, mask=mask, dropout_key=key_, **dropout))
    assert sparse(jax.random.key(0)).shape == dense(jax.random.key(0)).shape == (5, 2, 3)


def test_large_scores_do_not_overflow():
    query, key, value = heads(6, 4)
    np.testing.assert_allclose(
        dense_attention(1e4 * query, key, value), plain(1e4 * query, key, value, None, 1, None), rtol=1e-3, atol=1e-4
    )


def test_mapped_over_splits():
    arrays = np.stack([heads(seed, 300) for seed in range(2)], axis=1)
    bias = np.random.default_rng(0).normal(size=(300, 300)).astype(np.float32)
    together = jax.vmap(lambda q, k, v: dense_attention(q, k, v, bias=bias))(*arrays)
    for index in range(2):
        alone = dense_attention(*arrays[:, index], bias=bias)
        np.testing.assert_allclose(together[index], alone, rtol=1e-4, atol=1e-5)


def test_memory_does_not_hold_the_matrix_and_unread_bias_gradients_cost_nothing():
    query, key, value = heads(0, 2048, size=8)
    bias = np.zeros((2048, 2048), np.float32)

    def loss(query, key, value, scale, bias):
        return dense_attention(query, key, value, bias=bias, bias_scale=scale).sum()

    compiled = jax.jit(jax.grad(loss, (0, 1, 2, 3))).lower(query, key, value, np.float32(1), bias).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < bias.nbytes


def test_rate_out_of_range():
    query, key, value = heads(0, 3)
    with pytest.raises(ValueError, match="dropout_rate is 1"):
        dense_attention(query, key, value, dropout_rate=1.0, dropout_key=jax.random.key(0))
