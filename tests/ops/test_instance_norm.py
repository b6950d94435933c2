"""Normalisation within graphs against a loop over the graphs."""

import jax
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.ops import graph_instance_norm

NUM_GRAPHS = 4


def norm_by_loop(x, graph_ids):
    result = np.empty(x.shape)
    for graph in np.unique(graph_ids):
        rows = x[graph_ids == graph].astype(np.float64)
        result[graph_ids == graph] = (rows - rows.mean(axis=0)) / np.sqrt(rows.var(axis=0) + 1e-5)
    return result


@given(ids=st.lists(st.integers(0, NUM_GRAPHS - 1), min_size=9, max_size=9), seed=st.integers(0, 100))
def test_equals_a_loop(ids, seed):
    graph_ids = np.array(ids, np.int32)
    x = np.random.default_rng(seed).normal(2, 3, (9, 3)).astype(np.float32)
    actual = jax.jit(graph_instance_norm, static_argnums=2)(x, graph_ids, NUM_GRAPHS)
    np.testing.assert_allclose(actual, norm_by_loop(x, graph_ids), rtol=1e-3, atol=1e-4)


def test_far_from_the_origin():
    """The variance is of the centred rows: no cancellation."""
    x = np.array([[4000.0], [4001], [4002], [4003]], np.float32)
    expected = np.array([[-1.5], [-0.5], [0.5], [1.5]]) / np.sqrt(1.25 + 1e-5)
    np.testing.assert_allclose(graph_instance_norm(x, np.zeros(4, np.int32), 1), expected, rtol=1e-5)


def test_single_rows_and_equal_rows_give_0():
    x = np.array([[3.0, -1], [5, 5], [5, 5]], np.float32)
    np.testing.assert_array_equal(graph_instance_norm(x, np.array([2, 0, 0]), 3), np.zeros((3, 2)))


def test_jit_and_vmap():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 7, 2)).astype(np.float32)
    ids = rng.integers(0, NUM_GRAPHS, (3, 7)).astype(np.int32)
    mapped = jax.jit(jax.vmap(lambda x, ids: graph_instance_norm(x, ids, NUM_GRAPHS)))(x, ids)
    for index in range(3):
        np.testing.assert_allclose(mapped[index], norm_by_loop(x[index], ids[index]), rtol=1e-4, atol=1e-5)


def test_gradient_is_finite_and_0_for_single_and_equal_rows():
    x = np.array([[3.0], [5], [5], [1], [2]], np.float32)
    ids = np.array([2, 0, 0, 3, 3])
    weights = np.array([[1.0], [2], [2], [4], [3]], np.float32)
    gradient = jax.jit(jax.grad(lambda x: (weights * graph_instance_norm(x, ids, NUM_GRAPHS)).sum()))(x)
    np.testing.assert_allclose(gradient[:3], 0, atol=1e-4)
    # A graph of two rows has them at -1 and 1 whatever their values, up to epsilon.
    np.testing.assert_allclose(gradient[3:], 0, atol=1e-3)
