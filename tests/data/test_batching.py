"""Padded batches against `jraph.batch` and `jraph.pad_with_graphs`."""

import dataclasses
import itertools

import jraph
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnjax.data import BatchShape, batch_shape, epoch_order, iterate_batches, make_batch, part_offsets
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
    shape = batch_shape(dataset, [np.arange(8)], 8)
    expected = make_batch(dataset, np.array([6, 7]), shape)
    for indices in ([-2, -1], np.arange(8) >= 6):
        batch = make_batch(dataset, indices, shape)
        assert_equal_graphs(batch.graphs, expected.graphs)
        np.testing.assert_array_equal(batch.reverse_edges, expected.reverse_edges)
    assert not make_batch(dataset, [], shape).graph_mask.any()
    with pytest.raises(IndexError, match="out of bounds"):
        make_batch(dataset, [8], shape)


def sums_per_batch(sizes, order, batch_size):
    return [int(sizes[order[start : start + batch_size]].sum()) for start in range(0, len(order), batch_size)]


class TestBatchShape:
    @given(
        seed=st.integers(0, 50),
        orders=st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=15), min_size=1, max_size=4),
        batch_size=st.integers(1, 16),
    )
    def test_holds_every_batch_and_is_at_most_a_sixteenth_larger(self, seed, orders, batch_size):
        dataset = random_dataset(seed, 12, max_nodes=40)
        orders = [np.array(order) for order in orders]
        shape = batch_shape(dataset, orders, batch_size)
        for order in orders:
            for start in range(0, len(order), batch_size):
                make_batch(dataset, order[start : start + batch_size], shape)
        largest_nodes = max(max(sums_per_batch(dataset.n_node, order, batch_size)) for order in orders)
        largest_edges = max(max(sums_per_batch(dataset.n_edge, order, batch_size)) for order in orders)
        assert largest_nodes + 1 <= shape.n_node <= (largest_nodes + 1) * 17 / 16
        assert largest_edges <= shape.n_edge <= max(largest_edges, 1) * 17 / 16
        assert shape.n_graph == max(min(batch_size, len(order)) for order in orders) + 1

    def test_written_out(self):
        """Batches [0, 1, 2] and [3, 4] of one pass, [4, 3, 2] and [1, 0] of the other."""
        dataset = random_dataset(5, 5, max_nodes=40)
        assert (dataset.n_node.tolist(), dataset.n_edge.tolist()) == ([28, 29, 7, 1, 33], [443, 61, 0, 0, 615])
        # 28 + 29 + 7 nodes and one of padding: of 64 .. 127, in steps of 4. 615 edges of 512 .. 1023: in steps of 32.
        orders = [np.arange(5), np.arange(5)[::-1]]
        assert batch_shape(dataset, orders, 3) == BatchShape(68, 640, 4)
        # 33 + 1 + 7 nodes and one of padding, in steps of 2; 615 edges again.
        assert batch_shape(dataset, [np.array([4, 3, 2])], 3) == BatchShape(42, 640, 4)

    def test_is_that_of_the_passes_and_not_of_the_worst_possible_batch(self):
        dataset = random_dataset(5, 40, max_nodes=40)
        largest_first = np.argsort(-dataset.n_node)
        mixed = np.concatenate([largest_first[start::4] for start in range(4)])
        assert batch_shape(dataset, [mixed], 10).n_node < batch_shape(dataset, [largest_first], 10).n_node

    def test_is_the_same_for_the_same_passes_in_any_sequence_or_as_an_iterator(self):
        dataset = random_dataset(5, 40)
        orders = [epoch_order(np.arange(40), seed=0, epoch=epoch) for epoch in range(5)]
        shape = batch_shape(dataset, orders, 7)
        assert batch_shape(dataset, orders, 7) == shape
        assert batch_shape(dataset, orders[::-1], 7) == shape
        assert batch_shape(dataset, iter(orders), 7) == shape

    def test_graphs_without_edges_get_room_for_one_padding_edge(self):
        assert batch_shape(random_dataset(5), [np.array([2, 3])], 2).n_edge == 1

    def test_a_batch_size_beyond_the_pass_is_that_of_the_pass(self):
        dataset = random_dataset(5)
        assert batch_shape(dataset, [np.arange(8)], 1000) == batch_shape(dataset, [np.arange(8)], 8)

    def test_refuses_empty_batches(self):
        with pytest.raises(ValueError, match="batch_size is 0"):
            batch_shape(random_dataset(5), [np.arange(8)], 0)

    @pytest.mark.parametrize("field", ["n_node", "n_edge", "n_graph"])
    def test_too_small_a_shape_is_refused(self, field):
        dataset = random_dataset(5)
        num_nodes, num_edges = int(dataset.n_node.sum()), int(dataset.n_edge.sum())
        shape = BatchShape(num_nodes + 1, num_edges, 9)
        make_batch(dataset, np.arange(8), shape)
        with pytest.raises(ValueError, match=r"8 graphs with .* do not fit"):
            make_batch(dataset, np.arange(8), shape._replace(**{field: getattr(shape, field) - 1}))


def test_categories_stay_integers_and_padding_is_the_first_category():
    dataset = random_dataset(7)
    nodes = np.arange(3 * len(dataset.nodes), dtype=np.int32).reshape(-1, 3) % 5
    dataset = dataclasses.replace(dataset, nodes=nodes, node_categories=(5, 5, 5))
    batch = make_batch(dataset, np.array([1, 0]), BatchShape(40, 60, 4))
    assert batch.graphs.nodes.dtype == np.int32
    num_nodes = int(dataset.n_node[:2].sum())
    np.testing.assert_array_equal(batch.graphs.nodes[:num_nodes], nodes[dataset.node_rows(np.array([1, 0]))])
    np.testing.assert_array_equal(batch.graphs.nodes[num_nodes:], 0)


def test_no_graphs_give_no_batches():
    assert list(iterate_batches(random_dataset(5), np.zeros(0, int), batch_size=4)) == []


def test_iterate_batches_visits_all_in_order_with_one_shape():
    dataset = random_dataset(6)
    order = np.array([3, 1, 0, 6, 7, 2, 5])
    batches = list(iterate_batches(dataset, order, batch_size=3))
    assert [int(batch.graph_mask.sum()) for batch in batches] == [3, 3, 1]
    seen = np.concatenate([batch.labels[batch.graph_mask] for batch in batches])
    np.testing.assert_array_equal(seen, dataset.labels[order])
    sizes = np.concatenate([batch.graphs.n_node[batch.graph_mask] for batch in batches])
    np.testing.assert_array_equal(sizes, dataset.n_node[order])
    shape = batch_shape(dataset, [order], 3)
    assert {(b.graphs.nodes.shape, b.graphs.senders.shape, b.labels.shape) for b in batches} == {
        ((shape.n_node, 3), (shape.n_edge,), (4, 1))
    }


@given(st.integers(0, 40), st.integers(1, 12), st.integers(1, 5))
def test_parts_split_every_batch_evenly(num_graphs, batch_size, num_parts):
    offsets = part_offsets(num_graphs, batch_size, num_parts)
    assert (offsets[::num_parts] == part_offsets(num_graphs, batch_size)).all()
    sizes = np.diff(offsets).reshape(-1, num_parts)
    assert sizes.sum() == num_graphs
    assert (sizes.max(axis=1, initial=0) - sizes.min(axis=1, initial=batch_size) <= 1).all()


def test_the_shape_of_a_part_holds_every_part_and_is_smaller():
    dataset = random_dataset(0, num_graphs=40)
    orders = [epoch_order(np.arange(40), seed=0, epoch=epoch) for epoch in range(3)]
    shape = batch_shape(dataset, orders, 16, num_parts=4)
    for order in orders:
        offsets = part_offsets(40, 16, 4)
        for first, last in itertools.pairwise(offsets):
            make_batch(dataset, order[first:last], shape)
    assert shape.n_graph == 5
    assert shape.n_edge < batch_shape(dataset, orders, 16).n_edge
