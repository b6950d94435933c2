import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.ops import sddmm, sparse_pattern, spmm


def random_case(seed, num_nodes=9, num_entries=30, features=5):
    rng = np.random.default_rng(seed)
    pattern = sparse_pattern(*rng.integers(0, num_nodes, (2, num_entries)), num_nodes)
    weights = rng.normal(size=len(pattern.rows)).astype(np.float32)
    left, right = rng.normal(size=(2, num_nodes, features)).astype(np.float32)
    return pattern, weights, left, right


def dense(pattern, weights):
    matrix = np.zeros((pattern.num_nodes, pattern.num_nodes), np.float32)
    matrix[pattern.rows, pattern.columns] = weights
    return matrix


def test_pattern_is_ordered_by_row_without_duplicates():
    pattern = sparse_pattern(np.array([2, 0, 2, 0]), np.array([1, 2, 1, 0]), 3)
    assert list(zip(pattern.rows, pattern.columns, strict=True)) == [(0, 0), (0, 2), (2, 1)]
    np.testing.assert_array_equal(pattern.row_pointers, [0, 2, 2, 3])
    np.testing.assert_array_equal(pattern.order, [0, 2, 1])
    np.testing.assert_array_equal(pattern.column_pointers, [0, 1, 2, 3])


def test_pattern_without_entries():
    pattern = sparse_pattern(np.zeros(0, int), np.zeros(0, int), 2)
    x = np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(spmm(np.zeros(0, np.float32), x, pattern), np.zeros((2, 3)))
    assert sddmm(x, x, pattern).shape == (0,)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (np.array([0, 3]), np.array([0, 0]), "rows holds node 3, outside 0 .. 2"),
        (np.array([0, 1]), np.array([-1, 0]), "columns holds node -1"),
        (np.array([0, 1]), np.array([0]), "columns must be integers"),
        (np.array([0.0]), np.array([0]), "rows must be integers"),
    ],
)
def test_ids_that_are_no_entries(rows, columns, message):
    with pytest.raises(ValueError, match=message):
        sparse_pattern(rows, columns, 3)


@given(st.integers(0, 10_000))
def test_products_equal_dense_ones(seed):
    pattern, weights, left, right = random_case(seed)
    np.testing.assert_allclose(spmm(weights, right, pattern), dense(pattern, weights) @ right, rtol=1e-5, atol=1e-5)
    expected = (left @ right.T)[pattern.rows, pattern.columns]
    np.testing.assert_allclose(sddmm(left, right, pattern), expected, rtol=1e-5, atol=1e-5)


def test_more_entries_than_a_chunk():
    pattern, weights, left, right = random_case(0, num_nodes=200, num_entries=40_000)
    assert len(pattern.rows) > 2 * 8192
    np.testing.assert_allclose(
        sddmm(left, right, pattern), (left @ right.T)[pattern.rows, pattern.columns], rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(spmm(weights, right, pattern), dense(pattern, weights) @ right, rtol=1e-4, atol=1e-4)


def loss(multiply, sample, weights, left, right):
    return (multiply(jnp.tanh(weights * sample(left, right)), right) ** 2).sum()


def test_gradients_equal_those_of_dense_products():
    pattern, weights, left, right = random_case(1)
    arguments = weights, left, right
    sparse_loss = lambda *a: loss(lambda w, x: spmm(w, x, pattern), lambda x, y: sddmm(x, y, pattern), *a)  # noqa: E731
    rows, columns = pattern.rows, pattern.columns
    dense_loss = lambda *a: loss(  # noqa: E731
        lambda w, x: jnp.zeros((9, 9)).at[rows, columns].set(w) @ x, lambda x, y: (x @ y.T)[rows, columns], *a
    )
    for ours, expected in zip(
        jax.jit(jax.grad(sparse_loss, argnums=(0, 1, 2)))(*arguments),
        jax.grad(dense_loss, argnums=(0, 1, 2))(*arguments),
        strict=True,
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


def test_mapped_over_heads_with_gradient():
    pattern, weights, left, right = random_case(2)
    weights = np.stack([weights, 2 * weights])

    def total(weights):
        return (jax.vmap(lambda w: spmm(w, right, pattern))(weights) * np.stack([left, -left])).sum()

    gradient = jax.jit(jax.grad(total))(weights)
    scores = (left @ right.T)[pattern.rows, pattern.columns]
    np.testing.assert_allclose(gradient, np.stack([scores, -scores]), rtol=1e-4, atol=1e-4)


def test_other_backends_give_the_same(monkeypatch):
    pattern, weights, _, right = random_case(3)
    here = spmm(weights, right, pattern)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    np.testing.assert_allclose(spmm(weights, right, pattern), here, rtol=1e-5, atol=1e-5)
