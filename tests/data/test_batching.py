"""Padded batches against `jraph.batch` and `jraph.pad_with_graphs`."""

import jraph
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnjax.data import BatchShape, batch_shape, iterate_batches, make_batch
from tests.random_graphs import random_dataset


def jraph_batch(dataset, indices, shape):
    return jraph.pad_with_graphs(jraph.batch_np([dataset[int(i)] for i in indices]), *shape)


def assert_equal_graphs(actual, expected):
    for field, value in actual._asdict().items():
        reference = getattr(expected, field)
        if value is None:
            assert reference is None, field
            continue
        np.testing.assert_array_equal(value, reference, err_msg=field)


@given(
    seed=st.integers(0, 1000),
    indices=st.lists(st.integers(0, 7), min_size=1, max_size=10),
    edge_features=st.sampled_from([0, 2]),
    spare=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
)
@settings(max_examples=30, deadline=None)
def test_graphs_equal_jraphs(seed, indices, edge_features, spare):
    dataset = random_dataset(seed, edge_features=edge_features)
    num_nodes, num_edges = dataset.n_node[indices].sum(), dataset.n_edge[indices].sum()
    shape = BatchShape(int(num_nodes) + 1 + spare[0], int(num_edges) + spare[1], len(indices) + 1 + spare[2])
    batch = make_batch(dataset, np.array(indices), shape)
    assert_equal_graphs(batch.graphs, jraph_batch(dataset, indices, shape))
    for field in ("senders", "receivers", "n_node", "n_edge"):
        assert getattr(batch.graphs, field).dtype == np.int32, field
    assert batch.graphs.nodes.dtype == np.float32


class TestWhatComesBesideTheGraphs:
    indices = np.array([5, 0, 3, 1])
    shape = BatchShape(40, 60, 7)

    def test_labels_and_masks(self):
        dataset = random_dataset(3)
        batch = make_batch(dataset, self.indices, self.shape)
        np.testing.assert_array_equal(batch.labels[:4], dataset.labels[self.indices])
        np.testing.assert_array_equal(batch.labels[4:], 0)
        np.testing.assert_array_equal(batch.graph_mask, jraph.get_graph_padding_mask(batch.graphs))

    def test_multiclass_labels_keep_their_type(self):
        dataset = random_dataset(3, task="multiclass", out_features=5)
        labels = make_batch(dataset, self.indices, self.shape).labels
        np.testing.assert_array_equal(labels, [*dataset.labels[self.indices], 0, 0, 0])
        assert labels.dtype == np.int32

    def test_unlabelled_entries_stay_nan(self):
        dataset = random_dataset(3, task="multilabel", out_features=4)
        labels = make_batch(dataset, self.indices, self.shape).labels
        assert np.isnan(dataset.labels[self.indices]).any()
        np.testing.assert_array_equal(labels[:4], dataset.labels[self.indices])
        np.testing.assert_array_equal(labels[4:], 0)

    def test_edge_labels_follow_their_edges(self):
        dataset = random_dataset(3)
        batch = make_batch(dataset, self.indices, self.shape)
        expected = np.concatenate([dataset.edge_labels[dataset.edge_slice(i)] for i in self.indices])
        np.testing.assert_array_equal(batch.edge_labels[: len(expected)], expected)
        np.testing.assert_array_equal(batch.edge_labels[len(expected) :], 0)

    def test_reverse_edges_swap_the_ends_where_undirected(self):
        dataset = random_dataset(3)
        batch = make_batch(dataset, self.indices, self.shape)
        reverse, graphs = batch.reverse_edges, batch.graphs
        np.testing.assert_array_equal(reverse[reverse], np.arange(60))
        undirected = np.repeat(np.isin(self.indices, (0, 4)), dataset.n_edge[self.indices])
        undirected = np.append(undirected, np.ones(60 - len(undirected), bool))
        np.testing.assert_array_equal(graphs.senders[reverse][undirected], graphs.receivers[undirected])
        np.testing.assert_array_equal(reverse[~undirected], np.flatnonzero(~undirected))


def test_indices_may_be_negative_a_mask_or_none_at_all():
    dataset = random_dataset(4)
    shape = batch_shape(dataset, 8)
    expected = make_batch(dataset, np.array([6, 7]), shape)
    for indices in ([-2, -1], np.arange(8) >= 6):
        batch = make_batch(dataset, indices, shape)
        assert_equal_graphs(batch.graphs, expected.graphs)
        np.testing.assert_array_equal(batch.reverse_edges, expected.reverse_edges)
    assert not make_batch(dataset, [], shape).graph_mask.any()
    with pytest.raises(IndexError, match="out of bounds"):
        make_batch(dataset, [8], shape)


class TestBatchShape:
    def test_is_the_smallest_that_holds_the_largest_graphs(self):
        dataset = random_dataset(5)
        shape = batch_shape(dataset, 3)
        assert shape.n_node == sum(sorted(dataset.n_node.tolist())[-3:]) + 1
        assert shape.n_edge == sum(sorted(dataset.n_edge.tolist())[-3:])
        assert shape.n_graph == 4
        for start in range(6):
            make_batch(dataset, np.arange(start, start + 3), shape)

    def test_is_no_larger_than_the_dataset(self):
        dataset = random_dataset(5)
        assert batch_shape(dataset, 1000) == batch_shape(dataset, 8)

    def test_refuses_empty_batches(self):
        with pytest.raises(ValueError, match="batch_size is 0"):
            batch_shape(random_dataset(5), 0)

    @pytest.mark.parametrize("field", ["n_node", "n_edge", "n_graph"])
    def test_too_small_a_shape_is_refused(self, field):
        dataset = random_dataset(5)
        shape = batch_shape(dataset, 8)
        make_batch(dataset, np.arange(8), shape)
        with pytest.raises(ValueError, match=r"8 graphs with .* do not fit"):
            make_batch(dataset, np.arange(8), shape._replace(**{field: getattr(shape, field) - 1}))


def test_iterate_batches_visits_all_in_order_with_one_shape():
    dataset = random_dataset(6)
    order = np.array([3, 1, 0, 6, 7, 2, 5])
    batches = list(iterate_batches(dataset, order, batch_size=3))
    assert [int(batch.graph_mask.sum()) for batch in batches] == [3, 3, 1]
    seen = np.concatenate([batch.labels[batch.graph_mask] for batch in batches])
    np.testing.assert_array_equal(seen, dataset.labels[order])
    sizes = np.concatenate([batch.graphs.n_node[batch.graph_mask] for batch in batches])
    np.testing.assert_array_equal(sizes, dataset.n_node[order])
    assert {(b.graphs.nodes.shape, b.graphs.senders.shape, b.labels.shape) for b in batches} == {
        ((batch_shape(dataset, 3).n_node, 3), (batch_shape(dataset, 3).n_edge,), (4, 1))
    }
