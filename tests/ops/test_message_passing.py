"""Messages along edges against dense matrices `[receiver, sender]`."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.ops import aggregate, check_edge_attention, pair_linear, propagate

# Node 3 is isolated; the edge from 1 to 2 is there twice; node 0 has a self loop. Unsorted.
SENDERS = np.array([1, 0, 2, 1, 0], np.int32)
RECEIVERS = np.array([2, 1, 0, 2, 0], np.int32)
NUM_NODES = 4


def dense(senders, receivers, num_nodes, weights):
    matrix = np.zeros((num_nodes, num_nodes))
    np.add.at(matrix, (receivers, senders), weights)
    return matrix


@st.composite
def graphs(draw, num_edges=9):
    """Node features, senders, receivers and attention; of one shape, so that each function compiles once."""
    ids = st.lists(st.integers(0, NUM_NODES - 1), min_size=num_edges, max_size=num_edges)
    senders, receivers = (np.array(draw(ids), np.int32) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 100)))
    nodes = rng.normal(size=(NUM_NODES, 3)).astype(np.float32)
    return nodes, senders, receivers, rng.random(num_edges).astype(np.float32)


@given(graph=graphs())
def test_propagate_multiplies_by_the_adjacency_matrix(graph):
    nodes, senders, receivers, attention = graph
    actual = jax.jit(propagate)(nodes, senders, receivers, attention)
    expected = dense(senders, receivers, NUM_NODES, attention) @ nodes
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@given(graph=graphs())
def test_without_attention_all_weights_are_1(graph):
    nodes, senders, receivers, _ = graph
    expected = dense(senders, receivers, NUM_NODES, 1) @ nodes
    np.testing.assert_allclose(jax.jit(propagate)(nodes, senders, receivers), expected, rtol=1e-5, atol=1e-5)


def test_no_edges():
    nodes, none = np.ones((2, 3), np.float32), np.zeros(0, np.int32)
    np.testing.assert_array_equal(propagate(nodes, none, none), np.zeros((2, 3)))
    np.testing.assert_array_equal(propagate(nodes, none, none, np.zeros(0, np.float32)), np.zeros((2, 3)))
    kernel, bias = np.ones((6, 4), np.float32), np.ones(4, np.float32)
    assert pair_linear(nodes, none, none, kernel, bias).shape == (0, 4)


def test_aggregate_by_hand():
    messages = np.array([[1.0, 2], [3, 4], [5, 6], [7, 8], [9, 10]], np.float32)
    attention = np.array([1, 0.5, 0, 2, 1], np.float32)
    np.testing.assert_array_equal(aggregate(messages, RECEIVERS, NUM_NODES), [[14, 16], [3, 4], [8, 10], [0, 0]])
    np.testing.assert_array_equal(
        aggregate(messages, RECEIVERS, NUM_NODES, attention), [[9, 10], [1.5, 2], [15, 18], [0, 0]]
    )


@given(graph=graphs())
def test_pair_linear_is_linear_on_pairs(graph):
    nodes, senders, receivers, _ = graph
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(6, 4)).astype(np.float32), rng.normal(size=4).astype(np.float32)
    expected = np.concatenate([nodes[senders], nodes[receivers]], axis=1) @ kernel + bias
    actual = jax.jit(pair_linear)(nodes, senders, receivers, kernel, bias)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("shape", [(4,), (1,), (5, 1), ()])
def test_wrong_attention_length_names_the_right_one(shape):
    nodes, wrong = np.ones((NUM_NODES, 2), np.float32), np.ones(shape, np.float32)
    message = re.escape(f"one value per edge, shape [5]; it has shape {list(shape)}")
    with pytest.raises(ValueError, match=message):
        check_edge_attention(wrong, 5)
    with pytest.raises(ValueError, match=message):
        propagate(nodes, SENDERS, RECEIVERS, wrong)
    with pytest.raises(ValueError, match=message):
        aggregate(nodes[SENDERS], RECEIVERS, NUM_NODES, wrong)


def test_jit_and_vmap():
    rng = np.random.default_rng(2)
    nodes = rng.normal(size=(3, NUM_NODES, 2)).astype(np.float32)
    attention = rng.random((3, len(SENDERS))).astype(np.float32)
    kernel, bias = jnp.ones((4, 2)), jnp.arange(2.0)

    def both(nodes, attention):
        summed = propagate(nodes, SENDERS, RECEIVERS, attention)
        return summed, pair_linear(nodes, SENDERS, RECEIVERS, kernel, bias)

    mapped = jax.jit(jax.vmap(both))(nodes, attention)
    for head in range(3):
        for actual, expected in zip(mapped, both(nodes[head], attention[head]), strict=True):
            np.testing.assert_allclose(actual[head], expected, rtol=1e-6, atol=1e-6)


def test_gradients():
    """With y = A x, the gradient of w . y is A^T w for x, and w_receiver . x_sender for an attention."""
    rng = np.random.default_rng(3)
    nodes, weights = rng.normal(size=(2, NUM_NODES, 2)).astype(np.float32)
    attention = rng.random(len(SENDERS)).astype(np.float32)

    def weighted(nodes, attention):
        return (weights * propagate(nodes, SENDERS, RECEIVERS, attention)).sum()

    for_nodes, for_attention = jax.grad(weighted, argnums=(0, 1))(nodes, attention)
    matrix = dense(SENDERS, RECEIVERS, NUM_NODES, attention)
    np.testing.assert_allclose(for_nodes, matrix.T @ weights, rtol=1e-5, atol=1e-6)
    expected = (weights[RECEIVERS] * nodes[SENDERS]).sum(axis=1)
    np.testing.assert_allclose(for_attention, expected, rtol=1e-5, atol=1e-6)
