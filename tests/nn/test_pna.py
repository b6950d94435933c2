"""PNA's convolution against its formula written out, in float64."""

import jax
import jax.numpy as jnp
import jraph
import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from gnnjax.nn import PNAConv, mean_log_degree

AGGREGATORS = ("mean", "min", "max", "std", "sum")


def random_graph(seed, edge_features=2):
    """Six nodes: one without in-edges, one with one, parallel edges, a self loop, equal features on two senders."""
    rng = np.random.default_rng(seed)
    senders = np.array([0, 0, 1, 2, 3, 3, 4, 5, 2, 1])
    receivers = np.array([1, 1, 2, 2, 2, 4, 4, 4, 3, 2])
    nodes = rng.normal(size=(6, 3))
    nodes[3] = nodes[5]
    edges = rng.normal(size=(10, edge_features)) if edge_features else None
    return jraph.GraphsTuple(nodes, edges, receivers, senders, None, np.array([6]), np.array([10]))


def plain(conv, graphs, attention):
    """Node by node; the weights of `conv`."""
    kernel, bias = np.asarray(conv.linear.kernel[...]), np.asarray(conv.linear.bias[...])
    rows = []
    for node in range(len(graphs.nodes)):
        incoming = np.flatnonzero(graphs.receivers == node)
        parts = [np.repeat(graphs.nodes[node : node + 1], len(incoming), 0), graphs.nodes[graphs.senders[incoming]]]
        if conv.edge_features is not None:
            parts.append(graphs.edges[incoming])
        messages = np.concatenate(parts, axis=1) * attention[incoming, None]
        width = messages.shape[1]
        if len(incoming):
            variance = np.maximum((messages**2).mean(0) - messages.mean(0) ** 2, 0)
            found = {"mean": messages.mean(0), "min": messages.min(0), "max": messages.max(0), "sum": messages.sum(0)}
        else:
            variance = np.zeros(width)
            found = dict.fromkeys(("mean", "min", "max", "sum"), np.zeros(width))
        found["std"] = np.sqrt(variance + 1e-5)
        row = np.concatenate([found[name] for name in conv.aggregators])
        if conv.degree_scaler is not None:
            scale = np.log(len(incoming) + 1) / conv.degree_scaler
            row = np.concatenate([row, row * scale, row / (scale or 1)])
        rows.append(row @ kernel + bias)
    return np.stack(rows)


def in_float64(conv):
    graphdef, state = nnx.split(conv)
    return nnx.merge(graphdef, jax.tree.map(lambda array: array.astype(jnp.float64), state))


@given(
    st.integers(0, 10_000),
    st.lists(st.sampled_from(AGGREGATORS), min_size=1, unique=True),
    st.sampled_from([None, 0.7]),
    st.booleans(),
    st.booleans(),
)
def test_equals_the_formula(seed, aggregators, degree_scaler, with_edges, with_attention):
    graphs = random_graph(seed, 2 if with_edges else 0)
    attention = np.random.default_rng(seed + 1).uniform(0.1, 0.9, 10) if with_attention else np.ones(10)
    with jax.enable_x64(True):
        conv = PNAConv(
            3,
            4,
            edge_features=2 if with_edges else None,
            aggregators=aggregators,
            degree_scaler=degree_scaler,
            rngs=nnx.Rngs(seed),
        )
        result = in_float64(conv)(graphs, jnp.asarray(attention) if with_attention else None)
        assert result.dtype == jnp.float64
        np.testing.assert_allclose(result, plain(conv, graphs, attention), rtol=1e-9, atol=1e-9)


def test_gradients_are_those_of_finite_differences():
    graphs = random_graph(3)
    rng = np.random.default_rng(4)
    with jax.enable_x64(True):
        conv = in_float64(PNAConv(3, 4, edge_features=2, rngs=nnx.Rngs(0)))
        weights = jnp.asarray(rng.normal(size=(6, 4)))

        def loss(nodes, edges, attention):
            return (conv(graphs._replace(nodes=nodes, edges=edges), attention) * weights).sum()

        arguments = [jnp.asarray(graphs.nodes), jnp.asarray(graphs.edges), jnp.asarray(rng.uniform(0.2, 0.9, 10))]
        check_grads(loss, arguments, order=1, modes=["rev"], atol=1e-5, rtol=1e-5)


def test_ties_share_the_gradient_of_an_extreme():
    """Nodes 1 and 2 send the same to node 0."""
    graphs = jraph.GraphsTuple(
        np.array([[0.0], [2.0], [2.0]], np.float32),
        None,
        np.array([0, 0]),
        np.array([1, 2]),
        None,
        np.array([3]),
        np.array([2]),
    )
    conv = PNAConv(1, 1, aggregators=["max"], rngs=nnx.Rngs(0))
    gradient = jax.grad(lambda nodes: conv(graphs._replace(nodes=nodes))[0, 0])(jnp.asarray(graphs.nodes))
    np.testing.assert_allclose(gradient[1:, 0], conv.linear.kernel[1, 0] / 2, rtol=1e-6)


def test_a_node_that_receives_nothing_is_finite():
    graphs = random_graph(0)
    conv = PNAConv(3, 4, edge_features=2, degree_scaler=0.5, rngs=nnx.Rngs(0))
    nodes = jnp.asarray(graphs.nodes, jnp.float32)
    graphs = graphs._replace(edges=jnp.asarray(graphs.edges, jnp.float32))
    gradient = jax.grad(lambda nodes: (conv(graphs._replace(nodes=nodes)) ** 2).sum())(nodes)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aggregators": ["mean", "median"]}, "median"),
        ({"aggregators": []}, "must be some of"),
        ({"degree_scaler": 0.0}, "must be positive"),
    ],
)
def test_settings_that_make_no_sense(without_shape_checks, options, message):
    with pytest.raises(ValueError, match=message):
        PNAConv(3, 4, rngs=nnx.Rngs(0), **options)


def test_attention_of_the_wrong_length():
    conv = PNAConv(3, 4, edge_features=2, rngs=nnx.Rngs(0))
    graphs = random_graph(0)
    graphs = graphs._replace(nodes=graphs.nodes.astype(np.float32), edges=graphs.edges.astype(np.float32))
    with pytest.raises(ValueError, match=r"shape \[10\]; it has shape \[9\]"):
        conv(graphs, np.ones(9, np.float32))


def test_mean_log_degree_is_over_the_entries_of_the_histogram():
    assert mean_log_degree(np.array([0, 3, 1])) == pytest.approx((np.log(4) + np.log(2)) / 3)
