"""Batches of nodes: the whole graph, and sampled neighbourhoods."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data import Neighbourhoods, NodeDataset, node_split_indices, sorted_unique_edges
from gnnjax.errors import DataError
from tests.random_graphs import random_node_dataset


def undirected(seed, num_nodes=30):
    """A random graph that holds both directions of each edge; a node's feature is its number."""
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, num_nodes, (2, 3 * num_nodes))
    senders, receivers = sorted_unique_edges(np.concatenate([one, other]), np.concatenate([other, one]))
    numbers = np.arange(num_nodes, dtype=np.float32)[:, None]
    return NodeDataset("undirected", numbers, senders, receivers, rng.integers(0, 3, num_nodes).astype(np.int32), 3)


def unpadded(batch):
    """Numbers of the batch's nodes and its edges in terms of these."""
    graph = batch.graphs
    numbers = graph.nodes[: graph.n_node[0], 0].astype(int)
    num_edges = graph.n_edge[0]
    return numbers, numbers[graph.senders[:num_edges]], numbers[graph.receivers[:num_edges]]


def check_is_consistent(batch, dataset):
    numbers, senders, receivers = unpadded(batch)
    assert len(set(numbers)) == len(numbers)
    known = set(zip(dataset.senders.tolist(), dataset.receivers.tolist(), strict=True))
    edges = list(zip(senders.tolist(), receivers.tolist(), strict=True))
    assert set(edges) <= known
    assert len(set(edges)) == len(edges)
    np.testing.assert_array_equal(batch.labels[: len(numbers)], dataset.labels[numbers])
    assert not batch.label_mask[len(numbers) :].any()
    graph, reverse = batch.graphs, batch.reverse_edges
    assert (reverse[reverse] == np.arange(len(reverse))).all()
    assert graph.n_node.sum() == len(graph.nodes)
    assert graph.n_edge.sum() == len(graph.senders)
    assert (graph.senders[len(edges) :] == len(numbers)).all()
    return edges


@given(st.integers(0, 10_000), st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(1, 9))
def test_sampled_batches_hold_neighbours_of_the_nodes_to_classify(seed, neighbours, batch_size):
    dataset = undirected(seed)
    nodes = np.random.default_rng(seed).permutation(dataset.num_nodes)[:12]
    sampler = Neighbourhoods(dataset, neighbours)
    batches = list(sampler.batches(nodes, batch_size=batch_size, seed=seed))
    assert len(batches) == sampler.num_batches(len(nodes), batch_size)
    classified = []
    for batch in batches:
        edges = check_is_consistent(batch, dataset)
        numbers, _, _ = unpadded(batch)
        wanted = int(batch.label_mask.sum())
        assert batch.label_mask[:wanted].all()
        classified += numbers[:wanted].tolist()
        graph = batch.graphs
        real = slice(0, graph.n_edge[0])
        # Both directions of each edge are there, and each points at the other.
        assert {(receiver, sender) for sender, receiver in edges} == set(edges)
        np.testing.assert_array_equal(graph.senders[real][batch.reverse_edges[real]], graph.receivers[real])
        degrees = np.bincount(dataset.receivers, minlength=dataset.num_nodes)
        incoming = np.bincount([receiver for _, receiver in edges], minlength=dataset.num_nodes)
        for node in numbers[:wanted]:
            assert incoming[node] >= min(degrees[node], neighbours[0])
    assert classified == nodes.tolist()


def test_enough_neighbours_take_everything_within_reach():
    dataset = undirected(0)
    [batch] = Neighbourhoods(dataset, (1000, 1000)).batches(np.array([4]), batch_size=1)
    edges = set(check_is_consistent(batch, dataset))
    near = {4} | set(dataset.senders[dataset.receivers == 4].tolist())
    expected = {
        pair
        for sender, receiver in zip(dataset.senders.tolist(), dataset.receivers.tolist(), strict=True)
        if receiver in near
        for pair in ((sender, receiver), (receiver, sender))
    }
    assert edges == expected


def test_the_same_seed_draws_the_same_and_another_another():
    sampler = Neighbourhoods(undirected(1, 200), (2, 2))

    def drawn(seed):
        return [unpadded(batch)[0].tolist() for batch in sampler.batches(np.arange(40), batch_size=8, seed=seed)]

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_draws_every_neighbour_alike():
    """A star: each of ten leaves is drawn in two of ten cases."""
    leaves = np.arange(1, 11)
    senders, receivers = sorted_unique_edges(np.append(leaves, 0 * leaves), np.append(0 * leaves, leaves))
    numbers = np.arange(11, dtype=np.float32)[:, None]
    star = NodeDataset("star", numbers, senders, receivers, np.zeros(11, np.int32), 1)
    counts = np.zeros(11)
    for seed in range(500):
        [batch] = Neighbourhoods(star, (2,)).batches(np.array([0]), batch_size=1, seed=seed)
        counts[unpadded(batch)[0]] += 1
    assert counts[0] == 500
    assert counts[1:].sum() == 1000
    assert abs(counts[1:] - 100).max() < 40


def test_directed_edges_have_no_opposite_and_point_to_the_nodes_to_classify():
    dataset = random_node_dataset(0)
    [batch] = Neighbourhoods(dataset, (3,)).batches(np.array([1, 5, 0]), batch_size=3)
    numbers = np.array([np.flatnonzero((dataset.nodes == row).all(axis=1))[0] for row in batch.graphs.nodes[:3]])
    assert numbers.tolist() == [1, 5, 0]
    assert (batch.graphs.receivers[: batch.graphs.n_edge[0]] < 3).all()
    np.testing.assert_array_equal(batch.reverse_edges, np.arange(len(batch.reverse_edges)))


def test_without_sampling_one_batch_is_the_whole_graph():
    dataset = undirected(2)
    [batch] = Neighbourhoods(dataset).batches(np.array([7, 3]), batch_size=1)
    check_is_consistent(batch, dataset)
    assert np.flatnonzero(batch.label_mask).tolist() == [3, 7]
    np.testing.assert_array_equal(batch.graphs.senders[: dataset.num_edges], dataset.senders)
    np.testing.assert_array_equal(batch.reverse_edges[: dataset.num_edges], Neighbourhoods(dataset)._reverse)


def test_few_shapes():
    dataset = undirected(0, 500)
    batches = Neighbourhoods(dataset, (3, 3)).batches(np.arange(500), batch_size=10)
    assert len({(batch.graphs.nodes.shape, batch.graphs.senders.shape) for batch in batches}) <= 2


@pytest.mark.parametrize("neighbours", [(), (0,), (3, -1)])
def test_neighbours_must_be_positive(neighbours):
    with pytest.raises(ValueError, match="neighbours is"):
        Neighbourhoods(undirected(0), neighbours)


def test_an_unknown_split_is_an_error():
    with pytest.raises(DataError, match=r"there is no split 2: they are numbered 0 .. 1"):
        node_split_indices({"train": np.ones((2, 3), bool)}, 2)
