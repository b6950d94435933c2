"""Local extremum convolution against its formula, node by node."""

import jax
import jraph
import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.nn import LEConv


def random_graph(seed=0):
    """Six nodes, eleven edges with weights; a self loop and parallel edges; the last node has no edge."""
    rng = np.random.default_rng(seed)
    senders, receivers = rng.integers(0, 5, (2, 11)).astype(np.int32)
    senders[0] = receivers[0]
    senders[1], receivers[1] = senders[2], receivers[2]
    return jraph.GraphsTuple(
        nodes=rng.normal(size=(6, 3)).astype(np.float32),
        edges=rng.normal(size=(11, 1)).astype(np.float32),
        receivers=receivers,
        senders=senders,
        globals=None,
        n_node=np.array([6]),
        n_edge=np.array([11]),
    )


def formula(conv, graphs, attention):
    """Receiver by receiver, edge by edge."""
    sender_kernel, sender_bias = np.asarray(conv.sender_linear.kernel[...]), np.asarray(conv.sender_linear.bias[...])
    own_kernel, own_bias = np.asarray(conv.self_linear.kernel[...]), np.asarray(conv.self_linear.bias[...])
    receiver_kernel = np.asarray(conv.receiver_linear.kernel[...])
    weights = np.ones(len(graphs.senders)) if graphs.edges is None else graphs.edges[:, 0]
    rows = []
    for node, x in enumerate(graphs.nodes):
        row = x @ own_kernel + own_bias
        for edge in np.flatnonzero(graphs.receivers == node):
            difference = graphs.nodes[graphs.senders[edge]] @ sender_kernel + sender_bias - x @ receiver_kernel
            row = row + attention[edge] * weights[edge] * difference
        rows.append(row)
    return np.stack(rows)


def make_conv():
    return LEConv(3, 4, rngs=nnx.Rngs(0))


@given(seed=st.integers(0, 1000), with_weights=st.booleans(), with_attention=st.booleans())
def test_equals_the_formula(seed, with_weights, with_attention):
    conv, graphs = make_conv(), random_graph(seed)
    if not with_weights:
        graphs = graphs._replace(edges=None)
    attention = np.random.default_rng(seed + 1).random(11).astype(np.float32) if with_attention else None
    expected = formula(conv, graphs, np.ones(11) if attention is None else attention)
    np.testing.assert_allclose(conv(graphs, attention), expected, rtol=1e-4, atol=1e-5)


def test_by_hand():
    """0 -> 1 with weight 2 and attention 0.5, 1 -> 0 with weight 1 and attention 0; node 2 is isolated."""
    conv = LEConv(1, 1, rngs=nnx.Rngs(0))
    for linear, value in ((conv.sender_linear, 3.0), (conv.receiver_linear, 5.0), (conv.self_linear, 7.0)):
        linear.kernel[...] = np.full((1, 1), value, np.float32)
    conv.sender_linear.bias[...], conv.self_linear.bias[...] = np.ones(1, np.float32), np.zeros(1, np.float32)
    graphs = jraph.GraphsTuple(
        nodes=np.array([[1.0], [10.0], [100.0]], np.float32),
        edges=np.array([[2.0], [1.0]], np.float32),
        senders=np.array([0, 1]),
        receivers=np.array([1, 0]),
        globals=None,
        n_node=np.array([3]),
        n_edge=np.array([2]),
    )
    # Node 0: 7 + (30 + 1 - 5). Node 1: 70 + 2 (3 + 1 - 50).
    np.testing.assert_allclose(conv(graphs), [[33], [-22], [700]])
    np.testing.assert_allclose(conv(graphs, np.array([0.5, 0], np.float32)), [[7], [24], [700]])


def test_an_isolated_node_gets_its_own_linear_layer_alone():
    conv, graphs = make_conv(), random_graph()
    np.testing.assert_allclose(conv(graphs)[5], conv.self_linear(graphs.nodes[5]), rtol=1e-5)


def test_attention_0_is_no_edges():
    conv, graphs = make_conv(), random_graph()
    without = graphs._replace(
        edges=np.zeros((0, 1), np.float32), senders=np.zeros(0, np.int32), receivers=np.zeros(0, np.int32)
    )
    np.testing.assert_array_equal(conv(graphs, np.zeros(11, np.float32)), conv(without))


def test_what_is_subtracted_has_no_bias():
    assert make_conv().receiver_linear.bias is None


def test_jit_vmap_and_gradient():
    graphs, graphdef_and_state = random_graph(), nnx.split(make_conv())
    attention = np.random.default_rng(2).random((2, 11)).astype(np.float32)

    def apply(attention, nodes, edges):
        return nnx.merge(*graphdef_and_state)(graphs._replace(nodes=nodes, edges=edges), attention)

    mapped = jax.jit(jax.vmap(apply, in_axes=(0, None, None)))(attention, graphs.nodes, graphs.edges)
    for head in range(2):
        np.testing.assert_allclose(mapped[head], formula(make_conv(), graphs, attention[head]), rtol=1e-4, atol=1e-5)
    loss = jax.jit(jax.grad(lambda *args: apply(*args).sum(), argnums=(0, 1, 2)))
    to_attention, to_nodes, to_edges = loss(attention[0], graphs.nodes, graphs.edges)
    for gradient in (to_attention, to_nodes, to_edges):
        assert np.isfinite(gradient).all()
    # Both factors of a message scale the same difference.
    np.testing.assert_allclose(to_edges[:, 0] * graphs.edges[:, 0], to_attention * attention[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(to_nodes[5], make_conv().self_linear.kernel[...].sum(axis=1), rtol=1e-5)


@pytest.mark.parametrize("shape", [(11,), (11, 2), (10, 1)])
def test_edge_features_that_are_no_weights(without_shape_checks, shape):
    with pytest.raises(ValueError, match=r"edge weights must have shape \[11, 1\]"):
        make_conv()(random_graph()._replace(edges=np.ones(shape, np.float32)))


@pytest.mark.parametrize("shape", [(10,), (11, 1)])
def test_attention_of_the_wrong_shape(without_shape_checks, shape):
    with pytest.raises(ValueError, match=r"one value per edge, shape \[11\]"):
        make_conv()(random_graph(), np.ones(shape, np.float32))
