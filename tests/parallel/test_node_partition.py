import functools

import jax
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gnnjax.models import NodeInputs
from gnnjax.ops import sparse_pattern, spmm
from gnnjax.parallel import partition_inputs, partition_nodes

# Up to 24 nodes, some of them isolated, with 0 to 60 entries; 1 to 9 parts, which may be more than there are nodes.
graphs = st.tuples(st.integers(0, 10_000), st.integers(1, 24), st.integers(0, 60), st.integers(1, 9))


def random_inputs(seed, num_nodes, num_entries):
    rng = np.random.default_rng(seed)
    # Squares of uniform numbers: the first nodes have many entries.
    ids = (num_nodes * rng.random((2, num_entries)) ** 2).astype(int)
    return NodeInputs(rng.normal(size=(num_nodes, 3)).astype(np.float32), sparse_pattern(*ids, num_nodes))


def split(tree, num_parts):
    """The list of each part's arrays."""
    leaves, structure = jax.tree.flatten(tree)
    parts = zip(*(np.split(leaf, num_parts) for leaf in leaves), strict=True)
    return [jax.tree.unflatten(structure, part) for part in parts]


@given(graphs)
def test_every_node_and_every_entry_is_in_exactly_one_part(drawn):
    *graph, num_parts = drawn
    inputs = random_inputs(*graph)
    partition = partition_nodes(inputs.pattern, num_parts)
    parts = split(partition_inputs(inputs, partition, "nodes"), num_parts)
    work, found = [], []
    # The node of each row of a padded array.
    owners = partition.pad(np.arange(len(inputs.nodes)) + 1) - 1
    assert sorted(owners[owners >= 0]) == list(range(len(inputs.nodes)))
    for own, part in zip(np.split(owners, num_parts), parts, strict=True):
        real = own >= 0
        assert not real[-1]
        np.testing.assert_array_equal(part.nodes[real], inputs.nodes[own[real]])
        np.testing.assert_array_equal(part.shard.node_numbers[real], own[real])
        rows, columns = own[part.pattern.rows], owners[part.pattern.columns]
        np.testing.assert_array_equal(rows < 0, columns < 0)
        assert np.all(np.diff(part.pattern.row_pointers)[real] == np.diff(inputs.pattern.row_pointers)[own[real]])
        entries = np.flatnonzero(rows >= 0)
        degrees = np.diff(inputs.pattern.row_pointers)[columns[entries]]
        np.testing.assert_array_equal(part.shard.column_degrees[entries], degrees)
        np.testing.assert_array_equal(part.shard.first_entry + entries, len(found) + np.arange(len(entries)))
        found += zip(rows[entries], columns[entries], strict=True)
        work.append(real.sum() + len(entries))
    assert found == list(zip(inputs.pattern.rows, inputs.pattern.columns, strict=True))
    largest = 1 + np.diff(inputs.pattern.row_pointers).max()
    assert max(work) <= sum(work) / num_parts + largest


# Each example compiles its own shapes.
@settings(max_examples=5)
@example((0, 5, 0, 3))
@example((1, 2, 4, 5))
@given(graphs)
def test_products_and_gradients_of_the_parts_are_those_of_the_whole(drawn):
    *graph, num_parts = drawn
    inputs = random_inputs(*graph)
    partition = partition_nodes(inputs.pattern, num_parts)
    parts = split(partition_inputs(inputs, partition, "nodes"), num_parts)
    rng = np.random.default_rng(graph[0])
    weights = rng.normal(size=len(inputs.pattern.rows)).astype(np.float32)
    direction = rng.normal(size=inputs.nodes.shape).astype(np.float32)
    expected, pull = jax.vjp(lambda x: spmm(weights, x, inputs.pattern), inputs.nodes)
    products, gradients = [], []
    for part, own in zip(parts, np.split(partition.pad(direction), num_parts), strict=True):
        own_weights = np.zeros(len(part.pattern.rows), np.float32)
        real = np.flatnonzero(part.pattern.rows < partition.size - 1)
        own_weights[real] = weights[part.shard.first_entry + real]
        multiply = functools.partial(spmm, own_weights, pattern=part.pattern)
        product, own_pull = jax.vjp(multiply, partition.pad(inputs.nodes))
        products.append(product)
        gradients.append(own_pull(own)[0])
    np.testing.assert_allclose(partition.unpad(np.concatenate(products)), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(partition.unpad(sum(gradients)), pull(direction)[0], rtol=1e-5, atol=1e-5)


def test_a_split_by_hand():
    # Nodes plus entries: 4, 1, 2, 1, 1, 1. Half of the sum, 5, is reached after the first two nodes.
    pattern = sparse_pattern(np.array([0, 0, 0, 2]), np.array([1, 2, 3, 0]), 6)
    partition = partition_nodes(pattern, 2)
    assert partition.starts.tolist() == [0, 2, 6]
    assert partition.size == 5
    assert partition.rows(np.array([0, 1, 2, 5])).tolist() == [0, 1, 5, 8]
    inputs = partition_inputs(NodeInputs(np.zeros((6, 1), np.float32), pattern), partition, "nodes")
    assert inputs.pattern.rows.tolist() == [0, 0, 0, 0, 4, 4]
    assert inputs.pattern.columns.tolist() == [1, 5, 6, 0, 9, 9]
    assert inputs.shard.first_entry.tolist() == [0, 3]
    with pytest.raises(ValueError, match="num_parts is 0"):
        partition_nodes(pattern, 0)
