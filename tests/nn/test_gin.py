"""GIN convolutions: by hand, against dense numpy, and what attention does to them."""

import jax
import jax.numpy as jnp
import jraph
import numpy as np
import pytest
from flax import nnx

from gnnjax.nn import GINConv, Linear


def graph(nodes, senders, receivers, edges=None):
    return jraph.GraphsTuple(
        nodes=np.asarray(nodes, np.float32),
        edges=None if edges is None else np.asarray(edges, np.float32),
        senders=np.asarray(senders, np.int32),
        receivers=np.asarray(receivers, np.int32),
        n_node=np.array([len(nodes)]),
        n_edge=np.array([len(senders)]),
        globals=None,
    )


def random_graph(num_nodes=6, num_edges=11, edge_features=2):
    """With self loops and parallel edges; the last node has no edge."""
    rng = np.random.default_rng(0)
    senders, receivers = rng.integers(0, num_nodes - 1, (2, num_edges))
    senders[0] = receivers[0]
    senders[1], receivers[1] = senders[2], receivers[2]
    nodes, edges = rng.normal(size=(num_nodes, 3)), rng.normal(size=(num_edges, edge_features))
    return graph(nodes, senders, receivers, edges), rng.random(num_edges).astype(np.float32)


def identity_conv(**options):
    """A layer whose MLP is `max(x, 0)` on two features."""
    conv = GINConv(2, 2, rngs=nnx.Rngs(0), **options)
    for layer in conv.mlp.layers:
        layer.kernel[...], layer.bias[...] = jnp.eye(2), jnp.zeros(2)
    conv.mlp.batch_norms[0].var[...] = jnp.full((1, 2), 1 - 1e-5)
    return conv


class TestByHand:
    """0 <-> 1 -> 2, the edges in the order 1->2, 0->1, 1->0."""

    senders, receivers = (1, 0, 1), (2, 1, 0)
    nodes = ((1.0, 2.0), (10.0, -20.0), (100.0, 200.0))

    def test_all_edges_count_the_same(self):
        result = identity_conv()(graph(self.nodes, self.senders, self.receivers))
        np.testing.assert_allclose(result, [[11, 0], [11, 0], [110, 180]], rtol=1e-5)

    def test_attention_scales_messages_but_not_the_node_itself(self):
        attention = np.array([0.5, 2, 0], np.float32)
        result = identity_conv()(graph(self.nodes, self.senders, self.receivers), attention)
        np.testing.assert_allclose(result, [[1, 2], [12, 0], [105, 190]], rtol=1e-5)

    def test_edge_features_are_added_before_the_relu(self):
        conv = identity_conv(edge_features=1)
        conv.edge_linear.kernel[...], conv.edge_linear.bias[...] = (
            jnp.array([[1.0, 2.0]]),
            jnp.array([0.0, 1.0]),
        )
        edges = ((10.0,), (0.0,), (-30.0,))
        # Messages: 1->2 relu(10 + 10, -20 + 21), 0->1 relu(1 + 0, 2 + 1), 1->0 relu(10 - 30, -20 - 59).
        result = conv(graph(self.nodes, self.senders, self.receivers, edges))
        np.testing.assert_allclose(result, [[1, 2], [11, 0], [120, 201]], rtol=1e-5)
        attention = np.array([0.5, 2, 1], np.float32)
        result = conv(graph(self.nodes, self.senders, self.receivers, edges), attention)
        np.testing.assert_allclose(result, [[1, 2], [12, 0], [110, 200.5]], rtol=1e-5)


def dense_oracle(conv, graphs, attention):
    """`[receiver, sender]` matrices, one message per pair and edge."""
    nodes = np.asarray(graphs.nodes, np.float64)
    summed = np.zeros(nodes.shape)
    for edge, (sender, receiver) in enumerate(zip(graphs.senders, graphs.receivers, strict=True)):
        matrix = np.zeros((len(nodes), len(nodes)))
        matrix[receiver, sender] = attention[edge]
        messages = nodes
        if conv.edge_linear is not None:
            kernel, bias = np.asarray(conv.edge_linear.kernel[...]), np.asarray(conv.edge_linear.bias[...])
            messages = np.maximum(nodes + graphs.edges[edge] @ kernel + bias, 0)
        summed += matrix @ messages
    (first, second), norm = conv.mlp.layers, conv.mlp.batch_norms[0]
    hidden = (nodes + summed) @ np.asarray(first.kernel[...]) + np.asarray(first.bias[...])
    hidden = (hidden - np.asarray(norm.mean[0])) / np.sqrt(np.asarray(norm.var[0]) + 1e-5)
    return np.maximum(hidden, 0) @ np.asarray(second.kernel[...]) + np.asarray(second.bias[...])


def make_conv(edge_features):
    conv = GINConv(3, 4, edge_features=edge_features, rngs=nnx.Rngs(0))
    rng = np.random.default_rng(8)
    norm = conv.mlp.batch_norms[0]
    norm.mean[...], norm.var[...] = (
        jnp.asarray(rng.normal(size=(1, 4))),
        jnp.asarray(rng.uniform(1, 2, (1, 4))),
    )
    return conv


@pytest.mark.parametrize("width", [2, 7])
def test_an_encoder_may_be_left_to_the_layer(width):
    """Narrow features, whose encoder's weights are multiplied with the layer's, and wide ones, where rows are."""
    rng = np.random.default_rng(1)
    encoder, conv, (graphs, attention) = Linear(width, 5, rngs=nnx.Rngs(3)), make_conv(5), random_graph()
    graphs = graphs._replace(edges=rng.normal(size=(len(graphs.senders), width)).astype(np.float32))
    encoded = graphs._replace(edges=encoder(graphs.edges))
    result = conv(graphs, attention, edge_encoder=encoder)
    np.testing.assert_allclose(result, conv(encoded, attention), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("edge_features", [None, 2])
class TestBothKinds:
    def test_equals_dense_matrices(self, edge_features):
        conv, (graphs, attention) = make_conv(edge_features), random_graph()
        expected = dense_oracle(conv, graphs, attention)
        np.testing.assert_allclose(conv(graphs, attention), expected, rtol=1e-4, atol=1e-5)

    def test_attention_1_is_no_attention(self, edge_features):
        conv, (graphs, attention) = make_conv(edge_features), random_graph()
        np.testing.assert_array_equal(conv(graphs, np.ones_like(attention)), conv(graphs))

    def test_attention_0_is_no_edges(self, edge_features):
        conv, (graphs, attention) = make_conv(edge_features), random_graph()
        without = graph(graphs.nodes, [], [], np.zeros((0, 2)))
        np.testing.assert_array_equal(conv(graphs, np.zeros_like(attention)), conv(without))

    def test_jit_vmap_and_gradient(self, edge_features):
        graphs, attention = random_graph()
        graphdef, state = nnx.split(make_conv(edge_features))

        def apply(attention, nodes):
            conv = nnx.merge(graphdef, state, copy=True)
            return conv(graphs._replace(nodes=nodes), attention)

        heads = np.stack([attention, attention / 2])
        mapped = jax.jit(jax.vmap(apply, in_axes=(0, None)))(heads, graphs.nodes)
        for head in range(2):
            expected = dense_oracle(make_conv(edge_features), graphs, heads[head])
            np.testing.assert_allclose(mapped[head], expected, rtol=1e-4, atol=1e-5)
        gradients = jax.jit(jax.grad(lambda *args: apply(*args).sum(), argnums=(0, 1)))(attention, graphs.nodes)
        for gradient in gradients:
            assert np.isfinite(gradient).all()
            assert (gradient != 0).any()

    @pytest.mark.usefixtures("without_shape_checks")
    def test_wrong_attention_length(self, edge_features):
        conv, (graphs, attention) = make_conv(edge_features), random_graph()
        with pytest.raises(ValueError, match=r"shape \[11\]; it has shape \[10\]"):
            conv(graphs, attention[:-1])


def test_padding_leaves_real_nodes_and_statistics_alone():
    graphs, attention = random_graph()
    padded = jraph.pad_with_graphs(graphs, 10, 15, 2)
    padded_attention = np.append(attention, np.full(4, 9, np.float32))
    plain, other = make_conv(2), make_conv(2)
    expected = plain(graphs, attention, train=True)
    actual = other(padded, padded_attention, node_mask=np.arange(10) < 6, train=True)
    np.testing.assert_allclose(actual[:6], expected, rtol=1e-4, atol=1e-5)
    assert np.isfinite(actual).all()
    for name in ("mean", "var"):
        plain_value, value = (getattr(conv.mlp.batch_norms[0], name)[...] for conv in (plain, other))
        np.testing.assert_allclose(value, plain_value, rtol=1e-5, err_msg=name)
