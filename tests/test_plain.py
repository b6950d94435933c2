"""What the speed of gnnjax is guarded against computes the same: values and gradients at the sizes of the guard."""

import jax
import numpy as np
import pytest

from benchmarks.guard import pairs

PAIRS = pairs()


@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if pair.gradient and "dropout" not in name])
def test_values_and_gradients_are_those_of_the_plain_formula(name):
    pair = PAIRS[name]

    def with_gradient(function):
        @jax.jit
        def run(arguments, others):
            value, backward = jax.vjp(lambda *arguments: function(*arguments, *others), *arguments)
            return value, backward(jax.random.normal(jax.random.key(1), value.shape))

        return run(pair.arguments, pair.others)

    (value, gradients), (expected, others) = with_gradient(pair.fast), with_gradient(pair.plain)
    np.testing.assert_allclose(value, expected, rtol=1e-3, atol=1e-3)
    for gradient, other in zip(gradients, others, strict=True):
        # A PNA layer's standard deviation magnifies rounding where messages are few.
        assert np.linalg.norm(gradient - other) <= 0.02 * np.linalg.norm(other)


def test_batches_hold_the_same_graphs():
    pair = PAIRS["batching"]
    ours, other = pair.fast(*pair.arguments).graphs, pair.plain(*pair.arguments)
    num_graphs, num_nodes, num_edges = len(other.n_node), len(other.nodes), len(other.senders)
    np.testing.assert_array_equal(ours.nodes[:num_nodes], other.nodes)
    np.testing.assert_array_equal(ours.senders[:num_edges], other.senders)
    np.testing.assert_array_equal(ours.receivers[:num_edges], other.receivers)
    np.testing.assert_array_equal(ours.n_node[:num_graphs], other.n_node)
