"""Planned sparse products against dense ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.errors import MemoryLimitError
from gnnjax.ops.sparse import sparse_pattern
from gnnjax.ops.sparse_product import plan_product

NUM_NODES = 5


@st.composite
def patterns(draw):
    """Of 5 nodes: with empty and full rows, or without any entry."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    present = rng.random((NUM_NODES, NUM_NODES)) < rng.choice([0, 0.3, 1], (NUM_NODES, 1))
    return sparse_pattern(*np.nonzero(present), NUM_NODES)


def values_on(pattern, seed=0):
    return np.random.default_rng(seed).normal(size=len(pattern.columns)).astype(np.float32)


def dense(pattern, values):
    """The matrix of a pattern or of a plan's product, written entry by entry."""
    matrix = np.zeros((NUM_NODES, NUM_NODES), np.float32)
    for row in range(NUM_NODES):
        for position in range(pattern.row_pointers[row], pattern.row_pointers[row + 1]):
            assert matrix[row, pattern.columns[position]] == 0
            matrix[row, pattern.columns[position]] = values[position]
    return matrix


def multiply_in_numpy(plan, left_values, right_values):
    """`plan.multiply`, which would have to be compiled for each example."""
    return np.bincount(plan.entry, left_values[plan.left] * right_values[plan.right], len(plan.columns))


def test_by_hand():
    """[[1, 2], [0, 3]] times [[4, 0], [5, 6]], of which the zeros are not stored."""
    left = sparse_pattern(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    right = sparse_pattern(np.array([0, 1, 1]), np.array([0, 0, 1]), 2)
    plan = plan_product(left, right)
    values = plan.multiply(np.array([1, 2, 3], np.float32), np.array([4, 5, 6], np.float32))
    np.testing.assert_array_equal(values, [14, 12, 15, 18])
    np.testing.assert_array_equal(plan.columns, [0, 1, 0, 1])
    np.testing.assert_array_equal(plan.row_pointers, [0, 2, 4])


@given(left=patterns(), right=patterns())
def test_equals_the_dense_product(left, right):
    plan = plan_product(left, right)
    left_values, right_values = values_on(left), values_on(right, 1)
    product = dense(plan, multiply_in_numpy(plan, left_values, right_values))
    np.testing.assert_allclose(product, dense(left, left_values) @ dense(right, right_values), rtol=1e-5, atol=1e-6)


@given(pattern=patterns())
def test_a_plan_is_the_pattern_of_the_next_product(pattern):
    square = plan_product(pattern, pattern)
    cube = plan_product(square, pattern)
    values = np.abs(values_on(pattern))
    result = multiply_in_numpy(cube, multiply_in_numpy(square, values, values), values)
    expected = np.linalg.matrix_power(dense(pattern, values), 3)
    np.testing.assert_allclose(dense(cube, result), expected, rtol=1e-5, atol=1e-6)


def full_and_empty():
    """Row 0 full, row 1 empty, the others a cycle."""
    return sparse_pattern(np.array([0, 0, 0, 0, 0, 2, 3, 4]), np.array([0, 1, 2, 3, 4, 3, 4, 2]), NUM_NODES)


def test_jit_vmap_and_map_over_heads():
    pattern = full_and_empty()
    plan = plan_product(pattern, pattern)
    heads = np.stack([values_on(pattern, seed) for seed in range(3)])
    expected = np.stack([multiply_in_numpy(plan, head, head) for head in heads])
    mapped = jax.jit(lambda plan, heads: jax.lax.map(lambda head: plan.multiply(head, head), heads))(plan, heads)
    batched = jax.vmap(plan.multiply)(heads, heads)
    np.testing.assert_allclose(mapped, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(batched, expected, rtol=1e-5, atol=1e-6)


def test_gradient_equals_that_of_the_dense_product():
    pattern = full_and_empty()
    plan = plan_product(pattern, pattern)
    left, right = values_on(pattern), values_on(pattern, 1)
    place = np.repeat(np.arange(NUM_NODES), np.diff(pattern.row_pointers)), pattern.columns
    entries = np.repeat(np.arange(NUM_NODES), np.diff(plan.row_pointers)), plan.columns

    def loss(left, right):
        return (plan.multiply(left, right) ** 3).sum()

    def dense_loss(left, right):
        zeros = jnp.zeros((NUM_NODES, NUM_NODES))
        return ((zeros.at[place].set(left) @ zeros.at[place].set(right))[entries] ** 3).sum()

    for actual, expected in zip(
        jax.jit(jax.grad(loss, (0, 1)))(left, right), jax.grad(dense_loss, (0, 1))(left, right), strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_refuses_more_terms_than_allowed():
    pattern = sparse_pattern(*np.nonzero(np.ones((5, 5))), 5)
    assert len(plan_product(pattern, pattern, max_terms=125).entry) == 125
    with pytest.raises(MemoryLimitError, match=r"125 terms, more than max_terms \(124\).*sparse_attention_graph"):
        plan_product(pattern, pattern, max_terms=124)


def test_refuses_patterns_of_different_sizes():
    small, large = (sparse_pattern(np.array([0]), np.array([0]), num_nodes) for num_nodes in (1, 2))
    with pytest.raises(ValueError, match="left has 1 nodes and right 2"):
        plan_product(small, large)
