import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.models import node_inputs
from gnnjax.nn import Linear
from tests.models.node_examples import NUM_NODES, example_graph


def dense(pattern):
    matrix = np.zeros((NUM_NODES, NUM_NODES), int)
    np.add.at(matrix, (pattern.rows, pattern.columns), 1)
    return matrix


def test_each_node_reads_itself_once_and_its_senders():
    expected = np.eye(NUM_NODES, dtype=int)
    for sender, receiver in [(0, 1), (0, 2), (1, 2), (3, 4)]:
        expected[receiver, sender] = 1
    np.testing.assert_array_equal(dense(node_inputs(example_graph()).pattern), expected)
    np.testing.assert_array_equal(dense(node_inputs(example_graph(), flow="to_senders").pattern), expected.T)


def test_duplicate_edges_count_once():
    graph = example_graph()
    twice = graph._replace(
        senders=np.tile(graph.senders, 2), receivers=np.tile(graph.receivers, 2), n_edge=2 * graph.n_edge
    )
    np.testing.assert_array_equal(dense(node_inputs(twice).pattern), dense(node_inputs(graph).pattern))


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({"senders": np.array([0, 0, 1, 3, 6])}, {}, "columns holds node 6, outside 0 .. 5"),
        ({"n_node": np.array([3, 3])}, {}, "single graph, got a batch of 2"),
        ({}, {"flow": "both"}, "flow is 'both', must be one of to_receivers, to_senders"),
        ({}, {"distance_bias": np.zeros((6, 5), np.float32)}, r"distance_bias must be \[6, 6\], is \[6, 5\]"),
        ({}, {"positional_encoding": np.zeros((5, 2), np.float32)}, "positional_encoding must have 6 rows, has 5"),
    ],
)
def test_what_does_not_fit(change, arguments, message, without_shape_checks):
    with pytest.raises(ValueError, match=message):
        node_inputs(example_graph()._replace(**change), **arguments)


@pytest.mark.parametrize("sparse", [True, False])
def test_encoding_is_the_linear_layer_and_so_are_its_gradients(sparse):
    """Whether or not the features are few enough to be multiplied one by one."""
    nodes = np.zeros((NUM_NODES, 50), np.float32)
    nodes[[0, 2, 2, 5], [3, 0, 49, 7]] = [1, -2, 0.5, 3]
    if not sparse:
        nodes += 1
    inputs = node_inputs(example_graph()._replace(nodes=nodes))
    assert (inputs.sparse_nodes is not None) == sparse
    graphdef, state = nnx.split(Linear(50, 3, rngs=nnx.Rngs(0)))

    def loss(encode):
        return jax.value_and_grad(lambda state: (encode(nnx.merge(graphdef, state)) ** 2).sum())(state)

    value, gradient = loss(inputs.encode)
    expected, other = loss(lambda encoder: encoder(nodes))
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    jax.tree.map(lambda ours, theirs: np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5), gradient, other)
